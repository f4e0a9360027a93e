/* box.h - a 32-byte key encrypted to the holder of a private key: ephemeral X25519 (RFC 7748), HKDF-SHA256, AES-256-GCM.
 *
 *	shared = X25519(ephemeral private, public); both publics and the shared secret go into the HKDF
 *	box    = ephemeral public (32) || ciphertext (32) || tag (16)
 *
 * Who makes a box needs the public key only, so that a root key can be replaced without asking for every passphrase that
 * opens it. */
#ifndef GH_CRYPTO_BOX_H
#define GH_CRYPTO_BOX_H
#include "base/span.h"

enum { GH_BOX_KEY = 32, GH_BOX = 80 };

/* The public half; any 32 bytes are a private key. False: OpenSSL failed. */
bool gh_box_public(const uint8_t private_key[GH_BOX_KEY], uint8_t out[GH_BOX_KEY]);
/* context: what the box is for; it opens with the same only. */
bool gh_box_seal(const uint8_t public_key[GH_BOX_KEY], struct gh_span context, const uint8_t key[32],
		 uint8_t out[GH_BOX]);
/* False: another private key, another context, or altered; key is wiped. */
bool gh_box_open(const uint8_t private_key[GH_BOX_KEY], struct gh_span context, const uint8_t box[GH_BOX],
		 uint8_t key[32]);
#endif

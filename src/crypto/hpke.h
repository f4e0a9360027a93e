/* hpke.h - a short text encrypted to the holder of a private key: HPKE (RFC 9180), base mode, single shot.
 *
 *	DHKEM(X25519, HKDF-SHA256)	0x0020
 *	HKDF-SHA256			0x0001
 *	AES-256-GCM			0x0002
 *
 * Base mode says nothing about the sender: whoever knows the public key can make such a text. That the key belongs to somebody
 * worth telling is proved by other means (evidence that names the key), and both sides put what they agreed on into info and
 * aad: with another nonce, model or key the text does not open. */
#ifndef GH_CRYPTO_HPKE_H
#define GH_CRYPTO_HPKE_H
#include "base/span.h"

enum {
	GH_HPKE_KEY = 32, /* bytes of a private or public key, and of `enc` */
	GH_HPKE_TAG = 16, /* the ciphertext is so much longer than the text */
};

/* A new key pair. False: OpenSSL failed; both are wiped. */
bool gh_hpke_pair(uint8_t private_key[GH_HPKE_KEY], uint8_t public_key[GH_HPKE_KEY]);
/* Encrypt to public_key. enc: what the holder needs beside the ciphertext; out: in.n + GH_HPKE_TAG bytes, not in.p. False: the
 * public key is none (its shared secret would be zero), or OpenSSL failed; out is wiped. */
bool gh_hpke_seal(const uint8_t public_key[GH_HPKE_KEY], struct gh_span info, struct gh_span aad, struct gh_span in,
		  uint8_t enc[GH_HPKE_KEY], uint8_t *out);
/* Decrypt; out: in.n - GH_HPKE_TAG bytes, may be in.p. False: other key, info, aad or text; out is wiped. */
bool gh_hpke_open(const uint8_t private_key[GH_HPKE_KEY], const uint8_t enc[GH_HPKE_KEY], struct gh_span info,
		  struct gh_span aad, struct gh_span in, uint8_t *out);

/* The same with a given ephemeral key: for test vectors only, since a key used twice gives two texts under one AES nonce. */
bool gh_hpke_seal_with(const uint8_t ephemeral[GH_HPKE_KEY], const uint8_t public_key[GH_HPKE_KEY], struct gh_span info,
		       struct gh_span aad, struct gh_span in, uint8_t enc[GH_HPKE_KEY], uint8_t *out);
#endif

/* aead.h - AES-256-GCM (NIST SP 800-38D) over one short text. For long ones see stream.h, for keys wrap.h and box.h. */
#ifndef GH_CRYPTO_AEAD_H
#define GH_CRYPTO_AEAD_H
#include "base/span.h"

enum { GH_AEAD_KEY = 32, GH_AEAD_NONCE = 12, GH_AEAD_TAG = 16 };

/* A nonce must never be used twice with one key. out takes in.n bytes and may be in.p. False: OpenSSL failed. */
bool gh_aead_seal(const uint8_t key[GH_AEAD_KEY], const uint8_t nonce[GH_AEAD_NONCE], struct gh_span aad,
		  struct gh_span in, uint8_t *out, uint8_t tag[GH_AEAD_TAG]);
/* False: the tag does not match; out is wiped. */
bool gh_aead_open(const uint8_t key[GH_AEAD_KEY], const uint8_t nonce[GH_AEAD_NONCE], struct gh_span aad,
		  struct gh_span in, const uint8_t tag[GH_AEAD_TAG], uint8_t *out);
#endif

/* kdf.h - keys from keys: HKDF (RFC 5869) and HMAC (RFC 2104), both with SHA-256. */
#ifndef GH_CRYPTO_KDF_H
#define GH_CRYPTO_KDF_H
#include "base/span.h"

/* n bytes (at most 8,160) from the input key; salt may be empty. False: OpenSSL failed; out is wiped. */
bool gh_hkdf(struct gh_span key, struct gh_span salt, struct gh_span info, uint8_t *out, size_t n);
bool gh_hmac_sha256(const uint8_t key[32], struct gh_span msg, uint8_t out[32]);
#endif

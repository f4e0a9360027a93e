/* hpke_int.h - the key schedule of hpke.c, which test vectors reach for other ciphers of the same KEM and KDF. */
#ifndef GH_CRYPTO_HPKE_INT_H
#define GH_CRYPTO_HPKE_INT_H
#include "crypto/hpke.h"

enum { GH_HPKE_AES128 = 1, GH_HPKE_AES256 = 2, GH_HPKE_NONCE = 12 };

/* Key (nkey bytes, at most 32) and base nonce of the context that both sides reach: private_key is one's own, peer the other's
 * public key; enc and recipient the ephemeral and the recipient's public key (RFC 9180, 4.1 and 5.1). */
bool gh_hpke_schedule(uint16_t aead, const uint8_t private_key[GH_HPKE_KEY], const uint8_t peer[GH_HPKE_KEY],
		      const uint8_t enc[GH_HPKE_KEY], const uint8_t recipient[GH_HPKE_KEY], struct gh_span info,
		      uint8_t *key, size_t nkey, uint8_t nonce[GH_HPKE_NONCE]);
#endif

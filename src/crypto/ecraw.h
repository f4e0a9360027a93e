/* ecraw.h - ECDSA (FIPS 186-5) as hardware spells it: a public key is x || y, a signature r || s, big-endian numbers of the
 * curve's width (P-256: 32 bytes each, P-384: 48). For attestation evidence and COSE; everything else uses pubkey.h. */
#ifndef GH_CRYPTO_ECRAW_H
#define GH_CRYPTO_ECRAW_H
#include "crypto/pubkey.h"

/* A key from its point; *out is the caller's. GH_E_MALFORMED: not 64 (P-256) or 96 (P-384) bytes, or no point of the curve.
 * kind: GH_KEY_P256 or GH_KEY_P384. */
enum gh_rc gh_ec_point(enum gh_key_kind kind, struct gh_span xy, struct gh_key **out, struct gh_err *err);
/* The curve's own digest is used. GH_OK; GH_E_DENIED: it is not signed by it (a signature of another length neither). */
enum gh_rc gh_ec_verify(const struct gh_key *k, struct gh_span msg, struct gh_span rs, struct gh_err *err);
/* r || s of a signature in DER of a P-256 or P-384 key, as gh_key_sign() makes them; `half` bytes each. False: it is none. */
bool gh_ec_raw(struct gh_span der, size_t half, uint8_t *out);
#endif

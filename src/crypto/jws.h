/* jws.h - JSON Web Signatures, compact form (RFC 7515, section 7.1): header.payload.signature, base64url without padding. Always signed:
 * the algorithm "none" (RFC 7518, section 3.6) is not spoken here. */
#ifndef GH_CRYPTO_JWS_H
#define GH_CRYPTO_JWS_H
#include "crypto/pubkey.h"

/* "ES256", "ES384", "EdDSA" (RFC 7518 section 3.4, RFC 8037 section 3.1); NULL: no key that signs tokens here. */
const char *gh_jws_alg(const struct gh_key *k);
/* Append base64url without padding. */
void gh_b64url_put(struct gh_buf *out, struct gh_span bytes);
/* Append the token over the payload's bytes, without newline. Header: alg, typ, kid (SHA-256 of the SubjectPublicKeyInfo,
 * hexadecimal). GH_E_UNREAD: a key of another kind; GH_E_DENIED: a public key; GH_E_NOMEM. */
enum gh_rc gh_jws_sign(const struct gh_key *k, const char *typ, struct gh_span payload, struct gh_buf *out,
		       struct gh_err *err);
#endif

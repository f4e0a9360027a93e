/* sct.h - signed certificate timestamps that are embedded in a certificate (RFC 6962, section 3): the promise of a certificate
 * transparency log that the certificate was logged. */
#ifndef GH_CRYPTO_SIGSTORE_SCT_H
#define GH_CRYPTO_SIGSTORE_SCT_H
#include "crypto/sigstore/root.h"

/* At least one SCT of leaf must be by a log of the root that was trusted at its time, and none by such a log may be wrong.
 * issuer: the certificate that issued the leaf. GH_E_DENIED with the reason, GH_E_MALFORMED. */
enum gh_rc gh_sct_verify(const struct gh_cert *leaf, const struct gh_cert *issuer, const struct gh_root *root,
			 struct gh_err *err);
#endif

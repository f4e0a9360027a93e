/* tst.h - RFC 3161 timestamps: a TimeStampResp taken apart and verified against the authorities of a trusted root.
 *
 * A token is CMS SignedData (RFC 5652) over a TSTInfo, with one signer and signed attributes, which must bind the certificate
 * (RFC 5035, RFC 5816) when they name it. */
#ifndef GH_CRYPTO_SIGSTORE_TST_H
#define GH_CRYPTO_SIGSTORE_TST_H
#include "crypto/sigstore/root.h"

enum { GH_TST_MAX = 64 << 10 };

/* Verify a timestamp over `signed_` (the signature's raw bytes). GH_OK: *time is when it was seen (seconds since 1970; fractions
 * are cut off).
 * GH_E_DENIED: it does not fit, or its signature is wrong, or its certificate was not valid then. GH_E_MALFORMED: no timestamp.
 * GH_E_NOTTHIS: by an authority that the root does not name. */
enum gh_rc gh_tst_verify(struct gh_span resp, struct gh_span signed_, const struct gh_root *root, int64_t *time,
			 struct gh_err *err);
#endif

/* bundle.h - writing Sigstore bundles, version 0.3 (sigstore/protobuf-specs, sigstore_bundle.proto in its JSON form): a DSSE
 * envelope and what it takes to verify it. Reading and verifying: crypto/sigstore/. */
#ifndef GH_CRYPTO_BUNDLE_H
#define GH_CRYPTO_BUNDLE_H
#include "crypto/dsse.h"

#define GH_BUNDLE_V03 "application/vnd.dev.sigstore.bundle.v0.3+json"

struct gh_bundle_out {
	const char *hint;	    /* of a public key; NULL: none */
	const struct gh_span *cert; /* certificates in DER, leaf first, without the root; used when hint is NULL */
	size_t ncert;
	struct gh_span type, payload; /* of the envelope */
	const struct gh_dsse_sig *sig;
	size_t nsig;
};
/* Append the bundle: one line of JSON and a newline. No white space, no members that nothing depends on. */
void gh_bundle_write(struct gh_buf *out, const struct gh_bundle_out *b);
#endif

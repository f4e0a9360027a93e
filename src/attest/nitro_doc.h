/* nitro_doc.h - reader for the payload of an AWS Nitro Enclaves attestation document ("AWS Nitro Enclaves: Cryptographic
 * attestation", section "Syntactical validation"): a CBOR map with text keys. Strict: no key twice, none that is not known, every
 * value of its kind and size. Pure; spans lie in the document. */
#ifndef GH_ATTEST_NITRO_DOC_H
#define GH_ATTEST_NITRO_DOC_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_NITRO_PCRS = 32,
	GH_NITRO_BUNDLE = 8,
	GH_NITRO_CERT = 1024, /* bytes of a certificate, at most; as of the user data */
	GH_NITRO_KEY = 1024,
	GH_NITRO_DATA = 1024, /* user data, nonce */
};

struct gh_nitro_doc {
	struct gh_span module_id;
	uint64_t timestamp;		   /* milliseconds since 1970 */
	struct gh_span pcr[GH_NITRO_PCRS]; /* 32, 48 or 64 bytes; empty: not there */
	struct gh_span certificate;
	struct gh_span bundle[GH_NITRO_BUNDLE]; /* the root first */
	size_t nbundle;
	struct gh_span public_key, user_data, nonce; /* empty: not there, null, or empty */
};
enum gh_rc gh_nitro_doc_read(struct gh_span payload, struct gh_nitro_doc *out, struct gh_err *err);
#endif

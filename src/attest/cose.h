/* cose.h - COSE_Sign1 (RFC 9052, section 4.2): one payload, one signature. Read strictly: nothing behind it, no indefinite
 * lengths, no key of a header twice, an algorithm in the protected header and nothing critical that nobody here knows. Pure. */
#ifndef GH_ATTEST_COSE_H
#define GH_ATTEST_COSE_H
#include "base/buf.h"
#include "base/err.h"

enum { GH_COSE_ES256 = -7, GH_COSE_ES384 = -35, GH_COSE_TAG = 18 };

struct gh_cose_sign1 {
	int64_t alg;
	struct gh_span protected_; /* the bytes of the header, as they are signed */
	struct gh_span payload, signature;
};
/* With or without its tag. GH_E_MALFORMED, GH_E_UNREAD: a header that is not known. */
enum gh_rc gh_cose_sign1_read(struct gh_span s, struct gh_cose_sign1 *out, struct gh_err *err);
/* Append what is signed: the Sig_structure without external data (RFC 9052, section 4.4). */
void gh_cose_sign1_message(const struct gh_cose_sign1 *c, struct gh_buf *out);
#endif

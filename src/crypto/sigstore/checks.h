/* checks.h - what was checked of a signature, by name, and how each check came out. A person reads the list to see why a
 * signature is valid, is not, or could not be judged; the verdict is a function of the list and nothing else. */
#ifndef GH_CRYPTO_SIGSTORE_CHECKS_H
#define GH_CRYPTO_SIGSTORE_CHECKS_H
#include "base/err.h"
#include "base/span.h"

/* In the order of the output; the first failure is the reason that is named. */
enum gh_vcheck {
	GH_VC_BUNDLE,	  /* the bundle is well-formed and of a known version */
	GH_VC_ROOT,	  /* the trusted root is well-formed */
	GH_VC_KEY,	  /* the bundle names the key that was given */
	GH_VC_ARTIFACT,	  /* the artifact is what was signed */
	GH_VC_SIGNATURE,  /* the signature matches content and key */
	GH_VC_TIMESTAMP,  /* RFC 3161 timestamps over the signature, by trusted authorities */
	GH_VC_PROMISE,	  /* signed entry timestamps of the log */
	GH_VC_TIME,	  /* there is a trusted time of signing */
	GH_VC_CHAIN,	  /* the certificate chains to a trusted authority, at that time */
	GH_VC_USE,	  /* the certificate is for signing */
	GH_VC_SCT,	  /* the certificate stands in a certificate transparency log */
	GH_VC_IDENTITY,	  /* who signed */
	GH_VC_ISSUER,	  /* who vouched for that identity */
	GH_VC_ENTRY,	  /* the log entry is about this signature, key and content */
	GH_VC_INCLUSION,  /* the entry stands in the log's tree */
	GH_VC_CHECKPOINT, /* the tree's root is signed by the log */
	GH_VC_STATEMENT,  /* the statement is well-formed and of the wanted kind */
	GH_VC_MODEL,	  /* the root digest is that of the list of files */
	GH_VC_SERIAL,	  /* how files were digested: a way this program knows */
	GH_VC_FILES,	  /* every listed file is there, unchanged */
	GH_VC_IGNORED,	  /* what the signer left out holds nothing */
	GH_VC_UNSIGNED,	  /* no file is there that is not listed */
	GH_VC_CHECKS
};
enum gh_voutcome { GH_VC_NOT_REACHED, GH_VC_PASS, GH_VC_FAIL, GH_VC_SKIPPED, GH_VC_UNKNOWN, GH_VC_OUTCOMES };

enum { GH_VC_DETAIL = 200 };
struct gh_vchecks {
	struct {
		enum gh_voutcome outcome;
		char detail[GH_VC_DETAIL]; /* one line; may quote hostile bytes, so not safe to print as it is */
	} v[GH_VC_CHECKS];
};

/* "certificate-chain", and what it means. */
const char *gh_vcheck_name(enum gh_vcheck c);
const char *gh_vcheck_about(enum gh_vcheck c);
const char *gh_voutcome_name(enum gh_voutcome o);

/* Note an outcome; a failure stays a failure, and only a worse outcome replaces an earlier one (pass < skipped < unknown <
 * fail), but a pass replaces a skip. */
void gh_vnote(struct gh_vchecks *c, enum gh_vcheck which, enum gh_voutcome o, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* The outcome of a call: GH_OK passes, GH_E_UNREAD, GH_E_LIMIT, GH_E_NOMEM, GH_E_IO and GH_E_BUG are unknown, the rest fails with the text of err.
 * True: it passed. */
bool gh_vresult(struct gh_vchecks *c, enum gh_vcheck which, enum gh_rc rc, const struct gh_err *err);
bool gh_vfailed(const struct gh_vchecks *c);
#endif

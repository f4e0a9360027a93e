/* tlog.h - entries of Rekor, versions 1 and 2: is the entry about this signature, does it stand in the log, and did the log sign
 * for it? Kinds: hashedrekord 0.0.1 and 0.0.2, dsse 0.0.1 and 0.0.2, intoto 0.0.2. */
#ifndef GH_CRYPTO_SIGSTORE_TLOG_H
#define GH_CRYPTO_SIGSTORE_TLOG_H
#include "crypto/sigstore/bundle_read.h"
#include "crypto/sigstore/root.h"

/* What the entry must be about. */
struct gh_log_subject {
	const struct gh_bundle *bundle;
	const struct gh_key *key;   /* that verifies the signature */
	const struct gh_cert *leaf; /* NULL: a key without certificate */
	/* Digests of what was signed, by enum gh_md: of the artifact, or of the PAE of the envelope. */
	const uint8_t (*digest)[GH_MD_MAX];
};

/* The body agrees with kind, version, content, signature and key. GH_E_DENIED: with what not. GH_E_UNREAD: of a kind that is
 * not known. */
enum gh_rc gh_log_body(struct gh_arena *a, const struct gh_log_entry *e, const struct gh_log_subject *s,
		       struct gh_err *err);

/* The log of the root that the entry names, if it was trusted at time t; NULL otherwise. t < 0: at any time. */
const struct gh_root_log *gh_log_of(const struct gh_log_entry *e, const struct gh_root *root, int64_t t);
/* The promise (signed entry timestamp) is by this log. */
enum gh_rc gh_log_promise(const struct gh_log_entry *e, const struct gh_root_log *log, struct gh_err *err);
/* The proof leads from the entry to its root. */
enum gh_rc gh_log_inclusion(const struct gh_log_entry *e, struct gh_err *err);
/* The checkpoint is about that root and signed by this log. */
enum gh_rc gh_tlog_checkpoint(const struct gh_log_entry *e, const struct gh_root_log *log, struct gh_err *err);
#endif

/* reviews_verify.h - are recorded decisions what persons signed? For whoever takes a decision, and for fsck, which re-checks all. */
#ifndef GH_CATALOG_REVIEWS_VERIFY_H
#define GH_CATALOG_REVIEWS_VERIFY_H
#include "catalog/reviews.h"

/* The person's own signature over gh_review_statement(). spki: one of the two encodings of catalog/spki.h. GH_E_DENIED: it is not. */
enum gh_rc gh_review_verify_own(const struct gh_review_event *e, struct gh_span spki, struct gh_err *err);
/* The vault's receipt over the same statement. spki: of the badge key that e->receipt_key names. */
enum gh_rc gh_review_verify_receipt(const struct gh_review_event *e, struct gh_span spki, struct gh_err *err);

struct gh_reviews_check {
	/* The public key (SPKI) of the vault's badge key with this id (SHA-256 of the SPKI); false: it never had one. NULL: the keys
	 * are locked, receipts are not verified. */
	bool (*vault_key)(void *arg, const char *key_id, struct gh_span *spki);
	void *key_arg;
	/* One problem: the id it is about, what to do, what is wrong. */
	void (*say)(void *arg, const char *subject, const char *todo, const char *line);
	void *say_arg;
	/* ---- results ---- */
	int64_t reviews, decisions, problems;
};
/* Re-check everything: each decision is signed by a key that its person had, or carries a receipt of the vault that verifies; an
 * approved review has enough different persons, none of them the author; a version that could be usable only by an approval has
 * one for its present digests. GH_OK also when there are problems. */
enum gh_rc gh_reviews_check(struct gh_db *db, struct gh_reviews_check *c, struct gh_err *err);
#endif

/* reviews.h - people look at a version and say yes or no.
 *
 *	open ──► approved	enough different persons approved it
 *	  ├────► rejected	one rejected it: reject wins, whatever was approved before
 *	  └────► void		a new report, or the version went: what was said was about something else
 *
 * A decision counts when: the review is open; a role grants review.decide to the principal in the model's scope; the principal is
 * an active person and not the author (who imported); it names the root digest AND the report digest of the review (what was
 * looked at is what is approved). The same person twice counts once. `local` may never decide. How many are needed: 1, and 2 for
 * the tier "high" (four eyes); a policy may ask for more.
 *
 * What is recorded: who, what, over which digests, when, under which role; a signature by the person's own key, or the vault's
 * receipt over the same statement. The comment is a blob. */
#ifndef GH_CATALOG_REVIEWS_H
#define GH_CATALOG_REVIEWS_H
#include "catalog/principals.h"

enum gh_review_state { GH_REVIEW_OPEN, GH_REVIEW_APPROVED, GH_REVIEW_REJECTED, GH_REVIEW_VOID, GH_REVIEW_STATES };
const char *gh_review_state_name(enum gh_review_state s);
enum gh_review_state gh_review_state_named(const char *name);

enum gh_review_act { GH_REVIEW_APPROVE, GH_REVIEW_REJECT, GH_REVIEW_COMMENT, GH_REVIEW_WITHDRAWN, GH_REVIEW_ACTS };
const char *gh_review_act_name(enum gh_review_act a); /* "approve", "reject", "comment", "void" */
enum gh_review_act gh_review_act_named(const char *name);

enum { GH_REVIEW_REASON = 120, GH_REVIEW_SIG = 160, GH_REVIEW_STATEMENT = 1024 };
struct gh_review {
	struct gh_id id, version, report, author; /* author: none for `local`, who counts for nobody */
	char root[GH_DIGEST_HEX + 1], report_digest[GH_DIGEST_HEX + 1];
	char tier[24];
	int64_t needed, approvals; /* approvals: different persons so far */
	enum gh_review_state state;
	char reason[GH_REVIEW_REASON + 1];
	int64_t opened, closed;
};
struct gh_review_event {
	struct gh_id id, review, principal;
	int64_t seq, at;
	enum gh_review_act act;
	char role[GH_ROLE_WORD];
	char root[GH_DIGEST_HEX + 1], report_digest[GH_DIGEST_HEX + 1];
	struct gh_id comment;			/* blob, or none */
	char comment_digest[GH_DIGEST_HEX + 1]; /* "" without comment */
	struct gh_id signer;			/* principal_keys, or none */
	uint8_t signature[GH_REVIEW_SIG];
	size_t signature_n;
	char receipt_key[GH_DIGEST_HEX + 1]; /* id of the vault's key, "" without receipt */
	uint8_t receipt[GH_REVIEW_SIG];
	size_t receipt_n;
	bool one_hand; /* not recorded: count it although gh_review_independent() says no (setting four_eyes: persons) */
};

/* How many persons a tier needs. */
int64_t gh_review_needed(const char *tier);
/* What to ask gh_review_open() for: two at least where `local` imported. Nobody knows who that was, so it may have been the one who
 * approves or has appointed them; of two whom no one person can act as, one is somebody else. one_hand: the setting four_eyes says
 * persons, and asked is left as it is. */
int64_t gh_review_eyes(const struct gh_id *author, bool one_hand, int64_t asked);

/* Open one for a version. An open one for other digests becomes void ("a new report"); one for the same digests that is open or
 * approved is returned as it is; one that was rejected stays so (GH_E_DENIED): reject wins. needed: 0 for what the tier says, else
 * at least that. */
enum gh_rc gh_review_open(struct gh_db *db, const struct gh_id *version, int64_t needed, int64_t now,
			  struct gh_review *out, struct gh_err *err);
enum gh_rc gh_review_get(struct gh_db *db, const struct gh_id *id, struct gh_review *out, struct gh_err *err);
/* The open one of a version, else the newest. GH_E_ABSENT: there never was one. */
enum gh_rc gh_review_of(struct gh_db *db, const struct gh_id *version, struct gh_review *out, struct gh_err *err);
/* Newest first; state GH_REVIEW_STATES: all. */
enum gh_rc gh_review_list(struct gh_db *db, struct gh_arena *a, enum gh_review_state state, size_t max,
			  struct gh_review **out, size_t *n, struct gh_err *err);
enum gh_rc gh_review_events(struct gh_db *db, struct gh_arena *a, const struct gh_id *review,
			    struct gh_review_event **out, size_t *n, struct gh_err *err);
/* End it without a decision. GH_E_EXISTS: it is not open. */
enum gh_rc gh_review_void(struct gh_db *db, const struct gh_id *id, const char *reason, int64_t now,
			  struct gh_err *err);

/* May `who` decide this review, and under which role? GH_E_DENIED says why not; asks everything but the digests. scope: the
 * model's. */
enum gh_rc gh_review_may(const struct gh_review *r, const struct gh_principal *who, const struct gh_name *scope,
			 const char **role, struct gh_err *err);
/* Four eyes are two people, and not two names of one. Whoever issued an API key of a person, or granted the role it decides by, can act
 * as that person: such a hand on an approver must be neither the author's, nor another approver's, nor one that is on the author or
 * another approver too. Keys count that were valid at some time since the review was opened, whoever revoked them. GH_OK: an approval of
 * `who` would count beside those that there are; GH_E_DENIED says whose hand is on whom, and the way out. */
enum gh_rc gh_review_independent(struct gh_db *db, const struct gh_review *r, const struct gh_principal *who,
				 struct gh_err *err);
/* Record a decision or a comment; e->root and e->report_digest must be the review's. The whole rule is asked again inside the
 * transaction. *out: the review afterwards. GH_E_DENIED as gh_review_may(), and when it is closed or this person approved it
 * already; GH_E_EXISTS: it is about other digests, or the version has a newer report: look again. The caller moves the version when
 * out->state says so, in the same transaction. */
enum gh_rc gh_review_record(struct gh_db *db, const struct gh_principal *who, const struct gh_name *scope,
			    const struct gh_review_event *e, struct gh_review *out, struct gh_err *err);
/* Is version approved for these very digests? For policies: different persons who approved (never the author), newest review. */
enum gh_rc gh_review_approvals(struct gh_db *db, const struct gh_id *version, const char *root,
			       const char *report_digest, struct gh_review *out, struct gh_err *err);

/* The statement that a person's key or the vault signs, byte for byte: one JSON object with sorted keys, no white space:
 *	{"at":"2026-11-22T12:00:00Z","comment":"<sha256 or empty>","decision":"approve","principal":"<id>","report":"<digest>",
 *	 "review":"<id>","root":"<digest>","type":"gatehouse-review/1"}
 * GH_E_MALFORMED: a field is none. */
enum gh_rc gh_review_statement(const struct gh_review_event *e, char out[GH_REVIEW_STATEMENT], size_t *n,
			       struct gh_err *err);
#endif

/* badges.h - badges of versions and their states.
 *
 *	review-pending ──► issued ──► expired | revoked		(rejected ends a pending one)
 *
 * A row is made before the statement is signed ("review-pending", or without `issued` time while it is on its way), and becomes
 * issued when its entry stands in the log. */
#ifndef GH_CATALOG_BADGES_H
#define GH_CATALOG_BADGES_H
#include "catalog/db.h"
#include "catalog/id.h"

enum gh_badge_state {
	GH_BADGE_ISSUED,
	GH_BADGE_PENDING,
	GH_BADGE_REJECTED,
	GH_BADGE_EXPIRED,
	GH_BADGE_REVOKED,
	GH_BADGE_STATES,
};
const char *gh_badge_state_name(enum gh_badge_state s); /* "review-pending" */
enum gh_badge_state gh_badge_state_named(const char *name);

enum { GH_BADGE_REASON = 120 };
struct gh_badge_row {
	struct gh_id id, version, report;
	enum gh_badge_state state;
	char reason[GH_BADGE_REASON + 1]; /* words of ours */
	int64_t issued, expires, changed; /* 0: not */
	struct gh_id blob;		  /* the badge file */
	char digest[GH_DIGEST_HEX + 1];	  /* of the signed statement */
	char key_id[GH_DIGEST_HEX + 1];	  /* of the badge key */
	struct gh_id entry;		  /* audit entry */
	int64_t log_index;		  /* -1: not in the log */
};
enum gh_rc gh_badge_add(struct gh_db *db, const struct gh_badge_row *b, struct gh_err *err);
/* pending → issued, with everything that names the signed statement; once. GH_E_EXISTS: it is not pending any more. */
enum gh_rc gh_badge_issued(struct gh_db *db, const struct gh_badge_row *b, struct gh_err *err);
/* issued → revoked or expired, pending → rejected or revoked. GH_E_EXISTS: it is in another state; GH_E_DENIED: no such way. */
enum gh_rc gh_badge_move(struct gh_db *db, const struct gh_id *id, enum gh_badge_state from, enum gh_badge_state to,
			 const char *reason, int64_t now, struct gh_err *err);
enum gh_rc gh_badge_get(struct gh_db *db, const struct gh_id *id, struct gh_badge_row *out, struct gh_err *err);
/* Of a version (newest first), or of all (NULL: in the order of their ids). */
enum gh_rc gh_badge_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, struct gh_badge_row **out,
			 size_t *n, struct gh_err *err);
/* Revoked or expired ones that were issued once: for the status list. */
enum gh_rc gh_badge_ended(struct gh_db *db, struct gh_arena *a, struct gh_badge_row **out, size_t *n,
			  struct gh_err *err);
/* Issued ones whose time is over. */
enum gh_rc gh_badge_due(struct gh_db *db, struct gh_arena *a, int64_t now, struct gh_badge_row **out, size_t *n,
			struct gh_err *err);

/* Status lists that were signed: number counts up from 1. */
struct gh_status_row {
	int64_t number, issued, expires;
	char digest[GH_DIGEST_HEX + 1];
	struct gh_span body; /* the signed document: public */
};
enum gh_rc gh_status_add(struct gh_db *db, const struct gh_status_row *s, struct gh_err *err);
/* GH_E_ABSENT: none yet. */
enum gh_rc gh_status_last(struct gh_db *db, struct gh_arena *a, struct gh_status_row *out, struct gh_err *err);
#endif

/* badge_log.h - which badges are revoked, by the audit log. The log is signed and the rows of the database are not: a row that was put
 * back to issued, or is gone, takes nothing from a list that is made of both. */
#ifndef GH_CATALOG_BADGE_LOG_H
#define GH_CATALOG_BADGE_LOG_H
#include "catalog/badges.h"
#include "catalog/catalog.h"

struct gh_badge_logged {
	struct gh_badge_logged *next; /* in the order of the log */
	struct gh_id badge;
	char reason[GH_BADGE_REASON + 1];
	int64_t at;
	uint64_t index; /* of the entry that revoked it */
};
/* All of them, or the one badge (not NULL) alone; in the arena. *out NULL: none. Entries that wait for being appended are not
 * among them: their rows are. GH_E_ABSENT, GH_E_MALFORMED: the log cannot be read. */
enum gh_rc gh_badge_logged(struct gh_catalog *c, struct gh_arena *a, const struct gh_id *badge,
			   struct gh_badge_logged **out, struct gh_err *err);
#endif

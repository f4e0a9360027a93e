/* badge_make.h - issuing the scan-complete badge of a version (crypto/badge.h says what it looks like).
 *
 * Rules, none of which a policy can soften: only a version whose last report says CLEAN, or REVIEW after its review was approved for
 * exactly that report; never UNSAFE, never INCOMPLETE; every stage but detonation must have run; the version must be ready. The
 * policy may ask for more. */
#ifndef GH_CATALOG_BADGE_MAKE_H
#define GH_CATALOG_BADGE_MAKE_H
#include "catalog/badges.h"
#include "catalog/gate.h"
#include "catalog/principals.h"
#include "catalog/reports.h"

struct gh_badge_case { /* everything that decides */
	struct gh_version version;
	struct gh_report_row report;
	const char *manifest; /* digest of the manifest, 64 digits */
};
/* Fill it in. GH_E_ABSENT: no such version, or it was never scanned. */
enum gh_rc gh_badge_case(struct gh_catalog *c, const struct gh_id *version, struct gh_arena *a,
			 struct gh_badge_case *out, struct gh_err *err);
/* NULL: it may have a badge. Else why not, a line; *state: what its badge is then ("review-pending", "none" …). */
const char *gh_badge_obstacle(struct gh_catalog *c, const struct gh_badge_case *b, struct gh_arena *a,
			      const char **state);

/* Sign, log, prove: appends the badge file to out. The row is in the database as being on its way; gh_badge_handed() makes it
 * issued, when the file is stored. */
enum gh_rc gh_badge_make(struct gh_catalog *c, const struct gh_badge_case *b, const struct gh_gate *gate,
			 const struct gh_principal *who, struct gh_arena *a, struct gh_badge_row *row,
			 struct gh_buf *out, struct gh_err *err);
enum gh_rc gh_badge_handed(struct gh_catalog *c, const struct gh_id *badge, const struct gh_id *blob,
			   struct gh_err *err);
/* Take back all badges of a version that still verify: the one that counts, and those which a rescan replaced (they were handed out, and
 * their time is not over). Logged; in the caller's transaction. reason: one word. */
enum gh_rc gh_badge_revoke_all(struct gh_catalog *c, const struct gh_version *v, const char *reason,
			       const struct gh_principal *who, struct gh_err *err);
/* issued → revoked, and with it those that it replaced. A transaction of its own. GH_E_EXISTS: it is not issued any more. */
enum gh_rc gh_badge_revoke(struct gh_catalog *c, const struct gh_id *badge, const char *reason,
			   const struct gh_principal *who, struct gh_err *err);
#endif

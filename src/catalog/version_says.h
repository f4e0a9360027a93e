/* version_says.h - is a version what its last scan made of it? The rows that decide (report, facts, manifest) as one digest: an `import`
 * or `rescan` in the audit log holds it ("says"), so that who can write to the database alone cannot make another model of one.
 *
 * It is looked at whenever a version is shown to a task (`model.show`: export, deploy, share, card, rescan, policy) and when its badge or
 * a statement is made; fsck compares all of them. Entries of before have no such digest: of those root, report and verdict count. */
#ifndef GH_CATALOG_VERSION_SAYS_H
#define GH_CATALOG_VERSION_SAYS_H
#include "catalog/catalog.h"
#include "catalog/versions.h"

/* The columns of a query with `versions v LEFT JOIN reports r ON r.id = v.report`. */
enum { GH_SAYS_COLS = 11 };
#define GH_SAYS_SQL \
	"v.root, COALESCE(r.digest, ''), COALESCE(r.scanner, ''), COALESCE(r.rules, ''), COALESCE(r.advisories, '')," \
	" COALESCE(r.verdict, ''), COALESCE(r.coverage, ''), COALESCE(r.stages, ''), COALESCE(r.findings, 0)," \
	" COALESCE((SELECT b.digest FROM blobs b WHERE b.id = v.manifest), '')," \
	" COALESCE((SELECT e.digest FROM evidence e WHERE e.version = v.id AND e.kind = 'scan-facts'" \
	" ORDER BY e.created DESC, e.id LIMIT 1), '')"
/* SHA-256 of what such columns say. False: no memory. */
bool gh_version_says_row(const struct gh_dbv *cols, char out[GH_DIGEST_HEX + 1]);
/* Of the version as it stands, for its entry: inside the transaction that changed it. */
enum gh_rc gh_version_says(struct gh_db *db, const struct gh_id *version, char out[GH_DIGEST_HEX + 1],
			   struct gh_err *err);
/* Are the rows what the last `import` or `rescan` of the version in the audit log says? Versions that are importing or deleted: GH_OK.
 * GH_E_UNREAD: no; the line says what differs and what to do. */
enum gh_rc gh_version_logged(struct gh_catalog *c, const struct gh_id *version, struct gh_err *err);
#endif

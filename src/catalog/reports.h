/* reports.h - scan reports of versions: the document is a blob, the row holds what decisions need. */
#ifndef GH_CATALOG_REPORTS_H
#define GH_CATALOG_REPORTS_H
#include "catalog/db.h"
#include "catalog/id.h"

enum { GH_REPORT_WORD = 80, GH_REPORT_STAGES = 512 };
struct gh_report_row {
	struct gh_id id, version, blob;
	char digest[GH_DIGEST_HEX + 1];	 /* of the report's JSON */
	char scanner[GH_REPORT_WORD];	 /* version of the program */
	char rules[GH_REPORT_WORD];	 /* version or digest of the rules */
	char advisories[GH_REPORT_WORD]; /* date or digest of the advisories */
	char verdict[24], coverage[24];	 /* "CLEAN"; "full" or "partial" */
	char stages[GH_REPORT_STAGES];	 /* "integrity=ran malware=ran … detonation=not-run": words only */
	int64_t findings, created;
};
/* version and blob must be there. */
enum gh_rc gh_report_add(struct gh_db *db, const struct gh_report_row *r, struct gh_err *err);
enum gh_rc gh_report_get(struct gh_db *db, const struct gh_id *id, struct gh_report_row *out, struct gh_err *err);
/* Of a version, newest first. */
enum gh_rc gh_report_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, struct gh_report_row **out,
			  size_t *n, struct gh_err *err);
/* Current reports (those that versions point to) made with other rules or advisories than these, oldest first: what a rescan has
 * to look at. Versions that are deleted or importing are left out. */
enum gh_rc gh_report_outdated(struct gh_db *db, struct gh_arena *a, const char *scanner, const char *rules,
			      const char *advisories, size_t max, struct gh_report_row **out, size_t *n,
			      struct gh_err *err);
#endif

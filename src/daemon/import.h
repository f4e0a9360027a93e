/* import.h - the parts of the task `import`, some of which `rescan` shares: what is said to the catalog about a scan. */
#ifndef GH_DAEMON_IMPORT_H
#define GH_DAEMON_IMPORT_H
#include "daemon/docs.h"
#include "daemon/task.h"
#include "scan/setup.h"

/* Options of a scan that runs as a task: stages, data, progress. Must outlive the report. */
struct gh_import_scan {
	struct gh_scan_setup setup;
	struct gh_scan_options options;
	int64_t started; /* seconds since 1970 */
};
void gh_import_scan_open(struct gh_import_scan *s, struct gh_service *service, int64_t jobs);
/* gh_scan_run(), whose GH_E_DENIED (a worker could not be locked down) becomes GH_E_UNREAD: nobody was refused anything, and what
 * was not looked at ends with status 2. */
enum gh_rc gh_import_scan_run(const struct gh_import_scan *s, const char *path, struct gh_scan **out,
			      const struct gh_scan_report **report, struct gh_err *err);
void gh_import_scan_close(struct gh_import_scan *s);

/* What the catalog is told of a report, as members of an object that is open: verdict, versions, coverage, stages, counts. */
void gh_import_summary(const struct gh_scan_report *r, struct gh_jout *j);
/* Facts for the policy (policy/facts.h), as members of an object that is open. Of very many findings the worst are kept and the
 * rest is counted. started: when the scan began, seconds since 1970. */
void gh_import_facts(const struct gh_scan_report *r, int64_t started, struct gh_jout *j);

/* Member "lacking" of a task's answer: stages that did not run since what ships with the program was not beside it, and why; nothing when
 * all was there. */
void gh_import_lacking(const struct gh_import_scan *s, struct gh_jout *j);
/* Store the bill of materials of a report (scan/report_cyclonedx.h) beside it. */
enum gh_rc gh_import_bom(struct gh_docs *docs, const struct gh_import_scan *s, const struct gh_scan_report *r,
			 struct gh_docs_made *out, struct gh_err *err);

/* Root digest of the OpenSSF Model Signing rules, files method: SHA-256 over the digests of all files, in the order of their
 * names, without those at the top that the rules leave out (.git, .gitignore, .gitattributes, .github). */
struct gh_import_root;
struct gh_import_root *gh_import_root_new(void); /* NULL: no memory */
void gh_import_root_add(struct gh_import_root *h, const char *name, const char *sha256);
bool gh_import_root_end(struct gh_import_root *h, char root[65]); /* and free; false: OpenSSL failed */

struct gh_import_docs { /* what was stored beside the files */
	struct gh_docs_made manifest, report, facts, bom;
};

/* Ask the catalog for the badge, if there is to be one, and store it. facts: of the last scan, a JSON object. The answer says what
 * came of it. */
enum gh_rc gh_import_badge(struct gh_service *s, const char *key, const struct gh_docs_owner *owner,
			   struct gh_span facts, struct gh_arena *a, const struct gh_jval **out, struct gh_err *err);
#endif

/* statement_make.h - statements beside the badge, for readers that know these forms and not ours: in-toto statements about a version,
 * signed with the badge key, as Sigstore bundles (version 0.3).
 *
 *	vsa	SLSA verification summary, version 1 (slsa.dev/spec/v1.0/verification_summary): what the tenant's policy says of
 *		deploying it, PASSED or FAILED, with the badge's statement as the input that was looked at
 *	vulns	in-toto vulnerability predicate, version 0.2: known vulnerabilities that the last scan found
 *
 *	test-result	in-toto test result, version 0.1: how people and tests judged it: its review, the detonation, red-team campaigns,
 *		verified test results of others. What the scan found by looking is the badge's; without any test there is none
 *
 * They are made when they are asked for, and say when. Unlike the badge they stand in no log and have no end of their own: whoever
 * needs either takes the badge. Their subjects are the badge's: root digest and digest of the manifest. Adding one: a row in the table
 * of statement_make.c. */
#ifndef GH_CATALOG_STATEMENT_MAKE_H
#define GH_CATALOG_STATEMENT_MAKE_H
#include "catalog/badge_make.h"

/* Is there a statement of this name? */
bool gh_statement_known(const char *name);
/* Append the bundle. known: the facts document of the last scan, a JSON object.
 * GH_E_ABSENT: no such statement, no scan. GH_E_DENIED: nothing can be stated, because the stage in question did not run to its end, or
 * because nothing was tested. */
enum gh_rc gh_statement_make(struct gh_catalog *c, const char *name, const struct gh_badge_case *b,
			     struct gh_span known, struct gh_arena *a, struct gh_buf *out, struct gh_err *err);
#endif

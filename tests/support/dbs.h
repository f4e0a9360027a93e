/* dbs.h - both databases, for tests of the catalog: every such test runs on SQLite and on PostgreSQL.
 *
 *	static const struct CMUnitTest tests[] = { … };
 *	int main(void) { return dbs_run(tests, n); }
 *
 * runs them once with each engine; `dbs_open()` inside a test gives a new, empty database of the engine in turn. Where there
 * is no PostgreSQL, that half says "skipped: why". */
#ifndef GH_TESTS_DBS_H
#define GH_TESTS_DBS_H
#include "support/cm.h"
#include "catalog/db.h"

/* Run with each engine in turn; the sum of failures. */
int dbs_run_(const char *name, const struct CMUnitTest *tests, size_t n);
#define dbs_run(tests) dbs_run_(#tests, (tests), sizeof(tests) / sizeof((tests)[0]))

bool dbs_is_pg(void);
/* A new database without tables, and a further connection to the newest one. Never NULL: fails the test. */
struct gh_db *dbs_empty(void);
struct gh_db *dbs_again(void);
/* The URL of the newest one. */
const char *dbs_url(void);
/* A new database with the newest schema. */
struct gh_db *dbs_open(void);
#endif

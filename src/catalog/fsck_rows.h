/* fsck_rows.h - one row of the database against what the audit log says of it: which tables, and how each is compared. Included by
 * fsck_ledger.c and fsck_rows.c alone. */
#ifndef GH_CATALOG_FSCK_ROWS_H
#define GH_CATALOG_FSCK_ROWS_H
#include "catalog/db.h"
#include "catalog/fsck.h"
#include "catalog/fsck_facts.h"

enum { GH_FSCK_LINES = 10000 }; /* most that are kept; more are counted */

struct gh_fsck_line {
	struct gh_fsck_line *next;
	struct gh_span subject, what;
};
struct gh_fsck_ledger {
	struct gh_fsck *f;
	struct gh_logfacts facts;
	struct gh_arena a; /* of the lines */
	struct gh_fsck_line *first, **last;
	size_t n;
	uint64_t looked;
};

/* A line, kept until it is known that nothing moved meanwhile. */
enum gh_rc gh_fsck_note(struct gh_fsck_ledger *l, struct gh_err *err, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Were the keys of this tenant destroyed? What it had ends with them, without an entry for each. */
bool gh_fsck_destroyed(const struct gh_fsck_ledger *l, const char *tenant);

/* A query, and what looks at each row of its answer; arg: struct gh_fsck_ledger. */
struct gh_fsck_table {
	const char *sql;
	enum gh_rc (*row)(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err);
};
extern const struct gh_fsck_table gh_fsck_rows[];
extern const size_t gh_fsck_rows_n;
#endif

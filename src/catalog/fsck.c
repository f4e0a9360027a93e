/* fsck.c - the list of parts, and how problems are told. */
#include "catalog/fsck.h"

#include "catalog/fsck_int.h"
#include "catalog/schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { STEP_MS = 1000 };

/* In the order in which they are worth knowing: a damaged database explains much of what follows, and so does a key that is
 * gone. Imports that died come before what they left: removing one frees its blobs. Objects of imports come before their rows, so
 * that they are told whether they are repaired or not. */
static const struct row {
	struct gh_fsck_part part;
	enum gh_rc (*run)(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
} rows[] = {
	{ { "database", "the database is whole, and no reference leads nowhere" }, gh_fsck_database },
	{ { "keys", "every key that is needed is there, and opens" }, gh_fsck_keys },
	{ { "imports", "no import died and left its name taken" }, gh_fsck_imports },
	{ { "blobs", "every blob that is known lies in the store as it was stored" }, gh_fsck_blobs },
	{ { "objects", "every object in the store is known" }, gh_fsck_objects },
	{ { "unused", "every blob is used by something" }, gh_fsck_unused },
	{ { "staging", "no import left a staging file or an upload behind" }, gh_fsck_staging },
	{ { "log", "the audit log is what was signed" }, gh_fsck_log },
	{ { "outbox", "every change stands in the audit log, as it was made" }, gh_fsck_outbox },
	{ { "ledger", "every row says what the audit log says of it" }, gh_fsck_ledger },
	{ { "badges", "every badge rests on a finished scan, and is logged" }, gh_fsck_badges },
	{ { "reviews", "every decision is signed by who made it" }, gh_fsck_reviews },
};

const struct gh_fsck_part *gh_fsck_part_at(size_t i) { return i < sizeof rows / sizeof rows[0] ? &rows[i].part : NULL; }

enum gh_rc gh_fsck_step(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (strcmp(rows[i].part.name, f->part) != 0)
			continue;
		GH_TRY(rows[i].run(c, f, err), err, "fsck: %s", f->part);
		return GH_OK;
	}
	return gh_fail(err, GH_E_MALFORMED, "fsck has no part '%.40s'", f->part);
}

/* ---- telling ---- */

static void tell(struct gh_fsck *f, const char *subject, const char *todo, bool repaired, bool harmless,
		 const char *fmt, va_list ap)
{
	char what[400];
	(void)vsnprintf(what, sizeof what, fmt, ap);
	const struct gh_fsck_problem p = { .part = f->part,
					   .subject = subject,
					   .what = what,
					   .todo = todo,
					   .repaired = repaired,
					   .harmless = harmless };
	f->say(f->arg, &p);
}

void gh_fsck_say(struct gh_fsck *f, const char *subject, const char *todo, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	tell(f, subject, todo, false, false, fmt, ap);
	va_end(ap);
}

void gh_fsck_left(struct gh_fsck *f, const char *subject, bool repaired, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	tell(f, subject, repaired ? "nothing: it was removed" : "run `gatehouse fsck --repair`", repaired, true, fmt,
	     ap);
	va_end(ap);
}

bool gh_fsck_old(const struct gh_fsck *f, int64_t at) { return at <= f->now - f->grace; }

int64_t gh_fsck_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool gh_fsck_enough(int64_t started_ms) { return gh_fsck_ms() - started_ms >= STEP_MS; }

/* ---- the database ---- */

static void database_line(void *arg, const char *line)
{
	gh_fsck_say(arg, "", "stop writing to it; restore a backup with `gatehouse restore`", "%s", line);
}

enum gh_rc gh_fsck_database(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	unsigned version = 0;
	GH_TRY(gh_db_check(c->db, database_line, f, err), err, "%s", gh_db_name(c->db));
	GH_TRY(gh_schema_version(c->db, &version, err), err, "%s", gh_db_name(c->db));
	if (version != gh_schema_newest())
		gh_fsck_say(f, "", "run any command that opens it, so that it is brought up to date",
			    "the database has version %u of the schema where %u is meant", version, gh_schema_newest());
	f->looked++;
	return GH_OK;
}

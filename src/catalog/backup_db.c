/* backup_db.c - the database of a backup: always a SQLite file, whatever engine it was taken from, so that a backup can be read
 * anywhere and restored to either. */
#include "base/arena.h"
#include "catalog/backup.h"
#include "catalog/backup_int.h"
#include "catalog/schema.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COLUMNS = 64, SQL = 4096 };

struct transfer { /* rows of one table on their way */
	struct gh_db *to;
	char insert[SQL];
	size_t columns;
};

static enum gh_rc put_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	struct transfer *t = arg;
	if (n != t->columns)
		return gh_fail(err, GH_E_BUG, "a row of %zu columns where %zu were asked for", n, t->columns);
	return gh_db_exec(t->to, NULL, err, t->insert, (struct gh_dbvs){ cols, n });
}

struct both {
	struct gh_db *from, *to;
};

static enum gh_rc one_table(const struct both *b, const struct gh_schema_table *table, struct gh_err *err)
{
	struct transfer t = { .to = b->to, .columns = 1 };
	char select[SQL];
	for (const char *p = table->columns; *p != '\0'; p++)
		t.columns += *p == ',';
	/* A version may derive from another one, which has to be there first. */
	int n = strcmp(table->name, "versions") == 0
			? snprintf(select, sizeof select,
				   "WITH RECURSIVE d (id, depth) AS (SELECT id, 0 FROM versions WHERE base IS NULL "
				   "UNION ALL "
				   "SELECT v.id, d.depth + 1 FROM versions v JOIN d ON v.base = d.id) "
				   "SELECT %s FROM versions JOIN d USING (id) ORDER BY depth",
				   table->columns)
			: snprintf(select, sizeof select, "SELECT %s FROM %s ORDER BY %s", table->columns, table->name,
				   table->order);
	int m = snprintf(t.insert, sizeof t.insert, "INSERT INTO %s (%s) VALUES (", table->name, table->columns);
	if (t.columns > COLUMNS || n < 0 || (size_t)n >= sizeof select || m < 0 ||
	    (size_t)m + 3 * t.columns + 2 >= sizeof t.insert)
		return gh_fail(err, GH_E_BUG, "table %s has too many columns", table->name);
	size_t at = (size_t)m;
	for (size_t i = 0; i < t.columns; i++)
		at += (size_t)snprintf(t.insert + at, sizeof t.insert - at, "%s?", i == 0 ? "" : ", ");
	(void)snprintf(t.insert + at, sizeof t.insert - at, ")");
	GH_TRY(gh_db_each(b->from, put_row, &t, err, select, GH_DBV_NONE), err, "table %s", table->name);
	return GH_OK;
}

/* PostgreSQL does not count numbers that were given to it: the next entry of the outbox must come after the last. */
static enum gh_rc go_on_counting(struct gh_db *to, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	if (gh_db_engine(to) != GH_DB_PG)
		return GH_OK;
	return gh_db_query(to, &a, &r, err,
			   "SELECT setval(pg_get_serial_sequence('outbox', 'seq'), (SELECT COALESCE(max(seq), 0) + 1 "
			   "FROM outbox), false)",
			   GH_DBV_NONE);
}

/* Both ends in a transaction each: what is read is one view, what is written appears at once. */
static enum gh_rc inner(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct both *b = arg;
	(void)db;
	/* The migration has put a row or two there that the other one brings along. */
	GH_TRY(gh_db_exec(b->to, NULL, err, "DELETE FROM meta", GH_DBV_NONE), err, "meta");
	for (size_t i = 0; gh_schema_table(i) != NULL; i++)
		GH_TRY(one_table(b, gh_schema_table(i), err), err, "copying");
	return go_on_counting(b->to, err);
}

static enum gh_rc outer(struct gh_db *db, void *arg, struct gh_err *err)
{
	(void)db;
	return gh_db_tx(((struct both *)arg)->to, inner, arg, err);
}

enum gh_rc gh_backup_transfer(struct gh_db *from, struct gh_db *to, int64_t now, struct gh_err *err)
{
	struct both b = { from, to };
	unsigned version = 0, there = 0;
	GH_TRY(gh_schema_version(from, &version, err), err, "%s", gh_db_name(from));
	GH_TRY(gh_schema_version(to, &there, err), err, "%s", gh_db_name(to));
	if (there != 0)
		return gh_fail(err, GH_E_EXISTS, "%s has tables already: an empty database is needed", gh_db_name(to));
	if (version != gh_schema_newest())
		return gh_fail(err, GH_E_UNREAD, "%s has version %u of the schema, this program has %u",
			       gh_db_name(from), version, gh_schema_newest());
	GH_TRY(gh_schema_migrate_to(to, version, now, NULL, err), err, "%s", gh_db_name(to));
	return gh_db_tx(from, outer, &b, err);
}

static void remove_database(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
	char name[GH_HOME_PATH + 64];
	for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
		if ((size_t)snprintf(name, sizeof name, "%s%s", path, tails[i]) < sizeof name)
			(void)unlink(name);
}

static enum gh_rc as_sqlite(struct gh_db *db, const char *path, struct gh_err *err)
{
	char url[GH_HOME_PATH + 64];
	struct gh_db *to = NULL;
	if ((size_t)snprintf(url, sizeof url, "sqlite:%s", path) >= sizeof url)
		return gh_fail(err, GH_E_LIMIT, "the path is too long");
	GH_TRY(gh_db_open(url, &(struct gh_db_how){ .create = true }, &to, err), err, "a copy of the database");
	enum gh_rc rc = gh_backup_transfer(db, to, 0, err);
	gh_db_close(to); /* the last one to close brings everything from the log into the file */
	return rc;
}

enum gh_rc gh_backup_database(struct gh_db *db, const char *path, struct gh_err *err)
{
	if (access(path, F_OK) == 0)
		return gh_fail(err, GH_E_EXISTS, "%.200s is there already", path);
	enum gh_rc rc = gh_db_engine(db) == GH_DB_SQLITE ? gh_db_copy(db, path, err) : as_sqlite(db, path, err);
	if (rc != GH_OK)
		remove_database(path);
	return rc;
}

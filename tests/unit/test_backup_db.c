/* The database of a backup: a SQLite file of whatever engine, and the way back into either. */
#include "support/cat.h"

#include "catalog/backup.h"
#include "catalog/backup_int.h"
#include "catalog/outbox.h"
#include "catalog/schema.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct gh_db *open_file(const char *path)
{
	char url[128];
	struct gh_db *db = NULL;
	(void)snprintf(url, sizeof url, "sqlite:%s", path);
	CAT_OK(gh_db_open(url, &(struct gh_db_how){ 0 }, &db, err));
	return db;
}

static void problem(void *arg, const char *line)
{
	(void)arg;
	fail_msg("%s", line);
}

/* Something in most tables: a version that derives from another one, whose id sorts behind it. */
static void fill(struct gh_db *db)
{
	gh_auto_arena a = { .max = 1 << 20 };
	cat_tenant(db, "acme");
	struct gh_principal who = cat_person(db, &a, "jane", "publisher@acme");
	for (char d = '1'; d <= '6'; d++) {
		char name[40], id[2][40];
		(void)snprintf(name, sizeof name, "acme/llama:%c", d);
		struct gh_version v = cat_version(db, name, &who.id, "CLEAN", GH_V_READY, "standard");
		(void)id;
		if (d > '1')
			CAT_OK(gh_db_exec(db, NULL, err,
					  "UPDATE versions SET base = (SELECT id FROM versions WHERE version = ?), "
					  "lineage = 'fine-tune' "
					  "WHERE id = ?",
					  GH_DBV(gh_dbs((char[]){ (char)(d - 1), '\0' }), gh_dbs(v.id.s))));
		struct gh_id entry = cat_id();
		CAT_OK(gh_outbox_put(db, &entry, 1000, "import", GH_SPAN("{\"\\u00e4\":1}"), err));
	}
}

static void same(struct gh_db *x, struct gh_db *y)
{
	for (size_t i = 0; gh_schema_table(i) != NULL; i++) {
		gh_auto_arena a = { .max = 8 << 20 };
		struct gh_db_rows r[2];
		char sql[2048];
		const struct gh_schema_table *t = gh_schema_table(i);
		(void)snprintf(sql, sizeof sql, "SELECT %s FROM %s ORDER BY %s", t->columns, t->name, t->order);
		CAT_OK(gh_db_query(x, &a, &r[0], err, sql, GH_DBV_NONE));
		CAT_OK(gh_db_query(y, &a, &r[1], err, sql, GH_DBV_NONE));
		assert_int_equal(r[0].n, r[1].n);
		for (size_t k = 0; k < r[0].n * r[0].cols; k++)
			if (r[0].v[k].type != r[1].v[k].type || r[0].v[k].i != r[1].v[k].i ||
			    !gh_span_eq(r[0].v[k].s, r[1].v[k].s))
				fail_msg("table %s, row %zu, column %zu differ", t->name, k / r[0].cols, k % r[0].cols);
	}
}

static void there_and_back(void **state)
{
	(void)state;
	char path[] = "/tmp/gh-test-backup-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	(void)close(fd);
	struct gh_db *db = dbs_open();
	fill(db);
	CAT_FAILS(GH_E_EXISTS, "is there already", gh_backup_database(db, path, err));
	assert_int_equal(unlink(path), 0);
	CAT_OK(gh_backup_database(db, path, err));
	struct gh_db *copy = open_file(path);
	CAT_OK(gh_db_check(copy, problem, NULL, err));
	same(db, copy);
	assert_int_equal(cat_count(copy, "SELECT count(*) FROM versions WHERE base IS NOT NULL"), 5);
	/* Into a new database of the engine in turn; what is written afterwards is numbered behind what came along. */
	struct gh_db *back = dbs_empty();
	CAT_OK(gh_backup_transfer(copy, back, 0, err));
	same(db, back);
	struct gh_id entry = cat_id();
	int64_t last = cat_count(back, "SELECT max(seq) FROM outbox");
	CAT_OK(gh_outbox_put(back, &entry, 1000, "import", GH_SPAN("{}"), err));
	assert_true(cat_count(back, "SELECT max(seq) FROM outbox") > last);
	CAT_FAILS(GH_E_EXISTS, "an empty database is needed", gh_backup_transfer(copy, back, 0, err));
	gh_db_close(back);
	gh_db_close(copy);
	gh_db_close(db);
	char cmd[128];
	(void)snprintf(cmd, sizeof cmd, "rm -f %s*", path);
	assert_int_equal(system(cmd), 0);
}

static void nothing_is_left(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	struct gh_err err = { 0 };
	assert_int_not_equal(gh_backup_database(db, "/nonexistent/x.db", &err), GH_OK);
	assert_true(err.n > 0);
	gh_db_close(db);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(there_and_back),
	cmocka_unit_test(nothing_is_left),
};

int main(void) { return dbs_run(tests); }

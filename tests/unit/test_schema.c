/* The schema: made new, upgraded from the first one on, refused when it is newer; the same on both engines. */
#include "support/dbs.h"

#include "catalog/schema.h"
#include "catalog/schema_steps.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void ok(enum gh_rc rc, const struct gh_err *err)
{
	char line[1024];
	if (rc != GH_OK)
		fail_msg("%s", gh_err_line(err, line, sizeof line));
}

static void made(void **state)
{
	(void)state;
	struct gh_db *db = dbs_empty();
	struct gh_err err = { 0 };
	unsigned version = 99, from = 99;
	struct gh_id id, again;
	ok(gh_schema_version(db, &version, &err), &err);
	assert_int_equal(version, 0);
	ok(gh_schema_migrate(db, 1000, &from, &err), &err);
	assert_int_equal(from, 0);
	ok(gh_schema_version(db, &version, &err), &err);
	assert_int_equal(version, gh_schema_newest());
	ok(gh_schema_catalog_id(db, &id, &err), &err);
	assert_true(gh_id_ok(gh_span_str(id.s)));
	ok(gh_schema_migrate(db, 2000, &from, &err), &err); /* again: nothing */
	assert_int_equal(from, gh_schema_newest());
	ok(gh_schema_catalog_id(db, &again, &err), &err);
	assert_true(gh_id_same(&id, &again));
	gh_db_close(db);
}

static void newer(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	struct gh_err err = { 0 };
	char line[512];
	ok(gh_db_exec(db, NULL, &err, "UPDATE meta SET value = '7777' WHERE key = 'schema'", GH_DBV_NONE), &err);
	assert_int_equal(gh_schema_migrate(db, 1000, NULL, &err), GH_E_DENIED);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "has schema 7777, this program knows up to"));
	static const char *const broken[] = { "", "x", "-1", "0", "1x", "99999999999999999999" };
	for (size_t i = 0; i < GH_ROWS(broken); i++) {
		unsigned v;
		err = (struct gh_err){ 0 };
		ok(gh_db_exec(db, NULL, &err, "UPDATE meta SET value = ? WHERE key = 'schema'",
			      GH_DBV(gh_dbs(broken[i]))),
		   &err);
		assert_int_equal(gh_schema_version(db, &v, &err), GH_E_MALFORMED);
	}
	gh_db_close(db);
}

static void not_ours(void **state)
{
	(void)state;
	static const char *const theirs[] = { "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT)",
					      "CREATE TABLE tenants (x TEXT)" };
	for (size_t i = 0; i < GH_ROWS(theirs); i++) {
		struct gh_db *db = dbs_empty();
		struct gh_err err = { 0 };
		char line[512];
		ok(gh_db_exec(db, NULL, &err, theirs[i], GH_DBV_NONE), &err);
		assert_int_equal(gh_schema_migrate(db, 1000, NULL, &err), GH_E_DENIED);
		assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "tables of another program"));
		gh_db_close(db);
	}
}

/* gh_schema_table() says what the database has: all tables, all columns, nothing else. */
static void tables_listed(void **state)
{
	(void)state;
	struct gh_db *db = dbs_open();
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_err err = { 0 };
	struct gh_db_rows r, columns;
	const char *all =
		dbs_is_pg()
			? "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
			: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY 1";
	const char *of = dbs_is_pg()
				 ? "SELECT CAST(column_name AS TEXT) FROM information_schema.columns"
				   " WHERE table_schema = current_schema() AND table_name = ? ORDER BY ordinal_position"
				 : "SELECT name FROM pragma_table_info(?) ORDER BY cid";
	ok(gh_db_query(db, &a, &r, &err, all, GH_DBV_NONE), &err);
	size_t n = 0;
	const struct gh_schema_table *t;
	while ((t = gh_schema_table(n)) != NULL) {
		char list[1024] = "";
		ok(gh_db_query(db, &a, &columns, &err, of, GH_DBV(gh_dbs(t->name))), &err);
		for (size_t i = 0; i < columns.n; i++)
			snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i == 0 ? "" : ", ",
				 gh_db_text(&columns, i, 0));
		assert_string_equal(t->columns, list);
		n++;
	}
	assert_int_equal(n, r.n);
	gh_db_close(db);
}

/* A database that the first version of the program made, with rows in it, becomes what a new one is, and keeps its rows. */
static void upgraded(void **state)
{
	(void)state;
	struct gh_db *db = dbs_empty();
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_err err = { 0 };
	struct gh_db_rows r;
	unsigned from = 99;
	ok(gh_schema_migrate_to(db, 1, 1000, NULL, &err), &err);
	FILE *f = fopen("tests/fixtures/catalog-1-rows.sql", "r");
	assert_non_null(f);
	char line[4096];
	while (fgets(line, sizeof line, f) != NULL) {
		char *bytes = line;
		while (dbs_is_pg() &&
		       (bytes = strstr(bytes, "X'")) != NULL) { /* bytes are spelt differently: X'00' and '\x00' */
			memmove(bytes + 3, bytes + 2, strlen(bytes + 2) + 1);
			memcpy(bytes, "'\\x", 3);
			bytes += 3;
		}
		if (strncmp(line, "INSERT", 6) == 0)
			ok(gh_db_exec(db, NULL, &err, line, GH_DBV_NONE), &err);
	}
	fclose(f);
	ok(gh_schema_migrate(db, 2000, &from, &err), &err);
	assert_int_equal(from, 1);
	ok(gh_db_query(db, &a, &r, &err,
		       "SELECT t.name, m.name, v.version, v.state, r.verdict FROM versions v JOIN models m ON m.id = "
		       "v.model"
		       " JOIN tenants t ON t.id = m.tenant JOIN reports r ON r.id = v.report",
		       GH_DBV_NONE),
	   &err);
	assert_int_equal(r.n, 1);
	assert_string_equal(gh_db_text(&r, 0, 0), "acme");
	assert_string_equal(gh_db_text(&r, 0, 1), "llama");
	assert_string_equal(gh_db_text(&r, 0, 2), "1.0");
	assert_string_equal(gh_db_text(&r, 0, 3), "ready");
	assert_string_equal(gh_db_text(&r, 0, 4), "CLEAN");
	gh_db_close(db);
}

/* The first schema is frozen: whoever changes its text breaks every database that exists. */
static void first_is_frozen(void **state)
{
	(void)state;
	FILE *f = fopen("tests/fixtures/catalog-1.sql", "r");
	assert_non_null(f);
	static char text[64 << 10];
	size_t n = fread(text, 1, sizeof text - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_string_equal(gh_schema_steps[0].sql, text);
}

/* Several processes that start at once make one schema. */
static void at_once(void **state)
{
	(void)state;
	enum { CHILDREN = 4 };
	struct gh_db *db = dbs_empty();
	pid_t pid[CHILDREN];
	for (int i = 0; i < CHILDREN; i++)
		if ((pid[i] = fork()) == 0) {
			struct gh_db *mine = NULL;
			struct gh_err err = { 0 };
			char line[512];
			int bad = gh_db_open(dbs_url(), NULL, &mine, &err) != GH_OK ||
				  gh_schema_migrate(mine, 1000, NULL, &err) != GH_OK;
			if (bad)
				fprintf(stderr, "%s\n", gh_err_line(&err, line, sizeof line));
			_exit(bad);
		}
	for (int i = 0; i < CHILDREN; i++) {
		int status;
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	unsigned version;
	struct gh_err err = { 0 };
	ok(gh_schema_version(db, &version, &err), &err);
	assert_int_equal(version, gh_schema_newest());
	gh_db_close(db);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(made),		 cmocka_unit_test(newer),    cmocka_unit_test(not_ours),
		cmocka_unit_test(tables_listed), cmocka_unit_test(upgraded), cmocka_unit_test(first_is_frozen),
		cmocka_unit_test(at_once),
	};
	return dbs_run(tests);
}

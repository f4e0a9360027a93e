/* The database interface: the same outcomes from both engines. */
#include "support/dbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void ok(enum gh_rc rc, const struct gh_err *err)
{
	char line[512];
	if (rc != GH_OK)
		fail_msg("%s", gh_err_line(err, line, sizeof line));
}
#define RUN(db, sql, args) \
	do { \
		struct gh_err e_ = { 0 }; \
		ok(gh_db_exec((db), NULL, &e_, (sql), args), &e_); \
	} while (0)

static struct gh_db *with_table(void)
{
	struct gh_db *db = dbs_empty();
	RUN(db,
	    dbs_is_pg()
		    ? "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL, body BYTEA, CHECK (id >= 0))"
		    : "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, body BLOB, CHECK (id >= 0)) STRICT",
	    GH_DBV_NONE);
	return db;
}

static int64_t number(struct gh_db *db, const char *query)
{
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_db_rows r;
	struct gh_err err = { 0 };
	ok(gh_db_query(db, &a, &r, &err, query, GH_DBV_NONE), &err);
	return gh_db_int(&r, 0, 0);
}
static int64_t count(struct gh_db *db) { return number(db, "SELECT count(*) FROM t"); }

static void values(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	static const uint8_t raw[] = { 0, 1, 255, 0 };
	int64_t changed = -1;
	struct gh_err err = { 0 };
	ok(gh_db_exec(db, &changed, &err, "INSERT INTO t (id, name, body) VALUES (?, ?, ?), (?, ?, ?), (?, ?, ?)",
		      GH_DBV(gh_dbi(INT64_MAX), gh_dbs("it's \"q\" ? $1 \xc3\xa4"),
			     gh_dbb((struct gh_span){ raw, sizeof raw }), gh_dbi(0), gh_dbs(""), gh_dbnull(), gh_dbi(7),
			     gh_dbs("seven"), gh_dbb((struct gh_span){ 0 }))),
	   &err);
	assert_int_equal(changed, 3);
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_db_rows r;
	ok(gh_db_query(db, &a, &r, &err, "SELECT id, name, body FROM t ORDER BY id", GH_DBV_NONE), &err);
	assert_int_equal(r.n, 3);
	assert_int_equal(r.cols, 3);
	assert_int_equal(gh_db_int(&r, 0, 0), 0);
	assert_string_equal(gh_db_text(&r, 0, 1), "");
	assert_true(gh_db_null(&r, 0, 2));
	assert_int_equal(gh_db_int(&r, 1, 0), 7);
	assert_false(gh_db_null(&r, 1, 2));
	assert_int_equal(gh_db_span(&r, 1, 2).n, 0);
	assert_int_equal(gh_db_int(&r, 2, 0), INT64_MAX);
	assert_string_equal(gh_db_text(&r, 2, 1), "it's \"q\" ? $1 \xc3\xa4");
	assert_true(gh_span_eq(gh_db_span(&r, 2, 2), (struct gh_span){ raw, sizeof raw }));
	ok(gh_db_exec(db, &changed, &err, "UPDATE t SET name = ? WHERE id < ?", GH_DBV(gh_dbs("x"), gh_dbi(8))), &err);
	assert_int_equal(changed, 2);
	ok(gh_db_exec(db, &changed, &err, "DELETE FROM t WHERE name = ?", GH_DBV(gh_dbs("nobody"))), &err);
	assert_int_equal(changed, 0);
	ok(gh_db_query(db, &a, &r, &err, "SELECT id FROM t WHERE name = ?", GH_DBV(gh_dbs("nobody"))), &err);
	assert_int_equal(r.n, 0);
	gh_db_close(db);
}

static void refusals(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	RUN(db, "INSERT INTO t (id, name) VALUES (1, 'one')", GH_DBV_NONE);
	static const struct {
		const char *sql;
		enum gh_rc rc;
	} rows[] = {
		{ "INSERT INTO t (id, name) VALUES (1, 'again')", GH_E_EXISTS },
		{ "INSERT INTO t (id, name) VALUES (-1, 'low')", GH_E_DENIED },
		{ "INSERT INTO t (id, name) VALUES (2, NULL)", GH_E_DENIED },
		{ "INSERT INTO nowhere (id) VALUES (2)", GH_E_BUG },
		{ "SELEKT", GH_E_BUG },
		{ "SELECT id FROM t WHERE id = ?", GH_E_BUG }, /* a parameter is missing */
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err err = { 0 };
		char line[512];
		assert_int_equal(gh_db_exec(db, NULL, &err, rows[i].sql, GH_DBV_NONE), rows[i].rc);
		assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "database "));
	}
	assert_int_equal(count(db), 1);
	gh_db_close(db);
}

static void too_long(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	static const char kilo[1024] = { 'x' };
	for (int i = 0; i < 40; i++)
		RUN(db, "INSERT INTO t (id, name, body) VALUES (?, 'n', ?)",
		    GH_DBV(gh_dbi(i), gh_dbb((struct gh_span){ (const uint8_t *)kilo, sizeof kilo })));
	gh_auto_arena a = { .max = 16 << 10 };
	struct gh_db_rows r;
	struct gh_err err = { 0 };
	char line[512];
	assert_int_equal(gh_db_query(db, &a, &r, &err, "SELECT * FROM t", GH_DBV_NONE), GH_E_LIMIT);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "too long"));
	assert_int_equal(r.n, 0);
	assert_int_equal(count(db), 40); /* and the connection goes on */
	gh_db_close(db);
}

struct seen {
	struct gh_db *db;
	int n, stop;
	enum gh_rc nested;
};
static enum gh_rc one(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	struct seen *s = arg;
	assert_int_equal(n, 1);
	assert_int_equal(cols[0].i, s->n);
	s->nested = gh_db_exec(s->db, NULL, NULL, "DELETE FROM t", GH_DBV_NONE);
	return ++s->n == s->stop ? gh_fail(err, GH_E_UNREAD, "enough") : GH_OK;
}

static void streams(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	for (int i = 0; i < 50; i++)
		RUN(db, "INSERT INTO t (id, name) VALUES (?, 'n')", GH_DBV(gh_dbi(i)));
	struct gh_err err = { 0 };
	struct seen all = { .db = db };
	ok(gh_db_each(db, one, &all, &err, "SELECT id FROM t ORDER BY id", GH_DBV_NONE), &err);
	assert_int_equal(all.n, 50);
	assert_int_equal(all.nested, GH_E_BUG); /* and nothing was deleted */
	struct seen some = { .db = db, .stop = 3 };
	assert_int_equal(gh_db_each(db, one, &some, &err, "SELECT id FROM t ORDER BY id", GH_DBV_NONE), GH_E_UNREAD);
	assert_int_equal(some.n, 3);
	assert_int_equal(count(db), 50);
	gh_db_close(db);
}

/* ---- transactions ---- */
struct plan {
	int64_t id;
	enum gh_rc end, inner_end;
	int64_t inner; /* a savepoint inserts this one too; 0: none */
	int runs;
};
static enum gh_rc inner(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct plan *p = arg;
	assert_true(gh_db_in_tx(db));
	enum gh_rc rc = gh_db_exec(db, NULL, err, "INSERT INTO t (id, name) VALUES (?, 'inner')",
				   GH_DBV(gh_dbi(p->inner)));
	return rc != GH_OK ? rc : p->inner_end;
}
static enum gh_rc change(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct plan *p = arg;
	p->runs++;
	enum gh_rc rc = gh_db_exec(db, NULL, err, "INSERT INTO t (id, name) VALUES (?, 'outer')",
				   GH_DBV(gh_dbi(p->id)));
	if (rc == GH_OK && p->inner != 0)
		(void)gh_db_tx(db, inner, p, NULL); /* its failure is its own */
	return rc != GH_OK ? rc : p->end;
}

static void transactions(void **state)
{
	(void)state;
	static const struct {
		struct plan p;
		enum gh_rc rc;
		int64_t rows;
	} rows[] = {
		{ { .id = 1 }, GH_OK, 1 },
		{ { .id = 1, .end = GH_E_UNREAD }, GH_E_UNREAD, 0 },
		{ { .id = 1, .inner = 2 }, GH_OK, 2 },
		{ { .id = 1, .inner = 2, .inner_end = GH_E_UNREAD }, GH_OK, 1 },
		{ { .id = 1, .inner = 1 }, GH_OK, 1 }, /* the savepoint meets the row of the outer one */
		{ { .id = 1, .inner = 2, .end = GH_E_UNREAD }, GH_E_UNREAD, 0 },
	};
	struct gh_db *db = with_table();
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct plan p = rows[i].p;
		struct gh_err err = { 0 };
		RUN(db, "DELETE FROM t", GH_DBV_NONE);
		assert_int_equal(gh_db_tx(db, change, &p, &err), rows[i].rc);
		assert_int_equal(p.runs, 1);
		assert_false(gh_db_in_tx(db));
		assert_int_equal(count(db), rows[i].rows);
	}
	gh_db_close(db);
}

/* A failed statement whose failure nobody minds: on PostgreSQL the transaction is void, and COMMIT must not claim otherwise. */
static enum gh_rc careless(struct gh_db *db, void *arg, struct gh_err *err)
{
	(void)arg;
	enum gh_rc rc = gh_db_exec(db, NULL, err, "INSERT INTO t (id, name) VALUES (1, 'a')", GH_DBV_NONE);
	(void)gh_db_exec(db, NULL, NULL, "INSERT INTO t (id, name) VALUES (1, 'b')", GH_DBV_NONE);
	return rc;
}

static void no_false_commit(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	struct gh_err err = { 0 };
	enum gh_rc rc = gh_db_tx(db, careless, NULL, &err);
	assert_int_equal(count(db), rc == GH_OK ? 1 : 0);
	assert_true((rc == GH_OK) == !dbs_is_pg());
	gh_db_close(db);
}

/* Several processes add to one number: none is lost, whatever collides. */
static enum gh_rc add_one(struct gh_db *db, void *arg, struct gh_err *err)
{
	(void)arg;
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_db_rows r;
	enum gh_rc rc = gh_db_query(db, &a, &r, err, "SELECT id FROM t WHERE name = 'sum'", GH_DBV_NONE);
	if (rc != GH_OK)
		return rc;
	usleep(1000);
	return gh_db_exec(db, NULL, err, "UPDATE t SET id = ? WHERE name = 'sum'",
			  GH_DBV(gh_dbi(gh_db_int(&r, 0, 0) + 1)));
}

static void collisions(void **state)
{
	(void)state;
	enum { CHILDREN = 4, TIMES = 15 };
	struct gh_db *db = with_table();
	RUN(db, "INSERT INTO t (id, name) VALUES (0, 'sum')", GH_DBV_NONE);
	pid_t pid[CHILDREN];
	for (int i = 0; i < CHILDREN; i++)
		if ((pid[i] = fork()) == 0) {
			struct gh_db *mine = NULL;
			int bad = gh_db_open(dbs_url(), NULL, &mine, NULL) != GH_OK;
			for (int k = 0; !bad && k < TIMES; k++)
				bad = gh_db_tx(mine, add_one, NULL, NULL) != GH_OK;
			_exit(bad);
		}
	for (int i = 0; i < CHILDREN; i++) {
		int status;
		assert_int_equal(waitpid(pid[i], &status, 0), pid[i]);
		assert_int_equal(status, 0);
	}
	gh_auto_arena a = { .max = 1 << 16 };
	struct gh_db_rows r;
	struct gh_err err = { 0 };
	ok(gh_db_query(db, &a, &r, &err, "SELECT id FROM t", GH_DBV_NONE), &err);
	assert_int_equal(gh_db_int(&r, 0, 0), CHILDREN * TIMES);
	gh_db_close(db);
}

static enum gh_rc hold(struct gh_db *db, void *arg, struct gh_err *err)
{
	(void)db;
	struct gh_db *other = NULL;
	struct gh_err mine = { 0 };
	char line[512];
	ok(gh_db_open(dbs_url(), &(struct gh_db_how){ .wait_ms = 100 }, &other, err), err);
	struct plan p = { .id = 5 };
	assert_int_equal(gh_db_tx_exclusive(other, change, &p, &mine), GH_E_IO);
	assert_non_null(strstr(gh_err_line(&mine, line, sizeof line), "another process holds the database locked"));
	assert_int_equal(p.runs, 0);
	gh_db_close(other);
	*(int *)arg += 1;
	return GH_OK;
}

static void exclusive(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	struct gh_err err = { 0 };
	int runs = 0;
	ok(gh_db_tx_exclusive(db, hold, &runs, &err), &err);
	assert_int_equal(runs, 1);
	gh_db_close(db);
}

static void say(void *arg, const char *line)
{
	(void)line;
	++*(int *)arg;
}

static void checked(void **state)
{
	(void)state;
	struct gh_db *db = with_table();
	RUN(db, "INSERT INTO t (id, name) VALUES (1, 'one')", GH_DBV_NONE);
	struct gh_err err = { 0 };
	int problems = 0;
	ok(gh_db_check(db, say, &problems, &err), &err);
	assert_int_equal(problems, 0);
	gh_db_close(db);
}

/* ---- opening ---- */
static void wrong_urls(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		enum gh_rc rc;
		const char *says;
	} rows[] = {
		{ NULL, GH_E_MALFORMED, "no database is configured" },
		{ "", GH_E_MALFORMED, "no database is configured" },
		{ "mysql://u:hunter2@h/d", GH_E_MALFORMED, "neither sqlite:PATH nor" },
		{ "sqlite:", GH_E_MALFORMED, "path of a file" },
		{ "sqlite::memory:", GH_E_MALFORMED, "path of a file" },
		{ "sqlite:/nonexistent/x.db", GH_E_ABSENT, "there is no database /nonexistent/x.db" },
		{ "sqlite:/tmp", GH_E_MALFORMED, "no regular file" },
		{ "postgresql:///d?host=/nonexistent&password=hunter2&user=u", GH_E_IO,
		  "postgresql:///nonexistent/d cannot be reached" },
		{ "postgresql://u:hunter2@127.0.0.1:1/d", GH_E_IO, "postgresql://127.0.0.1:1/d cannot be reached" },
		{ "host=127.0.0.1 port=1 user=u password=hunter2 dbname=d", GH_E_IO, "cannot be reached" },
		{ "host=127.0.0.1 password=hunter2 hunter2", GH_E_MALFORMED, "no valid postgresql:// URL" },
		{ "postgresql://u:hunter2@h:p/d?x=hunter2", GH_E_MALFORMED, "no valid postgresql:// URL" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_db *db = (struct gh_db *)1;
		struct gh_err err = { 0 };
		char line[512];
		enum gh_rc rc = gh_db_open(rows[i].url, NULL, &db, &err);
		gh_err_line(&err, line, sizeof line);
		if (rc != rows[i].rc || strstr(line, rows[i].says) == NULL)
			fail_msg("%s: %d: %s", rows[i].url, rc, line);
		assert_null(strstr(line, "hunter2"));
		assert_null(db);
	}
}

static void files(void **state)
{
	(void)state;
	if (dbs_is_pg())
		return;
	struct gh_db *db = with_table();
	const char *path = dbs_url() + strlen("sqlite:");
	struct stat st;
	char other[256];
	static const char *const ends[] = { "", "-wal" };
	for (size_t i = 0; i < GH_ROWS(ends); i++) {
		snprintf(other, sizeof other, "%s%s", path, ends[i]);
		assert_int_equal(stat(other, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0600);
	}
	/* A copy while it is open: one file, whole, and never over another one. */
	struct gh_err err = { 0 };
	RUN(db, "INSERT INTO t (id, name) VALUES (1, 'one')", GH_DBV_NONE);
	snprintf(other, sizeof other, "%s.copy", path);
	ok(gh_db_copy(db, other, &err), &err);
	assert_int_equal(gh_db_copy(db, other, &err), GH_E_IO);
	char url[300];
	struct gh_db *copy;
	snprintf(url, sizeof url, "sqlite:%s", other);
	ok(gh_db_open(url, NULL, &copy, &err), &err);
	assert_int_equal(count(copy), 1);
	gh_db_close(copy);
	gh_db_close(db);
	/* What is no database is named as such; what is damaged too. */
	FILE *f = fopen(other, "w");
	fputs("something else entirely, but long enough to be looked at as a header by anybody who would", f);
	fclose(f);
	char line[512];
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_db_open(url, NULL, &copy, &err), GH_E_MALFORMED);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "no SQLite database"));
}

static void damaged(void **state)
{
	(void)state;
	if (dbs_is_pg())
		return;
	struct gh_db *db = with_table();
	RUN(db, "CREATE INDEX t_name ON t (name)", GH_DBV_NONE);
	static const char kilo[1024] = { 'x' };
	for (int i = 0; i < 100; i++)
		RUN(db, "INSERT INTO t (id, name, body) VALUES (?, ?, ?)",
		    GH_DBV(gh_dbi(i), gh_dbs("name"), gh_dbb((struct gh_span){ (const uint8_t *)kilo, sizeof kilo })));
	gh_db_close(db); /* the log goes into the file */
	const char *path = dbs_url() + strlen("sqlite:");
	FILE *f = fopen(path, "r+");
	fseek(f, 5 * 4096, SEEK_SET);
	for (int i = 0; i < 4096; i++)
		fputc(0x5a, f);
	fclose(f);
	db = dbs_again();
	int problems = 0;
	struct gh_err err = { 0 };
	ok(gh_db_check(db, say, &problems, &err), &err);
	assert_true(problems > 0);
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows rows;
	assert_int_equal(gh_db_query(db, &a, &rows, &err, "SELECT count(*) FROM t NOT INDEXED WHERE length(body) > 5",
				     GH_DBV_NONE),
			 GH_E_UNREAD); /* the question was right */
	gh_db_close(db);
}

/* The server goes away and comes back, or only the connection does: the next transaction finds a new one. */
static void cut_off(void **state)
{
	(void)state;
	if (!dbs_is_pg())
		return;
	struct gh_db *db = with_table(), *other = dbs_again();
	struct gh_err err = { 0 };
	char line[512];
#define OTHERS "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
	RUN(other, "SELECT pg_terminate_backend(pid) " OTHERS, GH_DBV_NONE);
	for (int i = 0; i < 3000 && number(other, "SELECT count(*) " OTHERS) > 0; i++)
		usleep(10000);
	struct plan p = { .id = 1 };
	assert_int_equal(gh_db_tx(db, change, &p, &err), GH_E_IO);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "database postgresql://"));
	err = (struct gh_err){ 0 };
	ok(gh_db_tx(db, change, &p, &err), &err);
	assert_int_equal(count(other), 1);
	gh_db_close(db);
	gh_db_close(other);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),     cmocka_unit_test(refusals),     cmocka_unit_test(too_long),
		cmocka_unit_test(streams),    cmocka_unit_test(transactions), cmocka_unit_test(no_false_commit),
		cmocka_unit_test(collisions), cmocka_unit_test(exclusive),    cmocka_unit_test(checked),
		cmocka_unit_test(wrong_urls), cmocka_unit_test(files),	      cmocka_unit_test(damaged),
		cmocka_unit_test(cut_off),
	};
	return dbs_run(tests);
}

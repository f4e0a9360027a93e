/* Of the database what both engines share: choosing one, rows into an arena, transactions and their repetition. */
#include "catalog/db_int.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
	TRIES = 20,
	PAUSE_MS = 2,	    /* before the second try; doubles */
	PAUSE_MAX_MS = 250, /* the sum of all stays under five seconds */
};

enum gh_rc gh_db_open(const char *url, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err)
{
	static const struct gh_db_how none = { 0 };
	*out = NULL;
	if (how == NULL)
		how = &none;
	if (url == NULL || url[0] == '\0')
		return gh_fail(err, GH_E_MALFORMED,
			       "no database is configured (sqlite:PATH or postgresql://HOST/NAME)");
	if (strncmp(url, "sqlite:", 7) == 0)
		return gh_db_sqlite_open(url + 7, how, out, err);
	/* Everything libpq understands; a bare word would be a database's name to it, and is a mistake here. */
	if (strncmp(url, "postgresql://", 13) == 0 || strncmp(url, "postgres://", 11) == 0 || strchr(url, '=') != NULL)
		return gh_db_pg_open(url, how, out, err);
	/* The text may hold a password: it is not repeated. */
	return gh_fail(err, GH_E_MALFORMED, "the database URL is neither sqlite:PATH nor postgresql://HOST/NAME");
}

void gh_db_close(struct gh_db *db)
{
	if (db != NULL)
		db->ops->close(db);
}

enum gh_db_engine gh_db_engine(const struct gh_db *db) { return db->ops->engine; }
const char *gh_db_name(const struct gh_db *db) { return db->name; }
bool gh_db_in_tx(const struct gh_db *db) { return db->depth > 0; }

static void nap(unsigned attempt)
{
	unsigned ms = attempt > 7 ? PAUSE_MAX_MS : (unsigned)PAUSE_MS << attempt;
	if (ms > PAUSE_MAX_MS)
		ms = PAUSE_MAX_MS;
	/* Two that collided must not wake together: the low bits of the clock tell them apart. */
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	ms = ms / 2 + (unsigned)(now.tv_nsec / 1000 % (ms / 2 + 1));
	struct timespec t = { .tv_sec = 0, .tv_nsec = (long)ms * 1000000 };
	nanosleep(&t, NULL);
}

/* One statement; outside a transaction it is repeated when it collided. */
static enum gh_rc run(struct gh_db *db, const struct gh_db_run *r, struct gh_err *err)
{
	if (db->inside)
		return gh_fail(err, GH_E_BUG, "%s: a statement inside a row function", db->name);
	if (r->args.n > GH_DB_ARGS_MAX)
		return gh_fail(err, GH_E_BUG, "%s: %zu parameters", db->name, r->args.n);
	if (db->depth > 0)
		return db->ops->run(db, r, err);
	struct gh_err before = { 0 };
	if (err != NULL)
		before = *err;
	for (unsigned i = 0;; i++) {
		enum gh_rc rc = db->ops->ready(db, err);
		if (rc != GH_OK)
			return rc;
		db->collided = false;
		rc = db->ops->run(db, r, err);
		/* What was handed out cannot be taken back, so a query is repeated by its caller only. */
		if (rc == GH_OK || !db->collided || i + 1 == TRIES || r->row != NULL)
			return rc;
		if (err != NULL)
			*err = before;
		nap(i);
	}
}

enum gh_rc gh_db_exec(struct gh_db *db, int64_t *changed, struct gh_err *err, const char *sql, struct gh_dbvs args)
{
	return run(db, &(struct gh_db_run){ .sql = sql, .args = args, .changed = changed }, err);
}

/* ---- rows ---- */
struct keep {
	struct gh_arena *a;
	struct gh_dbv *v;
	size_t n, cap, cols;
	const char *name;
};

static enum gh_rc keep_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	struct keep *k = arg;
	if (n == 0)
		return GH_OK;
	k->cols = n;
	struct gh_dbv *v = gh_grow(k->a, k->v, &k->cap, (k->n + 1) * n, sizeof *v);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "%s: the answer is too long (%zu rows fit)", k->name, k->n);
	k->v = v;
	for (size_t i = 0; i < n; i++) {
		struct gh_dbv c = cols[i];
		if (c.type == GH_DB_TEXT || c.type == GH_DB_BLOB) {
			c.s = gh_keep(k->a, c.s);
			if (c.s.p == NULL)
				return gh_fail(err, GH_E_LIMIT, "%s: the answer is too long (%zu rows fit)", k->name,
					       k->n);
		}
		v[k->n * n + i] = c;
	}
	k->n++;
	return GH_OK;
}

enum gh_rc gh_db_query(struct gh_db *db, struct gh_arena *a, struct gh_db_rows *out, struct gh_err *err,
		       const char *sql, struct gh_dbvs args)
{
	struct gh_err before = { 0 };
	if (err != NULL)
		before = *err;
	for (unsigned i = 0;; i++) {
		struct keep k = { .a = a, .name = db->name };
		*out = (struct gh_db_rows){ 0 };
		enum gh_rc rc = run(db, &(struct gh_db_run){ .sql = sql, .args = args, .row = keep_row, .arg = &k },
				    err);
		if (rc == GH_OK) {
			*out = (struct gh_db_rows){ .v = k.v, .n = k.n, .cols = k.cols };
			return GH_OK;
		}
		if (!db->collided || db->depth > 0 || i + 1 == TRIES)
			return rc;
		if (err != NULL)
			*err = before;
		nap(i);
	}
}

enum gh_rc gh_db_each(struct gh_db *db, gh_db_row_fn *fn, void *arg, struct gh_err *err, const char *sql,
		      struct gh_dbvs args)
{
	return run(db, &(struct gh_db_run){ .sql = sql, .args = args, .row = fn, .arg = arg, .stream = true }, err);
}

/* ---- transactions ---- */
typedef enum gh_rc tx_fn(struct gh_db *db, void *arg, struct gh_err *err);

static enum gh_rc plain(struct gh_db *db, const char *sql, struct gh_err *err)
{
	return db->ops->run(db, &(struct gh_db_run){ .sql = sql, .args = GH_DBV_NONE }, err);
}

static enum gh_rc savepoint(struct gh_db *db, tx_fn *fn, void *arg, struct gh_err *err)
{
	char sql[64];
	unsigned level = db->depth;
	(void)snprintf(sql, sizeof sql, "SAVEPOINT s%u", level);
	enum gh_rc rc = plain(db, sql, err);
	if (rc != GH_OK)
		return rc;
	db->depth++;
	rc = fn(db, arg, err);
	db->depth = level;
	if (rc != GH_OK) {
		/* Whatever these say, the first reason is the one that counts; the outer transaction meets the rest. */
		(void)snprintf(sql, sizeof sql, "ROLLBACK TO SAVEPOINT s%u", level);
		if (plain(db, sql, NULL) != GH_OK)
			return rc;
	}
	(void)snprintf(sql, sizeof sql, "RELEASE SAVEPOINT s%u", level);
	enum gh_rc released = plain(db, sql, rc == GH_OK ? err : NULL);
	return rc == GH_OK ? released : rc;
}

static enum gh_rc attempt(struct gh_db *db, const char *begin, tx_fn *fn, void *arg, struct gh_err *err)
{
	db->collided = false;
	enum gh_rc rc = db->ops->ready(db, err);
	if (rc == GH_OK)
		rc = plain(db, begin, err);
	if (rc != GH_OK)
		return rc;
	db->depth = 1;
	rc = fn(db, arg, err);
	if (rc == GH_OK) {
		rc = plain(db, "COMMIT", err);
		if (rc != GH_OK && db->lost)
			rc = gh_fail(
				err, rc,
				"the connection was lost while committing: whether the change was kept is not known");
	}
	if (rc != GH_OK && !db->lost)
		(void)plain(db, "ROLLBACK", NULL); /* fails when the engine has done so already */
	db->depth = 0;
	return rc;
}

static enum gh_rc outer(struct gh_db *db, const char *begin, tx_fn *fn, void *arg, struct gh_err *err)
{
	if (db->inside)
		return gh_fail(err, GH_E_BUG, "%s: a transaction inside a row function", db->name);
	struct gh_err before = { 0 };
	if (err != NULL)
		before = *err;
	for (unsigned i = 0;; i++) {
		enum gh_rc rc = attempt(db, begin, fn, arg, err);
		if (rc == GH_OK || !db->collided || db->lost)
			return rc;
		if (i + 1 == TRIES)
			return gh_fail(err, rc, "%s: collided with other transactions %d times; try again", db->name,
				       TRIES);
		if (err != NULL)
			*err = before;
		nap(i);
	}
}

enum gh_rc gh_db_tx(struct gh_db *db, tx_fn *fn, void *arg, struct gh_err *err)
{
	return db->depth > 0 ? savepoint(db, fn, arg, err) : outer(db, db->ops->begin, fn, arg, err);
}

struct exclusive {
	tx_fn *fn;
	void *arg;
};

/* PostgreSQL has no exclusive transactions: a lock that ends with the transaction says the same. The number is ours. */
static enum gh_rc locked(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct exclusive *x = arg;
	if (db->ops->engine == GH_DB_PG)
		GH_TRY(plain(db, "SELECT pg_advisory_xact_lock(7451913625)", err), err,
		       "waiting for the migration lock");
	return x->fn(db, x->arg, err);
}

enum gh_rc gh_db_tx_exclusive(struct gh_db *db, tx_fn *fn, void *arg, struct gh_err *err)
{
	if (db->depth > 0)
		return gh_fail(err, GH_E_BUG, "%s: an exclusive transaction inside another", db->name);
	struct exclusive x = { fn, arg };
	return outer(db, db->ops->begin_exclusive, locked, &x, err);
}

enum gh_rc gh_db_check(struct gh_db *db, void (*say)(void *arg, const char *line), void *arg, struct gh_err *err)
{
	return db->ops->check(db, say, arg, err);
}

enum gh_rc gh_db_copy(struct gh_db *db, const char *path, struct gh_err *err) { return db->ops->copy(db, path, err); }

/* PostgreSQL, through libpq, which is loaded when a connection is opened and not before: start-up does not pay for it.
 *
 * Everything travels in binary: integers as int8, texts and bytes as they are. Every transaction is SERIALIZABLE, so that the
 * code above needs no locks: what collides is run again (db.c). */
#include "catalog/db_int.h"

#include <dlfcn.h>
#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- libpq ---- */
#define FUNCTIONS(X) \
	X(PQconnectdbParams) \
	X(PQconninfoParse) \
	X(PQconninfoFree) \
	X(PQstatus) \
	X(PQreset) \
	X(PQfinish) \
	X(PQerrorMessage) \
	X(PQserverVersion) \
	X(PQpass) \
	X(PQfreemem) \
	X(PQexecParams) \
	X(PQsendQueryParams) \
	X(PQsetSingleRowMode) \
	X(PQgetResult) \
	X(PQresultStatus) \
	X(PQresultErrorField) \
	X(PQclear) \
	X(PQntuples) \
	X(PQnfields) \
	X(PQftype) \
	X(PQgetisnull) \
	X(PQgetlength) \
	X(PQgetvalue) \
	X(PQcmdTuples) \
	X(PQcmdStatus) \
	X(PQsetNoticeReceiver)
static struct {
#define FIELD(f) __typeof__(&f) f;
	FUNCTIONS(FIELD)
#undef FIELD
	void *handle;
} pq; /* set once, before the first connection; the process opens its connections before it starts threads */

static enum gh_rc load(struct gh_err *err)
{
	if (pq.handle != NULL)
		return GH_OK;
	void *h = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
	if (h == NULL)
		return gh_fail(err, GH_E_UNREAD, "PostgreSQL needs libpq.so.5, which is not here (Debian: libpq5)");
	const struct {
		const char *name;
		void *at;
	} wanted[] = {
#define ROW(f) { #f, &pq.f },
		FUNCTIONS(ROW)
#undef ROW
	};
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		void *f = dlsym(h, wanted[i].name);
		if (f == NULL) {
			dlclose(h);
			return gh_fail(err, GH_E_UNREAD, "libpq.so.5 here is too old: it has no %s", wanted[i].name);
		}
		memcpy(wanted[i].at, &f, sizeof f);
	}
	pq.handle = h;
	return GH_OK;
}

/* ---- the connection ---- */
struct pg {
	struct gh_db db;
	PGconn *c;
};
static struct pg *pg(struct gh_db *db) { return (struct pg *)db; }

/* Types by their numbers in the system catalog, which never change. */
enum {
	T_BOOL = 16,
	T_BYTEA = 17,
	T_NAME = 19,
	T_INT8 = 20,
	T_INT2 = 21,
	T_INT4 = 23,
	T_TEXT = 25,
	T_VARCHAR = 1043,
	T_VOID = 2278
};

/* By SQLSTATE (PostgreSQL 15, appendix A); a row of two letters is a class. What is not here is GH_E_IO. */
static const struct {
	const char *state;
	enum gh_rc rc;
	bool collided;
	const char *what;
} states[] = {
	{ "40001", GH_E_IO, true, NULL }, /* serialization_failure */
	{ "40P01", GH_E_IO, true, NULL }, /* deadlock_detected */
	{ "23505", GH_E_EXISTS, false, NULL },
	{ "23", GH_E_DENIED, false, NULL },
	{ "42P07", GH_E_EXISTS, false, NULL }, /* duplicate_table */
	{ "42501", GH_E_IO, false, NULL },     /* insufficient_privilege */
	{ "42", GH_E_BUG, false, NULL },
	{ "22", GH_E_BUG, false, NULL },
	{ "53100", GH_E_IO, false, "the disk of the database server is full" },
	{ "55P03", GH_E_IO, false, "another process holds the database locked" },
	{ "XX001", GH_E_UNREAD, false, "the database is damaged (restore a backup)" },
	{ "XX002", GH_E_UNREAD, false, "the database is damaged (restore a backup)" },
};

/* One line of what libpq says, never with the password in it. */
static void line_of(struct pg *p, const char *said, char *out, size_t cap)
{
	const char *pass = p->c != NULL ? pq.PQpass(p->c) : NULL;
	if (said == NULL || said[0] == '\0')
		said = "no reason was given";
	if (pass != NULL && pass[0] != '\0' && strstr(said, pass) != NULL)
		said = "refused (the reason names the password and is not repeated)";
	(void)snprintf(out, cap, "%s", said);
	out[strcspn(out, "\n")] = '\0'; /* what follows are hints */
}

static enum gh_rc gone(struct pg *p, struct gh_err *err)
{
	char why[GH_ERR_TEXT];
	p->db.lost = true;
	line_of(p, pq.PQerrorMessage(p->c), why, sizeof why);
	return gh_fail(err, GH_E_IO, "database %.60s: %.90s", p->db.name, why);
}

static enum gh_rc failed(struct pg *p, const PGresult *res, struct gh_err *err)
{
	const char *state = res != NULL ? pq.PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	if (pq.PQstatus(p->c) != CONNECTION_OK || state == NULL)
		return gone(p, err);
	enum gh_rc rc = GH_E_IO;
	const char *what = NULL;
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		if (strncmp(states[i].state, state, strlen(states[i].state)) == 0) {
			rc = states[i].rc;
			what = states[i].what;
			p->db.collided |= states[i].collided;
			break;
		}
	char why[GH_ERR_TEXT];
	line_of(p, pq.PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY), why, sizeof why);
	if (err != NULL && strcmp(state, "53100") == 0)
		err->sys = ENOSPC;
	return gh_fail(err, rc, "database %.60s: %.80s (%.5s)", p->db.name, what != NULL ? what : why, state);
}

static enum gh_rc plain(struct pg *p, const char *sql, struct gh_err *err)
{
	return p->db.ops->run(&p->db, &(struct gh_db_run){ .sql = sql, .args = GH_DBV_NONE }, err);
}

/* What every session must have, whatever the server's configuration says. */
static enum gh_rc settle(struct pg *p, struct gh_err *err)
{
	char wait[64];
	(void)snprintf(wait, sizeof wait, "SET lock_timeout = %u", p->db.wait_ms);
	const char *const sets[] = { "SET synchronous_commit = on",
				     "SET default_transaction_isolation = 'serializable'",
				     "SET standard_conforming_strings = on", "SET client_min_messages = warning",
				     wait };
	for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
		enum gh_rc rc = plain(p, sets[i], err);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc pg_ready(struct gh_db *db, struct gh_err *err)
{
	struct pg *p = pg(db);
	if (!db->lost)
		return GH_OK;
	pq.PQreset(p->c);
	if (pq.PQstatus(p->c) != CONNECTION_OK)
		return gone(p, err);
	db->lost = false;
	return settle(p, err);
}

/* ---- statements ---- */
/* `?` becomes $1, $2, …; the last count is checked against what was given. */
static enum gh_rc number(struct pg *p, const char *sql, size_t args, char out[GH_DB_SQL_MAX], struct gh_err *err)
{
	size_t n = 0, at = 0;
	for (const char *s = sql; *s != '\0'; s++) {
		if (at + 8 > GH_DB_SQL_MAX)
			return gh_fail(err, GH_E_BUG, "database %s: a statement is too long", p->db.name);
		if (*s != '?')
			out[at++] = *s;
		else
			at += (size_t)snprintf(out + at, 8, "$%zu", ++n);
	}
	out[at] = '\0';
	return n == args ? GH_OK
			 : gh_fail(err, GH_E_BUG, "database %s: %zu parameters are wanted, %zu given", p->db.name, n,
				   args);
}

struct params {
	Oid types[GH_DB_ARGS_MAX];
	const char *values[GH_DB_ARGS_MAX];
	int lengths[GH_DB_ARGS_MAX], formats[GH_DB_ARGS_MAX];
	uint8_t ints[GH_DB_ARGS_MAX][8];
};

static enum gh_rc pack(struct pg *p, struct gh_dbvs args, struct params *out, struct gh_err *err)
{
	for (size_t i = 0; i < args.n; i++) {
		const struct gh_dbv *v = &args.v[i];
		out->formats[i] = 1;
		out->types[i] = v->type == GH_DB_INT	? T_INT8
				: v->type == GH_DB_BLOB ? T_BYTEA
				: v->type == GH_DB_TEXT ? T_TEXT
							: 0;
		out->values[i] = v->s.p != NULL ? (const char *)v->s.p : "";
		if (v->s.n > INT32_MAX)
			return gh_fail(err, GH_E_LIMIT, "database %s: a value of %zu bytes", p->db.name, v->s.n);
		out->lengths[i] = (int)v->s.n;
		if (v->type == GH_DB_NULL)
			out->values[i] = NULL;
		if (v->type == GH_DB_INT) {
			uint64_t u = (uint64_t)v->i;
			for (unsigned b = 0; b < 8; b++)
				out->ints[i][b] = (uint8_t)(u >> (56 - 8 * b));
			out->values[i] = (const char *)out->ints[i];
			out->lengths[i] = 8;
		}
	}
	return GH_OK;
}

static enum gh_rc cell(struct pg *p, const PGresult *res, int row, int col, struct gh_dbv *v, struct gh_err *err)
{
	*v = gh_dbnull();
	Oid type = pq.PQftype(res, col);
	if (pq.PQgetisnull(res, row, col) || type == T_VOID)
		return GH_OK;
	struct gh_span s = { (const uint8_t *)pq.PQgetvalue(res, row, col), (size_t)pq.PQgetlength(res, row, col) };
	struct gh_rd r = gh_rd(s);
	switch (type) {
	case T_INT8: *v = gh_dbi((int64_t)gh_rd_u64be(&r)); break;
	case T_INT4: *v = gh_dbi((int32_t)gh_rd_u32be(&r)); break;
	case T_INT2: *v = gh_dbi((int16_t)gh_rd_u16be(&r)); break;
	case T_BOOL: *v = gh_dbi(gh_rd_u8(&r)); break;
	case T_BYTEA: *v = gh_dbb(s); return GH_OK;
	case T_TEXT:
	case T_NAME:
	case T_VARCHAR: *v = gh_dbt(s); return GH_OK;
	default: return gh_fail(err, GH_E_BUG, "database %s: a column of type %u", p->db.name, type);
	}
	return gh_rd_done(&r) ? GH_OK : gh_fail(err, GH_E_BUG, "database %s: a number of odd length", p->db.name);
}

static enum gh_rc rows(struct pg *p, const PGresult *res, const struct gh_db_run *r, struct gh_err *err)
{
	struct gh_dbv cols[GH_DB_COLS_MAX];
	int n = pq.PQnfields(res);
	if (n > GH_DB_COLS_MAX)
		return gh_fail(err, GH_E_BUG, "database %s: %d columns", p->db.name, n);
	for (int row = 0; row < pq.PQntuples(res); row++) {
		for (int i = 0; i < n; i++) {
			enum gh_rc rc = cell(p, res, row, i, &cols[i], err);
			if (rc != GH_OK)
				return rc;
		}
		p->db.inside = true;
		enum gh_rc said = r->row(r->arg, cols, (size_t)n, err);
		p->db.inside = false;
		if (said != GH_OK)
			return said;
	}
	return GH_OK;
}

static enum gh_rc take(struct pg *p, const PGresult *res, const struct gh_db_run *r, struct gh_err *err)
{
	switch (pq.PQresultStatus(res)) {
	case PGRES_COMMAND_OK:
		if (r->changed != NULL)
			*r->changed = strtoll(pq.PQcmdTuples((PGresult *)(uintptr_t)res), NULL, 10);
		return GH_OK;
	case PGRES_TUPLES_OK:
	case PGRES_SINGLE_TUPLE:
		if (r->changed != NULL)
			*r->changed = 0;
		return r->row != NULL ? rows(p, res, r, err) : GH_OK;
	default: return failed(p, res, err);
	}
}

/* The rest of an answer nobody wants: to its end, so that the connection is free for the next statement. */
static enum gh_rc streamed(struct pg *p, const struct gh_db_run *r, struct gh_err *err)
{
	enum gh_rc rc = GH_OK;
	if (pq.PQsetSingleRowMode(p->c) != 1)
		rc = gh_fail(err, GH_E_BUG, "database %s: no rows one by one", p->db.name);
	PGresult *res;
	while ((res = pq.PQgetResult(p->c)) != NULL) {
		if (rc == GH_OK)
			rc = take(p, res, r, err);
		pq.PQclear(res);
	}
	if (pq.PQstatus(p->c) != CONNECTION_OK)
		return rc == GH_OK ? gone(p, err) : rc;
	return rc;
}

static enum gh_rc pg_run(struct gh_db *db, const struct gh_db_run *r, struct gh_err *err)
{
	struct pg *p = pg(db);
	char sql[GH_DB_SQL_MAX];
	struct params v;
	enum gh_rc rc = number(p, r->sql, r->args.n, sql, err);
	if (rc == GH_OK)
		rc = pack(p, r->args, &v, err);
	if (rc != GH_OK)
		return rc;
	int n = (int)r->args.n;
	if (r->stream) {
		if (pq.PQsendQueryParams(p->c, sql, n, v.types, v.values, v.lengths, v.formats, 1) != 1)
			return gone(p, err);
		return streamed(p, r, err);
	}
	PGresult *res = pq.PQexecParams(p->c, sql, n, v.types, v.values, v.lengths, v.formats, 1);
	rc = res == NULL ? gone(p, err) : take(p, res, r, err);
	/* COMMIT of a transaction in which a statement failed is answered with ROLLBACK, and with no error. */
	if (rc == GH_OK && strcmp(sql, "COMMIT") == 0 && strcmp(pq.PQcmdStatus(res), "COMMIT") != 0)
		rc = gh_fail(err, db->collided ? GH_E_IO : GH_E_BUG, "database %s: the transaction was undone",
			     db->name);
	pq.PQclear(res);
	return rc;
}

/* ---- care ---- */
static enum gh_rc skip_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	(void)arg;
	(void)cols;
	(void)n;
	(void)err;
	return GH_OK;
}

struct names {
	char v[64][64];
	size_t n;
};

static enum gh_rc name_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	(void)err;
	struct names *t = arg;
	if (n == 1 && t->n < sizeof t->v / sizeof t->v[0] && cols[0].s.n < sizeof t->v[0])
		memcpy(t->v[t->n++], cols[0].s.p, cols[0].s.n);
	return GH_OK;
}

static enum gh_rc pg_check(struct gh_db *db, void (*say)(void *arg, const char *line), void *arg, struct gh_err *err)
{
	struct names t = { .n = 0 };
	enum gh_rc rc = gh_db_each(
		db, name_row, &t, err,
		"SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename", GH_DBV_NONE);
	for (size_t i = 0; rc == GH_OK && i < t.n; i++) {
		char sql[128], line[256], why[GH_ERR_TEXT];
		struct gh_err e = { 0 };
		if (strspn(t.v[i], "abcdefghijklmnopqrstuvwxyz_") != strlen(t.v[i]))
			continue; /* none of ours */
		(void)snprintf(sql, sizeof sql, "SELECT * FROM %s", t.v[i]);
		if (gh_db_each(db, skip_row, NULL, &e, sql, GH_DBV_NONE) == GH_OK)
			continue;
		if (db->lost)
			return gh_fail(err, GH_E_IO, "%s", gh_err_line(&e, why, sizeof why));
		(void)snprintf(line, sizeof line, "table %s cannot be read: %s", t.v[i],
			       gh_err_line(&e, why, sizeof why));
		say(arg, line);
	}
	return rc;
}

static enum gh_rc pg_copy(struct gh_db *db, const char *path, struct gh_err *err)
{
	(void)path;
	return gh_fail(err, GH_E_UNREAD, "database %s: PostgreSQL is not copied as a file", db->name);
}

static void pg_close(struct gh_db *db)
{
	if (pg(db)->c != NULL)
		pq.PQfinish(pg(db)->c);
	free(db);
}

static const struct gh_db_ops ops = {
	.engine = GH_DB_PG,
	.run = pg_run,
	.begin = "BEGIN ISOLATION LEVEL SERIALIZABLE",
	/* READ COMMITTED: what is seen is what stands there when the lock is held, not when the transaction began. */
	.begin_exclusive = "BEGIN ISOLATION LEVEL READ COMMITTED",
	.ready = pg_ready,
	.check = pg_check,
	.copy = pg_copy,
	.close = pg_close,
};

/* ---- opening ---- */
static const char *given(const PQconninfoOption *o, const char *keyword)
{
	for (; o != NULL && o->keyword != NULL; o++)
		if (strcmp(o->keyword, keyword) == 0 && o->val != NULL && o->val[0] != '\0')
			return o->val;
	return NULL;
}

/* Host and database for messages. What libpq says of a text it cannot read may repeat the password: it is not passed on. */
static enum gh_rc name_it(struct pg *p, const char *conninfo, struct gh_err *err)
{
	char *why = NULL;
	PQconninfoOption *o = pq.PQconninfoParse(conninfo, &why);
	if (why != NULL)
		pq.PQfreemem(why);
	if (o == NULL)
		return gh_fail(err, GH_E_MALFORMED,
			       "the database URL is no valid postgresql:// URL (or libpq keywords): characters such as "
			       "@ : / %% in a "
			       "password are written %%40 …");
	const char *host = given(o, "host"), *addr = given(o, "hostaddr"), *base = given(o, "dbname"),
		   *port = given(o, "port");
	(void)snprintf(p->db.name, sizeof p->db.name, "postgresql://%.200s%s%.16s/%.80s",
		       host != NULL   ? host
		       : addr != NULL ? addr
				      : "",
		       port != NULL ? ":" : "", port != NULL ? port : "", base != NULL ? base : "");
	pq.PQconninfoFree(o);
	return GH_OK;
}

static void no_notice(void *arg, const PGresult *res)
{
	(void)arg;
	(void)res;
}

static enum gh_rc connect_to(struct pg *p, const char *conninfo, struct gh_err *err)
{
	/* The later of two wins: what the URL says about the first two counts. */
	const char *const keys[] = { "connect_timeout", "application_name", "dbname", "client_encoding", NULL };
	const char *const vals[] = { "10", "gatehouse", conninfo, "UTF8", NULL };
	p->c = pq.PQconnectdbParams(keys, vals, 1);
	if (p->c == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a database connection");
	if (pq.PQstatus(p->c) != CONNECTION_OK) {
		char why[GH_ERR_TEXT];
		line_of(p, pq.PQerrorMessage(p->c), why, sizeof why);
		return gh_fail(err, GH_E_IO, "database %.50s cannot be reached: %.90s", p->db.name, why);
	}
	pq.PQsetNoticeReceiver(p->c, no_notice, NULL); /* it would print to stderr */
	if (pq.PQserverVersion(p->c) < 120000)
		return gh_fail(err, GH_E_UNREAD, "database %.80s: the server is older than PostgreSQL 12", p->db.name);
	return settle(p, err);
}

enum gh_rc gh_db_pg_open(const char *conninfo, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err)
{
	enum gh_rc rc = load(err);
	if (rc != GH_OK)
		return rc;
	struct pg *p = calloc(1, sizeof *p);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a database connection");
	p->db.ops = &ops;
	p->db.wait_ms = how->wait_ms != 0 ? how->wait_ms : GH_DB_WAIT_MS;
	rc = name_it(p, conninfo, err);
	if (rc == GH_OK)
		rc = connect_to(p, conninfo, err);
	if (rc != GH_OK) {
		pg_close(&p->db);
		return rc;
	}
	*out = &p->db;
	return GH_OK;
}

/* db.h - the database: one narrow interface, two engines (SQLite, PostgreSQL), the same schema and the same statements.
 *
 * A connection belongs to one thread. Statements are text of ours, never made from input; values travel beside them as typed
 * parameters for the placeholders `?`, in order. (A `?` inside quotes is not looked for: no statement of ours has one.) SQL is
 * the common subset of both: no RETURNING across engines is needed since ids are made by us (catalog/id.h); upserts are
 * `INSERT … ON CONFLICT (…) DO …`; booleans are integers; times are seconds since 1970.
 *
 *	struct gh_db_rows r;
 *	GH_TRY(gh_db_query(db, arena, &r, err, "SELECT id, name FROM tenants WHERE state = ?", GH_DBV(gh_dbs("active"))), err,
 *	       "tenants");
 *	for (size_t i = 0; i < r.n; i++)
 *		… gh_db_text(&r, i, 0) …
 *
 * Codes of every call that reaches the engine:
 *	GH_E_EXISTS	a unique key stands there already
 *	GH_E_DENIED	a foreign key, NOT NULL or CHECK of the schema says no (a mistake of ours, or of what was handed in)
 *	GH_E_UNREAD	the database is damaged
 *	GH_E_MALFORMED	the URL or file is none of a database
 *	GH_E_LIMIT	the arena of a query is full
 *	GH_E_IO		everything else: cannot be reached, disk full, no permission, lock not obtained in time
 * The text names the database (never its password) and what the engine said.
 *
 * Transactions: gh_db_tx() runs a function that may be run again (see there). Without one, a statement is a transaction of its
 * own. A statement that fails inside a transaction makes the whole of it void on PostgreSQL, so callers treat every failure as
 * the end of the transaction, or wrap what may fail in a gh_db_tx() of its own, which becomes a savepoint. */
#ifndef GH_CATALOG_DB_H
#define GH_CATALOG_DB_H
#include "base/arena.h"
#include "base/err.h"

struct gh_db;

enum gh_db_engine { GH_DB_SQLITE, GH_DB_PG };

enum gh_db_type { GH_DB_NULL, GH_DB_INT, GH_DB_TEXT, GH_DB_BLOB };
struct gh_dbv {
	enum gh_db_type type;
	int64_t i;	  /* INT */
	struct gh_span s; /* TEXT (UTF-8 without NUL), BLOB; of a result: in the arena, followed by a NUL */
};
static inline struct gh_dbv gh_dbi(int64_t v) { return (struct gh_dbv){ .type = GH_DB_INT, .i = v }; }
static inline struct gh_dbv gh_dbt(struct gh_span s) { return (struct gh_dbv){ .type = GH_DB_TEXT, .s = s }; }
/* NULL becomes the null of SQL. */
static inline struct gh_dbv gh_dbs(const char *s)
{
	return (struct gh_dbv){ .type = s == NULL ? GH_DB_NULL : GH_DB_TEXT, .s = gh_span_str(s) };
}
static inline struct gh_dbv gh_dbb(struct gh_span s) { return (struct gh_dbv){ .type = GH_DB_BLOB, .s = s }; }
static inline struct gh_dbv gh_dbnull(void) { return (struct gh_dbv){ .type = GH_DB_NULL }; }

struct gh_dbvs {
	const struct gh_dbv *v;
	size_t n;
};
#define GH_DBV(...) \
	((struct gh_dbvs){ (const struct gh_dbv[]){ __VA_ARGS__ }, \
			   sizeof((const struct gh_dbv[]){ __VA_ARGS__ }) / sizeof(struct gh_dbv) })
#define GH_DBV_NONE ((struct gh_dbvs){ NULL, 0 })

/* ---- opening ---- */
struct gh_db_how {
	bool create;	  /* SQLite: make the file (0600) when it is not there; else GH_E_ABSENT says so */
	unsigned wait_ms; /* how long to wait for a lock before giving up; 0: 10,000 */
};
/* url: `sqlite:PATH` (relative to the working directory), `postgresql://…`, `postgres://…`, or libpq's keywords
 * ("host=… dbname=…"). For PostgreSQL libpq is loaded now and not before; a password may stand in the URL, in PGPASSFILE or in
 * PGPASSWORD. Looks at nothing but the connection: see catalog/schema.h for whether it is ours. */
enum gh_rc gh_db_open(const char *url, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err);
void gh_db_close(struct gh_db *db); /* NULL: nothing. An open transaction is rolled back. */
enum gh_db_engine gh_db_engine(const struct gh_db *db);
/* For messages: the path, or host and database without the password. Lives as long as db. */
const char *gh_db_name(const struct gh_db *db);

/* ---- statements ---- */
/* Run one statement. *changed (may be NULL): rows inserted, updated or deleted. */
enum gh_rc gh_db_exec(struct gh_db *db, int64_t *changed, struct gh_err *err, const char *sql, struct gh_dbvs args);

struct gh_db_rows {
	const struct gh_dbv *v; /* row after row */
	size_t n, cols;
};
/* All rows of a SELECT, in the arena (its cap bounds the answer: use LIMIT for what may be long). */
enum gh_rc gh_db_query(struct gh_db *db, struct gh_arena *a, struct gh_db_rows *out, struct gh_err *err,
		       const char *sql, struct gh_dbvs args);
/* Row after row without keeping them. `fn` gets the columns, valid until it returns; it must not use db; it returns GH_OK to
 * go on, anything else ends the query and is returned. */
enum gh_rc gh_db_each(struct gh_db *db,
		      enum gh_rc (*fn)(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err), void *arg,
		      struct gh_err *err, const char *sql, struct gh_dbvs args);

/* A cell of an answer; NULL gives "", the empty span, 0. Text of ours: NUL-terminated. */
static inline const struct gh_dbv *gh_db_cell(const struct gh_db_rows *r, size_t row, size_t col)
{
	return &r->v[row * r->cols + col];
}
static inline struct gh_span gh_db_span(const struct gh_db_rows *r, size_t row, size_t col)
{
	return gh_db_cell(r, row, col)->s;
}
static inline const char *gh_db_text(const struct gh_db_rows *r, size_t row, size_t col)
{
	const struct gh_dbv *v = gh_db_cell(r, row, col);
	return v->type == GH_DB_TEXT ? (const char *)v->s.p : "";
}
static inline int64_t gh_db_int(const struct gh_db_rows *r, size_t row, size_t col)
{
	return gh_db_cell(r, row, col)->i;
}
static inline bool gh_db_null(const struct gh_db_rows *r, size_t row, size_t col)
{
	return gh_db_cell(r, row, col)->type == GH_DB_NULL;
}

/* ---- transactions ---- */
/* Run fn in a transaction and commit when it returns GH_OK, else undo all of it and return its code.
 * Outermost: SERIALIZABLE on PostgreSQL, BEGIN IMMEDIATE on SQLite. When the engine says that it collided with another one, it
 * is undone and fn is run again (up to 20 times, with growing pauses): fn must not have effects outside the database that
 * matter twice, and must set its results anew each time. err holds only the last attempt.
 * Inside another: a savepoint: its failure undoes its own part only and the outer one may go on. A group commit is one
 * gh_db_tx() around several.
 * When the connection is lost while committing, GH_E_IO says that the outcome is not known: ask by the ids that were written. */
enum gh_rc gh_db_tx(struct gh_db *db, enum gh_rc (*fn)(struct gh_db *db, void *arg, struct gh_err *err), void *arg,
		    struct gh_err *err);
/* The same, and no other connection can be in an exclusive one: for migrations. */
enum gh_rc gh_db_tx_exclusive(struct gh_db *db, enum gh_rc (*fn)(struct gh_db *db, void *arg, struct gh_err *err),
			      void *arg, struct gh_err *err);
bool gh_db_in_tx(const struct gh_db *db);

/* ---- care ---- */
/* Look for damage: SQLite's integrity_check and foreign_key_check; PostgreSQL checks its pages itself (data checksums), so
 * there only that every table can be read to its end. `say` gets one line per problem. GH_OK also when there are problems. */
enum gh_rc gh_db_check(struct gh_db *db, void (*say)(void *arg, const char *line), void *arg, struct gh_err *err);
/* SQLite: a consistent copy of the whole database into a new file, while others read and write (online backup). On PostgreSQL
 * GH_E_UNREAD: use gh_db_each() over gh_schema_table() in one transaction. */
enum gh_rc gh_db_copy(struct gh_db *db, const char *path, struct gh_err *err);
#endif

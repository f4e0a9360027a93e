/* db_int.h - what an engine gives db.c, and what it gets. Only db*.c include this. */
#ifndef GH_CATALOG_DB_INT_H
#define GH_CATALOG_DB_INT_H
#include "catalog/db.h"

enum {
	GH_DB_WAIT_MS = 10000,
	GH_DB_NAME_MAX = 512,
	GH_DB_SQL_MAX = 16 << 10,
	GH_DB_ARGS_MAX = 64,
	GH_DB_COLS_MAX = 64
};

typedef enum gh_rc gh_db_row_fn(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err);

/* What one statement is to do. */
struct gh_db_run {
	const char *sql;
	struct gh_dbvs args;
	gh_db_row_fn *row; /* NULL: rows are dropped */
	void *arg;
	bool stream;	  /* there may be more rows than fit into memory */
	int64_t *changed; /* NULL: not asked */
};

struct gh_db_ops {
	enum gh_db_engine engine;
	/* Sets db->collided when running the transaction again may succeed, db->lost when the connection is gone. */
	enum gh_rc (*run)(struct gh_db *db, const struct gh_db_run *r, struct gh_err *err);
	const char *begin, *begin_exclusive;
	/* Before a transaction or a statement of its own: connect again when the connection was lost. */
	enum gh_rc (*ready)(struct gh_db *db, struct gh_err *err);
	enum gh_rc (*check)(struct gh_db *db, void (*say)(void *arg, const char *line), void *arg, struct gh_err *err);
	enum gh_rc (*copy)(struct gh_db *db, const char *path, struct gh_err *err);
	void (*close)(struct gh_db *db);
};

struct gh_db { /* the first member of an engine's own structure */
	const struct gh_db_ops *ops;
	char name[GH_DB_NAME_MAX];
	unsigned wait_ms;
	unsigned depth; /* open transactions, savepoints counted */
	bool collided, lost;
	bool inside; /* a row function runs: the connection is busy */
};

enum gh_rc gh_db_sqlite_open(const char *path, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err);
enum gh_rc gh_db_pg_open(const char *conninfo, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err);
#endif

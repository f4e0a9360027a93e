/* SQLite: one file, write-ahead log, every commit on the disk before it is acknowledged.
 *
 * The file may have been altered by somebody: defensive mode, an untrusted schema, no triggers and no views (we have none), no
 * extensions, no attached databases, no mapping (a file that shrinks under one kills the reader). */
#include "catalog/db_int.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CACHED = 48 };
struct lite {
	struct gh_db db;
	sqlite3 *h;
	sqlite3_stmt *cached[CACHED]; /* by text; the next one to go is `turn` */
	unsigned turn;
};

static struct lite *lite(struct gh_db *db) { return (struct lite *)db; }

/* Primary result codes; what is not here is GH_E_IO. */
static const struct {
	int code;
	enum gh_rc rc;
	const char *what;
} codes[] = {
	{ SQLITE_CONSTRAINT_UNIQUE, GH_E_EXISTS, NULL },
	{ SQLITE_CONSTRAINT_PRIMARYKEY, GH_E_EXISTS, NULL },
	{ SQLITE_CONSTRAINT_ROWID, GH_E_EXISTS, NULL },
	{ SQLITE_CONSTRAINT, GH_E_DENIED, NULL },
	{ SQLITE_CORRUPT, GH_E_UNREAD, "the database is damaged (restore a backup; 'gatehouse fsck' says more)" },
	{ SQLITE_NOTADB, GH_E_MALFORMED, "the file is no SQLite database" },
	{ SQLITE_FULL, GH_E_IO, "the disk is full" },
	{ SQLITE_BUSY, GH_E_IO, "another process holds the database locked" },
	{ SQLITE_READONLY, GH_E_IO, "the database or its directory cannot be written to" },
	{ SQLITE_CANTOPEN, GH_E_IO, "cannot be opened" },
	{ SQLITE_NOMEM, GH_E_NOMEM, NULL },
	{ SQLITE_MISUSE, GH_E_BUG, NULL },
	{ SQLITE_RANGE, GH_E_BUG, NULL },
	{ SQLITE_ERROR, GH_E_BUG, NULL }, /* a statement of ours is wrong, or the schema is not what it should be */
};

static enum gh_rc failed(struct lite *l, int code, struct gh_err *err)
{
	int full = sqlite3_extended_errcode(l->h);
	if ((full & 0xff) != (code & 0xff))
		full = code;
	if (full == SQLITE_BUSY_SNAPSHOT)
		l->db.collided = true;
	enum gh_rc rc = GH_E_IO;
	const char *what = NULL;
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i].code == full || codes[i].code == (full & 0xff)) {
			rc = codes[i].rc;
			what = codes[i].what;
			break;
		}
	int sys = sqlite3_system_errno(l->h);
	if (err != NULL && rc == GH_E_IO)
		err->sys = (full & 0xff) == SQLITE_FULL ? ENOSPC : sys;
	if (rc == GH_E_IO && sys != 0 && (full & 0xff) != SQLITE_BUSY)
		return gh_fail(err, rc, "database %.90s: %.40s: %s", l->db.name,
			       what != NULL ? what : sqlite3_errstr(full), strerror(sys));
	return gh_fail(err, rc, "database %.80s: %.70s", l->db.name, what != NULL ? what : sqlite3_errmsg(l->h));
}

/* ---- statements ---- */
static enum gh_rc prepare(struct lite *l, const char *sql, sqlite3_stmt **out, struct gh_err *err)
{
	for (size_t i = 0; i < CACHED; i++)
		if (l->cached[i] != NULL && !sqlite3_stmt_busy(l->cached[i]) &&
		    strcmp(sqlite3_sql(l->cached[i]), sql) == 0) {
			*out = l->cached[i];
			return GH_OK;
		}
	int rc = sqlite3_prepare_v3(l->h, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL);
	if (rc != SQLITE_OK)
		return failed(l, rc, err);
	if (*out == NULL)
		return gh_fail(err, GH_E_BUG, "database %s: an empty statement", l->db.name);
	sqlite3_finalize(l->cached[l->turn]);
	l->cached[l->turn] = *out;
	l->turn = (l->turn + 1) % CACHED;
	return GH_OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct gh_dbv *v)
{
	static const char empty[1] = "";
	const char *p = v->s.p != NULL ? (const char *)v->s.p : empty;
	switch (v->type) {
	case GH_DB_NULL: return sqlite3_bind_null(st, at);
	case GH_DB_INT: return sqlite3_bind_int64(st, at, v->i);
	case GH_DB_TEXT: return sqlite3_bind_text64(st, at, p, v->s.n, SQLITE_STATIC, SQLITE_UTF8);
	case GH_DB_BLOB: return sqlite3_bind_blob64(st, at, p, v->s.n, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static enum gh_rc bind(struct lite *l, sqlite3_stmt *st, struct gh_dbvs args, struct gh_err *err)
{
	if ((size_t)sqlite3_bind_parameter_count(st) != args.n)
		return gh_fail(err, GH_E_BUG, "database %s: %d parameters are wanted, %zu given", l->db.name,
			       sqlite3_bind_parameter_count(st), args.n);
	for (size_t i = 0; i < args.n; i++) {
		int rc = bind_one(st, (int)i + 1, &args.v[i]);
		if (rc != SQLITE_OK)
			return failed(l, rc, err);
	}
	return GH_OK;
}

static struct gh_dbv column(sqlite3_stmt *st, int i)
{
	struct gh_dbv v = { .type = GH_DB_NULL };
	switch (sqlite3_column_type(st, i)) {
	case SQLITE_INTEGER: v = gh_dbi(sqlite3_column_int64(st, i)); break;
	case SQLITE_TEXT:
		v = gh_dbt((struct gh_span){ sqlite3_column_text(st, i), 0 });
		v.s.n = (size_t)sqlite3_column_bytes(st, i);
		break;
	case SQLITE_BLOB:
		v = gh_dbb((struct gh_span){ sqlite3_column_blob(st, i), 0 });
		v.s.n = (size_t)sqlite3_column_bytes(st, i);
		break;
	default: break; /* NULL; there are no columns of type REAL */
	}
	if (v.type != GH_DB_NULL && v.type != GH_DB_INT && v.s.p == NULL)
		v.s = GH_SPAN("");
	return v;
}

static enum gh_rc steps(struct lite *l, sqlite3_stmt *st, const struct gh_db_run *r, struct gh_err *err)
{
	struct gh_dbv cols[GH_DB_COLS_MAX];
	int n = sqlite3_column_count(st);
	if (n > GH_DB_COLS_MAX)
		return gh_fail(err, GH_E_BUG, "database %s: %d columns", l->db.name, n);
	int rc;
	while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
		if (r->row == NULL)
			continue;
		for (int i = 0; i < n; i++)
			cols[i] = column(st, i);
		l->db.inside = true;
		enum gh_rc said = r->row(r->arg, cols, (size_t)n, err);
		l->db.inside = false;
		if (said != GH_OK)
			return said;
	}
	if (rc != SQLITE_DONE)
		return failed(l, rc, err);
	if (r->changed != NULL)
		*r->changed = sqlite3_stmt_readonly(st) ? 0 : sqlite3_changes64(l->h);
	return GH_OK;
}

static enum gh_rc lite_run(struct gh_db *db, const struct gh_db_run *r, struct gh_err *err)
{
	struct lite *l = lite(db);
	sqlite3_stmt *st;
	enum gh_rc rc = prepare(l, r->sql, &st, err);
	if (rc != GH_OK)
		return rc;
	rc = bind(l, st, r->args, err);
	if (rc == GH_OK)
		rc = steps(l, st, r, err);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st); /* they point to memory of the caller */
	return rc;
}

static enum gh_rc lite_ready(struct gh_db *db, struct gh_err *err)
{
	(void)db;
	(void)err;
	return GH_OK;
}

/* ---- care ---- */
struct saying {
	void (*say)(void *arg, const char *line);
	void *arg;
	const char *form;
};

static enum gh_rc integrity_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	(void)err;
	const struct saying *s = arg;
	if (n > 0 && cols[0].type == GH_DB_TEXT && !gh_span_is(cols[0].s, "ok"))
		s->say(s->arg, (const char *)cols[0].s.p);
	return GH_OK;
}

static enum gh_rc foreign_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	(void)err;
	const struct saying *s = arg;
	char line[256];
	if (n >= 3 && cols[0].type == GH_DB_TEXT && cols[2].type == GH_DB_TEXT) {
		(void)snprintf(line, sizeof line,
			       "row %lld of table %.64s names a row of table %.64s that is not there",
			       (long long)cols[1].i, (const char *)cols[0].s.p, (const char *)cols[2].s.p);
		s->say(s->arg, line);
	}
	return GH_OK;
}

static enum gh_rc lite_check(struct gh_db *db, void (*say)(void *arg, const char *line), void *arg, struct gh_err *err)
{
	struct saying s = { .say = say, .arg = arg };
	enum gh_rc rc = gh_db_each(db, integrity_row, &s, err, "PRAGMA integrity_check(100)", GH_DBV_NONE);
	if (rc == GH_E_UNREAD || rc == GH_E_MALFORMED) { /* too damaged even for the check: that is its answer */
		say(arg, "the database is damaged");
		if (err != NULL)
			*err = (struct gh_err){ 0 };
		return GH_OK;
	}
	if (rc == GH_OK)
		rc = gh_db_each(db, foreign_row, &s, err, "PRAGMA foreign_key_check", GH_DBV_NONE);
	return rc;
}

static enum gh_rc copy_into(struct lite *l, sqlite3 *to, const char *path, struct gh_err *err)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", l->h, "main");
	if (b == NULL)
		return gh_fail(err, GH_E_IO, "%s: %s", path, sqlite3_errmsg(to));
	int rc = sqlite3_backup_step(b, -1); /* one read transaction: consistent, and writers go on beside it */
	int end = sqlite3_backup_finish(b);
	if (rc != SQLITE_DONE || end != SQLITE_OK)
		return gh_fail(err, GH_E_IO, "%s: %s", path, sqlite3_errstr(end != SQLITE_OK ? end : rc));
	/* The copy is to be one file: without write-ahead log. */
	rc = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	return rc == SQLITE_OK ? GH_OK : gh_fail(err, GH_E_IO, "%s: %s", path, sqlite3_errmsg(to));
}

static enum gh_rc lite_copy(struct gh_db *db, const char *path, struct gh_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s", path);
	sqlite3 *to = NULL;
	int opened = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
	enum gh_rc rc = opened == SQLITE_OK ? copy_into(lite(db), to, path, err)
					    : gh_fail(err, GH_E_IO, "%s: %s", path, sqlite3_errstr(opened));
	sqlite3_close(to);
	if (rc == GH_OK && fsync(fd) != 0)
		rc = gh_fail_sys(err, errno, "%s", path);
	close(fd);
	if (rc != GH_OK)
		(void)unlink(path);
	return rc;
}

static void lite_close(struct gh_db *db)
{
	struct lite *l = lite(db);
	for (size_t i = 0; i < CACHED; i++)
		sqlite3_finalize(l->cached[i]);
	(void)sqlite3_close_v2(l->h);
	free(l);
}

/* ---- opening ---- */
/* Make the file ourselves, so that nobody else can read it for an instant. Only a file that did not exist is opened and
 * closed here: closing another descriptor of one that SQLite has open would drop its locks. */
static enum gh_rc create(const char *path, struct gh_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno == EEXIST ? GH_OK : gh_fail_sys(err, errno, "database %s", path);
	close(fd);
	char dir[PATH_MAX];
	(void)snprintf(dir, sizeof dir, "%s", path);
	int d = open(dirname(dir), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d < 0)
		return gh_fail_sys(err, errno, "database %s: its directory", path);
	int bad = fsync(d) != 0 ? errno : 0;
	close(d);
	return bad != 0 ? gh_fail_sys(err, bad, "database %s: its directory", path) : GH_OK;
}

static const struct {
	int what, on;
} configs[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_WRITABLE_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
};
static const char *const pragmas[] = {
	"PRAGMA mmap_size=0",	   "PRAGMA cell_size_check=ON", "PRAGMA temp_store=MEMORY",
	"PRAGMA secure_delete=ON", "PRAGMA synchronous=FULL",	"PRAGMA foreign_keys=ON",
};

static enum gh_rc wal_row(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err)
{
	(void)err;
	*(bool *)arg = n == 1 && cols[0].type == GH_DB_TEXT && gh_span_is(cols[0].s, "wal");
	return GH_OK;
}

static enum gh_rc set_up(struct lite *l, struct gh_err *err)
{
	for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
		int rc = sqlite3_db_config(l->h, configs[i].what, configs[i].on, NULL);
		if (rc != SQLITE_OK)
			return failed(l, rc, err);
	}
	sqlite3_limit(l->h, SQLITE_LIMIT_ATTACHED, 0);
	sqlite3_busy_timeout(l->h, (int)(l->db.wait_ms > INT_MAX ? INT_MAX : l->db.wait_ms));
	bool wal = false;
	struct gh_db_run ask = { .sql = "PRAGMA journal_mode=WAL", .row = wal_row, .arg = &wal };
	enum gh_rc rc = lite_run(&l->db, &ask, err);
	if (rc != GH_OK)
		return rc;
	if (!wal)
		return gh_fail(err, GH_E_IO,
			       "database %.100s: no write-ahead log is possible there (a network file system?)",
			       l->db.name);
	for (size_t i = 0; rc == GH_OK && i < sizeof pragmas / sizeof pragmas[0]; i++)
		rc = lite_run(&l->db, &(struct gh_db_run){ .sql = pragmas[i] }, err);
	return rc;
}

static const struct gh_db_ops ops = {
	.engine = GH_DB_SQLITE,
	.run = lite_run,
	.begin = "BEGIN IMMEDIATE",
	.begin_exclusive = "BEGIN EXCLUSIVE",
	.ready = lite_ready,
	.check = lite_check,
	.copy = lite_copy,
	.close = lite_close,
};

enum gh_rc gh_db_sqlite_open(const char *path, const struct gh_db_how *how, struct gh_db **out, struct gh_err *err)
{
	struct stat st;
	if (path[0] == '\0' || path[0] == ':' || strlen(path) >= GH_DB_NAME_MAX)
		return gh_fail(err, GH_E_MALFORMED, "sqlite: needs the path of a file");
	if (how->create) {
		enum gh_rc rc = create(path, err);
		if (rc != GH_OK)
			return rc;
	}
	if (stat(path, &st) != 0)
		return errno == ENOENT ? gh_fail(err, GH_E_ABSENT,
						 "there is no database %.120s ('gatehouse init' makes one)", path)
				       : gh_fail_sys(err, errno, "database %s", path);
	if (!S_ISREG(st.st_mode))
		return gh_fail(err, GH_E_MALFORMED, "database %.120s is no regular file", path);
	struct lite *l = calloc(1, sizeof *l);
	if (l == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a database connection");
	l->db.ops = &ops;
	l->db.wait_ms = how->wait_ms != 0 ? how->wait_ms : GH_DB_WAIT_MS;
	(void)snprintf(l->db.name, sizeof l->db.name, "%s", path);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
	int code = sqlite3_open_v2(path, &l->h, flags, NULL); /* no URI: the path is a path */
	enum gh_rc rc = l->h == NULL	    ? gh_fail(err, GH_E_NOMEM, "no memory for a database connection")
			: code != SQLITE_OK ? failed(l, code, err)
					    : set_up(l, err);
	if (rc != GH_OK) {
		lite_close(&l->db);
		return rc;
	}
	*out = &l->db;
	return GH_OK;
}

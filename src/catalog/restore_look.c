/* restore_look.c - is what was read a home that opens and verifies? Settings, audit log, database; then the database where it is
 * wanted. Runs in a process of its own. */
#include "audit/check.h"
#include "catalog/backup_int.h"
#include "catalog/restore_int.h"
#include "catalog/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS = 64 << 10 };

struct looking {
	const char *path; /* of the directory, as SQLite wants it */
	int dir;
	struct gh_restore_done *done;
};

/* ---- the log --------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc slurp(int dir, const char *name, struct gh_buf *out, struct gh_err *err)
{
	char block[4096];
	ssize_t n;
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? gh_fail(err, GH_E_MALFORMED, "%s is missing from the backup", name)
				       : gh_fail_sys(err, errno, "%s", name);
	while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			gh_buf_put(out, block, (size_t)n);
	int sys = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "%s", name);
	return out->full ? gh_fail(err, GH_E_LIMIT, "%s is too large", name) : GH_OK;
}

static enum gh_rc look_at_log(struct looking *r, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(SETTINGS);
	struct gh_note_key key;
	GH_TRY(slurp(r->dir, "log/key.pub", &text, err), err, "the audit log");
	GH_TRY(gh_note_vkey_read(gh_buf_view(&text), &key, err), err, "key of the audit log");
	int dir = openat(r->dir, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return gh_fail_sys(err, errno, "log");
	struct gh_audit_report *report = calloc(1, sizeof *report);
	enum gh_rc rc = report == NULL ? gh_fail(err, GH_E_NOMEM, "no memory")
				       : gh_audit_check(dir, &key, (struct gh_span){ 0 }, report, err);
	if (rc == GH_OK && report->problems > 0)
		rc = gh_fail(err, GH_E_MALFORMED, "the audit log in the backup does not verify: %.100s",
			     report->problem[0]);
	if (rc == GH_OK)
		r->done->log_size = report->head.size;
	if (report != NULL)
		gh_audit_report_free(report);
	free(report);
	(void)close(dir);
	return rc;
}

/* ---- the database ------------------------------------------------------------------------------------------------------------------ */

struct damage {
	uint64_t n;
	char first[160];
};

static void damaged(void *arg, const char *line)
{
	struct damage *d = arg;
	if (d->n++ == 0)
		(void)snprintf(d->first, sizeof d->first, "%.150s", line);
}

static enum gh_rc look_at_database(struct looking *r, struct gh_db *db, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct damage d = { 0 };
	struct gh_id catalog;
	struct gh_db_rows rows;
	GH_TRY(gh_db_check(db, damaged, &d, err), err, "the database of the backup");
	if (d.n > 0)
		return gh_fail(err, GH_E_MALFORMED, "the database of the backup is damaged: %s", d.first);
	GH_TRY(gh_schema_catalog_id(db, &catalog, err), err, "the database of the backup");
	if (strcmp(catalog.s, r->done->catalog) != 0)
		return gh_fail(err, GH_E_MALFORMED, "the database of the backup is that of another catalog");
	GH_TRY(gh_db_query(db, &a, &rows, err, "SELECT max(log_index) FROM outbox", GH_DBV_NONE), err, "the outbox");
	if (rows.n == 1 && !gh_db_null(&rows, 0, 0) && (uint64_t)gh_db_int(&rows, 0, 0) >= r->done->log_size)
		return gh_fail(err, GH_E_MALFORMED, "the audit log of the backup is older than its database");
	return GH_OK;
}

static enum gh_rc open_copy(struct looking *r, struct gh_db **db, struct gh_err *err)
{
	char url[GH_HOME_PATH + 96];
	(void)snprintf(url, sizeof url, "sqlite:%s/" GH_BACKUP_DATABASE_NAME, r->path);
	return gh_db_open(url, &(struct gh_db_how){ 0 }, db, err);
}

/* The file of the backup where the settings want it, if that is inside the home. */
static enum gh_rc put_in_place(struct looking *r, const char *path, struct gh_err *err)
{
	struct gh_span s = gh_span_str(path);
	if (!gh_baktar_name_ok(s) || gh_span_is(s, GH_BACKUP_SETTINGS_NAME))
		return gh_fail(err, GH_E_DENIED,
			       "the settings want the database at '%.100s': say --database sqlite:db/catalog.db", path);
	for (const char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
		char dir[GH_BAKTAR_NAME + 1];
		memcpy(dir, path, (size_t)(p - path));
		dir[p - path] = '\0';
		if (mkdirat(r->dir, dir, 0700) != 0 && errno != EEXIST)
			return gh_fail_sys(err, errno, "%s", dir);
	}
	if (renameat2(r->dir, GH_BACKUP_DATABASE_NAME, r->dir, path, RENAME_NOREPLACE) != 0)
		return gh_fail_sys(err, errno, "%s", path);
	return GH_OK;
}

/* ---- the settings ------------------------------------------------------------------------------------------------------------------- */

/* Replace the line "database: …". */
static enum gh_rc set_database(struct looking *r, const char *url, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(SETTINGS), made = gh_buf(2 * SETTINGS);
	bool found = false;
	GH_TRY(slurp(r->dir, GH_BACKUP_SETTINGS_NAME, &text, err), err, "settings");
	for (struct gh_span rest = gh_buf_view(&text); rest.n > 0;) {
		const uint8_t *nl = memchr(rest.p, '\n', rest.n);
		struct gh_span line = { rest.p, nl == NULL ? rest.n : (size_t)(nl - rest.p) + 1 };
		rest = gh_span_cut(rest, line.n, rest.n);
		if (gh_span_starts(line, GH_HOME_LEFT_OUT "database"))
			continue;
		if (!gh_span_starts(line, "database:")) {
			gh_buf_span(&made, line);
			continue;
		}
		found = true;
		gh_buf_str(&made, "database: ");
		gh_buf_json(&made, gh_span_str(url));
		gh_buf_ch(&made, '\n');
	}
	if (!found) {
		gh_buf_str(&made, "\ndatabase: ");
		gh_buf_json(&made, gh_span_str(url));
		gh_buf_ch(&made, '\n');
	}
	int fd = openat(r->dir, GH_BACKUP_SETTINGS_NAME, O_WRONLY | O_TRUNC | O_NOFOLLOW | O_CLOEXEC);
	bool good = fd >= 0 && !made.full && gh_backup_put(fd, made.p, made.n);
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return good ? GH_OK : gh_fail_sys(err, sys, "settings");
}

static bool left_out(struct gh_span text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((i == 0 || text.p[i - 1] == '\n') && gh_span_starts(gh_span_cut(text, i, text.n), GH_HOME_LEFT_OUT))
			return true;
	return false;
}

enum gh_rc gh_restore_look(const char *path, int dir, const char *database, struct gh_restore_done *done,
			   char url[GH_HOME_VALUE], struct gh_err *err)
{
	static const char *const rooms[] = { "keys", "db", "blobs", "log", "run" };
	struct looking r = { .path = path, .dir = dir, .done = done };
	struct gh_home home;
	struct gh_db *db = NULL;
	url[0] = '\0';
	for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
		if (mkdirat(dir, rooms[i], 0700) != 0 && errno != EEXIST)
			return gh_fail_sys(err, errno, "%s", rooms[i]);
	if (database != NULL)
		GH_TRY(set_database(&r, database, err), err, "settings of the backup");
	GH_TRY(gh_home_load(path, &home, err), err, "settings of the backup");
	gh_auto_buf text = gh_buf(SETTINGS);
	GH_TRY(slurp(dir, GH_BACKUP_SETTINGS_NAME, &text, err), err, "settings");
	done->left_out = left_out(gh_buf_view(&text));
	done->elsewhere = strncmp(home.blobs, "s3:", 3) == 0;
	GH_TRY(look_at_log(&r, err), err, "backup");
	enum gh_rc rc = open_copy(&r, &db, err);
	if (rc == GH_OK)
		rc = look_at_database(&r, db, err);
	gh_db_close(db);
	if (rc != GH_OK)
		return rc;
	/* SQLite may have made these while it looked. */
	(void)unlinkat(dir, GH_BACKUP_DATABASE_NAME "-shm", 0);
	if (strncmp(home.database, "sqlite:", 7) == 0)
		return put_in_place(&r, home.database + 7, err);
	/* Whoever made up a backup must not choose which server hears our credentials. */
	if (database == NULL && !done->key_checked)
		return gh_fail(
			err, GH_E_DENIED,
			"its settings name a database elsewhere, and nobody has checked who wrote them: say --key, "
			"or --database URL");
	(void)snprintf(url, GH_HOME_VALUE, "%s", home.database);
	return GH_OK;
}

enum gh_rc gh_restore_move(const char *path, int dir, struct gh_db *to, struct gh_err *err)
{
	struct looking r = { .path = path, .dir = dir };
	struct gh_db *from = NULL;
	enum gh_rc rc = open_copy(&r, &from, err);
	if (rc == GH_OK)
		rc = gh_schema_migrate(from, 0, NULL, err);
	if (rc == GH_OK)
		rc = gh_backup_transfer(from, to, 0, err);
	gh_db_close(from);
	if (rc == GH_OK && unlinkat(dir, GH_BACKUP_DATABASE_NAME, 0) != 0)
		rc = gh_fail_sys(err, errno, "the copy of the database");
	return rc;
}

/* restore_check.c - what was read against the manifest; then whether it is a home that opens and verifies. */
#include "audit/check.h"
#include "catalog/backup_int.h"
#include "catalog/id.h"
#include "catalog/restore_int.h"
#include "catalog/schema.h"
#include "crypto/digest.h"
#include "crypto/dsse.h"
#include "wire/jdom.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SETTINGS = 64 << 10 };

/* ---- the manifest -------------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gh_restored *)a)->name, ((const struct gh_restored *)b)->name);
}

static enum gh_rc one_file(struct gh_restoring *r, const struct gh_jval *v, bool *seen, struct gh_err *err)
{
	const char *name = gh_jstr(v, "name"), *sha256 = gh_jstr(v, "sha256");
	uint64_t size;
	if (name == NULL || sha256 == NULL || !gh_ju64(gh_jget(v, "size"), &size))
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup is none");
	const struct gh_restored want = { .name = name };
	const struct gh_restored *f = r->n == 0 ? NULL : bsearch(&want, r->file, r->n, sizeof want, by_name);
	if (f == NULL)
		return gh_fail(err, GH_E_MALFORMED, "%.80s is missing from the backup", name);
	if (seen[f - r->file])
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup names %.80s twice", name);
	if (f->size != size || strcmp(f->sha256, sha256) != 0)
		return gh_fail(err, GH_E_MALFORMED, "%.80s was altered: it is not what the manifest says", name);
	seen[f - r->file] = true;
	return GH_OK;
}

static enum gh_rc head_of(struct gh_restoring *r, const struct gh_jval *m, struct gh_err *err)
{
	const char *type = gh_jstr(m, "type"), *catalog = gh_jstr(m, "catalog"), *made = gh_jstr(m, "made");
	uint64_t format, schema;
	if (type == NULL || strncmp(type, "gatehouse-backup/", 17) != 0 || !gh_ju64(gh_jget(m, "format"), &format))
		return gh_fail(err, GH_E_MALFORMED, "the manifest is not that of a backup");
	if (format > GH_BACKUP_VERSION || strcmp(type, GH_BACKUP_TYPE) != 0)
		return gh_fail(
			err, GH_E_UNREAD,
			"the backup has format %llu, which is newer than this program (%d): use a newer gatehouse",
			(unsigned long long)format, GH_BACKUP_VERSION);
	if (!gh_ju64(gh_jget(m, "schema"), &schema) || catalog == NULL || !gh_id_ok(gh_span_str(catalog)) ||
	    made == NULL || strlen(made) != 20)
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup is none");
	if (schema > gh_schema_newest())
		return gh_fail(
			err, GH_E_UNREAD,
			"the database has version %llu of the schema, this program knows %u: use a newer gatehouse",
			(unsigned long long)schema, gh_schema_newest());
	(void)snprintf(r->done->catalog, sizeof r->done->catalog, "%s", catalog);
	(void)snprintf(r->done->made, sizeof r->done->made, "%s", made);
	r->done->blobs = gh_jtrue(gh_jget(m, "blobs"));
	return GH_OK;
}

/* The envelope must be by the key, and about this manifest. Without a key it is only looked at whether there is one. */
static enum gh_rc signature(struct gh_restoring *r, struct gh_err *err)
{
	struct gh_dsse d;
	gh_auto_key *k = NULL;
	const struct gh_jval *v;
	r->done->is_signed = r->envelope.p != NULL;
	if (r->how->key.n == 0)
		return GH_OK;
	if (r->envelope.p == NULL)
		return gh_fail(err, GH_E_DENIED, "the backup is not signed");
	GH_TRY(gh_key_public(r->how->key, &k, err), err, "the key");
	GH_TRY(gh_dsse_read(&r->arena, r->envelope, &d, err), err, "signature of the backup");
	if (!gh_span_is(d.type, "application/vnd.gatehouse.backup+json"))
		return gh_fail(err, GH_E_DENIED, "the backup's signature is one of something else");
	GH_TRY(gh_dsse_verify(&d, k, err), err, "the backup was not signed with this key");
	GH_TRY(gh_jdom_parse(&r->arena, d.payload, &v, err), err, "signature of the backup");
	const char *manifest = gh_jstr(v, "manifest"), *type = gh_jstr(v, "type");
	if (manifest == NULL || type == NULL || strcmp(type, GH_BACKUP_TYPE) != 0 ||
	    strcmp(manifest, r->done->manifest) != 0)
		return gh_fail(err, GH_E_DENIED, "the signature is that of another backup");
	r->done->key_checked = true;
	return GH_OK;
}

enum gh_rc gh_restore_compare(struct gh_restoring *r, struct gh_err *err)
{
	const struct gh_jval *m;
	if (!gh_sha256_start(r->hash) || !gh_sha256_add(r->hash, r->manifest) ||
	    !gh_sha256_hex(r->hash, r->done->manifest))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	GH_TRY(signature(r, err), err, "backup");
	GH_TRY(gh_jdom_parse(&r->arena, r->manifest, &m, err), err, "the manifest of the backup");
	GH_TRY(head_of(r, m, err), err, "backup");
	bool *seen = GH_NEW(&r->arena, bool, r->n + 1);
	if (seen == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	if (r->n > 0)
		qsort(r->file, r->n, sizeof *r->file, by_name);
	for (const struct gh_jval *v = gh_jfirst(gh_jget(m, "files")); v != NULL; v = v->next)
		GH_TRY(one_file(r, v, seen, err), err, "backup");
	for (size_t i = 0; i < r->n; i++)
		if (!seen[i])
			return gh_fail(err, GH_E_MALFORMED, "%.80s is in the backup, but not in its manifest",
				       r->file[i].name);
	return GH_OK;
}

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

static enum gh_rc look_at_log(struct gh_restoring *r, struct gh_err *err)
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

static enum gh_rc look_at_database(struct gh_restoring *r, struct gh_db *db, struct gh_err *err)
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

static enum gh_rc open_copy(struct gh_restoring *r, struct gh_db **db, struct gh_err *err)
{
	char url[sizeof r->path + 64];
	(void)snprintf(url, sizeof url, "sqlite:%s/" GH_BACKUP_DATABASE_NAME, r->path);
	return gh_db_open(url, &(struct gh_db_how){ 0 }, db, err);
}

/* Into another engine. */
static enum gh_rc transfer(struct gh_restoring *r, const char *url, struct gh_err *err)
{
	struct gh_db *from = NULL, *to = NULL;
	enum gh_rc rc = open_copy(r, &from, err);
	if (rc == GH_OK)
		rc = gh_schema_migrate(from, 0, NULL, err);
	if (rc == GH_OK)
		rc = gh_db_open(url, &(struct gh_db_how){ .create = true }, &to, err);
	if (rc == GH_OK)
		rc = gh_backup_transfer(from, to, 0, err);
	gh_db_close(to);
	gh_db_close(from);
	if (rc == GH_OK && unlinkat(r->dir, GH_BACKUP_DATABASE_NAME, 0) != 0)
		rc = gh_fail_sys(err, errno, "the copy of the database");
	return rc;
}

/* The file of the backup where the settings want it, if that is inside the home. */
static enum gh_rc put_in_place(struct gh_restoring *r, const char *path, struct gh_err *err)
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
static enum gh_rc set_database(struct gh_restoring *r, const char *url, struct gh_err *err)
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

enum gh_rc gh_restore_look(struct gh_restoring *r, struct gh_err *err)
{
	static const char *const rooms[] = { "keys", "db", "blobs", "log", "run" };
	struct gh_home home;
	struct gh_db *db = NULL;
	for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++)
		if (mkdirat(r->dir, rooms[i], 0700) != 0 && errno != EEXIST)
			return gh_fail_sys(err, errno, "%s", rooms[i]);
	if (r->how->database != NULL)
		GH_TRY(set_database(r, r->how->database, err), err, "settings of the backup");
	GH_TRY(gh_home_load(r->path, &home, err), err, "settings of the backup");
	gh_auto_buf text = gh_buf(SETTINGS);
	GH_TRY(slurp(r->dir, GH_BACKUP_SETTINGS_NAME, &text, err), err, "settings");
	r->done->left_out = left_out(gh_buf_view(&text));
	GH_TRY(look_at_log(r, err), err, "backup");
	enum gh_rc rc = open_copy(r, &db, err);
	if (rc == GH_OK)
		rc = look_at_database(r, db, err);
	gh_db_close(db);
	if (rc != GH_OK)
		return rc;
	/* SQLite may have made these while it looked. */
	(void)unlinkat(r->dir, GH_BACKUP_DATABASE_NAME "-shm", 0);
	if (strncmp(home.database, "sqlite:", 7) == 0)
		return put_in_place(r, home.database + 7, err);
	rc = transfer(r, home.database, err);
	if (rc != GH_OK && r->done->left_out)
		return gh_fail(err, rc, "the database's password is not in a backup: give the URL with --database");
	return rc;
}

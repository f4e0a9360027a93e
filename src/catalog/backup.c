/* backup.c - writing the archive. */
#include "catalog/backup.h"

#include "catalog/backup_int.h"
#include "catalog/id.h"
#include "catalog/store.h"
#include "crypto/digest.h"
#include "wire/jout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DEPTH = 8, NAMES = 1 << 20 };

bool gh_backup_put(int fd, const void *p, size_t n)
{
	for (const uint8_t *at = p; n > 0;) {
		ssize_t w = write(fd, at, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0) {
			errno = w == 0 ? ENOSPC : errno;
			return false;
		}
		at += w;
		n -= (size_t)w;
	}
	return true;
}

void gh_backup_time(int64_t at, char out[24])
{
	struct tm tm;
	time_t t = (time_t)at;
	if (gmtime_r(&t, &tm) == NULL || strftime(out, 24, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(out, 24, "1970-01-01T00:00:00Z");
}

struct writing {
	const struct gh_backup_how *how;
	int out;
	struct gh_backup_done *done;
	struct gh_buf manifest;
	struct gh_jout j;
	struct gh_sha256 *hash;
	uint8_t *block;
};

/* ---- one file --------------------------------------------------------------------------------------------------------------- */

static enum gh_rc put_failed(struct gh_err *err) { return gh_fail_sys(err, errno, "the backup cannot be written"); }

static enum gh_rc head(struct writing *w, const char *name, uint64_t size, struct gh_err *err)
{
	struct gh_baktar_head h = { .size = size };
	uint8_t block[GH_BAKTAR_BLOCK];
	if ((size_t)snprintf(h.name, sizeof h.name, "%s", name) >= sizeof h.name || !gh_baktar_write(&h, block))
		return gh_fail(err, GH_E_LIMIT, "'%.80s' cannot be put into a backup", name);
	return gh_backup_put(w->out, block, sizeof block) ? GH_OK : put_failed(err);
}

static enum gh_rc pad(struct writing *w, uint64_t size, struct gh_err *err)
{
	static const uint8_t zeros[GH_BAKTAR_BLOCK];
	return gh_backup_put(w->out, zeros, gh_baktar_pad(size)) ? GH_OK : put_failed(err);
}

static void list(struct writing *w, const char *name, uint64_t size, const char *sha256)
{
	gh_jout_open(&w->j, NULL, '{');
	gh_jout_str(&w->j, "name", name);
	gh_jout_number(&w->j, "size", size);
	gh_jout_str(&w->j, "sha256", sha256);
	gh_jout_close(&w->j, '}');
	w->done->files++;
	w->done->bytes += size;
	if (w->how->progress != NULL)
		w->how->progress(w->how->arg, w->done->bytes);
}

static enum gh_rc put_bytes(struct writing *w, const char *name, struct gh_span s, struct gh_err *err)
{
	char sha256[65];
	if (!gh_sha256_start(w->hash) || !gh_sha256_add(w->hash, s) || !gh_sha256_hex(w->hash, sha256))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	GH_TRY(head(w, name, s.n, err), err, "backup");
	if (!gh_backup_put(w->out, s.p, s.n))
		return put_failed(err);
	GH_TRY(pad(w, s.n, err), err, "backup");
	list(w, name, s.n, sha256);
	return GH_OK;
}

/* As many bytes as it has now; a file that becomes shorter meanwhile is an error, one that grows is cut. */
static enum gh_rc put_fd(struct writing *w, const char *name, int fd, uint64_t size, struct gh_err *err)
{
	char sha256[65];
	GH_TRY(head(w, name, size, err), err, "backup");
	if (!gh_sha256_start(w->hash))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	for (uint64_t off = 0; off < size;) {
		ssize_t n = pread(fd, w->block, size - off < GH_BACKUP_BLOCK ? (size_t)(size - off) : GH_BACKUP_BLOCK,
				  (off_t)off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return gh_fail_sys(err, errno, "%.80s cannot be read", name);
		if (n == 0)
			return gh_fail(err, GH_E_IO, "%.80s became shorter while it was read: try again", name);
		if (!gh_sha256_add(w->hash, (struct gh_span){ w->block, (size_t)n }))
			return gh_fail(err, GH_E_BUG, "SHA-256");
		if (!gh_backup_put(w->out, w->block, (size_t)n))
			return put_failed(err);
		off += (uint64_t)n;
	}
	if (!gh_sha256_hex(w->hash, sha256))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	GH_TRY(pad(w, size, err), err, "backup");
	list(w, name, size, sha256);
	return GH_OK;
}

static enum gh_rc put_file(struct writing *w, int dir, const char *at, const char *name, struct gh_err *err)
{
	struct stat st;
	int fd = openat(dir, at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return gh_fail(err, GH_E_ABSENT, "%.80s", name);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return gh_fail_sys(err, sys, "%.80s", name);
	}
	enum gh_rc rc = S_ISREG(st.st_mode) ? put_fd(w, name, fd, (uint64_t)st.st_size, err)
					    : gh_fail(err, GH_E_MALFORMED, "%.80s is no plain file", name);
	(void)close(fd);
	return rc;
}

/* ---- a directory ------------------------------------------------------------------------------------------------------------- */

struct names {
	char **v;
	size_t n, cap;
};

static void names_free(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static bool names_add(struct names *l, const char *name)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
		char **v = cap > NAMES ? NULL : realloc(l->v, cap * sizeof *v);
		if (v == NULL)
			return false;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n] = strdup(name);
	return l->v[l->n] != NULL && ++l->n > 0;
}

/* The names in a directory, sorted; temporary and hidden ones, and locks, are of no use elsewhere. */
static enum gh_rc names_read(int dir, struct names *l, struct gh_err *err)
{
	DIR *d = fdopendir(dir);
	if (d == NULL) {
		int sys = errno;
		(void)close(dir);
		return gh_fail_sys(err, sys, "a directory");
	}
	enum gh_rc rc = GH_OK;
	const struct dirent *e;
	while (errno = 0, rc == GH_OK && (e = readdir(d)) != NULL) {
		struct gh_span s = gh_span_str(e->d_name);
		if (e->d_name[0] == '.' || gh_span_is(s, "lock") || gh_span_ends(s, ".tmp") || gh_span_ends(s, ".new"))
			continue;
		if (!names_add(l, e->d_name))
			rc = gh_fail(err, GH_E_NOMEM, "too many names in a directory");
	}
	if (rc == GH_OK && errno != 0)
		rc = gh_fail_sys(err, errno, "a directory");
	(void)closedir(d);
	if (l->n > 0)
		qsort(l->v, l->n, sizeof *l->v, by_name);
	return rc;
}

struct level {
	int dir;
	struct names names;
	size_t next, prefix; /* prefix: length of the path before a name of this level */
};

/* Everything below a directory of the home, but the names in `skip`. What disappears meanwhile was temporary. */
static enum gh_rc put_tree(struct writing *w, const char *top, const char *skip, struct gh_err *err)
{
	char path[GH_HOME_PATH + 64], name[GH_BAKTAR_NAME + 300];
	struct level level[DEPTH];
	size_t n = 1;
	enum gh_rc rc = GH_OK;
	if (gh_home_path(w->how->home, top, path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home is too long");
	level[0] = (struct level){ .dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
	if (level[0].dir < 0)
		return errno == ENOENT ? GH_OK : gh_fail_sys(err, errno, "%.80s", path);
	level[0].prefix = (size_t)snprintf(name, sizeof name, "%s/", top);
	int fd = dup(level[0].dir);
	rc = fd < 0 ? gh_fail_sys(err, errno, "%s", top) : names_read(fd, &level[0].names, err);
	while (rc == GH_OK && n > 0) {
		struct level *l = &level[n - 1];
		struct stat st;
		if (l->next == l->names.n) {
			names_free(&l->names);
			(void)close(l->dir);
			n--;
			continue;
		}
		const char *one = l->names.v[l->next++];
		if ((size_t)snprintf(name + l->prefix, sizeof name - l->prefix, "%s", one) > GH_BAKTAR_NAME ||
		    fstatat(l->dir, one, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    (skip != NULL && n == 1 && strcmp(one, skip) == 0))
			continue;
		if (!S_ISDIR(st.st_mode)) {
			struct gh_err first = { 0 };
			rc = put_file(w, l->dir, one, name, &first);
			if (rc == GH_E_ABSENT)
				rc = GH_OK;
			else if (rc != GH_OK && err != NULL)
				*err = first;
			continue;
		}
		if (n == DEPTH) {
			rc = gh_fail(err, GH_E_LIMIT, "%.80s is too deep", name);
			break;
		}
		struct level *in = &level[n];
		*in = (struct level){ .dir = openat(l->dir, one, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
				      .prefix = l->prefix + strlen(one) + 1 };
		if (in->dir < 0)
			continue;
		(void)snprintf(name + in->prefix - 1, 2, "/");
		n++;
		fd = dup(in->dir);
		rc = fd < 0 ? gh_fail_sys(err, errno, "%.80s", name) : names_read(fd, &in->names, err);
	}
	while (n > 0) {
		names_free(&level[--n].names);
		(void)close(level[n].dir);
	}
	return rc;
}

/* ---- the parts ----------------------------------------------------------------------------------------------------------------- */

/* The checkpoint is read before the tiles: what it covers is in them, whatever is appended meanwhile. */
static enum gh_rc put_log(struct writing *w, struct gh_err *err)
{
	char path[GH_HOME_PATH + 32], text[GH_BACKUP_ENVELOPE];
	if (gh_home_path(w->how->home, "log/checkpoint", path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home is too long");
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return gh_fail(err, GH_E_ABSENT, "there is no audit log: run `gatehouse init` first");
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	if (n <= 0 || (size_t)n == sizeof text)
		return gh_fail_sys(err, n < 0 ? sys : EIO, "%.80s", path);
	GH_TRY(put_bytes(w, "log/checkpoint", (struct gh_span){ (uint8_t *)text, (size_t)n }, err), err,
	       "the audit log");
	return put_tree(w, "log", "checkpoint", err);
}

static enum gh_rc put_blobs(struct writing *w, struct gh_err *err)
{
	char dir[GH_HOME_PATH + 16], name[GH_BAKTAR_NAME + 1];
	struct gh_store *s = NULL;
	struct gh_store_page *page = malloc(sizeof *page);
	if (page == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_home_path(w->how->home, "blobs", dir, sizeof dir) == NULL
				? gh_fail(err, GH_E_LIMIT, "the path of the home is too long")
				: gh_store_open(w->how->home->blobs, dir, &s, err);
	if (rc == GH_OK && !gh_store_is_local(s))
		rc = gh_fail(err, GH_E_UNREAD,
			     "the blobs lie in %.60s: back up without --blobs, and that store with its own means",
			     gh_store_where(s));
	struct gh_store_key after;
	bool from = false;
	do {
		if (rc == GH_OK)
			rc = gh_store_list(s, NULL, from ? &after : NULL, page, err);
		for (size_t i = 0; rc == GH_OK && i < page->n; i++) {
			struct gh_store_object *o;
			struct gh_store_info info;
			struct gh_err first = { 0 };
			int fd = -1;
			rc = gh_store_get(s, &page->row[i].key, &o, &info, &first);
			if (rc == GH_E_ABSENT) { /* removed since it was listed */
				rc = GH_OK;
				continue;
			}
			if (rc == GH_OK)
				rc = gh_store_object_fd(o, 0, UINT64_MAX, &fd, &first);
			(void)snprintf(name, sizeof name, "blobs/%s/%.2s/%s", page->row[i].key.tenant,
				       page->row[i].key.id, page->row[i].key.id);
			if (rc == GH_OK)
				rc = put_fd(w, name, fd, info.size, &first);
			if (fd >= 0)
				(void)close(fd);
			gh_store_put_back(o);
			if (rc != GH_OK && err != NULL)
				*err = first;
		}
		from = rc == GH_OK && page->n > 0;
		if (from)
			after = page->row[page->n - 1].key;
	} while (from && page->more);
	gh_store_close(s);
	free(page);
	return rc;
}

/* The vault changes its files under a lock of the directory: a root key that is rotated while they are copied would leave some
 * under the old one and some under the new. Without a lock file nobody has changed anything yet. */
static enum gh_rc put_keys(struct writing *w, struct gh_err *err)
{
	char path[GH_HOME_PATH + 32];
	if (gh_home_path(w->how->home, "keys/lock", path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home is too long");
	int lock = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (lock >= 0 && flock(lock, LOCK_SH) != 0) {
		int e = errno;
		(void)close(lock);
		return gh_fail_sys(err, e, "'%s'", path);
	}
	enum gh_rc rc = put_tree(w, "keys", NULL, err);
	if (lock >= 0)
		(void)close(lock);
	return rc;
}

static enum gh_rc put_all(struct writing *w, struct gh_err *err)
{
	struct stat st;
	gh_auto_buf settings = gh_buf(64 << 10); /* made anew: the file may hold passwords, in remarks too */
	gh_home_settings(w->how->home, &settings);
	GH_TRY(put_bytes(w, GH_BACKUP_SETTINGS_NAME, gh_buf_view(&settings), err), err, "settings");
	if (fstat(w->how->database, &st) != 0)
		return gh_fail_sys(err, errno, "the copy of the database");
	GH_TRY(put_fd(w, GH_BACKUP_DATABASE_NAME, w->how->database, (uint64_t)st.st_size, err), err, "the database");
	GH_TRY(put_keys(w, err), err, "keys");
	GH_TRY(put_log(w, err), err, "the audit log");
	return w->how->blobs ? put_blobs(w, err) : GH_OK;
}

enum gh_rc gh_backup_write(const struct gh_backup_how *how, int out, struct gh_backup_done *done, struct gh_err *err)
{
	char made[24];
	struct writing w = { .how = how,
			     .out = out,
			     .done = done,
			     .manifest = gh_buf(GH_BACKUP_MANIFEST),
			     .hash = gh_sha256_new(),
			     .block = malloc(GH_BACKUP_BLOCK) };
	*done = (struct gh_backup_done){ 0 };
	gh_backup_time(how->now, made);
	enum gh_rc rc = w.hash == NULL || w.block == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : GH_OK;
	w.j = gh_jout(&w.manifest);
	gh_jout_open(&w.j, NULL, '{');
	gh_jout_str(&w.j, "type", GH_BACKUP_TYPE);
	gh_jout_number(&w.j, "format", GH_BACKUP_VERSION);
	gh_jout_str(&w.j, "program", GH_VERSION);
	gh_jout_str(&w.j, "catalog", how->catalog);
	gh_jout_str(&w.j, "made", made);
	gh_jout_number(&w.j, "schema", how->schema);
	gh_jout_bool(&w.j, "blobs", how->blobs);
	gh_jout_open(&w.j, "files", '[');
	if (rc == GH_OK)
		rc = put_all(&w, err);
	gh_jout_close(&w.j, ']');
	gh_jout_close(&w.j, '}');
	if (rc == GH_OK && w.manifest.full)
		rc = gh_fail(err, GH_E_LIMIT, "too many files for a manifest");
	/* It lists itself nowhere; its digest is what is signed. */
	struct gh_span text = gh_buf_view(&w.manifest);
	if (rc == GH_OK &&
	    !(gh_sha256_start(w.hash) && gh_sha256_add(w.hash, text) && gh_sha256_hex(w.hash, done->manifest)))
		rc = gh_fail(err, GH_E_BUG, "SHA-256");
	if (rc == GH_OK)
		rc = head(&w, GH_BACKUP_MANIFEST_NAME, text.n, err);
	if (rc == GH_OK && !gh_backup_put(out, text.p, text.n))
		rc = put_failed(err);
	if (rc == GH_OK)
		rc = pad(&w, text.n, err);
	gh_buf_free(&w.manifest);
	gh_sha256_free(w.hash);
	free(w.block);
	return rc;
}

void gh_backup_statement(const char *catalog, int64_t now, const char *manifest, struct gh_buf *out)
{
	char made[24];
	gh_backup_time(now, made);
	gh_buf_fmt(out, "{\"catalog\":\"%s\",\"made\":\"%s\",\"manifest\":\"%s\",\"type\":\"%s\"}", catalog, made,
		   manifest, GH_BACKUP_TYPE);
}

enum gh_rc gh_backup_seal(int out, struct gh_span envelope, struct gh_err *err)
{
	static const uint8_t end[2 * GH_BAKTAR_BLOCK];
	struct writing w = { .out = out };
	if (envelope.n > 0) {
		GH_TRY(head(&w, GH_BACKUP_ENVELOPE_NAME, envelope.n, err), err, "backup");
		if (!gh_backup_put(out, envelope.p, envelope.n))
			return put_failed(err);
		GH_TRY(pad(&w, envelope.n, err), err, "backup");
	}
	return gh_backup_put(out, end, sizeof end) ? GH_OK : put_failed(err);
}

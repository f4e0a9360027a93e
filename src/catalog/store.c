/* store.c - opening a store, and the way from a call to the kind of store that answers it. */
#include "catalog/store.h"

#include "catalog/id.h"
#include "catalog/store_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- messages ---- */

static enum gh_rc code_of(int sys)
{
	static const struct {
		int sys;
		enum gh_rc rc;
	} rows[] = {
		{ ENOENT, GH_E_ABSENT }, { EEXIST, GH_E_EXISTS }, { EILSEQ, GH_E_MALFORMED }, { ENOMEM, GH_E_NOMEM }
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].sys == sys)
			return rows[i].rc;
	return GH_E_IO;
}

static enum gh_rc chain(struct gh_err *err, const struct gh_store *s, const struct gh_store_key *key, enum gh_rc rc,
			const char *text)
{
	rc = gh_fail(err, rc, "%s", text);
	if (key != NULL)
		rc = gh_fail(err, rc, "blob %.12s/%.12s", key->tenant, key->id);
	return gh_fail(err, rc, "blob store %s", s->where);
}

enum gh_rc gh_store_fail(struct gh_err *err, const struct gh_store *s, const struct gh_store_key *key, int sys,
			 const char *fmt, ...)
{
	char text[GH_ERR_TEXT];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (sys != EILSEQ && sys != EWOULDBLOCK && n > 0 && (size_t)n < sizeof text)
		(void)snprintf(text + n, sizeof text - (size_t)n, ": %s", strerror(sys));
	if (err != NULL)
		err->sys = sys;
	return chain(err, s, key, code_of(sys), text);
}

enum gh_rc gh_store_say(struct gh_err *err, const struct gh_store *s, const struct gh_store_key *key, enum gh_rc rc,
			const char *fmt, ...)
{
	char text[GH_ERR_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	return chain(err, s, key, rc, text);
}

enum gh_rc gh_store_no_key(struct gh_err *err, const struct gh_store *s)
{
	return gh_store_say(err, s, NULL, GH_E_MALFORMED, "the name of an object is two ids of 32 hexadecimal digits");
}

/* ---- names ---- */

bool gh_store_key_ok(const struct gh_store_key *key)
{
	return key->tenant[GH_STORE_ID] == '\0' && key->id[GH_STORE_ID] == '\0' && gh_id_ok(gh_span_str(key->tenant)) &&
	       gh_id_ok(gh_span_str(key->id));
}

bool gh_store_key_set(struct gh_store_key *key, const char *tenant, const char *id)
{
	*key = (struct gh_store_key){ 0 };
	if (!gh_id_ok(gh_span_str(tenant)) || !gh_id_ok(gh_span_str(id)))
		return false;
	memcpy(key->tenant, tenant, sizeof key->tenant);
	memcpy(key->id, id, sizeof key->id);
	return true;
}

/* ---- opening ---- */

/* A directory by its path, made when it is not there (its parent must be). */
static int open_dir(const char *path)
{
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static enum gh_rc open_places(struct gh_store *s, const char *dir, bool objects, struct gh_err *err)
{
	int top = open_dir(dir);
	if (top < 0)
		return gh_store_fail(err, s, NULL, errno == ENOENT ? ENOTDIR : errno, "cannot use directory %s", dir);
	s->staging = gh_store_dir(top, "staging", true);
	if (s->staging < 0 || fsync(top) != 0) {
		int sys = errno;
		(void)close(top);
		return gh_store_fail(err, s, NULL, sys == ENOENT ? EIO : sys, "cannot use directory %s/staging", dir);
	}
	if (objects)
		s->root = top;
	else
		(void)close(top);
	return GH_OK;
}

static enum gh_rc set_up(struct gh_store *s, const char *url, const char *dir, struct gh_err *err)
{
	if (strlen(url) >= GH_STORE_URL)
		return gh_fail(err, GH_E_MALFORMED, "URL of the blob store is longer than %d bytes", GH_STORE_URL - 1);
	if (strncmp(url, "s3://", 5) == 0) {
		s->ops = &gh_store_s3_ops;
		GH_TRY(gh_store_s3_setup(s, url, err), err, "blob store");
		return open_places(s, dir, false, err);
	}
	const char *path = dir;
	if (strncmp(url, "file:", 5) == 0 && url[5] != '\0')
		path = strncmp(url, "file:///", 8) == 0 ? url + 7 : url + 5;
	else if (url[0] != '\0' && strcmp(url, "file:") != 0)
		return gh_fail(err, GH_E_MALFORMED, "blob store \"%.100s\": not file:PATH and not s3://BUCKET/…", url);
	s->ops = &gh_store_file_ops;
	(void)snprintf(s->where, sizeof s->where, "file:%s", path);
	return open_places(s, path, true, err);
}

enum gh_rc gh_store_open(const char *url, const char *dir, struct gh_store **out, struct gh_err *err)
{
	*out = NULL;
	struct gh_store *s = calloc(1, sizeof *s);
	if (s == NULL)
		return gh_fail(err, GH_E_NOMEM, "blob store");
	s->root = s->staging = -1;
	enum gh_rc rc = set_up(s, url == NULL ? "" : url, dir, err);
	if (rc != GH_OK) {
		gh_store_close(s);
		return rc;
	}
	*out = s;
	return GH_OK;
}

void gh_store_close(struct gh_store *s)
{
	if (s == NULL)
		return;
	if (s->ops != NULL && s->ops->close != NULL)
		s->ops->close(s);
	if (s->root >= 0)
		(void)close(s->root);
	if (s->staging >= 0)
		(void)close(s->staging);
	free(s);
}

const char *gh_store_where(const struct gh_store *s) { return s->where; }

bool gh_store_is_local(const struct gh_store *s) { return s->root >= 0; }

/* ---- calls ---- */

enum gh_rc gh_store_check(struct gh_store *s, struct gh_err *err)
{
	int fd = gh_store_scratch(s);
	if (fd < 0)
		return gh_store_fail(err, s, NULL, errno, "staging directory cannot be written");
	(void)close(fd);
	return s->ops->check(s, err);
}

enum gh_rc gh_store_commit(struct gh_store *s, const struct gh_store_key *key, int fd, const struct gh_store_info *want,
			   struct gh_err *err)
{
	if (!gh_store_key_ok(key))
		return gh_store_no_key(err, s);
	enum gh_rc rc = gh_store_staged_check(s, key, fd, want, err);
	return rc != GH_OK ? rc : s->ops->commit(s, key, fd, want, err);
}

enum gh_rc gh_store_get(struct gh_store *s, const struct gh_store_key *key, struct gh_store_object **out,
			struct gh_store_info *info, struct gh_err *err)
{
	struct gh_store_info unused;
	*out = NULL;
	if (!gh_store_key_ok(key))
		return gh_store_no_key(err, s);
	struct gh_store_object *o = calloc(1, sizeof *o);
	if (o == NULL)
		return gh_store_say(err, s, key, GH_E_NOMEM, "no memory");
	o->store = s;
	o->key = *key;
	o->fd = -1;
	enum gh_rc rc = s->ops->get(s, key, o, info == NULL ? &unused : info, err);
	if (rc != GH_OK) {
		gh_store_put_back(o);
		return rc;
	}
	*out = o;
	return GH_OK;
}

static enum gh_rc in_range(struct gh_store_object *o, uint64_t off, uint64_t n, struct gh_err *err)
{
	if (off > o->size || n > o->size - off)
		return gh_store_fail(err, o->store, &o->key, EILSEQ,
				     "ends at byte %llu, where %llu bytes from %llu on were asked for",
				     (unsigned long long)o->size, (unsigned long long)n, (unsigned long long)off);
	return GH_OK;
}

enum gh_rc gh_store_read(struct gh_store_object *o, void *p, size_t n, uint64_t off, struct gh_err *err)
{
	enum gh_rc rc = in_range(o, off, n, err);
	return rc != GH_OK || n == 0 ? rc : o->store->ops->read(o, p, n, off, err);
}

enum gh_rc gh_store_object_fd(struct gh_store_object *o, uint64_t off, uint64_t n, int *fd, struct gh_err *err)
{
	*fd = -1;
	if (n == UINT64_MAX && off <= o->size)
		n = o->size - off;
	enum gh_rc rc = in_range(o, off, n, err);
	return rc != GH_OK ? rc : o->store->ops->object_fd(o, off, n, fd, err);
}

void gh_store_put_back(struct gh_store_object *o)
{
	if (o == NULL)
		return;
	if (o->fd >= 0)
		(void)close(o->fd);
	free(o);
}

enum gh_rc gh_store_stat(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info,
			 struct gh_err *err)
{
	*info = (struct gh_store_info){ 0 };
	return gh_store_key_ok(key) ? s->ops->stat(s, key, info, err) : gh_store_no_key(err, s);
}

enum gh_rc gh_store_delete(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err)
{
	return gh_store_key_ok(key) ? s->ops->remove(s, key, err) : gh_store_no_key(err, s);
}

enum gh_rc gh_store_list(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
			 struct gh_store_page *page, struct gh_err *err)
{
	page->n = 0;
	page->more = false;
	page->strays = 0;
	page->stray[0] = '\0';
	if ((tenant != NULL && !gh_id_ok(gh_span_str(tenant))) || (after != NULL && !gh_store_key_ok(after)))
		return gh_store_no_key(err, s);
	return s->ops->list(s, tenant, after, page, err);
}

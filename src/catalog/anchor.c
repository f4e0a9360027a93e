#include "catalog/anchor.h"

#include "audit/log.h"
#include "audit/tiles.h"
#include "crypto/merkle.h"
#include "crypto/note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANCHOR_MAX = 1024, NOTE_MAX = 64 << 10 };

const char *gh_anchor_path(const struct gh_home *h)
{
	const char *env = getenv("GATEHOUSE_ANCHOR");
	return env != NULL && env[0] != '\0' ? env : h->anchor[0] != '\0' ? h->anchor : NULL;
}

/* ---- reading ---- */

static enum gh_rc slurp(const char *path, struct gh_buf *out, struct gh_err *err)
{
	char block[1024];
	ssize_t n;
	struct stat st;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		int sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return sys == ENOENT ? gh_fail(err, GH_E_ABSENT, "it is not there")
				     : gh_fail_sys(err, sys, "it cannot be read");
	}
	if (!S_ISREG(st.st_mode)) {
		(void)close(fd);
		return gh_fail(err, GH_E_MALFORMED, "it is no file");
	}
	while ((n = read(fd, block, sizeof block)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			gh_buf_put(out, block, (size_t)n);
	int sys = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "it cannot be read");
	return out->full ? gh_fail(err, GH_E_MALFORMED, "it is too large to be one") : GH_OK;
}

/* *empty: "begin here". */
static enum gh_rc remembered(const char *path, struct gh_buf *text, struct gh_checkpoint *out, bool *empty,
			     struct gh_err *err)
{
	enum gh_rc rc = slurp(path, text, err);
	*empty = rc == GH_OK && text->n == 0;
	return rc == GH_OK && !*empty ? gh_checkpoint_read(gh_buf_view(text), out, err) : rc;
}

/* ---- comparing ---- */

/* The root that this log had when it had so many entries. */
static enum gh_rc root_at(struct gh_catalog *c, uint64_t size, struct gh_mhash *root, uint64_t *now, struct gh_err *err)
{
	char path[GH_HOME_PATH + 32];
	gh_auto_buf text = gh_buf(NOTE_MAX);
	struct gh_note note;
	struct gh_checkpoint head;
	*now = 0;
	enum gh_rc rc = gh_home_path(&c->home, "log/checkpoint", path, sizeof path) == NULL
				? gh_fail(err, GH_E_LIMIT, "the path of the home is too long")
				: slurp(path, &text, err);
	if (rc == GH_OK)
		rc = gh_note_read(gh_buf_view(&text), &note, err);
	if (rc == GH_OK)
		rc = gh_checkpoint_read(note.text, &head, err);
	if (rc != GH_OK)
		return gh_fail(err, rc, "the audit log");
	*now = head.size;
	if (size > head.size)
		return GH_OK;
	struct gh_tiles *t = calloc(1, sizeof *t);
	if (t == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	t->size = head.size;
	t->dir = open(gh_home_path(&c->home, "log", path, sizeof path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (t->dir < 0)
		rc = gh_fail_sys(err, errno, "the audit log");
	else if (!gh_merkle_root(gh_tiles_read, t, size, root))
		rc = gh_fail(err, GH_E_MALFORMED, "the audit log cannot be read");
	if (t->dir >= 0)
		(void)close(t->dir);
	free(t);
	return rc;
}

#define BEGIN_ANEW "if this home was restored on purpose, empty that file (: > FILE) and it begins anew"

static enum gh_rc refuse(struct gh_err *err, const char *todo, const char *path, const char *why)
{
	(void)!gh_fail(err, GH_E_DENIED, "%s", todo);
	(void)!gh_fail(err, GH_E_DENIED, "%s", why);
	return gh_fail(err, GH_E_DENIED, "the anchor '%.100s'", path);
}

enum gh_rc gh_anchor_check(struct gh_catalog *c, struct gh_err *err)
{
	const char *path = gh_anchor_path(&c->home);
	gh_auto_buf text = gh_buf(ANCHOR_MAX);
	struct gh_checkpoint was = { 0 };
	struct gh_mhash root = { 0 };
	char why[GH_ERR_TEXT], line[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_err first = { 0 };
	uint64_t now = 0;
	bool empty;
	size_t n = strlen(c->home.dir);
	if (path == NULL)
		return GH_OK;
	if (path[0] != '/' || (strncmp(path, c->home.dir, n) == 0 && path[n] == '/'))
		return refuse(err, "name a file elsewhere, with its whole path", path,
			      "it would lie within the home, and be put back with it");
	enum gh_rc rc = remembered(path, &text, &was, &empty, &first);
	if (rc == GH_E_IO || rc == GH_E_NOMEM)
		return gh_fail_line(err, rc, gh_err_line(&first, line, sizeof line));
	if (rc != GH_OK) {
		(void)snprintf(why, sizeof why, "%.150s", gh_err_line(&first, line, sizeof line));
		return refuse(err, "is its disk there? To make a new one: an empty file", path, why);
	}
	if (empty)
		return GH_OK;
	if (!gh_span_is(was.origin, c->home.origin))
		return refuse(err, "name this home's own", path, "it is that of another home");
	rc = root_at(c, was.size, &root, &now, &first);
	if (rc == GH_E_ABSENT && was.size > 0)
		now = 0; /* the log is gone: older than anything */
	else if (rc != GH_OK)
		return gh_fail_line(err, rc, gh_err_line(&first, line, sizeof line));
	if (now < was.size) {
		(void)snprintf(why, sizeof why,
			       "this home is older than it: its audit log has %llu entries, and had %llu already",
			       (unsigned long long)now, (unsigned long long)was.size);
		return refuse(err, BEGIN_ANEW, path, why);
	}
	if (memcmp(&root, &was.root, sizeof root) != 0) {
		(void)snprintf(why, sizeof why,
			       "this home has another history: the first %llu entries of its audit log are others",
			       (unsigned long long)was.size);
		return refuse(err, BEGIN_ANEW, path, why);
	}
	return GH_OK;
}

/* ---- remembering ---- */

static enum gh_rc write_whole(const char *path, struct gh_span text, struct gh_err *err)
{
	char part[GH_HOME_VALUE + 32], dir[GH_HOME_VALUE];
	if ((size_t)snprintf(part, sizeof part, "%s.%ld.tmp", path, (long)getpid()) >= sizeof part ||
	    (size_t)snprintf(dir, sizeof dir, "%s", path) >= sizeof dir)
		return gh_fail(err, GH_E_LIMIT, "the path of the anchor is too long");
	dir[strrchr(dir, '/') == dir ? 1 : strrchr(dir, '/') - dir] = '\0';
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good = fd >= 0 && write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	if (good && rename(part, path) != 0) {
		good = false;
		sys = errno;
	}
	if (!good && fd >= 0)
		(void)unlink(part);
	int top = good ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (good && (top < 0 || fsync(top) != 0)) {
		good = false;
		sys = errno;
	}
	if (top >= 0)
		(void)close(top);
	return good ? GH_OK : gh_fail_sys(err, sys, "the anchor '%.100s' cannot be written", path);
}

enum gh_rc gh_anchor_advance(struct gh_catalog *c, struct gh_err *err)
{
	const char *path = gh_anchor_path(&c->home);
	gh_auto_buf text = gh_buf(ANCHOR_MAX), made = gh_buf(ANCHOR_MAX);
	struct gh_checkpoint was = { 0 }, now;
	struct gh_note note;
	bool empty;
	if (path == NULL || c->log == NULL)
		return GH_OK;
	GH_TRY(gh_note_read(gh_log_checkpoint(c->log), &note, err), err, "the audit log");
	GH_TRY(gh_checkpoint_read(note.text, &now, err), err, "the audit log");
	GH_TRY(remembered(path, &text, &was, &empty, err), err, "the anchor '%.100s'", path);
	if (!empty && was.size >= now.size)
		return GH_OK;
	gh_buf_span(&made, note.text);
	return made.full ? gh_fail(err, GH_E_LIMIT, "the checkpoint is too long for an anchor")
			 : write_whole(path, gh_buf_view(&made), err);
}

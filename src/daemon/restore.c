/* restore.c - main's side: a directory, three processes, and a look at what they left. */
#include "daemon/restore.h"

#include "catalog/id.h"
#include "daemon/restore_int.h"
#include "daemon/service_int.h"
#include "os/call.h"
#include "os/role.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_MS = 2000, ENV = 18, DEPTH = 32 };

struct restoring {
	const struct gh_restoration *how;
	char path[GH_HOME_PATH + 32]; /* the new home while it has no name; "": it has one, or none was made */
	struct gh_restore_ask ask;
};

/* ---- the roles ---------------------------------------------------------------------------------------------------------------- */

static bool only(const char *s, size_t n, const char *of) { return strnlen(s, n + 1) == n && strspn(s, of) == n; }

/* What a role says of a backup is printed and logged: nothing but what it can be. */
static bool plausible(const struct gh_restore_done *d, const char *step)
{
	bool first = strcmp(step, "read") == 0;
	const uint8_t *flag[] = { (const uint8_t *)&d->blobs, (const uint8_t *)&d->elsewhere,
				  (const uint8_t *)&d->is_signed, (const uint8_t *)&d->key_checked,
				  (const uint8_t *)&d->left_out };
	for (size_t i = 0; i < sizeof flag / sizeof *flag; i++)
		if (*flag[i] > 1)
			return false;
	return only(d->manifest, 64, "0123456789abcdef") && only(d->catalog, 32, "0123456789abcdef") &&
	       only(d->made, 20, "0123456789-:TZ") && (!first || d->log_size == 0);
}

static enum gh_rc failed(uint32_t code, struct gh_buf *text, struct gh_err *err)
{
	gh_buf_ch(text, '\0');
	if (text->full)
		return gh_fail(err, GH_E_BUG, "the process that reads the backup gave no reason");
	for (size_t i = 0; i + 1 < text->n; i++) /* names of the archive are in it: nothing a terminal obeys */
		if (text->p[i] < ' ' || text->p[i] == 0x7f)
			text->p[i] = '?';
	return gh_fail_line(err, code <= GH_E_EXISTS ? (enum gh_rc)code : GH_E_BUG, (const char *)text->p);
}

static enum gh_rc hear(struct restoring *r, int sock, const char *step, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(sizeof r->ask + 1);
	struct gh_call_head h;
	for (;;) {
		enum gh_rc rc = gh_call_recv(sock, &h, &text, NULL, -1, err);
		if (rc == GH_E_ABSENT) {
			*err = (struct gh_err){ 0 };
			return gh_fail(err, GH_E_BUG, "the process that reads the backup ended before it was done (%s)",
				       step);
		}
		if (rc != GH_OK)
			return rc;
		if (h.kind != GH_RESTORE_PROGRESS)
			break;
		if (r->how->progress != NULL)
			r->how->progress(r->how->arg, h.number);
	}
	if (h.kind == GH_RESTORE_ANSWER && h.code != GH_OK)
		return failed(h.code, &text, err);
	if (h.kind != GH_RESTORE_ANSWER || text.n != sizeof r->ask)
		return gh_fail(err, GH_E_BUG, "the process that reads the backup does not keep to the rules");
	struct gh_restore_ask *was = malloc(sizeof *was);
	if (was == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	*was = r->ask;
	memcpy(&r->ask, text.p, sizeof r->ask);
	r->ask.text[sizeof r->ask.text - 1] = '\0';
	bool good = plausible(&r->ask.done, step);
	if (good && strcmp(step, "read") != 0) { /* who opens the files has nothing to say about where they came from */
		good = strcmp(r->ask.done.manifest, was->done.manifest) == 0 &&
		       strcmp(r->ask.done.catalog, was->done.catalog) == 0 &&
		       r->ask.done.is_signed == was->done.is_signed && r->ask.done.key_checked == was->done.key_checked;
	}
	free(was);
	return good ? GH_OK : gh_fail(err, GH_E_BUG, "the process that reads the backup says what cannot be");
}

static enum gh_rc one_step(struct restoring *r, const char *step, int in, struct gh_span text, struct gh_err *err)
{
	char room[8192], tmp[GH_HOME_PATH + 48];
	const char *env[ENV] = { NULL };
	const char *argv[] = { step, r->path, NULL };
	const struct gh_os_fd more = { in, GH_RESTORE_ARCHIVE };
	const struct gh_call_head h = { .kind = 1 };
	pid_t pid;
	int sock;
	size_t n = 0;
	if (text.n >= sizeof r->ask.text || memchr(text.p == NULL ? (const uint8_t *)"" : text.p, 0, text.n) != NULL)
		return gh_fail(err, GH_E_MALFORMED, "the key or the URL is none");
	memset(r->ask.text, 0, sizeof r->ask.text);
	if (text.n > 0)
		memcpy(r->ask.text, text.p, text.n);
	if (strcmp(step, "move") == 0)
		n = gh_service_environment(env, ENV - 1, room, sizeof room);
	(void)snprintf(tmp, sizeof tmp, "SQLITE_TMPDIR=%s", r->path);
	env[n] = tmp;
	env[n + 1] = NULL;
	GH_TRY(gh_role_spawn("restore", argv, env, &more, in >= 0, true, &pid, &sock, err), err, "restore");
	enum gh_rc rc = gh_call_send(sock, &h, (struct gh_span){ (const uint8_t *)&r->ask, sizeof r->ask }, -1)
				? hear(r, sock, step, err)
				: gh_fail(err, GH_E_BUG, "the process that reads the backup ended before it was asked");
	(void)gh_role_end(&pid, &sock, rc == GH_OK ? END_MS : 0);
	return rc;
}

static enum gh_rc all_steps(struct restoring *r, int in, struct gh_err *err)
{
	char url[GH_HOME_VALUE];
	enum gh_rc rc = one_step(r, "read", in, r->how->key, err);
	if (rc == GH_OK && r->how->key.n > 0 && !r->ask.done.key_checked)
		rc = gh_fail(err, GH_E_BUG, "the signature was not checked");
	if (rc == GH_OK)
		rc = one_step(r, "look", -1,
			      r->how->database == NULL ? (struct gh_span){ 0 } : gh_span_str(r->how->database), err);
	if (rc != GH_OK || r->ask.text[0] == '\0')
		return rc;
	if (strlen(r->ask.text) >= sizeof url)
		return gh_fail(err, GH_E_BUG, "the process that reads the backup names a database that is none");
	memcpy(url, r->ask.text, strlen(r->ask.text) + 1);
	/* The words of a role: it may not name another server than the user or a checked backup did. */
	if (r->how->database != NULL ? strcmp(url, r->how->database) != 0 : !r->ask.done.key_checked)
		return gh_fail(err, GH_E_BUG, "the process that reads the backup names a database that nobody wants");
	rc = one_step(r, "move", -1, gh_span_str(url), err);
	if (rc != GH_OK && r->ask.done.left_out && r->how->database == NULL)
		return gh_fail(err, rc, "the database's password is not in a backup: give the URL with --database");
	return rc;
}

/* ---- what they left ------------------------------------------------------------------------------------------------------------- */

static int strange(const char *path, const struct stat *st, int what, struct FTW *at)
{
	bool dir = S_ISDIR(st->st_mode);
	(void)path;
	(void)at;
	if (what == FTW_NS || what == FTW_DNR || st->st_uid != geteuid() || (st->st_mode & 07077) != 0)
		return 1;
	return dir || (S_ISREG(st->st_mode) && st->st_nlink == 1) ? 0 : 1;
}

static int drop(const char *path, const struct stat *st, int what, struct FTW *at)
{
	(void)st;
	(void)what;
	(void)at;
	(void)remove(path);
	return 0;
}

static enum gh_rc look_over(const struct restoring *r, struct gh_err *err)
{
	int n = nftw(r->path, strange, DEPTH, FTW_PHYS);
	if (n < 0)
		return gh_fail_sys(err, errno, "the new home cannot be looked at");
	return n == 0 ? GH_OK : gh_fail(err, GH_E_BUG, "the process that read the backup left what no home holds");
}

/* ---- the new home ---------------------------------------------------------------------------------------------------------------- */

static enum gh_rc begin(struct restoring *r, struct gh_err *err)
{
	/* rmdir() says whether it is empty, and does no harm: an empty directory is made anew by the rename. */
	if (rmdir(r->how->home) != 0 && errno != ENOENT)
		return errno == ENOTEMPTY || errno == EEXIST
			       ? gh_fail(err, GH_E_EXISTS, "'%.100s' is not empty: restore into a new directory",
					 r->how->home)
			       : gh_fail_sys(err, errno, "'%.100s'", r->how->home);
	if ((size_t)snprintf(r->path, sizeof r->path, "%s.restoring-XXXXXX", r->how->home) >= sizeof r->path) {
		r->path[0] = '\0';
		return gh_fail(err, GH_E_LIMIT, "the path of the home is too long");
	}
	if (mkdtemp(r->path) != NULL)
		return GH_OK;
	r->path[0] = '\0';
	return gh_fail_sys(err, errno, "'%.100s' cannot be made", r->how->home);
}

static enum gh_rc into_place(struct restoring *r, struct gh_err *err)
{
	char parent[GH_HOME_PATH];
	/* Directories and files alike: nothing of it may be only in memory when the name appears. */
	int dir = open(r->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool good = dir >= 0 && syncfs(dir) == 0;
	int sys = errno;
	if (dir >= 0)
		(void)close(dir);
	if (!good)
		return gh_fail_sys(err, sys, "the new home cannot be made durable");
	if (renameat2(AT_FDCWD, r->path, AT_FDCWD, r->how->home, RENAME_NOREPLACE) != 0)
		return errno == EEXIST ? gh_fail(err, GH_E_EXISTS, "'%.100s' is there already", r->how->home)
				       : gh_fail_sys(err, errno, "'%.100s'", r->how->home);
	r->path[0] = '\0';
	(void)snprintf(parent, sizeof parent, "%s", r->how->home);
	char *slash = strrchr(parent, '/');
	if (slash == parent)
		slash++;
	if (slash != NULL)
		*slash = '\0';
	int fd = open(slash == NULL ? "." : parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	good = fd >= 0 && fsync(fd) == 0;
	sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return good ? GH_OK : gh_fail_sys(err, sys, "the name of the new home cannot be made durable");
}

enum gh_rc gh_restore_run(const struct gh_restoration *how, int in, struct gh_restore_done *done, struct gh_err *err)
{
	*done = (struct gh_restore_done){ 0 };
	struct restoring *r = calloc(1, sizeof *r);
	if (r == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	r->how = how;
	enum gh_rc rc = begin(r, err);
	if (rc == GH_OK)
		rc = all_steps(r, in, err);
	if (rc == GH_OK)
		rc = look_over(r, err);
	if (rc == GH_OK)
		rc = into_place(r, err);
	if (r->path[0] != '\0')
		(void)nftw(r->path, drop, DEPTH, FTW_DEPTH | FTW_PHYS);
	*done = r->ask.done;
	free(r);
	return rc;
}

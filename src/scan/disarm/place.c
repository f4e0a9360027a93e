#include "scan/disarm/place.h"

#include "crypto/digest.h"
#include "format/format.h"
#include "os/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	(void)remove(path);
	return 0;
}

static void remove_tree(const char *path) { (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS); }

/* ---- signals --------------------------------------------------------------------------------------------------- */

static void *watch(void *arg)
{
	struct gh_place *p = arg;
	sigset_t set = { 0 };
	int sig = 0;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if (sigwait(&set, &sig) != 0)
		return NULL;
	remove_tree(p->dir);
	(void)signal(sig, SIG_DFL);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	(void)raise(sig);
	_exit(128 + sig);
}

static void watch_begin(struct gh_place *p)
{
	sigset_t set;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, &p->was) != 0)
		return;
	p->watching = pthread_create(&p->watcher, NULL, watch, p) == 0;
	if (!p->watching)
		(void)pthread_sigmask(SIG_SETMASK, &p->was, NULL);
}

static void watch_end(struct gh_place *p)
{
	if (!p->watching)
		return;
	(void)pthread_cancel(p->watcher); /* sigwait() is where it waits, and a place to end */
	(void)pthread_join(p->watcher, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &p->was, NULL);
	p->watching = false;
}

/* ---- the directory ---------------------------------------------------------------------------------------------- */

enum gh_rc gh_place_open(struct gh_place *p, const char *out, bool force, struct gh_err *err)
{
	char a[GH_PLACE_MAX], b[GH_PLACE_MAX];
	struct stat st;
	*p = (struct gh_place){ 0 };
	size_t n = strlen(out);
	while (n > 1 && out[n - 1] == '/')
		n--;
	if (n == 0 || n + 64 > sizeof p->out)
		return gh_fail(err, GH_E_DENIED, "OUT is no name for a file");
	memcpy(p->out, out, n);
	memcpy(a, p->out, n + 1);
	memcpy(b, p->out, n + 1);
	const char *base = basename(a), *dir = dirname(b);
	if (strcmp(base, "/") == 0 || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return gh_fail(err, GH_E_DENIED, "OUT is no name for a file");
	if (lstat(p->out, &st) == 0 && !force)
		return gh_fail(err, GH_E_DENIED, "OUT exists; name another one, or say --force to have it replaced");
	int w = snprintf(p->dir, sizeof p->dir, "%s/.gatehouse-disarm-XXXXXX", dir);
	if (w < 0 || (size_t)w >= sizeof p->dir)
		return gh_fail(err, GH_E_DENIED, "OUT is too long a name");
	if (mkdtemp(p->dir) == NULL)
		return gh_fail_sys(err, errno, "a temporary directory in '%s'", gh_safe(gh_span_str(dir)).s);
	p->made = true;
	w = snprintf(p->root, sizeof p->root, "%s/%s", p->dir, base);
	if (w < 0 || (size_t)w >= sizeof p->root)
		return gh_fail(err, GH_E_DENIED, "OUT is too long a name");
	watch_begin(p);
	return GH_OK;
}

int gh_place_create(const struct gh_place *p, const char *rel, char *path, size_t cap)
{
	int n = snprintf(path, cap, "%s%s%s", p->root, rel[0] == '\0' ? "" : "/", rel);
	if (n < 0 || (size_t)n >= cap) {
		errno = ENAMETOOLONG;
		return -1;
	}
	for (char *s = path + strlen(p->dir) + 1; (s = strchr(s, '/')) != NULL; s++) {
		*s = '\0';
		if (mkdir(path, 0777) != 0 && errno != EEXIST)
			return -1;
		*s = '/';
	}
	return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static void sync_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)fsync(fd);
	(void)close(fd);
}

enum gh_rc gh_place_check(const struct gh_place *p, bool file, struct gh_err *err)
{
	struct stat st;
	if (lstat(p->out, &st) != 0)
		return GH_OK;
	if (S_ISDIR(st.st_mode) && file)
		return gh_fail(err, GH_E_DENIED,
			       "OUT is a directory and the result one file: --force does not remove a directory");
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode))
		return gh_fail(err, GH_E_DENIED, "OUT is a device, pipe or socket, which is not replaced");
	return GH_OK;
}

/* Would removing the old directory lose a file that the result does not bring? */
static enum gh_rc loses_nothing(const struct gh_place *p, struct gh_err *err)
{
	struct gh_os_tree tree = { 0 };
	struct stat st;
	enum gh_rc rc = GH_OK;
	if (lstat(p->out, &st) != 0 || !S_ISDIR(st.st_mode))
		return GH_OK;
	if (!gh_os_tree(p->out, &tree))
		return gh_fail_sys(err, errno, "the old OUT");
	for (size_t i = 0; rc == GH_OK && i < tree.n; i++) {
		char path[GH_PLACE_MAX * 2];
		(void)snprintf(path, sizeof path, "%s/%s", p->root, tree.v[i].name);
		if (lstat(path, &st) != 0)
			rc = gh_fail(err, GH_E_DENIED,
				     "OUT holds '%s', which the result does not have: --force would remove it. Name "
				     "another OUT, or empty this one first",
				     gh_safe(gh_span_str(tree.v[i].name)).s);
	}
	gh_os_tree_free(&tree);
	return rc;
}

enum gh_rc gh_place_commit(struct gh_place *p, struct gh_err *err)
{
	enum gh_rc rc = loses_nothing(p, err);
	if (rc != GH_OK)
		return rc;
	char old[GH_PLACE_MAX + 16], dir[GH_PLACE_MAX];
	(void)snprintf(old, sizeof old, "%s/.old", p->dir);
	bool aside = rename(p->out, old) == 0;
	if (!aside && errno != ENOENT)
		return gh_fail_sys(err, errno, "moving the old OUT aside");
	if (rename(p->root, p->out) != 0) {
		int sys = errno;
		if (aside)
			(void)rename(old, p->out);
		return gh_fail_sys(err, sys, "giving the result its name");
	}
	memcpy(dir, p->out, sizeof dir);
	sync_directory(dirname(dir));
	return GH_OK;
}

void gh_place_close(struct gh_place *p)
{
	watch_end(p);
	if (p->made)
		remove_tree(p->dir);
	p->made = false;
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

bool gh_place_copy(int from, int to, uint64_t size)
{
	uint64_t at = 0;
	static const size_t most = 1 << 20;
	uint8_t *buf = malloc(most);
	bool ok = buf != NULL;
	while (ok && at < size) {
		off_t off = (off_t)at;
		size_t want = size - at < (1u << 30) ? (size_t)(size - at) : 1u << 30;
		ssize_t n = copy_file_range(from, &off, to, NULL, want, 0);
		if (n <= 0) { /* not between these file systems */
			n = pread(from, buf, want < most ? want : most, (off_t)at);
			for (ssize_t done = 0; ok && done < n;) {
				ssize_t w = write(to, buf + done, (size_t)(n - done));
				ok = w > 0 || (w < 0 && errno == EINTR);
				done += w > 0 ? w : 0;
			}
		}
		if (n == 0)
			errno = ENODATA; /* it became shorter */
		ok = ok && n > 0;
		at += n > 0 ? (uint64_t)n : 0;
	}
	free(buf);
	return ok;
}

static void *digest(void *arg)
{
	struct gh_digest *d = arg;
	struct gh_sha256 *h = gh_sha256_new();
	uint8_t *buf = malloc(1 << 20);
	d->ok = h != NULL && buf != NULL && gh_sha256_start(h);
	for (uint64_t at = 0; d->ok;) {
		ssize_t n = pread(d->fd, buf, 1 << 20, (off_t)at);
		if (n == 0)
			break;
		d->ok = n > 0 && gh_sha256_add(h, (struct gh_span){ buf, (size_t)n });
		at += n > 0 ? (uint64_t)n : 0;
	}
	d->ok = d->ok && gh_sha256_hex(h, d->hex);
	gh_sha256_free(h);
	free(buf);
	return NULL;
}

void gh_digest_begin(struct gh_digest *d, int fd)
{
	*d = (struct gh_digest){ .fd = fd };
	d->running = pthread_create(&d->thread, NULL, digest, d) == 0;
}

bool gh_digest_end(struct gh_digest *d)
{
	if (!d->running)
		return false;
	(void)pthread_join(d->thread, NULL);
	d->running = false;
	return d->ok;
}

#include "audit/logio.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* One writer at a time holds the lock: one name for what is not finished is enough, and at most one file is left by a crash. */
static const char unfinished[] = ".unfinished";

static int sys_open(void *arg, int dir, const char *name, int flags, mode_t mode)
{
	(void)arg;
	return openat(dir, name, flags | O_CLOEXEC | O_NOFOLLOW, mode);
}
static ssize_t sys_write(void *arg, int fd, const void *p, size_t n)
{
	(void)arg;
	return write(fd, p, n);
}
static int sys_sync(void *arg, int fd)
{
	(void)arg;
	return fsync(fd);
}
static int sys_rename(void *arg, int dir, const char *from, const char *to)
{
	(void)arg;
	return renameat(dir, from, dir, to);
}
static int sys_mkdir(void *arg, int dir, const char *name, mode_t mode)
{
	(void)arg;
	return mkdirat(dir, name, mode);
}
static int sys_unlink(void *arg, int dir, const char *name, int flags)
{
	(void)arg;
	return unlinkat(dir, name, flags);
}
const struct gh_log_io gh_log_io_system = {
	.open = sys_open,
	.write = sys_write,
	.sync = sys_sync,
	.rename = sys_rename,
	.mkdir = sys_mkdir,
	.unlink = sys_unlink,
};

enum gh_rc gh_io_write_all(const struct gh_log_io *io, int fd, struct gh_span bytes, const char *what,
			   struct gh_err *err)
{
	for (size_t at = 0; at < bytes.n;) {
		ssize_t n = io->write(io->arg, fd, bytes.p + at, bytes.n - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return gh_fail_sys(err, n < 0 ? errno : EIO, "%s cannot be written", what);
		at += (size_t)n;
	}
	return GH_OK;
}

/* Every directory on the way to `name`. */
static bool make_parents(const struct gh_log_io *io, int dir, const char *name)
{
	char part[256];
	for (size_t i = 0; name[i] != '\0'; i++) {
		if (i >= sizeof part)
			return false;
		part[i] = '\0';
		if (name[i] == '/' && io->mkdir(io->arg, dir, part, 0700) != 0 && errno != EEXIST)
			return false;
		part[i] = name[i];
	}
	return true;
}

static enum gh_rc put_unfinished(const struct gh_log_io *io, int dir, const char *name, struct gh_span bytes,
				 bool durable, struct gh_err *err)
{
	int fd = io->open(io->arg, dir, unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s cannot be written", name);
	enum gh_rc rc = gh_io_write_all(io, fd, bytes, name, err);
	if (rc == GH_OK && !durable) /* on its way to the disk already when it is waited for later */
		(void)sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (rc == GH_OK && durable && io->sync(io->arg, fd) != 0)
		rc = gh_fail_sys(err, errno, "%s cannot be made durable", name);
	if (close(fd) != 0 && rc == GH_OK)
		rc = gh_fail_sys(err, errno, "%s cannot be written", name);
	return rc;
}

enum gh_rc gh_io_put(const struct gh_log_io *io, int dir, const char *name, struct gh_span bytes, bool durable,
		     struct gh_err *err)
{
	enum gh_rc rc = put_unfinished(io, dir, name, bytes, durable, err);
	if (rc == GH_OK && io->rename(io->arg, dir, unfinished, name) != 0 &&
	    (errno != ENOENT || !make_parents(io, dir, name) || io->rename(io->arg, dir, unfinished, name) != 0))
		rc = gh_fail_sys(err, errno, "%s cannot be put in its place", name);
	if (rc != GH_OK) {
		(void)io->unlink(io->arg, dir, unfinished, 0);
		return rc;
	}
	if (durable && io->sync(io->arg, dir) != 0)
		return gh_fail_sys(err, errno, "%s cannot be made durable: the directory", name);
	return GH_OK;
}

enum gh_rc gh_io_sync(const struct gh_log_io *io, int dir, const char *name, struct gh_err *err)
{
	int fd = io->open(io->arg, dir, name, O_RDONLY, 0);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s cannot be opened", name);
	int r = io->sync(io->arg, fd), sys = errno;
	close(fd);
	return r == 0 ? GH_OK : gh_fail_sys(err, sys, "%s cannot be made durable", name);
}

enum gh_rc gh_io_get(int dir, const char *name, size_t max, struct gh_buf *out, struct gh_err *err)
{
	uint8_t piece[16 << 10];
	size_t total = 0;
	ssize_t n;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? gh_fail(err, GH_E_ABSENT, "%s is not there", name)
							   : gh_fail_sys(err, errno, "%s cannot be opened", name);
	while ((n = read(fd, piece, sizeof piece)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		total += (size_t)n;
		if (total > max)
			break;
		gh_buf_put(out, piece, (size_t)n);
	}
	int sys = errno;
	close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "%s cannot be read", name);
	if (total > max)
		return gh_fail(err, GH_E_LIMIT, "%s is longer than the %zu bytes it may have", name, max);
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for %s", name) : GH_OK;
}

#include "cli/output.h"

#include <errno.h>
#include <string.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the file really is, once links are followed; a file that does not exist yet is where its name says. */
static const char *target_of(const char *path, char real[PATH_MAX])
{
	return realpath(path, real) != NULL ? real : path;
}

static enum gh_rc dir_of(const char *path, char dir[PATH_MAX], struct gh_err *err)
{
	char copy[PATH_MAX];
	if (strlen(path) >= sizeof copy)
		return gh_fail_sys(err, ENAMETOOLONG, "its name");
	memcpy(copy, path, strlen(path) + 1);
	(void)snprintf(dir, PATH_MAX, "%s", dirname(copy));
	return GH_OK;
}

static bool is_special(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

enum gh_rc gh_output_check(const char *path, struct gh_err *err)
{
	char real[PATH_MAX], dir[PATH_MAX];
	struct stat st;
	size_t n = strlen(path);
	if ((stat(path, &st) == 0 && S_ISDIR(st.st_mode)) || (n > 0 && path[n - 1] == '/'))
		return gh_fail(err, GH_E_IO, "is a directory, and a file is wanted");
	if (is_special(path))
		return access(path, W_OK) == 0 ? GH_OK : gh_fail_sys(err, errno, "cannot be written");
	GH_TRY(dir_of(target_of(path, real), dir, err), err, "cannot be written");
	if (stat(dir, &st) != 0)
		return gh_fail_sys(err, errno, "its directory cannot be used");
	if (!S_ISDIR(st.st_mode))
		return gh_fail_sys(err, ENOTDIR, "its directory cannot be used");
	if (access(dir, W_OK | X_OK) != 0)
		return gh_fail_sys(err, errno, "its directory cannot be written to");
	return GH_OK;
}

bool gh_output_same(const char *a, const char *b)
{
	struct stat sa, sb;
	return stat(a, &sa) == 0 && stat(b, &sb) == 0 && sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

/* Reports name their maker in their first or last lines. */
static bool is_report(const char *path)
{
	char buf[4096];
	bool found = false;
	FILE *f = fopen(path, "rbe");
	for (int end = 0; f != NULL && end < 2 && !found; end++) {
		if (end == 1 && fseek(f, -(long)sizeof buf, SEEK_END) != 0)
			break;
		size_t n = fread(buf, 1, sizeof buf, f);
		found = memmem(buf, n, "gatehouse", 9) != NULL || memmem(buf, n, "Gatehouse", 9) != NULL;
	}
	if (f != NULL)
		(void)fclose(f);
	return found;
}

bool gh_output_inside(const char *output, const char *dir)
{
	struct stat so, sd;
	if (stat(output, &so) != 0 || !S_ISREG(so.st_mode) || stat(dir, &sd) != 0 || !S_ISDIR(sd.st_mode))
		return false;
	char *o = realpath(output, NULL), *d = realpath(dir, NULL);
	size_t n = d == NULL ? 0 : strlen(d);
	bool inside = o != NULL && d != NULL && strncmp(o, d, n) == 0 && (o[n] == '/' || (n == 1 && d[0] == '/'));
	free(o);
	free(d);
	return inside && !is_report(output);
}

static bool write_all(int fd, struct gh_span doc)
{
	while (doc.n > 0) {
		ssize_t n = write(fd, doc.p, doc.n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		doc = gh_span_cut(doc, (size_t)n, doc.n);
	}
	return true;
}

static enum gh_rc write_directly(const char *path, struct gh_span doc, struct gh_err *err)
{
	int fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	bool ok = fd >= 0 && write_all(fd, doc);
	int sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return ok ? GH_OK : gh_fail_sys(err, sys, "cannot be written");
}

/* The mode the file has, or that open(2) would have given it. */
static mode_t mode_for(const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0)
		return st.st_mode & 0777;
	mode_t mask = umask(0);
	(void)umask(mask);
	return 0666 & ~mask;
}

enum gh_rc gh_output_write(const char *path, struct gh_span doc, struct gh_err *err)
{
	if (is_special(path))
		return write_directly(path, doc, err);
	char real[PATH_MAX], dir[PATH_MAX], temp[PATH_MAX];
	const char *target = target_of(path, real);
	GH_TRY(dir_of(target, dir, err), err, "cannot be written");
	int len = snprintf(temp, sizeof temp, "%s/.gatehouse-XXXXXX", dir);
	if (len < 0 || (size_t)len >= sizeof temp)
		return gh_fail_sys(err, ENAMETOOLONG, "its name");
	int fd = mkostemp(temp, O_CLOEXEC);
	if (fd < 0)
		return gh_fail_sys(err, errno, "no temporary file in its directory");
	bool ok = write_all(fd, doc) && fchmod(fd, mode_for(target)) == 0 && fsync(fd) == 0;
	int sys = errno;
	if (close(fd) != 0 && ok) {
		ok = false;
		sys = errno;
	}
	if (ok && rename(temp, target) != 0) {
		ok = false;
		sys = errno;
	}
	if (!ok) {
		(void)unlink(temp);
		return gh_fail_sys(err, sys, "cannot be written");
	}
	return GH_OK;
}

#include "scan/advisories.h"

#include "crypto/signed.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHIPPED_MAX = 192 << 20 };

enum gh_rc gh_read_whole(const char *path, size_t max, struct gh_buf *out, struct gh_err *err)
{
	struct stat st;
	uint8_t chunk[64 << 10];
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return gh_fail_sys(err, errno, "cannot be opened");
	ssize_t n = 0;
	while (!out->full && out->n <= max && (n = read(fd, chunk, sizeof chunk)) > 0)
		gh_buf_put(out, chunk, (size_t)n);
	int sys = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, sys, "cannot be read");
	return out->full || out->n > max ? gh_fail(err, GH_E_LIMIT, "larger than %zu MiB", max >> 20) : GH_OK;
}

bool gh_home(char *out, size_t cap)
{
	const char *home = getenv("GATEHOUSE_HOME"), *user = getenv("HOME");
	int n;
	if (home != NULL && home[0] != '\0')
		n = snprintf(out, cap, "%s", home);
	else if (geteuid() == 0)
		n = snprintf(out, cap, "/var/lib/gatehouse");
	else if (user != NULL && user[0] == '/')
		n = snprintf(out, cap, "%s/.local/share/gatehouse", user);
	else
		n = -1;
	return n > 0 && (size_t)n < cap;
}

static bool imported_path(char *out, size_t cap)
{
	char home[400];
	out[0] = '\0';
	if (!gh_home(home, sizeof home))
		return false;
	int n = snprintf(out, cap, "%s/advisories.db", home);
	return n > 0 && (size_t)n < cap;
}

/* Beside the program, else where installing puts it. */
static bool shipped_path(char *out, size_t cap)
{
	static const char *const places[] = { "advisories.ghd", "../share/gatehouse/advisories.ghd" };
	char self[400];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash == NULL)
		return false;
	slash[1] = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		int k = snprintf(out, cap, "%s%s", self, places[i]);
		if (k < 0 || (size_t)k >= cap)
			return false;
		if (access(out, F_OK) == 0)
			return true;
	}
	(void)snprintf(out, cap, "%s%s", self, places[0]);
	return false;
}

static enum gh_rc load_shipped(struct gh_advisories *a, struct gh_buf *file, struct gh_span *db, struct gh_err *err)
{
	struct gh_signed s;
	struct gh_advdb check;
	if (!shipped_path(a->shipped_path, sizeof a->shipped_path))
		return gh_fail(err, GH_E_IO, "%s is missing: build or install Gatehouse again", a->shipped_path);
	GH_TRY(gh_read_whole(a->shipped_path, SHIPPED_MAX, file, err), err, "%s", a->shipped_path);
	GH_TRY(gh_signed_open_release(gh_buf_view(file), "advisories", &s, err), err, "%s", a->shipped_path);
	GH_TRY(gh_advdb(s.payload, &check, err), err, "%s", a->shipped_path);
	memcpy(a->key, s.key, sizeof a->key);
	*db = s.payload;
	a->shipped = true;
	return GH_OK;
}

static enum gh_rc load_imported(struct gh_advisories *a, struct gh_buf *file, struct gh_span *db, struct gh_err *err)
{
	struct stat st;
	struct gh_advdb check;
	if (!imported_path(a->imported_path, sizeof a->imported_path) || stat(a->imported_path, &st) != 0)
		return GH_OK;
	GH_TRY(gh_read_whole(a->imported_path, GH_ADVDB_MAX, file, err), err, "%s", a->imported_path);
	if (gh_advdb(gh_buf_view(file), &check, err) != GH_OK || !gh_advdb_sound(&check))
		return gh_fail(err, GH_E_MALFORMED, "%s is broken: remove it and import again", a->imported_path);
	a->imported_time = (uint64_t)st.st_mtim.tv_sec;
	*db = gh_buf_view(file);
	a->imported = true;
	return GH_OK;
}

enum gh_rc gh_advisories_load(struct gh_advisories *a, struct gh_err *err)
{
	gh_auto_buf one = gh_buf((size_t)SHIPPED_MAX + (64 << 10)), two = gh_buf((size_t)GH_ADVDB_MAX + (64 << 10));
	struct gh_span db[GH_ADVSET_MAX] = { { 0 } };
	*a = (struct gh_advisories){ .set = gh_buf((size_t)2 * GH_ADVDB_MAX + 4096) };
	enum gh_rc rc = load_shipped(a, &one, &db[0], err);
	if (rc != GH_OK)
		return rc;
	struct gh_err imported = { 0 };
	if (load_imported(a, &two, &db[1], &imported) != GH_OK)
		(void)gh_err_line(&imported, a->lost, sizeof a->lost);
	gh_advset_write(db, a->imported ? 2 : 1, &a->set);
	if (a->set.full || !gh_advset(gh_buf_view(&a->set), &a->db))
		return gh_fail(err, GH_E_NOMEM, "no memory for the advisories");
	const char *date = a->db.db[0].date;
	if (a->imported && strcmp(a->db.db[1].date, date) > 0)
		date = a->db.db[1].date;
	int n = snprintf(a->with, sizeof a->with, "advisories of %.10s: %u shipped", date, a->db.db[0].nrecord);
	if (a->imported && n > 0)
		(void)snprintf(a->with + n, sizeof a->with - (size_t)n, ", %u imported (not signed)",
			       a->db.db[1].nrecord);
	return GH_OK;
}

void gh_advisories_free(struct gh_advisories *a)
{
	gh_buf_free(&a->set);
	a->db.n = 0;
}

/* mkdir -p */
static bool make_dirs(const char *path)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n >= sizeof part)
		return false;
	memcpy(part, path, n + 1);
	for (size_t i = 1; i <= n; i++) {
		if (part[i] != '/' && part[i] != '\0')
			continue;
		char was = part[i];
		part[i] = '\0';
		if (mkdir(part, 0755) != 0 && errno != EEXIST)
			return false;
		part[i] = was;
	}
	return true;
}

enum gh_rc gh_advisories_keep(struct gh_span db, struct gh_err *err)
{
	char home[400], path[512], temp[544];
	if (!gh_home(home, sizeof home) || !imported_path(path, sizeof path))
		return gh_fail(err, GH_E_IO, "there is no home directory: set GATEHOUSE_HOME");
	if (!make_dirs(home))
		return gh_fail_sys(err, errno, "%s cannot be made", home);
	(void)snprintf(temp, sizeof temp, "%s.%ld.new", path, (long)getpid());
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s", temp);
	bool ok = true;
	for (size_t at = 0; ok && at < db.n;) {
		ssize_t n = write(fd, db.p + at, db.n - at);
		ok = n > 0 || (n < 0 && errno == EINTR);
		at += n > 0 ? (size_t)n : 0;
	}
	ok = ok && fsync(fd) == 0;
	int sys = errno;
	if (close(fd) != 0 || !ok || rename(temp, path) != 0) {
		sys = ok ? errno : sys;
		(void)unlink(temp);
		return gh_fail_sys(err, sys, "%s cannot be written", path);
	}
	return GH_OK;
}

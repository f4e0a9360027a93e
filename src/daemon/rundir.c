#include "daemon/rundir.h"

#include "os/call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { WEEK = 7 * 24 * 3600, PAUSE_MS = 20 };
#define SOCK "engine.sock"

static bool path_of(const char *home, const struct gh_id *id, char out[GH_HOME_PATH + 32])
{
	return snprintf(out, GH_HOME_PATH + 32, "%s/run/d/%.*s", home, GH_RUN_ID, id->s) < GH_HOME_PATH + 32;
}

int gh_rundir_open(const char *home, const struct gh_id *id)
{
	char path[GH_HOME_PATH + 32];
	return path_of(home, id, path) ? open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : -1;
}

/* The directory of engine.sock: this one where its path is short enough, else one in /tmp. */
static bool socket_dir(const char *path, char out[GH_RUN_PATH])
{
	size_t n = strlen(path);
	if (n + sizeof SOCK < GH_RUN_PATH) {
		memcpy(out, path, n + 1);
		return true;
	}
	(void)snprintf(out, GH_RUN_PATH, "/tmp/gatehouse-XXXXXX");
	return mkdtemp(out) != NULL;
}

static void remove_socket(int dir)
{
	char at[GH_RUN_PATH + 16];
	ssize_t n = readlinkat(dir, "socket", at, GH_RUN_PATH - 1);
	if (n > 0) {
		at[n] = '\0';
		bool elsewhere = strncmp(at, "/tmp/gatehouse-", 15) == 0;
		size_t len = (size_t)n;
		(void)snprintf(at + len, sizeof at - len, "/" SOCK);
		(void)unlink(at);
		at[len] = '\0';
		if (elsewhere)
			(void)rmdir(at);
	}
	(void)unlinkat(dir, "socket", 0);
}

enum gh_rc gh_rundir_make(const char *home, const struct gh_id *id, int *dir, int *lock, char socket[GH_RUN_PATH],
			  struct gh_err *err)
{
	char path[GH_HOME_PATH + 32], up[GH_HOME_PATH + 32], pid[24];
	*dir = *lock = -1;
	if (!path_of(home, id, path))
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	(void)snprintf(up, sizeof up, "%s", path);
	*strrchr(up, '/') = '\0';
	(void)mkdir(up, 0700);
	(void)mkdir(path, 0700);
	*dir = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*dir < 0)
		return gh_fail_sys(err, errno, "%s", path);
	*lock = openat(*dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*lock < 0 || flock(*lock, LOCK_EX | LOCK_NB) != 0)
		return gh_fail_sys(err, errno, "%s/lock", path);
	int n = snprintf(pid, sizeof pid, "%d\n", (int)getpid());
	if (ftruncate(*lock, 0) != 0 || pwrite(*lock, pid, (size_t)n, 0) != n)
		return gh_fail_sys(err, errno, "%s/lock", path);
	remove_socket(*dir);
	(void)unlinkat(*dir, "ctl", 0);
	if (!socket_dir(path, socket) || symlinkat(socket, *dir, "socket") != 0)
		return gh_fail_sys(err, errno, "%s/socket", path);
	return GH_OK;
}

void gh_rundir_leave(int dir)
{
	remove_socket(dir);
	(void)unlinkat(dir, "ctl", 0);
}

bool gh_rundir_alive(const char *home, const struct gh_id *id)
{
	int dir = gh_rundir_open(home, id);
	int lock = dir < 0 ? -1 : openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	bool alive = lock >= 0 && flock(lock, LOCK_SH | LOCK_NB) != 0;
	if (lock >= 0)
		(void)close(lock);
	if (dir >= 0)
		(void)close(dir);
	return alive;
}

bool gh_rundir_socket(const char *home, const struct gh_id *id, char out[GH_RUN_PATH])
{
	int dir = gh_rundir_open(home, id);
	ssize_t n = dir < 0 ? -1 : readlinkat(dir, "socket", out, GH_RUN_PATH - sizeof SOCK - 1);
	if (dir >= 0)
		(void)close(dir);
	if (n <= 0)
		return false;
	memcpy(out + n, "/" SOCK, sizeof SOCK + 1);
	return true;
}

enum gh_rc gh_rundir_ask(const char *home, const struct gh_id *id, enum gh_run_say what, struct gh_buf *answer,
			 struct gh_err *err)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct gh_call_head h = { .kind = what, .number = 1 };
	gh_auto_buf none = gh_buf(GH_CALL_TEXT);
	int dir = gh_rundir_open(home, id), sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	enum gh_rc rc = GH_E_ABSENT;
	if (dir >= 0 && sock >= 0) {
		(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/ctl", dir);
		if (connect(sock, (const struct sockaddr *)&a, sizeof a) == 0 &&
		    gh_call_send(sock, &h, (struct gh_span){ 0 }, -1))
			rc = gh_call_recv(sock, &h, answer != NULL ? answer : &none, NULL, GH_RUN_CALL_MS, err);
	}
	if (dir >= 0)
		(void)close(dir);
	if (sock >= 0)
		(void)close(sock);
	return rc == GH_OK ? rc : gh_fail(err, rc, "the deployment's supervisor does not answer");
}

static pid_t owner(const char *home, const struct gh_id *id)
{
	char text[24] = "";
	int dir = gh_rundir_open(home, id);
	int lock = dir < 0 ? -1 : openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = lock < 0 ? -1 : read(lock, text, sizeof text - 1);
	if (lock >= 0)
		(void)close(lock);
	if (dir >= 0)
		(void)close(dir);
	return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static bool gone_within(const char *home, const struct gh_id *id, unsigned ms)
{
	struct timespec from, now;
	(void)clock_gettime(CLOCK_MONOTONIC, &from);
	do {
		if (!gh_rundir_alive(home, id))
			return true;
		(void)poll(NULL, 0, PAUSE_MS);
		(void)clock_gettime(CLOCK_MONOTONIC, &now);
	} while ((now.tv_sec - from.tv_sec) * 1000 + (now.tv_nsec - from.tv_nsec) / 1000000 < (long)ms);
	return false;
}

bool gh_rundir_wait_end(const char *home, const struct gh_id *id, unsigned ms)
{
	if (gone_within(home, id, ms))
		return true;
	/* The lock is held, so the id is that of who holds it, and of nobody who came later. */
	pid_t pid = owner(home, id);
	int fd = pid > 1 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (fd >= 0 && gh_rundir_alive(home, id))
		(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	if (fd >= 0)
		(void)close(fd);
	return gone_within(home, id, 2000);
}

void gh_rundir_append(int dir, const char *name, struct gh_span bytes)
{
	enum { HALF = GH_RUN_FILE_MAX / 2 };
	struct stat st;
	int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (bytes.n > HALF)
		bytes = gh_span_cut(bytes, bytes.n - HALF, bytes.n);
	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && st.st_size + (off_t)bytes.n > GH_RUN_FILE_MAX) {
		char *keep = malloc(HALF);
		ssize_t n = keep == NULL ? -1 : pread(fd, keep, HALF, st.st_size - HALF);
		st.st_size = n > 0 && ftruncate(fd, 0) == 0 ? pwrite(fd, keep, (size_t)n, 0) : 0;
		free(keep);
	}
	/* What does not fit on the disk is lost: a full disk ends no deployment. */
	if (pwrite(fd, bytes.p, bytes.n, st.st_size) < 0 && ftruncate(fd, st.st_size) != 0)
		errno = 0;
	(void)close(fd);
}

static void remove_old(int up, const char *name, int64_t now)
{
	static const char *const files[] = { "log", "attempts", "ctl", "lock" };
	struct stat st;
	int dir = openat(up, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int lock = dir < 0 ? -1 : openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (lock >= 0 && fstat(dir, &st) == 0 && st.st_mtime < now - WEEK && flock(lock, LOCK_EX | LOCK_NB) == 0) {
		remove_socket(dir);
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			(void)unlinkat(dir, files[i], 0);
		(void)unlinkat(up, name, AT_REMOVEDIR);
	}
	if (lock >= 0)
		(void)close(lock);
	if (dir >= 0)
		(void)close(dir);
}

void gh_rundir_sweep(const char *home, int64_t now)
{
	char path[GH_HOME_PATH + 8];
	(void)snprintf(path, sizeof path, "%s/run/d", home);
	DIR *d = opendir(path);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;)
		if (strlen(e->d_name) == GH_RUN_ID)
			remove_old(dirfd(d), e->d_name, now);
	if (d != NULL)
		(void)closedir(d);
}

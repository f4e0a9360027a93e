#include "os/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Is it a descriptor that the child gets? */
static bool given(const struct gh_os_fd *map, size_t n, int fd)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].to == fd)
			return true;
	return false;
}

static int only_these(posix_spawn_file_actions_t *act, const struct gh_os_fd *map, size_t n, bool keep_stderr)
{
	/* A detour above every source and every target, so that none overwrites another. */
	int e = 0, high = STDERR_FILENO + 1, last = STDERR_FILENO;
	for (size_t i = 0; i < n; i++) {
		last = map[i].to > last ? map[i].to : last;
		high = map[i].from >= high ? map[i].from + 1 : high;
	}
	high = last >= high ? last + 1 : high;
	for (size_t i = 0; e == 0 && i < n; i++)
		e = posix_spawn_file_actions_adddup2(act, map[i].from, high + (int)i);
	for (int i = 0; e == 0 && i < (keep_stderr ? STDERR_FILENO : STDERR_FILENO + 1); i++)
		e = posix_spawn_file_actions_addopen(act, i, "/dev/null", O_RDWR, 0);
	for (size_t i = 0; e == 0 && i < n; i++)
		e = posix_spawn_file_actions_adddup2(act, high + (int)i, map[i].to);
	/* Ours are closed by exec, but not what whoever started us left open. */
	for (int fd = STDERR_FILENO + 1; e == 0 && fd <= last; fd++)
		if (!given(map, n, fd))
			e = posix_spawn_file_actions_addclose(act, fd);
	return e == 0 ? posix_spawn_file_actions_addclosefrom_np(act, last + 1) : e;
}

int gh_os_spawn(const char *path, char *const argv[], char *const env[], const struct gh_os_fd *map, size_t n,
		bool keep_stderr, pid_t *pid)
{
	static char *const no_env[] = { NULL };
	posix_spawn_file_actions_t act;
	posix_spawnattr_t attr;
	sigset_t none;
	int e = posix_spawn_file_actions_init(&act);
	if (e != 0)
		return e;
	e = posix_spawnattr_init(&attr);
	if (e != 0) {
		(void)posix_spawn_file_actions_destroy(&act);
		return e;
	}
	(void)sigemptyset(&none);
	e = posix_spawnattr_setsigmask(&attr, &none);
	if (e == 0)
		e = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	if (e == 0)
		e = only_these(&act, map, n, keep_stderr);
	if (e == 0)
		e = posix_spawn(pid, path, &act, &attr, argv, env != NULL ? env : no_env);
	(void)posix_spawnattr_destroy(&attr);
	(void)posix_spawn_file_actions_destroy(&act);
	return e;
}

bool gh_os_sibling(const char *name, char *out, size_t cap)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return false;
	self[n] = '\0';
	char *slash = strrchr(self, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	static const char *const where[] = { "", "/../libexec/gatehouse" };
	for (size_t i = 0; i < 2; i++)
		if ((size_t)snprintf(out, cap, "%s%s/%s", self, where[i], name) < cap && access(out, X_OK) == 0)
			return true;
	return false;
}

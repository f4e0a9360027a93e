#include "os/role.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ARGS = 16 };

enum gh_rc gh_role_spawn(const char *name, const char *const *argv, const char *const *env, const struct gh_os_fd *more,
			 size_t n, bool keep_stderr, pid_t *pid, int *sock, struct gh_err *err)
{
	const char *args[ARGS] = { "gatehouse", "--role", name };
	struct gh_os_fd map[GH_ROLE_FDS];
	int pair[2];
	size_t k = 3;
	*pid = 0;
	*sock = -1;
	for (; argv != NULL && *argv != NULL && k < ARGS - 1; argv++)
		args[k++] = *argv;
	if (n >= GH_ROLE_FDS || (argv != NULL && *argv != NULL))
		return gh_fail(err, GH_E_BUG, "too much is handed to the role %s", name);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return gh_fail_sys(err, errno, "a socket for the role %s", name);
	map[0] = (struct gh_os_fd){ pair[1], GH_ROLE_SOCK };
	for (size_t i = 0; i < n; i++)
		map[i + 1] = more[i];
#ifdef GH_TEST_HOOKS
	/* Faults of the disk in every role, those without an environment too: script/test-faults. */
	char preload[512];
	const char *const hooked[] = { preload, NULL }, *faults = getenv("LD_PRELOAD");
	if (env == NULL && faults != NULL &&
	    (size_t)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", faults) < sizeof preload)
		env = hooked;
#endif
	/* exec takes them without const, and writes to none. */
	int e = gh_os_spawn("/proc/self/exe", (char *const *)(size_t)args, (char *const *)(size_t)env, map, n + 1,
			    keep_stderr, pid);
	(void)close(pair[1]);
	if (e != 0) {
		(void)close(pair[0]);
		*pid = 0;
		return gh_fail_sys(err, e, "the role %s cannot be started", name);
	}
	*sock = pair[0];
	return GH_OK;
}

int gh_role_end(pid_t *pid, int *sock, unsigned wait_ms)
{
	int status = 0;
	if (*sock >= 0)
		(void)close(*sock);
	*sock = -1;
	if (*pid <= 0)
		return 0;
	int fd = (int)syscall(SYS_pidfd_open, *pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int n = fd >= 0 && wait_ms > 0 ? poll(&p, 1, (int)wait_ms) : 0;
	if (n <= 0)
		(void)kill(*pid, SIGKILL);
	while (waitpid(*pid, &status, 0) < 0 && errno == EINTR)
		;
	if (fd >= 0)
		(void)close(fd);
	*pid = 0;
	return status;
}

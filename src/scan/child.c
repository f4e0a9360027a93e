#include "scan/child.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "os/ipc.h"
#include "scan/proto.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum gh_rc gh_child_start(const char *worker, char *const argv[], const struct gh_os_fd *more, size_t n, pid_t *pid,
			  int *sock, struct gh_err *err)
{
	struct gh_os_fd map[1 + GH_CHILD_FDS];
	int sp[2];
	char path[4096];
	*pid = 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sp) != 0)
		return gh_fail_sys(err, errno, "socket pair for a worker");
	if (worker != NULL)
		(void)snprintf(path, sizeof path, "%s", worker);
	else if (!gh_os_sibling("gatehouse-worker", path, sizeof path))
		(void)snprintf(path, sizeof path, "gatehouse-worker");
	map[0] = (struct gh_os_fd){ sp[1], GH_WORKER_SOCK };
	n = n <= GH_CHILD_FDS ? n : GH_CHILD_FDS;
	for (size_t i = 0; i < n; i++)
		map[1 + i] = more[i];
	int e = gh_os_spawn(path, argv, NULL, map, 1 + n, false, pid);
	(void)close(sp[1]);
	if (e != 0) {
		(void)close(sp[0]);
		*pid = 0;
		return gh_fail_sys(err, e, "cannot start %s", path);
	}
	*sock = sp[0];
	return GH_OK;
}

/* To start takes its time on a busy machine, however little a file may take. */
enum { READY_LEAST = 3 };

/* Is there something to receive before the time is up? Signals do not prolong it. */
static bool heard_of(int sock, unsigned seconds)
{
	int64_t deadline = gh_child_now_ms() + (int64_t)seconds * 1000;
	struct pollfd w = { .fd = sock, .events = POLLIN };
	for (;;) {
		int64_t left = deadline - gh_child_now_ms();
		int n = poll(&w, 1, left <= 0 ? 0 : left < INT_MAX ? (int)left : INT_MAX);
		if (n > 0 || (n < 0 && errno != EINTR))
			return true; /* a socket that cannot be waited for is told by the reading of it */
		if (left <= 0)
			return false;
	}
}

enum gh_rc gh_child_ready(int sock, unsigned seconds, struct gh_err *err)
{
	struct gh_packet p;
	seconds = seconds > READY_LEAST ? seconds : READY_LEAST;
	if (!heard_of(sock, seconds))
		return gh_fail(err, GH_E_LIMIT,
			       "the worker did not say within %u s (--limit-time) that it is locked down; "
			       "is this machine overloaded, or the program not the one of this gatehouse?",
			       seconds);
	ssize_t n = gh_ipc_recv(sock, &p, sizeof p, NULL, MSG_DONTWAIT);
	if (n < (ssize_t)sizeof p.m || p.m.kind != GH_FROM_READY || p.m.len != (size_t)n - sizeof p.m)
		return gh_fail(err, GH_E_DENIED,
			       "the worker ended before it was locked down; "
			       "this kernel may lack seccomp, or the program does not match this gatehouse");
	if (p.m.len != 0)
		return gh_fail(err, GH_E_DENIED, "the worker could not lock itself down: %.*s", (int)p.m.len, p.text);
	return GH_OK;
}

/* It may only have closed its socket: make sure that it ends. */
static int reap(pid_t *pid, int *sock)
{
	int st = 0;
	(void)close(*sock);
	(void)kill(*pid, SIGKILL);
	while (waitpid(*pid, &st, 0) < 0 && errno == EINTR)
		;
	*pid = 0;
	*sock = -1;
	return st;
}

void gh_child_stop(pid_t *pid, int *sock)
{
	if (*pid != 0)
		(void)reap(pid, sock);
}

const char *gh_child_obituary(pid_t *pid, int *sock, char *buf, size_t cap)
{
	int st = reap(pid, sock);
	if (WIFSIGNALED(st) && WTERMSIG(st) == SIGSYS)
		(void)snprintf(buf, cap, "it tried a system call that it must not make, and was killed");
	else if (WIFSIGNALED(st) && WTERMSIG(st) != SIGKILL)
		(void)snprintf(buf, cap, "signal %d (%s)", WTERMSIG(st), strsignal(WTERMSIG(st)));
	else if (WIFEXITED(st))
		(void)snprintf(buf, cap, "exit status %d", WEXITSTATUS(st));
	else
		(void)snprintf(buf, cap, "killed");
	return buf;
}

const char *gh_child_text(struct gh_arena *a, struct gh_span s)
{
	/* A worker sends text that is safe to print. One that was taken over may not: make sure. */
	gh_auto_buf b = gh_buf(2 * GH_MSG_TEXT);
	bool fine = true;
	for (size_t i = 0; i < s.n && fine;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next((struct gh_span){ s.p + i, s.n - i }, &cp);
		fine = n != 0 && !gh_utf8_deceptive(cp);
		i += n;
	}
	if (!fine) {
		gh_buf_safe(&b, s, GH_MSG_TEXT);
		s = gh_buf_view(&b);
	}
	struct gh_span kept = gh_keep(a, s);
	return kept.p == NULL ? "" : (const char *)kept.p;
}

int64_t gh_child_now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

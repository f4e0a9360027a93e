/* engine_lock_probe WALLS CALL: locks itself down as gatehouse-engine does and tries one system call. Prints what came of it; a call that ends the process
 * prints nothing. WALLS: on | watched (behind a filter that answers E2BIG, as a listener would answer) | threads | off. For tests/e2e/test_engine.py. */
#include "os/engine_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static long refused(long r) { return r < 0 ? -errno : r; }

static long do_socket(void) { return refused(socket(AF_UNIX, SOCK_STREAM, 0)); }
static long do_connect(void) { return refused(connect(0, NULL, 0)); }
static long do_exec(void) { return refused(syscall(SYS_execve, "/bin/true", NULL, NULL)); }
static long do_ptrace(void) { return refused(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static long do_open(void) { return refused(open("/etc/passwd", O_RDONLY)); }
static long do_fork(void) { return refused(syscall(SYS_fork)); }
static long do_clone(void) { return refused(syscall(SYS_clone, 17, NULL, NULL, NULL, NULL)); }
static long do_clone3(void)
{
	struct clone_args a = { .exit_signal = 17 };
	return refused(syscall(SYS_clone3, &a, sizeof a));
}
static long do_memfd(void) { return refused(syscall(SYS_memfd_create, "x", 0)); }
static long do_kill(void) { return refused(syscall(SYS_kill, getppid(), 0)); }
static long do_tgkill(void) { return refused(syscall(SYS_tgkill, getppid(), getppid(), 0)); }
static long do_unlink(void) { return refused(unlink("/nonexistent")); }
static long do_sendmsg(void)
{
	struct msghdr m = { 0 };
	return refused(sendmsg(0, &m, 0));
}
static long do_ioctl(void) { return refused(syscall(SYS_ioctl, 0, 0x5412, "x")); }
static long do_mmap_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? -errno : 1;
}
static long do_mprotect_exec(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return p == MAP_FAILED ? 1 : refused(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static long do_memory(void)
{
	return mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -errno : 0;
}

static void *nothing(void *arg) { return arg; }
static long do_thread(void)
{
	pthread_t t;
	return -pthread_create(&t, NULL, nothing, NULL);
}

static const struct {
	const char *name;
	long (*call)(void);
} calls[] = {
	{ "socket", do_socket },
	{ "connect", do_connect },
	{ "exec", do_exec },
	{ "ptrace", do_ptrace },
	{ "open", do_open },
	{ "fork", do_fork },
	{ "clone", do_clone },
	{ "clone3", do_clone3 },
	{ "memfd", do_memfd },
	{ "kill", do_kill },
	{ "tgkill", do_tgkill },
	{ "unlink", do_unlink },
	{ "sendmsg", do_sendmsg },
	{ "ioctl", do_ioctl },
	{ "mmap-exec", do_mmap_exec },
	{ "memory", do_memory },
	{ "mprotect-exec", do_mprotect_exec },
	{ "thread", do_thread },
};

/* Stands for the jail's filter with its listener. */
static bool outer_filter(void)
{
	static const int asked[] = { SCMP_SYS(socket), SCMP_SYS(connect), SCMP_SYS(execve), SCMP_SYS(ptrace),
				     SCMP_SYS(openat) };
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ALLOW);
	bool ok = c != NULL && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	for (size_t i = 0; ok && i < sizeof asked / sizeof *asked; i++)
		ok = seccomp_rule_add(c, SCMP_ACT_ERRNO(E2BIG), asked[i], 0) == 0;
	return ok && seccomp_load(c) == 0;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	bool watched = strcmp(argv[1], "watched") == 0, off = strcmp(argv[1], "off") == 0;
	struct gh_engine_walls w = { .threads = strcmp(argv[1], "threads") == 0 ? 2 : 1, .watched = watched };
	if (watched && !outer_filter())
		return 2;
	const char *layer = off ? NULL : gh_engine_lock_down(&w);
	if (layer != NULL) {
		printf("%s\n", layer);
		return 2;
	}
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, argv[2]) == 0) {
			long r = calls[i].call();
			char text[64];
			int n = snprintf(text, sizeof text, "%s\n", r < 0 ? strerrorname_np((int)-r) : "done");
			return write(1, text, (size_t)n) == n ? 0 : 2;
		}
	return 64;
}

#include "scan/worker_probe.h"

#ifdef GH_TEST_HOOKS
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Each attempt returns when it was refused and never when it killed us. What succeeded ends in exit status 99. */
static long try_open(void) { return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY); }
static long try_create(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp/gatehouse-escaped", O_CREAT | O_WRONLY, 0600);
}
static long try_socket(void) { return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); }
static long try_exec(void)
{
	char *const argv[] = { (char *)"/bin/true", NULL };
	return syscall(SYS_execve, "/bin/true", argv, argv + 1);
}
static long try_fork(void) { return syscall(SYS_fork); }
static long try_clone(void) { return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }
static long try_ptrace(void) { return syscall(SYS_ptrace, PTRACE_TRACEME, 0, 0, 0); }
static long try_kill(void) { return syscall(SYS_kill, syscall(SYS_getppid), 0); }
static long try_kill_any(void) { return syscall(SYS_kill, 1, 0); }
static long try_mmap_exec(void)
{
	return syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static long try_mprotect(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return syscall(SYS_mprotect, p, 4096, PROT_READ | PROT_EXEC);
}
static long try_prctl(void) { return syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0); }
static long try_io_uring(void) { return syscall(SYS_io_uring_setup, 1, 0); }
static long try_memory(void) /* more than the limit: refused, not killed */
{
	return mmap(NULL, (size_t)1 << 32, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		       ? -1
		       : 0;
}
static long try_hang(void)
{
	for (volatile int on = 1; on;)
		;
	return -1;
}
static long try_crash(void)
{
	volatile uintptr_t nowhere = 8; /* volatile: a constant address is an error to the compiler */
	*(volatile char *)nowhere = 1;
	return 0;
}

static const struct {
	const char *name;
	long (*attempt)(void);
} probes[] = {
	{ "open", try_open },		{ "create", try_create },     { "socket", try_socket },
	{ "exec", try_exec },		{ "fork", try_fork },	      { "clone", try_clone },
	{ "ptrace", try_ptrace },	{ "kill-parent", try_kill },  { "kill-any", try_kill_any },
	{ "mmap-exec", try_mmap_exec }, { "mprotect", try_mprotect }, { "prctl", try_prctl },
	{ "io_uring", try_io_uring },	{ "memory", try_memory },     { "hang", try_hang },
	{ "crash", try_crash },
};

void gh_worker_probe(const char *name)
{
	static const char prefix[] = "gatehouse-probe-";
	const char *at = strstr(name, prefix);
	if (at == NULL)
		return;
	for (size_t i = 0; i < sizeof probes / sizeof *probes; i++)
		if (strcmp(at + sizeof prefix - 1, probes[i].name) == 0)
			_exit(probes[i].attempt() < 0 ? 98 : 99); /* 98: refused; 99: it worked, which must not be */
}
#endif

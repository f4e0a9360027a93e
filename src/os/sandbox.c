#include "os/sandbox.h"

#include <errno.h>
#include <linux/futex.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MAX_FILES = 64 };

/* Everything that a locked-down process may still do, in one list. */
static const int allowed[] = {
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg), /* its one socket */
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(close), /* spill files it was handed */
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(madvise), /* memory; mmap has arguments checked below */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), /* where the vDSO has no fast clock */
#ifdef GH_SANITIZED
	/* What the sanitizers' run-time and gcov need in addition: such builds are for tests, never shipped. */
	SCMP_SYS(write),
	SCMP_SYS(futex),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(mprotect),
	SCMP_SYS(mmap),
	SCMP_SYS(mremap),
	SCMP_SYS(tgkill),
	SCMP_SYS(readlink),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(read),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(getrlimit),
	SCMP_SYS(prlimit64),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(ioctl),
	SCMP_SYS(getdents64),
	SCMP_SYS(ftruncate),
	SCMP_SYS(fallocate),
	SCMP_SYS(getcwd),
	SCMP_SYS(mkdir),
	SCMP_SYS(stat),
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(wait4),
	SCMP_SYS(prctl),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(uname),
	SCMP_SYS(nanosleep),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(getppid),
	SCMP_SYS(access),
	SCMP_SYS(getrandom),
	SCMP_SYS(unlink),
#endif
};

#ifndef GH_SANITIZED
/* What OpenSSL calls besides: its random numbers blind computations with points, and keep the process and the time in mind. */
static const int for_crypto[] = { SCMP_SYS(getpid), SCMP_SYS(getrandom), SCMP_SYS(time) };
#endif

static bool limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit r = { n, n };
	return setrlimit(what, &r) == 0;
}

#ifndef GH_SANITIZED
/* The kernel's struct landlock_ruleset_attr as of ABI 6; Debian 12's header ends at ABI 2. */
struct landlock_attr {
	uint64_t fs, net, scoped;
};

bool gh_landlock_nothing(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return errno == ENOSYS || errno == EOPNOTSUPP;
	static const unsigned fs_rights[] = { 0, 13, 14, 15, 15, 16 }; /* rights known at each ABI */
	struct landlock_attr attr = { .fs = (1ull << fs_rights[abi < 6 ? abi : 5]) - 1 };
	size_t size = sizeof attr.fs;
	if (abi >= 4) { /* TCP bind and connect */
		attr.net = 3;
		size = offsetof(struct landlock_attr, scoped);
	}
	if (abi >= 6) { /* abstract Unix sockets, signals */
		attr.scoped = 3;
		size = sizeof attr;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return false;
	bool ok = syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	(void)close(fd);
	return ok;
}

#endif

static bool filter(bool crypto)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (c == NULL)
		return false;
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof allowed / sizeof *allowed; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, allowed[i], 0);
#ifndef GH_SANITIZED
	/* Anonymous private memory, never executable. */
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
				     SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS | MAP_SHARED, MAP_ANONYMOUS));
	if (r == 0) /* realloc of big blocks; keeps the protection it had */
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0);
	if (r == 0 && crypto)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(futex), 1,
				     SCMP_A1(SCMP_CMP_EQ, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 0));
	for (size_t i = 0; r == 0 && crypto && i < sizeof for_crypto / sizeof *for_crypto; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, for_crypto[i], 0);
#endif
	if (r == 0)
		r = seccomp_load(c);
	(void)crypto; /* sanitized builds may call these anyway */
	seccomp_release(c);
	return r == 0;
}

const char *gh_lock_down(const struct gh_lockdown *l)
{
#ifndef GH_SANITIZED
	if (!limit(RLIMIT_AS, l->memory))
		return "address space limit";
	if (!limit(RLIMIT_NPROC, 0) || !limit(RLIMIT_NOFILE, MAX_FILES))
		return "process and descriptor limits";
#endif
	if (!limit(RLIMIT_FSIZE, l->file_bytes) || !limit(RLIMIT_CPU, l->cpu_seconds) || !limit(RLIMIT_CORE, 0))
		return "resource limits";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no-new-privileges";
#ifndef GH_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return "not dumpable";
	if (!gh_landlock_nothing())
		return "Landlock";
#endif
	return filter(l->crypto) ? NULL : "seccomp";
}

#include "os/engine_lock.h"

#include "os/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef GH_SANITIZED
static const int allowed[] = {
	/* descriptors it has */
	SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(lseek),
	SCMP_SYS(fstat), SCMP_SYS(fadvise64), SCMP_SYS(close), SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(shutdown),
	SCMP_SYS(accept4), SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_create1),
	/* memory; mmap and mprotect have arguments checked below */
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	/* time, chance, waiting */
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(sysinfo), SCMP_SYS(getpid), SCMP_SYS(gettid),
	/* the end */
	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall)
};
static const int of_threads[] = { SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(sched_setaffinity),
				  SCMP_SYS(clock_nanosleep) };

/* What code that was taken over tries next. With a listener around, it is the one to see them. */
static const int watched[] = { SCMP_SYS(socket),   SCMP_SYS(connect), SCMP_SYS(execve),
			       SCMP_SYS(execveat), SCMP_SYS(ptrace),  SCMP_SYS(bind),
			       SCMP_SYS(listen),   SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg) };
static const int opening[] = { SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(creat) };
static const int deadly[] = { SCMP_SYS(fork),
			      SCMP_SYS(vfork),
			      SCMP_SYS(process_vm_readv),
			      SCMP_SYS(process_vm_writev),
			      SCMP_SYS(mount),
			      SCMP_SYS(umount2),
			      SCMP_SYS(pivot_root),
			      SCMP_SYS(chroot),
			      SCMP_SYS(setns),
			      SCMP_SYS(unshare),
			      SCMP_SYS(bpf),
			      SCMP_SYS(init_module),
			      SCMP_SYS(finit_module),
			      SCMP_SYS(keyctl),
			      SCMP_SYS(perf_event_open),
			      SCMP_SYS(userfaultfd),
			      SCMP_SYS(io_uring_setup),
			      SCMP_SYS(open_by_handle_at),
			      SCMP_SYS(kexec_load),
			      SCMP_SYS(personality),
			      SCMP_SYS(memfd_create),
			      SCMP_SYS(pidfd_open),
			      SCMP_SYS(pidfd_getfd) };

static int rows(scmp_filter_ctx c, uint32_t action, const int *nr, size_t n)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < n; i++)
		r = seccomp_rule_add(c, action, nr[i], 0);
	return r;
}
#define ROWS(c, action, list) rows((c), (action), (list), sizeof(list) / sizeof *(list))

static const int fcntls[] = { F_GETFL, F_GETFD, F_DUPFD_CLOEXEC }; /* fdopen(), dup */

static int with_arguments(scmp_filter_ctx c, unsigned threads)
{
	int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0) /* the C library's fstat() */
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1,
				     SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH));
	for (size_t i = 0; r == 0 && i < sizeof fcntls / sizeof *fcntls; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
				     SCMP_A1(SCMP_CMP_EQ, (scmp_datum_t)fcntls[i], 0));
	if (r == 0) /* abort() */
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
	/* clone3 keeps its flags in memory, where no filter sees them: the library falls back to clone. */
	if (r == 0)
		r = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	if (r == 0 && threads > 1) {
		r = ROWS(c, SCMP_ACT_ALLOW, of_threads);
		if (r == 0)
			r = seccomp_rule_add(
				c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM));
	}
	return r;
}

static bool filter(const struct gh_engine_walls *w)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (c == NULL)
		return false;
	/* Of two filters the stricter answer counts, and a refusal is stricter than asking the listener: so these are allowed here. */
	int r = ROWS(c, w->watched ? SCMP_ACT_ALLOW : SCMP_ACT_KILL_PROCESS, watched);
	if (r == 0 && w->watched)
		r = ROWS(c, SCMP_ACT_ALLOW, opening);
	if (r == 0)
		r = ROWS(c, SCMP_ACT_KILL_PROCESS, deadly);
	if (r == 0)
		r = ROWS(c, SCMP_ACT_ALLOW, allowed);
	if (r == 0)
		r = with_arguments(c, w->threads);
	if (r == 0)
		r = seccomp_load(c);
	seccomp_release(c);
	return r == 0;
}
#endif

const char *gh_engine_lock_down(const struct gh_engine_walls *w)
{
	if (w->watched && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 2)
		return "a watching seccomp filter around the engine";
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no-new-privileges";
#ifndef GH_SANITIZED
	struct rlimit none = { 0, 0 }, core;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return "not dumpable";
	/* A jail may have set it, and allow no change. */
	if ((getrlimit(RLIMIT_CORE, &core) != 0 || core.rlim_max != 0) && setrlimit(RLIMIT_CORE, &none) != 0)
		return "resource limits";
	if (!gh_landlock_nothing()) /* asked after the filters: a listener hears of what it refuses all the same */
		return "Landlock";
	if (!filter(w))
		return "seccomp";
#endif
	return NULL;
}

#include "os/jail_filter.h"

#include "os/jail_bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <termios.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* Calls that reach nothing beyond the program itself. */
static const short harmless[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_pwrite64,
	SYS_preadv,
	SYS_pwritev,
	SYS_preadv2,
	SYS_pwritev2,
	SYS_lseek,
	SYS_close,
	SYS_close_range,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_fstatfs,
	SYS_statfs,
	SYS_getdents64,
	SYS_getcwd,
	SYS_chdir,
	SYS_fchdir,
	SYS_readlinkat,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_eventfd2,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_pselect6,
	SYS_fsync,
	SYS_fdatasync,
	SYS_sync_file_range,
	SYS_fadvise64,
	SYS_readahead,
	SYS_ftruncate,
	SYS_fallocate,
	SYS_flock,
	SYS_sendfile,
	SYS_splice,
	SYS_tee,
	SYS_copy_file_range,
	SYS_umask,
	SYS_fgetxattr,
	SYS_flistxattr,
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_msync,
	SYS_mincore,
	SYS_mlock,
	SYS_mlock2,
	SYS_munlock,
	SYS_mlockall,
	SYS_munlockall,
	SYS_membarrier,
	SYS_get_mempolicy,
	SYS_pkey_alloc,
	SYS_pkey_free,
	/* itself */
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigpending,
	SYS_rt_sigtimedwait,
	SYS_rt_sigsuspend,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getgroups,
	SYS_getresuid,
	SYS_getresgid,
	SYS_getpgid,
	SYS_getsid,
	SYS_getpriority,
	SYS_getrusage,
	SYS_times,
	SYS_wait4,
	SYS_waitid,
	SYS_futex,
	SYS_set_robust_list,
	SYS_get_robust_list,
	SYS_rseq,
	SYS_set_tid_address,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_sched_setaffinity,
	SYS_sched_getparam,
	SYS_sched_getscheduler,
	SYS_sched_get_priority_max,
	SYS_sched_get_priority_min,
	SYS_getcpu,
	SYS_getrandom,
	SYS_uname,
	SYS_sysinfo,
	SYS_capget,
	SYS_setitimer,
	SYS_getitimer,
	SYS_timer_create,
	SYS_timer_settime,
	SYS_timer_gettime,
	SYS_timer_getoverrun,
	SYS_timer_delete,
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	/* sockets that exist: the pairs a program makes for itself, and what a listener hands out in place of others */
	SYS_socketpair,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_recvmmsg,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
#ifdef SYS_open /* calls that newer architectures do not have */
	SYS_stat,
	SYS_lstat,
	SYS_access,
	SYS_readlink,
	SYS_getdents,
	SYS_dup2,
	SYS_pipe,
	SYS_eventfd,
	SYS_epoll_create,
	SYS_epoll_wait,
	SYS_poll,
	SYS_select,
	SYS_alarm,
	SYS_pause,
	SYS_getrlimit,
	SYS_time,
	SYS_arch_prctl,
	SYS_getpgrp,
#endif
};

static const short absent[] = {
	SYS_clone3,
	SYS_openat2,
#ifdef SYS_epoll_pwait2
	SYS_epoll_pwait2,
#endif
};

static const uint32_t prctls[] = { PR_SET_NAME,		PR_GET_NAME,	  PR_GET_DUMPABLE,  PR_CAPBSET_READ,
				   PR_GET_SECCOMP,	PR_SET_VMA,	  PR_SET_PDEATHSIG, PR_GET_PDEATHSIG,
				   PR_GET_NO_NEW_PRIVS, PR_SET_TIMERSLACK };
static const uint32_t ioctls[] = { FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS, TIOCGWINSZ };
static const uint32_t fcntls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,  F_SETFD,	    F_GETFL,	F_SETFL,
				   F_GETLK, F_SETLK,	     F_SETLKW, F_ADD_SEALS, F_GET_SEALS };
static const uint32_t nothing[] = { 0 };
static const uint32_t ask_only[] = { 0xffffffff };

/* Calls that are harmless with certain values of one argument (its lower half, and the upper half zero). */
static const struct {
	short nr;
	uint8_t arg;
	const uint32_t *value;
	size_t n;
} with[] = {
	{ SYS_prctl, 0, prctls, sizeof prctls / sizeof *prctls },
	{ SYS_ioctl, 1, ioctls, sizeof ioctls / sizeof *ioctls },
	{ SYS_fcntl, 1, fcntls, sizeof fcntls / sizeof *fcntls },
	{ SYS_prlimit64, 2, nothing, 1 }, /* only asking */
	{ SYS_personality, 0, ask_only, 1 },
};

/* Memory may be mapped, and its protection changed, but what is to be run is asked about: a library that came with the
 * model, code that was just written. */
static void running(struct gh_bpf *w, uint32_t ask)
{
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 1, 0);
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 4);
	gh_bpf_load(w, gh_bpf_arg(2));
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1);
	gh_bpf_answer(w, ask);
	gh_bpf_answer(w, SECCOMP_RET_ALLOW);
}

bool gh_jail_filter(struct sock_filter ins[GH_JAIL_FILTER_MAX], bool listen, struct sock_fprog *out)
{
	struct gh_bpf w = { .ins = ins };
	const uint32_t ask = listen ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | EPERM;
	gh_bpf_load(&w, offsetof(struct seccomp_data, arch));
	gh_bpf_put(&w, BPF_JMP | BPF_JEQ | BPF_K, GH_BPF_ARCH, 1, 0);
	gh_bpf_answer(&w, SECCOMP_RET_KILL_PROCESS);
	gh_bpf_load(&w, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	gh_bpf_put(&w, BPF_JMP | BPF_JGE | BPF_K, GH_BPF_X32, 0, 1);
	gh_bpf_answer(&w, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; i < sizeof absent / sizeof *absent; i++)
		gh_bpf_answer_if(&w, (uint32_t)absent[i], SECCOMP_RET_ERRNO | ENOSYS);
	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		gh_bpf_answer_if(&w, (uint32_t)harmless[i], SECCOMP_RET_ALLOW);
	running(&w, ask);
	for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
		unsigned body = 4 + 2 * (unsigned)with[i].n;
		gh_bpf_put(&w, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)with[i].nr, 0, body);
		gh_bpf_load(&w, gh_bpf_arg(with[i].arg) + 4);
		/* an argument of 32 bits may arrive with anything above; of pointers the upper half counts */
		gh_bpf_put(&w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, with[i].nr == SYS_prlimit64 ? 0 : 1);
		gh_bpf_answer(&w, ask);
		gh_bpf_load(&w, gh_bpf_arg(with[i].arg));
		for (size_t k = 0; k < with[i].n; k++)
			gh_bpf_answer_if(&w, with[i].value[k], SECCOMP_RET_ALLOW);
		gh_bpf_load(&w, offsetof(struct seccomp_data, nr));
	}
	gh_bpf_answer(&w, ask);
	*out = (struct sock_fprog){ .len = (unsigned short)w.n, .filter = ins };
	return !w.full;
}

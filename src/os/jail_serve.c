#include "os/jail_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>

#include "os/jail_bpf.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

/* What every engine does: descriptors that it has, memory, threads, time, itself. */
static const short engine[] = {
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_preadv,
	SYS_lseek,
	SYS_close,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_fstatfs,
	SYS_getdents64,
	SYS_getcwd,
	SYS_chdir,
	SYS_fchdir,
	SYS_readlinkat,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_fadvise64,
	SYS_readahead,
	SYS_dup,
	SYS_dup3,
	SYS_pipe2,
	SYS_eventfd2,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_ppoll,
	SYS_pselect6,
	/* the sockets that there are: the listening one, and who connected to it */
	SYS_accept,
	SYS_accept4,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_sendto,
	SYS_sendmsg,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	/* memory */
	SYS_brk,
	SYS_munmap,
	SYS_mremap,
	SYS_madvise,
	SYS_mincore,
	SYS_mlock,
	SYS_mlock2,
	SYS_munlock,
	SYS_membarrier,
	SYS_get_mempolicy,
	/* itself */
	SYS_exit,
	SYS_exit_group,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_rt_sigtimedwait,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_tgkill, /* abort(); Landlock keeps signals inside */
	SYS_getpid,
	SYS_gettid,
	SYS_getppid,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
	SYS_getpriority,
	SYS_getrusage,
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
	SYS_timerfd_create,
	SYS_timerfd_settime,
	SYS_timerfd_gettime,
	SYS_nanosleep,
	SYS_clock_nanosleep,
	SYS_clock_gettime,
	SYS_clock_getres,
	SYS_gettimeofday,
	/* locking oneself further */
	SYS_landlock_create_ruleset,
	SYS_landlock_add_rule,
	SYS_landlock_restrict_self,
	/* the stub waits for the engine; neither has other children */
	SYS_wait4,
#ifdef SYS_open
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
	SYS_getrlimit,
	SYS_time,
	SYS_arch_prctl,
	SYS_pause,
#endif
};

/* What interpreters and their libraries do besides: processes of their own, files in /tmp, shared memory. */
static const short python[] = {
	SYS_pwrite64,	     SYS_pwritev,	SYS_preadv2,
	SYS_pwritev2,	     SYS_fsync,		SYS_fdatasync,
	SYS_ftruncate,	     SYS_fallocate,	SYS_flock,
	SYS_sendfile,	     SYS_statfs,	SYS_umask,
	SYS_fgetxattr,	     SYS_flistxattr,	SYS_close_range,
	SYS_socketpair,	     SYS_recvmmsg,	SYS_sendmmsg,
	SYS_msync,	     SYS_mlockall,	SYS_munlockall,
	SYS_pkey_alloc,	     SYS_pkey_free,	SYS_rt_sigpending,
	SYS_rt_sigsuspend,   SYS_getgroups,	SYS_getresuid,
	SYS_getresgid,	     SYS_getpgid,	SYS_getsid,
	SYS_times,	     SYS_waitid,	SYS_capget,
	SYS_setitimer,	     SYS_getitimer,	SYS_timer_create,
	SYS_timer_settime,   SYS_timer_gettime, SYS_timer_getoverrun,
	SYS_timer_delete,    SYS_splice,	SYS_tee,
	SYS_copy_file_range, SYS_memfd_create,
#ifdef SYS_open
	SYS_alarm,	     SYS_getpgrp,
#endif
};

/* QEMU: what it sets up once, before its own list takes most of it away again. */
static const short machine[] = { SYS_signalfd4, SYS_inotify_init1 };

static const struct row {
	const char *name;
	const short *more;
	size_t nmore;
	bool forks; /* processes of its own */
	bool code;  /* memory may become machine code: interpreters' function pointers need it */
	bool wide;  /* and everything that an interpreter does besides */
} rows[] = {
	{ "engine", NULL, 0, false, false, false },
	{ "machine", machine, sizeof machine / sizeof *machine, false, true, true },
	{ "python", python, sizeof python / sizeof *python, true, true, false },
};

/* What libraries try and do without. */
static const short absent[] = {
	SYS_clone3, /* keeps its flags in memory, where a filter cannot see them */
	SYS_openat2,	  SYS_io_uring_setup, SYS_set_mempolicy, SYS_mbind,
#ifdef SYS_epoll_pwait2
	SYS_epoll_pwait2,
#endif
};

static const uint32_t prctls[] = { PR_SET_NAME,	     PR_GET_NAME,      PR_GET_DUMPABLE,	    PR_SET_DUMPABLE,
				   PR_CAPBSET_READ,  PR_GET_SECCOMP,   PR_SET_SECCOMP,	    PR_SET_VMA,
				   PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS,
				   PR_SET_TIMERSLACK };
static const uint32_t ioctls[] = { FIONREAD, FIONBIO, FIOCLEX, FIONCLEX, TCGETS };
static const uint32_t fcntls[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD,	  F_SETFD, F_GETFL,
				   F_SETFL, F_ADD_SEALS,     F_GET_SEALS, F_GETLK, F_SETLK };
static const uint32_t filter_mode[] = { SECCOMP_SET_MODE_FILTER, SECCOMP_GET_ACTION_AVAIL, SECCOMP_GET_NOTIF_SIZES,
					SECCOMP_SET_MODE_STRICT /* asked to see whether there is seccomp */ };
static const uint32_t local[] = { AF_UNIX };
static const uint32_t oneself[] = { 0 }; /* limits can only become tighter */

struct with {
	short nr;
	uint8_t arg;
	const uint32_t *value;
	size_t n;
};
#define LIST(a) a, sizeof a / sizeof *a
/* Allowed with certain values of one argument, of which the kernel takes 32 bits. */
static const struct with with[] = {
	{ SYS_prctl, 0, LIST(prctls) },	       { SYS_ioctl, 1, LIST(ioctls) },	    { SYS_fcntl, 1, LIST(fcntls) },
	{ SYS_seccomp, 0, LIST(filter_mode) }, { SYS_prlimit64, 0, LIST(oneself) },
};

static void put_with(struct gh_bpf *w, const struct with *x)
{
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)x->nr, 0, 2 + 2 * (unsigned)x->n);
	gh_bpf_load(w, gh_bpf_arg(x->arg));
	for (size_t k = 0; k < x->n; k++)
		gh_bpf_answer_if(w, x->value[k], SECCOMP_RET_ALLOW);
	gh_bpf_load(w, offsetof(struct seccomp_data, nr));
}

/* Threads, and processes where they are allowed; never name spaces, nor being traced. */
static void put_clone(struct gh_bpf *w, bool forks)
{
	const uint32_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
				CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE | CLONE_UNTRACED;
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 5);
	gh_bpf_load(w, gh_bpf_arg(0));
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, spaces, 2, 0);
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, forks ? UINT32_MAX : CLONE_THREAD, 0, 1);
	gh_bpf_answer(w, SECCOMP_RET_ALLOW);
	gh_bpf_load(w, offsetof(struct seccomp_data, nr));
}

/* Memory that is code comes from files as they are: what can be written is never run, unless the row says so. */
static void put_code(struct gh_bpf *w, bool code)
{
	const unsigned any = code ? 0 : PROT_EXEC;
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, SYS_mprotect, 0, 4);
	gh_bpf_load(w, gh_bpf_arg(2));
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, any, 1, 0);
	gh_bpf_answer(w, SECCOMP_RET_ALLOW);
	gh_bpf_load(w, offsetof(struct seccomp_data, nr));
	gh_bpf_put(w, BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 0, 7);
	gh_bpf_load(w, gh_bpf_arg(2));
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, any, 0, 3);
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, PROT_WRITE, 3, 0);
	gh_bpf_load(w, gh_bpf_arg(3));
	gh_bpf_put(w, BPF_JMP | BPF_JSET | BPF_K, MAP_ANONYMOUS, 1, 0);
	gh_bpf_answer(w, SECCOMP_RET_ALLOW);
	gh_bpf_load(w, offsetof(struct seccomp_data, nr));
}

static const struct row *row_of(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

bool gh_serve_row(const char *name) { return row_of(name) != NULL; }

bool gh_serve_filter(const struct gh_serve_filter *f, struct sock_filter ins[GH_JAIL_FILTER_MAX],
		     struct sock_fprog *out)
{
	struct gh_bpf w = { .ins = ins };
	const struct row *r = row_of(f->row);
	if (r == NULL)
		return false;
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
	for (size_t i = 0; i < sizeof engine / sizeof *engine; i++)
		gh_bpf_answer_if(&w, (uint32_t)engine[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < r->nmore; i++)
		gh_bpf_answer_if(&w, (uint32_t)r->more[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; r->wide && i < sizeof python / sizeof *python; i++)
		gh_bpf_answer_if(&w, (uint32_t)python[i], SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < sizeof with / sizeof *with; i++)
		put_with(&w, &with[i]);
	if (f->unix_socket) {
		put_with(&w, &(struct with){ SYS_socket, 0, LIST(local) });
		gh_bpf_answer_if(&w, SYS_bind, SECCOMP_RET_ALLOW);
		gh_bpf_answer_if(&w, SYS_listen, SECCOMP_RET_ALLOW);
	}
	put_clone(&w, r->forks);
	put_code(&w, r->code);
	gh_bpf_answer(&w, SECCOMP_RET_USER_NOTIF);
	*out = (struct sock_fprog){ .len = (unsigned short)w.n, .filter = ins };
	return !w.full;
}

const char *gh_call_name(int nr, char buf[24])
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);
	if (name != NULL)
		(void)snprintf(buf, 24, "%.22s", name);
	else
		(void)snprintf(buf, 24, "call %d", nr);
	free(name);
	return buf;
}

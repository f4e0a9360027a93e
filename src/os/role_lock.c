/* What a role gives up: see role.h. */
#include "os/role.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef GH_SANITIZED
enum { FILES = 256, FOR_FILES = GH_MAY_FILES, FOR_NET = GH_MAY_NET | GH_MAY_UNIX };

/* Calls and what a role must be allowed to have them; 0: every role. */
static const struct {
	int nr;
	unsigned may;
} allowed[] = {
	{ SCMP_SYS(read), 0 },
	{ SCMP_SYS(readv), 0 },
	{ SCMP_SYS(write), 0 },
	{ SCMP_SYS(writev), 0 },
	{ SCMP_SYS(pread64), 0 },
	{ SCMP_SYS(preadv), 0 },
	{ SCMP_SYS(pwrite64), 0 },
	{ SCMP_SYS(pwritev), 0 },
	{ SCMP_SYS(recvmsg), 0 },
	{ SCMP_SYS(sendmsg), 0 },
	{ SCMP_SYS(recvfrom), 0 },
	{ SCMP_SYS(sendto), 0 },
	{ SCMP_SYS(shutdown), 0 },
	{ SCMP_SYS(socketpair), 0 },
	{ SCMP_SYS(pipe2), 0 },
	{ SCMP_SYS(close), 0 },
	{ SCMP_SYS(poll), 0 },
	{ SCMP_SYS(ppoll), 0 },
	{ SCMP_SYS(brk), 0 },
	{ SCMP_SYS(munmap), 0 },
	{ SCMP_SYS(mremap), 0 },
	{ SCMP_SYS(madvise), 0 },
	{ SCMP_SYS(mlock), 0 },
	{ SCMP_SYS(mlock2), 0 },
	{ SCMP_SYS(munlock), 0 },
	{ SCMP_SYS(exit), 0 },
	{ SCMP_SYS(exit_group), 0 },
	{ SCMP_SYS(rt_sigreturn), 0 },
	{ SCMP_SYS(rt_sigaction), 0 },
	{ SCMP_SYS(rt_sigprocmask), 0 },
	{ SCMP_SYS(restart_syscall), 0 },
	{ SCMP_SYS(clock_gettime), 0 },
	{ SCMP_SYS(clock_nanosleep), 0 },
	{ SCMP_SYS(nanosleep), 0 },
	{ SCMP_SYS(gettimeofday), 0 },
	{ SCMP_SYS(time), 0 },
	{ SCMP_SYS(futex), 0 },
	{ SCMP_SYS(getrandom), 0 },
	{ SCMP_SYS(getpid), 0 },
	{ SCMP_SYS(gettid), 0 },
	{ SCMP_SYS(getuid), 0 },
	{ SCMP_SYS(geteuid), 0 },
	{ SCMP_SYS(getgid), 0 },
	{ SCMP_SYS(getegid), 0 },
	{ SCMP_SYS(fstat), 0 },
	{ SCMP_SYS(lseek), 0 },
	{ SCMP_SYS(fcntl), 0 },
	{ SCMP_SYS(dup), 0 },
	{ SCMP_SYS(fsync), 0 },
	{ SCMP_SYS(fdatasync), 0 },
	{ SCMP_SYS(sync_file_range), 0 },
	{ SCMP_SYS(ftruncate), 0 },
	{ SCMP_SYS(fallocate), 0 },
	{ SCMP_SYS(sched_yield), 0 },
	{ SCMP_SYS(sched_getaffinity), 0 },
	{ SCMP_SYS(set_robust_list), 0 },
	{ SCMP_SYS(rseq), 0 },
	{ SCMP_SYS(sysinfo), 0 },
	{ SCMP_SYS(uname), 0 },
	{ SCMP_SYS(getrusage), 0 },
	{ SCMP_SYS(eventfd2), 0 },
	{ SCMP_SYS(newfstatat), 0 },	       /* glibc's fstat(); paths are Landlock's */
	{ SCMP_SYS(memfd_create), FOR_FILES }, /* answers of more than a packet (os/call.c) */
	{ SCMP_SYS(syncfs), FOR_FILES },
	{ SCMP_SYS(openat), FOR_FILES },
	{ SCMP_SYS(open), FOR_FILES },
	{ SCMP_SYS(stat), FOR_FILES },
	{ SCMP_SYS(lstat), FOR_FILES },
	{ SCMP_SYS(statx), FOR_FILES },
	{ SCMP_SYS(access), FOR_FILES },
	{ SCMP_SYS(faccessat), FOR_FILES },
	{ SCMP_SYS(faccessat2), FOR_FILES },
	{ SCMP_SYS(readlink), FOR_FILES },
	{ SCMP_SYS(readlinkat), FOR_FILES },
	{ SCMP_SYS(getdents64), FOR_FILES },
	{ SCMP_SYS(getcwd), FOR_FILES },
	{ SCMP_SYS(mkdir), FOR_FILES },
	{ SCMP_SYS(mkdirat), FOR_FILES },
	{ SCMP_SYS(rmdir), FOR_FILES },
	{ SCMP_SYS(unlink), FOR_FILES },
	{ SCMP_SYS(unlinkat), FOR_FILES },
	{ SCMP_SYS(rename), FOR_FILES },
	{ SCMP_SYS(renameat), FOR_FILES },
	{ SCMP_SYS(renameat2), FOR_FILES },
	{ SCMP_SYS(link), FOR_FILES },
	{ SCMP_SYS(linkat), FOR_FILES },
	{ SCMP_SYS(chmod), FOR_FILES },
	{ SCMP_SYS(fchmod), FOR_FILES },
	{ SCMP_SYS(fchmodat), FOR_FILES },
	{ SCMP_SYS(fchown), FOR_FILES },
	{ SCMP_SYS(utimensat), FOR_FILES },
	{ SCMP_SYS(flock), FOR_FILES },
	{ SCMP_SYS(statfs), FOR_FILES },
	{ SCMP_SYS(fstatfs), FOR_FILES },
	{ SCMP_SYS(copy_file_range), FOR_FILES },
	{ SCMP_SYS(umask), FOR_FILES },
	{ SCMP_SYS(fadvise64), FOR_FILES },
	{ SCMP_SYS(connect), FOR_NET },
	{ SCMP_SYS(bind), FOR_NET },
	{ SCMP_SYS(getsockopt), FOR_NET },
	{ SCMP_SYS(setsockopt), FOR_NET },
	{ SCMP_SYS(getsockname), FOR_NET },
	{ SCMP_SYS(getpeername), FOR_NET },
	{ SCMP_SYS(sendmmsg), FOR_NET },
	{ SCMP_SYS(recvmmsg), FOR_NET },
	{ SCMP_SYS(ioctl), FOR_NET },
	{ SCMP_SYS(select), FOR_NET },
	{ SCMP_SYS(pselect6), FOR_NET },
	{ SCMP_SYS(epoll_create1), FOR_NET },
	{ SCMP_SYS(epoll_ctl), FOR_NET },
	{ SCMP_SYS(epoll_wait), FOR_NET },
	{ SCMP_SYS(epoll_pwait), FOR_NET },
	{ SCMP_SYS(getresuid), FOR_NET },
	{ SCMP_SYS(getresgid), FOR_NET },
	{ SCMP_SYS(prlimit64), 0 }, /* only to ask: the limits are set, and hard */
	{ SCMP_SYS(tgkill), 0 },    /* abort(): signals to others are Landlock's, and pointless */
};

/* What no role ever does: an attempt is the end, not an error to be handled. */
static const int deadly[] = {
	SCMP_SYS(execve),
	SCMP_SYS(execveat),
	SCMP_SYS(ptrace),
	SCMP_SYS(fork),
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
};

static int memory_rules(scmp_filter_ctx c, unsigned may)
{
	if (may & GH_MAY_LIBRARIES) { /* never writable and executable at once */
		int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
		if (r == 0)
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
					     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC | PROT_WRITE, PROT_EXEC));
		return r != 0 ? r
			      : seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
						 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	}
	int r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r != 0 ? r
		      : seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
					 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int socket_rules(scmp_filter_ctx c, unsigned may)
{
	static const int inet[] = { AF_INET, AF_INET6, AF_NETLINK };
	int r = 0;
	if (may & FOR_NET)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
	for (size_t i = 0; r == 0 && (may & GH_MAY_NET) && i < sizeof inet / sizeof *inet; i++)
		r = seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				     SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)inet[i], 0));
	return r;
}

static int thread_rules(scmp_filter_ctx c, unsigned may)
{
	if ((may & GH_MAY_THREADS) == 0)
		return seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, SCMP_SYS(clone), 0);
	/* clone3 keeps its flags in memory, where no filter sees them: the library falls back to clone. */
	int r = seccomp_rule_add(c, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return r != 0 ? r
		      : seccomp_rule_add(c, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

static bool filter(unsigned may)
{
	scmp_filter_ctx c = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (c == NULL)
		return false;
	int r = 0;
	for (size_t i = 0; r == 0 && i < sizeof allowed / sizeof *allowed; i++)
		if (allowed[i].may == 0 || (allowed[i].may & may) != 0)
			r = seccomp_rule_add(c, SCMP_ACT_ALLOW, allowed[i].nr, 0);
	for (size_t i = 0; r == 0 && i < sizeof deadly / sizeof *deadly; i++)
		r = seccomp_rule_add(c, SCMP_ACT_KILL_PROCESS, deadly[i], 0);
	if (r == 0)
		r = memory_rules(c, may);
	if (r == 0)
		r = socket_rules(c, may);
	if (r == 0)
		r = thread_rules(c, may);
	if (r == 0)
		r = seccomp_load(c);
	seccomp_release(c);
	return r == 0;
}

/* The kernel's struct landlock_ruleset_attr as of ABI 6; Debian 12's header ends at ABI 2. */
struct landlock_attr {
	uint64_t fs, net, scoped;
};

enum {
	EXECUTE = 1 << 0,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	MAKE_CHAR = 1 << 6,
	MAKE_BLOCK = 1 << 11,
	REFER = 1 << 13,
	ON_FILES = EXECUTE | 1 << 1 | READ_FILE | 1 << 14 | 1 << 15,
};

static bool allow(int ruleset, const char *path, uint64_t rights, uint64_t known)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == EACCES; /* what cannot be opened needs no right */
	struct landlock_path_beneath_attr a = { .allowed_access = rights & known, .parent_fd = fd };
	bool ok = fstat(fd, &st) == 0;
	if (ok && !S_ISDIR(st.st_mode))
		a.allowed_access &= ON_FILES;
	ok = ok && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0) == 0;
	(void)close(fd);
	return ok;
}

static bool landlock(const struct gh_role_lock *l)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return errno == ENOSYS ||
		       errno == EOPNOTSUPP; /* seccomp still refuses what the role may not do at all */
	static const unsigned fs_rights[] = { 0, 13, 14, 15, 15, 16 }; /* rights known at each ABI */
	struct landlock_attr attr = { .fs = (1ull << fs_rights[abi < 6 ? abi : 5]) - 1 };
	size_t size = sizeof attr.fs;
	if (abi >= 4) {
		attr.net = (l->may & GH_MAY_NET) ? 1 : 3; /* to bind; and to connect */
		size = offsetof(struct landlock_attr, scoped);
	}
	if (abi >= 6) {
		attr.scoped = 3; /* abstract sockets, signals to processes outside */
		size = sizeof attr;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return false;
	const uint64_t read = READ_FILE | READ_DIR, write = attr.fs & ~(uint64_t)(EXECUTE | MAKE_CHAR | MAKE_BLOCK);
	bool ok = true;
	for (size_t i = 0; ok && i < l->npath; i++)
		ok = allow(fd, l->path[i].path, l->path[i].access == GH_ROLE_WRITE ? write : read, attr.fs);
	if (l->may & GH_MAY_LIBRARIES) { /* name look-ups: the resolver's settings, libraries, certificates */
		static const char *const look[] = { "/etc", "/lib", "/lib64", "/usr/lib",
						    "/usr/share/ca-certificates" };
		for (size_t i = 0; ok && i < sizeof look / sizeof *look; i++)
			ok = allow(fd, look[i], read | EXECUTE, attr.fs);
	}
	ok = ok && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	(void)close(fd);
	return ok;
}

static bool limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit r = { n, n };
	return setrlimit(what, &r) == 0;
}
#endif

const char *gh_role_lock(const struct gh_role_lock *l)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return "no-new-privileges";
#ifndef GH_SANITIZED
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return "not dumpable";
	if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_NOFILE, l->files != 0 ? l->files : FILES) ||
	    (l->memory != 0 && !limit(RLIMIT_AS, l->memory)))
		return "resource limits";
	if (!landlock(l))
		return "Landlock";
	if (!filter(l->may))
		return "seccomp";
#else
	(void)l;
#endif
	return NULL;
}

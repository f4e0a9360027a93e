/* Jails: each layer holds by itself, with the others left out, and all hold together. The attempts run inside as functions of
 * this program; what they return is an errno, 0 for "it worked". */
#include "support/cm.h"

#include "os/jail.h"
#include "os/jail_filter.h"
#include "os/notify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	ALL = GH_JAIL_NET | GH_JAIL_PID | GH_JAIL_MOUNTS | GH_JAIL_RIGHTS | GH_JAIL_LANDLOCK | GH_JAIL_RLIMITS |
	      GH_JAIL_CGROUP | GH_JAIL_SECCOMP,
	SURVIVED = 0,
};
#define ONLY(layer) (ALL & ~(unsigned)(layer))

static char outside[64]; /* a file of the host that nobody inside may change */

/* ---- attempts -------------------------------------------------------------------------------------------------------- */

static int fails(int r) { return r < 0 ? errno : SURVIVED; }

static int connect_out(void *arg)
{
	(void)arg;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(53),
				 .sin_addr.s_addr = inet_addr("192.0.2.1") };
	return fd < 0 ? errno : fails(connect(fd, (struct sockaddr *)&a, sizeof a));
}
static int connect_tcp(void *arg)
{
	(void)arg;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(9),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return fd < 0 ? errno : fails(connect(fd, (struct sockaddr *)&a, sizeof a));
}
static int write_outside(void *arg)
{
	(void)arg;
	return fails(open(outside, O_WRONLY | O_TRUNC | O_CLOEXEC));
}
static int read_outside(void *arg)
{
	(void)arg;
	return fails(open(outside, O_RDONLY | O_CLOEXEC));
}
static int write_usr(void *arg)
{
	(void)arg;
	return fails(open("/usr/gatehouse-test", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}
static int read_shadow(void *arg)
{
	(void)arg;
	return fails(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
}
static int run_program(void *arg)
{
	(void)arg;
	char *argv[] = { (char[]){ "true" }, NULL };
	(void)execv("/usr/bin/true", argv);
	return errno;
}
static int run_own_program(void *arg)
{
	(void)arg;
	char *argv[] = { (char[]){ "x" }, NULL };
	int fd = open("/tmp/x", O_WRONLY | O_CREAT | O_CLOEXEC, 0700);
	ssize_t n = fd < 0 ? -1 : write(fd, "#!/bin/true\n", 12);
	if (fd < 0 || n != 12 || close(fd) != 0)
		return ENODATA;
	(void)execv("/tmp/x", argv);
	return errno;
}
static int kill_parent(void *arg) { return fails(kill((pid_t)(intptr_t)arg, 0)); }
static int trace_parent(void *arg) { return fails((int)ptrace(PTRACE_SEIZE, (pid_t)(intptr_t)arg, NULL, NULL)); }
static int trace_first(void *arg)
{
	(void)arg;
	return fails((int)ptrace(PTRACE_SEIZE, 1, NULL, NULL));
}
static int read_first(void *arg) /* a copy of the caller: its memory, its environment */
{
	(void)arg;
	int fd = open("/proc/1/environ", O_RDONLY | O_CLOEXEC);
	char text[64];
	return fails(fd < 0 ? -1 : (int)read(fd, text, sizeof text));
}
static int mount_something(void *arg)
{
	(void)arg;
	return fails(mount("none", "/tmp", "tmpfs", 0, NULL));
}
static int change_root(void *arg)
{
	(void)arg;
	return fails(chroot("/tmp"));
}
static int make_spaces(void *arg)
{
	(void)arg;
	return fails(unshare(CLONE_NEWUSER | CLONE_NEWNS));
}
static int become_root(void *arg)
{
	(void)arg;
	return fails(setuid(0));
}
static int ring(void *arg)
{
	(void)arg;
	char params[256] = { 0 };
	return fails((int)syscall(SYS_io_uring_setup, 4, params));
}
static int bpf_call(void *arg)
{
	(void)arg;
	return fails((int)syscall(SYS_bpf, 0, NULL, 0));
}
static int clone3_call(void *arg)
{
	(void)arg;
	return fails((int)syscall(SYS_clone3, NULL, 0));
}
static int inject_key(void *arg) /* a terminal's input queue: refused by request, on whatever descriptor */
{
	(void)arg;
	return fails((int)syscall(SYS_ioctl, 0, 0x5412, "x"));
}
static int eat_memory(void *arg)
{
	(void)arg;
	for (int i = 0; i < 64; i++) {
		char *p = mmap(NULL, 16 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return errno;
		for (size_t k = 0; k < 16 << 20; k += 4096)
			((volatile char *)p)[k] = 1;
	}
	return SURVIVED;
}
static int fork_much(void *arg)
{
	(void)arg;
	for (int i = 0; i < 200; i++) {
		pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
		if (pid < 0)
			return errno;
		if (pid == 0)
			for (;;)
				(void)pause();
	}
	return SURVIVED;
}
static int fill_disk(void *arg)
{
	(void)arg;
	static char block[1 << 20];
	for (int f = 0; f < 64; f++) {
		char name[32];
		(void)snprintf(name, sizeof name, "/tmp/%d", f);
		int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			return errno;
		for (int i = 0; i < 4; i++)
			if (write(fd, block, sizeof block) < 0)
				return errno;
	}
	return SURVIVED;
}
static int long_file(void *arg)
{
	(void)arg;
	(void)signal(SIGXFSZ, SIG_IGN);
	int fd = open("/tmp/long", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fails(fd < 0 ? -1 : ftruncate(fd, 64 << 20));
}
static int burn_time(void *arg)
{
	(void)arg;
	volatile unsigned long i = 0;
	while (i + 1 != 0)
		i++;
	return SURVIVED;
}
static int count_descriptors(void *arg)
{
	(void)arg;
	int n = 0;
	for (int fd = 0; fd < 300; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}
static int see_processes(void *arg)
{
	(void)arg;
	return getpid() == 2 && getppid() == 1 ? SURVIVED : ESRCH;
}
static int see_devices(void *arg)
{
	(void)arg;
	int fd = open("/proc/net/dev", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
	if (n <= 0)
		return ENODATA;
	text[n] = '\0';
	int lines = 0;
	for (char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	return lines - 2; /* two lines of headings; "lo" is there, and down */
}

/* What it is given to read, then its end; without anything, the end at once. */
static int read_input(void *arg)
{
	char text[32];
	(void)arg;
	ssize_t n = read(0, text, sizeof text);
	bool end = n <= 0 || read(0, text + n, 1) == 0;
	return n == 0 ? 40 : n == 5 && memcmp(text, "word\n", 5) == 0 && end ? 41 : 42;
}

/* Memory may be had, but with the right to be run it is asked about, at once or later. */
static int make_code_run(void *arg)
{
	bool later = arg != NULL;
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE | (later ? 0 : PROT_EXEC), MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	if (p == MAP_FAILED)
		return later ? 43 : errno;
	if (mprotect(p, 4096, PROT_READ) != 0)
		return 44;
	return fails(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

/* ---- running one ------------------------------------------------------------------------------------------------------ */

static struct gh_jail_bind binds[] = {
	{ .host = "/usr", .inside = "/usr", .run = true },
	{ .host = "/lib64", .inside = "/lib64", .run = true, .optional = true },
};
static const struct gh_jail_text texts[] = { { "/home/user/.netrc", "decoy", 5, false } };
static struct sock_filter ins[GH_JAIL_FILTER_MAX];
static char no_jail[400]; /* why none can be made here */

static struct gh_jail base(int (*entry)(void *), unsigned without)
{
	struct gh_jail j = { .bind = binds,
			     .nbind = GH_ROWS(binds),
			     .text = texts,
			     .ntext = GH_ROWS(texts),
			     .entry = entry,
			     .entry_arg = (void *)(intptr_t)getpid(),
			     .memory = 256 << 20,
			     .disk = 8 << 20,
			     .cpu_seconds = 1,
			     .processes = 40,
			     .without = without };
	assert_true(gh_jail_filter(ins, false, &j.filter));
	return j;
}

/* Wait status of an attempt. */
static int status_of(const struct gh_jail *j, bool *oom)
{
	struct gh_jailed out;
	struct gh_err err = { 0 };
	char why[400];
	int status = -1;
	if (gh_jail_open(j, &out, &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, why, sizeof why));
	assert_true(gh_jail_go(&out));
	struct pollfd p = { .fd = out.ctl, .events = POLLIN };
	for (int i = 0; i < 200 && !gh_jail_ended(&out, &status); i++)
		(void)poll(&p, 1, 100);
	gh_jail_close(&out, oom);
	assert_int_not_equal(status, -1);
	return status;
}

/* The exit status of an attempt: an errno. */
static int attempt(int (*entry)(void *), unsigned without)
{
	struct gh_jail j = base(entry, without);
	int status = status_of(&j, NULL);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void need_jail(void)
{
	if (no_jail[0] != '\0') {
		print_message("skipped: no sandbox can be made here: %s\n", no_jail);
		skip();
	}
}

static int group_setup(void **state)
{
	(void)state;
	struct gh_jail j = base(see_processes, 0);
	struct gh_jailed out;
	struct gh_err err = { 0 };
	char why[300];
	if (gh_jail_open(&j, &out, &err) != GH_OK)
		(void)snprintf(no_jail, sizeof no_jail, "%s", gh_err_line(&err, why, sizeof why));
	else
		gh_jail_close(&out, NULL);
	(void)snprintf(outside, sizeof outside, "/var/tmp/gatehouse-jail-XXXXXX");
	int fd = mkstemp(outside);
	return fd < 0 ? -1 : close(fd);
}
static int group_teardown(void **state)
{
	(void)state;
	return unlink(outside);
}

/* ---- tests ------------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *what;
	int (*entry)(void *);
	unsigned without;
	int expect[3]; /* any of these errnos; 0 ends */
} rows[] = {
	/* one layer each: the ones named in ONLY() are all that is in force, beside the user name space */
	{ "network: name space", connect_out, ONLY(GH_JAIL_NET), { ENETUNREACH } },
	{ "network: seccomp", connect_out, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "tcp: Landlock", connect_tcp, ONLY(GH_JAIL_LANDLOCK | GH_JAIL_MOUNTS), { EACCES } },
	{ "files: mounts (not there)", write_outside, ONLY(GH_JAIL_MOUNTS), { ENOENT } },
	{ "files: mounts (read-only)", write_usr, ONLY(GH_JAIL_MOUNTS), { EROFS } },
	{ "files: mounts (shadow)", read_shadow, ONLY(GH_JAIL_MOUNTS), { ENOENT } },
	{ "files: Landlock", write_usr, ONLY(GH_JAIL_LANDLOCK | GH_JAIL_RIGHTS), { EACCES } },
	{ "files: seccomp", write_outside, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "files: seccomp, reading", read_outside, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "programs: Landlock", run_own_program, ONLY(GH_JAIL_LANDLOCK | GH_JAIL_MOUNTS), { EACCES } },
	{ "programs: seccomp", run_program, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "others: pid name space", kill_parent, ONLY(GH_JAIL_PID), { ESRCH } },
	{ "others: pid name space, ptrace", trace_parent, ONLY(GH_JAIL_PID), { ESRCH } },
	{ "others: rights, ptrace of process 1",
	  trace_first,
	  ONLY(GH_JAIL_RIGHTS | GH_JAIL_LANDLOCK | GH_JAIL_MOUNTS | GH_JAIL_PID),
	  { EPERM } },
	{ "others: process 1 is no open book",
	  read_first,
	  ONLY(GH_JAIL_RIGHTS | GH_JAIL_MOUNTS | GH_JAIL_PID),
	  { EACCES, EPERM } },
	{ "others: Landlock, signals", kill_parent, ONLY(GH_JAIL_LANDLOCK | GH_JAIL_MOUNTS), { EPERM } },
	{ "others: seccomp", kill_parent, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "others: seccomp, ptrace", trace_parent, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "mount: rights", mount_something, ONLY(GH_JAIL_RIGHTS), { EPERM } },
	{ "mount: Landlock", mount_something, ONLY(GH_JAIL_LANDLOCK | GH_JAIL_MOUNTS), { EPERM } },
	{ "mount: seccomp", mount_something, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "chroot: rights", change_root, ONLY(GH_JAIL_RIGHTS), { EPERM } },
	{ "chroot: seccomp", change_root, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "name spaces: seccomp", make_spaces, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "setuid: user name space", become_root, ONLY(0), { EINVAL } },
	{ "setuid: seccomp", become_root, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "io_uring: seccomp", ring, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "bpf: seccomp", bpf_call, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "clone3 does not exist", clone3_call, ONLY(GH_JAIL_SECCOMP), { ENOSYS } },
	{ "terminal: seccomp", inject_key, ONLY(GH_JAIL_SECCOMP), { EPERM } },
	{ "disk: mounts", fill_disk, ONLY(GH_JAIL_MOUNTS), { ENOSPC } },
	{ "disk: rlimits", long_file, ONLY(GH_JAIL_RLIMITS | GH_JAIL_MOUNTS), { EFBIG } },
	/* all together */
	{ "all: network", connect_out, 0, { EPERM } },
	{ "all: tcp", connect_tcp, 0, { EPERM } },
	{ "all: writing outside", write_outside, 0, { EPERM } },
	{ "all: writing /usr", write_usr, 0, { EPERM } },
	{ "all: shadow", read_shadow, 0, { EPERM } },
	{ "all: programs", run_program, 0, { EPERM } },
	{ "all: signals", kill_parent, 0, { EPERM } },
	{ "all: ptrace", trace_first, 0, { EPERM } },
	{ "all: mount", mount_something, 0, { EPERM } },
	{ "all: processes", fork_much, 0, { EPERM } },
	{ "all but seccomp: network", connect_out, GH_JAIL_SECCOMP, { ENETUNREACH } },
	{ "all but seccomp: writing outside", write_outside, GH_JAIL_SECCOMP, { ENOENT } },
	{ "all but seccomp: writing /usr", write_usr, GH_JAIL_SECCOMP, { EROFS, EACCES } },
	{ "all but seccomp: signals", kill_parent, GH_JAIL_SECCOMP, { ESRCH } },
	{ "all but seccomp: mount", mount_something, GH_JAIL_SECCOMP, { EPERM } },
	{ "all but seccomp: own program", run_own_program, GH_JAIL_SECCOMP, { EACCES } },
	/* without any layer the attempt works: the tests above test something */
	{ "nothing: signals", kill_parent, ALL, { SURVIVED } },
};

static void every_layer_holds(void **state)
{
	(void)state;
	need_jail();
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);
	unsigned bad = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		if (abi < 6 && strstr(rows[i].what, "Landlock") != NULL)
			continue; /* TCP and signals came with ABI 4 and 6 */
		int got = attempt(rows[i].entry, rows[i].without);
		bool ok = false;
		for (size_t k = 0; k < 3 && (k == 0 || rows[i].expect[k] != 0); k++)
			ok = ok || got == rows[i].expect[k];
		if (!ok) {
			print_error("%s: %s, expected %s\n", rows[i].what,
				    got == SURVIVED ? "it worked" : strerror(got), strerror(rows[i].expect[0]));
			bad++;
		}
	}
	assert_int_equal(bad, 0);
}

static void world_is_small(void **state)
{
	(void)state;
	need_jail();
	assert_int_equal(attempt(see_processes, 0), SURVIVED);
	assert_int_equal(attempt(count_descriptors, GH_JAIL_SECCOMP), 4); /* 0, 1, 2, 3 */
	int devices = attempt(see_devices, GH_JAIL_SECCOMP);
	assert_true(devices <= 1 || devices == ENODATA);
}

static void memory_is_bounded(void **state)
{
	(void)state;
	need_jail();
#ifndef GH_SANITIZED
	assert_int_equal(attempt(eat_memory, ONLY(GH_JAIL_RLIMITS)), ENOMEM);
#endif
	struct gh_jail j = base(eat_memory, ONLY(GH_JAIL_CGROUP));
	struct gh_jailed out;
	struct gh_err err = { 0 };
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	bool has = out.cgroup_memory, oom = false;
	gh_jail_close(&out, NULL);
	if (!has) {
		print_message("skipped: no cgroup for memory can be made here\n");
		return;
	}
	int status = status_of(&j, &oom);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(oom);
}

static void processes_are_bounded(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(fork_much, ONLY(GH_JAIL_CGROUP | GH_JAIL_PID));
	struct gh_jailed out;
	struct gh_err err = { 0 };
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	bool has = out.cgroup_pids;
	gh_jail_close(&out, NULL);
	if (!has) {
		print_message("skipped: no cgroup for processes can be made here\n");
		return;
	}
	int status = status_of(&j, NULL); /* and those that were made are gone with it */
	assert_int_equal(WEXITSTATUS(status), EAGAIN);
}

static void time_is_bounded(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(burn_time, ONLY(GH_JAIL_RLIMITS | GH_JAIL_PID));
	int status = status_of(&j, NULL);
	assert_true(WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL));
}

static void input_is_given(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(read_input, 0);
	assert_int_equal(WEXITSTATUS(status_of(&j, NULL)), 40);
	j.input = "word\n";
	assert_int_equal(WEXITSTATUS(status_of(&j, NULL)), 41);
}

static void written_code_is_asked_about(void **state)
{
	(void)state;
	need_jail();
	for (int later = 0; later < 2; later++) {
		struct gh_jail j = base(make_code_run, 0);
		j.entry_arg = later != 0 ? &j : NULL;
		assert_int_equal(WEXITSTATUS(status_of(&j, NULL)), EPERM);
		j.without = GH_JAIL_SECCOMP; /* nothing else forbids it */
		assert_int_equal(WEXITSTATUS(status_of(&j, NULL)), SURVIVED);
	}
}

/* A program that was killed leaves an empty group behind: the next jail removes it, and none whose process lives. */
static void groups_of_the_dead_are_removed(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(see_processes, 0);
	struct gh_jailed out;
	struct gh_err err = { 0 };
	char dead[340], alive[340];
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	const char *group = out.cgroup[0][0] != '\0' ? out.cgroup[0] : out.cgroup[1];
	const char *slash = strrchr(group, '/');
	int above = slash == NULL ? 0 : (int)(slash - group);
	(void)snprintf(dead, sizeof dead, "%.*s/gatehouse-jail-%d", above, group, (int)pid);
	(void)snprintf(alive, sizeof alive, "%.*s/gatehouse-jail-%d", above, group, (int)getpid());
	gh_jail_close(&out, NULL);
	if (above == 0 || mkdir(dead, 0755) != 0 || mkdir(alive, 0755) != 0) {
		print_message("skipped: no cgroup can be made here\n");
		skip();
	}
	(void)status_of(&j, NULL);
	int gone = access(dead, F_OK), there = access(alive, F_OK);
	(void)rmdir(dead);
	(void)rmdir(alive);
	assert_int_equal(gone, -1);
	assert_int_equal(there, 0);
}

static void killing_ends_everything(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(burn_time, 0);
	struct gh_jailed out;
	struct gh_err err = { 0 };
	int status = 0;
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	assert_true(gh_jail_go(&out));
	assert_false(gh_jail_ended(&out, &status));
	pid_t pid = out.pid;
	assert_int_equal(kill(pid, 0), 0);
	gh_jail_close(&out, NULL);
	assert_int_equal(kill(pid, 0), -1);
	gh_jail_close(&out, NULL); /* twice does no harm */
}

/* The file that is shown must be the one that was looked at. */
static void another_file_is_not_shown(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail_bind b[] = { binds[0], { .host = "/etc/hostname", .inside = "/model/x", .dev = 1, .ino = 1 } };
	struct gh_jail j = base(see_processes, 0);
	j.bind = b;
	j.nbind = GH_ROWS(b);
	struct gh_jailed out;
	struct gh_err err = { 0 };
	char why[400];
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_E_DENIED);
	assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "show /etc/hostname inside"));
	b[1] = (struct gh_jail_bind){ .host = "/nonexistent/x", .inside = "/model/x" };
	err = (struct gh_err){ 0 };
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_E_DENIED);
	assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "No such file"));
}

/* ---- notification ----------------------------------------------------------------------------------------------------- */

static int opens_and_dies(void *arg)
{
	(void)arg;
	(void)open("/home/user/.netrc", O_RDONLY | O_CLOEXEC);
	return fails((int)syscall(SYS_openat, AT_FDCWD, (const char *)8, O_RDONLY)); /* no memory is there */
}

static void notices_are_answered(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(opens_and_dies, 0);
	j.listen = true;
	assert_true(gh_jail_filter(ins, true, &j.filter));
	struct gh_jailed out;
	struct gh_err err = { 0 };
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	assert_true(gh_jail_go(&out));
	bool seen = false, unreadable = false;
	int status = -1;
	struct pollfd p[] = { { .fd = out.listen, .events = POLLIN }, { .fd = out.ctl, .events = POLLIN } };
	for (int i = 0; i < 500 && !gh_jail_ended(&out, &status); i++) {
		struct gh_notice n;
		(void)poll(p, 2, 100);
		if ((p[0].revents & (POLLIN | POLLHUP)) == POLLHUP)
			p[0].fd = -1; /* nobody is left who could call */
		if ((p[0].revents & POLLIN) == 0 || gh_notice_next(out.listen, &n) != GH_NOTICE_CALL)
			continue;
		char path[100];
		bool cut;
		if (n.nr == SYS_openat && gh_notice_string(&n, n.arg[1], path, sizeof path, &cut)) {
			seen = seen || strcmp(path, "/home/user/.netrc") == 0;
			assert_int_equal(gh_notice_inner_pid(&n), 2);
			gh_notice_allow(&n);
		} else {
			unreadable = unreadable || n.nr == SYS_openat;
			gh_notice_refuse(&n, EXDEV);
		}
	}
	gh_jail_close(&out, NULL);
	assert_true(seen);
	assert_true(unreadable);
	assert_int_equal(status, EXDEV << 8);
}

/* The caller dies while it is looked at: reads fail, answers are dropped, nothing hangs. */
static void caller_may_die(void **state)
{
	(void)state;
	need_jail();
	struct gh_jail j = base(opens_and_dies, 0);
	j.listen = true;
	assert_true(gh_jail_filter(ins, true, &j.filter));
	struct gh_jailed out;
	struct gh_err err = { 0 };
	struct gh_notice n = { .mem = -1 };
	char text[10];
	int status;
	assert_int_equal(gh_jail_open(&j, &out, &err), GH_OK);
	assert_true(gh_jail_go(&out));
	struct pollfd p = { .fd = out.listen, .events = POLLIN };
	assert_int_equal(poll(&p, 1, 10000), 1);
	assert_int_equal(gh_notice_next(out.listen, &n), GH_NOTICE_CALL);
	gh_jail_kill(&out);
	/* Its first process closes its end before the kernel has ended the others: the pidfd is ready after them. */
	struct pollfd gone = { .fd = out.pidfd, .events = POLLIN };
	assert_int_equal(poll(&gone, 1, 10000), 1);
	assert_true(gh_jail_ended(&out, &status));
	assert_int_equal(gh_notice_read(&n, n.arg[1], text, sizeof text), 0);
	assert_int_equal(gh_notice_inner_pid(&n), 0);
	gh_notice_allow(&n);
	gh_jail_close(&out, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layer_holds),
		cmocka_unit_test(world_is_small),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(processes_are_bounded),
		cmocka_unit_test(time_is_bounded),
		cmocka_unit_test(killing_ends_everything),
		cmocka_unit_test(input_is_given),
		cmocka_unit_test(written_code_is_asked_about),
		cmocka_unit_test(groups_of_the_dead_are_removed),
		cmocka_unit_test(another_file_is_not_shown),
		cmocka_unit_test(notices_are_answered),
		cmocka_unit_test(caller_may_die),
	};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}

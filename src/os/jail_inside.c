/* The jail's first process, and the program's last steps before it is the program. */
#include "os/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAY = 3, CTL = 4, EXEC = 5, NOFILE = 1024, NOFILE_MODEL = 4096, CAPS = 64, INPUT = 4096 };

static void send_word(int ctl, struct gh_jail_msg m)
{
	ssize_t ignored = write(ctl, &m, sizeof m);
	(void)ignored; /* who should hear it is gone, then: the jail ends anyway */
}

static _Noreturn void fail(int ctl, const char *what)
{
	struct gh_jail_msg m = { .word = GH_JW_FAILED, .value = errno };
	(void)snprintf(m.what, sizeof m.what, "%s", what);
	send_word(ctl, m);
	_exit(127);
}

static bool limit(__rlimit_resource_t what, rlim_t n)
{
	struct rlimit r = { n, n };
	return setrlimit(what, &r) == 0;
}

/* Private memory is bounded by RLIMIT_DATA; the address space gets room for libraries and for files that are mapped. */
static const char *rlimits(const struct gh_jail *j)
{
	const rlim_t room = (rlim_t)32 << 30;
#ifndef GH_SANITIZED
	if (!limit(RLIMIT_DATA, j->memory) || !limit(RLIMIT_AS, j->memory + room))
		return "limit the memory";
#else
	(void)room;
#endif
	struct rlimit lock = { 0, 0 }, files = { 0, 0 };
	(void)getrlimit(RLIMIT_MEMLOCK, &lock);
	(void)getrlimit(RLIMIT_NOFILE, &files);
	const rlim_t nofile = j->talk <= 0 ? NOFILE : files.rlim_max < NOFILE_MODEL ? files.rlim_max : NOFILE_MODEL;
	const rlim_t locked = j->locked == 0 ? 1 << 20 : j->locked;
	if ((j->cpu_seconds != 0 && !limit(RLIMIT_CPU, j->cpu_seconds)) ||
	    !limit(RLIMIT_FSIZE, j->file != 0 ? j->file : j->disk) || !limit(RLIMIT_CORE, 0) ||
	    !limit(RLIMIT_NOFILE, nofile) || !limit(RLIMIT_MSGQUEUE, 0) ||
	    !limit(RLIMIT_MEMLOCK, locked < lock.rlim_max ? locked : lock.rlim_max) ||
	    !limit(RLIMIT_NPROC, j->processes))
		return "set the limits";
	return NULL;
}

static bool drop_rights(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
	for (int c = 0; c < CAPS; c++)
		if (prctl(PR_CAPBSET_DROP, c, 0, 0, 0) != 0 && errno != EINVAL)
			return false;
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	return syscall(SYS_capset, &head, none) == 0;
}

/* The program's process: everything is given up in the order in which it can be. */
static _Noreturn void program(const struct gh_jail_inside *in)
{
	const struct gh_jail *j = in->j;
	struct gh_jail_msg m = { .word = GH_JW_HELLO };
	const char *why = NULL;
	int listener = -1;
	sigset_t none;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	send_word(CTL, m); /* the listener learns our process id from the kernel, as it sees it */
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	for (int s = 1; s < 32; s++)
		(void)signal(s, SIG_DFL);
	if (j->cwd != NULL && (in->without & GH_JAIL_MOUNTS) == 0 && chdir(j->cwd) != 0)
		fail(CTL, "change the directory");
	if ((in->without & GH_JAIL_RLIMITS) == 0 && (why = rlimits(j)) != NULL)
		fail(CTL, why);
	if ((in->without & GH_JAIL_RIGHTS) == 0 && !drop_rights())
		fail(CTL, "give up all capabilities");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail(CTL, "set no-new-privileges");
	m = (struct gh_jail_msg){ .word = GH_JW_READY, .value = -1, .proc = in->proc };
	if ((in->without & GH_JAIL_LANDLOCK) == 0 && (m.landlock = gh_jail_landlock(j)) < 0)
		fail(CTL, "restrict files with Landlock");
	if (j->filter.len != 0 && (in->without & GH_JAIL_SECCOMP) == 0) {
		unsigned flags = j->listen ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
		int r = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &j->filter);
		if (r < 0)
			fail(CTL, "load the seccomp filter");
		m.value = listener = j->listen ? r : -1;
	}
	send_word(CTL, m);
	if (read(CTL, &m, sizeof m) != (ssize_t)sizeof m || m.word != GH_JW_GO)
		_exit(127);
	if (j->argv == NULL) {
		if (listener >= 0)
			(void)close(listener);
		(void)close(CTL);
		_exit(j->entry(j->entry_arg));
	}
	if (j->exec_fd > 0) /* by descriptor: what was measured is what runs */
		(void)syscall(SYS_execveat, EXEC, "", j->argv, j->envp, AT_EMPTY_PATH);
	else
		(void)execve(j->argv[0], (char *const *)(size_t)j->argv, (char *const *)(size_t)j->envp);
	fail(CTL, "start the program");
}

/* What the program is given to read, then its end. */
static int input(const char *text)
{
	int p[2];
	size_t n = text == NULL ? 0 : strlen(text);
	if (text == NULL)
		return open("/dev/null", O_RDWR | O_CLOEXEC);
	if (n > INPUT || pipe2(p, O_CLOEXEC) != 0)
		return -1;
	bool ok = write(p[1], text, n) == (ssize_t)n; /* a pipe holds this much */
	(void)close(p[1]);
	return ok ? p[0] : -1;
}

/* 0 nothing or what it is given, 1 and 2 what it prints, 3 what it has to say, 4 our control socket, 5 what is to be executed, if
 * that is a descriptor; all others are closed. */
static bool descriptors(struct gh_jail_inside *in)
{
	int from[] = { input(in->j->input), in->out, in->out, in->say, in->ctl, in->j->exec_fd };
	const unsigned n = in->j->exec_fd > 0 ? EXEC + 1 : CTL + 1;
	int high[sizeof from / sizeof *from];
	for (unsigned i = 0; i < n; i++)
		if ((high[i] = fcntl(from[i], F_DUPFD_CLOEXEC, 64)) < 0)
			return false;
	for (unsigned i = 0; i < n; i++)
		if (dup3(high[i], (int)i, i >= CTL ? O_CLOEXEC : 0) < 0)
			return false;
	return syscall(SYS_close_range, n, ~0u, 0) == 0;
}

_Noreturn void gh_jail_init(struct gh_jail_inside *in)
{
	struct gh_jail_msg m;
	const char *why = NULL;
	char group[sizeof((struct gh_jailed *)NULL)->cgroup / 300][300];
	if (read(in->ctl, &m, sizeof m) != (ssize_t)sizeof m || m.word != GH_JW_GO ||
	    read(in->ctl, group, sizeof group) != (ssize_t)sizeof group)
		_exit(127);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)setsid();
	if (!gh_jail_join(group, sizeof group / sizeof *group))
		fail(in->ctl, "join its control group");
	if (in->privileged && syscall(SYS_setgroups, 0, NULL) != 0)
		fail(in->ctl, "drop supplementary groups");
	if (sethostname("gatehouse", 9) != 0)
		fail(in->ctl, "set its host name");
	(void)umask(022);
	if ((in->without & GH_JAIL_MOUNTS) == 0 && (why = gh_jail_mounts(in)) != NULL)
		fail(in->ctl, why);
	if (!descriptors(in))
		fail(in->ctl, "set up descriptors");
	pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid < 0)
		fail(CTL, "start a process");
	if (pid == 0)
		program(in);
	for (int i = 0; i <= EXEC; i++)
		if (i != CTL)
			(void)close(i);
	/* This process is a copy of the caller, with its memory and environment: nobody inside may look. */
	if (!drop_rights() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		fail(CTL, "give up all capabilities");
	send_word(CTL, (struct gh_jail_msg){ .word = GH_JW_GUARDED });
	for (;;) {
		int status = 0;
		pid_t got = (pid_t)syscall(SYS_wait4, -1, &status, 0, NULL);
		if (got < 0 && errno != EINTR)
			_exit(0);
		if (got != pid)
			continue;
		send_word(CTL, (struct gh_jail_msg){ .word = GH_JW_ENDED, .value = status });
		_exit(0); /* takes along whatever the program left running */
	}
}

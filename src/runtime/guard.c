#include "runtime/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "os/jail_serve.h"
#include "runtime/calls.h"

enum { PATH = 4096, ARGS = 16, ARG = 200, NONE = -1 };

static void tell(struct gh_guard *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void tell(struct gh_guard *g, const char *fmt, ...)
{
	char text[2 * GH_GUARD_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_auto_buf b = gh_buf(GH_GUARD_TEXT - 8);
	gh_buf_safe(&b, gh_span_str(text), GH_GUARD_TEXT - 16);
	(void)snprintf(g->text, sizeof g->text, "%s", gh_buf_cstr(&b));
}

/* ---- the stub -------------------------------------------------------------------------------------------------------------- */

/* What the stub does beyond the engine's list; it ends with the engine's start. */
static const short of_stub[] = {
	SYS_clone, SYS_openat,	 SYS_memfd_create, SYS_mkdirat,	 SYS_fchmod,   SYS_fchmodat, SYS_prlimit64,
	SYS_prctl, SYS_mprotect, SYS_ftruncate,	   SYS_pwrite64, SYS_unlinkat, SYS_msync,
#ifdef SYS_open
	SYS_mkdir, SYS_chmod,	 SYS_setrlimit,	   SYS_open,
#endif
};

static bool stub_may(int nr)
{
#ifdef GH_SANITIZED
	if (nr != SYS_execve && nr != SYS_execveat &&
	    nr != SYS_connect) /* what the sanitizers' run-time does besides */
		return true;
#endif
	for (size_t i = 0; i < sizeof of_stub / sizeof *of_stub; i++)
		if (of_stub[i] == nr)
			return true;
	return false;
}

/* Twice something is executed, by descriptor: the stub, by our own code; the engine, by a child of the stub. The descriptor and the
 * flags lie in registers; the rest is memory of a program that was measured and runs nothing foreign yet. */
static bool may_execute(struct gh_guard *g, const struct gh_notice *n)
{
	if (n->nr != SYS_execveat || (n->arg[4] & AT_EMPTY_PATH) == 0)
		return false;
	if (g->phase == GH_GUARD_BOOT && n->tid == g->stub) {
		g->phase = g->single ? GH_GUARD_ENGINE : GH_GUARD_STUB;
		return true;
	}
	if (g->phase != GH_GUARD_STUB || n->tid == g->stub)
		return false;
	g->phase = GH_GUARD_ENGINE;
	g->engine = n->tid;
	g->engine_pidfd = (int)syscall(SYS_pidfd_open, n->tid, 0);
	if (g->engine_pidfd >= 0)
		(void)fcntl(g->engine_pidfd, F_SETFD, FD_CLOEXEC);
	return true;
}

/* ---- the engine ------------------------------------------------------------------------------------------------------------ */

enum verdict { GO_ON, QUIET, ATTEMPT };

static bool path_of(struct gh_notice *n, int dir_arg, int path_arg, char out[PATH])
{
	char text[PATH], dir[PATH] = "/", what[32] = "cwd";
	bool cut;
	if (!gh_notice_string(n, n->arg[path_arg], text, sizeof text, &cut) || cut)
		return false;
	if (text[0] != '/') {
		if (dir_arg != NONE && (int)n->arg[dir_arg] != AT_FDCWD)
			(void)snprintf(what, sizeof what, "fd/%d", (int)n->arg[dir_arg]);
		if (!gh_notice_link(n, what, dir, sizeof dir))
			return false;
	}
	return gh_path_plain(dir, text, out, PATH);
}

/* Reading what is inside goes on: mounts and Landlock decide, whatever the path has become since it was looked at. */
static enum verdict opens(struct gh_guard *g, struct gh_notice *n, int dir, int path_arg, uint64_t flags)
{
	char path[PATH];
	const bool writes = (flags & O_PATH) == 0 &&
			    ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
	if (!path_of(n, dir, path_arg, path)) {
		tell(g, "a path that cannot be read");
		return ATTEMPT;
	}
	if (writes ? gh_path_scratch(path)
		   : g->ours(g->ctx, path) ||
			     gh_path_read(path, NULL, 0, (int)gh_notice_inner_pid(n)) == GH_PATH_ORDINARY)
		return GO_ON;
	tell(g, "%s%s", writes ? "to write: " : "", path);
	return ATTEMPT;
}

static enum verdict on_openat(struct gh_guard *g, struct gh_notice *n) { return opens(g, n, 0, 1, n->arg[2]); }
#ifdef SYS_open
static enum verdict on_open(struct gh_guard *g, struct gh_notice *n) { return opens(g, n, NONE, 0, n->arg[1]); }
#endif

static const char *family(uint64_t f)
{
	static const struct {
		int number;
		const char *name;
	} names[] = { { AF_UNIX, "AF_UNIX" },	    { AF_INET, "AF_INET" },	     { AF_INET6, "AF_INET6" },
		      { AF_NETLINK, "AF_NETLINK" }, { AF_PACKET, "AF_PACKET" },	     { AF_VSOCK, "AF_VSOCK" },
		      { AF_ALG, "AF_ALG" },	    { AF_BLUETOOTH, "AF_BLUETOOTH" } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if ((uint64_t)names[i].number == f)
			return names[i].name;
	return "family";
}

static enum verdict on_socket(struct gh_guard *g, struct gh_notice *n)
{
	const unsigned type = (unsigned)n->arg[1] & 0xf;
	tell(g, "%s %u, %s", family((uint32_t)n->arg[0]), (unsigned)n->arg[0],
	     type == SOCK_STREAM  ? "SOCK_STREAM"
	     : type == SOCK_DGRAM ? "SOCK_DGRAM"
	     : type == SOCK_RAW	  ? "SOCK_RAW"
				  : "another type");
	return ATTEMPT;
}

static enum verdict on_connect(struct gh_guard *g, struct gh_notice *n)
{
	uint8_t address[128];
	gh_auto_buf b = gh_buf(GH_GUARD_TEXT);
	const size_t want = n->arg[2] < sizeof address ? (size_t)n->arg[2] : sizeof address;
	const size_t got = gh_notice_read(n, n->arg[1], address, want);
	if (got == 0)
		gh_buf_str(&b, "an address that cannot be read");
	else
		(void)gh_address_text(&b, address, got);
	tell(g, "%s", gh_buf_cstr(&b));
	return ATTEMPT;
}

static enum verdict on_exec(struct gh_guard *g, struct gh_notice *n)
{
	const bool at = n->nr == SYS_execveat;
	char path[ARG], text[ARGS][ARG];
	const char *argv[ARGS + 1];
	size_t argc = 1;
	bool cut;
	uint64_t p;
	if (!gh_notice_string(n, n->arg[at ? 1 : 0], path, sizeof path, &cut) || path[0] == '\0')
		(void)snprintf(path, sizeof path, "%s", "(a descriptor)");
	argv[0] = path;
	for (uint64_t i = 1; argc <= ARGS; i++) {
		if (gh_notice_read(n, n->arg[at ? 2 : 1] + i * 8, &p, sizeof p) != sizeof p || p == 0)
			break;
		if (!gh_notice_string(n, p, text[argc - 1], ARG, &cut))
			text[argc - 1][0] = '\0';
		argv[argc] = text[argc - 1];
		argc++;
	}
	gh_auto_buf b = gh_buf(GH_GUARD_TEXT);
	gh_command_text(&b, argv, argc);
	tell(g, "%s", gh_buf_cstr(&b));
	return ATTEMPT;
}

/* Signals to itself are its own business; a thread's id is not told apart from a process's by the caller. */
static enum verdict on_kill(struct gh_guard *g, struct gh_notice *n)
{
	const int who = (int)n->arg[0], sig = (int)n->arg[1];
	if (who > 0 && who == gh_notice_inner_pid(n))
		return GO_ON;
	const char *name = sigabbrev_np(sig);
	tell(g, "process %d, signal %s", who, name != NULL ? name : "0");
	return ATTEMPT;
}

static enum verdict on_code(struct gh_guard *g, struct gh_notice *n)
{
	const uint64_t prot = n->arg[2];
	tell(g, "%llu bytes to be executed%s", (unsigned long long)n->arg[1],
	     (prot & PROT_WRITE) != 0 ? " and written" : "");
	return ATTEMPT;
}

static enum verdict on_ioctl(struct gh_guard *g, struct gh_notice *n)
{
	tell(g, "descriptor %d, request 0x%x", (int)n->arg[0], (unsigned)n->arg[1]);
	return ATTEMPT;
}

/* Settings of its own that libraries try and can do without: refused without a word. */
static enum verdict quiet(struct gh_guard *g, struct gh_notice *n)
{
	(void)g;
	(void)n;
	return QUIET;
}

/* The path is the first argument, or the second one behind a directory. */
static enum verdict on_path(struct gh_guard *g, struct gh_notice *n)
{
	char path[PATH];
	tell(g, "%s", path_of(n, NONE, 0, path) ? path : "a path that cannot be read");
	return ATTEMPT;
}
static enum verdict on_path_at(struct gh_guard *g, struct gh_notice *n)
{
	char path[PATH];
	tell(g, "%s", path_of(n, 0, 1, path) ? path : "a path that cannot be read");
	return ATTEMPT;
}

static const struct call {
	short nr;
	enum verdict (*on)(struct gh_guard *, struct gh_notice *);
} calls[] = {
	{ SYS_openat, on_openat },	{ SYS_socket, on_socket },
	{ SYS_connect, on_connect },	{ SYS_bind, on_connect },
	{ SYS_execve, on_exec },	{ SYS_execveat, on_exec },
	{ SYS_kill, on_kill },		{ SYS_tkill, on_kill },
	{ SYS_mmap, on_code },		{ SYS_mprotect, on_code },
	{ SYS_pkey_mprotect, on_code }, { SYS_ioctl, on_ioctl },
	{ SYS_unlinkat, on_path_at },	{ SYS_renameat2, on_path_at },
	{ SYS_mkdirat, on_path_at },	{ SYS_linkat, on_path_at },
	{ SYS_fchmodat, on_path_at },	{ SYS_fchownat, on_path_at },
	{ SYS_truncate, on_path },	{ SYS_chroot, on_path },
#ifdef SYS_open
	{ SYS_open, on_open },		{ SYS_creat, on_path },
	{ SYS_unlink, on_path },	{ SYS_rename, on_path },
	{ SYS_mkdir, on_path },		{ SYS_rmdir, on_path },
	{ SYS_chmod, on_path },		{ SYS_chown, on_path },
	{ SYS_link, on_path },
#endif
	{ SYS_setpriority, quiet },	{ SYS_sched_setscheduler, quiet },
	{ SYS_sched_setattr, quiet },	{ SYS_sched_getattr, quiet },
	{ SYS_sched_setparam, quiet },	{ SYS_ioprio_set, quiet },
	{ SYS_ioprio_get, quiet },	{ SYS_prlimit64, quiet },
	{ SYS_move_pages, quiet },	{ SYS_migrate_pages, quiet },
	{ SYS_setsid, quiet },		{ SYS_setpgid, quiet },
	{ SYS_prctl, quiet },		{ SYS_fcntl, quiet },
	{ SYS_inotify_init1, quiet },	{ SYS_signalfd4, quiet },
};

static enum verdict judge(struct gh_guard *g, struct gh_notice *n)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].nr == n->nr)
			return calls[i].on(g, n);
	tell(g, "0x%llx, 0x%llx, 0x%llx, 0x%llx", (unsigned long long)n->arg[0], (unsigned long long)n->arg[1],
	     (unsigned long long)n->arg[2], (unsigned long long)n->arg[3]);
	return ATTEMPT;
}

bool gh_guard_answer(struct gh_guard *g, struct gh_notice *n)
{
	if (may_execute(g, n) || (g->phase == GH_GUARD_STUB && stub_may(n->nr))) {
		gh_notice_allow(n);
		return false;
	}
	const enum verdict v = judge(g, n);
	/* The stub's end is reported by the stub; our own code before it asks for nothing. */
	if (v == GO_ON && g->phase != GH_GUARD_BOOT) {
		gh_notice_allow(n);
		return false;
	}
	(void)gh_call_name(n->nr, g->call);
	g->pid = (int)gh_notice_inner_pid(n);
	gh_notice_refuse(n, n->nr == SYS_openat ? EACCES : EPERM);
	if (v == QUIET)
		return false;
	g->attempts++;
	return true;
}

/* The calls of a watched program: what each one means, and its answer. One table; what is not in it is unusual by itself. */
#include "runtime/calls.h"

#include "runtime/watch_int.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH = 4096, ARGS = 32, ARG = 700, NONE = -1 };

/* The path of a call: an argument that points to it, relative to a directory argument (NONE: the working directory). */
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

static void note_path(struct gh_watcher *w, enum gh_detonation_kind kind, const char *verb, const char *path)
{
	gh_auto_buf b = gh_buf(GH_EVENT_TEXT);
	gh_buf_safe(&b, gh_span_str(path), 600);
	gh_watch_note(w, kind, "%s %s", verb, gh_buf_cstr(&b));
}

/* Reading goes on: what is there to be read was chosen, and decoys should be found. Writing goes on where it is kept in
 * memory: the mounts see to it, whatever the path has become. */
static void on_open(struct gh_watcher *w, struct gh_notice *n, int dir, int path_arg, uint64_t flags)
{
	char path[PATH];
	bool writes = (flags & O_PATH) == 0 && ((flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)) != 0);
	if (!path_of(n, dir, path_arg, path)) {
		gh_watch_refuse(w, n, EFAULT);
		return;
	}
	if (writes && !gh_path_scratch(path)) {
		note_path(w, GH_DET_WRITE, "would have written to", path);
		gh_watch_refuse(w, n, EACCES);
		return;
	}
	if (!writes)
		switch (gh_path_read(path, w->opt->ordinary, w->opt->nordinary, (int)gh_notice_inner_pid(n))) {
		case GH_PATH_ORDINARY: break;
		case GH_PATH_SECRET: note_path(w, GH_DET_SECRET, "reads", path); break;
		case GH_PATH_ODD: note_path(w, GH_DET_ODD, "reads", path); break;
		}
	gh_notice_allow(n);
}

static void on_openat(struct gh_watcher *w, struct gh_notice *n) { on_open(w, n, 0, 1, n->arg[2]); }
#ifdef SYS_open
static void on_plain_open(struct gh_watcher *w, struct gh_notice *n) { on_open(w, n, NONE, 0, n->arg[1]); }
static void on_creat(struct gh_watcher *w, struct gh_notice *n) { on_open(w, n, NONE, 0, O_WRONLY | O_CREAT); }
#endif

/* Calls that change what is at a path: dir and path are numbers of arguments. Where a symbolic link points to does not matter:
 * who follows it meets the mounts, and the decoys are watched. */
static const struct change {
	short nr;
	int8_t dir, path, dir2, path2;
	const char *verb;
} changes[] = {
	{ SYS_unlinkat, 0, 1, NONE, NONE, "would have deleted" },
	{ SYS_renameat, 0, 1, 2, 3, "would have renamed" },
	{ SYS_renameat2, 0, 1, 2, 3, "would have renamed" },
	{ SYS_mkdirat, 0, 1, NONE, NONE, "would have made the directory" },
	{ SYS_mknodat, 0, 1, NONE, NONE, "would have made the file" },
	{ SYS_linkat, 0, 1, 2, 3, "would have linked" },
	{ SYS_symlinkat, 1, 2, NONE, NONE, "would have made the link" },
	{ SYS_fchmodat, 0, 1, NONE, NONE, "would have changed the mode of" },
	{ SYS_fchownat, 0, 1, NONE, NONE, "would have changed the owner of" },
	{ SYS_utimensat, 0, 1, NONE, NONE, "would have changed the times of" },
	{ SYS_truncate, NONE, 0, NONE, NONE, "would have truncated" },
	{ SYS_setxattr, NONE, 0, NONE, NONE, "would have changed attributes of" },
	{ SYS_lsetxattr, NONE, 0, NONE, NONE, "would have changed attributes of" },
	{ SYS_removexattr, NONE, 0, NONE, NONE, "would have changed attributes of" },
#ifdef SYS_open
	{ SYS_unlink, NONE, 0, NONE, NONE, "would have deleted" },
	{ SYS_rmdir, NONE, 0, NONE, NONE, "would have deleted" },
	{ SYS_rename, NONE, 0, NONE, 1, "would have renamed" },
	{ SYS_mkdir, NONE, 0, NONE, NONE, "would have made the directory" },
	{ SYS_mknod, NONE, 0, NONE, NONE, "would have made the file" },
	{ SYS_link, NONE, 0, NONE, 1, "would have linked" },
	{ SYS_symlink, NONE, 1, NONE, NONE, "would have made the link" },
	{ SYS_chmod, NONE, 0, NONE, NONE, "would have changed the mode of" },
	{ SYS_chown, NONE, 0, NONE, NONE, "would have changed the owner of" },
	{ SYS_lchown, NONE, 0, NONE, NONE, "would have changed the owner of" },
	{ SYS_utime, NONE, 0, NONE, NONE, "would have changed the times of" },
	{ SYS_utimes, NONE, 0, NONE, NONE, "would have changed the times of" },
	{ SYS_futimesat, 0, 1, NONE, NONE, "would have changed the times of" },
#endif
};

static void on_change(struct gh_watcher *w, struct gh_notice *n, const struct change *c)
{
	char path[PATH], other[PATH] = "/tmp/";
	if (n->arg[c->path] == 0) { /* of a descriptor: what it is was decided when it was opened */
		gh_notice_allow(n);
		return;
	}
	if (!path_of(n, c->dir, c->path, path) || (c->path2 != NONE && !path_of(n, c->dir2, c->path2, other))) {
		gh_watch_refuse(w, n, EFAULT);
		return;
	}
	if (gh_path_scratch(path) && gh_path_scratch(other)) {
		gh_notice_allow(n);
		return;
	}
	note_path(w, GH_DET_WRITE, c->verb, gh_path_scratch(path) ? other : path);
	gh_watch_refuse(w, n, EACCES);
}

/* A child that wanted to be another program is ended: for whoever started it, it started and is over. The program itself
 * hears that it may not. */
static void end_child(struct gh_watcher *w, struct gh_notice *n)
{
	if (n->tid != w->main) {
		int fd = (int)syscall(SYS_pidfd_open, n->tid, 0);
		if (fd >= 0 && gh_notice_inner_pid(n) > 0) /* still the one that waits for us */
			(void)syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
		if (fd >= 0)
			(void)close(fd);
	}
	gh_watch_refuse(w, n, EPERM);
}

/* Is there such a program inside? Only asked for the answer: names are tried along PATH, and the next one may be there. */
static bool exists(const struct gh_notice *n, const char *path)
{
	char at[ARG + 64];
	(void)snprintf(at, sizeof at, "/proc/%d/root%s", (int)n->tid, path);
	return path[0] != '/' || access(at, F_OK) == 0;
}

static void on_exec(struct gh_watcher *w, struct gh_notice *n)
{
	bool at = n->nr == SYS_execveat, cut;
	if (!w->launched) { /* our own code, before the program: nothing foreign has run */
		w->launched = true;
		gh_notice_allow(n);
		return;
	}
	char path[ARG], text[ARGS][ARG];
	const char *argv[ARGS];
	size_t argc = 0;
	uint64_t list = n->arg[at ? 2 : 1], p;
	if (!gh_notice_string(n, n->arg[at ? 1 : 0], path, sizeof path, &cut) || path[0] == '\0')
		(void)snprintf(path, sizeof path, "%s", "(a program in memory)");
	while (argc < ARGS && gh_notice_read(n, list + argc * 8, &p, sizeof p) == sizeof p && p != 0) {
		if (!gh_notice_string(n, p, text[argc], ARG, &cut))
			text[argc][0] = '\0';
		argv[argc] = text[argc];
		argc++;
	}
	gh_auto_buf b = gh_buf(GH_EVENT_TEXT);
	const char *slash = strrchr(path, '/');
	bool there = exists(n, path), usual = argc != 0 && slash != NULL && strcmp(argv[0], slash + 1) == 0;
	if (usual && there)
		argv[0] = path; /* sh for /bin/sh is what is usual; anything else is told */
	else if (!usual && (argc == 0 || strcmp(argv[0], path) != 0)) {
		const char *one = path;
		gh_command_text(&b, &one, 1);
		gh_buf_str(&b, argc == 0 ? "" : " as ");
	}
	gh_command_text(&b, argv, argc);
	gh_watch_note(w, GH_DET_EXEC, "would have run: %s", gh_buf_cstr(&b));
	if (there)
		end_child(w, n);
	else
		gh_watch_refuse(w, n, ENOENT);
}

/* Threads are ordinary. A new process may begin, in the same jail, so that it shows what it is for; only some of them. */
static void on_clone(struct gh_watcher *w, struct gh_notice *n)
{
	const uint64_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
				CLONE_NEWPID | CLONE_NEWNET;
	uint64_t flags = n->nr == SYS_clone ? n->arg[0] : 0;
	if ((flags & spaces) != 0) {
		gh_watch_note(w, GH_DET_KERNEL, "would have made name spaces (clone)");
		gh_watch_refuse(w, n, EPERM);
	} else if ((flags & CLONE_THREAD) != 0) {
		if (w->threads++ < GH_THREADS_MAX)
			gh_notice_allow(n);
		else
			gh_watch_refuse(w, n, EAGAIN);
	} else {
		gh_watch_note(w, GH_DET_FORK, "started another process (in the sandbox)");
		if (w->forks++ < w->forks_max)
			gh_notice_allow(n);
		else
			gh_watch_refuse(w, n, EAGAIN);
	}
}

/* Memory that a program writes is to be run. Libraries of the host that compile (for numbers, for patterns) do it without a
 * word; what does it for whoever calls it is told. It goes on: what the code does next is asked about like anything else.
 * Functions of an interpreter that C may call back are made by libffi in one way, which is not rare: that alone is unusual. */
static void on_code(struct gh_watcher *w, struct gh_notice *n)
{
	char path[PATH];
	bool known = gh_notice_caller(n, path, sizeof path);
	const char *slash = known ? strrchr(path, '/') : NULL, *name = slash == NULL ? "memory" : slash + 1;
	const uint64_t all = PROT_READ | PROT_WRITE | PROT_EXEC;
	if (known && n->nr == SYS_mmap && n->arg[2] == all && strncmp(name, "libffi", 6) == 0)
		note_path(w, GH_DET_ODD, "makes functions of its own that C can call, through", name);
	else if (!known || gh_path_writes_code(path))
		note_path(w, GH_DET_NATIVE, "runs machine code that was written into memory, asked for by", name);
	gh_notice_allow(n);
}

/* A library is mapped to be run: those of the host may, those of a model or freshly written ones may not. */
static void on_map(struct gh_watcher *w, struct gh_notice *n)
{
	char what[32], path[PATH];
	if ((n->arg[3] & MAP_ANONYMOUS) != 0) {
		on_code(w, n);
		return;
	}
	(void)snprintf(what, sizeof what, "fd/%d", (int)n->arg[4]);
	if (!gh_notice_link(n, what, path, sizeof path)) {
		gh_watch_refuse(w, n, EACCES);
		return;
	}
	if (strncmp(path, "/model", 6) == 0 || gh_path_scratch(path) || path[0] != '/' ||
	    strncmp(path, "/memfd:", 7) == 0) {
		note_path(w, GH_DET_NATIVE, "would have run machine code of", path);
		gh_watch_refuse(w, n, EACCES);
		return;
	}
	gh_notice_allow(n);
}

static void on_signal(struct gh_watcher *w, struct gh_notice *n)
{
	int who = (int)n->arg[0];
	int sig = (int)(n->nr == SYS_tgkill || n->nr == SYS_rt_tgsigqueueinfo ? n->arg[2] : n->arg[1]);
	if (n->nr != SYS_pidfd_send_signal && (sig == 0 || (who > 0 && who == gh_notice_inner_pid(n)))) {
		gh_notice_allow(n);
		return;
	}
	const char *name = sigabbrev_np(sig);
	gh_watch_note(w, GH_DET_OTHERS, "would have sent %s%s to %s", name == NULL ? "a signal" : "SIG",
		      name == NULL ? "" : name,
		      who == -1	 ? "every process"
		      : who < 0	 ? "a group of processes"
		      : who == 0 ? "its group of processes"
		      : who == 1 ? "process 1"
				 : "another process");
	gh_watch_refuse(w, n, EPERM);
}

static void allow(struct gh_watcher *w, struct gh_notice *n)
{
	(void)w;
	gh_notice_allow(n);
}
/* Refused without a word: settings of its own that libraries try and can do without. */
static void quiet(struct gh_watcher *w, struct gh_notice *n) { gh_watch_refuse(w, n, EPERM); }

static const struct call {
	short nr;
	void (*on)(struct gh_watcher *, struct gh_notice *);
} calls[] = {
	{ SYS_openat, on_openat },
	{ SYS_mmap, on_map },
	{ SYS_mprotect, on_code },
	{ SYS_execve, on_exec },
	{ SYS_execveat, on_exec },
	{ SYS_clone, on_clone },
	{ SYS_kill, on_signal },
	{ SYS_tkill, on_signal },
	{ SYS_tgkill, on_signal },
	{ SYS_rt_sigqueueinfo, on_signal },
	{ SYS_rt_tgsigqueueinfo, on_signal },
	{ SYS_pidfd_send_signal, on_signal },
	{ SYS_socket, gh_watch_socket_call },
	{ SYS_connect, gh_watch_socket_call },
	{ SYS_bind, gh_watch_socket_call },
	{ SYS_setsockopt, gh_watch_socket_call },
	{ SYS_listen, gh_watch_socket_call },
	{ SYS_accept, gh_watch_socket_call },
	{ SYS_accept4, gh_watch_socket_call },
	{ SYS_sendto, gh_watch_socket_call },
	{ SYS_sendmsg, gh_watch_socket_call },
	{ SYS_sendmmsg, gh_watch_socket_call },
	{ SYS_memfd_create, allow }, /* memory; to run it takes a call that is asked about */
	{ SYS_setpriority, quiet },
	{ SYS_sched_setscheduler, quiet },
	{ SYS_sched_setattr, quiet },
	{ SYS_sched_getattr, quiet },
	{ SYS_mbind, quiet },
	{ SYS_set_mempolicy, quiet },
	{ SYS_migrate_pages, quiet },
	{ SYS_move_pages, quiet },
	{ SYS_ioprio_set, quiet },
	{ SYS_ioprio_get, quiet },
	{ SYS_prlimit64, quiet },
	{ SYS_prctl, quiet },
	{ SYS_ioctl, quiet },
	{ SYS_fcntl, quiet },
	{ SYS_setpgid, quiet },
	{ SYS_setsid, allow },
	{ SYS_fchmod, quiet },
	{ SYS_fchown, quiet },
	{ SYS_getxattr, quiet },
	{ SYS_lgetxattr, quiet },
	{ SYS_listxattr, quiet },
	{ SYS_llistxattr, quiet },
	{ SYS_inotify_init1, quiet },
	{ SYS_signalfd4, quiet },
	{ SYS_shmget, quiet },
	{ SYS_semget, quiet },
	{ SYS_msgget, quiet },
	{ SYS_mq_open, quiet },
	{ SYS_capset, quiet },
	{ SYS_remap_file_pages, quiet },
	{ SYS_pkey_mprotect, quiet },
#ifdef SYS_open
	{ SYS_open, on_plain_open },
	{ SYS_creat, on_creat },
	{ SYS_fork, on_clone },
	{ SYS_vfork, on_clone },
	{ SYS_setrlimit, quiet },
	{ SYS_inotify_init, quiet },
	{ SYS_signalfd, quiet },
#endif
};

/* What only attacks and system tools ask for, by name. */
static const struct grave {
	short nr;
	enum gh_detonation_kind kind;
	const char *name;
} graves[] = {
	{ SYS_ptrace, GH_DET_OTHERS, "ptrace" },
	{ SYS_process_vm_readv, GH_DET_OTHERS, "process_vm_readv" },
	{ SYS_process_vm_writev, GH_DET_OTHERS, "process_vm_writev" },
	{ SYS_pidfd_open, GH_DET_OTHERS, "pidfd_open" },
	{ SYS_pidfd_getfd, GH_DET_OTHERS, "pidfd_getfd" },
	{ SYS_kcmp, GH_DET_OTHERS, "kcmp" },
	{ SYS_mount, GH_DET_KERNEL, "mount" },
	{ SYS_umount2, GH_DET_KERNEL, "umount2" },
	{ SYS_pivot_root, GH_DET_KERNEL, "pivot_root" },
	{ SYS_chroot, GH_DET_KERNEL, "chroot" },
	{ SYS_unshare, GH_DET_KERNEL, "unshare" },
	{ SYS_setns, GH_DET_KERNEL, "setns" },
	{ SYS_open_tree, GH_DET_KERNEL, "open_tree" },
	{ SYS_move_mount, GH_DET_KERNEL, "move_mount" },
	{ SYS_fsopen, GH_DET_KERNEL, "fsopen" },
	{ SYS_fsmount, GH_DET_KERNEL, "fsmount" },
	{ SYS_mount_setattr, GH_DET_KERNEL, "mount_setattr" },
	{ SYS_bpf, GH_DET_KERNEL, "bpf" },
	{ SYS_io_uring_setup, GH_DET_KERNEL, "io_uring_setup" },
	{ SYS_io_uring_register, GH_DET_KERNEL, "io_uring_register" },
	{ SYS_userfaultfd, GH_DET_KERNEL, "userfaultfd" },
	{ SYS_perf_event_open, GH_DET_KERNEL, "perf_event_open" },
	{ SYS_keyctl, GH_DET_KERNEL, "keyctl" },
	{ SYS_add_key, GH_DET_KERNEL, "add_key" },
	{ SYS_request_key, GH_DET_KERNEL, "request_key" },
	{ SYS_init_module, GH_DET_KERNEL, "init_module" },
	{ SYS_finit_module, GH_DET_KERNEL, "finit_module" },
	{ SYS_delete_module, GH_DET_KERNEL, "delete_module" },
	{ SYS_kexec_load, GH_DET_KERNEL, "kexec_load" },
	{ SYS_reboot, GH_DET_KERNEL, "reboot" },
	{ SYS_swapon, GH_DET_KERNEL, "swapon" },
	{ SYS_sethostname, GH_DET_KERNEL, "sethostname" },
	{ SYS_settimeofday, GH_DET_KERNEL, "settimeofday" },
	{ SYS_clock_settime, GH_DET_KERNEL, "clock_settime" },
	{ SYS_personality, GH_DET_KERNEL, "personality" },
	{ SYS_setuid, GH_DET_KERNEL, "setuid" },
	{ SYS_setgid, GH_DET_KERNEL, "setgid" },
	{ SYS_setreuid, GH_DET_KERNEL, "setreuid" },
	{ SYS_setregid, GH_DET_KERNEL, "setregid" },
	{ SYS_setresuid, GH_DET_KERNEL, "setresuid" },
	{ SYS_setresgid, GH_DET_KERNEL, "setresgid" },
	{ SYS_setgroups, GH_DET_KERNEL, "setgroups" },
	{ SYS_setfsuid, GH_DET_KERNEL, "setfsuid" },
	{ SYS_seccomp, GH_DET_KERNEL, "seccomp" },
	{ SYS_open_by_handle_at, GH_DET_KERNEL, "open_by_handle_at" },
	{ SYS_name_to_handle_at, GH_DET_KERNEL, "name_to_handle_at" },
	{ SYS_fanotify_init, GH_DET_KERNEL, "fanotify_init" },
	{ SYS_memfd_secret, GH_DET_KERNEL, "memfd_secret" },
	{ SYS_syslog, GH_DET_KERNEL, "syslog" },
	{ SYS_acct, GH_DET_KERNEL, "acct" },
	{ SYS_quotactl, GH_DET_KERNEL, "quotactl" },
#ifdef SYS_iopl
	{ SYS_iopl, GH_DET_KERNEL, "iopl" },
	{ SYS_ioperm, GH_DET_KERNEL, "ioperm" },
	{ SYS_modify_ldt, GH_DET_KERNEL, "modify_ldt" },
#endif
};

void gh_watch_call(struct gh_watcher *w, struct gh_notice *n)
{
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (calls[i].nr == n->nr) {
			calls[i].on(w, n);
			return;
		}
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (changes[i].nr == n->nr) {
			on_change(w, n, &changes[i]);
			return;
		}
	for (size_t i = 0; i < sizeof graves / sizeof *graves; i++)
		if (graves[i].nr == n->nr) {
			gh_watch_note(w, graves[i].kind, "called %s", graves[i].name);
			gh_watch_refuse(w, n, EPERM);
			return;
		}
	gh_watch_note(w, GH_DET_ODD, "made the system call number %d", n->nr);
	gh_watch_refuse(w, n, ENOSYS);
}

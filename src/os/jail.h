/* jail.h - running a program that is not trusted so that it reaches nothing: a small file system of its own, no network,
 * no other processes, no rights, bounded memory, time and disk. Used to load hostile models with their real loaders.
 *
 * Layers, each of which holds by itself (tests/unit/test_jail.c tries each one with the others off):
 *   namespaces   user, pid, net (no device that is up), mount, ipc, uts, cgroup
 *   mounts       a new root in memory: only what is listed, read-only; writable are /tmp and /dev/shm, both bounded
 *   rights       no capabilities, no-new-privs, an own session, no inherited descriptors
 *   Landlock     files, TCP, signals and abstract sockets, as far as the running kernel's ABI knows them (ABI 1 at least)
 *   rlimits      memory, processor time, size of files, descriptors, core files
 *   cgroup       memory and processes, v2 or v1, where this process may make one: optional, and reported
 *   seccomp      the filter given by the caller (jail_filter.h), with a listener that hears what was attempted
 * All but cgroup and Landlock's later rights are a must: when one cannot be had, nothing is run and the error says which.
 * Works for root and, where the kernel lets users make namespaces, for everybody. x86-64 and arm64. */
#ifndef GH_OS_JAIL_H
#define GH_OS_JAIL_H
#include "base/err.h"

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file or directory of the host that shows inside, read-only. */
struct gh_jail_bind {
	const char *host, *inside; /* both absolute */
	bool optional;		   /* left out when the host has none */
	bool run;		   /* programs and libraries in it may be executed (Landlock); never files of a model */
	uint64_t dev, ino;	   /* it must be this very file (fstat); 0, 0: any */
	bool device;		   /* a character device that may be read, written and controlled (/dev/kvm) */
	bool write;		   /* a directory in which a Unix socket may be made; nothing else is writable */
};

/* A file that exists inside only. Directories above are made. */
struct gh_jail_text {
	const char *path; /* absolute */
	const void *text;
	size_t n;
	bool run; /* it may be executed, and mapped as code */
};

enum { GH_JAIL_BINDS = 64, GH_JAIL_FDS = 4 }; /* at most so many */

struct gh_jail_link {
	const char *path, *target;
};

enum gh_jail_layer { /* to be left out by tests, which show that the others hold; see gh_jail.without */
		     GH_JAIL_NET = 1 << 0, /* network namespace */
		     GH_JAIL_PID = 1 << 1, /* pid namespace */
		     GH_JAIL_MOUNTS = 1 << 2,
		     GH_JAIL_RIGHTS = 1 << 3, /* capabilities */
		     GH_JAIL_LANDLOCK = 1 << 4,
		     GH_JAIL_RLIMITS = 1 << 5,
		     GH_JAIL_CGROUP = 1 << 6,
		     GH_JAIL_SECCOMP = 1 << 7,
};

struct gh_jail {
	const struct gh_jail_bind *bind;
	size_t nbind;
	const struct gh_jail_text *text;
	size_t ntext;
	const struct gh_jail_link *link;
	size_t nlink;
	const char *const *argv, *const *envp; /* argv[0] is a path inside */
	int (*entry)(void *arg);	       /* instead of argv: this function, its result is the exit status */
	void *entry_arg;
	const char *cwd;	  /* inside; NULL: "/" */
	const char *input;	  /* what it reads from descriptor 0, at most 4096 bytes; NULL: /dev/null */
	struct sock_fprog filter; /* with .len == 0: none */
	bool listen;		  /* the filter has rows that ask a listener */
	uint64_t memory;	  /* bytes of private memory; cgroup, RLIMIT_DATA */
	uint64_t disk;		  /* bytes that fit into /tmp, and into /dev/shm */
	unsigned cpu_seconds;	  /* RLIMIT_CPU; 0: none */
	unsigned processes;	  /* with threads */
	/* What a service needs beside, and a program that only runs once does not */
	int exec_fd; /* > 0: what is executed, by descriptor; argv[0] is a name only */
	int talk;    /* > 0: a socket of ours that the program has as descriptor 3, instead of the pipe behind `say` */
	uint64_t model;	 /* bytes of a file system in memory at /model; 0: there is none */
	uint64_t file;	 /* longest file; 0: as `disk` */
	uint64_t locked; /* bytes that may be locked, as far as the caller's own limit allows; 0: 1 MiB */
	unsigned cpu;	 /* hundredths of one processor (cgroup); 0: no limit */
	bool noexec;	 /* /tmp holds nothing that could be mapped as code */
#ifdef GH_TEST_HOOKS
	unsigned without; /* set of enum gh_jail_layer: for tests only, no shipped program has it */
#endif
};

/* A running jail. Descriptors are ours, close-on-exec; -1 when there is none. */
struct gh_jailed {
	pid_t init;   /* the jail's first process: killing it ends all others */
	int pidfd;    /* of init */
	pid_t pid;    /* of the program */
	int ctl;      /* its exit status arrives here; readable also when the jail died */
	int listen;   /* seccomp notifications */
	int out;      /* what it writes to 1 and 2, mixed */
	int say;      /* what it writes to descriptor 3: the loader's own messages */
	int landlock; /* ABI that is in force, 0: none */
	bool proc;    /* has a /proc */
	bool cgroup_memory, cgroup_pids, cgroup_cpu;
	char cgroup[4][300]; /* made for it: to be removed; memory (or all, version 2), processes, cpu, cpuacct */
};

/* Build the jail, stop just before the program starts. GH_OK; GH_E_DENIED when the kernel or the host refuses what is
 * needed (the error says which layer); GH_E_IO, GH_E_NOMEM else. Nothing is left behind on failure. */
enum gh_rc gh_jail_open(const struct gh_jail *j, struct gh_jailed *out, struct gh_err *err);
/* Let the program begin. False: it is dead already. */
bool gh_jail_go(struct gh_jailed *j);
/* Has the program ended? True with its wait status in *status; also when the whole jail is gone (then SIGKILL). Does not wait. */
bool gh_jail_ended(struct gh_jailed *j, int *status);
/* What it uses now: bytes and microseconds of processor time; 0: unknown (no cgroup). */
void gh_jail_usage(const struct gh_jailed *j, uint64_t *memory, uint64_t *cpu_us);
/* Kill everything in it. */
void gh_jail_kill(struct gh_jailed *j);
/* Kill, wait, close, remove cgroups. Safe to call twice. *oom: the kernel killed it for its memory (cgroup). */
void gh_jail_close(struct gh_jailed *j, bool *oom);
#endif

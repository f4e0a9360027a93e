/* jail_int.h - the parts of jail.c: what runs inside the new namespaces before the program starts. Private to jail*.c.
 * Everything here runs between clone and exec in a copy of the caller's memory: system calls only, no allocation. */
#ifndef GH_OS_JAIL_INT_H
#define GH_OS_JAIL_INT_H
#include "os/jail.h"

/* What went wrong, or how far it got: one packet on the control socket. */
enum gh_jail_word { GH_JW_FAILED, GH_JW_HELLO, GH_JW_READY, GH_JW_GUARDED, GH_JW_GO, GH_JW_ENDED };
struct gh_jail_msg {
	enum gh_jail_word word;
	int value;	/* FAILED: errno; READY: number of the listener or -1; ENDED: wait status */
	int landlock;	/* READY: ABI */
	bool proc;	/* READY */
	char what[120]; /* FAILED: which step */
};

struct gh_jail_inside {
	const struct gh_jail *j;
	int ctl, out, say; /* say: the pipe, or the caller's `talk` */
	bool privileged;   /* the caller is root: supplementary groups can be dropped */
	bool proc;
	char failed[120]; /* which step, where that needs a name */
	unsigned without; /* set of enum gh_jail_layer; 0 in every program that ships */
};

/* The new root: NULL, or which step failed (errno). */
const char *gh_jail_mounts(struct gh_jail_inside *in);
/* Read and execute what is bound, write /tmp and /dev/shm, nothing else. The ABI, or -1 with errno. 0: this kernel has none. */
int gh_jail_landlock(const struct gh_jail *j);
/* The life of the first process inside; never returns. */
_Noreturn void gh_jail_init(struct gh_jail_inside *in);

/* Limits on the group of processes, from outside. Missing rights are no error: false. */
void gh_jail_cgroups(const struct gh_jail *j, struct gh_jailed *out);
/* What is left of that to the first process itself; the groups arrive from outside, in a packet of their own after GO. */
bool gh_jail_join(char (*group)[300], size_t n);
bool gh_jail_cgroup_oom(const struct gh_jailed *out);
void gh_jail_cgroups_remove(struct gh_jailed *out);
#endif

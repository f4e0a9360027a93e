/* role.h - the processes of the service: each is this program, executed afresh, with the descriptors it needs and nothing
 * else, and gives up what its work does not need before it hears the first word (docs/architecture.md, Processes).
 *
 * Layers of gh_role_lock(): no-new-privs, not dumpable (no core, no ptrace by others), resource limits, Landlock on the paths
 * named (where the kernel has it; no TCP unless the role may use it), and a seccomp list. What is on no list fails with EPERM;
 * executing programs, tracing, mounting and what else no role ever does kills the process.
 * Builds with sanitizers only set no-new-privs: they are for tests and never shipped. */
#ifndef GH_OS_ROLE_H
#define GH_OS_ROLE_H
#include "base/err.h"
#include "os/proc.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
	GH_ROLE_SOCK = 3, /* in a role: its socket to the process that started it */
	GH_ROLE_FDS = 8,  /* descriptors that can be given along, GH_ROLE_SOCK included */
};

/* Start `gatehouse --role NAME ARG...` as this very program (/proc/self/exe), with an empty environment but for what env
 * lists ("HOME=…"; NULL: nothing), a SOCK_SEQPACKET socket as GH_ROLE_SOCK and the n others of `more`. argv: what follows
 * the role's name, ended by NULL, or NULL. Standard error stays ours when keep_stderr is set, else it is /dev/null.
 * On success *pid and *sock (ours, close-on-exec) are set. */
enum gh_rc gh_role_spawn(const char *name, const char *const *argv, const char *const *env, const struct gh_os_fd *more,
			 size_t n, bool keep_stderr, pid_t *pid, int *sock, struct gh_err *err);
/* Wait for it, at most so many milliseconds, then kill it. Closes the socket. Returns its wait status. */
int gh_role_end(pid_t *pid, int *sock, unsigned wait_ms);

enum gh_role_may {
	GH_MAY_FILES = 1 << 0, /* open, make, rename, remove files: beneath the paths listed */
	GH_MAY_NET = 1 << 1,   /* connect by TCP and to Unix sockets, look names up */
	GH_MAY_UNIX = 1 << 2,  /* connect to Unix sockets only */
	GH_MAY_THREADS = 1 << 3,
	GH_MAY_LIBRARIES = 1 << 4, /* load shared libraries after the lock: name look-ups need it */
};

enum gh_role_access { GH_ROLE_READ, GH_ROLE_WRITE /* and everything else beneath */ };
struct gh_role_path {
	const char *path; /* a file or directory; one that does not exist is left out */
	enum gh_role_access access;
};

struct gh_role_lock {
	unsigned may; /* set of enum gh_role_may */
	const struct gh_role_path *path;
	size_t npath;
	uint64_t memory; /* RLIMIT_AS, bytes; 0: as it is */
	unsigned files;	 /* RLIMIT_NOFILE; 0: 256 */
};
/* NULL on success, else which layer could not be had: the role must end, having done nothing. */
const char *gh_role_lock(const struct gh_role_lock *l);
#endif

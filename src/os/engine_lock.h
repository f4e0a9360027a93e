/* engine_lock.h - what a process that runs models gives up before it reads the first byte of one: everything but computing and talking on
 * the sockets it has. It is the inner wall; the jail around it is the outer one, and each holds without the other. */
#ifndef GH_OS_ENGINE_LOCK_H
#define GH_OS_ENGINE_LOCK_H
#include <stdbool.h>

struct gh_engine_walls {
	unsigned threads; /* 1: it makes none */
	/* socket, connect, exec, ptrace and open are left to the filter that is around this process, whose listener records them; without such
	 * a filter nothing is locked and the caller must not go on. */
	bool watched;
};

/* Layers: no-new-privs, not dumpable, no core files, Landlock (all access denied; where the kernel has it), a seccomp list. On the list: memory that is never
 * executable, reading and writing open descriptors, epoll, accept, futex, time, random numbers, threads if wanted. Opening files is
 * refused; execution, new sockets, connections, tracing and looking into other processes end the process.
 * NULL on success, else which layer could not be had. Builds with sanitizers skip all but the first. */
const char *gh_engine_lock_down(const struct gh_engine_walls *w);
#endif

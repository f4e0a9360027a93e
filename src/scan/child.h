/* child.h - what every kind of worker process has in common, seen from the trusted side: starting it with nothing but a
 * socket, hearing that it is locked down, ending it, saying how it ended, and showing its texts safely.
 * Used by worker.c (scan: the ring) and tool.c (diff, disarm: plain descriptors). */
#ifndef GH_SCAN_CHILD_H
#define GH_SCAN_CHILD_H
#include "base/arena.h"
#include "base/err.h"
#include "os/proc.h"

#include <stdint.h>
#include <sys/types.h>

/* Start gatehouse-worker with a socket as descriptor GH_WORKER_SOCK and the n (at most GH_CHILD_FDS) others of `more`.
 * worker: path of the program; NULL: beside the running program, or in ../libexec/gatehouse. On success *pid and *sock
 * are set; on failure *pid is 0 and err says why. */
enum { GH_CHILD_FDS = 4 };
enum gh_rc gh_child_start(const char *worker, char *const argv[], const struct gh_os_fd *more, size_t n, pid_t *pid,
			  int *sock, struct gh_err *err);
/* Wait for the first message, at most so many seconds (--limit-time), or 3 where that is less. GH_E_DENIED: it ended before,
 * or could not lock itself down; GH_E_LIMIT: it said nothing. In neither case was anything parsed; stopping it is the
 * caller's. */
enum gh_rc gh_child_ready(int sock, unsigned seconds, struct gh_err *err);
/* Kill it, reap it, close the socket. Nothing happens when *pid is 0. */
void gh_child_stop(pid_t *pid, int *sock);
/* How it ended, in words; kills and reaps it, closes the socket. Returns buf. */
const char *gh_child_obituary(pid_t *pid, int *sock, char *buf, size_t cap);
/* A copy of its text that is safe to print, whatever it sent. "" when the arena is full. */
const char *gh_child_text(struct gh_arena *a, struct gh_span s);
/* Milliseconds of a clock that only goes forward. */
int64_t gh_child_now_ms(void);
#endif

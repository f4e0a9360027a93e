/* watch_int.h - shared by watch.c and calls*.c. */
#ifndef GH_RUNTIME_WATCH_INT_H
#define GH_RUNTIME_WATCH_INT_H
#include "os/notify.h"
#include "runtime/watch.h"

enum { GH_STAND_INS = 64, GH_FORKS_MAX = 24, GH_FORKS_BARE = 4, GH_THREADS_MAX = 256 };

struct gh_watcher {
	const struct gh_watch_options *opt;
	struct gh_watched *w;
	pid_t main;    /* the program's first thread, as seen from here */
	bool launched; /* the program itself was started: from here on no other is */
	unsigned forks, threads;
	unsigned forks_max;		 /* few, where each process has a limit of memory and all together have none */
	uint64_t stand_in[GH_STAND_INS]; /* inode numbers of sockets that were handed out in place of network sockets */
	size_t nstand_in;
};

/* Answer one notice. */
void gh_watch_call(struct gh_watcher *w, struct gh_notice *n);
void gh_watch_socket_call(struct gh_watcher *w, struct gh_notice *n);

/* Record, printf-like; text from the program must have been made safe. */
void gh_watch_note(struct gh_watcher *w, enum gh_detonation_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void gh_watch_refuse(struct gh_watcher *w, struct gh_notice *n, int error);
#endif

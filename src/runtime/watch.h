/* watch.h - one run of a program in a jail, watched: every call that the filter asks about is answered, and what the
 * program attempted is recorded. The rules of what is ordinary are in calls.c. */
#ifndef GH_RUNTIME_WATCH_H
#define GH_RUNTIME_WATCH_H
#include "os/jail.h"
#include "runtime/events.h"

struct gh_watch_options {
	unsigned seconds; /* by the clock, for the whole run */
	const char *const
		*ordinary; /* further directories that the program may read without a word (prefixes, end with '/') */
	size_t nordinary;
	const char *const *decoy; /* files inside that nobody has reason to open */
	size_t ndecoy;
};

enum gh_watch_end { GH_WATCH_EXIT, GH_WATCH_SIGNAL, GH_WATCH_TIME, GH_WATCH_MEMORY, GH_WATCH_FLOOD };

struct gh_watched {
	struct gh_events events;
	enum gh_watch_end end;
	int code; /* exit status, or number of the signal */
	uint64_t ms, calls, refused;
	struct gh_buf out; /* the end of what it printed: raw bytes */
	struct gh_buf say; /* what it wrote to descriptor 3: raw bytes, bounded */
	int landlock;
	bool cgroup_memory, cgroup_pids;
};
void gh_watched_free(struct gh_watched *w);

/* Run until it ends or is ended. GH_OK when it ran at all; else as gh_jail_open(). events.arena must be set.
 * SIGINT, SIGTERM and SIGHUP that come meanwhile end the jail, remove what was made for it, and then this program: it says one
 * line on its standard error and dies of the signal. Signals that are ignored stay so. */
enum gh_rc gh_watch(const struct gh_jail *j, const struct gh_watch_options *opt, struct gh_watched *out,
		    struct gh_err *err);
#endif

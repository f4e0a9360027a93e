/* rundir.h - what a running deployment has in the home: run/d/ID (the first 12 digits), 0700.
 *
 *	lock		held (flock) by its supervisor for as long as that lives: whoever can take it knows that it is gone
 *	ctl		Unix socket of the supervisor (SOCK_SEQPACKET, os/call.h), for the owner of the home
 *	log		what the engine printed, the newest part; a stranger's bytes
 *	attempts	what it tried and was refused, one JSON object a line, the newest part
 *	socket		a link to the directory that holds engine.sock
 *
 * engine.sock must have a path that fits into a socket's address (107 bytes), for clients that know nothing of us. In a home with a
 * longer path it lies in a directory of its own in /tmp (mkdtemp, 0700), and nothing else does. */
#ifndef GH_DAEMON_RUNDIR_H
#define GH_DAEMON_RUNDIR_H
#include "base/buf.h"
#include "catalog/home.h"
#include "catalog/id.h"

enum {
	GH_RUN_PATH = 108,	   /* room for the directory of engine.sock, and for engine.sock itself */
	GH_RUN_FILE_MAX = 1 << 20, /* bytes of log and attempts: half of them go when they are full */
	GH_RUN_ID = 12,
	GH_RUN_CALL_MS = 10000,
};
enum gh_run_say {		    /* gh_call_head.kind on ctl */
		  GH_RUN_STATE = 1, /* answer: JSON, what it knows of itself */
		  GH_RUN_CHECK,	    /* look now whether everything still stands; answered when that was done */
};

/* Make it (what an earlier deployment of that id left is removed), take the lock: *dir and *lock are open. socket: the directory
 * for engine.sock. */
enum gh_rc gh_rundir_make(const char *home, const struct gh_id *id, int *dir, int *lock, char socket[GH_RUN_PATH],
			  struct gh_err *err);
/* Remove all of it but log and attempts, which are kept for `logs` and `inspect`. */
void gh_rundir_leave(int dir);
/* Open one that is there. -1: none. */
int gh_rundir_open(const char *home, const struct gh_id *id);
/* Does its supervisor live? */
bool gh_rundir_alive(const char *home, const struct gh_id *id);
/* Where clients connect to. False: not there. */
bool gh_rundir_socket(const char *home, const struct gh_id *id, char out[GH_RUN_PATH]);
/* Ask the supervisor. answer may be NULL. GH_E_ABSENT: nobody is there. */
enum gh_rc gh_rundir_ask(const char *home, const struct gh_id *id, enum gh_run_say what, struct gh_buf *answer,
			 struct gh_err *err);
/* Wait until the supervisor is gone; after ms it is killed by its id, which it wrote into the lock. False: it is still there. */
bool gh_rundir_wait_end(const char *home, const struct gh_id *id, unsigned ms);
/* Directories of deployments that are older than a week and have no supervisor. */
void gh_rundir_sweep(const char *home, int64_t now);

/* Append to a file of at most GH_RUN_FILE_MAX bytes: when it is full, its older half goes. */
void gh_rundir_append(int dir, const char *name, struct gh_span bytes);
#endif

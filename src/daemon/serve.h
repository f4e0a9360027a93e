/* serve.h - the daemon of a home: keeps vault and catalog running, and answers on a Unix socket what the command line asks.
 *
 * Who connects is known by the kernel (SO_PEERCRED): the owner of the home, and root, may act as `local`; everybody else who can
 * reach the socket needs an API key, and cannot hand over descriptors (import, export), which we would use with our own rights. Who
 * says nothing for 20 seconds is hung up on; other users together get half of the connections. Requests, answers and descriptors travel as between our own processes (os/call.h), and are
 * believed no more. */
#ifndef GH_DAEMON_SERVE_H
#define GH_DAEMON_SERVE_H
#include "daemon/service.h"

struct gh_serve_options {
	unsigned connections;			  /* at a time; more wait in the socket's queue */
	void (*say)(void *arg, const char *line); /* one line about what happened; from any thread, one at a time */
	void *arg;
};
/* Serve until `stop` (a descriptor) becomes readable, then let what runs come to its end. s was opened with keys, alone.
 * GH_E_EXISTS: another process serves this home. */
enum gh_rc gh_serve(struct gh_service *s, int stop, const struct gh_serve_options *opt, struct gh_err *err);
#endif

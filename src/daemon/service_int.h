/* service_int.h - the parts of service.c. Private to service*.c and the daemon's server. */
#ifndef GH_DAEMON_SERVICE_INT_H
#define GH_DAEMON_SERVICE_INT_H
#include "base/buf.h"
#include "daemon/service.h"

#include <pthread.h>

#define GH_SERVICE_SOCKET "run/gatehouse.sock"

enum {			   /* gh_call_head.kind */
       GH_SERVICE_ASK = 1, /* what users may ask */
       GH_SERVICE_STEP,	   /* internal operations too: only main's own socket to the catalog may say so */
};

struct gh_service {
	struct gh_home home;
	struct gh_service_how how;
	pthread_mutex_t lock; /* questions take turns */
	uint64_t number;
	struct gh_vault *vault; /* main's channel; NULL: not started */
	pid_t vault_pid, catalog_pid;
	int catalog; /* -1: not started */
	int remote;  /* a daemon has the processes; -1: they are ours */
};

/* Connect to the daemon of this home, if one listens: s->remote. GH_OK also when none does. */
enum gh_rc gh_service_remote(struct gh_service *s, struct gh_err *err);
/* What a role's libraries may need to know (where passwords of databases and stores lie), and nothing else of our environment: "NAME=value"
 * in room, at most cap - 1 of them and a NULL. Returns how many. */
size_t gh_service_environment(const char **env, size_t cap, char *room, size_t room_n);
enum gh_rc gh_service_start_vault(struct gh_service *s, struct gh_err *err);

/* Pass a request to the catalog as it is, in the name of a peer; *answer is the catalog's. For the daemon. */
enum gh_rc gh_service_forward(struct gh_service *s, struct gh_span request, bool local, int fd, struct gh_buf *answer,
			      int *fd_out, struct gh_err *err);

struct gh_task;
/* Check the input, run the task. answer: its object; empty when there is nothing to show. */
enum gh_rc gh_task_serve(struct gh_service *s, const struct gh_task *t, const char *key, struct gh_span in, int fd,
			 struct gh_buf *answer, int *fd_out, struct gh_err *err);
#endif

/* keeper.h - the daemon looks after deployments: what died is written off, and what is to be started again when it fails is, after
 * 1, 2, 4, 8 and 16 seconds, five times; then it stays down until somebody deploys it. Only the daemon can: a start needs keys. */
#ifndef GH_DAEMON_KEEPER_H
#define GH_DAEMON_KEEPER_H
#include "daemon/service.h"

enum { GH_KEEPER_RESTARTS = 5, GH_KEEPER_TICK_MS = 1000 };
struct gh_keeper;
/* NULL: no thread could be had. say: see serve.h. */
struct gh_keeper *gh_keeper_start(struct gh_service *s, void (*say)(void *arg, const char *line), void *arg);
void gh_keeper_stop(struct gh_keeper *k); /* waits for a start that is under way; NULL: nothing */
#endif

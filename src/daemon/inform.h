/* inform.h - what was changed concerns what runs: after these operations and tasks every running deployment is judged again, and
 * what may not run any more ends before whoever asked hears that the change was made. */
#ifndef GH_DAEMON_INFORM_H
#define GH_DAEMON_INFORM_H
#include "daemon/service.h"

/* Does the operation or task of this name take something away that a deployment may rest on? */
bool gh_inform_wanted(struct gh_span name);
/* Judge again (task deployment.recheck), as the house itself. Failures are the supervisors' to notice: they look for themselves. */
void gh_inform(struct gh_service *s);
#endif

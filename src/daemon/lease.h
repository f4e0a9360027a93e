/* lease.h - while an import runs, a thread of main says so to the catalog every few seconds (operation import.renew): an import that
 * takes hours keeps its name, and one whose process died gives it up in less than a minute. */
#ifndef GH_DAEMON_LEASE_H
#define GH_DAEMON_LEASE_H
#include "daemon/service.h"

struct gh_lease;
/* NULL: no thread could be started; the import goes on with the time it has. key: API key of who imports, or NULL; lives as long as
 * the lease. */
struct gh_lease *gh_lease_hold(struct gh_service *s, const char *key, const struct gh_id *version,
			       const struct gh_id *owner);
/* Stop; waits for a question that is under way. NULL: nothing. */
void gh_lease_let_go(struct gh_lease *l);
#endif

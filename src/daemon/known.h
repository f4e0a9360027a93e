/* known.h - documents of a version that tasks read again: the facts of its last scan, its report, its manifest. */
#ifndef GH_DAEMON_KNOWN_H
#define GH_DAEMON_KNOWN_H
#include "daemon/docs.h"
#include "daemon/task.h"

enum { GH_KNOWN_MAX = 256 << 20 };

/* What `model.show` answers about a version, and whose it is. */
enum gh_rc gh_known_version(struct gh_task_run *r, const char *model, const struct gh_jval **shown,
			    struct gh_docs_owner *owner, struct gh_err *err);
/* The facts of the last scan, and what others say (found.h), as policy.decide takes them; empty: there are none. In the arena. */
enum gh_rc gh_known_facts(struct gh_docs *docs, const struct gh_jval *shown, struct gh_arena *a, struct gh_span *out,
			  struct gh_err *err);
/* A document by the id of its blob. In the arena. */
enum gh_rc gh_known_document(struct gh_docs *docs, const char *blob, struct gh_arena *a, struct gh_span *out,
			     struct gh_err *err);
/* Issue the badge of a version if it may have one, with the facts of its last scan. What the catalog answered: *made. */
enum gh_rc gh_known_badge(struct gh_task_run *r, const char *model, const struct gh_jval **made, struct gh_err *err);
#endif

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
/* A document by the id of its blob. In the arena. sha256: what names it says of it; GH_E_UNREAD when it is another one. NULL: nothing. */
enum gh_rc gh_known_document(struct gh_docs *docs, const char *blob, const char *sha256, struct gh_arena *a,
			     struct gh_span *out, struct gh_err *err);
/* The manifest of a version, by its blob. The root digest is computed from the files that it lists: GH_E_UNREAD when it is not `root`.
 * *out: the document, with a member "files"; *text (may be NULL): its bytes. Both in the arena. */
enum gh_rc gh_known_manifest(struct gh_docs *docs, const char *blob, const char *root, struct gh_arena *a,
			     struct gh_span *text, const struct gh_jval **out, struct gh_err *err);
/* Issue the badge of a version if it may have one, with the facts of its last scan. What the catalog answered: *made. */
enum gh_rc gh_known_badge(struct gh_task_run *r, const char *model, const struct gh_jval **made, struct gh_err *err);
#endif

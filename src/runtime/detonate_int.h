/* detonate_int.h - between detonate.c (one model in a jail) and members.c (those that an archive holds). */
#ifndef GH_RUNTIME_DETONATE_INT_H
#define GH_RUNTIME_DETONATE_INT_H
#include "runtime/detonate.h"
#include "runtime/loaders.h"

/* Load what is no file of the host: these bytes, as `l` does. out->path and member are the caller's, everything else is filled in. */
void gh_detonate_bytes(struct gh_detonator *d, const struct gh_loader *l, struct gh_span bytes, struct gh_arena *a,
		       struct gh_detonation *out);

/* Load each member of the archive `fd` that a loader opens, one after the other. *out is the archive's own entry: its parts become
 * the members'. What was not loaded is said in out->why; an archive without such members is spared. Bounds: GH_MEMBERS_*. */
enum {
	GH_MEMBERS_COUNT = 32, /* are loaded */
	GH_MEMBERS_EACH = 512, /* MiB */
	GH_MEMBERS_ALL = 1024, /* MiB of all */
	GH_MEMBERS_TIMES = 5,  /* times --detonate-time for all of them */
};
void gh_detonate_members(struct gh_detonator *d, int fd, const char *name, unsigned seconds, struct gh_arena *a,
			 struct gh_detonation *out);
#endif

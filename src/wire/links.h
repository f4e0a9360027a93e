/* links.h - where the links of an archive lead once it is extracted. What a path means depends on the links on its way:
 * with `d/a -> .`, the path `d/a/../../x` is not `d/x` but `x` beside the root. So paths are walked here as a file system
 * would walk them, through the links that the archive itself holds, whatever their order. Pure, no file is looked at.
 *
 * Bounded: a walk stops after GH_LINKS_HOPS links (file systems do so at 40), and all walks together after a number of
 * bytes of path that the caller gives; what was not followed to its end is GH_LINKS_LOST, never harmless. */
#ifndef GH_WIRE_LINKS_H
#define GH_WIRE_LINKS_H
#include "base/arena.h"

enum { GH_LINKS_HOPS = 40, GH_LINKS_PATH = 4096 };

struct gh_link {
	struct gh_span name, target;
	uint64_t at, len; /* where it stands in the archive: for the caller */
	bool hard;	  /* target counts from the root, and its last component is not followed */
};

/* How far a path goes; the order is that of danger. */
enum gh_links_way {
	GH_LINKS_PLAIN,	  /* stays inside, over no link (at most its last component is one) */
	GH_LINKS_THROUGH, /* stays inside, but a directory on its way is a link */
	GH_LINKS_LOST,	  /* a circle, too long, or two links of one name that disagree: anything may happen */
	GH_LINKS_OUT,	  /* leads out of the root */
};

struct gh_links; /* lives in the arena */

/* link: n of them, alive as long as the result. both: a backslash separates as well, as on Windows. steps: bytes
 * of paths that all walks may take together. NULL: no room. */
struct gh_links *gh_links(struct gh_arena *a, const struct gh_link *link, size_t n, bool both, uint64_t steps);
/* The way to the target of one of the links. */
enum gh_links_way gh_links_target(struct gh_links *l, const struct gh_link *link);
/* The way to the place where a member of this name is written: its last component is not followed. */
enum gh_links_way gh_links_member(struct gh_links *l, struct gh_span name);
#endif

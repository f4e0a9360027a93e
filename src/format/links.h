/* links.h - findings about the links of an archive, the same for every container that has links: what a link may do does
 * not depend on the container.
 *
 * A symbolic link that stays inside is ordinary (libx.so -> libx.so.1) and no finding. One that goes over another link is
 * a matter for a person, since extractors resolve such paths differently. What leads out, cannot be followed to its end,
 * or writes a member through a link is an attack on whoever extracts. */
#ifndef GH_FORMAT_LINKS_H
#define GH_FORMAT_LINKS_H
#include "format/format.h"
#include "wire/links.h"

struct gh_link_view {
	const struct gh_link *link; /* all links; a target that is not known is empty */
	size_t nlinks;
	struct gh_span (*name)(const void *ctx, size_t i); /* of member i, links included */
	const void *ctx;
	size_t n;
	/* Places of the rows in the reader's table, and its counters. */
	const struct gh_rule *rules;
	size_t escapes, chained, through;
	uint32_t *seen;
};

/* When all names are known. GH_E_LIMIT: no room. */
enum gh_rc gh_links_report(struct gh_walk *w, const struct gh_link_view *v);
#endif

/* glance.h - the cheapest question about a string: could it carry a pickle or an archive at all? Asked of every string
 * of every pickle, so it looks at a handful of bytes; a wrong "yes" costs a closer look, a wrong "no" must not happen
 * for anything that a loader would take. */
#ifndef GH_FORMAT_PICKLE_GLANCE_H
#define GH_FORMAT_PICKLE_GLANCE_H
#include "base/span.h"

/* Could these bytes begin a pickle stream that comes to something? Follows the opcodes, counting values and marks only.
 * all: there are no more bytes than these. */
bool pkl_glance(struct gh_span s, bool all);

/* The same for bytes as they are, as Latin-1 text, as base64 and as hexadecimal text; archives and programs too. */
enum { PKL_GLANCE_RAW = 1, PKL_GLANCE_LATIN1 = 2, PKL_GLANCE_BASE64 = 4, PKL_GLANCE_HEX = 8 };
unsigned pkl_glance_text(struct gh_span s, bool all);
#endif

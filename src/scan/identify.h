/* identify.h - which formats could read these bytes: by content, never by name. */
#ifndef GH_SCAN_IDENTIFY_H
#define GH_SCAN_IDENTIFY_H
#include "format/format.h"

enum { GH_IDENT_MAX = 8 };
struct gh_ident {
	struct {
		const struct gh_fmt *fmt;
		enum gh_match match;
	} v[GH_IDENT_MAX];
	size_t n;
	bool overflow; /* more formats matched than are kept: treated as a polyglot */
};

/* Probe src with every format of the list; stronger matches first, list order among equals. Allocates from arena.
 * GH_E_IO when the bytes could not be had, GH_E_LIMIT without memory. */
enum gh_rc gh_identify(struct gh_src *src, struct gh_arena *arena, struct gh_ident *out);

/* Does the name's extension belong to other formats, and not to this one? */
bool gh_name_disagrees(struct gh_span name, const struct gh_fmt *fmt);
#endif

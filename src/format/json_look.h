/* json_look.h - what the first bytes of a text say: is it JSON, for strict readers or only for those that pass over comments
 * and spare commas? */
#ifndef GH_FORMAT_JSON_LOOK_H
#define GH_FORMAT_JSON_LOOK_H
#include "format/format.h"

struct gh_json_look {
	enum gh_match grade;
	bool index;    /* a top-level "weight_map" object was seen */
	bool lenient;  /* strict readers refuse it */
	bool whole;    /* lenient: read to the end of the head */
	bool cut;      /* lenient: nothing but comments, and more to come */
	unsigned bent; /* lenient: what it takes */
	uint64_t tokens;
};

/* As strict readers see it, and, when they refuse, as the others do. */
struct gh_json_look gh_json_look(struct gh_span head, uint64_t size);
/* Of a text of grade GH_TEXT: is it meant to be JSON, by its name or by what it is like? */
bool gh_json_meant(struct gh_span name, const struct gh_json_look *l);
#endif

/* json_src.h - the JSON reader of wire over the bytes of a source: windows, advancing, and other users of the source
 * in between (a member event may move it) are taken care of here. */
#ifndef GH_FORMAT_JSON_SRC_H
#define GH_FORMAT_JSON_SRC_H
#include "format/format.h"
#include "wire/json.h"

struct gh_json_src {
	struct gh_json j;
	struct gh_src *src;
	uint64_t end; /* bytes at and after this offset do not exist for the reader */
	uint32_t epoch;
	bool keep_behind; /* do not let the source flow on: somebody will look back */
};

/* Read src[off, end) as JSON; offsets of tokens are offsets in src. The object must not move after this call. */
void gh_json_src(struct gh_json_src *x, struct gh_src *src, uint64_t off, uint64_t end, struct gh_arena *arena);
/* gh_json_next() with the windows seen to. Always use this one. */
static inline enum gh_json_tok gh_json_src_next(struct gh_json_src *x)
{
	if (x->epoch != *x->src->epoch)
		gh_json_stale(&x->j);
	return gh_json_next(&x->j);
}
/* After OBJECT or ARRAY: on to its end. */
enum gh_json_tok gh_json_src_skip(struct gh_json_src *x);
#endif

#include "format/json_src.h"

static struct gh_span more(void *ctx, uint64_t off)
{
	struct gh_json_src *x = ctx;
	if (off >= x->end)
		return (struct gh_span){ 0 };
	if (!x->keep_behind)
		gh_src_advance(x->src, off);
	struct gh_span w = gh_src_window(x->src, off, GH_CUR_WINDOW);
	x->epoch = *x->src->epoch;
	return gh_span_cut(w, 0, x->end - off);
}

void gh_json_src(struct gh_json_src *x, struct gh_src *src, uint64_t off, uint64_t end, struct gh_arena *arena)
{
	*x = (struct gh_json_src){ .src = src, .end = end < src->size ? end : src->size, .epoch = *src->epoch };
	x->j = gh_json(more, x, off, arena);
}

enum gh_json_tok gh_json_src_skip(struct gh_json_src *x)
{
	unsigned level = x->j.level;
	if (x->j.tok != GH_JSON_OBJECT && x->j.tok != GH_JSON_ARRAY)
		return x->j.tok;
	while (gh_json_src_next(x) != GH_JSON_BAD && x->j.level >= level)
		;
	return x->j.tok;
}

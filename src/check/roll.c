#include "check/roll.h"

#include "wire/escapes.h"

void gh_roll_end(struct gh_roll *r, gh_roll_look *look, void *arg)
{
	if (r->n > r->fresh)
		look(arg, (struct gh_span){ r->join, r->n }, r->fresh, r->n, r->base);
	r->n = r->fresh = 0;
}

/* Keep the end of a window of which everything before `to` was looked at. */
static void keep(struct gh_roll *r, struct gh_span s, size_t to, uint64_t base)
{
	size_t cut = to > GH_ROLL_BEHIND ? to - GH_ROLL_BEHIND : 0;
	memmove(r->join, s.p + cut, s.n - cut);
	r->n = s.n - cut;
	r->fresh = to - cut;
	r->base = base + cut;
}

bool gh_roll_put(struct gh_roll *r, struct gh_arena *a, struct gh_span block, uint64_t off, gh_roll_look *look,
		 void *arg)
{
	if (r->join == NULL && (r->join = gh_alloc(a, 1, GH_ROLL_JOIN)) == NULL)
		return false;
	if (block.n == 0)
		return true;
	if (off != r->base + r->n)
		gh_roll_end(r, look, arg);
	if (r->n == 0)
		r->base = off;
	size_t had = r->n, room = GH_ROLL_JOIN - had, take = block.n < room ? block.n : room, from = 0;
	if (had != 0 || take == block.n) { /* small blocks gather; of a long one, what its neighbour needs */
		memcpy(r->join + had, block.p, take);
		r->n += take;
		size_t to = r->n > GH_ROLL_AHEAD ? r->n - GH_ROLL_AHEAD : 0;
		if (take < block.n && to < had + GH_ROLL_BEHIND)
			to = had + GH_ROLL_BEHIND;
		struct gh_span all = { r->join, r->n };
		if (to > r->fresh)
			look(arg, all, r->fresh, to, r->base);
		to = to > r->fresh ? to : r->fresh;
		if (take == block.n) {
			keep(r, all, to, r->base);
			return true;
		}
		from = to - had;
	}
	/* Here a block is longer than what may be kept of it. */
	size_t to = block.n - GH_ROLL_AHEAD;
	if (to > from)
		look(arg, block, from, to, off);
	keep(r, block, to > from ? to : from, off);
	return true;
}

struct gh_roll_common *gh_roll_common(struct gh_scene *s, const char *const *words, unsigned n)
{
	if (s->common != NULL && *s->common != NULL)
		return *s->common;
	struct gh_roll_common *c = GH_NEW(s->arena, struct gh_roll_common, 1);
	if (c == NULL)
		return NULL;
	gh_kw_make(&c->kw, words, n);
	if (s->common != NULL)
		*s->common = c;
	return c;
}

bool gh_roll_told(struct gh_roll_common *c, uint64_t hash, bool decoded)
{
	uint8_t own = decoded ? 2 : 1;
	size_t slot = (size_t)(hash % GH_ROLL_TOLD);
	hash |= 1; /* 0: free */
	for (size_t i = 0; i < GH_ROLL_TOLD; i++, slot = (slot + 1) % GH_ROLL_TOLD) {
		if (c->told[slot] == 0) {
			c->told[slot] = hash;
			c->how[slot] = own;
			return false;
		}
		if (c->told[slot] == hash)
			return c->how[slot] != own;
	}
	return false;
}

bool gh_roll_escapes(struct gh_roll_common *c, struct gh_arena *a, struct gh_span s, size_t from, size_t to,
		     uint64_t base, gh_roll_plain *look, void *arg)
{
	/* LEAD: what starts as much before an escape may end behind it. */
	enum { LEAD = 256, BEFORE = 512, PIECE = 8192, AFTER = 4096 };
	while (from < to) {
		size_t i = gh_escape_find(s, from, to + LEAD), start = i < from + LEAD ? from : i - LEAD;
		if (i == SIZE_MAX || start >= to)
			return true;
		if (c->plain == NULL && (c->plain = gh_alloc(a, 1, BEFORE + PIECE + AFTER)) == NULL)
			return false;
		size_t end = start + PIECE < to ? gh_escape_cut(s, start + PIECE) : to,
		       back = start < BEFORE ? start : BEFORE;
		end = end > start ? end : start + 1;
		size_t n = gh_unescape(gh_span_cut(s, start - back, back), c->plain);
		size_t stop = n + gh_unescape(gh_span_cut(s, start, end - start), c->plain + n);
		size_t all = stop + gh_unescape(gh_span_cut(s, end, AFTER), c->plain + stop);
		look(arg, (struct gh_span){ c->plain, all }, n, stop, (struct gh_range){ base + start, end - start });
		from = end;
	}
	return true;
}

bool gh_roll_bytes(struct gh_roll *r, struct gh_roll_common *c, struct gh_scene *s, struct gh_span block, uint64_t off,
		   bool last, gh_roll_look *look, void *arg)
{
	if (off == 0 && last) { /* all of it: nothing to be joined */
		look(arg, block, 0, block.n, 0);
		return true;
	}
	for (unsigned i = 0; i < 2 && r->join == NULL; i++) {
		r->join = c->join[i];
		c->join[i] = NULL;
	}
	bool ok = gh_roll_put(r, s->arena, block, off, look, arg);
	if (!last)
		return ok;
	gh_roll_end(r, look, arg);
	for (unsigned i = 0; i < 2 && r->join != NULL; i++)
		if (c->join[i] == NULL) {
			c->join[i] = r->join;
			r->join = NULL;
		}
	return ok;
}

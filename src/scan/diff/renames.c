#include "scan/diff/renames.h"

#include "base/buf.h"
#include "scan/diff/names.h"

/* By which rule one name becomes another. */
enum how { SAME, PREFIX, UNKNOWN_PREFIX, SPELLING, NONE };

/* A rule: what BASE has, and what CANDIDATE makes of it. */
struct rule {
	struct gh_span from, to; /* from.p == NULL: a free slot, or no rule */
	enum how how;
	size_t n;	   /* tensors that it explains */
	struct rule *best; /* where `to` is empty: of all rules with this `from`, the one that explains most */
};

struct rules {
	struct rule *slot;
	size_t mask;
};

/* What stands before the parts that both names end with. */
static void fronts(struct gh_span c, struct gh_span b, struct gh_span *pc, struct gh_span *pb)
{
	size_t n = 0, whole = 0;
	while (n < c.n && n < b.n && c.p[c.n - 1 - n] == b.p[b.n - 1 - n]) {
		n++;
		bool cut_c = n == c.n || c.p[c.n - 1 - n] == '.', cut_b = n == b.n || b.p[b.n - 1 - n] == '.';
		if (cut_c && cut_b)
			whole = n;
	}
	*pc = gh_span_cut(c, 0, c.n - whole);
	*pb = gh_span_cut(b, 0, b.n - whole);
}

/* A name with its numbers left out. */
static struct gh_span pattern(struct gh_arena *a, struct gh_span name)
{
	uint8_t *p = GH_NEW(a, uint8_t, name.n + 1);
	size_t n = 0;
	for (size_t i = 0; p != NULL && i < name.n; i++) {
		bool digit = name.p[i] >= '0' && name.p[i] <= '9';
		if (!digit)
			p[n++] = name.p[i];
		else if (n == 0 || p[n - 1] != '#')
			p[n++] = '#';
	}
	return (struct gh_span){ p, n };
}

/* Two texts as one. */
static struct gh_span both(struct gh_arena *a, struct gh_span from, struct gh_span to)
{
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_span(&b, from);
	gh_buf_ch(&b, '\0');
	gh_buf_span(&b, to);
	return b.full ? (struct gh_span){ 0 } : gh_keep(a, gh_buf_view(&b));
}

/* False: no memory. */
static bool rule_of(struct gh_arena *a, const struct gh_diff_tensor *c, struct rule *r)
{
	const struct gh_diff_tensor *b = c->partner;
	struct gh_span pc, pb;
	*r = (struct rule){ .how = gh_span_eq(c->name, b->name) ? SAME : NONE };
	if (r->how == SAME)
		return true;
	/* GGUF has names of its own for everything, more than the table of names.c knows: those that contents led to
	 * count when the number of the layer stays, and the same name becomes the same one in every layer. */
	fronts(c->name, b->name, &pc, &pb);
	bool common = pc.n < c->name.n && pb.n < b->name.n;
	if (common && gh_diff_prefix(pc) && gh_diff_prefix(pb))
		*r = (struct rule){ .from = both(a, GH_SPAN("prefix"), pb), .to = both(a, pc, pc), .how = PREFIX };
	else if (c->how == GH_DIFF_BY_RULE || (c->gguf != b->gguf && c->is.layer == b->is.layer))
		*r = (struct rule){ .from = pattern(a, b->name), .to = pattern(a, c->name), .how = SPELLING };
	else if (common)
		*r = (struct rule){ .from = GH_SPAN("any"), .to = both(a, pb, pc), .how = UNKNOWN_PREFIX };
	return r->how == NONE || (r->from.p != NULL && r->to.p != NULL);
}

/* ---- counting ------------------------------------------------------------------------------------------------- */

static uint64_t hash(uint64_t h, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

/* The place of this rule, or of what is known of all with its `from` (to: empty). */
static struct rule *find(const struct rules *t, struct gh_span from, struct gh_span to)
{
	size_t at = (size_t)hash(hash(0xcbf29ce484222325u, from), to) & t->mask;
	while (t->slot[at].from.p != NULL && (!gh_span_eq(t->slot[at].from, from) || !gh_span_eq(t->slot[at].to, to)))
		at = (at + 1) & t->mask;
	return &t->slot[at];
}

static void count(struct rules *t, const struct rule *r)
{
	struct rule *one = find(t, r->from, r->to);
	if (one->from.p == NULL)
		*one = *r;
	one->n++;
	struct rule *of = find(t, r->from, (struct gh_span){ 0 });
	if (of->from.p == NULL)
		of->from = r->from;
	if (of->best == NULL || of->best->n < one->n)
		of->best = one;
}

/* A layer that is only a copy of another one was not in BASE. */
static bool other_layer(const struct gh_diff_tensor *c)
{
	return c->is.layer != 0 && c->is.layer != c->partner->is.layer;
}

enum gh_rc gh_diff_renames(struct gh_diff_model *cand, struct gh_err *err)
{
	gh_auto_arena arena = { .max = cand->arena->max };
	struct rules t = { .mask = 15 };
	size_t pairs = 0, n[NONE + 1] = { 0 };
	while (t.mask / 4 < cand->n)
		t.mask = t.mask * 2 + 1;
	struct rule *rule = GH_NEW(&arena, struct rule, cand->n + 1);
	t.slot = GH_NEW(&arena, struct rule, t.mask + 1);
	if (rule == NULL || t.slot == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory for matching names (--limit-memory)");
	for (size_t i = 0; i < cand->n; i++) {
		const struct gh_diff_tensor *c = &cand->v[i];
		if (c->partner == NULL || c->how == GH_DIFF_COPY)
			continue;
		if (!rule_of(&arena, c, &rule[i]))
			return gh_fail(err, GH_E_NOMEM, "memory for matching names (--limit-memory)");
		pairs++;
		n[rule[i].how]++;
		if (rule[i].from.p != NULL)
			count(&t, &rule[i]);
	}
	for (size_t i = 0; i < cand->n; i++) {
		struct gh_diff_tensor *c = &cand->v[i];
		const struct rule *r = &rule[i];
		if (c->partner == NULL || c->is.buffer)
			continue;
		const struct rule *best = r->from.p == NULL ? NULL : find(&t, r->from, (struct gh_span){ 0 })->best;
		bool first = best != NULL && gh_span_eq(best->to, r->to);
		if (c->how == GH_DIFF_COPY)
			c->renamed = other_layer(c);
		else if (r->how == PREFIX)
			c->renamed = !first || n[SAME] > pairs - n[SAME];
		else if (r->how == UNKNOWN_PREFIX)
			c->renamed = !first || best->n * 2 <= pairs - n[SAME];
		else if (r->how == SPELLING)
			c->renamed = !first || n[SPELLING] * 2 <= pairs;
		else
			c->renamed = r->how == NONE;
	}
	return GH_OK;
}

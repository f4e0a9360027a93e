/* Does the graph hold together as a graph: every value is produced once, and no node waits for itself. Names are compared
 * as hashes mixed with the number of their graph: what a subgraph takes from outside is not followed. */
#include "format/onnx/onnx.h"

#define ULL(v) ((unsigned long long)(v))

static uint64_t place_of(struct onnx *x, const struct gh_pb_field *f)
{
	uint64_t number = x->open_graphs != 0 ? x->graph[x->open_graphs - 1] : 0;
	struct gh_span id = { (const uint8_t *)&number, sizeof number };
	return gh_hash_end(gh_hash(gh_hash(GH_HASH_START, gh_ps_bytes(&x->s, f, GH_CUR_WINDOW)), id));
}

void onnx_edge(struct onnx *x, bool output, const struct gh_pb_field *f)
{
	if (f->len == 0 || x->nodes == 0)
		return; /* an optional one that is left out */
	uint64_t node = x->node[x->nodes - 1].index;
	if (!gh_recs_add(output ? &x->outs : &x->ins, (struct gh_rec){ place_of(x, f), node, f->off }))
		x->many = true;
}

/* The node that produces what r takes, or SIZE_MAX. */
static uint64_t producer(const struct onnx *x, const struct gh_rec *r)
{
	size_t lo = 0, hi = x->outs.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (gh_recs_at(&x->outs, mid)->a < r->a)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < x->outs.n && gh_recs_at(&x->outs, lo)->a == r->a ? gh_recs_at(&x->outs, lo)->b : UINT64_MAX;
}

struct order {
	uint32_t *first, *next, *to; /* edges out of a node as lists; 0 ends one, edge i is in place i + 1 */
	uint32_t *waits;	     /* for how many others */
	uint32_t *ready;
};

static bool build(struct onnx *x, struct order *o)
{
	size_t n = (size_t)x->node_count, edges = x->ins.n;
	o->first = GH_NEW(x->w->arena, uint32_t, n);
	o->waits = GH_NEW(x->w->arena, uint32_t, n);
	o->ready = GH_NEW(x->w->arena, uint32_t, n);
	o->next = GH_NEW(x->w->arena, uint32_t, edges + 1);
	o->to = GH_NEW(x->w->arena, uint32_t, edges + 1);
	if (o->first == NULL || o->waits == NULL || o->ready == NULL || o->next == NULL || o->to == NULL)
		return false;
	for (size_t i = 0; i < edges; i++) {
		const struct gh_rec *r = gh_recs_at(&x->ins, i);
		uint64_t from = producer(x, r);
		if (from >= n)
			continue;
		o->to[i + 1] = (uint32_t)r->b;
		o->next[i + 1] = o->first[from];
		o->first[from] = (uint32_t)(i + 1);
		o->waits[r->b]++;
	}
	return true;
}

/* Take nodes that wait for nobody until none is left: whoever is, is in a circle or behind one. */
static uint64_t stuck(struct onnx *x, struct order *o)
{
	size_t n = (size_t)x->node_count, head = 0, tail = 0;
	for (size_t i = 0; i < n; i++)
		if (o->waits[i] == 0)
			o->ready[tail++] = (uint32_t)i;
	while (head < tail)
		for (uint32_t e = o->first[o->ready[head++]]; e != 0; e = o->next[e])
			if (--o->waits[o->to[e]] == 0)
				o->ready[tail++] = o->to[e];
	return n - tail;
}

void onnx_order(struct onnx *x)
{
	bool backwards = false;
	struct order o;
	gh_recs_sort(&x->outs, 0);
	for (size_t i = 1; i < x->outs.n; i++)
		if (gh_recs_at(&x->outs, i)->a == gh_recs_at(&x->outs, i - 1)->a)
			gh_ps_say(&x->s, ONNX_A_VALUE_TWICE, gh_recs_at(&x->outs, i)->ref, 0,
				  "first by the node at byte %llu", ULL(gh_recs_at(&x->outs, i - 1)->ref));
	for (size_t i = 0; i < x->ins.n && !backwards; i++) {
		uint64_t from = producer(x, gh_recs_at(&x->ins, i));
		backwards = from != UINT64_MAX && from >= gh_recs_at(&x->ins, i)->b;
	}
	if (!backwards || x->node_count > UINT32_MAX / 2)
		return; /* every node comes after those it takes from: no circle */
	if (!build(x, &o)) {
		x->many = true;
		return;
	}
	uint64_t left = stuck(x, &o);
	if (left != 0)
		gh_ps_say(&x->s, ONNX_A_CIRCLE, 0, 0, "%llu of %llu nodes wait for themselves", ULL(left),
			  ULL(x->node_count));
}

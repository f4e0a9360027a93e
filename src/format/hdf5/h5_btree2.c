/* B-trees of version 2 (III.A.2). How wide a count is depends on how many records a node can hold. */
#include "format/hdf5/h5.h"

enum { DEPTH_MAX = 32, FIXED = 10 /* signature, version, type, checksum */ };

struct tree {
	struct h5 *h;
	unsigned type;
	size_t node, record;
	unsigned depth;
	uint64_t max[DEPTH_MAX + 1]; /* records of a node at each level */
	unsigned count_width;	     /* of the number of records of a child */
	unsigned total_width[DEPTH_MAX + 1];
};

struct node {
	uint64_t addr, n;
	unsigned level;
};

static size_t pointer(const struct tree *t, unsigned level)
{
	return t->h->so + t->count_width + (level > 1 ? t->total_width[level - 1] : 0);
}

/* Capacities level by level, as the library computes them (H5B2__hdr_init). */
static bool capacities(struct tree *t)
{
	uint64_t total;
	if (t->record == 0 || t->node <= FIXED + t->record)
		return false;
	total = t->max[0] = (t->node - FIXED) / t->record;
	t->count_width = gh_hdf5_width(t->max[0]);
	t->total_width[0] = 0;
	for (unsigned u = 1; u <= t->depth; u++) {
		size_t ptr = pointer(t, u);
		if (t->node <= FIXED + ptr)
			return false;
		t->max[u] = (t->node - FIXED - ptr) / (t->record + ptr);
		if (t->max[u] == 0)
			return false;
		if (__builtin_mul_overflow(t->max[u] + 1, total, &total) ||
		    __builtin_add_overflow(total, t->max[u], &total))
			return false;
		t->total_width[u] = gh_hdf5_width(total);
	}
	return true;
}

static enum gh_rc open_tree(struct tree *t, uint64_t addr, int type_a, int type_b, struct node *root, uint64_t *total)
{
	struct h5 *h = t->h;
	size_t len = 16 + h->so + 2 + h->sl + 4;
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "index");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the index at %llu was read before", (unsigned long long)addr);
	const uint8_t *p = h5_at(h, addr, len, "index");
	if (p == NULL)
		return h5_why(h);
	if (memcmp(p, "BTHD", 4) != 0 || p[4] != 0 || (p[5] != type_a && p[5] != type_b))
		return h5_bad(h, H5_A_STRUCT, addr, "no index of this kind stands at %llu", (unsigned long long)addr);
	h5_sum_of(h, (struct gh_span){ p, len }, addr, "index");
	struct gh_rd r = gh_rd((struct gh_span){ p + 6, len - 6 });
	t->type = p[5];
	t->node = gh_rd_u32le(&r);
	t->record = gh_rd_u16le(&r);
	t->depth = gh_rd_u16le(&r);
	(void)gh_rd_take(&r, 2);
	*root = (struct node){ .addr = h5_rd_addr(h, &r), .n = gh_rd_u16le(&r), .level = t->depth };
	*total = h5_rd_len(h, &r);
	if (t->depth > DEPTH_MAX || !capacities(t))
		return h5_bad(h, H5_A_COUNT, addr, "an index of depth %u with nodes of %zu bytes and records of %zu",
			      t->depth, t->node, t->record);
	return h5_extent(h, addr, len, GH_CLAIM_STRUCT);
}

struct stack {
	struct node *v;
	size_t n, cap;
};

static enum gh_rc push(struct h5 *h, struct stack *s, struct node k)
{
	struct node *v = gh_grow(&h->obj, s->v, &s->cap, s->n + 1, sizeof *v);
	if (v == NULL)
		return h5_bad(h, H5_A_MANY, k.addr, "an index of very many nodes");
	s->v = v;
	v[s->n++] = k;
	return GH_OK;
}

static enum gh_rc one_node(struct tree *t, struct stack *s, struct node k,
			   enum gh_rc (*each)(void *ctx, unsigned type, struct gh_span record), void *ctx)
{
	struct h5 *h = t->h;
	size_t ptr = k.level == 0 ? 0 : pointer(t, k.level);
	bool fresh;
	GH_TRY(h5_visit(h, k.addr, &fresh), h->w->err, "index");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, k.addr, "the node at %llu was read before", (unsigned long long)k.addr);
	if (k.n > t->max[k.level])
		return h5_bad(h, H5_A_COUNT, k.addr, "%llu records in a node for %llu", (unsigned long long)k.n,
			      (unsigned long long)t->max[k.level]);
	if (!h5_room(h, k.addr, t->node, "node of an index"))
		return h5_why(h);
	size_t len = FIXED + (size_t)k.n * t->record + (k.level == 0 ? 0 : ((size_t)k.n + 1) * ptr);
	struct gh_span w = h5_copy(h, k.addr, len, "node of an index");
	if (w.p == NULL)
		return h5_why(h);
	if (memcmp(w.p, k.level == 0 ? "BTLF" : "BTIN", 4) != 0 || w.p[5] != t->type)
		return h5_bad(h, H5_A_STRUCT, k.addr, "no node of an index stands at %llu", (unsigned long long)k.addr);
	h5_sum_of(h, w, k.addr, "node of an index");
	GH_TRY(h5_extent(h, k.addr, len, GH_CLAIM_STRUCT), h->w->err, "index");
	struct gh_rd r = gh_rd(gh_span_cut(w, 6, w.n - FIXED));
	for (uint64_t i = 0; i < k.n; i++) {
		enum gh_rc rc = each(ctx, t->type, gh_rd_take(&r, t->record));
		h->broken = h->broken || rc == GH_E_MALFORMED;
		if (rc != GH_OK && rc != GH_E_MALFORMED)
			return rc;
	}
	size_t top = s->n;
	for (uint64_t i = 0; k.level > 0 && i <= k.n; i++) {
		struct node c = { .level = k.level - 1 };
		c.addr = h5_rd_addr(h, &r);
		c.n = gh_rd_le(&r, t->count_width);
		(void)gh_rd_take(&r, ptr - h->so - t->count_width);
		GH_TRY(push(h, s, c), h->w->err, "index");
	}
	for (size_t a = top, b = s->n; a + 1 < b; a++) {
		struct node x = s->v[a];
		s->v[a] = s->v[--b];
		s->v[b] = x;
	}
	return GH_OK;
}

struct counted {
	enum gh_rc (*each)(void *ctx, unsigned type, struct gh_span record);
	void *ctx;
	uint64_t n;
};
static enum gh_rc count(void *ctx, unsigned type, struct gh_span record)
{
	struct counted *c = ctx;
	c->n++;
	return c->each(c->ctx, type, record);
}

enum gh_rc h5_tree2(struct h5 *h, uint64_t addr, int type_a, int type_b,
		    enum gh_rc (*each)(void *ctx, unsigned type, struct gh_span record), void *ctx)
{
	struct tree t = { .h = h };
	struct stack s = { 0 };
	struct node root;
	struct counted c = { each, ctx, 0 };
	uint64_t total = 0;
	enum gh_rc rc = open_tree(&t, addr, type_a, type_b, &root, &total);
	if (rc != GH_OK)
		return rc;
	if (root.addr != H5_UNDEF)
		rc = push(h, &s, root);
	h->hold++;
	while (rc == GH_OK && s.n != 0) {
		struct node k = s.v[--s.n];
		rc = one_node(&t, &s, k, count, &c);
		h->hold--;
		h5_drop(h);
		h->hold++;
	}
	h->hold--;
	if (rc == GH_OK && c.n != total)
		return h5_bad(h, H5_A_COUNT, addr, "an index of %llu records says that it has %llu",
			      (unsigned long long)c.n, (unsigned long long)total);
	return rc;
}

/* B-trees of version 1 (III.A.1): groups with symbol tables, and chunks. Level by level, every node once. */
#include "format/hdf5/h5.h"

struct node {
	uint64_t addr;
	unsigned level;
};

struct stack {
	struct node *v;
	size_t n, cap;
};

static enum gh_rc push(struct h5 *h, struct stack *s, uint64_t addr, unsigned level)
{
	struct node *v = gh_grow(&h->obj, s->v, &s->cap, s->n + 1, sizeof *v);
	if (v == NULL)
		return h5_bad(h, H5_A_MANY, addr, "a tree of very many nodes");
	s->v = v;
	v[s->n++] = (struct node){ addr, level };
	return GH_OK;
}

enum { ANY_LEVEL = 256 };

static enum gh_rc one_node(struct h5 *h, const struct h5_tree1 *t, struct stack *s, struct node k)
{
	size_t head = 8 + 2 * (size_t)h->so, each = t->key + h->so;
	size_t whole = head + 2 * (size_t)t->k * each + t->key;
	bool fresh;
	GH_TRY(h5_visit(h, k.addr, &fresh), h->w->err, "tree");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, k.addr, "the tree node at %llu was read before",
			      (unsigned long long)k.addr);
	struct gh_span w = h5_copy(h, k.addr, whole, "tree node");
	if (w.p == NULL)
		return h5_why(h);
	unsigned level = w.p[5], used = gh_le16(w.p + 6);
	if (memcmp(w.p, "TREE", 4) != 0 || w.p[4] != t->type || (k.level != ANY_LEVEL && level != k.level))
		return h5_bad(h, H5_A_STRUCT, k.addr, "no tree node of this kind stands at %llu",
			      (unsigned long long)k.addr);
	if (used > 2 * t->k)
		return h5_bad(h, H5_A_COUNT, k.addr, "a tree node of %u entries, where %u is the most", used, 2 * t->k);
	size_t end = head + used * each + t->key;
	GH_TRY(h5_extent(h, k.addr, end, GH_CLAIM_STRUCT), h->w->err, "tree");
	GH_TRY(h5_extent(h, k.addr + end, whole - end, GH_CLAIM_FREE), h->w->err, "tree");
	enum gh_rc rc = GH_OK;
	size_t top = s->n;
	for (unsigned i = 0; i < used && rc == GH_OK; i++) {
		struct gh_rd r = gh_rd(gh_span_cut(w, head + i * each, each));
		struct gh_span key = gh_rd_take(&r, t->key);
		uint64_t child = h5_rd_addr(h, &r);
		rc = level > 0 ? push(h, s, child, level - 1) : t->each(t->ctx, key, child);
	}
	for (size_t a = top, b = s->n; a + 1 < b; a++) { /* the first child comes first */
		struct node x = s->v[a];
		s->v[a] = s->v[--b];
		s->v[b] = x;
	}
	return rc;
}

enum gh_rc h5_tree1(struct h5 *h, uint64_t addr, const struct h5_tree1 *t)
{
	struct stack s = { 0 };
	GH_TRY(push(h, &s, addr, ANY_LEVEL), h->w->err, "tree");
	h->hold++;
	enum gh_rc rc = GH_OK;
	while (rc == GH_OK && s.n != 0) {
		struct node k = s.v[--s.n];
		rc = one_node(h, t, &s, k);
		h->hold--;
		h5_drop(h);
		h->hold++;
	}
	h->hold--;
	return rc;
}

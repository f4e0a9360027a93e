/* Groups of the old kind (III.B to III.D): a B-tree of symbol table nodes, whose names lie in a local heap. */
#include "format/hdf5/h5.h"

struct group {
	struct h5 *h;
	struct gh_span path;
	struct h5_names heap;
	struct gh_recs names; /* hashes */
};

/* ---- symbol table nodes ------------------------------------------------------------------------------------------------ */

static enum gh_rc symbol(struct group *g, struct gh_span entry, uint64_t addr)
{
	struct h5 *h = g->h;
	struct gh_rd r = gh_rd(entry);
	uint64_t name_off = h5_rd_len(h, &r), at = h5_rd_addr(h, &r);
	uint32_t cache = gh_rd_u32le(&r);
	(void)gh_rd_take(&r, 4);
	struct gh_span name = h5_name(h, &g->heap, name_off);
	if (name.p == NULL)
		return h5_why(h);
	GH_TRY(h5_link_name(h, g->path, &g->names, name, addr), h->w->err, "group");
	if (cache > 2)
		return h5_bad(h, H5_A_STRUCT, addr, "a symbol of kind %u", cache);
	if (cache == 2) { /* a soft link: its value is a text in the heap too */
		struct gh_span to = h5_name(h, &g->heap, gh_rd_u32le(&r));
		return to.p == NULL ? h5_why(h) : GH_OK;
	}
	struct h5_work work = { .addr = at, .path = h5_join(h, g->path, name), .btree = H5_UNDEF, .heap = H5_UNDEF };
	if (cache == 1) {
		work.btree = h5_rd_addr(h, &r);
		work.heap = h5_rd_addr(h, &r);
		work.cached = true;
	}
	return h5_queue(h, work);
}

static enum gh_rc symbols(void *ctx, struct gh_span key, uint64_t addr)
{
	struct group *g = ctx;
	struct h5 *h = g->h;
	size_t each = h->sl + (size_t)h->so + 24, whole = 8 + 2 * (size_t)h->leaf_k * each;
	bool fresh;
	(void)key;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "symbols");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the symbols at %llu were read before", (unsigned long long)addr);
	struct gh_span w = h5_copy(h, addr, whole, "symbols of a group");
	if (w.p == NULL)
		return h5_why(h);
	unsigned n = gh_le16(w.p + 6);
	if (memcmp(w.p, "SNOD", 4) != 0 || w.p[4] != 1)
		return h5_bad(h, H5_A_STRUCT, addr, "no symbols stand at %llu", (unsigned long long)addr);
	if (n > 2 * h->leaf_k)
		return h5_bad(h, H5_A_COUNT, addr, "%u symbols in a node for %u", n, 2 * h->leaf_k);
	GH_TRY(h5_extent(h, addr, 8 + n * each, GH_CLAIM_STRUCT), h->w->err, "symbols");
	GH_TRY(h5_extent(h, addr + 8 + n * each, whole - 8 - n * each, GH_CLAIM_FREE), h->w->err, "symbols");
	for (unsigned i = 0; i < n; i++) {
		enum gh_rc rc = symbol(g, gh_span_cut(w, 8 + i * each, each), addr + 8 + i * each);
		h->broken = h->broken || rc == GH_E_MALFORMED;
		if (rc != GH_OK && rc != GH_E_MALFORMED)
			return rc;
	}
	return GH_OK;
}

enum gh_rc h5_group_old(struct h5 *h, struct gh_span path, uint64_t btree, uint64_t heap)
{
	struct group g = { .h = h, .path = path };
	g.names = gh_recs(&h->obj, GH_RECS_MAX);
	struct h5_tree1 t = { .type = 0, .k = h->group_k, .key = h->sl, .each = symbols, .ctx = &g };
	enum gh_rc rc = h5_names_open(h, heap, &g.heap);
	if (rc != GH_OK)
		return rc;
	rc = h5_tree1(h, btree, &t);
	enum gh_rc rest = h5_names_close(h, &g.heap);
	h5_names_twice(h, path, &g.names);
	return rc != GH_OK ? rc : rest;
}

/* Local heaps (III.D): the names of groups of the old kind and of external files. */
#include "format/hdf5/h5.h"

enum gh_rc h5_names_open(struct h5 *h, uint64_t addr, struct h5_names *g)
{
	*g = (struct h5_names){ .texts = gh_recs(&h->obj, GH_RECS_MAX) };
	size_t len = 8 + 2 * (size_t)h->sl + h->so;
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "heap of names");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the heap at %llu belongs to two groups", (unsigned long long)addr);
	const uint8_t *p = h5_at(h, addr, len, "heap of names");
	if (p == NULL)
		return h5_why(h);
	if (memcmp(p, "HEAP", 4) != 0 || p[4] != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "no heap of names stands at %llu", (unsigned long long)addr);
	struct gh_rd r = gh_rd((struct gh_span){ p + 8, len - 8 });
	g->size = h5_rd_len(h, &r);
	uint64_t list = h5_rd_len(h, &r);
	g->data = h5_rd_addr(h, &r);
	if (list != 1 && list != UINT64_MAX && list >= g->size &&
	    !(h->sl < 8 && list == ((uint64_t)1 << 8 * h->sl) - 1))
		h5_say(h, H5_A_PLACE, addr, len, "heap of names: its free space starts at %llu of %llu",
		       (unsigned long long)list, (unsigned long long)g->size);
	GH_TRY(h5_extent(h, addr, len, GH_CLAIM_STRUCT), h->w->err, "heap of names");
	if (!h5_room(h, g->data, g->size, "heap of names"))
		return h5_why(h);
	return GH_OK;
}

/* A name at an offset of the heap; p == NULL: none (said). In tmp. */
struct gh_span h5_name(struct h5 *h, struct h5_names *g, uint64_t off)
{
	struct gh_span s = { 0 };
	if (off >= g->size) {
		h5_say(h, H5_A_PLACE, g->data, 1, "a name at %llu of a heap of %llu bytes", (unsigned long long)off,
		       (unsigned long long)g->size);
		return s;
	}
	s = h5_string(h, g->data + off, g->data + g->size, "name in a heap");
	if (s.p == NULL || !gh_recs_add(&g->texts, (struct gh_rec){ off, off + s.n + 1, 0 }))
		return (struct gh_span){ 0 };
	return s;
}

/* Names are padded to 8 bytes with zeros; everything else in the heap is free. */
enum gh_rc h5_names_close(struct h5 *h, struct h5_names *g)
{
	uint64_t at = 0;
	gh_recs_sort(&g->texts, 0);
	for (size_t i = 0; i <= g->texts.n; i++) {
		uint64_t from = i < g->texts.n ? gh_recs_at(&g->texts, i)->a : g->size;
		if (from > at)
			GH_TRY(h5_extent(h, g->data + at, from - at, GH_CLAIM_FREE), h->w->err, "heap of names");
		if (i == g->texts.n)
			break;
		uint64_t to = gh_recs_at(&g->texts, i)->b;
		from = from > at ? from : at;
		if (to > from)
			GH_TRY(h5_extent(h, g->data + from, to - from, GH_CLAIM_STRUCT), h->w->err, "heap of names");
		at = to > at ? to : at;
	}
	return GH_OK;
}

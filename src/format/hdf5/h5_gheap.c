/* Global heap collections (III.E): the contents of variable-length values, region references, maps of virtual datasets. */
#include "format/hdf5/h5.h"

enum { LOOK_MIN = 12 };

/* Headers of the collection and of its items are aligned to 8 bytes. */
static size_t head_size(const struct h5 *h) { return (8 + (size_t)h->sl + 7) & ~(size_t)7; }

/* One item of a collection. */
static enum gh_rc item(struct h5 *h, uint64_t addr, uint64_t off, uint64_t size)
{
	struct gh_src_sub sub;
	struct gh_span head;
	if (size < LOOK_MIN)
		return GH_OK;
	struct gh_src *src = gh_src_sub(&sub, h->w->src, h->base + addr + off, size);
	head = gh_src_window(src, 0, size < GH_PROBE_BYTES ? (size_t)size : (size_t)GH_PROBE_BYTES);
	if (!h5_like_a_file(head, size))
		return GH_OK;
	return h5_look(h, src, GH_SPAN("value in the global heap"), h->base + addr + off, size, false);
}

enum gh_rc h5_collection(struct h5 *h, uint64_t addr)
{
	size_t each = head_size(h), head = each;
	const uint8_t *p = h5_at(h, addr, head, "global heap");
	if (p == NULL)
		return h5_why(h);
	if (memcmp(p, "GCOL", 4) != 0 || p[4] != 1)
		return h5_bad(h, H5_A_STRUCT, addr, "no global heap stands at %llu", (unsigned long long)addr);
	struct gh_rd r = gh_rd((struct gh_span){ p + 8, h->sl });
	uint64_t size = h5_rd_len(h, &r), at = head;
	if (size < head || !h5_room(h, addr, size, "global heap"))
		return h5_bad(h, H5_A_COUNT, addr, "a global heap of %llu bytes", (unsigned long long)size);
	GH_TRY(h5_extent(h, addr, head, GH_CLAIM_STRUCT), h->w->err, "global heap");
	while (size - at >= each) {
		GH_TRY(h5_step(h), h->w->err, "global heap");
		p = h5_at(h, addr + at, each, "global heap");
		if (p == NULL)
			return h5_why(h);
		unsigned index = gh_le16(p);
		r = gh_rd((struct gh_span){ p + 8, h->sl });
		uint64_t n = h5_rd_len(h, &r), left = size - at - each;
		if (index == 0) /* the rest is free; its size counts this header */
			break;
		if (n > left)
			return h5_bad(h, H5_A_COUNT, addr + at, "an item of %llu bytes where %llu are left",
				      (unsigned long long)n, (unsigned long long)left);
		uint64_t pad = n + (-n & 7);
		pad = pad < left ? pad : left;
		GH_TRY(h5_extent(h, addr + at, each, GH_CLAIM_STRUCT), h->w->err, "global heap");
		GH_TRY(h5_extent(h, addr + at + each, n, GH_CLAIM_DATA), h->w->err, "global heap");
		GH_TRY(h5_extent(h, addr + at + each + n, pad - n, GH_CLAIM_FREE), h->w->err, "global heap");
		GH_TRY(item(h, addr, at + each, n), h->w->err, "global heap");
		at += each + pad;
	}
	return h5_extent(h, addr + at, size - at, GH_CLAIM_FREE);
}

enum gh_rc h5_global(struct h5 *h, uint64_t addr, uint32_t index, uint64_t expect, struct gh_span *out)
{
	bool fresh;
	size_t each = head_size(h);
	*out = (struct gh_span){ 0 };
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "global heap");
	if (fresh) {
		enum gh_rc rc = h5_collection(h, addr);
		if (rc != GH_OK)
			return rc;
		h->heap_addr = H5_UNDEF;
	}
	/* Items mostly come one after the other: go on from the last one. */
	if (h->heap_addr != addr || index <= h->heap_index) {
		const uint8_t *p = h5_at(h, addr, each, "global heap");
		if (p == NULL)
			return h5_why(h);
		struct gh_rd r = gh_rd((struct gh_span){ p + 8, h->sl });
		if (memcmp(p, "GCOL", 4) != 0)
			return h5_bad(h, H5_A_STRUCT, addr, "no global heap stands at %llu", (unsigned long long)addr);
		h->heap_addr = addr;
		h->heap_size = h5_rd_len(h, &r);
		h->heap_at = each;
	}
	while (h->heap_size >= h->heap_at && h->heap_size - h->heap_at >= each) {
		GH_TRY(h5_step(h), h->w->err, "global heap");
		const uint8_t *p = h5_at(h, addr + h->heap_at, each, "global heap");
		if (p == NULL)
			return h5_why(h);
		uint32_t k = gh_le16(p);
		struct gh_rd r = gh_rd((struct gh_span){ p + 8, h->sl });
		uint64_t n = h5_rd_len(h, &r), from = h->heap_at + each;
		if (k == 0 || n > h->heap_size - from)
			break;
		h->heap_at = from + n + (-n & 7);
		h->heap_index = k;
		if (k != index)
			continue;
		if (expect > n)
			return h5_bad(h, H5_A_COUNT, addr + from, "%llu bytes are wanted of an item of %llu",
				      (unsigned long long)expect, (unsigned long long)n);
		*out = h5_copy(h, addr + from, expect != 0 ? expect : n, "item of the global heap");
		return out->p == NULL ? h5_why(h) : GH_OK;
	}
	h->heap_addr = H5_UNDEF;
	return h5_bad(h, H5_A_PLACE, addr, "the global heap at %llu has no item %u", (unsigned long long)addr, index);
}

/* Where the chunks of a dataset are: the B-trees, single chunks and the implicit index. The arrays are in h5_arrays.c. */
#include "format/hdf5/h5.h"

enum gh_rc h5_chunk(struct h5 *h, struct h5_dataset *d, uint64_t order, uint64_t addr, uint64_t size, uint32_t mask)
{
	if (addr == H5_UNDEF)
		return GH_OK;
	if (mask > 0xffff)
		return h5_bad(h, H5_A_FILTER, addr, "a chunk without filters %08x", mask);
	if (d->filters.n == 0 && size != d->chunk_bytes)
		return h5_bad(h, H5_A_SHAPE, addr, "a chunk of %llu bytes where %llu are needed",
			      (unsigned long long)size, (unsigned long long)d->chunk_bytes);
	if (!h5_room(h, addr, size, "chunk"))
		return h5_why(h);
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "chunk");
	if (!fresh && size != 0)
		return h5_bad(h, H5_A_TWICE, addr, "the chunk at %llu is used twice", (unsigned long long)addr);
	GH_TRY(h5_extent(h, addr, size, GH_CLAIM_DATA), h->w->err, "chunk");
	if (size >= (uint64_t)1 << 47 || !gh_recs_add(&h->chunks, (struct gh_rec){ order, addr, size << 16 | mask }))
		return h5_bad(h, H5_A_MANY, addr, "more chunks than can be kept");
	return GH_OK;
}

bool h5_chunk_order(const struct h5_dataset *d, const uint64_t *scaled, uint64_t *order)
{
	bool inside = true;
	*order = 0;
	for (unsigned i = 0; i < d->layout.ndim; i++) {
		uint64_t c = d->layout.chunk[i], n = d->space.dim[i] / c + (d->space.dim[i] % c != 0);
		inside = inside && scaled[i] < n;
		*order = *order * n + scaled[i]; /* the shape's product fits 64 bits */
	}
	return inside;
}

struct reading {
	struct h5 *h;
	struct h5_dataset *d;
};

static enum gh_rc placed(struct reading *x, const uint64_t *scaled, uint64_t addr, uint64_t size, uint32_t mask)
{
	uint64_t order;
	if (!h5_chunk_order(x->d, scaled, &order))
		h5_say(x->h, H5_A_SHAPE, addr, size, "a chunk of \"%s\" lies outside of its shape",
		       gh_safe(x->d->path).s);
	return h5_chunk(x->h, x->d, order, addr, size, mask);
}

static enum gh_rc by_tree1(void *ctx, struct gh_span key, uint64_t child)
{
	struct reading *x = ctx;
	const struct h5_layout *l = &x->d->layout;
	struct gh_rd r = gh_rd(key);
	uint64_t scaled[GH_HDF5_DIMS + 1] = { 0 };
	uint64_t size = gh_rd_u32le(&r);
	uint32_t mask = gh_rd_u32le(&r);
	for (unsigned i = 0; i < l->ndim; i++) {
		uint64_t off = gh_rd_u64le(&r);
		if (off % l->chunk[i] != 0)
			return h5_bad(x->h, H5_A_SHAPE, child, "a chunk that is not at a chunk's place");
		scaled[i] = off / l->chunk[i];
	}
	return placed(x, scaled, child, size, mask);
}

static enum gh_rc by_tree2(void *ctx, unsigned type, struct gh_span record)
{
	struct reading *x = ctx;
	const struct h5_layout *l = &x->d->layout;
	struct gh_rd r = gh_rd(record);
	uint64_t scaled[GH_HDF5_DIMS + 1] = { 0 }, addr = h5_rd_addr(x->h, &r), size = x->d->chunk_bytes;
	size_t fixed = x->h->so + 8 * (size_t)l->ndim;
	uint32_t mask = 0;
	if (type == 11) {
		if (record.n < fixed + 5 || record.n > fixed + 12)
			return h5_bad(x->h, H5_A_COUNT, addr, "a chunk's record of %zu bytes", record.n);
		size = gh_rd_le(&r, (unsigned)(record.n - fixed - 4));
		mask = gh_rd_u32le(&r);
	}
	for (unsigned i = 0; i < l->ndim; i++)
		scaled[i] = gh_rd_u64le(&r);
	if (r.bad)
		return h5_bad(x->h, H5_A_COUNT, addr, "a chunk's record of %zu bytes", record.n);
	return placed(x, scaled, addr, size, mask);
}

/* All chunks one after the other. */
static enum gh_rc implicit(struct h5 *h, struct h5_dataset *d)
{
	uint64_t n = 1, all;
	for (unsigned i = 0; i < d->layout.ndim; i++) {
		uint64_t dim = d->space.max[i], c = d->layout.chunk[i];
		if (__builtin_mul_overflow(n, dim / c + (dim % c != 0), &n))
			return h5_bad(h, H5_A_COUNT, d->layout.addr, "chunks without number");
	}
	if (__builtin_mul_overflow(n, d->chunk_bytes, &all) || !h5_room(h, d->layout.addr, all, "chunks"))
		return h5_bad(h, H5_A_COUNT, d->layout.addr, "%llu chunks of %llu bytes", (unsigned long long)n,
			      (unsigned long long)d->chunk_bytes);
	for (uint64_t i = 0; i < n && d->chunk_bytes != 0; i++) {
		enum gh_rc rc = h5_chunk(h, d, i, d->layout.addr + i * d->chunk_bytes, d->chunk_bytes, 0);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc by_kind(struct h5 *h, struct h5_dataset *d)
{
	const struct h5_layout *l = &d->layout;
	struct reading x = { h, d };
	struct h5_tree1 t = {
		.type = 1, .k = h->chunk_k, .key = 8 + 8 * ((size_t)l->ndim + 1), .each = by_tree1, .ctx = &x
	};
	switch (l->index) {
	case H5_IX_BTREE1: return h5_tree1(h, l->addr, &t);
	case H5_IX_SINGLE:
		return h5_chunk(h, d, 0, l->addr, (l->flags & 2) != 0 ? l->single_size : d->chunk_bytes,
				l->single_mask);
	case H5_IX_IMPLICIT: return implicit(h, d);
	case H5_IX_FIXED: return h5_index_fixed(h, d);
	case H5_IX_EXTENSIBLE: return h5_index_extensible(h, d);
	default: return h5_tree2(h, l->addr, 10, 11, by_tree2, &x);
	}
}

enum gh_rc h5_index(struct h5 *h, struct h5_dataset *d)
{
	if (d->layout.addr == H5_UNDEF)
		return GH_OK; /* nothing was written */
	size_t from = h->chunks.n;
	enum gh_rc rc = by_kind(h, d);
	gh_recs_sort(&h->chunks, from);
	for (size_t i = from + 1; i < h->chunks.n; i++)
		if (gh_recs_at(&h->chunks, i)->a == gh_recs_at(&h->chunks, i - 1)->a)
			h5_say(h, H5_A_DUPLICATE, gh_recs_at(&h->chunks, i)->b, 1,
			       "two chunks of \"%s\" are for the same place", gh_safe(d->path).s);
	return rc;
}

/* Datasets for a sink that wants their numbers in order: every chunk is decoded and handed over with its place in the grid. */
#include "format/hdf5/h5.h"
#include "format/tile.h"

static enum gh_rc elsewhere(struct h5 *h, const struct h5_dataset *d)
{
	return gh_fail(h->w->err, GH_E_UNREAD, "\"%s\" lies in other files, or in no way that is known",
		       gh_safe(d->path).s);
}

/* Number in the grid of the chunk that the index counts as `number`. The trees name places; arrays count them over the
 * largest shape, and one that may grow without end along one dimension counts that one slowest (VII.C, VII.D). False: the
 * place lies outside of the present shape. */
static bool placed(const struct h5 *h, const struct h5_dataset *d, uint64_t number, uint64_t *place)
{
	const uint64_t without_end = h->sl < 8 ? ((uint64_t)1 << 8 * h->sl) - 1 : UINT64_MAX;
	const struct h5_layout *l = &d->layout;
	uint64_t scaled[GH_HDF5_DIMS + 1] = { 0 };
	unsigned endless = l->ndim;
	*place = number;
	if (l->index != H5_IX_IMPLICIT && l->index != H5_IX_FIXED && l->index != H5_IX_EXTENSIBLE)
		return true;
	for (unsigned i = 0; i < l->ndim && l->index == H5_IX_EXTENSIBLE; i++)
		if (d->space.max[i] == without_end)
			endless = i;
	for (unsigned i = l->ndim; i-- > 0;) {
		uint64_t most = d->space.max[i], c = l->chunk[i], many = most / c + (most % c != 0);
		bool last = endless == l->ndim && i == 0;
		if (i == endless || many == 0)
			continue;
		scaled[i] = last ? number : number % many;
		number /= many;
	}
	if (endless != l->ndim)
		scaled[endless] = number;
	return h5_chunk_order(d, scaled, place);
}

/* Chunks in the order of the grid: place, number among the chunks. */
static bool order(struct h5 *h, const struct h5_dataset *d, struct gh_recs *out)
{
	*out = gh_recs(h->w->arena, GH_RECS_MAX);
	for (size_t i = d->chunk_from; i < d->chunk_to; i++) {
		uint64_t place;
		if (placed(h, d, gh_recs_at(&h->chunks, i)->a, &place) &&
		    !gh_recs_add(out, (struct gh_rec){ place, i, 0 }))
			return false;
	}
	gh_recs_sort(out, 0);
	return true;
}

static enum gh_rc give(struct h5 *h, const struct gh_tile *t)
{
	enum gh_rc rc = h->w->sink->ops->tile(h->w->sink, t);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "\"%s\"", gh_safe(t->name).s);
}

enum gh_rc h5_tiles(struct h5 *h, const struct h5_dataset *d)
{
	uint64_t dim[GH_HDF5_DIMS + 1], side[GH_HDF5_DIMS + 1];
	unsigned bits;
	bool chunked = d->layout.kind == H5_CHUNKED;
	struct gh_tile t = { .name = d->path,
			     .dtype = h5_dtype(&d->type, &bits),
			     .big_endian = d->type.big_endian,
			     .ndim = d->space.ndim,
			     .dim = dim,
			     .side = side,
			     .zeros = !d->filled };
	if (d->layout.kind > H5_CHUNKED)
		return elsewhere(h, d);
	for (unsigned i = 0; i < d->space.ndim; i++) {
		dim[i] = d->space.dim[i];
		side[i] = chunked ? d->layout.chunk[i] : dim[i] == 0 ? 1 : dim[i];
	}
	if (d->type.cls == GH_HDF5_ARRAY && bits >= 8) { /* what stands in each element is one more dimension */
		dim[t.ndim] = side[t.ndim] = d->type.size / (bits / 8);
		t.ndim++;
	}
	if (d->space.null)
		return GH_OK; /* a dataset without any data */
	struct gh_recs chunks;
	if (!order(h, d, &chunks))
		return h5_bad(h, H5_A_MANY, d->layout.addr, "more chunks than can be kept");
	t.stored = chunks.n;
	if (t.stored == 0)
		return give(h, &t);
	for (; t.index < t.stored; t.index++) {
		const struct gh_rec *at = gh_recs_at(&chunks, (size_t)t.index);
		struct gh_rec c = *gh_recs_at(&h->chunks, (size_t)at->b);
		if (h->decoded > h->w->lim->expanded)
			return h5_bad(h, H5_A_MANY, c.b, "more data than may be expanded (--limit-expanded)");
		h->decoded += d->filters.n == 0 ? 0 : d->chunk_bytes;
		t.place = at->a;
		enum gh_rc rc = h5_decode(h, d, &c, &t.bytes);
		if (rc == GH_OK)
			rc = give(h, &t);
		gh_arena_free(&h->tmp);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

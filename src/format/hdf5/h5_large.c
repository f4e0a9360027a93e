/* Chunks that are too large to be held: they go through a spool, in windows. Two kinds of pipelines are taken this way, which are
 * the usual ones: deflate, and deflate over shuffle, with or without a sum behind. */
#include "format/hdf5/h5.h"
#include "wire/expand.h"

enum { STEP = 64 << 10, ELEMENT_MAX = 16, BLOCK = 1 << 15 };

/* What the pipeline consists of; false: something else. */
static bool usual(const struct h5_dataset *d, uint32_t left_out, size_t *element, bool *deflated, uint64_t *sums)
{
	*element = 1;
	*deflated = false;
	*sums = 0;
	for (unsigned i = 0; i < d->filters.n; i++) {
		const struct gh_hdf5_filter *f = &d->filters.f[i];
		if ((left_out & 1u << i) != 0)
			continue;
		if (f->id == GH_HDF5_SHUFFLE && !*deflated && *element == 1)
			*element = f->nparam != 0 ? f->param[0] : d->type.size;
		else if (f->id == GH_HDF5_DEFLATE && !*deflated)
			*deflated = true;
		else if (f->id == GH_HDF5_FLETCHER32 && i + 1 == d->filters.n)
			*sums = 4;
		else
			return false;
	}
	return *deflated && *element >= 1 && *element <= ELEMENT_MAX;
}

/* The deflate stream into the spool; exactly `most` bytes must come out. */
static enum gh_rc inflate_into(struct h5 *h, struct gh_spool *spool, uint64_t addr, uint64_t len, uint64_t most)
{
	const struct gh_sink_ops *ops = h->w->sink->ops;
	uint8_t *out = gh_alloc(&h->tmp, STEP, 1);
	struct gh_expand *x = out == NULL ? NULL : gh_expand_open(GH_CODEC_ZLIB);
	uint64_t made = 0;
	bool end = false;
	enum gh_rc rc = x == NULL ? GH_E_NOMEM : GH_OK;
	while (rc == GH_OK && !end && (len != 0 || made < most)) {
		size_t n = len < STEP ? (size_t)len : STEP, got = 0;
		const uint8_t *p = h5_at(h, addr, n, "chunk");
		struct gh_span in = { p, n };
		if (p == NULL)
			rc = h5_why(h);
		else
			rc = gh_expand_step(x, &in, out, STEP, &got, &end);
		if (rc != GH_OK || (got == 0 && in.n == n && !end)) {
			rc = rc == GH_OK ? GH_E_MALFORMED : rc;
			break;
		}
		addr += n - in.n;
		len -= n - in.n;
		made += got;
		rc = made > most ? GH_E_MALFORMED : ops->spool_put(spool, (struct gh_span){ out, got });
	}
	gh_expand_close(x);
	return rc == GH_OK && (made != most || len != 0) ? GH_E_MALFORMED : rc;
}

/* Byte planes back to elements: a window of each plane at a time. */
static enum gh_rc unshuffle_into(struct h5 *h, struct gh_spool *spool, struct gh_src *src, size_t element)
{
	uint64_t n = src->size / element;
	uint8_t *out = gh_alloc(&h->tmp, (size_t)BLOCK * element, 1);
	if (out == NULL)
		return GH_E_NOMEM;
	for (uint64_t at = 0; at < n;) {
		size_t k = n - at < BLOCK ? (size_t)(n - at) : (size_t)BLOCK;
		for (size_t j = 0; j < element; j++) {
			struct gh_span w = gh_src_window(src, j * n + at, k);
			if (w.n != k)
				return src->fail != GH_OK ? src->fail : GH_E_IO;
			for (size_t i = 0; i < k; i++)
				out[i * element + j] = w.p[i];
		}
		enum gh_rc rc = h->w->sink->ops->spool_put(spool, (struct gh_span){ out, k * element });
		if (rc != GH_OK)
			return rc;
		at += k;
	}
	return GH_OK;
}

static enum gh_rc look(struct h5 *h, const struct h5_dataset *d, struct gh_spool *spool, const struct gh_rec *c)
{
	struct gh_src *src = h->w->sink->ops->spool_src(spool);
	enum gh_rc rc = src == NULL ? GH_E_NOMEM : h5_tensor_part(h, d, src, 0, src->size);
	return rc != GH_OK ? rc : h5_look(h, src, d->path, h->base + c->b, c->ref >> 16, !h5_bytes_like(&d->type));
}

enum gh_rc h5_large_chunk(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c)
{
	const struct gh_sink_ops *ops = h->w->sink->ops;
	uint64_t size = c->ref >> 16, sums;
	size_t element;
	bool deflated;
	if (d->type.cls == GH_HDF5_STRING || d->type.nspot != 0 ||
	    !usual(d, (uint32_t)(c->ref & 0xffff), &element, &deflated, &sums) || size < sums)
		return h5_bad(h, H5_A_BIG, c->b, "\"%s\": chunks of %llu bytes", gh_safe(d->path).s,
			      (unsigned long long)d->chunk_bytes);
	struct gh_spool *packed = ops->spool_open(h->w->sink, 2 * size), *plain = NULL; /* deflate reaches 1032:1 */
	if (packed == NULL)
		return gh_fail(h->w->err, GH_E_NOMEM, "no memory for a chunk");
	enum gh_rc rc = inflate_into(h, packed, c->b, size - sums, d->chunk_bytes);
	if (rc == GH_OK && element == 1)
		rc = look(h, d, packed, c);
	else if (rc == GH_OK) {
		struct gh_src *src = ops->spool_src(packed);
		plain = ops->spool_open(h->w->sink, d->chunk_bytes);
		rc = src == NULL || plain == NULL ? GH_E_NOMEM : unshuffle_into(h, plain, src, element);
		if (rc == GH_OK)
			rc = look(h, d, plain, c);
	}
	if (plain != NULL)
		ops->spool_close(plain);
	ops->spool_close(packed);
	if (rc == GH_E_MALFORMED)
		return h5_bad(h, H5_A_CHUNK, c->b, "\"%s\": a chunk that does not expand to its size",
			      gh_safe(d->path).s);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "\"%s\"", gh_safe(d->path).s);
}

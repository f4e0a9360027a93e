/* Chunked data: every chunk is taken through its filters, bounded by the size that the layout gives, and looked at. Nobody
 * runs numbers; but what hides in compressed ones is not seen by anything else. */
#include "format/hdf5/h5.h"
#include "wire/expand.h"
#include "wire/program.h"

#include <libdeflate.h>

enum { CHUNK_MAX = 8 << 20, WHOLE_MAX = 256 << 20, HITS = 4 };

/* ---- filters, last one first ------------------------------------------------------------------------------------------- */

struct filtering {
	struct h5 *h;
	const struct h5_dataset *d;
	uint64_t addr;
	size_t most; /* bytes that any step may make */
};

static enum gh_rc bad_chunk(struct filtering *x, const char *why)
{
	return h5_bad(x->h, H5_A_CHUNK, x->addr, "\"%s\": %s", gh_safe(x->d->path).s, why);
}

static uint8_t *room(struct filtering *x) { return gh_alloc(&x->h->tmp, x->most, 1); }

static enum gh_rc inflate_chunk(struct filtering *x, struct gh_span *s)
{
	uint8_t *out = room(x);
	size_t used = 0, made = 0;
	struct libdeflate_decompressor *z = out == NULL ? NULL : libdeflate_alloc_decompressor();
	if (z == NULL)
		return h5_bad(x->h, H5_A_MANY, x->addr, "no memory for a chunk");
	enum libdeflate_result rc = libdeflate_zlib_decompress_ex(z, s->p, s->n, out, x->most, &used, &made);
	libdeflate_free_decompressor(z);
	if (rc != LIBDEFLATE_SUCCESS)
		return bad_chunk(x, rc == LIBDEFLATE_INSUFFICIENT_SPACE ? "a chunk expands to more than its size"
									: "a chunk is no deflate stream");
	if (used != s->n)
		return bad_chunk(x, "something stands behind the compressed data of a chunk");
	*s = (struct gh_span){ out, made };
	return GH_OK;
}

static enum gh_rc unshuffle(struct filtering *x, const struct gh_hdf5_filter *f, struct gh_span *s)
{
	uint8_t *out = s->n <= x->most ? room(x) : NULL;
	if (out == NULL)
		return s->n > x->most ? bad_chunk(x, "a chunk larger than its size")
				      : h5_bad(x->h, H5_A_MANY, x->addr, "no memory for a chunk");
	gh_hdf5_unshuffle(out, *s, f->nparam != 0 ? f->param[0] : x->d->type.size);
	s->p = out;
	return GH_OK;
}

static enum gh_rc fletcher(struct filtering *x, struct gh_span *s)
{
	if (s->n < 4)
		return bad_chunk(x, "a chunk without its sum");
	s->n -= 4;
	uint32_t said = gh_le32(s->p + s->n), is = gh_hdf5_fletcher32(*s);
	uint32_t swapped = (is & 0x00ff00ff) << 8 | (is >> 8 & 0x00ff00ff); /* by versions before 1.6.3 */
	if (said != is && said != swapped)
		h5_say(x->h, H5_A_SUM, x->addr, s->n, "chunk of \"%s\": %08x is stored, %08x would be right",
		       gh_safe(x->d->path).s, said, is);
	return GH_OK;
}

static enum gh_rc lzf(struct filtering *x, struct gh_span *s)
{
	uint8_t *out = room(x);
	size_t made = 0;
	if (out == NULL)
		return h5_bad(x->h, H5_A_MANY, x->addr, "no memory for a chunk");
	if (!gh_hdf5_unlzf(*s, out, x->most, &made))
		return bad_chunk(x, "a chunk is no LZF block");
	*s = (struct gh_span){ out, made };
	return GH_OK;
}

static enum gh_rc unscale(struct filtering *x, const struct gh_hdf5_filter *f, struct gh_span *s)
{
	uint8_t *out = room(x);
	size_t made = 0;
	if (out == NULL)
		return h5_bad(x->h, H5_A_MANY, x->addr, "no memory for a chunk");
	if (!gh_hdf5_unscale(*s, f, out, x->most, &made))
		return bad_chunk(x, "a chunk does not unfold by scale and offset");
	*s = (struct gh_span){ out, made };
	return GH_OK;
}

/* Plug-ins that wrap one stream of a codec: PyTables' bzip2, zstd. */
static enum gh_rc stream(struct filtering *x, enum gh_codec codec, struct gh_span *s)
{
	uint8_t *out = room(x);
	size_t n = 0;
	bool end = false;
	struct gh_expand *e = out == NULL ? NULL : gh_expand_open(codec);
	if (e == NULL)
		return h5_bad(x->h, H5_A_MANY, x->addr, "no memory for a chunk");
	for (enum gh_rc rc = GH_OK; rc == GH_OK && !end && n < x->most;) {
		size_t made = 0, had = s->n;
		rc = gh_expand_step(e, s, out + n, x->most - n, &made, &end);
		n += made;
		if (made == 0 && had == s->n)
			break;
	}
	gh_expand_close(e);
	if (!end || s->n != 0)
		return bad_chunk(x, "a chunk is no stream of its codec");
	*s = (struct gh_span){ out, n };
	return GH_OK;
}

static enum gh_rc undo(struct filtering *x, const struct gh_hdf5_filter *f, struct gh_span *s)
{
	switch (f->id) {
	case GH_HDF5_DEFLATE: return inflate_chunk(x, s);
	case GH_HDF5_SHUFFLE: return unshuffle(x, f, s);
	case GH_HDF5_FLETCHER32: return fletcher(x, s);
	case GH_HDF5_LZF: return lzf(x, s);
	case GH_HDF5_SCALEOFFSET: return unscale(x, f, s);
	case GH_HDF5_BZIP2: return stream(x, GH_CODEC_BZIP2, s);
	case GH_HDF5_ZSTD: return stream(x, GH_CODEC_ZSTD, s);
	default: return h5_bad(x->h, H5_A_FILTER, x->addr, "\"%s\": filter %u", gh_safe(x->d->path).s, f->id);
	}
}

enum gh_rc h5_decode(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c, struct gh_span *out)
{
	struct filtering x = { .h = h, .d = d, .addr = c->b, .most = (size_t)d->chunk_bytes + 64 };
	uint64_t size = c->ref >> 16;
	bool plain = (d->layout.flags & 1) != 0 &&
		     size == d->chunk_bytes; /* at the edge, where filters may be left out */
	if (size > H5_TMP / 3)
		return h5_bad(h, H5_A_BIG, c->b, "\"%s\": a chunk of %llu bytes", gh_safe(d->path).s,
			      (unsigned long long)size);
	*out = h5_copy(h, c->b, size, "chunk");
	if (out->p == NULL)
		return h5_why(h);
	for (unsigned i = d->filters.n; i-- > 0 && !plain;) {
		if ((c->ref & 1u << i) != 0)
			continue;
		enum gh_rc rc = undo(&x, &d->filters.f[i], out);
		if (rc != GH_OK)
			return rc;
	}
	if (out->n != d->chunk_bytes)
		return bad_chunk(&x, "a chunk that does not expand to its size");
	return GH_OK;
}

/* ---- looking ----------------------------------------------------------------------------------------------------------- */

static uint64_t packed(const struct h5 *h, const struct h5_dataset *d)
{
	uint64_t n = 0;
	for (size_t i = d->chunk_from; i < d->chunk_to; i++)
		n += gh_recs_at(&h->chunks, i)->ref >> 16;
	return n;
}

/* All chunks in their order as one member: the first one starts like a file. */
static enum gh_rc whole(struct h5 *h, const struct h5_dataset *d)
{
	const struct gh_sink_ops *ops = h->w->sink->ops;
	struct gh_spool *spool = ops->spool_open(h->w->sink, 2 * packed(h, d)); /* deflate alone reaches 1032:1 */
	enum gh_rc rc = spool == NULL ? GH_E_NOMEM : GH_OK;
	uint64_t left = d->space.count * d->type.size;
	for (size_t i = d->chunk_from; i < d->chunk_to && rc == GH_OK && left != 0; i++) {
		struct gh_span s;
		rc = h5_decode(h, d, gh_recs_at(&h->chunks, i), &s);
		if (rc != GH_OK)
			break;
		if (s.n > left) /* behind the end of the data there is filling */
			s.n = (size_t)left;
		left -= s.n;
		rc = ops->spool_put(spool, s);
		h5_drop(h);
	}
	struct gh_src *src = spool == NULL ? NULL : ops->spool_src(spool);
	const struct gh_rec *first = gh_recs_at(&h->chunks, d->chunk_from);
	if (src != NULL && (rc == GH_OK || rc == GH_E_MALFORMED)) {
		enum gh_rc look = h5_look(h, src, d->path, h->base + first->b, first->ref >> 16,
					  !h5_bytes_like(&d->type));
		rc = look != GH_OK ? look : rc;
	}
	if (spool != NULL)
		ops->spool_close(spool);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "\"%s\"", gh_safe(d->path).s);
}

static void programs(struct h5 *h, const struct h5_dataset *d, uint64_t addr, struct gh_span s)
{
	struct gh_program found[HITS];
	size_t n = d->filters.n == 0 ? 0 : gh_program_find(s, found, HITS); /* plain bytes are swept anyway */
	for (size_t i = 0; i < n; i++)
		h5_say(h, H5_A_PROGRAM, addr, 1, "\"%s\": %s at byte %zu of a chunk", gh_safe(d->path).s, found[i].name,
		       found[i].at);
}

/* into: where decoded numbers are collected, `left` bytes more; may be NULL. */
static enum gh_rc look_at(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c, bool first,
			  struct gh_spool *into, uint64_t *left)
{
	struct gh_span s;
	enum gh_rc rc = h5_decode(h, d, c, &s);
	if (rc == GH_OK && into != NULL) {
		struct gh_span part = gh_span_cut(s, 0, *left); /* behind the end of the data there is filling */
		*left -= part.n;
		rc = h->w->sink->ops->spool_put(into, part);
	}
	if (rc != GH_OK)
		return rc;
	programs(h, d, c->b, s);
	uint64_t size = c->ref >> 16;
	struct gh_src_mem mem;
	if (into == NULL)
		GH_TRY(h5_tensor_part(h, d, gh_src_mem(&mem, s), 0, s.n), h->w->err, "chunk");
	if (d->type.cls == GH_HDF5_STRING || d->type.nspot != 0) {
		struct h5_value v = { .type = &d->type,
				      .key = d->path,
				      .name = d->path,
				      .role = GH_HDF5_ROLE_VALUE,
				      .off = h->base + c->b,
				      .len = size };
		return h5_values(h, &v, s);
	}
	if (!h5_like_a_file(gh_span_cut(s, 0, GH_PROBE_BYTES), s.n))
		return GH_OK;
	if (first && d->chunk_to - d->chunk_from > 1) {
		gh_arena_free(&h->tmp);
		return whole(h, d);
	}
	return h5_look(h, gh_src_mem(&mem, s), d->path, h->base + c->b, size, !h5_bytes_like(&d->type));
}

/* ---- filtered numbers as one tensor ---------------------------------------------------------------------------------------- */

enum { TENSOR_MAX = 64 << 20, RATIO = 500 };

static uint64_t total(const struct h5_dataset *d)
{
	uint64_t n = 0;
	return __builtin_mul_overflow(d->space.count, (uint64_t)d->type.size, &n) ? UINT64_MAX : n;
}

/* Do the chunks hold the numbers and nothing between them? At the edges chunks are filled up; that must come last. */
static bool seamless(const struct h5_dataset *d)
{
	bool even = true, rows = true;
	if (d->layout.ndim != d->space.ndim)
		return false;
	for (unsigned i = 0; i < d->space.ndim; i++) {
		uint64_t n = d->layout.chunk[i];
		if (n == 0)
			return false;
		even = even && d->space.dim[i] % n == 0;
		rows = rows && (i == 0 || d->space.dim[i] == n);
	}
	return even || rows;
}

/* Numbers behind filters, no more of them than may be kept, and no more than any codec makes of so few bytes. Others are told
 * chunk by chunk. */
static bool collects(const struct h5 *h, const struct h5_dataset *d, bool large)
{
	bool numbers = d->type.cls == GH_HDF5_FLOAT || d->type.cls == GH_HDF5_INT;
	uint64_t n = total(d);
	return numbers && seamless(d) && d->type.nspot == 0 && d->filters.n != 0 && !large && n != 0 &&
	       n <= TENSOR_MAX && n / RATIO <= packed(h, d);
}

/* The chunks as they came, one behind the other: in another order than the rows, which no statistic minds. */
static enum gh_rc tell_collected(struct h5 *h, const struct h5_dataset *d, struct gh_spool *spool)
{
	struct gh_src *src = h->w->sink->ops->spool_src(spool);
	bool complete = src != NULL && src->size == total(d);
	return complete ? h5_tensor(h, d, src, 0, src->size) : GH_OK;
}

/* Plain chunks of numbers are not copied. */
static enum gh_rc look_plain(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c, bool first)
{
	struct gh_src_sub sub;
	uint64_t len = c->ref >> 16, off = h->base + c->b;
	struct gh_src *src = gh_src_sub(&sub, h->w->src, off, len);
	GH_TRY(h5_tensor_part(h, d, h->w->src, off, len), h->w->err, "chunk");
	struct gh_span head = gh_src_window(src, 0, len < GH_PROBE_BYTES ? (size_t)len : (size_t)GH_PROBE_BYTES);
	if (!h5_like_a_file(head, len))
		return GH_OK;
	if (first && d->chunk_to - d->chunk_from > 1 && d->chunk_bytes <= CHUNK_MAX)
		return whole(h, d);
	return h5_look(h, src, d->path, off, len, !h5_bytes_like(&d->type));
}

enum gh_rc h5_chunked_data(struct h5 *h, const struct h5_dataset *d)
{
	if (h->w->sink->ops->tile != NULL)
		return h5_tiles(h, d);
	bool strings = d->type.cls == GH_HDF5_STRING || d->type.nspot != 0, plain = d->filters.n == 0;
	bool large = d->chunk_bytes > CHUNK_MAX && (!plain || strings);
	const struct gh_sink_ops *ops = h->w->sink->ops;
	struct gh_spool *into = collects(h, d, large) ? ops->spool_open(h->w->sink, packed(h, d)) : NULL;
	uint64_t left = total(d);
	enum gh_rc end = GH_OK;
	for (size_t i = d->chunk_from; i < d->chunk_to; i++) {
		struct gh_rec c = *gh_recs_at(&h->chunks, i);
		if (h->decoded > h->w->lim->expanded) {
			end = h5_bad(h, H5_A_MANY, c.b, "more data than may be expanded (--limit-expanded)");
			break;
		}
		h->decoded += plain ? 0 : d->chunk_bytes;
		enum gh_rc rc = large		    ? h5_large_chunk(h, d, &c)
				: plain && !strings ? look_plain(h, d, &c, i == d->chunk_from)
						    : look_at(h, d, &c, i == d->chunk_from, into, &left);
		gh_arena_free(&h->tmp);
		h->broken = h->broken || rc == GH_E_MALFORMED;
		if (rc != GH_OK && rc != GH_E_MALFORMED) {
			end = rc;
			break;
		}
	}
	if (into != NULL && end == GH_OK)
		end = tell_collected(h, d, into);
	if (into != NULL)
		ops->spool_close(into);
	return end;
}

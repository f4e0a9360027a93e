/* The data layout message (IV.A.2.i), versions 1 to 4, and whether it agrees with shape and type. */
#include "format/hdf5/h5.h"

static const uint64_t HUGE_DATA = (uint64_t)64 << 30, LARGE_DATA = (uint64_t)4 << 30;
enum { RATIO = 2000 }; /* deflate makes 1032 bytes of one at most */

static bool chunk_dims(struct gh_rd *r, struct h5_layout *l, unsigned n, unsigned width)
{
	if (n < 2 || n > GH_HDF5_DIMS + 1)
		return false;
	l->ndim = n - 1;
	for (unsigned i = 0; i < n; i++)
		if ((l->chunk[i] = gh_rd_le(r, width)) == 0)
			return false;
	return !r->bad;
}

static bool old_layout(struct h5 *h, const struct h5_msg *m, struct gh_rd *r, struct h5_layout *l)
{
	unsigned n = gh_rd_u8(r), cls = gh_rd_u8(r);
	(void)gh_rd_take(r, 5);
	if (cls > 2 || n > GH_HDF5_DIMS + 1)
		return false;
	l->kind = cls == 0 ? H5_COMPACT : cls == 1 ? H5_CONTIGUOUS : H5_CHUNKED;
	if (cls != 0)
		l->addr = h5_rd_addr(h, r);
	if (cls == 2)
		return chunk_dims(r, l, n, 4);
	l->size = 1;
	for (unsigned i = 0; i < n; i++)
		if (__builtin_mul_overflow(l->size, gh_rd_u32le(r), &l->size))
			return false;
	if (cls == 0) {
		l->size = gh_rd_u32le(r);
		l->compact_addr = m->addr + r->off;
		l->compact = gh_rd_take(r, l->size);
	}
	return !r->bad;
}

static bool new_chunks(struct h5 *h, struct gh_rd *r, struct h5_layout *l)
{
	static const uint8_t params[] = { [H5_IX_FIXED] = 1, [H5_IX_EXTENSIBLE] = 5, [H5_IX_BTREE2] = 6 };
	l->flags = gh_rd_u8(r);
	unsigned n = gh_rd_u8(r), width = gh_rd_u8(r);
	if (width == 0 || width > 8 || !chunk_dims(r, l, n, width))
		return false;
	l->index = gh_rd_u8(r);
	if (l->index == H5_IX_BTREE1 || l->index > H5_IX_BTREE2)
		return false;
	if (l->index == H5_IX_SINGLE && (l->flags & 2) != 0) {
		l->single_size = h5_rd_len(h, r);
		l->single_mask = gh_rd_u32le(r);
	}
	(void)gh_rd_take(r, params[l->index]);
	l->addr = h5_rd_addr(h, r);
	return !r->bad;
}

static bool new_layout(struct h5 *h, const struct h5_msg *m, struct gh_rd *r, struct h5_layout *l)
{
	unsigned cls = gh_rd_u8(r);
	switch (cls) {
	case 0:
		l->kind = H5_COMPACT;
		l->size = gh_rd_u16le(r);
		l->compact_addr = m->addr + r->off;
		l->compact = gh_rd_take(r, l->size);
		return !r->bad;
	case 1:
		l->kind = H5_CONTIGUOUS;
		l->addr = h5_rd_addr(h, r);
		l->size = h5_rd_len(h, r);
		return !r->bad;
	case 2:
		l->kind = H5_CHUNKED;
		if (l->version >= 4)
			return new_chunks(h, r, l);
		unsigned n = gh_rd_u8(r);
		l->addr = h5_rd_addr(h, r);
		return chunk_dims(r, l, n, 4);
	case 3:
		l->kind = H5_VIRTUAL;
		l->addr = h5_rd_addr(h, r);
		l->heap_index = gh_rd_u32le(r);
		return !r->bad && l->version >= 4;
	default: return false;
	}
}

enum gh_rc h5_layout(struct h5 *h, struct h5_msg *m, struct h5_layout *out)
{
	struct gh_rd r = gh_rd(m->body);
	*out = (struct h5_layout){ .version = gh_rd_u8(&r) };
	if (out->version == 0 || out->version > 4)
		return h5_bad(h, H5_A_UNKNOWN, m->addr, "data layout of version %u", out->version);
	bool fine = out->version < 3 ? old_layout(h, m, &r, out) : new_layout(h, m, &r, out);
	m->used = r.off;
	return fine ? GH_OK : h5_bad(h, H5_A_COUNT, m->addr, "the layout of a dataset is malformed");
}

void h5_shape(struct h5 *h, struct h5_dataset *d, uint64_t addr)
{
	struct h5_layout *l = &d->layout;
	uint64_t need;
	const struct gh_safe name = gh_safe(d->path);
	if (__builtin_mul_overflow(d->space.count, d->type.size, &need)) {
		h5_say(h, H5_A_COUNT, addr, 1, "\"%s\": %llu elements of %u bytes", name.s,
		       (unsigned long long)d->space.count, d->type.size);
		l->kind = H5_NOWHERE;
		h->broken = true;
		return;
	}
	bool stored = l->kind == H5_COMPACT || (l->kind == H5_CONTIGUOUS && l->addr != H5_UNDEF);
	if (stored && l->size < need)
		h5_say(h, H5_A_SHAPE, addr, 1, "\"%s\" needs %llu bytes, %llu are set aside", name.s,
		       (unsigned long long)need, (unsigned long long)l->size);
	if (l->kind == H5_CONTIGUOUS && l->addr == H5_UNDEF)
		h5_stored(h, d, addr);
	if (l->kind == H5_CHUNKED) {
		uint64_t bytes = 1;
		for (unsigned i = 0; i <= l->ndim; i++)
			if (__builtin_mul_overflow(bytes, l->chunk[i], &bytes) || bytes > UINT32_MAX)
				bytes = UINT64_MAX / 2;
		if (bytes > UINT32_MAX || l->ndim != d->space.ndim || l->chunk[l->ndim] != d->type.size) {
			h5_say(h, H5_A_SHAPE, addr, 1, "\"%s\": its chunks do not fit its shape and type", name.s);
			l->kind = H5_NOWHERE;
			h->broken = true;
		}
		d->chunk_bytes = bytes;
	}
}

void h5_stored(struct h5 *h, struct h5_dataset *d, uint64_t addr)
{
	uint64_t need = d->space.count * d->type.size, have = 0;
	for (size_t i = d->chunk_from; i < d->chunk_to; i++)
		have += gh_recs_at(&h->chunks, i)->ref >> 16;
	if (need < LARGE_DATA || have >= need / RATIO)
		return;
	h5_say(h, need >= HUGE_DATA ? H5_A_HUGE : H5_A_LARGE, addr, 1, "\"%s\" unfolds %llu stored bytes to %llu",
	       gh_safe(d->path).s, (unsigned long long)have, (unsigned long long)need);
}

/* The second pass: the data of every dataset, lowest address first, so that a large file flows by once. */
#include "format/hdf5/h5.h"

enum { BLOCK = 256 << 10 };

const char *h5_dtype(const struct gh_hdf5_type *t, unsigned *bits)
{
	const struct gh_dtype *d = NULL;
	bool array = t->cls == GH_HDF5_ARRAY;
	enum gh_hdf5_class cls = array ? t->base : t->cls;
	uint32_t size = array || cls == GH_HDF5_ENUM || cls == GH_HDF5_COMPLEX ? t->base_size : t->size;
	*bits = size <= 4096 ? 8 * size : 0;
	if (t->bf16)
		return "BF16";
	if (cls == GH_HDF5_FLOAT && (array || t->ieee))
		d = gh_dtype_numpy('f', size);
	else if (cls == GH_HDF5_INT || cls == GH_HDF5_ENUM)
		d = gh_dtype_numpy(t->base_signed ? 'i' : 'u', size);
	else if (cls == GH_HDF5_COMPLEX)
		d = gh_dtype_numpy('c', 2 * (uint64_t)size);
	if (d != NULL)
		return d->name;
	return t->cls == GH_HDF5_COMPOUND ? "RECORD" : t->cls == GH_HDF5_STRING ? "BYTES" : "VOID";
}

enum gh_rc h5_tensor(struct h5 *h, const struct h5_dataset *d, struct gh_src *src, uint64_t off, uint64_t len)
{
	uint64_t dim[GH_HDF5_DIMS + 1];
	struct gh_tensor t = {
		.name = d->path, .ndim = d->space.ndim, .dim = dim, .src = src, .big_endian = d->type.big_endian
	};
	t.dtype = h5_dtype(&d->type, &t.bits);
	memcpy(dim, d->space.dim, d->space.ndim * sizeof *dim);
	if (d->type.cls == GH_HDF5_ARRAY && t.bits >= 8) /* what stands in each element is one more dimension */
		dim[t.ndim++] = d->type.size / (t.bits / 8);
	if (src == h->w->src)
		gh_src_advance(src, off);
	enum gh_rc rc = gh_emit(h->w, GH_EV_TENSOR, off, len, &t);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "a dataset");
}

enum gh_rc h5_tensor_part(struct h5 *h, const struct h5_dataset *d, struct gh_src *src, uint64_t off, uint64_t len)
{
	uint64_t dim[1] = { d->type.size == 0 ? 0 : len / d->type.size };
	struct gh_tensor t = { .name = d->path, .ndim = 1, .dim = dim, .src = src, .big_endian = d->type.big_endian };
	if ((d->type.cls != GH_HDF5_FLOAT && d->type.cls != GH_HDF5_INT) || d->type.nspot != 0 || dim[0] == 0)
		return GH_OK;
	t.dtype = h5_dtype(&d->type, &t.bits);
	if (src == h->w->src)
		gh_src_advance(src, off);
	enum gh_rc rc = gh_emit(h->w, GH_EV_TENSOR, off, dim[0] * d->type.size, &t);
	return rc == GH_OK ? GH_OK : gh_fail(h->w->err, rc, "a chunk");
}

/* Strings and pointers, block by block. */
static enum gh_rc values(struct h5 *h, const struct h5_dataset *d, uint64_t addr, uint64_t len)
{
	struct h5_value v = {
		.type = &d->type, .key = d->path, .name = d->path, .role = GH_HDF5_ROLE_VALUE, .looked = true
	};
	uint64_t size = d->type.size, step = size > BLOCK ? size : BLOCK / size * size;
	if (step > H5_TMP / 2)
		return GH_OK; /* one very long string: it was looked at as a whole */
	for (uint64_t at = 0; at < len; at += step) {
		uint64_t n = step < len - at ? step : len - at;
		struct gh_span w = h5_copy(h, addr + at, n, "values");
		if (w.p == NULL)
			return h5_why(h);
		v.off = h->base + addr + at;
		v.len = n;
		enum gh_rc rc = h5_values(h, &v, w);
		h5_drop(h);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc contiguous(struct h5 *h, const struct h5_dataset *d)
{
	uint64_t addr = d->layout.addr, len = d->space.count * d->type.size, off = h->base + addr;
	if (d->layout.size < len)
		len = d->layout.size; /* said */
	if (!h5_room(h, addr, d->layout.size, "dataset") || !h5_room(h, addr, len, "dataset"))
		return gh_fail(h->w->err, GH_E_MALFORMED, "\"%s\" does not lie within the file", gh_safe(d->path).s);
	GH_TRY(h5_extent(h, addr, len, GH_CLAIM_DATA), h->w->err, "dataset");
	if (len == 0)
		return GH_OK;
	GH_TRY(h5_tensor(h, d, h->w->src, off, len), h->w->err, "dataset");
	struct gh_src_sub sub;
	struct gh_src *src = gh_src_sub(&sub, h->w->src, off, len);
	struct gh_span head = gh_src_window(src, 0, len < GH_PROBE_BYTES ? (size_t)len : (size_t)GH_PROBE_BYTES);
	if (len >= 12 && h5_like_a_file(head, len))
		GH_TRY(h5_look(h, src, d->path, off, len, !h5_bytes_like(&d->type)), h->w->err, "dataset");
	if (d->type.cls == GH_HDF5_STRING || d->type.nspot != 0)
		return values(h, d, addr, len);
	return GH_OK;
}

static enum gh_rc compact(struct h5 *h, const struct h5_dataset *d)
{
	uint64_t len = d->space.count * d->type.size, addr = d->layout.compact_addr;
	if (len > d->layout.size)
		len = d->layout.size;
	if (len == 0)
		return GH_OK;
	struct h5_value v = { .type = &d->type,
			      .key = d->path,
			      .name = d->path,
			      .role = GH_HDF5_ROLE_VALUE,
			      .off = h->base + addr,
			      .len = len };
	struct gh_span w = h5_copy(h, addr, len, "values");
	if (w.p == NULL)
		return h5_why(h);
	GH_TRY(h5_tensor(h, d, h->w->src, v.off, len), h->w->err, "dataset");
	return h5_values(h, &v, w);
}

static enum gh_rc one(struct h5 *h, const struct h5_dataset *d)
{
	bool nothing = d->layout.kind != H5_CHUNKED &&
		       (d->space.count == 0 || (d->layout.kind == H5_CONTIGUOUS && d->layout.addr == H5_UNDEF));
	if (h->w->sink->ops->tile != NULL && (nothing || d->layout.kind > H5_CHUNKED))
		return h5_tiles(h, d);
	switch (d->layout.kind) {
	case H5_COMPACT: return compact(h, d);
	case H5_CONTIGUOUS: return d->layout.addr == H5_UNDEF ? GH_OK : contiguous(h, d);
	case H5_CHUNKED: return h5_chunked_data(h, d);
	default: return GH_OK;
	}
}

static uint64_t first_byte(const struct h5 *h, const struct h5_dataset *d)
{
	uint64_t first = d->layout.kind == H5_COMPACT ? d->layout.compact_addr : d->layout.addr;
	if (d->layout.kind == H5_CHUNKED)
		first = d->chunk_from < d->chunk_to ? gh_recs_at(&h->chunks, d->chunk_from)->b : 0;
	return first;
}

enum gh_rc h5_data(struct h5 *h)
{
	struct gh_recs order = gh_recs(h->w->arena, GH_RECS_MAX);
	for (const struct h5_dataset *d = h->sets; d != NULL; d = d->next)
		if (!gh_recs_add(&order, (struct gh_rec){ first_byte(h, d), 0, (uintptr_t)d }))
			return h5_bad(h, H5_A_MANY, 0, "more datasets than can be kept");
	gh_recs_sort(&order, 0);
	for (size_t i = 0; i < order.n; i++) {
		const struct h5_dataset *d = (const struct h5_dataset *)(uintptr_t)gh_recs_at(&order, i)->ref;
		enum gh_rc rc = one(h, d);
		gh_arena_free(&h->tmp);
		h->broken = h->broken || rc == GH_E_MALFORMED;
		h->unread = h->unread || rc == GH_E_UNREAD;
		if (rc != GH_OK && rc != GH_E_MALFORMED && rc != GH_E_UNREAD)
			return gh_fail(h->w->err, rc, "\"%s\"", gh_safe(d->path).s);
	}
	return GH_OK;
}

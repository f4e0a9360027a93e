/* numpy.c - arrays in files of their own (.npy) and in archives (.npz). */
#include "format/zip_walk.h"
#include "scan/disarm/job.h"
#include "wire/npyhdr.h"

#include <stdio.h>

enum { MAGIC = 6 };

/* The array whose file lies in src[base, base + store->size): added under `name`, or dropped with a note. */
static enum gh_rc add_array(struct gh_dis_job *j, struct gh_src *src, uint64_t base, struct gh_dis_store *s,
			    struct gh_span name)
{
	struct gh_src_sub sub;
	struct gh_npyhdr *h = GH_NEW(j->arena, struct gh_npyhdr, 1);
	uint64_t *stride = GH_NEW(j->arena, uint64_t, GH_NPY_DIMS);
	struct gh_cur c = gh_cur(gh_src_sub(&sub, src, base, s->size), MAGIC);
	uint8_t major = gh_cur_u8(&c);
	(void)gh_cur_u8(&c);
	uint32_t len = major == 1 ? gh_cur_u16le(&c) : gh_cur_u32le(&c);
	const uint8_t *p = len <= GH_WINDOW_MAX ? gh_cur_take(&c, len) : NULL;
	if (h == NULL || stride == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	if (p == NULL || major < 1 || major > 3)
		return gh_fail(j->err, GH_E_MALFORMED,
			       "'%s': the header of the array is cut off or of an unknown version", gh_safe(name).s);
	uint64_t data = gh_cur_off(&c);
	enum gh_rc rc = gh_npyhdr_parse((struct gh_span){ p, len }, j->arena, h);
	if (rc != GH_OK)
		return gh_fail(j->err, rc, "'%s': %s", gh_safe(name).s, h->why);
	struct gh_dis_tensor t = { .name = name, .ndim = h->ndim, .dim = h->dim, .store = s, .off = data };
	t.dtype = h->type.fields || h->type.subarray ? NULL : gh_dtype_numpy(h->type.kind, h->type.size);
	t.big_endian = h->type.order == '>';
	if (t.dtype == NULL) {
		gh_dis_say(j, GH_DIS_ACT_DROPPED, name,
			   h->type.objects ? "array of objects" : "array of records or text", h->bytes,
			   "only arrays of plain numbers are kept");
		return GH_OK;
	}
	uint64_t step = 1;
	for (unsigned i = 0; i < h->ndim; i++) {
		stride[i] = step;
		if (h->dim[i] != 0 && __builtin_mul_overflow(step, h->dim[i], &step))
			return gh_fail(j->err, GH_E_MALFORMED, "'%s': its shape does not fit 64 bits", gh_safe(name).s);
	}
	t.stride = h->fortran ? stride : NULL;
	return gh_dis_add(j, &t);
}

static enum gh_rc none_kept(struct gh_dis_job *j)
{
	return gh_fail(j->err, GH_E_MALFORMED,
		       "it holds no array of plain numbers: objects and records have no place in "
		       "safetensors");
}

enum gh_rc gh_dis_npy(struct gh_dis_job *j)
{
	struct gh_dis_store *s = GH_NEW(j->arena, struct gh_dis_store, 1);
	if (s == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	*s = (struct gh_dis_store){ .src = j->src, .len = j->src->size, .size = j->src->size, .name = j->name };
	enum gh_rc rc = add_array(j, j->src, 0, s, GH_SPAN("tensor"));
	if (rc == GH_OK && j->n == 0)
		return none_kept(j);
	return rc == GH_OK ? gh_dis_write_safetensors(j) : rc;
}

/* ---- archives ------------------------------------------------------------------------------------------------- */

struct directory {
	const struct gh_zip_entry *e;
	size_t n;
};

static enum gh_rc on_directory(void *ctx, struct gh_walk *w, const struct gh_zip_entry *e, size_t n)
{
	struct directory *d = ctx;
	(void)w;
	d->e = e;
	d->n = n;
	return GH_E_DENIED;
}

static enum gh_rc add_member(struct gh_dis_job *j, const struct gh_zip_entry *e)
{
	static const uint8_t magic[MAGIC] = { 0x93, 'N', 'U', 'M', 'P', 'Y' };
	struct gh_dis_store *s = GH_NEW(j->arena, struct gh_dis_store, 1);
	struct gh_src *src;
	uint64_t base = 0;
	struct gh_span h = gh_src_window(j->src, e->local_off, 30);
	uint64_t left = j->src->size - e->local_off;
	if (s == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	uint64_t skip = h.n < 30 ? UINT64_MAX : 30u + gh_le16(h.p + 26) + gh_le16(h.p + 28);
	if (h.n < 30 || gh_le32(h.p) != 0x04034b50 || skip > left || e->csize > left - skip)
		return gh_fail(j->err, GH_E_MALFORMED, "'%s' reaches beyond the file", gh_safe(e->name).s);
	if ((e->flags & 1) != 0 || (e->method != GH_ZIP_STORE && e->method != GH_ZIP_DEFLATE))
		return gh_fail(j->err, GH_E_UNREAD,
			       "'%s' is encrypted or compressed in a way that NumPy does not write",
			       gh_safe(e->name).s);
	*s = (struct gh_dis_store){ .src = j->src,
				    .off = e->local_off + skip,
				    .len = e->csize,
				    .name = e->name,
				    .packed = e->method == GH_ZIP_DEFLATE,
				    .has_crc = true,
				    .crc = e->crc };
	s->size = s->packed ? e->usize : e->csize;
	enum gh_rc rc = gh_dis_open(j, s, &src, &base);
	if (rc != GH_OK)
		return rc;
	struct gh_span head = gh_src_window(src, base, MAGIC);
	if (head.n < MAGIC || memcmp(head.p, magic, MAGIC) != 0) {
		gh_dis_say(j, GH_DIS_ACT_DROPPED, e->name, "member", e->usize, "no array");
		return GH_OK;
	}
	size_t n = gh_span_ends(e->name, ".npy") ? e->name.n - 4 : e->name.n;
	return add_array(j, src, base, s, gh_span_cut(e->name, 0, n));
}

enum gh_rc gh_dis_npz(struct gh_dis_job *j)
{
	struct directory d = { 0 };
	struct gh_walk w = {
		.src = j->src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_zip_hooks hooks = { .ctx = &d, .directory = on_directory };
	enum gh_rc rc = gh_zip_walk(&w, &hooks);
	if (rc != GH_E_DENIED)
		return rc == GH_OK ? gh_fail(j->err, GH_E_MALFORMED, "the archive has no directory") : rc;
	*j->err = (struct gh_err){ 0 };
	rc = GH_OK;
	for (size_t i = 0; rc == GH_OK && i < d.n; i++)
		if (!d.e[i].directory)
			rc = add_member(j, &d.e[i]);
	if (rc == GH_OK && j->n == 0)
		return none_kept(j);
	return rc == GH_OK ? gh_dis_write_safetensors(j) : rc;
}

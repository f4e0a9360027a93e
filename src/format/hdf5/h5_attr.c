/* Attributes (IV.A.2.m): in messages, or in a fractal heap with an index of names. */
#include "format/hdf5/h5.h"

enum { TYPE_SHARED = 1, SPACE_SHARED = 2 };

struct attr {
	struct gh_span name, type, space, value;
	uint64_t type_addr, value_off; /* of the value in the body */
};

static struct gh_span padded(struct gh_rd *r, size_t n, bool pad)
{
	struct gh_span s = gh_rd_take(r, n);
	if (pad && n % 8 != 0)
		(void)gh_rd_take(r, 8 - n % 8);
	return s;
}

/* A type or shape that stands elsewhere. */
static enum gh_rc elsewhere(struct h5 *h, unsigned type, struct gh_span *body)
{
	struct gh_rd r = gh_rd(*body);
	uint64_t addr;
	return h5_shared(h, type, &r, body, &addr);
}

static enum gh_rc split(struct h5 *h, struct gh_span body, uint64_t addr, struct attr *a)
{
	struct gh_rd r = gh_rd(body);
	unsigned version = gh_rd_u8(&r), flags = gh_rd_u8(&r);
	size_t name = gh_rd_u16le(&r), type = gh_rd_u16le(&r), space = gh_rd_u16le(&r);
	if (version == 0 || version > 3)
		return h5_bad(h, H5_A_UNKNOWN, addr, "attribute of version %u", version);
	if (version == 3)
		(void)gh_rd_u8(&r); /* character set of the name */
	a->name = padded(&r, name, version == 1);
	a->type = padded(&r, type, version == 1);
	a->space = padded(&r, space, version == 1);
	a->value_off = r.off;
	if (r.bad || name == 0)
		return h5_bad(h, H5_A_COUNT, addr, "an attribute is cut short");
	const uint8_t *nul = memchr(a->name.p, 0, name);
	if (nul == NULL || (size_t)(nul - a->name.p) + 1 != name)
		h5_say(h, H5_A_NAME, addr, body.n, "the name of an attribute ends within: \"%s\"", gh_safe(a->name).s);
	a->name.n = nul == NULL ? name : (size_t)(nul - a->name.p);
	if (version > 1 && (flags & TYPE_SHARED) != 0)
		GH_TRY(elsewhere(h, 3, &a->type), h->w->err, "attribute");
	if (version > 1 && (flags & SPACE_SHARED) != 0)
		GH_TRY(elsewhere(h, 1, &a->space), h->w->err, "attribute");
	return GH_OK;
}

static enum gh_rc value(struct h5 *h, struct gh_span path, const struct attr *a, const struct gh_hdf5_type *t,
			struct gh_span bytes, uint64_t addr)
{
	uint8_t key[2 * H5_NAME_MAX + 8];
	struct gh_span p = gh_span_cut(path, 0, H5_NAME_MAX), n = gh_span_cut(a->name, 0, H5_NAME_MAX);
	if (p.n != 0)
		memcpy(key, p.p, p.n);
	key[p.n] = '@';
	if (n.n != 0)
		memcpy(key + p.n + 1, n.p, n.n);
	struct h5_value v = { .type = t,
			      .key = { key, p.n + 1 + n.n },
			      .name = a->name,
			      .role = GH_HDF5_ROLE_ATTRIBUTE,
			      .off = h->base + addr,
			      .len = bytes.n,
			      .attribute = true };
	return h5_values(h, &v, bytes);
}

enum gh_rc h5_attribute(struct h5 *h, struct gh_span path, struct gh_span body, uint64_t addr, size_t *used)
{
	struct attr a = { 0 };
	struct gh_hdf5_type t;
	struct gh_hdf5_space s;
	uint64_t need;
	enum gh_rc rc = split(h, body, addr, &a);
	if (rc != GH_OK)
		return rc;
	if (gh_hdf5_type(a.type, h->so, &h->tmp, &t, &rc) == 0)
		return h5_bad(h,
			      rc == GH_E_UNREAD	 ? H5_A_UNKNOWN
			      : rc == GH_E_LIMIT ? H5_A_MANY
						 : H5_A_TYPE,
			      addr, "type of attribute \"%s\" of \"%s\"", gh_safe(a.name).s, gh_safe(path).s);
	if (gh_hdf5_space(a.space, h->sl, &s) == 0)
		return h5_bad(h, H5_A_COUNT, addr, "shape of attribute \"%s\" of \"%s\"", gh_safe(a.name).s,
			      gh_safe(path).s);
	if (__builtin_mul_overflow(s.count, t.size, &need) || need > body.n - a.value_off)
		return h5_bad(h, H5_A_SHAPE, addr, "attribute \"%s\" of \"%s\": %llu elements of %u bytes in %llu",
			      gh_safe(a.name).s, gh_safe(path).s, (unsigned long long)s.count, t.size,
			      (unsigned long long)(body.n - a.value_off));
	*used = (size_t)(a.value_off + need);
	return value(h, path, &a, &t, gh_span_cut(body, a.value_off, need), addr + a.value_off);
}

/* ---- dense storage ----------------------------------------------------------------------------------------------------- */

struct dense {
	struct h5 *h;
	struct gh_span path;
	struct h5_heap heap;
	uint64_t n, m;
};

enum { RECORD_SHARED = 2 };

static enum gh_rc by_name(void *ctx, unsigned type, struct gh_span record)
{
	struct dense *d = ctx;
	struct gh_span id = gh_span_cut(record, 0, 8), body;
	uint64_t addr = 0;
	size_t used = 0;
	(void)type;
	d->n++;
	enum gh_rc rc = record.n < 9			     ? GH_E_MALFORMED
			: (record.p[8] & RECORD_SHARED) != 0 ? h5_shared_heap(d->h, 12, id, &body, &addr)
							     : h5_heap_object(d->h, &d->heap, id, &body, &addr);
	return rc != GH_OK ? rc : h5_attribute(d->h, d->path, body, addr, &used);
}

static enum gh_rc by_order(void *ctx, unsigned type, struct gh_span record)
{
	(void)type, (void)record;
	((struct dense *)ctx)->m++;
	return GH_OK;
}

enum gh_rc h5_attrs_dense(struct h5 *h, struct gh_span path, uint64_t heap, uint64_t names, uint64_t order)
{
	struct dense *d = GH_NEW(&h->obj, struct dense, 1);
	if (d == NULL)
		return h5_bad(h, H5_A_MANY, heap, "very many attributes");
	d->h = h;
	d->path = path;
	GH_TRY(h5_heap_open(h, heap, &d->heap), h->w->err, "attributes of \"%s\"", gh_safe(path).s);
	if (names != H5_UNDEF)
		GH_TRY(h5_tree2(h, names, 8, -1, by_name, d), h->w->err, "attributes of \"%s\"", gh_safe(path).s);
	if (order == H5_UNDEF)
		return GH_OK;
	GH_TRY(h5_tree2(h, order, 9, -1, by_order, d), h->w->err, "attributes of \"%s\"", gh_safe(path).s);
	if (d->m != d->n)
		return h5_bad(h, H5_A_CACHE, order, "\"%s\" has %llu attributes by name and %llu by age",
			      gh_safe(path).s, (unsigned long long)d->n, (unsigned long long)d->m);
	return GH_OK;
}

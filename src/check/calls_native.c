#include "check/calls_native.h"

#include <math.h>

bool gh_view_of(struct gh_heap *h, gh_val v, struct gh_view *o)
{
	const struct gh_allow_row *maker = gh_maker_of(h, v), *r = gh_class_of(h, v);
	gh_val shape, state = gh_val_item(h, v, 0), args = gh_val_args(h, v);
	*o = (struct gh_view){ .count = 1 };
	if (strcmp(maker == NULL ? "" : maker->name, "NDArrayWrapper") == 0 ||
	    strcmp(maker == NULL ? "" : maker->name, "ZNDArrayWrapper") == 0)
		return true;
	if (gh_row_is(maker, "numpy", "ndarray")) { /* joblib's: shape, dtype, bytes */
		shape = gh_val_item(h, args, 0);
		o->dtype = gh_val_item(h, args, 1);
		o->raw = gh_val_item(h, args, 2);
		o->by_column = true;
	} else if (maker != NULL && strcmp(maker->name, "_frombuffer") == 0) {
		o->raw = gh_val_item(h, args, 0);
		o->dtype = gh_val_item(h, args, 1);
		shape = gh_val_item(h, args, 2);
		o->by_column = !gh_val_is(h, gh_val_item(h, args, 3), "C");
	} else if ((gh_row_is(r, "numpy", "ndarray") || (r != NULL && strcmp(r->name, "FrozenNDArray") == 0)) &&
		   gh_val_kind(h, state) == GH_V_TUPLE) {
		if (gh_val_len(h, state) == 2 && gh_val_kind(h, gh_val_item(h, state, 0)) == GH_V_TUPLE)
			state = gh_val_item(h, state, 0); /* (array's state, own state) */
		unsigned at = gh_val_len(h, state) == 5;
		shape = gh_val_item(h, state, at);
		o->dtype = gh_val_item(h, state, at + 1);
		o->raw = gh_val_item(h, state, at + 3);
		int64_t order = 1;
		o->by_column = !gh_val_int(h, gh_val_item(h, state, at + 2), &order) || order != 0;
	} else {
		return false;
	}
	/* Bytes of old protocols come through a codec, bytearrays through their constructor. */
	while (gh_val_kind(h, o->raw) == GH_V_OBJECT && gh_val_kind(h, gh_val_args(h, o->raw)) == GH_V_TUPLE &&
	       gh_val_len(h, gh_val_args(h, o->raw)) != 0)
		o->raw = gh_val_item(h, gh_val_args(h, o->raw), 0);
	if (gh_val_kind(h, shape) != GH_V_TUPLE || gh_val_len(h, shape) > GH_VIEW_DIMS)
		return false;
	o->seen = true;
	o->n = (unsigned)gh_val_len(h, shape);
	for (unsigned i = 0; i < o->n; i++)
		if (!gh_is_count(h, gh_val_item(h, shape, i), &o->dim[i]) ||
		    __builtin_mul_overflow(o->count, o->dim[i], &o->count))
			return false;
	return true;
}

bool gh_shaped(struct gh_heap *h, gh_val v, unsigned n, uint64_t first)
{
	struct gh_view o;
	return gh_view_of(h, v, &o) && (!o.seen || (o.n == n && o.dim[0] == first));
}

bool gh_length_of(struct gh_heap *h, gh_val v, uint64_t *n)
{
	struct gh_view o;
	*n = UINT64_MAX;
	if (!gh_view_of(h, v, &o))
		return false;
	if (o.seen)
		*n = o.n == 0 ? 0 : o.dim[0];
	return o.seen;
}

/* ---- elements ------------------------------------------------------------------------------------------------------ */
/* Kind and size as spelled ("<i8", "f4"), the state's byte order before the name's. False: big-endian, or not plain. */
static bool plain_type(struct gh_heap *h, gh_val dtype, char *kind, unsigned *size)
{
	struct gh_np_element e;
	if (!gh_np_element_of(h, dtype, &e) || e.objects)
		return false;
	struct gh_span name = gh_val_text(h, gh_val_item(h, gh_val_args(h, dtype), 0), 8);
	struct gh_span order = gh_val_text(h, gh_val_item(h, gh_val_item(h, dtype, 0), 1), 1);
	bool prefix = name.n > 1 && memchr("<>=|", name.p[0], 4) != NULL;
	if (order.n == 1 ? order.p[0] == '>' : prefix && name.p[0] == '>')
		return false;
	if (prefix)
		name = gh_span_cut(name, 1, name.n);
	if (name.n != 2 || name.p[1] < '1' || name.p[1] > '8')
		return false;
	*kind = (char)name.p[0];
	*size = (unsigned)(name.p[1] - '0');
	return true;
}

bool gh_member_of(struct gh_heap *h, gh_val dtype, const char *name, uint64_t record, struct gh_member *f)
{
	char kind;
	gh_val fields = gh_val_item(h, gh_val_item(h, dtype, 0), 4), v;
	if (gh_val_kind(h, fields) != GH_V_DICT || !gh_val_get(h, fields, name, &v) ||
	    !plain_type(h, gh_val_item(h, v, 0), &kind, &f->size) || !gh_is_count(h, gh_val_item(h, v, 1), &f->off))
		return false;
	f->is_signed = kind == 'i';
	return (kind == 'i' || kind == 'u' || (kind == 'b' && f->size == 1)) &&
	       (f->size == 1 || f->size == 4 || f->size == 8) && f->off <= record && f->size <= record - f->off;
}

static int64_t integer(const uint8_t *p, unsigned size, bool is_signed)
{
	switch (size) {
	case 1: return is_signed ? (int8_t)p[0] : p[0];
	case 2: return is_signed ? (int16_t)(p[0] | p[1] << 8) : (p[0] | p[1] << 8);
	case 4: return is_signed ? (int32_t)gh_le32(p) : (int64_t)gh_le32(p);
	default: return (int64_t)gh_le64(p);
	}
}

int64_t gh_member_get(const uint8_t *record, const struct gh_member *f)
{
	return integer(record + f->off, f->size, f->is_signed);
}

bool gh_ints_flat(struct gh_heap *h, gh_val v, struct gh_ints *in)
{
	struct gh_view o;
	char kind;
	if (!gh_view_of(h, v, &o) || !o.seen || !plain_type(h, o.dtype, &kind, &in->size))
		return false;
	in->n = o.count;
	in->is_signed = kind == 'i';
	/* No bytes at all have forms of their own in old protocols. */
	return (kind == 'i' || kind == 'u') && (in->size & (in->size - 1)) == 0 &&
	       (in->n == 0 || gh_val_reader(h, o.raw, &in->r));
}

bool gh_ints(struct gh_heap *h, gh_val v, struct gh_ints *in)
{
	struct gh_view o;
	return gh_view_of(h, v, &o) && o.n == 1 && gh_ints_flat(h, v, in);
}

bool gh_ints_next(struct gh_ints *in, int64_t *out)
{
	uint8_t b[8];
	if (!gh_val_read(&in->r, b, in->size))
		return false;
	*out = integer(b, in->size, in->is_signed);
	return true;
}

const char *gh_range_bad(const struct gh_use_case *u, gh_val v, const struct gh_range_rule *rule)
{
	struct gh_ints in;
	int64_t x, last = 0;
	if (!(rule->flat ? gh_ints_flat(u->heap, v, &in) : gh_ints(u->heap, v, &in))) {
		gh_doubt(u, "indices are written in a way that cannot be looked at");
		return NULL;
	}
	if (rule->expect != UINT64_MAX && in.n != rule->expect)
		return "not as many indices as the shape asks for";
	for (uint64_t i = 0; i < in.n; i++) {
		if (!gh_ints_next(&in, &x)) {
			gh_doubt(u, "not all indices can be looked at");
			return NULL;
		}
		if (x < rule->from || (x >= 0 && (uint64_t)x >= rule->below) ||
		    (rule->rising && (x < last || (i == 0 && x != 0))))
			return "an index that points outside";
		last = x;
	}
	return NULL;
}

const char *gh_rising_bad(const struct gh_use_case *u, gh_val v, uint64_t *n)
{
	struct gh_view o;
	struct gh_val_reader r;
	char kind;
	unsigned size;
	double x, last = -INFINITY;
	*n = UINT64_MAX;
	if (!gh_view_of(u->heap, v, &o) || !o.seen || !plain_type(u->heap, o.dtype, &kind, &size) || kind != 'f' ||
	    size != 8 || (o.count != 0 && !gh_val_reader(u->heap, o.raw, &r))) {
		gh_doubt(u, "knots or places are written in a way that cannot be looked at");
		return NULL;
	}
	if (o.n != 1)
		return "knots or places that are no row of numbers";
	for (uint64_t i = 0; i < o.dim[0]; i++) {
		uint8_t b[8];
		if (!gh_val_read(&r, b, sizeof b)) {
			gh_doubt(u, "not all knots or places can be looked at");
			return NULL;
		}
		uint64_t bits = gh_le64(b);
		memcpy(&x, &bits, sizeof x);
		if (!isfinite(x) || x < last)
			return "knots or places that are out of order";
		last = x;
	}
	*n = o.dim[0];
	return NULL;
}

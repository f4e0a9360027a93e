/* fmt_mxnet.c - arrays of Apache MXNet (.params, .nd): a list of NDArrays, then a list of their names.
 *
 * 0x112 and a reserved word, 64 bits each; a count of arrays; each array; a count of names (0 or as many as arrays), each name
 * with its length. An array is, by its magic: of version 2 and 3 a storage type, for sparse ones the shape of what is
 * stored, the shape, the device, the type of element, for sparse ones type and shape of the indices, the data, the data of
 * the indices; of version 1 a shape, the device, the type, the data; older ones have no magic: their first word is the
 * number of dimensions, of 32 bits each. An array without dimensions has nothing after its shape.
 * Source: MXNet's src/ndarray/ndarray.cc (NDArray::Save, Load, LegacyLoad) and include/mxnet/tuple.h. */
#include <stdio.h>

#include "format/formats.h"
#include "format/seq.h"

#define LIST_MAGIC 0x112u
#define V1 0xf993fac8u
#define V2 0xf993fac9u
#define V3 0xf993facau

enum { DIMS = 32, DENSE = 0, ROW_SPARSE = 1, CSR = 2, DEVICES = 16 };

static const char *const types[] = {
	"F32", "F64", "F16", "U8", "I32", "I8", "I64", "BOOL", "I16", "U16", "U32", "U64", "BF16",
};

struct shape {
	int32_t n; /* -1: not known */
	uint64_t dim[DIMS];
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 24 || gh_le64(p->head.p) != LIST_MAGIC || gh_le64(p->head.p + 8) != 0)
		return GH_NO;
	return gh_le64(p->head.p + 16) <= p->size / 4 ? GH_STRONG : GH_NO;
}

static enum gh_rc read_dims(struct gh_seq *s, struct shape *out, unsigned width)
{
	if (out->n < -1 || out->n > DIMS)
		return gh_seq_fail(s, GH_SEQ_VALUE, "an array with an impossible number of dimensions");
	for (int32_t i = 0; i < out->n; i++) {
		const uint8_t *p = gh_cur_take(&s->c, width);
		if (p == NULL)
			return gh_seq_fail(s, GH_SEQ_CUT, "a shape is cut off");
		out->dim[i] = width == 8 ? gh_le64(p) : gh_le32(p);
		if (out->dim[i] > INT64_MAX)
			return gh_seq_fail(s, GH_SEQ_VALUE, "a negative dimension");
	}
	return GH_OK;
}

static enum gh_rc read_shape(struct gh_seq *s, struct shape *out)
{
	out->n = (int32_t)gh_cur_u32le(&s->c);
	return read_dims(s, out, 8);
}

static enum gh_rc read_type(struct gh_seq *s, const struct gh_dtype **out)
{
	uint32_t type = gh_cur_u32le(&s->c);
	if (s->c.bad || type >= sizeof types / sizeof types[0])
		return gh_seq_fail(s, GH_SEQ_TYPE, "a type of element that is not known");
	*out = gh_dtype_safetensors(gh_span_str(types[type]));
	return GH_OK;
}

static enum gh_rc read_device(struct gh_seq *s)
{
	uint32_t device = gh_cur_u32le(&s->c);
	gh_cur_skip(&s->c, 4);
	if (s->c.bad)
		return gh_seq_fail(s, GH_SEQ_CUT, "an array is cut off");
	if (device > DEVICES)
		gh_seq_say(s, GH_SEQ_ODD, gh_cur_off(&s->c), "a device of type %u", device);
	return GH_OK;
}

static enum gh_rc values(struct gh_seq *s, const char *what, uint64_t i, const struct gh_dtype *t,
			 const struct shape *sh)
{
	char name[40];
	(void)snprintf(name, sizeof name, "%s %llu", what, (unsigned long long)i);
	return gh_seq_tensor(s, gh_span_str(name), t, (unsigned)sh->n, sh->dim);
}

/* Versions 2 and 3, behind the magic. */
static enum gh_rc array(struct gh_seq *s, uint64_t i, bool v3)
{
	uint32_t storage = gh_cur_u32le(&s->c);
	struct shape stored = { 0 }, shape = { 0 }, aux[2] = { 0 };
	const struct gh_dtype *t = NULL, *auxt[2] = { NULL, NULL };
	if (s->c.bad || (storage > CSR && storage != UINT32_MAX))
		return gh_seq_fail(s, GH_SEQ_TYPE, "a kind of storage that is not known");
	unsigned extra = storage == ROW_SPARSE ? 1 : storage == CSR ? 2 : 0;
	if (extra != 0)
		GH_TRY(read_shape(s, &stored), s->w->err, "stored shape");
	GH_TRY(read_shape(s, &shape), s->w->err, "shape");
	if (v3 ? shape.n < 0 : shape.n <= 0)
		return GH_OK; /* no array at all */
	GH_TRY(read_device(s), s->w->err, "device");
	GH_TRY(read_type(s, &t), s->w->err, "type");
	for (unsigned k = 0; k < extra; k++) {
		GH_TRY(read_type(s, &auxt[k]), s->w->err, "type of indices");
		GH_TRY(read_shape(s, &aux[k]), s->w->err, "shape of indices");
		if (aux[k].n < 0)
			return gh_seq_fail(s, GH_SEQ_VALUE, "indices without a shape");
	}
	if (extra != 0 && stored.n < 0)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a sparse array without a shape");
	GH_TRY(values(s, "array", i, t, extra != 0 ? &stored : &shape), s->w->err, "data");
	for (unsigned k = 0; k < extra; k++)
		GH_TRY(values(s, "indices of array", i, auxt[k], &aux[k]), s->w->err, "indices");
	return GH_OK;
}

/* Version 1, and those before it, whose first word is the number of dimensions. */
static enum gh_rc old_array(struct gh_seq *s, uint64_t i, uint32_t magic)
{
	struct shape shape = { .n = (int32_t)magic };
	const struct gh_dtype *t = NULL;
	GH_TRY(magic == V1 ? read_shape(s, &shape) : read_dims(s, &shape, 4), s->w->err, "shape");
	if (shape.n <= 0)
		return GH_OK;
	GH_TRY(read_device(s), s->w->err, "device");
	GH_TRY(read_type(s, &t), s->w->err, "type");
	return values(s, "array", i, t, &shape);
}

static enum gh_rc read_arrays(struct gh_seq *s, uint64_t n)
{
	if (!gh_seq_fits(s, n, 4))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more arrays than the file holds");
	for (uint64_t i = 0; i < n; i++) {
		uint32_t magic = gh_cur_u32le(&s->c);
		if (!gh_seq_step(s) || s->c.bad)
			return gh_seq_fail(s, GH_SEQ_CUT, "the file ends within its arrays");
		bool current = magic == V2 || magic == V3;
		GH_TRY(current ? array(s, i, magic == V3) : old_array(s, i, magic), s->w->err, "array %llu",
		       (unsigned long long)i);
	}
	return GH_OK;
}

static enum gh_rc read_names(struct gh_seq *s, uint64_t arrays)
{
	uint64_t n = gh_cur_u64le(&s->c);
	struct gh_seq_name name;
	if (!gh_seq_fits(s, n, 8))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more names than the file holds");
	if (n != 0 && n != arrays)
		gh_seq_say(s, GH_SEQ_ODD, gh_cur_off(&s->c) - 8, "%llu names for %llu arrays", (unsigned long long)n,
			   (unsigned long long)arrays);
	for (uint64_t i = 0; i < n; i++) {
		uint64_t len = gh_cur_u64le(&s->c), off = gh_cur_off(&s->c);
		GH_TRY(gh_seq_take_name(s, s->c.bad ? UINT64_MAX : len, true, &name), s->w->err, "name %llu",
		       (unsigned long long)i);
		gh_cur_seek(&s->c, off);
		GH_TRY(gh_seq_text(s, GH_SPAN("name of an array"), len), s->w->err, "name");
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	gh_cur_skip(&s->c, 16);
	uint64_t n = gh_cur_u64le(&s->c);
	enum gh_rc rc = read_arrays(s, n);
	if (rc == GH_OK)
		rc = read_names(s, n);
	return gh_seq_end(s, rc);
}

const struct gh_fmt gh_fmt_mxnet_params = {
	.name = "mxnet-params",
	.about = "Arrays of Apache MXNet (NDArray list)",
	.exts = "params nd ndarray",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};

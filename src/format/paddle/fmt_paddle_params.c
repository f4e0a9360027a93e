/* Weights of a Paddle program (.pdiparams, and single files of older models): tensors one after the other, each as
 * SerializeToStream of paddle/fluid/framework/lod_tensor.cc writes it: u32 version (0), u64 levels of detail, for each
 * u64 bytes and as many bytes of offsets, u32 version of the tensor (0), i32 length of its TensorDesc, the message, the
 * values. Little-endian. Names stand in the program only. */
#include <stdio.h>

#include "format/dtype.h"
#include "format/formats.h"
#include "format/pb_src.h"

enum { A_DESC, A_DIMS, A_RANGE, A_TYPE, A_VERSION, A_TAIL };
static const struct gh_rule rules[] = {
	[A_DESC] = { "GH-PDP-0001", GH_HIGH, GH_UNSAFE, "Description of a tensor is broken or does not fit the file",
		     "Readers take lengths from it: memory outside the file is read.", "Do not load.",
		     "CWE-125 CWE-130" },
	[A_DIMS] = { "GH-PDP-0002", GH_HIGH, GH_UNSAFE, "Shape of a tensor is negative or overflows",
		     "Native readers compute with this number: memory outside their buffers is written.",
		     "Do not load.", "CWE-190 CWE-787" },
	[A_RANGE] = { "GH-PDP-0003", GH_HIGH, GH_UNSAFE, "Tensor reaches beyond the end of the file",
		      "Reads beyond the file's memory.", "Do not load; the file may also just be cut short.",
		      "CWE-125" },
	[A_TYPE] = { "GH-PDP-0004", GH_LOW, GH_INCOMPLETE, "Tensor of an unknown type",
		     "Where it ends cannot be told, nor what comes behind it.",
		     "Use a model of a published version of Paddle.", "CWE-20" },
	[A_VERSION] = { "GH-PDP-0005", GH_MEDIUM, GH_INCOMPLETE, "Tensor of an unknown version",
			"Nothing behind it can be checked.", "Have the model exported again.", "CWE-20" },
	[A_TAIL] = { "GH-PDP-0006", GH_MEDIUM, GH_REVIEW, "Table of levels is no table of offsets",
		     "Readers take positions in the tensor from it.", "Have the model exported again.", "CWE-129" },
	GH_RULES_END
};

enum { LEVELS_MAX = 16, DESC_MAX = 1024, DESC_LEAST = 2 };

/* VarType.Type of the plain ones. */
static const struct gh_dtype *dtype_of(uint64_t type)
{
	static const struct {
		uint8_t type;
		const char *name;
	} t[] = {
		{ 0, "bool" },		 { 1, "int16" },	{ 2, "int32" },	     { 3, "int64" },
		{ 4, "float16" },	 { 5, "float32" },	{ 6, "float64" },    { 20, "uint8" },
		{ 21, "int8" },		 { 22, "bfloat16" },	{ 23, "complex64" }, { 24, "complex128" },
		{ 32, "float8_e4m3fn" }, { 33, "float8_e5m2" },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (t[i].type == type)
			return gh_dtype_torch(gh_span_str(t[i].name));
	return NULL;
}

struct desc {
	uint64_t type, dim[GH_DIMS_MAX];
	unsigned ndim;
	bool has_type;
};

/* TensorDesc: type, and dimensions packed or not. */
static bool read_desc(struct gh_span s, struct desc *d)
{
	struct gh_pb_mem m;
	struct gh_pb *p = gh_pb_mem(&m, s, s.n);
	struct gh_pb_field f;
	enum gh_pb_got got;
	*d = (struct desc){ 0 };
	while ((got = gh_pb_next(p, &f)) == GH_PB_FIELD) {
		if (f.odd != 0)
			return false;
		if (f.number == 1 && f.wire == GH_PB_VARINT && !d->has_type) {
			d->type = f.v;
			d->has_type = true;
		} else if (f.number == 2 && f.wire == GH_PB_VARINT && d->ndim < GH_DIMS_MAX) {
			d->dim[d->ndim++] = f.v;
		} else if (f.number == 2 && f.wire == GH_PB_LEN && gh_pb_enter(p, &f)) {
			unsigned odd = 0;
			uint64_t v;
			while (d->ndim < GH_DIMS_MAX && gh_pb_packed(p, GH_PB_VARINT, &v, &odd) == GH_PB_FIELD)
				d->dim[d->ndim++] = v;
			if (odd != 0 || p->off != p->end)
				return false;
			gh_pb_leave(p);
		} else {
			return false;
		}
	}
	return got == GH_PB_END && d->has_type;
}

static bool size_of(const struct desc *d, const struct gh_dtype *t, uint64_t *bytes)
{
	uint64_t elements;
	for (unsigned i = 0; i < d->ndim; i++)
		if (d->dim[i] > INT64_MAX)
			return false;
	return gh_dtype_size(t, d->ndim, d->dim, 0, &elements, bytes) && *bytes <= INT64_MAX;
}

/* Sixteen zero bytes (two versions and no levels), a short description of a known type, and room for its values. */
static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_rd r = gh_rd(p->head);
	uint32_t version = gh_rd_u32le(&r);
	uint64_t levels = gh_rd_u64le(&r);
	if (r.bad || version != 0 || levels > LEVELS_MAX)
		return GH_NO;
	for (uint64_t i = 0; i < levels; i++)
		(void)gh_rd_take(&r, gh_rd_u64le(&r));
	uint32_t inner = gh_rd_u32le(&r), n = gh_rd_u32le(&r);
	struct desc d;
	struct gh_span s = gh_rd_take(&r, n);
	uint64_t bytes = 0;
	if (r.bad || inner != 0 || n < DESC_LEAST || n > DESC_MAX || s.p[0] != 0x08 || !read_desc(s, &d))
		return GH_NO;
	const struct gh_dtype *t = dtype_of(d.type);
	return t != NULL && size_of(&d, t, &bytes) && bytes <= p->size - r.off ? GH_STRONG : GH_NO;
}

/* One table per level: offsets that grow. */
static enum gh_rc read_levels(struct gh_walk *w, struct gh_cur *c, uint64_t levels, uint64_t at)
{
	if (levels > LEVELS_MAX) {
		gh_anomaly(w, &rules[A_DESC], at, 12, "%llu levels", (unsigned long long)levels);
		return gh_fail(w->err, GH_E_MALFORMED, "%llu levels", (unsigned long long)levels);
	}
	for (uint64_t i = 0; i < levels; i++) {
		uint64_t n = gh_cur_u64le(c), before = 0;
		if (c->bad || n > gh_cur_left(c) || n % 8 != 0) {
			gh_anomaly(w, &rules[A_DESC], at, 12, "level %llu of %llu bytes", (unsigned long long)i,
				   (unsigned long long)n);
			return gh_fail(w->err, GH_E_MALFORMED, "a level of %llu bytes", (unsigned long long)n);
		}
		bool grows = true;
		for (uint64_t k = 0; k < n / 8; k++) {
			uint64_t v = gh_cur_u64le(c);
			grows = grows && (k == 0 ? v == 0 : v >= before);
			before = v;
		}
		if (!grows)
			gh_anomaly(w, &rules[A_TAIL], at, 12, "level %llu does not grow", (unsigned long long)i);
	}
	return GH_OK;
}

static enum gh_rc read_tensor(struct gh_walk *w, struct gh_cur *c, uint64_t number)
{
	uint64_t at = gh_cur_off(c), bytes = 0;
	uint32_t version = gh_cur_u32le(c);
	uint64_t levels = gh_cur_u64le(c);
	if (c->bad || version != 0) {
		if (!c->bad)
			gh_anomaly(w, &rules[A_VERSION], at, 4, "tensor %llu: version %u", (unsigned long long)number,
				   version);
		return gh_fail(w->err, c->bad ? GH_E_MALFORMED : GH_E_UNREAD, "tensor %llu has no header that is known",
			       (unsigned long long)number);
	}
	GH_TRY(read_levels(w, c, levels, at), w->err, "tensor %llu", (unsigned long long)number);
	uint32_t inner = gh_cur_u32le(c), n = gh_cur_u32le(c);
	const uint8_t *p = c->bad || n > DESC_MAX ? NULL : gh_cur_take(c, n);
	struct desc d;
	if (p == NULL || inner != 0 || !read_desc((struct gh_span){ p, n }, &d)) {
		gh_anomaly(w, &rules[A_DESC], at, 0, "tensor %llu", (unsigned long long)number);
		return gh_fail(w->err, GH_E_MALFORMED, "the description of tensor %llu", (unsigned long long)number);
	}
	const struct gh_dtype *t = dtype_of(d.type);
	if (t == NULL) {
		gh_anomaly(w, &rules[A_TYPE], at, 0, "tensor %llu: type %llu", (unsigned long long)number,
			   (unsigned long long)d.type);
		return gh_fail(w->err, GH_E_UNREAD, "a tensor of type %llu", (unsigned long long)d.type);
	}
	if (!size_of(&d, t, &bytes)) {
		gh_anomaly(w, &rules[A_DIMS], at, 0, "tensor %llu", (unsigned long long)number);
		return gh_fail(w->err, GH_E_MALFORMED, "the shape of tensor %llu", (unsigned long long)number);
	}
	uint64_t off = gh_cur_off(c);
	gh_claim(w, at, off - at, GH_CLAIM_STRUCT);
	if (bytes > gh_cur_left(c)) {
		gh_anomaly(w, &rules[A_RANGE], at, 0, "tensor %llu: %llu bytes, %llu are left",
			   (unsigned long long)number, (unsigned long long)bytes, (unsigned long long)gh_cur_left(c));
		return gh_fail(w->err, GH_E_MALFORMED, "tensor %llu is cut short", (unsigned long long)number);
	}
	gh_claim(w, off, bytes, GH_CLAIM_DATA);
	char name[32];
	(void)snprintf(name, sizeof name, "%llu", (unsigned long long)number);
	struct gh_tensor ev = { .name = gh_span_str(name),
				.dtype = t->name,
				.bits = t->bits,
				.ndim = d.ndim,
				.dim = d.dim,
				.src = w->src };
	GH_TRY(gh_emit(w, GH_EV_TENSOR, off, bytes, &ev), w->err, "tensor %llu", (unsigned long long)number);
	gh_cur_skip(c, bytes);
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_cur c = gh_cur(w->src, 0);
	for (uint64_t i = 0; gh_cur_left(&c) != 0; i++) {
		if (i > w->lim->steps)
			return gh_fail(w->err, GH_E_LIMIT, "too many tensors");
		GH_TRY(read_tensor(w, &c, i), w->err, "paddle-params");
	}
	return GH_OK;
}

const struct gh_fmt gh_fmt_paddle_params = {
	.name = "paddle-params",
	.about = "Weights of a PaddlePaddle program",
	.exts = "pdiparams",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};

/* Operator codes, tensors and operators of a TFLite model: what they name must exist, and what they compute with must fit. */
#include "format/tflite/tflite.h"
#include "wire/protobuf.h"

enum { OPTIONS_MAX = 64 << 10, CODES_MAX = 1 << 16, DIMS_MAX = 8 };

/* ---- operator codes ------------------------------------------------------------------------------------------------ */

static enum gh_rc call(struct tfl *t, const char *system, struct gh_span name, uint64_t off)
{
	struct gh_call ev = {
		.how = GH_CALL_OPERATION, .system = system, .name = name, .as_name = name, .resolved = true
	};
	return gh_emit(t->w, GH_EV_CALL, off, 0, &ev);
}

static enum gh_rc builtin(struct tfl *t, const struct gh_fb_tab *c, uint64_t code)
{
	if (code >= TFL_NAMES) {
		tfl_say(t, TFL_A_CODE, c->off, c->size, "number %llu", (unsigned long long)code);
		return GH_OK;
	}
	return call(t, "tflite", gh_span_str(tfl_operators[code]), c->off);
}

/* The number is the greater of the two fields: the older one is a byte and stops at 127. */
static uint64_t code_of(struct tfl *t, const struct gh_fb_tab *c)
{
	int8_t old = (int8_t)gh_fb_scalar(&t->fb, c, C_OLD, 1, 0);
	int32_t now = gh_fb_i32(&t->fb, c, C_BUILTIN, 0);
	int32_t code = now > old ? now : old;
	return code < 0 ? UINT64_MAX : (uint64_t)code;
}

enum gh_rc tfl_codes(struct tfl *t)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, &t->model, M_CODES, 4);
	t->ncodes = v.n;
	if (v.n > CODES_MAX)
		return gh_fail(t->w->err, GH_E_LIMIT, "%llu operator codes", (unsigned long long)v.n);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab c = gh_fb_item(&t->fb, v, i);
		uint64_t code = code_of(t, &c);
		struct gh_fb_vec name = gh_fb_vector(&t->fb, &c, C_CUSTOM, 1);
		enum gh_rc rc;
		if (code != TFL_CUSTOM) {
			rc = builtin(t, &c, code);
		} else {
			uint8_t copy[256];
			struct gh_span s = gh_fb_bytes(&t->fb, name, sizeof copy);
			if (s.n != 0)
				memcpy(copy, s.p, s.n);
			s.p = copy;
			/* Operations of TensorFlow itself, run by the Flex delegate. */
			bool flex = gh_span_starts(s, "Flex") && s.n > 4;
			rc = call(t, flex ? "tensorflow" : "tflite-custom", flex ? gh_span_cut(s, 4, s.n) : s, c.off);
		}
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- tensors ------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint8_t bits; /* 0: no fixed size */
} types[] = {
	{ "F32", 32 },	{ "F16", 16 },	   { "I32", 32 },    { "U8", 8 },   { "I64", 64 }, { "STRING", 0 },
	{ "BOOL", 8 },	{ "I16", 16 },	   { "C64", 64 },    { "I8", 8 },   { "F64", 64 }, { "C128", 128 },
	{ "U64", 64 },	{ "RESOURCE", 0 }, { "VARIANT", 0 }, { "U32", 32 }, { "U16", 16 }, { "I4", 4 },
	{ "BF16", 16 }, { "I2", 2 },	   { "U4", 4 },
};
enum { STRING = 5, NTYPES = sizeof types / sizeof types[0] };

/* A buffer of strings: their number, then as many offsets and the end of the last, then the characters. */
static void judge_strings(struct tfl *t, const struct tfl_buffer *b, uint64_t at)
{
	struct gh_fb_vec v = { b->off, b->len / 4 };
	uint64_t n = gh_fb_elem(&t->fb, v, 0, 4), last = 0;
	bool bad = b->len < 8 || n > (b->len - 8) / 4;
	for (uint64_t i = 0; !bad && i <= n; i++) {
		uint64_t off = gh_fb_elem(&t->fb, v, i + 1, 4);
		bad = off < (i == 0 ? 4 * (n + 2) : last) || off > b->len;
		last = off;
	}
	if (bad)
		tfl_say(t, TFL_A_STRINGS, at, 0, "%llu strings in %llu bytes", (unsigned long long)n,
			(unsigned long long)b->len);
}

/* Dimensions and elements; false when they make no sense (said). */
static bool shape(struct tfl *t, const struct gh_fb_tab *x, struct tfl_tensor *out, uint64_t *elements)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, x, T_SHAPE, 4);
	bool bad = v.n > DIMS_MAX;
	*elements = 1;
	for (uint64_t i = 0; !bad && i < v.n; i++) {
		int32_t d = (int32_t)(uint32_t)gh_fb_elem(&t->fb, v, i, 4);
		bad = d < 0 || __builtin_mul_overflow(*elements, (uint64_t)d, elements) || *elements > INT64_MAX / 128;
		out->dim[i] = d < 0 ? 0 : (uint64_t)d;
	}
	out->ndim = (unsigned)(v.n < DIMS_MAX ? v.n : DIMS_MAX);
	return !bad;
}

static void judge_size(struct tfl *t, const struct gh_fb_tab *x, const struct tfl_tensor *d, uint64_t elements,
		       uint64_t have)
{
	uint64_t want = (elements * d->bits + 7) / 8;
	if (have < want)
		tfl_say(t, TFL_A_SHORT, x->off, x->size, "\"%s\": %llu bytes of %llu", gh_safe(d->name).s,
			(unsigned long long)have, (unsigned long long)want);
	else if (have > want)
		tfl_say(t, TFL_A_SIZE, x->off, x->size, "\"%s\": %llu bytes for %llu", gh_safe(d->name).s,
			(unsigned long long)have, (unsigned long long)want);
}

static enum gh_rc constant(struct tfl *t, const struct gh_fb_tab *x, struct tfl_buffer *b)
{
	struct tfl_tensor *d = GH_NEW(t->w->arena, struct tfl_tensor, 1);
	uint64_t type = gh_fb_scalar(&t->fb, x, T_TYPE, 1, 0), elements;
	bool sparse = gh_fb_sub(&t->fb, x, T_SPARSITY).off != 0, first = !b->used;
	if (d == NULL)
		return gh_fail(t->w->err, GH_E_LIMIT, "no memory for tensors");
	d->name = gh_keep(t->w->arena, gh_fb_bytes(&t->fb, gh_fb_vector(&t->fb, x, T_NAME, 1), 256));
	b->used = true;
	if (type >= NTYPES) {
		tfl_say(t, TFL_A_TYPE, x->off, x->size, "\"%s\": type %llu", gh_safe(d->name).s,
			(unsigned long long)type);
		return GH_OK;
	}
	d->dtype = types[type].name;
	d->bits = types[type].bits;
	if (!shape(t, x, d, &elements)) {
		tfl_say(t, TFL_A_DIMS, x->off, x->size, "\"%s\"", gh_safe(d->name).s);
		return GH_OK;
	}
	if (type == STRING)
		judge_strings(t, b, x->off);
	else if (d->bits != 0 && !sparse)
		judge_size(t, x, d, elements, b->len);
	if (sparse || d->bits == 0 || type == STRING) { /* the bytes are no array of that shape */
		d->bits = 8;
		d->ndim = 1;
		d->dim[0] = b->len;
	}
	if (first && !gh_recs_add(&t->tensors, (struct gh_rec){ b->off, b->len, (uintptr_t)d }))
		return gh_fail(t->w->err, GH_E_LIMIT, "too many tensors");
	return GH_OK;
}

static enum gh_rc tensors(struct tfl *t, struct gh_fb_vec v)
{
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab x = gh_fb_item(&t->fb, v, i);
		uint64_t k = gh_fb_scalar(&t->fb, &x, T_BUFFER, 4, 0), elements;
		struct tfl_tensor d = { 0 };
		if (k >= t->nbuffers && k != 0) {
			tfl_say(t, TFL_A_INDEX, x.off, x.size, "tensor %llu: buffer %llu of %llu",
				(unsigned long long)i, (unsigned long long)k, (unsigned long long)t->nbuffers);
			continue;
		}
		if (k < t->nbuffers && t->buffer[k].len != 0) {
			enum gh_rc rc = constant(t, &x, &t->buffer[k]);
			if (rc != GH_OK)
				return rc;
		} else if (!shape(t, &x, &d, &elements)) {
			tfl_say(t, TFL_A_DIMS, x.off, x.size, "tensor %llu", (unsigned long long)i);
		}
	}
	return GH_OK;
}

/* ---- operators ----------------------------------------------------------------------------------------------------- */

/* An element of a FlexBuffer vector: where its text stands. The format: the root's value, its type and its width end the
 * buffer; offsets count backwards (flatbuffers.dev/flatbuffers_internals, "FlexBuffers"). */
static uint64_t flex_uint(struct gh_span s, uint64_t at, unsigned width)
{
	uint64_t v = 0;
	for (unsigned i = width; i > 0; i--)
		v = v << 8 | (at + i - 1 < s.n ? s.p[at + i - 1] : 0);
	return v;
}

static struct gh_span flex_text(struct gh_span s, uint64_t index)
{
	enum { VECTOR = 10, STR = 5, BLOB = 25 };
	struct gh_span none = { 0 };
	if (s.n < 4)
		return none;
	unsigned width = s.p[s.n - 1], packed = s.p[s.n - 2], wide = 1u << (packed & 3);
	if ((width != 1 && width != 2 && width != 4 && width != 8) || packed >> 2 != VECTOR || s.n < 2 + width)
		return none;
	uint64_t root = s.n - 2 - width, back = flex_uint(s, root, width);
	if (back > root || root - back < wide)
		return none;
	uint64_t vec = root - back, n = flex_uint(s, vec - wide, wide);
	if (n > (s.n - vec) / (wide + 1) || index >= n)
		return none;
	unsigned type = s.p[vec + n * wide + index], inner = 1u << (type & 3);
	uint64_t slot = vec + index * wide, off = flex_uint(s, slot, wide);
	if ((type >> 2 != STR && type >> 2 != BLOB) || off > slot || slot - off < inner)
		return none;
	uint64_t len = flex_uint(s, slot - off - inner, inner);
	return len <= s.n - (slot - off) ? gh_span_cut(s, slot - off, len) : none;
}

/* The operation of a serialized NodeDef; its name is field 2, and the last one counts. */
static struct gh_span node_op(struct gh_span node)
{
	struct gh_pb_mem m;
	struct gh_pb *p = gh_pb_mem(&m, node, node.n);
	struct gh_pb_field f;
	struct gh_span op = { 0 };
	enum gh_pb_got got;
	while ((got = gh_pb_next(p, &f)) == GH_PB_FIELD)
		if (f.number == 2 && f.wire == GH_PB_LEN)
			op = gh_span_cut(node, f.off, f.len);
	return got == GH_PB_END ? op : (struct gh_span){ 0 };
}

/* The options of an operation of TensorFlow hold its real definition, which need not be what the operator's code says. */
static enum gh_rc flex_options(struct tfl *t, uint64_t off, uint64_t len, uint64_t where)
{
	uint8_t copy[256];
	struct gh_span s = len <= OPTIONS_MAX ? gh_src_window(t->w->src, off, (size_t)len) : (struct gh_span){ 0 };
	struct gh_span op = node_op(flex_text(s, 1));
	if (op.n == 0 || op.n > sizeof copy) {
		tfl_say(t, TFL_A_OPTIONS, off, len, "operator at byte %llu", (unsigned long long)where);
		return GH_OK;
	}
	memcpy(copy, op.p, op.n);
	return call(t, "tensorflow", (struct gh_span){ copy, op.n }, off);
}

static void judge_refs(struct tfl *t, const struct gh_fb_tab *o, unsigned field, uint64_t limit, const char *what)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, o, field, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		int32_t k = (int32_t)(uint32_t)gh_fb_elem(&t->fb, v, i, 4);
		if (k < -1 || (k >= 0 && (uint64_t)k >= limit)) {
			tfl_say(t, TFL_A_INDEX, o->off, 0, "%s %d of %llu tensors", what, k, (unsigned long long)limit);
			return;
		}
	}
}

/* Operators that run other subgraphs name them in the first fields of their options. */
static void judge_subgraphs(struct tfl *t, const struct gh_fb_tab *o, uint64_t code)
{
	static const struct {
		uint16_t code;
		uint8_t from, to; /* ids of the fields */
		bool second;	  /* in the second union of options */
	} rows[] = { { 31, 0, 0, false },  { 118, 0, 1, false }, { 119, 0, 1, false },
		     { 129, 0, 0, false }, { 200, 0, 1, true },	 { 206, 1, 1, true } };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].code != code)
			continue;
		struct gh_fb_tab x = gh_fb_sub(&t->fb, o, rows[i].second ? O_OPTIONS2 : O_OPTIONS);
		for (unsigned f = rows[i].from; x.off != 0 && f <= rows[i].to; f++) {
			uint64_t k = gh_fb_scalar(&t->fb, &x, f, 4, 0);
			if (k >= t->nsubgraphs)
				tfl_say(t, TFL_A_INDEX, o->off, 0, "subgraph %lld of %llu", (long long)(int32_t)k,
					(unsigned long long)t->nsubgraphs);
		}
	}
}

static enum gh_rc custom_options(struct tfl *t, const struct gh_fb_tab *o, struct gh_fb_tab *c)
{
	uint8_t copy[64];
	struct gh_fb_vec v = gh_fb_vector(&t->fb, o, O_CUSTOM, 1);
	struct gh_span name = gh_fb_bytes(&t->fb, gh_fb_vector(&t->fb, c, C_CUSTOM, 1), sizeof copy);
	if (name.n != 0)
		memcpy(copy, name.p, name.n);
	name.p = copy;
	uint64_t off = gh_fb_scalar(&t->fb, o, O_LARGE_OFF, 8, 0), len = gh_fb_scalar(&t->fb, o, O_LARGE_SIZE, 8, 0);
	if (off > 1 && v.n == 0) {
		if (off > t->w->src->size || len > t->w->src->size - off || off < t->fb.end) {
			tfl_say(t, TFL_A_LARGE, o->off, o->size, "options: %llu bytes at %llu", (unsigned long long)len,
				(unsigned long long)off);
			return GH_OK;
		}
		if (len != 0 && !gh_recs_add(&t->outside, (struct gh_rec){ off, off + len, 0 }))
			return gh_fail(t->w->err, GH_E_LIMIT, "too many options");
		v = (struct gh_fb_vec){ off, len };
	}
	if (gh_span_starts(name, "Flex"))
		return flex_options(t, v.off, v.n, o->off);
	return tfl_blob(t, "options of an operator", name, v.off, v.n);
}

static enum gh_rc operators(struct tfl *t, struct gh_fb_vec v, uint64_t ntensors)
{
	struct gh_fb_vec codes = gh_fb_vector(&t->fb, &t->model, M_CODES, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab o = gh_fb_item(&t->fb, v, i);
		uint64_t k = gh_fb_scalar(&t->fb, &o, O_CODE, 4, 0);
		if (k >= t->ncodes) {
			tfl_say(t, TFL_A_INDEX, o.off, o.size, "operator %llu has code %llu of %llu",
				(unsigned long long)i, (unsigned long long)k, (unsigned long long)t->ncodes);
			continue;
		}
		struct gh_fb_tab c = gh_fb_item(&t->fb, codes, k);
		uint64_t code = code_of(t, &c);
		judge_refs(t, &o, O_INPUTS, ntensors, "input");
		judge_refs(t, &o, O_OUTPUTS, ntensors, "output");
		judge_refs(t, &o, O_INTERMEDIATES, ntensors, "intermediate");
		judge_subgraphs(t, &o, code);
		if (code == TFL_CUSTOM) {
			enum gh_rc rc = custom_options(t, &o, &c);
			if (rc != GH_OK)
				return rc;
		}
	}
	return GH_OK;
}

enum gh_rc tfl_graphs(struct tfl *t)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, &t->model, M_SUBGRAPHS, 4);
	t->nsubgraphs = v.n;
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab g = gh_fb_item(&t->fb, v, i);
		struct gh_fb_vec x = gh_fb_vector(&t->fb, &g, G_TENSORS, 4);
		judge_refs(t, &g, G_INPUTS, x.n, "input of the graph");
		judge_refs(t, &g, G_OUTPUTS, x.n, "output of the graph");
		enum gh_rc rc = tensors(t, x);
		if (rc == GH_OK)
			rc = operators(t, gh_fb_vector(&t->fb, &g, G_OPERATORS, 4), x.n);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

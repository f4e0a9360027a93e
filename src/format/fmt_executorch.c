/* fmt_executorch.c - programs of ExecuTorch (.pte): a FlatBuffer with methods, their values, operators and instructions; weights
 * and the programs of backends lie in it or in segments behind it, which an extended header in the gap before the root table
 * points to. Source: executorch's schema/program.fbs, schema/scalar_type.fbs and runtime/executor/program.cpp. */
#include <stdio.h>

#include "format/fb_read.h"
#include "format/formats.h"

enum {
	PROGRAM,
	PLAN,
	BUFFER,
	INLINE,
	SEGMENT,
	SUBSEGMENT,
	NAMED,
	CONTAINER,
	EVALUE,
	V_NULL,
	V_INT,
	V_BOOL,
	V_DOUBLE,
	TENSOR,
	V_STRING,
	V_INTS,
	V_DOUBLES,
	V_BOOLS,
	V_TENSORS,
	V_OPTIONALS,
	ALLOCATION,
	EXTRA,
	CHAIN,
	INSTRUCTION,
	KERNEL,
	DELEGATE_CALL,
	MOVE,
	JUMP,
	FREE,
	FRAMES,
	FRAME,
	OPERATOR,
	DELEGATE,
	DATA_REF,
	SPEC
};
static const struct gh_fb_table tables[] = {
	[PROGRAM] = { "Program", "4TTTTtTT", { PLAN, BUFFER, INLINE, SEGMENT, SUBSEGMENT, SUBSEGMENT, NAMED } },
	[PLAN] = { "ExecutionPlan", "stTIITTTL", { CONTAINER, EVALUE, CHAIN, OPERATOR, DELEGATE } },
	[BUFFER] = { "Buffer", "B", { 0 } },
	[INLINE] = { "BackendDelegateInlineData", "B", { 0 } },
	[SEGMENT] = { "DataSegment", "88", { 0 } },
	[SUBSEGMENT] = { "SubsegmentOffsets", "4L", { 0 } },
	[NAMED] = { "NamedData", "s4", { 0 } },
	[CONTAINER] = { "ContainerMetadata", "ss", { 0 } },
	[EVALUE] = { "EValue", "uU", { 0 } },
	[V_NULL] = { "Null", "", { 0 } },
	[V_INT] = { "Int", "8", { 0 } },
	[V_BOOL] = { "Bool", "1", { 0 } },
	[V_DOUBLE] = { "Double", "8", { 0 } },
	[TENSOR] = { "Tensor", "14IB14t11t", { ALLOCATION, EXTRA } },
	[V_STRING] = { "String", "s", { 0 } },
	[V_INTS] = { "IntList", "L", { 0 } },
	[V_DOUBLES] = { "DoubleList", "L", { 0 } },
	[V_BOOLS] = { "BoolList", "B", { 0 } },
	[V_TENSORS] = { "TensorList", "I", { 0 } },
	[V_OPTIONALS] = { "OptionalTensorList", "I", { 0 } },
	[ALLOCATION] = { "AllocationDetails", "444", { 0 } },
	[EXTRA] = { "ExtraTensorInfo", "8s1", { 0 } },
	[CHAIN] = { "Chain", "IITT", { INSTRUCTION, FRAMES } },
	[INSTRUCTION] = { "Instruction", "uU", { 1 } },
	[KERNEL] = { "KernelCall", "4I", { 0 } },
	[DELEGATE_CALL] = { "DelegateCall", "4I", { 0 } },
	[MOVE] = { "MoveCall", "44", { 0 } },
	[JUMP] = { "JumpFalseCall", "44", { 0 } },
	[FREE] = { "FreeCall", "4", { 0 } },
	[FRAMES] = { "FrameList", "T", { FRAME } },
	[FRAME] = { "Frame", "s4ss", { 0 } },
	[OPERATOR] = { "Operator", "ss", { 0 } },
	[DELEGATE] = { "BackendDelegate", "stT", { DATA_REF, SPEC } },
	[DATA_REF] = { "BackendDelegateDataReference", "14", { 0 } },
	[SPEC] = { "CompileSpec", "sB", { 0 } },
};
static const uint8_t values[] = { V_NULL, V_INT,     V_BOOL,  V_DOUBLE,	 TENSOR,     V_STRING,
				  V_INTS, V_DOUBLES, V_BOOLS, V_TENSORS, V_OPTIONALS };
static const uint8_t arguments[] = { KERNEL, DELEGATE_CALL, MOVE, JUMP, FREE };
static const struct gh_fb_union unions[] = { { values, sizeof values }, { arguments, sizeof arguments } };
static const struct gh_fb_schema schema = { tables, unions, PROGRAM };

enum { P_PLANS = 1, P_BUFFERS, P_INLINE, P_SEGMENTS, P_CONSTANTS };
enum { L_NAME, L_VALUES = 2, L_INPUTS, L_OUTPUTS, L_CHAINS, L_OPERATORS, L_DELEGATES };
enum { T_TYPE, T_SIZES = 2, T_BUFFER = 5, T_ALLOCATION, T_EXTRA = 9 };
enum { U_TENSOR = 5, U_STRING = 6, U_TENSORS = 10, U_OPTIONALS = 11 }; /* KernelTypes */
enum { I_KERNEL = 1, I_DELEGATE, I_MOVE, I_JUMP, I_FREE };	       /* InstructionArguments */
enum { HEADER_AT = 8, HEADER_LEAST = 24, HEADER_MAX = 256, DIMS = 16, SEGMENTS_MAX = 1 << 16, EXTERNAL = 1 };

/* ScalarType of PyTorch. */
static const char *const types[] = {
	"U8", "I8", "I16", "I32", "I64", "F16", "F32", "F64", NULL, "C64", "C128", "BOOL"
};

struct pte {
	struct gh_fbr r;
	uint64_t size, base;	/* of the FlatBuffer; where segments begin */
	uint32_t header;	/* bytes of the extended header, 0: none */
	struct gh_rec *segment; /* a, b: begin and end in the file; ref: told */
	uint64_t nsegment;
	struct gh_fb_tab program;
	uint64_t steps;
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 16 || memcmp(p->head.p + 4, "ET", 2) != 0 || p->head.p[6] < '0' || p->head.p[6] > '9' ||
	    p->head.p[7] < '0' || p->head.p[7] > '9')
		return GH_NO;
	uint32_t root = gh_le32(p->head.p);
	return root >= 8 && root <= p->size - 4 ? GH_STRONG : GH_WEAK;
}

static bool index_ok(struct pte *t, int64_t i, uint64_t n, uint64_t off, const char *what)
{
	if (i >= 0 && (uint64_t)i < n)
		return true;
	gh_fbr_say(&t->r, GH_FBR_INDEX, off, "%s %lld of %llu", what, (long long)i, (unsigned long long)n);
	return false;
}

static void indexes(struct pte *t, struct gh_fb_vec v, uint64_t n, bool none, const char *what)
{
	for (uint64_t i = 0; i < v.n; i++) {
		int32_t at = (int32_t)gh_fb_elem(&t->r.fb, v, i, 4);
		if (!(none && at == -1) && !index_ok(t, at, n, v.off + 4 * i, what))
			return;
	}
}

/* ---- where things lie ---------------------------------------------------------------------------------------------------- */

static enum gh_rc read_header(struct pte *t, struct gh_walk *w)
{
	struct gh_span h = gh_src_window(w->src, 0, HEADER_AT + 32);
	t->size = w->src->size;
	if (h.n < HEADER_AT + HEADER_LEAST || memcmp(h.p + HEADER_AT, "eh00", 4) != 0)
		return GH_OK;
	uint32_t len = gh_le32(h.p + HEADER_AT + 4);
	uint64_t size = gh_le64(h.p + HEADER_AT + 8), base = gh_le64(h.p + HEADER_AT + 16);
	if (len < HEADER_LEAST || len > HEADER_MAX || size > w->src->size || size < HEADER_AT + len ||
	    base > w->src->size || (base != 0 && base < size))
		return gh_fail(w->err, GH_E_MALFORMED, "an extended header whose numbers do not fit the file");
	t->header = len;
	t->size = size;
	t->base = base;
	return GH_OK;
}

static enum gh_rc read_segments(struct pte *t)
{
	struct gh_fb_vec v = gh_fb_vector(&t->r.fb, &t->program, P_SEGMENTS, 4);
	if (v.n > SEGMENTS_MAX)
		return gh_fail(t->r.w->err, GH_E_LIMIT, "more segments than can be read");
	t->segment = GH_NEW(t->r.w->arena, struct gh_rec, v.n + 1);
	if (t->segment == NULL)
		return gh_fail(t->r.w->err, GH_E_LIMIT, "no memory");
	t->nsegment = v.n;
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab s = gh_fb_item(&t->r.fb, v, i);
		uint64_t off = gh_fb_scalar(&t->r.fb, &s, 0, 8, 0), len = gh_fb_scalar(&t->r.fb, &s, 1, 8, 0);
		uint64_t room = t->r.w->src->size - t->base;
		if (t->base == 0 || off > room || len > room - off) {
			gh_fbr_say(&t->r, GH_FBR_SIZE, s.off, "segment %llu: %llu bytes at %llu", (unsigned long long)i,
				   (unsigned long long)len, (unsigned long long)off);
			continue;
		}
		t->segment[i] = (struct gh_rec){ t->base + off, t->base + off + len, 0 };
		if (len != 0 && !gh_recs_add(&t->r.data, t->segment[i]))
			return gh_fail(t->r.w->err, GH_E_LIMIT, "too many segments");
	}
	return GH_OK;
}

/* The bytes of constant number i: in a buffer, or from its offset to the end of the segment of constants. */
static bool constant(struct pte *t, uint64_t i, uint64_t *off, uint64_t *len)
{
	struct gh_fb_vec buffers = gh_fb_vector(&t->r.fb, &t->program, P_BUFFERS, 4);
	struct gh_fb_tab in = gh_fb_sub(&t->r.fb, &t->program, P_CONSTANTS);
	struct gh_fb_vec offsets = gh_fb_vector(&t->r.fb, &in, 1, 8);
	if (offsets.n == 0) {
		struct gh_fb_tab b = gh_fb_item(&t->r.fb, buffers, i);
		struct gh_fb_vec v = gh_fb_vector(&t->r.fb, &b, 0, 1);
		*off = v.off;
		*len = v.n;
		return i < buffers.n;
	}
	uint64_t at = gh_fb_elem(&t->r.fb, offsets, i, 8), k = gh_fb_scalar(&t->r.fb, &in, 0, 4, 0);
	if (i >= offsets.n || k >= t->nsegment || at > t->segment[k].b - t->segment[k].a)
		return false;
	*off = t->segment[k].a + at;
	*len = t->segment[k].b - *off;
	t->segment[k].ref = 1;
	return true;
}

/* ---- a method -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc tensor(struct pte *t, struct gh_fb_tab *x, uint64_t number)
{
	struct gh_fbr *r = &t->r;
	uint64_t i = gh_fb_scalar(&r->fb, x, T_BUFFER, 4, 0), off = 0, len = 0, elements = 0, bytes = 0, dim[DIMS];
	uint64_t type = gh_fb_scalar(&r->fb, x, T_TYPE, 1, 0);
	struct gh_fb_tab extra = gh_fb_sub(&r->fb, x, T_EXTRA), place = gh_fb_sub(&r->fb, x, T_ALLOCATION);
	struct gh_fb_vec sizes = gh_fb_vector(&r->fb, x, T_SIZES, 4);
	struct gh_fbr_name name = gh_fbr_text(r, &extra, 1);
	if (name.n == 0)
		name.n = (size_t)snprintf((char *)name.p, sizeof name.p, "constant %llu", (unsigned long long)number);
	if (gh_fb_scalar(&r->fb, &extra, 2, 1, 0) == EXTERNAL) {
		gh_fbr_say(r, GH_FBR_AWAY, x->off, "\"%s\"", gh_safe(gh_fbr_name(&name)).s);
		return GH_OK;
	}
	if (i == 0 || place.off != 0) /* made at run time; what it starts as lies in a segment of its own */
		return GH_OK;
	const char *known = type < sizeof types / sizeof types[0] ? types[type] : type == 15 ? "BF16" : NULL;
	const struct gh_dtype *d = known == NULL ? NULL : gh_dtype_safetensors(gh_span_str(known));
	if (d == NULL || sizes.n > DIMS) {
		gh_fbr_say(r, GH_FBR_NEW, x->off, "\"%s\": type %llu", gh_safe(gh_fbr_name(&name)).s,
			   (unsigned long long)type);
		return GH_OK;
	}
	for (uint64_t k = 0; k < sizes.n; k++)
		dim[k] = gh_fb_elem(&r->fb, sizes, k, 4);
	bool sized = gh_dtype_size(d, (unsigned)sizes.n, dim, 0, &elements, &bytes);
	if (!constant(t, i, &off, &len) || !sized || bytes > len) {
		gh_fbr_say(r, GH_FBR_SIZE, x->off, "\"%s\": buffer %llu has %llu bytes, %llu are needed",
			   gh_safe(gh_fbr_name(&name)).s, (unsigned long long)i, (unsigned long long)len,
			   (unsigned long long)bytes);
		return GH_OK;
	}
	return gh_fbr_weights(r, gh_fbr_name(&name), d, (unsigned)sizes.n, dim, off, bytes)
		       ? GH_OK
		       : gh_fail(r->w->err, GH_E_LIMIT, "more tensors than can be told");
}

static enum gh_rc read_values(struct pte *t, struct gh_fb_vec v)
{
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab e = gh_fb_item(&t->r.fb, v, i), x = gh_fb_sub(&t->r.fb, &e, 1);
		uint64_t kind = gh_fb_scalar(&t->r.fb, &e, 0, 1, 0);
		if (++t->steps > t->r.w->lim->steps)
			return gh_fail(t->r.w->err, GH_E_LIMIT, "too many values");
		if (kind == U_TENSOR)
			GH_TRY(tensor(t, &x, i), t->r.w->err, "value %llu", (unsigned long long)i);
		if (kind == U_STRING)
			GH_TRY(gh_fbr_tell(&t->r, "metadata", GH_SPAN("value"), gh_fb_vector(&t->r.fb, &x, 0, 1)),
			       t->r.w->err, "value");
		if (kind == U_TENSORS || kind == U_OPTIONALS)
			indexes(t, gh_fb_vector(&t->r.fb, &x, 0, 4), v.n, kind == U_OPTIONALS, "value of a list");
	}
	return GH_OK;
}

struct counts {
	uint64_t values, operators, delegates;
};

static void instruction(struct pte *t, struct gh_fb_tab *in, uint64_t n, const struct counts *c)
{
	struct gh_fb *fb = &t->r.fb;
	struct gh_fb_tab x = gh_fb_sub(fb, in, 1);
	int32_t first = gh_fb_i32(fb, &x, 0, 0), second = gh_fb_i32(fb, &x, 1, 0);
	switch (gh_fb_scalar(fb, in, 0, 1, 0)) {
	case I_KERNEL:
		(void)index_ok(t, first, c->operators, x.off, "operator");
		indexes(t, gh_fb_vector(fb, &x, 1, 4), c->values, false, "value");
		break;
	case I_DELEGATE:
		(void)index_ok(t, first, c->delegates, x.off, "delegate");
		indexes(t, gh_fb_vector(fb, &x, 1, 4), c->values, false, "value");
		break;
	case I_MOVE:
		(void)index_ok(t, first, c->values, x.off, "value");
		(void)index_ok(t, second, c->values, x.off, "value");
		break;
	case I_JUMP:
		(void)index_ok(t, first, c->values, x.off, "value");
		(void)index_ok(t, second, n + 1, x.off, "instruction");
		break;
	case I_FREE: (void)index_ok(t, first, c->values, x.off, "value"); break;
	default: break;
	}
}

static enum gh_rc chains(struct pte *t, struct gh_fb_vec v, const struct counts *c)
{
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab chain = gh_fb_item(&t->r.fb, v, i);
		struct gh_fb_vec code = gh_fb_vector(&t->r.fb, &chain, 2, 4);
		for (uint64_t k = 0; k < code.n; k++) {
			struct gh_fb_tab in = gh_fb_item(&t->r.fb, code, k);
			if (++t->steps > t->r.w->lim->steps)
				return gh_fail(t->r.w->err, GH_E_LIMIT, "too many instructions");
			instruction(t, &in, code.n, c);
		}
	}
	return GH_OK;
}

static enum gh_rc delegates(struct pte *t, struct gh_fb_vec v)
{
	struct gh_fbr *r = &t->r;
	struct gh_fb_vec in = gh_fb_vector(&r->fb, &t->program, P_INLINE, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab d = gh_fb_item(&r->fb, v, i), ref = gh_fb_sub(&r->fb, &d, 1);
		struct gh_fbr_name id = gh_fbr_text(r, &d, 0);
		uint64_t segment = gh_fb_scalar(&r->fb, &ref, 0, 1, 0), k = gh_fb_scalar(&r->fb, &ref, 1, 4, 0);
		uint64_t off = 0, len = 0;
		if (segment > 1 || !index_ok(t, (int64_t)k, segment ? t->nsegment : in.n, d.off, "data of a backend"))
			continue;
		if (segment) {
			off = t->segment[k].a;
			len = t->segment[k].b - off;
			t->segment[k].ref = 1;
		} else {
			struct gh_fb_tab b = gh_fb_item(&r->fb, in, k);
			struct gh_fb_vec data = gh_fb_vector(&r->fb, &b, 0, 1);
			off = data.off;
			len = data.n;
		}
		gh_fbr_say(r, GH_FBR_OPAQUE, d.off, "%llu bytes for the backend \"%s\"", (unsigned long long)len,
			   gh_safe(gh_fbr_name(&id)).s);
		struct gh_src_sub sub;
		struct gh_member m = { .how = GH_MEMBER_NESTED,
				       .name = gh_fbr_name(&id),
				       .role = "program of a backend",
				       .src = gh_src_sub(&sub, r->w->src, off, len) };
		if (len != 0)
			GH_TRY(gh_emit(r->w, GH_EV_MEMBER, off, len, &m), r->w->err, "backend");
	}
	return GH_OK;
}

static enum gh_rc plan(struct pte *t, struct gh_fb_tab *p)
{
	struct gh_fbr *r = &t->r;
	struct gh_fb_vec v = gh_fb_vector(&r->fb, p, L_VALUES, 4), ops = gh_fb_vector(&r->fb, p, L_OPERATORS, 4);
	struct gh_fb_vec dels = gh_fb_vector(&r->fb, p, L_DELEGATES, 4);
	struct counts c = { v.n, ops.n, dels.n };
	GH_TRY(read_values(t, v), r->w->err, "values");
	indexes(t, gh_fb_vector(&r->fb, p, L_INPUTS, 4), v.n, false, "input");
	indexes(t, gh_fb_vector(&r->fb, p, L_OUTPUTS, 4), v.n, false, "output");
	GH_TRY(chains(t, gh_fb_vector(&r->fb, p, L_CHAINS, 4), &c), r->w->err, "instructions");
	for (uint64_t i = 0; i < ops.n; i++) {
		struct gh_fb_tab o = gh_fb_item(&r->fb, ops, i);
		struct gh_fbr_name name = gh_fbr_text(r, &o, 0);
		struct gh_call ev = {
			.how = GH_CALL_OPERATION, .system = "executorch", .name = gh_fbr_name(&name), .resolved = true
		};
		GH_TRY(gh_emit(r->w, GH_EV_CALL, o.off, o.size, &ev), r->w->err, "operator");
	}
	return delegates(t, dels);
}

/* Segments that neither constants nor backends explain: values of mutable tensors, named data. */
static bool other_segments(struct pte *t)
{
	char name[40];
	for (uint64_t i = 0; i < t->nsegment; i++) {
		uint64_t len = t->segment[i].b - t->segment[i].a;
		(void)snprintf(name, sizeof name, "segment %llu", (unsigned long long)i);
		if (t->segment[i].ref == 0 && len != 0 &&
		    !gh_fbr_weights(&t->r, gh_span_str(name), NULL, 0, NULL, t->segment[i].a, len))
			return false;
	}
	return true;
}

static enum gh_rc read_program(struct pte *t)
{
	t->program = gh_fb_root(&t->r.fb);
	GH_TRY(read_segments(t), t->r.w->err, "segments");
	struct gh_fb_vec v = gh_fb_vector(&t->r.fb, &t->program, P_PLANS, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab p = gh_fb_item(&t->r.fb, v, i);
		GH_TRY(plan(t, &p), t->r.w->err, "method %llu", (unsigned long long)i);
	}
	return other_segments(t) ? GH_OK : gh_fail(t->r.w->err, GH_E_LIMIT, "more segments than can be told");
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct pte *t = GH_NEW(w->arena, struct pte, 1);
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	GH_TRY(read_header(t, w), w->err, "executorch");
	GH_TRY(gh_fbr_open(&t->r, w, &schema, t->size), w->err, "executorch");
	/* The header stands between the identifier and the first table: part of the buffer, and of none of its tables. */
	if (t->header != 0)
		(void)gh_recs_add(&t->r.fb.parts, (struct gh_rec){ HEADER_AT, HEADER_AT + t->header, GH_FB_STRUCT });
	gh_recs_sort(&t->r.fb.parts, 0);
	enum gh_rc rc = read_program(t), end = gh_fbr_finish(&t->r);
	return rc != GH_OK ? rc : end;
}

const struct gh_fmt gh_fmt_executorch = {
	.name = "executorch",
	.about = "Program of ExecuTorch: methods, weights, programs of backends",
	.exts = "pte",
	.probe = probe,
	.walk = walk,
	.rules = gh_fbr_rules,
};

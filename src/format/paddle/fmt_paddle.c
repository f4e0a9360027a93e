/* A Paddle program: ProgramDesc of paddle/fluid/framework/framework.proto, as in .pdmodel and __model__ files. Blocks of
 * variables and operators; the weights lie in another file (fmt_paddle_params.c). Loading runs the operators: most compute,
 * some read and write files or call functions, which is the check's to judge ("graph-code"). */
#include "format/formats.h"
#include "format/pb_schema.h"

enum { A_BLOCK = GH_PS_OWN, A_DIMS, A_OP, RULES };
static const struct gh_rule rules[RULES + 1] = {
	GH_PS_RULES("GH-PDL"),
	[A_BLOCK] = { "GH-PDL-0001", GH_MEDIUM, GH_REVIEW, "Blocks of the program do not refer to each other properly",
		      "Readers follow the numbers into blocks that are not there, or in a circle.", GH_PS_AGAIN,
		      "CWE-129 CWE-674" },
	[A_DIMS] = { "GH-PDL-0002", GH_HIGH, GH_UNSAFE, "Shape of a variable is impossible",
		     "Native readers compute with this number: memory outside their buffers is read or written.",
		     "Do not load.", "CWE-190 CWE-787" },
	[A_OP] = { "GH-PDL-0003", GH_MEDIUM, GH_REVIEW, "Operator without a type",
		   "What a reader makes of it is its own choice.", GH_PS_AGAIN, "CWE-20" },
	[RULES] = GH_RULES_END,
};

enum {
	ID_NONE,
	ID_BLOCK,
	ID_INDEX,
	ID_PARENT,
	ID_OP,
	ID_OP_TYPE,
	ID_ATTR,
	ID_ATTR_NAME,
	ID_ATTR_TEXT,
	ID_ATTR_BLOCK,
	ID_TENSOR,
	ID_DIMS,
	ID_VERSION,
};

#define INT(n, id) { n, GH_PS_INT, 0, id, NULL }
#define INTS(n, id) { n, GH_PS_INT, GH_PS_REPEATED, id, NULL }
#define FLOATS(n) { n, GH_PS_F32, GH_PS_REPEATED, ID_NONE, NULL }
#define NAME(n, id) { n, GH_PS_NAME, 0, id, NULL }
#define NAMES(n) { n, GH_PS_NAME, GH_PS_REPEATED, ID_NONE, NULL }
#define MSG(n, id, m) { n, GH_PS_MSG, 0, id, &m }
#define MSGS(n, id, m) { n, GH_PS_MSG, GH_PS_REPEATED, id, &m }
#define END { 0 }

static const struct gh_ps_field f_complex[] = { { 1, GH_PS_F64, 0, ID_NONE, NULL },
						{ 2, GH_PS_F64, 0, ID_NONE, NULL },
						END };
static const struct gh_ps_msg complex = { "Complex", f_complex };
static const struct gh_ps_field f_scalar[] = {
	INT(1, ID_NONE),	  INT(2, ID_NONE),
	INT(3, ID_NONE),	  { 4, GH_PS_F64, 0, ID_NONE, NULL },
	MSG(5, ID_NONE, complex), END,
};
static const struct gh_ps_msg scalar = { "Scalar", f_scalar };

static const struct gh_ps_field f_attr[] = {
	NAME(1, ID_ATTR_NAME),
	INT(2, ID_NONE),
	INT(3, ID_NONE),
	{ 4, GH_PS_F32, 0, ID_NONE, NULL },
	{ 5, GH_PS_BYTES, 0, ID_ATTR_TEXT, NULL },
	INTS(6, ID_NONE),
	FLOATS(7),
	{ 8, GH_PS_BYTES, GH_PS_REPEATED, ID_ATTR_TEXT, NULL },
	INT(10, ID_NONE),
	INTS(11, ID_NONE),
	INT(12, ID_ATTR_BLOCK),
	INT(13, ID_NONE),
	INTS(14, ID_NONE),
	INTS(15, ID_NONE),
	{ 16, GH_PS_F64, GH_PS_REPEATED, ID_NONE, NULL },
	NAME(17, ID_NONE),
	NAMES(18),
	{ 19, GH_PS_F64, 0, ID_NONE, NULL },
	MSG(20, ID_NONE, scalar),
	MSGS(21, ID_NONE, scalar),
	END,
};
static const struct gh_ps_msg attr = { "OpDesc.Attr", f_attr };
static const struct gh_ps_field f_op_var[] = { NAME(1, ID_NONE), NAMES(2), END };
static const struct gh_ps_msg op_var = { "OpDesc.Var", f_op_var };
static const struct gh_ps_field f_op[] = {
	MSGS(1, ID_NONE, op_var), MSGS(2, ID_NONE, op_var), NAME(3, ID_OP_TYPE),
	MSGS(4, ID_ATTR, attr),	  INT(5, ID_NONE),	    END,
};
static const struct gh_ps_msg op = { "OpDesc", f_op };

static const struct gh_ps_field f_tensor[] = { INT(1, ID_NONE), INTS(2, ID_DIMS), END };
static const struct gh_ps_msg tensor = { "VarType.TensorDesc", f_tensor };
static const struct gh_ps_field f_lod[] = { MSG(1, ID_TENSOR, tensor), INT(2, ID_NONE), END };
static const struct gh_ps_msg lod = { "VarType.LoDTensorDesc", f_lod };
static const struct gh_ps_field f_reader[] = { MSGS(1, ID_NONE, lod), END };
static const struct gh_ps_msg reader = { "VarType.ReaderDesc", f_reader };
static const struct gh_ps_field f_tuple[] = { INTS(1, ID_NONE), END };
static const struct gh_ps_msg tuple = { "VarType.Tuple", f_tuple };
static const struct gh_ps_field f_type[] = {
	INT(1, ID_NONE),
	MSG(2, ID_TENSOR, tensor),
	MSG(3, ID_NONE, lod),
	MSG(4, ID_NONE, lod),
	MSG(5, ID_NONE, reader),
	MSG(7, ID_NONE, tuple),
	MSG(8, ID_TENSOR, tensor), /* string, strings, vocab, sparse_coo, sparse_csr */
	MSG(9, ID_TENSOR, tensor),
	MSG(10, ID_TENSOR, tensor),
	MSG(11, ID_TENSOR, tensor),
	MSG(12, ID_TENSOR, tensor),
	END,
};
static const struct gh_ps_msg type = { "VarType", f_type };
static const struct gh_ps_field f_var_attr[] = { NAME(1, ID_NONE), INT(2, ID_NONE),  INT(3, ID_NONE),
						 NAME(4, ID_NONE), INTS(5, ID_NONE), END };
static const struct gh_ps_msg var_attr = { "VarDesc.Attr", f_var_attr };
static const struct gh_ps_field f_var[] = {
	NAME(1, ID_NONE),
	MSG(2, ID_NONE, type),
	INT(3, ID_NONE),
	INT(4, ID_NONE),
	INT(5, ID_NONE),
	INT(6, ID_NONE),
	MSGS(7, ID_NONE, var_attr),
	END,
};
static const struct gh_ps_msg var = { "VarDesc", f_var };

static const struct gh_ps_field f_block[] = {
	INT(1, ID_INDEX), INT(2, ID_PARENT), MSGS(3, ID_NONE, var), MSGS(4, ID_OP, op), INT(5, ID_NONE), END,
};
static const struct gh_ps_msg block = { "BlockDesc", f_block };
static const struct gh_ps_field f_version[] = { INT(1, ID_VERSION), END };
static const struct gh_ps_msg version = { "Version", f_version };
static const struct gh_ps_field f_op_version[] = { INT(1, ID_NONE), END };
static const struct gh_ps_msg op_version = { "OpVersion", f_op_version };
static const struct gh_ps_field f_op_pair[] = { NAME(1, ID_NONE), MSG(2, ID_NONE, op_version), END };
static const struct gh_ps_msg op_pair = { "OpVersionPair", f_op_pair };
static const struct gh_ps_field f_op_map[] = { MSGS(1, ID_NONE, op_pair), END };
static const struct gh_ps_msg op_map = { "OpVersionMap", f_op_map };
static const struct gh_ps_field f_compatible[] = { NAME(1, ID_NONE), INT(2, ID_NONE), END };
static const struct gh_ps_msg compatible = { "CompatibleInfo", f_compatible };
static const struct gh_ps_field f_compat_pair[] = { NAME(1, ID_NONE), MSG(2, ID_NONE, compatible), END };
static const struct gh_ps_msg compat_pair = { "OpCompatiblePair", f_compat_pair };
static const struct gh_ps_field f_compat_map[] = { MSGS(1, ID_NONE, compat_pair), NAME(2, ID_NONE), END };
static const struct gh_ps_msg compat_map = { "OpCompatibleMap", f_compat_map };
static const struct gh_ps_field f_program[] = {
	MSGS(1, ID_BLOCK, block), MSG(3, ID_NONE, compat_map), MSG(4, ID_NONE, version), MSG(5, ID_NONE, op_map), END,
};
static const struct gh_ps_msg program = { "ProgramDesc", f_program };

/* ---- what the schema's walk calls ---------------------------------------------------------------------------------- */

enum { NAME_MAX_KEPT = 128, ATTR_LONG = 16 };

struct paddle {
	struct gh_ps s;
	uint64_t blocks, index, parent, highest; /* number of the greatest block that something refers to */
	bool has_index;
	uint8_t op[NAME_MAX_KEPT], attr[NAME_MAX_KEPT], path[1024];
	size_t op_n, attr_n, path_n;
	uint64_t op_off, path_off;
	uint64_t elements; /* of the open description of a tensor */
};

static size_t keep(struct gh_ps *s, const struct gh_pb_field *f, uint8_t *to, size_t cap)
{
	struct gh_span v = gh_ps_bytes(s, f, cap);
	if (v.n != 0)
		memcpy(to, v.p, v.n);
	return v.n;
}

static void dims(struct paddle *m, const struct gh_pb_field *f)
{
	uint64_t v[GH_DIMS_MAX];
	size_t have = gh_ps_ints(&m->s, f, v, GH_DIMS_MAX);
	for (size_t i = 0; i < have; i++) {
		if (v[i] == UINT64_MAX || v[i] == 0) /* -1: known when the program runs */
			continue;
		if (v[i] > INT64_MAX || __builtin_mul_overflow(m->elements, v[i], &m->elements) ||
		    m->elements > INT64_MAX / 16) {
			gh_ps_say(&m->s, A_DIMS, f->tag, f->end - f->tag, "dimension %lld", (long long)v[i]);
			m->elements = 1;
			return;
		}
	}
}

/* Attributes by which operators name files. */
static bool names_file(struct gh_span attr_name)
{
	static const char *const names[] = { "file_path", "filename", "file_name", "model_path", "path", "dirname" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(attr_name, names[i]))
			return true;
	return false;
}

static enum gh_rc attr_text(struct paddle *m, const struct gh_pb_field *f)
{
	struct gh_span name = { m->attr, m->attr_n };
	if (names_file(name) && f->len != 0) {
		m->path_off = f->off;
		m->path_n = keep(&m->s, f, m->path, sizeof m->path);
	}
	if (f->len < ATTR_LONG) {
		gh_ps_data(&m->s, f->off, f->len, GH_CLAIM_DATA);
		return GH_OK;
	}
	/* Operators remember the lines of the program that made them. */
	if (gh_span_is(name, "op_callstack"))
		return gh_ps_describe(&m->s, "documentation", name, f, GH_PS_ALL_SIGNS & ~(1u << GH_SIGN_CODE));
	return gh_ps_blob(&m->s, "attribute", name, f, NULL);
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct paddle *m = s->ctx;
	switch (row->id) {
	case ID_INDEX:
		m->index = f->v;
		m->has_index = true;
		break;
	case ID_PARENT: m->parent = f->v; break;
	case ID_OP_TYPE: m->op_n = keep(s, f, m->op, NAME_MAX_KEPT); break;
	case ID_ATTR_NAME: m->attr_n = keep(s, f, m->attr, NAME_MAX_KEPT); break;
	case ID_ATTR_BLOCK: m->highest = f->v > m->highest ? f->v : m->highest; break;
	case ID_ATTR_TEXT: return attr_text(m, f);
	case ID_DIMS: dims(m, f); break;
	default: break;
	}
	return GH_OK;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct paddle *m = s->ctx;
	if (row->id == ID_BLOCK) {
		m->has_index = false;
		m->parent = UINT64_MAX;
	} else if (row->id == ID_OP) {
		m->op_n = m->path_n = 0;
		m->op_off = f->off;
	} else if (row->id == ID_ATTR) {
		m->attr_n = 0;
	} else if (row->id == ID_TENSOR) {
		m->elements = 1;
	}
	return GH_OK;
}

static enum gh_rc op_end(struct paddle *m)
{
	uint64_t end = m->s.frame[m->s.p.depth].end;
	struct gh_span name = { m->op, m->op_n };
	if (m->op_n == 0)
		gh_ps_say(&m->s, A_OP, m->op_off, end - m->op_off, "an operator at byte %llu",
			  (unsigned long long)m->op_off);
	struct gh_call ev = { .how = GH_CALL_OPERATION, .system = "paddle", .name = name, .resolved = true };
	enum gh_rc rc = gh_emit(m->s.w, GH_EV_CALL, m->op_off, end - m->op_off, &ev);
	if (rc != GH_OK || m->path_n == 0)
		return rc;
	struct gh_reference ref = { .kind = GH_REF_PATH, .target = { m->path, m->path_n }, .from = name };
	return gh_emit(m->s.w, GH_EV_REFERENCE, m->path_off, m->path_n, &ref);
}

static void block_end(struct paddle *m)
{
	/* Blocks are numbered as they come; a parent stands before its children, and the first has none. */
	bool fine = m->has_index && m->index == m->blocks &&
		    (m->blocks == 0 ? m->parent > INT32_MAX : m->parent < m->blocks);
	if (!fine)
		gh_ps_say(&m->s, A_BLOCK, m->s.frame[m->s.p.depth].off, 0,
			  "block %llu has the number %lld and the parent %lld", (unsigned long long)m->blocks,
			  (long long)m->index, (long long)m->parent);
	m->blocks++;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct paddle *m = s->ctx;
	if (row == NULL)
		return GH_OK;
	if (row->id == ID_OP)
		return op_end(m);
	if (row->id == ID_BLOCK)
		block_end(m);
	return GH_OK;
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

/* ---- the row ---------------------------------------------------------------------------------------------------------- */

#define V (1u << GH_PB_VARINT)
#define L (1u << GH_PB_LEN)
static const struct gh_pb_shape o_type[] = {
	{ 1, V, 0, NULL, 255 }, { 2, L, 0, NULL, 0 },  { 3, L, 0, NULL, 0 },  { 4, L, 0, NULL, 0 },
	{ 5, L, 0, NULL, 0 },	{ 7, L, 0, NULL, 0 },  { 8, L, 0, NULL, 0 },  { 9, L, 0, NULL, 0 },
	{ 10, L, 0, NULL, 0 },	{ 11, L, 0, NULL, 0 }, { 12, L, 0, NULL, 0 }, { 0 },
};
static const struct gh_pb_shape o_var[] = {
	{ 1, L, GH_PB_NAME, NULL, 0 }, { 2, L, GH_PB_MSG, o_type, 0 }, { 3, V, 0, NULL, 1 }, { 4, V, 0, NULL, 1 },
	{ 5, V, 0, NULL, 1 },	       { 6, V, 0, NULL, 1 },	       { 7, L, 0, NULL, 0 }, { 0 },
};
static const struct gh_pb_shape o_op[] = {
	{ 1, L, 0, NULL, 0 }, { 2, L, 0, NULL, 0 }, { 3, L, GH_PB_NAME, NULL, 0 },
	{ 4, L, 0, NULL, 0 }, { 5, V, 0, NULL, 1 }, { 0 },
};
static const struct gh_pb_shape o_block[] = {
	{ 1, V, 0, NULL, 1 << 20 },   { 2, V, 0, NULL, 0 }, { 3, L, GH_PB_MSG, o_var, 0 },
	{ 4, L, GH_PB_MSG, o_op, 0 }, { 5, V, 0, NULL, 0 }, { 0 },
};
static const struct gh_pb_shape o_program[] = {
	{ 1, L, GH_PB_MSG, o_block, 0 }, { 4, L, 0, NULL, 0 }, { 3, L, 0, NULL, 0 }, { 5, L, 0, NULL, 0 }, { 0 },
};

/* The first block begins with its number, 0, and its parent, -1: fourteen bytes that nothing else begins with. */
static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_pb_mem m, inner;
	struct gh_pb_field f, in;
	if (p->size < 16 || p->head.n == 0 || p->head.p[0] != 0x0a)
		return GH_NO;
	struct gh_pb *r = gh_pb_mem(&m, p->head, p->size);
	if (gh_pb_next(r, &f) != GH_PB_FIELD || f.number != 1 || f.wire != GH_PB_LEN)
		return GH_NO;
	struct gh_pb *q = gh_pb_mem(&inner, gh_span_cut(p->head, f.off, f.len), f.len);
	if (gh_pb_next(q, &in) != GH_PB_FIELD || in.number != 1 || in.wire != GH_PB_VARINT || in.v != 0 ||
	    gh_pb_next(q, &in) != GH_PB_FIELD || in.number != 2 || in.wire != GH_PB_VARINT)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, o_program, true);
	return fit.fits && (in.v == UINT64_MAX || (fit.whole && fit.strange == 0)) ? GH_STRONG : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct paddle *m = GH_NEW(w->arena, struct paddle, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	m->s.w = w;
	m->s.ops = &ops;
	m->s.rules = rules;
	m->s.ctx = m;
	GH_TRY(gh_ps_walk(&m->s, &program), w->err, "paddle");
	if (m->highest >= m->blocks && m->highest != 0)
		gh_ps_say(&m->s, A_BLOCK, 0, 0, "block %llu of %llu", (unsigned long long)m->highest,
			  (unsigned long long)m->blocks);
	return GH_OK;
}

const struct gh_fmt gh_fmt_paddle = {
	.name = "paddle",
	.about = "Program of PaddlePaddle (ProgramDesc)",
	.exts = "pdmodel",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};

/* Weights of Caffe: NetParameter of caffe/proto/caffe.proto, with layers of the current kind and of the two before it. A layer
 * of the type "Python" imports a module and runs a class of it; some layers name files that they read or write. The
 * parameters of all other layers need no schema: gh_ps_any(). */
#include "format/formats.h"
#include "format/pb_schema.h"

enum { A_LAYER = GH_PS_OWN, RULES };
static const struct gh_rule rules[RULES + 1] = {
	GH_PS_RULES("GH-CAF"),
	[A_LAYER] = { "GH-CAF-0001", GH_MEDIUM, GH_REVIEW, "Layer without a type",
		      "What a reader makes of it is its own choice.", GH_PS_AGAIN, "CWE-20" },
	[RULES] = GH_RULES_END,
};

enum { ID_NONE, ID_LAYER, ID_OLD_LAYER, ID_NAME, ID_TYPE, ID_BLOB, ID_DATA, ID_MODULE, ID_CLASS, ID_TEXT, ID_FILE };

#define INT(n) { n, GH_PS_INT, 0, ID_NONE, NULL }
#define INTS(n) { n, GH_PS_INT, GH_PS_REPEATED, ID_NONE, NULL }
#define FLOATS(n) { n, GH_PS_F32, GH_PS_REPEATED, ID_NONE, NULL }
#define NAME(n, id) { n, GH_PS_NAME, 0, id, NULL }
#define NAMES(n) { n, GH_PS_NAME, GH_PS_REPEATED, ID_NONE, NULL }
#define MSG(n, id, m) { n, GH_PS_MSG, 0, id, &m }
#define MSGS(n, id, m) { n, GH_PS_MSG, GH_PS_REPEATED, id, &m }
#define REST { GH_PS_OTHER, GH_PS_ANY, GH_PS_REPEATED, ID_NONE, NULL }
#define END { 0 }

static const struct gh_ps_field f_shape[] = { INTS(1), END };
static const struct gh_ps_msg shape = { "BlobShape", f_shape };
static const struct gh_ps_field f_blob[] = {
	INT(1),
	INT(2),
	INT(3),
	INT(4), /* num, channels, height, width */
	{ 5, GH_PS_F32, GH_PS_REPEATED, ID_DATA, NULL },
	{ 6, GH_PS_F32, GH_PS_REPEATED, ID_DATA, NULL },
	MSG(7, ID_NONE, shape),
	{ 8, GH_PS_F64, GH_PS_REPEATED, ID_DATA, NULL },
	{ 9, GH_PS_F64, GH_PS_REPEATED, ID_DATA, NULL },
	END,
};
static const struct gh_ps_msg blob = { "BlobProto", f_blob };

static const struct gh_ps_field f_python[] = {
	NAME(1, ID_MODULE), NAME(2, ID_CLASS), { 3, GH_PS_TEXT, 0, ID_TEXT, NULL }, INT(4), END,
};
static const struct gh_ps_msg python = { "PythonParameter", f_python };
/* DataParameter, ImageDataParameter, WindowDataParameter, HDF5DataParameter, HDF5OutputParameter: a file in field 1. */
static const struct gh_ps_field f_file[] = {
	NAME(1, ID_FILE),
	INT(2),
	INT(3),
	{ 4, GH_PS_ANY, 0, ID_NONE, NULL },
	{ 5, GH_PS_F32, 0, ID_NONE, NULL },
	INT(6),
	INT(7),
	INT(8),
	INT(9),
	INT(10),
	INT(11),
	NAME(12, ID_NONE),
	NAME(13, ID_NONE),
	END,
};
static const struct gh_ps_msg file = { "DataParameter", f_file };

static const struct gh_ps_field f_layer[] = {
	NAME(1, ID_NAME),
	NAME(2, ID_TYPE),
	NAMES(3),
	NAMES(4),
	FLOATS(5),
	{ 6, GH_PS_ANY, GH_PS_REPEATED, ID_NONE, NULL },
	MSGS(7, ID_BLOB, blob),
	{ 8, GH_PS_ANY, GH_PS_REPEATED, ID_NONE, NULL },
	{ 9, GH_PS_ANY, GH_PS_REPEATED, ID_NONE, NULL },
	INT(10),
	INTS(11),
	MSG(112, ID_NONE, file), /* hdf5_data_param */
	MSG(113, ID_NONE, file), /* hdf5_output_param */
	MSG(130, ID_NONE, python),
	REST,
};
static const struct gh_ps_msg layer = { "LayerParameter", f_layer };

/* Layers before 2014: the type is a number. */
static const struct gh_ps_field f_old_layer[] = {
	{ 1, GH_PS_ANY, GH_PS_REPEATED, ID_NONE, NULL },
	NAMES(2),
	NAMES(3),
	NAME(4, ID_NAME),
	INT(5),
	MSGS(6, ID_BLOB, blob),
	FLOATS(7),
	FLOATS(8),
	MSG(13, ID_NONE, file),
	MSG(14, ID_NONE, file),
	INTS(1002),
	FLOATS(35),
	REST,
};
static const struct gh_ps_msg old_layer = { "V1LayerParameter", f_old_layer };

static const struct gh_ps_field f_state[] = { INT(1), INT(2), NAMES(3), END };
static const struct gh_ps_msg state = { "NetState", f_state };
static const struct gh_ps_field f_net[] = {
	NAME(1, ID_NONE),
	MSGS(2, ID_OLD_LAYER, old_layer),
	NAMES(3),
	INTS(4),
	INT(5),
	MSG(6, ID_NONE, state),
	INT(7),
	MSGS(8, ID_NONE, shape),
	MSGS(100, ID_LAYER, layer),
	END,
};
static const struct gh_ps_msg net = { "NetParameter", f_net };

/* ---- what the schema's walk calls ---------------------------------------------------------------------------------- */

enum { KEPT = 128 };

struct caffe {
	struct gh_ps s;
	uint8_t name[KEPT], type[KEPT], module[KEPT], cls[KEPT], file[1024];
	size_t name_n, type_n, module_n, cls_n, file_n;
	uint64_t off;
};

static size_t keep(struct gh_ps *s, const struct gh_pb_field *f, uint8_t *to, size_t cap)
{
	struct gh_span v = gh_ps_bytes(s, f, cap);
	if (v.n != 0)
		memcpy(to, v.p, v.n);
	return v.n;
}

/* Floats of a blob, packed as every writer does it: as good as raw. */
static enum gh_rc data(struct caffe *m, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	if (f->wire != GH_PB_LEN)
		return GH_OK;
	bool wide = row->kind == GH_PS_F64;
	uint64_t n = m->s.count;
	struct gh_tensor ev = { .name = { m->name, m->name_n },
				.dtype = wide ? "F64" : "F32",
				.bits = wide ? 64 : 32,
				.ndim = 1,
				.dim = &n,
				.src = m->s.w->src };
	gh_ps_data(&m->s, f->off, f->len, GH_CLAIM_DATA);
	enum gh_rc rc = f->len == 0 ? GH_OK : gh_emit(m->s.w, GH_EV_TENSOR, f->off, f->len, &ev);
	gh_src_advance(m->s.w->src, f->end);
	return rc;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct caffe *m = s->ctx;
	if (row->id == ID_LAYER || row->id == ID_OLD_LAYER) {
		m->name_n = m->type_n = m->module_n = m->cls_n = m->file_n = 0;
		m->off = f->off;
	}
	return GH_OK;
}

static enum gh_rc layer_end(struct caffe *m, bool old)
{
	uint64_t len = m->s.frame[m->s.p.depth].end - m->off;
	struct gh_call ev = { .how = GH_CALL_OPERATION,
			      .system = "caffe",
			      .name = { m->type, m->type_n },
			      .as_module = { m->module, m->module_n },
			      .as_name = { m->cls, m->cls_n },
			      .resolved = true };
	if (m->type_n == 0 && !old)
		gh_ps_say(&m->s, A_LAYER, m->off, len, "layer \"%s\"",
			  gh_safe((struct gh_span){ m->name, m->name_n }).s);
	enum gh_rc rc = m->type_n == 0 && m->module_n == 0 ? GH_OK : gh_emit(m->s.w, GH_EV_CALL, m->off, len, &ev);
	if (rc != GH_OK || m->file_n == 0)
		return rc;
	struct gh_reference ref = { .kind = GH_REF_PATH,
				    .target = { m->file, m->file_n },
				    .from = { m->name, m->name_n } };
	return gh_emit(m->s.w, GH_EV_REFERENCE, m->off, len, &ref);
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	if (row == NULL || (row->id != ID_LAYER && row->id != ID_OLD_LAYER))
		return GH_OK;
	return layer_end(s->ctx, row->id == ID_OLD_LAYER);
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct caffe *m = s->ctx;
	switch (row->id) {
	case ID_NAME: m->name_n = keep(s, f, m->name, KEPT); break;
	case ID_TYPE: m->type_n = keep(s, f, m->type, KEPT); break;
	case ID_MODULE: m->module_n = keep(s, f, m->module, KEPT); break;
	case ID_CLASS: m->cls_n = keep(s, f, m->cls, KEPT); break;
	case ID_FILE: m->file_n = keep(s, f, m->file, sizeof m->file); break;
	case ID_TEXT: return gh_ps_describe(s, "configuration", GH_SPAN("param_str"), f, GH_PS_ALL_SIGNS);
	case ID_DATA: return data(m, row, f);
	default: break;
	}
	return row->kind == GH_PS_ANY ? gh_ps_any(s, (struct gh_span){ m->name, m->name_n }, f) : GH_OK;
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

/* ---- the row ---------------------------------------------------------------------------------------------------------- */

#define L (1u << GH_PB_LEN)
#define V (1u << GH_PB_VARINT)
#define F (L | 1u << GH_PB_I32)
static const struct gh_pb_shape o_blob[] = {
	{ 1, V, 0, NULL, 0 }, { 2, V, 0, NULL, 0 }, { 3, V, 0, NULL, 0 }, { 4, V, 0, NULL, 0 }, { 5, F, 0, NULL, 0 },
	{ 6, F, 0, NULL, 0 }, { 7, L, 0, NULL, 0 }, { 8, L, 0, NULL, 0 }, { 9, L, 0, NULL, 0 }, { 0 },
};
static const struct gh_pb_shape o_layer[] = {
	{ 1, L, GH_PB_NAME, NULL, 0 },
	{ 2, L, GH_PB_NAME, NULL, 0 },
	{ 3, L, GH_PB_TEXT, NULL, 0 },
	{ 4, L, GH_PB_TEXT, NULL, 0 },
	{ 5, F, 0, NULL, 0 },
	{ 6, L, 0, NULL, 0 },
	{ 7, L, GH_PB_MSG, o_blob, 0 },
	{ 8, L, 0, NULL, 0 },
	{ 9, L, 0, NULL, 0 },
	{ 10, V, 0, NULL, 1 },
	{ 11, V | L, 0, NULL, 0 },
	{ 100, L, 0, NULL, 0 },
	{ 101, L, 0, NULL, 0 },
	{ 102, L, 0, NULL, 0 },
	{ 103, L, 0, NULL, 0 },
	{ 104, L, 0, NULL, 0 },
	{ 105, L, 0, NULL, 0 },
	{ 106, L, 0, NULL, 0 },
	{ 107, L, 0, NULL, 0 },
	{ 108, L, 0, NULL, 0 },
	{ 110, L, 0, NULL, 0 },
	{ 117, L, 0, NULL, 0 },
	{ 118, L, 0, NULL, 0 },
	{ 121, L, 0, NULL, 0 },
	{ 123, L, 0, NULL, 0 },
	{ 125, L, 0, NULL, 0 },
	{ 130, L, 0, NULL, 0 },
	{ 143, L, 0, NULL, 0 },
	{ 0 },
};
static const struct gh_pb_shape o_old_layer[] = {
	{ 1, L, 0, NULL, 0 },	       { 2, L, GH_PB_TEXT, NULL, 0 },
	{ 3, L, GH_PB_TEXT, NULL, 0 }, { 4, L, GH_PB_NAME, NULL, 0 },
	{ 5, V, 0, NULL, 100 },	       { 6, L, GH_PB_MSG, o_blob, 0 },
	{ 7, F, 0, NULL, 0 },	       { 8, F, 0, NULL, 0 },
	{ 10, L, 0, NULL, 0 },	       { 11, L, 0, NULL, 0 },
	{ 12, L, 0, NULL, 0 },	       { 17, L, 0, NULL, 0 },
	{ 18, L, 0, NULL, 0 },	       { 19, L, 0, NULL, 0 },
	{ 36, L, 0, NULL, 0 },	       { 0 },
};
static const struct gh_pb_shape o_net[] = {
	{ 1, L, GH_PB_NAME, NULL, 0 },
	{ 2, L, GH_PB_MSG, o_old_layer, 0 },
	{ 100, L, GH_PB_MSG, o_layer, 0 },
	{ 3, L, GH_PB_TEXT, NULL, 0 },
	{ 4, V | L, 0, NULL, 0 },
	{ 5, V, 0, NULL, 1 },
	{ 6, L, 0, NULL, 0 },
	{ 7, V, 0, NULL, 1 },
	{ 8, L, 0, NULL, 0 },
	{ 0 },
};

/* A name and layers of one kind, each with names of its own. */
static enum gh_match probe(const struct gh_probe *p)
{
	enum { NET_NAME = 1, OLD = 2, NEW = 4 };
	if (p->size < 16 || p->head.n == 0 || p->head.p[0] != 0x0a)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, o_net, true);
	return fit.fits && (fit.seen & NET_NAME) != 0 && (fit.nested & (OLD | NEW)) != 0 ? GH_STRONG : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct caffe *m = GH_NEW(w->arena, struct caffe, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	m->s.w = w;
	m->s.ops = &ops;
	m->s.rules = rules;
	m->s.ctx = m;
	GH_TRY(gh_ps_walk(&m->s, &net), w->err, "caffe");
	return GH_OK;
}

const struct gh_fmt gh_fmt_caffe = {
	.name = "caffe",
	.about = "Weights of Caffe (NetParameter)",
	.exts = "caffemodel",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};

/* Protobuf has no magic: a file is a graph when all that its head shows is laid out as a graph is. The shapes here are those of
 * tf_schema.c, as far as they tell one kind from another; they do not accept what only might be one. */
#include "format/tensorflow/tf.h"

#define LEN (1u << GH_PB_LEN)
#define VAR (1u << GH_PB_VARINT)
#define I64 (1u << GH_PB_I64)
#define I32 (1u << GH_PB_I32)
#define TXT(n) { n, LEN, GH_PB_TEXT, NULL, 0 }
#define NAM(n) { n, LEN, GH_PB_NAME, NULL, 0 }
#define ANY(n) { n, LEN, 0, NULL, 0 }
#define NUM(n, max) { n, VAR, 0, NULL, max }
#define SUB(n, s) { n, LEN, GH_PB_MSG, s, 0 }

static const struct gh_pb_shape attr_value[] = { ANY(1),    ANY(2),    NUM(3, 0), { 4, I32, 0, NULL, 0 },
						 NUM(5, 1), NUM(6, 0), ANY(7),	  ANY(8),
						 TXT(9),    ANY(10),   { 0 } };
static const struct gh_pb_shape attr[] = { TXT(1), SUB(2, attr_value), { 0 } };
static const struct gh_pb_shape node[] = { NAM(1), NAM(2), NAM(3), TXT(4), SUB(5, attr), ANY(6), ANY(7), { 0 } };
static const struct gh_pb_shape versions[] = {
	NUM(1, UINT32_MAX), NUM(2, UINT32_MAX), { 3, VAR | LEN, 0, NULL, 0 }, { 0 }
};
static const struct gh_pb_shape op_def[] = { TXT(1),	 ANY(2),  ANY(3),     ANY(4),	  TXT(5),
					     TXT(6),	 ANY(8),  NUM(16, 1), NUM(17, 1), NUM(18, 1),
					     NUM(19, 1), TXT(20), NUM(21, 1), { 0 } };
static const struct gh_pb_shape function[] = { SUB(1, op_def), SUB(3, node), ANY(4), SUB(5, attr),
					       ANY(6),	       ANY(7),	     ANY(8), { 0 } };
static const struct gh_pb_shape gradient[] = { TXT(1), TXT(2), { 0 } };
static const struct gh_pb_shape library[] = { SUB(1, function), SUB(2, gradient), SUB(3, gradient), { 0 } };
static const struct gh_pb_shape graph[] = {
	SUB(1, node), SUB(2, library), NUM(3, 4096), SUB(4, versions), ANY(5), { 0 }
};
static const struct gh_pb_shape op_list[] = { SUB(1, op_def), { 0 } };
static const struct gh_pb_shape pair[] = { TXT(1), ANY(2), { 0 } };
static const struct gh_pb_shape meta_info[] = { TXT(1), SUB(2, op_list), SUB(3, pair), TXT(4), TXT(5),
						TXT(6), NUM(7, 1),	 SUB(8, pair), { 0 } };
static const struct gh_pb_shape asset[] = { ANY(1), TXT(2), { 0 } };
static const struct gh_pb_shape saver[] = { TXT(1),	TXT(2), TXT(3), NUM(4, 0), NUM(5, 1), { 6, I32, 0, NULL, 0 },
					    NUM(7, 16), { 0 } };
static const struct gh_pb_shape meta_graph[] = { SUB(1, meta_info), SUB(2, graph), SUB(3, saver), SUB(4, pair),
						 SUB(5, pair),	    SUB(6, asset), ANY(7),	  { 0 } };
static const struct gh_pb_shape saved_model[] = { NUM(1, 4096), SUB(2, meta_graph), { 0 } };
static const struct gh_pb_shape keras_object[] = {
	NUM(2, UINT32_MAX), NAM(3), NAM(4), ANY(5), SUB(6, versions), { 0 }
};
static const struct gh_pb_shape keras[] = { SUB(1, keras_object), { 0 } };
static const struct gh_pb_shape fingerprint[] = { NUM(1, 0), NUM(2, 0),	       NUM(3, 0), NUM(4, 0),
						  NUM(5, 0), SUB(6, versions), TXT(7),	  { 0 } };

/* Fields of another version of the schema are no reason to look away: the reader tells them. */
static bool fits(const struct gh_probe *p, const struct gh_pb_shape *s, uint64_t must)
{
	struct gh_pb_fit f = gh_pb_fit(p->head, p->size, s, true);
	return f.fits && f.fields != 0 && (f.nested & must) == must;
}

/* The first message of the field `number` among the outermost ones. */
static struct gh_span first(struct gh_span in, uint64_t all, uint32_t number)
{
	struct gh_pb_mem m;
	struct gh_pb *p = gh_pb_mem(&m, in, all);
	struct gh_pb_field f;
	for (unsigned i = 0; i < 4096 && gh_pb_next(p, &f) == GH_PB_FIELD; i++)
		if (f.number == number && f.wire == GH_PB_LEN)
			return gh_span_cut(in, f.off, f.len);
	return (struct gh_span){ 0 };
}

static bool identifier(struct gh_span s, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t b = s.p[i];
		bool plain = (b >= '0' && b <= '9') || ((b | 0x20) >= 'a' && (b | 0x20) <= 'z') || b == '_' ||
			     b == '>' || b == '.';
		if (!plain && strchr(more, b) == NULL)
			return false;
	}
	return s.n != 0 && s.n <= 512;
}

/* A graph of nodes alone looks like other lists of messages with texts: its first node must have a name and an operation as
 * TensorFlow spells them, or its first function a name. */
static bool begins_as_graph(struct gh_span in, uint64_t all)
{
	struct gh_span n = first(in, all, 1), f = first(first(in, all, 2), UINT32_MAX, 1), sig = first(f, f.n, 1);
	if (n.n != 0)
		return identifier(first(n, n.n, 1), "/-\\") && identifier(first(n, n.n, 2), ":");
	return identifier(first(sig, sig.n, 1), "-/");
}

static bool is_graph(const struct gh_probe *p)
{
	enum { NODE = 1, LIBRARY = 2 };
	struct gh_pb_fit f = gh_pb_fit(p->head, p->size, graph, true);
	return f.fits && (f.nested & (NODE | LIBRARY)) != 0 && begins_as_graph(p->head, p->size);
}

static bool is_meta_graph(const struct gh_probe *p)
{
	enum { GRAPH = 1 << 1 };
	struct gh_span g = first(p->head, p->size, 2);
	return fits(p, meta_graph, GRAPH) && (g.n == 0 || begins_as_graph(g, UINT32_MAX));
}

static bool is_saved_model(const struct gh_probe *p)
{
	enum { MODEL = 1 << 1 };
	struct gh_span m = first(p->head, p->size, 2), g = first(m, UINT32_MAX, 2);
	return fits(p, saved_model, MODEL) &&
	       (g.n == 0 ? first(m, UINT32_MAX, 1).n != 0 : begins_as_graph(g, UINT32_MAX));
}

static bool is_fingerprint(const struct gh_probe *p)
{
	struct gh_pb_fit f = gh_pb_fit(p->head, p->size, fingerprint, false);
	return p->size < 256 && f.fits && f.whole && (f.seen & 0x0f) == 0x0f && f.fields >= 5;
}

static bool is_keras(const struct gh_probe *p)
{
	if (!fits(p, keras, 1))
		return false;
	struct gh_span o = first(p->head, p->size, 1);
	return gh_span_starts(first(o, o.n, 4), "_tf_keras_") || gh_span_starts(first(o, o.n, 5), "{");
}

enum tf_kind tf_kind_of(const struct gh_probe *p)
{
	if (p->size < 4 || p->head.n == 0)
		return TF_K_NONE;
	if (is_saved_model(p))
		return TF_K_SAVED_MODEL;
	if (is_meta_graph(p))
		return TF_K_META_GRAPH;
	if (is_graph(p))
		return TF_K_GRAPH;
	if (is_keras(p))
		return TF_K_KERAS;
	return is_fingerprint(p) ? TF_K_FINGERPRINT : TF_K_NONE;
}

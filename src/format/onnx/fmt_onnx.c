#include "format/onnx/onnx.h"

#define SHAPE "Native readers compute with this number: memory outside their buffers is read or written."
#define AGAIN GH_PS_AGAIN
const struct gh_rule onnx_rules[ONNX_RULES + 1] = {
	GH_PS_RULES("GH-ONNX"),
	[ONNX_A_DIMS] = { "GH-ONNX-0001", GH_HIGH, GH_UNSAFE, "Shape of a tensor is negative or overflows", SHAPE,
			  "Do not load.", "CWE-190 CWE-787" },
	[ONNX_A_SIZE] = { "GH-ONNX-0002", GH_HIGH, GH_UNSAFE, "Data of a tensor do not match its shape and type",
			  "A reader that trusts the shape reads or writes beyond the data.", "Do not load.",
			  "CWE-125 CWE-131" },
	[ONNX_A_NODATA] = { "GH-ONNX-0003", GH_MEDIUM, GH_REVIEW, "Tensor without its data",
			    "Readers allocate what the shape says, fill in what they like, or refuse the model.",
			    "Get the complete model.", "CWE-789 CWE-908" },
	[ONNX_A_TYPE] = { "GH-ONNX-0004", GH_LOW, GH_INCOMPLETE, "Tensor of an unknown type",
			  "The extent of its data cannot be checked.", "Use a model of a published version of ONNX.",
			  "CWE-20" },
	[ONNX_A_TYPE_BAD] = { "GH-ONNX-0005", GH_HIGH, GH_UNSAFE, "Tensor of a type that cannot exist",
			      "Used as an index into a table of types: memory outside the table.", "Do not load.",
			      "CWE-129 CWE-843" },
	[ONNX_A_FIELD] = { "GH-ONNX-0006", GH_MEDIUM, GH_REVIEW, "Data of a tensor in an unexpected place",
			   "Readers choose different fields: what was checked is not what is loaded.", AGAIN,
			   "CWE-436" },
	[ONNX_A_BOTH] = { "GH-ONNX-0007", GH_HIGH, GH_UNSAFE, "Tensor with data inside the file and outside",
			  "Readers choose differently: what was checked is not what is loaded.", "Do not load.",
			  "CWE-436" },
	[ONNX_A_EXT_NUMBER] = { "GH-ONNX-0008", GH_HIGH, GH_UNSAFE,
				"Place of external data is no number, or out of range",
				"Readers convert it to something: memory or files outside of what was meant.",
				"Do not load.", "CWE-190 CWE-125 CWE-20" },
	[ONNX_A_EXT_NOWHERE] = { "GH-ONNX-0009", GH_HIGH, GH_UNSAFE, "External data without a usable location",
				 "Readers fall back on a place of their own choice.", "Do not load.", "CWE-20" },
	[ONNX_A_EXT_TWICE] = { "GH-ONNX-0010", GH_HIGH, GH_UNSAFE, "Place of external data is said twice",
			       "Readers that keep the first and readers that keep the last read different files.",
			       "Do not load.", "CWE-694 CWE-436" },
	[ONNX_A_EXT_KEY] = { "GH-ONNX-0011", GH_MEDIUM, GH_REVIEW, "External data with a key of no specification",
			     "Some programs copy such keys into their own objects.", AGAIN, "CWE-915" },
	[ONNX_A_EXT_UNUSED] = { "GH-ONNX-0012", GH_MEDIUM, GH_REVIEW,
				"Tensor names external data but is not marked as external",
				"Some readers follow the name, others do not.", AGAIN, "CWE-436" },
	[ONNX_A_SEGMENT] = { "GH-ONNX-0013", GH_MEDIUM, GH_REVIEW, "Tensor that is only a segment",
			     "Loaders do not support segments; some ignore the mark and read beyond the data.", AGAIN,
			     "CWE-125" },
	[ONNX_A_NAME_TWICE] = { "GH-ONNX-0014", GH_MEDIUM, GH_REVIEW,
				"Two initializers of one graph have the same name",
				"Readers that keep the first and readers that keep the last load different weights.",
				AGAIN, "CWE-694 CWE-436" },
	[ONNX_A_ATTR] = { "GH-ONNX-0015", GH_MEDIUM, GH_REVIEW, "Attribute whose value is not of its type",
			  "Readers choose a different value: what was checked is not what runs.", AGAIN,
			  "CWE-436 CWE-843" },
	[ONNX_A_NODE] = { "GH-ONNX-0016", GH_MEDIUM, GH_REVIEW, "Node without an operator",
			  "What a reader makes of it is its own choice.", AGAIN, "CWE-20" },
	[ONNX_A_RANK] = { "GH-ONNX-0017", GH_MEDIUM, GH_REVIEW, "Tensor with more dimensions than any loader allows",
			  "Fixed arrays for dimensions overflow in readers that do not check.", AGAIN, "CWE-121" },
	[ONNX_A_NO_GRAPH] = { "GH-ONNX-0018", GH_LOW, GH_REVIEW, "Model without a graph",
			      "None known; loaders refuse it.", "Get the complete model.", "CWE-20" },
	[ONNX_A_MANY] = { "GH-ONNX-0019", GH_LOW, GH_INCOMPLETE,
			  "More tensors, operators or functions than can be compared",
			  "A contradiction among them passes unseen.", "Split the model.", "CWE-770" },
	[ONNX_A_EXT_ATTR] = { "GH-ONNX-0020", GH_HIGH, GH_UNSAFE,
			      "External data with a key that is an internal attribute of Python",
			      "Programs that copy the keys into an object let the author change what the object is.",
			      "Do not load.", "CWE-915 CWE-1321" },
	[ONNX_A_VALUE_TWICE] = { "GH-ONNX-0021", GH_MEDIUM, GH_REVIEW, "A value of the graph is produced by two nodes",
				 "Readers choose one of them: what was checked is not what runs.", AGAIN,
				 "CWE-694 CWE-436" },
	[ONNX_A_CIRCLE] = { "GH-ONNX-0022", GH_MEDIUM, GH_REVIEW, "Nodes of the graph wait for themselves",
			    "Programs that follow the graph do not come to an end.", "Do not load.",
			    "CWE-835 CWE-674" },
	[ONNX_A_RECURSION] = { "GH-ONNX-0023", GH_HIGH, GH_UNSAFE, "Functions of the model call themselves",
			       "Runtimes put functions in the place of their calls until none is left: they run out of "
			       "stack or memory.",
			       "Do not load.", "CWE-674 CWE-835" },
	[ONNX_RULES] = GH_RULES_END,
};

void onnx_keep(struct onnx *x, struct onnx_name *to, const struct gh_pb_field *f)
{
	struct gh_span s = gh_ps_bytes(&x->s, f, GH_CUR_WINDOW);
	to->hash = gh_hash(GH_HASH_START, s);
	to->n = s.n < ONNX_NAME ? s.n : ONNX_NAME;
	if (to->n != 0)
		memcpy(to->p, s.p, to->n);
}

/* ---- what the schema's walk calls ---------------------------------------------------------------------------------- */

static void graph_open(struct onnx *x)
{
	if (x->open_graphs < ONNX_NEST + 1)
		x->graph[x->open_graphs++] = ++x->graphs;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct onnx *x = s->ctx;
	switch (row->id) {
	case ONNX_GRAPH:
		x->has_graph = x->has_graph || s->p.depth == 1;
		graph_open(x);
		break;
	case ONNX_ATTR_G:
	case ONNX_ATTR_GRAPHS:
		(void)onnx_attr_field(x, row->id, f);
		graph_open(x);
		break;
	case ONNX_FUNCTION:
		x->func_name = x->func_domain = x->func_overload = (struct onnx_name){ .n = 0 };
		x->in_function = true;
		x->func_off = f->off;
		graph_open(x);
		break;
	case ONNX_NODE: onnx_node_open(x, f); break;
	case ONNX_ATTR: x->node[x->nodes == 0 ? 0 : x->nodes - 1].attr_off = f->off; break;
	case ONNX_ATTR_T:
	case ONNX_ATTR_TENSORS:
		(void)onnx_attr_field(x, row->id, f);
		onnx_tensor_open(x, f);
		break;
	case ONNX_ATTR_SPARSE:
	case ONNX_ATTR_SPARSES:
	case ONNX_ATTR_TP:
	case ONNX_ATTR_TPS: (void)onnx_attr_field(x, row->id, f); break;
	case ONNX_INITIALIZER:
	case ONNX_TENSOR: onnx_tensor_open(x, f); break;
	case ONNX_SEGMENT: x->t.segment = true; break;
	case ONNX_META:
	case ONNX_META_NOTE:
	case ONNX_EXTERNAL:
	case ONNX_PAIR:
		x->key.n = 0;
		x->value = (struct gh_pb_field){ .tag = f->tag, .off = f->off, .end = f->end };
		break;
	default: break;
	}
	return GH_OK;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct onnx *x = s->ctx;
	switch (row == NULL ? (unsigned)ONNX_NONE : row->id) {
	case ONNX_GRAPH:
	case ONNX_ATTR_G:
	case ONNX_ATTR_GRAPHS: x->open_graphs -= x->open_graphs != 0; break;
	case ONNX_FUNCTION:
		x->open_graphs -= x->open_graphs != 0;
		x->in_function = false;
		onnx_function_seen(x);
		onnx_function_close(x, s->frame[s->p.depth].end - x->func_off);
		break;
	case ONNX_NODE: return onnx_node_close(x);
	case ONNX_ATTR: onnx_attr_close(x); break;
	case ONNX_ATTR_T:
	case ONNX_ATTR_TENSORS:
	case ONNX_TENSOR: return onnx_tensor_close(x, false);
	case ONNX_INITIALIZER: return onnx_tensor_close(x, true);
	case ONNX_META: return gh_ps_describe(s, "metadata", onnx_name(&x->key), &x->value, GH_PS_ALL_SIGNS);
	case ONNX_META_NOTE: /* exporters keep lines of the program that defined the node there */
		return gh_ps_describe(s, "metadata", onnx_name(&x->key), &x->value,
				      GH_PS_ALL_SIGNS & ~(1u << GH_SIGN_CODE));
	case ONNX_EXTERNAL: onnx_external(x); break;
	default: break;
	}
	return GH_OK;
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct onnx *x = s->ctx;
	struct onnx_node *n = &x->node[x->nodes == 0 ? 0 : x->nodes - 1];
	if (row->id >= ONNX_ATTR_NAME && row->id <= ONNX_ATTR_TPS)
		return onnx_attr_field(x, row->id, f);
	if (row->id >= ONNX_DIMS)
		return onnx_tensor_field(x, row->id, f);
	switch (row->id) {
	case ONNX_PRODUCER:
		x->producer_off = f->off;
		onnx_keep(x, &x->producer, f);
		break;
	case ONNX_PRODUCER_VERSION: onnx_keep(x, &x->producer_version, f); break;
	case ONNX_IN:
	case ONNX_OUT: onnx_edge(x, row->id == ONNX_OUT, f); break;
	case ONNX_OP: onnx_keep(x, &n->op, f); break;
	case ONNX_DOMAIN: onnx_keep(x, &n->domain, f); break;
	case ONNX_OVERLOAD: onnx_keep(x, &n->overload, f); break;
	case ONNX_FUNC_OVERLOAD: onnx_keep(x, &x->func_overload, f); break;
	case ONNX_FUNC_NAME: onnx_keep(x, &x->func_name, f); break;
	case ONNX_FUNC_DOMAIN: onnx_keep(x, &x->func_domain, f); break;
	case ONNX_KEY: onnx_keep(x, &x->key, f); break;
	case ONNX_VALUE: x->value = *f; break;
	case ONNX_DOC: return gh_ps_describe(s, "documentation", GH_SPAN("doc_string"), f, GH_PS_ALL_SIGNS);
	case ONNX_NOTE:
		return gh_ps_describe(s, "documentation", GH_SPAN("doc_string"), f,
				      GH_PS_ALL_SIGNS & ~(1u << GH_SIGN_CODE));
	default: break;
	}
	return GH_OK;
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

/* ---- the row ---------------------------------------------------------------------------------------------------------- */

/* A graph with something in it, and a version of the format or of an operator set; as far as it is in sight. */
static enum gh_match probe(const struct gh_probe *p)
{
	enum { GRAPH = 1, IR = 2, OPSET = 4 };
	if (p->size < 8 || p->head.n == 0 || p->head.p[0] == 0)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, onnx_shape, true);
	if (!fit.fits || (fit.seen & GRAPH) == 0 || (fit.nested & GRAPH) == 0)
		return GH_NO;
	if ((fit.seen & (IR | OPSET)) != 0)
		return GH_STRONG;
	/* The graph first, and versions behind it: out of sight in a large file. */
	return fit.whole ? GH_NO : GH_STRONG;
}

static struct onnx *make(struct gh_walk *w)
{
	struct onnx *x = GH_NEW(w->arena, struct onnx, 1);
	if (x == NULL)
		return NULL;
	x->w = w;
	x->s.w = w;
	x->s.ops = &ops;
	x->s.rules = onnx_rules;
	x->s.ctx = x;
	x->names = gh_recs(w->arena, GH_RECS_MAX);
	x->outs = gh_recs(w->arena, GH_RECS_MAX);
	x->ins = gh_recs(w->arena, GH_RECS_MAX);
	x->inner = gh_recs(w->arena, GH_RECS_MAX);
	x->defined = gh_recs(w->arena, GH_RECS_MAX);
	return x;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct onnx *x = make(w);
	if (x == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	enum gh_rc rc = gh_ps_walk(&x->s, &onnx_model), end = onnx_finish(x);
	if (rc == GH_OK && !x->has_graph)
		gh_ps_say(&x->s, ONNX_A_NO_GRAPH, 0, 0, "%llu bytes", (unsigned long long)w->src->size);
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "onnx");
	return end;
}

const struct gh_fmt gh_fmt_onnx = {
	.name = "onnx",
	.about = "Graph and weights of the Open Neural Network Exchange format",
	.exts = "onnx",
	.probe = probe,
	.walk = walk,
	.rules = onnx_rules,
};

/* ---- a tensor by itself: test data beside models ------------------------------------------------------------------------ */

/* A type and data, and nothing that a tensor has not; seen to its end, or with the data last. */
static enum gh_match probe_tensor(const struct gh_probe *p)
{
	enum { TYPE = 1, RAW = 2, DATA = RAW | 4 | 8 | 16 | 32 | 1 << 12 };
	if (p->size < 8 || p->head.n == 0 || p->head.p[0] == 0)
		return GH_NO;
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, onnx_tensor_shape, false);
	return fit.fits && (fit.seen & TYPE) != 0 && (fit.seen & DATA) != 0 && (fit.whole || (fit.seen & RAW) != 0)
		       ? GH_WEAK
		       : GH_NO;
}

static enum gh_rc walk_tensor(struct gh_walk *w)
{
	struct onnx *x = make(w);
	if (x == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	onnx_tensor_open(x, &(struct gh_pb_field){ .off = 0, .len = w->src->size, .end = w->src->size });
	enum gh_rc rc = gh_ps_walk(&x->s, &onnx_tensor_proto);
	bool other = w->weak && (rc == GH_E_MALFORMED || x->t.type == 0 || x->s.said[GH_PS_UNKNOWN] != 0);
	if (other)
		return GH_E_NOTTHIS;
	enum gh_rc end = onnx_tensor_close(x, false);
	return rc != GH_OK ? gh_fail(w->err, rc, "tensor") : end;
}

const struct gh_fmt gh_fmt_onnx_tensor = {
	.name = "onnx-tensor",
	.about = "One tensor of ONNX: inputs and outputs beside a model",
	.exts = "pb onnx tensor bin",
	.probe = probe_tensor,
	.walk = walk_tensor,
	.rules = onnx_rules,
};

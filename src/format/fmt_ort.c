/* fmt_ort.c - models in the format of ONNX Runtime (.ort): the graph of ONNX as one FlatBuffer, already optimised. Its operators
 * are told like those of ONNX, and judged by the same lists. Source: onnxruntime/core/flatbuffers/schema/ort.fbs. */
#include "format/fb_read.h"
#include "format/formats.h"

enum {
	SESSION,
	MODEL,
	OPSET,
	PAIR,
	GRAPH,
	TENSOR,
	SPARSE,
	VALUE,
	TYPE,
	TENSOR_TYPE,
	SHAPE,
	DIM,
	DIM_VALUE,
	SEQUENCE,
	MAP,
	NODE,
	ATTRIBUTE,
	EDGE,
	OPTIMISED,
	OPT_ENTRY,
	OPT_RECORD,
	OPT_NODES,
	OPT_OLD,
	STATE,
	KERNELS,
	SUB_STATE,
	RESOLVER,
	RESOLVER_OP,
	RESOLVER_TYPE,
	RESOLVER_ARG
};
static const struct gh_fb_table tables[] = {
	[SESSION] = { "InferenceSession", "sttt", { MODEL, STATE, RESOLVER } },
	[MODEL] = { "Model", "8Tsss8stsT", { OPSET, GRAPH, PAIR } },
	[OPSET] = { "OperatorSetId", "s8", { 0 } },
	[PAIR] = { "StringStringEntry", "ss", { 0 } },
	[GRAPH] = { "Graph", "TTT4TSSTt", { TENSOR, VALUE, NODE, EDGE, SPARSE, OPTIMISED } },
	[TENSOR] = { "Tensor", "ssL4BS8", { 0 } },
	[SPARSE] = { "SparseTensor", "ttL", { TENSOR, TENSOR } },
	[VALUE] = { "ValueInfo", "sst", { TYPE } },
	[TYPE] = { "TypeInfo", "suU", { 0 } },
	[TENSOR_TYPE] = { "TensorTypeAndShape", "4t", { SHAPE } },
	[SHAPE] = { "Shape", "T", { DIM } },
	[DIM] = { "Dimension", "ts", { DIM_VALUE } },
	[DIM_VALUE] = { "DimensionValue", "18s", { 0 } },
	[SEQUENCE] = { "SequenceType", "t", { TYPE } },
	[MAP] = { "MapType", "4t", { TYPE } },
	[NODE] = { "Node", "sss44s4sSSTIS", { ATTRIBUTE } },
	[ATTRIBUTE] = { "Attribute", "ss448sttILSTT", { TENSOR, GRAPH, TENSOR, GRAPH } },
	[EDGE] = { "NodeEdge", "4XX", { 12, 12 } },
	[OPTIMISED] = { "RuntimeOptimizations", "T", { OPT_ENTRY } },
	[OPT_ENTRY] = { "RuntimeOptimizationRecordContainerEntry", "sT", { OPT_RECORD } },
	[OPT_RECORD] = { "RuntimeOptimizationRecord", "stTS", { OPT_NODES, OPT_OLD } },
	[OPT_NODES] = { "NodesToOptimizeIndices", "I441144", { 0 } },
	[OPT_OLD] = { "DeprecatedNodeIndexAndKernelDefHash", "48", { 0 } },
	[STATE] = { "DeprecatedSessionState", "tT", { KERNELS, SUB_STATE } },
	[KERNELS] = { "DeprecatedKernelCreateInfos", "IL", { 0 } },
	[SUB_STATE] = { "DeprecatedSubGraphSessionState", "st", { STATE } },
	[RESOLVER] = { "KernelTypeStrResolver", "T", { RESOLVER_OP } },
	[RESOLVER_OP] = { "OpIdKernelTypeStrArgsEntry", "sT", { RESOLVER_TYPE } },
	[RESOLVER_TYPE] = { "KernelTypeStrArgsEntry", "sT", { RESOLVER_ARG } },
	[RESOLVER_ARG] = { "ArgTypeAndIndex", "14", { 0 } },
};
static const uint8_t type_values[] = { TENSOR_TYPE, SEQUENCE, MAP };
static const struct gh_fb_union unions[] = { { type_values, sizeof type_values } };
static const struct gh_fb_schema schema = { tables, unions, SESSION };

/* Fields by number. */
enum { M_PRODUCER = 2, M_PRODUCER_VERSION, M_DOC = 6, M_GRAPH, M_GRAPH_DOC, M_PROPS };
enum { G_INITIALIZERS, G_NODES = 2, G_SPARSE = 7 };
enum { T_NAME, T_DIMS = 2, T_TYPE, T_RAW, T_STRINGS, T_AWAY };
enum { N_DOC = 1, N_DOMAIN, N_OP = 5, N_ATTRIBUTES = 10 };
enum { A_NAME, A_TYPE = 2, A_I = 4, A_S, A_T, A_G, A_STRINGS = 10, A_TENSORS, A_GRAPHS };
enum { DIMS = 16, GRAPHS_MAX = 1 << 16, LONG_TEXT = 16, STRING = 8 };

/* TensorDataType, but for strings. */
static const char *const types[] = {
	[1] = "F32",	  [2] = "U8",		[3] = "I8",	  [4] = "U16",		[5] = "I16",
	[6] = "I32",	  [7] = "I64",		[9] = "BOOL",	  [10] = "F16",		[11] = "F64",
	[12] = "U32",	  [13] = "U64",		[14] = "C64",	  [15] = NULL,		[16] = "BF16",
	[17] = "F8_E4M3", [18] = "F8_E4M3FNUZ", [19] = "F8_E5M2", [20] = "F8_E5M2FNUZ",
};

struct ort {
	struct gh_fbr r;
	uint64_t *graph; /* offsets of tables still to be read */
	size_t n, cap;
	uint64_t steps; /* nodes read: many places may point to one graph */
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 16 || memcmp(p->head.p + 4, "ORTM", 4) != 0)
		return GH_NO;
	uint32_t root = gh_le32(p->head.p);
	return root >= 8 && root <= p->size - 4 ? GH_STRONG : GH_WEAK;
}

static enum gh_rc later(struct ort *o, struct gh_fb_tab g)
{
	if (g.off == 0)
		return GH_OK;
	uint64_t *v = o->n == GRAPHS_MAX ? NULL : gh_grow(o->r.w->arena, o->graph, &o->cap, o->n + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(o->r.w->err, GH_E_LIMIT, "more graphs than can be read");
	o->graph = v;
	v[o->n++] = g.off;
	return GH_OK;
}

static enum gh_rc tensor(struct ort *o, struct gh_fb_tab *t)
{
	struct gh_fbr *r = &o->r;
	struct gh_fb_vec raw = gh_fb_vector(&r->fb, t, T_RAW, 1), dims = gh_fb_vector(&r->fb, t, T_DIMS, 8);
	struct gh_fbr_name name = gh_fbr_text(r, t, T_NAME);
	uint64_t type = gh_fb_scalar(&r->fb, t, T_TYPE, 4, 0), dim[DIMS], elements = 0, bytes = 0;
	if (t->off == 0 || type == STRING)
		return GH_OK;
	if ((int64_t)gh_fb_scalar(&r->fb, t, T_AWAY, 8, UINT64_MAX) >= 0 && raw.n == 0) {
		gh_fbr_say(r, GH_FBR_AWAY, t->off, "tensor \"%s\"", gh_safe(gh_fbr_name(&name)).s);
		return GH_OK;
	}
	const char *known = type < sizeof types / sizeof types[0] ? types[type] : NULL;
	const struct gh_dtype *d = known == NULL ? NULL : gh_dtype_safetensors(gh_span_str(known));
	if (d == NULL || dims.n > DIMS) {
		gh_fbr_say(r, GH_FBR_NEW, t->off, "tensor \"%s\": type %llu, %llu dimensions",
			   gh_safe(gh_fbr_name(&name)).s, (unsigned long long)type, (unsigned long long)dims.n);
		return GH_OK;
	}
	for (uint64_t i = 0; i < dims.n; i++)
		dim[i] = gh_fb_elem(&r->fb, dims, i, 8);
	if (!gh_dtype_size(d, (unsigned)dims.n, dim, 0, &elements, &bytes) || bytes != raw.n) {
		gh_fbr_say(r, GH_FBR_SIZE, t->off, "tensor \"%s\": %llu bytes", gh_safe(gh_fbr_name(&name)).s,
			   (unsigned long long)raw.n);
		return GH_OK;
	}
	return gh_fbr_weights(r, gh_fbr_name(&name), d, (unsigned)dims.n, dim, raw.off, raw.n)
		       ? GH_OK
		       : gh_fail(r->w->err, GH_E_LIMIT, "more tensors than can be told");
}

static enum gh_rc tensors(struct ort *o, struct gh_fb_vec v)
{
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab t = gh_fb_item(&o->r.fb, v, i);
		GH_TRY(tensor(o, &t), o->r.w->err, "tensor %llu", (unsigned long long)i);
	}
	return GH_OK;
}

/* What a node's attributes say of code and files: see the ONNX reader. */
struct told {
	struct gh_fbr_name module, cls, cache;
	bool outside;
};

static enum gh_rc attribute(struct ort *o, struct gh_fb_tab *a, struct told *told)
{
	struct gh_fbr *r = &o->r;
	struct gh_fbr_name name = gh_fbr_text(r, a, A_NAME);
	struct gh_fb_vec text = gh_fb_vector(&r->fb, a, A_S, 1);
	struct gh_span key = gh_fbr_name(&name);
	if (gh_span_is(key, "module"))
		told->module = gh_fbr_text(r, a, A_S);
	if (gh_span_is(key, "class_name"))
		told->cls = gh_fbr_text(r, a, A_S);
	if (gh_span_is(key, "ep_cache_context"))
		told->cache = gh_fbr_text(r, a, A_S);
	if (gh_span_is(key, "embed_mode"))
		told->outside = gh_fb_scalar(&r->fb, a, A_I, 8, 0) == 0;
	if (text.n >= LONG_TEXT)
		GH_TRY(gh_fbr_tell(r, "metadata", key, text), r->w->err, "attribute");
	struct gh_fb_tab t = gh_fb_sub(&r->fb, a, A_T);
	GH_TRY(tensor(o, &t), r->w->err, "attribute");
	GH_TRY(tensors(o, gh_fb_vector(&r->fb, a, A_TENSORS, 4)), r->w->err, "attribute");
	GH_TRY(later(o, gh_fb_sub(&r->fb, a, A_G)), r->w->err, "attribute");
	struct gh_fb_vec graphs = gh_fb_vector(&r->fb, a, A_GRAPHS, 4);
	for (uint64_t i = 0; i < graphs.n; i++)
		GH_TRY(later(o, gh_fb_item(&r->fb, graphs, i)), r->w->err, "attribute");
	return GH_OK;
}

static enum gh_rc node(struct ort *o, struct gh_fb_tab *n)
{
	struct gh_fbr *r = &o->r;
	struct gh_fb_vec v = gh_fb_vector(&r->fb, n, N_ATTRIBUTES, 4);
	struct told told = { .outside = false };
	if (++o->steps > r->w->lim->steps)
		return gh_fail(r->w->err, GH_E_LIMIT, "too many nodes");
	GH_TRY(gh_fbr_tell(r, "documentation", GH_SPAN("doc_string"), gh_fb_vector(&r->fb, n, N_DOC, 1)), r->w->err,
	       "node");
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab a = gh_fb_item(&r->fb, v, i);
		GH_TRY(attribute(o, &a, &told), r->w->err, "attribute %llu", (unsigned long long)i);
	}
	struct gh_fbr_name op = gh_fbr_text(r, n, N_OP), domain = gh_fbr_text(r, n, N_DOMAIN);
	if (told.outside && told.cache.n != 0) {
		struct gh_reference ref = { .kind = GH_REF_PATH,
					    .target = gh_fbr_name(&told.cache),
					    .from = gh_fbr_name(&op) };
		GH_TRY(gh_emit(r->w, GH_EV_REFERENCE, n->off, n->size, &ref), r->w->err, "node");
	}
	struct gh_call ev = { .how = GH_CALL_OPERATION,
			      .system = "onnx",
			      .module = gh_fbr_name(&domain),
			      .name = gh_fbr_name(&op),
			      .as_module = gh_fbr_name(&told.module),
			      .as_name = gh_fbr_name(&told.cls),
			      .resolved = true };
	return gh_emit(r->w, GH_EV_CALL, n->off, n->size, &ev);
}

static enum gh_rc graph(struct ort *o, struct gh_fb_tab *g)
{
	struct gh_fbr *r = &o->r;
	struct gh_fb_vec v = gh_fb_vector(&r->fb, g, G_NODES, 4);
	GH_TRY(tensors(o, gh_fb_vector(&r->fb, g, G_INITIALIZERS, 4)), r->w->err, "initializers");
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab n = gh_fb_item(&r->fb, v, i);
		GH_TRY(node(o, &n), r->w->err, "node %llu", (unsigned long long)i);
	}
	v = gh_fb_vector(&r->fb, g, G_SPARSE, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab s = gh_fb_item(&r->fb, v, i);
		for (unsigned k = 0; k < 2; k++) {
			struct gh_fb_tab t = gh_fb_sub(&r->fb, &s, k);
			GH_TRY(tensor(o, &t), r->w->err, "sparse tensor");
		}
	}
	return GH_OK;
}

static enum gh_rc read_model(struct ort *o)
{
	struct gh_fbr *r = &o->r;
	struct gh_fb_tab root = gh_fb_root(&r->fb), model = gh_fb_sub(&r->fb, &root, 1);
	struct gh_fbr_name name = gh_fbr_text(r, &model, M_PRODUCER),
			   version = gh_fbr_text(r, &model, M_PRODUCER_VERSION);
	struct gh_package p = {
		.ecosystem = "generic", .name = gh_fbr_name(&name), .version = gh_fbr_name(&version), .producer = true
	};
	if (name.n != 0)
		GH_TRY(gh_emit(r->w, GH_EV_PACKAGE, model.off, 0, &p), r->w->err, "producer");
	GH_TRY(gh_fbr_tell(r, "documentation", GH_SPAN("doc_string"), gh_fb_vector(&r->fb, &model, M_DOC, 1)),
	       r->w->err, "model");
	GH_TRY(gh_fbr_tell(r, "documentation", GH_SPAN("graph_doc_string"),
			   gh_fb_vector(&r->fb, &model, M_GRAPH_DOC, 1)),
	       r->w->err, "model");
	struct gh_fb_vec v = gh_fb_vector(&r->fb, &model, M_PROPS, 4);
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab pair = gh_fb_item(&r->fb, v, i);
		struct gh_fbr_name key = gh_fbr_text(r, &pair, 0);
		GH_TRY(gh_fbr_tell(r, "metadata", gh_fbr_name(&key), gh_fb_vector(&r->fb, &pair, 1, 1)), r->w->err,
		       "metadata");
	}
	GH_TRY(later(o, gh_fb_sub(&r->fb, &model, M_GRAPH)), r->w->err, "graph");
	for (size_t i = 0; i < o->n; i++) {
		struct gh_fb_tab g = gh_fb_open(&r->fb, o->graph[i]);
		GH_TRY(graph(o, &g), r->w->err, "graph %zu", i);
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct ort *o = GH_NEW(w->arena, struct ort, 1);
	if (o == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	GH_TRY(gh_fbr_open(&o->r, w, &schema, w->src->size), w->err, "ort");
	enum gh_rc rc = read_model(o), end = gh_fbr_finish(&o->r);
	return rc != GH_OK ? rc : end;
}

const struct gh_fmt gh_fmt_ort = {
	.name = "ort",
	.about = "Model in the format of ONNX Runtime (ORT)",
	.exts = "ort",
	.probe = probe,
	.walk = walk,
	.rules = gh_fbr_rules,
};

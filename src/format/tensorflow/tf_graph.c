/* Reading a graph: each node becomes a call, constants become tensors, and what constants say is followed to the operations
 * that take it for the name of a file. Nothing is judged here. */
#include "format/tensorflow/tf.h"

#include <stdio.h>

#define AGAIN "Do not load; have the model exported again by its author"
const struct gh_rule tf_rules[TF_RULES + 1] = {
	GH_PS_RULES("GH-TFG"),
	[TF_A_ASSET] = { "GH-TFG-0001", GH_HIGH, GH_UNSAFE, "Asset outside of the model's folder",
			 "Loading reads a file of the author's choice, which the model can hand out.", AGAIN ".",
			 "CWE-22 CWE-73" },
	[TF_A_TENSOR] = { "GH-TFG-0002", GH_MEDIUM, GH_REVIEW,
			  "Content of a tensor does not have the size of its shape",
			  "Room for data that no operation computes with, or a reader that goes beyond it.", AGAIN ".",
			  "CWE-131 CWE-506" },
	[TF_A_SHAPE] = { "GH-TFG-0003", GH_HIGH, GH_UNSAFE, "Shape that no constant can have",
			 "A product that wraps around makes buffers too small.", AGAIN ".", "CWE-190 CVE-2021-29584" },
	[TF_A_DTYPE] = { "GH-TFG-0004", GH_LOW, GH_INCOMPLETE, "Element type that is not known",
			 "The extent of the tensor cannot be checked.", "Use a newer version of this program.",
			 "CWE-20" },
	[TF_A_MANY] = { "GH-TFG-0005", GH_LOW, GH_INCOMPLETE, "More nodes than can be followed in bounded memory",
			"Files that operations open are not told.", "Split the model.", "CWE-770" },
	[TF_A_NODE] = { "GH-TFG-0006", GH_MEDIUM, GH_REVIEW, "Node without an operation",
			"Loaders refuse the graph or skip the node: what runs is not certain.", AGAIN ".", "CWE-20" },
	[TF_RULES] = GH_RULES_END,
};

enum {
	MEMBERS = 4096,
	TEXTS = 4096,
	LEAST_BINARY = 14,
	LEAST_TEXT = 64,
	STRING_LOOK = 64 << 10,
	HOPS = 8,
	FOLLOWED = 1 << 18
};

static struct tf *of(struct gh_ps *s) { return s->ctx; }

static void set(struct tf_text *t, struct gh_span s)
{
	t->n = s.n < sizeof t->p ? s.n : sizeof t->p;
	if (t->n != 0)
		memcpy(t->p, s.p, t->n);
}
static struct gh_span text(const struct tf_text *t) { return (struct gh_span){ t->p, t->n }; }

static struct gh_span tail_of(struct gh_span s, char cut)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == (uint8_t)cut)
			return gh_span_cut(s, 0, i);
	return s;
}

/* A name within the graph or the function that is being read. */
static uint64_t scoped(const struct tf *t, struct gh_span name)
{
	return gh_hash_end(
		gh_hash(gh_hash(GH_HASH_START, (struct gh_span){ (const uint8_t *)&t->scope, sizeof t->scope }), name));
}

static bool is_text(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
			return false;
	return true;
}

/* ---- nodes ---------------------------------------------------------------------------------------------------------- */

static enum gh_rc call(struct tf *t, enum gh_call_how how, struct gh_span name, uint64_t off, uint64_t len)
{
	struct gh_call ev = {
		.how = how, .system = "tensorflow", .name = name, .as_name = text(&t->name), .resolved = true
	};
	return gh_emit(t->ps.w, GH_EV_CALL, off, len, &ev);
}

static void start_node(struct tf *t, uint64_t off)
{
	t->name.n = t->op.n = 0;
	t->ninputs = t->nheld = 0;
	t->key[0] = '\0';
	t->has_string = false;
	t->node_off = off;
}

static bool is_place(struct gh_span s)
{
	return s.n > 1 && (s.p[0] == '/' || s.p[0] == '\\' || memmem(s.p, s.n, "://", 3) != NULL ||
			   memmem(s.p, s.n, "..", 2) != NULL || (s.n > 2 && s.p[1] == ':'));
}

static enum gh_rc refer(struct tf *t, struct gh_span target, struct gh_span from, uint64_t off, uint64_t len)
{
	bool url = memmem(target.p, target.n, "://", 3) != NULL;
	struct gh_reference ev = { .kind = url ? GH_REF_URL : GH_REF_PATH, .target = target, .from = from };
	return gh_emit(t->ps.w, GH_EV_REFERENCE, off, len, &ev);
}

/* The strings among a node's attributes that could be places: told with the operation's and the attribute's name. */
static enum gh_rc tell_held(struct tf *t)
{
	for (unsigned i = 0; i < t->nheld; i++) {
		char from[260];
		uint8_t copy[512];
		size_t n = t->held[i].len < sizeof copy ? (size_t)t->held[i].len : sizeof copy;
		struct gh_span s = gh_src_window(t->ps.w->src, t->held[i].off, n);
		if (s.n == 0)
			continue;
		memcpy(copy, s.p, s.n);
		(void)snprintf(from, sizeof from, "%.*s.%s", (int)t->op.n, (const char *)t->op.p, t->held[i].key);
		enum gh_rc rc = refer(t, (struct gh_span){ copy, s.n }, gh_span_str(from), t->held[i].off,
				      t->held[i].len);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* Operations that hand their first input on. */
static bool passes_on(struct gh_span op)
{
	static const char *const names[] = { "Identity",     "PlaceholderWithDefault",
					     "StopGradient", "Snapshot",
					     "EnsureShape",  "Reshape",
					     "ExpandDims",   "Squeeze",
					     "Pack",	     "StringJoin",
					     "IdentityN",    "Fill" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(op, names[i]))
			return true;
	return false;
}

static void remember(struct tf *t, struct gh_recs *r, struct gh_rec rec)
{
	if (!gh_recs_add(r, rec))
		gh_ps_say(&t->ps, TF_A_MANY, t->node_off, 0, "from the node \"%s\" on", gh_safe(text(&t->name)).s);
}

static enum gh_rc end_node(struct tf *t, uint64_t end)
{
	struct gh_span op = text(&t->op);
	uint64_t id = scoped(t, text(&t->name)), len = end - t->node_off;
	if (op.n == 0) {
		gh_ps_say(&t->ps, TF_A_NODE, t->node_off, len, "\"%s\"", gh_safe(text(&t->name)).s);
		return GH_OK;
	}
	enum gh_rc rc = call(t, GH_CALL_OPERATION, op, t->node_off, len);
	if (rc == GH_OK && t->nheld != 0)
		rc = tell_held(t);
	if (t->has_string && gh_span_is(op, "Const"))
		remember(t, &t->consts, (struct gh_rec){ id, t->string_off, t->string_len });
	if (t->ninputs > 0 && passes_on(op))
		remember(t, &t->aliases, (struct gh_rec){ id, t->input[0], 0 });
	unsigned which = tf_path_inputs(op);
	for (unsigned i = 0; i < t->ninputs && which != 0; i++)
		if ((which & 1u << i) != 0)
			remember(t, &t->paths, (struct gh_rec){ t->input[i], t->node_off, len });
	start_node(t, end);
	return rc;
}

static const struct gh_rec *find(const struct gh_recs *r, uint64_t id)
{
	size_t lo = 0, hi = r->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (gh_recs_at(r, mid)->a < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < r->n && gh_recs_at(r, lo)->a == id ? gh_recs_at(r, lo) : NULL;
}

/* The operation of the node at off, for a reference's `from`. */
static struct gh_span op_at(struct tf *t, uint64_t off, uint64_t len, uint8_t *copy, size_t cap)
{
	struct gh_pb p = gh_pb_src(t->ps.w->src, off, len);
	struct gh_pb_field f;
	struct gh_span op = { 0 };
	while (gh_pb_next(&p, &f) == GH_PB_FIELD)
		if (f.number == 2 && f.wire == GH_PB_LEN) {
			struct gh_span s = gh_src_window(t->ps.w->src, f.off, f.len < cap ? (size_t)f.len : cap);
			if (s.n != 0)
				memcpy(copy, s.p, s.n);
			op = (struct gh_span){ copy, s.n };
		}
	return op;
}

/* At the end: what constants are taken for file names. */
static enum gh_rc tell_paths(struct tf *t)
{
	gh_recs_sort(&t->consts, 0);
	gh_recs_sort(&t->aliases, 0);
	gh_recs_sort(&t->paths, 0);
	for (size_t i = 0; i < t->paths.n; i++) {
		const struct gh_rec *p = gh_recs_at(&t->paths, i), *c, *a;
		uint64_t id = p->a;
		for (unsigned hop = 0; hop < HOPS && (a = find(&t->aliases, id)) != NULL; hop++)
			id = a->b;
		c = find(&t->consts, id);
		uint8_t copy[512], op[TF_NAME];
		if (c == NULL || c->ref == 0)
			continue;
		struct gh_span s = gh_src_window(t->ps.w->src, c->b,
						 c->ref < sizeof copy ? (size_t)c->ref : sizeof copy);
		if (s.n == 0)
			continue;
		memcpy(copy, s.p, s.n);
		s.p = copy;
		enum gh_rc rc = refer(t, s, op_at(t, p->b, p->ref, op, sizeof op), c->b, c->ref);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- tensors -------------------------------------------------------------------------------------------------------- */

static void start_tensor(struct tf *t)
{
	t->dtype = 0;
	t->ndim = t->nstrings = 0;
	t->elements = 1;
	t->has_content = t->shape_bad = false;
}

static void take_dim(struct tf *t, uint64_t v)
{
	if (t->ndim >= GH_DIMS_MAX || v > INT64_MAX || __builtin_mul_overflow(t->elements, v, &t->elements) ||
	    t->elements > INT64_MAX / 256) {
		t->shape_bad = true;
		return;
	}
	t->dim[t->ndim++] = v;
}

static enum gh_rc emit_tensor(struct tf *t, const char *dtype, unsigned bits, unsigned ndim, const uint64_t *dim,
			      uint64_t off, uint64_t len)
{
	struct gh_tensor ev = {
		.name = text(&t->name), .dtype = dtype, .bits = bits, .ndim = ndim, .dim = dim, .src = t->ps.w->src
	};
	return gh_emit(t->ps.w, GH_EV_TENSOR, off, len, &ev);
}

static enum gh_rc end_tensor(struct tf *t)
{
	unsigned bits;
	bool known;
	const char *dtype = tf_dtype(t->dtype, &bits, &known);
	if (!t->has_content)
		return GH_OK;
	uint64_t off = t->content.off, len = t->content.len, one = len;
	struct gh_safe name = gh_safe(text(&t->name));
	if (!known)
		gh_ps_say(&t->ps, TF_A_DTYPE, off, len, "\"%s\": type %llu", name.s, (unsigned long long)t->dtype);
	else if (t->shape_bad)
		gh_ps_say(&t->ps, TF_A_SHAPE, off, len, "\"%s\"", name.s);
	else if (bits != 0 && (t->elements * bits + 7) / 8 != len)
		gh_ps_say(&t->ps, TF_A_TENSOR, off, len, "\"%s\": %llu bytes for %llu elements", name.s,
			  (unsigned long long)len, (unsigned long long)t->elements);
	else if (bits != 0)
		return emit_tensor(t, dtype, bits, t->ndim, t->dim, off, len);
	return emit_tensor(t, "U8", 8, 1, &one, off, len);
}

/* Numbers of a fixed width in a row: they can carry what an array of bytes could. */
static enum gh_rc fixed_values(struct tf *t, const char *dtype, unsigned bits, const struct gh_pb_field *f)
{
	uint64_t n = f->len / (bits / 8);
	if (f->wire != GH_PB_LEN || f->len < 16)
		return GH_OK;
	gh_ps_data(&t->ps, f->off, f->len, GH_CLAIM_DATA);
	return emit_tensor(t, dtype, bits, 1, &n, f->off, f->len);
}

/* One string of a constant: text for the checks; anything else may be a graph, a program, an archive for some operation. */
static enum gh_rc string_value(struct tf *t, const char *role, struct gh_span key, const struct gh_pb_field *f)
{
	struct gh_span s = gh_ps_bytes(&t->ps, f, STRING_LOOK);
	if (f->len < LEAST_BINARY)
		return GH_OK;
	if (is_text(s)) {
		if (f->len < LEAST_TEXT || f->len > GH_WINDOW_MAX || t->texts_left == 0)
			return GH_OK;
		t->texts_left--;
		s = gh_src_window(t->ps.w->src, f->off, (size_t)f->len);
		struct gh_text ev = { .role = role, .key = key, .text = s };
		return gh_emit(t->ps.w, GH_EV_TEXT, f->off, f->len, &ev);
	}
	if (t->members_left == 0) {
		gh_ps_data(&t->ps, f->off, f->len, GH_CLAIM_FREE); /* searched by the pipeline instead */
		return GH_OK;
	}
	t->members_left--;
	gh_ps_data(&t->ps, f->off, 0, GH_CLAIM_STRUCT);
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = key, .role = role };
	t->ps.claimed = f->end;
	return gh_member_range(t->ps.w, m, f->off, f->len);
}

/* ---- the rest of a saved model --------------------------------------------------------------------------------------- */

/* Names of assets are joined to the folder `assets`; they must stay in it. */
static enum gh_rc asset(struct tf *t, const struct gh_pb_field *f)
{
	uint8_t copy[512];
	struct gh_span s = gh_ps_bytes(&t->ps, f, sizeof copy);
	if (s.n != 0)
		memcpy(copy, s.p, s.n);
	s.p = copy;
	bool out = f->len > sizeof copy || (s.n > 0 && (s.p[0] == '/' || s.p[0] == '\\')) ||
		   memmem(s.p, s.n, "..", 2) != NULL || memmem(s.p, s.n, "://", 3) != NULL ||
		   (s.n > 1 && s.p[1] == ':');
	if (out)
		gh_ps_say(&t->ps, TF_A_ASSET, f->off, f->len, "\"%s\"", gh_safe(s).s);
	char target[sizeof copy + 8];
	(void)snprintf(target, sizeof target, "assets/%.*s", (int)s.n, (const char *)s.p);
	struct gh_reference ev = { .kind = GH_REF_PATH, .target = gh_span_str(target), .from = GH_SPAN("assets") };
	return s.n == 0 ? GH_OK : gh_emit(t->ps.w, GH_EV_REFERENCE, f->off, f->len, &ev);
}

/* Keras keeps the configuration of each layer as JSON: handed on as a file, for whoever reads such configurations. */
static enum gh_rc keras(struct tf *t, const struct gh_pb_field *f)
{
	struct gh_span s = gh_ps_bytes(&t->ps, f, 16);
	char name[TF_NAME + 8];
	if (s.n < 2 || s.p[0] != '{')
		return string_value(t, "metadata", text(&t->identifier), f);
	const struct tf_text *from = t->path.n != 0 ? &t->path : &t->identifier;
	(void)snprintf(name, sizeof name, "%.*s.json", (int)from->n, (const char *)from->p);
	gh_ps_data(&t->ps, f->off, 0, GH_CLAIM_STRUCT);
	t->ps.claimed = f->end;
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = gh_span_str(name), .role = "keras-config" };
	return gh_member_range(t->ps.w, m, f->off, f->len);
}

static enum gh_rc version(struct tf *t, const struct gh_pb_field *f)
{
	uint8_t copy[64];
	struct gh_span s = gh_ps_bytes(&t->ps, f, sizeof copy);
	if (s.n == 0)
		return GH_OK;
	memcpy(copy, s.p, s.n);
	struct gh_package ev = { "PyPI", GH_SPAN("tensorflow"), { copy, s.n }, true };
	return gh_emit(t->ps.w, GH_EV_PACKAGE, f->off, f->len, &ev);
}

static enum gh_rc defined(struct tf *t, struct gh_ps *s, const struct gh_pb_field *f)
{
	const struct gh_ps_field *row = s->frame[s->p.depth].row;
	if (row == NULL || row->id != TF_FUNCTION_OP || f->len > TF_NAME)
		return GH_OK;
	struct tf_text name;
	set(&name, gh_ps_bytes(s, f, TF_NAME));
	struct gh_text ev = { .role = "function", .key = GH_SPAN("tensorflow"), .text = text(&name) };
	return gh_emit(t->ps.w, GH_EV_TEXT, f->off, f->len, &ev);
}

/* ---- the walk --------------------------------------------------------------------------------------------------------- */

static void take_input(struct tf *t, struct gh_span s)
{
	if (s.n == 0 || s.p[0] == '^' || t->ninputs == TF_INPUTS) /* ^: order only, no value */
		return;
	t->input[t->ninputs++] = scoped(t, tail_of(s, ':'));
}

static void hold(struct tf *t, const struct gh_pb_field *f)
{
	struct gh_span s = gh_ps_bytes(&t->ps, f, 512);
	if (t->nheld == TF_HELD || !is_place(s) || !is_text(s))
		return;
	(void)snprintf(t->held[t->nheld].key, sizeof t->held[0].key, "%s", t->key);
	t->held[t->nheld].off = f->off;
	t->held[t->nheld++].len = f->len;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct tf *t = of(s);
	if (row->id == TF_NODE) {
		start_node(t, f->tag);
		t->node_off = f->off;
	} else if (row->id == TF_TENSOR) {
		start_tensor(t);
	} else if (row->id == TF_FUNCTION) {
		t->scope = f->off;
	} else if (row->id == TF_GRAPH) {
		t->scope = t->graph = f->off;
	}
	return GH_OK;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct tf *t = of(s);
	if (row == NULL)
		return tell_paths(t);
	if (row->id == TF_NODE)
		return end_node(t, s->frame[s->p.depth].end);
	if (row->id == TF_TENSOR)
		return end_tensor(t);
	if (row->id == TF_FUNCTION)
		t->scope = t->graph;
	return GH_OK;
}

static enum gh_rc on_string(struct tf *t, const struct gh_pb_field *f)
{
	if (!t->has_string) {
		t->has_string = true;
		t->string_off = f->off;
		t->string_len = f->len;
	}
	return string_value(t, "constant", text(&t->name), f);
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct tf *t = of(s);
	switch (row->id) {
	case TF_NODE_NAME: set(&t->name, gh_ps_bytes(s, f, TF_NAME)); break;
	case TF_NODE_OP: set(&t->op, gh_ps_bytes(s, f, TF_NAME)); break;
	case TF_NODE_INPUT: take_input(t, gh_ps_bytes(s, f, TF_NAME)); break;
	case TF_ATTR_KEY: {
		struct gh_span k = gh_ps_bytes(s, f, sizeof t->key - 1);
		(void)snprintf(t->key, sizeof t->key, "%.*s", (int)k.n, (const char *)k.p);
		break;
	}
	case TF_ATTR_S: hold(t, f); return string_value(t, "attribute", gh_span_str(t->key), f);
	case TF_FUNC_NAME:
	case TF_GRADIENT: {
		struct tf_text name;
		set(&name, gh_ps_bytes(s, f, TF_NAME));
		return name.n == 0 ? GH_OK : call(t, GH_CALL_IMPORT, text(&name), f->off, f->len);
	}
	case TF_TENSOR_DTYPE: t->dtype = f->v; break;
	case TF_TENSOR_DIM: take_dim(t, f->v); break;
	case TF_TENSOR_CONTENT:
		gh_ps_data(s, f->off, f->len, GH_CLAIM_DATA);
		t->content = *f;
		t->has_content = true;
		break;
	case TF_TENSOR_STRING: t->nstrings++; return on_string(t, f);
	case TF_TENSOR_F32: return fixed_values(t, "F32", 32, f);
	case TF_TENSOR_F64: return fixed_values(t, "F64", 64, f);
	case TF_OP_NAME: return defined(t, s, f);
	case TF_VERSION: return version(t, f);
	case TF_ASSET: return asset(t, f);
	case TF_TEXT: return gh_ps_describe(s, "documentation", GH_SPAN("description"), f, GH_PS_ALL_SIGNS);
	case TF_BLOB: return string_value(t, "serialized value", (struct gh_span){ 0 }, f);
	case TF_IDENTIFIER: set(&t->identifier, gh_ps_bytes(s, f, TF_NAME)); break;
	case TF_KERAS_PATH: set(&t->path, gh_ps_bytes(s, f, TF_NAME)); break;
	case TF_METADATA: t->path.n = 0; return keras(t, f);
	case TF_KERAS_JSON: return keras(t, f);
	default: break;
	}
	return GH_OK;
}

static const struct gh_ps_ops ops = { .enter = on_enter, .leave = on_leave, .field = on_field };

enum gh_rc tf_read(struct gh_walk *w, const struct gh_ps_msg *msg)
{
	struct tf *t = GH_NEW(w->arena, struct tf, 1);
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	t->ps = (struct gh_ps){ .w = w, .ops = &ops, .rules = tf_rules, .ctx = t };
	t->consts = gh_recs(w->arena, FOLLOWED);
	t->aliases = gh_recs(w->arena, FOLLOWED);
	t->paths = gh_recs(w->arena, FOLLOWED);
	t->members_left = MEMBERS;
	t->texts_left = TEXTS;
	return gh_ps_walk(&t->ps, msg);
}

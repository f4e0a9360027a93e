/* Nodes and their attributes, functions, and what is told at the end: which operators a runtime has to have. */
#include "format/onnx/onnx.h"

#define ULL(v) ((unsigned long long)(v))

enum { NESTED = ONNX_NEST, LONG_STRING = 256, RECENT = 128, ATTR_KINDS = 14 };

/* ---- nodes -------------------------------------------------------------------------------------------------------- */

static struct onnx_node *top(struct onnx *x) { return &x->node[x->nodes == 0 ? 0 : x->nodes - 1]; }

void onnx_node_open(struct onnx *x, const struct gh_pb_field *f)
{
	if (x->nodes <= NESTED)
		x->nodes++; /* messages cannot nest so deep that this is not enough: see GH_PB_DEPTH */
	struct onnx_node *n = top(x);
	*n = (struct onnx_node){ .off = f->off, .len = f->len, .index = x->node_count++ };
}

static bool standard(struct gh_span domain) { return domain.n == 0 || gh_span_is(domain, "ai.onnx"); }

static enum gh_rc tell(struct onnx *x, enum gh_call_how how, const struct onnx_call *c)
{
	struct gh_call ev = { .how = how,
			      .system = "onnx",
			      .module = c->domain,
			      .name = c->op,
			      .as_module = c->module,
			      .as_name = c->cls,
			      .resolved = true };
	return gh_emit(x->w, GH_EV_CALL, c->off, c->len, &ev);
}

static bool same_call(const struct onnx_call *a, const struct onnx_call *b)
{
	return gh_span_eq(a->domain, b->domain) && gh_span_eq(a->op, b->op) && gh_span_eq(a->module, b->module) &&
	       gh_span_eq(a->cls, b->cls);
}

/* Keep a copy, unless one of the last is the same. */
static bool put_off(struct onnx *x, struct onnx_call **list, size_t *n, size_t *cap, struct onnx_call c)
{
	for (size_t i = *n; i > 0 && i + RECENT > *n; i--)
		if (same_call(&(*list)[i - 1], &c))
			return true;
	struct onnx_call *v = *n == ONNX_CALLS ? NULL : gh_grow(x->w->arena, *list, cap, *n + 1, sizeof *v);
	if (v == NULL)
		return false;
	*list = v;
	c.domain = gh_keep(x->w->arena, c.domain);
	c.op = gh_keep(x->w->arena, c.op);
	c.module = gh_keep(x->w->arena, c.module);
	c.cls = gh_keep(x->w->arena, c.cls);
	if (c.domain.p == NULL || c.op.p == NULL || c.module.p == NULL || c.cls.p == NULL)
		return false;
	v[(*n)++] = c;
	return true;
}

enum gh_rc onnx_node_close(struct onnx *x)
{
	struct onnx_node *n = top(x);
	struct onnx_call c = {
		onnx_name(&n->domain), onnx_name(&n->op), onnx_name(&n->module), onnx_name(&n->cls), n->off, n->len
	};
	if (x->nodes != 0)
		x->nodes--;
	onnx_call_seen(x, n);
	if (n->outside && n->cache.n != 0) {
		struct gh_reference ref = { .kind = GH_REF_PATH, .target = onnx_name(&n->cache), .from = c.op };
		enum gh_rc rc = gh_emit(x->w, GH_EV_REFERENCE, n->off, n->len, &ref);
		if (rc != GH_OK)
			return rc;
	}
	if (n->op.n == 0)
		gh_ps_say(&x->s, ONNX_A_NODE, n->off, n->len, "a node at byte %llu", ULL(n->off));
	if (standard(c.domain))
		return tell(x, GH_CALL_OPERATION, &c);
	if (!put_off(x, &x->call, &x->ncall, &x->call_cap, c)) {
		x->many = true;
		return tell(x, GH_CALL_OPERATION, &c); /* judged as if it were defined nowhere */
	}
	return GH_OK;
}

void onnx_function_close(struct onnx *x, uint64_t len)
{
	struct onnx_call c = {
		.domain = onnx_name(&x->func_domain), .op = onnx_name(&x->func_name), .off = x->func_off, .len = len
	};
	if (!put_off(x, &x->func, &x->nfunc, &x->func_cap, c))
		x->many = true;
}

/* ---- attributes --------------------------------------------------------------------------------------------------- */

/* AttributeType of a value field. */
static unsigned kind_of(unsigned id) { return id - ONNX_ATTR_F + 1; }

/* Strings of nodes: vocabularies, equations, names of modes; programs and models of extensions. */
static enum gh_rc string_value(struct onnx *x, unsigned id, const struct gh_pb_field *f)
{
	struct onnx_node *n = top(x);
	if (x->nodes != 0 && gh_span_is(onnx_name(&n->attr), "module"))
		onnx_keep(x, &n->module, f);
	if (x->nodes != 0 && gh_span_is(onnx_name(&n->attr), "class_name"))
		onnx_keep(x, &n->cls, f);
	if (id == ONNX_ATTR_STRINGS && f->len < LONG_STRING) {
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
		return GH_OK;
	}
	if (f->len < LONG_STRING / 16) {
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
		return GH_OK;
	}
	/* onnxruntime-extensions keep the model of a tokenizer in an attribute and load it as that. */
	struct gh_probe p = { .head = gh_ps_bytes(&x->s, f, GH_PROBE_BYTES), .size = f->len };
	bool pieces = f->len >= LONG_STRING && gh_fmt_sentencepiece.probe(&p) == GH_STRONG;
	return gh_ps_blob(&x->s, "attribute", onnx_name(&n->attr), f, pieces ? "sentencepiece" : NULL);
}

enum gh_rc onnx_attr_field(struct onnx *x, unsigned id, const struct gh_pb_field *f)
{
	struct onnx_node *n = top(x);
	switch (id) {
	case ONNX_ATTR_NAME: onnx_keep(x, &n->attr, f); return GH_OK;
	case ONNX_ATTR_TYPE: n->type = f->v; return GH_OK;
	case ONNX_ATTR_REF: n->ref = f->len != 0; return GH_OK;
	default: break;
	}
	if (id == ONNX_ATTR_I) {
		n->number = f->v;
		n->numbered = true;
	}
	if (id == ONNX_ATTR_S)
		onnx_keep(x, &n->text, f);
	/* Some writers put the defaults of all fields: a zero is no value. */
	bool zero = (f->wire == GH_PB_LEN ? f->len == 0 : f->v == 0) &&
		    (id == ONNX_ATTR_F || id == ONNX_ATTR_I || id == ONNX_ATTR_S);
	if (!zero)
		n->has |= 1u << kind_of(id);
	if (id == ONNX_ATTR_S || id == ONNX_ATTR_STRINGS)
		return string_value(x, id, f);
	if (f->wire == GH_PB_LEN && id == ONNX_ATTR_FLOATS)
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
	return GH_OK;
}

/* The attribute is complete, in whatever order its fields came. */
static void remember(struct onnx_node *n)
{
	struct gh_span name = onnx_name(&n->attr);
	if (n->text.n != 0 && gh_span_is(name, "module"))
		n->module = n->text;
	if (n->text.n != 0 && gh_span_is(name, "class_name"))
		n->cls = n->text;
	/* ONNX Runtime: an engine's own program lies in the node, or, when embed_mode is 0, in the file that is named. */
	if (n->text.n != 0 && gh_span_is(name, "ep_cache_context"))
		n->cache = n->text;
	if (n->numbered && gh_span_is(name, "embed_mode"))
		n->outside = n->number == 0;
	n->text.n = 0;
	n->numbered = false;
}

void onnx_attr_close(struct onnx *x)
{
	struct onnx_node *n = top(x);
	unsigned allowed = n->type >= 1 && n->type <= ATTR_KINDS ? 1u << n->type : 0;
	const char *why = NULL;
	if (n->type > ATTR_KINDS)
		why = "of a type that does not exist";
	else if (n->ref && n->has != 0)
		why = "refers to another one and has a value";
	else if (n->type != 0 && (n->has & ~allowed) != 0)
		why = "has a value of another type";
	else if ((n->has & (n->has - 1)) != 0)
		why = "has values of several types";
	if (why != NULL)
		gh_ps_say(&x->s, ONNX_A_ATTR, n->attr_off, 0, "attribute \"%s\" %s", gh_safe(onnx_name(&n->attr)).s,
			  why);
	remember(n);
	n->attr.n = 0;
	n->type = n->has = 0;
	n->ref = false;
}

/* ---- the end -------------------------------------------------------------------------------------------------------- */

static uint64_t call_hash(const struct onnx_call *c)
{
	uint64_t h = gh_hash(GH_HASH_START, c->domain);
	return gh_hash_end(gh_hash(gh_hash(h, GH_SPAN("\n")), c->op));
}

/* Is it one of the model's own functions? by_hash is sorted; equal hashes are compared by name. */
static bool defined(struct onnx *x, const struct gh_recs *by_hash, const struct onnx_call *c)
{
	uint64_t h = call_hash(c);
	size_t lo = 0, hi = by_hash->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (gh_recs_at(by_hash, mid)->a < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < by_hash->n && gh_recs_at(by_hash, lo)->a == h; lo++) {
		const struct onnx_call *f = &x->func[gh_recs_at(by_hash, lo)->ref];
		if (gh_span_eq(f->domain, c->domain) && gh_span_eq(f->op, c->op))
			return true;
	}
	return false;
}

static enum gh_rc tell_calls(struct onnx *x)
{
	struct gh_recs by_hash = gh_recs(x->w->arena, GH_RECS_MAX);
	for (size_t i = 0; i < x->nfunc; i++) {
		enum gh_rc rc = tell(x, GH_CALL_IMPORT, &x->func[i]);
		if (rc != GH_OK)
			return rc;
		if (!gh_recs_add(&by_hash, (struct gh_rec){ call_hash(&x->func[i]), i, i }))
			x->many = true;
	}
	gh_recs_sort(&by_hash, 0);
	for (size_t i = 0; i < x->ncall; i++) {
		if (defined(x, &by_hash, &x->call[i]) && x->call[i].module.n == 0)
			continue;
		enum gh_rc rc = tell(x, GH_CALL_OPERATION, &x->call[i]);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc tell_producer(struct onnx *x)
{
	if (x->producer.n == 0)
		return GH_OK;
	struct gh_package p = { .ecosystem = "generic",
				.name = onnx_name(&x->producer),
				.version = onnx_name(&x->producer_version),
				.producer = true };
	return gh_emit(x->w, GH_EV_PACKAGE, x->producer_off, x->producer.n, &p);
}

enum gh_rc onnx_finish(struct onnx *x)
{
	gh_recs_sort(&x->names, 0);
	for (size_t i = 1; i < x->names.n; i++)
		if (gh_recs_at(&x->names, i)->a == gh_recs_at(&x->names, i - 1)->a)
			gh_ps_say(&x->s, ONNX_A_NAME_TWICE, gh_recs_at(&x->names, i)->b, 0, "first at byte %llu",
				  ULL(gh_recs_at(&x->names, i - 1)->b));
	onnx_order(x);
	onnx_recursion(x);
	enum gh_rc rc = tell_calls(x);
	if (rc == GH_OK)
		rc = tell_producer(x);
	if (rc == GH_OK && x->many) {
		gh_ps_say(&x->s, ONNX_A_MANY, 0, 0, "the rest was not compared");
		rc = gh_fail(x->w->err, GH_E_LIMIT, "more tensors, operators or functions than can be compared");
	}
	return rc;
}

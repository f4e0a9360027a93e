/* pyrun.c - the walk over the nodes: statements, scopes, frames. */
#include "wire/pyrun_int.h"

enum { PASSES = 3, SMALL = 40000, WORK_PER_NODE = 12, WORK_LEAST = 60000, WORK_MOST = 4 << 20 };

struct gh_pyv pyr_node_val(struct pyr *r, uint32_t i)
{
	return i < r->t->n ? r->val[i] : (struct gh_pyv){ .kind = GH_PYV_NONE };
}

/* Methods that loaders, frameworks and the interpreter call by themselves. */
static const char *const hooks[] = {
	"__init__",
	"__new__",
	"__call__",
	"__reduce__",
	"__reduce_ex__",
	"__setstate__",
	"__getstate__",
	"__del__",
	"__getattr__",
	"__getattribute__",
	"__setattr__",
	"__enter__",
	"__exit__",
	"__init_subclass__",
	"__set_name__",
	"__class_getitem__",
	"__prepare__",
	"__repr__",
	"__str__",
	"__iter__",
	"__getitem__",
	"__len__",
	"__eq__",
	"__hash__",
	"__bool__",
	"__post_init__",
	"__torch_function__",
	"__array__",
	"forward",
	"call",
	"predict",
	"transform",
	"fit",
	"fit_transform",
	"predict_proba",
	"inference",
	"initialize",
	"handle",
	"preprocess",
	"postprocess",
	"execute",
	"from_pretrained",
	"from_config",
	"get_config",
	"_load_pretrained_model",
	"load_model",
	"load_context",
	"model_fn",
	"input_fn",
	"predict_fn",
	"output_fn",
	"generate",
	"_init_weights",
	"find_module",
	"find_spec",
	"load_module",
	"exec_module",
	"create_module",
	"pytest_configure",
	"pytest_sessionstart",
	"pytest_collection_modifyitems",
};

static uint8_t where_of(const struct pyr *r, uint32_t scope)
{
	struct gh_span name = r->t->scope[scope].name;
	uint8_t where = GH_PYW_FUNC;
	for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++)
		if (gh_span_is(name, hooks[i]))
			where = GH_PYW_HOOK;
	/* pip runs these of a class that takes a step of installing. */
	uint32_t up = r->t->scope[scope].up;
	if (r->t->scope[up].kind == GH_PYS_CLASS && r->fnwhere[up] == GH_PYW_IMPORT &&
	    (gh_span_is(name, "run") || gh_span_is(name, "__init__") || gh_span_ends(name, "_options")))
		return GH_PYW_IMPORT;
	return r->fnwhere[scope] > where ? r->fnwhere[scope] : where;
}

/* ---- scopes ---------------------------------------------------------------------------------------------------------- */
static void push_scope(struct pyr *r, uint32_t scope, uint8_t where, uint8_t kind)
{
	if (r->nup == PYR_SCOPES) {
		r->full = true;
		return;
	}
	r->up[r->nup].scope = r->scope;
	r->up[r->nup].kind = kind;
	r->up[r->nup++].where = r->where;
	r->scope = scope;
	r->where = where;
}

/* False: what is left belongs to whoever called this function. */
static bool pop_scope(struct pyr *r)
{
	unsigned floor = r->nframe == 0 ? 0 : r->frame[r->nframe - 1].height;
	if (r->nup <= floor)
		return false;
	r->nup--;
	r->scope = r->up[r->nup].scope;
	r->where = r->up[r->nup].where;
	return true;
}

/* Parameters of a function whose callers are not known (yet). */
static void open_params(struct pyr *r, const struct gh_pyn *n, bool method)
{
	for (uint32_t i = 0; i < n->nkids; i++) {
		uint32_t kid = r->t->kid[n->kids + i];
		if (kid >= r->t->n)
			continue;
		const struct gh_pyn *p = &r->t->node[kid];
		struct gh_pyv v = pyr_unknown(r, GH_PYF_PARAM);
		v.origin = kid;
		if (p->a < r->t->n && pyr_callable(pyr_one(r->val[p->a])))
			v = r->val[p->a];
		if (i == 0 && method && p->op == 0)
			v = (struct gh_pyv){ .kind = gh_span_is(p->text, "cls") ? GH_PYV_CLASS : GH_PYV_INST,
					     .idx = r->t->scope[n->scope].up };
		pyr_set_param(r, n->scope, p->text, v);
	}
}

/* ---- imports --------------------------------------------------------------------------------------------------------- */
static void import(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_span top = n->text;
	const uint8_t *dot = memchr(n->text.p, '.', n->text.n);
	r->h->import(r->h->arg, n->text, (struct gh_span){ 0 }, 0, r->node, (enum gh_pywhere)r->where);
	if (n->as.n == 0 && dot != NULL)
		top.n = (size_t)(dot - top.p);
	pyr_set(r, r->scope, n->as.n != 0 ? n->as : top, pyr_module(r, n->as.n != 0 ? n->text : top, 0));
}

static void from_import(struct pyr *r, const struct gh_pyn *n)
{
	for (uint32_t i = 0; i < n->nkids; i++) {
		uint32_t kid = r->t->kid[n->kids + i];
		if (kid >= r->t->n)
			continue;
		const struct gh_pyn *k = &r->t->node[kid];
		r->h->import(r->h->arg, n->text, k->text, 0, r->node, (enum gh_pywhere)r->where);
		if (gh_span_is(k->text, "*")) {
			bool known = n->text.p[0] == '.';
			for (unsigned s = 0; s < r->nstar; s++)
				known = known || gh_span_eq(r->star[s], n->text);
			if (!known && r->nstar == sizeof r->star / sizeof r->star[0])
				r->full = true; /* what its names stand for would be missed */
			else if (!known)
				r->star[r->nstar++] = gh_pyv_text(pyr_module(r, n->text, 0));
			continue;
		}
		struct gh_pyv v = n->text.p[0] == '.' ? pyr_unknown(r, 0)
						      : pyr_attr(r, pyr_module(r, n->text, 0), k->text, 0);
		pyr_set(r, r->scope, k->as.n != 0 ? k->as : k->text, v);
	}
}

/* ---- loops ----------------------------------------------------------------------------------------------------------- */
static bool unroll(struct pyr *r, uint32_t first, uint32_t end, uint32_t target, struct gh_pyv iter, bool comp)
{
	const struct gh_pyv *v;
	uint32_t n, count = 0;
	if (r->nframe == PYR_FRAMES || end <= first || !pyr_items(r, iter, &v, &n) || n == 0 || n > PYR_ITEMS)
		return false;
	if ((uint64_t)n * (end - first) > r->work)
		return false;
	for (unsigned i = 0; i < r->nframe; i++)
		count += r->frame[i].kind != PYR_F_CALL;
	if (count >= 6)
		return false;
	struct gh_pyv *out = comp ? pyr_values(r, 2 * (size_t)n) : NULL;
	if (comp && out == NULL)
		return false;
	r->frame[r->nframe++] = (struct pyr_frame){
		.kind = comp ? PYR_F_COMP : PYR_F_LOOP,
		.pc = r->pc,
		.end = end,
		.node = r->pc,
		.first = first,
		.target = target,
		.items = { .kind = GH_PYV_SEQ, .v = v, .n = n },
		.out = out,
		.n = n,
		.scope = r->scope,
		.height = r->nup,
		.where = r->where,
	};
	pyr_store(r, target, v[0]);
	return true;
}

static bool comprehension(struct pyr *r, const struct gh_pyn *n)
{
	uint32_t f = n->nkids != 0 ? r->t->kid[n->kids] : GH_PYN_NIL;
	if (f < r->t->n && n->lo < n->hi) {
		const struct gh_pyn *k = &r->t->node[f];
		if (unroll(r, n->lo, n->hi, k->a, pyr_node_val(r, k->b), true)) {
			r->pc = n->lo;
			return true;
		}
	}
	uint32_t flags = pyr_flags(pyr_node_val(r, n->a)) | (n->b < r->t->n ? pyr_flags(r->val[n->b]) : 0);
	r->val[r->pc] = pyr_unknown(r, flags);
	return false;
}

static void next_target(struct pyr *r, uint32_t target, struct gh_pyv iter)
{
	struct gh_pyv one = pyr_one(iter), v = pyr_unknown(r, pyr_flags(iter));
	if ((one.kind == GH_PYV_SEQ || one.kind == GH_PYV_DICT) && one.n != 0)
		v = one.v[0];
	v.origin = one.origin;
	pyr_store(r, target, v);
}

/* A frame came to its end: next item, or back with the result. */
static void finish_frame(struct pyr *r)
{
	struct pyr_frame *f = &r->frame[r->nframe - 1];
	const struct gh_pyn *n = &r->t->node[f->node];
	r->nup = f->height;
	r->scope = f->scope;
	r->where = f->where;
	if (f->kind == PYR_F_COMP) {
		bool dict = n->op == ':';
		f->out[dict ? 2 * f->i : f->i] = pyr_node_val(r, n->a);
		if (dict)
			f->out[2 * f->i + 1] = pyr_node_val(r, n->b);
		if (++f->i < f->n) {
			pyr_store(r, f->target, f->items.v[f->i]);
			r->pc = f->first;
			return;
		}
		f->ret = (struct gh_pyv){ .kind = dict ? GH_PYV_DICT : GH_PYV_SEQ, .n = f->n, .v = f->out };
	} else if (f->kind == PYR_F_CALL && r->t->scope[f->fn].kind == GH_PYS_LAMBDA) {
		f->ret = pyr_node_val(r, r->t->node[f->end].a);
	}
	r->val[f->node] = f->ret;
	r->pc = f->pc + 1;
	r->nframe--;
}

static void drop_frames(struct pyr *r)
{
	r->nframe = 1;
	r->frame[0].kind = PYR_F_CALL;
	r->frame[0].fn = 0;
	r->frame[0].ret = pyr_unknown(r, 0);
	finish_frame(r);
}

static void loop_end(struct pyr *r, const struct gh_pyn *n)
{
	struct pyr_frame *f = r->nframe == 0 ? NULL : &r->frame[r->nframe - 1];
	if (f == NULL || f->kind != PYR_F_LOOP || f->node != n->lo)
		return;
	if (++f->i < f->n) {
		pyr_store(r, f->target, f->items.v[f->i]);
		r->pc = f->first - 1;
	} else {
		r->nframe--;
	}
}

/* ---- statements -------------------------------------------------------------------------------------------------------- */
static void returned(struct pyr *r, struct gh_pyv v)
{
	struct gh_span name = r->t->scope[r->scope].name;
	struct pyr_frame *f = r->nframe == 0 ? NULL : &r->frame[r->nframe - 1];
	for (unsigned i = r->nframe; f != NULL && f->kind != PYR_F_CALL && i > 0; i--)
		f = &r->frame[i - 1];
	if (f != NULL && f->kind == PYR_F_CALL && f->fn == r->scope)
		f->ret = f->ret.kind == GH_PYV_UNKNOWN && f->ret.flags == 0 ? v : pyr_alt(r, f->ret, v);
	pyr_set(r, r->scope, GH_SPAN("return"), v);
	struct gh_pyv one = pyr_one(v);
	if (!gh_span_starts(name, "__reduce") || one.kind != GH_PYV_SEQ || one.n == 0)
		return;
	/* What unpickling will call. */
	struct gh_pyv args = one.n > 1 ? pyr_one(one.v[1]) : (struct gh_pyv){ 0 };
	bool seq = args.kind == GH_PYV_SEQ, later;
	if (pyr_one(one.v[0]).kind != GH_PYV_REF)
		return;
	(void)pyr_call(r, pyr_one(one.v[0]), seq ? args.v : NULL, seq ? (args.n < PYR_ARGS ? args.n : PYR_ARGS) : 0,
		       NULL, 0, GH_PYH_OPERATOR, &later);
}

static void bases(struct pyr *r, const struct gh_pyn *n)
{
	for (uint32_t i = 0; i < n->nkids; i++) {
		uint32_t kid = r->t->kid[n->kids + i];
		struct gh_pyv v = kid < r->t->n ? pyr_one(r->val[kid]) : (struct gh_pyv){ 0 };
		bool later;
		pyr_given(r, v);
		if (v.kind == GH_PYV_REF && memmem(v.p, v.n, ".command.", 9) != NULL)
			r->fnwhere[n->scope] = GH_PYW_IMPORT;
		if (v.kind != GH_PYV_REF || !r->h->heavy(r->h->arg, gh_pyv_text(v)))
			continue;
		/* Classes may be derived from (subprocess.Popen); a function as a metaclass gets called. */
		if (r->t->node[kid].kind == GH_PYN_KWARG)
			(void)pyr_call(r, v, NULL, 0, NULL, 0, GH_PYH_OPERATOR, &later);
		else
			pyr_set(r, n->scope, GH_SPAN("<base>"), v);
	}
}

static void decorate(struct pyr *r, const struct gh_pyn *n)
{
	bool class = r->t->scope[n->scope].kind == GH_PYS_CLASS, later = false;
	struct gh_pyv arg = { .kind = class ? GH_PYV_CLASS : GH_PYV_FUNC, .idx = n->scope };
	const struct gh_pyn *before = &r->t->node[r->pc - 1];
	if (before->kind == GH_PYN_DECORATE && before->scope == n->scope)
		arg = pyr_one(r->val[r->pc - 1]);
	struct gh_pyv f = pyr_node_val(r, n->a);
	uint32_t pc = r->pc;
	struct gh_pyv v = pyr_call(r, f, &arg, 1, NULL, 0, GH_PYH_DECORATOR, &later);
	if (later) /* it is entered; what it returns is not followed */
		r->frame[r->nframe - 1].pc = pc;
	else
		r->val[pc] = v;
}

static uint32_t enclosing(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv v;
	uint32_t s = r->t->scope[r->scope].up;
	if (n->op == 'g')
		return 0;
	for (unsigned i = 0; i < PYR_SCOPES && s != 0; i++, s = r->t->scope[s].up)
		if (pyr_get(r, s, n->text, &v))
			return s;
	return r->t->scope[r->scope].up;
}

static void define(struct pyr *r, const struct gh_pyn *n)
{
	bool method = r->t->scope[r->t->scope[n->scope].up].kind == GH_PYS_CLASS;
	pyr_set(r, r->scope, n->text, (struct gh_pyv){ .kind = GH_PYV_FUNC, .idx = n->scope });
	open_params(r, n, method);
	push_scope(r, n->scope, where_of(r, n->scope), GH_PYS_DEF);
}

/* Returns false when a frame was opened: the node's value comes later. */
static bool statement(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv v;
	switch (n->kind) {
	case GH_PYN_IMPORT: import(r, n); return true;
	case GH_PYN_FROM: from_import(r, n); return true;
	case GH_PYN_ASSIGN: pyr_store(r, n->a, pyr_node_val(r, n->b)); return true;
	case GH_PYN_AS: pyr_store(r, n->b, pyr_node_val(r, n->a)); return true;
	case GH_PYN_AUG:
		if (!pyr_binary(r, n->op, pyr_node_val(r, n->a), pyr_node_val(r, n->b), &v))
			v = pyr_unknown(r, pyr_flags(pyr_node_val(r, n->a)) | pyr_flags(pyr_node_val(r, n->b)));
		pyr_store(r, n->a, v);
		return true;
	case GH_PYN_RETURN:
	case GH_PYN_YIELD:
		if (n->a < r->t->n)
			returned(r, r->val[n->a]);
		return true;
	case GH_PYN_GLOBAL: pyr_redirect(r, r->scope, n->text, enclosing(r, n)); return true;
	case GH_PYN_DEF: define(r, n); return true;
	case GH_PYN_CLASS:
		bases(r, n);
		pyr_set(r, r->scope, n->text, (struct gh_pyv){ .kind = GH_PYV_CLASS, .idx = n->scope });
		push_scope(r, n->scope, r->where, GH_PYS_CLASS);
		return true;
	case GH_PYN_END: (void)pop_scope(r); return true;
	case GH_PYN_MAIN: {
		bool main = r->where == GH_PYW_IMPORT && !r->named_main;
		push_scope(r, r->scope, main ? GH_PYW_MAIN : r->where, GH_PYS_MODULE);
		return true;
	}
	case GH_PYN_MAIN_END: (void)pop_scope(r); return true;
	case GH_PYN_DECORATE: decorate(r, n); return false;
	case GH_PYN_FOR:
		if (n->hi > r->pc && unroll(r, r->pc + 1, n->hi, n->a, pyr_node_val(r, n->b), false))
			return true;
		next_target(r, n->a, pyr_node_val(r, n->b));
		return true;
	case GH_PYN_COMP_FOR: next_target(r, n->a, pyr_node_val(r, n->b)); return true;
	case GH_PYN_LOOP_END: loop_end(r, n); return true;
	case GH_PYN_SHELL:
		r->h->shell(r->h->arg, n->text, (n->flags & GH_PYN_MAGIC) != 0, r->node, (enum gh_pywhere)r->where);
		r->val[r->pc] = pyr_unknown(r, GH_PYF_PROC);
		return true;
	case GH_PYN_ERROR:
		while (r->nup != 0 && r->up[r->nup - 1].kind == GH_PYS_LAMBDA && pop_scope(r))
			;
		return true;
	default: return true;
	}
}

/* ---- expressions --------------------------------------------------------------------------------------------------------- */
static struct gh_pyv collect(struct pyr *r, const struct gh_pyn *n)
{
	bool dict = n->kind == GH_PYN_DICT;
	struct gh_pyv *v = n->nkids > PYR_ITEMS * 2u ? NULL : pyr_values(r, n->nkids);
	uint32_t m = 0, flags = 0, last = n->nkids == 0 ? GH_PYN_NIL : r->t->kid[n->kids + n->nkids - 1];
	if (last < r->t->n && r->t->node[last].kind == GH_PYN_REST) /* any of its items may hide what is looked for */
		return pyr_unknown(r, GH_PYF_DECODED);
	if (v == NULL)
		return pyr_unknown(r, 0);
	for (uint32_t i = 0; i < n->nkids; i++) {
		uint32_t kid = r->t->kid[n->kids + i];
		struct gh_pyv w = pyr_node_val(r, kid);
		bool star = kid < r->t->n && r->t->node[kid].kind == GH_PYN_STAR;
		if (star && pyr_one(w).kind == GH_PYV_SEQ && pyr_one(w).n == 1)
			w = pyr_one(w).v[0];
		if (i < 64)
			flags |= w.flags;
		v[m++] = w;
	}
	flags &= ~(uint32_t)(GH_PYF_HIDDEN | GH_PYF_FORMAT | GH_PYF_JOINED);
	return (struct gh_pyv){
		.kind = dict ? GH_PYV_DICT : GH_PYV_SEQ, .n = dict ? m / 2 : m, .v = v, .flags = flags
	};
}

static struct gh_pyv fstring(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv s = pyr_text(GH_PYV_STR, GH_SPAN(""), 0), out;
	for (uint32_t i = 0; i < n->nkids; i++) {
		struct gh_pyv part = pyr_node_val(r, r->t->kid[n->kids + i]);
		if (!pyr_binary(r, '+', s, part, &out))
			return pyr_unknown(r, s.flags | pyr_flags(part) | GH_PYF_FORMAT);
		s = out;
	}
	return s;
}

static struct gh_pyv subscript(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv of = pyr_node_val(r, n->a), part[3], out;
	if (n->b < r->t->n && r->t->node[n->b].kind == GH_PYN_SLICE) {
		const struct gh_pyn *s = &r->t->node[n->b];
		unsigned k = 0;
		for (uint32_t i = 0; i < s->nkids && k < 3; i++)
			part[k++] = pyr_one(pyr_node_val(r, r->t->kid[s->kids + i]));
		if (pyr_slice(r, of, part, k, &out))
			return out;
		return pyr_unknown(r, pyr_flags(of) | (pyr_is_text(pyr_one(of)) ? GH_PYF_DECODED : 0));
	}
	return pyr_item(r, of, pyr_node_val(r, n->b));
}

static bool climbs(struct pyr *r, uint32_t node)
{
	static const char *const rungs[] = { "__base__", "__bases__", "__mro__", "mro" };
	for (unsigned k = 0; k < 4 && node < r->t->n; k++) {
		const struct gh_pyn *n = &r->t->node[node];
		if (n->kind == GH_PYN_ATTR)
			for (size_t i = 0; i < sizeof rungs / sizeof rungs[0]; i++)
				if (gh_span_is(n->text, rungs[i]))
					return true;
		if (n->kind != GH_PYN_SUBSCR && n->kind != GH_PYN_CALL)
			return false;
		node = n->a;
	}
	return false;
}

static struct gh_pyv attribute(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv of = pyr_node_val(r, n->a);
	if (gh_span_is(n->text, "__subclasses__") && (climbs(r, n->a) || pyr_is(pyr_one(of), "builtins.object")))
		r->h->trick(r->h->arg, r->node, (enum gh_pywhere)r->where,
			    "climbs from an object to all classes of the interpreter", true);
	return pyr_attr(r, of, n->text, 0);
}

static struct gh_pyv expression(struct pyr *r, const struct gh_pyn *n)
{
	struct gh_pyv a, b, out;
	switch (n->kind) {
	case GH_PYN_NAME: return pyr_name(r, r->scope, n->text);
	case GH_PYN_CONST:
		return n->op == 'T' || n->op == 'F' ? pyr_int(n->op == 'T') : (struct gh_pyv){ .kind = GH_PYV_NONE };
	case GH_PYN_NUM: return (n->flags & GH_PYN_EXACT) != 0 ? pyr_int(n->num) : pyr_unknown(r, 0);
	case GH_PYN_STR: return pyr_text((n->flags & GH_PYN_BYTES) != 0 ? GH_PYV_BYTES : GH_PYV_STR, n->text, 0);
	case GH_PYN_FSTR: return fstring(r, n);
	case GH_PYN_ATTR: return attribute(r, n);
	case GH_PYN_SUBSCR: return subscript(r, n);
	case GH_PYN_KWARG:
	case GH_PYN_STAR:
	case GH_PYN_DSTAR:
	case GH_PYN_AWAIT: return pyr_node_val(r, n->a);
	case GH_PYN_WALRUS:
		a = pyr_node_val(r, n->a);
		pyr_set(r, r->scope, n->text, a);
		return a;
	case GH_PYN_BIN:
		a = pyr_node_val(r, n->a);
		b = pyr_node_val(r, n->b);
		if (pyr_binary(r, n->op, a, b, &out))
			return out;
		out = pyr_unknown(r, (pyr_flags(a) | pyr_flags(b)) & ~(uint32_t)GH_PYF_HIDDEN);
		out.origin = a.origin != 0 ? a.origin : out.origin;
		return out;
	case GH_PYN_UNARY:
		a = pyr_one(pyr_node_val(r, n->a));
		if (a.kind != GH_PYV_INT || a.i == INT64_MIN)
			return pyr_unknown(r, pyr_flags(a) & ~(uint32_t)GH_PYF_HIDDEN);
		a.i = n->op == '-' ? -a.i : n->op == '~' ? ~a.i : n->op == '!' ? !a.i : a.i;
		return a;
	case GH_PYN_BOOL:
		a = pyr_node_val(r, n->a);
		b = pyr_node_val(r, n->b);
		return pyr_alt(r, n->op == '|' ? a : b, n->op == '|' ? b : a);
	case GH_PYN_COND: return pyr_alt(r, pyr_node_val(r, n->a), pyr_node_val(r, n->b));
	case GH_PYN_TUPLE:
	case GH_PYN_LIST:
	case GH_PYN_SET:
	case GH_PYN_DICT: return collect(r, n);
	case GH_PYN_LAMBDA: (void)pop_scope(r); return (struct gh_pyv){ .kind = GH_PYV_FUNC, .idx = n->scope };
	case GH_PYN_LAMBDA_BEGIN:
		open_params(r, n, false);
		push_scope(r, n->scope, r->fnwhere[n->scope], GH_PYS_LAMBDA);
		return (struct gh_pyv){ 0 };
	default: return (struct gh_pyv){ 0 };
	}
}

/* Evaluates the node at pc; false when a frame was opened or pc was moved. */
static bool step(struct pyr *r)
{
	const struct gh_pyn *n = &r->t->node[r->pc];
	uint32_t pc = r->pc;
	bool later = false;
	r->node = pc;
	if (r->when[pc] <= r->where)
		r->when[pc] = (uint8_t)(r->where + 1);
	if (n->kind == GH_PYN_CALL) {
		struct gh_pyv v = pyr_call_node(r, n, &later);
		if (!later)
			r->val[pc] = v;
		return !later;
	}
	if (n->kind == GH_PYN_COMP)
		return !comprehension(r, n);
	if (n->kind == GH_PYN_DECORATE) {
		unsigned frames = r->nframe;
		(void)statement(r, n);
		return r->nframe == frames;
	}
	if (n->kind >= GH_PYN_EXPR || n->kind == GH_PYN_AS || n->kind == GH_PYN_COMP_FOR || n->kind == GH_PYN_YIELD) {
		(void)statement(r, n);
		if (n->kind == GH_PYN_AS)
			r->val[pc] = pyr_node_val(r, n->a);
		return true; /* loops move pc to the node before the next one */
	}
	r->val[pc] = expression(r, n);
	return true;
}

static void pass(struct pyr *r, enum gh_pywhere start)
{
	r->nframe = r->nup = 0;
	r->scope = 0;
	r->where = (uint8_t)start;
	for (r->pc = 0; r->pc < r->t->n || r->nframe != 0;) {
		struct pyr_frame *f = r->nframe == 0 ? NULL : &r->frame[r->nframe - 1];
		if (f != NULL && f->kind != PYR_F_LOOP && (r->pc == f->end || r->pc >= r->t->n)) {
			finish_frame(r);
			continue;
		}
		if (r->pc >= r->t->n) { /* a loop without its end */
			r->nframe = 0;
			break;
		}
		if (f != NULL && r->work == 0) {
			drop_frames(r);
			continue;
		}
		r->work -= r->work != 0;
		unsigned frames = r->nframe;
		bool done = step(r);
		/* A call that was entered: its body begins behind the first node. */
		if (done || (r->nframe > frames && r->frame[r->nframe - 1].kind == PYR_F_CALL))
			r->pc++;
	}
}

enum gh_rc gh_py_run(const struct gh_pytree *t, const struct gh_pyhost *h, enum gh_pywhere start, struct gh_arena *a,
		     struct gh_pyseen *seen)
{
	struct pyr *r = GH_NEW(a, struct pyr, 1);
	if (r == NULL)
		return GH_E_LIMIT;
	*r = (struct pyr){ .t = t, .h = h, .a = a };
	enum { BINDS = 256 };
	r->val = GH_NEW(a, struct gh_pyv, t->n + 1);
	r->bind = GH_NEW(a, struct pyr_bind, BINDS);
	r->fnwhere = GH_NEW(a, uint8_t, t->nscope + 1);
	r->when = GH_NEW(a, uint8_t, t->n + 1);
	*seen = (struct gh_pyseen){ 0 };
	if (r->val == NULL || r->bind == NULL || r->fnwhere == NULL || r->when == NULL)
		return GH_E_LIMIT;
	*seen = (struct gh_pyseen){ r->val, r->when };
	r->capbind = BINDS;
	unsigned passes = t->n <= SMALL ? PASSES : PASSES - 1;
	for (unsigned i = 0; i < passes; i++) {
		r->work = (uint64_t)t->n * WORK_PER_NODE + WORK_LEAST;
		if (r->work > WORK_MOST)
			r->work = WORK_MOST;
		r->folded = 0;
		pass(r, start);
	}
	return r->full || t->full ? GH_E_LIMIT : GH_OK;
}

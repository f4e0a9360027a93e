/* pyreach.c - where a text walks from a library to something else by names it makes at run time.
 *
 * One getattr(torch, name) chooses a function or a type of a library, and is ordinary. Two of them in a row, in whatever way the first
 * result gets to the second (a loop, a recursion, reduce, an argument, an attribute), lead anywhere: libraries hold modules, and
 * those hold os. Names, arguments and results are followed without regard to order, until nothing changes; where that takes too
 * long, the text was not judged. */
#include "check/pyreach.h"

enum { PASSES = 40, DEEP = 64, WORK = 20000000 };

static bool one_of(struct gh_span s, const char *const *list)
{
	for (; *list != NULL; list++)
		if (gh_span_is(s, *list))
			return true;
	return false;
}

/* What an import stands for. Classes lead nowhere that the words of pymention_names.c do not name. */
static uint8_t imported(struct gh_span path)
{
	static const char *const narrow[] = { "torch.nn",
					      "torch.nn.functional",
					      "torch.optim",
					      "torch.optim.lr_scheduler",
					      "torch.distributions",
					      "torch.nn.init",
					      "torch.linalg",
					      "torch.fft",
					      NULL };
	static const char *const modules[] = { "torch.hub",
					       "torch.serialization",
					       "torch.jit",
					       "torch.utils",
					       "torch.storage",
					       "torch.distributed",
					       "torch.multiprocessing",
					       "torch.package",
					       "torch.testing",
					       "torch.nn",
					       "torch.nn.functional",
					       "torch._utils",
					       "numpy.lib",
					       "pandas.io",
					       "transformers.utils",
					       "transformers.utils.hub",
					       NULL };
	static const char *const broad[] = { "torch", "numpy", "pandas", "joblib", "scipy" };
	size_t dot = path.n;
	while (dot > 0 && path.p[dot - 1] != '.')
		dot--;
	if (path.n == 0 || (dot != 0 && path.p[dot] >= 'A' && path.p[dot] <= 'Z' && !gh_span_starts(path, "PIL.")))
		return 0;
	uint8_t bits = PYC_AT_ROOT | (dot == 0 || one_of(path, modules) ? PYC_AT_MODULE : 0);
	for (size_t i = 0; i < sizeof broad / sizeof broad[0]; i++) {
		size_t n = strlen(broad[i]);
		if (gh_span_starts(path, broad[i]) && (path.n == n || path.p[n] == '.') && !one_of(path, narrow))
			bits |= PYC_AT_BROAD;
	}
	return bits;
}

/* ---- values ----------------------------------------------------------------------------------------------------------------- */
static uint8_t bits_of(const struct pyc_reach *r, uint32_t i) { return i < r->t->n ? r->l->reach[i] : 0; }

/* Is it written there, and nothing else? */
static bool literal(const struct pyc_reach *r, uint32_t i)
{
	const struct gh_pyn *n = node(r->l, i);
	for (unsigned k = 0; n->kind == GH_PYN_BIN && k < DEEP; k++) {
		if (node(r->l, n->b)->kind != GH_PYN_STR)
			return false;
		n = node(r->l, n->a);
	}
	return n->kind == GH_PYN_STR;
}

static bool configures(struct gh_span name)
{
	static const char *const names[] = { "config", "cfg", "conf", "hparams", "hps",
					     "args",   "opt", "opts", "kwargs",	 NULL };
	return one_of(name, names) || gh_span_ends(name, "_config") || gh_span_ends(name, "_cfg");
}

static uint8_t name_bits(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint8_t bits = 0;
	struct pyc_cell *c = pyc_cell_find(r, r->l->scope[i], n->text);
	if (c != NULL)
		bits |= c->bits;
	if (c != NULL && c->scope != 0)
		return bits;
	for (unsigned k = 0; k < 4; k++)
		bits |= imported(pyc_imported(r->l->names, n->text, k));
	return bits;
}

static uint8_t attr_bits(struct pyc_reach *r, const struct gh_pyn *n)
{
	static const char *const narrow[] = { "nn",  "optim", "distributions", "linalg",  "fft",
					      "ops", "aten",  "prims",	       "special", NULL };
	static const char *const modules[] = { "nn",	      "hub",	 "serialization",   "jit",	  "utils",
					       "distributed", "package", "testing",	    "functional", "storage",
					       "lib",	      "io",	 "modules",	    "random",	  "_utils",
					       "linalg",      "special", "multiprocessing", NULL };
	uint8_t base = bits_of(r, n->a),
		bits = base & (PYC_AT_CONFIG | PYC_AT_HOP | PYC_AT_ANY | PYC_AT_BROAD | PYC_AT_BESIDE);
	if (n->text.n != 0 && (n->text.p[0] < 'A' || n->text.p[0] > 'Z'))
		bits |= base & PYC_AT_ROOT;
	if ((base & PYC_AT_MODULE) != 0 && one_of(n->text, modules))
		bits |= PYC_AT_MODULE;
	if ((base & PYC_AT_HOP) == 0 && one_of(n->text, narrow))
		bits &= (uint8_t)~PYC_AT_BROAD;
	if (configures(node(r->l, n->a)->text))
		bits |= PYC_AT_CONFIG;
	if (gh_span_is(n->text, "__getattribute__"))
		bits |= PYC_AT_GETTER;
	struct pyc_cell *c = pyc_cell_of_self(r, n->a) ? pyc_cell(r, PYC_OF_ATTRIBUTES, n->text, false) : NULL;
	return c == NULL ? bits : bits | c->bits;
}

/* ---- calls ------------------------------------------------------------------------------------------------------------------ */
static void tell(struct pyc_reach *r, uint32_t at, const char *why)
{
	const struct gh_pyn *n = node(r->l, at);
	struct gh_span name = n->kind == GH_PYN_CALL ? node(r->l, n->a)->text : n->text;
	if (r->say)
		pyc_mention(r->l, GH_PYC_ODD, at, name.n == 0 ? GH_SPAN("getattr") : name, why);
}

static uint8_t fetched(struct pyc_reach *r, uint32_t call, uint32_t of, uint32_t name, uint32_t other)
{
	const uint8_t far = PYC_AT_ROOT | PYC_AT_HOP;
	uint8_t base = bits_of(r, of), or = bits_of(r, other);
	if (literal(r, name))
		return (base & (far | PYC_AT_ANY | PYC_AT_BROAD)) | or ;
	if ((base & PYC_AT_HOP) != 0)
		tell(r, call, "attributes of attributes by names made at run time");
	else if ((base & PYC_AT_ANY) != 0 && (bits_of(r, name) & PYC_AT_CONFIG) != 0)
		tell(r, call, "attributes of attributes by names out of a configuration");
	return ((base & far) != 0 ? PYC_AT_HOP | (base & PYC_AT_BROAD) : 0) | PYC_AT_ANY | or ;
}

/* The parameters of the function with this scope get the call's arguments; given: it is handed on, and may get any. */
static void enter(struct pyc_reach *r, uint32_t scope, uint32_t call, bool method, uint8_t given)
{
	const struct gh_pyn *d = node(r->l, r->def[scope]), *c = node(r->l, call);
	uint8_t starred = given;
	for (uint32_t k = 0; k < c->nkids && given == 0; k++) {
		uint32_t arg = r->t->kid[c->kids + k];
		if (node(r->l, arg)->kind == GH_PYN_STAR || node(r->l, arg)->kind == GH_PYN_DSTAR)
			starred |= bits_of(r, arg);
	}
	uint32_t at = 0;
	r->work += 1 + (uint64_t)d->nkids * (given == 0 ? 1 + c->nkids : 1);
	if (r->work > WORK) {
		r->full = true;
		return;
	}
	for (uint32_t k = 0; k < d->nkids; k++) {
		const struct gh_pyn *p = node(r->l, r->t->kid[d->kids + k]);
		struct pyc_cell *to = pyc_cell(r, scope, p->text, false);
		uint8_t bits = starred;
		if (k == 0 && method)
			continue;
		for (uint32_t i = 0; i < c->nkids && given == 0; i++) {
			uint32_t arg = r->t->kid[c->kids + i];
			const struct gh_pyn *a = node(r->l, arg);
			bool named = a->kind == GH_PYN_KWARG;
			if (named ? gh_span_eq(a->text, p->text) || p->op == 'P' : i == at || (p->op == '*' && i > at))
				bits |= bits_of(r, arg);
		}
		at++;
		if (to != NULL)
			pyc_cell_add(r, &to->bits, bits);
	}
}

static uint8_t own_function(struct pyc_reach *r, uint32_t call, struct gh_span name, bool attr)
{
	struct pyc_cell *f = pyc_cell(r, PYC_OF_FUNCTIONS, name, false);
	uint8_t bits = 0;
	for (uint32_t s = f == NULL ? 0 : f->first, k = 0; s != 0 && k < DEEP; s = r->same[s - 1], k++) {
		const struct gh_pyn *d = node(r->l, r->def[s - 1]);
		struct gh_span first = d->nkids == 0 ? (struct gh_span){ 0 } : node(r->l, r->t->kid[d->kids])->text;
		enter(r, s - 1, call, attr && (gh_span_is(first, "self") || gh_span_is(first, "cls")), 0);
		bits |= r->back[s - 1];
	}
	return bits;
}

/* Functions of the text among the arguments: whoever gets them calls them with the others, and with what they returned. */
static uint8_t handed_functions(struct pyc_reach *r, uint32_t call, uint8_t all)
{
	const struct gh_pyn *n = node(r->l, call);
	uint8_t out = 0;
	for (uint32_t k = 0; k < n->nkids; k++) {
		const struct gh_pyn *a = node(r->l, r->t->kid[n->kids + k]);
		if (a->kind == GH_PYN_KWARG)
			a = node(r->l, a->a);
		if (a->kind == GH_PYN_LAMBDA) {
			enter(r, a->scope, call, false, all | r->back[a->scope]);
			out |= r->back[a->scope];
		}
		struct pyc_cell *f = a->kind == GH_PYN_NAME || a->kind == GH_PYN_ATTR
					     ? pyc_cell(r, PYC_OF_FUNCTIONS, a->text, false)
					     : NULL;
		for (uint32_t s = f == NULL ? 0 : f->first, i = 0; s != 0 && i < DEEP; s = r->same[s - 1], i++) {
			enter(r, s - 1, call, false, all | r->back[s - 1]);
			out |= r->back[s - 1];
		}
	}
	return out;
}

static uint8_t other_call(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n, const struct gh_pyn *f, uint8_t all)
{
	static const char *const through[] = {
		"iter",	     "next",	   "list",   "tuple",		"set",	"dict", "sorted", "reversed", "zip",
		"enumerate", "map",	   "filter", "deque",		"max",	"min",	"sum",	  "partial",  "reduce",
		"chain",     "accumulate", "copy",   "SimpleNamespace", "cast", "ref",	"proxy",  NULL
	};
	static const char *const out_of[] = { "pop",  "popleft",    "get",     "values",      "items",	  "keys",
					      "copy", "setdefault", "popitem", "__getitem__", "__next__", NULL };
	uint8_t bits = 0, callee = bits_of(r, n->a);
	bool attr = f->kind == GH_PYN_ATTR, words = false, module = false;
	for (uint32_t k = 0; k < n->nkids; k++) {
		uint32_t a = r->t->kid[n->kids + k];
		bool named = node(r->l, a)->kind == GH_PYN_KWARG;
		words = words || (!named && ((!attr && node(r->l, a)->kind == GH_PYN_STR) ||
					     (bits_of(r, a) & PYC_AT_CONFIG) != 0));
		module = module || (bits_of(r, a) & PYC_AT_MODULE) != 0;
	}
	if ((callee & PYC_AT_HOP) != 0 && (callee & PYC_AT_BROAD) != 0 && words)
		tell(r, i, "a function of a library, chosen and given texts at run time");
	if ((callee & PYC_AT_GETTER) != 0 && (all & (PYC_AT_ROOT | PYC_AT_HOP)) != 0)
		tell(r, i, "attributes of a module by a detour");
	if ((callee & PYC_AT_BESIDE) != 0 && module)
		tell(r, i, "a module is handed to code of another file");
	if ((callee & PYC_AT_GETTER) != 0)
		bits |= PYC_AT_HOP | PYC_AT_ANY;
	if (one_of(f->text, through))
		bits |= all & (uint8_t)~PYC_AT_BESIDE;
	if (attr && one_of(f->text, out_of) && node(r->l, f->a)->kind != GH_PYN_STR)
		bits |= bits_of(r, f->a) & (uint8_t)~PYC_AT_BESIDE;
	/* What goes into a container comes out of it. */
	static const char *const into[] = { "append",	  "add",	"insert", "extend", "update",
					    "setdefault", "appendleft", "put",	  NULL };
	if (attr && one_of(f->text, into))
		pyc_cell_bind(r, f->a, r->l->scope[i], all & (uint8_t)~PYC_AT_CONFIG, false);
	return bits;
}

static uint8_t call_bits(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n)
{
	const struct gh_pyn *f = node(r->l, n->a);
	uint8_t all = 0;
	for (uint32_t k = 0; k < n->nkids; k++)
		all |= bits_of(r, r->t->kid[n->kids + k]);
	uint32_t first = nth(r->l, i, 0), second = nth(r->l, i, 1);
	bool attr = f->kind == GH_PYN_ATTR, name = f->kind == GH_PYN_NAME;
	if (name && gh_span_is(f->text, "getattr") && second != GH_PYN_NIL)
		return fetched(r, i, first, second, nth(r->l, i, 2));
	if (attr && gh_span_is(f->text, "getattr_static") && second != GH_PYN_NIL)
		return fetched(r, i, first, second, nth(r->l, i, 2));
	if (attr && (gh_span_is(f->text, "__getattribute__") || gh_span_is(f->text, "__getattr__"))) {
		uint32_t of = second != GH_PYN_NIL ? first : f->a, by = second != GH_PYN_NIL ? second : first;
		if (node(r->l, of)->kind == GH_PYN_CALL && calls_name(r->l, of, "super"))
			return 0;
		if ((bits_of(r, of) & (PYC_AT_ROOT | PYC_AT_HOP)) != 0 && !literal(r, by))
			tell(r, i, "attributes of a module by a detour");
		return fetched(r, i, of, by, GH_PYN_NIL);
	}
	if ((gh_span_is(f->text, "attrgetter") || gh_span_is(f->text, "methodcaller")) && !literal(r, first))
		return PYC_AT_GETTER | (all & PYC_AT_CONFIG);
	if (name && gh_span_is(f->text, "vars"))
		return bits_of(r, first);
	uint8_t bits = 0;
	if (f->kind == GH_PYN_LAMBDA) {
		enter(r, f->scope, i, false, 0);
		bits = r->back[f->scope];
	} else if (name || attr) {
		bits = own_function(r, i, f->text, attr);
	}
	bits |= handed_functions(r, i, all) | other_call(r, i, n, f, all);
	return bits & (uint8_t)~PYC_AT_MODULE;
}

/* ---- the walk --------------------------------------------------------------------------------------------------------------- */
static uint8_t together(const struct pyc_reach *r, const struct gh_pyn *n)
{
	uint8_t bits = 0;
	for (uint32_t k = 0; k < n->nkids; k++)
		bits |= bits_of(r, r->t->kid[n->kids + k]);
	return bits;
}

static void parameters(struct pyc_reach *r, const struct gh_pyn *n)
{
	for (uint32_t k = 0; k < n->nkids; k++) {
		const struct gh_pyn *p = node(r->l, r->t->kid[n->kids + k]);
		struct pyc_cell *c = p->kind == GH_PYN_PARAM ? pyc_cell(r, n->scope, p->text, false) : NULL;
		if (c != NULL && p->a != GH_PYN_NIL)
			pyc_cell_add(r, &c->bits, bits_of(r, p->a));
	}
}

/* `case C(name=x)` reads the attribute `name` of what is matched. */
static void pattern(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n)
{
	if ((r->subject & (PYC_AT_ROOT | PYC_AT_HOP)) == 0)
		return;
	tell(r, i, "an attribute of a module, by a pattern");
	pyc_cell_bind(r, n->a, r->l->scope[i], PYC_AT_HOP | PYC_AT_ANY, false);
}

static uint8_t step(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint32_t scope = r->l->scope[i];
	struct pyc_cell *c;
	switch (n->kind) {
	case GH_PYN_NAME: return name_bits(r, i, n);
	case GH_PYN_ATTR: return attr_bits(r, n);
	case GH_PYN_CALL: return call_bits(r, i, n);
	case GH_PYN_KWARG:
		if ((n->flags & GH_PYN_PATTERN) != 0)
			pattern(r, i, n);
		return bits_of(r, n->a);
	case GH_PYN_SUBSCR:
		return (bits_of(r, n->a) & (uint8_t)~PYC_AT_MODULE) |
		       (configures(node(r->l, n->a)->text) ? PYC_AT_CONFIG : 0);
	case GH_PYN_STAR:
	case GH_PYN_DSTAR:
	case GH_PYN_AWAIT: return bits_of(r, n->a);
	case GH_PYN_WALRUS:
		if ((c = pyc_cell_find(r, scope, n->text)) != NULL)
			pyc_cell_add(r, &c->bits, bits_of(r, n->a));
		return bits_of(r, n->a);
	case GH_PYN_COND:
	case GH_PYN_BOOL:
	case GH_PYN_BIN:
	case GH_PYN_COMP: return bits_of(r, n->a) | bits_of(r, n->b);
	case GH_PYN_FSTR: return together(r, n) & PYC_AT_CONFIG;
	case GH_PYN_TUPLE:
	case GH_PYN_LIST:
	case GH_PYN_SET:
	case GH_PYN_DICT: return together(r, n);
	case GH_PYN_YIELD:
	case GH_PYN_RETURN: pyc_cell_add(r, &r->back[scope], bits_of(r, n->a)); return 0;
	case GH_PYN_LAMBDA: pyc_cell_add(r, &r->back[n->scope], bits_of(r, n->a)); return 0;
	case GH_PYN_LAMBDA_BEGIN:
	case GH_PYN_DEF: parameters(r, n); return 0;
	case GH_PYN_ASSIGN:
	case GH_PYN_AUG:
	case GH_PYN_FOR:
	case GH_PYN_COMP_FOR: pyc_cell_bind(r, n->a, scope, bits_of(r, n->b), false); return 0;
	case GH_PYN_AS: pyc_cell_bind(r, n->b, scope, bits_of(r, n->a), false); return bits_of(r, n->a);
	default: return 0;
	}
}

static bool makes_names(const struct look *l)
{
	static const char *const names[] = { "getattr",		 "vars",	"getattr_static",
					     "__getattribute__", "__getattr__", "attrgetter",
					     "methodcaller",	 "__dict__",	NULL };
	for (size_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *n = &l->t->node[i];
		if ((n->kind == GH_PYN_NAME || n->kind == GH_PYN_ATTR || n->kind == GH_PYN_IMPORT) &&
		    one_of(n->text, names))
			return true;
		if ((n->flags & GH_PYN_PATTERN) != 0 || (n->kind == GH_PYN_FROM && gh_span_starts(n->text, ".")))
			return true;
	}
	return false;
}

enum gh_rc pyc_reach(struct look *l, struct gh_arena *a)
{
	struct pyc_reach r = { .l = l, .t = l->t };
	size_t want = 128;
	l->reach = GH_NEW(a, uint8_t, l->t->n + 1);
	if (l->reach == NULL)
		return GH_E_LIMIT;
	if (!makes_names(l))
		return GH_OK;
	for (size_t n = pyc_cell_room(l); want < 2 * n;)
		want *= 2;
	r.cell = GH_NEW(a, struct pyc_cell, want);
	r.mask = want - 1;
	r.def = GH_NEW(a, uint32_t, l->t->nscope + 1);
	r.same = GH_NEW(a, uint32_t, l->t->nscope + 1);
	r.back = GH_NEW(a, uint8_t, l->t->nscope + 1);
	if (r.cell == NULL || r.def == NULL || r.same == NULL || r.back == NULL)
		return GH_E_LIMIT;
	for (uint32_t i = 0; i < l->t->n; i++)
		pyc_cell_declare(&r, i, &l->t->node[i]);
	r.changed = true;
	for (unsigned pass = 0; r.changed || !r.say; pass++) {
		if (pass == PASSES || r.full)
			return GH_E_LIMIT;
		r.say = !r.changed; /* the last one tells */
		r.changed = false;
		for (uint32_t i = 0; i < l->t->n; i++) {
			const struct gh_pyn *n = &l->t->node[i];
			pyc_cell_add(&r, &l->reach[i], step(&r, i, n));
			if ((n->flags & GH_PYN_SUBJECT) != 0)
				pyc_cell_add(&r, &r.subject, l->reach[i]);
		}
	}
	return r.full ? GH_E_LIMIT : GH_OK;
}

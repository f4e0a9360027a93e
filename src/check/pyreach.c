/* pyreach.c - where a text walks from a library to something else by names it makes at run time.
 *
 * One getattr(torch, name) chooses a function or a type of a library, and is ordinary. Two of them in a row, in whatever way the first
 * result gets to the second (a loop, a recursion, reduce, an argument, an attribute), lead anywhere: libraries hold modules, and
 * those hold os. Names, arguments and results are followed without regard to order, until nothing changes; where that takes too
 * long, the text was not judged. */
#include "check/pymention_int.h"

enum { PASSES = 40, UP_MAX = 64, DEEP = 64 };
/* Keys that are no scopes. */
enum { OF_ATTRIBUTES = UINT32_MAX, OF_FUNCTIONS = UINT32_MAX - 1 };

struct cell {
	struct gh_span name;
	uint32_t scope;
	uint32_t first;	     /* of functions: 1 + the scope that has the name */
	uint8_t bits, alias; /* 'g': it is the module's; 'n': an outer one's */
	bool used;
};
struct reach {
	struct look *l;
	const struct gh_pytree *t;
	struct cell *cell;
	size_t mask, n;
	uint32_t *def, *same; /* by scope: the node with its parameters; 1 + the next scope of the same name */
	uint8_t *back;	      /* by scope: what the function returns */
	uint8_t subject;      /* of all `match` */
	bool changed, say, full;
};

/* ---- names ------------------------------------------------------------------------------------------------------------------ */
static struct cell *cell(struct reach *r, uint32_t scope, struct gh_span name, bool make)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)scope * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < name.n && i < 64; i++)
		h = (h ^ name.p[i]) * 0x100000001b3u;
	for (size_t at = (size_t)(h ^ h >> 29);; at++) {
		struct cell *c = &r->cell[at & r->mask];
		if (c->used && c->scope == scope && gh_span_eq(c->name, name))
			return c;
		if (c->used)
			continue;
		if (!make)
			return NULL;
		if (2 * (r->n + 1) > r->mask) {
			r->full = true;
			return NULL;
		}
		r->n++;
		*c = (struct cell){ .name = name, .scope = scope, .used = true };
		return c;
	}
}

static struct cell *find(struct reach *r, uint32_t scope, struct gh_span name)
{
	for (unsigned k = 0; k < UP_MAX; k++, scope = r->t->scope[scope].up) {
		struct cell *c = cell(r, scope, name, false);
		if (c != NULL && c->alias == 'g' && scope != 0)
			return cell(r, 0, name, false);
		if (c != NULL && c->alias != 'n')
			return c;
		if (scope == 0)
			break;
	}
	return NULL;
}

static void add(struct reach *r, uint8_t *to, uint8_t bits)
{
	if ((*to | bits) != *to) {
		*to |= bits;
		r->changed = true;
	}
}

static bool of_self(const struct reach *r, uint32_t i)
{
	const struct gh_pyn *n = node(r->l, i);
	return n->kind == GH_PYN_NAME && (gh_span_is(n->text, "self") || gh_span_is(n->text, "cls"));
}

/* The names that are bound when `target` is given a value; make: note that they exist. */
static void bind(struct reach *r, uint32_t target, uint32_t scope, uint8_t bits, bool make)
{
	uint32_t todo[DEEP];
	unsigned n = 0;
	todo[n++] = target;
	while (n != 0) {
		const struct gh_pyn *x = node(r->l, todo[--n]);
		struct cell *c = NULL;
		if (x->kind == GH_PYN_NAME)
			c = make ? cell(r, scope, x->text, true) : find(r, scope, x->text);
		else if (x->kind == GH_PYN_ATTR && of_self(r, x->a))
			c = cell(r, OF_ATTRIBUTES, x->text, make);
		else if ((x->kind == GH_PYN_SUBSCR || x->kind == GH_PYN_STAR || x->kind == GH_PYN_ATTR) && n < DEEP)
			todo[n++] = x->a;
		else if (x->kind == GH_PYN_TUPLE || x->kind == GH_PYN_LIST)
			for (uint32_t k = 0; k < x->nkids; k++) {
				if (n == DEEP) {
					r->full = true;
					break;
				}
				todo[n++] = r->t->kid[x->kids + k];
			}
		if (c != NULL)
			add(r, &c->bits, bits);
	}
}

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
static uint8_t bits_of(const struct reach *r, uint32_t i) { return i < r->t->n ? r->l->reach[i] : 0; }

/* Is it written there, and nothing else? */
static bool literal(const struct reach *r, uint32_t i)
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

static uint8_t name_bits(struct reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint8_t bits = 0;
	struct cell *c = find(r, r->l->scope[i], n->text);
	if (c != NULL)
		bits |= c->bits;
	if (c != NULL && c->scope != 0)
		return bits;
	for (unsigned k = 0; k < 4; k++)
		bits |= imported(pyc_imported(r->l->names, n->text, k));
	return bits;
}

static uint8_t attr_bits(struct reach *r, const struct gh_pyn *n)
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
	struct cell *c = of_self(r, n->a) ? cell(r, OF_ATTRIBUTES, n->text, false) : NULL;
	return c == NULL ? bits : bits | c->bits;
}

/* ---- calls ------------------------------------------------------------------------------------------------------------------ */
static void tell(struct reach *r, uint32_t at, const char *why)
{
	const struct gh_pyn *n = node(r->l, at);
	struct gh_span name = n->kind == GH_PYN_CALL ? node(r->l, n->a)->text : n->text;
	if (r->say)
		pyc_mention(r->l, GH_PYC_ODD, at, name.n == 0 ? GH_SPAN("getattr") : name, why);
}

static uint8_t fetched(struct reach *r, uint32_t call, uint32_t of, uint32_t name, uint32_t other)
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
static void enter(struct reach *r, uint32_t scope, uint32_t call, bool method, uint8_t given)
{
	const struct gh_pyn *d = node(r->l, r->def[scope]), *c = node(r->l, call);
	uint8_t starred = given;
	for (uint32_t k = 0; k < c->nkids && given == 0; k++) {
		uint32_t arg = r->t->kid[c->kids + k];
		if (node(r->l, arg)->kind == GH_PYN_STAR || node(r->l, arg)->kind == GH_PYN_DSTAR)
			starred |= bits_of(r, arg);
	}
	uint32_t at = 0;
	for (uint32_t k = 0; k < d->nkids; k++) {
		const struct gh_pyn *p = node(r->l, r->t->kid[d->kids + k]);
		struct cell *to = cell(r, scope, p->text, false);
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
			add(r, &to->bits, bits);
	}
}

static uint8_t own_function(struct reach *r, uint32_t call, struct gh_span name, bool attr)
{
	struct cell *f = cell(r, OF_FUNCTIONS, name, false);
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
static uint8_t handed_functions(struct reach *r, uint32_t call, uint8_t all)
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
		struct cell *f = a->kind == GH_PYN_NAME || a->kind == GH_PYN_ATTR
					 ? cell(r, OF_FUNCTIONS, a->text, false)
					 : NULL;
		for (uint32_t s = f == NULL ? 0 : f->first, i = 0; s != 0 && i < DEEP; s = r->same[s - 1], i++) {
			enter(r, s - 1, call, false, all | r->back[s - 1]);
			out |= r->back[s - 1];
		}
	}
	return out;
}

static uint8_t other_call(struct reach *r, uint32_t i, const struct gh_pyn *n, const struct gh_pyn *f, uint8_t all)
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
		bind(r, f->a, r->l->scope[i], all & (uint8_t)~PYC_AT_CONFIG, false);
	return bits;
}

static uint8_t call_bits(struct reach *r, uint32_t i, const struct gh_pyn *n)
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
static uint8_t together(const struct reach *r, const struct gh_pyn *n)
{
	uint8_t bits = 0;
	for (uint32_t k = 0; k < n->nkids; k++)
		bits |= bits_of(r, r->t->kid[n->kids + k]);
	return bits;
}

static void parameters(struct reach *r, const struct gh_pyn *n)
{
	for (uint32_t k = 0; k < n->nkids; k++) {
		const struct gh_pyn *p = node(r->l, r->t->kid[n->kids + k]);
		struct cell *c = p->kind == GH_PYN_PARAM ? cell(r, n->scope, p->text, false) : NULL;
		if (c != NULL && p->a != GH_PYN_NIL)
			add(r, &c->bits, bits_of(r, p->a));
	}
}

/* `case C(name=x)` reads the attribute `name` of what is matched. */
static void pattern(struct reach *r, uint32_t i, const struct gh_pyn *n)
{
	if ((r->subject & (PYC_AT_ROOT | PYC_AT_HOP)) == 0)
		return;
	tell(r, i, "an attribute of a module, by a pattern");
	bind(r, n->a, r->l->scope[i], PYC_AT_HOP | PYC_AT_ANY, false);
}

static uint8_t step(struct reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint32_t scope = r->l->scope[i];
	struct cell *c;
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
		if ((c = find(r, scope, n->text)) != NULL)
			add(r, &c->bits, bits_of(r, n->a));
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
	case GH_PYN_RETURN: add(r, &r->back[scope], bits_of(r, n->a)); return 0;
	case GH_PYN_LAMBDA: add(r, &r->back[n->scope], bits_of(r, n->a)); return 0;
	case GH_PYN_LAMBDA_BEGIN:
	case GH_PYN_DEF: parameters(r, n); return 0;
	case GH_PYN_ASSIGN:
	case GH_PYN_AUG:
	case GH_PYN_FOR:
	case GH_PYN_COMP_FOR: bind(r, n->a, scope, bits_of(r, n->b), false); return 0;
	case GH_PYN_AS: bind(r, n->b, scope, bits_of(r, n->a), false); return bits_of(r, n->a);
	default: return 0;
	}
}

static void function(struct reach *r, struct gh_span name, uint32_t scope)
{
	struct cell *f = cell(r, OF_FUNCTIONS, name, true);
	if (f == NULL || f->first == scope + 1)
		return;
	r->same[scope] = f->first;
	f->first = scope + 1;
}

static void declare(struct reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint32_t scope = r->l->scope[i];
	struct cell *c = NULL;
	switch (n->kind) {
	case GH_PYN_GLOBAL:
		if (scope != 0 && (c = cell(r, scope, n->text, true)) != NULL)
			c->alias = n->op;
		if (n->op == 'g')
			(void)cell(r, 0, n->text, true);
		return;
	case GH_PYN_WALRUS: (void)cell(r, scope, n->text, true); return;
	case GH_PYN_DEF:
	case GH_PYN_LAMBDA_BEGIN:
		r->def[n->scope] = i;
		for (uint32_t k = 0; k < n->nkids; k++)
			if (node(r->l, r->t->kid[n->kids + k])->kind == GH_PYN_PARAM)
				(void)cell(r, n->scope, node(r->l, r->t->kid[n->kids + k])->text, true);
		if (n->kind == GH_PYN_DEF)
			function(r, n->text, n->scope);
		return;
	case GH_PYN_ASSIGN: {
		const struct gh_pyn *to = node(r->l, n->a), *v = node(r->l, n->b);
		if (v->kind == GH_PYN_LAMBDA && (to->kind == GH_PYN_NAME || to->kind == GH_PYN_ATTR))
			function(r, to->text, v->scope);
		bind(r, n->a, scope, 0, true);
		return;
	}
	case GH_PYN_AUG:
	case GH_PYN_FOR:
	case GH_PYN_COMP_FOR: bind(r, n->a, scope, 0, true); return;
	case GH_PYN_AS: bind(r, n->b, scope, 0, true); return;
	case GH_PYN_KWARG:
		if ((n->flags & GH_PYN_PATTERN) != 0)
			bind(r, n->a, scope, 0, true);
		return;
	case GH_PYN_FROM: /* of a file beside this one */
		for (uint32_t k = 0; n->text.n != 0 && n->text.p[0] == '.' && k < n->nkids; k++) {
			const struct gh_pyn *m = node(r->l, r->t->kid[n->kids + k]);
			struct gh_span as = m->as.n != 0 ? m->as : m->text;
			bool type = as.n != 0 && as.p[0] >= 'A' && as.p[0] <= 'Z';
			if ((c = cell(r, scope, as, true)) != NULL)
				c->bits |= PYC_AT_BESIDE | (type ? 0 : PYC_AT_ROOT);
		}
		return;
	default: return;
	}
}

/* Targets are counted by what binds them. */
static size_t room(const struct look *l)
{
	size_t n = 64;
	for (size_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *x = &l->t->node[i];
		bool list = x->kind == GH_PYN_TUPLE || x->kind == GH_PYN_LIST;
		if (x->kind >= GH_PYN_EXPR || x->kind == GH_PYN_PARAM || x->kind == GH_PYN_WALRUS ||
		    x->kind == GH_PYN_AS || x->kind == GH_PYN_COMP_FOR || x->kind == GH_PYN_KWARG ||
		    (list && (l->state[i] & ST_STORED) != 0))
			n += 2 + x->nkids;
	}
	return n;
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
	struct reach r = { .l = l, .t = l->t };
	size_t want = 128;
	l->reach = GH_NEW(a, uint8_t, l->t->n + 1);
	if (l->reach == NULL)
		return GH_E_LIMIT;
	if (!makes_names(l))
		return GH_OK;
	for (size_t n = room(l); want < 2 * n;)
		want *= 2;
	r.cell = GH_NEW(a, struct cell, want);
	r.mask = want - 1;
	r.def = GH_NEW(a, uint32_t, l->t->nscope + 1);
	r.same = GH_NEW(a, uint32_t, l->t->nscope + 1);
	r.back = GH_NEW(a, uint8_t, l->t->nscope + 1);
	if (r.cell == NULL || r.def == NULL || r.same == NULL || r.back == NULL)
		return GH_E_LIMIT;
	for (uint32_t i = 0; i < l->t->n; i++)
		declare(&r, i, &l->t->node[i]);
	r.changed = true;
	for (unsigned pass = 0; r.changed || !r.say; pass++) {
		if (pass == PASSES)
			return GH_E_LIMIT;
		r.say = !r.changed; /* the last one tells */
		r.changed = false;
		for (uint32_t i = 0; i < l->t->n; i++) {
			const struct gh_pyn *n = &l->t->node[i];
			add(&r, &l->reach[i], step(&r, i, n));
			if ((n->flags & GH_PYN_SUBJECT) != 0)
				add(&r, &r.subject, l->reach[i]);
		}
	}
	return r.full ? GH_E_LIMIT : GH_OK;
}

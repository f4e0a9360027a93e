/* pymention_int.h - between pymention.c (names, words, texts, company) and pychain.c (what is done with modules). */
#ifndef GH_CHECK_PYMENTION_INT_H
#define GH_CHECK_PYMENTION_INT_H
#include "check/pymention.h"

enum { ST_STORED = 1, ST_SAID = 2, ST_ANNOUNCED = 4 };

/* pyreach.c: what a value may be. */
enum pyc_at {
	PYC_AT_ROOT = 1,    /* of an import: a module, or what is in one, but no class */
	PYC_AT_HOP = 2,	    /* an attribute of such a thing, by a name made at run time */
	PYC_AT_ANY = 4,	    /* an attribute of anything, by a name made at run time */
	PYC_AT_CONFIG = 8,  /* out of a configuration */
	PYC_AT_GETTER = 16, /* a function that gets attributes by names made at run time */
	PYC_AT_BROAD = 32,  /* ROOT or HOP: of a library that also reads files, loads code or fetches */
	PYC_AT_BESIDE = 64, /* of another file of the same package */
	PYC_AT_MODULE = 128 /* a module for sure */
};

struct look {
	struct pyc *c;
	const struct gh_pytree *t;
	const struct gh_pyseen *seen;
	uint32_t *up;	 /* per node: the node that uses it, or NIL */
	uint32_t *scope; /* per node */
	uint8_t *state;
	uint8_t *reach; /* per node: enum pyc_at */
	struct pyc_names *names;
	bool runs_texts;	    /* something is mentioned that makes code of a text */
	bool resolves;		    /* … or finds a function by its name */
	bool power_lost;	    /* a module with powers is used as a value */
	uint32_t lost_at, power_at; /* and a function named like one of its powers is called */
	uint32_t write_at, save_at, delete_at, place_at, home_at, walk_at;
};

static inline const struct gh_pyn *node(const struct look *l, uint32_t i)
{
	static const struct gh_pyn none = { .kind = GH_PYN_NOP };
	return i < l->t->n ? &l->t->node[i] : &none;
}

/* When a node is evaluated at the worst. One that never was may be at any time. */
static inline enum gh_pywhere when(const struct look *l, uint32_t i)
{
	uint8_t w = l->seen->when == NULL ? 0 : l->seen->when[i];
	return w == 0 ? l->scope[i] == 0 ? GH_PYW_IMPORT : GH_PYW_FUNC : (enum gh_pywhere)(w - 1);
}

static inline struct gh_pyv value(const struct look *l, uint32_t i)
{
	if (l->seen->val == NULL || i >= l->t->n)
		return (struct gh_pyv){ .kind = GH_PYV_UNKNOWN };
	struct gh_pyv v = l->seen->val[i];
	return v.kind == GH_PYV_ALT && v.n != 0 ? v.v[0] : v;
}
static inline bool known_text(const struct look *l, uint32_t i)
{
	struct gh_pyv v = value(l, i);
	return v.kind == GH_PYV_STR || v.kind == GH_PYV_BYTES;
}

/* A finding at a node, unless that place has one. */
void pyc_mention(struct look *l, enum gh_pycode_rule rule, uint32_t at, struct gh_span what, const char *why);

static inline bool called(const struct look *l, uint32_t i)
{
	const struct gh_pyn *u = node(l, l->up[i]);
	return u->kind == GH_PYN_CALL && u->a == i;
}
/* The call that it is the k-th argument of; NIL: it is none. */
static inline uint32_t argument_of(const struct look *l, uint32_t i)
{
	uint32_t u = l->up[i];
	if (node(l, u)->kind == GH_PYN_KWARG)
		u = l->up[u];
	return u != GH_PYN_NIL && node(l, u)->kind == GH_PYN_CALL && node(l, u)->a != i ? u : GH_PYN_NIL;
}
static inline bool calls_name(const struct look *l, uint32_t call, const char *name)
{
	const struct gh_pyn *f = node(l, node(l, call)->a);
	return f->kind == GH_PYN_NAME && gh_span_is(f->text, name);
}

/* Places where a value is only looked at. */
static inline bool only_looked_at(const struct look *l, uint32_t i)
{
	uint32_t call = argument_of(l, i);
	if (call != GH_PYN_NIL)
		return calls_name(l, call, "hasattr") || calls_name(l, call, "isinstance") ||
		       calls_name(l, call, "issubclass") || calls_name(l, call, "callable") ||
		       calls_name(l, call, "repr") || calls_name(l, call, "id") || calls_name(l, call, "type");
	const struct gh_pyn *u = node(l, l->up[i]);
	return u->kind == GH_PYN_COMPARE || u->kind == GH_PYN_DEL || u->kind == GH_PYN_EXPR ||
	       (u->kind == GH_PYN_UNARY && u->op == '!');
}

static inline bool imported_head(struct look *l, uint32_t i)
{
	while (node(l, i)->kind == GH_PYN_ATTR)
		i = node(l, i)->a;
	const struct gh_pyn *n = node(l, i);
	return n->kind == GH_PYN_NAME && pyc_imported(l->names, n->text, 0).n != 0 &&
	       !pyc_own_name(l->names, l->scope[i], n->text);
}

static inline uint32_t nth(const struct look *l, uint32_t call, unsigned k)
{
	const struct gh_pyn *n = node(l, call);
	uint32_t arg = k < n->nkids ? l->t->kid[n->kids + k] : GH_PYN_NIL;
	uint8_t kind = node(l, arg)->kind;
	return kind == GH_PYN_KWARG || kind == GH_PYN_STAR || kind == GH_PYN_DSTAR ? GH_PYN_NIL : arg;
}

/* `sys.modules[__name__]`: the text's own names. */
static inline bool own_module(const struct look *l, uint32_t i)
{
	const struct gh_pyn *n = node(l, i);
	return n->kind == GH_PYN_SUBSCR && gh_span_is(node(l, n->b)->text, "__name__");
}

/* The later of two places, by when they run at the worst. */
static inline uint32_t worse(const struct look *l, uint32_t had, uint32_t at)
{
	return had == GH_PYN_NIL || when(l, at) > when(l, had) ? at : had;
}

/* pyargs.c: what the arguments of a call say, whatever is called. */
void pyc_arguments(struct look *l, uint32_t call);
/* An option that says where a trainer, logger or saver puts its results, set to the value at a node. */
void pyc_option_place(struct look *l, uint32_t at, struct gh_span option, uint32_t set_to);
/* An option `name` that lets others' code run, set to the value at a node; `at`: where it stands. */
void pyc_consent(struct look *l, uint32_t at, struct gh_span name, uint32_t set_to);

/* pyreach.c: fills reach, tells of attributes that are reached by more than one name made at run time. */
enum gh_rc pyc_reach(struct look *l, struct gh_arena *a);

/* pychain.c: a chain of attributes whose head stands for the module or function `base`. */
void pyc_chain(struct look *l, uint32_t head, struct gh_span base);
/* A function with powers, anything but called by its name; `path` ends at node `at`. */
void pyc_handed_on(struct look *l, uint32_t at, struct gh_span path, enum gh_pycap cap);
#endif

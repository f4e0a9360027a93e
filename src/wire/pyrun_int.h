/* pyrun_int.h - between pyrun.c (the walk), pyenv.c (names), pycall.c (calls), pyfold.c (operators and methods of constants),
 * pycodec.c (decoders) and pybuiltin.c (functions that reach names). */
#ifndef GH_WIRE_PYRUN_INT_H
#define GH_WIRE_PYRUN_INT_H
#include "wire/pyrun.h"

enum {
	PYR_FRAMES = 24,
	PYR_SCOPES = 420,
	PYR_ARGS = 64,
	PYR_ITEMS = 8192,	/* of one unrolled loop */
	PYR_TEXT = 1 << 20,	/* of one computed string */
	PYR_FOLDED = 8 << 20,	/* of all */
	PYR_LOOKED = 128 << 20, /* bytes and items that may be searched */
	PYR_PATH = 200,
	PYR_BINDS = 1 << 18,
	PYR_ITEM_SCOPE = 0xfffffff0u, /* what was stored by subscription */
	PYR_ATTR_SCOPE,		      /* as an attribute of something unknown */
};

struct pyr_bind {
	uint32_t scope;
	uint64_t hash;
	struct gh_span name;
	bool used, redirect; /* redirect: `global` or `nonlocal`: to the scope in cur.idx */
	uint8_t nalt;
	struct gh_pyv cur, *alt; /* room for GH_PYV_ALTS, made with the first */
	struct gh_pyv *view;	 /* what pyr_get hands out when there are several */
};

enum pyr_frame_kind { PYR_F_CALL, PYR_F_COMP, PYR_F_LOOP };
struct pyr_frame {
	uint8_t kind;
	uint32_t pc, end; /* where to go on afterwards; where this one ends */
	uint32_t node;	  /* that gets the result */
	uint32_t fn;	  /* CALL: scope */
	uint32_t first;	  /* COMP, LOOP: first node of the body */
	uint32_t target;
	struct gh_pyv items, ret;
	struct gh_pyv *out;
	uint32_t i, n;
	uint32_t scope;
	unsigned height;
	uint8_t where;
};

struct pyr {
	const struct gh_pytree *t;
	const struct gh_pyhost *h;
	struct gh_arena *a;
	struct gh_pyv *val;
	struct pyr_bind *bind;
	size_t nbind, capbind; /* capbind: a power of two */
	uint8_t *when;	       /* per node */
	uint8_t *fnwhere;      /* per scope */
	uint32_t *owner;       /* per scope: of a method, its class's scope + 1 */
	struct pyr_frame frame[PYR_FRAMES];
	unsigned nframe;
	struct {
		uint32_t scope;
		uint8_t where, kind;
	} up[PYR_SCOPES];
	unsigned nup;
	uint32_t scope, pc;
	uint8_t where;
	uint64_t work, folded, looked;
	struct gh_span star[64]; /* modules imported with * */
	unsigned nstar;
	bool full, named_main;
	uint32_t node; /* being evaluated */
};

/* ---- values */
static inline struct gh_pyv pyr_unknown(struct pyr *r, uint32_t flags)
{
	return (struct gh_pyv){ .kind = GH_PYV_UNKNOWN, .flags = flags, .origin = r->node };
}
static inline struct gh_pyv pyr_int(int64_t i) { return (struct gh_pyv){ .kind = GH_PYV_INT, .i = i }; }
struct gh_pyv pyr_text(enum gh_pyv_kind kind, struct gh_span s, uint32_t flags);
struct gh_pyv pyr_ref(struct pyr *r, struct gh_span path, uint32_t flags);
/* Room for a computed string; NULL when there is none left. */
uint8_t *pyr_room(struct pyr *r, size_t n);
struct gh_pyv *pyr_values(struct pyr *r, size_t n);
/* May n more bytes or items be looked through? */
bool pyr_afford(struct pyr *r, size_t n);
/* The likeliest of alternatives, with the marks of all. */
struct gh_pyv pyr_one(struct gh_pyv v);
/* Marks of a value and, to some depth, of what it holds. */
uint32_t pyr_flags(struct gh_pyv v);
bool pyr_callable(struct gh_pyv v);
struct gh_pyv pyr_alt(struct pyr *r, struct gh_pyv a, struct gh_pyv b);
static inline bool pyr_is_text(struct gh_pyv v) { return v.kind == GH_PYV_STR || v.kind == GH_PYV_BYTES; }
static inline bool pyr_is(struct gh_pyv v, const char *path)
{
	return v.kind == GH_PYV_REF && gh_span_is(gh_pyv_text(v), path);
}
struct gh_pyv pyr_node_val(struct pyr *r, uint32_t node);

/* ---- names: pyenv.c */
void pyr_set(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv v);
/* A parameter: the old value is forgotten, but for callables. */
void pyr_set_param(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv v);
void pyr_redirect(struct pyr *r, uint32_t scope, struct gh_span name, uint32_t to);
bool pyr_get(struct pyr *r, uint32_t scope, struct gh_span name, struct gh_pyv *v);
struct gh_pyv pyr_name(struct pyr *r, uint32_t scope, struct gh_span name);
struct gh_pyv pyr_attr(struct pyr *r, struct gh_pyv of, struct gh_span name, uint32_t flags);
struct gh_pyv pyr_item(struct pyr *r, struct gh_pyv of, struct gh_pyv key);
struct gh_pyv pyr_module(struct pyr *r, struct gh_span name, uint32_t flags);
void pyr_store(struct pyr *r, uint32_t target, struct gh_pyv v);

/* ---- calls: pycall.c */
/* Calls `callee`; the value, or *later = true when it comes at the end of a frame that was opened for `node`. */
struct gh_pyv pyr_call(struct pyr *r, struct gh_pyv callee, const struct gh_pyv *arg, unsigned narg,
		       const struct gh_pykw *kw, unsigned nkw, enum gh_pyhow how, bool *later);
struct gh_pyv pyr_call_node(struct pyr *r, const struct gh_pyn *n, bool *later);
void pyr_given(struct pyr *r, struct gh_pyv v);

/* ---- pyfold.c, pycodec.c, pybuiltin.c: false when nothing is known of the result */
bool pyr_binary(struct pyr *r, uint8_t op, struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out);
bool pyr_slice(struct pyr *r, struct gh_pyv of, const struct gh_pyv *part, unsigned n, struct gh_pyv *out);
bool pyr_method(struct pyr *r, struct gh_pyv self, struct gh_span name, const struct gh_pyv *arg, unsigned narg,
		struct gh_pyv *out);
/* The items a value has when iterated; false when unknown. */
bool pyr_items(struct pyr *r, struct gh_pyv v, const struct gh_pyv **items, uint32_t *n);
bool pyr_codec(struct pyr *r, struct gh_span path, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out);
bool pyr_named_codec(struct pyr *r, struct gh_span codec, bool encode, struct gh_pyv in, struct gh_pyv *out);
bool pyr_builtin(struct pyr *r, struct gh_span path, uint32_t flags, const struct gh_pyv *arg, unsigned narg,
		 const struct gh_pykw *kw, unsigned nkw, struct gh_pyv *out);
bool pyr_is_builtin(struct gh_span name);
#endif

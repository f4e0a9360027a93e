/* calls_args.h - constraints: may this callable be used with these arguments, this state, these items?
 *
 * A constraint answers NULL for yes, else a short static text that ends the sentence "… : ". It sees abstract values
 * only, so everything it cannot see (UNKNOWN, items beyond GH_VAL_KEPT) must make it say no. It recurses only to a
 * fixed depth and looks at a bounded number of values. The names are listed in GH_CONSTRAINTS (ruledata.h). */
#ifndef GH_CHECK_CALLS_ARGS_H
#define GH_CHECK_CALLS_ARGS_H
#include "check/ruledata.h"
#include "format/value.h"

struct gh_use_case {
	struct gh_heap *heap;
	gh_val target; /* BUILD, SETITEM, APPEND, ADD: the instance; else the callable */
	gh_val args;   /* as in struct gh_call */
	gh_val kwargs;
	enum gh_use use;
	const struct gh_allow_row *row;
	const char **doubt; /* where gh_doubt() leaves its reason; NULL: nobody asks */
	unsigned depth;	    /* of calls within calls: a factory that is handed another function and its arguments */
};

typedef const char *gh_args_fn(const struct gh_use_case *);
#define GH_ARGS_DECLARE(name) gh_args_fn gh_args_##name;
GH_CONSTRAINTS(GH_ARGS_DECLARE)
#undef GH_ARGS_DECLARE

/* Is this use permitted by u->row? NULL, or why not. Applies the constraint of the row for u->use. */
const char *gh_use_permitted(const struct gh_use_case *u);

/* ---- what constraints are made of ----------------------------------------------------------------------------- */
/* The number of arguments, or -1 when they are not a tuple that can be seen whole. */
int gh_argc(const struct gh_use_case *u);
static inline gh_val gh_arg(const struct gh_use_case *u, unsigned i) { return gh_val_item(u->heap, u->args, i); }
/* The row of an imported object; NULL when v is not a GLOBAL or not on the list. */
const struct gh_allow_row *gh_row_of(struct gh_heap *h, gh_val v);
/* The row of the class of an OBJECT made by a listed callable, through factories such as copyreg._reconstructor. */
const struct gh_allow_row *gh_class_of(struct gh_heap *h, gh_val v);
bool gh_row_uses(const struct gh_allow_row *r, enum gh_use use);
bool gh_row_is(const struct gh_allow_row *r, const char *module, const char *name);
/* The row of the callee of an OBJECT: what was called to make it. */
const struct gh_allow_row *gh_maker_of(struct gh_heap *h, gh_val v);
/* The row of something that is called: an import, getattr(Class, 'name') of a listed name, or a class that an old
 * checkpoint names by a persistent id. NULL: anything else. */
const struct gh_allow_row *gh_callable_of(struct gh_heap *h, gh_val v);
/* The row that getattr(*args) stands for; NULL when that is not listed. */
const struct gh_allow_row *gh_attr_row(struct gh_heap *h, gh_val args);
/* Bytes, by _codecs.encode(text, 'latin1'). */
bool gh_is_encoded(struct gh_heap *h, gh_val v);
bool gh_is_global(struct gh_heap *h, gh_val v, const char *module, const char *name);
/* Literals only, to a depth of 6 and at most 512 values. */
bool gh_is_plain(struct gh_heap *h, gh_val v);
/* An integer, also one held by a NumPy scalar's place: no; only INT and BOOL. False when negative. */
bool gh_is_count(struct gh_heap *h, gh_val v, uint64_t *out);
bool gh_is_text(struct gh_heap *h, gh_val v); /* STR, or BYTES as Python 2 wrote them */
/* text(v) equals one of the words (NULL at the end)? */
bool gh_is_word(struct gh_heap *h, gh_val v, const char *const *words);
/* The use is permitted as far as can be told, but a person has to look: REVIEW with this reason. */
void gh_doubt(const struct gh_use_case *u, const char *why);

/* ---- names (calls_names.c) ------------------------------------------------------------------------------------ */
enum gh_key {
	GH_KEY_TEXT,	/* equal to this text */
	GH_KEY_OTHER,	/* equal to no text */
	GH_KEY_UNKNOWN, /* cannot be known */
};
enum { GH_NAME_MAX = 256 };
/* Which text, of at most GH_NAME_MAX bytes, is this key equal to? Characters that are not ASCII may come as 0xff. *text
 * may lie in room. */
enum gh_key gh_key_text(struct gh_heap *h, gh_val key, uint8_t room[GH_NAME_MAX], struct gh_span *text);
/* A DICT that can be seen whole, and each key a plain STR: gh_val_get() then tells what the loader would find. */
bool gh_keys_are_text(struct gh_heap *h, gh_val dict);
/* Is this name harmless as that of an attribute? */
bool gh_name_ok(struct gh_span name);
/* Would something callable under this name replace a method? */
bool gh_name_replaces(struct gh_span name);

/* ---- what is held (calls_hold.c) ------------------------------------------------------------------------------ */
bool gh_row_is_a(const struct gh_allow_row *r, enum gh_is what);
bool gh_row_is_layer(const struct gh_allow_row *r);	/* a torch.nn.Module */
bool gh_row_is_estimator(const struct gh_allow_row *r); /* of scikit-learn or a library like it */
bool gh_row_holds(const struct gh_allow_row *r, struct gh_span attribute);
/* NULL when the attributes of a state dictionary have harmless names, and hold nothing that can be called but where the
 * rule says so. data: and nothing but data. */
const char *gh_attrs_bad(const struct gh_use_case *u, gh_val state, bool data);
const char *gh_attr_bad(const struct gh_use_case *u, gh_val key, gh_val v);
/* NULL for what the code of libraries may touch: literals, arrays, types, containers of them, and instances that
 * answer only for themselves. */
const char *gh_data_bad(const struct gh_use_case *u, gh_val v);
/* NULL for what may be an element of an array of objects. */
const char *gh_elements_bad(const struct gh_use_case *u, gh_val list);
/* NULL when hashing and comparing v runs no code that the stream could have prepared. */
const char *gh_key_bad(const struct gh_use_case *u, gh_val v);
bool gh_torch_is_tensor(struct gh_heap *h, gh_val v);
#endif

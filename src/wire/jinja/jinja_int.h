/* jinja_int.h - the parts of the evaluator. Inside of src/wire/jinja only. */
#ifndef GH_WIRE_JINJA_JINJA_INT_H
#define GH_WIRE_JINJA_JINJA_INT_H
#include "wire/jinja/jinja_run.h"

enum { JJ_EVAL_DEPTH = 300, JJ_VALUE_DEPTH = 40, JJ_ARGS = 64, JJ_RANGE_MAX = 100000, JJ_ITEMS_MAX = 1 << 20 };

struct gh_jvar {
	struct gh_span name;
	struct gh_jv v;
};
struct gh_jscope {
	struct gh_jscope *up;
	struct gh_jvar *var;
	size_t n, cap;
	unsigned unsure; /* run->unsure when it was made */
};

/* ---- jinja_run.c: state ---- */
static inline bool jj_watching(const struct gh_jj_run *r) { return r->watch != NULL; }
/* One more step; false when there are none left. */
bool jj_step(struct gh_jj_run *r, uint64_t n);
/* A limit: ends the run in either way. */
struct gh_jv jj_limit(struct gh_jj_run *r, const char *why);
/* An error of the template: ends rendering; when watching, an obscure value. */
struct gh_jv jj_error(struct gh_jj_run *r, const char *why);
void jj_assign(struct gh_jj_run *r, struct gh_span name, struct gh_jv v);
struct gh_jscope *jj_scope(struct gh_jj_run *r, struct gh_jscope *up);
struct gh_jv jj_object(struct gh_jj_run *r, enum gh_jv_kind kind, struct gh_span name);

/* ---- a text in the making, in the arena ---- */
struct jj_text {
	struct gh_jj_run *r;
	uint8_t *p;
	size_t n, cap;
};
void jj_put(struct jj_text *t, struct gh_span s);
static inline void jj_puts(struct jj_text *t, const char *s) { jj_put(t, gh_span_str(s)); }
static inline void jj_putc(struct jj_text *t, char c) { jj_put(t, (struct gh_span){ (const uint8_t *)&c, 1 }); }
static inline struct gh_jv jj_text_value(const struct jj_text *t) { return gh_jv_str((struct gh_span){ t->p, t->n }); }

/* Where output goes: as text for as long as all of it is known and certain. */
struct jj_capture {
	struct jj_text text;
	struct gh_jv mixed; /* what is not; kind JV_UNKNOWN once there is any */
	unsigned unsure;
	struct jj_capture *up;
};

/* ---- jinja_value.c ---- */
struct gh_jv jj_unknown(unsigned flags);
/* The result of an operation on these of which one at least is unknown: flags and hints of all of them together. */
struct gh_jv jj_mix(struct gh_jj_run *r, unsigned flags, const struct gh_jv *v, size_t n);
/* One or the other. */
struct gh_jv jj_join(struct gh_jj_run *r, struct gh_jv a, struct gh_jv b);
bool jj_truth(struct gh_jv v); /* not of unknown ones */
/* Is it, or anything in it, unknown? */
bool jj_is_unknown(struct gh_jv v);
/* Flags of all that is unknown in it. */
unsigned jj_flags(struct gh_jv v);
/* The text that constants in it spell, in order: what a hint is made of. */
struct gh_span jj_spelt(struct gh_jj_run *r, struct gh_jv v);
bool jj_order(struct gh_jv a, struct gh_jv b, int *cmp); /* false: not comparable */
/* As a list of its items; false: not iterable, or unknown. */
bool jj_items(struct gh_jj_run *r, struct gh_jv v, struct gh_jlist *out);
struct gh_jv jj_list_of(struct gh_jj_run *r, enum gh_jv_kind kind, const struct gh_jv *v, size_t n);
const char *jj_type_name(struct gh_jv v);

/* ---- jinja_text.c: text forms ---- */
void jj_put_str(struct jj_text *t, struct gh_jv v);  /* str(v) */
void jj_put_repr(struct jj_text *t, struct gh_jv v); /* repr(v) */
struct gh_jv jj_str(struct gh_jj_run *r, struct gh_jv v);
struct jj_json {
	int indent; /* -1: one line */
	bool sort_keys, ascii;
	struct gh_span item, colon; /* separators; p NULL: the usual ones */
};
void jj_put_json(struct jj_text *t, struct gh_jv v, const struct jj_json *o);
size_t jj_chars(struct gh_span s);
/* Characters [from, to) of s. */
struct gh_span jj_char_range(struct gh_span s, size_t from, size_t to);
/* Python's formatting of one value: %spec or {:spec}. */
struct gh_jv jj_percent(struct gh_jj_run *r, struct gh_span fmt, struct gh_jv arg);
struct gh_jv jj_format(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span fmt, const struct gh_jv *arg,
		       size_t n, const struct gh_jdict *kw);

/* ---- arguments of a call ---- */
struct jj_args {
	struct gh_jv v[JJ_ARGS];
	size_t n;
	struct gh_jdict *kw; /* NULL: none */
};
/* The i-th argument, or the keyword of that name, or `otherwise`. */
struct gh_jv jj_arg(const struct jj_args *a, size_t i, const char *name, struct gh_jv otherwise);
bool jj_any_unknown(const struct jj_args *a);
struct gh_jv jj_mix_args(struct gh_jj_run *r, unsigned flags, struct gh_jv self, const struct jj_args *a);

/* ---- jinja_expr_run.c, jinja_ops.c ---- */
struct gh_jv jj_eval(struct gh_jj_run *r, const struct gh_jj_node *n);
struct gh_jv jj_binary(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_op op, struct gh_jv a,
		       struct gh_jv b);
struct gh_jv jj_compare(struct gh_jj_run *r, enum gh_jj_op op, struct gh_jv a, struct gh_jv b);
struct gh_jv jj_getattr(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
			struct gh_jv name);
struct gh_jv jj_getitem(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv obj, struct gh_jv key);
struct gh_jv jj_slice(struct gh_jj_run *r, struct gh_jv obj, struct gh_jv start, struct gh_jv stop, struct gh_jv step);
struct gh_jv jj_call(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv callee, struct jj_args *a);
/* ---- jinja_cost.c: numbers that decide how much memory or time an operation takes ---- */
enum {
	JJ_WIDTH_MAX = 4096,
	JJ_DIGITS_MAX = 1000,
	JJ_PARTS_MAX = 9999,
	JJ_OUTPUT_MAX = 64 << 20,
	JJ_TURNS_MAX = 1000000000
};
/* True, and the watcher is told, when n is above max in size or is not known and may be anything. */
bool jj_costs(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv n, int64_t max);
/* The same for the arguments of a method or filter of that name. */
bool jj_costs_call(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv self,
		   const struct jj_args *a, bool filter);
/* The same for the widths and precisions of a format: a text, or the hint of one. */
bool jj_costs_format(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv fmt, const struct gh_jv *arg,
		     size_t n, const struct gh_jdict *kw);
/* a ** b; false: not computable in reasonable time. */
bool jj_costs_power(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv a, struct gh_jv b);

/* Told by whoever gives v only under a condition with these flags. */
void jj_only_if(struct gh_jj_run *r, const struct gh_jj_node *at, unsigned flags, struct gh_jv v);

/* ---- jinja_methods.c, jinja_globals.c, jinja_filters.c, jinja_tests.c ---- */
bool jj_has_method(struct gh_jv obj, struct gh_span name);
struct gh_jv jj_method(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv self, struct gh_span name,
		       struct jj_args *a);
/* A global function by that name; kind JV_UNDEFINED: none. */
struct gh_jv jj_global(struct gh_jj_run *r, struct gh_span name);
struct gh_jv jj_call_global(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv f, struct jj_args *a);
bool jj_is_filter(struct gh_span name);
struct gh_jv jj_filter(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv v,
		       struct jj_args *a);
bool jj_is_test(struct gh_span name);
struct gh_jv jj_test(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv v,
		     struct jj_args *a);
/* Several of them, for methods and filters alike. */
struct gh_jv jj_strip(struct gh_jv s, struct gh_jv chars, bool left, bool right);
struct gh_jv jj_case(struct gh_jj_run *r, struct gh_span s, char how);
struct gh_jv jj_replace(struct gh_jj_run *r, struct gh_span s, struct gh_span from, struct gh_span to, int64_t count);
struct gh_jv jj_joined(struct gh_jj_run *r, struct gh_span sep, const struct gh_jlist *l, bool strict);

/* Markup or words: what a comparison of a message with this text tells (JU_WORD, JU_MARK, or 0 for an empty one). */
unsigned jj_trigger(struct gh_span s);
/* What is told by the result when v chooses one thing among several: as a key, an index, the end of a slice. */
unsigned jj_tells(struct gh_jv v);
/* Tell the watcher that each constant text in these items comes out only for some requests. */
void jj_one_of(struct gh_jj_run *r, const struct gh_jj_node *at, unsigned flags, const struct gh_jv *v, size_t n);
/* sep between pieces of a message that was split at words: told as rewriting. */
void jj_rejoined(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv pieces, struct gh_jv sep);
/* A condition: 1 or 0, or -1 with its flags when it is not known. */
int jj_condition(struct gh_jj_run *r, struct gh_jv v, unsigned *flags);

/* ---- jinja_run.c ---- */
struct gh_jv jj_call_macro(struct gh_jj_run *r, struct gh_jv macro, struct jj_args *a);
#endif

/* jinja_run.h - a bounded evaluator of templates, with values of its own, that behaves like jinja2 3.1 in the sandbox that
 * chat templates are rendered in (transformers: ImmutableSandboxedEnvironment with tojson, strftime_now, raise_exception).
 *
 * It runs in one of two ways:
 *	rendering: all variables are known; the output is what jinja2 gives. For tests and for looking at a template.
 *	watching: the variables of a request are not known (JV_UNKNOWN). Whatever depends on constants alone is computed
 *	exactly, whatever depends on the request stays unknown but carries the constants that went into it (its hint);
 *	branches that depend on unknown conditions are all taken, and what they assign is joined with what was there before.
 *	A watcher is told of each access to an attribute or item, each call, each output.
 *
 * Pure and bounded: steps are counted, memory comes from the arena, recursion is limited, nothing in a template reaches
 * anything: an access to an attribute that jinja2 would forbid has no result here either. */
#ifndef GH_WIRE_JINJA_JINJA_RUN_H
#define GH_WIRE_JINJA_JINJA_RUN_H
#include "wire/jinja/jinja.h"

enum gh_jv_kind {
	JV_UNDEFINED,
	JV_NONE,
	JV_BOOL, /* i */
	JV_INT,	 /* i; Python's have no limits: a result that does not fit is an error */
	JV_FLOAT,
	JV_STR,	  /* s: UTF-8 */
	JV_BYTES, /* s */
	JV_LIST,
	JV_TUPLE,
	JV_LAZY, /* what map, select … give: a list that is no list yet */
	JV_DICT,
	JV_NAMESPACE,
	/* ---- things of the engine ---- */
	JV_FUNCTION, /* a global: range, dict … ; obj->name */
	JV_METHOD,   /* obj->self . obj->name */
	JV_MACRO,
	JV_CYCLER,
	JV_JOINER,
	JV_SELF,
	JV_LOOP,
	JV_UNKNOWN,
};

/* What is known of an unknown value. */
enum gh_jv_flag {
	JU_NUMBER = 1,	 /* a number or a boolean */
	JU_COMPUTED = 2, /* made by operations that constants of the template went into: see s, the hint */
	JU_OBSCURE =
		4, /* made of what neither the request nor a constant spells: the text form of a function, a character
			    * made from a number, the result of an operation that is not followed here */
	JU_CONTENT = 8,	      /* from what messages say */
	JU_WORD = 16,	      /* tells whether they say a certain thing, in words */
	JU_MARK = 32,	      /* the same, about markup that chat formats are made of: "</think>" */
	JU_TIME = 64,	      /* tells what the clock or chance says */
	JU_OBJECT = 128,      /* may be a thing of the engine rather than data */
	JU_CLOCK = 256,	      /* a date, or drawn by lot: compared with something it is JU_TIME */
	JU_CHOSEN = 512,      /* a number as large as whoever writes the request likes: not a length, not a count */
	JU_HUGE = 1024,	      /* a number that constants make and that 64 bits do not hold */
	JU_SPLIT = 2048,      /* pieces of what messages say, between words of the template's choice */
	JU_PLACE = 4096,      /* where in the conversation, or how long that is */
	JU_TURN = 8192,	      /* tells whether that is a certain place, beyond first, last, odd and even */
	JU_NAME = 1 << 14,    /* the name of a tool or of who speaks */
	JU_NAMED = 1 << 15,   /* tells whether it is a certain name */
	JU_MESSAGE = 1 << 16, /* from the messages, maybe what they say */
	JU_TESTS = JU_WORD | JU_MARK | JU_TIME | JU_TURN | JU_NAMED,
};

struct gh_jlist {
	struct gh_jv *v;
	size_t n, cap;
	unsigned unsure; /* see struct gh_jj_run */
};
struct gh_jdict { /* in the order of insertion */
	struct gh_jv *key, *val;
	size_t n, cap, cap_val;
	unsigned unsure;
};

struct gh_jv {
	uint8_t kind;
	uint32_t flags; /* JV_UNKNOWN */
	union {
		int64_t i;
		double f;
		struct gh_span s; /* JV_UNKNOWN: the hint: constants that went into it, in order, cut at GH_JV_HINT */
		struct gh_jlist *list;
		struct gh_jdict *dict;
		struct gh_jobj *obj;
	};
};
enum { GH_JV_HINT = 1024 };

struct gh_jobj {
	struct gh_jv self;
	struct gh_span name;
	const struct gh_jj_node *node; /* macro */
	struct gh_jscope *scope;       /* where it was defined */
	struct gh_jlist *items;	       /* cycler, joiner */
	size_t at;
	unsigned active;      /* calls of this macro that are running */
	unsigned unsure;      /* when the first of them began */
	size_t index, length; /* loop */
	struct gh_jv *around; /* loop: all items */
	bool known;
};

enum gh_jj_access { GH_JJ_DOT, GH_JJ_SUBSCRIPT, GH_JJ_BY_FILTER, GH_JJ_BY_FORMAT };

struct gh_jj_watch { /* all of them may be NULL */
	/* obj.name, obj[name], obj|attr(name), "{0.name}".format(obj). name may be unknown. */
	void (*access)(void *ctx, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
		       struct gh_jv name);
	void (*call)(void *ctx, const struct gh_jj_node *at, struct gh_jv callee, const struct gh_jv *arg, size_t n);
	/* A filter or test; known: the language has one of that name. */
	void (*filter)(void *ctx, const struct gh_jj_node *at, struct gh_span name, bool known);
	void (*output)(void *ctx, const struct gh_jj_node *at, struct gh_jv v);
	/* v is what the template gives, or stores, only if an unknown condition of these flags (JU_TESTS) holds. */
	void (*only_if)(void *ctx, const struct gh_jj_node *at, unsigned flags, struct gh_jv v);
	/* An operation whose cost is by: a number above what any template needs, or an unknown one (JU_HUGE, JU_CHOSEN). */
	void (*costs)(void *ctx, const struct gh_jj_node *at, struct gh_jv by);
	/* Text in a message is replaced. */
	void (*rewrites)(void *ctx, const struct gh_jj_node *at, struct gh_jv from, struct gh_jv to);
};

struct gh_jj_run {
	/* ---- set by the caller, the rest zero ---- */
	struct gh_arena *arena;
	struct gh_jdict *context;	 /* variables of the request; NULL when watching */
	const struct gh_jj_watch *watch; /* NULL: rendering */
	void *ctx;			 /* of the watcher */
	/* Watching: no condition is believed, also of those that are known every branch is taken. Engines differ in what is
	 * true, and this one may be wrong. */
	bool distrust;
	uint64_t max_steps;
	size_t max_out;	    /* bytes of output, and of any one text */
	struct gh_span now; /* what strftime_now gives when rendering */
	/* ---- results ---- */
	struct gh_span out;
	const char
		*err; /* static; NULL: fine. Watching goes on after errors of the template: this is only about limits */
	uint32_t err_off;
	bool limit; /* a limit was reached */
	/* ---- inside ---- */
	struct jj_capture *to; /* where output goes */
	uint64_t steps;
	unsigned depth;
	unsigned unsure; /* branches around us that may not be taken; what is older than they are is joined */
	unsigned tests;	 /* JU_TESTS of the conditions around us */
	uint64_t turns;	 /* of the loops around us, multiplied; 0: none */
	uint64_t spent;	 /* bytes of output while watching */
	struct gh_jscope *scope;
	const struct gh_jj_node *call_block; /* the call of a call block, until it is made */
	struct gh_jv caller;
	enum { JR_ON, JR_BREAK, JR_CONTINUE } flow;
};

/* Run a template that was parsed. False: run->err says why. */
bool gh_jj_run(struct gh_jj_run *run, const struct gh_jj_node *root);

/* Has any value of a template a method of that name? */
bool gh_jj_is_method(struct gh_span name);
/* Words: letters or digits, and nothing of what markup is made of. */
bool gh_jj_wordy(struct gh_span s);

/* ---- values, for contexts and watchers ---- */
static inline struct gh_jv gh_jv_str(struct gh_span s) { return (struct gh_jv){ .kind = JV_STR, .s = s }; }
static inline struct gh_jv gh_jv_int(int64_t i) { return (struct gh_jv){ .kind = JV_INT, .i = i }; }
static inline struct gh_jv gh_jv_bool(bool b) { return (struct gh_jv){ .kind = JV_BOOL, .i = b }; }
static inline struct gh_jv gh_jv_float(double f) { return (struct gh_jv){ .kind = JV_FLOAT, .f = f }; }
static inline struct gh_jv gh_jv_none(void) { return (struct gh_jv){ .kind = JV_NONE }; }
struct gh_jv gh_jv_list(struct gh_arena *a);
struct gh_jv gh_jv_dict(struct gh_arena *a);
bool gh_jv_push(struct gh_arena *a, struct gh_jlist *l, struct gh_jv v);
bool gh_jv_put(struct gh_arena *a, struct gh_jdict *d, struct gh_jv key, struct gh_jv val);
const struct gh_jv *gh_jv_get(const struct gh_jdict *d, struct gh_jv key);
bool gh_jv_equal(struct gh_jv a, struct gh_jv b);
#endif

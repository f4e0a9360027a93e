/* pyrun.h - what Python source would do, found out without running it: names are followed to what they stand for,
 * constants are computed, functions of the source are entered with the arguments they get, and every call that leaves the
 * source is told to a host, with the callable's full name and what is known of its arguments.
 *
 * Followed: imports in every form (also __import__, importlib, sys.modules, __dict__, globals()), aliases, getattr and its
 * relatives, tables of names, lambdas, partial; string computations (+, %, format, join, slices, comprehensions, chr, base64,
 * hex, rot13, zlib …). What cannot be followed is a value with marks that say where it came from (GH_PYF_…): the host
 * decides what a call with such a value means.
 *
 * Not a prover: branches are all taken, loops over known constants are unrolled, others run once, a name keeps up to
 * GH_PYV_ALTS values. What rests on completeness must look at what is mentioned (check/pymention.c). Work is bounded by the size of the source, memory by the arena. Pure. */
#ifndef GH_WIRE_PYRUN_H
#define GH_WIRE_PYRUN_H
#include "wire/pyparse.h"

enum gh_pyv_kind {
	GH_PYV_UNKNOWN,
	GH_PYV_NONE,
	GH_PYV_INT, /* also bool */
	GH_PYV_STR,
	GH_PYV_BYTES,
	GH_PYV_SEQ,  /* n values: tuple, list, set */
	GH_PYV_DICT, /* n pairs of values */
	GH_PYV_REF,  /* something outside the source, by its path: "os.system", "socket.socket().connect", "?.read" */
	GH_PYV_FUNC, /* idx: scope */
	GH_PYV_CLASS,
	GH_PYV_INST,	/* of a class of the source */
	GH_PYV_METHOD,	/* v[0]: a constant, v[1]: name of its method */
	GH_PYV_PARTIAL, /* v[0]: callable, v[1..n): arguments that are known already */
	GH_PYV_ALT,	/* n values, one of which it is; the first is the likeliest */
};

/* Where a value came from. */
enum gh_pyf {
	GH_PYF_PARAM = 1 << 0,	 /* an argument of a function whose callers are not known */
	GH_PYF_DECODED = 1 << 1, /* made by decoding or by putting characters together */
	GH_PYF_HIDDEN =
		1 << 2, /* a callable or module reached by a computed name or through the interpreter's insides */
	GH_PYF_NET = 1 << 3,
	GH_PYF_FILE = 1 << 4,	 /* content of a file */
	GH_PYF_ENV = 1 << 5,	 /* one variable of the environment */
	GH_PYF_ENVALL = 1 << 6,	 /* all of it */
	GH_PYF_HOST = 1 << 7,	 /* names of user, machine, network */
	GH_PYF_PROC = 1 << 8,	 /* output of a program */
	GH_PYF_INPUT = 1 << 9,	 /* typed by the user, command line */
	GH_PYF_SECRET = 1 << 10, /* keys, passwords, files that hold such */
	GH_PYF_SOCKET = 1 << 11,
	GH_PYF_DROPPED = 1 << 12, /* a file that was written or fetched before */
	GH_PYF_EXEC = 1 << 13,	  /* memory made executable, an address to be called */
	GH_PYF_OBJECT = 1 << 14,  /* came out of a deserialiser */
	GH_PYF_FORMAT = 1 << 15,  /* a string put together from parts that are not all known */
	GH_PYF_JOINED = 1 << 16,  /* a string put together from known parts */
};

enum { GH_PYV_ALTS = 6 };
struct gh_pyv {
	uint8_t kind;
	uint32_t flags;
	uint32_t n;
	uint32_t origin; /* node that made an unknown value: the same one is the same object. 0: none */
	union {
		const uint8_t *p;
		int64_t i;
		uint32_t idx;
		const struct gh_pyv *v;
	};
};
static inline struct gh_span gh_pyv_text(struct gh_pyv v)
{
	bool text = v.kind == GH_PYV_STR || v.kind == GH_PYV_BYTES || v.kind == GH_PYV_REF;
	return text ? (struct gh_span){ v.p, v.n } : (struct gh_span){ (const uint8_t *)"", 0 };
}

/* When code runs; a larger one is worse. */
enum gh_pywhere {
	GH_PYW_FUNC,   /* when some function is called */
	GH_PYW_MAIN,   /* when the file is run as a program */
	GH_PYW_HOOK,   /* when an object is made, loaded or used: __init__, forward, __reduce__ … */
	GH_PYW_IMPORT, /* when the file is imported */
};

struct gh_pykw {
	struct gh_span name; /* empty for **mapping */
	struct gh_pyv v;
};
enum gh_pyhow {
	GH_PYH_CALL,
	GH_PYH_DECORATOR,
	GH_PYH_OPERATOR, /* bound to a special method, a base or metaclass: the interpreter calls it */
	GH_PYH_GIVEN,	 /* handed to something that may call it; arguments are not known */
};
struct gh_pycall {
	struct gh_span path;
	uint32_t flags; /* of the callable: GH_PYF_HIDDEN … */
	enum gh_pyhow how;
	enum gh_pywhere where;
	const struct gh_pyv *arg;
	unsigned narg, nkw;
	const struct gh_pykw *kw;
	uint32_t node; /* of the tree: place, and identity for saying things once */
};

struct gh_pyhost {
	void *arg;
	/* Something outside the source is called. Returns the marks of what comes back, besides those of the arguments. */
	uint32_t (*call)(void *arg, const struct gh_pycall *c);
	/* name: empty for `import module`; "*". flags: HIDDEN when the name was computed. */
	void (*import)(void *arg, struct gh_span module, struct gh_span name, uint32_t flags, uint32_t node,
		       enum gh_pywhere where);
	/* Marks of a value read by its path ("os.environ", "sys.argv"). */
	uint32_t (*load)(void *arg, struct gh_span path);
	/* Is a callable worth being followed into places where names get lost? */
	bool (*heavy)(void *arg, struct gh_span path);
	/* A heavy callable is kept where it is lost sight of. */
	void (*lost)(void *arg, struct gh_span path, uint32_t node, enum gh_pywhere where);
	/* A deception that is none of the above: `why`. bad: it has no honest use. */
	void (*trick)(void *arg, uint32_t node, enum gh_pywhere where, const char *why, bool bad);
	/* A shell command or magic of IPython. */
	void (*shell)(void *arg, struct gh_span text, bool magic, uint32_t node, enum gh_pywhere where);
};

/* What the walk leaves behind, for those who look at the nodes again: arrays of one entry per node, in the arena of the run. */
struct gh_pyseen {
	const struct gh_pyv *val; /* of the last time the node was evaluated */
	const uint8_t *when;	  /* 1 + the worst place it was evaluated at; 0: never */
};

/* start: when the module level itself runs. GH_E_LIMIT: memory or work ran out, what was told stands. */
enum gh_rc gh_py_run(const struct gh_pytree *t, const struct gh_pyhost *h, enum gh_pywhere start, struct gh_arena *a,
		     struct gh_pyseen *seen);
#endif

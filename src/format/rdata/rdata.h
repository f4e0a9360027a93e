/* rdata.h - what the parts of the reader of R's serialized objects share.
 *
 * Layout (R Internals, section 1.8 "Serialization Formats"; R's src/main/serialize.c is the reference reader): an encoding
 * ("X\n" big-endian, "B\n" the writer's own byte order, "A\n" words of text), the format's version, the versions of R that
 * wrote it and that can read it, from version 3 on the native character set, then one object. A workspace (.rda, .RData)
 * has "RDX3\n" or the like before that. An object is a word of flags (type, attributes, tag, 20 bits of its header) and
 * its parts, depth first; symbols and environments that were seen before are numbers.
 *
 * What R runs: a promise whose value is not there is evaluated as soon as anybody looks at it (CVE-2024-27322); an active
 * binding calls its function whenever it is read. A closure or a call that is kept as data runs when somebody calls or
 * evaluates it. Each call that stands in code becomes a GH_EV_CALL of the system "r":
 *
 *	how	  REDUCE     in a promise without a value
 *		  BUILD	     in the function of an active binding
 *		  INST	     in a function whose formals are those of a package's load hooks (libname, pkgname)
 *		  OPERATION  in any other function
 *		  IMPORT     in a call or formula that is data
 *	module	  the package, when the call names one (pkg::name); "$" when it is a member of a variable (x$name,
 *		  x[["name"]]); "()" when what is called is computed, from nothing but constants, by the function `name`;
 *		  else empty
 *	name	  the function; `resolved` is false when it is computed
 *	late	  seen in bytecode, where what follows an instruction may look like one
 *	fresh	  it is not called itself, but handed by name to a function that calls it (lapply(x, name), .Call(name))
 *	as_module the variable that holds the function, when it is known
 *	as_name	  the call as text, shortened
 *
 * In code, module says as well what is not called: "=" a variable that is handed on (it may be a function); "text" a string that
 * the function `as_name` is given; "to" the function `name` is told where to write or what to start (file=, con=, command=,
 * editor=); "local" a variable that is set, "member" what stands behind `$`, "function" one that is a parameter or is set to a function.
 *
 * A promise without a value whose expression is no call gives no event: nothing but a variable is looked up. */
#ifndef GH_FORMAT_RDATA_H
#define GH_FORMAT_RDATA_H
#include "format/signs.h"
#include "wire/recs.h"

enum {
	RD_A_VERSION,
	RD_A_TYPE,
	RD_A_LENGTH,
	RD_A_CUT,
	RD_A_REF,
	RD_A_LIMIT,
	RD_A_ALTREP,
	RD_A_MMAP,
	RD_A_TEXT,
	RD_A_SIGN,
	RD_RULES = RD_A_SIGN + GH_SIGNS
};
extern const struct gh_rule gh_rdata_rules[RD_RULES + 1];

/* Codes of items: SEXPTYPEs and the pseudo types of the format. */
enum {
	R_NIL = 0,
	R_SYM = 1,
	R_LIST = 2,
	R_CLO = 3,
	R_ENV = 4,
	R_PROM = 5,
	R_LANG = 6,
	R_SPECIAL = 7,
	R_BUILTIN = 8,
	R_CHAR = 9,
	R_LGL = 10,
	R_INT = 13,
	R_REAL = 14,
	R_CPLX = 15,
	R_STR = 16,
	R_DOT = 17,
	R_VEC = 19,
	R_EXPR = 20,
	R_BCODE = 21,
	R_EXTPTR = 22,
	R_WEAKREF = 23,
	R_RAW = 24,
	R_S4 = 25,
	R_ALTREP = 238,
	R_ATTRLIST = 239,
	R_ATTRLANG = 240,
	R_BASEENV = 241,
	R_EMPTYENV = 242,
	R_BCREPREF = 243,
	R_BCREPDEF = 244,
	R_PERSIST = 247,
	R_PACKAGE = 248,
	R_NAMESPACE = 249,
	R_BASENAMESPACE = 250,
	R_MISSING = 251,
	R_UNBOUND = 252,
	R_GLOBALENV = 253,
	R_NILVALUE = 254,
	R_REF = 255,
};

enum {
	RD_NAME = 256,	    /* bytes of a symbol that are kept; R's own limit is 10,000 */
	RD_TEXT = 1024,	    /* bytes of a string that are kept */
	RD_DEPTH = 1 << 15, /* R itself gives up long before */
	RD_BIG = 64,	    /* elements from which on a vector is a tensor */
	RD_TEXTS = 2048,    /* strings that become events */
	RD_MEMBERS = 256,   /* raw vectors that become members */
	RD_SAY = 8,	    /* findings of one kind */
	RD_ARGS = 6,	    /* arguments of a call that are remembered */
};

enum rd_encoding { RD_XDR, RD_LITTLE, RD_BIG_NATIVE, RD_ASCII };

/* In which kind of code an item stands: the larger, the sooner it runs. */
enum rd_place { RD_DATA, RD_LANG, RD_CODE, RD_HOOK, RD_ACTIVE, RD_RUN };

/* What is known of an item that was read: enough for the item around it to say what it calls. */
struct rd_res {
	uint8_t type;
	struct gh_span pkg;  /* LANG of `::`: the package; else empty */
	struct gh_span name; /* SYM, CHAR, STR of one, BUILTIN; LANG: what it calls or, for `::`, what it stands for */
	bool constant;	     /* LANG: computed from nothing but constants by functions of text */
};

enum rd_kind { RDF_CELL, RDF_ITEMS, RDF_PARTS, RDF_AFTER, RDF_CONSTS, RDF_BCCELL, RDF_ALTREP, RDF_STRINGS, RDF_SYMBOL };

/* One piece of bytecode: the nodes its constants share, and which constants its instructions take as functions. */
struct rd_bc {
	struct rd_res *reps; /* of the outermost one */
	uint64_t nreps;
	uint8_t *called; /* a bit for each constant */
	uint64_t index;	 /* of the constant being read */
};

/* One item being read. */
struct rd_frame {
	uint8_t kind, type, step;
	bool attr, tag;	     /* are there, and still to be read */
	bool active;	     /* the cell of an active binding */
	bool started;	     /* a list: its first cell is behind */
	bool mapped;	     /* ALTREP of a file */
	bool unbound;	     /* PROM: has no value */
	bool hook;	     /* CLO: has the formals of a load hook */
	bool more;	     /* LANG: has arguments beyond those that are remembered */
	bool variable;	     /* LANG: has arguments that are no constants */
	enum rd_place place; /* of its parts */
	unsigned nargs;
	uint64_t left, off;
	struct gh_span bound; /* the variable whose value this is, or is part of */
	struct gh_span label; /* of the present cell: its tag */
	struct rd_res fun, arg[RD_ARGS];
	struct gh_span argname[RD_ARGS];
	struct rd_bc *bc;
	int64_t rep; /* BCCELL: its number among the shared ones, or -1 */
};

struct rd_ref {
	uint8_t type;
	struct gh_span name;
};

struct rdata {
	struct gh_walk *w;
	struct gh_cur c;
	enum rd_encoding enc;
	uint32_t version;
	bool failed; /* the code in rc is what the walk returns */
	enum gh_rc rc;
	uint64_t claimed; /* everything below is claimed */
	struct rd_frame *stack;
	size_t depth, cap;
	struct rd_ref *refs;
	size_t nrefs, refs_cap;
	struct rd_res res;			 /* of the item read last */
	struct gh_span list_tag[2], list_sym[2]; /* of the list read last: tags, and symbols that are its items */
	struct gh_span list_text;		 /* its first string, while `mapping` */
	bool mapping;
	uint8_t text[RD_TEXT];
	uint64_t steps;
	unsigned texts_left, members_left, signs_left;
	bool package; /* an entry of a package: its texts are documentation and messages */
	unsigned said[RD_RULES];
};

/* ---- rdata_in.c: the three encodings ---- */
int32_t rd_int(struct rdata *r);
/* A vector's length: one int, or -1 and two more. */
uint64_t rd_len(struct rdata *r);
/* n bytes of a string: kept in r->text (RD_TEXT of them at most); *off, *len: where they stand. */
struct gh_span rd_chars(struct rdata *r, uint64_t n);
/* Past n elements of `width` bytes (4, 8, 16). False when they are not there. */
bool rd_elements(struct rdata *r, uint64_t n, unsigned width);
/* A raw vector of the text encoding as a member. */
void rd_text_raw(struct rdata *r, uint64_t n, struct gh_member m);
/* Fewest bytes that n items can take: for comparing counts with what is left. */
bool rd_fits(struct rdata *r, uint64_t n, unsigned width);

/* ---- fmt_rdata.c ---- */
void rd_say(struct rdata *r, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Stop reading with this code: said once. */
void rd_stop(struct rdata *r, enum gh_rc rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Claim as structure what lies between what was claimed before and off. */
void rd_claim(struct rdata *r, uint64_t off);

/* ---- rdata_items.c ---- */
enum { RD_ATTR = 1 << 9, RD_TAG = 1 << 10, RD_ACTIVE_BIT = 1 << (12 + 15) }; /* of the word of flags */
/* One object at the cursor with everything in it. */
void rd_object(struct rdata *r);
/* The object at the cursor: read at once if it has no parts (r->res), else its frame is pushed. */
void rd_begin(struct rdata *r, enum rd_place place, struct gh_span bound);
/* A new innermost frame, or NULL (r->failed). Pointers to others die. */
struct rd_frame *rd_push(struct rdata *r, enum rd_kind kind, uint8_t type, enum rd_place place, struct gh_span bound);
void rd_set(struct rdata *r, uint8_t type, struct gh_span name);
void rd_add_ref(struct rdata *r, uint8_t type, struct gh_span name);
/* A copy of at most max bytes that lives as long as the walk. */
struct gh_span rd_keep(struct rdata *r, struct gh_span s, size_t max);
void rd_wrong(struct rdata *r, uint32_t type, const char *where);

/* ---- rdata_vectors.c ---- */
/* The rest of a CHARSXP; *off, *len: its bytes in the file. NA: no bytes. */
struct gh_span rd_charsxp(struct rdata *r, uint64_t *off, uint64_t *len);
/* A CHARSXP where nothing else may stand. *attr: attributes follow, which R wrote in former times and passes over; NULL:
 * they may not. */
struct gh_span rd_string(struct rdata *r, uint64_t *off, uint64_t *len, bool *attr);
void rd_begin_strings(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound);
void rd_visit_strings(struct rdata *r, struct rd_frame *f);
/* The names of a PERSISTSXP, PACKAGESXP, NAMESPACESXP. */
void rd_names(struct rdata *r, uint8_t type);
/* A vector of numbers, truth values or raw bytes. */
void rd_vector(struct rdata *r, uint8_t type, struct gh_span bound);
/* Attributes behind a vector, if flags say so; what it came to is kept meanwhile. */
void rd_attributes(struct rdata *r, uint32_t flags, enum rd_place place);

/* ---- rdata_bytecode.c ---- */
void rd_begin_bytecode(struct rdata *r, uint32_t flags, enum rd_place place, struct gh_span bound);
/* A piece of it, within another one or on its own; reps: the nodes shared by all of them. */
void rd_bytecode(struct rdata *r, enum rd_place place, struct gh_span bound, struct rd_res *reps, uint64_t nreps,
		 bool attr);
/* A node of a constant, whose kind was read. */
void rd_begin_node(struct rdata *r, int32_t kind, struct rd_bc *bc, enum rd_place place, struct gh_span bound);

/* ---- rdata_code.c ---- */
/* A call is complete: f is its frame. Leaves in r->res what the call stands for. */
bool rd_constant(const struct rd_res *v);
void rd_call(struct rdata *r, const struct rd_frame *f);
/* An instruction of bytecode takes this constant as a function. */
/* An item of a list in code was read: what it hands on, and which names it sets (see above). */
void rd_part(struct rdata *r, const struct rd_frame *f, const struct rd_res *v);
/* A function that a variable holds begins. */
void rd_bound(struct rdata *r, const struct rd_frame *f);
void rd_bc_call(struct rdata *r, const struct rd_frame *f, const struct rd_res *fun);
#endif

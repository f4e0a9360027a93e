/* pyparse.h - Python source as a list of nodes in the order of evaluation: every operand stands before what uses it,
 * every statement behind its expressions, bodies between a node that opens and one that closes them. Who wants to know
 * what the code does walks the list once, without a stack of its own; nothing here recurses over the input.
 *
 * Tolerant: Python 2's print, exec and backticks are read, unknown syntax becomes an ERROR node, and reading goes on with
 * the next line. What was read of a broken line stays. The text and the arena must outlive the tree.
 * Source: Python Language Reference 3.13, 6 "Expressions" to 8 "Compound statements"; no grammar file is followed, so
 * more is accepted than Python accepts. */
#ifndef GH_WIRE_PYPARSE_H
#define GH_WIRE_PYPARSE_H
#include "base/arena.h"
#include "base/err.h"
#include "wire/pylex.h"

enum gh_pyn_kind {
	GH_PYN_NOP,
	/* expressions; a, b: operands */
	GH_PYN_NAME,  /* text: folded to ASCII where Python does so (flag WIDE) */
	GH_PYN_CONST, /* op: 'N'one, 'T'rue, 'F'alse, '.' for `...` */
	GH_PYN_NUM,   /* num, when flag EXACT; else some number */
	GH_PYN_STR,   /* text, escapes resolved; flag BYTES */
	GH_PYN_FSTR,  /* kids: pieces */
	GH_PYN_ATTR,  /* a.text */
	GH_PYN_CALL,  /* a(kids): values, KWARG, STAR, DSTAR */
	GH_PYN_KWARG, /* text=a */
	GH_PYN_STAR,
	GH_PYN_DSTAR,
	GH_PYN_SUBSCR,	/* a[b] */
	GH_PYN_SLICE,	/* kids: up to three, or NIL */
	GH_PYN_BIN,	/* op: as of tokens */
	GH_PYN_UNARY,	/* op: '-', '+', '~', '!' for not */
	GH_PYN_COMPARE, /* op: GH_PYO_…, '<', '>', 'i'n, 'I' not in, 's' is, 'S' is not */
	GH_PYN_BOOL,	/* op: '&' and, '|' or */
	GH_PYN_COND,	/* a if kids[0] else b */
	GH_PYN_TUPLE,	/* kids */
	GH_PYN_LIST,
	GH_PYN_SET,
	GH_PYN_DICT,	     /* kids: key (NIL for **), value … */
	GH_PYN_REST,	     /* last in one of these: more constants that stand there, and have no nodes (see below) */
	GH_PYN_COMP,	     /* op: '(', '[', '{', ':'; a: element (':' b: its value), evaluated by nodes [lo, hi) */
	GH_PYN_COMP_FOR,     /* a: target, b: iterable; stands behind the element it serves */
	GH_PYN_LAMBDA_BEGIN, /* scope; kids: PARAM */
	GH_PYN_LAMBDA,	     /* a: value; scope */
	GH_PYN_WALRUS,	     /* text := a */
	GH_PYN_AS,	     /* a as b: with, except, case */
	GH_PYN_AWAIT,
	GH_PYN_YIELD, /* a or NIL */
	GH_PYN_PARAM, /* text, a: default or NIL; op: 0, '*', 'P' for ** */
	/* statements */
	GH_PYN_EXPR,   /* a, and its value is dropped */
	GH_PYN_ASSIGN, /* a = b; a: NAME, ATTR, SUBSCR, TUPLE, LIST, STAR */
	GH_PYN_AUG,    /* a op= b */
	GH_PYN_DEL,
	GH_PYN_IMPORT,	 /* text: dotted name, as: alias or empty */
	GH_PYN_FROM,	 /* from text import name as alias: kids are IMPORT nodes with one name; `*` is such a name */
	GH_PYN_GLOBAL,	 /* text; op 'g' or 'n'onlocal */
	GH_PYN_RETURN,	 /* a or NIL */
	GH_PYN_DEF,	 /* text, scope; kids: PARAM. Body up to END of that scope; then DECORATE per decorator */
	GH_PYN_CLASS,	 /* text, scope; kids: bases and keywords */
	GH_PYN_END,	 /* scope */
	GH_PYN_DECORATE, /* a: decorator; scope: of what is decorated */
	GH_PYN_FOR,	 /* a: target, b: iterable; body up to LOOP_END with the same number in lo */
	GH_PYN_LOOP_END,
	GH_PYN_MAIN, /* if __name__ == "__main__": */
	GH_PYN_MAIN_END,
	GH_PYN_SHELL, /* text; flag MAGIC */
	GH_PYN_ERROR,
};

enum { GH_PYN_NIL = UINT32_MAX };
enum gh_pyn_flag {
	GH_PYN_WIDE = 1,
	GH_PYN_BYTES = 2,
	GH_PYN_EXACT = 4,
	GH_PYN_MAGIC = 8,
	GH_PYN_STATED = 16,
	GH_PYN_PATTERN = 32, /* within a `case` */
	GH_PYN_SUBJECT = 64  /* what a `match` looks at */
};

struct gh_pyn {
	uint8_t kind, op, flags;
	uint32_t off, end; /* place in the text; of a statement: of its line */
	uint32_t a, b;
	uint32_t kids, nkids; /* indices in kid[] */
	uint32_t scope;	      /* index in scope[] */
	uint32_t lo, hi;
	struct gh_span text, as;
	int64_t num;
};

enum gh_pys_kind { GH_PYS_MODULE, GH_PYS_DEF, GH_PYS_CLASS, GH_PYS_LAMBDA };
struct gh_pyscope {
	uint8_t kind;
	bool async;
	uint32_t up;	     /* enclosing scope; of 0: 0 */
	uint32_t begin, end; /* body: nodes (begin, end) */
	struct gh_span name;
};

struct gh_pytree {
	struct gh_span s;
	struct gh_arena *arena;
	struct gh_pyn *node;
	size_t n, cap;
	uint32_t *kid;
	size_t nkid, capkid;
	struct gh_pyscope *scope;
	size_t nscope, capscope;
	uint32_t errors, statements;
	uint32_t error_at; /* of the first error: offset */
	const char *why;
	uint32_t disguised, disguised_at; /* names in letters that only look like ASCII, and are ASCII to Python */
	bool full;			  /* memory ran out: nodes are missing */
};

/* Of a table of constants the first GH_PY_TABLE items have nodes, and of one in a source that has GH_PY_CROWDED nodes before,
 * the first GH_PY_TABLE_LATER. Of what stands behind them only items are kept that are more than numbers and short texts without
 * anything of a path of the system, an address or a command; a REST stands for the others. What is taken out of such a table is
 * unknown, and marked as decoded. So a table of any length costs memory for its first part alone. */
enum { GH_PY_NODES_MAX = 2 << 20, GH_PY_TABLE = 16384, GH_PY_CROWDED = 1 << 17, GH_PY_TABLE_LATER = 64 };

/* GH_OK, also with errors in the source (t->errors); GH_E_LIMIT: too large, what was read stands. */
enum gh_rc gh_py_tree(struct gh_pytree *t, struct gh_span s, bool ipython, struct gh_arena *a);
#endif

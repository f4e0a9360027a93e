/* pyparse_int.h - between pyparse.c (statements) and pyexpr.c (expressions). */
#ifndef GH_WIRE_PYPARSE_INT_H
#define GH_WIRE_PYPARSE_INT_H
#include "wire/pyparse.h"

enum { PYP_PENDING_MAX = 1 << 16, PYP_BLOCKS = 200, PYP_DECOS = 64 };

/* What waits on the stack of an expression: brackets (up to PYP_FOR) and operators. */
enum pyp_what {
	PYP_TOP,  /* an expression as a statement has it */
	PYP_ARGS, /* of a class statement */
	PYP_DEF,  /* parameters of a function */
	PYP_PAREN,
	PYP_CALL,
	PYP_LIST,
	PYP_BRACE,
	PYP_SUBSCR,
	PYP_FSTR,
	PYP_FIELD,
	PYP_LAMBDA_PARAMS,
	PYP_FOR, /* targets between `for` and `in` */
	PYP_BIN,
	PYP_UNARY,
	PYP_IF,
	PYP_ELSE,
	PYP_LAMBDA,
	PYP_KW,
	PYP_STAR,
	PYP_DSTAR,
	PYP_WALRUS,
	PYP_YIELD,
	PYP_AWAIT,
	PYP_AS,
	PYP_ANN,
};

struct pyp_ent {
	uint8_t what, op, prec;
	uint8_t pend; /* comprehension: 1 an iterable is being read, 2 a condition */
	bool comma, comp, dict, spec, ann;
	bool rest;	/* of its items some have no nodes */
	uint8_t colons; /* of the current slice */
	uint32_t base;	/* height of the operands where it began */
	uint32_t item;	/* height where the current slice began */
	uint32_t start; /* first node that belongs to it */
	uint32_t off;
	uint32_t bracket; /* index of the innermost bracket, itself included */
	uint32_t lo, hi, first_for, scope, kids, nkids;
	struct gh_span text;
};
struct pyp_opnd {
	uint32_t node, start;
};

struct pyp_block {
	uint8_t kind; /* GH_PYN_DEF, _CLASS, _FOR, _MAIN or 0 */
	bool joined;  /* on the line of its header */
	uint32_t scope, node, deco, ndeco;
};

struct pyp {
	struct gh_pytree *t;
	struct gh_pylex lx;
	struct gh_pytok tok, last;
	struct pyp_ent *ent;
	size_t nent, capent;
	struct pyp_opnd *opnd;
	size_t nopnd, capopnd;
	uint32_t scope;
	struct pyp_block block[PYP_BLOCKS];
	unsigned nblock;
	uint32_t deco[PYP_DECOS];
	unsigned ndeco;
	struct gh_pyn spare; /* written to when memory ran out */
};

void pyp_next(struct pyp *p);
/* A new node; 0 (a NOP) when there is no room. */
uint32_t pyp_add(struct pyp *p, enum gh_pyn_kind kind, uint32_t off);
static inline struct gh_pyn *pyp_node(struct pyp *p, uint32_t i) { return i < p->t->n ? &p->t->node[i] : &p->spare; }
void pyp_kid(struct pyp *p, uint32_t of, uint32_t kid);
uint32_t pyp_scope(struct pyp *p, enum gh_pys_kind kind, struct gh_span name);
struct gh_span pyp_text(struct pyp *p, const struct gh_pytok *tok);
bool pyp_word(const struct pyp *p, const struct gh_pytok *t, const char *word);
bool pyp_op(const struct pyp *p, uint8_t op);
bool pyp_keyword(struct gh_span s);
/* Note an error at the present token; the caller goes on with the next line. */
void pyp_error(struct pyp *p, const char *why);

/* An expression list up to where none can go on: its node, NIL if there is none. what: PYP_TOP, or PYP_ARGS and PYP_DEF (behind
 * their opening bracket: up to and with the closing one; the result is a TUPLE node), PYP_FOR (up to and with `in`).
 * *ok false: syntax was wrong. */
uint32_t pyp_expr(struct pyp *p, enum pyp_what what, bool *ok);
/* The parameters in the kids of a TUPLE that PYP_DEF made, turned into PARAM nodes, as kids of `of`. */
void pyp_params(struct pyp *p, const struct gh_pyn *from, uint32_t of);
/* pytable.c: an item of the display `e` is complete, the topmost operand (of a dictionary: the two topmost). Drop it, if the
 * table is long and it is nothing but constants. */
void pyp_table_item(struct pyp *p, struct pyp_ent *e);
#endif

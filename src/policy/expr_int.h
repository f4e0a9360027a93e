/* expr_int.h - what the parts of the reader of expressions share: expr_read.c (structure), expr_test.c (leaves, comparisons,
 * literals). */
#ifndef GH_POLICY_EXPR_INT_H
#define GH_POLICY_EXPR_INT_H
#include "policy/expr.h"

enum wait { W_OR, W_AND, W_NOT, W_PAREN, W_QUANT }; /* the first three by how tightly they bind */

struct waiting {
	enum wait what;
	uint32_t off;
	uint8_t kind;	     /* W_QUANT: N_ANY … */
	uint16_t row, first; /* its list, and the first node of its body */
};

struct expr_reader {
	struct expr_lex lex;
	struct expr_err *err;
	bool failed;
	struct expr_node node[EXPR_NODES];
	struct gh_fval konst[EXPR_CONSTS];
	uint16_t nnode, nkonst;
	struct waiting wait[EXPR_OPEN];
	size_t nwait;
	uint16_t ready[EXPR_NODES];
	size_t nready;
	uint16_t list; /* the list whose records are looked at, or EXPR_NONE */
};

/* What is read is wrong: the first reason stays. */
void expr_fail(struct expr_reader *r, uint32_t off, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
enum expr_tok expr_next(struct expr_reader *r);
/* Is the token this word? */
bool expr_is(const struct expr_reader *r, const char *word);
/* Index of the new node; 0 after a failure. */
uint16_t expr_add(struct expr_reader *r, struct expr_node n);
uint16_t expr_constant(struct expr_reader *r, uint32_t off, struct gh_fval v);
static inline const struct gh_fact *expr_row(const struct expr_node *n) { return &gh_fact_rows[n->row]; }
/* The token as it may be shown. */
struct expr_shown {
	char s[64];
};
struct expr_shown expr_show(struct gh_span s);
/* There is no such fact, or field of a list: fails, returns 0. */
uint16_t expr_unknown(struct expr_reader *r, const char *what, unsigned field_of);

/* The fact or field that the token names. */
uint16_t expr_leaf(struct expr_reader *r);
/* The token is a comparison, or one of the words; a: what stands before it. The node of the test. */
uint16_t expr_compare(struct expr_reader *r, uint16_t a);
uint16_t expr_in(struct expr_reader *r, uint16_t a);
uint16_t expr_contains(struct expr_reader *r, uint16_t a);
uint16_t expr_like(struct expr_reader *r, uint16_t a);
#endif

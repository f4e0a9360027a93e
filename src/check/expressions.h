/* expressions.h - texts that a loader hands to Python's eval() or to sympy, which evaluates what it parses. What may stand
 * there is data or arithmetic: anything that calls, imports or reaches into objects is named. */
#ifndef GH_CHECK_EXPRESSIONS_H
#define GH_CHECK_EXPRESSIONS_H
#include "base/span.h"

enum gh_expr {
	GH_EXPR_LITERAL,    /* values: eval() where literal_eval() was meant */
	GH_EXPR_ACTIVATION, /* the same, or a class of torch.nn with literal arguments */
	GH_EXPR_SYMPY,	    /* arithmetic on symbols */
	GH_EXPR_GUARD,	    /* comparisons of sizes, as torch.export writes them */
};

/* What is more than that, in a few words; NULL: nothing. */
const char *gh_expr_hazard(struct gh_span text, enum gh_expr kind);
#endif

/* Could more statements of others make a condition hold less? Followed from the root down: what a part adds when it becomes
 * truer is POS, what it takes away is NEG. A list of evidence only ever grows by what strangers do, so what matters is which way
 * growth turns the whole. Single values (signature.verified) may change to anything: they count both ways. */
#include "policy/expr.h"

enum { POS = 1, NEG = 2, BOTH = POS | NEG };

static uint8_t flip(uint8_t p) { return (uint8_t)((p & POS) << 1 | (p & NEG) >> 1); }

/* Which way the number on the left of a comparison turns it. */
static uint8_t compared(const struct expr_node *n, const struct expr_node *a, uint8_t p)
{
	if (a->kind != N_COUNT)
		return BOTH;
	switch (n->op) {
	case OP_GT:
	case OP_GE: return p;
	case OP_LT:
	case OP_LE: return flip(p);
	default: return BOTH;
	}
}

static void list(struct expr *e, const struct expr_node *n, uint8_t p)
{
	unsigned flags = gh_fact_rows[n->row].flags;
	uint8_t grows = n->kind == N_ALL || n->kind == N_NO ? flip(p) : p;
	e->own |= (flags & GH_FACT_OWN) != 0;
	e->foreign |= (flags & GH_FACT_FOREIGN) != 0;
	e->foreign_less |= (flags & GH_FACT_FOREIGN) && (grows & NEG);
	e->shout_less |= (flags & GH_FACT_SHOUT) && (grows & NEG);
}

static void value(struct expr *e, const struct expr_node *n)
{
	unsigned flags = gh_fact_rows[n->row].flags;
	e->own |= (flags & GH_FACT_OWN) != 0;
	e->foreign |= (flags & GH_FACT_FOREIGN) != 0;
	e->foreign_less |= (flags & GH_FACT_FOREIGN) != 0;
	e->shout_less |= (flags & GH_FACT_SHOUT) != 0;
	e->tier |= (flags & GH_FACT_DERIVED) && gh_fact_rows[n->row].from == NULL;
}

void expr_polarity(struct expr *e)
{
	uint8_t pol[EXPR_NODES] = { 0 };
	if (e->nnode == 0)
		return;
	pol[e->nnode - 1] = POS;
	for (size_t i = e->nnode; i-- > 0;) {
		const struct expr_node *n = &e->node[i];
		uint8_t p = pol[i];
		switch ((enum expr_kind)n->kind) {
		case N_AND:
		case N_OR: pol[n->b] |= p; /* fall through */
		case N_NOT: pol[n->a] |= n->kind == N_NOT ? flip(p) : p; break;
		case N_CMP:
			pol[n->a] |= compared(n, &e->node[n->a], p);
			pol[n->b] = BOTH;
			break;
		case N_IN:
		case N_CONTAINS:
		case N_LIKE:
			pol[n->a] = BOTH;
			if (n->b != EXPR_NONE)
				pol[n->b] = BOTH;
			break;
		case N_KNOWN: pol[n->a] = BOTH; break;
		case N_ANY:
		case N_ALL:
		case N_NO:
		case N_COUNT:
			list(e, n, p);
			/* The body's root stands right before the quantifier. */
			if (n->first != i)
				pol[i - 1] |= n->kind == N_NO ? flip(p) : p;
			break;
		case N_FACT: value(e, n); break;
		case N_FIELD: /* the quantifier spoke for its list; but any record may be one of them */
			e->own |= (gh_fact_rows[n->row].flags & GH_FACT_OWN) != 0;
			break;
		case N_ELEM:
		case N_CONST: break;
		}
	}
}

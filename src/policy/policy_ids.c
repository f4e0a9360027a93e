/* Which findings a policy names. */
#include "policy/policy_int.h"

struct ids {
	struct gh_arena *arena;
	PLIST(struct gh_span) v;
	bool nomem;
};

static void note(struct ids *l, struct gh_span id)
{
	for (size_t i = 0; i < l->v.n; i++)
		if (gh_span_eq(l->v.v[i], id))
			return;
	struct gh_span *to = PPUSH(l->arena, &l->v);
	l->nomem |= to == NULL;
	if (to != NULL)
		*to = id;
}

static void look(struct ids *l, const struct expr *e, unsigned field)
{
	for (size_t i = 0; i < e->nnode; i++) {
		const struct expr_node *n = &e->node[i];
		if ((n->kind != N_CMP && n->kind != N_IN) || e->node[n->a].kind != N_FIELD ||
		    e->node[n->a].row != field)
			continue;
		if (n->kind == N_IN && n->b == EXPR_NONE)
			for (uint16_t k = 0; k < n->n; k++)
				note(l, e->konst[n->first + k].s);
		else if (n->kind == N_CMP && e->node[n->b].kind == N_CONST)
			note(l, e->konst[e->node[n->b].first].s);
	}
}

size_t gh_policy_finding_ids(const struct gh_policy *p, struct gh_arena *arena, const struct gh_span **v)
{
	struct ids l = { .arena = arena };
	unsigned field = gh_fact_named(GH_SPAN("findings.id"));
	for (size_t i = 0; i < p->rule.n; i++)
		look(&l, &p->rule.v[i].when, field);
	for (unsigned t = 0; t < TIERS; t++)
		for (size_t i = 0; i < p->tier[t].n; i++)
			look(&l, &p->tier[t].v[i].when, field);
	look(&l, &p->quarantine.when, field);
	*v = l.v.v;
	return l.nomem ? SIZE_MAX : l.v.n;
}

/* pyreach_names.c - names, attributes and functions that a text binds. */
#include "check/pyreach.h"

enum { UP_MAX = 64, DEEP = 64, PROBES = 256 };

struct pyc_cell *pyc_cell(struct pyc_reach *r, uint32_t scope, struct gh_span name, bool make)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)scope * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < name.n && i < 64; i++)
		h = (h ^ name.p[i]) * 0x100000001b3u;
	size_t at = (size_t)(h ^ h >> 29);
	for (unsigned i = 0; i < PROBES; i++, at++) {
		struct pyc_cell *c = &r->cell[at & r->mask];
		if (c->used && c->scope == scope && gh_span_eq(c->name, name))
			return c;
		if (c->used)
			continue;
		if (!make)
			return NULL;
		if (2 * (r->n + 1) > r->mask) {
			r->full = true;
			return NULL;
		}
		r->n++;
		*c = (struct pyc_cell){ .name = name, .scope = scope, .used = true };
		return c;
	}
	r->full = r->full || make;
	return NULL;
}

struct pyc_cell *pyc_cell_find(struct pyc_reach *r, uint32_t scope, struct gh_span name)
{
	for (unsigned k = 0; k < UP_MAX; k++, scope = r->t->scope[scope].up) {
		struct pyc_cell *c = pyc_cell(r, scope, name, false);
		if (c != NULL && c->alias == 'g' && scope != 0)
			return pyc_cell(r, 0, name, false);
		if (c != NULL && c->alias != 'n')
			return c;
		if (scope == 0)
			break;
	}
	return NULL;
}

void pyc_cell_add(struct pyc_reach *r, uint8_t *to, uint8_t bits)
{
	if ((*to | bits) != *to) {
		*to |= bits;
		r->changed = true;
	}
}

bool pyc_cell_of_self(const struct pyc_reach *r, uint32_t i)
{
	const struct gh_pyn *n = node(r->l, i);
	return n->kind == GH_PYN_NAME && (gh_span_is(n->text, "self") || gh_span_is(n->text, "cls"));
}

void pyc_cell_bind(struct pyc_reach *r, uint32_t target, uint32_t scope, uint8_t bits, bool make)
{
	uint32_t todo[DEEP];
	unsigned n = 0;
	todo[n++] = target;
	while (n != 0) {
		const struct gh_pyn *x = node(r->l, todo[--n]);
		struct pyc_cell *c = NULL;
		if (x->kind == GH_PYN_NAME)
			c = make ? pyc_cell(r, scope, x->text, true) : pyc_cell_find(r, scope, x->text);
		else if (x->kind == GH_PYN_ATTR && pyc_cell_of_self(r, x->a))
			c = pyc_cell(r, PYC_OF_ATTRIBUTES, x->text, make);
		else if ((x->kind == GH_PYN_SUBSCR || x->kind == GH_PYN_STAR || x->kind == GH_PYN_ATTR) && n < DEEP)
			todo[n++] = x->a;
		else if (x->kind == GH_PYN_TUPLE || x->kind == GH_PYN_LIST)
			for (uint32_t k = 0; k < x->nkids; k++) {
				if (n == DEEP) {
					r->full = true;
					break;
				}
				todo[n++] = r->t->kid[x->kids + k];
			}
		if (c != NULL)
			pyc_cell_add(r, &c->bits, bits);
	}
}

static void function(struct pyc_reach *r, struct gh_span name, uint32_t scope)
{
	struct pyc_cell *f = pyc_cell(r, PYC_OF_FUNCTIONS, name, true);
	if (f == NULL || f->first == scope + 1)
		return;
	r->same[scope] = f->first;
	f->first = scope + 1;
}

void pyc_cell_declare(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n)
{
	uint32_t scope = r->l->scope[i];
	struct pyc_cell *c = NULL;
	switch (n->kind) {
	case GH_PYN_GLOBAL:
		if (scope != 0 && (c = pyc_cell(r, scope, n->text, true)) != NULL)
			c->alias = n->op;
		if (n->op == 'g')
			(void)pyc_cell(r, 0, n->text, true);
		return;
	case GH_PYN_WALRUS: (void)pyc_cell(r, scope, n->text, true); return;
	case GH_PYN_DEF:
	case GH_PYN_LAMBDA_BEGIN:
		r->def[n->scope] = i;
		for (uint32_t k = 0; k < n->nkids; k++)
			if (node(r->l, r->t->kid[n->kids + k])->kind == GH_PYN_PARAM)
				(void)pyc_cell(r, n->scope, node(r->l, r->t->kid[n->kids + k])->text, true);
		if (n->kind == GH_PYN_DEF)
			function(r, n->text, n->scope);
		return;
	case GH_PYN_ASSIGN: {
		const struct gh_pyn *to = node(r->l, n->a), *v = node(r->l, n->b);
		if (v->kind == GH_PYN_LAMBDA && (to->kind == GH_PYN_NAME || to->kind == GH_PYN_ATTR))
			function(r, to->text, v->scope);
		pyc_cell_bind(r, n->a, scope, 0, true);
		return;
	}
	case GH_PYN_AUG:
	case GH_PYN_FOR:
	case GH_PYN_COMP_FOR: pyc_cell_bind(r, n->a, scope, 0, true); return;
	case GH_PYN_AS: pyc_cell_bind(r, n->b, scope, 0, true); return;
	case GH_PYN_KWARG:
		if ((n->flags & GH_PYN_PATTERN) != 0)
			pyc_cell_bind(r, n->a, scope, 0, true);
		return;
	case GH_PYN_FROM: /* of a file beside this one */
		for (uint32_t k = 0; n->text.n != 0 && n->text.p[0] == '.' && k < n->nkids; k++) {
			const struct gh_pyn *m = node(r->l, r->t->kid[n->kids + k]);
			struct gh_span as = m->as.n != 0 ? m->as : m->text;
			bool type = as.n != 0 && as.p[0] >= 'A' && as.p[0] <= 'Z';
			if ((c = pyc_cell(r, scope, as, true)) != NULL)
				c->bits |= PYC_AT_BESIDE | (type ? 0 : PYC_AT_ROOT);
		}
		return;
	default: return;
	}
}

/* Targets are counted by what binds them. */
size_t pyc_cell_room(const struct look *l)
{
	size_t n = 64;
	for (size_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *x = &l->t->node[i];
		bool list = x->kind == GH_PYN_TUPLE || x->kind == GH_PYN_LIST;
		if (x->kind >= GH_PYN_EXPR || x->kind == GH_PYN_PARAM || x->kind == GH_PYN_WALRUS ||
		    x->kind == GH_PYN_AS || x->kind == GH_PYN_COMP_FOR || x->kind == GH_PYN_KWARG ||
		    (list && (l->state[i] & ST_STORED) != 0))
			n += 2 + x->nkids;
	}
	return n;
}

/* pynames.c - which names a text binds, and where: imports for the whole text, the names of functions by scope. */
#include "check/pymention.h"

struct slot {
	struct gh_span name, path; /* path: of an import; else empty */
	uint32_t scope;
	uint8_t how;
};
enum { FREE, OWN, SHARED, IMPORTED };
enum { ANYWHERE = UINT32_MAX, PROBES = 128 };

struct pyc_names {
	const struct gh_pytree *t;
	struct slot *slot;
	size_t mask;
	bool full; /* a chain grew too long: nobody's name is known to be its own */
};

static size_t hash(struct gh_span s, uint32_t scope)
{
	uint64_t h = 0xcbf29ce484222325u ^ (uint64_t)scope * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < s.n && i < 64; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return (size_t)(h ^ h >> 29);
}

static void put(struct pyc_names *n, struct gh_span name, uint32_t scope, uint8_t how, struct gh_span path)
{
	size_t at = hash(name, scope);
	for (unsigned i = 0; i < PROBES; i++, at++) {
		struct slot *s = &n->slot[at & n->mask];
		if (s->how == FREE) {
			*s = (struct slot){ name, path, scope, how };
			return;
		}
		if (s->scope == scope && s->how == how && gh_span_eq(s->name, name) && gh_span_eq(s->path, path))
			return;
	}
	n->full = true;
}

static const struct slot *get(const struct pyc_names *n, struct gh_span name, uint32_t scope, uint8_t how, unsigned k)
{
	size_t at = hash(name, scope);
	for (unsigned i = 0; i < PROBES; i++, at++) {
		const struct slot *s = &n->slot[at & n->mask];
		if (s->how == FREE)
			return NULL;
		if (s->scope == scope && s->how == how && gh_span_eq(s->name, name) && k-- == 0)
			return s;
	}
	return NULL;
}

static struct gh_span joined(struct gh_arena *a, struct gh_span module, struct gh_span name)
{
	uint8_t *p = module.n + name.n > 300 ? NULL : gh_alloc(a, module.n + name.n + 2, 1);
	if (p == NULL)
		return (struct gh_span){ 0 };
	memcpy(p, module.p, module.n);
	p[module.n] = '.';
	memcpy(p + module.n + 1, name.p, name.n);
	return (struct gh_span){ p, module.n + 1 + name.n };
}

static void import(struct pyc_names *n, const struct gh_pyn *of, struct gh_arena *a)
{
	const struct gh_pytree *t = n->t;
	if (of->kind == GH_PYN_IMPORT) {
		const uint8_t *dot = of->text.n == 0 ? NULL : memchr(of->text.p, '.', of->text.n);
		struct gh_span top = of->text;
		if (dot != NULL)
			top.n = (size_t)(dot - top.p);
		put(n, of->as.n != 0 ? of->as : top, ANYWHERE, IMPORTED, of->as.n != 0 ? of->text : top);
		return;
	}
	if (of->text.n == 0 || of->text.p[0] == '.')
		return;
	for (uint32_t k = 0; k < of->nkids; k++) {
		uint32_t kid = t->kid[of->kids + k];
		if (kid >= t->n)
			continue;
		const struct gh_pyn *m = &t->node[kid];
		struct gh_span path = joined(a, of->text, m->text);
		if (path.n != 0)
			put(n, m->as.n != 0 ? m->as : m->text, ANYWHERE, IMPORTED, path);
	}
}

struct pyc_names *pyc_names(const struct gh_pytree *t, const uint8_t *stored, struct gh_arena *a)
{
	struct pyc_names *n = GH_NEW(a, struct pyc_names, 1);
	uint8_t *listed = GH_NEW(a, uint8_t, t->n + 1);
	size_t want = 64, binds = 8;
	uint32_t scope = 0;
	for (size_t i = 0; i < t->n; i++)
		binds += (t->node[i].kind == GH_PYN_NAME && stored[i]) || t->node[i].kind == GH_PYN_PARAM ||
			 t->node[i].kind >= GH_PYN_IMPORT || t->node[i].kind == GH_PYN_WALRUS;
	for (size_t i = 0; i < t->n; i++)
		if (t->node[i].kind == GH_PYN_FROM || t->node[i].kind == GH_PYN_DEF ||
		    t->node[i].kind == GH_PYN_LAMBDA_BEGIN)
			binds += t->node[i].nkids;
	while (want < 2 * binds)
		want *= 2;
	if (n == NULL || listed == NULL || (n->slot = GH_NEW(a, struct slot, want)) == NULL)
		return NULL;
	n->t = t;
	n->mask = want - 1;
	for (uint32_t i = 0; i < t->n; i++)
		for (uint32_t k = 0; t->node[i].kind == GH_PYN_FROM && k < t->node[i].nkids; k++)
			if (t->kid[t->node[i].kids + k] < t->n)
				listed[t->kid[t->node[i].kids + k]] = 1;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct gh_pyn *x = &t->node[i];
		switch (x->kind) {
		case GH_PYN_IMPORT:
			if (!listed[i])
				import(n, x, a);
			break;
		case GH_PYN_FROM: import(n, x, a); break;
		case GH_PYN_GLOBAL: put(n, x->text, scope, SHARED, (struct gh_span){ 0 }); break;
		case GH_PYN_NAME:
			if (stored[i])
				put(n, x->text, scope, OWN, (struct gh_span){ 0 });
			break;
		case GH_PYN_DEF:
		case GH_PYN_LAMBDA_BEGIN:
			for (uint32_t k = 0; k < x->nkids; k++)
				if (t->kid[x->kids + k] < t->n)
					put(n, t->node[t->kid[x->kids + k]].text, x->scope, OWN, (struct gh_span){ 0 });
			scope = x->scope;
			break;
		case GH_PYN_CLASS: scope = x->scope; break;
		case GH_PYN_END:
		case GH_PYN_LAMBDA: scope = t->scope[x->scope].up; break;
		default: break;
		}
	}
	return n;
}

bool pyc_own_name(const struct pyc_names *n, uint32_t scope, struct gh_span name)
{
	for (unsigned i = 0; !n->full && i < 64 && scope != 0; i++, scope = n->t->scope[scope].up) {
		uint8_t kind = n->t->scope[scope].kind;
		if (get(n, name, scope, SHARED, 0) != NULL)
			return false;
		if ((kind == GH_PYS_DEF || kind == GH_PYS_LAMBDA) && get(n, name, scope, OWN, 0) != NULL)
			return true;
	}
	return false;
}

bool pyc_names_full(const struct pyc_names *n) { return n->full; }

struct gh_span pyc_imported(const struct pyc_names *n, struct gh_span name, unsigned k)
{
	const struct slot *s = get(n, name, ANYWHERE, IMPORTED, k);
	return s == NULL ? (struct gh_span){ 0 } : s->path;
}

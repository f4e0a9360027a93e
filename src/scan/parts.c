#include "scan/parts.h"

#include "wire/purl.h"

#include <stdlib.h>

void gh_parts_add(struct gh_parts *p, struct gh_arena *arena, const char *path, const struct gh_fact *fact,
		  size_t nfact)
{
	for (size_t i = 0; i < nfact; i++) {
		if (fact[i].kind != GH_FACT_PACKAGE || !gh_purl_valid(gh_span_str(fact[i].target)))
			continue;
		struct gh_span kept = gh_keep(arena, gh_span_str(fact[i].target));
		struct gh_part *v = p->n < GH_PARTS_MAX ? gh_grow(arena, p->v, &p->cap, p->n + 1, sizeof *v) : NULL;
		if (v == NULL || kept.p == NULL) {
			p->lost = true;
			return;
		}
		p->v = v;
		v[p->n++] = (struct gh_part){ (const char *)kept.p, path, fact[i].a != 0 };
	}
}

static int order(const void *a, const void *b)
{
	const struct gh_part *x = a, *y = b;
	int c = strcmp(x->purl, y->purl);
	if (c == 0)
		c = (int)x->producer - (int)y->producer;
	return c != 0 ? c : strcmp(x->path, y->path);
}

void gh_parts_close(struct gh_parts *p)
{
	size_t n = 0;
	if (p->n > 1)
		qsort(p->v, p->n, sizeof *p->v, order);
	for (size_t i = 0; i < p->n; i++)
		if (n == 0 || strcmp(p->v[n - 1].purl, p->v[i].purl) != 0)
			p->v[n++] = p->v[i];
	p->n = n;
}

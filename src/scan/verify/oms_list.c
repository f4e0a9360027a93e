#include "scan/verify/oms_list.h"

#include <stdlib.h>
#include <string.h>

static int by_place(const void *pa, const void *pb)
{
	const struct gh_oms_resource *a = *(const struct gh_oms_resource *const *)pa;
	const struct gh_oms_resource *b = *(const struct gh_oms_resource *const *)pb;
	int r = strcmp((const char *)a->name.p, (const char *)b->name.p);
	return r != 0 ? r : (a->start > b->start) - (a->start < b->start);
}

enum gh_rc gh_omslist_open(struct gh_omslist *s, const struct gh_oms *m, struct gh_err *err)
{
	*s = (struct gh_omslist){ .m = m,
				  .sorted = calloc(m->n + 1, sizeof(void *)),
				  .seen = calloc(m->n + 1, sizeof(bool)) };
	if (s->sorted == NULL || s->seen == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the list");
	for (size_t i = 0; i < m->n; i++)
		s->sorted[i] = &m->resource[i];
	qsort(s->sorted, m->n, sizeof *s->sorted, by_place);
	return GH_OK;
}

bool gh_omslist_find(struct gh_omslist *s, const char *name)
{
	size_t lo = 0, hi = s->m->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (strcmp((const char *)s->sorted[mid]->name.p, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	s->first = lo;
	for (s->n = 0; lo + s->n < s->m->n && strcmp((const char *)s->sorted[lo + s->n]->name.p, name) == 0;)
		s->n++;
	return s->n != 0;
}

void gh_omslist_see(struct gh_omslist *s)
{
	for (size_t i = 0; i < s->n; i++)
		s->seen[s->first + i] = true;
}

void gh_omslist_free(struct gh_omslist *s)
{
	free(s->sorted);
	free(s->seen);
}

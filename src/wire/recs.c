#include "wire/recs.h"

struct gh_recs gh_recs(struct gh_arena *arena, size_t max)
{
	return (struct gh_recs){ .arena = arena, .max = max < GH_RECS_MAX ? max : GH_RECS_MAX };
}

bool gh_recs_add(struct gh_recs *t, struct gh_rec r)
{
	if (t->n >= t->max || t->arena == NULL)
		return false;
	if (t->seg == NULL && (t->seg = GH_NEW(t->arena, struct gh_rec *, GH_RECS_SEGS)) == NULL)
		return false;
	struct gh_rec **seg = &t->seg[t->n / GH_RECS_SEG];
	if (*seg == NULL && (*seg = GH_NEW(t->arena, struct gh_rec, GH_RECS_SEG)) == NULL)
		return false;
	(*seg)[t->n++ % GH_RECS_SEG] = r;
	return true;
}

static inline bool less(const struct gh_rec *x, const struct gh_rec *y)
{
	return x->a != y->a ? x->a < y->a : x->b < y->b;
}

static void insertion(struct gh_recs *t, size_t from, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct gh_rec r = *gh_recs_at(t, from + i);
		size_t j = i;
		for (; j > 0 && less(&r, gh_recs_at(t, from + j - 1)); j--)
			*gh_recs_at(t, from + j) = *gh_recs_at(t, from + j - 1);
		*gh_recs_at(t, from + j) = r;
	}
}

static void sift(struct gh_recs *t, size_t from, size_t i, size_t n)
{
	struct gh_rec r = *gh_recs_at(t, from + i);
	for (size_t kid; (kid = 2 * i + 1) < n; i = kid) {
		if (kid + 1 < n && less(gh_recs_at(t, from + kid), gh_recs_at(t, from + kid + 1)))
			kid++;
		if (!less(&r, gh_recs_at(t, from + kid)))
			break;
		*gh_recs_at(t, from + i) = *gh_recs_at(t, from + kid);
	}
	*gh_recs_at(t, from + i) = r;
}

void gh_recs_sort(struct gh_recs *t, size_t from)
{
	if (from >= t->n)
		return;
	size_t n = t->n - from, i = 1;
	while (i < n && !less(gh_recs_at(t, from + i), gh_recs_at(t, from + i - 1)))
		i++;
	if (i >= n)
		return;
	if (n <= 24) {
		insertion(t, from, n);
		return;
	}
	for (i = n / 2; i-- > 0;)
		sift(t, from, i, n);
	for (i = n - 1; i > 0; i--) {
		struct gh_rec top = *gh_recs_at(t, from);
		*gh_recs_at(t, from) = *gh_recs_at(t, from + i);
		*gh_recs_at(t, from + i) = top;
		sift(t, from, 0, i);
	}
}

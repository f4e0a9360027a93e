#include "check/ruledata.h"

#ifdef GH_TEST_HOOKS
bool gh_explain_off; /* the test that nothing depends on the explanations */
#endif

static int order(struct gh_span a, const char *b)
{
	size_t n = strlen(b), min = a.n < n ? a.n : n;
	int c = min == 0 ? 0 : memcmp(a.p, b, min);
	if (c != 0)
		return c;
	return a.n < n ? -1 : a.n > n;
}

const struct gh_allow_row *gh_allow_find(struct gh_span module, struct gh_span name)
{
	size_t lo = 0, hi = gh_allow_rows_n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gh_allow_row *r = &gh_allow_rows[mid];
		int c = order(module, r->module);
		if (c == 0)
			c = order(name, r->name);
		if (c == 0)
			return r;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static const struct gh_explain_group *explained(struct gh_span module, struct gh_span name)
{
	size_t lo = 0, hi = gh_explain_rows_n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct gh_explain_row *r = &gh_explain_rows[mid];
		int c = order(module, r->module);
		if (c == 0)
			c = order(name, r->name);
		if (c == 0)
			return &gh_explain_groups[r->group];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

/* Cut the last dotted part off; false when there was none. */
static bool parent(struct gh_span *s)
{
	for (size_t i = s->n; i > 0; i--) {
		if (s->p[i - 1] == '.') {
			s->n = i - 1;
			return true;
		}
	}
	return false;
}

const struct gh_explain_group *gh_explain_find(struct gh_span module, struct gh_span name)
{
	/* Longer names only cost the attacker's own explanation. */
	if (module.n > 256 || name.n > 256)
		return NULL;
#ifdef GH_TEST_HOOKS
	if (gh_explain_off)
		return NULL;
#endif
	const struct gh_explain_group *g;
	struct gh_span n = name;
	do {
		if ((g = explained(module, n)) != NULL)
			return g;
	} while (parent(&n));
	do {
		if ((g = explained(module, GH_SPAN("*"))) != NULL)
			return g;
	} while (parent(&module));
	return NULL;
}

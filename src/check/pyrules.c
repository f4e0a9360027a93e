#include "check/pyrules.h"

static int order(struct gh_span a, const char *b)
{
	size_t n = strlen(b), min = a.n < n ? a.n : n;
	int c = min == 0 ? 0 : memcmp(a.p, b, min);
	return c != 0 ? c : a.n < n ? -1 : a.n > n;
}

static const struct gh_py_group *row(struct gh_span module, struct gh_span name)
{
	size_t lo = 0, hi = gh_py_rows_n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = order(module, gh_py_rows[mid].module);
		if (c == 0)
			c = order(name, gh_py_rows[mid].name);
		if (c == 0)
			return &gh_py_groups[gh_py_rows[mid].group];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

const struct gh_py_group *gh_py_find(struct gh_span path)
{
	const struct gh_py_group *g;
	/* Exactly: module and last name. */
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '.') {
			g = row(gh_span_cut(path, 0, i - 1), gh_span_cut(path, i, path.n));
			if (g != NULL)
				return g;
			break;
		}
	/* The longest module or object that it belongs to. */
	for (size_t i = path.n;; i--) {
		if ((i == path.n || path.p[i] == '.' || path.p[i] == '(' || path.p[i] == '[') &&
		    (g = row(gh_span_cut(path, 0, i), GH_SPAN("*"))) != NULL)
			return g;
		if (i == 0)
			return NULL;
	}
}

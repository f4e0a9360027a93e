#include "scan/verdict.h"

#include <stdlib.h>
#include <string.h>

static int order(const void *a, const void *b)
{
	const struct gh_finding *x = a, *y = b;
	if (x->rule->effect != y->rule->effect)
		return x->rule->effect > y->rule->effect ? -1 : 1;
	if (x->rule->severity != y->rule->severity)
		return x->rule->severity > y->rule->severity ? -1 : 1;
	int c = strcmp(x->member, y->member);
	if (c != 0)
		return c;
	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	c = strcmp(x->rule->id, y->rule->id);
	return c != 0 ? c : strcmp(x->detail, y->detail);
}

void gh_findings_sort(struct gh_finding *v, size_t n)
{
	if (n > 1)
		qsort(v, n, sizeof *v, order);
}

enum gh_verdict gh_file_verdict(const struct gh_file_report *f)
{
	enum gh_verdict v = GH_CLEAN;
	for (size_t i = 0; i < f->nfinding; i++)
		if (f->finding[i].rule->effect > v)
			v = f->finding[i].rule->effect;
	/* Findings beyond the cap are of rules that are already there, with the same effect. What must not happen: silence
	 * about bytes that nobody understood. A gap that was found and named is a matter for a person (REVIEW). */
	if (v == GH_CLEAN && (f->understood != f->size || f->sha256[0] == '\0'))
		v = GH_INCOMPLETE;
	return v;
}

enum gh_verdict gh_scan_verdict(const struct gh_file_report *f, size_t n)
{
	enum gh_verdict v = n == 0 ? GH_INCOMPLETE : GH_CLEAN; /* nothing looked at: nothing proven */
	for (size_t i = 0; i < n; i++)
		if (f[i].verdict > v)
			v = f[i].verdict;
	return v;
}

/* Licences of a directory: what its card declares against the text that lies there. Compared by what the check "licences" told,
 * which is as hostile as any finding: only known ids are used. */
#include "check/licences.h"
#include "format/format.h"
#include "scan/findings.h"
#include "scan/repo.h"

#include <stdio.h>

/* The known id that a finding of this rule in file f begins with; NULL: none. */
static const char *told(const struct gh_repo_file *f, enum gh_licence_rule rule)
{
	const char *id = gh_licence_rules[rule].id;
	for (size_t i = 0; f->report != NULL && i < f->report->nfinding; i++) {
		const struct gh_finding *x = &f->report->finding[i];
		if (strcmp(x->rule->id, id) == 0 && (x->member == NULL || x->member[0] == '\0'))
			return x->detail == NULL ? NULL : gh_licence_of_name(gh_span_str(x->detail));
	}
	return NULL;
}

static bool any(const struct gh_repo_file *f)
{
	for (size_t i = 0; f->report != NULL && i < f->report->nfinding; i++)
		if (strncmp(f->report->finding[i].rule->id, "GH-LIC-", 7) == 0)
			return true;
	return false;
}

static size_t folder(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash == NULL ? 0 : (size_t)(slash - name) + 1;
}

static bool beside(const char *a, const char *b)
{
	size_t n = folder(a);
	return n == folder(b) && strncmp(a, b, n) == 0;
}

static bool weights(const struct gh_repo_file *f)
{
	for (size_t j = 0; j < f->nfact; j++)
		if (f->fact[j].kind == GH_FACT_TENSORS)
			return true;
	return false;
}

void gh_repo_licences(const struct gh_repo_file *file, size_t n, bool alone,
		      void (*find)(void *arg, size_t i, const struct gh_rule *rule, const char *detail), void *arg)
{
	char text[200];
	size_t first = n;
	bool some = false, card = false;
	for (size_t i = 0; i < n; i++) {
		const char *says = told(&file[i], GH_LICENCE_DECLARED), *odd = NULL;
		bool same = false;
		some = some || any(&file[i]);
		card = card || strcmp(file[i].name + folder(file[i].name), "README.md") == 0;
		if (first == n && weights(&file[i]))
			first = i;
		for (size_t k = 0; k < n && says != NULL; k++) {
			const char *is = k == i || !beside(file[i].name, file[k].name)
						 ? NULL
						 : told(&file[k], GH_LICENCE_TEXT);
			same = same || (is != NULL && gh_licence_agrees(says, is));
			odd = is != NULL ? is : odd;
		}
		if (odd != NULL && !same) {
			(void)snprintf(text, sizeof text, "%s is declared, the text beside it is that of %s", says,
				       odd);
			find(arg, i, &gh_licence_rules[GH_LICENCE_DIFFERS], text);
		}
	}
	if (!alone && !some && card && first != n) /* what is published has a card */
		find(arg, first, &gh_licence_rules[GH_LICENCE_NONE],
		     "neither a card nor a file in this directory names one");
}

#include "scan/whole.h"

#include "scan/verdict.h"

#include <string.h>

/* Findings about the artifact as a whole, kept until all of them are there: none must rest on another one. */
struct whole {
	struct gh_arena *arena;
	struct late {
		size_t i;
		const struct gh_rule *rule;
		const char *detail;
	} *v;
	size_t n, cap;
	bool full;
};

static void on_whole(void *arg, size_t i, const struct gh_rule *rule, const char *detail)
{
	struct whole *w = arg;
	struct gh_arena *a = w->arena;
	struct late *v = gh_grow(a, w->v, &w->cap, w->n + 1, sizeof *v);
	struct gh_span kept = gh_keep(a, gh_span_str(detail));
	if (v == NULL || kept.p == NULL) {
		w->full = true;
		return;
	}
	w->v = v;
	w->v[w->n++] = (struct late){ i, rule, (const char *)kept.p };
}

/* One more finding in a row that is settled already. */
static bool add_late(struct gh_arena *a, struct gh_file_report *r, const struct late *l)
{
	struct gh_finding *v = GH_NEW(a, struct gh_finding, r->nfinding + 1);
	if (v == NULL)
		return false;
	if (r->nfinding != 0)
		memcpy(v, r->finding, r->nfinding * sizeof *v);
	v[r->nfinding] = (struct gh_finding){ .rule = l->rule, .detail = l->detail, .member = "", .times = 1 };
	r->finding = v;
	gh_findings_sort(v, ++r->nfinding);
	r->verdict = gh_file_verdict(r);
	return true;
}

bool gh_whole_judge(const struct gh_repo_file *known, size_t n, bool alone, struct gh_arena *arena,
		    struct gh_file_report *file, struct gh_arena *file_arena)
{
	struct whole w = { .arena = arena };
	gh_repo_judge(known, n, alone, on_whole, &w);
	for (size_t k = 0; k < w.n && !w.full; k++) {
		size_t i = w.v[k].i;
		w.full = !add_late(&file_arena[i], &file[i], &w.v[k]);
	}
	return !w.full;
}

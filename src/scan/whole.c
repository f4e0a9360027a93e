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

/* ---- what is said once ------------------------------------------------------------------------------------------------- */

/* What a format alone calls for is the same for all files of the format: the first of them speaks for all. */
static bool once(const struct gh_finding *f)
{
	return f->rule->effect == GH_CLEAN && strcmp(f->rule->id, "GH-VUL-0007") == 0;
}

enum { ONCE = 256 };

struct spoken {
	struct gh_finding *v[ONCE];
	size_t n;
};

/* The row that says it already. NULL: *f is the first one now, or there are too many to remember. */
static struct gh_finding *spoken(struct spoken *s, struct gh_finding *f)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i]->rule->id, f->rule->id) == 0 && strcmp(s->v[i]->detail, f->detail) == 0)
			return s->v[i];
	if (s->n < ONCE)
		s->v[s->n++] = f;
	return NULL;
}

/* False: no memory; nothing was changed. */
static bool say_once(struct spoken *s, struct gh_arena *a, struct gh_file_report *r)
{
	size_t n = 0, some = 0;
	for (size_t i = 0; i < r->nfinding; i++)
		some += once(&r->finding[i]);
	struct gh_finding *v = some == 0 ? NULL : GH_NEW(a, struct gh_finding, r->nfinding);
	if (v == NULL)
		return some == 0;
	for (size_t i = 0; i < r->nfinding; i++) {
		v[n] = r->finding[i];
		struct gh_finding *before = once(&v[n]) ? spoken(s, &v[n]) : NULL;
		if (before == NULL)
			n++;
		else
			before->times += v[n].times;
	}
	r->finding = v;
	r->nfinding = n;
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
	struct spoken said = { .n = 0 };
	for (size_t i = 0; i < n && !w.full; i++)
		w.full = !say_once(&said, &file_arena[i], &file[i]);
	return !w.full;
}

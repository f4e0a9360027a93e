#include "format/links.h"

#include "format/path_rules.h"

enum { STEPS = 1 << 28 };

static bool backslash(struct gh_span s) { return s.n != 0 && memchr(s.p, '\\', s.n) != NULL; }

static bool any_backslash(const struct gh_link_view *v)
{
	for (size_t i = 0; i < v->nlinks; i++)
		if (backslash(v->link[i].name) || backslash(v->link[i].target))
			return true;
	for (size_t i = 0; i < v->n; i++)
		if (backslash(v->name(v->ctx, i)))
			return true;
	return false;
}

/* One finding of a row, unless there were enough of them. */
static bool more(const struct gh_link_view *v, size_t row) { return v->seen[row]++ < GH_PATH_SAME; }

static enum gh_rc judge(struct gh_walk *w, const struct gh_link_view *v, bool both)
{
	struct gh_links *l = gh_links(w->arena, v->link, v->nlinks, both, STEPS);
	if (l == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no room for %zu links", v->nlinks);
	for (size_t i = 0; i < v->nlinks; i++) {
		const struct gh_link *k = &v->link[i];
		enum gh_links_way way = gh_links_target(l, k);
		size_t row = way == GH_LINKS_THROUGH ? v->chained : v->escapes;
		if (way == GH_LINKS_PLAIN || !more(v, row))
			continue;
		gh_anomaly(w, &v->rules[row], k->at, k->len, "\"%s\" to \"%s\"%s", gh_safe(k->name).s,
			   gh_safe(k->target).s, way == GH_LINKS_LOST ? ", which cannot be followed to its end" : "");
	}
	for (size_t i = 0; i < v->n; i++) {
		struct gh_span name = v->name(v->ctx, i);
		enum gh_links_way way = gh_links_member(l, name);
		if (way != GH_LINKS_PLAIN && more(v, v->through))
			gh_anomaly(w, &v->rules[v->through], 0, 0, "\"%s\"", gh_safe(name).s);
	}
	return GH_OK;
}

enum gh_rc gh_links_report(struct gh_walk *w, const struct gh_link_view *v)
{
	if (v->nlinks == 0)
		return GH_OK;
	GH_TRY(judge(w, v, false), w->err, "links");
	/* On Windows a backslash parts names, elsewhere it is a letter: the archive must be harmless on both. */
	return any_backslash(v) ? judge(w, v, true) : GH_OK;
}

/* Records that change what the next header says: pax extended headers and GNU long names. */
#include "format/tar_int.h"
#include "wire/sort.h"

/* path, linkpath and size change what programs see; the rest is times, owners and attributes. */
static void take_path(struct tar *t, struct gh_span *to, struct gh_span value, uint64_t off, const char *key)
{
	if (to->p != NULL)
		tar_say(t, T_PAX_TWICE, off, GH_TAR_BLOCK, "%s: \"%s\" and \"%s\"", key, gh_safe(*to).s,
			gh_safe(value).s);
	*to = gh_keep(t->w->arena, value);
	if (to->p == NULL)
		tar_note(t, GH_E_LIMIT);
}

static void take_size(struct tar *t, struct tar_meta *m, struct gh_span value, uint64_t off)
{
	uint64_t v;
	struct gh_span rest = value;
	if (!gh_tar_decimal(&rest, '\n', &v)) {
		tar_say(t, T_PAX, off, GH_TAR_BLOCK, "size \"%s\"", gh_safe(value).s);
		tar_note(t, GH_E_MALFORMED);
		return;
	}
	if (m->has_size)
		tar_say(t, T_PAX_TWICE, off, GH_TAR_BLOCK, "size: %llu and %llu", (unsigned long long)m->size,
			(unsigned long long)v);
	m->has_size = true;
	m->size = v;
}

static void read_pax(struct tar *t, struct tar_meta *m, struct gh_span data, uint64_t off)
{
	struct gh_span key, value;
	struct gh_span sparse_name = { 0 };
	int more;
	while ((more = gh_tar_pax_next(&data, &key, &value)) == 1) {
		if (gh_span_is(key, "path"))
			take_path(t, &m->path, value, off, "path");
		else if (gh_span_is(key, "linkpath"))
			take_path(t, &m->link, value, off, "linkpath");
		else if (gh_span_is(key, "size"))
			take_size(t, m, value, off);
		else if (gh_span_is(key, "GNU.sparse.name"))
			sparse_name = value;
		if (gh_span_starts(key, "GNU.sparse."))
			m->sparse = true;
	}
	if (more < 0) {
		tar_say(t, T_PAX, off, GH_TAR_BLOCK, "a record is not of the form \"LENGTH KEY=VALUE\"");
		tar_note(t, GH_E_MALFORMED);
	}
	/* The file's real name; `path` then names a directory that no program should create. */
	if (sparse_name.p != NULL) {
		struct gh_span kept = gh_keep(t->w->arena, sparse_name);
		if (kept.p != NULL)
			m->path = kept;
	}
}

/* The span up to the first NUL; what stands behind must be NUL too. */
static struct gh_span long_name(struct tar *t, struct gh_span data, uint64_t off)
{
	const uint8_t *nul = memchr(data.p, 0, data.n);
	size_t n = nul == NULL ? data.n : (size_t)(nul - data.p);
	for (size_t i = n; i < data.n; i++)
		if (data.p[i] != 0) {
			tar_say(t, T_GARBAGE, off, GH_TAR_BLOCK, "behind a long name");
			break;
		}
	return gh_span_cut(data, 0, n);
}

enum gh_rc tar_read_meta(struct tar *t, const struct gh_tar_header *h, uint64_t off, uint64_t data, uint64_t size)
{
	uint8_t type = h->type; /* the header's window dies below */
	if (size > GH_WINDOW_MAX)
		return gh_fail(t->w->err, GH_E_LIMIT, "extended header of %llu bytes", (unsigned long long)size);
	struct gh_span w = gh_src_window(t->w->src, data, (size_t)size);
	if (w.n < size)
		return GH_OK; /* the caller says that the data are cut off */
	/* Emitting anomalies may invalidate windows; records are small. */
	struct gh_span in = gh_keep(t->w->arena, w);
	if (in.p == NULL)
		return gh_fail(t->w->err, GH_E_LIMIT, "no room for an extended header");
	if (type == 'g') {
		struct tar_meta g = { 0 };
		read_pax(t, &g, in, off);
		if (g.path.p != NULL || g.link.p != NULL || g.has_size || g.sparse)
			tar_say(t, T_PAX_GLOBAL, off, GH_TAR_BLOCK, "%s",
				g.has_size ? "size"
				: g.sparse ? "sparse"
					   : "path");
		if (g.path.p != NULL)
			t->global.path = g.path;
		if (g.link.p != NULL)
			t->global.link = g.link;
		return GH_OK;
	}
	if (!t->next.any)
		t->next.at = off;
	t->next.any = true;
	if (type == 'L')
		take_path(t, &t->next.gnu_path, long_name(t, in, off), off, "long name");
	else if (type == 'K')
		take_path(t, &t->next.gnu_link, long_name(t, in, off), off, "long link");
	else
		read_pax(t, &t->next, in, off);
	return GH_OK;
}

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct tar_name *n = ctx;
	int c = gh_path_cmp(n[a].name, n[b].name, true);
	return c != 0 ? c : gh_path_cmp(n[a].name, n[b].name, false);
}

static struct gh_span name_at(const void *ctx, size_t i) { return ((const struct tar_name *)ctx)[i].name; }

static enum gh_rc judge_links(struct tar *t)
{
	struct gh_link_view v = { .link = t->link,
				  .nlinks = t->nlinks,
				  .name = name_at,
				  .ctx = t->name,
				  .n = t->n,
				  .rules = gh_tar_rules,
				  .escapes = T_LINK_ESCAPES,
				  .chained = T_LINK_CHAIN,
				  .through = T_LINK_THROUGH,
				  .seen = t->seen };
	return gh_links_report(t->w, &v);
}

enum gh_rc tar_judge_names(struct tar *t)
{
	const struct tar_name *e = t->name;
	uint32_t *idx = t->n > UINT32_MAX / 2 ? NULL : GH_NEW(t->w->arena, uint32_t, t->n * 2 + 1);
	if (idx == NULL)
		return gh_fail(t->w->err, GH_E_LIMIT, "no room to compare %zu names", t->n);
	for (size_t i = 0; i < t->n; i++)
		idx[i] = (uint32_t)i;
	gh_sort_idx(idx, idx + t->n, t->n, by_name, e);
	for (size_t i = 0; i + 1 < t->n; i++) {
		const struct tar_name *a = &e[idx[i]], *b = &e[idx[i + 1]];
		bool alike = gh_path_cmp(a->name, b->name, true) == 0;
		if (alike && (a->link != b->link || a->hard != b->hard))
			tar_say(t, T_LINK_THROUGH, 0, 0, "\"%s\" through \"%s\"", gh_safe(b->name).s,
				gh_safe(a->name).s);
		if (!alike || (a->dir && b->dir))
			continue;
		bool same = gh_path_cmp(a->name, b->name, false) == 0;
		tar_say(t, same ? T_DUPLICATE : T_CASE, 0, 0, "\"%s\" and \"%s\"", gh_safe(a->name).s,
			gh_safe(b->name).s);
	}
	return judge_links(t);
}

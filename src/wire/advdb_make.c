/* Records in, a database out: intervals are worked out once, here, so that matching is a comparison. */
#include "wire/advdb.h"
#include "wire/dep.h"
#include "wire/sort.h"

#include <stdlib.h>

struct product {
	struct gh_span ecosystem, name, versions;
	size_t record;
};
struct record {
	struct gh_adv_record r;
	size_t first, n; /* of its products */
};

struct gh_advdb_make {
	struct gh_arena arena;
	struct record *rec;
	size_t nrec, rec_cap;
	struct product *pro;
	size_t npro, pro_cap;
};

struct gh_advdb_make *gh_advdb_make(size_t max)
{
	struct gh_advdb_make *m = calloc(1, sizeof *m);
	if (m != NULL)
		m->arena.max = max;
	return m;
}

void gh_advdb_make_free(struct gh_advdb_make *m)
{
	if (m == NULL)
		return;
	gh_arena_free(&m->arena);
	free(m);
}

static enum gh_rc no_room(struct gh_err *err)
{
	return gh_fail(err, GH_E_LIMIT, "too many advisories: no memory for more");
}

/* ---- intervals ------------------------------------------------------------------------------------------------------------ */
struct order {
	const struct gh_osv_event *e;
	enum gh_version_rule rule;
};

static int by_version(const void *ctx, uint32_t a, uint32_t b)
{
	const struct order *o = ctx;
	const struct gh_osv_event *x = &o->e[a], *y = &o->e[b];
	bool zx = gh_span_is(x->v, "0"), zy = gh_span_is(y->v, "0");
	int c = zx || zy ? (int)zy - (int)zx : gh_version_cmp(o->rule, x->v, y->v);
	return c != 0 && c != GH_VERSION_APART ? c : (int)x->kind - (int)y->kind;
}

static void put_short(struct gh_buf *b, struct gh_span s)
{
	gh_buf_ch(b, (char)(uint8_t)s.n);
	gh_buf_span(b, s);
}

static void put_interval(struct gh_buf *b, unsigned *n, unsigned flags, struct gh_span from, struct gh_span to)
{
	if (*n == 0xffff)
		return;
	gh_buf_ch(b, (char)(uint8_t)flags);
	put_short(b, gh_span_is(from, "0") ? (struct gh_span){ 0 } : from);
	put_short(b, to);
	++*n;
}

/* The end that a `limit` sets, if it is before `to`: only versions below some limit count. */
static bool limited(const struct gh_osv_range *g, enum gh_version_rule rule, struct gh_span *limit)
{
	bool any = false;
	for (size_t i = 0; i < g->n; i++) {
		if (g->event[i].kind != GH_OSV_LIMIT)
			continue;
		if (gh_span_is(g->event[i].v, "*"))
			return false;
		if (!any || gh_version_cmp(rule, g->event[i].v, *limit) > 0)
			*limit = g->event[i].v;
		any = true;
	}
	return any;
}

/* https://ossf.github.io/osv-schema/#evaluation: events in the order of versions switch "affected" on and off. False: a
 * version of the range cannot be compared, the range says nothing. */
static bool range_intervals(struct gh_arena *a, const struct gh_osv_range *g, enum gh_version_rule rule,
			    struct gh_buf *b, unsigned *n)
{
	for (size_t i = 0; i < g->n; i++)
		if (!gh_span_is(g->event[i].v, "0") && !gh_span_is(g->event[i].v, "*") &&
		    !gh_version_valid(rule, g->event[i].v))
			return false;
	uint32_t *idx = GH_NEW(a, uint32_t, 2 * g->n + 1);
	if (idx == NULL)
		return false;
	for (size_t i = 0; i < g->n; i++)
		idx[i] = (uint32_t)i;
	gh_sort_idx(idx, idx + g->n, g->n, by_version, &(struct order){ g->event, rule });
	struct gh_span from = { 0 }, limit = { 0 };
	bool on = false, has_limit = limited(g, rule, &limit);
	for (size_t i = 0; i <= g->n; i++) {
		const struct gh_osv_event *e = i < g->n ? &g->event[idx[i]] : NULL;
		if (e != NULL && e->kind == GH_OSV_INTRODUCED && !on) {
			from = e->v;
			on = true;
		} else if (on && (e == NULL || e->kind == GH_OSV_FIXED || e->kind == GH_OSV_LAST_AFFECTED)) {
			unsigned flags = e == NULL			   ? GH_ADV_TO_NONE
					 : e->kind == GH_OSV_LAST_AFFECTED ? GH_ADV_TO_INCLUDED
									   : 0;
			struct gh_span to = e == NULL ? (struct gh_span){ 0 } : e->v;
			if (has_limit && (e == NULL || gh_version_cmp(rule, limit, to) <= 0)) {
				flags = 0;
				to = limit;
			}
			bool empty = flags == 0 && (gh_span_is(to, "0") ||
						    (!gh_span_is(from, "0") && gh_version_cmp(rule, from, to) >= 0));
			if (!empty)
				put_interval(b, n, flags, from, to);
			on = false;
		}
	}
	return true;
}

static void set16(struct gh_buf *b, size_t at, unsigned v)
{
	if (!b->full) {
		b->p[at] = (uint8_t)v;
		b->p[at + 1] = (uint8_t)(v >> 8);
	}
}

/* Versions of one product, as advdb.h describes them. */
static bool encode(struct gh_arena *a, const struct gh_osv_affected *x, enum gh_version_rule rule, struct gh_span *out)
{
	gh_auto_buf b = gh_buf(8 << 20);
	unsigned n = 0, singles = 0;
	gh_buf_put(&b, "\0", 2);
	for (size_t i = 0; i < x->nrange; i++)
		if (x->range[i].type != GH_OSV_GIT && rule != GH_VERSION_NONE)
			(void)range_intervals(a, &x->range[i], rule, &b, &n);
	if (x->ecosystem.n == 0 || x->product.n != 0) {
		struct gh_span to = x->fixed_build.n != 0   ? x->fixed_build
				    : x->fixed_after.n != 0 ? x->fixed_after
				    : x->last_commit.n != 0 ? x->last_commit
							    : x->fixed;
		put_interval(&b, &n,
			     GH_ADV_BUILD | (to.n == 0		     ? GH_ADV_TO_NONE
					     : x->last_commit.n != 0 ? GH_ADV_TO_INCLUDED
								     : 0),
			     x->introduced, to);
	}
	set16(&b, 0, n);
	/* What the intervals say already is not said again: lists of versions are most of a record. */
	size_t mark = b.n;
	struct gh_advdb self = { .s = { NULL, 0 } };
	gh_buf_put(&b, "\0", 2);
	if (b.full)
		return false;
	gh_auto_buf probe = gh_buf(16 << 20);
	for (unsigned k = 0; k < GH_ADVDB_HEAD; k++)
		gh_buf_ch(&probe, 0);
	gh_buf_span(&probe, gh_buf_view(&b));
	self.s = gh_buf_view(&probe);
	const struct gh_adv_product p = { .versions = GH_ADVDB_HEAD };
	for (size_t i = 0; i < x->nversion && singles < 0xffff; i++)
		if (gh_advdb_affects(&self, &p, rule, x->version[i], NULL) == GH_ADV_NO) {
			put_short(&b, x->version[i]);
			singles++;
		}
	set16(&b, mark, singles);
	*out = gh_keep(a, gh_buf_view(&b));
	return !b.full && !probe.full && out->p != NULL;
}

static enum gh_rc add_product(struct gh_advdb_make *m, struct gh_span ecosystem, struct gh_span name,
			      struct gh_span versions, struct gh_err *err)
{
	struct product *p = gh_grow(&m->arena, m->pro, &m->pro_cap, m->npro + 1, sizeof *p);
	if (p == NULL || m->npro >= UINT32_MAX / 2)
		return no_room(err);
	m->pro = p;
	p[m->npro++] = (struct product){ gh_keep(&m->arena, ecosystem), gh_keep(&m->arena, name), versions, m->nrec };
	return GH_OK;
}

static enum gh_rc add_record(struct gh_advdb_make *m, const struct gh_adv_record *r, size_t first, struct gh_err *err)
{
	struct record *v = gh_grow(&m->arena, m->rec, &m->rec_cap, m->nrec + 1, sizeof *v);
	if (v == NULL || m->nrec >= UINT32_MAX / 2)
		return no_room(err);
	m->rec = v;
	struct gh_adv_record k = *r;
	struct gh_span *const text[] = { &k.id,	    &k.modified, &k.aliases, &k.summary,
					 &k.vector, &k.url,	 &k.formats, &k.trigger };
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		*text[i] = gh_keep(&m->arena, *text[i]);
		if (text[i]->p == NULL)
			return no_room(err);
	}
	v[m->nrec++] = (struct record){ k, first, m->npro - first };
	return GH_OK;
}

enum gh_rc gh_advdb_add(struct gh_advdb_make *m, const struct gh_osv *o, struct gh_err *err)
{
	size_t first = m->npro;
	for (size_t i = 0; i < o->naffected && !o->withdrawn; i++) {
		const struct gh_osv_affected *x = &o->affected[i];
		char normal[80];
		struct gh_span eco = x->ecosystem, name = x->name, versions;
		if (eco.n == 0 || name.n == 0) {
			eco = GH_SPAN("product");
			name = x->product;
			if (name.n == 0)
				continue; /* a repository without a name to match */
		} else if (gh_span_is(eco, "PyPI")) {
			gh_dep_normalise(name, normal);
			name = gh_span_str(normal);
		}
		gh_auto_arena work = { .max = 64 << 20 };
		if (!encode(&work, x, gh_version_rule(eco), &versions))
			return no_room(err);
		enum gh_rc rc = add_product(m, eco, name, gh_keep(&m->arena, versions), err);
		if (rc != GH_OK)
			return rc;
	}
	const struct gh_adv_record r = {
		.id = o->id,
		.modified = o->modified,
		.aliases = o->aliases,
		.summary = o->summary,
		.vector = o->vector,
		.url = o->url,
		.formats = o->formats,
		.trigger = o->trigger,
		.score = o->score,
		.severity = o->severity,
		.flags = (o->verified == GH_OSV_VERIFIED ? GH_ADV_VERIFIED : 0u) |
			 (o->verified == GH_OSV_UNVERIFIED ? GH_ADV_UNVERIFIED : 0u) |
			 (o->withdrawn ? GH_ADV_WITHDRAWN : 0u),
	};
	return add_record(m, &r, first, err);
}

/* How many bytes the versions of a product take. */
static struct gh_span versions_of(const struct gh_advdb *db, const struct gh_adv_product *p)
{
	struct gh_span from = gh_span_cut(db->s, p->versions, db->s.n);
	struct gh_rd r = gh_rd(from);
	for (unsigned n = gh_rd_u16le(&r); n != 0 && !r.bad; n--) {
		(void)gh_rd_u8(&r);
		(void)gh_rd_take(&r, gh_rd_u8(&r));
		(void)gh_rd_take(&r, gh_rd_u8(&r));
	}
	for (unsigned n = gh_rd_u16le(&r); n != 0 && !r.bad; n--)
		(void)gh_rd_take(&r, gh_rd_u8(&r));
	return r.bad ? (struct gh_span){ 0 } : gh_span_cut(from, 0, r.off);
}

enum gh_rc gh_advdb_add_all(struct gh_advdb_make *m, const struct gh_advdb *db, struct gh_err *err)
{
	/* Products stand by name there; here those of a record stand together. */
	uint32_t *head = GH_NEW(&m->arena, uint32_t, (size_t)db->nrecord + 1);
	uint32_t *next = GH_NEW(&m->arena, uint32_t, (size_t)db->nproduct + 1);
	if (head == NULL || next == NULL)
		return no_room(err);
	for (uint32_t i = db->nproduct; i > 0; i--) {
		struct gh_adv_product p = gh_advdb_product(db, i - 1);
		if (p.record >= db->nrecord)
			return gh_fail(err, GH_E_MALFORMED, "a product belongs to no advisory");
		next[i] = head[p.record];
		head[p.record] = i;
	}
	for (uint32_t i = 0; i < db->nrecord; i++) {
		struct gh_adv_record r = gh_advdb_record(db, i);
		size_t first = m->npro;
		for (uint32_t k = head[i]; k != 0; k = next[k]) {
			struct gh_adv_product p = gh_advdb_product(db, k - 1);
			enum gh_rc rc = add_product(m, p.ecosystem, p.name, gh_keep(&m->arena, versions_of(db, &p)),
						    err);
			if (rc != GH_OK)
				return rc;
		}
		enum gh_rc rc = add_record(m, &r, first, err);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- writing -------------------------------------------------------------------------------------------------------------- */
static int bytes_cmp(struct gh_span a, struct gh_span b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

/* By id; the one modified last stands first. */
static int by_id(const void *ctx, uint32_t a, uint32_t b)
{
	const struct record *v = ctx;
	int c = bytes_cmp(v[a].r.id, v[b].r.id);
	return c != 0 ? c : bytes_cmp(v[b].r.modified, v[a].r.modified);
}

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct product *v = ctx;
	int c = bytes_cmp(v[a].ecosystem, v[b].ecosystem);
	if (c == 0)
		c = bytes_cmp(v[a].name, v[b].name);
	return c != 0 ? c : (v[a].record > v[b].record) - (v[a].record < v[b].record);
}

static void put32(struct gh_buf *b, uint64_t v)
{
	const uint8_t p[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
	gh_buf_put(b, p, 4);
}

/* Tables and strings grow in two buffers; strings start at `base`. */
struct writer {
	struct gh_buf tables, strings;
	uint64_t base;
	struct gh_span last_eco, last_name; /* the same texts stand once */
	uint64_t eco_at, name_at;
};

static uint64_t put_str(struct writer *w, struct gh_span s)
{
	uint64_t at = w->base + w->strings.n;
	size_t n = s.n < 0xffff ? s.n : 0xffff;
	gh_buf_ch(&w->strings, (char)(uint8_t)n);
	gh_buf_ch(&w->strings, (char)(uint8_t)(n >> 8));
	gh_buf_put(&w->strings, s.p, n);
	return at;
}

static void write_record(struct writer *w, const struct gh_adv_record *r)
{
	const struct gh_span text[] = { r->id,	   r->modified, r->aliases, r->summary,
					r->vector, r->url,	r->formats, r->trigger };
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++)
		put32(&w->tables, put_str(w, text[i]));
	uint32_t score = r->score < 0 ? 0xffff : (uint32_t)r->score;
	put32(&w->tables, score | (uint32_t)r->severity << 16 | r->flags << 24);
	put32(&w->tables, 0);
}

static void write_product(struct writer *w, const struct product *p, uint32_t record)
{
	if (w->eco_at == 0 || !gh_span_eq(w->last_eco, p->ecosystem))
		w->eco_at = put_str(w, p->ecosystem);
	if (w->name_at == 0 || !gh_span_eq(w->last_name, p->name))
		w->name_at = put_str(w, p->name);
	w->last_eco = p->ecosystem;
	w->last_name = p->name;
	put32(&w->tables, w->eco_at);
	put32(&w->tables, w->name_at);
	put32(&w->tables, w->base + w->strings.n);
	gh_buf_span(&w->strings, p->versions);
	put32(&w->tables, record);
}

enum gh_rc gh_advdb_write(struct gh_advdb_make *m, struct gh_buf *out, size_t *records, struct gh_err *err)
{
	size_t nrec = 0, npro = 0;
	uint32_t *ri = GH_NEW(&m->arena, uint32_t, 2 * m->nrec + 1), *to = GH_NEW(&m->arena, uint32_t, m->nrec + 1);
	uint32_t *pi = GH_NEW(&m->arena, uint32_t, 2 * m->npro + 1);
	if (ri == NULL || to == NULL || pi == NULL)
		return no_room(err);
	for (size_t i = 0; i < m->nrec; i++)
		ri[i] = (uint32_t)i;
	gh_sort_idx(ri, ri + m->nrec, m->nrec, by_id, m->rec);
	struct gh_span date = { 0 };
	for (size_t i = 0; i < m->nrec; i++) {
		const struct record *r = &m->rec[ri[i]];
		to[ri[i]] = UINT32_MAX;
		if (nrec != 0 && gh_span_eq(m->rec[ri[nrec - 1]].r.id, r->r.id))
			continue;
		to[ri[i]] = (uint32_t)nrec;
		ri[nrec++] = ri[i];
		date = bytes_cmp(r->r.modified, date) > 0 ? r->r.modified : date;
		for (size_t k = 0; k < r->n; k++) {
			m->pro[r->first + k].record = (uint32_t)nrec - 1;
			pi[npro++] = (uint32_t)(r->first + k);
		}
	}
	gh_sort_idx(pi, pi + npro, npro, by_name, m->pro);
	struct writer w = { .tables = gh_buf(GH_ADVDB_MAX),
			    .strings = gh_buf(GH_ADVDB_MAX),
			    .base = GH_ADVDB_HEAD + (uint64_t)nrec * GH_ADVDB_RECORD +
				    (uint64_t)npro * GH_ADVDB_PRODUCT };
	uint8_t head[GH_ADVDB_HEAD] = "GHADVDB1";
	for (unsigned i = 0; i < 4; i++) {
		head[8 + i] = (uint8_t)(nrec >> 8 * i);
		head[12 + i] = (uint8_t)(npro >> 8 * i);
	}
	if (date.n >= 19) { /* without a fraction of the second */
		memcpy(head + 16, date.p, 19);
		head[35] = 'Z';
	}
	gh_buf_put(&w.tables, head, sizeof head);
	for (size_t i = 0; i < nrec; i++)
		write_record(&w, &m->rec[ri[i]].r);
	for (size_t i = 0; i < npro; i++)
		write_product(&w, &m->pro[pi[i]], (uint32_t)m->pro[pi[i]].record);
	gh_buf_span(out, gh_buf_view(&w.tables));
	gh_buf_span(out, gh_buf_view(&w.strings));
	bool full = out->full || w.tables.full || w.strings.full;
	gh_buf_free(&w.tables);
	gh_buf_free(&w.strings);
	if (records != NULL)
		*records = nrec;
	return full ? gh_fail(err, GH_E_LIMIT, "too many advisories: the database would be larger than %u MiB",
			      (unsigned)GH_ADVDB_MAX >> 20)
		    : GH_OK;
}

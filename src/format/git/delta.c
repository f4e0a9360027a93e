/* Deltas (gitformat-pack(5), "Deltified representation"): the size of the base, the size of the result, then copies from the
 * base and bytes to insert. A delta names its base by its place in the pack, or by its name, which is the SHA-1 of what is
 * restored: so bases of the second kind are found while going on.
 *
 * The deltas on a base are a tree. It is walked depth first, with the restored content of each level kept until its last
 * delta is resolved. The heaviest subtree comes last, when its base is no longer needed: so never more than log2(objects)
 * contents exist at once, however long a chain is, and each entry is expanded once more than for finding its end. */
#include "format/git/git.h"
#include "wire/sha1.h"
#include "wire/sort.h"

#include <stdio.h>

enum { LEVELS = 48, COPY = 64 << 10 };

/* ---- one delta ---------------------------------------------------------------------------------------------------- */

struct delta {
	struct git *g;
	struct gh_src *base;
	struct gh_spool *out;
	uint64_t size, made; /* of the result */
	uint64_t near;	     /* where the base was read last */
	uint64_t *steps;
	enum { D_BASE_SIZE, D_SIZE, D_OP, D_COPY, D_INSERT } at;
	unsigned shift;
	uint64_t num;
	uint8_t op, args; /* of a copy: the bits left, the bytes had */
	uint32_t off, len;
	const char *wrong;
};

static enum gh_rc wrong(struct delta *d, const char *what)
{
	d->wrong = what;
	return GH_E_MALFORMED;
}

static enum gh_rc put(struct delta *d, struct gh_span s)
{
	if (s.n > d->size - d->made)
		return wrong(d, "it makes more than it says");
	d->made += s.n;
	return d->g->w->sink->ops->spool_put(d->out, s);
}

static enum gh_rc copy(struct delta *d)
{
	uint64_t off = d->off, len = d->len == 0 ? 0x10000 : d->len;
	d->at = D_OP;
	if (off > d->base->size || len > d->base->size - off)
		return wrong(d, "it copies from behind the end of its base");
	while (len != 0) {
		size_t n = len < COPY ? (size_t)len : COPY;
		/* A base that was spilled is read in pieces: going back and forth in it is work, and is counted. */
		if (!d->base->stable && (off < d->near || off + n > d->near + GH_CUR_WINDOW)) {
			d->near = off;
			*d->steps += GH_CUR_WINDOW;
		}
		if (*d->steps > d->g->w->lim->steps)
			return GH_E_LIMIT;
		struct gh_span s = gh_src_window(d->base, off, n);
		if (s.n != n)
			return d->base->fail != GH_OK ? d->base->fail : GH_E_IO;
		enum gh_rc rc = put(d, s);
		if (rc != GH_OK)
			return rc;
		off += n;
		len -= n;
	}
	return GH_OK;
}

/* A byte of an operation's arguments, or of the two sizes. */
static enum gh_rc number(struct delta *d, uint8_t b)
{
	if (d->shift > 56)
		return wrong(d, "a size without an end");
	d->num |= (uint64_t)(b & 0x7f) << d->shift;
	d->shift += 7;
	if (b & 0x80)
		return GH_OK;
	if (d->at == D_BASE_SIZE && d->num != d->base->size)
		return wrong(d, "it is for a base of another size");
	if (d->at == D_SIZE)
		d->size = d->num;
	d->at = d->at == D_BASE_SIZE ? D_SIZE : D_OP;
	d->num = 0;
	d->shift = 0;
	return GH_OK;
}

static enum gh_rc argument(struct delta *d, uint8_t b)
{
	while ((d->op & 1u << d->args) == 0)
		d->args++;
	if (d->args < 4)
		d->off |= (uint32_t)b << (8 * d->args);
	else
		d->len |= (uint32_t)b << (8 * (d->args - 4));
	d->op &= (uint8_t)~(1u << d->args);
	return (d->op & 0x7f) == 0 ? copy(d) : GH_OK;
}

static enum gh_rc operation(struct delta *d, uint8_t b)
{
	if (b == 0)
		return wrong(d, "an operation that is not defined");
	*d->steps += 1;
	d->op = b & 0x7f;
	d->args = 0;
	d->off = d->len = 0;
	d->at = b & 0x80 ? D_COPY : D_INSERT;
	return b == 0x80 ? copy(d) : GH_OK;
}

static enum gh_rc take(void *ctx, struct gh_span s)
{
	struct delta *d = ctx;
	for (size_t i = 0; i < s.n;) {
		enum gh_rc rc = GH_OK;
		if (d->at == D_INSERT) {
			size_t n = d->op < s.n - i ? d->op : s.n - i;
			rc = put(d, gh_span_cut(s, i, n));
			d->op = (uint8_t)(d->op - n);
			d->at = d->op == 0 ? D_OP : D_INSERT;
			i += n;
		} else {
			uint8_t b = s.p[i++];
			rc = d->at == D_OP ? operation(d, b) : d->at == D_COPY ? argument(d, b) : number(d, b);
		}
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- the tree ------------------------------------------------------------------------------------------------------ */

struct level {
	uint32_t obj, kid, ref, ref_end; /* kid: place in the list, among v[obj].kids */
	uint32_t heavy;			 /* the child that comes last, or UINT32_MAX */
	struct gh_spool *spool;
	struct gh_src *src;
};

struct tree {
	struct git *g;
	struct git_packed *v;
	uint32_t n;
	uint32_t *kid;	/* children by offset, each base's in a row */
	uint32_t *ref;	/* deltas that name their base by its name, sorted by that */
	uint8_t *names; /* those names, by index in v of the delta: nref of them, in the order of the pack */
	uint32_t *slot; /* of ref[]: which of names */
	uint32_t nref;
	enum git_kind kind; /* of the tree that is walked */
	uint64_t steps;
	unsigned depth;
	struct level level[LEVELS];
};

static const uint8_t *name_of(const struct tree *t, uint32_t slot) { return t->names + (size_t)slot * GIT_SHA1; }

static int by_name(const void *ctx, uint32_t a, uint32_t b)
{
	const struct tree *t = ctx;
	int c = memcmp(name_of(t, a), name_of(t, b), GIT_SHA1);
	return c != 0 ? c : (a > b) - (a < b);
}

/* The first of the sorted names that is not below `name` (or, `after`, that is above it). */
static uint32_t bound(const struct tree *t, const uint8_t *name, bool after)
{
	uint32_t lo = 0, hi = t->nref;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		int c = memcmp(name_of(t, t->slot[mid]), name, GIT_SHA1);
		if (c < 0 || (after && c == 0))
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t find(const struct tree *t, uint64_t off, uint32_t below)
{
	uint32_t lo = 0, hi = below;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (t->v[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < below && t->v[lo].off == off ? lo : UINT32_MAX;
}

/* Who stands on whom. A base by offset stands before its delta: so there are no circles. */
static bool plan(struct tree *t)
{
	struct git_packed *v = t->v;
	uint32_t total = 0, refs = 0;
	for (uint32_t i = 0; i < t->n; i++) {
		t->nref += v[i].kind == GIT_REF_DELTA;
		if (v[i].kind != GIT_OFS_DELTA)
			continue;
		uint32_t base = find(t, v[i].base, i);
		v[i].base = base;
		if (base != UINT32_MAX)
			v[base].kids++;
	}
	t->kid = GH_NEW(t->g->w->arena, uint32_t, t->n == 0 ? 1 : t->n);
	t->ref = GH_NEW(t->g->w->arena, uint32_t, t->nref + 1);
	t->slot = GH_NEW(t->g->w->arena, uint32_t, t->nref + 1);
	uint32_t *tmp = GH_NEW(t->g->w->arena, uint32_t, t->nref + 1);
	t->names = gh_alloc(t->g->w->arena, (size_t)t->nref + 1, GIT_SHA1);
	if (t->kid == NULL || t->ref == NULL || t->slot == NULL || tmp == NULL || t->names == NULL)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		v[i].first = total;
		total += v[i].kids;
		v[i].kids = 0;
	}
	for (uint32_t i = 0; i < t->n; i++)
		if (v[i].kind == GIT_OFS_DELTA && v[i].base != UINT32_MAX)
			t->kid[v[v[i].base].first + v[v[i].base].kids++] = i;
	for (uint32_t i = t->n; i-- > 0;)
		if (v[i].kind == GIT_OFS_DELTA && v[i].base != UINT32_MAX)
			v[v[i].base].weight += v[i].weight + 1;
	for (uint32_t i = 0; i < t->n && t->g->hash == GIT_SHA1; i++) {
		if (v[i].kind != GIT_REF_DELTA)
			continue;
		struct gh_span s = gh_src_window(t->g->w->src, v[i].off + v[i].head - GIT_SHA1, GIT_SHA1);
		if (s.n == GIT_SHA1)
			memcpy(t->names + (size_t)refs * GIT_SHA1, s.p, GIT_SHA1);
		t->ref[refs] = i;
		t->slot[refs] = refs;
		refs++;
	}
	t->nref = refs;
	gh_sort_idx(t->slot, tmp, refs, by_name, t);
	return true;
}

/* The deltas that name this content as their base. */
static enum gh_rc named(struct tree *t, struct level *l)
{
	if (t->nref == 0)
		return GH_OK;
	struct gh_sha1 s = gh_sha1();
	char head[40];
	uint8_t name[GIT_SHA1];
	int n = snprintf(head, sizeof head, "%s %llu", gh_git_kind_name(t->kind), (unsigned long long)l->src->size);
	gh_sha1_put(&s, (struct gh_span){ (const uint8_t *)head, (size_t)n + 1 });
	for (uint64_t off = 0; off < l->src->size;) {
		struct gh_span w = gh_src_window(l->src, off, COPY);
		if (w.n == 0)
			return l->src->fail != GH_OK ? l->src->fail : GH_E_IO;
		gh_sha1_put(&s, w);
		off += w.n;
	}
	gh_sha1_end(&s, name);
	l->ref = bound(t, name, false);
	l->ref_end = bound(t, name, true);
	return GH_OK;
}

static void drop(struct tree *t, struct level *l)
{
	t->g->w->sink->ops->spool_close(l->spool);
	l->spool = NULL;
}

/* The content in `spool` is that of v[obj]: what stands on it comes next. Owns the spool from here on. */
static enum gh_rc push(struct tree *t, uint32_t obj, struct gh_spool *spool, struct gh_src *src)
{
	struct git_packed *e = &t->v[obj];
	struct level l = { .obj = obj, .heavy = UINT32_MAX, .spool = spool, .src = src };
	e->done = true;
	enum gh_rc rc = named(t, &l);
	for (uint32_t i = 0; i < e->kids; i++) {
		uint32_t k = t->kid[e->first + i];
		if (l.heavy == UINT32_MAX || t->v[k].weight > t->v[l.heavy].weight)
			l.heavy = k;
	}
	if (rc != GH_OK || t->depth == LEVELS || (e->kids == 0 && l.ref == l.ref_end)) {
		drop(t, &l);
		return rc != GH_OK ? rc : e->kids == 0 && l.ref == l.ref_end ? GH_OK : GH_E_LIMIT;
	}
	t->level[t->depth++] = l;
	return GH_OK;
}

/* The next delta on this level, the heaviest last; *last: nothing comes after it. */
static uint32_t next(struct tree *t, struct level *l, bool *last)
{
	const struct git_packed *e = &t->v[l->obj];
	*last = false;
	while (l->kid < e->kids) {
		uint32_t k = t->kid[e->first + l->kid++];
		if (k != l->heavy)
			return k;
	}
	while (l->ref < l->ref_end) {
		uint32_t k = t->ref[t->slot[l->ref++]];
		*last = l->ref == l->ref_end && l->heavy == UINT32_MAX;
		if (!t->v[k].done)
			return k;
	}
	uint32_t k = l->heavy;
	l->heavy = UINT32_MAX;
	*last = true;
	return k;
}

/* Restore v[k] on the content of level l, read it, and go on with what stands on it. */
static enum gh_rc resolve(struct tree *t, uint32_t k, struct level *l, bool last)
{
	struct git *g = t->g;
	struct gh_walk *w = g->w;
	const struct gh_sink_ops *ops = w->sink->ops;
	struct git_packed *e = &t->v[k];
	struct git_inflated o;
	uint64_t len = e->end - e->off;
	struct delta d = { .g = g, .base = l->src, .steps = &t->steps };
	e->done = true;
	if ((d.out = ops->spool_open(w->sink, l->src->size + len)) == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = gh_git_inflate(g, e->off + e->head, e->size, take, &d, &o);
	rc = rc == GH_OK ? o.rc : rc;
	if (rc == GH_OK && (d.at != D_OP || d.made != d.size))
		rc = wrong(&d, "it ends too early");
	if (last) {
		drop(t, l);
		t->depth--;
	}
	if (rc == GH_E_MALFORMED)
		gh_git_say(g, GIT_A_DELTA, e->off, len, "%s", d.wrong == NULL ? "its data are damaged" : d.wrong);
	struct gh_src *src = rc == GH_OK ? ops->spool_src(d.out) : NULL;
	if (rc == GH_OK)
		rc = src == NULL ? GH_E_NOMEM : gh_git_object(g, t->kind, src, e->off, len);
	if (rc == GH_OK)
		return push(t, k, d.out, src);
	ops->spool_close(d.out);
	return rc == GH_E_MALFORMED ? GH_OK : rc;
}

/* All that stands on the whole object v[i]. */
static enum gh_rc from(struct tree *t, uint32_t i)
{
	struct gh_walk *w = t->g->w;
	struct git_packed *e = &t->v[i];
	struct git_inflated o;
	struct git_to_spool to = { w->sink->ops, w->sink->ops->spool_open(w->sink, e->end - e->off) };
	if (to.spool == NULL)
		return GH_E_NOMEM;
	t->kind = (enum git_kind)e->kind;
	enum gh_rc rc = gh_git_inflate(t->g, e->off + e->head, e->size, gh_git_to_spool, &to, &o);
	rc = rc == GH_OK ? o.rc : rc;
	struct gh_src *src = rc == GH_OK ? to.ops->spool_src(to.spool) : NULL;
	if (src == NULL) {
		to.ops->spool_close(to.spool);
		return rc == GH_OK ? GH_E_NOMEM : rc;
	}
	rc = push(t, i, to.spool, src);
	while (rc == GH_OK && t->depth != 0) {
		struct level *l = &t->level[t->depth - 1];
		bool last;
		uint32_t k = next(t, l, &last);
		if (k != UINT32_MAX) {
			rc = resolve(t, k, l, last);
		} else {
			drop(t, l);
			t->depth--;
		}
	}
	while (t->depth != 0)
		drop(t, &t->level[--t->depth]);
	return rc;
}

enum gh_rc gh_git_deltas(struct git *g, struct git_packed *v, uint32_t n)
{
	struct tree *t = GH_NEW(g->w->arena, struct tree, 1);
	uint64_t lost = 0;
	if (t == NULL)
		return gh_fail(g->w->err, GH_E_LIMIT, "no room for deltas");
	*t = (struct tree){ .g = g, .v = v, .n = n };
	if (!plan(t))
		return gh_fail(g->w->err, GH_E_LIMIT, "%u objects in one pack", n);
	for (uint32_t i = 0; i < n; i++)
		if (v[i].kind < GIT_OFS_DELTA && (v[i].kids != 0 || t->nref != 0))
			GH_TRY(from(t, i), g->w->err, "deltas on the object at byte %llu",
			       (unsigned long long)v[i].off);
	for (uint32_t i = 0; i < n; i++)
		if (v[i].kind >= GIT_OFS_DELTA && !v[i].done) {
			lost++;
			gh_git_say(g, GIT_A_BASE, v[i].off, v[i].end - v[i].off, "%s",
				   v[i].kind == GIT_OFS_DELTA ? "its base was not restored"
							      : "no object of this pack has the name of its base");
		}
	return lost == 0 && g->told[GIT_A_DELTA] == 0
		       ? GH_OK
		       : gh_fail(g->w->err, GH_E_UNREAD, "%llu deltas without a base, %u that do not fit",
				 (unsigned long long)lost, g->told[GIT_A_DELTA]);
}

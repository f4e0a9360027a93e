#include "format/zip_walk.h"

#include "format/zip_int.h"
#include "wire/tar.h"

void zip_claim_end(struct zip *z, struct zip_claims *c)
{
	gh_claim(z->w, c->from, c->len, c->kind);
	c->len = 0;
}

void zip_claim(struct zip *z, struct zip_claims *c, uint64_t off, uint64_t len, enum gh_claim kind)
{
	uint64_t end = off <= UINT64_MAX - len ? off + len : UINT64_MAX;
	uint64_t max = c == &z->body ? z->body_end : z->w->src->size;
	if (end > max)
		end = max;
	if (off < c->done)
		off = c->done;
	if (off >= end)
		return;
	/* Members and free ranges stay apart: each is looked at as a whole. */
	if (c->len != 0 && (c->kind != kind || c->from + c->len != off || kind != GH_CLAIM_STRUCT))
		zip_claim_end(z, c);
	if (c->len == 0) {
		c->from = off;
		c->kind = kind;
	}
	c->len += end - off;
	c->done = end;
}

void zip_blocks(struct gh_span extra, struct zip_blocks *b)
{
	struct gh_rd r = gh_rd(extra);
	b->n = 0;
	while (b->n < sizeof b->len / sizeof b->len[0] && gh_rd_left(&r) >= 4) {
		(void)gh_rd_u16le(&r);
		uint16_t len = gh_rd_u16le(&r);
		(void)gh_rd_take(&r, len);
		if (r.bad)
			return;
		b->len[b->n++] = len;
	}
}

void zip_claim_extra(struct zip *z, struct zip_claims *c, uint64_t off, uint64_t len, bool plain,
		     const struct zip_blocks *b)
{
	uint64_t end = off + len;
	for (unsigned i = 0; !plain && i < b->n; i++) {
		zip_claim(z, c, off, 4, GH_CLAIM_STRUCT);
		zip_claim(z, c, off + 4, b->len[i], GH_CLAIM_FREE);
		off += 4 + (uint64_t)b->len[i];
	}
	zip_claim(z, c, off, end - off, plain ? GH_CLAIM_STRUCT : GH_CLAIM_FREE);
}

void zip_note(struct zip *z, enum gh_rc rc)
{
	static const enum gh_rc order[] = { GH_OK, GH_E_UNREAD, GH_E_MALFORMED, GH_E_LIMIT, GH_E_NOMEM };
	size_t now = 0, was = 0;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		now = order[i] == rc ? i : now;
		was = order[i] == z->rc ? i : was;
	}
	if (now > was)
		z->rc = rc;
}

static enum gh_rc run(struct zip *z)
{
	const struct gh_zip_hooks *h = z->h;
	GH_TRY(zip_find_end(z), z->w->err, "zip");
	if (z->w->weak && !z->found)
		return GH_E_NOTTHIS; /* four bytes that looked like an end */
	GH_TRY(zip_collect(z), z->w->err, "zip directory");
	if (h != NULL && h->directory != NULL) {
		enum gh_rc rc = h->directory(h->ctx, z->w, z->entry, z->n);
		if (rc != GH_OK)
			return rc;
	}
	if (!z->found)
		zip_note(z, GH_E_MALFORMED);
	GH_TRY(zip_judge_directory(z), z->w->err, "zip directory");
	zip_judge_end(z);
	GH_TRY(zip_members(z), z->w->err, "zip members");
	if (z->w->src->fail != GH_OK)
		return gh_fail(z->w->err, z->w->src->fail, "reading the archive");
	if (h != NULL && h->done != NULL) {
		enum gh_rc rc = h->done(h->ctx, z->w);
		zip_note(z, rc);
		if (rc != GH_OK && z->rc != rc)
			return rc; /* a code that this walk does not rank */
	}
	return GH_OK;
}

enum gh_rc gh_zip_walk(struct gh_walk *w, const struct gh_zip_hooks *hooks) { return gh_zip_walk_after(w, 0, hooks); }

enum gh_rc gh_zip_walk_after(struct gh_walk *w, uint64_t prefix, const struct gh_zip_hooks *hooks)
{
	struct zip z = { .w = w, .h = hooks, .prefix = prefix };
	enum gh_rc rc = run(&z);
	zip_claim_end(&z, &z.dir);
	zip_claim_end(&z, &z.body);
	if (rc != GH_OK)
		return rc;
	switch (z.rc) {
	case GH_OK: return GH_OK;
	case GH_E_UNREAD: return gh_fail(w->err, z.rc, "a member is encrypted or uses an unsupported method");
	case GH_E_LIMIT: return gh_fail(w->err, z.rc, "a limit stopped the reading of a member");
	case GH_E_MALFORMED: return gh_fail(w->err, z.rc, "the archive is damaged");
	default: return gh_fail(w->err, z.rc, "the archive was not read to its end");
	}
}

/* ---- probe ----------------------------------------------------------------------------------------------------- */

/* Four bytes at an absolute offset, when head or tail show them: 1 equal, 0 not, -1 not visible. */
static int shows(const struct gh_probe *p, uint64_t off, uint32_t sig)
{
	uint64_t tail = p->size - p->tail.n;
	struct gh_span w = gh_span_cut(p->head, off, 4);
	if (w.n != 4 && off >= tail)
		w = gh_span_cut(p->tail, off - tail, 4);
	return w.n == 4 ? gh_le32(w.p) == sig : -1;
}

/* Does the end record at tail[at] lead to a directory, as far as can be seen? WEAK: the walk has to look. */
static enum gh_match leads_somewhere(const struct gh_probe *p, size_t at)
{
	struct gh_zip_end e;
	struct gh_zip_locator loc;
	uint64_t abs = p->size - p->tail.n + at;
	if (!gh_zip_end(gh_span_cut(p->tail, at, GH_ZIP_END_SIZE), &e))
		return GH_NO;
	bool exact = p->size - abs - GH_ZIP_END_SIZE == e.comment;
	/* The last member of a tar that happens to be a zip: the tar's reader hands it on as that. */
	if (!exact && gh_tar_probe(p->head))
		return GH_NO;
	if (at >= GH_ZIP_LOCATOR_SIZE && gh_zip_locator(gh_span_cut(p->tail, at - GH_ZIP_LOCATOR_SIZE, 20), &loc))
		return GH_STRONG;
	if (e.total == 0 && e.cd_size == 0)
		return exact ? GH_STRONG : GH_NO;
	int stated = e.cd_off < abs ? shows(p, e.cd_off, GH_ZIP_SIG_CENTRAL) : 0;
	int computed = e.cd_size <= abs ? shows(p, abs - e.cd_size, GH_ZIP_SIG_CENTRAL) : 0;
	if (stated == 1 || computed == 1)
		return GH_STRONG;
	return stated != 0 || computed != 0 ? GH_WEAK : GH_NO;
}

enum gh_match gh_zip_probe(const struct gh_probe *p)
{
	if (p->head.n >= 4) {
		uint32_t sig = gh_le32(p->head.p);
		if (sig == GH_ZIP_SIG_LOCAL || (sig == GH_ZIP_SIG_END && p->size >= GH_ZIP_END_SIZE))
			return GH_STRONG;
		if ((sig == GH_ZIP_SIG_SPANNED || sig == GH_ZIP_SIG_DESCRIPTOR) && shows(p, 4, GH_ZIP_SIG_LOCAL) == 1)
			return GH_STRONG;
	}
	enum gh_match best = GH_NO;
	for (size_t at = SIZE_MAX; best != GH_STRONG && (at = gh_zip_rfind_end(p->tail, at)) != SIZE_MAX;) {
		enum gh_match m = leads_somewhere(p, at);
		best = m > best ? m : best;
	}
	return best;
}

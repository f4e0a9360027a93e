/* Packs (gitformat-pack(5), versions 2 and 3): a count, that many entries, a checksum. An entry is a kind and a size, for
 * a delta where its base is, and a zlib stream, whose end is only known by expanding it. Whole objects are read on the way;
 * deltas are resolved afterwards (delta.c), so that nothing is expanded more than twice. */
#include "format/formats.h"
#include "format/git/git.h"

enum { START = 12, HEAD_MAX = 10 + 32 + 2 };

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_span h = p->head;
	if (h.n < START || !gh_span_starts(h, "PACK") || gh_be32(h.p + 4) < 2 || gh_be32(h.p + 4) > 3)
		return GH_NO;
	return p->size >= START + GIT_SHA1 ? GH_STRONG : GH_WEAK;
}

static bool zlib_at(struct gh_span s, size_t at)
{
	return s.n >= at + 2 && (s.p[at] & 0x0f) == 8 && (s.p[at] * 256 + s.p[at + 1]) % 31 == 0;
}

/* Kind and size, and the base of a delta. */
static bool entry_head(struct git *g, uint64_t off, struct git_packed *e)
{
	struct gh_span s = gh_src_window(g->w->src, off, HEAD_MAX);
	struct gh_rd r = gh_rd(s);
	uint8_t b = gh_rd_u8(&r);
	*e = (struct git_packed){ .off = off, .kind = b >> 4 & 7, .size = b & 15 };
	for (unsigned shift = 4; (b & 0x80) != 0; shift += 7) {
		b = gh_rd_u8(&r);
		if (shift > 56)
			return false;
		e->size |= (uint64_t)(b & 0x7f) << shift;
	}
	if (e->kind == GIT_OFS_DELTA) {
		b = gh_rd_u8(&r);
		uint64_t back = b & 0x7f;
		while ((b & 0x80) != 0) {
			b = gh_rd_u8(&r);
			if (back >> 56 != 0)
				return false;
			back = (back + 1) << 7 | (b & 0x7f);
		}
		e->base = back <= off ? off - back : UINT64_MAX;
	} else if (e->kind == GIT_REF_DELTA) {
		if (!zlib_at(s, r.off + GIT_SHA1) && zlib_at(s, r.off + GIT_SHA256))
			g->hash = GIT_SHA256;
		(void)gh_rd_take(&r, g->hash);
	}
	e->head = (uint16_t)r.off;
	return !r.bad && e->kind != GIT_NONE && e->kind != GIT_RESERVED;
}

static bool whole(const struct git_packed *e) { return e->kind >= GIT_COMMIT && e->kind <= GIT_TAG; }

/* One entry, from its offset. GH_E_MALFORMED: it cannot be read; nothing of it is claimed. */
static enum gh_rc entry(struct git *g, uint64_t off, struct git_packed *e)
{
	struct gh_walk *w = g->w;
	struct git_to_spool to = { w->sink->ops, NULL };
	struct git_inflated o;
	if (!entry_head(g, off, e))
		return w->src->fail != GH_OK ? w->src->fail : GH_E_MALFORMED;
	if (whole(e) && (to.spool = to.ops->spool_open(w->sink, w->src->size - off)) == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = gh_git_inflate(g, off + e->head, e->size, to.spool != NULL ? gh_git_to_spool : NULL, &to, &o);
	if (rc == GH_OK)
		rc = o.rc;
	if (rc == GH_OK && (!o.ended || o.size != e->size))
		rc = GH_E_MALFORMED;
	e->end = off + e->head + o.packed;
	if (rc == GH_OK) {
		uint64_t len = e->end - off;
		gh_claim(w, off, e->head, GH_CLAIM_STRUCT);
		gh_claim(w, off + e->head, len - e->head, e->kind == GIT_BLOB ? GH_CLAIM_MEMBER : GH_CLAIM_STRUCT);
		struct gh_src *src = to.spool == NULL ? NULL : to.ops->spool_src(to.spool);
		if (src != NULL)
			rc = gh_git_object(g, (enum git_kind)e->kind, src, off, len);
		else if (to.spool != NULL)
			rc = GH_E_NOMEM;
	}
	if (to.spool != NULL)
		to.ops->spool_close(to.spool);
	return rc;
}

static enum gh_rc entries(struct git *g, struct git_packed *v, uint32_t count, uint32_t *n, uint64_t *off)
{
	for (*n = 0; *n < count; ++*n) {
		enum gh_rc rc = entry(g, *off, &v[*n]);
		if (rc == GH_E_MALFORMED) {
			gh_git_say(g, GIT_A_BROKEN, *off, g->w->src->size - *off, "entry %u of %u of the pack", *n,
				   count);
			return gh_fail(g->w->err, rc, "entry %u of %u of the pack", *n, count);
		}
		if (rc != GH_OK)
			return gh_fail(g->w->err, rc, "entry %u of the pack", *n);
		*off = v[*n].end;
		gh_src_advance(g->w->src, *off);
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct git g;
	struct gh_span h = gh_src_window(w->src, 0, START);
	uint64_t left = w->src->size < START ? 0 : w->src->size - START, off = START;
	if (h.n < START || !gh_git_open(&g, w, GIT_SHA1))
		return gh_fail(w->err, h.n < START ? GH_E_MALFORMED : GH_E_LIMIT, "a pack without a header");
	uint32_t count = gh_be32(h.p + 8), n = 0;
	gh_claim(w, 0, START, GH_CLAIM_STRUCT);
	/* An entry has a byte of header at least, and no zlib stream is shorter than 8 bytes. */
	if (count > left / 9) {
		gh_git_say(&g, GIT_A_BROKEN, 0, START, "%u objects in %llu bytes", count, (unsigned long long)left);
		return gh_fail(w->err, GH_E_MALFORMED, "more objects than there is room for");
	}
	struct git_packed *v = GH_NEW(w->arena, struct git_packed, count == 0 ? 1 : count);
	if (v == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "%u objects in one pack", count);
	enum gh_rc rc = entries(&g, v, count, &n, &off);
	if (rc == GH_OK || rc == GH_E_MALFORMED) { /* what stands before the damage is resolved all the same */
		enum gh_rc deltas = gh_git_deltas(&g, v, n);
		rc = rc != GH_OK ? rc : deltas;
	}
	if (rc != GH_OK)
		return rc;
	left = w->src->size - off;
	if (left != GIT_SHA1 && left != GIT_SHA256) {
		gh_git_say(&g, GIT_A_BROKEN, off, left, "%llu bytes where the checksum should be",
			   (unsigned long long)left);
		return gh_fail(w->err, GH_E_MALFORMED, "no checksum behind the last object");
	}
	gh_claim(w, off, left, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt gh_fmt_git_pack = {
	.name = "git-pack",
	.about = "packs of git: all versions of all files, deltas resolved",
	.exts = "pack",
	.probe = probe,
	.walk = walk,
	.rules = gh_git_rules,
};

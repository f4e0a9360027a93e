/* A loose object (.git/objects/ab/cdef…): a zlib stream of "KIND SIZE\0" and the content. */
#include "format/formats.h"
#include "format/git/git.h"
#include "wire/expand.h"

enum { HEAD = 32 };

/* Bytes of the header with its NUL; 0: it is none. */
static size_t header(struct gh_span h, enum git_kind *kind, uint64_t *size)
{
	h = gh_span_cut(h, 0, HEAD);
	const uint8_t *sp = h.n == 0 ? NULL : memchr(h.p, ' ', h.n), *nul = h.n == 0 ? NULL : memchr(h.p, 0, h.n);
	if (sp == NULL || nul == NULL || nul < sp + 2 || nul - sp > 19)
		return 0;
	*kind = gh_git_kind_of((struct gh_span){ h.p, (size_t)(sp - h.p) });
	*size = 0;
	for (const uint8_t *p = sp + 1; p < nul; p++) {
		if (*p < '0' || *p > '9' || (*p == '0' && p == sp + 1 && nul != sp + 2))
			return 0;
		*size = *size * 10 + (*p - (unsigned)'0');
	}
	return *kind == GIT_NONE ? 0 : (size_t)(nul - h.p) + 1;
}

static bool zlib_head(struct gh_span h)
{
	return h.n >= 2 && (h.p[0] & 0x0f) == 8 && h.p[0] >> 4 <= 7 && (h.p[1] & 0x20) == 0 &&
	       (h.p[0] * 256 + h.p[1]) % 31 == 0;
}

static enum gh_match probe(const struct gh_probe *p)
{
	uint8_t out[HEAD];
	size_t made = 0, total = 0;
	bool end = false;
	enum git_kind kind;
	uint64_t size;
	struct gh_span in = gh_span_cut(p->head, 0, 4096);
	struct gh_expand *x = zlib_head(in) ? gh_expand_open(GH_CODEC_ZLIB) : NULL;
	if (x == NULL)
		return GH_NO;
	do {
		if (gh_expand_step(x, &in, out + total, sizeof out - total, &made, &end) != GH_OK)
			break;
		total += made;
	} while (made != 0 && !end && total < sizeof out);
	gh_expand_close(x);
	return header((struct gh_span){ out, total }, &kind, &size) != 0 ? GH_STRONG : GH_NO;
}

static enum gh_rc content(struct git *g, struct gh_spool *spool, struct git_inflated *o)
{
	struct gh_walk *w = g->w;
	struct gh_src *src = w->sink->ops->spool_src(spool);
	enum git_kind kind = GIT_NONE;
	uint64_t size = 0;
	if (src == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "no room for an object");
	size_t head = header(gh_src_window(src, 0, HEAD), &kind, &size);
	if (head == 0)
		return GH_E_NOTTHIS;
	bool whole = o->rc == GH_OK && o->ended && src->size - head == size;
	gh_claim(w, 0, o->packed, kind == GIT_BLOB ? GH_CLAIM_MEMBER : GH_CLAIM_STRUCT);
	if (!whole)
		gh_git_say(g, GIT_A_BROKEN, 0, o->packed, "a %s of %llu bytes of which there are %llu",
			   gh_git_kind_name(kind), (unsigned long long)size, (unsigned long long)(src->size - head));
	struct gh_src_sub sub;
	GH_TRY(gh_git_object(g, kind, gh_src_sub(&sub, src, head, src->size - head), 0, o->packed), w->err, "%s",
	       gh_git_kind_name(kind));
	if (o->rc == GH_E_LIMIT || o->rc == GH_E_NOMEM)
		return gh_fail(w->err, o->rc, "expanded object");
	return whole ? GH_OK : gh_fail(w->err, GH_E_MALFORMED, "a damaged object");
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct git g;
	struct git_inflated o;
	if (!gh_git_open(&g, w, 0))
		return gh_fail(w->err, GH_E_LIMIT, "no room for a buffer");
	struct git_to_spool to = { w->sink->ops, w->sink->ops->spool_open(w->sink, w->src->size) };
	if (to.spool == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "no room for an object");
	enum gh_rc rc = gh_git_inflate(&g, 0, UINT64_MAX, gh_git_to_spool, &to, &o);
	if (rc == GH_OK)
		rc = content(&g, to.spool, &o);
	w->sink->ops->spool_close(to.spool);
	return rc;
}

const struct gh_fmt gh_fmt_git_object = {
	.name = "git-object",
	.about = "objects of git outside of packs: versions of files, trees, commits, tags",
	.exts = "",
	.over = "zlib",
	.probe = probe,
	.walk = walk,
	.rules = gh_git_rules,
};

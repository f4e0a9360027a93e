#include "format/git/git.h"
#include "wire/expand.h"

enum { IN = 64 << 10 };

enum gh_rc gh_git_to_spool(void *ctx, struct gh_span made)
{
	struct git_to_spool *t = ctx;
	return t->ops->spool_put(t->spool, made);
}

static enum gh_rc run(struct git *g, struct gh_expand *x, uint64_t off, uint64_t max,
		      enum gh_rc (*put)(void *, struct gh_span), void *ctx, struct git_inflated *o)
{
	struct gh_src *src = g->w->src;
	while (o->rc == GH_OK && !o->ended) {
		struct gh_span in = gh_src_window(src, off + o->packed, IN);
		size_t given = in.n, made = 0;
		if (in.n == 0) {
			if (src->fail != GH_OK)
				return src->fail;
			o->rc = GH_E_MALFORMED;
			break;
		}
		do {
			size_t before = in.n;
			o->rc = gh_expand_step(x, &in, g->out, GIT_OUT, &made, &o->ended);
			o->size += made;
			if (o->rc == GH_OK && o->size > max)
				o->rc = GH_E_MALFORMED;
			if (o->rc == GH_OK && made != 0 && put != NULL)
				o->rc = put(ctx, (struct gh_span){ g->out, made });
			if (made == 0 && in.n == before)
				break;
		} while (o->rc == GH_OK && !o->ended);
		o->packed += given - in.n;
		if (given == in.n && made == 0 && !o->ended && o->rc == GH_OK)
			o->rc = GH_E_MALFORMED;
	}
	return GH_OK;
}

enum gh_rc gh_git_inflate(struct git *g, uint64_t off, uint64_t max, enum gh_rc (*put)(void *ctx, struct gh_span made),
			  void *ctx, struct git_inflated *out)
{
	struct gh_expand *x = gh_expand_open(GH_CODEC_ZLIB);
	*out = (struct git_inflated){ 0 };
	if (x == NULL)
		return gh_fail(g->w->err, GH_E_NOMEM, "no memory to expand an object");
	enum gh_rc rc = run(g, x, off, max, put, ctx, out);
	gh_expand_close(x);
	return rc;
}

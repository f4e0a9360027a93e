#include "scan/disarm/listen.h"

#include "scan/spool.h"

struct ear {
	struct gh_sink sink;
	struct gh_dis_job *j;
	enum gh_rc (*on_event)(void *ctx, const struct gh_event *e);
	enum gh_rc (*on_tile)(void *ctx, const struct gh_tile *t);
	void *ctx;
	enum gh_rc rc;
};

static enum gh_rc hear(struct gh_sink *s, const struct gh_event *e)
{
	struct ear *ear = (struct ear *)s;
	if (ear->rc != GH_OK)
		return GH_E_LIMIT;
	if (e->kind == GH_EV_ANOMALY && e->u.anomaly.rule->effect == GH_UNSAFE)
		ear->rc = gh_fail(ear->j->err, GH_E_MALFORMED, "%s (%s)", e->u.anomaly.rule->title, e->u.anomaly.text);
	else
		ear->rc = ear->on_event(ear->ctx, e);
	return ear->rc == GH_OK ? GH_OK : GH_E_LIMIT;
}

static enum gh_rc hear_tile(struct gh_sink *s, const struct gh_tile *t)
{
	struct ear *ear = (struct ear *)s;
	if (ear->rc == GH_OK)
		ear->rc = ear->on_tile(ear->ctx, t);
	return ear->rc == GH_OK ? GH_OK : GH_E_LIMIT;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	return gh_spool_new(((struct ear *)s)->j->budget, packed);
}

#define OPS \
	.event = hear, .spool_open = spool_open, .spool_put = gh_spool_put, .spool_src = gh_spool_src, \
	.spool_close = gh_spool_free
static const struct gh_sink_ops ops = { OPS }, tile_ops = { OPS, .tile = hear_tile };

enum gh_rc gh_dis_listen(struct gh_dis_job *j, struct gh_src *src, const struct gh_fmt *fmt,
			 enum gh_rc (*on_event)(void *ctx, const struct gh_event *e),
			 enum gh_rc (*on_tile)(void *ctx, const struct gh_tile *t), void *ctx)
{
	struct ear ear = { .sink.ops = on_tile == NULL ? &ops : &tile_ops,
			   .j = j,
			   .on_event = on_event,
			   .on_tile = on_tile,
			   .ctx = ctx };
	struct gh_err err = { 0 };
	struct gh_walk w = {
		.src = src, .arena = j->arena, .sink = &ear.sink, .lim = j->lim, .name = j->name, .err = &err
	};
	enum gh_rc rc = fmt->walk(&w);
	if (ear.rc != GH_OK)
		return ear.rc;
	char why[GH_ERR_TEXT];
	if (rc != GH_OK && gh_err_line(&err, why, sizeof why)[0] == '\0')
		return gh_fail(j->err, rc, "it is no %s file after all", fmt->name);
	return rc == GH_OK ? GH_OK : gh_fail(j->err, rc, "%s", gh_err_line(&err, why, sizeof why));
}

enum gh_rc gh_dis_from_event(struct gh_dis_job *j, struct gh_src *src, const struct gh_event *e,
			     struct gh_dis_tensor *t)
{
	const struct gh_tensor *in = e->u.tensor;
	uint64_t base = 0;
	struct gh_dis_store *s = GH_NEW(j->arena, struct gh_dis_store, 1);
	if (s == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "more tensors than memory allows (--limit-memory)");
	/* A source that was expanded for the event dies with it. */
	if (!gh_src_within(in->src, src, &base))
		return gh_fail(j->err, GH_E_UNREAD, "'%s' is stored in chunks or compressed: save it without",
			       gh_safe(in->name).s);
	*s = (struct gh_dis_store){ .src = src, .off = base + e->at.off, .len = e->at.len, .size = e->at.len };
	*t = (struct gh_dis_tensor){ .name = in->name,
				     .dtype = gh_dtype_safetensors(gh_span_str(in->dtype)),
				     .ndim = in->ndim,
				     .dim = in->dim,
				     .store = s,
				     .big_endian = in->big_endian };
	return t->dtype == NULL ? GH_E_NOTTHIS : GH_OK;
}

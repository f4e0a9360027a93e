#include "format/torch_quiet.h"

static enum gh_rc hear_nothing(struct gh_sink *s, const struct gh_event *e)
{
	(void)s;
	(void)e;
	return GH_OK;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	struct gh_sink *real = ((struct gh_torch_quiet *)s)->real;
	return real->ops->spool_open(real, packed);
}

void gh_torch_quiet_begin(struct gh_torch_quiet *q, const struct gh_walk *w, struct gh_src *src)
{
	*q = (struct gh_torch_quiet){ .ops = *w->sink->ops, .real = w->sink, .arena.max = w->lim->arena, .walk = *w };
	q->ops.event = hear_nothing;
	q->ops.spool_open = spool_open;
	q->sink.ops = &q->ops;
	q->walk.src = src;
	q->walk.arena = &q->arena;
	q->walk.sink = &q->sink;
	q->walk.err = &q->err;
}

void gh_torch_quiet_end(struct gh_torch_quiet *q) { gh_arena_free(&q->arena); }

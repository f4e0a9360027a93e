#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const claim_name[] = { "struct", "data", "pad", "free", "member" };
static const char *const how_name[] = { "file", "stream", "nested", "hidden" };
static const char *const call_name[] = { "import", "reduce", "new", "inst",	 "build", "setitem", "append",
					 "add",	   "persid", "ext", "operation", "hash",  "late" };
static const char *const ref_name[] = { "path", "symlink", "hardlink", "url",	 "device", "data",
					"code", "shard",   "module",   "script", "blob" };

struct gh_spool {
	struct gh_events *ev;
	uint8_t *p;
	size_t n, cap;
	struct gh_src_mem mem;
};

static void quoted(struct gh_buf *b, struct gh_span s)
{
	gh_buf_ch(b, '"');
	gh_buf_safe(b, s, 200);
	gh_buf_ch(b, '"');
}

static void log_call(struct gh_buf *b, const struct gh_call *c)
{
	gh_buf_fmt(b, "call %s ", call_name[c->how]);
	if (!c->resolved)
		gh_buf_str(b, "? ");
	gh_buf_safe(b, c->module, 200);
	gh_buf_ch(b, '.');
	gh_buf_safe(b, c->name, 200);
	if (c->heap != NULL && c->how != GH_CALL_IMPORT) {
		gh_buf_str(b, " args ");
		gh_val_render(c->heap, c->args, b, 400);
	}
	if (c->reading != NULL)
		gh_buf_fmt(b, " reading %s", c->reading);
}

static void take_member(struct gh_events *ev, const struct gh_member *m)
{
	if (ev->nmember == sizeof ev->member / sizeof ev->member[0])
		return;
	size_t want = m->src->size > GH_PROBE_BYTES ? GH_PROBE_BYTES : (size_t)m->src->size;
	struct gh_span w = gh_src_window(m->src, 0, want);
	size_t i = ev->nmember++;
	(void)snprintf(ev->member[i].name, sizeof ev->member[i].name, "%.*s", (int)(m->name.n < 120 ? m->name.n : 120),
		       (const char *)m->name.p);
	ev->member[i].p = malloc(w.n + 1);
	ev->member[i].n = w.n;
	if (ev->member[i].p != NULL && w.n != 0)
		memcpy(ev->member[i].p, w.p, w.n);
}

static void cover(struct gh_events *ev, struct gh_range at)
{
	for (uint64_t i = at.off; i < at.off + at.len; i++) {
		if (ev->cover[i] != 0)
			ev->gapless = false; /* overlap */
		else
			ev->claimed++;
		ev->cover[i] = 1;
	}
}

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *e)
{
	struct gh_events *ev = (struct gh_events *)s;
	struct gh_buf *b = &ev->log;
	if (++ev->events > ev->max_events)
		return GH_E_LIMIT;
	/* The contract: no reader may name a range outside its source. A call's place may be anywhere inside. */
	if (e->at.off > ev->size || e->at.len > ev->size - e->at.off) {
		gh_buf_fmt(b, "OUT-OF-RANGE event %d %llu+%llu\n", (int)e->kind, (unsigned long long)e->at.off,
			   (unsigned long long)e->at.len);
		if (e->kind == GH_EV_CLAIM)
			abort();
		return GH_OK;
	}
	switch (e->kind) {
	case GH_EV_CLAIM:
		cover(ev, e->at);
		gh_buf_fmt(b, "claim %llu+%llu %s\n", (unsigned long long)e->at.off, (unsigned long long)e->at.len,
			   claim_name[e->u.claim]);
		return GH_OK;
	case GH_EV_MEMBER:
		gh_buf_str(b, "member ");
		quoted(b, e->u.member->name);
		gh_buf_fmt(b, " %s", how_name[e->u.member->how]);
		take_member(ev, e->u.member);
		break;
	case GH_EV_CALL: log_call(b, e->u.call); break;
	case GH_EV_CODE:
		gh_buf_fmt(b, "code %s ", e->u.code->language);
		quoted(b, e->u.code->name);
		break;
	case GH_EV_TEXT:
		gh_buf_fmt(b, "text %s ", e->u.text->role);
		quoted(b, e->u.text->key);
		gh_buf_ch(b, ' ');
		quoted(b, e->u.text->text);
		break;
	case GH_EV_TENSOR:
		gh_buf_str(b, "tensor ");
		quoted(b, e->u.tensor->name);
		gh_buf_fmt(b, " %s [", e->u.tensor->dtype);
		for (unsigned i = 0; i < e->u.tensor->ndim; i++)
			gh_buf_fmt(b, "%s%llu", i ? ", " : "", (unsigned long long)e->u.tensor->dim[i]);
		gh_buf_ch(b, ']');
		break;
	case GH_EV_REFERENCE:
		gh_buf_fmt(b, "reference %s ", ref_name[e->u.reference->kind]);
		quoted(b, e->u.reference->target);
		gh_buf_str(b, " from ");
		quoted(b, e->u.reference->from);
		if (e->u.reference->kind == GH_REF_DATA)
			gh_buf_fmt(b, " data %llu+%llu", (unsigned long long)e->u.reference->data.off,
				   (unsigned long long)e->u.reference->data.len);
		break;
	case GH_EV_PACKAGE:
		gh_buf_fmt(b, "package %s ", e->u.package->ecosystem);
		quoted(b, e->u.package->name);
		gh_buf_ch(b, ' ');
		quoted(b, e->u.package->version);
		break;
	case GH_EV_ANOMALY:
		if (e->u.anomaly.rule == NULL || e->u.anomaly.rule->id == NULL)
			abort();
		gh_buf_fmt(b, "anomaly %s %llu+%llu %s\n", e->u.anomaly.rule->id, (unsigned long long)e->at.off,
			   (unsigned long long)e->at.len, e->u.anomaly.text);
		return GH_OK;
	case GH_EV_KINDS: abort();
	}
	gh_buf_fmt(b, " %llu+%llu\n", (unsigned long long)e->at.off, (unsigned long long)e->at.len);
	return GH_OK;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	(void)packed;
	struct gh_spool *sp = calloc(1, sizeof *sp);
	if (sp != NULL)
		sp->ev = (struct gh_events *)s;
	return sp;
}

static enum gh_rc spool_put(struct gh_spool *sp, struct gh_span s)
{
	if (s.n > sp->ev->budget)
		return GH_E_LIMIT;
	sp->ev->budget -= s.n;
	if (s.n > sp->cap - sp->n) {
		size_t cap = (sp->n + s.n) * 2;
		uint8_t *p = realloc(sp->p, cap);
		if (p == NULL)
			return GH_E_NOMEM;
		sp->p = p;
		sp->cap = cap;
	}
	if (s.n != 0)
		memcpy(sp->p + sp->n, s.p, s.n);
	sp->n += s.n;
	return GH_OK;
}

static struct gh_src *spool_src(struct gh_spool *sp) { return gh_src_mem(&sp->mem, (struct gh_span){ sp->p, sp->n }); }

static void spool_close(struct gh_spool *sp)
{
	if (sp != NULL)
		free(sp->p);
	free(sp);
}

static const struct gh_sink_ops ops = { .event = on_event,
					.spool_open = spool_open,
					.spool_put = spool_put,
					.spool_src = spool_src,
					.spool_close = spool_close };

/* A source that frees every window as soon as the next one is asked for. */
struct shaky {
	struct gh_src src;
	struct gh_span all;
	uint8_t *cur;
	uint32_t epoch;
};

static struct gh_span shaky_window(struct gh_src *s, uint64_t off, size_t len)
{
	struct shaky *k = (struct shaky *)s;
	struct gh_span cut = gh_span_cut(k->all, off, len);
	free(k->cur);
	k->epoch++;
	k->cur = malloc(cut.n + 1);
	if (k->cur == NULL)
		abort();
	if (cut.n != 0)
		memcpy(k->cur, cut.p, cut.n);
	return (struct gh_span){ k->cur, cut.n };
}

void gh_events_walk(struct gh_events *ev, const struct gh_fmt *fmt, struct gh_span in, const char *name, bool unstable)
{
	*ev = (struct gh_events){ .sink = { &ops },
				  .log = gh_buf(8 << 20),
				  .gapless = true,
				  .budget = 64 << 20,
				  .size = in.n,
				  .max_events = 1 << 20 };
	ev->cover = calloc(1, in.n + 1);
	if (ev->cover == NULL)
		abort();
	gh_auto_arena arena = { .max = 64 << 20 };
	struct gh_limits lim = gh_limits_default;
	lim.steps = 20 << 20;
	struct gh_err err = { 0 };
	struct gh_src_mem mem;
	struct shaky shaky = { .all = in };
	shaky.src = (struct gh_src){ .size = in.n, .window = shaky_window, .epoch = &shaky.epoch };
	struct gh_probe probe = { gh_span_cut(in, 0, GH_PROBE_BYTES),
				  in.n > GH_PROBE_BYTES ? gh_span_cut(in, in.n - GH_PROBE_BYTES, GH_PROBE_BYTES) : in,
				  in.n };
	struct gh_walk w = { .src = unstable ? &shaky.src : gh_src_mem(&mem, in),
			     .arena = &arena,
			     .sink = &ev->sink,
			     .lim = &lim,
			     .name = gh_span_str(name),
			     .err = &err,
			     .weak = fmt->probe(&probe) == GH_WEAK };
	ev->rc = fmt->walk(&w);
	(void)gh_err_line(&err, ev->why, sizeof ev->why);
	ev->gapless = ev->gapless && ev->claimed == in.n;
	free(shaky.cur);
}

void gh_events_free(struct gh_events *ev)
{
	for (size_t i = 0; i < ev->nmember; i++)
		free(ev->member[i].p);
	free(ev->cover);
	gh_buf_free(&ev->log);
}

bool gh_events_has(struct gh_events *ev, const char *text) { return strstr(gh_buf_cstr(&ev->log), text) != NULL; }

struct gh_span gh_test_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return (struct gh_span){ 0 };
	uint8_t *p = NULL;
	size_t n = 0, cap = 0, got;
	do {
		cap = cap == 0 ? 65536 : cap * 2;
		uint8_t *q = realloc(p, cap);
		if (q == NULL)
			abort();
		p = q;
		got = fread(p + n, 1, cap - n, f);
		n += got;
	} while (n == cap);
	(void)fclose(f);
	return (struct gh_span){ p, n };
}

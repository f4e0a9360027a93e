#include "format/format.h"

#include <stdarg.h>
#include <stdio.h>

const struct gh_limits gh_limits_default = {
	.expanded = (uint64_t)16 << 30,
	.members = 1 << 20,
	.steps = (uint64_t)1 << 33,
	.depth = 16,
	.ratio = 1000,
	.arena = (size_t)64 << 20,
};

enum gh_rc gh_emit(struct gh_walk *w, enum gh_event_kind kind, uint64_t off, uint64_t len, const void *payload)
{
	struct gh_event ev = { .kind = kind, .at = { off, len } };
	switch (kind) {
	case GH_EV_MEMBER: ev.u.member = payload; break;
	case GH_EV_CALL: ev.u.call = payload; break;
	case GH_EV_CODE: ev.u.code = payload; break;
	case GH_EV_TEXT: ev.u.text = payload; break;
	case GH_EV_TENSOR: ev.u.tensor = payload; break;
	case GH_EV_REFERENCE: ev.u.reference = payload; break;
	case GH_EV_PACKAGE: ev.u.package = payload; break;
	case GH_EV_CLAIM:
	case GH_EV_ANOMALY:
	case GH_EV_KINDS: return GH_E_BUG; /* have functions of their own */
	}
	return w->sink->ops->event(w->sink, &ev);
}

void gh_claim(struct gh_walk *w, uint64_t off, uint64_t len, enum gh_claim kind)
{
	if (len == 0)
		return;
	struct gh_event ev = { .kind = GH_EV_CLAIM, .at = { off, len }, .u.claim = kind };
	(void)w->sink->ops->event(w->sink, &ev); /* a full claim table shows as a gap: fails closed */
}

void gh_anomaly(struct gh_walk *w, const struct gh_rule *rule, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct gh_event ev = { .kind = GH_EV_ANOMALY, .at = { off, len }, .u.anomaly = { rule, text } };
	(void)w->sink->ops->event(w->sink, &ev);
}

enum gh_rc gh_walk_as(struct gh_walk *w, const struct gh_fmt *fmt)
{
	const struct gh_sink_ops *ops = w->sink->ops;
	const struct gh_fmt *was = ops->handed == NULL ? NULL : ops->handed(w->sink, fmt);
	bool weak = w->weak;
	w->weak = true;
	enum gh_rc rc = fmt->walk(w);
	w->weak = weak;
	if (rc == GH_E_NOTTHIS && was != NULL)
		(void)ops->handed(w->sink, was);
	return rc;
}

enum gh_rc gh_member_range(struct gh_walk *w, struct gh_member m, uint64_t off, uint64_t len)
{
	struct gh_src_sub sub;
	m.src = gh_src_sub(&sub, w->src, off, len);
	gh_claim(w, off, m.src->size, GH_CLAIM_MEMBER);
	return gh_emit(w, GH_EV_MEMBER, off, m.src->size, &m);
}

struct gh_safe gh_safe(struct gh_span text)
{
	struct gh_safe out;
	gh_auto_buf b = gh_buf(sizeof out.s - 1);
	gh_buf_safe(&b, text, 80);
	(void)snprintf(out.s, sizeof out.s, "%s", gh_buf_cstr(&b));
	return out;
}

const struct gh_fmt *gh_fmt_named(const char *name)
{
	for (size_t i = 0; i < gh_fmts_n; i++)
		if (strcmp(gh_fmts[i]->name, name) == 0)
			return gh_fmts[i];
	return NULL;
}

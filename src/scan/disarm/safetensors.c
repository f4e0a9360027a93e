/* safetensors.c - a safetensors file written again: canonical header, no gaps, no metadata but the format. */
#include "format/formats.h"
#include "scan/disarm/listen.h"

static enum gh_rc on_event(void *ctx, const struct gh_event *e)
{
	struct gh_dis_job *j = ctx;
	struct gh_dis_tensor t;
	switch (e->kind) {
	case GH_EV_TENSOR:
		if (gh_dis_from_event(j, j->src, e, &t) != GH_OK)
			return gh_fail(j->err, GH_E_UNREAD, "tensor '%s' is of a type that is not known",
				       gh_safe(e->u.tensor->name).s);
		if (t.dtype->block == 1)
			return gh_dis_add(j, &t);
		return gh_fail(j->err, GH_E_UNREAD, "tensor '%s' is of type %s, whose elements share bytes",
			       gh_safe(t.name).s, t.dtype->name);
	case GH_EV_TEXT:
		if (!gh_span_is(e->u.text->key, "format"))
			gh_dis_say(j, GH_DIS_ACT_DROPPED, e->u.text->key, "metadata", e->u.text->text.n, "%.60s",
				   gh_safe(e->u.text->text).s);
		return GH_OK;
	case GH_EV_ANOMALY:
		if (e->u.anomaly.rule->effect == GH_INCOMPLETE)
			return gh_fail(j->err, GH_E_UNREAD, "%s (%s)", e->u.anomaly.rule->title, e->u.anomaly.text);
		if (e->u.anomaly.rule->effect == GH_REVIEW)
			gh_dis_say(j, GH_DIS_ACT_DROPPED, GH_SPAN(""), "bytes", e->at.len, "%s (%s)",
				   e->u.anomaly.rule->title, e->u.anomaly.text);
		return GH_OK;
	default: return GH_OK;
	}
}

enum gh_rc gh_dis_safetensors(struct gh_dis_job *j)
{
	enum gh_rc rc = gh_dis_listen(j, j->src, &gh_fmt_safetensors, on_event, NULL, j);
	return rc == GH_OK ? gh_dis_write_safetensors(j) : rc;
}

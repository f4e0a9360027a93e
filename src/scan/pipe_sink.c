#include "scan/pipe_int.h"

/* ---- findings ------------------------------------------------------------------------------------------------ */

static void raise_at(struct gh_frame *f, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *path,
		     const char *detail)
{
	struct gh_pipe *p = f->p;
	for (struct gh_frame *t = f; t != NULL; t = t->up) {
		if (!t->trial)
			continue;
		struct gh_raised *r = GH_NEW(&p->arena, struct gh_raised, 1);
		struct gh_span d = gh_keep(&p->arena, gh_span_str(detail));
		struct gh_span m = gh_keep(&p->arena, gh_span_str(path));
		if (r == NULL || d.p == NULL || m.p == NULL)
			break; /* no memory to hold it back: better said too early than never */
		*r = (struct gh_raised){ .rule = rule,
					 .at = at,
					 .ranged = ranged,
					 .member = (const char *)m.p,
					 .detail = (const char *)d.p };
		*t->held_end = r;
		t->held_end = &r->next;
		return;
	}
	gh_findings_add(&p->findings, rule, at, ranged, path, detail);
}

void gh_pipe_find(struct gh_frame *f, enum gh_scan_rule rule, struct gh_range at, const char *detail)
{
	raise_at(f, &gh_scan_rules[rule], at, true, f->path, detail);
}

void gh_pipe_scene_find(struct gh_scene *s, const struct gh_rule *rule, struct gh_range at, const char *text)
{
	struct gh_frame *f = (struct gh_frame *)((char *)s - offsetof(struct gh_frame, scene));
	raise_at(f, rule, at, true, f->path, text);
}

void gh_pipe_commit(struct gh_frame *f)
{
	struct gh_raised *next;
	f->trial = false;
	for (struct gh_raised *r = f->held; r != NULL; r = next) {
		next = r->next;
		raise_at(f, r->rule, r->at, r->ranged, r->member, r->detail);
	}
	f->held = NULL;
}

void gh_pipe_limit(struct gh_frame *f, const char *what)
{
	if (f->p->told_limit == what)
		return;
	f->p->told_limit = what;
	gh_pipe_find(f, GH_S_LIMIT, (struct gh_range){ 0 }, what);
}

/* ---- what the stages covered ------------------------------------------------------------------------------------ */

void gh_pipe_scene_looked(struct gh_scene *s, uint64_t units, uint64_t bytes, const char *why)
{
	struct gh_frame *f = (struct gh_frame *)((char *)s - offsetof(struct gh_frame, scene));
	struct gh_looked_at *l = &f->p->stage[s->stage];
	l->units += units;
	l->bytes += bytes;
	if (why == NULL || l->why != NULL)
		return;
	struct gh_span kept = gh_keep(&f->p->arena, gh_span_str(why));
	l->why = kept.p == NULL ? "no memory to say why" : (const char *)kept.p;
}

/* Events that are the matter of one stage, however many checks look at them. */
static void count_event(struct gh_frame *f, const struct gh_event *ev)
{
	static const struct {
		bool counts;
		enum gh_stage stage;
	} of[GH_EV_KINDS] = {
		[GH_EV_CALL] = { true, GH_STAGE_CODE },
		[GH_EV_CODE] = { true, GH_STAGE_CODE },
		[GH_EV_PACKAGE] = { true, GH_STAGE_VULNERABILITIES },
	};
	if (!of[ev->kind].counts)
		return;
	f->p->stage[of[ev->kind].stage].units++;
	f->p->stage[of[ev->kind].stage].bytes += ev->at.len;
}

/* ---- events from a reader ------------------------------------------------------------------------------------ */

enum gh_rc gh_pipe_member(struct gh_frame *f, const struct gh_member *m, struct gh_range at)
{
	struct gh_pipe *p = f->p;
	if (p->members >= p->lim.members) {
		gh_pipe_limit(f, "number of members (--limit-members)");
		f->lacking += at.len;
		return GH_E_LIMIT;
	}
	p->members++;
	gh_pipe_read(p, f, m, at);
	return GH_OK;
}

/* Does this call show that the bytes are meant to be loaded? A few random bytes can spell an import or an extension
 * code, but not a call of something that was imported by name. */
static bool executes(const struct gh_call *c)
{
	return c->how != GH_CALL_IMPORT && c->how != GH_CALL_EXT && c->how != GH_CALL_PERSID &&
	       c->how != GH_CALL_HASH && c->how != GH_CALL_LATE;
}

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *ev)
{
	struct gh_frame *f = (struct gh_frame *)s;
	enum gh_rc rc = GH_OK;
	if (f->scene.depth == 0)
		gh_facts_on(&f->p->facts, ev);
	switch (ev->kind) {
	case GH_EV_CLAIM:
		gh_cover_add(&f->cover, ev->at.off, ev->at.len, ev->u.claim);
		if (ev->u.claim == GH_CLAIM_PAD)
			gh_pipe_check_padding(f, ev->at.off, ev->at.len);
		break;
	case GH_EV_ANOMALY: raise_at(f, ev->u.anomaly.rule, ev->at, true, f->path, ev->u.anomaly.text); break;
	case GH_EV_TENSOR: gh_malware_weights(f, ev); break;
	case GH_EV_CODE:
	case GH_EV_TEXT: gh_decoded_take(f, ev); break;
	case GH_EV_CALL:
		f->calls += executes(ev->u.call);
		f->imports += ev->u.call->how == GH_CALL_IMPORT;
		break;
	default: break;
	}
	count_event(f, ev);
	for (size_t i = 0; i < gh_checks_n; i++)
		if ((gh_checks[i]->events & 1u << ev->kind) != 0) {
			f->scene.state = &f->state[i];
			f->scene.common = &f->p->common[i];
			f->scene.stage = gh_checks[i]->stage;
			gh_checks[i]->on(&f->scene, ev);
		}
	if (ev->kind == GH_EV_MEMBER)
		rc = gh_pipe_member(f, ev->u.member, ev->at);
	return rc;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	struct gh_pipe *p = ((struct gh_frame *)s)->p;
	struct gh_spool *sp = gh_spool_new(&p->budget, packed);
	if (sp != NULL) {
		sp->next = p->spools;
		p->spools = sp;
	}
	return sp;
}

void gh_pipe_forget_spool(struct gh_pipe *p, struct gh_spool *sp)
{
	for (struct gh_spool **at = &p->spools; *at != NULL; at = &(*at)->next)
		if (*at == sp) {
			*at = sp->next;
			break;
		}
	gh_spool_free(sp);
}

static void spool_close(struct gh_spool *sp)
{
	if (sp != NULL)
		gh_pipe_forget_spool(sp->budget->owner, sp);
}

static const struct gh_fmt *handed(struct gh_sink *s, const struct gh_fmt *fmt)
{
	struct gh_frame *f = (struct gh_frame *)s;
	const struct gh_fmt *was = f->fmt;
	f->fmt = fmt;
	f->scene.format = fmt->name;
	return was;
}

const struct gh_sink_ops gh_pipe_sink_ops = {
	.event = on_event,
	.spool_open = spool_open,
	.spool_put = gh_spool_put,
	.spool_src = gh_spool_src,
	.spool_close = spool_close,
	.handed = handed,
};

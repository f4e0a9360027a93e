/* A policy over its base. What the base demands stays, unless the policy on top says by name that it goes. */
#include "policy/policy_int.h"

static struct prule *find(struct gh_policy *p, struct gh_span id)
{
	for (size_t i = 0; i < p->rule.n; i++)
		if (gh_span_eq(p->rule.v[i].id, id))
			return &p->rule.v[i];
	return NULL;
}

static enum gh_rc removed(const struct ydoc *d, struct gh_policy *base, const struct gh_policy *top)
{
	const struct ynode *at = top->remove_node == NULL ? NULL : top->remove_node->first;
	for (size_t i = 0; i < top->remove.n; i++, at = at->next) {
		struct prule *r = find(base, top->remove.v[i]);
		if (r == NULL)
			return ydoc_bad(d, at, false, "the base has no rule '%s' that could be removed",
					(const char *)at->text.p);
		size_t k = (size_t)(r - base->rule.v);
		memmove(r, r + 1, (base->rule.n - k - 1) * sizeof *r);
		base->rule.n--;
	}
	return GH_OK;
}

static enum gh_rc rules(const struct ydoc *d, struct gh_policy *base, const struct gh_policy *top)
{
	for (size_t i = 0; i < top->rule.n; i++) {
		const struct prule *r = &top->rule.v[i];
		struct prule *old = find(base, r->id);
		if (old != NULL && !r->override)
			return ydoc_bad(d, r->section ? r->node : ydoc_get(r->node, "id"), false,
					"the base has a rule '%s' too: to replace it, write override: true",
					(const char *)r->id.p);
		if (old == NULL && r->override && !r->section)
			return ydoc_bad(d, ydoc_get(r->node, "override"), false,
					"the base has no rule '%s' that could be replaced", (const char *)r->id.p);
		if (old == NULL && base->rule.n == GH_POLICY_RULES)
			return ydoc_bad(d, r->node, false, "with its bases, the policy has more than %d rules",
					GH_POLICY_RULES);
		struct prule *to = old != NULL ? old : PPUSH(d->arena, &base->rule);
		if (to == NULL)
			return GH_E_NOMEM;
		*to = *r;
		to->override = false; /* done: the canonical form does not tell how a rule came there */
	}
	return GH_OK;
}

static enum gh_rc lists(const struct ydoc *d, struct gh_policy *base, const struct gh_policy *top)
{
	for (unsigned t = 0; t < TIERS; t++)
		for (size_t i = 0; i < top->tier[t].n; i++) {
			struct ptier *to = PPUSH(d->arena, &base->tier[t]);
			if (to == NULL)
				return GH_E_NOMEM;
			*to = top->tier[t].v[i];
		}
	for (size_t i = 0; i < top->exception.n; i++) {
		for (size_t k = 0; k < base->exception.n; k++)
			if (gh_span_eq(base->exception.v[k].id, top->exception.v[i].id))
				return ydoc_bad(d, ydoc_get(d->top, "exceptions"), true,
						"the base has an exception '%s' too",
						(const char *)top->exception.v[i].id.p);
		struct gh_exception *to = PPUSH(d->arena, &base->exception);
		if (to == NULL)
			return GH_E_NOMEM;
		*to = top->exception.v[i];
	}
	return GH_OK;
}

static enum gh_rc note_base(const struct ydoc *d, struct gh_policy *p)
{
	gh_auto_buf b = gh_buf(4 * ID_BYTES);
	gh_buf_span(&b, p->name);
	gh_buf_str(&b, p->version.n != 0 ? " " : "");
	gh_buf_span(&b, p->version);
	struct gh_span *to = PPUSH(d->arena, &p->base);
	if (to == NULL)
		return GH_E_NOMEM;
	*to = gh_keep(d->arena, gh_buf_view(&b));
	return to->p == NULL ? GH_E_NOMEM : GH_OK;
}

enum gh_rc policy_join(struct ydoc *d, struct gh_policy *base, struct gh_policy *top)
{
	if (base == NULL) { /* nothing below: nothing to replace or remove */
		struct gh_policy none = { .arena = d->arena };
		enum gh_rc rc = removed(d, &none, top);
		return rc == GH_OK ? rules(d, &none, top) : rc;
	}
	enum gh_rc rc = note_base(d, base);
	rc = rc == GH_OK ? removed(d, base, top) : rc;
	rc = rc == GH_OK ? rules(d, base, top) : rc;
	rc = rc == GH_OK ? lists(d, base, top) : rc;
	rc = rc == GH_OK ? policy_join_deployment(d, base, top) : rc;
	base->name = top->name;
	base->version = top->version;
	base->about = top->about;
	if (top->quarantine.stated)
		base->quarantine = top->quarantine;
	if (top->opa.stated)
		base->opa = top->opa;
	return rc;
}

/* ---- what can be checked when all is there ---------------------------------------------------------------------------------- */
/* "Cannot be told" may be stricter than the effect itself: a rule that warns denies when a fact is missing. Then a stranger who
 * makes it told would soften it. In a rule about both, what is not known must not be stricter than what holds. */
static enum gh_rc settled(const struct gh_policy *p, const struct prule *r)
{
	bool own = r->when.own || (r->when.tier && p->tier_own);
	if (r->always || !own || !r->when.foreign || r->effect == GH_EFFECT_DENY || r->lack == LACK_APPLY ||
	    r->lack == LACK_IGNORE || (r->lack == LACK_WARN && r->effect == GH_EFFECT_WARN))
		return GH_OK;
	return ydoc_bad(r->doc, ydoc_get(r->node, "when"), false,
			"this condition speaks of own facts and of what others say, and the rule is stricter when it "
			"cannot be told than when "
			"it holds: write unknown: apply, or make two rules");
}

enum gh_rc policy_checks(struct ydoc *d, struct gh_policy *p)
{
	for (unsigned t = 0; t < TIERS; t++)
		for (size_t i = 0; i < p->tier[t].n; i++)
			p->tier_own |= p->tier[t].v[i].when.own;
	for (size_t i = 0; i < p->rule.n; i++) {
		const struct prule *r = &p->rule.v[i];
		enum gh_rc rc = r->always    ? GH_OK
				: r->section ? GH_OK /* of own facts only */
					     : policy_foreign(r->doc, ydoc_get(r->node, "when"), &r->when, p->tier_own,
							      false);
		if (rc == GH_OK)
			rc = settled(p, r);
		if (rc != GH_OK)
			return rc;
	}
	const struct pquarantine *q = &p->quarantine;
	if (q->stated && !q->always) {
		enum gh_rc rc = policy_foreign(q->doc, ydoc_get(q->node, "when"), &q->when, p->tier_own, false);
		if (rc != GH_OK)
			return rc;
	}
	if (p->rule.n == 0 && q->period == 0 && !p->opa.stated)
		return ydoc_bad(d, d->top, false, "this policy has no rules: it would allow everything");
	for (size_t i = 0; i < p->exception.n; i++) {
		struct gh_span rule = p->exception.v[i].rule;
		if (find(p, rule) == NULL && !gh_span_is(rule, POLICY_ID_QUARANTINE)) {
			const struct ynode *list = ydoc_get(d->top, "exceptions"),
					   *e = list == NULL ? NULL : list->first;
			while (e != NULL && !gh_span_eq(ydoc_get(e, "rule")->text, rule))
				e = e->next;
			return ydoc_bad(d, e == NULL ? d->top : ydoc_get(e, "rule"), false,
					"there is no rule '%s' from which an exception could be made",
					(const char *)rule.p);
		}
	}
	return GH_OK;
}

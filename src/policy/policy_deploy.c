/* The section `deployment`: what a model runs in. Its keys are rules in short, so that they are judged, shown, excepted and
 * joined like the others; only the number of attempts is a value of its own. */
#include <stdio.h>

#include "policy/policy_int.h"
#include "policy/units.h"

enum { CONDITION = 2048, ATTEMPTS_MOST = 1000000 };

static enum gh_rc add(struct ydoc *d, const struct ynode *n, struct gh_policy *p, const char *id, struct gh_buf *when,
		      const char *message)
{
	struct expr_err err;
	struct prule *r = PPUSH(d->arena, &p->rule);
	if (r == NULL || when->full)
		return GH_E_NOMEM;
	if (p->rule.n > GH_POLICY_RULES)
		return ydoc_bad(d, n, false, "a policy has at most %d rules", GH_POLICY_RULES);
	*r = (struct prule){ .id = gh_span_str(id),
			     .message = gh_span_str(message),
			     .effect = GH_EFFECT_DENY,
			     .lack = LACK_DENY,
			     .actions = 1u << gh_word_index(gh_fact_rows[gh_fact_named(GH_SPAN("action"))].words,
							    GH_SPAN("deploy")),
			     .section = true,
			     .doc = d,
			     .node = n };
	for (size_t i = 0; i + 1 < p->rule.n; i++)
		if (gh_span_eq(p->rule.v[i].id, r->id))
			return ydoc_bad(d, n, false, "there is a rule '%s' already", id);
	struct gh_span text = gh_keep(d->arena, gh_buf_view(when));
	if (text.p == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = expr_read(d->arena, text, &r->when, &err);
	return rc == GH_E_MALFORMED ? ydoc_bad(d, n, false, "%s", err.what) : rc;
}

/* `fact < word`, for a word of the fact that is not the lowest one. */
static enum gh_rc least(struct ydoc *d, const struct ynode *n, struct gh_policy *p, const char *fact, const char *id,
			const char *message)
{
	const char *words = gh_fact_rows[gh_fact_named(gh_span_str(fact))].words;
	unsigned bits;
	enum gh_rc rc = n->kind != Y_TEXT ? ydoc_bad(d, n, false, "here one word is expected")
					  : policy_words(d, n, words, "class", &bits);
	if (rc != GH_OK)
		return rc;
	gh_auto_buf when = gh_buf(CONDITION);
	gh_buf_str(&when, fact);
	gh_buf_str(&when, " < ");
	gh_buf_span(&when, n->text);
	return add(d, n, p, id, &when, message);
}

static enum gh_rc evidence(struct ydoc *d, const struct ynode *n, void *into)
{
	return least(
		d, n, into, "attestation.class", "deployment.evidence",
		"What the model runs in has to prove itself with better evidence. Software evidence never counts as "
		"hardware's.");
}

static enum gh_rc isolation(struct ydoc *d, const struct ynode *n, void *into)
{
	return least(d, n, into, "isolation.class", "deployment.isolation",
		     "The model has to run in a stronger isolation (--isolation).");
}

static bool digest(struct gh_span s)
{
	bool ok = s.n == 64;
	for (size_t i = 0; ok && i < s.n; i++)
		ok = (s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f');
	return ok;
}

static enum gh_rc measurements(struct ydoc *d, const struct ynode *n, void *into)
{
	struct gh_policy *p = into;
	gh_auto_buf when = gh_buf(CONDITION);
	if (n->n == 0 || n->n > GH_POLICY_MEASUREMENTS)
		return ydoc_bad(d, n, false, "here 1 to %d measurements are expected", GH_POLICY_MEASUREMENTS);
	gh_buf_str(&when, "attestation.measurement not in [");
	p->deploy.nmeasurement = 0;
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		if (e->kind != Y_TEXT || !digest(e->text))
			return ydoc_bad(d, e, false,
					"a measurement has 64 hexadecimal digits: `gatehouse measure` prints it");
		gh_buf_fmt(&when, "%s\"%.*s\"", e == n->first ? "" : ", ", 64, (const char *)e->text.p);
		p->deploy.measurement[p->deploy.nmeasurement++] = e->text;
	}
	gh_buf_ch(&when, ']');
	return add(d, n, p, "deployment.measurements", &when,
		   "What runs is not one of the allowed builds of stub and engine: `gatehouse measure` says what this "
		   "one is.");
}

static enum gh_rc attempts(struct ydoc *d, const struct ynode *n, void *into)
{
	int64_t v;
	if (!gh_unit_int(n->text, &v) || v < 0 || v > ATTEMPTS_MOST)
		return ydoc_bad(d, n, false, "attempts: a number from 0 to %d", ATTEMPTS_MOST);
	((struct gh_policy *)into)->deploy.attempts = v;
	return GH_OK;
}

static enum gh_rc override(struct ydoc *d, const struct ynode *n, void *into)
{
	((struct gh_policy *)into)->deploy.override = ydoc_is(n, "true");
	return ydoc_is(n, "true") || ydoc_is(n, "false") ? GH_OK : ydoc_bad(d, n, false, "override is true or false");
}

enum gh_rc policy_deployment(struct ydoc *d, const struct ynode *n, void *policy)
{
	static const struct ykey keys[] = {
		{ "override", false, Y_TEXT, override },   { "evidence", false, Y_TEXT, evidence },
		{ "isolation", false, Y_TEXT, isolation }, { "measurements", false, Y_LIST, measurements },
		{ "attempts", false, Y_TEXT, attempts },
	};
	struct gh_policy *p = policy;
	size_t from = p->rule.n;
	p->deploy.attempts = -1;
	enum gh_rc rc = ydoc_map(d, n, keys, sizeof keys / sizeof keys[0], p);
	for (size_t i = from; rc == GH_OK && i < p->rule.n; i++)
		p->rule.v[i].override = p->deploy.override;
	p->deploy.stated = true;
	return rc;
}

/* Over that of a base: what the one on top states. Its rules are joined like all rules. */
enum gh_rc policy_join_deployment(struct ydoc *d, struct gh_policy *base, const struct gh_policy *top)
{
	const struct pdeploy *t = &top->deploy;
	if (!t->stated)
		return GH_OK;
	if (t->attempts >= 0 && base->deploy.stated && base->deploy.attempts >= 0 &&
	    t->attempts > base->deploy.attempts && !t->override)
		return ydoc_bad(d, ydoc_get(d->top, "deployment"), true,
				"the base tolerates fewer attempts: to allow more, write override: true");
	int64_t attempts = t->attempts >= 0 ? t->attempts : base->deploy.stated ? base->deploy.attempts : -1;
	if (t->nmeasurement != 0) {
		memcpy(base->deploy.measurement, t->measurement, sizeof t->measurement);
		base->deploy.nmeasurement = t->nmeasurement;
	}
	base->deploy.stated = true;
	base->deploy.attempts = attempts;
	return GH_OK;
}

bool gh_policy_attempts(const struct gh_policy *p, int64_t *most)
{
	bool stated = p->deploy.stated && p->deploy.attempts >= 0;
	if (stated)
		*most = p->deploy.attempts;
	return stated;
}

size_t gh_policy_measurements(const struct gh_policy *p, const struct gh_span **v)
{
	*v = p->deploy.measurement;
	return p->deploy.stated ? p->deploy.nmeasurement : 0;
}

/* Tables of cases: what a policy should say, written down by the one who wrote the policy. */
#include <stdio.h>

#include "policy/policy_int.h"
#include "policy/units.h"

enum { CASES = 1000, LISTED = 64, ARENA_CASE = 64 << 20 };

enum canned { OPA_SILENT, OPA_ALLOW, OPA_DENY };

struct table {
	struct ydoc *d;
	gh_policy_bases *bases;
	void *ctx;
	const struct gh_policy *policy;
	const struct ynode *facts;
	int64_t at;
	struct gh_policy_cases *out;
	PLIST(struct gh_policy_case) v;
};

struct kase {
	struct table *t;
	struct gh_policy_case *c;
	int64_t at;
	const struct ynode *facts, *rules, *tier;
	enum canned opa;
};

/* ---- one case ----------------------------------------------------------------------------------------------------------------- */
static enum gh_rc k_name(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, 200, &((struct kase *)into)->c->name);
}

static enum gh_rc k_at(struct ydoc *d, const struct ynode *n, void *into)
{
	if (!gh_unit_time(n->text, &((struct kase *)into)->at))
		return ydoc_bad(d, n, false, "here a date is expected, such as 2026-11-22 or 2026-11-22T10:00:00Z");
	return GH_OK;
}

static enum gh_rc k_facts(struct ydoc *d, const struct ynode *n, void *into)
{
	(void)d;
	((struct kase *)into)->facts = n;
	return GH_OK;
}

static enum gh_rc k_expect(struct ydoc *d, const struct ynode *n, void *into)
{
	for (enum gh_decision i = GH_ALLOW; i <= GH_DENY; i++)
		if (ydoc_is(n, gh_decision_name(i))) {
			((struct kase *)into)->c->expected = i;
			return GH_OK;
		}
	return ydoc_bad(d, n, false, "a decision is allow, warn, pending or deny");
}

static enum gh_rc k_rules(struct ydoc *d, const struct ynode *n, void *into)
{
	struct kase *k = into;
	if (n->n > LISTED)
		return ydoc_bad(d, n, false, "at most %d rules can be named", LISTED);
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		struct gh_span id;
		enum gh_rc rc = policy_id(d, e, &id);
		if (rc != GH_OK)
			return rc;
		bool there = gh_span_is(id, POLICY_ID_QUARANTINE) || gh_span_is(id, POLICY_ID_OPA);
		for (size_t i = 0; i < k->t->policy->rule.n; i++)
			there |= gh_span_eq(k->t->policy->rule.v[i].id, id);
		if (!there)
			return ydoc_bad(d, e, false, "the policy has no rule '%s'", (const char *)id.p);
	}
	k->rules = n;
	return GH_OK;
}

static enum gh_rc k_tier(struct ydoc *d, const struct ynode *n, void *into)
{
	unsigned bits;
	((struct kase *)into)->tier = n;
	return policy_words(d, n, "low standard high", "tier", &bits);
}

static enum gh_rc k_opa(struct ydoc *d, const struct ynode *n, void *into)
{
	struct kase *k = into;
	k->opa = ydoc_is(n, "allow") ? OPA_ALLOW : ydoc_is(n, "deny") ? OPA_DENY : OPA_SILENT;
	return k->opa != OPA_SILENT || ydoc_is(n, "silent")
		       ? GH_OK
		       : ydoc_bad(d, n, false, "what the OPA server would say: allow, deny or silent (the default)");
}

static bool canned(void *ctx, struct gh_span url, int64_t timeout_ms, struct gh_span body, struct gh_buf *answer,
		   const char **why)
{
	const struct kase *k = ctx;
	(void)url, (void)timeout_ms, (void)body;
	*why = "the case says that it is silent";
	gh_buf_str(answer,
		   k->opa == OPA_ALLOW ? "{\"result\": {\"allow\": true}}" : "{\"result\": {\"allow\": false}}");
	return k->opa != OPA_SILENT;
}

/* ---- what came out -------------------------------------------------------------------------------------------------------------- */
static bool listed(const struct ynode *list, struct gh_span id)
{
	for (const struct ynode *e = list->first; e != NULL; e = e->next)
		if (gh_span_eq(e->text, id))
			return true;
	return false;
}

static bool objects(const struct gh_policy_result *r, struct gh_span id)
{
	for (size_t i = 0; i < r->nrule; i++)
		if (gh_span_eq(r->rule[i].id, id))
			return r->rule[i].counts != GH_ALLOW;
	return false;
}

static void compare(const struct kase *k, const struct gh_policy_result *r, struct gh_buf *b)
{
	if (r->decision != k->c->expected) {
		gh_buf_fmt(b, "%s, not %s: ", gh_decision_name(r->decision), gh_decision_name(k->c->expected));
		for (size_t i = 0; i < r->nrule; i++)
			if (r->rule[i].counts != GH_ALLOW) {
				gh_buf_span(b, r->rule[i].id);
				gh_buf_fmt(b, " (%s); ", gh_outcome_name(r->rule[i].outcome));
			}
		for (size_t i = 0; i < r->nmissing; i++) {
			gh_buf_str(b, i == 0 ? "missing: " : ", ");
			gh_buf_span(b, r->missing[i]);
		}
		gh_buf_str(b, r->nmissing != 0 ? "; " : "");
	}
	for (const struct ynode *e = k->rules == NULL ? NULL : k->rules->first; e != NULL; e = e->next)
		if (!objects(r, e->text))
			gh_buf_fmt(b, "rule %s does not object; ", (const char *)e->text.p);
	for (size_t i = 0; k->rules != NULL && i < r->nrule; i++)
		if (r->rule[i].counts != GH_ALLOW && !listed(k->rules, r->rule[i].id)) {
			gh_buf_str(b, "rule ");
			gh_buf_span(b, r->rule[i].id);
			gh_buf_str(b, " objects too; ");
		}
	if (k->tier != NULL && !gh_span_eq(k->tier->text, r->tier)) {
		gh_buf_str(b, "the tier is ");
		gh_buf_span(b, r->tier);
		gh_buf_str(b, "; ");
	}
	if (b->n >= 2)
		b->n -= 2; /* the last separator */
}

static enum gh_rc state(struct kase *k, struct gh_facts *f, const struct ynode *facts)
{
	struct ydoc *d = k->t->d;
	struct gh_err err = { 0 };
	struct facts_reading r = { .f = f, .loose = true, .at = k->at };
	const struct gh_jval *v = facts == NULL ? NULL : ydoc_json(f->arena, facts);
	if (facts == NULL)
		return GH_OK;
	if (v == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = facts_from(&r, v, &err);
	return rc == GH_OK ? GH_OK
			   : ydoc_bad(d, facts, false, "%s", err.n == 0 ? "these facts cannot be read" : err.text[0]);
}

static enum gh_rc run(struct kase *k)
{
	gh_auto_arena arena = { .max = ARENA_CASE };
	gh_auto_buf b = gh_buf(2000);
	struct gh_facts *f = gh_facts_new(&arena);
	if (f == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = state(k, f, k->t->facts);
	rc = rc == GH_OK ? state(k, f, k->facts) : rc;
	if (rc != GH_OK)
		return rc;
	const struct gh_policy_question q = {
		.policy = k->t->policy, .facts = f, .at = k->at, .opa = canned, .opa_ctx = k
	};
	const struct gh_policy_result *r = gh_policy_ask(&q, &arena);
	compare(k, r, &b);
	k->c->got = r->decision;
	k->c->ok = b.n == 0;
	k->c->differs = gh_keep(k->t->d->arena, gh_buf_view(&b));
	k->t->out->failed += !k->c->ok;
	return k->c->differs.p == NULL ? GH_E_NOMEM : GH_OK;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------------ */
static enum gh_rc t_policy(struct ydoc *d, const struct ynode *n, void *into)
{
	struct table *t = into;
	struct gh_span text, name;
	enum gh_rc rc = policy_text(d, n, 1000, &name);
	if (rc != GH_OK)
		return rc;
	if (t->bases == NULL || !t->bases(t->ctx, name, &text))
		return ydoc_bad(d, n, false,
				"there is no policy '%s': name a file beside this one, or a shipped profile",
				(const char *)name.p);
	struct gh_policy_err in;
	rc = gh_policy_read(d->arena, text, t->bases, t->ctx, &t->policy, &in);
	if (rc == GH_E_MALFORMED || rc == GH_E_LIMIT)
		return ydoc_bad(d, n, false, "the policy '%s' cannot be read: line %llu, column %llu: %s",
				(const char *)name.p, (unsigned long long)in.line, (unsigned long long)in.column,
				in.what);
	return rc;
}

static enum gh_rc t_at(struct ydoc *d, const struct ynode *n, void *into)
{
	struct kase k = { 0 };
	enum gh_rc rc = k_at(d, n, &k);
	((struct table *)into)->at = k.at;
	return rc;
}

static enum gh_rc t_facts(struct ydoc *d, const struct ynode *n, void *into)
{
	(void)d;
	((struct table *)into)->facts = n;
	return GH_OK;
}

static enum gh_rc t_cases(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = {
		{ "name", true, Y_TEXT, k_name },    { "at", false, Y_TEXT, k_at },
		{ "facts", false, Y_MAP, k_facts },  { "expect", true, Y_TEXT, k_expect },
		{ "rules", false, Y_LIST, k_rules }, { "tier", false, Y_TEXT, k_tier },
		{ "opa", false, Y_TEXT, k_opa },
	};
	struct table *t = into;
	if (n->n == 0)
		return ydoc_bad(d, n, false, "there are no cases");
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		if (t->v.n == CASES)
			return ydoc_bad(d, e, false, "a table has at most %d cases", CASES);
		struct gh_policy_case *c = PPUSH(d->arena, &t->v);
		uint64_t column;
		if (c == NULL)
			return GH_E_NOMEM;
		*c = (struct gh_policy_case){ 0 };
		ydoc_place(d, e->off, &c->line, &column);
		struct kase k = { .t = t, .c = c, .at = t->at };
		enum gh_rc rc = ydoc_map(d, e, keys, sizeof keys / sizeof keys[0], &k);
		rc = rc == GH_OK ? run(&k) : rc;
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

enum gh_rc gh_policy_test(struct gh_arena *arena, struct gh_span yaml, gh_policy_bases *bases, void *ctx,
			  struct gh_policy_cases *out, struct gh_policy_err *err)
{
	static const struct ykey keys[] = {
		{ "policy", true, Y_TEXT, t_policy },
		{ "at", true, Y_TEXT, t_at },
		{ "facts", false, Y_MAP, t_facts },
		{ "cases", true, Y_LIST, t_cases },
	};
	struct ydoc d = { .text = yaml, .arena = arena, .name = "", .err = err };
	struct table t = { .d = &d, .bases = bases, .ctx = ctx, .out = out };
	*err = (struct gh_policy_err){ 0 };
	*out = (struct gh_policy_cases){ 0 };
	enum gh_rc rc = ydoc_read(&d);
	if (rc == GH_OK)
		rc = ydoc_map(&d, d.top, keys, sizeof keys / sizeof keys[0], &t);
	out->policy = t.policy;
	out->v = t.v.v;
	out->n = t.v.n;
	return rc;
}

/* A decision as JSON: docs/schema/policy-result.schema.json. Keys are always present. */
#include "policy/policy_int.h"
#include "policy/units.h"

static void put_time(struct gh_jout *j, const char *key, int64_t v)
{
	gh_auto_buf b = gh_buf(64);
	gh_unit_put_time(&b, v);
	gh_jout_span(j, key, gh_buf_view(&b));
}

/* JSON that was made by facts_say(). */
static void put_made(struct gh_jout *j, const char *key, struct gh_span json)
{
	gh_auto_buf b = gh_buf(json.n + 1);
	gh_buf_span(&b, json);
	gh_jout_raw(j, key, json.n == 0 ? "null" : gh_buf_cstr(&b));
}

static void put_text(struct gh_jout *j, const char *key, struct gh_span s)
{
	if (s.n == 0)
		gh_jout_null(j, key);
	else
		gh_jout_span(j, key, s);
}

static void put_list(struct gh_jout *j, const char *key, const struct gh_span *v, size_t n)
{
	gh_jout_open(j, key, '[');
	for (size_t i = 0; i < n; i++)
		gh_jout_span(j, NULL, v[i]);
	gh_jout_close(j, ']');
}

static void put_exception(struct gh_jout *j, const char *key, const struct gh_exception *x)
{
	if (x == NULL) {
		gh_jout_null(j, key);
		return;
	}
	gh_jout_open(j, key, '{');
	gh_jout_span(j, "id", x->id);
	put_text(j, "model", x->model);
	put_text(j, "digest", x->digest);
	gh_jout_span(j, "owner", x->owner);
	gh_jout_span(j, "reason", x->reason);
	put_time(j, "expires", x->expires);
	gh_jout_close(j, '}');
}

static void put_approvals(struct gh_jout *j, const struct gh_rule_result *r)
{
	if (r->effect != GH_EFFECT_REQUIRE) {
		gh_jout_null(j, "approvals");
		return;
	}
	gh_jout_open(j, "approvals", '{');
	gh_jout_number(j, "needed", r->need);
	gh_jout_number(j, "given", r->have);
	put_text(j, "roles", r->roles);
	gh_jout_number(j, "within_seconds", (uint64_t)r->within);
	gh_jout_bool(j, "rejected", r->rejected);
	gh_jout_open(j, "considered", '[');
	for (size_t i = 0; i < r->napprover; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_span(j, "by", r->approver[i].by);
		gh_jout_span(j, "role", r->approver[i].role);
		gh_jout_bool(j, "counts", r->approver[i].why == NULL);
		gh_jout_str(j, "why_not", r->approver[i].why);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	gh_jout_close(j, '}');
}

static void put_rule(struct gh_jout *j, const struct gh_rule_result *r)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "id", r->id);
	gh_jout_str(j, "effect", gh_effect_name(r->effect));
	gh_jout_str(j, "outcome", gh_outcome_name(r->outcome));
	gh_jout_str(j, "decision", gh_decision_name(r->counts));
	put_text(j, "when", r->when);
	gh_jout_open(j, "facts", '[');
	for (size_t i = 0; i < r->nfact; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", r->fact[i].fact->name);
		gh_jout_bool(j, "known", r->fact[i].value.n != 0);
		put_made(j, "value", r->fact[i].value);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
	put_list(j, "missing", r->missing, r->nmissing);
	gh_jout_open(j, "matches", '[');
	for (size_t i = 0; i < r->nmatch; i++)
		put_made(j, NULL, r->match[i]);
	gh_jout_close(j, ']');
	gh_jout_number(j, "matches_total", r->matches);
	put_text(j, "message", r->message);
	put_exception(j, "exception", r->exception);
	put_exception(j, "expired_exception", r->expired);
	put_approvals(j, r);
	if (r->until == 0)
		gh_jout_null(j, "until");
	else
		put_time(j, "until", r->until);
	gh_jout_close(j, '}');
}

static void put_policy(struct gh_jout *j, const struct gh_policy *p)
{
	if (p == NULL) {
		gh_jout_null(j, "policy");
		return;
	}
	gh_jout_open(j, "policy", '{');
	gh_jout_span(j, "name", p->name);
	gh_jout_span(j, "version", p->version);
	gh_jout_str(j, "digest", p->digest);
	put_list(j, "bases", p->base.v, p->base.n);
	gh_jout_close(j, '}');
}

void gh_policy_json(const struct gh_policy_result *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "schema", "gatehouse-policy-result-1");
	gh_jout_str(&j, "decision", gh_decision_name(r->decision));
	put_time(&j, "at", r->at);
	put_policy(&j, r->policy);
	put_text(&j, "action", r->action);
	put_text(&j, "model", r->model);
	put_text(&j, "digest", r->digest);
	gh_jout_str(&j, "facts_digest", r->facts_digest);
	gh_jout_open(&j, "tier", '{');
	put_text(&j, "is", r->tier);
	put_list(&j, "because", r->because, r->nbecause);
	gh_jout_close(&j, '}');
	gh_jout_open(&j, "rules", '[');
	for (size_t i = 0; i < r->nrule; i++)
		put_rule(&j, &r->rule[i]);
	gh_jout_close(&j, ']');
	put_list(&j, "missing", r->missing, r->nmissing);
	put_list(&j, "next", r->next, r->nnext);
	gh_jout_close(&j, '}');
}

/* The canonical bytes of a policy: what can change a decision, in one order and one spelling. */
#include "policy/policy_int.h"
#include "policy/units.h"
#include "wire/sha256.h"

static void actions(struct gh_jout *j, unsigned bits)
{
	gh_jout_open(j, "on", '[');
	for (unsigned i = 0; policy_word("action", i).n != 0; i++)
		if (bits & 1u << i)
			gh_jout_span(j, NULL, policy_word("action", i));
	gh_jout_close(j, ']');
}

static void when(struct gh_jout *j, bool always, const struct expr *e)
{
	if (always)
		gh_jout_null(j, "when");
	else
		gh_jout_span(j, "when", e->canon);
}

static void rule(struct gh_jout *j, const struct prule *r)
{
	static const char *const lacks[] = { "deny", "warn", "apply", "ignore" };
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "id", r->id);
	actions(j, r->actions);
	when(j, r->always, &r->when);
	gh_jout_str(j, "effect", gh_effect_name(r->effect));
	if (r->effect == GH_EFFECT_REQUIRE) {
		gh_jout_number(j, "approvals", r->need);
		gh_jout_open(j, "roles", '[');
		for (unsigned i = 0; policy_word("approvals.role", i).n != 0; i++)
			if (r->roles & 1u << i)
				gh_jout_span(j, NULL, policy_word("approvals.role", i));
		gh_jout_close(j, ']');
		gh_jout_number(j, "within", (uint64_t)r->within);
	}
	gh_jout_str(j, "unknown", lacks[r->lack]);
	gh_jout_span(j, "message", r->message);
	gh_jout_close(j, '}');
}

static void exception(struct gh_jout *j, const struct gh_exception *x)
{
	gh_auto_buf t = gh_buf(64);
	gh_unit_put_time(&t, x->expires);
	gh_jout_open(j, NULL, '{');
	gh_jout_span(j, "id", x->id);
	gh_jout_span(j, "rule", x->rule);
	gh_jout_span(j, "model", x->model);
	gh_jout_span(j, "digest", x->digest);
	gh_jout_span(j, "owner", x->owner);
	gh_jout_span(j, "reason", x->reason);
	gh_jout_span(j, "expires", gh_buf_view(&t));
	gh_jout_close(j, '}');
}

static void tiers(struct gh_jout *j, const struct gh_policy *p)
{
	gh_jout_open(j, "tiers", '{');
	for (unsigned t = TIERS; t-- > 0;) {
		if (p->tier[t].n == 0)
			continue;
		gh_jout_open(j, t == TIER_HIGH ? "high" : "standard", '[');
		for (size_t i = 0; i < p->tier[t].n; i++) {
			gh_jout_open(j, NULL, '{');
			gh_jout_span(j, "when", p->tier[t].v[i].when.canon);
			gh_jout_span(j, "because", p->tier[t].v[i].because);
			gh_jout_close(j, '}');
		}
		gh_jout_close(j, ']');
	}
	gh_jout_close(j, '}');
}

void gh_policy_canonical(const struct gh_policy *p, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "policy", 1);
	gh_jout_span(&j, "name", p->name);
	gh_jout_span(&j, "version", p->version);
	gh_jout_span(&j, "description", p->about);
	gh_jout_open(&j, "bases", '[');
	for (size_t i = 0; i < p->base.n; i++)
		gh_jout_span(&j, NULL, p->base.v[i]);
	gh_jout_close(&j, ']');
	tiers(&j, p);
	if (p->quarantine.period != 0) {
		gh_jout_open(&j, "quarantine", '{');
		gh_jout_number(&j, "period", (uint64_t)p->quarantine.period);
		actions(&j, p->quarantine.actions);
		when(&j, p->quarantine.always, &p->quarantine.when);
		gh_jout_span(&j, "message", p->quarantine.message);
		gh_jout_close(&j, '}');
	}
	if (p->deploy.stated && p->deploy.attempts >= 0) { /* the rest of that section are rules */
		gh_jout_open(&j, "deployment", '{');
		gh_jout_number(&j, "attempts", (uint64_t)p->deploy.attempts);
		gh_jout_close(&j, '}');
	}
	if (p->opa.stated) {
		gh_jout_open(&j, "opa", '{');
		gh_jout_span(&j, "url", p->opa.url);
		gh_jout_number(&j, "timeout_ms", (uint64_t)p->opa.timeout_ms);
		actions(&j, p->opa.actions);
		gh_jout_span(&j, "message", p->opa.message);
		gh_jout_close(&j, '}');
	}
	gh_jout_open(&j, "rules", '[');
	for (size_t i = 0; i < p->rule.n; i++)
		rule(&j, &p->rule.v[i]);
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "exceptions", '[');
	for (size_t i = 0; i < p->exception.n; i++)
		exception(&j, &p->exception.v[i]);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

void policy_seal(struct gh_policy *p)
{
	enum { MOST = 16 << 20 };
	gh_auto_buf b = gh_buf(MOST);
	gh_policy_canonical(p, &b);
	if (!b.full)
		policy_sha256(gh_buf_view(&b), p->digest);
}

void policy_sha256(struct gh_span s, char out[65])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t raw[GH_SHA256_BYTES];
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, s);
	gh_sha256_end(&h, raw);
	for (size_t i = 0; i < sizeof raw; i++) {
		out[2 * i] = digits[raw[i] >> 4];
		out[2 * i + 1] = digits[raw[i] & 15];
	}
	out[64] = '\0';
}

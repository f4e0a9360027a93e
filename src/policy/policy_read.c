/* From YAML to a policy: its keys, and the chain of bases. */
#include <stdio.h>

#include "policy/policy_int.h"
#include "policy/units.h"

static enum gh_rc language(struct ydoc *d, const struct ynode *n, void *into)
{
	(void)into;
	return ydoc_is(n, "1") ? GH_OK
			       : ydoc_bad(d, n, false,
					  "'policy' names the version of the policy language, and there is one: 1");
}

static enum gh_rc name(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_id(d, n, &((struct gh_policy *)into)->name);
}

static enum gh_rc version(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, ID_BYTES, &((struct gh_policy *)into)->version);
}

static enum gh_rc about(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct gh_policy *)into)->about);
}

static enum gh_rc extends(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, 256, &((struct gh_policy *)into)->extends);
}

static enum gh_rc removes(struct ydoc *d, const struct ynode *n, void *into)
{
	struct gh_policy *p = into;
	p->remove_node = n;
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		struct gh_span *s = PPUSH(d->arena, &p->remove);
		enum gh_rc rc = s == NULL ? GH_E_NOMEM : policy_id(d, e, s);
		if (rc != GH_OK)
			return rc;
		if (p->remove.n > GH_POLICY_RULES)
			return ydoc_bad(d, e, false, "at most %d rules can be removed", GH_POLICY_RULES);
	}
	return GH_OK;
}

/* ---- tiers ------------------------------------------------------------------------------------------------------------------ */
static enum gh_rc tier_when(struct ydoc *d, const struct ynode *n, void *into)
{
	struct ptier *t = into;
	enum gh_rc rc = policy_when(d, n, &t->when);
	if (rc == GH_OK && t->when.tier)
		return ydoc_bad(
			d, n, false,
			"risk.tier is what these conditions decide: they cannot ask it (risk.declared they can)");
	return rc == GH_OK ? policy_foreign(d, n, &t->when, false, true) : rc;
}

static enum gh_rc tier_because(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct ptier *)into)->because);
}

static enum gh_rc tier(struct ydoc *d, const struct ynode *n, struct gh_policy *p, unsigned which)
{
	static const struct ykey keys[] = { { "when", true, Y_TEXT, tier_when },
					    { "because", true, Y_TEXT, tier_because } };
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		struct ptier *t = PPUSH(d->arena, &p->tier[which]);
		if (t == NULL)
			return GH_E_NOMEM;
		if (p->tier[which].n > GH_POLICY_RULES)
			return ydoc_bad(d, e, false, "a tier has at most %d conditions", GH_POLICY_RULES);
		*t = (struct ptier){ 0 };
		enum gh_rc rc = ydoc_map(d, e, keys, sizeof keys / sizeof keys[0], t);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc high(struct ydoc *d, const struct ynode *n, void *into) { return tier(d, n, into, TIER_HIGH); }
static enum gh_rc standard(struct ydoc *d, const struct ynode *n, void *into)
{
	return tier(d, n, into, TIER_STANDARD);
}

static enum gh_rc tiers(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = { { "high", false, Y_LIST, high }, { "standard", false, Y_LIST, standard } };
	return ydoc_map(d, n, keys, 2, into);
}

/* ---- quarantine -------------------------------------------------------------------------------------------------------------- */
static enum gh_rc q_period(struct ydoc *d, const struct ynode *n, void *into)
{
	if (!gh_unit_duration(n->text, &((struct gh_policy *)into)->quarantine.period))
		return ydoc_bad(d, n, false,
				"here a duration is expected, such as 7d; 0s takes the quarantine of a base away");
	return GH_OK;
}

static enum gh_rc q_when(struct ydoc *d, const struct ynode *n, void *into)
{
	struct pquarantine *q = &((struct gh_policy *)into)->quarantine;
	q->always = false;
	return policy_when(d, n, &q->when);
}

static enum gh_rc q_on(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_actions(d, n, &((struct gh_policy *)into)->quarantine.actions);
}

static enum gh_rc q_message(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct gh_policy *)into)->quarantine.message);
}

static enum gh_rc quarantine(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = {
		{ "period", true, Y_TEXT, q_period },
		{ "when", false, Y_TEXT, q_when },
		{ "on", false, Y_NULL, q_on },
		{ "message", false, Y_TEXT, q_message },
	};
	struct gh_policy *p = into;
	p->quarantine = (struct pquarantine){
		.stated = true, .always = true, .actions = policy_all_actions(), .doc = d, .node = n
	};
	/* What is about bringing a model in, and showing what was found, is not delayed unless `on` says so. */
	p->quarantine.actions &= ~(1u << 0 | 1u << 1);
	return ydoc_map(d, n, keys, sizeof keys / sizeof keys[0], into);
}

/* ---- OPA ---------------------------------------------------------------------------------------------------------------------- */
static enum gh_rc o_url(struct ydoc *d, const struct ynode *n, void *into)
{
	bool ok = gh_span_starts(n->text, "http://") || gh_span_starts(n->text, "https://");
	for (size_t i = 0; ok && i < n->text.n; i++)
		ok = n->text.p[i] > ' ' && n->text.p[i] < 0x7f && n->text.p[i] != '"' && n->text.p[i] != '\\';
	/* A name and password would stand in every copy of the policy, and in its digest. */
	if (!ok || memchr(n->text.p, '@', n->text.n) != NULL)
		return ydoc_bad(d, n, false, "here an http:// or https:// URL is expected, without user and password");
	return policy_text(d, n, 1000, &((struct gh_policy *)into)->opa.url);
}

static enum gh_rc o_timeout(struct ydoc *d, const struct ynode *n, void *into)
{
	int64_t s;
	if (!gh_unit_duration(n->text, &s) || s < 1 || s > OPA_MS_MOST / 1000)
		return ydoc_bad(d, n, false, "here a duration from 1s to %ds is expected", OPA_MS_MOST / 1000);
	((struct gh_policy *)into)->opa.timeout_ms = s * 1000;
	return GH_OK;
}

static enum gh_rc o_on(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_actions(d, n, &((struct gh_policy *)into)->opa.actions);
}

static enum gh_rc o_message(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct gh_policy *)into)->opa.message);
}

static enum gh_rc opa(struct ydoc *d, const struct ynode *n, void *into)
{
	static const struct ykey keys[] = {
		{ "url", true, Y_TEXT, o_url },
		{ "timeout", false, Y_TEXT, o_timeout },
		{ "on", false, Y_NULL, o_on },
		{ "message", false, Y_TEXT, o_message },
	};
	struct gh_policy *p = into;
	p->opa = (struct popa){ .stated = true, .timeout_ms = OPA_MS, .actions = policy_all_actions() };
	return ydoc_map(d, n, keys, sizeof keys / sizeof keys[0], into);
}

/* ---- one text -------------------------------------------------------------------------------------------------------------- */
static const struct ykey policy_keys[] = {
	{ "policy", true, Y_TEXT, language },
	{ "name", true, Y_TEXT, name },
	{ "version", false, Y_TEXT, version },
	{ "description", false, Y_TEXT, about },
	{ "extends", false, Y_TEXT, extends },
	{ "remove", false, Y_LIST, removes },
	{ "tiers", false, Y_MAP, tiers },
	{ "quarantine", false, Y_MAP, quarantine },
	{ "opa", false, Y_MAP, opa },
	{ "deployment", false, Y_MAP, policy_deployment },
	{ "rules", false, Y_LIST, policy_rules },
	{ "exceptions", false, Y_LIST, policy_exceptions },
};

static enum gh_rc one(struct ydoc *d, struct gh_policy **out)
{
	struct gh_policy *p = *out = GH_NEW(d->arena, struct gh_policy, 1);
	if (p == NULL)
		return GH_E_NOMEM;
	p->arena = d->arena;
	enum gh_rc rc = ydoc_read(d);
	const struct ynode *newer = rc == GH_OK ? ydoc_get(d->top, "policy") : NULL;
	if (newer != NULL) /* first of all: in another version, the keys may be other ones */
		rc = language(d, newer, p);
	if (rc == GH_OK)
		rc = ydoc_map(d, d->top, policy_keys, sizeof policy_keys / sizeof policy_keys[0], p);
	return rc;
}

enum gh_rc gh_policy_read(struct gh_arena *arena, struct gh_span yaml, gh_policy_bases *bases, void *ctx,
			  const struct gh_policy **out, struct gh_policy_err *err)
{
	struct ydoc *doc = GH_NEW(arena, struct ydoc, GH_POLICY_BASES + 1);
	struct gh_policy *p[GH_POLICY_BASES + 1] = { 0 };
	size_t n = 0;
	*out = NULL;
	*err = (struct gh_policy_err){ 0 };
	if (doc == NULL)
		return GH_E_NOMEM;
	struct gh_span text = yaml, called = { (const uint8_t *)"", 0 };
	for (;; n++) {
		doc[n] = (struct ydoc){ .text = text, .arena = arena, .name = (const char *)called.p, .err = err };
		enum gh_rc rc = one(&doc[n], &p[n]);
		if (rc != GH_OK)
			return rc;
		if (p[n]->extends.n == 0)
			break;
		const struct ynode *at = ydoc_get(doc[n].top, "extends");
		if (n == GH_POLICY_BASES)
			return ydoc_bad(&doc[n], at, false, "more than %d policies extend one another",
					GH_POLICY_BASES);
		if (bases == NULL || !bases(ctx, p[n]->extends, &text)) {
			gh_auto_buf shown = gh_buf(160);
			gh_buf_safe(&shown, p[n]->extends, 100);
			return ydoc_bad(
				&doc[n], at, false,
				"there is no policy '%s' to extend; shipped ones are lenient, enterprise, high-risk",
				gh_buf_cstr(&shown));
		}
		called = p[n]->extends; /* kept with its NUL */
	}
	struct gh_policy *made = p[n];
	for (size_t i = n + 1; i-- > 0;) {
		enum gh_rc rc = i == n ? policy_join(&doc[i], NULL, made) : policy_join(&doc[i], made, p[i]);
		if (rc != GH_OK)
			return rc;
	}
	enum gh_rc rc = policy_checks(&doc[0], made);
	if (rc != GH_OK)
		return rc;
	policy_seal(made);
	*out = made;
	return made->digest[0] == '\0' ? GH_E_NOMEM : GH_OK;
}

struct gh_span gh_policy_name(const struct gh_policy *p) { return p->name; }
struct gh_span gh_policy_version(const struct gh_policy *p) { return p->version; }
size_t gh_policy_nrules(const struct gh_policy *p) { return p->rule.n; }
const char *gh_policy_digest(const struct gh_policy *p) { return p->digest; }
struct gh_span gh_policy_opa(const struct gh_policy *p) { return p->opa.url; }

size_t gh_policy_exceptions(const struct gh_policy *p, const struct gh_exception **v)
{
	*v = p->exception.v;
	return p->exception.n;
}

bool gh_policy_time(struct gh_span s, int64_t *out) { return gh_unit_time(s, out); }
void gh_policy_put_time(struct gh_buf *out, int64_t v) { gh_unit_put_time(out, v); }

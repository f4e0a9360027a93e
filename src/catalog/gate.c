#include "catalog/gate.h"

#include "catalog/badges.h"
#include "catalog/gate_int.h"
#include "catalog/opa.h"
#include "catalog/principals.h"
#include "catalog/reports.h"
#include "catalog/reviews.h"
#include "catalog/row.h"
#include "catalog/tenants.h"
#include "catalog/vault.h"
#include "crypto/dsse.h"
#include "crypto/merkle.h"
#include "wire/b64.h"
#include "wire/sha256.h"

#include <stdio.h>

/* A policy that judges: one that was put into force, or the profile that the home names. */
struct source {
	struct gh_span text, signature;
	const char *from, *digest, *key; /* digest, key: of a stored one; else "" */
};

static const char *keep_text(struct gh_arena *a, const char *text)
{
	struct gh_span kept = gh_keep(a, gh_span_str(text));
	return kept.p == NULL ? "" : (const char *)kept.p;
}

/* The platform's policy is a floor: a tenant's own one can only be stricter. With neither, the home's profile judges. */
static enum gh_rc sources(struct gh_catalog *c, const struct gh_id *tenant, struct gh_arena *a, struct source out[2],
			  size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	char what[160];
	GH_TRY(gh_db_query(c->db, a, &r, err,
			   "SELECT name, number, body, signature, digest, key_id, tenant FROM policies WHERE (tenant = "
			   "? OR "
			   "tenant IS NULL) AND state = 'current' ORDER BY CASE WHEN tenant IS NULL THEN 0 ELSE 1 END",
			   GH_DBV(gh_dbid(tenant))),
	       err, "policies");
	*n = 0;
	for (size_t i = 0; i < r.n && *n < 2; i++) {
		(void)snprintf(what, sizeof what, "%s policy %.80s, number %lld",
			       gh_db_null(&r, i, 6) ? "platform" : "tenant", gh_db_text(&r, i, 0),
			       (long long)gh_db_int(&r, i, 1));
		out[(*n)++] = (struct source){ .text = gh_db_span(&r, i, 2),
					       .signature = gh_db_span(&r, i, 3),
					       .from = keep_text(a, what),
					       .digest = gh_db_text(&r, i, 4),
					       .key = gh_db_text(&r, i, 5) };
	}
	if (*n > 0)
		return GH_OK;
	(void)snprintf(what, sizeof what, "profile %.100s", c->home.policy);
	out[0] = (struct source){ .from = keep_text(a, what), .digest = "", .key = "" };
	*n = 1;
	return gh_policy_profile(NULL, gh_span_str(c->home.policy), &out[0].text)
		       ? GH_OK
		       : gh_fail(err, GH_E_ABSENT, "gatehouse.yaml: there is no profile '%.40s'", c->home.policy);
}

/* Is it signed with this key of the vault? */
static bool signed_with(const struct gh_vp_public *pub, struct gh_span pae, struct gh_span signature)
{
	struct gh_key *k = NULL;
	bool good = gh_key_public((struct gh_span){ pub->spki, pub->spki_n }, &k, NULL) == GH_OK &&
		    gh_key_verify(k, pae, signature, NULL) == GH_OK;
	gh_key_free(k);
	return good;
}

/* A stored policy counts only as the vault signed it: who can write to the database cannot make a policy. When it does not verify,
 * whose fault it is decides what helps: a badge key that is gone comes back from a backup, an altered policy does not. */
static enum gh_rc as_signed(struct gh_catalog *c, const struct source *s, const struct gh_policy *p, struct gh_arena *a,
			    struct gh_err *err)
{
	enum { KEYS = 128, CANONICAL = 8 << 20 };
	if (s->digest[0] == '\0')
		return GH_OK; /* a profile is a part of the program */
	if (c->vault == NULL)
		return gh_fail(err, GH_E_DENIED, "its signature cannot be checked while the keys are locked");
	struct gh_vp_public *pub = GH_NEW(a, struct gh_vp_public, KEYS);
	gh_auto_buf canonical = gh_buf(CANONICAL), pae = gh_buf(CANONICAL + 256);
	size_t n;
	bool there = false;
	if (pub == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_vault_public(c->vault, pub, KEYS, &n, err), err, "public keys");
	gh_policy_canonical(p, &canonical);
	gh_dsse_pae(&pae, gh_span_str(gh_vault_payload_type(GH_SIGN_POLICY)), gh_buf_view(&canonical));
	if (canonical.full || pae.full)
		return gh_fail(err, GH_E_LIMIT, "it is too large for its signature to be checked");
	for (size_t i = 0; i < n; i++) {
		char id[65];
		if (pub[i].key != GH_VAULT_BADGE)
			continue;
		const struct gh_mhash h = gh_merkle_sha256((struct gh_span){ pub[i].spki, pub[i].spki_n });
		gh_b16(id, (struct gh_span){ h.b, sizeof h.b });
		there |= strcmp(id, s->key) == 0;
		if (signed_with(&pub[i], gh_buf_view(&pae), s->signature))
			return GH_OK;
	}
	if (!there)
		return gh_fail(
			err, GH_E_UNREAD,
			"the badge key that signed it (%.16s…) is not among the keys of this home: restore keys/ "
			"from a backup, or put the policy into force again",
			s->key);
	return gh_fail(err, GH_E_UNREAD, "it is not as it was signed: put it into force again");
}

static void put_approvals(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f, struct gh_arena *a)
{
	struct gh_err err = { 0 };
	struct gh_review review;
	struct gh_review_event *e;
	size_t n;
	gh_facts_put_none(f, "approvals");
	if (gh_review_of(c->db, &v->id, &review, &err) != GH_OK || strcmp(review.root, v->root) != 0 ||
	    !gh_id_same(&review.report, &v->report) || gh_review_events(c->db, a, &review.id, &e, &n, &err) != GH_OK)
		return;
	for (size_t i = 0; i < n; i++) {
		struct gh_principal p;
		if ((e[i].act != GH_REVIEW_APPROVE && e[i].act != GH_REVIEW_REJECT) ||
		    gh_principal_get(c->db, &e[i].principal, &p, &err) != GH_OK)
			continue;
		size_t k = gh_facts_add(f, "approvals");
		gh_facts_field_str(f, "approvals.by", k, p.name);
		gh_facts_field_str(f, "approvals.role", k, e[i].role);
		gh_facts_field_str(f, "approvals.decision", k, gh_review_act_name(e[i].act));
		gh_facts_field_int(f, "approvals.at", k, e[i].at);
		gh_facts_field_str(f, "approvals.digest", k, e[i].root);
	}
}

static void put_badge(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f)
{
	struct gh_badge_row b;
	struct gh_err err = { 0 };
	if (gh_id_none(&v->badge) || gh_badge_get(c->db, &v->badge, &b, &err) != GH_OK) {
		gh_facts_put_str(f, "badge.state", "none");
		return;
	}
	gh_facts_put_str(f, "badge.state", b.state == GH_BADGE_ISSUED ? "scan-complete" : gh_badge_state_name(b.state));
	if (b.issued != 0)
		gh_facts_put_int(f, "badge.issued", b.issued);
	if (b.expires != 0)
		gh_facts_put_int(f, "badge.expires", b.expires);
}

static void put_version(struct gh_catalog *c, const struct gh_version *v, const char *action, struct gh_facts *f)
{
	char name[GH_NAME_TEXT];
	struct gh_principal by;
	struct gh_report_row report;
	struct gh_err err = { 0 };
	gh_facts_put_str(f, "action", action);
	gh_facts_put_str(f, "model", gh_name_text(&v->name, name));
	gh_facts_put_str(f, "tenant", v->name.tenant);
	gh_facts_put_str(f, "project", v->name.project);
	gh_facts_put_str(f, "name", v->name.name);
	gh_facts_put_str(f, "version", v->name.version);
	gh_facts_put_str(f, "digest", v->root);
	bool person = !gh_id_none(&v->by) && gh_principal_get(c->db, &v->by, &by, &err) == GH_OK;
	gh_facts_put_str(f, "author", person ? by.name : "local");
	if (v->publisher[0] != '\0') /* else nobody said: a rule that needs it fails closed */
		gh_facts_put_str(f, "publisher", v->publisher);
	gh_facts_put_str(f, "source", v->source);
	gh_facts_put_int(f, "imported", v->imported != 0 ? v->imported : c->now());
	gh_facts_put_str(f, "risk.declared", strcmp(v->tier, "high") == 0 ? "high" : "standard");
	if (!gh_id_none(&v->report) && gh_report_get(c->db, &v->report, &report, &err) == GH_OK)
		gh_facts_put_int(f, "scan.finished", report.created);
	else
		gh_facts_put_int(f, "scan.finished", c->now()); /* import: it ended just now */
}

/* The first rule that makes the decision what it is, in one line. */
static const char *because(const struct gh_policy_result *r, struct gh_arena *a)
{
	gh_auto_buf text = gh_buf(1024);
	for (size_t i = 0; i < r->nrule; i++)
		if (r->rule[i].counts == r->decision && r->decision != GH_ALLOW) {
			gh_buf_safe(&text, r->rule[i].id, 80);
			gh_buf_str(&text, ": ");
			gh_buf_safe(&text, r->rule[i].message, 300);
			break;
		}
	struct gh_span kept = gh_keep(a, gh_buf_view(&text));
	return kept.p == NULL ? "" : (const char *)kept.p;
}

/* What it is to run in; until a deployment says otherwise that is a sandbox: a model never runs outside of one. */
static void put_run(struct gh_facts *f, const struct gh_gate_run *run)
{
	gh_facts_put_str(f, "isolation.class", run == NULL ? "sandbox" : run->isolation);
	if (run == NULL)
		return;
	gh_facts_put_str(f, "attestation.class", run->cls);
	gh_facts_put_str(f, "attestation.kind", run->kind);
	gh_facts_put_str(f, "attestation.measurement", run->measurement);
	gh_facts_put_int(f, "attestation.at", run->at);
}

static struct gh_facts *collect(struct gh_catalog *c, const struct gh_version *v, const char *action,
				const struct gh_gate_run *run, struct gh_span known, struct gh_arena *a,
				struct gh_err *err)
{
	struct gh_facts *f = gh_facts_new(a);
	if (f == NULL) {
		(void)!gh_fail(err, GH_E_NOMEM, "no memory for facts");
		return NULL;
	}
	if (known.n > 0 && gh_facts_read(f, known, err) != GH_OK)
		return NULL;
	put_version(c, v, action, f);
	put_badge(c, v, f);
	gate_put_lineage(c, v, f, a);
	gate_put_evidence(c, v, f, a);
	put_approvals(c, v, f, a);
	if (strcmp(action, "deploy") == 0)
		put_run(f, run);
	return f;
}

/* Exceptions are shown to whoever reads the card, ended ones too: what was once let pass is part of what is known. */
static enum gh_rc exceptions(struct gh_catalog *c, const struct source *s, const struct gh_policy *p,
			     const struct gh_version *v, struct gh_arena *a, struct gh_gate *out, struct gh_err *err)
{
	const struct gh_exception *x;
	struct gh_gate_exception **end = &out->exception;
	char name[GH_NAME_TEXT];
	size_t n = gh_policy_exceptions(p, &x);
	struct gh_span model = gh_span_str(gh_name_text(&v->name, name));
	while (*end != NULL)
		end = &(*end)->next;
	for (size_t i = 0; i < n; i++) {
		if (!gh_exception_fits(&x[i], model, gh_span_str(v->root)))
			continue;
		*end = GH_NEW(a, struct gh_gate_exception, 1);
		if (*end == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for exceptions");
		**end = (struct gh_gate_exception){ .exception = &x[i],
						    .from = s->from,
						    .ended = x[i].expires <= c->now() };
		end = &(*end)->next;
	}
	return GH_OK;
}

static enum gh_rc ask(struct gh_catalog *c, const struct source *s, const struct gh_version *v,
		      const struct gh_facts *f, struct gh_arena *a, struct gh_gate *out, struct gh_err *err)
{
	const struct gh_policy *policy;
	struct gh_policy_err where = { 0 };
	struct gh_opa_http opa = { .only = c->home.opa };
	enum gh_rc rc = gh_policy_read(a, s->text, gh_policy_profile, NULL, &policy, &where);
	if (rc != GH_OK)
		return gh_fail(err, rc == GH_E_MALFORMED ? GH_E_UNREAD : rc, "%s cannot be read: line %llu: %s",
			       s->from, (unsigned long long)where.line, where.what);
	GH_TRY(as_signed(c, s, policy, a, err), err, "%s", s->from);
	if (s->digest[0] != '\0' && strcmp(s->digest, gh_policy_digest(policy)) != 0)
		return gh_fail(err, GH_E_UNREAD, "%s is not the one whose digest stands beside it", s->from);
	GH_TRY(exceptions(c, s, policy, v, a, out, err), err, "%s", s->from);
	const struct gh_policy_question q = { .policy = policy,
					      .facts = f,
					      .at = c->now(),
					      .opa = gh_opa_http,
					      .opa_ctx = &opa,
					      .opa_url = gh_span_str(c->home.opa) };
	const struct gh_policy_result *r = gh_policy_ask(&q, a);
	bool high = gh_span_is(r->tier, "high");
	if (out->result == NULL || r->decision > out->decision ||
	    (r->decision == out->decision && high && !out->high)) {
		out->result = r;
		out->decision = r->decision;
		out->from = s->from;
		out->because = because(r, a);
		(void)snprintf(out->digest, sizeof out->digest, "%s", gh_policy_digest(policy));
	}
	out->high = out->high || high;
	int64_t most;
	const struct gh_span *list;
	size_t n = gh_policy_measurements(policy, &list);
	if (gh_policy_attempts(policy, &most) && (out->attempts < 0 || most < out->attempts))
		out->attempts = most;
	if (n != 0) {
		out->measurement = list;
		out->nmeasurement = n;
	}
	return GH_OK;
}

static enum gh_rc digests(const struct source *s, size_t n, struct gh_arena *a, char out[65], struct gh_err *err)
{
	uint8_t raw[GH_SHA256_BYTES];
	struct gh_sha256_state h = gh_sha256_begin();
	for (size_t i = 0; i < n; i++) {
		const struct gh_policy *p;
		struct gh_policy_err where = { 0 };
		const char *digest = s[i].digest;
		if (digest[0] == '\0') { /* a profile: a part of the program */
			if (gh_policy_read(a, s[i].text, gh_policy_profile, NULL, &p, &where) != GH_OK)
				return gh_fail(err, GH_E_UNREAD, "%s cannot be read", s[i].from);
			digest = gh_policy_digest(p);
		}
		gh_sha256_put(&h, gh_span_str(digest));
	}
	gh_sha256_end(&h, raw);
	gh_hex_put(out, raw, sizeof raw);
	return GH_OK;
}

enum gh_rc gh_gate_policies(struct gh_catalog *c, const struct gh_id *tenant, struct gh_arena *a, char out[65],
			    struct gh_err *err)
{
	struct source s[2];
	size_t n;
	enum gh_rc rc = sources(c, tenant, a, s, &n, err);
	return rc == GH_OK ? digests(s, n, a, out, err) : rc;
}

static enum gh_rc gate(struct gh_catalog *c, const struct gh_version *v, const char *action,
		       const struct gh_gate_run *run, struct gh_span known, struct gh_arena *a, struct gh_gate *out,
		       struct gh_err *err)
{
	struct source s[2];
	size_t n;
	*out = (struct gh_gate){ .decision = GH_DENY, .from = "", .because = "", .attempts = -1 };
	GH_TRY(sources(c, &v->tenant, a, s, &n, err), err, "the policy");
	GH_TRY(digests(s, n, a, out->policies, err), err, "the policy");
	const struct gh_facts *f = collect(c, v, action, run, known, a, err);
	if (f == NULL)
		return gh_fail(err, err->rc, "the facts about the model");
	for (size_t i = 0; i < n; i++) {
		enum gh_rc rc = ask(c, &s[i], v, f, a, out, err); /* it names the policy */
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

enum gh_rc gh_gate_ask(struct gh_catalog *c, const struct gh_version *v, const char *action, struct gh_span known,
		       struct gh_arena *a, struct gh_gate *out, struct gh_err *err)
{
	return gate(c, v, action, NULL, known, a, out, err);
}

enum gh_rc gh_gate_deploy(struct gh_catalog *c, const struct gh_version *v, const struct gh_gate_run *run,
			  struct gh_span known, struct gh_arena *a, struct gh_gate *out, struct gh_err *err)
{
	return gate(c, v, "deploy", run, known, a, out, err);
}

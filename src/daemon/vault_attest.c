/* vault_attest.c - challenges, and keys for what proved itself. The rule is attest/release.h; here are the nonces, which live in
 * this process alone, are good for one answer and for two minutes. */
#include <stdlib.h>

#include "attest/software.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"
#include "runtime/stub_proto.h"

static_assert((int)GH_VP_MEASUREMENTS == (int)GH_RELEASE_MEASUREMENTS, "the same list");
static_assert((int)GH_SOFTWARE_TBS <= (int)GH_VP_TBS, "software evidence fits");
static_assert(GH_VP_KEYS_MAX * sizeof(struct gh_stub_blob_key) <=
		      sizeof(struct gh_vp_head) + sizeof(struct gh_vp_tenant) +
			      GH_VP_KEYS_MAX * sizeof(struct gh_vp_plain_key),
	      "gh_vaultd.plain holds the keys of one deployment");
static_assert(sizeof(struct gh_vp_head) + sizeof(struct gh_vp_sealed) +
			      GH_VP_KEYS_MAX * sizeof(struct gh_stub_blob_key) + 16 <=
		      GH_VP_PACKET,
	      "sealed keys fit");

/* A free place; when there is none, that of the oldest one: a flood of challenges only costs those who make it. */
static struct gh_vd_challenge *place(struct gh_vaultd *v, int64_t now)
{
	struct gh_vd_challenge *oldest = &v->challenge[0];
	for (size_t i = 0; i < GH_VD_NONCES; i++) {
		struct gh_vd_challenge *c = &v->challenge[i];
		if (c->state == GH_NONCE_UNKNOWN || c->nonce.expires <= now)
			return c;
		if (c->nonce.expires < oldest->nonce.expires)
			oldest = c;
	}
	return oldest;
}

enum gh_vault_why gh_vd_challenge(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				  struct gh_vd_out *out)
{
	const struct gh_vp_challenge *t = (const struct gh_vp_challenge *)in->body;
	struct gh_vp_nonce *answer = (struct gh_vp_nonce *)out->body;
	(void)c;
	if (t->least < GH_RELEASE_SOFTWARE || t->least > GH_RELEASE_HARDWARE || t->n == 0 ||
	    t->n > GH_VP_MEASUREMENTS) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	int64_t now = v->now();
	struct gh_vd_challenge *p = place(v, now);
	*p = (struct gh_vd_challenge){ .state = GH_NONCE_FRESH, .terms = *t };
	p->nonce.expires = now + GH_VP_NONCE_S;
	if (!gh_random(p->nonce.nonce, sizeof p->nonce.nonce)) {
		*p = (struct gh_vd_challenge){ .state = GH_NONCE_UNKNOWN };
		return GH_VAULT_CRYPTO;
	}
	*answer = p->nonce;
	out->body_n = sizeof *answer;
	return GH_VAULT_FINE;
}

static struct gh_vd_challenge *find(struct gh_vaultd *v, const uint8_t nonce[32])
{
	for (size_t i = 0; i < GH_VD_NONCES; i++)
		if (v->challenge[i].state != GH_NONCE_UNKNOWN && gh_same_bytes(v->challenge[i].nonce.nonce, nonce, 32))
			return &v->challenge[i];
	return NULL;
}

static void bind_of(const struct gh_vp_challenge *t, const struct gh_vp_attested *a, struct gh_stub_bind *b)
{
	*b = (struct gh_stub_bind){ 0 };
	memcpy(b->nonce, a->nonce, sizeof b->nonce);
	memcpy(b->key, a->key, sizeof b->key);
	memcpy(b->model, t->model, sizeof b->model);
	memcpy(b->policy, t->policy, sizeof b->policy);
	memcpy(b->files, a->files, sizeof b->files);
	memcpy(b->deployment, t->deployment, sizeof b->deployment);
}

static const enum gh_vault_why said[GH_RELEASE_WHY_END] = {
	[GH_RELEASE_FINE] = GH_VAULT_FINE,
	[GH_RELEASE_NONCE_UNKNOWN] = GH_VAULT_NONCE_UNKNOWN,
	[GH_RELEASE_NONCE_USED] = GH_VAULT_NONCE_USED,
	[GH_RELEASE_NONCE_LATE] = GH_VAULT_NONCE_LATE,
	[GH_RELEASE_DEPLOYMENT] = GH_VAULT_FOR_DEPLOYMENT,
	[GH_RELEASE_TENANT] = GH_VAULT_FOR_TENANT,
	[GH_RELEASE_MODEL] = GH_VAULT_FOR_MODEL,
	[GH_RELEASE_REPORT_DATA] = GH_VAULT_REPORT_DATA,
	[GH_RELEASE_CLASS] = GH_VAULT_LOW_CLASS,
	[GH_RELEASE_MEASUREMENT] = GH_VAULT_MEASUREMENT,
};

/* What was asked for when the nonce was made, and what the vault itself makes of it now. */
static enum gh_vault_why terms_of(const struct gh_vd_challenge *p, const struct gh_vp_attested *a,
				  struct gh_release_terms *t)
{
	struct gh_stub_bind bind;
	*t = (struct gh_release_terms){ .nonce = GH_NONCE_UNKNOWN };
	if (p == NULL)
		return GH_VAULT_FINE;
	t->nonce = p->state;
	t->expires = p->nonce.expires;
	t->least = (enum gh_release_class)p->terms.least;
	t->nmeasurement = p->terms.n;
	memcpy(t->deployment, p->terms.deployment, sizeof t->deployment);
	memcpy(t->tenant, p->terms.tenant, sizeof t->tenant);
	memcpy(t->version, p->terms.version, sizeof t->version);
	memcpy(t->measurement, p->terms.measurement, sizeof t->measurement);
	bind_of(&p->terms, a, &bind);
	return gh_stub_report_data(&bind, t->report_data) ? GH_VAULT_FINE : GH_VAULT_CRYPTO;
}

enum gh_vault_why gh_vd_release_seal(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				     struct gh_vd_out *out)
{
	static const uint8_t none[GH_VP_ID];
	const struct gh_vp_attested *a = (const struct gh_vp_attested *)in->body;
	struct gh_release_terms terms;
	struct gh_release_claims claims = { .cls = (enum gh_release_class)a->cls, .now = v->now() };
	if (c->release.purpose != GH_VAULT_DEPLOY || a->zero != 0 || c->nkeys == 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	struct gh_vd_challenge *p = find(v, a->nonce);
	memcpy(claims.deployment, a->deployment, sizeof claims.deployment);
	memcpy(claims.tenant, c->release.tenant, sizeof claims.tenant);
	memcpy(claims.version, c->release.version, sizeof claims.version);
	memcpy(claims.report_data, a->report_data, sizeof claims.report_data);
	memcpy(claims.measurement, a->measurement, sizeof claims.measurement);
	enum gh_vault_why why = terms_of(p, a, &terms);
	if (why == GH_VAULT_FINE)
		why = said[gh_release_decide(&terms, &claims)];
	/* Keys of somebody else's base only when that was said when the challenge was made. */
	if (why == GH_VAULT_FINE && memcmp(c->other, none, GH_VP_ID) != 0 &&
	    memcmp(c->other, p->terms.other, GH_VP_ID) != 0)
		why = GH_VAULT_FOR_TENANT;
	if (p != NULL)
		p->state = GH_NONCE_USED; /* also by an answer that is refused */
	if (why == GH_VAULT_FINE)
		why = gh_vd_log_begin(v, c, GH_VP_LOG_DEPLOY, out);
	if (why != GH_VAULT_FINE) {
		gh_vd_forget(c);
		return why;
	}
	c->attested = *a;
	c->challenge = (size_t)(p - v->challenge);
	memcpy(c->log.deployment, a->deployment, sizeof c->log.deployment);
	memcpy(c->log.measurement, a->measurement, sizeof c->log.measurement);
	c->log.cls = a->cls;
	return gh_vd_ask_to_log(v, c, in, out);
}

enum gh_vault_why gh_vd_seal_keys(struct gh_vaultd *v, struct gh_vd_chan *c, struct gh_vd_out *out)
{
	const struct gh_vd_challenge *p = &v->challenge[c->challenge];
	struct gh_vp_sealed *s = (struct gh_vp_sealed *)out->body;
	struct gh_stub_blob_key *plain = v->plain;
	struct gh_stub_bind bind;
	uint64_t sys = 0;
	/* Logging may have taken so long that the place was given to another one. */
	if (p->state != GH_NONCE_USED || !gh_same_bytes(p->nonce.nonce, c->attested.nonce, 32))
		return GH_VAULT_NONCE_LATE;
	bind_of(&p->terms, &c->attested, &bind);
	enum gh_vault_why why = gh_vd_open_keys(v, c->release.tenant, c->key, c->nown, plain, &sys);
	if (why == GH_VAULT_FINE)
		why = gh_vd_open_keys(v, c->other, c->key + c->nown, c->nkeys - c->nown, plain + c->nown, &sys);
	if (why == GH_VAULT_FINE &&
	    !gh_stub_seal(&bind, c->attested.evidence, plain, c->nkeys, s->enc, out->body + sizeof *s))
		why = GH_VAULT_STUB_KEY;
	gh_wipe(plain, c->nkeys * sizeof *plain);
	out->n = (uint32_t)c->nkeys;
	out->body_n = sizeof *s + c->nkeys * sizeof *plain + 16;
	return why;
}

/* ---- the node's word for software evidence --------------------------------------------------------------------------------- */
enum gh_vault_why gh_vd_node_sign(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				  struct gh_vd_out *out)
{
	const struct gh_vp_node_tbs *t = (const struct gh_vp_node_tbs *)in->body;
	struct gh_vp_signature *s = (struct gh_vp_signature *)out->body;
	struct gh_vf_signing f;
	struct gh_key *k;
	(void)c;
	/* The label is a part of what is signed: nothing else that this key ever signs begins with it. */
	if (t->n != GH_SOFTWARE_TBS || t->zero != 0 ||
	    memcmp(t->tbs, GH_SOFTWARE_LABEL, sizeof GH_SOFTWARE_LABEL) != 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	enum gh_vault_why why = gh_vd_signing_key(v, GH_VAULT_NODE, &f, &k, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	s->key = GH_VAULT_NODE;
	s->generation = f.generation;
	why = gh_key_id(k, s->key_id) ? gh_vd_sign_with(k, (struct gh_span){ t->tbs, t->n }, s->sig, &s->sig_n)
				      : GH_VAULT_CRYPTO;
	gh_key_free(k);
	out->body_n = sizeof *s;
	return why;
}

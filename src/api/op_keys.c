/* API keys of principals, and the signing keys of persons. */
#include "api/ops.h"
#include "api/people_rules.h"
#include "catalog/apikeys.h"
#include "catalog/ledger.h"
#include "catalog/spki.h"
#include "wire/sha256.h"

#include <string.h>

enum { DAY = 86400 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static void time_out(struct gh_jout *j, const char *key, int64_t t)
{
	char at[GH_ENTRY_TIME + 1];
	gh_jout_str(j, key, t != 0 && gh_entry_time(t, at) ? at : NULL);
}

/* ---- apikey.create ------------------------------------------------------------------------------------------------------ */
struct creating {
	struct gh_op_run *r;
	struct gh_principal p;
	int64_t expires;
	char key[GH_APIKEY_TEXT + 1];
	struct gh_apikey k;
};

static enum gh_rc create_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct creating *c = arg;
	enum gh_rc rc = gh_apikey_create(db, &c->p.id, &c->r->who->id, c->r->now, c->expires, c->key, &c->k, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = {
		{ .name = "principal", .text = c->p.id.s },
		{ .name = "key", .text = c->k.id.s },
		{ .name = "expires", .number = (uint64_t)c->expires },
		{ .name = "says", .text = c->k.says },
	};
	return gh_ledger_put(c->r->cat, "apikey-issued", gh_principal_actor(c->r->who), v, sizeof v / sizeof *v, NULL,
			     err);
}

static enum gh_rc create(struct gh_op_run *r, struct gh_err *err)
{
	struct creating c = { .r = r };
	int64_t days = gh_in_number(r->in, "days", GH_APIKEY_DAYS);
	if (days < 1 || days > GH_APIKEY_DAYS_MAX)
		return gh_fail(err, GH_E_MALFORMED, "an API key is valid for 1 to %d days", GH_APIKEY_DAYS_MAX);
	c.expires = r->now + days * DAY;
	enum gh_rc rc = gh_people_may_manage(r->cat->db, r->who, NULL, err);
	if (rc == GH_OK)
		rc = gh_people_find(r->cat->db, r->arena, r->who, text(r, "principal"), &c.p, err);
	if (rc == GH_OK)
		rc = gh_people_may_manage(r->cat->db, r->who, &c.p, err);
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, create_tx, &c, err);
	if (rc == GH_OK) {
		gh_jout_str(r->out, "principal", c.p.name);
		gh_jout_str(r->out, "prefix", c.k.prefix);
		gh_jout_str(r->out, "key", c.key);
		time_out(r->out, "expires", c.expires);
	}
	explicit_bzero(c.key, sizeof c.key);
	return rc;
}

static const struct gh_op_field create_in[] = {
	{ "principal", GH_IN_WORD, true, "whose: its name" },
	{ "days", GH_IN_NUMBER, false, "how long it is valid (90, at most 730)" },
	{ 0 },
};
const struct gh_op gh_op_apikey_create = {
	.name = "apikey.create",
	.about = "Issue an API key for a principal. It is shown once.",
	.in = create_in,
	.permission = "people.manage",
	.scope = GH_AT_HANDLER,
	.run = create,
};

/* ---- apikey.list -------------------------------------------------------------------------------------------------------- */
static const char *state_of(const struct gh_apikey *k, int64_t now)
{
	return k->revoked != 0 ? "revoked" : k->expires <= now ? "expired" : "valid";
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_principal *p;
	size_t np;
	const char *only = gh_in_text(r->in, "principal", NULL);
	enum gh_rc rc = gh_principal_list(r->cat->db, r->arena, &p, &np, err);
	gh_jout_open(r->out, "keys", '[');
	for (size_t i = 0; rc == GH_OK && i < np; i++) {
		struct gh_apikey *k;
		struct gh_name home;
		size_t nk = 0;
		rc = gh_people_home(r->cat->db, &p[i], &home, err);
		if (rc != GH_OK || (only != NULL && strcmp(only, p[i].name) != 0) ||
		    !gh_people_visible(r->who, &p[i], &home))
			continue;
		rc = gh_apikey_list(r->cat->db, r->arena, &p[i].id, &k, &nk, err);
		for (size_t j = 0; rc == GH_OK && j < nk; j++) {
			gh_jout_open(r->out, NULL, '{');
			gh_jout_str(r->out, "principal", p[i].name);
			gh_jout_str(r->out, "prefix", k[j].prefix);
			gh_jout_str(r->out, "state", state_of(&k[j], r->now));
			time_out(r->out, "created", k[j].created);
			time_out(r->out, "expires", k[j].expires);
			time_out(r->out, "last_used", k[j].last_used);
			gh_jout_close(r->out, '}');
		}
	}
	gh_jout_close(r->out, ']');
	return rc;
}

static const struct gh_op_field list_in[] = {
	{ "principal", GH_IN_WORD, false, "of this one only" },
	{ 0 },
};
const struct gh_op gh_op_apikey_list = {
	.name = "apikey.list",
	.about = "List API keys by prefix, with their state and last use.",
	.in = list_in,
	.permission = "people.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = list,
};

/* ---- apikey.revoke ------------------------------------------------------------------------------------------------------ */
struct revoking {
	struct gh_op_run *r;
	struct gh_apikey k;
};

static enum gh_rc revoke_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct revoking *v = arg;
	enum gh_rc rc = gh_apikey_revoke(db, v->k.prefix, v->r->now, &v->k, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value e[] = {
		{ .name = "principal", .text = v->k.principal.s },
		{ .name = "key", .text = v->k.id.s },
	};
	return gh_ledger_put(v->r->cat, "apikey-revoked", gh_principal_actor(v->r->who), e, sizeof e / sizeof *e, NULL,
			     err);
}

static enum gh_rc revoke(struct gh_op_run *r, struct gh_err *err)
{
	struct revoking v = { .r = r };
	struct gh_principal owner;
	const char *prefix = text(r, "prefix");
	/* People paste the whole key, or what a list shows: the prefix is in both. What is behind it is not looked at. */
	if (strncmp(prefix, "ghk_", 4) == 0)
		prefix += 4;
	char cut[GH_APIKEY_PREFIX + 1] = "";
	if (strlen(prefix) < GH_APIKEY_PREFIX)
		return gh_fail(err, GH_E_MALFORMED, "the prefix of an API key has %d digits", GH_APIKEY_PREFIX);
	memcpy(cut, prefix, GH_APIKEY_PREFIX);
	enum gh_rc rc = gh_apikey_find(r->cat->db, cut, &v.k, err);
	if (rc == GH_OK)
		rc = gh_principal_load(r->cat->db, r->arena, &v.k.principal, &owner, err);
	if (rc != GH_OK)
		return rc;
	if (!gh_id_same(&owner.id, &r->who->id)) /* one's own may always be revoked */
		rc = gh_people_may_manage(r->cat->db, r->who, &owner, err);
	return rc == GH_OK ? gh_db_tx(r->cat->db, revoke_tx, &v, err) : rc;
}

static const struct gh_op_field revoke_in[] = {
	{ "prefix", GH_IN_WORD, true, "the 16 digits behind ghk_" },
	{ 0 },
};
const struct gh_op gh_op_apikey_revoke = {
	.name = "apikey.revoke",
	.about = "Revoke an API key, at once and for ever.",
	.in = revoke_in,
	.permission = "self.manage",
	.scope = GH_AT_ANY,
	.run = revoke,
};

/* ---- signkey.add, signkey.list, signkey.revoke ------------------------------------------------------------------------------ */
struct signing {
	struct gh_op_run *r;
	struct gh_principal_key k;
	bool add;
};

static enum gh_rc signkey_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct signing *s = arg;
	enum gh_rc rc = s->add ? gh_principal_key_add(db, &s->k, err)
			       : gh_principal_key_revoke(db, &s->k.id, s->r->now, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value e[] = {
		{ .name = "principal", .text = s->r->who->id.s },
		{ .name = "public", .text = s->k.fingerprint },
		{ .name = "action", .text = s->add ? "add" : "remove" },
	};
	return gh_ledger_put(s->r->cat, "signkey", gh_principal_actor(s->r->who), e, sizeof e / sizeof *e, NULL, err);
}

static enum gh_rc signkey_add(struct gh_op_run *r, struct gh_err *err)
{
	uint8_t spki[GH_SPKI_MAX], digest[GH_SHA256_BYTES];
	struct signing s = { .r = r, .k = { .principal = r->who->id, .created = r->now }, .add = true };
	struct gh_principal_key *k = &s.k;
	struct gh_span hex = gh_span_str(text(r, "spki"));
	size_t n = hex.n / 2;
	if (n > sizeof spki || !gh_hex_get(hex, spki, n))
		return gh_fail(err, GH_E_MALFORMED, "the key is no SubjectPublicKeyInfo in hexadecimal digits");
	k->spki = (struct gh_span){ spki, n };
	const char *alg = gh_spki_alg(k->spki);
	if (alg == NULL)
		return gh_fail(err, GH_E_MALFORMED, "a signing key is Ed25519 or P-256 (uncompressed point)");
	memcpy(k->alg, alg, strlen(alg) + 1);
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, k->spki);
	gh_sha256_end(&h, digest);
	gh_hex_put(k->fingerprint, digest, sizeof digest);
	GH_TRY(gh_id_new(&k->id, err), err, "a signing key");
	enum gh_rc rc = gh_db_tx(r->cat->db, signkey_tx, &s, err);
	if (rc == GH_OK)
		gh_jout_str(r->out, "fingerprint", k->fingerprint);
	return rc;
}

static const struct gh_op_field signkey_in[] = {
	{ "spki", GH_IN_WORD, true, "SubjectPublicKeyInfo (DER) in hexadecimal digits" },
	{ 0 },
};
const struct gh_op gh_op_signkey_add = {
	.name = "signkey.add",
	.about = "Register one's own public key, to sign approvals with.",
	.in = signkey_in,
	.permission = "self.manage",
	.scope = GH_AT_ANY,
	.run = signkey_add,
};

static enum gh_rc signkey_list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_principal_key *k;
	struct gh_principal p = *r->who;
	struct gh_name home;
	size_t n;
	enum gh_rc rc = GH_OK;
	if (gh_jget(r->in, "principal") != NULL) {
		rc = gh_principal_find(r->cat->db, text(r, "principal"), &p, err);
		if (rc == GH_OK)
			rc = gh_principal_load(r->cat->db, r->arena, &p.id, &p, err);
		if (rc == GH_OK)
			rc = gh_people_home(r->cat->db, &p, &home, err);
		if (rc == GH_OK && !gh_people_visible(r->who, &p, &home))
			rc = gh_fail(err, GH_E_ABSENT, "there is no principal %.63s", text(r, "principal"));
	}
	if (rc == GH_OK)
		rc = gh_principal_keys(r->cat->db, r->arena, &p.id, &k, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "keys", '[');
	for (size_t i = 0; i < n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "fingerprint", k[i].fingerprint);
		gh_jout_str(r->out, "algorithm", k[i].alg);
		time_out(r->out, "created", k[i].created);
		time_out(r->out, "revoked", k[i].revoked);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field signkey_list_in[] = {
	{ "principal", GH_IN_WORD, false, "whose (one's own)" },
	{ 0 },
};
const struct gh_op gh_op_signkey_list = {
	.name = "signkey.list",
	.about = "List the public keys a person signs approvals with.",
	.in = signkey_list_in,
	.permission = "self.manage",
	.scope = GH_AT_ANY,
	.asks = true,
	.run = signkey_list,
};

static enum gh_rc signkey_revoke(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_principal_key *k;
	size_t n;
	const char *fingerprint = text(r, "fingerprint");
	enum gh_rc rc = gh_principal_keys(r->cat->db, r->arena, &r->who->id, &k, &n, err);
	for (size_t i = 0; rc == GH_OK && i < n; i++)
		if (strcmp(k[i].fingerprint, fingerprint) == 0)
			return gh_db_tx(r->cat->db, signkey_tx, &(struct signing){ .r = r, .k = k[i] }, err);
	return rc == GH_OK ? gh_fail(err, GH_E_ABSENT, "%s has no signing key %.16s…", r->who->name, fingerprint) : rc;
}

static const struct gh_op_field signkey_revoke_in[] = {
	{ "fingerprint", GH_IN_DIGEST, true, "SHA-256 of the key" },
	{ 0 },
};
const struct gh_op gh_op_signkey_revoke = {
	.name = "signkey.revoke",
	.about = "Stop using a signing key. What it signed stays valid.",
	.in = signkey_revoke_in,
	.permission = "self.manage",
	.scope = GH_AT_ANY,
	.run = signkey_revoke,
};

/* Steps of a deployment's start: may it, what must it prove, here is the ciphertext, here are the sealed keys. For main's task
 * `deploy`; the decision about the key is the vault's (attest/release.h). */
#include "api/deploy_rules.h"
#include "attest/release.h"
#include "catalog/blobs.h"
#include "catalog/ledger.h"
#include "catalog/row.h"
#include "catalog/shares.h"
#include "catalog/store.h"
#include "catalog/tenants.h"
#include "catalog/vault.h"
#include "wire/b64.h"
#include "wire/sha256.h"

#include <stdio.h>
#include <string.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static struct gh_span span(const struct gh_op_run *r, const char *name)
{
	const struct gh_jval *v = gh_jget(r->in, name);
	return v == NULL ? (struct gh_span){ 0 } : v->text;
}

/* ---- deploy.begin -------------------------------------------------------------------------------------------------------- */
struct begin {
	struct gh_op_run *r;
	struct gh_version v, base; /* base.id none: there is none */
	struct gh_deployment d;
	struct gh_gate gate;
	struct gh_vp_challenge challenge;
};

static enum gh_rc denied(const struct gh_gate *g, const char *model, struct gh_err *err)
{
	if (g->decision == GH_ALLOW || g->decision == GH_WARN)
		return GH_OK;
	(void)!gh_fail(err, GH_E_DENIED, "`gatehouse policy explain %s --action deploy` says what would help", model);
	return gh_fail(err, GH_E_DENIED, "the policy (%s) says %s: %s", g->from, gh_decision_name(g->decision),
		       g->because);
}

/* Only an adapter runs on its base; another lineage tells where a model came from. */
static enum gh_rc find_base(struct begin *b, struct gh_err *err)
{
	if (gh_id_none(&b->v.base) || strcmp(b->v.lineage, "adapter") != 0)
		return GH_OK;
	GH_TRY(gh_version_get(b->r->cat->db, &b->v.base, &b->base, err), err, "its base");
	GH_TRY(gh_share_usable(b->r->cat->db, &b->base, b->v.name.tenant, err), err, "its base");
	return gh_deploy_fit(b->r, &b->base, err);
}

/* What it is to prove, as far as it can be known now: a policy that can never be fulfilled here says so before anything starts. */
static enum gh_rc ask_policy(struct begin *b, struct gh_err *err)
{
	char model[GH_NAME_TEXT];
	struct gh_gate_run run = { .isolation = b->d.isolation,
				   .cls = text(b->r, "class"),
				   .kind = text(b->r, "kind"),
				   .measurement = text(b->r, "measurement"),
				   .at = b->r->now };
	GH_TRY(gh_gate_deploy(b->r->cat, &b->v, &run, span(b->r, "known"), b->r->arena, &b->gate, err), err,
	       "the policy");
	enum gh_rc rc = denied(&b->gate, gh_name_text(&b->v.name, model), err);
	if (rc != GH_OK || gh_id_none(&b->base.id))
		return rc;
	struct gh_gate base;
	GH_TRY(gh_gate_deploy(b->r->cat, &b->base, &run, span(b->r, "known_base"), b->r->arena, &base, err), err,
	       "the policy about the base");
	return denied(&base, gh_name_text(&b->base.name, model), err);
}

/* Without a list of a policy: the build that was last trusted with a key in this home. The first one makes it so; another one needs
 * somebody who may set policies to name it. */
static enum gh_rc pinned(struct begin *b, const char *measurement, struct gh_err *err)
{
	struct gh_db_rows rows;
	const char *accept = text(b->r, "accept");
	GH_TRY(gh_db_query(
		       b->r->cat->db, b->r->arena, &rows, err,
		       "SELECT measurement FROM deployments WHERE engine = ? AND isolation = ? AND measurement <> '' "
		       "ORDER BY created DESC, id LIMIT 1",
		       GH_DBV(gh_dbs(b->d.engine), gh_dbs(b->d.isolation))),
	       err, "deployments");
	if (rows.n == 0 || strcmp(gh_db_text(&rows, 0, 0), measurement) == 0)
		return GH_OK;
	if (strcmp(accept, measurement) == 0 && gh_may(b->r->who, "policy.set", &b->v.name))
		return GH_OK;
	(void)!gh_fail(err, GH_E_DENIED,
		       "if that was you: --accept-measurement %s (`gatehouse measure` shows the parts)", measurement);
	return gh_fail(err, GH_E_DENIED, "measurement: stub, engine or libraries are not those of the last deployment");
}

static enum gh_rc measured(struct begin *b, struct gh_err *err)
{
	const char *measurement = text(b->r, "measurement");
	struct gh_vp_challenge *c = &b->challenge;
	for (size_t i = 0; i < b->gate.nmeasurement && c->n < GH_VP_MEASUREMENTS; i++)
		c->n += gh_hex_get(b->gate.measurement[i], c->measurement[c->n], 32);
	if (c->n != 0)
		return GH_OK;
	enum gh_rc rc = pinned(b, measurement, err);
	if (rc == GH_OK && !gh_hex_get(gh_span_str(measurement), c->measurement[c->n++], 32))
		return gh_fail(err, GH_E_MALFORMED, "the measurement is none");
	return rc;
}

/* What the evidence has to name: the root digest; of an adapter on its base, a digest over both. */
static void model_digest(const struct begin *b, uint8_t out[32])
{
	if (gh_id_none(&b->base.id)) {
		(void)gh_hex_get(gh_span_str(b->v.root), out, 32);
		return;
	}
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, GH_SPAN("gatehouse base and adapter v1\n"));
	gh_sha256_put(&h, gh_span_str(b->base.root));
	gh_sha256_put(&h, gh_span_str(b->v.root));
	gh_sha256_end(&h, out);
}

static enum gh_rc challenge(struct begin *b, struct gh_vp_nonce *nonce, struct gh_err *err)
{
	struct gh_vp_challenge *c = &b->challenge;
	enum gh_release_class asked = gh_release_class_named(b->d.least);
	c->least = asked;
	(void)gh_hex_get(gh_span_str(b->d.id.s), c->deployment, sizeof c->deployment);
	(void)gh_hex_get(gh_span_str(b->d.tenant.s), c->tenant, sizeof c->tenant);
	(void)gh_hex_get(gh_span_str(b->d.version.s), c->version, sizeof c->version);
	if (!gh_id_none(&b->base.id) && !gh_id_same(&b->base.tenant, &b->d.tenant))
		(void)gh_hex_get(gh_span_str(b->base.tenant.s), c->other, sizeof c->other);
	model_digest(b, c->model);
	(void)gh_hex_get(gh_span_str(b->gate.policies), c->policy, sizeof c->policy);
	return gh_vault_challenge(b->r->cat->vault, c, nonce, err);
}

/* One that failed, or never came up, makes room for its successor; what stands in quarantine does not. */
static enum gh_rc make_room(struct begin *b, struct gh_err *err)
{
	struct gh_deployment old;
	struct gh_err none = { 0 };
	if (gh_deployment_find(b->r->cat->db, b->v.name.tenant, b->d.name, &old, &none) != GH_OK ||
	    old.state != GH_D_FAILED)
		return GH_OK;
	GH_TRY(gh_deployment_move(b->r->cat->db, &old.id, old.state, GH_D_STOPPED, "replaced by another one", b->r->now,
				  err),
	       err, "the one before");
	return gh_deploy_log(b->r, &old, "stopped", "replaced", err);
}

static enum gh_rc begin_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct begin *b = arg;
	enum gh_rc rc = make_room(b, err);
	if (rc == GH_OK)
		rc = gh_deployment_add(db, &b->d, err);
	return rc == GH_OK ? gh_deploy_log(b->r, &b->d, "starting", NULL, err) : rc;
}

static void answer(struct begin *b, const struct gh_vp_nonce *nonce)
{
	struct gh_jout *o = b->r->out;
	char hex[65];
	gh_jout_str(o, "id", b->d.id.s);
	gh_jout_str(o, "tenant", b->d.tenant.s);
	gh_jout_str(o, "version", b->d.version.s);
	gh_jout_str(o, "base", b->base.id.s);
	gh_hex_put(hex, nonce->nonce, 32);
	gh_jout_str(o, "nonce", hex);
	gh_hex_put(hex, b->challenge.model, 32);
	gh_jout_str(o, "model", hex);
	gh_jout_str(o, "policies", b->gate.policies);
	gh_jout_number(o, "tolerated", (uint64_t)b->d.tolerated);
	gh_jout_open(o, "measurements", '[');
	for (size_t i = 0; i < b->challenge.n; i++) {
		gh_hex_put(hex, b->challenge.measurement[i], 32);
		gh_jout_str(o, NULL, hex);
	}
	gh_jout_close(o, ']');
}

/* Started again by the daemon: who started it first stays responsible, and how often it was done is counted. */
static enum gh_rc restarted(struct begin *b, struct gh_err *err)
{
	struct gh_deployment old;
	struct gh_id id = gh_id(span(b->r, "again"));
	if (gh_id_none(&id))
		return GH_OK;
	GH_TRY(gh_deployment_get(b->r->cat->db, &id, &old, err), err, "its row");
	if (old.state != GH_D_FAILED || !gh_id_same(&old.version, &b->v.id) || strcmp(old.name, b->d.name) != 0)
		return gh_fail(err, GH_E_DENIED, "it is %s: only what failed is started again",
			       gh_dstate_name(old.state));
	b->d.by = old.by;
	b->d.restarts = old.restarts + 1;
	return GH_OK;
}

static enum gh_rc fill(struct begin *b, struct gh_err *err)
{
	struct gh_op_run *r = b->r;
	struct gh_name name;
	enum gh_rc rc = gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err);
	if (rc == GH_OK)
		rc = gh_version_find(r->cat->db, &name, &b->v, err);
	if (rc == GH_OK)
		rc = gh_name_part("deployment", gh_span_str(text(r, "name")), b->d.name, err);
	if (rc == GH_OK)
		rc = gh_id_new(&b->d.id, err);
	if (rc != GH_OK)
		return rc;
	b->d.tenant = b->v.tenant;
	b->d.version = b->v.id;
	b->d.by = r->who->id;
	b->d.created = r->now;
	GH_TRY(restarted(b, err), err, "the one that failed");
	b->d.tolerated = gh_in_number(r->in, "tolerated", GH_D_TOLERATED);
	(void)snprintf(b->d.engine, sizeof b->d.engine, "%s", text(r, "engine"));
	(void)snprintf(b->d.engine_dir, sizeof b->d.engine_dir, "%s", text(r, "engine_dir"));
	(void)snprintf(b->d.isolation, sizeof b->d.isolation, "%s", text(r, "isolation"));
	(void)snprintf(b->d.least, sizeof b->d.least, "%s", gh_in_text(r->in, "least", "software"));
	(void)snprintf(b->d.restart, sizeof b->d.restart, "%s", gh_in_text(r->in, "restart", "none"));
	if ((strchr(b->d.engine, '/') != NULL || b->d.engine_dir[0] != '\0') && !gh_may(r->who, "config.manage", NULL))
		return gh_fail(err, GH_E_DENIED, "an engine of one's own needs config.manage");
	if (gh_release_class_named(b->d.least) == GH_RELEASE_NOTHING)
		return gh_fail(err, GH_E_MALFORMED, "'%.20s' is no class of evidence: software, tpm, enclave or vm-tee",
			       b->d.least);
	/* Known before anything starts: what this isolation gives can never be enough. */
	if (gh_release_class_named(text(r, "class")) < gh_release_class_named(b->d.least))
		return gh_fail(err, GH_E_DENIED,
			       "evidence_class: %s evidence is asked for, and what this host can give here is %s",
			       b->d.least, text(r, "class"));
	return GH_OK;
}

static enum gh_rc begin(struct gh_op_run *r, struct gh_err *err)
{
	struct begin b = { .r = r };
	struct gh_vp_nonce nonce;
	enum gh_rc rc = fill(&b, err);
	if (rc == GH_OK)
		rc = gh_deploy_fit(r, &b.v, err);
	if (rc == GH_OK)
		rc = find_base(&b, err);
	if (rc == GH_OK)
		rc = gh_deployment_free(r->cat->db, &b.v.tenant, &b.v.id, err);
	if (rc == GH_OK)
		rc = ask_policy(&b, err);
	if (rc == GH_OK)
		rc = measured(&b, err);
	if (rc != GH_OK)
		return rc;
	memcpy(b.d.policy, b.gate.policies, sizeof b.d.policy);
	if (b.gate.attempts >= 0 && b.gate.attempts < b.d.tolerated)
		b.d.tolerated = b.gate.attempts;
	rc = gh_db_tx(r->cat->db, begin_tx, &b, err);
	if (rc == GH_OK)
		rc = challenge(&b, &nonce, err);
	if (rc == GH_OK)
		answer(&b, &nonce);
	return rc;
}

static const struct gh_op_field begin_in[] = {
	{ "model", GH_IN_VERSION, true, "what is to run" },
	{ "name", GH_IN_WORD, true, "of the deployment" },
	{ "engine", GH_IN_WORD, true, "profile of the engine" },
	{ "engine_dir", GH_IN_WORD, false, "the engine's own directory" },
	{ "isolation", GH_IN_WORD, true, "sandbox or microvm" },
	{ "class", GH_IN_WORD, true, "best class of evidence that it can give here" },
	{ "kind", GH_IN_WORD, true, "of that evidence" },
	{ "measurement", GH_IN_DIGEST, true, "of what will run, as the launcher found it" },
	{ "least", GH_IN_WORD, false, "class of evidence that is asked for (software)" },
	{ "restart", GH_IN_WORD, false, "none (default) or on-failure" },
	{ "tolerated", GH_IN_NUMBER, false, "refused attempts until quarantine" },
	{ "accept", GH_IN_DIGEST, false, "a new measurement that the asker trusts" },
	{ "again", GH_IN_ID, false, "the deployment that failed and is started again" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ "known_base", GH_IN_LONG, false, "and of its base's" },
	{ 0 },
};
const struct gh_op gh_op_deploy_begin = { .name = "deploy.begin",
					  .about = "Ask the policy, reserve the name, make the challenge.",
					  .in = begin_in,
					  .permission = "deploy.run",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .internal = true,
					  .run = begin };

/* ---- deploy.blob: ciphertext, and no key ---------------------------------------------------------------------------------- */

enum gh_rc gh_deploy_blob_of(struct gh_op_run *r, const struct gh_deployment *d, const struct gh_id *id,
			     struct gh_blob *out, struct gh_err *err)
{
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(r->cat->db, r->arena, &rows, err,
			   "SELECT count(*) FROM version_blobs b JOIN versions v ON v.id = ? WHERE b.blob = ? AND "
			   "(b.version = v.id OR (b.version = v.base AND v.lineage = 'adapter'))",
			   GH_DBV(gh_dbs(d->version.s), gh_dbs(id->s))),
	       err, "blobs");
	if (gh_db_int(&rows, 0, 0) == 0)
		return gh_fail(err, GH_E_ABSENT, "the model has no such file");
	GH_TRY(gh_blob_get(r->cat->db, id, out, err), err, "a file");
	if (out->state != GH_B_STORED || out->wrapped_n != sizeof(struct gh_vault_wrapped))
		return gh_fail(err, GH_E_UNREAD, "blob %s is %s: run `gatehouse fsck`", id->s,
			       gh_bstate_name(out->state));
	return GH_OK;
}

static enum gh_rc blob(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	struct gh_id id = gh_id(gh_span_str(text(r, "blob")));
	struct gh_blob b;
	struct gh_store_key key;
	struct gh_store_object *o;
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.run", &d, err);
	if (rc == GH_OK && d.state != GH_D_STARTING)
		return gh_fail(err, GH_E_DENIED, "the deployment is %s", gh_dstate_name(d.state));
	if (rc == GH_OK)
		rc = gh_deploy_blob_of(r, &d, &id, &b, err);
	if (rc != GH_OK)
		return rc;
	(void)gh_store_key_set(&key, b.tenant.s, b.id.s);
	rc = gh_store_get(r->cat->store, &key, &o, NULL, err);
	if (rc == GH_OK) {
		rc = gh_store_object_fd(o, 0, UINT64_MAX, &r->fd_out, err);
		gh_store_put_back(o);
	}
	if (rc != GH_OK) /* what lies there is not what was stored: nobody asked wrongly */
		return gh_fail(err, rc == GH_E_MALFORMED ? GH_E_UNREAD : rc, "blob %s", id.s);
	gh_jout_str(r->out, "tenant", b.tenant.s);
	gh_jout_str(r->out, "digest", b.digest);
	gh_jout_number(r->out, "size", (uint64_t)b.size);
	return GH_OK;
}

static const struct gh_op_field blob_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "blob", GH_IN_ID, true, "a file of its model" },
	{ 0 },
};
const struct gh_op gh_op_deploy_blob = { .name = "deploy.blob",
					 .about = "Open the ciphertext of a file of a deployment's model.",
					 .in = blob_in,
					 .permission = "deploy.run",
					 .scope = GH_AT_HANDLER,
					 .asks = true,
					 .local = true,
					 .internal = true,
					 .run = blob };

/* ---- deploy.node, deploy.sign: the node's word for software evidence ------------------------------------------------------- */

static enum gh_rc node(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_vp_public pub;
	uint8_t id[GH_SHA256_BYTES];
	char hex[2 * GH_VP_SPKI + 1];
	if (r->cat->vault == NULL)
		return gh_fail(err, GH_E_DENIED, "the keys are locked");
	GH_TRY(gh_vault_public_of(r->cat->vault, GH_VAULT_NODE, &pub, err), err, "the node's key");
	if (pub.spki_n > sizeof pub.spki)
		return gh_fail(err, GH_E_BUG, "the node's key is too long");
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, (struct gh_span){ pub.spki, pub.spki_n });
	gh_sha256_end(&h, id);
	gh_b16(hex, (struct gh_span){ id, sizeof id });
	gh_jout_str(r->out, "node", hex);
	gh_b16(hex, (struct gh_span){ pub.spki, pub.spki_n });
	gh_jout_str(r->out, "spki", hex);
	return GH_OK;
}

static const struct gh_op_field no_fields[] = { { 0 } };
const struct gh_op gh_op_deploy_node = { .name = "deploy.node",
					 .about = "The public key by which this installation signs software evidence.",
					 .in = no_fields,
					 .permission = "deploy.run",
					 .scope = GH_AT_ANY,
					 .asks = true,
					 .local = true,
					 .internal = true,
					 .run = node };

/* Asked before the path of a profile is opened. The permission is all there is to it. */
static enum gh_rc engine(struct gh_op_run *r, struct gh_err *err)
{
	(void)r;
	(void)err;
	return GH_OK;
}

const struct gh_op gh_op_deploy_engine = { .name = "deploy.engine",
					   .about = "May the asker say which files of the host an engine is made of?",
					   .in = no_fields,
					   .permission = "config.manage",
					   .scope = GH_AT_PLATFORM,
					   .asks = true,
					   .local = true,
					   .internal = true,
					   .run = engine };

static enum gh_rc sign(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	struct gh_vp_signature s;
	uint8_t tbs[GH_VP_TBS];
	char hex[2 * GH_VP_SIG + 1];
	struct gh_span in = span(r, "tbs");
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.run", &d, err);
	if (rc == GH_OK && d.state != GH_D_STARTING)
		return gh_fail(err, GH_E_DENIED, "the deployment is %s", gh_dstate_name(d.state));
	if (rc == GH_OK && (in.n % 2 != 0 || in.n / 2 > sizeof tbs || !gh_b16_take(in, tbs, in.n / 2)))
		rc = gh_fail(err, GH_E_MALFORMED, "the evidence to be signed is none");
	if (rc == GH_OK)
		rc = gh_vault_node_sign(r->cat->vault, (struct gh_span){ tbs, in.n / 2 }, &s, err);
	if (rc != GH_OK)
		return rc;
	gh_b16(hex, (struct gh_span){ s.sig, s.sig_n });
	gh_jout_str(r->out, "sig", hex);
	return GH_OK;
}

static const struct gh_op_field sign_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "tbs", GH_IN_LONG, true, "hexadecimal" },
	{ 0 },
};
/* Says only what the launcher measured; what follows from it is logged. */
const struct gh_op gh_op_deploy_sign = { .name = "deploy.sign",
					 .about = "Sign the launcher's software evidence with the node's key.",
					 .in = sign_in,
					 .permission = "deploy.run",
					 .scope = GH_AT_HANDLER,
					 .asks = true,
					 .local = true,
					 .internal = true,
					 .run = sign };

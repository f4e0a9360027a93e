/* The end of a deployment's start: its key, released or refused; and what became of it. */
#include "api/deploy_rules.h"
#include "attest/release.h"
#include "catalog/blobs.h"
#include "catalog/ledger.h"
#include "catalog/vault.h"
#include "wire/b64.h"

#include <stdio.h>
#include <string.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static struct gh_span span(const struct gh_op_run *r, const char *name)
{
	const struct gh_jval *v = gh_jget(r->in, name);
	return v == NULL ? (struct gh_span){ 0 } : v->text;
}

/* ---- refusing -------------------------------------------------------------------------------------------------------------- */
struct refusal {
	struct gh_op_run *r;
	struct gh_deployment *d;
	const char *check, *why;
};

static enum gh_rc refuse_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct refusal *f = arg;
	const char *measurement = text(f->r, "measurement"), *cls = text(f->r, "class");
	struct gh_entry_value v[6] = { { .name = "tenant", .text = f->d->tenant.s },
				       { .name = "version", .text = f->d->version.s },
				       { .name = "deployment", .text = f->d->id.s },
				       { .name = "check", .text = f->check } };
	size_t n = 4;
	if (measurement[0] != '\0')
		v[n++] = (struct gh_entry_value){ .name = "measurement", .text = measurement };
	if (cls[0] != '\0')
		v[n++] = (struct gh_entry_value){ .name = "evidence", .text = cls };
	GH_TRY(gh_deployment_move(db, &f->d->id, f->d->state, GH_D_REFUSED, f->why, f->r->now, err), err,
	       "the deployment");
	return gh_ledger_put(f->r->cat, "key-refusal", gh_principal_actor(f->r->who), v, n, NULL, err);
}

/* Every refusal is an entry. The line stays in err; what goes wrong with writing it down is said besides. */
static enum gh_rc refuse(struct gh_op_run *r, struct gh_deployment *d, const char *check, struct gh_err *err)
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT], reason[GH_D_REASON + 1];
	gh_auto_buf safe = gh_buf(4096);
	enum gh_rc rc = err->rc;
	gh_buf_safe(&safe, gh_span_str(gh_err_line(err, line, sizeof line)), GH_D_REASON - 3);
	(void)snprintf(reason, sizeof reason, "%s", gh_buf_cstr(&safe));
	struct refusal f = { r, d, check, reason };
	struct gh_err lost = { 0 };
	if (gh_db_tx(r->cat->db, refuse_tx, &f, &lost) != GH_OK)
		return gh_fail(err, rc, "and the refusal could not be recorded");
	gh_jout_str(r->out, "check", check);
	return rc;
}

/* The line of a refusal begins with its check. */
static const char *check_of(const struct gh_err *err, char out[48])
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	const char *l = gh_err_line(err, line, sizeof line);
	for (unsigned w = GH_RELEASE_FINE + 1; w < GH_RELEASE_WHY_END; w++) {
		const char *c = gh_release_check((enum gh_release_why)w);
		size_t n = strlen(c);
		if (strncmp(l, c, n) == 0 && l[n] == ':') {
			(void)snprintf(out, 48, "%s", c);
			return out;
		}
	}
	return "release";
}

static enum gh_rc refused(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.run", &d, err);
	if (rc != GH_OK)
		return rc;
	struct gh_err why = { 0 };
	(void)!gh_fail(&why, GH_E_DENIED, "%s: %.150s", text(r, "check"), text(r, "why"));
	(void)refuse(r, &d, text(r, "check"), &why);
	return GH_OK;
}

static const struct gh_op_field refused_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "check", GH_IN_WORD, true, "the check that failed" },
	{ "why", GH_IN_TEXT, true, "one line" },
	{ "class", GH_IN_WORD, false, "of the evidence" },
	{ "measurement", GH_IN_DIGEST, false, "in the evidence" },
	{ 0 },
};
const struct gh_op gh_op_deploy_refused = { .name = "deploy.refused",
					    .about = "Record that the evidence did not hold: no key.",
					    .in = refused_in,
					    .permission = "deploy.run",
					    .scope = GH_AT_HANDLER,
					    .local = true,
					    .internal = true,
					    .run = refused };

/* ---- deploy.release -------------------------------------------------------------------------------------------------------- */
struct release {
	struct gh_op_run *r;
	struct gh_deployment d;
	struct gh_version v, base;
	struct gh_gate gate;
};

/* The policy once more, on what was proved. */
static enum gh_rc ask_policy(struct release *x, struct gh_err *err)
{
	struct gh_op_run *r = x->r;
	struct gh_gate_run run = { .isolation = x->d.isolation,
				   .cls = text(r, "class"),
				   .kind = text(r, "kind"),
				   .measurement = text(r, "measurement"),
				   .at = gh_in_number(r->in, "made", 0) };
	GH_TRY(gh_version_get(r->cat->db, &x->d.version, &x->v, err), err, "the version");
	GH_TRY(gh_deploy_fit(r, &x->v, err), err, "version");
	GH_TRY(gh_gate_deploy(r->cat, &x->v, &run, span(r, "known"), r->arena, &x->gate, err), err, "the policy");
	if (strcmp(x->gate.policies, x->d.policy) != 0)
		return gh_fail(err, GH_E_DENIED, "policy: it was changed meanwhile; start again");
	if (x->gate.decision != GH_ALLOW && x->gate.decision != GH_WARN)
		return gh_fail(err, GH_E_DENIED, "policy: %s says %s: %s", x->gate.from,
			       gh_decision_name(x->gate.decision), x->gate.because);
	if (gh_id_none(&x->v.base) || strcmp(x->v.lineage, "adapter") != 0)
		return GH_OK;
	struct gh_gate g;
	GH_TRY(gh_version_get(r->cat->db, &x->v.base, &x->base, err), err, "its base");
	GH_TRY(gh_deploy_fit(r, &x->base, err), err, "base");
	GH_TRY(gh_gate_deploy(r->cat, &x->base, &run, span(r, "known_base"), r->arena, &g, err), err, "the policy");
	if (g.decision != GH_ALLOW && g.decision != GH_WARN)
		return gh_fail(err, GH_E_DENIED, "policy: about the base, %s says %s: %s", g.from,
			       gh_decision_name(g.decision), g.because);
	return GH_OK;
}

/* Wrapped keys of the files: the deployment's tenant's first, then those of the base's owner. */
static enum gh_rc keys(struct release *x, struct gh_vault_deploy *d, struct gh_err *err)
{
	struct gh_op_run *r = x->r;
	const struct gh_jval *list = gh_jget(r->in, "blobs");
	if (list->n == 0 || list->n > GH_VP_KEYS_MAX)
		return gh_fail(err, GH_E_LIMIT, "a deployment has 1 to %d files", GH_VP_KEYS_MAX);
	struct gh_id *id = GH_NEW(r->arena, struct gh_id, list->n);
	struct gh_vault_wrapped *wrapped = GH_NEW(r->arena, struct gh_vault_wrapped, list->n);
	if (id == NULL || wrapped == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for keys");
	for (unsigned pass = 0; pass < 2; pass++)
		for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next) {
			struct gh_id blob = gh_id(v->text);
			struct gh_blob b;
			GH_TRY(gh_deploy_blob_of(r, &x->d, &blob, &b, err), err, "keys");
			bool own = gh_id_same(&b.tenant, &x->d.tenant);
			if (own != (pass == 0))
				continue;
			if (!own && (gh_id_none(&x->base.id) || !gh_id_same(&b.tenant, &x->base.tenant)))
				return gh_fail(err, GH_E_DENIED, "tenant: a file belongs to somebody else");
			id[d->n] = blob;
			memcpy(wrapped[d->n++].b, b.wrapped, sizeof wrapped->b);
			d->nown += own;
			if (!own)
				d->other = b.tenant;
		}
	d->id = id;
	d->wrapped = wrapped;
	return GH_OK;
}

static bool claims(const struct gh_op_run *r, const struct gh_deployment *d, struct gh_vp_attested *a)
{
	enum gh_release_class cls = gh_release_class_named(text(r, "class"));
	*a = (struct gh_vp_attested){ .cls = cls };
	return gh_b16_take(span(r, "nonce"), a->nonce, sizeof a->nonce) &&
	       gh_b16_take(span(r, "key"), a->key, sizeof a->key) &&
	       gh_b16_take(span(r, "files"), a->files, sizeof a->files) &&
	       gh_b16_take(span(r, "evidence"), a->evidence, sizeof a->evidence) &&
	       gh_b16_take(span(r, "report_data"), a->report_data, sizeof a->report_data) &&
	       gh_b16_take(span(r, "measurement"), a->measurement, sizeof a->measurement) &&
	       gh_b16_take(gh_span_str(d->id.s), a->deployment, sizeof a->deployment);
}

static enum gh_rc seal(struct release *x, struct gh_buf *sealed, uint8_t enc[32], struct gh_err *err)
{
	struct gh_vp_attested a;
	struct gh_vault_deploy d = { .tenant = x->d.tenant, .version = x->d.version, .requester = x->r->who->id };
	if (!claims(x->r, &x->d, &a))
		return gh_fail(err, GH_E_MALFORMED, "what was proved is not well formed");
	enum gh_rc rc = keys(x, &d, err);
	return rc == GH_OK ? gh_vault_release_sealed(x->r->cat->vault, &d, &a, enc, sealed, err) : rc;
}

static enum gh_rc release(struct gh_op_run *r, struct gh_err *err)
{
	struct release x = { .r = r };
	gh_auto_buf sealed = gh_buf(GH_VP_PACKET), hex = gh_buf(2 * (size_t)GH_VP_PACKET);
	uint8_t enc[32];
	char enc_hex[65], check[48];
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.run", &x.d, err);
	if (rc == GH_OK && x.d.state != GH_D_STARTING)
		return gh_fail(err, GH_E_DENIED, "the deployment is %s: no key", gh_dstate_name(x.d.state));
	if (rc != GH_OK)
		return rc;
	rc = ask_policy(&x, err);
	if (rc != GH_OK)
		return rc == GH_E_DENIED ? refuse(r, &x.d, "policy", err) : rc;
	rc = seal(&x, &sealed, enc, err);
	if (rc != GH_OK)
		return rc == GH_E_DENIED ? refuse(r, &x.d, check_of(err, check), err) : rc;
	GH_TRY(gh_deployment_proved(r->cat->db, &x.d.id, text(r, "class"), text(r, "kind"), text(r, "measurement"),
				    x.gate.policies, err),
	       err, "the deployment");
	gh_b16(enc_hex, (struct gh_span){ enc, sizeof enc });
	gh_b16_put(&hex, gh_buf_view(&sealed));
	gh_jout_str(r->out, "enc", enc_hex);
	gh_jout_span(r->out, "sealed", gh_buf_view(&hex));
	return GH_OK;
}

static const struct gh_op_field release_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "nonce", GH_IN_DIGEST, true, "that the evidence answers" },
	{ "key", GH_IN_DIGEST, true, "the stub's public key" },
	{ "files", GH_IN_DIGEST, true, "digest of the list of files" },
	{ "evidence", GH_IN_DIGEST, true, "SHA-256 of the evidence" },
	{ "report_data", GH_IN_WORD, true, "that stands in it" },
	{ "class", GH_IN_WORD, true, "of the evidence, as appraised" },
	{ "kind", GH_IN_WORD, true, "of the evidence" },
	{ "measurement", GH_IN_DIGEST, true, "in the evidence" },
	{ "made", GH_IN_NUMBER, true, "when it was made" },
	{ "blobs", GH_IN_LIST, true, "the files whose keys are asked for" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ "known_base", GH_IN_LONG, false, "and of its base's" },
	{ 0 },
};
const struct gh_op gh_op_deploy_release = { .name = "deploy.release",
					    .about = "Release the key of a model to what proved itself, sealed.",
					    .in = release_in,
					    .permission = "deploy.run",
					    .scope = GH_AT_HANDLER,
					    .local = true,
					    .internal = true,
					    .run = release };

/* ---- deploy.running, deploy.ended ------------------------------------------------------------------------------------------- */
static enum gh_rc running(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.run", &d, err);
	return rc == GH_OK ? gh_deploy_move(r, &d, GH_D_RUNNING, NULL, "", err) : rc;
}

static const struct gh_op_field id_in[] = { { "id", GH_IN_ID, true, "the deployment" }, { 0 } };
const struct gh_op gh_op_deploy_running = { .name = "deploy.running",
					    .about = "Record that the engine answers.",
					    .in = id_in,
					    .permission = "deploy.run",
					    .scope = GH_AT_HANDLER,
					    .local = true,
					    .internal = true,
					    .run = running };

/* Said by who supervises it, who has no keys: the change and its entry are written down now, and the entry is signed and appended
 * by whoever has the keys next (catalog/ledger.h). To wait for that would keep alive what has to end. */
static enum gh_rc ended(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	enum gh_dstate to = gh_dstate_named(text(r, "state"));
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.stop", &d, err);
	if (rc == GH_OK && to != GH_D_FAILED && to != GH_D_QUARANTINED && to != GH_D_STOPPED)
		rc = gh_fail(err, GH_E_MALFORMED, "it does not end as '%.20s'", text(r, "state"));
	if (rc == GH_OK)
		rc = gh_deployment_count(r->cat->db, &d.id, gh_in_number(r->in, "attempts", 0), 0, err);
	if (rc != GH_OK)
		return rc;
	d.attempts = gh_in_number(r->in, "attempts", d.attempts);
	/* Whoever was first decides: what is stopped or in quarantine already stays so. */
	if (gh_dstate_may(d.state, to))
		rc = gh_deploy_move(r, &d, to, text(r, "word"), text(r, "why"), err);
	gh_jout_str(r->out, "state", gh_dstate_name(d.state));
	gh_jout_str(r->out, "reason", d.reason);
	return rc;
}

static const struct gh_op_field ended_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "state", GH_IN_WORD, true, "failed, stopped or quarantined" },
	{ "word", GH_IN_WORD, true, "why, one word" },
	{ "why", GH_IN_TEXT, true, "one line" },
	{ "attempts", GH_IN_NUMBER, false, "refused attempts so far" },
	{ 0 },
};
const struct gh_op gh_op_deploy_ended = { .name = "deploy.ended",
					  .about = "Record that a deployment ended, and why.",
					  .in = ended_in,
					  .permission = "deploy.stop",
					  .scope = GH_AT_HANDLER,
					  .asks = true,
					  .local = true,
					  .internal = true,
					  .run = ended };

/* Publishing base models to other tenants, read-only. */
#include "api/ops.h"
#include "catalog/gate.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/shares.h"

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

struct sharing {
	struct gh_op_run *r;
	struct gh_version v;
	struct gh_share s;
	bool add;
};

static enum gh_rc share_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct sharing *s = arg;
	const char *tenant = text(s->r, "with");
	enum gh_rc rc = s->add ? gh_share_add(db, &s->v, tenant, &s->r->who->id, s->r->now, &s->s, err)
			       : gh_share_remove(db, &s->v, tenant, &s->s, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value e[] = {
		{ .name = "tenant", .text = s->v.tenant.s },
		{ .name = "version", .text = s->v.id.s },
		{ .name = "to", .text = s->s.tenant.s },
		{ .name = "action", .text = s->add ? "add" : "remove" },
	};
	return gh_ledger_put(s->r->cat, "share", gh_principal_actor(s->r->who), e, sizeof e / sizeof *e, NULL, err);
}

/* The owner's policy: is it fit to be published? */
static enum gh_rc allowed(struct sharing *s, struct gh_err *err)
{
	struct gh_gate gate;
	const struct gh_jval *known = gh_jget(s->r->in, "known");
	GH_TRY(gh_gate_ask(s->r->cat, &s->v, "share", known == NULL ? (struct gh_span){ 0 } : known->text, s->r->arena,
			   &gate, err),
	       err, "the policy");
	if (gate.decision == GH_ALLOW || gate.decision == GH_WARN)
		return GH_OK;
	return gh_fail(err, GH_E_DENIED, "the policy (%s) says %s: %s", gate.from, gh_decision_name(gate.decision),
		       gate.because);
}

static enum gh_rc change(struct gh_op_run *r, bool share, struct gh_err *err)
{
	struct sharing s = { .r = r, .add = share };
	struct gh_name name;
	char model[GH_NAME_TEXT];
	enum gh_rc rc = gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err);
	if (rc == GH_OK)
		rc = gh_version_find(r->cat->db, &name, &s.v, err);
	if (rc == GH_OK && share)
		rc = allowed(&s, err);
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, share_tx, &s, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "model", gh_name_text(&s.s.model, model));
	gh_jout_str(r->out, "with", s.s.with);
	return GH_OK;
}

static enum gh_rc add(struct gh_op_run *r, struct gh_err *err) { return change(r, true, err); }
static enum gh_rc take_back(struct gh_op_run *r, struct gh_err *err) { return change(r, false, err); }

static const struct gh_op_field share_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "with", GH_IN_WORD, true, "the tenant that may use it as a base" },
	{ 0 },
};
static const struct gh_op_field add_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "with", GH_IN_WORD, true, "the tenant that may use it as a base" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ 0 },
};
/* A step of the task share.publish, which brings the facts: nobody else may say what is known of a model. */
const struct gh_op gh_op_share_add = {
	.name = "share.add",
	.about = "Publish a version to another tenant, read-only, as a base for models of its own.",
	.in = add_in,
	.permission = "model.share",
	.scope = GH_AT_FIELD,
	.local = true,
	.internal = true,
	.run = add,
};
const struct gh_op gh_op_share_remove = {
	.name = "share.remove",
	.about = "Withdraw it; models that were derived stay.",
	.in = share_in,
	.permission = "model.share",
	.scope = GH_AT_FIELD,
	.local = true,
	.run = take_back,
};

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_share *v;
	size_t n;
	char model[GH_NAME_TEXT], at[GH_ENTRY_TIME + 1];
	enum gh_rc rc = gh_share_list(r->cat->db, r->arena, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "shares", '[');
	for (size_t i = 0; i < n; i++) {
		if (gh_jget(r->in, "model") != NULL && strcmp(gh_name_text(&v[i].model, model), text(r, "model")) != 0)
			continue;
		struct gh_name with = { .tenant = "" };
		memcpy(with.tenant, v[i].with, sizeof with.tenant);
		if (!gh_may(r->who, "model.read", &v[i].model) && !gh_may(r->who, "model.read", &with))
			continue;
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "model", gh_name_text(&v[i].model, model));
		gh_jout_str(r->out, "with", v[i].with);
		gh_jout_str(r->out, "since", gh_entry_time(v[i].created, at) ? at : NULL);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = { { "model", GH_IN_VERSION, false, "only this version" }, { 0 } };
const struct gh_op gh_op_share_list = {
	.name = "share.list",
	.about = "List what is published to whom, as far as the asker may see it.",
	.in = list_in,
	.permission = "model.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = list,
};

/* What people do to versions: take one out of use, let it back, delete it. */
#include "api/ops.h"
#include "catalog/badge_make.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/reports.h"
#include "catalog/reviews.h"
#include "catalog/versions.h"

#include <string.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

struct change {
	struct gh_op_run *r;
	struct gh_version v; /* as it is inside the transaction */
	enum gh_vstate to;
	const char *reason;
};

static enum gh_rc end_review(struct change *c, struct gh_err *err)
{
	struct gh_review review;
	struct gh_err none = { 0 };
	if (gh_review_of(c->r->cat->db, &c->v.id, &review, &none) != GH_OK || review.state != GH_REVIEW_OPEN)
		return GH_OK;
	return gh_review_void(c->r->cat->db, &review.id, c->reason, c->r->now, err);
}

/* It may have been scanned again meanwhile: it comes back only as what its newest report says, and as people approved that. */
static enum gh_rc may_return(struct change *c, struct gh_db *db, struct gh_err *err)
{
	const struct gh_version *v = &c->v;
	struct gh_report_row report;
	struct gh_review review;
	struct gh_err none = { 0 };
	if (v->state != GH_V_DISABLED)
		return gh_fail(err, GH_E_DENIED, "only what is disabled can be enabled; it is %s",
			       gh_vstate_name(v->state));
	bool clean = strcmp(v->verdict, "CLEAN") == 0;
	if (!clean && strcmp(v->verdict, "REVIEW") != 0)
		return gh_fail(err, GH_E_DENIED, "the scan says %s: nobody can enable it", v->verdict);
	if (clean && strcmp(v->tier, "high") != 0)
		return GH_OK;
	GH_TRY(gh_report_get(db, &v->report, &report, err), err, "its report");
	if (gh_review_approvals(db, &v->id, v->root, report.digest, &review, &none) == GH_OK &&
	    review.state == GH_REVIEW_APPROVED)
		return GH_OK;
	return gh_fail(err, GH_E_DENIED, "its newest report (%s, tier %s) was not approved: gatehouse review open",
		       v->verdict, v->tier);
}

static enum gh_rc change_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct change *c = arg;
	struct gh_name name;
	GH_TRY(gh_name_parse(gh_span_str(text(c->r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	enum gh_rc rc = gh_version_find(db, &name, &c->v, err);
	if (rc != GH_OK)
		return rc;
	if (c->to == GH_V_READY)
		rc = may_return(c, db, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_version_move(db, &c->v.id, c->v.state, c->to, c->to == GH_V_READY ? "" : c->reason, err);
	if (rc != GH_OK)
		return rc;
	if (c->to != GH_V_READY) {
		/* What is not ready has no valid badge, and whoever reads the log or a status list learns it. */
		GH_TRY(gh_badge_revoke_all(c->r->cat, &c->v, c->reason, c->r->who, err), err, "the badge");
		GH_TRY(end_review(c, err), err, "the review");
	}
	const struct gh_entry_value v[] = { { .name = "tenant", .text = c->v.tenant.s },
					    { .name = "version", .text = c->v.id.s },
					    { .name = "from", .text = gh_vstate_name(c->v.state) },
					    { .name = "to", .text = gh_vstate_name(c->to) },
					    { .name = "reason", .text = c->reason } };
	return gh_ledger_put(c->r->cat, "version-state", gh_principal_actor(c->r->who), v, sizeof v / sizeof *v, NULL,
			     err);
}

static enum gh_rc change(struct gh_op_run *r, enum gh_vstate to, const char *reason, struct gh_err *err)
{
	struct change c = { .r = r, .to = to, .reason = gh_in_text(r->in, "reason", reason) };
	struct gh_version *derived;
	size_t n;
	char name[GH_NAME_TEXT];
	enum gh_rc rc = gh_db_tx(r->cat->db, change_tx, &c, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "model", gh_name_text(&c.v.name, name));
	gh_jout_str(r->out, "before", gh_vstate_name(c.v.state));
	gh_jout_str(r->out, "state", gh_vstate_name(to));
	gh_jout_open(r->out, "derived", '['); /* those that rest on it, as far as the asker may know of them */
	if (gh_version_derived(r->cat->db, r->arena, &c.v.id, &derived, &n, err) == GH_OK)
		for (size_t i = 0; i < n; i++)
			if (derived[i].state != GH_V_DELETED && gh_may(r->who, "model.read", &derived[i].name))
				gh_jout_str(r->out, NULL, gh_name_text(&derived[i].name, name));
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static enum gh_rc disable(struct gh_op_run *r, struct gh_err *err) { return change(r, GH_V_DISABLED, "disabled", err); }
static enum gh_rc enable(struct gh_op_run *r, struct gh_err *err) { return change(r, GH_V_READY, "enabled", err); }
static enum gh_rc forget(struct gh_op_run *r, struct gh_err *err) { return change(r, GH_V_DELETED, "deleted", err); }

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "reason", GH_IN_WORD, false, "one word: superseded, incident, licence …" },
	{ 0 },
};
const struct gh_op gh_op_model_disable = { .name = "model.disable",
					   .when_full = true,
					   .about = "Take a version out of use: no export, no deployment, no badge.",
					   .in = in,
					   .permission = "model.manage",
					   .scope = GH_AT_FIELD,
					   .local = true,
					   .run = disable };
/* Whoever took it out of use had a reason: letting it back is a decision of a person. */
const struct gh_op gh_op_model_enable = {
	.name = "model.enable",
	.about = "Let a version that was disabled back into use; it gets a new badge.",
	.in = in,
	.permission = "model.manage",
	.scope = GH_AT_FIELD,
	.run = enable
};
const struct gh_op gh_op_model_delete = { .name = "model.delete",
					  .when_full = true,
					  .about = "Delete a version: its weights go, its record stays.",
					  .in = in,
					  .permission = "model.manage",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .run = forget };

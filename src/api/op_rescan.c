/* The end of a rescan: a new report in the place of the old one, and what follows from it. */
#include "api/intake.h"
#include "catalog/badge_make.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/reports.h"
#include "catalog/reviews.h"
#include "catalog/version_says.h"

#include <stdio.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

/* What quarantined a version was found once: it is not set free by a scan alone. What people decided stays decided. */
static enum gh_vstate next_state(enum gh_vstate from, enum gh_vstate wanted, char reason[GH_V_REASON + 1])
{
	if (from == GH_V_REJECTED || from == GH_V_DISABLED || from == GH_V_DELETED)
		return from;
	if (from == GH_V_QUARANTINED && wanted == GH_V_READY) {
		(void)snprintf(reason, GH_V_REASON + 1, "nothing was found any more; it was in quarantine");
		return GH_V_REVIEW;
	}
	return wanted;
}

/* The badge was about the old report. What it says stays true while the new report says the same: it is replaced. Else it is taken
 * back, and with it all that were replaced before. */
static enum gh_rc end_badge(struct gh_intake *f, struct gh_err *err)
{
	struct gh_badge_row b;
	struct gh_err none = { 0 };
	struct gh_catalog *c = f->r->cat;
	if (f->state != GH_V_READY)
		return gh_badge_revoke_all(c, &f->v, "rescan", f->r->who, err);
	if (gh_id_none(&f->v.badge) || gh_badge_get(c->db, &f->v.badge, &b, &none) != GH_OK ||
	    b.state != GH_BADGE_ISSUED)
		return GH_OK;
	return gh_badge_move(c->db, &b.id, GH_BADGE_ISSUED, GH_BADGE_EXPIRED, "superseded", f->r->now, err);
}

static enum gh_rc move(struct gh_intake *f, struct gh_err *err)
{
	struct gh_catalog *c = f->r->cat;
	struct gh_review review;
	struct gh_err none = { 0 };
	if (f->v.state == f->state) {
		/* Another report for an open review: what was said was about the old one. */
		return f->state == GH_V_REVIEW ? gh_intake_review(f, err) : GH_OK;
	}
	if (f->v.state == GH_V_REVIEW && gh_review_of(c->db, &f->v.id, &review, &none) == GH_OK &&
	    review.state == GH_REVIEW_OPEN)
		GH_TRY(gh_review_void(c->db, &review.id, "a new report", f->r->now, err), err, "the review");
	GH_TRY(gh_version_move(c->db, &f->v.id, f->v.state, f->state, f->reason, err), err, "the version");
	const struct gh_entry_value v[] = { { .name = "tenant", .text = f->v.tenant.s },
					    { .name = "version", .text = f->v.id.s },
					    { .name = "from", .text = gh_vstate_name(f->v.state) },
					    { .name = "to", .text = gh_vstate_name(f->state) },
					    { .name = "reason", .text = "rescan" } };
	GH_TRY(gh_ledger_put(c, "version-state", gh_principal_actor(f->r->who), v, sizeof v / sizeof *v, NULL, err),
	       err, "the version");
	return f->state == GH_V_REVIEW ? gh_intake_review(f, err) : GH_OK;
}

static enum gh_rc finish_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_intake *f = arg;
	struct gh_op_run *r = f->r;
	GH_TRY(gh_intake_report(f, err), err, "the report");
	GH_TRY(gh_version_set_report(db, &f->v.id, &f->report, text(r, "verdict"), err), err, "the report");
	char says[GH_DIGEST_HEX + 1];
	GH_TRY(gh_version_says(db, &f->v.id, says, err), err, "what is known of it");
	const struct gh_entry_value v[] = { { .name = "tenant", .text = f->v.tenant.s },
					    { .name = "version", .text = f->v.id.s },
					    { .name = "root", .text = f->v.root },
					    { .name = "report", .text = text(r, "report_digest") },
					    { .name = "verdict", .text = text(r, "verdict") },
					    { .name = "before", .text = f->v.verdict },
					    { .name = "says", .text = says } };
	GH_TRY(gh_ledger_put(r->cat, "rescan", gh_principal_actor(r->who), v, sizeof v / sizeof *v, NULL, err), err,
	       "the report");
	GH_TRY(end_badge(f, err), err, "the badge");
	return move(f, err);
}

static enum gh_rc finish(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_intake f = { .r = r };
	struct gh_name name;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	GH_TRY(gh_version_find(r->cat->db, &name, &f.v, err), err, "the model");
	GH_TRY(gh_intake_ask(&f, "badge", err), err, "the rescan");
	f.state = next_state(f.v.state, f.state, f.reason);
	GH_TRY(gh_db_tx(r->cat->db, finish_tx, &f, err), err, "the rescan");
	gh_jout_str(r->out, "before", f.v.verdict);
	gh_jout_str(r->out, "state", gh_vstate_name(f.state));
	gh_jout_str(r->out, "reason", f.reason);
	return GH_OK;
}

static const struct gh_op_field finish_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	GH_INTAKE_FIELDS,
	{ 0 },
};
const struct gh_op gh_op_rescan_finish = { .name = "rescan.finish",
					   .about = "Put a new report in the place of the old one.",
					   .in = finish_in,
					   .permission = "rescan.run",
					   .scope = GH_AT_FIELD,
					   .local = true,
					   .internal = true,
					   .run = finish };

/* ---- which versions a rescan has to look at ------------------------------------------------------------------------------------- */

static enum gh_rc outdated(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_report_row *v;
	size_t n;
	GH_TRY(gh_report_outdated(r->cat->db, r->arena, text(r, "scanner"), text(r, "rules"), text(r, "advisories"),
				  10000, &v, &n, err),
	       err, "reports");
	gh_jout_open(r->out, "models", '[');
	for (size_t i = 0; i < n; i++) {
		struct gh_version ver;
		char name[GH_NAME_TEXT];
		if (gh_version_get(r->cat->db, &v[i].version, &ver, err) == GH_OK &&
		    gh_may(r->who, "rescan.run", &ver.name))
			gh_jout_str(r->out, NULL, gh_name_text(&ver.name, name));
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field outdated_in[] = {
	{ "scanner", GH_IN_TEXT, true, "version of the scanner" },
	{ "rules", GH_IN_TEXT, true, "version of the rules" },
	{ "advisories", GH_IN_TEXT, true, "version of the advisories" },
	{ 0 },
};
const struct gh_op gh_op_rescan_outdated = {
	.name = "rescan.outdated",
	.about = "List versions whose report was made with other rules or advisories.",
	.in = outdated_in,
	.permission = "rescan.run",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = outdated
};

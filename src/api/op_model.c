/* Models and their versions: lists, one in full, and what tasks need to open one. */
#include "api/op_lineage.h"
#include "api/ops.h"
#include "catalog/badges.h"
#include "catalog/evidence.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/reports.h"
#include "catalog/reviews.h"
#include "catalog/shares.h"
#include "catalog/tenants.h"
#include "catalog/versions.h"
#include "catalog/version_says.h"
#include "wire/datetime.h"

#include <string.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static void put_time(struct gh_jout *j, const char *key, int64_t at)
{
	char t[GH_DATETIME_TEXT];
	if (at != 0 && gh_datetime_write(at, t))
		gh_jout_str(j, key, t);
	else
		gh_jout_null(j, key);
}

static const char *who(struct gh_catalog *c, const struct gh_id *id, struct gh_principal *room)
{
	struct gh_err err = { 0 };
	if (gh_id_none(id))
		return "local";
	return gh_principal_get(c->db, id, room, &err) == GH_OK ? room->name : id->s;
}

const char *op_badge_word(int64_t now, enum gh_vstate version, enum gh_badge_state state, int64_t expires)
{
	if (state == GH_BADGE_ISSUED)
		return expires <= now ? "expired" : "scan-complete";
	if (state != GH_BADGE_STATES)
		return gh_badge_state_name(state);
	return version == GH_V_REVIEW ? "review-pending" : version == GH_V_REJECTED ? "rejected" : "none";
}

static void put_badge(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_badge_row b = { .state = GH_BADGE_STATES };
	struct gh_err err = { 0 };
	if (gh_id_none(&v->badge) || gh_badge_get(r->cat->db, &v->badge, &b, &err) != GH_OK)
		b.state = GH_BADGE_STATES;
	gh_jout_str(r->out, "badge", op_badge_word(r->now, v->state, b.state, b.expires));
}

static void put_version(struct gh_op_run *r, const struct gh_version *v)
{
	char name[GH_NAME_TEXT];
	gh_jout_str(r->out, "model", gh_name_text(&v->name, name));
	gh_jout_str(r->out, "id", v->id.s);
	gh_jout_str(r->out, "state", gh_vstate_name(v->state));
	gh_jout_str(r->out, "reason", v->reason);
	gh_jout_str(r->out, "verdict", v->verdict);
	gh_jout_str(r->out, "tier", v->tier);
	gh_jout_number(r->out, "files", (uint64_t)v->files);
	gh_jout_number(r->out, "bytes", (uint64_t)v->bytes);
	put_time(r->out, "imported", v->imported);
}

/* ---- model.list ------------------------------------------------------------------------------------------------------------------ */

struct listing {
	struct gh_op_run *r;
	size_t seen;
	struct gh_name scope; /* of the version before, */
	bool may;	      /* and the answer for it: roles are granted for tenants and projects, not for models */
};

static bool may_list(struct listing *l, const struct gh_name *name)
{
	bool same = l->seen > 0 && strcmp(l->scope.tenant, name->tenant) == 0 &&
		    strcmp(l->scope.project, name->project) == 0;
	if (!same) {
		l->scope = *name;
		l->may = gh_may(l->r->who, "model.read", name);
	}
	l->seen++;
	return l->may;
}

static enum gh_rc list_one(void *arg, const struct gh_version_line *v, struct gh_err *err)
{
	struct listing *l = arg;
	struct gh_op_run *r = l->r;
	struct gh_jout *j = r->out;
	char name[GH_NAME_TEXT];
	(void)err;
	if (!may_list(l, &v->name)) /* how many others there are is nobody's business */
		return GH_OK;
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "model", gh_name_text(&v->name, name));
	gh_jout_span(j, "id", v->id);
	gh_jout_str(j, "state", gh_vstate_name(v->state));
	gh_jout_span(j, "reason", v->reason);
	gh_jout_span(j, "verdict", v->verdict);
	gh_jout_span(j, "tier", v->tier);
	gh_jout_number(j, "files", (uint64_t)v->files);
	gh_jout_number(j, "bytes", (uint64_t)v->bytes);
	put_time(j, "imported", v->imported);
	enum gh_badge_state badge = GH_BADGE_STATES;
	if (v->badge.n > 0) /* text of the database: NUL-terminated */
		badge = gh_badge_state_named((const char *)v->badge.p);
	gh_jout_str(j, "badge", op_badge_word(r->now, v->state, badge, v->badge_expires));
	gh_jout_close(j, '}');
	return GH_OK;
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version_filter f = { .state = GH_V_STATES, .limit = 10000 };
	struct listing l = { .r = r };
	if (gh_jget(r->in, "tenant") != NULL) {
		struct gh_tenant t;
		GH_TRY(gh_tenant_find(r->cat->db, text(r, "tenant"), &t, err), err, "models");
		f.tenant = t.id;
	}
	if (gh_jget(r->in, "state") != NULL && (f.state = gh_vstate_named(text(r, "state"))) == GH_V_STATES)
		return gh_fail(err, GH_E_MALFORMED, "there is no state '%s'", text(r, "state"));
	gh_jout_open(r->out, "models", '[');
	enum gh_rc rc = gh_version_each(r->cat->db, &f, list_one, &l, err);
	gh_jout_close(r->out, ']');
	if (rc == GH_OK)
		gh_jout_bool(r->out, "complete", l.seen < f.limit);
	return rc;
}

static const struct gh_op_field list_in[] = {
	{ "tenant", GH_IN_TENANT, false, "only its models" },
	{ "state", GH_IN_WORD, false, "only versions in this state" },
	{ 0 },
};
const struct gh_op gh_op_model_list = { .name = "model.list",
					.about = "List models and their versions.",
					.in = list_in,
					.permission = "model.read",
					.scope = GH_AT_ANY,
					.asks = true,
					.local = true,
					.run = list };

/* ---- model.show ------------------------------------------------------------------------------------------------------------------ */

static void put_report(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_report_row rep;
	struct gh_err err = { 0 };
	if (gh_id_none(&v->report) || gh_report_get(r->cat->db, &v->report, &rep, &err) != GH_OK)
		return;
	gh_jout_open(r->out, "report", '{');
	gh_jout_str(r->out, "digest", rep.digest);
	gh_jout_str(r->out, "blob", rep.blob.s);
	gh_jout_str(r->out, "scanner", rep.scanner);
	gh_jout_str(r->out, "rules", rep.rules);
	gh_jout_str(r->out, "advisories", rep.advisories);
	gh_jout_str(r->out, "verdict", rep.verdict);
	gh_jout_str(r->out, "coverage", rep.coverage);
	gh_jout_str(r->out, "stages", rep.stages);
	gh_jout_number(r->out, "findings", (uint64_t)rep.findings);
	put_time(r->out, "at", rep.created);
	gh_jout_close(r->out, '}');
}

static void put_reviews(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_review review;
	struct gh_review_event *e;
	struct gh_principal room;
	struct gh_err err = { 0 };
	size_t n;
	if (gh_review_of(r->cat->db, &v->id, &review, &err) != GH_OK ||
	    gh_review_events(r->cat->db, r->arena, &review.id, &e, &n, &err) != GH_OK)
		return;
	gh_jout_open(r->out, "review", '{');
	gh_jout_str(r->out, "id", review.id.s);
	gh_jout_str(r->out, "state", gh_review_state_name(review.state));
	gh_jout_number(r->out, "needed", (uint64_t)review.needed);
	gh_jout_number(r->out, "approvals", (uint64_t)review.approvals);
	gh_jout_open(r->out, "events", '[');
	for (size_t i = 0; i < n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "by", who(r->cat, &e[i].principal, &room));
		gh_jout_str(r->out, "act", gh_review_act_name(e[i].act));
		gh_jout_str(r->out, "role", e[i].role);
		gh_jout_str(r->out, "signed", e[i].signature_n > 0 ? "own key" : e[i].receipt_n > 0 ? "receipt" : "no");
		put_time(r->out, "at", e[i].at);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	gh_jout_close(r->out, '}');
}

static void put_evidence(struct gh_op_run *r, const struct gh_version *v)
{
	struct gh_evidence *e;
	struct gh_err err = { 0 };
	size_t n;
	gh_jout_open(r->out, "evidence", '[');
	if (gh_evidence_list(r->cat->db, r->arena, &v->id, NULL, &e, &n, &err) == GH_OK)
		for (size_t i = 0; i < n; i++) {
			gh_jout_open(r->out, NULL, '{');
			gh_jout_str(r->out, "kind", e[i].kind);
			gh_jout_str(r->out, "signer", e[i].signer);
			gh_jout_bool(r->out, "verified", e[i].trusted);
			gh_jout_str(r->out, "digest", e[i].digest);
			gh_jout_str(r->out, "blob", e[i].blob.s);
			gh_jout_close(r->out, '}');
		}
	gh_jout_close(r->out, ']');
}

static enum gh_rc show(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_name name;
	struct gh_version v;
	struct gh_principal room;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	GH_TRY(gh_version_find(r->cat->db, &name, &v, err), err, "the model");
	GH_TRY(gh_version_logged(r->cat, &v.id, err), err, "the model");
	put_version(r, &v);
	put_badge(r, &v);
	gh_jout_str(r->out, "tenant", v.tenant.s);
	gh_jout_str(r->out, "root", v.root);
	gh_jout_str(r->out, "manifest", v.manifest.s);
	gh_jout_str(r->out, "by", who(r->cat, &v.by, &room));
	gh_jout_str(r->out, "publisher", v.publisher);
	gh_jout_str(r->out, "source", v.source);
	put_time(r->out, "created", v.created);
	put_time(r->out, "quarantine_until", v.quarantine_until);
	op_lineage_put(r, &v);
	put_report(r, &v);
	put_reviews(r, &v);
	put_evidence(r, &v);
	return GH_OK;
}

static const struct gh_op_field show_in[] = { { "model", GH_IN_VERSION, true, "the version" }, { 0 } };
const struct gh_op gh_op_model_show = { .name = "model.show",
					.about = "Show what is known of a version.",
					.in = show_in,
					.permission = "model.read",
					.scope = GH_AT_FIELD,
					.asks = true,
					.local = true,
					.run = show };

/* ---- version.files: for export and rescan ------------------------------------------------------------------------------------------- */

static enum gh_rc files(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id version = gh_id(gh_span_str(text(r, "version")));
	struct gh_version_blob *b;
	struct gh_version v;
	size_t n;
	GH_TRY(gh_version_get(r->cat->db, &version, &v, err), err, "the version");
	if (!gh_may(r->who, text(r, "for"), &v.name) &&
	    !gh_share_lets(r->cat->db, r->who, text(r, "for"), &v.name, NULL))
		return gh_fail(err, GH_E_DENIED, "no role of %s grants %s here", r->who->name, text(r, "for"));
	GH_TRY(gh_version_blobs(r->cat->db, r->arena, &version, &b, &n, err), err, "its files");
	gh_jout_open(r->out, "blobs", '[');
	for (size_t i = 0; i < n; i++)
		gh_jout_str(r->out, NULL, b[i].blob.s);
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field files_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "for", GH_IN_WORD, true, "the permission that is used: model.export, model.rescan" },
	{ 0 },
};
const struct gh_op gh_op_version_files = { .name = "version.files",
					   .about = "Blobs of a version, in the order of its manifest.",
					   .in = files_in,
					   .permission = "model.read",
					   .scope = GH_AT_HANDLER,
					   .asks = true,
					   .local = true,
					   .internal = true,
					   .run = files };

/* Steps of an import: reserve a name, take a scanned and stored model in as one transaction, or give up. */
#include "api/op_lease.h"
#include "api/intake.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/shares.h"
#include "catalog/versions.h"

#include <stdio.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }
static struct gh_id id(const struct gh_op_run *r, const char *name) { return gh_id(gh_span_str(text(r, name))); }

/* ---- begin ------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc begin(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_name name, base_name;
	struct gh_version base = { 0 }, v;
	struct gh_version_begin b = { .name = &name, .by = r->who->id, .now = r->now, .lease = GH_IMPORT_LEASE };
	bool resumed;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "as")), GH_NAME_VERSION, &name, err), err, "the model's name");
	if (gh_jget(r->in, "base") != NULL) {
		GH_TRY(gh_name_parse(gh_span_str(text(r, "base")), GH_NAME_VERSION, &base_name, err), err, "--base");
		GH_TRY(gh_version_find(r->cat->db, &base_name, &base, err), err, "--base");
		GH_TRY(gh_share_usable(r->cat->db, &base, name.tenant, err), err, "--base");
		b.base = base.id;
		b.lineage = gh_in_text(r->in, "lineage", "fine-tune");
	}
	const char *tier = gh_in_text(r->in, "tier", "standard");
	if (strcmp(tier, "standard") != 0 && strcmp(tier, "high") != 0)
		return gh_fail(err, GH_E_MALFORMED, "the tier is standard or high, not '%.20s'", tier);
	b.tier = tier;
	GH_TRY(gh_id_new(&b.owner, err), err, "a lease");
	GH_TRY(gh_version_begin(r->cat->db, &b, &v, &resumed, err), err, "import");
	gh_jout_str(r->out, "version", v.id.s);
	gh_jout_str(r->out, "tenant", v.tenant.s);
	gh_jout_str(r->out, "owner", b.owner.s);
	gh_jout_bool(r->out, "resumed", resumed);
	return GH_OK;
}

static const struct gh_op_field begin_in[] = {
	{ "as", GH_IN_VERSION, true, "the name it gets" },
	{ "base", GH_IN_VERSION, false, "the version it derives from" },
	{ "lineage", GH_IN_WORD, false, "how" },
	{ "tier", GH_IN_WORD, false, "risk tier" },
	{ 0 },
};
const struct gh_op gh_op_import_begin = { .name = "import.begin",
					  .about = "Reserve the name of a model version.",
					  .in = begin_in,
					  .permission = "model.import",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .internal = true,
					  .run = begin };

/* ---- abandon ------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc abandon(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id version = id(r, "version"), owner = id(r, "owner");
	return gh_version_abandon(r->cat->db, &version, &owner, err);
}

static const struct gh_op_field abandon_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "owner", GH_IN_ID, true, "of the lease" },
	{ 0 },
};
const struct gh_op gh_op_import_abandon = { .name = "import.abandon",
					    .about = "Free a name whose import failed.",
					    .in = abandon_in,
					    .permission = "model.import",
					    .scope = GH_AT_HANDLER,
					    .asks = true,
					    .local = true,
					    .internal = true,
					    .run = abandon };

/* ---- finish ---------------------------------------------------------------------------------------------------------------------- */

static enum gh_rc add_blobs(struct gh_intake *f, struct gh_err *err)
{
	int64_t seq = 0;
	for (const struct gh_jval *b = gh_jfirst(gh_jget(f->r->in, "blobs")); b != NULL; b = b->next) {
		struct gh_id blob = gh_id(b->text);
		GH_TRY(gh_version_blob_add(f->r->cat->db, &f->v.id, seq++, &blob, err), err, "file %lld",
		       (long long)seq);
	}
	return GH_OK;
}

static enum gh_rc log_import(struct gh_intake *f, struct gh_err *err)
{
	struct gh_op_run *r = f->r;
	struct gh_entry_value v[] = {
		{ .name = "tenant", .text = f->v.tenant.s },
		{ .name = "version", .text = f->v.id.s },
		{ .name = "root", .text = text(r, "root") },
		{ .name = "report", .text = text(r, "report_digest") },
		{ .name = "verdict", .text = text(r, "verdict") },
		{ .name = "state", .text = gh_vstate_name(f->state) },
		{ .name = "bytes", .number = (uint64_t)gh_in_number(r->in, "bytes", 0) },
		{ .name = "files", .number = (uint64_t)gh_in_number(r->in, "files", 0) },
		{ .name = "base", .text = f->v.base.s },
	};
	size_t n = sizeof v / sizeof *v - gh_id_none(&f->v.base);
	return gh_ledger_put(r->cat, "import", gh_principal_actor(r->who), v, n, NULL, err);
}

static enum gh_rc finish_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_intake *f = arg;
	struct gh_op_run *r = f->r;
	struct gh_id owner = id(r, "owner");
	GH_TRY(add_blobs(f, err), err, "the files");
	GH_TRY(gh_intake_report(f, err), err, "the report");
	const struct gh_version_finish fin = { .state = f->state,
					       .reason = f->reason,
					       .verdict = text(r, "verdict"),
					       .tier = f->gate.high ? "high" : "standard",
					       .root = text(r, "root"),
					       .manifest = id(r, "manifest"),
					       .report = f->report,
					       .files = gh_in_number(r->in, "files", 0),
					       .bytes = gh_in_number(r->in, "bytes", 0),
					       .now = r->now,
					       .quarantine_until = f->quarantine_until };
	GH_TRY(gh_version_finish(db, &f->v.id, &owner, &fin, err), err, "the import");
	GH_TRY(log_import(f, err), err, "the audit entry");
	return f->state == GH_V_REVIEW ? gh_intake_review(f, err) : GH_OK;
}

static enum gh_rc finish(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_intake f = { .r = r };
	struct gh_id version = id(r, "version");
	GH_TRY(gh_version_get(r->cat->db, &version, &f.v, err), err, "the import");
	(void)snprintf(f.v.root, sizeof f.v.root, "%s", text(r, "root"));
	GH_TRY(gh_intake_ask(&f, "import", err), err, "the import");
	GH_TRY(gh_db_tx(r->cat->db, finish_tx, &f, err), err, "the import");
	gh_jout_str(r->out, "state", gh_vstate_name(f.state));
	gh_jout_str(r->out, "reason", f.reason);
	gh_jout_str(r->out, "policy", f.gate.from);
	gh_jout_str(r->out, "decision", gh_decision_name(f.gate.decision));
	return GH_OK;
}

static const struct gh_op_field finish_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "owner", GH_IN_ID, true, "of the lease" },
	{ "root", GH_IN_DIGEST, true, "root digest of the files" },
	{ "manifest", GH_IN_ID, true, "blob" },
	{ "manifest_digest", GH_IN_DIGEST, true, "of the manifest" },
	GH_INTAKE_FIELDS,
	{ "blobs", GH_IN_LIST, true, "ids of the files' blobs, in the order of the manifest" },
	{ 0 },
};
const struct gh_op gh_op_import_finish = { .name = "import.finish",
					   .about = "Take a scanned and stored model in.",
					   .in = finish_in,
					   .permission = "model.import",
					   .scope = GH_AT_HANDLER,
					   .local = true,
					   .internal = true,
					   .run = finish };

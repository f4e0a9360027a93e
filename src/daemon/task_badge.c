/* `badge.export`: the file of a version's badge; issued now when it may be had and was not yet. */
#include "api/check.h"
#include "daemon/known.h"
#include "daemon/task.h"

static enum gh_rc ask1(struct gh_task_run *r, const char *op, const char *name, const char *value,
		       const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, name, value);
	gh_jout_close(&j, '}');
	return gh_service_step(r->service, r->key, op, gh_buf_view(&in), -1, r->arena, out, NULL, err);
}

static enum gh_rc export(struct gh_task_run *r, struct gh_docs *docs, const char *model, const struct gh_jval *v,
			 struct gh_err *err) {
	gh_auto_buf file = gh_buf(8 << 20); if (gh_jget(v, "blob") == NULL){
		const struct gh_jval * made; GH_TRY(gh_known_badge(r, model, &made, err), err, "it was not issued yet");
		GH_TRY(ask1(r, "badge.show", "model", model, &v, err), err, "the badge"); }
const char *state = gh_in_text(v, "state", "none"), *reason = gh_in_text(v, "reason", "");
gh_jout_str(r->out, "model", model);
gh_jout_str(r->out, "state", state);
gh_jout_str(r->out, "reason", reason);
if (gh_jget(v, "blob") == NULL)
	return gh_fail(err, GH_E_DENIED, "it has no badge: %s%s%s", state, reason[0] != '\0' ? ", " : "", reason);
struct gh_id blob = gh_id(gh_jget(v, "blob")->text);
GH_TRY(gh_docs_get(docs, &blob, &file, err), err, "the badge");
gh_jout_span(r->out, "file", gh_buf_view(&file));
return GH_OK;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *v;
	struct gh_docs docs = { 0 };
	const char *model = gh_in_text(r->in, "model", "");
	GH_TRY(ask1(r, "badge.show", "model", model, &v, err), err, "%s", model);
	const struct gh_docs_owner owner = { .tenant = gh_id(gh_span_str(gh_in_text(v, "tenant", ""))),
					     .version = gh_id(gh_span_str(gh_in_text(v, "version", ""))) };
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = export(r, &docs, model, v, err);
	gh_docs_close(&docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", model);
}

static const struct gh_op_field in[] = { { "model", GH_IN_VERSION, true, "the version" }, { 0 } };
const struct gh_task gh_task_badge_export = {
	.name = "badge.export",
	.about = "The file of a version's badge.",
	.in = in,
	.run = run,
};

/* `share.publish`: let another tenant use a version, if the policy has nothing against it. What the scan found lies in a document that
 * only we can open; the catalog decides. */
#include "daemon/known.h"
#include "daemon/task.h"

static enum gh_rc publish(struct gh_task_run *r, const char *model, struct gh_span facts, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(GH_KNOWN_MAX);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_str(&j, "with", gh_in_text(r->in, "with", ""));
	if (facts.n > 0)
		gh_jout_span(&j, "known", facts);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "share.add", gh_buf_view(&in), -1, r->arena, &out, NULL, err), err,
	       "it is not shared");
	gh_jout_str(r->out, "model", gh_in_text(out, "model", model));
	gh_jout_str(r->out, "with", gh_in_text(out, "with", ""));
	return GH_OK;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	const char *model = gh_in_text(r->in, "model", "");
	const struct gh_jval *shown;
	struct gh_docs_owner owner;
	struct gh_docs docs = { 0 };
	struct gh_span facts = { 0 };
	GH_TRY(gh_known_version(r, model, &shown, &owner, err), err, "%s", model);
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_known_facts(&docs, shown, r->arena, &facts, err);
	gh_docs_close(&docs);
	if (rc == GH_OK)
		rc = publish(r, model, facts, err);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", model);
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "with", GH_IN_TENANT, true, "the tenant that may use it" },
	{ 0 },
};
const struct gh_task gh_task_share_publish = {
	.name = "share.publish",
	.about = "Publish a version to another tenant, read-only, if the policy lets it.",
	.in = in,
	.run = run,
};

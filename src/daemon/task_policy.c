/* `policy.explain`: what the policy says of a version, with the facts of its last scan. */
#include "api/check.h"
#include "daemon/known.h"
#include "daemon/task.h"

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	static const char *const copied[] = { "decision", "state", "verdict", "from", "digest", "text", "result" };
	const char *model = gh_in_text(r->in, "model", "");
	const struct gh_jval *shown, *out;
	struct gh_docs_owner owner;
	struct gh_docs docs = { 0 };
	struct gh_span facts;
	gh_auto_buf in = gh_buf(32 << 20);
	GH_TRY(gh_known_version(r, model, &shown, &owner, err), err, "%s", model);
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_known_facts(&docs, shown, r->arena, &facts, err);
	gh_docs_close(&docs);
	if (rc != GH_OK)
		return gh_fail(err, rc, "%s", model);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_str(&j, "action", gh_in_text(r->in, "action", "deploy"));
	gh_jout_bool(&j, "all", gh_in_flag(r->in, "all"));
	if (facts.n > 0)
		gh_jout_span(&j, "known", facts);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "policy.decide", gh_buf_view(&in), -1, r->arena, &out, NULL, err),
	       err, "%s", model);
	gh_jout_str(r->out, "model", model);
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		gh_jout_str(r->out, copied[i], gh_in_text(out, copied[i], ""));
	return GH_OK;
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "action", GH_IN_WORD, false, "import, badge, export, share, deploy (deploy)" },
	{ "all", GH_IN_BOOL, false, "rules that do not object, too" },
	{ 0 },
};
const struct gh_task gh_task_policy_explain = {
	.name = "policy.explain",
	.about = "Why a version may or may not be used, and what to do.",
	.in = in,
	.run = run,
};

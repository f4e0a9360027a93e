/* `badge.export`: the file of a version's badge, issued now when it may be had and was not yet; and statements about the version in
 * forms that others read. */
#include "api/check.h"
#include "daemon/known.h"
#include "daemon/task.h"
#include "catalog/statement_make.h"
#include "wire/jcanon.h"

#include <string.h>

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

/* The badge alone, without what stands beside it: what readers that know nothing of our log take for an SVR. It is our own file. */
static enum gh_rc bare(struct gh_task_run *r, struct gh_span file, struct gh_buf *out, struct gh_err *err)
{
	static const char *const members[] = { "mediaType", "verificationMaterial", "dsseEnvelope" };
	const struct gh_jval *v;
	GH_TRY(gh_jdom_parse(r->arena, file, &v, err), err, "the badge");
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		const struct gh_jval *m = gh_jget(v, members[i]);
		if (m == NULL)
			return gh_fail(err, GH_E_UNREAD, "the badge has no %s", members[i]);
		gh_buf_fmt(out, "%s\"%s\":", i == 0 ? "{" : ",", members[i]);
		if (!gh_jcanon_put(out, m, r->arena))
			return gh_fail(err, GH_E_NOMEM, "no memory for the badge");
	}
	gh_buf_str(out, "}\n");
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for the badge") : GH_OK;
}

static enum gh_rc badge_file(struct gh_task_run *r, struct gh_docs *docs, const char *model, const struct gh_jval *v,
			     bool svr, struct gh_err *err)
{
	gh_auto_buf file = gh_buf(8 << 20), alone = gh_buf(8 << 20);
	if (gh_jget(v, "blob") == NULL) {
		const struct gh_jval *made;
		GH_TRY(gh_known_badge(r, model, &made, err), err, "it was not issued yet");
		GH_TRY(ask1(r, "badge.show", "model", model, &v, err), err, "the badge");
	}
	const char *state = gh_in_text(v, "state", "none"), *reason = gh_in_text(v, "reason", "");
	gh_jout_str(r->out, "model", model);
	gh_jout_str(r->out, "state", state);
	gh_jout_str(r->out, "reason", reason);
	if (gh_jget(v, "blob") == NULL)
		return gh_fail(err, GH_E_DENIED, "it has no badge: %s%s%s", state, reason[0] != '\0' ? ", " : "",
			       reason);
	struct gh_id blob = gh_id(gh_jget(v, "blob")->text);
	GH_TRY(gh_docs_get(docs, &blob, NULL, &file, err), err, "the badge");
	if (svr)
		GH_TRY(bare(r, gh_buf_view(&file), &alone, err), err, "the badge");
	gh_jout_span(r->out, "file", gh_buf_view(svr ? &alone : &file));
	return GH_OK;
}

/* The catalog has the policy and asks the vault; what the scan found lies in a document, which only we can open. */
static enum gh_rc other(struct gh_task_run *r, struct gh_docs *docs, const char *model, const char *statement,
			struct gh_err *err)
{
	gh_auto_buf in = gh_buf(GH_KNOWN_MAX);
	struct gh_docs_owner owner;
	struct gh_span facts;
	const struct gh_jval *shown, *made;
	GH_TRY(gh_known_version(r, model, &shown, &owner, err), err, "the statement");
	GH_TRY(gh_known_facts(docs, shown, r->arena, &facts, err), err, "the statement");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_str(&j, "statement", statement);
	gh_jout_span(&j, "known", facts);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "badge.statement", gh_buf_view(&in), -1, r->arena, &made, NULL, err),
	       err, "the statement");
	gh_jout_str(r->out, "model", model);
	gh_jout_str(r->out, "statement", statement);
	gh_jout_span(r->out, "file", gh_jget(made, "file")->text);
	return GH_OK;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *v;
	struct gh_docs docs = { 0 };
	const char *model = gh_in_text(r->in, "model", ""), *statement = gh_in_text(r->in, "statement", "");
	bool svr = strcmp(statement, "svr") == 0, badge = svr || statement[0] == '\0';
	if (!badge && !gh_statement_known(statement))
		return gh_fail(err, GH_E_MALFORMED, "there is no statement '%.40s': svr, vsa, vulns or test-result",
			       statement);
	GH_TRY(ask1(r, "badge.show", "model", model, &v, err), err, "%s", model);
	const struct gh_docs_owner owner = { .tenant = gh_id(gh_span_str(gh_in_text(v, "tenant", ""))),
					     .version = gh_id(gh_span_str(gh_in_text(v, "version", ""))) };
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = badge ? badge_file(r, &docs, model, v, svr, err) : other(r, &docs, model, statement, err);
	gh_docs_close(&docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", model);
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "statement", GH_IN_WORD, false, "another form than the badge: svr, vsa, vulns, test-result" },
	{ 0 },
};
const struct gh_task gh_task_badge_export = {
	.name = "badge.export",
	.about = "The file of a version's badge, or a statement in a form of others.",
	.in = in,
	.run = run,
};

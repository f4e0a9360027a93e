/* Tasks of reviews: comments are documents of the tenant, so they are encrypted and decrypted on the way; and an approval that was
 * the last one needed is followed by the badge. What counts is decided by the operation `review.decide`. */
#include "api/check.h"
#include "daemon/known.h"
#include "daemon/task.h"

#include <string.h>

enum { COMMENT_MAX = 16 << 10, ANSWER = 4 << 20 };

static enum gh_rc look(struct gh_task_run *r, const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", gh_in_text(r->in, "model", ""));
	gh_jout_close(&j, '}');
	return gh_service_step(r->service, r->key, "review.look", gh_buf_view(&in), -1, r->arena, out, NULL, err);
}

static struct gh_docs_owner owner_of(const struct gh_jval *seen)
{
	const char *tenant = gh_jstr(seen, "tenant"), *version = gh_jstr(seen, "version");
	return (struct gh_docs_owner){ .tenant = gh_id(gh_span_str(tenant)), .version = gh_id(gh_span_str(version)) };
}

/* One scalar member as it came. */
static void again(struct gh_jout *j, const struct gh_jval *v)
{
	const char *key = (const char *)v->key.p;
	switch (v->kind) {
	case GH_J_STRING: gh_jout_span(j, key, v->text); break;
	case GH_J_NUMBER: gh_jout_raw(j, key, (const char *)v->text.p); break;
	case GH_J_TRUE:
	case GH_J_FALSE: gh_jout_bool(j, key, v->kind == GH_J_TRUE); break;
	case GH_J_NULL: gh_jout_null(j, key); break;
	case GH_J_ARRAY:
	case GH_J_OBJECT: break;
	}
}

/* ---- review.show -------------------------------------------------------------------------------------------------------- */
/* A comment that cannot be read is said to be so, and the rest is shown. */
static void comment_out(struct gh_task_run *r, struct gh_docs *docs, const struct gh_docs_owner *owner,
			const char *blob)
{
	struct gh_err err = { 0 };
	gh_auto_buf text = gh_buf(COMMENT_MAX);
	struct gh_id id = gh_id(gh_span_str(blob));
	enum gh_rc rc = GH_OK;
	if (docs->service == NULL)
		rc = gh_docs_open(docs, r->service, r->key, owner, GH_VAULT_DOCUMENT, &err);
	if (rc == GH_OK)
		rc = gh_docs_get(docs, &id, NULL, &text, &err);
	if (rc == GH_OK)
		gh_jout_span(r->out, "text", gh_buf_view(&text));
	else {
		char line[GH_ERR_LINKS * GH_ERR_TEXT];
		gh_jout_null(r->out, "text");
		gh_jout_str(r->out, "text_problem", gh_err_line(&err, line, sizeof line));
	}
}

static enum gh_rc show(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *seen;
	struct gh_docs docs = { 0 };
	enum gh_rc rc = look(r, &seen, err);
	if (rc != GH_OK)
		return rc;
	struct gh_docs_owner owner = owner_of(seen);
	for (const struct gh_jval *m = gh_jfirst(seen); m != NULL; m = m->next)
		again(r->out, m);
	gh_jout_open(r->out, "events", '[');
	for (const struct gh_jval *e = gh_jfirst(gh_jget(seen, "events")); e != NULL; e = e->next) {
		gh_jout_open(r->out, NULL, '{');
		for (const struct gh_jval *m = gh_jfirst(e); m != NULL; m = m->next)
			again(r->out, m);
		if (gh_jstr(e, "comment") != NULL)
			comment_out(r, &docs, &owner, gh_jstr(e, "comment"));
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	gh_docs_close(&docs);
	return GH_OK;
}

static const struct gh_op_field model_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ 0 },
};
const struct gh_task gh_task_review_show = {
	.name = "review.show",
	.about = "Show the open or newest review of a version, and what was said.",
	.in = model_in,
	.run = show,
};

/* ---- review.approve, review.reject, review.comment ------------------------------------------------------------------------- */
static enum gh_rc store_comment(struct gh_task_run *r, const struct gh_jval *seen, struct gh_docs_made *made,
				struct gh_err *err)
{
	struct gh_docs docs;
	struct gh_docs_owner owner = owner_of(seen);
	struct gh_span text = gh_span_str(gh_in_text(r->in, "text", ""));
	*made = (struct gh_docs_made){ .sha256 = "" };
	if (text.n == 0)
		return GH_OK;
	if (text.n > COMMENT_MAX)
		return gh_fail(err, GH_E_LIMIT, "a comment has at most %d KiB", COMMENT_MAX >> 10);
	enum gh_rc rc = gh_docs_open(&docs, r->service, r->key, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_docs_put(&docs, "comment", text, made, err);
	gh_docs_close(&docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "the comment");
}

static enum gh_rc record(struct gh_task_run *r, const char *act, const struct gh_docs_made *comment,
			 const struct gh_jval **out, struct gh_err *err)
{
	static const char *const passed[] = { "model", "root", "report", "at", "signer", "signature" };
	gh_auto_buf in = gh_buf(64 << 10);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "act", act);
	for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
		if (gh_jget(r->in, passed[i]) != NULL)
			again(&j, gh_jget(r->in, passed[i]));
	if (comment->sha256[0] != '\0') {
		gh_jout_str(&j, "comment", comment->id.s);
		gh_jout_str(&j, "comment_digest", comment->sha256);
	}
	gh_jout_close(&j, '}');
	return gh_service_step(r->service, r->key, "review.decide", gh_buf_view(&in), -1, r->arena, out, NULL, err);
}

/* The badge follows from the approval: the catalog issues it, not the reviewer. */
static enum gh_rc badge(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *made = NULL;
	enum gh_rc rc = gh_known_badge(r, gh_in_text(r->in, "model", ""), &made, err);
	if (rc != GH_OK)
		return gh_fail(err, rc, "the approval is recorded, but there is no badge yet");
	gh_jout_open(r->out, "badge", '{');
	static const char *const shown[] = { "badge", "state", "reason", "issued", "expires", "log_index" };
	for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
		if (gh_jget(made, shown[i]) != NULL)
			again(r->out, gh_jget(made, shown[i]));
	gh_jout_close(r->out, '}');
	return GH_OK;
}

static enum gh_rc decide(struct gh_task_run *r, const char *act, struct gh_err *err)
{
	const struct gh_jval *seen, *done;
	struct gh_docs_made comment;
	enum gh_rc rc = look(r, &seen, err);
	if (rc != GH_OK)
		return rc;
	/* Who may not is told so before anything of theirs is stored; the operation asks again. */
	if (strcmp(act, "comment") != 0 && !gh_jtrue(gh_jget(seen, "may_decide")))
		return gh_fail(err, GH_E_DENIED, "%s",
			       gh_jstr(seen, "why_not") != NULL ? gh_jstr(seen, "why_not") : "not permitted");
	if (r->key == NULL)
		return gh_fail(err, GH_E_DENIED, "a comment is a person's: set GATEHOUSE_API_KEY to your API key");
	rc = store_comment(r, seen, &comment, err);
	if (rc == GH_OK)
		rc = record(r, act, &comment, &done, err);
	if (rc != GH_OK)
		return rc;
	for (const struct gh_jval *m = gh_jfirst(done); m != NULL; m = m->next)
		again(r->out, m);
	const char *state = gh_jstr(done, "state"), *now = gh_jstr(done, "version_state");
	if (strcmp(act, "approve") == 0 && state != NULL && now != NULL && strcmp(state, "approved") == 0 &&
	    strcmp(now, "ready") == 0)
		return badge(r, err);
	return GH_OK;
}

static enum gh_rc approve(struct gh_task_run *r, struct gh_err *err) { return decide(r, "approve", err); }
static enum gh_rc reject(struct gh_task_run *r, struct gh_err *err) { return decide(r, "reject", err); }
static enum gh_rc comment(struct gh_task_run *r, struct gh_err *err) { return decide(r, "comment", err); }

static const struct gh_op_field decide_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "text", GH_IN_TEXT, false, "why, in words: kept encrypted under the tenant's key" },
	{ "root", GH_IN_DIGEST, false, "root digest that was looked at (that of the review)" },
	{ "report", GH_IN_DIGEST, false, "digest of the report that was looked at (that of the review)" },
	{ "at", GH_IN_TIME, false, "when it was signed" },
	{ "signer", GH_IN_DIGEST, false, "fingerprint of one's own key" },
	{ "signature", GH_IN_WORD, false, "by that key over the statement, in hexadecimal digits" },
	{ 0 },
};
const struct gh_task gh_task_review_approve = {
	.name = "review.approve",
	.about = "Approve a version; the last approval needed makes it ready and gives it its badge.",
	.in = decide_in,
	.run = approve,
};
const struct gh_task gh_task_review_reject = {
	.name = "review.reject",
	.about = "Reject a version: it gets no badge, or loses it.",
	.in = decide_in,
	.run = reject,
};

static const struct gh_op_field comment_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "text", GH_IN_TEXT, true, "the comment: kept encrypted under the tenant's key" },
	{ 0 },
};
const struct gh_task gh_task_review_comment = {
	.name = "review.comment",
	.about = "Comment on a review.",
	.in = comment_in,
	.run = comment,
};

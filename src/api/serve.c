#include "api/op.h"

#include "api/check.h"
#include "catalog/apikeys.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/shares.h"

#include <unistd.h>

enum { ARENA = 64 << 20 };

static const struct {
	enum gh_rc rc;
	const char *name;
} codes[] = {
	{ GH_OK, "ok" },	   { GH_E_MALFORMED, "malformed" }, { GH_E_LIMIT, "limit" },
	{ GH_E_UNREAD, "unread" }, { GH_E_NOTTHIS, "not-this" },    { GH_E_DENIED, "denied" },
	{ GH_E_IO, "io" },	   { GH_E_NOMEM, "no-memory" },	    { GH_E_BUG, "internal" },
	{ GH_E_ABSENT, "absent" }, { GH_E_EXISTS, "exists" },
};

const char *gh_op_code(enum gh_rc rc)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (codes[i].rc == rc)
			return codes[i].name;
	return "internal";
}

enum gh_rc gh_op_code_named(const char *code)
{
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (strcmp(codes[i].name, code) == 0)
			return codes[i].rc;
	return GH_E_BUG;
}

/* Who asks: the owner of the key, or `local` where that is one. */
static enum gh_rc asker(struct gh_catalog *cat, const struct gh_jval *request, bool local, struct gh_arena *a,
			int64_t now, struct gh_principal *who, struct gh_err *err)
{
	const struct gh_jval *key = gh_jget(request, "key");
	struct gh_id used;
	if (key != NULL && key->kind != GH_J_STRING)
		return gh_fail(err, GH_E_MALFORMED, "'key' must be a text");
	if (key != NULL)
		return gh_apikey_check(cat->db, a, key->text, now, who, &used, err);
	if (!local)
		return gh_fail(err, GH_E_DENIED, "an API key is needed");
	*who = gh_principal_local();
	return GH_OK;
}

/* The scope that the input names, for GH_AT_FIELD. */
static enum gh_rc scope_of(const struct gh_op *op, const struct gh_jval *in, struct gh_name *scope, struct gh_err *err)
{
	for (const struct gh_op_field *f = op->in; f != NULL && f->name != NULL; f++) {
		const struct gh_jval *v = gh_jget(in, f->name);
		if (v == NULL)
			continue;
		switch (f->kind) {
		case GH_IN_TENANT: return gh_name_part("tenant", v->text, scope->tenant, err);
		case GH_IN_SCOPE: return gh_scope_parse(v->text, scope, err);
		case GH_IN_VERSION: return gh_name_parse(v->text, GH_NAME_VERSION, scope, err);
		case GH_IN_MODEL: return gh_name_parse(v->text, GH_NAME_MODEL, scope, err);
		default: break;
		}
	}
	return GH_OK; /* none given: the platform */
}

static enum gh_rc may(struct gh_catalog *cat, const struct gh_op *op, const struct gh_jval *in,
		      const struct gh_principal *who, struct gh_err *err)
{
	struct gh_name scope = { 0 };
	char text[GH_NAME_TEXT];
	if (who->kind == GH_PRINCIPAL_LOCAL && !op->local)
		return gh_fail(err, GH_E_DENIED,
			       "%s needs a person: set GATEHOUSE_API_KEY to your API key (the holder of the home alone "
			       "is nobody)",
			       op->name);
	if (op->scope == GH_AT_HANDLER)
		return GH_OK;
	if (op->scope == GH_AT_ANY)
		return gh_may_somewhere(who, op->permission)
			       ? GH_OK
			       : gh_fail(err, GH_E_DENIED, "no role of %s grants %s", who->name, op->permission);
	if (op->scope == GH_AT_FIELD)
		GH_TRY(scope_of(op, in, &scope, err), err, "%s", op->name);
	if (gh_may(who, op->permission, &scope) ||
	    (op->scope == GH_AT_FIELD && gh_share_lets(cat->db, who, op->permission, &scope, NULL)))
		return GH_OK;
	scope.name[0] = scope.version[0] = '\0';
	return gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %s", who->name, op->permission,
		       gh_name_text(&scope, text));
}

static enum gh_rc serve(struct gh_catalog *cat, struct gh_span request, bool local, bool internal, int fd,
			struct gh_arena *a, struct gh_buf *members, int *fd_out, struct gh_err *err)
{
	const struct gh_jval *v;
	struct gh_principal who;
	struct gh_jout out = { .out = members, .compact = true };
	struct gh_op_run r = {
		.cat = cat, .now = cat->now(), .arena = a, .out = &out, .fd_in = fd, .fd_out = -1, .who = &who
	};
	GH_TRY(gh_jdom_parse(a, request, &v, err), err, "the request");
	const struct gh_jval *name = gh_jget(v, "op");
	r.in = gh_jget(v, "in");
	r.op = name == NULL || name->kind != GH_J_STRING ? NULL : gh_op_named(name->text);
	if (r.op == NULL || (r.op->internal && !internal))
		return gh_fail(err, GH_E_ABSENT, "there is no such operation");
	if (r.in == NULL)
		return gh_fail(err, GH_E_MALFORMED, "'in' is missing");
	GH_TRY(gh_op_check(r.op->in, r.in, err), err, "%s", r.op->name);
	enum gh_rc rc = asker(cat, v, local, a, r.now, &who, err);
	if (rc == GH_OK)
		rc = may(cat, r.op, r.in, &who, err);
	if (rc != GH_OK)
		return rc;
	if (!r.op->asks && cat->log == NULL)
		return gh_fail(err, GH_E_DENIED,
			       "%s changes something, which has to be logged, and the keys are locked", r.op->name);
	if (!r.op->asks && !r.op->when_full && cat->tight)
		return gh_fail(err, GH_E_IO,
			       "the disk is full: make room on it first (reading works, and so do `delete` and `fsck "
			       "--repair`)");
	gh_jout_open(&out, NULL, '{');
	rc = r.op->run(&r, err);
	gh_jout_close(&out, '}');
	/* Logged before it is acknowledged; also what a step did that failed later on. */
	if (!r.op->asks) {
		struct gh_err lost = { 0 };
		enum gh_rc logged = gh_ledger_flush(cat, &lost);
		if (logged != GH_OK && rc == GH_OK) {
			*err = lost; /* a log that was altered neither refuses anybody nor was asked wrongly */
			rc = logged == GH_E_DENIED || logged == GH_E_MALFORMED ? GH_E_UNREAD : logged;
			err->rc = rc;
		}
	}
	if (rc != GH_OK && r.fd_out >= 0) {
		(void)close(r.fd_out);
		r.fd_out = -1;
	}
	*fd_out = r.fd_out;
	return rc;
}

/* What a refusal says, with what the handler had written until then, when it was something. */
static void refuse(struct gh_buf *answer, enum gh_rc rc, const struct gh_err *err, struct gh_span members)
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_buf_fmt(answer, "{\"ok\":false,\"code\":\"%s\",\"error\":", gh_op_code(rc));
	gh_buf_json(answer, gh_span_str(gh_err_line(err, line, sizeof line)));
	if (members.n > 0) {
		gh_buf_str(answer, ",\"out\":");
		gh_buf_span(answer, members);
	}
	gh_buf_ch(answer, '}');
}

enum gh_rc gh_op_serve(struct gh_catalog *cat, struct gh_span request, bool local, bool internal, int fd,
		       struct gh_buf *answer, int *fd_out)
{
	gh_auto_arena a = { .max = ARENA };
	struct gh_err err = { 0 };
	*fd_out = -1;
	/* Written as if it will be granted, so that a long answer is not copied; a refusal begins anew. */
	const size_t start = answer->n;
	gh_buf_fmt(answer, "{\"ok\":true,\"code\":\"%s\",\"out\":", gh_op_code(GH_OK));
	const size_t head = answer->n;
	enum gh_rc rc = serve(cat, request, local, internal, fd, &a, answer, fd_out, &err);
	gh_buf_ch(answer, '}');
	const bool full = answer->full;
	if (rc == GH_OK && full)
		rc = gh_fail(&err, GH_E_LIMIT, "the answer is too large: ask for less at a time");
	if (rc == GH_OK)
		return rc;
	gh_auto_buf members = gh_buf(answer->max);
	if (!full && answer->n > head + 1)
		gh_buf_put(&members, answer->p + head, answer->n - head - 1);
	answer->n = start;
	answer->full = false;
	refuse(answer, rc, &err, gh_buf_view(&members));
	return rc;
}

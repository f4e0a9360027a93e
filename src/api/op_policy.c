/* Policies: which one judges a tenant, and what it says of a version. */
#include "api/ops.h"
#include "catalog/gate.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/row.h"
#include "catalog/shares.h"
#include "catalog/tenants.h"
#include "catalog/vault.h"
#include "crypto/merkle.h"
#include "wire/b64.h"
#include "wire/datetime.h"

#include <stdio.h>

enum { RESULT = 4 << 20 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static struct gh_span known(const struct gh_op_run *r)
{
	const struct gh_jval *v = gh_jget(r->in, "known");
	return v == NULL ? (struct gh_span){ 0 } : v->text;
}

static enum gh_rc find(struct gh_op_run *r, struct gh_version *v, struct gh_err *err)
{
	struct gh_name name;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	return gh_version_find(r->cat->db, &name, v, err);
}

/* ---- policy.decide -------------------------------------------------------------------------------------------------------------- */

static void put_exceptions(struct gh_jout *j, const struct gh_gate *g)
{
	char at[GH_DATETIME_TEXT];
	gh_jout_open(j, "exceptions", '[');
	for (const struct gh_gate_exception *x = g->exception; x != NULL; x = x->next) {
		gh_jout_open(j, NULL, '{');
		gh_jout_span(j, "id", x->exception->id);
		gh_jout_span(j, "rule", x->exception->rule);
		gh_jout_str(j, "state", x->ended ? "ended" : "in force");
		gh_jout_span(j, "owner", x->exception->owner);
		gh_jout_span(j, "reason", x->exception->reason);
		gh_jout_str(j, "expires", gh_datetime_write(x->exception->expires, at) ? at : "");
		gh_jout_str(j, "policy", x->from);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static enum gh_rc decide(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_gate g;
	gh_auto_buf json = gh_buf(RESULT), lines = gh_buf(RESULT);
	GH_TRY(find(r, &v, err), err, "the policy");
	GH_TRY(gh_gate_ask(r->cat, &v, gh_in_text(r->in, "action", "deploy"), known(r), r->arena, &g, err), err,
	       "the policy");
	gh_policy_json(g.result, &json);
	gh_policy_text(g.result, gh_in_flag(r->in, "all"), &lines);
	gh_jout_str(r->out, "decision", gh_decision_name(g.decision));
	gh_jout_str(r->out, "state", gh_vstate_name(v.state));
	gh_jout_str(r->out, "verdict", v.verdict);
	gh_jout_str(r->out, "from", g.from);
	gh_jout_str(r->out, "digest", g.digest);
	gh_jout_span(r->out, "text", gh_buf_view(&lines));
	gh_jout_span(r->out, "result", gh_buf_view(&json));
	put_exceptions(r->out, &g);
	return GH_OK;
}

static const struct gh_op_field decide_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "action", GH_IN_WORD, false, "import, badge, export, share, deploy" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ "all", GH_IN_BOOL, false, "rules that do not object, too" },
	{ 0 },
};
const struct gh_op gh_op_policy_decide = { .name = "policy.decide",
					   .about = "Ask the policy about a version, and say why.",
					   .in = decide_in,
					   .permission = "policy.read",
					   .scope = GH_AT_FIELD,
					   .asks = true,
					   .local = true,
					   .internal = true,
					   .run = decide };

/* ---- export.allow ----------------------------------------------------------------------------------------------------------------- */

static enum gh_rc allow(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_gate g;
	GH_TRY(find(r, &v, err), err, "the model");
	if (v.state != GH_V_READY)
		return gh_fail(err, GH_E_DENIED, "its state is %s%s%s", gh_vstate_name(v.state),
			       v.reason[0] != '\0' ? ": " : "", v.reason);
	GH_TRY(gh_gate_ask(r->cat, &v, "export", known(r), r->arena, &g, err), err, "the policy");
	if (g.decision != GH_ALLOW && g.decision != GH_WARN)
		return gh_fail(err, GH_E_DENIED, "the policy (%s) says %s: %s", g.from, gh_decision_name(g.decision),
			       g.because);
	struct gh_version theirs = v;
	if (!gh_may(r->who, "model.export", &v.name) &&
	    gh_share_lets(r->cat->db, r->who, "model.export", &v.name, &theirs.tenant)) {
		/* Of somebody else: the policy of those who get it has a say, too. */
		struct gh_gate own;
		GH_TRY(gh_gate_ask(r->cat, &theirs, "export", known(r), r->arena, &own, err), err, "the policy");
		if (own.decision != GH_ALLOW && own.decision != GH_WARN)
			return gh_fail(err, GH_E_DENIED, "the policy (%s) says %s: %s", own.from,
				       gh_decision_name(own.decision), own.because);
	}
	const struct gh_entry_value e[] = { { .name = "tenant", .text = v.tenant.s },
					    { .name = "version", .text = v.id.s },
					    { .name = "root", .text = v.root },
					    { .name = "policy", .text = g.digest } };
	GH_TRY(gh_ledger_put(r->cat, "export", gh_principal_actor(r->who), e, sizeof e / sizeof *e, NULL, err), err,
	       "the audit log");
	gh_jout_str(r->out, "decision", gh_decision_name(g.decision));
	return GH_OK;
}

static const struct gh_op_field allow_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "action", GH_IN_WORD, true, "export" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ 0 },
};
const struct gh_op gh_op_export_allow = { .name = "export.allow",
					  .when_full = true,
					  .about = "May a decrypted copy be made? Logged when it may.",
					  .in = allow_in,
					  .permission = "model.export",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .internal = true,
					  .run = allow };

/* ---- policy.set -------------------------------------------------------------------------------------------------------------------- */

struct set {
	struct gh_op_run *r;
	struct gh_tenant tenant;
	const struct gh_policy *policy;
	struct gh_vp_signature sig;
	struct gh_id id;
	int64_t number;
};

static enum gh_rc set_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct set *s = arg;
	struct gh_op_run *r = s->r;
	struct gh_db_rows rows;
	char key[65];
	gh_auto_arena a = { .max = GH_ROW_ONE };
	const char *name = text(r, "name");
	gh_b16(key, (struct gh_span){ s->sig.key_id, sizeof s->sig.key_id });
	GH_TRY(gh_db_query(db, &a, &rows, err,
			   "SELECT COALESCE(MAX(number), 0) + 1 FROM policies WHERE COALESCE(tenant, '') = ?",
			   GH_DBV(gh_dbs(s->tenant.id.s))),
	       err, "policies");
	s->number = gh_db_int(&rows, 0, 0);
	GH_TRY(gh_db_exec(db, NULL, err,
			  "UPDATE policies SET state = 'past' WHERE COALESCE(tenant, '') = ? AND state = 'current'",
			  GH_DBV(gh_dbs(s->tenant.id.s))),
	       err, "policies");
	GH_TRY(gh_db_exec(db, NULL, err,
			  "INSERT INTO policies (id, tenant, name, number, digest, body, signature, key_id, state, "
			  "created, "
			  "created_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'current', ?, ?)",
			  GH_DBV(gh_dbs(s->id.s), gh_dbid(&s->tenant.id), gh_dbs(name), gh_dbi(s->number),
				 gh_dbs(gh_policy_digest(s->policy)), gh_dbb(gh_jget(r->in, "text")->text),
				 gh_dbb((struct gh_span){ s->sig.sig, s->sig.sig_n }), gh_dbs(key), gh_dbi(r->now),
				 gh_dbs(gh_principal_actor(r->who)))),
	       err, "the policy");
	const struct gh_entry_value e[] = { { .name = "policy", .text = gh_policy_digest(s->policy) },
					    { .name = "tenant", .text = s->tenant.id.s } };
	return gh_ledger_put(r->cat, "policy-set", gh_principal_actor(r->who), e, gh_id_none(&s->tenant.id) ? 1 : 2,
			     NULL, err);
}

static enum gh_rc set(struct gh_op_run *r, struct gh_err *err)
{
	struct set s = { .r = r };
	struct gh_policy_err where = { 0 };
	struct gh_name scope;
	GH_TRY(gh_scope_parse(gh_span_str(text(r, "scope")), &scope, err), err, "the scope");
	if (scope.project[0] != '\0')
		return gh_fail(err, GH_E_MALFORMED, "a policy is set for a tenant, or for the platform");
	if (scope.tenant[0] != '\0')
		GH_TRY(gh_tenant_active(r->cat->db, scope.tenant, &s.tenant, err), err, "the policy");
	enum gh_rc rc = gh_policy_read(r->arena, gh_jget(r->in, "text")->text, gh_policy_profile, NULL, &s.policy,
				       &where);
	if (rc != GH_OK)
		return gh_fail(err, rc, "line %llu, column %llu: %s%s%s", (unsigned long long)where.line,
			       (unsigned long long)where.column, where.path, where.path[0] != '\0' ? ": " : "",
			       where.what);
	gh_auto_buf canonical = gh_buf(RESULT);
	gh_policy_canonical(s.policy, &canonical);
	GH_TRY(gh_vault_sign(r->cat->vault, GH_SIGN_POLICY, gh_buf_view(&canonical), &s.sig, err), err, "the policy");
	GH_TRY(gh_id_new(&s.id, err), err, "the policy");
	GH_TRY(gh_db_tx(r->cat->db, set_tx, &s, err), err, "the policy");
	gh_jout_str(r->out, "scope", text(r, "scope"));
	gh_jout_str(r->out, "name", text(r, "name"));
	gh_jout_number(r->out, "number", (uint64_t)s.number);
	gh_jout_str(r->out, "digest", gh_policy_digest(s.policy));
	return GH_OK;
}

static const struct gh_op_field set_in[] = {
	{ "scope", GH_IN_SCOPE, true, "a tenant, or platform" },
	{ "name", GH_IN_WORD, true, "what the policy is called" },
	{ "text", GH_IN_LONG, true, "the policy, YAML" },
	{ 0 },
};
const struct gh_op gh_op_policy_set = { .name = "policy.set",
					.about = "Put a policy into force.",
					.in = set_in,
					.permission = "policy.set",
					.scope = GH_AT_FIELD,
					.local = true,
					.run = set };

static enum gh_rc shown(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_db_rows rows;
	char at[GH_DATETIME_TEXT];
	struct gh_tenant t = { 0 };
	struct gh_name scope;
	GH_TRY(gh_scope_parse(gh_span_str(text(r, "scope")), &scope, err), err, "the scope");
	if (scope.tenant[0] != '\0')
		GH_TRY(gh_tenant_find(r->cat->db, scope.tenant, &t, err), err, "policies");
	GH_TRY(gh_db_query(r->cat->db, r->arena, &rows, err,
			   "SELECT name, number, digest, state, created, body FROM policies WHERE COALESCE(tenant, '') "
			   "= ? ORDER BY "
			   "number DESC LIMIT 100",
			   GH_DBV(gh_dbs(t.id.s))),
	       err, "policies");
	gh_jout_str(r->out, "profile", r->cat->home.policy);
	gh_jout_open(r->out, "policies", '[');
	for (size_t i = 0; i < rows.n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "name", gh_db_text(&rows, i, 0));
		gh_jout_number(r->out, "number", (uint64_t)gh_db_int(&rows, i, 1));
		gh_jout_str(r->out, "digest", gh_db_text(&rows, i, 2));
		gh_jout_str(r->out, "state", gh_db_text(&rows, i, 3));
		if (gh_datetime_write(gh_db_int(&rows, i, 4), at))
			gh_jout_str(r->out, "set", at);
		gh_jout_span(r->out, "text", gh_db_span(&rows, i, 5));
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = { { "scope", GH_IN_SCOPE, true, "a tenant, or platform" }, { 0 } };
const struct gh_op gh_op_policy_list = { .name = "policy.list",
					 .about = "List the policies of a tenant, newest first.",
					 .in = list_in,
					 .permission = "policy.read",
					 .scope = GH_AT_FIELD,
					 .asks = true,
					 .local = true,
					 .run = shown };

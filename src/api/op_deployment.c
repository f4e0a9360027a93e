/* Deployments as people see them: list, show, stop, let out of quarantine; and the questions of who supervises them. */
#include "api/deploy_rules.h"
#include "catalog/ledger.h"
#include "wire/datetime.h"

#include <stdio.h>
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

static const char *person(struct gh_op_run *r, const struct gh_id *id, struct gh_principal *room)
{
	struct gh_err none = { 0 };
	if (gh_id_none(id))
		return "local";
	return gh_principal_get(r->cat->db, id, room, &none) == GH_OK ? room->name : id->s;
}

static void put(struct gh_op_run *r, const struct gh_deployment *d)
{
	struct gh_jout *o = r->out;
	struct gh_principal p;
	char model[GH_NAME_TEXT];
	gh_jout_str(o, "id", d->id.s);
	gh_jout_str(o, "name", d->name);
	gh_jout_str(o, "tenant", d->tenant_name);
	gh_jout_str(o, "model", gh_name_text(&d->model, model));
	gh_jout_str(o, "state", gh_dstate_name(d->state));
	gh_jout_str(o, "reason", d->reason);
	gh_jout_str(o, "engine", d->engine);
	if (d->engine_dir[0] != '\0')
		gh_jout_str(o, "engine_dir", d->engine_dir);
	gh_jout_str(o, "isolation", d->isolation);
	gh_jout_open(o, "evidence", '{');
	gh_jout_str(o, "class", d->cls[0] != '\0' ? d->cls : NULL);
	gh_jout_str(o, "kind", d->kind[0] != '\0' ? d->kind : NULL);
	gh_jout_str(o, "asked", d->least);
	gh_jout_close(o, '}');
	gh_jout_str(o, "measurement", d->measurement[0] != '\0' ? d->measurement : NULL);
	gh_jout_str(o, "policies", d->policy);
	gh_jout_str(o, "restart", d->restart);
	gh_jout_number(o, "restarts", (uint64_t)d->restarts);
	gh_jout_number(o, "attempts", (uint64_t)d->attempts);
	gh_jout_number(o, "tolerated", (uint64_t)d->tolerated);
	put_time(o, "created", d->created);
	gh_jout_str(o, "by", person(r, &d->by, &p));
	put_time(o, "changed", d->changed);
	if (d->cleared_by[0] != '\0') {
		struct gh_id by = gh_id(gh_span_str(d->cleared_by));
		gh_jout_str(o, "cleared_by", person(r, &by, &p));
	}
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment *v;
	size_t n;
	const struct gh_deployment_filter f = { .over = gh_in_flag(r->in, "all"), .limit = 1000 };
	const char *only = text(r, "state");
	enum gh_rc rc = gh_deployment_list(r->cat->db, r->arena, &f, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "deployments", '[');
	for (size_t i = 0; i < n; i++) {
		struct gh_name scope = { 0 };
		memcpy(scope.tenant, v[i].tenant_name, sizeof scope.tenant);
		if (!gh_may(r->who, "deploy.read", &scope) ||
		    (only[0] != '\0' && strcmp(only, gh_dstate_name(v[i].state)) != 0))
			continue;
		gh_jout_open(r->out, NULL, '{');
		put(r, &v[i]);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = {
	{ "all", GH_IN_BOOL, false, "those that are over, too" },
	{ "state", GH_IN_WORD, false, "only those in this state" },
	{ 0 },
};
const struct gh_op gh_op_deploy_list = { .name = "deploy.list",
					 .about = "List deployments as the catalog knows them.",
					 .in = list_in,
					 .permission = "deploy.read",
					 .scope = GH_AT_ANY,
					 .asks = true,
					 .local = true,
					 .run = list };

static enum gh_rc show(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	enum gh_rc rc = gh_deploy_named(r, text(r, "name"), gh_in_text(r->in, "for", "deploy.read"), &d, err);
	if (rc == GH_OK)
		put(r, &d);
	return rc;
}

static const struct gh_op_field show_in[] = {
	{ "name", GH_IN_WORD, true, "TENANT/NAME, or NAME where no other tenant has one" },
	{ "for", GH_IN_WORD, false, "deploy.read (default), deploy.use, deploy.stop: what is needed" },
	{ 0 },
};
const struct gh_op gh_op_deploy_show = { .name = "deploy.show",
					 .about = "Show one deployment as the catalog knows it.",
					 .in = show_in,
					 .permission = "deploy.read",
					 .scope = GH_AT_ANY,
					 .asks = true,
					 .local = true,
					 .run = show };

/* ---- stopping ---------------------------------------------------------------------------------------------------------------- */
static enum gh_rc stop(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	enum gh_rc rc = gh_deploy_named(r, text(r, "name"), "deploy.stop", &d, err);
	if (rc != GH_OK)
		return rc;
	if (d.state == GH_D_QUARANTINED || d.state == GH_D_REJECTED)
		return gh_fail(err, GH_E_DENIED, "%s/%s is %s (%s) and does not run: a reviewer decides about it",
			       d.tenant_name, d.name, gh_dstate_name(d.state), d.reason);
	if (gh_dstate_may(d.state, GH_D_STOPPED))
		rc = gh_deploy_move(r, &d, GH_D_STOPPED, "asked", "stopped", err);
	if (rc == GH_OK)
		put(r, &d);
	return rc;
}

static const struct gh_op_field stop_in[] = {
	{ "name", GH_IN_WORD, true, "TENANT/NAME, or NAME where no other tenant has one" },
	{ 0 },
};
/* A step of the task deployment.stop, which ends the processes too. */
const struct gh_op gh_op_deploy_stop = { .name = "deploy.stop",
					 .about = "Record that a deployment is stopped.",
					 .in = stop_in,
					 .permission = "deploy.stop",
					 .scope = GH_AT_ANY,
					 .local = true,
					 .internal = true,
					 .run = stop };

/* ---- quarantine: a person decides --------------------------------------------------------------------------------------------- */
struct clearing {
	struct gh_op_run *r;
	struct gh_deployment *d;
	bool approve;
};

static enum gh_rc clear_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct clearing *c = arg;
	char why[GH_D_REASON + 1];
	(void)snprintf(why, sizeof why, "%s by %.60s (was: %.100s)", c->approve ? "cleared" : "rejected",
		       c->r->who->name, c->d->reason);
	GH_TRY(gh_deployment_move(db, &c->d->id, c->d->state, c->approve ? GH_D_STOPPED : GH_D_REJECTED, why, c->r->now,
				  err),
	       err, "the deployment");
	GH_TRY(gh_deployment_clear(db, &c->d->id, c->r->who->id.s, err), err, "the deployment");
	return gh_deploy_log(c->r, c->d, c->approve ? "cleared" : "rejected", "review", err);
}

static enum gh_rc decide(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	bool approve = strcmp(text(r, "decision"), "approve") == 0;
	enum gh_rc rc = gh_deploy_named(r, text(r, "name"), "review.decide", &d, err);
	if (rc != GH_OK)
		return rc;
	if (!approve && strcmp(text(r, "decision"), "reject") != 0)
		return gh_fail(err, GH_E_MALFORMED, "a decision is approve or reject");
	if (r->who->kind != GH_PRINCIPAL_PERSON)
		return gh_fail(err, GH_E_DENIED, "only a person decides");
	if (!gh_id_none(&d.by) && gh_id_same(&d.by, &r->who->id))
		return gh_fail(err, GH_E_DENIED, "%s started this deployment: somebody else has to decide",
			       r->who->name);
	if (d.state != GH_D_QUARANTINED && (d.state != GH_D_REJECTED || !approve))
		return gh_fail(err, GH_E_DENIED, "%s/%s is %s: there is nothing to decide", d.tenant_name, d.name,
			       gh_dstate_name(d.state));
	struct clearing c = { r, &d, approve };
	rc = gh_db_tx(r->cat->db, clear_tx, &c, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "name", d.name);
	gh_jout_str(r->out, "tenant", d.tenant_name);
	gh_jout_str(r->out, "state", approve ? "stopped" : "rejected");
	gh_jout_str(r->out, "was", d.reason);
	return GH_OK;
}

static const struct gh_op_field decide_in[] = {
	{ "name", GH_IN_WORD, true, "TENANT/NAME" },
	{ "decision", GH_IN_WORD, true, "approve: its model may be deployed again; reject" },
	{ 0 },
};
const struct gh_op gh_op_deploy_decide = { .name = "deploy.decide",
					   .about = "Decide about a deployment that stands in quarantine.",
					   .in = decide_in,
					   .permission = "review.decide",
					   .scope = GH_AT_ANY,
					   .run = decide };

/* ---- watching ------------------------------------------------------------------------------------------------------------------ */
/* Asked by its supervisor, again and again, without keys. */
static enum gh_rc check(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	char why[GH_D_REASON + 1] = "";
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.read", &d, err);
	if (rc != GH_OK)
		return rc;
	const char *word = "";
	if (d.state == GH_D_STARTING || d.state == GH_D_RUNNING)
		word = gh_deploy_stands(r, &d, d.state == GH_D_RUNNING, why, err);
	*err = (struct gh_err){ 0 };
	gh_jout_str(r->out, "state", gh_dstate_name(d.state));
	gh_jout_str(r->out, "reason", d.reason);
	gh_jout_str(r->out, "word", word);
	gh_jout_str(r->out, "why", why);
	return GH_OK;
}

static const struct gh_op_field check_in[] = { { "id", GH_IN_ID, true, "the deployment" }, { 0 } };
const struct gh_op gh_op_deploy_check = { .name = "deploy.check",
					  .about = "Does what a deployment rests on still stand?",
					  .in = check_in,
					  .permission = "deploy.read",
					  .scope = GH_AT_HANDLER,
					  .asks = true,
					  .local = true,
					  .internal = true,
					  .run = check };

/* After something was changed that it rests on, by whoever changed it: the whole policy is asked, and the answer is final. */
static enum gh_rc again(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_deployment d;
	struct gh_version v;
	struct gh_gate g;
	char why[GH_D_REASON + 1] = "";
	const struct gh_jval *known = gh_jget(r->in, "known");
	enum gh_rc rc = gh_deploy_by_id(r, "deploy.read", &d, err);
	if (rc == GH_OK)
		rc = gh_version_get(r->cat->db, &d.version, &v, err);
	if (rc != GH_OK || d.state != GH_D_RUNNING)
		return rc;
	const char *word = gh_deploy_stands(r, &d, false, why, err);
	*err = (struct gh_err){ 0 };
	if (word[0] == '\0') {
		struct gh_gate_run run = { .isolation = d.isolation,
					   .cls = d.cls,
					   .kind = d.kind,
					   .measurement = d.measurement,
					   .at = d.created };
		struct gh_err none = { 0 };
		rc = gh_gate_deploy(r->cat, &v, &run, known == NULL ? (struct gh_span){ 0 } : known->text, r->arena, &g,
				    &none);
		if (rc != GH_OK || (g.decision != GH_ALLOW && g.decision != GH_WARN)) {
			word = "policy";
			(void)snprintf(why, sizeof why, "the policy says %s: %.150s", gh_decision_name(g.decision),
				       rc != GH_OK ? "it cannot be read" : g.because);
		} else if (strcmp(g.policies, d.policy) != 0) {
			GH_TRY(gh_deployment_policy(r->cat->db, &d.id, g.policies, err), err, "the deployment");
		}
	}
	rc = word[0] == '\0' ? GH_OK : gh_deploy_move(r, &d, GH_D_QUARANTINED, word, why, err);
	gh_jout_str(r->out, "state", gh_dstate_name(d.state));
	gh_jout_str(r->out, "reason", d.reason);
	return rc;
}

static const struct gh_op_field again_in[] = {
	{ "id", GH_IN_ID, true, "the deployment" },
	{ "known", GH_IN_LONG, false, "facts of its model's last scan" },
	{ 0 },
};
const struct gh_op gh_op_deploy_again = { .name = "deploy.again",
					  .about = "Ask the policy again about a running deployment.",
					  .in = again_in,
					  .permission = "deploy.read",
					  .scope = GH_AT_HANDLER,
					  .local = true,
					  .internal = true,
					  .run = again };

#include "api/deploy_rules.h"

#include "catalog/badges.h"
#include "catalog/ledger.h"
#include "catalog/shares.h"
#include "catalog/tenants.h"

#include <stdio.h>
#include <string.h>

static bool may(const struct gh_op_run *r, const struct gh_deployment *d, const char *permission)
{
	struct gh_name scope = { 0 };
	memcpy(scope.tenant, d->tenant_name, sizeof scope.tenant);
	if (strcmp(d->tenant_name, d->model.tenant) == 0)
		memcpy(scope.project, d->model.project, sizeof scope.project);
	return gh_may(r->who, permission, &scope);
}

static enum gh_rc permitted(const struct gh_op_run *r, const struct gh_deployment *d, const char *permission,
			    struct gh_err *err)
{
	if (!may(r, d, "deploy.read"))
		return gh_fail(err, GH_E_ABSENT, "there is no deployment %s", d->name);
	return may(r, d, permission) ? GH_OK
				     : gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %s", r->who->name,
					       permission, d->tenant_name);
}

enum gh_rc gh_deploy_named(struct gh_op_run *r, const char *name, const char *permission, struct gh_deployment *out,
			   struct gh_err *err)
{
	char tenant[GH_NAME_PART + 1] = "", part[GH_NAME_PART + 1];
	const char *slash = strchr(name, '/');
	enum gh_rc rc = GH_OK;
	if (slash != NULL)
		rc = gh_name_part("tenant", (struct gh_span){ (const uint8_t *)name, (size_t)(slash - name) }, tenant,
				  err);
	if (rc == GH_OK)
		rc = gh_name_part("deployment", gh_span_str(slash != NULL ? slash + 1 : name), part, err);
	if (rc == GH_OK)
		rc = gh_deployment_find(r->cat->db, tenant, part, out, err);
	return rc == GH_OK ? permitted(r, out, permission, err) : rc;
}

enum gh_rc gh_deploy_by_id(struct gh_op_run *r, const char *permission, struct gh_deployment *out, struct gh_err *err)
{
	struct gh_id id = gh_id(gh_span_str(gh_in_text(r->in, "id", "")));
	enum gh_rc rc = gh_deployment_get(r->cat->db, &id, out, err);
	return rc == GH_OK ? permitted(r, out, permission, err) : rc;
}

enum gh_rc gh_deploy_log(struct gh_op_run *r, const struct gh_deployment *d, const char *state, const char *word,
			 struct gh_err *err)
{
	struct gh_entry_value v[8];
	size_t n = 0;
	v[n++] = (struct gh_entry_value){ .name = "tenant", .text = d->tenant.s };
	v[n++] = (struct gh_entry_value){ .name = "version", .text = d->version.s };
	v[n++] = (struct gh_entry_value){ .name = "deployment", .text = d->id.s };
	v[n++] = (struct gh_entry_value){ .name = "state", .text = state };
	if (d->measurement[0] != '\0') {
		v[n++] = (struct gh_entry_value){ .name = "measurement", .text = d->measurement };
		v[n++] = (struct gh_entry_value){ .name = "evidence", .text = d->cls };
	}
	if (word != NULL && word[0] != '\0')
		v[n++] = (struct gh_entry_value){ .name = "reason", .text = word };
	if (d->attempts != 0)
		v[n++] = (struct gh_entry_value){ .name = "attempts", .number = (uint64_t)d->attempts };
	return gh_ledger_put(r->cat, "deploy", gh_principal_actor(r->who), v, n, NULL, err);
}

struct moving {
	struct gh_op_run *r;
	struct gh_deployment *d;
	enum gh_dstate to;
	const char *word, *text;
};

static enum gh_rc move_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct moving *m = arg;
	GH_TRY(gh_deployment_move(db, &m->d->id, m->d->state, m->to, m->text, m->r->now, err), err, "the deployment");
	return gh_deploy_log(m->r, m->d, gh_dstate_name(m->to), m->word, err);
}

enum gh_rc gh_deploy_move(struct gh_op_run *r, struct gh_deployment *d, enum gh_dstate to, const char *word,
			  const char *text, struct gh_err *err)
{
	gh_auto_buf safe = gh_buf(2 * (size_t)GH_D_REASON);
	char reason[GH_D_REASON + 1];
	gh_buf_safe(&safe, gh_span_str(text), GH_D_REASON - 3); /* the mark of what was cut has three bytes */
	(void)snprintf(reason, sizeof reason, "%s", gh_buf_cstr(&safe));
	struct moving m = { r, d, to, word, reason };
	enum gh_rc rc = gh_db_tx(r->cat->db, move_tx, &m, err);
	if (rc != GH_OK)
		return rc;
	d->state = to;
	memcpy(d->reason, reason, sizeof d->reason);
	return GH_OK;
}

enum gh_rc gh_deploy_fit(struct gh_op_run *r, const struct gh_version *v, struct gh_err *err)
{
	struct gh_tenant t;
	char name[GH_NAME_TEXT];
	GH_TRY(gh_tenant_active(r->cat->db, v->name.tenant, &t, err), err, "%s", gh_name_text(&v->name, name));
	if (v->state != GH_V_READY)
		return gh_fail(err, GH_E_DENIED, "%s is %s%s%s%s: only what is ready is deployed",
			       gh_name_text(&v->name, name), gh_vstate_name(v->state), v->reason[0] != '\0' ? " (" : "",
			       v->reason, v->reason[0] != '\0' ? ")" : "");
	if (strcmp(v->verdict, "UNSAFE") == 0 || strcmp(v->verdict, "INCOMPLETE") == 0)
		return gh_fail(err, GH_E_DENIED, "%s: the scan says %s: it is never deployed",
			       gh_name_text(&v->name, name), v->verdict);
	if (v->quarantine_until > r->now)
		return gh_fail(err, GH_E_DENIED, "%s is in quarantine for another %lld minutes",
			       gh_name_text(&v->name, name), (long long)((v->quarantine_until - r->now + 59) / 60));
	return GH_OK;
}

/* NULL: it stands. */
static const char *version_stands(struct gh_op_run *r, const struct gh_id *id, bool base, char text[GH_D_REASON + 1])
{
	struct gh_version v;
	struct gh_badge_row b;
	struct gh_tenant t;
	struct gh_err err = { 0 };
	const char *what = base ? "the base" : "the version";
	if (gh_version_get(r->cat->db, id, &v, &err) != GH_OK) {
		(void)snprintf(text, GH_D_REASON + 1, "%s is not known any more", what);
		return base ? "base" : "version";
	}
	if (gh_tenant_get(r->cat->db, &v.tenant, &t, &err) != GH_OK || !t.active) {
		(void)snprintf(text, GH_D_REASON + 1, "the tenant of %s was removed", what);
		return "tenant";
	}
	if (v.state != GH_V_READY) {
		(void)snprintf(text, GH_D_REASON + 1, "%s is %s now%s%.120s", what, gh_vstate_name(v.state),
			       v.reason[0] != '\0' ? ": " : "", v.reason);
		return base ? "base" : "version";
	}
	if (!gh_id_none(&v.badge) && gh_badge_get(r->cat->db, &v.badge, &b, &err) == GH_OK &&
	    (b.state == GH_BADGE_REVOKED || b.state == GH_BADGE_REJECTED)) {
		(void)snprintf(text, GH_D_REASON + 1, "the badge of %s was %s: %s", what, gh_badge_state_name(b.state),
			       b.reason);
		return "badge";
	}
	return NULL;
}

const char *gh_deploy_stands(struct gh_op_run *r, const struct gh_deployment *d, bool policy,
			     char text[GH_D_REASON + 1], struct gh_err *err)
{
	struct gh_version v;
	struct gh_tenant t;
	char now[65];
	text[0] = '\0';
	const char *why = version_stands(r, &d->version, false, text);
	if (why != NULL)
		return why;
	if (gh_tenant_get(r->cat->db, &d->tenant, &t, err) != GH_OK || !t.active) {
		(void)snprintf(text, GH_D_REASON + 1, "its tenant was removed");
		return "tenant";
	}
	if (gh_version_get(r->cat->db, &d->version, &v, err) == GH_OK && !gh_id_none(&v.base) &&
	    strcmp(v.lineage, "adapter") == 0) {
		struct gh_version base;
		why = version_stands(r, &v.base, true, text);
		if (why != NULL)
			return why;
		if (gh_version_get(r->cat->db, &v.base, &base, err) != GH_OK ||
		    gh_share_usable(r->cat->db, &base, d->tenant_name, err) != GH_OK) {
			(void)snprintf(text, GH_D_REASON + 1, "its base is not shared with the tenant any more");
			return "base";
		}
	}
	if (!policy)
		return "";
	if (gh_gate_policies(r->cat, &v.tenant, r->arena, now, err) != GH_OK) {
		(void)snprintf(text, GH_D_REASON + 1, "its policy cannot be read");
		return "policy";
	}
	if (strcmp(now, d->policy) != 0) {
		(void)snprintf(text, GH_D_REASON + 1, "its policy was changed, and the new one was not asked yet");
		return "policy";
	}
	return "";
}

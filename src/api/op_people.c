/* People: principals, their grants, API keys and signing keys. Who may change what of whom is decided in people_rules.c. */
#include "api/ops.h"
#include "api/people_rules.h"
#include "catalog/apikeys.h"
#include "catalog/ledger.h"

#include <stdio.h>

enum { DAY = 86400 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static void time_out(struct gh_jout *j, const char *key, int64_t t)
{
	char at[GH_ENTRY_TIME + 1];
	gh_jout_str(j, key, t != 0 && gh_entry_time(t, at) ? at : NULL);
}

/* ---- principal.add ------------------------------------------------------------------------------------------------------ */
struct adding {
	struct gh_op_run *r;
	enum gh_principal_kind kind;
	struct gh_id tenant; /* where it belongs; none: the platform */
	struct gh_principal p;
};

static enum gh_rc add_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct adding *a = arg;
	enum gh_rc rc = gh_principal_add(db, a->kind, text(a->r, "name"), &a->tenant, &a->r->who->id, a->r->now, &a->p,
					 err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = {
		{ .name = "principal", .text = a->p.id.s },
		{ .name = "form", .text = gh_principal_kind_name(a->kind) },
	};
	return gh_ledger_put(a->r->cat, "principal-add", gh_principal_actor(a->r->who), v, 2, NULL, err);
}

static enum gh_rc add(struct gh_op_run *r, struct gh_err *err)
{
	struct adding a = { .r = r, .kind = GH_PRINCIPAL_PERSON };
	struct gh_name scope;
	struct gh_tenant t;
	const char *kind = gh_in_text(r->in, "kind", "person");
	if (strcmp(kind, "robot") == 0)
		a.kind = GH_PRINCIPAL_ROBOT;
	else if (strcmp(kind, "person") != 0)
		return gh_fail(err, GH_E_MALFORMED, "a principal is a person or a robot, not '%.20s'", kind);
	enum gh_rc rc = gh_scope_parse(gh_span_str(gh_in_text(r->in, "scope", "platform")), &scope, err);
	if (rc == GH_OK && scope.project[0] != '\0')
		rc = gh_fail(err, GH_E_MALFORMED,
			     "a principal belongs to the platform or to a tenant; rights in a project are granted");
	if (rc == GH_OK && scope.tenant[0] != '\0') {
		rc = gh_tenant_active(r->cat->db, scope.tenant, &t, err);
		if (rc == GH_OK)
			a.tenant = t.id;
	}
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, add_tx, &a, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "id", a.p.id.s);
	gh_jout_str(r->out, "name", a.p.name);
	gh_jout_str(r->out, "kind", gh_principal_kind_name(a.p.kind));
	return GH_OK;
}

static const struct gh_op_field add_in[] = {
	{ "scope", GH_IN_SCOPE, false, "where it belongs: platform (default) or a tenant" },
	{ "name", GH_IN_WORD, true, "what it is called: [a-z0-9][a-z0-9._-]{0,62}" },
	{ "kind", GH_IN_WORD, false, "person (default) or robot" },
	{ 0 },
};
const struct gh_op gh_op_principal_add = {
	.name = "principal.add",
	.about = "Make a person or a robot known. It may nothing until a role is granted.",
	.in = add_in,
	.permission = "people.manage",
	.scope = GH_AT_FIELD,
	.run = add,
};

/* ---- principal.list ----------------------------------------------------------------------------------------------------- */
static void grants_out(struct gh_op_run *r, const struct gh_principal *p)
{
	char scope[GH_NAME_TEXT];
	gh_jout_open(r->out, "grants", '[');
	for (size_t i = 0; i < p->ngrants; i++) {
		if (!gh_may(r->who, "people.read", &p->grants[i].scope))
			continue;
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "role", p->grants[i].role);
		gh_jout_str(r->out, "scope", gh_name_text(&p->grants[i].scope, scope));
		time_out(r->out, "since", p->grants[i].created);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_principal *v;
	size_t n;
	char home[GH_NAME_TEXT];
	enum gh_rc rc = gh_principal_list(r->cat->db, r->arena, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "principals", '[');
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		struct gh_name at;
		rc = gh_people_home(r->cat->db, &v[i], &at, err);
		if (rc != GH_OK || !gh_people_visible(r->who, &v[i], &at))
			continue;
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "id", v[i].id.s);
		gh_jout_str(r->out, "name", v[i].name);
		gh_jout_str(r->out, "kind", gh_principal_kind_name(v[i].kind));
		gh_jout_str(r->out, "belongs_to", gh_name_text(&at, home));
		gh_jout_str(r->out, "state", v[i].active ? "active" : "disabled");
		time_out(r->out, "created", v[i].created);
		grants_out(r, &v[i]);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return rc;
}

const struct gh_op gh_op_principal_list = {
	.name = "principal.list",
	.about = "List principals and their roles, as far as the asker may see them.",
	.permission = "people.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = list,
};

/* ---- principal.disable -------------------------------------------------------------------------------------------------- */
struct about {
	struct gh_op_run *r;
	struct gh_principal p;
};

static enum gh_rc subject(struct gh_op_run *r, struct gh_principal *p, struct gh_err *err)
{
	return gh_people_find(r->cat->db, r->arena, r->who, text(r, "principal"), p, err);
}

static enum gh_rc disable_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct about *a = arg;
	enum gh_rc rc = gh_principal_disable(db, &a->p.id, a->r->now, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = { { .name = "principal", .text = a->p.id.s } };
	return gh_ledger_put(a->r->cat, "principal-disable", gh_principal_actor(a->r->who), v, 1, NULL, err);
}

static enum gh_rc disable(struct gh_op_run *r, struct gh_err *err)
{
	struct about a = { .r = r };
	enum gh_rc rc = gh_people_may_manage(r->cat->db, r->who, NULL, err);
	if (rc == GH_OK)
		rc = subject(r, &a.p, err);
	if (rc == GH_OK)
		rc = gh_people_may_disable(r->cat->db, r->who, &a.p, err);
	return rc == GH_OK ? gh_db_tx(r->cat->db, disable_tx, &a, err) : rc;
}

static const struct gh_op_field disable_in[] = {
	{ "principal", GH_IN_WORD, true, "its name" },
	{ 0 },
};
const struct gh_op gh_op_principal_disable = {
	.name = "principal.disable",
	.about = "Take every right from a principal and revoke its keys. What it did stays.",
	.in = disable_in,
	.permission = "people.manage",
	.scope = GH_AT_HANDLER,
	.run = disable,
};

/* ---- grant.add, grant.remove, grant.list --------------------------------------------------------------------------------- */
struct granting {
	struct gh_op_run *r;
	struct gh_principal p;
	struct gh_name scope;
	bool add;
	struct gh_grant g;
};

static enum gh_rc grant_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct granting *g = arg;
	const char *role = text(g->r, "role");
	enum gh_rc rc = g->add ? gh_grant_add(db, &g->p.id, role, &g->scope, &g->r->who->id, g->r->now, &g->g, err)
			       : gh_grant_remove(db, &g->p.id, role, &g->scope, &g->g, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = {
		{ .name = "principal", .text = g->p.id.s },
		{ .name = "role", .text = role },
		{ .name = "scope",
		  .text = g->scope.tenant[0] == '\0'	? "platform"
			  : g->scope.project[0] == '\0' ? "tenant"
							: "project" },
		{ .name = "of", .text = g->g.tenant.s },
	};
	size_t n = sizeof v / sizeof *v - gh_id_none(&g->g.tenant);
	return gh_ledger_put(g->r->cat, g->add ? "grant" : "grant-removed", gh_principal_actor(g->r->who), v, n, NULL,
			     err);
}

static enum gh_rc change_grant(struct gh_op_run *r, bool grant, struct gh_err *err)
{
	struct granting g = { .r = r, .add = grant };
	char scope[GH_NAME_TEXT];
	enum gh_rc rc = gh_scope_parse(gh_span_str(text(r, "scope")), &g.scope, err);
	if (rc == GH_OK)
		rc = subject(r, &g.p, err);
	if (rc == GH_OK)
		rc = gh_people_may_grant(r->who, &g.p, text(r, "role"), &g.scope, grant, err);
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, grant_tx, &g, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "principal", g.p.name);
	gh_jout_str(r->out, "role", text(r, "role"));
	gh_jout_str(r->out, "scope", gh_name_text(&g.scope, scope));
	return GH_OK;
}

static enum gh_rc grant_add(struct gh_op_run *r, struct gh_err *err) { return change_grant(r, true, err); }
static enum gh_rc grant_remove(struct gh_op_run *r, struct gh_err *err) { return change_grant(r, false, err); }

static const struct gh_op_field grant_in[] = {
	{ "scope", GH_IN_SCOPE, true, "platform, TENANT or TENANT/PROJECT" },
	{ "principal", GH_IN_WORD, true, "whose: its name" },
	{ "role", GH_IN_WORD, true, "which role" },
	{ 0 },
};
const struct gh_op gh_op_grant_add = {
	.name = "grant.add",
	.about = "Grant a role to a principal in a scope.",
	.in = grant_in,
	.permission = "people.manage",
	.scope = GH_AT_FIELD,
	.run = grant_add,
};
const struct gh_op gh_op_grant_remove = {
	.name = "grant.remove",
	.about = "Take a role back.",
	.in = grant_in,
	.permission = "people.manage",
	.scope = GH_AT_FIELD,
	.run = grant_remove,
};

static enum gh_rc grant_list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_principal *v;
	size_t n;
	char scope[GH_NAME_TEXT];
	const char *only = gh_in_text(r->in, "principal", NULL);
	enum gh_rc rc = gh_principal_list(r->cat->db, r->arena, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "grants", '[');
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].ngrants && (only == NULL || strcmp(only, v[i].name) == 0); k++) {
			const struct gh_grant *g = &v[i].grants[k];
			if (!gh_may(r->who, "people.read", &g->scope))
				continue;
			gh_jout_open(r->out, NULL, '{');
			gh_jout_str(r->out, "principal", v[i].name);
			gh_jout_str(r->out, "role", g->role);
			gh_jout_str(r->out, "scope", gh_name_text(&g->scope, scope));
			time_out(r->out, "since", g->created);
			gh_jout_close(r->out, '}');
		}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field grant_list_in[] = {
	{ "principal", GH_IN_WORD, false, "of this one only" },
	{ 0 },
};
const struct gh_op gh_op_grant_list = {
	.name = "grant.list",
	.about = "List grants, as far as the asker may see them.",
	.in = grant_list_in,
	.permission = "people.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = grant_list,
};

/* ---- role.list ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc roles(struct gh_op_run *r, struct gh_err *err)
{
	(void)err;
	const struct gh_people_role *role;
	gh_jout_open(r->out, "roles", '[');
	for (size_t i = 0; (role = gh_people_role_at(i)) != NULL; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "name", role->name);
		gh_jout_str(r->out, "about", role->about);
		gh_jout_bool(r->out, "grantable", role->grantable);
		gh_jout_bool(r->out, "platform_only", role->only_platform);
		gh_jout_bool(r->out, "granted_by_platform", role->by_platform);
		gh_jout_words(r->out, "permissions", role->permissions);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}
const struct gh_op gh_op_role_list = {
	.name = "role.list",
	.about = "List the roles and what each permits.",
	.permission = "model.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = roles,
};

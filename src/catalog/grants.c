/* Grants: which role whom, and where. */
#include "catalog/grants_int.h"
#include "catalog/row.h"
#include "catalog/tenants.h"

#include <stdio.h>

#define LIST \
	"SELECT g.id, g.principal, g.tenant, g.role, t.name, g.project, g.created FROM grants g" \
	" LEFT JOIN tenants t ON t.id = g.tenant "

enum gh_rc gh_grant_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal, struct gh_grant **out,
			 size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	enum gh_rc rc = principal != NULL
				? gh_db_query(db, a, &r, err, LIST "WHERE g.principal = ? ORDER BY g.created, g.id",
					      GH_DBV(gh_dbs(principal->s)))
				: gh_db_query(db, a, &r, err, LIST "ORDER BY g.principal, g.created, g.id",
					      GH_DBV_NONE);
	if (rc != GH_OK)
		return rc;
	struct gh_grant *v = GH_NEW(a, struct gh_grant, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu grants", r.n);
	for (size_t i = 0; i < r.n; i++) {
		v[i] = (struct gh_grant){
			.id = gh_row_id(&r, i, 0),
			.principal = gh_row_id(&r, i, 1),
			.tenant = gh_row_id(&r, i, 2),
			.created = gh_db_int(&r, i, 6),
		};
		GH_ROW_TEXT(v[i].role, &r, i, 3);
		GH_ROW_TEXT(v[i].scope.tenant, &r, i, 4);
		GH_ROW_TEXT(v[i].scope.project, &r, i, 5);
	}
	*out = v;
	*n = r.n;
	return GH_OK;
}

static enum gh_rc role_fits(const char *role, const struct gh_name *scope, struct gh_err *err)
{
	char text[GH_NAME_TEXT];
	const struct gh_people_role *r = gh_people_role_named(role);
	if (r == NULL || !r->grantable)
		return gh_fail(err, GH_E_MALFORMED,
			       "there is no role %.40s that can be granted ('gatehouse people roles' lists them)",
			       role);
	if (r->only_platform && scope->tenant[0] != '\0')
		return gh_fail(err, GH_E_MALFORMED, "the role %s is granted for the platform only, not in %.80s",
			       r->name, gh_name_text(scope, text));
	return GH_OK;
}

struct granting {
	const struct gh_id *principal, *by;
	const char *role;
	const struct gh_name *scope;
	int64_t now;
	struct gh_grant *out;
};

static enum gh_rc add(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct granting *g = arg;
	struct gh_principal p;
	struct gh_tenant t = { .name = "" };
	struct gh_id id;
	int64_t changed;
	char text[GH_NAME_TEXT];
	enum gh_rc rc = gh_principal_get(db, g->principal, &p, err);
	if (rc == GH_OK && g->scope->tenant[0] != '\0')
		rc = gh_tenant_active(db, g->scope->tenant, &t, err);
	if (rc == GH_OK)
		rc = gh_id_new(&id, err);
	if (rc != GH_OK)
		return rc;
	if (!p.active)
		return gh_fail(err, GH_E_DENIED, "%s is disabled", p.name);
	GH_TRY(gh_db_exec(db, &changed, err,
			  "INSERT INTO grants (id, principal, role, tenant, project, created, created_by) VALUES (?, "
			  "?, ?, ?, ?, ?, ?)"
			  " ON CONFLICT (principal, role, COALESCE(tenant, ''), project) DO NOTHING",
			  GH_DBV(gh_dbs(id.s), gh_dbs(p.id.s), gh_dbs(g->role), gh_dbid(&t.id),
				 gh_dbs(g->scope->project), gh_dbi(g->now), gh_dbid(g->by))),
	       err, "grants");
	if (changed != 1)
		return gh_fail(err, GH_E_EXISTS, "%s has the role %s in %.60s already", p.name, g->role,
			       gh_name_text(g->scope, text));
	*g->out =
		(struct gh_grant){ .id = id, .principal = p.id, .tenant = t.id, .scope = *g->scope, .created = g->now };
	(void)snprintf(g->out->role, sizeof g->out->role, "%s", g->role);
	return GH_OK;
}

enum gh_rc gh_grant_add(struct gh_db *db, const struct gh_id *principal, const char *role, const struct gh_name *scope,
			const struct gh_id *by, int64_t now, struct gh_grant *out, struct gh_err *err)
{
	struct granting g = { .principal = principal, .by = by, .role = role, .scope = scope, .now = now, .out = out };
	enum gh_rc rc = role_fits(role, scope, err);
	return rc == GH_OK ? gh_db_tx(db, add, &g, err) : rc;
}

static enum gh_rc take(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct granting *g = arg;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_grant *v;
	struct gh_principal p;
	size_t n, i = 0;
	char text[GH_NAME_TEXT];
	enum gh_rc rc = gh_principal_get(db, g->principal, &p, err);
	if (rc == GH_OK)
		rc = gh_grant_list(db, &a, g->principal, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	while (i < n && (strcmp(v[i].role, g->role) != 0 || strcmp(v[i].scope.tenant, g->scope->tenant) != 0 ||
			 strcmp(v[i].scope.project, g->scope->project) != 0))
		i++;
	if (i == n)
		return gh_fail(err, GH_E_ABSENT, "%s has no role %.24s in %.60s", p.name, g->role,
			       gh_name_text(g->scope, text));
	*g->out = v[i];
	GH_TRY(gh_db_exec(db, NULL, err, "DELETE FROM grants WHERE id = ?", GH_DBV(gh_dbs(v[i].id.s))), err, "grants");
	return strcmp(g->role, "platform-admin") == 0 && p.active && p.kind == GH_PRINCIPAL_PERSON
		       ? gh_people_managed(db, err)
		       : GH_OK;
}

enum gh_rc gh_grant_remove(struct gh_db *db, const struct gh_id *principal, const char *role,
			   const struct gh_name *scope, struct gh_grant *out, struct gh_err *err)
{
	struct granting g = { .principal = principal, .role = role, .scope = scope, .out = out };
	return gh_db_tx(db, take, &g, err);
}

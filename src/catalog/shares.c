#include "catalog/shares.h"

#include "catalog/row.h"
#include "catalog/tenants.h"

struct sharing {
	const struct gh_version *v;
	const char *tenant;
	const struct gh_id *by;
	int64_t now;
	struct gh_share *out;
};

static enum gh_rc add(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct sharing *s = arg;
	struct gh_tenant t;
	struct gh_version now; /* as it is inside this transaction */
	int64_t changed;
	enum gh_rc rc = gh_tenant_active(db, s->tenant, &t, err);
	if (rc == GH_OK)
		rc = gh_version_get(db, &s->v->id, &now, err);
	if (rc != GH_OK)
		return rc;
	if (gh_id_same(&t.id, &now.tenant))
		return gh_fail(err, GH_E_EXISTS, "the model is %s's own", t.name);
	if (now.state != GH_V_READY)
		return gh_fail(err, GH_E_DENIED, "a version that is %s is not shared", gh_vstate_name(now.state));
	GH_TRY(gh_db_exec(
		       db, &changed, err,
		       "INSERT INTO shares (version, tenant, created, created_by) VALUES (?, ?, ?, ?)"
		       " ON CONFLICT (version, tenant) DO NOTHING",
		       GH_DBV(gh_dbs(now.id.s), gh_dbs(t.id.s), gh_dbi(s->now), gh_dbs(s->by == NULL ? "" : s->by->s))),
	       err, "shares");
	if (changed != 1)
		return gh_fail(err, GH_E_EXISTS, "it is shared with %s already", t.name);
	*s->out = (struct gh_share){ .version = now.id, .tenant = t.id, .model = now.name, .created = s->now };
	memcpy(s->out->with, t.name, sizeof s->out->with);
	return GH_OK;
}

enum gh_rc gh_share_add(struct gh_db *db, const struct gh_version *v, const char *tenant, const struct gh_id *by,
			int64_t now, struct gh_share *out, struct gh_err *err)
{
	struct sharing s = { v, tenant, by, now, out };
	return gh_db_tx(db, add, &s, err);
}

enum gh_rc gh_share_remove(struct gh_db *db, const struct gh_version *v, const char *tenant, struct gh_share *out,
			   struct gh_err *err)
{
	struct gh_tenant t;
	int64_t changed;
	enum gh_rc rc = gh_tenant_find(db, tenant, &t, err);
	if (rc != GH_OK)
		return rc;
	GH_TRY(gh_db_exec(db, &changed, err, "DELETE FROM shares WHERE version = ? AND tenant = ?",
			  GH_DBV(gh_dbs(v->id.s), gh_dbs(t.id.s))),
	       err, "shares");
	if (changed != 1)
		return gh_fail(err, GH_E_ABSENT, "it is not shared with %s", t.name);
	*out = (struct gh_share){ .version = v->id, .tenant = t.id, .model = v->name };
	memcpy(out->with, t.name, sizeof out->with);
	return GH_OK;
}

enum gh_rc gh_share_list(struct gh_db *db, struct gh_arena *a, struct gh_share **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err,
			   "SELECT s.version, s.tenant, s.created, s.created_by, o.name, m.project, m.name, v.version, "
			   "w.name FROM shares s"
			   " JOIN versions v ON v.id = s.version JOIN models m ON m.id = v.model JOIN tenants o ON "
			   "o.id = m.tenant"
			   " JOIN tenants w ON w.id = s.tenant ORDER BY o.name, m.project, m.name, v.version, w.name",
			   GH_DBV_NONE),
	       err, "shares");
	struct gh_share *v = GH_NEW(a, struct gh_share, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu shares", r.n);
	for (size_t i = 0; i < r.n; i++) {
		v[i] = (struct gh_share){ .version = gh_row_id(&r, i, 0),
					  .tenant = gh_row_id(&r, i, 1),
					  .created = gh_db_int(&r, i, 2),
					  .by = gh_row_id(&r, i, 3) };
		GH_ROW_TEXT(v[i].model.tenant, &r, i, 4);
		GH_ROW_TEXT(v[i].model.project, &r, i, 5);
		GH_ROW_TEXT(v[i].model.name, &r, i, 6);
		GH_ROW_TEXT(v[i].model.version, &r, i, 7);
		GH_ROW_TEXT(v[i].with, &r, i, 8);
	}
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_share_usable(struct gh_db *db, const struct gh_version *v, const char *tenant, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	char name[GH_NAME_TEXT];
	if (strcmp(v->name.tenant, tenant) == 0)
		return GH_OK;
	GH_TRY(gh_db_query(db, &a, &r, err,
			   "SELECT count(*) FROM shares s JOIN tenants t ON t.id = s.tenant JOIN versions v ON v.id = "
			   "s.version"
			   " WHERE s.version = ? AND t.name = ? AND v.state = 'ready'",
			   GH_DBV(gh_dbs(v->id.s), gh_dbs(tenant))),
	       err, "shares");
	return gh_db_int(&r, 0, 0) == 1 ? GH_OK
					: gh_fail(err, GH_E_ABSENT, "there is no %.140s", gh_name_text(&v->name, name));
}

bool gh_share_names(struct gh_db *db, const struct gh_version *derived, const struct gh_version *base)
{
	struct gh_err none = { 0 };
	return gh_id_same(&derived->base, &base->id) || gh_id_same(&derived->tenant, &base->tenant) ||
	       gh_share_usable(db, base, derived->name.tenant, &none) == GH_OK;
}

bool gh_share_lets(struct gh_db *db, const struct gh_principal *who, const char *permission,
		   const struct gh_name *version, struct gh_id *as)
{
	static const char *const given[] = { "model.read", "policy.read", "model.export" };
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	struct gh_err none = { 0 };
	bool any = false;
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		any = any || strcmp(permission, given[i]) == 0;
	if (!any || version->version[0] == '\0' || !gh_may_somewhere(who, permission) ||
	    gh_db_query(db, &a, &r, &none,
			"SELECT w.id, w.name FROM shares s JOIN versions v ON v.id = s.version JOIN models m ON m.id = "
			"v.model"
			" JOIN tenants o ON o.id = m.tenant JOIN tenants w ON w.id = s.tenant"
			" WHERE o.name = ? AND m.project = ? AND m.name = ? AND v.version = ? AND v.state = 'ready'"
			" AND w.state = 'active' ORDER BY w.name",
			GH_DBV(gh_dbs(version->tenant), gh_dbs(version->project), gh_dbs(version->name),
			       gh_dbs(version->version))) != GH_OK)
		return false;
	for (size_t i = 0; i < r.n; i++) {
		struct gh_name scope = { 0 };
		GH_ROW_TEXT(scope.tenant, &r, i, 1);
		if (!gh_may(who, permission, &scope))
			continue;
		if (as != NULL)
			*as = gh_row_id(&r, i, 0);
		return true;
	}
	return false;
}

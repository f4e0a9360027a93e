/* Tenants. */
#include "catalog/tenants.h"
#include "catalog/row.h"

#define COLUMNS "id, name, state, created, created_by, removed"

static void tenant_of(const struct gh_db_rows *r, size_t i, struct gh_tenant *t)
{
	*t = (struct gh_tenant){
		.id = gh_row_id(r, i, 0),
		.active = gh_span_is(gh_db_span(r, i, 2), "active"),
		.created = gh_db_int(r, i, 3),
		.created_by = gh_row_id(r, i, 4),
		.removed = gh_db_int(r, i, 5),
	};
	GH_ROW_TEXT(t->name, r, i, 1);
}

enum gh_rc gh_tenant_add(struct gh_db *db, const struct gh_id *id, const char *name, const struct gh_id *by,
			 int64_t now, struct gh_err *err)
{
	char part[GH_NAME_PART + 1];
	int64_t changed;
	enum gh_rc rc = gh_name_part("tenant", gh_span_str(name), part, err);
	if (rc != GH_OK)
		return rc;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "INSERT INTO tenants (id, name, state, created, created_by) VALUES (?, ?, 'active', ?, ?)"
			  " ON CONFLICT (name) DO NOTHING",
			  GH_DBV(gh_dbs(id->s), gh_dbs(part), gh_dbi(now), gh_dbid(by))),
	       err, "tenant %s", part);
	if (changed == 1)
		return GH_OK;
	struct gh_tenant there;
	rc = gh_tenant_find(db, part, &there, err);
	if (rc != GH_OK)
		return rc;
	return gh_fail(err, GH_E_EXISTS,
		       there.active ? "there is a tenant %s already"
				    : "there was a tenant %s: the name of a removed one is not used again",
		       part);
}

static enum gh_rc one(struct gh_db *db, const char *sql, const char *what, struct gh_tenant *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, sql, GH_DBV(gh_dbs(what))), err, "tenants");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no tenant %.63s", what);
	tenant_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_tenant_find(struct gh_db *db, const char *name, struct gh_tenant *out, struct gh_err *err)
{
	return one(db, "SELECT " COLUMNS " FROM tenants WHERE name = ?", name, out, err);
}

enum gh_rc gh_tenant_get(struct gh_db *db, const struct gh_id *id, struct gh_tenant *out, struct gh_err *err)
{
	return one(db, "SELECT " COLUMNS " FROM tenants WHERE id = ?", id->s, out, err);
}

enum gh_rc gh_tenant_active(struct gh_db *db, const char *name, struct gh_tenant *out, struct gh_err *err)
{
	enum gh_rc rc = gh_tenant_find(db, name, out, err);
	if (rc == GH_OK && !out->active)
		rc = gh_fail(err, GH_E_DENIED, "the tenant %s was removed: its keys are destroyed", out->name);
	return rc;
}

enum gh_rc gh_tenant_list(struct gh_db *db, struct gh_arena *a, bool removed, struct gh_tenant **out, size_t *n,
			  struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	const char *sql = removed ? "SELECT " COLUMNS " FROM tenants ORDER BY name"
				  : "SELECT " COLUMNS " FROM tenants WHERE state = 'active' ORDER BY name";
	GH_TRY(gh_db_query(db, a, &r, err, sql, GH_DBV_NONE), err, "tenants");
	struct gh_tenant *v = GH_NEW(a, struct gh_tenant, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu tenants", r.n);
	for (size_t i = 0; i < r.n; i++)
		tenant_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

/* ---- removing ---- */
#define MODELS "SELECT id FROM models WHERE tenant = ?"
#define VERSIONS "SELECT v.id FROM versions v JOIN models m ON m.id = v.model WHERE m.tenant = ?"

/* What ends with a tenant, in this order. `now`: the statement takes the time first. at: where it is counted. */
static const struct {
	const char *what, *sql;
	bool now;
	size_t at;
} ends[] = {
	{ "badges",
	  "UPDATE badges SET state = 'revoked', reason = 'tenant-removed', changed = ?"
	  " WHERE state IN ('issued', 'review-pending') AND version IN (" VERSIONS ")",
	  true, offsetof(struct gh_tenant_left, badges) },
	{ "reviews",
	  "UPDATE reviews SET state = 'void', reason = 'tenant-removed', closed = ? WHERE state = 'open' AND version "
	  "IN (" VERSIONS ")",
	  true, SIZE_MAX },
	{ "blobs of versions", "DELETE FROM version_blobs WHERE version IN (" VERSIONS ")", false, SIZE_MAX },
	{ "reports", "UPDATE reports SET blob = NULL WHERE version IN (" VERSIONS ")", false, SIZE_MAX },
	{ "badge files", "UPDATE badges SET blob = NULL WHERE version IN (" VERSIONS ")", false, SIZE_MAX },
	{ "comments",
	  "UPDATE review_events SET comment = NULL WHERE review IN (SELECT r.id FROM reviews r WHERE r.version IN "
	  "(" VERSIONS "))",
	  false, SIZE_MAX },
	{ "evidence", "UPDATE evidence SET blob = NULL WHERE version IN (" VERSIONS ")", false, SIZE_MAX },
	{ "policies", "UPDATE policies SET blob = NULL, state = 'past' WHERE tenant = ?", false, SIZE_MAX },
	{ "shares of its models", "DELETE FROM shares WHERE version IN (" VERSIONS ")", false, SIZE_MAX },
	{ "shares with it", "DELETE FROM shares WHERE tenant = ?", false, SIZE_MAX },
	{ "versions",
	  "UPDATE versions SET state = 'deleted', reason = 'tenant-removed', manifest = NULL, card = NULL"
	  " WHERE state <> 'deleted' AND model IN (" MODELS ")",
	  false, offsetof(struct gh_tenant_left, versions) },
	{ "grants", "DELETE FROM grants WHERE tenant = ?", false, offsetof(struct gh_tenant_left, grants) },
	{ "API keys",
	  "UPDATE api_keys SET revoked = ? WHERE revoked IS NULL AND principal IN (SELECT id FROM principals WHERE "
	  "tenant = ?)",
	  true, SIZE_MAX },
	{ "signing keys",
	  "UPDATE principal_keys SET revoked = ?"
	  " WHERE revoked IS NULL AND principal IN (SELECT id FROM principals WHERE tenant = ?)",
	  true, SIZE_MAX },
	{ "principals", "UPDATE principals SET state = 'disabled', disabled = ? WHERE state = 'active' AND tenant = ?",
	  true, offsetof(struct gh_tenant_left, principals) },
	{ "the tenant", "UPDATE tenants SET state = 'removed', removed = ? WHERE state = 'active' AND id = ?", true,
	  SIZE_MAX },
};

struct removing {
	const struct gh_id *id;
	int64_t now;
	struct gh_tenant_left left;
};

static enum gh_rc count(struct gh_db *db, const char *sql, struct gh_dbvs args, int64_t *n, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	enum gh_rc rc = gh_db_query(db, &a, &r, err, sql, args);
	*n = rc == GH_OK ? gh_db_int(&r, 0, 0) : 0;
	return rc;
}

static enum gh_rc take_away(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct removing *m = arg;
	struct gh_tenant t;
	int64_t importing;
	m->left = (struct gh_tenant_left){ 0 };
	enum gh_rc rc = gh_tenant_get(db, m->id, &t, err);
	if (rc != GH_OK || !t.active)
		return rc;
	GH_TRY(count(db,
		     "SELECT count(*) FROM versions v JOIN models m ON m.id = v.model"
		     " WHERE v.state = 'importing' AND m.tenant = ? AND v.lease_until >= ?",
		     GH_DBV(gh_dbs(m->id->s), gh_dbi(m->now)), &importing, err),
	       err, "imports");
	if (importing != 0)
		return gh_fail(err, GH_E_EXISTS, "into the tenant %s is being imported: wait until that is over",
			       t.name);
	GH_TRY(count(db, "SELECT count(*) FROM blobs WHERE tenant = ?", GH_DBV(gh_dbs(m->id->s)), &m->left.blobs, err),
	       err, "blobs");
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		int64_t changed;
		struct gh_dbvs with_time = GH_DBV(gh_dbi(m->now), gh_dbs(m->id->s));
		struct gh_dbvs without = { with_time.v + 1, 1 };
		GH_TRY(gh_db_exec(db, &changed, err, ends[i].sql, ends[i].now ? with_time : without), err,
		       "%s of the tenant %s", ends[i].what, t.name);
		if (ends[i].at != SIZE_MAX)
			memcpy((char *)&m->left + ends[i].at, &changed, sizeof changed);
	}
	return GH_OK;
}

enum gh_rc gh_tenant_remove(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_tenant_left *left,
			    struct gh_err *err)
{
	struct removing m = { .id = id, .now = now };
	enum gh_rc rc = gh_db_tx(db, take_away, &m, err);
	if (left != NULL)
		*left = m.left;
	return rc;
}

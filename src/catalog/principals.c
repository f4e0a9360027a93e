/* Principals and their signing keys, and what they may do. */
#include "catalog/principals.h"
#include "catalog/grants_int.h"
#include "catalog/row.h"

#include <stdio.h>

static const char *const kinds[] = {
	[GH_PRINCIPAL_LOCAL] = "local",
	[GH_PRINCIPAL_PERSON] = "person",
	[GH_PRINCIPAL_ROBOT] = "robot",
};
const char *gh_principal_kind_name(enum gh_principal_kind k) { return kinds[k]; }

struct gh_principal gh_principal_local(void)
{
	return (struct gh_principal){ .kind = GH_PRINCIPAL_LOCAL, .name = "local", .active = true };
}

const char *gh_principal_actor(const struct gh_principal *p)
{
	return p->kind == GH_PRINCIPAL_LOCAL ? "local" : p->id.s;
}

/* ---- may they? ---- */
static bool covers(const struct gh_name *granted, const struct gh_name *asked)
{
	if (granted->tenant[0] == '\0')
		return true;
	if (strcmp(granted->tenant, asked->tenant) != 0)
		return false;
	return granted->project[0] == '\0' || strcmp(granted->project, asked->project) == 0;
}

/* scope NULL: anywhere. */
static const char *granting(const struct gh_principal *p, const char *permission, const struct gh_name *scope)
{
	const struct gh_people_role *r;
	if (!p->active || gh_permission_named(permission) == NULL)
		return NULL;
	for (size_t k = 0; (r = gh_people_role_at(k)) != NULL; k++) {
		if (!gh_people_role_permits(r, permission))
			continue;
		if (p->kind == GH_PRINCIPAL_LOCAL && !r->grantable)
			return r->name;
		if (p->kind == GH_PRINCIPAL_LOCAL || !r->grantable)
			continue;
		for (size_t i = 0; i < p->ngrants; i++)
			if (strcmp(p->grants[i].role, r->name) == 0 &&
			    (scope == NULL || covers(&p->grants[i].scope, scope)))
				return r->name;
	}
	return NULL;
}

const char *gh_may_by_role(const struct gh_principal *p, const char *permission, const struct gh_name *scope)
{
	static const struct gh_name platform = { .tenant = "" };
	return granting(p, permission, scope == NULL ? &platform : scope);
}
bool gh_may(const struct gh_principal *p, const char *permission, const struct gh_name *scope)
{
	return gh_may_by_role(p, permission, scope) != NULL;
}
bool gh_may_somewhere(const struct gh_principal *p, const char *permission)
{
	return granting(p, permission, NULL) != NULL;
}

/* ---- rows ---- */
#define COLUMNS "id, kind, name, tenant, state, created, disabled"

static void principal_of(const struct gh_db_rows *r, size_t i, struct gh_principal *p)
{
	*p = (struct gh_principal){
		.id = gh_row_id(r, i, 0),
		.kind = gh_span_is(gh_db_span(r, i, 1), "person") ? GH_PRINCIPAL_PERSON : GH_PRINCIPAL_ROBOT,
		.tenant = gh_row_id(r, i, 3),
		.active = gh_span_is(gh_db_span(r, i, 4), "active"),
		.created = gh_db_int(r, i, 5),
		.disabled = gh_db_int(r, i, 6),
	};
	GH_ROW_TEXT(p->name, r, i, 2);
}

enum gh_rc gh_principal_unknown(const char *name, struct gh_err *err)
{
	return gh_fail(err, GH_E_ABSENT, "there is no principal %.63s", name);
}

static enum gh_rc one(struct gh_db *db, const char *sql, const char *what, struct gh_principal *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, sql, GH_DBV(gh_dbs(what))), err, "principals");
	if (r.n != 1)
		return gh_principal_unknown(what, err);
	principal_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_principal_find(struct gh_db *db, const char *name, struct gh_principal *out, struct gh_err *err)
{
	return one(db, "SELECT " COLUMNS " FROM principals WHERE name = ?", name, out, err);
}

enum gh_rc gh_principal_get(struct gh_db *db, const struct gh_id *id, struct gh_principal *out, struct gh_err *err)
{
	return one(db, "SELECT " COLUMNS " FROM principals WHERE id = ?", id->s, out, err);
}

enum gh_rc gh_principal_load(struct gh_db *db, struct gh_arena *a, const struct gh_id *id, struct gh_principal *out,
			     struct gh_err *err)
{
	struct gh_grant *grants;
	size_t n;
	enum gh_rc rc = gh_principal_get(db, id, out, err);
	if (rc == GH_OK)
		rc = gh_grant_list(db, a, id, &grants, &n, err);
	if (rc == GH_OK) {
		out->grants = grants;
		out->ngrants = n;
	}
	return rc;
}

enum gh_rc gh_principal_list(struct gh_db *db, struct gh_arena *a, struct gh_principal **out, size_t *n,
			     struct gh_err *err)
{
	struct gh_db_rows r;
	struct gh_grant *g;
	size_t ng;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, "SELECT " COLUMNS " FROM principals ORDER BY id", GH_DBV_NONE), err,
	       "principals");
	GH_TRY(gh_grant_list(db, a, NULL, &g, &ng, err), err, "principals"); /* in the order of principals, too */
	struct gh_principal *v = GH_NEW(a, struct gh_principal, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu principals", r.n);
	size_t k = 0;
	for (size_t i = 0; i < r.n; i++) {
		principal_of(&r, i, &v[i]);
		while (k < ng && strcmp(g[k].principal.s, v[i].id.s) < 0)
			k++;
		v[i].grants = g + k;
		while (k < ng && gh_id_same(&g[k].principal, &v[i].id)) {
			v[i].ngrants++;
			k++;
		}
	}
	/* By name, for people: few enough for the simplest way. */
	for (size_t i = 1; i < r.n; i++)
		for (size_t j = i; j > 0 && strcmp(v[j - 1].name, v[j].name) > 0; j--) {
			struct gh_principal t = v[j];
			v[j] = v[j - 1];
			v[j - 1] = t;
		}
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_principal_add(struct gh_db *db, enum gh_principal_kind kind, const char *name, const struct gh_id *tenant,
			    const struct gh_id *by, int64_t now, struct gh_principal *out, struct gh_err *err)
{
	struct gh_id id;
	char part[GH_NAME_PART + 1];
	int64_t changed;
	if (kind == GH_PRINCIPAL_LOCAL)
		return gh_fail(err, GH_E_BUG, "'local' is not made");
	enum gh_rc rc = gh_name_part("principal", gh_span_str(name), part, err);
	if (rc == GH_OK)
		rc = gh_id_new(&id, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_db_exec(
		db, &changed, err,
		"INSERT INTO principals (id, kind, name, tenant, state, created, created_by) VALUES (?, ?, ?, ?, "
		"'active', ?, ?)"
		" ON CONFLICT (name) DO NOTHING",
		GH_DBV(gh_dbs(id.s), gh_dbs(kinds[kind]), gh_dbs(part), gh_dbid(tenant), gh_dbi(now), gh_dbid(by)));
	if (rc == GH_E_DENIED)
		return gh_fail(err, GH_E_ABSENT, "there is no such tenant");
	if (rc != GH_OK)
		return rc;
	if (changed != 1)
		return gh_fail(err, GH_E_EXISTS, "there is a principal %s already", part);
	return gh_principal_get(db, &id, out, err);
}

/* ---- disabling ---- */
/* Somebody must stay who can let people in: counted after the change, inside its transaction. */
enum gh_rc gh_people_managed(struct gh_db *db, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err,
			   "SELECT count(*) FROM grants g JOIN principals p ON p.id = g.principal"
			   " WHERE g.role = 'platform-admin' AND g.tenant IS NULL AND p.state = 'active' AND p.kind = "
			   "'person'",
			   GH_DBV_NONE),
	       err, "grants");
	return gh_db_int(&r, 0, 0) > 0
		       ? GH_OK
		       : gh_fail(err, GH_E_DENIED, "that is the last platform-admin: make another person one first");
}

struct disabling {
	const struct gh_id *id;
	int64_t now;
};

static enum gh_rc disable(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct disabling *d = arg;
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_principal p;
	enum gh_rc rc = gh_principal_load(db, &a, d->id, &p, err);
	if (rc != GH_OK)
		return rc;
	if (!p.active)
		return gh_fail(err, GH_E_EXISTS, "%s is disabled already", p.name);
	static const char *const sql[] = {
		"UPDATE principals SET state = 'disabled', disabled = ? WHERE id = ?",
		"UPDATE api_keys SET revoked = ? WHERE revoked IS NULL AND principal = ?",
		"UPDATE principal_keys SET revoked = ? WHERE revoked IS NULL AND principal = ?",
	};
	for (size_t i = 0; i < sizeof sql / sizeof sql[0]; i++)
		GH_TRY(gh_db_exec(db, NULL, err, sql[i], GH_DBV(gh_dbi(d->now), gh_dbs(d->id->s))), err, "principals");
	return p.kind == GH_PRINCIPAL_PERSON && gh_may(&p, "people.manage", NULL) ? gh_people_managed(db, err) : GH_OK;
}

enum gh_rc gh_principal_disable(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_err *err)
{
	struct disabling d = { id, now };
	return gh_db_tx(db, disable, &d, err);
}

/* ---- signing keys ---- */
#define KEYS "SELECT id, principal, alg, spki, fingerprint, created, revoked FROM principal_keys "

static void key_of(const struct gh_db_rows *r, size_t i, struct gh_principal_key *k)
{
	*k = (struct gh_principal_key){
		.id = gh_row_id(r, i, 0),
		.principal = gh_row_id(r, i, 1),
		.spki = gh_db_span(r, i, 3),
		.created = gh_db_int(r, i, 5),
		.revoked = gh_db_int(r, i, 6),
	};
	GH_ROW_TEXT(k->alg, r, i, 2);
	GH_ROW_TEXT(k->fingerprint, r, i, 4);
}

enum gh_rc gh_principal_key_add(struct gh_db *db, const struct gh_principal_key *k, struct gh_err *err)
{
	struct gh_principal p;
	int64_t changed;
	enum gh_rc rc = gh_principal_get(db, &k->principal, &p, err);
	if (rc != GH_OK)
		return rc;
	if (p.kind != GH_PRINCIPAL_PERSON || !p.active)
		return gh_fail(err, GH_E_DENIED, "%s is %s: a signing key is a person's", p.name,
			       p.active ? "no person" : "disabled");
	GH_TRY(gh_db_exec(db, &changed, err,
			  "INSERT INTO principal_keys (id, principal, alg, spki, fingerprint, created) VALUES (?, ?, "
			  "?, ?, ?, ?)"
			  " ON CONFLICT (fingerprint) DO NOTHING",
			  GH_DBV(gh_dbs(k->id.s), gh_dbs(k->principal.s), gh_dbs(k->alg), gh_dbb(k->spki),
				 gh_dbs(k->fingerprint), gh_dbi(k->created))),
	       err, "signing keys");
	return changed == 1 ? GH_OK : gh_fail(err, GH_E_EXISTS, "the key %.16s… is registered already", k->fingerprint);
}

enum gh_rc gh_principal_keys(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal,
			     struct gh_principal_key **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, KEYS "WHERE principal = ? ORDER BY created, id",
			   GH_DBV(gh_dbs(principal->s))),
	       err, "signing keys");
	struct gh_principal_key *v = GH_NEW(a, struct gh_principal_key, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu keys", r.n);
	for (size_t i = 0; i < r.n; i++)
		key_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_principal_key_get(struct gh_db *db, struct gh_arena *a, const struct gh_id *id,
				struct gh_principal_key *out, struct gh_err *err)
{
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, a, &r, err, KEYS "WHERE id = ?", GH_DBV(gh_dbs(id->s))), err, "signing keys");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no signing key %s", id->s);
	key_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_principal_key_revoke(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE principal_keys SET revoked = ? WHERE id = ? AND revoked IS NULL",
			  GH_DBV(gh_dbi(now), gh_dbs(id->s))),
	       err, "signing keys");
	return changed == 1 ? GH_OK : gh_fail(err, GH_E_ABSENT, "there is no signing key %s that is in use", id->s);
}

/* Rows of deployments and their states. */
#include "catalog/deployments.h"
#include "catalog/row.h"

#include <stdio.h>

#define TO(s) (1u << GH_D_##s)
static const struct {
	const char *name;
	unsigned may;
	bool live;
} states[GH_D_STATES] = {
	[GH_D_STARTING] = { "starting", TO(RUNNING) | TO(FAILED) | TO(STOPPED) | TO(REFUSED) | TO(QUARANTINED), true },
	[GH_D_RUNNING] = { "running", TO(FAILED) | TO(STOPPED) | TO(QUARANTINED), true },
	[GH_D_FAILED] = { "failed", TO(STARTING) | TO(STOPPED) | TO(QUARANTINED), true },
	[GH_D_STOPPED] = { "stopped", 0, false },
	[GH_D_REFUSED] = { "refused", 0, false },
	[GH_D_QUARANTINED] = { "quarantined", TO(STOPPED) | TO(REJECTED), true },
	[GH_D_REJECTED] = { "rejected", TO(STOPPED), true },
};

const char *gh_dstate_name(enum gh_dstate s) { return s < GH_D_STATES ? states[s].name : "?"; }

enum gh_dstate gh_dstate_named(const char *name)
{
	enum gh_dstate s = GH_D_STARTING;
	while (s < GH_D_STATES && strcmp(states[s].name, name) != 0)
		s++;
	return s;
}

bool gh_dstate_may(enum gh_dstate from, enum gh_dstate to)
{
	return from < GH_D_STATES && to < GH_D_STATES && (states[from].may >> to & 1) != 0;
}

bool gh_dstate_live(enum gh_dstate s) { return s < GH_D_STATES && states[s].live; }

#define COLUMNS \
	"id, tenant, name, version, state, reason, engine, isolation, least, class, kind, measurement, policy, " \
	"restart, restarts, tolerated, attempts, created, created_by, changed, cleared_by, engine_dir"
#define SELECT \
	"SELECT d.id, d.tenant, d.name, d.version, d.state, d.reason, d.engine, d.isolation, d.least, d.class, " \
	"d.kind, d.measurement, d.policy, d.restart, d.restarts, d.tolerated, d.attempts, d.created, d.created_by, " \
	"d.changed, d.cleared_by, d.engine_dir, t.name, o.name, m.project, m.name, v.version FROM deployments d " \
	"JOIN tenants t ON t.id = d.tenant JOIN versions v ON v.id = d.version JOIN models m ON m.id = v.model " \
	"JOIN tenants o ON o.id = m.tenant "
#define LIVE "('starting', 'running', 'failed', 'quarantined', 'rejected')"

static void row_of(const struct gh_db_rows *r, size_t i, struct gh_deployment *d)
{
	*d = (struct gh_deployment){
		.id = gh_row_id(r, i, 0),
		.tenant = gh_row_id(r, i, 1),
		.version = gh_row_id(r, i, 3),
		.state = gh_dstate_named(gh_db_text(r, i, 4)),
		.restarts = gh_db_int(r, i, 14),
		.tolerated = gh_db_int(r, i, 15),
		.attempts = gh_db_int(r, i, 16),
		.created = gh_db_int(r, i, 17),
		.by = gh_row_id(r, i, 18),
		.changed = gh_db_int(r, i, 19),
	};
	GH_ROW_TEXT(d->name, r, i, 2);
	GH_ROW_TEXT(d->reason, r, i, 5);
	GH_ROW_TEXT(d->engine, r, i, 6);
	GH_ROW_TEXT(d->isolation, r, i, 7);
	GH_ROW_TEXT(d->least, r, i, 8);
	GH_ROW_TEXT(d->cls, r, i, 9);
	GH_ROW_TEXT(d->kind, r, i, 10);
	GH_ROW_TEXT(d->measurement, r, i, 11);
	GH_ROW_TEXT(d->policy, r, i, 12);
	GH_ROW_TEXT(d->restart, r, i, 13);
	GH_ROW_TEXT(d->cleared_by, r, i, 20);
	GH_ROW_TEXT(d->engine_dir, r, i, 21);
	GH_ROW_TEXT(d->tenant_name, r, i, 22);
	GH_ROW_TEXT(d->model.tenant, r, i, 23);
	GH_ROW_TEXT(d->model.project, r, i, 24);
	GH_ROW_TEXT(d->model.name, r, i, 25);
	GH_ROW_TEXT(d->model.version, r, i, 26);
}

static enum gh_rc one(struct gh_db *db, const char *sql, struct gh_dbvs args, struct gh_deployment *out, size_t *n,
		      struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, sql, args), err, "deployments");
	*n = r.n;
	if (r.n > 0)
		row_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_deployment_get(struct gh_db *db, const struct gh_id *id, struct gh_deployment *out, struct gh_err *err)
{
	size_t n;
	enum gh_rc rc = one(db, SELECT "WHERE d.id = ?", GH_DBV(gh_dbs(id->s)), out, &n, err);
	return rc != GH_OK || n == 1 ? rc : gh_fail(err, GH_E_ABSENT, "there is no deployment %.12s", id->s);
}

enum gh_rc gh_deployment_find(struct gh_db *db, const char *tenant, const char *name, struct gh_deployment *out,
			      struct gh_err *err)
{
	size_t n = 0;
	enum gh_rc rc;
	if (tenant[0] != '\0')
		rc = one(db,
			 SELECT "WHERE t.name = ? AND d.name = ? ORDER BY CASE WHEN d.state IN " LIVE
				" THEN 0 ELSE 1 END, d.changed DESC, d.id LIMIT 1",
			 GH_DBV(gh_dbs(tenant), gh_dbs(name)), out, &n, err);
	else
		rc = one(db,
			 SELECT "WHERE d.name = ? ORDER BY CASE WHEN d.state IN " LIVE
				" THEN 0 ELSE 1 END, d.changed DESC, d.id LIMIT 1",
			 GH_DBV(gh_dbs(name)), out, &n, err);
	if (rc == GH_OK && n == 0)
		return gh_fail(err, GH_E_ABSENT, "there is no deployment %s%s%s", tenant, tenant[0] != '\0' ? "/" : "",
			       name);
	if (rc != GH_OK || tenant[0] != '\0')
		return rc;
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT COUNT(DISTINCT tenant) FROM deployments WHERE name = ?",
			   GH_DBV(gh_dbs(name))),
	       err, "deployments");
	return gh_db_int(&r, 0, 0) == 1 ? GH_OK
					: gh_fail(err, GH_E_MALFORMED,
						  "several tenants have a deployment %s: say TENANT/%s", name, name);
}

enum gh_rc gh_deployment_list(struct gh_db *db, struct gh_arena *a, const struct gh_deployment_filter *f,
			      struct gh_deployment **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err,
			   SELECT
			   "WHERE (? = '' OR d.tenant = ?) AND (? = '' OR d.version = ?) AND (? = 1 OR d.state IN " LIVE
			   ") ORDER BY d.created DESC, d.id LIMIT ?",
			   GH_DBV(gh_dbs(f->tenant.s), gh_dbs(f->tenant.s), gh_dbs(f->version.s), gh_dbs(f->version.s),
				  gh_dbi(f->over), gh_dbi(f->limit != 0 ? (int64_t)f->limit : GH_ROW_LIST))),
	       err, "deployments");
	struct gh_deployment *v = GH_NEW(a, struct gh_deployment, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu deployments", r.n);
	for (size_t i = 0; i < r.n; i++)
		row_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_deployment_free(struct gh_db *db, const struct gh_id *tenant, const struct gh_id *version,
			      struct gh_err *err)
{
	struct gh_deployment d;
	size_t n;
	GH_TRY(one(db,
		   SELECT "WHERE d.tenant = ? AND d.version = ? AND d.state IN ('quarantined', 'rejected') ORDER BY "
			  "d.changed LIMIT 1",
		   GH_DBV(gh_dbs(tenant->s), gh_dbs(version->s)), &d, &n, err),
	       err, "deployments");
	return n == 0 ? GH_OK
		      : gh_fail(err, GH_E_DENIED,
				"its deployment %s/%s is %s (%s): a reviewer decides, `gatehouse review approve %s/%s`",
				d.tenant_name, d.name, gh_dstate_name(d.state), d.reason, d.tenant_name, d.name);
}

enum gh_rc gh_deployment_add(struct gh_db *db, const struct gh_deployment *d, struct gh_err *err)
{
	enum gh_rc rc = gh_deployment_free(db, &d->tenant, &d->version, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_db_exec(db, NULL, err,
			"INSERT INTO deployments (" COLUMNS
			") VALUES (?, ?, ?, ?, 'starting', ?, ?, ?, ?, '', '', '', ?, ?, ?, ?, 0, ?, ?, ?, '', ?)",
			GH_DBV(gh_dbs(d->id.s), gh_dbs(d->tenant.s), gh_dbs(d->name), gh_dbs(d->version.s),
			       gh_dbs(d->reason), gh_dbs(d->engine), gh_dbs(d->isolation), gh_dbs(d->least),
			       gh_dbs(d->policy), gh_dbs(d->restart), gh_dbi(d->restarts), gh_dbi(d->tolerated),
			       gh_dbi(d->created), gh_dbs(d->by.s), gh_dbi(d->created), gh_dbs(d->engine_dir)));
	if (rc == GH_E_EXISTS)
		return gh_fail(err, GH_E_EXISTS, "there is a deployment %s already: choose another --name, or stop it",
			       d->name);
	return rc == GH_E_DENIED ? gh_fail(err, GH_E_ABSENT, "its tenant or version is not there") : rc;
}

enum gh_rc gh_deployment_move(struct gh_db *db, const struct gh_id *id, enum gh_dstate from, enum gh_dstate to,
			      const char *reason, int64_t now, struct gh_err *err)
{
	struct gh_deployment d;
	int64_t changed;
	if (!gh_dstate_may(from, to))
		return gh_fail(err, GH_E_DENIED, "a deployment that is %s cannot become %s", gh_dstate_name(from),
			       gh_dstate_name(to));
	if (reason == NULL || strlen(reason) > GH_D_REASON)
		return gh_fail(err, GH_E_BUG, "a deployment changes with a reason of at most %d bytes", GH_D_REASON);
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE deployments SET state = ?, reason = ?, changed = ? WHERE id = ? AND state = ?",
			  GH_DBV(gh_dbs(gh_dstate_name(to)), gh_dbs(reason), gh_dbi(now), gh_dbs(id->s),
				 gh_dbs(gh_dstate_name(from)))),
	       err, "deployments");
	if (changed == 1)
		return GH_OK;
	enum gh_rc rc = gh_deployment_get(db, id, &d, err);
	return rc != GH_OK ? rc
			   : gh_fail(err, GH_E_EXISTS, "the deployment is %s by now, not %s", gh_dstate_name(d.state),
				     gh_dstate_name(from));
}

static enum gh_rc there(int64_t changed, const struct gh_id *id, struct gh_err *err)
{
	return changed == 1 ? GH_OK : gh_fail(err, GH_E_ABSENT, "there is no deployment %.12s", id->s);
}

enum gh_rc gh_deployment_proved(struct gh_db *db, const struct gh_id *id, const char *cls, const char *kind,
				const char *measurement, const char *policy, struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE deployments SET class = ?, kind = ?, measurement = ?, policy = ? WHERE id = ?",
			  GH_DBV(gh_dbs(cls), gh_dbs(kind), gh_dbs(measurement), gh_dbs(policy), gh_dbs(id->s))),
	       err, "deployments");
	return there(changed, id, err);
}

enum gh_rc gh_deployment_policy(struct gh_db *db, const struct gh_id *id, const char *digest, struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE deployments SET policy = ? WHERE id = ?",
			  GH_DBV(gh_dbs(digest), gh_dbs(id->s))),
	       err, "deployments");
	return there(changed, id, err);
}

enum gh_rc gh_deployment_count(struct gh_db *db, const struct gh_id *id, int64_t attempts, int64_t restarts,
			       struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(
		       db, &changed, err,
		       "UPDATE deployments SET attempts = CASE WHEN attempts < ? THEN ? ELSE attempts END, restarts = "
		       "CASE WHEN restarts < ? THEN ? ELSE restarts END WHERE id = ?",
		       GH_DBV(gh_dbi(attempts), gh_dbi(attempts), gh_dbi(restarts), gh_dbi(restarts), gh_dbs(id->s))),
	       err, "deployments");
	return there(changed, id, err);
}

enum gh_rc gh_deployment_clear(struct gh_db *db, const struct gh_id *id, const char *by, struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE deployments SET cleared_by = ? WHERE id = ?",
			  GH_DBV(gh_dbs(by), gh_dbs(id->s))),
	       err, "deployments");
	return there(changed, id, err);
}

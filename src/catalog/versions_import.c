/* Importing: a name is reserved by a row with a lease, and becomes a version, or nothing. */
#include "catalog/row.h"
#include "catalog/tenants.h"
#include "catalog/versions_int.h"

#include <stdio.h>
#include <time.h>

static const char *when(int64_t t, char out[32])
{
	struct tm tm;
	time_t s = (time_t)t;
	if (gmtime_r(&s, &tm) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		(void)snprintf(out, 32, "?");
	return out;
}

/* ---- beginning ---- */
struct begin {
	const struct gh_version_begin *b;
	struct gh_version *out;
	bool *resumed;
};

static enum gh_rc model_of(struct gh_db *db, const struct gh_version_begin *b, const struct gh_tenant *t,
			   struct gh_id *model, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	struct gh_id id;
	GH_TRY(gh_id_new(&id, err), err, "a model");
	GH_TRY(gh_db_exec(
		       db, NULL, err,
		       "INSERT INTO models (id, tenant, project, name, created, created_by) VALUES (?, ?, ?, ?, ?, ?)"
		       " ON CONFLICT (tenant, project, name) DO NOTHING",
		       GH_DBV(gh_dbs(id.s), gh_dbs(t->id.s), gh_dbs(b->name->project), gh_dbs(b->name->name),
			      gh_dbi(b->now), gh_dbs(b->by.s))),
	       err, "models");
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT id FROM models WHERE tenant = ? AND project = ? AND name = ?",
			   GH_DBV(gh_dbs(t->id.s), gh_dbs(b->name->project), gh_dbs(b->name->name))),
	       err, "models");
	if (r.n != 1)
		return gh_fail(err, GH_E_BUG, "the model that was made is not there");
	*model = gh_row_id(&r, 0, 0);
	return GH_OK;
}

/* The base must be somebody's finished version; whether this tenant may use it is the caller's question. */
static enum gh_rc base_ok(struct gh_db *db, const struct gh_version_begin *b, struct gh_err *err)
{
	struct gh_version base;
	if (gh_id_none(&b->base))
		return GH_OK;
	GH_TRY(gh_version_get(db, &b->base, &base, err), err, "the base model");
	if (base.state == GH_V_IMPORTING || base.state == GH_V_DELETED)
		return gh_fail(err, GH_E_ABSENT, "the base model is %s", gh_vstate_name(base.state));
	return GH_OK;
}

static enum gh_rc taken(const struct gh_version *v, int64_t now, struct gh_err *err)
{
	char name[GH_NAME_TEXT], at[32];
	gh_name_text(&v->name, name);
	if (v->state == GH_V_IMPORTING)
		return gh_fail(
			err, GH_E_EXISTS,
			"%.70s is being imported by another process since %s (should that be dead: again in %lld s)",
			name, when(v->created, at), (long long)(v->lease_until >= now ? v->lease_until - now + 1 : 0));
	if (v->state == GH_V_DELETED)
		return gh_fail(err, GH_E_EXISTS, "%.90s was deleted: versions are not used again, choose another",
			       name);
	return gh_fail(err, GH_E_EXISTS, "%.90s exists already (%s, imported %s)", name, gh_vstate_name(v->state),
		       when(v->imported, at));
}

static const char *said(const char *text) { return text == NULL ? "" : text; }

/* The process that imported it is dead: go on with its row. */
static enum gh_rc take_over(struct gh_db *db, const struct gh_version_begin *b, const struct gh_version *v,
			    struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(
		       db, &changed, err,
		       "UPDATE versions SET lease_owner = ?, lease_until = ?, created = ?, created_by = ?, base = "
		       "?, lineage = ?,"
		       " tier = ?, publisher = ?, source = ? WHERE id = ? AND state = 'importing' AND lease_owner = ?",
		       GH_DBV(gh_dbs(b->owner.s), gh_dbi(b->now + b->lease), gh_dbi(b->now), gh_dbs(b->by.s),
			      gh_dbid(&b->base), gh_dbs(b->lineage == NULL ? "" : b->lineage),
			      gh_dbs(b->tier == NULL ? "standard" : b->tier), gh_dbs(said(b->publisher)),
			      gh_dbs(said(b->source)), gh_dbs(v->id.s), gh_dbs(v->lease_owner.s))),
	       err, "versions");
	if (changed != 1)
		return taken(v, b->now, err);
	/* Files may have changed since: what was stored is found again by its content. */
	return gh_db_exec(db, NULL, err, "DELETE FROM version_blobs WHERE version = ?", GH_DBV(gh_dbs(v->id.s)));
}

static enum gh_rc reserve(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct begin *g = arg;
	const struct gh_version_begin *b = g->b;
	struct gh_tenant t;
	struct gh_id model, id;
	bool there;
	int64_t changed;
	enum gh_rc rc = gh_tenant_active(db, b->name->tenant, &t, err);
	if (rc == GH_OK)
		rc = base_ok(db, b, err);
	if (rc == GH_OK)
		rc = gh_version_look(db, b->name, g->out, &there, err);
	if (rc != GH_OK)
		return rc;
	*g->resumed = there;
	if (there) {
		if (g->out->state != GH_V_IMPORTING || g->out->lease_until >= b->now)
			return taken(g->out, b->now, err);
		rc = take_over(db, b, g->out, err);
		return rc == GH_OK ? gh_version_look(db, b->name, g->out, &there, err) : rc;
	}
	GH_TRY(model_of(db, b, &t, &model, err), err, "the model");
	GH_TRY(gh_id_new(&id, err), err, "a version");
	GH_TRY(gh_db_exec(db, &changed, err,
			  "INSERT INTO versions (id, model, version, state, reason, verdict, root, tier, created_by, "
			  "base, lineage, files,"
			  " bytes, created, quarantine_until, lease_owner, lease_until, publisher, source)"
			  " VALUES (?, ?, ?, 'importing', '', '', '', ?, ?, ?, ?, 0, 0, ?, 0, ?, ?, ?, ?) ON CONFLICT "
			  "(model, version) DO NOTHING",
			  GH_DBV(gh_dbs(id.s), gh_dbs(model.s), gh_dbs(b->name->version),
				 gh_dbs(b->tier == NULL ? "standard" : b->tier), gh_dbs(b->by.s), gh_dbid(&b->base),
				 gh_dbs(b->lineage == NULL ? "" : b->lineage), gh_dbi(b->now), gh_dbs(b->owner.s),
				 gh_dbi(b->now + b->lease), gh_dbs(said(b->publisher)), gh_dbs(said(b->source)))),
	       err, "versions");
	rc = gh_version_look(db, b->name, g->out, &there, err);
	if (rc != GH_OK)
		return rc;
	return changed == 1 ? GH_OK : taken(g->out, b->now, err);
}

enum gh_rc gh_version_begin(struct gh_db *db, const struct gh_version_begin *b, struct gh_version *out, bool *resumed,
			    struct gh_err *err)
{
	bool again;
	struct begin g = { b, out, resumed != NULL ? resumed : &again };
	if (!gh_id_ok(gh_span_str(b->owner.s)) || b->lease <= 0 || b->name->version[0] == '\0')
		return gh_fail(err, GH_E_BUG, "an import without owner, lease or version");
	return gh_db_tx(db, reserve, &g, err);
}

/* ---- going on and ending ---- */
/* Why an UPDATE of a leased row changed nothing. */
static enum gh_rc lost(struct gh_db *db, const struct gh_id *id, struct gh_err *err)
{
	struct gh_version v;
	enum gh_rc rc = gh_version_get(db, id, &v, err);
	if (rc != GH_OK)
		return rc;
	if (v.state != GH_V_IMPORTING)
		return gh_fail(err, GH_E_EXISTS, "the version is %s by now", gh_vstate_name(v.state));
	return gh_fail(err, GH_E_EXISTS, "another process has taken this import over");
}

enum gh_rc gh_version_renew(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner, int64_t until,
			    struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(
		       db, &changed, err,
		       "UPDATE versions SET lease_until = ? WHERE id = ? AND state = 'importing' AND lease_owner = ?",
		       GH_DBV(gh_dbi(until), gh_dbs(id->s), gh_dbs(owner->s))),
	       err, "versions");
	return changed == 1 ? GH_OK : lost(db, id, err);
}

enum gh_rc gh_version_finish(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner,
			     const struct gh_version_finish *f, struct gh_err *err)
{
	int64_t changed;
	if (!gh_vstate_may(GH_V_IMPORTING, f->state) || f->verdict == NULL || !gh_digest_ok(gh_span_str(f->root)) ||
	    gh_id_none(&f->manifest))
		return gh_fail(err, GH_E_BUG, "an import cannot end like this (%s)", gh_vstate_name(f->state));
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE versions SET state = ?, reason = ?, verdict = ?, tier = ?, root = ?, manifest = ?, "
			  "card = ?, report = ?,"
			  " files = ?, bytes = ?, imported = ?, quarantine_until = ?, lease_owner = NULL, lease_until "
			  "= NULL"
			  " WHERE id = ? AND state = 'importing' AND lease_owner = ?",
			  GH_DBV(gh_dbs(gh_vstate_name(f->state)), gh_dbs(f->reason == NULL ? "" : f->reason),
				 gh_dbs(f->verdict), gh_dbs(f->tier == NULL ? "standard" : f->tier), gh_dbs(f->root),
				 gh_dbid(&f->manifest), gh_dbid(&f->card), gh_dbid(&f->report), gh_dbi(f->files),
				 gh_dbi(f->bytes), gh_dbi(f->now), gh_dbi(f->quarantine_until), gh_dbs(id->s),
				 gh_dbs(owner->s))),
	       err, "versions");
	return changed == 1 ? GH_OK : lost(db, id, err);
}

struct ending {
	const struct gh_id *id, *owner;
};

static enum gh_rc give_up(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct ending *e = arg;
	static const char *const first[] = {
		"UPDATE versions SET report = NULL WHERE id = ? AND state = 'importing' AND lease_owner = ?",
		"DELETE FROM version_blobs WHERE version IN"
		" (SELECT id FROM versions WHERE id = ? AND state = 'importing' AND lease_owner = ?)",
		"DELETE FROM reports WHERE version IN (SELECT id FROM versions WHERE id = ? AND state = 'importing' "
		"AND lease_owner = ?)",
	};
	struct gh_version v;
	int64_t changed;
	enum gh_rc rc = gh_version_get(db, e->id, &v, err);
	if (rc != GH_OK)
		return rc;
	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		GH_TRY(gh_db_exec(db, NULL, err, first[i], GH_DBV(gh_dbs(e->id->s), gh_dbs(e->owner->s))), err,
		       "versions");
	GH_TRY(gh_db_exec(db, &changed, err,
			  "DELETE FROM versions WHERE id = ? AND state = 'importing' AND lease_owner = ?",
			  GH_DBV(gh_dbs(e->id->s), gh_dbs(e->owner->s))),
	       err, "versions");
	if (changed != 1)
		return lost(db, e->id, err);
	/* A model without any version was made for this import. */
	return gh_db_exec(
		db, NULL, err,
		"DELETE FROM models WHERE id = ? AND NOT EXISTS (SELECT 1 FROM versions x WHERE x.model = models.id)",
		GH_DBV(gh_dbs(v.model.s)));
}

enum gh_rc gh_version_abandon(struct gh_db *db, const struct gh_id *id, const struct gh_id *owner, struct gh_err *err)
{
	struct ending e = { id, owner };
	return gh_db_tx(db, give_up, &e, err);
}

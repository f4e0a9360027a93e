/* Tenants: made with keys of their own, removed by destroying these. */
#include "api/ops.h"
#include "catalog/badges.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/tenants.h"
#include "catalog/vault.h"

static enum gh_rc need_vault(const struct gh_op_run *r, struct gh_err *err)
{
	return r->cat->vault != NULL ? GH_OK
				     : gh_fail(err, GH_E_DENIED, "%s needs the keys, which are locked", r->op->name);
}

static void tenant_out(struct gh_jout *j, const char *key, const struct gh_tenant *t)
{
	char at[GH_ENTRY_TIME + 1];
	gh_jout_open(j, key, '{');
	gh_jout_str(j, "id", t->id.s);
	gh_jout_str(j, "name", t->name);
	gh_jout_str(j, "state", t->active ? "active" : "removed");
	gh_jout_str(j, "created", gh_entry_time(t->created, at) ? at : NULL);
	if (!t->active)
		gh_jout_str(j, "removed", gh_entry_time(t->removed, at) ? at : NULL);
	gh_jout_close(j, '}');
}

/* ---- tenant.add --------------------------------------------------------------------------------------------------------- */
struct adding {
	struct gh_op_run *r;
	struct gh_id id;
	const char *name;
};

static enum gh_rc add_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct adding *a = arg;
	enum gh_rc rc = gh_tenant_add(db, &a->id, a->name, &a->r->who->id, a->r->now, err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = { { .name = "tenant", .text = a->id.s } };
	return gh_ledger_put(a->r->cat, "tenant-add", gh_principal_actor(a->r->who), v, 1, NULL, err);
}

static enum gh_rc add(struct gh_op_run *r, struct gh_err *err)
{
	struct adding a = { .r = r, .name = gh_in_text(r->in, "name", "") };
	struct gh_tenant t;
	enum gh_rc rc = need_vault(r, err);
	if (rc != GH_OK)
		return rc;
	/* Before keys are made for it; the transaction asks again. */
	if (gh_tenant_find(r->cat->db, a.name, &t, NULL) == GH_OK)
		return gh_tenant_add(r->cat->db, &t.id, a.name, &r->who->id, r->now, err);
	GH_TRY(gh_id_new(&a.id, err), err, "tenant %s", a.name);
	/* Keys first: a tenant without them would be one that nothing can be stored for. Keys without a tenant are harmless. */
	GH_TRY(gh_vault_tenant_new(r->cat->vault, &a.id, err), err, "keys of the tenant %s", a.name);
	rc = gh_db_tx(r->cat->db, add_tx, &a, err);
	if (rc == GH_OK)
		rc = gh_tenant_get(r->cat->db, &a.id, &t, err);
	if (rc == GH_OK)
		tenant_out(r->out, "tenant", &t);
	return rc;
}

static const struct gh_op_field add_in[] = {
	{ "name", GH_IN_WORD, true, "what it is called: [a-z0-9][a-z0-9._-]{0,62}" },
	{ 0 },
};
const struct gh_op gh_op_tenant_add = {
	.name = "tenant.add",
	.about = "Make a tenant, with keys of its own.",
	.in = add_in,
	.permission = "tenant.manage",
	.scope = GH_AT_PLATFORM,
	.local = true,
	.run = add,
};

/* ---- tenant.list -------------------------------------------------------------------------------------------------------- */
static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_tenant *v;
	size_t n;
	enum gh_rc rc = gh_tenant_list(r->cat->db, r->arena, gh_in_flag(r->in, "removed"), &v, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "tenants", '[');
	for (size_t i = 0; i < n; i++) {
		struct gh_name scope = { .tenant = "" };
		memcpy(scope.tenant, v[i].name, sizeof scope.tenant);
		if (gh_may(r->who, "tenant.read", &scope))
			tenant_out(r->out, NULL, &v[i]);
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = {
	{ "removed", GH_IN_BOOL, false, "those that were removed too" },
	{ 0 },
};
const struct gh_op gh_op_tenant_list = {
	.name = "tenant.list",
	.about = "List the tenants that the asker may see.",
	.in = list_in,
	.permission = "tenant.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = list,
};

/* ---- tenant.remove ------------------------------------------------------------------------------------------------------ */
struct removing {
	struct gh_op_run *r;
	struct gh_tenant t;
	struct gh_tenant_left left;
};

/* The status list and whoever reads the log must learn which badges do not count any more. */
static enum gh_rc log_badges(struct removing *m, struct gh_err *err)
{
	gh_auto_arena a = { .max = 64 << 20 };
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(m->r->cat->db, &a, &rows, err,
			   "SELECT b.id, b.version FROM badges b JOIN versions v ON v.id = b.version JOIN models o ON "
			   "o.id = v.model"
			   " WHERE b.state = 'issued' AND o.tenant = ? ORDER BY b.id",
			   GH_DBV(gh_dbs(m->t.id.s))),
	       err, "badges");
	for (size_t i = 0; i < rows.n; i++) {
		const struct gh_entry_value v[] = {
			{ .name = "tenant", .text = m->t.id.s },
			{ .name = "version", .text = gh_db_text(&rows, i, 1) },
			{ .name = "badge", .text = gh_db_text(&rows, i, 0) },
			{ .name = "reason", .text = "tenant-removed" },
		};
		GH_TRY(gh_ledger_put(m->r->cat, "badge-revoked", gh_principal_actor(m->r->who), v, sizeof v / sizeof *v,
				     NULL, err),
		       err, "badges");
	}
	return GH_OK;
}

static enum gh_rc remove_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct removing *m = arg;
	enum gh_rc rc = log_badges(m, err);
	return rc == GH_OK ? gh_tenant_remove(db, &m->t.id, m->r->now, &m->left, err) : rc;
}

/* While something is imported its keys are in use: asked before they are destroyed, when it can still be refused. */
static enum gh_rc idle(struct removing *m, struct gh_err *err)
{
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(m->r->cat->db, m->r->arena, &rows, err,
			   "SELECT count(*) FROM versions v JOIN models o ON o.id = v.model"
			   " WHERE v.state = 'importing' AND o.tenant = ? AND v.lease_until >= ?",
			   GH_DBV(gh_dbs(m->t.id.s), gh_dbi(m->r->now))),
	       err, "imports");
	return gh_db_int(&rows, 0, 0) == 0
		       ? GH_OK
		       : gh_fail(err, GH_E_EXISTS, "into the tenant %s is being imported: wait until that is over",
				 m->t.name);
}

static enum gh_rc remove_tenant(struct gh_op_run *r, struct gh_err *err)
{
	struct removing m = { .r = r };
	const char *name = gh_in_text(r->in, "name", "");
	enum gh_rc rc = need_vault(r, err);
	if (rc == GH_OK)
		rc = gh_tenant_active(r->cat->db, name, &m.t, err);
	if (rc != GH_OK)
		return rc;
	if (strcmp(gh_in_text(r->in, "confirm", ""), name) != 0)
		return gh_fail(err, GH_E_DENIED,
			       "removing a tenant destroys its keys for ever: confirm it by its name, %s", name);
	rc = idle(&m, err);
	if (rc != GH_OK)
		return rc;
	/* The keys first, logged before it takes effect; when we die behind it, the next try finds them gone and goes on. */
	rc = gh_vault_tenant_shred(r->cat->vault, &m.t.id, &r->who->id, err);
	if (rc == GH_E_ABSENT) {
		*err = (struct gh_err){ 0 };
		rc = GH_OK;
	}
	if (rc != GH_OK)
		return gh_fail(err, rc, "the keys of the tenant %s", name);
	GH_TRY(gh_db_tx(r->cat->db, remove_tx, &m, err), err,
	       "the keys are destroyed, the records are not up to date: try again");
	gh_jout_str(r->out, "tenant", m.t.id.s);
	gh_jout_number(r->out, "versions", (uint64_t)m.left.versions);
	gh_jout_number(r->out, "badges", (uint64_t)m.left.badges);
	gh_jout_number(r->out, "blobs", (uint64_t)m.left.blobs);
	gh_jout_number(r->out, "principals", (uint64_t)m.left.principals);
	return GH_OK;
}

static const struct gh_op_field remove_in[] = {
	{ "name", GH_IN_WORD, true, "the tenant" },
	{ "confirm", GH_IN_WORD, true, "its name once more: its data can never be read again" },
	{ 0 },
};
const struct gh_op gh_op_tenant_remove = {
	.name = "tenant.remove",
	.about = "Remove a tenant: destroy its keys, revoke its badges, end its grants.",
	.in = remove_in,
	.permission = "tenant.manage",
	.scope = GH_AT_PLATFORM,
	.local = true,
	.run = remove_tenant,
};

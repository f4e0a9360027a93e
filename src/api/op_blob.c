/* Steps with blobs, for tasks of main: keys to a blob process, places to write to, what was written, what is to be read. */
#include "api/ops.h"
#include "catalog/blobs.h"
#include "catalog/principals.h"
#include "catalog/shares.h"
#include "catalog/store.h"
#include "catalog/vault.h"
#include "catalog/versions.h"

#include <stdio.h>

enum { KEYS = 512 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }
static struct gh_id id(const struct gh_op_run *r, const char *name) { return gh_id(gh_span_str(text(r, name))); }

static enum gh_vault_purpose purpose(const char *word)
{
	for (unsigned p = GH_VAULT_IMPORT; p < GH_VAULT_PURPOSES_END; p++)
		if (strcmp(gh_vault_purpose_name((enum gh_vault_purpose)p), word) == 0)
			return (enum gh_vault_purpose)p;
	return GH_VAULT_PURPOSES_END;
}

/* What each purpose asks of whoever stands behind the task: the task asked already; this is where keys leave the vault. */
static enum gh_rc may_release(const struct gh_op_run *r, enum gh_vault_purpose p, struct gh_err *err)
{
	static const char *const needed[GH_VAULT_PURPOSES_END] = {
		[GH_VAULT_IMPORT] = "model.import", [GH_VAULT_EXPORT] = "model.export",
		[GH_VAULT_RESCAN] = "rescan.run",   [GH_VAULT_DEPLOY] = "deploy.run",
		[GH_VAULT_DOCUMENT] = "model.read", [GH_VAULT_FSCK] = "fsck.run"
	};
	struct gh_version v = { 0 };
	struct gh_id version = id(r, "version");
	if (p == GH_VAULT_PURPOSES_END || needed[p] == NULL)
		return gh_fail(err, GH_E_MALFORMED, "there is no such purpose");
	if (p == GH_VAULT_FSCK) /* of the whole catalog */
		return gh_may(r->who, needed[p], NULL)
			       ? GH_OK
			       : gh_fail(err, GH_E_DENIED, "no role of %s grants %s", r->who->name, needed[p]);
	GH_TRY(gh_version_get(r->cat->db, &version, &v, err), err, "whose keys");
	if (gh_may(r->who, needed[p], &v.name) || gh_share_lets(r->cat->db, r->who, needed[p], &v.name, NULL))
		return GH_OK;
	return gh_fail(err, GH_E_DENIED, "no role of %s grants %s in %s", r->who->name, needed[p], v.name.tenant);
}

static enum gh_rc release(struct gh_op_run *r, size_t n, const struct gh_id *ids,
			  const struct gh_vault_wrapped *wrapped, struct gh_err *err)
{
	uint64_t index;
	const struct gh_vault_release rel = { .purpose = purpose(text(r, "purpose")),
					      .tenant = id(r, "tenant"),
					      .version = id(r, "version"),
					      .requester = r->who->id,
					      .session = id(r, "session"),
					      .n = n,
					      .id = ids,
					      .wrapped = wrapped };
	GH_TRY(may_release(r, rel.purpose, err), err, "keys");
	return gh_vault_release(r->cat->vault, &rel, &index, err);
}

/* ---- blob.keys ----------------------------------------------------------------------------------------------------------- */

struct added {
	struct gh_op_run *r;
	const struct gh_id *ids;
	const struct gh_vault_wrapped *wrapped;
	size_t n;
};

static enum gh_rc add_rows(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct added *a = arg;
	for (size_t i = 0; i < a->n; i++) {
		struct gh_blob b = { .id = a->ids[i],
				     .tenant = id(a->r, "tenant"),
				     .kind = "file",
				     .generation = gh_vault_wrapped_generation(&a->wrapped[i]),
				     .place = "file",
				     .state = GH_B_STAGED,
				     .wrapped_n = sizeof a->wrapped[i].b,
				     .created = a->r->now };
		static_assert(sizeof b.wrapped >= sizeof a->wrapped[i].b, "a wrapped key fits");
		memcpy(b.wrapped, a->wrapped[i].b, sizeof a->wrapped[i].b);
		if (!gh_store_is_local(a->r->cat->store))
			memcpy(b.place, "s3", 3);
		GH_TRY(gh_blob_add(db, &b, err), err, "a new blob");
	}
	return GH_OK;
}

/* Keys that are older than the blobs of their tenant were put back from an older copy: what is made with them now would be lost
 * when the right ones come back. */
static enum gh_rc keys_are_current(struct gh_op_run *r, const struct gh_id *tenant, struct gh_err *err)
{
	struct gh_db_rows rows;
	struct gh_vp_tenant_status status;
	GH_TRY(gh_db_query(r->cat->db, r->arena, &rows, err,
			   "SELECT COALESCE(MAX(generation), 0) FROM blobs WHERE tenant = ?",
			   GH_DBV(gh_dbs(tenant->s))),
	       err, "blobs");
	GH_TRY(gh_vault_tenant_status(r->cat->vault, tenant, &status, err), err, "the tenant's keys");
	if (rows.n == 1 && gh_db_int(&rows, 0, 0) > (int64_t)status.current)
		return gh_fail(err, GH_E_UNREAD,
			       "the tenant's keys are of generation %u, its blobs of %lld: keys/ was put back from an "
			       "older copy; "
			       "restore keys and database from one backup",
			       status.current, (long long)gh_db_int(&rows, 0, 0));
	return GH_OK;
}

static enum gh_rc keys(struct gh_op_run *r, struct gh_err *err)
{
	int64_t n = gh_in_number(r->in, "n", 0);
	struct gh_id tenant = id(r, "tenant");
	if (n < 1 || n > KEYS)
		return gh_fail(err, GH_E_LIMIT, "1 to %d keys at a time", KEYS);
	struct gh_id *ids = GH_NEW(r->arena, struct gh_id, (size_t)n);
	struct gh_vault_wrapped *wrapped = GH_NEW(r->arena, struct gh_vault_wrapped, (size_t)n);
	if (ids == NULL || wrapped == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for keys");
	GH_TRY(keys_are_current(r, &tenant, err), err, "new keys");
	GH_TRY(gh_vault_new_keys(r->cat->vault, &tenant, (size_t)n, ids, wrapped, err), err, "new keys");
	struct added a = { r, ids, wrapped, (size_t)n };
	GH_TRY(gh_db_tx(r->cat->db, add_rows, &a, err), err, "new keys");
	/* Somebody may have rotated the tenant's key since, wrapped all rows there were, and be about to destroy the generation that
	 * these are of. A rotation that begins after this look finds them. */
	struct gh_vp_tenant_status now;
	GH_TRY(gh_vault_tenant_status(r->cat->vault, &tenant, &now, err), err, "new keys");
	if (now.current != gh_vault_wrapped_generation(&wrapped[0]))
		return gh_fail(err, GH_E_EXISTS, "the tenant's key was rotated at this very moment: try again");
	GH_TRY(release(r, (size_t)n, ids, wrapped, err), err, "new keys");
	gh_jout_open(r->out, "ids", '[');
	for (int64_t i = 0; i < n; i++)
		gh_jout_str(r->out, NULL, ids[i].s);
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field keys_in[] = {
	{ "tenant", GH_IN_ID, true, "whose data" },
	{ "version", GH_IN_ID, true, "which model version it belongs to" },
	{ "session", GH_IN_ID, true, "the blob process" },
	{ "purpose", GH_IN_WORD, true, "import, document" },
	{ "n", GH_IN_NUMBER, true, "how many" },
	{ 0 },
};
const struct gh_op gh_op_blob_keys = { .name = "blob.keys",
				       .about = "Make keys for new blobs and release them to a blob process.",
				       .in = keys_in,
				       .permission = "model.import",
				       .scope = GH_AT_HANDLER,
				       .local = true,
				       .internal = true,
				       .run = keys };

/* ---- blob.stage, blob.commit ------------------------------------------------------------------------------------------------ */

static enum gh_rc key_of(const struct gh_op_run *r, struct gh_store_key *key, struct gh_err *err)
{
	return gh_store_key_set(key, text(r, "tenant"), text(r, "id")) ? GH_OK : gh_fail(err, GH_E_MALFORMED, "no ids");
}

static enum gh_rc stage(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_store_key key;
	GH_TRY(key_of(r, &key, err), err, "a new blob");
	return gh_store_stage(r->cat->store, &key, &r->fd_out, err);
}

static const struct gh_op_field stage_in[] = {
	{ "tenant", GH_IN_ID, true, "whose data" },
	{ "id", GH_IN_ID, true, "the blob" },
	{ 0 },
};
/* Writes a staging file that nobody refers to: nothing to be logged. */
const struct gh_op gh_op_blob_stage = { .name = "blob.stage",
					.about = "A place for the ciphertext of a new blob.",
					.in = stage_in,
					.permission = "model.import",
					.scope = GH_AT_HANDLER,
					.asks = true,
					.local = true,
					.internal = true,
					.run = stage };

static enum gh_rc commit(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_store_key key;
	struct gh_id own = id(r, "id"), have, tenant = id(r, "tenant");
	struct gh_blob same;
	GH_TRY(key_of(r, &key, err), err, "a blob");
	const char *kind = text(r, "kind"), *digest = text(r, "digest");
	/* The same bytes are there: what was written now is not needed. */
	if (gh_blob_find(r->cat->db, &tenant, kind, digest, &same, err) == GH_OK) {
		(void)gh_store_abandon(r->cat->store, &key, err);
		(void)gh_blob_forget(r->cat->db, &own, err);
		*err = (struct gh_err){ 0 };
		gh_jout_str(r->out, "id", same.id.s);
		return GH_OK;
	}
	*err = (struct gh_err){ 0 };
	struct gh_store_info want = { .size = (uint64_t)gh_in_number(r->in, "stored", 0) };
	(void)snprintf(want.sha256, sizeof want.sha256, "%s", text(r, "cipher"));
	GH_TRY(gh_store_commit(r->cat->store, &key, r->fd_in, &want, err), err, "a blob");
	GH_TRY(gh_db_exec(r->cat->db, NULL, err, "UPDATE blobs SET kind = ? WHERE id = ?",
			  GH_DBV(gh_dbs(kind), gh_dbs(own.s))),
	       err, "a blob");
	enum gh_rc rc = gh_blob_stored(r->cat->db, &own, digest, text(r, "cipher"), gh_in_number(r->in, "size", 0),
				       (int64_t)want.size, &have, err);
	if (rc == GH_E_EXISTS) { /* another import was faster */
		*err = (struct gh_err){ 0 };
		rc = GH_OK;
		own = have;
	}
	if (rc == GH_OK)
		gh_jout_str(r->out, "id", own.s);
	return rc;
}

static const struct gh_op_field commit_in[] = {
	{ "tenant", GH_IN_ID, true, "whose data" },
	{ "id", GH_IN_ID, true, "the blob" },
	{ "kind", GH_IN_WORD, true, "file, manifest, report, …" },
	{ "digest", GH_IN_DIGEST, true, "SHA-256 of the plaintext" },
	{ "cipher", GH_IN_DIGEST, false, "SHA-256 of the ciphertext" },
	{ "size", GH_IN_NUMBER, true, "bytes of the plaintext" },
	{ "stored", GH_IN_NUMBER, true, "bytes of the ciphertext" },
	{ 0 },
};
const struct gh_op gh_op_blob_commit = { .name = "blob.commit",
					 .about = "Make a written blob durable and known.",
					 .in = commit_in,
					 .permission = "model.import",
					 .scope = GH_AT_HANDLER,
					 .asks = true,
					 .local = true,
					 .internal = true,
					 .run = commit };

/* ---- blob.drop ----------------------------------------------------------------------------------------------------------------- */

static bool absent(enum gh_rc rc) { return rc == GH_OK || rc == GH_E_ABSENT; }

/* The bytes first: that needs no room on a disk that may be full. What another import may have found already stays. */
static enum gh_rc drop(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_store_left left = { 0 };
	struct gh_id own = id(r, "id"), tenant = id(r, "tenant");
	struct gh_blob b;
	struct gh_err none = { 0 };
	GH_TRY(key_of(r, &left.key, err), err, "a blob");
	GH_TRY(gh_blob_get(r->cat->db, &own, &b, err), err, "a blob");
	if (b.state != GH_B_STAGED || !gh_id_same(&b.tenant, &tenant))
		return gh_fail(err, GH_E_EXISTS, "blob %s is %s", own.s, gh_bstate_name(b.state));
	enum gh_rc rc = gh_store_drop(r->cat->store, &left, &none);
	if (absent(rc)) {
		none = (struct gh_err){ 0 };
		rc = gh_store_delete(r->cat->store, &left.key, &none);
	}
	if (absent(rc)) {
		none = (struct gh_err){ 0 };
		rc = gh_blob_forget(r->cat->db, &own, &none);
	}
	if (absent(rc))
		return GH_OK;
	*err = none;
	return rc;
}

const struct gh_op gh_op_blob_drop = { .name = "blob.drop",
				       .about = "Remove a blob that was begun and never finished.",
				       .in = stage_in,
				       .permission = "model.import",
				       .scope = GH_AT_HANDLER,
				       .asks = true,
				       .local = true,
				       .internal = true,
				       .run = drop };

/* ---- blob.open ----------------------------------------------------------------------------------------------------------------- */

static enum gh_rc open_blob(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id own = id(r, "id");
	struct gh_blob b;
	struct gh_store_key key;
	struct gh_store_object *o;
	struct gh_vault_wrapped wrapped;
	GH_TRY(gh_blob_get(r->cat->db, &own, &b, err), err, "a blob");
	struct gh_id asked = id(r, "tenant");
	if (!gh_id_same(&b.tenant, &asked))
		return gh_fail(err, GH_E_ABSENT, "the tenant has no such blob");
	if (b.state != GH_B_STORED || b.wrapped_n != sizeof wrapped.b)
		return gh_fail(err, GH_E_UNREAD, "blob %s is %s: run `gatehouse fsck`", own.s, gh_bstate_name(b.state));
	memcpy(wrapped.b, b.wrapped, sizeof wrapped.b);
	(void)gh_store_key_set(&key, b.tenant.s, b.id.s);
	enum gh_rc rc = gh_store_get(r->cat->store, &key, &o, NULL, err);
	if (rc != GH_OK) /* what lies there is not what was stored: nobody asked wrongly */
		return gh_fail(err, rc == GH_E_MALFORMED ? GH_E_UNREAD : rc, "blob %s", own.s);
	rc = gh_store_object_fd(o, 0, UINT64_MAX, &r->fd_out, err);
	gh_store_put_back(o);
	if (rc == GH_E_MALFORMED)
		rc = gh_fail(err, GH_E_UNREAD, "blob %s", own.s);
	if (rc == GH_OK)
		rc = release(r, 1, &own, &wrapped, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "tenant", b.tenant.s);
	gh_jout_str(r->out, "digest", b.digest);
	gh_jout_str(r->out, "kind", b.kind);
	gh_jout_number(r->out, "size", (uint64_t)b.size);
	return GH_OK;
}

static const struct gh_op_field open_in[] = {
	{ "tenant", GH_IN_ID, true, "whose data" },
	{ "version", GH_IN_ID, true, "which model version it belongs to" },
	{ "session", GH_IN_ID, true, "the blob process" },
	{ "purpose", GH_IN_WORD, true, "export, rescan, document, fsck" },
	{ "id", GH_IN_ID, true, "the blob" },
	{ 0 },
};
const struct gh_op gh_op_blob_open = { .name = "blob.open",
				       .when_full = true,
				       .about = "Open a blob's ciphertext and release its key to a blob process.",
				       .in = open_in,
				       .permission = "model.read",
				       .scope = GH_AT_HANDLER,
				       .local = true,
				       .internal = true,
				       .run = open_blob };

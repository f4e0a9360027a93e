/* backup.database, backup.seal: the catalog's part of a backup, which main writes; restore.done: that one was restored. */
#include "api/ops.h"
#include "catalog/backup.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/schema.h"
#include "catalog/vault.h"
#include "crypto/dsse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* ---- backup.database --------------------------------------------------------------------------------------------------------- */

static enum gh_rc database(struct gh_op_run *r, struct gh_err *err)
{
	char path[GH_HOME_PATH + 64], name[64];
	struct gh_id random, catalog;
	unsigned version;
	GH_TRY(gh_id_new(&random, err), err, "a name");
	(void)snprintf(name, sizeof name, "run/backup-%s.db", random.s);
	if (gh_home_path(&r->cat->home, name, path, sizeof path) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home is too long");
	GH_TRY(gh_schema_catalog_id(r->cat->db, &catalog, err), err, "the database");
	GH_TRY(gh_schema_version(r->cat->db, &version, err), err, "the database");
	GH_TRY(gh_backup_database(r->cat->db, path, err), err, "a copy of the database");
	/* It lives on in the descriptor: whatever happens to us, nothing stays behind. */
	r->fd_out = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	int sys = errno;
	(void)unlink(path);
	if (r->fd_out < 0)
		return gh_fail_sys(err, sys, "a copy of the database");
	gh_jout_str(r->out, "catalog", catalog.s);
	gh_jout_number(r->out, "schema", version);
	gh_jout_number(r->out, "now", (uint64_t)r->now);
	return GH_OK;
}

const struct gh_op gh_op_backup_database = { .name = "backup.database",
					     .about = "A consistent copy of the database, as a SQLite file.",
					     .permission = "backup.run",
					     .asks = true,
					     .local = true,
					     .internal = true,
					     .run = database };

/* ---- backup.seal --------------------------------------------------------------------------------------------------------------- */

static enum gh_rc put_entry(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_op_run *r = arg;
	(void)db;
	const struct gh_entry_value v[] = { { .name = "manifest", .text = gh_in_text(r->in, "manifest", "") } };
	return gh_ledger_put(r->cat, "backup", gh_principal_actor(r->who), v, 1, NULL, err);
}

static enum gh_rc seal(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id catalog;
	struct gh_vp_signature sig;
	gh_auto_buf text = gh_buf(1024), envelope = gh_buf(8192);
	char keyid[65];
	GH_TRY(gh_schema_catalog_id(r->cat->db, &catalog, err), err, "the database");
	gh_backup_statement(catalog.s, gh_in_number(r->in, "now", r->now), gh_in_text(r->in, "manifest", ""), &text);
	GH_TRY(gh_vault_sign(r->cat->vault, GH_SIGN_BACKUP, gh_buf_view(&text), &sig, err), err, "the backup");
	gh_hex_put(keyid, sig.key_id, sizeof sig.key_id);
	const struct gh_dsse_sig one = { .sig = { sig.sig, sig.sig_n <= sizeof sig.sig ? sig.sig_n : 0 },
					 .keyid = gh_span_str(keyid) };
	gh_dsse_write(&envelope, gh_span_str(gh_vault_payload_type(GH_SIGN_BACKUP)), gh_buf_view(&text), &one, 1);
	if (envelope.full)
		return gh_fail(err, GH_E_BUG, "the envelope of a backup is too large");
	GH_TRY(gh_db_tx(r->cat->db, put_entry, r, err), err, "the backup");
	gh_jout_str(r->out, "envelope", gh_buf_cstr(&envelope));
	return GH_OK;
}

static const struct gh_op_field seal_in[] = {
	{ "manifest", GH_IN_DIGEST, true, "SHA-256 of the manifest" },
	{ "now", GH_IN_NUMBER, true, "when the copy of the database was made" },
	{ 0 },
};
const struct gh_op gh_op_backup_seal = { .name = "backup.seal",
					 .about = "Sign the manifest of a backup and log it.",
					 .in = seal_in,
					 .permission = "backup.run",
					 .local = true,
					 .internal = true,
					 .run = seal };

/* ---- restore.done -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc put_restored(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_op_run *r = arg;
	(void)db;
	const struct gh_entry_value v[] = { { .name = "manifest", .text = gh_in_text(r->in, "manifest", "") },
					    { .name = "size", .number = (uint64_t)gh_in_number(r->in, "size", 0) } };
	return gh_ledger_put(r->cat, "restore", gh_principal_actor(r->who), v, 2, NULL, err);
}

static enum gh_rc restored(struct gh_op_run *r, struct gh_err *err)
{
	return gh_db_tx(r->cat->db, put_restored, r, err);
}

static const struct gh_op_field restored_in[] = {
	{ "manifest", GH_IN_DIGEST, true, "SHA-256 of the manifest" },
	{ "size", GH_IN_NUMBER, true, "entries of the audit log in it" },
	{ 0 },
};
const struct gh_op gh_op_restore_done = { .name = "restore.done",
					  .about = "Log that this home was restored from a backup.",
					  .in = restored_in,
					  .permission = "backup.run",
					  .local = true,
					  .internal = true,
					  .run = restored };

/* fsck.parts, fsck.step, fsck.repair, fsck.done: the check of the catalog in steps of about a second, so that others are served
 * between them. */
#include "api/ops.h"
#include "catalog/fsck.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"

#include <stdio.h>

static enum gh_rc parts(struct gh_op_run *r, struct gh_err *err)
{
	(void)err;
	gh_jout_open(r->out, "parts", '[');
	for (size_t i = 0; gh_fsck_part_at(i) != NULL; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "name", gh_fsck_part_at(i)->name);
		gh_jout_str(r->out, "about", gh_fsck_part_at(i)->about);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static void say(void *arg, const struct gh_fsck_problem *p)
{
	struct gh_jout *out = arg;
	gh_jout_open(out, NULL, '{');
	gh_jout_str(out, "part", p->part);
	gh_jout_str(out, "subject", p->subject);
	gh_jout_str(out, "what", p->what);
	gh_jout_str(out, "todo", p->todo);
	gh_jout_bool(out, "repaired", p->repaired);
	gh_jout_bool(out, "leftover", p->harmless);
	gh_jout_close(out, '}');
}

static enum gh_rc step(struct gh_op_run *r, bool repair, struct gh_err *err)
{
	const char *cursor = gh_in_text(r->in, "cursor", "");
	struct gh_fsck f = { .part = gh_in_text(r->in, "part", ""),
			     .deep = gh_in_flag(r->in, "deep"),
			     .repair = repair,
			     .grace = gh_in_number(r->in, "grace", GH_FSCK_GRACE),
			     .now = r->now,
			     .say = say,
			     .arg = r->out };
	if ((size_t)snprintf(f.cursor, sizeof f.cursor, "%s", cursor) >= sizeof f.cursor)
		return gh_fail(err, GH_E_MALFORMED, "'cursor' is none of ours");
	gh_jout_open(r->out, "problems", '[');
	enum gh_rc rc = gh_fsck_step(r->cat, &f, err);
	gh_jout_close(r->out, ']');
	gh_jout_str(r->out, "cursor", f.cursor);
	gh_jout_number(r->out, "looked", f.looked);
	gh_jout_number(r->out, "bytes", f.bytes);
	return rc;
}

static enum gh_rc look(struct gh_op_run *r, struct gh_err *err) { return step(r, false, err); }
static enum gh_rc repair(struct gh_op_run *r, struct gh_err *err) { return step(r, true, err); }

/* ---- what was found goes into the audit log -------------------------------------------------------------------------------- */

static enum gh_rc put(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct gh_op_run *r = arg;
	(void)db;
	const struct gh_entry_value v[] = {
		{ .name = "problems", .number = (uint64_t)gh_in_number(r->in, "problems", 0) },
		{ .name = "repaired", .number = (uint64_t)gh_in_number(r->in, "repaired", 0) },
	};
	return gh_ledger_put(r->cat, "fsck", gh_principal_actor(r->who), v, sizeof v / sizeof *v, NULL, err);
}

static enum gh_rc done(struct gh_op_run *r, struct gh_err *err) { return gh_db_tx(r->cat->db, put, r, err); }

static const struct gh_op_field step_in[] = {
	{ "part", GH_IN_WORD, true, "which part: see fsck.parts" },
	{ "cursor", GH_IN_WORD, false, "where to go on: what the last step answered" },
	{ "deep", GH_IN_BOOL, false, "read every stored byte" },
	{ "grace", GH_IN_NUMBER, false, "seconds that leftovers are left alone" },
	{ 0 },
};
static const struct gh_op_field done_in[] = {
	{ "problems", GH_IN_NUMBER, true, "how many were found" },
	{ "repaired", GH_IN_NUMBER, true, "how many leftovers were removed" },
	{ 0 },
};

const struct gh_op gh_op_fsck_parts = { .name = "fsck.parts",
					.about = "List the parts of the check.",
					.permission = "fsck.run",
					.asks = true,
					.local = true,
					.run = parts };
const struct gh_op gh_op_fsck_step = { .name = "fsck.step",
				       .about = "Check one part of the catalog, for about a second.",
				       .in = step_in,
				       .permission = "fsck.run",
				       .asks = true,
				       .local = true,
				       .run = look };
const struct gh_op gh_op_fsck_repair = { .name = "fsck.repair",
					 .about = "Check one part and remove what nobody names.",
					 .in = step_in,
					 .permission = "fsck.run",
					 .local = true,
					 .run = repair };
const struct gh_op gh_op_fsck_done = { .name = "fsck.done",
				       .about = "Log what a check found.",
				       .in = done_in,
				       .permission = "fsck.run",
				       .local = true,
				       .run = done };

/* ---- the blobs whose tags are to be checked ------------------------------------------------------------------------------- */

/* A release of a key names the version it is for: any that the blob belongs to. */
static const char to_check[] =
	"SELECT b.id, b.tenant, b.size, b.kind, COALESCE("
	"(SELECT min(version) FROM version_blobs WHERE blob = b.id), (SELECT min(id) FROM versions WHERE manifest = "
	"b.id OR card = b.id),"
	" (SELECT min(version) FROM reports WHERE blob = b.id), (SELECT min(version) FROM badges WHERE blob = b.id),"
	" '00000000000000000000000000000000') FROM blobs b JOIN tenants t ON t.id = b.tenant"
	" WHERE b.state = 'stored' AND t.state = 'active' AND b.id > ? ORDER BY b.id LIMIT 256";

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(r->cat->db, r->arena, &rows, err, to_check, GH_DBV(gh_dbs(gh_in_text(r->in, "cursor", "")))),
	       err, "blobs");
	gh_jout_open(r->out, "blobs", '[');
	for (size_t i = 0; i < rows.n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "id", gh_db_text(&rows, i, 0));
		gh_jout_str(r->out, "tenant", gh_db_text(&rows, i, 1));
		gh_jout_number(r->out, "size", (uint64_t)gh_db_int(&rows, i, 2));
		gh_jout_str(r->out, "kind", gh_db_text(&rows, i, 3));
		gh_jout_str(r->out, "version", gh_db_text(&rows, i, 4));
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = {
	{ "cursor", GH_IN_ID, false, "the blob before" },
	{ 0 },
};
const struct gh_op gh_op_fsck_list = { .name = "fsck.list",
				       .about = "Stored blobs, in the order of their ids.",
				       .in = list_in,
				       .permission = "fsck.run",
				       .asks = true,
				       .local = true,
				       .internal = true,
				       .run = list };

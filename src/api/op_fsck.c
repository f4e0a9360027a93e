/* fsck.parts, fsck.step, fsck.repair, fsck.done: the check of the catalog in steps of about a second, so that others are served
 * between them. */
#include "api/ops.h"
#include "catalog/fsck.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"

#include <stdio.h>
#include <string.h>

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

/* ---- what a check that repairs adds up to ----------------------------------------------------------------------------------- */

/* That of whoever asks; fresh: from the start. The place of one that was never ended is given to the next. */
static struct gh_catalog_check *tally(struct gh_op_run *r, bool fresh)
{
	struct gh_catalog_check *c = r->cat->check, *found = NULL;
	for (size_t i = 0; i < GH_CATALOG_CHECKS; i++)
		if (c[i].used && strcmp(c[i].who.s, r->who->id.s) == 0)
			found = &c[i];
	if (!fresh)
		return found;
	for (size_t i = 0; found == NULL && i < GH_CATALOG_CHECKS; i++)
		if (!c[i].used)
			found = &c[i];
	if (found == NULL)
		found = &c[(size_t)r->now % GH_CATALOG_CHECKS];
	*found = (struct gh_catalog_check){ .used = true, .who = r->who->id };
	return found;
}

static uint32_t part_bit(const char *name)
{
	for (size_t i = 0; gh_fsck_part_at(i) != NULL; i++)
		if (strcmp(gh_fsck_part_at(i)->name, name) == 0)
			return UINT32_C(1) << i;
	return 0;
}

static uint32_t all_parts(void)
{
	size_t n = 0;
	while (gh_fsck_part_at(n) != NULL)
		n++;
	return (UINT32_C(1) << n) - 1;
}

/* ---- the steps --------------------------------------------------------------------------------------------------------------- */

struct telling {
	struct gh_jout *out;
	struct gh_catalog_check *tally; /* NULL: nothing is repaired, nothing is logged */
};

static void say(void *arg, const struct gh_fsck_problem *p)
{
	const struct telling *t = arg;
	struct gh_jout *out = t->out;
	if (t->tally != NULL) {
		t->tally->problems++;
		t->tally->repaired += p->repaired;
	}
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
	const char *cursor = gh_in_text(r->in, "cursor", ""), *part = gh_in_text(r->in, "part", "");
	bool first = gh_fsck_part_at(0) != NULL && strcmp(part, gh_fsck_part_at(0)->name) == 0 && cursor[0] == '\0';
	struct telling t = { r->out, repair ? tally(r, first) : NULL };
	struct gh_fsck f = { .part = part,
			     .deep = gh_in_flag(r->in, "deep"),
			     .repair = repair,
			     .grace = gh_in_number(r->in, "grace", GH_FSCK_GRACE),
			     .now = r->now,
			     .say = say,
			     .arg = &t };
	if ((size_t)snprintf(f.cursor, sizeof f.cursor, "%s", cursor) >= sizeof f.cursor)
		return gh_fail(err, GH_E_MALFORMED, "'cursor' is none of ours");
	gh_jout_open(r->out, "problems", '[');
	enum gh_rc rc = gh_fsck_step(r->cat, &f, err);
	gh_jout_close(r->out, ']');
	if (t.tally != NULL && (rc != GH_OK || f.cursor[0] == '\0'))
		t.tally->parts |= part_bit(part);
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
	const struct gh_catalog_check *t = tally(r, false);
	(void)db;
	const struct gh_entry_value v[] = {
		{ .name = "problems", .number = t->problems },
		{ .name = "repaired", .number = t->repaired },
	};
	return gh_ledger_put(r->cat, "fsck", gh_principal_actor(r->who), v, sizeof v / sizeof *v, NULL, err);
}

/* What is logged is what this process has seen itself, of a check that went through every part: nobody tells it. */
static enum gh_rc done(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_catalog_check *t = tally(r, false);
	if (t == NULL || t->parts != all_parts())
		return gh_fail(
			err, GH_E_DENIED,
			"there is no check to log: `gatehouse fsck --repair` goes through all parts, and logs what it "
			"found itself");
	GH_TRY(gh_db_tx(r->cat->db, put, r, err), err, "the check");
	gh_jout_number(r->out, "problems", t->problems);
	gh_jout_number(r->out, "repaired", t->repaired);
	*t = (struct gh_catalog_check){ 0 };
	return GH_OK;
}

static enum gh_rc tags(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_catalog_check *t = tally(r, false);
	(void)err;
	if (t != NULL)
		t->problems += (uint64_t)gh_in_number(r->in, "problems", 0);
	return GH_OK;
}

static const struct gh_op_field step_in[] = {
	{ "part", GH_IN_WORD, true, "which part: see fsck.parts" },
	{ "cursor", GH_IN_WORD, false, "where to go on: what the last step answered" },
	{ "deep", GH_IN_BOOL, false, "read every stored byte" },
	{ "grace", GH_IN_NUMBER, false, "seconds that leftovers are left alone" },
	{ 0 },
};
static const struct gh_op_field tags_in[] = {
	{ "problems", GH_IN_NUMBER, true, "how many blobs do not open" },
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
					 .when_full = true,
					 .about = "Check one part and remove what nobody names.",
					 .in = step_in,
					 .permission = "fsck.run",
					 .local = true,
					 .run = repair };
const struct gh_op gh_op_fsck_done = { .name = "fsck.done",
				       .when_full = true,
				       .about = "Log what a check that went through every part has found.",
				       .permission = "fsck.run",
				       .local = true,
				       .run = done };
const struct gh_op gh_op_fsck_tally = { .name = "fsck.tally",
					.about = "Add what the check of tags found to the check that is under way.",
					.in = tags_in,
					.permission = "fsck.run",
					.asks = true,
					.local = true,
					.internal = true,
					.run = tags };

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

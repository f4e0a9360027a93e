/* Badges: issue one when it may be had, note that its file is stored, look, revoke, the status list. */
#include "api/ops.h"
#include "catalog/badge_log.h"
#include "catalog/badge_make.h"
#include "catalog/statement_make.h"
#include "catalog/vault.h"
#include "catalog/version_says.h"
#include "crypto/badge.h"
#include "crypto/dsse.h"
#include "crypto/merkle.h"
#include "wire/b64.h"
#include "wire/datetime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_MAX = GH_BADGE_FILE_MAX, STATUS_DAYS = 7, LIST = 4 << 20 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }
static struct gh_id id(const struct gh_op_run *r, const char *name) { return gh_id(gh_span_str(text(r, name))); }

static enum gh_rc find(struct gh_op_run *r, struct gh_version *v, struct gh_err *err)
{
	struct gh_name name;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	return gh_version_find(r->cat->db, &name, v, err);
}

static void show_row(struct gh_jout *j, const struct gh_badge_row *b)
{
	char at[GH_DATETIME_TEXT];
	gh_jout_str(j, "badge", b->id.s);
	gh_jout_str(j, "state", b->state == GH_BADGE_ISSUED ? "scan-complete" : gh_badge_state_name(b->state));
	gh_jout_str(j, "reason", b->reason);
	if (gh_datetime_write(b->issued, at))
		gh_jout_str(j, "issued", at);
	if (gh_datetime_write(b->expires, at))
		gh_jout_str(j, "expires", at);
	if (!gh_id_none(&b->blob))
		gh_jout_str(j, "blob", b->blob.s);
	if (b->log_index >= 0)
		gh_jout_number(j, "log_index", (uint64_t)b->log_index);
}

/* ---- badge.issue -------------------------------------------------------------------------------------------------------------- */

static bool stands(struct gh_catalog *c, const struct gh_badge_case *b, struct gh_badge_row *row)
{
	struct gh_err err = { 0 };
	return !gh_id_none(&b->version.badge) && gh_badge_get(c->db, &b->version.badge, row, &err) == GH_OK &&
	       row->state == GH_BADGE_ISSUED && gh_id_same(&row->report, &b->report.id) && row->expires > c->now();
}

static enum gh_rc issue(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_badge_case b;
	struct gh_badge_row row;
	struct gh_gate gate;
	const char *state;
	struct gh_id version = id(r, "version");
	GH_TRY(gh_version_logged(r->cat, &version, err), err, "the badge");
	GH_TRY(gh_badge_case(r->cat, &version, r->arena, &b, err), err, "the badge");
	if (stands(r->cat, &b, &row)) {
		show_row(r->out, &row);
		return GH_OK;
	}
	const char *why = gh_badge_obstacle(r->cat, &b, r->arena, &state);
	if (why == NULL) {
		const struct gh_jval *known = gh_jget(r->in, "known");
		GH_TRY(gh_gate_ask(r->cat, &b.version, "badge", known != NULL ? known->text : (struct gh_span){ 0 },
				   r->arena, &gate, err),
		       err, "the policy");
		if (gate.decision != GH_ALLOW && gate.decision != GH_WARN) {
			why = gate.because;
			state = gate.decision == GH_PENDING ? gh_badge_state_name(GH_BADGE_PENDING) : "none";
		}
	}
	if (why != NULL) {
		gh_jout_str(r->out, "state", state);
		gh_jout_str(r->out, "reason", why);
		return GH_OK;
	}
	gh_auto_buf file = gh_buf(FILE_MAX);
	GH_TRY(gh_badge_make(r->cat, &b, &gate, r->who, r->arena, &row, &file, err), err, "the badge");
	row.state = GH_BADGE_ISSUED;
	row.reason[0] = '\0';
	show_row(r->out, &row);
	gh_jout_span(r->out, "file", gh_buf_view(&file));
	return GH_OK;
}

static const struct gh_op_field issue_in[] = {
	{ "version", GH_IN_ID, true, "the version" },
	{ "known", GH_IN_LONG, false, "facts of its last scan" },
	{ 0 },
};
const struct gh_op gh_op_badge_issue = { .name = "badge.issue",
					 .about = "Issue the badge of a version, if it may have one.",
					 .in = issue_in,
					 .permission = "model.import",
					 .scope = GH_AT_HANDLER,
					 .local = true,
					 .internal = true,
					 .run = issue };

/* ---- badge.stored ------------------------------------------------------------------------------------------------------------- */

static enum gh_rc stored(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_id badge = id(r, "badge"), blob = id(r, "blob");
	return gh_badge_handed(r->cat, &badge, &blob, err);
}

static const struct gh_op_field stored_in[] = {
	{ "badge", GH_IN_ID, true, "the badge" },
	{ "blob", GH_IN_ID, true, "its file" },
	{ "digest", GH_IN_DIGEST, true, "of the file" },
	{ 0 },
};
const struct gh_op gh_op_badge_stored = { .name = "badge.stored",
					  .about = "The file of a badge is stored: from now on it is issued.",
					  .in = stored_in,
					  .permission = "model.import",
					  .scope = GH_AT_HANDLER,
					  .local = true,
					  .internal = true,
					  .run = stored };

/* ---- badge.statement ---------------------------------------------------------------------------------------------------------- */

static enum gh_rc statement(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_badge_case b;
	gh_auto_buf file = gh_buf(2 * GH_VP_SIGN_MAX);
	const struct gh_jval *known = gh_jget(r->in, "known");
	GH_TRY(find(r, &v, err), err, "the statement");
	GH_TRY(gh_version_logged(r->cat, &v.id, err), err, "the statement");
	GH_TRY(gh_badge_case(r->cat, &v.id, r->arena, &b, err), err, "the statement");
	GH_TRY(gh_statement_make(r->cat, text(r, "statement"), &b, known->text, r->arena, &file, err), err,
	       "the statement");
	gh_jout_span(r->out, "file", gh_buf_view(&file));
	return GH_OK;
}

static const struct gh_op_field statement_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "statement", GH_IN_WORD, true, "vsa, vulns, test-result" },
	{ "known", GH_IN_LONG, true, "facts of its last scan" },
	{ 0 },
};
/* What it says was decided elsewhere; nothing is changed by saying it. */
const struct gh_op gh_op_badge_statement = { .name = "badge.statement",
					     .about = "Sign a statement about a version in a form of others.",
					     .in = statement_in,
					     .permission = "model.read",
					     .scope = GH_AT_FIELD,
					     .local = true,
					     .internal = true,
					     .run = statement };

/* ---- badge.show, badge.revoke ------------------------------------------------------------------------------------------------ */

/* A row that says issued, of a badge that the log says is revoked: somebody altered the row. */
static enum gh_rc as_logged(struct gh_op_run *r, const struct gh_badge_row *row, struct gh_err *err)
{
	struct gh_badge_logged *x = NULL;
	if (row->state == GH_BADGE_REVOKED)
		return GH_OK;
	GH_TRY(gh_badge_logged(r->cat, r->arena, &row->id, &x, err), err, "whether it is revoked");
	return x == NULL ? GH_OK
			 : gh_fail(err, GH_E_UNREAD,
				   "it is revoked by the audit log (entry %llu: %.60s), and %s in the database: the "
				   "database was altered; see `gatehouse fsck`",
				   (unsigned long long)x->index, x->reason, gh_badge_state_name(row->state));
}

static enum gh_rc show(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_badge_case b;
	struct gh_badge_row row;
	const char *state;
	GH_TRY(find(r, &v, err), err, "the badge");
	gh_jout_str(r->out, "version", v.id.s);
	gh_jout_str(r->out, "tenant", v.tenant.s);
	if (!gh_id_none(&v.badge)) {
		GH_TRY(gh_badge_get(r->cat->db, &v.badge, &row, err), err, "the badge");
		GH_TRY(as_logged(r, &row, err), err, "the badge");
		if (row.state == GH_BADGE_ISSUED && row.expires <= r->now)
			row.state = GH_BADGE_EXPIRED;
		show_row(r->out, &row);
		return GH_OK;
	}
	GH_TRY(gh_badge_case(r->cat, &v.id, r->arena, &b, err), err, "the badge");
	const char *why = gh_badge_obstacle(r->cat, &b, r->arena, &state);
	gh_jout_str(r->out, "state", state);
	gh_jout_str(r->out, "reason", why == NULL ? "it was not issued yet" : why);
	return GH_OK;
}

static const struct gh_op_field show_in[] = { { "model", GH_IN_VERSION, true, "the version" }, { 0 } };
const struct gh_op gh_op_badge_show = { .name = "badge.show",
					.about = "Show the state of a version's badge.",
					.in = show_in,
					.permission = "model.read",
					.scope = GH_AT_FIELD,
					.asks = true,
					.local = true,
					.run = show };

static enum gh_rc revoke(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	GH_TRY(find(r, &v, err), err, "the badge");
	if (gh_id_none(&v.badge))
		return gh_fail(err, GH_E_ABSENT, "it has no badge");
	GH_TRY(gh_badge_revoke(r->cat, &v.badge, text(r, "reason"), r->who, err), err, "the badge");
	gh_jout_str(r->out, "badge", v.badge.s);
	gh_jout_str(r->out, "state", "revoked");
	return GH_OK;
}

static const struct gh_op_field revoke_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "reason", GH_IN_WORD, true, "one word: key-compromise, finding, superseded …" },
	{ 0 },
};
const struct gh_op gh_op_badge_revoke = { .name = "badge.revoke",
					  .when_full = true,
					  .about = "Revoke a version's badge.",
					  .in = revoke_in,
					  .permission = "badge.revoke",
					  .scope = GH_AT_FIELD,
					  .local = true,
					  .run = revoke };

/* ---- badge.status: the signed list of revoked badges -------------------------------------------------------------------------- */

static void one_revoked(struct gh_jout *j, const struct gh_id *badge, const char *reason, int64_t when)
{
	char at[GH_DATETIME_TEXT];
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "badge", badge->s);
	gh_jout_str(j, "reason", reason);
	(void)gh_datetime_write(when, at);
	gh_jout_str(j, "at", at);
	gh_jout_close(j, '}');
}

static int by_id(const void *a, const void *b)
{
	const struct gh_badge_row *x = a, *y = b;
	return strcmp(x->id.s, y->id.s);
}

/* Those of the rows, and those that the log says are revoked although their row does not, or is gone. */
static void revoked(struct gh_jout *j, const struct gh_badge_row *v, size_t n, const struct gh_badge_logged *logged)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].state == GH_BADGE_REVOKED)
			one_revoked(j, &v[i].id, v[i].reason, v[i].changed);
	for (; logged != NULL; logged = logged->next) {
		const struct gh_badge_row key = { .id = logged->badge }; /* they are in the order of their ids */
		const struct gh_badge_row *row = n == 0 ? NULL : bsearch(&key, v, n, sizeof *v, by_id);
		if (row == NULL || row->state != GH_BADGE_REVOKED)
			one_revoked(j, &logged->badge, logged->reason, logged->at);
	}
}

static enum gh_rc status(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_badge_row *v;
	struct gh_badge_logged *logged;
	struct gh_status_row last = { 0 };
	struct gh_vp_signature sig;
	struct gh_err none = { 0 };
	size_t n;
	char at[GH_DATETIME_TEXT];
	gh_auto_buf body = gh_buf(LIST), file = gh_buf(2 * LIST);
	GH_TRY(gh_badge_ended(r->cat->db, r->arena, &v, &n, err), err, "revoked badges");
	GH_TRY(gh_badge_logged(r->cat, r->arena, NULL, &logged, err), err, "revoked badges");
	(void)gh_status_last(r->cat->db, r->arena, &last, &none);
	struct gh_jout j = gh_jout(&body);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "type", "gatehouse-status/1");
	gh_jout_number(&j, "number", (uint64_t)last.number + 1);
	(void)gh_datetime_write(r->now, at);
	gh_jout_str(&j, "issued", at);
	(void)gh_datetime_write(r->now + STATUS_DAYS * 86400, at);
	gh_jout_str(&j, "expires", at);
	gh_jout_open(&j, "revoked", '[');
	revoked(&j, v, n, logged);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
	if (body.full)
		return gh_fail(err, GH_E_LIMIT, "the list is too large");
	GH_TRY(gh_vault_sign(r->cat->vault, GH_SIGN_STATUS, gh_buf_view(&body), &sig, err), err, "the status list");
	const struct gh_dsse_sig one = { .sig = { sig.sig, sig.sig_n } };
	gh_dsse_write(&file, GH_SPAN(GH_BADGE_STATUS_TYPE), gh_buf_view(&body), &one, 1);
	struct gh_status_row row = { .number = last.number + 1,
				     .issued = r->now,
				     .expires = r->now + STATUS_DAYS * 86400,
				     .body = gh_buf_view(&file) };
	const struct gh_mhash h = gh_merkle_sha256(gh_buf_view(&body));
	gh_b16(row.digest, (struct gh_span){ h.b, sizeof h.b });
	GH_TRY(gh_status_add(r->cat->db, &row, err), err, "the status list");
	gh_jout_number(r->out, "number", (uint64_t)row.number);
	gh_jout_span(r->out, "file", gh_buf_view(&file));
	return GH_OK;
}

const struct gh_op gh_op_badge_status = { .name = "badge.status",
					  .about = "Sign the list of revoked badges.",
					  .permission = "model.read",
					  .scope = GH_AT_ANY,
					  .local = true,
					  .run = status };

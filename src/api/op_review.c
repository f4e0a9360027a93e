/* Reviews: what waits for people, and what they say. Comments are blobs: main stores them before, and shows them after
 * (daemon/task_review.c); here are their ids and digests. */
#include "api/ops.h"
#include "catalog/badge_make.h"
#include "catalog/deployments.h"
#include "catalog/ledger.h"
#include "catalog/reviews.h"
#include "catalog/reviews_verify.h"
#include "catalog/vault.h"
#include "catalog/versions.h"
#include "wire/sha256.h"

#include <stdio.h>
#include <string.h>

enum { CLOCKS_MAY_DIFFER = 300 /* seconds: between who signed and us */ };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static void time_out(struct gh_jout *j, const char *key, int64_t t)
{
	char at[GH_ENTRY_TIME + 1];
	gh_jout_str(j, key, t != 0 && gh_entry_time(t, at) ? at : NULL);
}

/* ---- looking ------------------------------------------------------------------------------------------------------------ */
static void review_out(struct gh_jout *j, const struct gh_review *v, const struct gh_version *of)
{
	char name[GH_NAME_TEXT];
	gh_jout_str(j, "id", v->id.s);
	gh_jout_str(j, "model", gh_name_text(&of->name, name));
	gh_jout_str(j, "version", v->version.s);
	gh_jout_str(j, "tenant", of->tenant.s);
	gh_jout_str(j, "state", gh_review_state_name(v->state));
	gh_jout_str(j, "reason", v->reason);
	gh_jout_str(j, "tier", v->tier);
	gh_jout_str(j, "verdict", of->verdict);
	gh_jout_str(j, "version_state", gh_vstate_name(of->state));
	gh_jout_number(j, "needed", (uint64_t)v->needed);
	gh_jout_number(j, "approvals", (uint64_t)v->approvals);
	gh_jout_str(j, "root", v->root);
	gh_jout_str(j, "report", v->report_digest);
	gh_jout_str(j, "author", gh_id_none(&v->author) ? "local" : v->author.s);
	time_out(j, "opened", v->opened);
	time_out(j, "closed", v->closed);
}

/* Deployments in quarantine wait for a person too. */
static enum gh_rc waiting(struct gh_op_run *r, struct gh_err *err)
{
	const struct gh_deployment_filter f = { .limit = 1000 };
	struct gh_deployment *d;
	size_t n;
	char model[GH_NAME_TEXT];
	enum gh_rc rc = gh_deployment_list(r->cat->db, r->arena, &f, &d, &n, err);
	gh_jout_open(r->out, "deployments", '[');
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		struct gh_name scope = { 0 };
		char name[2 * GH_NAME_PART + 2];
		memcpy(scope.tenant, d[i].tenant_name, sizeof scope.tenant);
		if (d[i].state != GH_D_QUARANTINED || !gh_may(r->who, "review.read", &scope))
			continue;
		(void)snprintf(name, sizeof name, "%s/%s", d[i].tenant_name, d[i].name);
		gh_jout_open(r->out, NULL, '{');
		gh_jout_str(r->out, "deployment", name);
		gh_jout_str(r->out, "model", gh_name_text(&d[i].model, model));
		gh_jout_str(r->out, "reason", d[i].reason);
		time_out(r->out, "since", d[i].changed);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return rc;
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_review *v;
	size_t n;
	const char *state = gh_in_text(r->in, "state", "open");
	enum gh_review_state only = gh_review_state_named(state);
	if (only == GH_REVIEW_STATES && strcmp(state, "all") != 0)
		return gh_fail(err, GH_E_MALFORMED,
			       "a review is open, approved, rejected or void ('all' for every one), not '%.20s'",
			       state);
	enum gh_rc rc = gh_review_list(r->cat->db, r->arena, only, (size_t)gh_in_number(r->in, "limit", 1000), &v, &n,
				       err);
	if (rc != GH_OK)
		return rc;
	gh_jout_open(r->out, "reviews", '[');
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		struct gh_version of;
		rc = gh_version_get(r->cat->db, &v[i].version, &of, err);
		if (rc != GH_OK || !gh_may(r->who, "review.read", &of.name))
			continue;
		gh_jout_open(r->out, NULL, '{');
		review_out(r->out, &v[i], &of);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return rc == GH_OK && only == GH_REVIEW_OPEN ? waiting(r, err) : rc;
}

static const struct gh_op_field list_in[] = {
	{ "state", GH_IN_WORD, false, "open (default), approved, rejected, void or all" },
	{ "limit", GH_IN_NUMBER, false, "at most so many, newest first (1000)" },
	{ 0 },
};
const struct gh_op gh_op_review_list = {
	.name = "review.list",
	.about = "List reviews, as far as the asker may see them.",
	.in = list_in,
	.permission = "review.read",
	.scope = GH_AT_ANY,
	.asks = true,
	.local = true,
	.run = list,
};

static void event_out(struct gh_op_run *r, const struct gh_review_event *e)
{
	struct gh_principal p;
	bool known = gh_principal_get(r->cat->db, &e->principal, &p, NULL) == GH_OK;
	gh_jout_open(r->out, NULL, '{');
	gh_jout_str(r->out, "act", gh_review_act_name(e->act));
	gh_jout_str(r->out, "principal", known ? p.name : e->principal.s);
	gh_jout_str(r->out, "role", e->role);
	time_out(r->out, "at", e->at);
	if (!gh_id_none(&e->comment))
		gh_jout_str(r->out, "comment", e->comment.s);
	if (e->comment_digest[0] != '\0')
		gh_jout_str(r->out, "comment_digest", e->comment_digest);
	gh_jout_str(r->out, "signed_by", e->signature_n != 0 ? "own key" : e->receipt_n != 0 ? "receipt" : "nobody");
	gh_jout_close(r->out, '}');
}

/* The model that is named, and its open or newest review. */
static enum gh_rc find(struct gh_op_run *r, struct gh_version *v, struct gh_review *review, struct gh_err *err)
{
	struct gh_name name;
	enum gh_rc rc = gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err);
	if (rc == GH_OK)
		rc = gh_version_find(r->cat->db, &name, v, err);
	return rc == GH_OK ? gh_review_of(r->cat->db, &v->id, review, err) : rc;
}

static enum gh_rc show(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_review review;
	struct gh_review_event *e;
	size_t n;
	enum gh_rc rc = find(r, &v, &review, err);
	if (rc == GH_OK)
		rc = gh_review_events(r->cat->db, r->arena, &review.id, &e, &n, err);
	if (rc != GH_OK)
		return rc;
	review_out(r->out, &review, &v);
	gh_jout_open(r->out, "events", '[');
	for (size_t i = 0; i < n; i++)
		event_out(r, &e[i]);
	gh_jout_close(r->out, ']');
	gh_jout_str(r->out, "you", r->who->kind == GH_PRINCIPAL_LOCAL ? "local" : r->who->id.s);
	struct gh_err no = { 0 };
	const char *role;
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	bool may = gh_review_may(&review, r->who, &v.name, &role, &no) == GH_OK;
	bool counts = gh_home_one_hand(&r->cat->home) ||
		      (may && gh_review_independent(r->cat->db, &review, r->who, &no) == GH_OK);
	gh_jout_bool(r->out, "may_approve", may && counts); /* who is not independent may still reject */
	gh_jout_bool(r->out, "may_decide", may);
	gh_jout_str(r->out, "why_not", may && counts ? NULL : gh_err_line(&no, why, sizeof why));
	return GH_OK;
}

static const struct gh_op_field model_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ 0 },
};
const struct gh_op gh_op_review_look = {
	.name = "review.look",
	.about = "Show the open or newest review of a version, with what was said; comments by their blobs.",
	.in = model_in,
	.permission = "review.read",
	.scope = GH_AT_FIELD,
	.asks = true,
	.local = true,
	.internal = true,
	.run = show,
};

/* ---- opening ------------------------------------------------------------------------------------------------------------ */
struct opening {
	struct gh_op_run *r;
	struct gh_version v;
	struct gh_review before, review;
	bool had;
};

static enum gh_rc open_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct opening *o = arg;
	enum gh_rc rc = gh_review_of(db, &o->v.id, &o->before, NULL);
	o->had = rc == GH_OK;
	int64_t needed = gh_review_eyes(&o->v.by, gh_home_one_hand(&o->r->cat->home),
					gh_in_number(o->r->in, "needed", 0));
	rc = gh_review_open(db, &o->v.id, needed, o->r->now, &o->review, err);
	if (rc != GH_OK || (o->had && gh_id_same(&o->before.id, &o->review.id)))
		return rc; /* there is one already: nothing happened */
	const struct gh_entry_value e[] = {
		{ .name = "tenant", .text = o->v.tenant.s },
		{ .name = "version", .text = o->v.id.s },
		{ .name = "root", .text = o->review.root },
		{ .name = "report", .text = o->review.report_digest },
		{ .name = "review", .text = o->review.id.s },
		{ .name = "needed", .number = (uint64_t)o->review.needed },
		{ .name = "tier", .text = o->review.tier },
	};
	return gh_ledger_put(o->r->cat, "review-opened", gh_principal_actor(o->r->who), e, sizeof e / sizeof *e, NULL,
			     err);
}

static enum gh_rc open_review(struct gh_op_run *r, struct gh_err *err)
{
	struct opening o = { .r = r };
	struct gh_name name;
	if (gh_in_number(r->in, "needed", 0) > 16)
		return gh_fail(err, GH_E_MALFORMED, "at most 16 persons are asked for");
	enum gh_rc rc = gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err);
	if (rc == GH_OK)
		rc = gh_version_find(r->cat->db, &name, &o.v, err);
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, open_tx, &o, err);
	if (rc == GH_OK)
		review_out(r->out, &o.review, &o.v);
	return rc;
}

static const struct gh_op_field open_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "needed", GH_IN_NUMBER, false, "how many persons, when more than its tier asks for" },
	{ 0 },
};
const struct gh_op gh_op_review_open = {
	.name = "review.open",
	.about = "Ask people to review a version.",
	.in = open_in,
	.permission = "review.open",
	.scope = GH_AT_FIELD,
	.local = true,
	.run = open_review,
};

/* ---- deciding ----------------------------------------------------------------------------------------------------------- */
struct deciding {
	struct gh_op_run *r;
	struct gh_version v;
	struct gh_review review, after;
	struct gh_review_event e;
	const char *role;
	char receipt[GH_DIGEST_HEX + 1]; /* digest of what was signed, for the log */
};

/* A signature that came along: by a key of the person that asks, over this very statement, made just now. */
static enum gh_rc own_signature(struct deciding *d, struct gh_err *err)
{
	struct gh_op_run *r = d->r;
	struct gh_principal_key *k;
	size_t n, i = 0;
	const char *fingerprint = text(r, "signer");
	struct gh_span sig = gh_span_str(text(r, "signature"));
	if (sig.n == 0)
		return GH_OK;
	int64_t at = gh_in_time(r->in, "at", 0);
	if (at < r->now - CLOCKS_MAY_DIFFER || at > r->now + CLOCKS_MAY_DIFFER)
		return gh_fail(err, GH_E_DENIED, "the decision was signed for another time: is your clock right?");
	enum gh_rc rc = gh_principal_keys(r->cat->db, r->arena, &r->who->id, &k, &n, err);
	if (rc != GH_OK)
		return rc;
	while (i < n && (strcmp(k[i].fingerprint, fingerprint) != 0 || k[i].revoked != 0))
		i++;
	if (i == n)
		return gh_fail(err, GH_E_DENIED,
			       "the key %.16s… is not registered for %s ('gatehouse people sign-key')", fingerprint,
			       r->who->name);
	if (sig.n / 2 > sizeof d->e.signature || !gh_hex_get(sig, d->e.signature, sig.n / 2))
		return gh_fail(err, GH_E_MALFORMED, "the signature is none");
	d->e.at = at;
	d->e.signer = k[i].id;
	d->e.signature_n = sig.n / 2;
	return gh_review_verify_own(&d->e, k[i].spki, err);
}

/* The vault says that it was told so: over the same statement. */
static enum gh_rc receipt(struct deciding *d, struct gh_err *err)
{
	char statement[GH_REVIEW_STATEMENT];
	uint8_t digest[GH_SHA256_BYTES];
	size_t n;
	struct gh_vp_signature s;
	enum gh_rc rc = gh_review_statement(&d->e, statement, &n, err);
	if (rc != GH_OK)
		return rc;
	if (d->r->cat->vault == NULL)
		return gh_fail(err, GH_E_DENIED, "a decision is sealed by the vault, whose keys are locked");
	struct gh_span payload = { (const uint8_t *)statement, n };
	GH_TRY(gh_vault_sign(d->r->cat->vault, GH_SIGN_REVIEW, payload, &s, err), err, "the receipt of the decision");
	if (s.sig_n > sizeof d->e.receipt)
		return gh_fail(err, GH_E_BUG, "a receipt of %u bytes", s.sig_n);
	memcpy(d->e.receipt, s.sig, s.sig_n);
	d->e.receipt_n = s.sig_n;
	gh_hex_put(d->e.receipt_key, s.key_id, sizeof s.key_id);
	struct gh_sha256_state h = gh_sha256_begin();
	gh_sha256_put(&h, payload);
	gh_sha256_end(&h, digest);
	gh_hex_put(d->receipt, digest, sizeof digest);
	return GH_OK;
}

static enum gh_rc note(struct deciding *d, struct gh_err *err)
{
	struct gh_op_run *r = d->r;
	const char *actor = gh_principal_actor(r->who);
	const struct gh_entry_value comment[] = {
		{ .name = "tenant", .text = d->v.tenant.s },
		{ .name = "review", .text = d->review.id.s },
		{ .name = "text", .text = d->e.comment_digest },
	};
	const struct gh_entry_value decision[] = {
		{ .name = "tenant", .text = d->v.tenant.s },  { .name = "version", .text = d->v.id.s },
		{ .name = "root", .text = d->e.root },	      { .name = "report", .text = d->e.report_digest },
		{ .name = "review", .text = d->review.id.s }, { .name = "receipt", .text = d->receipt },
		{ .name = "role", .text = d->role },
	};
	if (d->e.act == GH_REVIEW_COMMENT)
		return gh_ledger_put(r->cat, "comment", actor, comment, sizeof comment / sizeof *comment, NULL, err);
	return gh_ledger_put(r->cat, d->e.act == GH_REVIEW_APPROVE ? "approval" : "rejection", actor, decision,
			     sizeof decision / sizeof *decision, NULL, err);
}

static enum gh_rc move(struct deciding *d, enum gh_vstate to, const char *reason, struct gh_err *err)
{
	struct gh_op_run *r = d->r;
	struct gh_version v; /* as it is inside this transaction */
	enum gh_rc rc = gh_version_get(r->cat->db, &d->v.id, &v, err);
	if (rc != GH_OK || v.state == to)
		return rc;
	if (to == GH_V_READY && v.state != GH_V_REVIEW && v.state != GH_V_DISABLED)
		return GH_OK; /* an approval is recorded; it does not undo a quarantine */
	GH_TRY(gh_version_move(r->cat->db, &v.id, v.state, to, reason, err), err, "the version");
	const struct gh_entry_value e[] = {
		{ .name = "tenant", .text = v.tenant.s },
		{ .name = "version", .text = v.id.s },
		{ .name = "from", .text = gh_vstate_name(v.state) },
		{ .name = "to", .text = gh_vstate_name(to) },
		{ .name = "reason", .text = reason },
	};
	return gh_ledger_put(r->cat, "version-state", gh_principal_actor(r->who), e, sizeof e / sizeof *e, NULL, err);
}

/* A rejected version has no badge: the one it waited for, or had, ends. */
static enum gh_rc end_badge(struct deciding *d, struct gh_err *err)
{
	struct gh_op_run *r = d->r;
	struct gh_badge_row *b;
	size_t n;
	GH_TRY(gh_badge_list(r->cat->db, r->arena, &d->v.id, &b, &n, err), err, "badges");
	for (size_t i = 0; i < n; i++)
		if (b[i].state == GH_BADGE_PENDING)
			GH_TRY(gh_badge_move(r->cat->db, &b[i].id, GH_BADGE_PENDING, GH_BADGE_REJECTED, "rejected",
					     r->now, err),
			       err, "the badge");
	return gh_badge_revoke_all(r->cat, &d->v, "rejected", r->who, err);
}

static enum gh_rc decide_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct deciding *d = arg;
	enum gh_rc rc = gh_review_record(db, d->r->who, &d->v.name, &d->e, &d->after, err);
	if (rc == GH_OK)
		rc = note(d, err);
	if (rc != GH_OK || d->e.act == GH_REVIEW_COMMENT)
		return rc;
	if (d->after.state == GH_REVIEW_APPROVED)
		return move(d, GH_V_READY, "approved", err);
	if (d->after.state != GH_REVIEW_REJECTED)
		return GH_OK;
	rc = move(d, GH_V_REJECTED, "rejected", err);
	return rc == GH_OK ? end_badge(d, err) : rc;
}

static enum gh_rc prepare(struct deciding *d, struct gh_err *err)
{
	struct gh_op_run *r = d->r;
	enum gh_rc rc = find(r, &d->v, &d->review, err);
	if (rc != GH_OK)
		return rc;
	d->e = (struct gh_review_event){
		.review = d->review.id,
		.principal = r->who->id,
		.at = r->now,
		.act = gh_review_act_named(text(r, "act")),
		.comment = gh_id(gh_span_str(text(r, "comment"))),
	};
	(void)snprintf(d->e.root, sizeof d->e.root, "%s", gh_in_text(r->in, "root", d->review.root));
	(void)snprintf(d->e.report_digest, sizeof d->e.report_digest, "%s",
		       gh_in_text(r->in, "report", d->review.report_digest));
	(void)snprintf(d->e.comment_digest, sizeof d->e.comment_digest, "%s", text(r, "comment_digest"));
	d->e.one_hand = gh_home_one_hand(&r->cat->home);
	if (d->e.act >= GH_REVIEW_WITHDRAWN)
		return gh_fail(err, GH_E_MALFORMED, "a review is approved, rejected or commented on");
	if (d->e.act == GH_REVIEW_COMMENT && d->e.comment_digest[0] == '\0')
		return gh_fail(err, GH_E_MALFORMED, "a comment needs a text");
	return gh_id_new(&d->e.id, err);
}

static enum gh_rc decide(struct gh_op_run *r, struct gh_err *err)
{
	struct deciding d = { .r = r };
	char name[GH_NAME_TEXT];
	enum gh_rc rc = prepare(&d, err);
	/* Asked before anything is signed; the transaction asks again. */
	if (rc == GH_OK && d.e.act != GH_REVIEW_COMMENT)
		rc = gh_review_may(&d.review, r->who, &d.v.name, &d.role, err);
	if (rc == GH_OK && d.e.act != GH_REVIEW_COMMENT)
		rc = own_signature(&d, err);
	if (rc == GH_OK && d.e.act == GH_REVIEW_APPROVE && !d.e.one_hand)
		rc = gh_review_independent(r->cat->db, &d.review, r->who, err);
	if (rc == GH_OK && d.e.act != GH_REVIEW_COMMENT)
		rc = receipt(&d, err);
	if (rc == GH_OK)
		rc = gh_db_tx(r->cat->db, decide_tx, &d, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "model", gh_name_text(&d.v.name, name));
	gh_jout_str(r->out, "review", d.review.id.s);
	gh_jout_str(r->out, "version", d.v.id.s);
	gh_jout_str(r->out, "tenant", d.v.tenant.s);
	gh_jout_str(r->out, "state", gh_review_state_name(d.after.state));
	gh_jout_number(r->out, "approvals", (uint64_t)d.after.approvals);
	gh_jout_number(r->out, "needed", (uint64_t)d.after.needed);
	rc = gh_version_get(r->cat->db, &d.v.id, &d.v, err);
	if (rc == GH_OK)
		gh_jout_str(r->out, "version_state", gh_vstate_name(d.v.state));
	return rc;
}

static const struct gh_op_field decide_in[] = {
	{ "model", GH_IN_VERSION, true, "TENANT/[PROJECT/]NAME:VERSION" },
	{ "act", GH_IN_WORD, true, "approve, reject or comment" },
	{ "root", GH_IN_DIGEST, false, "root digest that was looked at (that of the review)" },
	{ "report", GH_IN_DIGEST, false, "digest of the report that was looked at (that of the review)" },
	{ "comment", GH_IN_ID, false, "blob of the comment" },
	{ "comment_digest", GH_IN_DIGEST, false, "SHA-256 of the comment's text" },
	{ "at", GH_IN_TIME, false, "when it was signed" },
	{ "signer", GH_IN_DIGEST, false, "fingerprint of the person's own key" },
	{ "signature", GH_IN_WORD, false, "by that key over the statement, in hexadecimal digits" },
	{ 0 },
};
const struct gh_op gh_op_review_decide = {
	.name = "review.decide",
	.about = "Record an approval, a rejection or a comment.",
	.in = decide_in,
	.permission = "review.comment",
	.scope = GH_AT_FIELD,
	.internal = true,
	.run = decide,
};

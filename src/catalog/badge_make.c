#include "catalog/badge_make.h"

#include "audit/log.h"
#include "catalog/blobs.h"
#include "catalog/ledger.h"
#include "catalog/reviews.h"
#include "catalog/row.h"
#include "catalog/vault.h"
#include "check/stage.h"
#include "crypto/badge.h"
#include "crypto/dsse.h"
#include "crypto/statement.h"
#include "wire/b64.h"
#include "wire/datetime.h"
#include "wire/jout.h"

#include <stdio.h>

enum { STATEMENT = 1 << 20, DAY = 86400, KEYS = 128, BADGES_ARENA = 64 << 20 };

/* ---- may it have one? ---------------------------------------------------------------------------------------------------- */

enum gh_rc gh_badge_case(struct gh_catalog *c, const struct gh_id *version, struct gh_arena *a,
			 struct gh_badge_case *out, struct gh_err *err)
{
	struct gh_blob manifest;
	*out = (struct gh_badge_case){ .manifest = "" };
	GH_TRY(gh_version_get(c->db, version, &out->version, err), err, "the version");
	if (gh_id_none(&out->version.report))
		return gh_fail(err, GH_E_ABSENT, "the version was not scanned");
	GH_TRY(gh_report_get(c->db, &out->version.report, &out->report, err), err, "its report");
	GH_TRY(gh_blob_get(c->db, &out->version.manifest, &manifest, err), err, "its manifest");
	struct gh_span kept = gh_keep(a, gh_span_str(manifest.digest));
	if (kept.p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	out->manifest = (const char *)kept.p;
	return GH_OK;
}

/* The state of a stage in the words of a report row: "integrity=run malware=run …". */
static bool has_run(const char *stages, const char *name)
{
	size_t n = strlen(name);
	for (const char *p = stages; p != NULL && *p != '\0'; p = strchr(p, ' ') == NULL ? NULL : strchr(p, ' ') + 1)
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			return strncmp(p + n + 1, "run", 3) == 0 && (p[n + 4] == ' ' || p[n + 4] == '\0');
	return false;
}

static const char *kept(struct gh_arena *a, const char *text, const char *arg)
{
	char line[200];
	(void)snprintf(line, sizeof line, text, arg);
	struct gh_span s = gh_keep(a, gh_span_str(line));
	return s.p == NULL ? "" : (const char *)s.p;
}

const char *gh_badge_obstacle(struct gh_catalog *c, const struct gh_badge_case *b, struct gh_arena *a,
			      const char **state)
{
	const struct gh_version *v = &b->version;
	struct gh_review review;
	struct gh_err err = { 0 };
	*state = "none";
	if (strcmp(b->report.verdict, "UNSAFE") == 0 || strcmp(b->report.verdict, "INCOMPLETE") == 0)
		return strcmp(b->report.verdict, "UNSAFE") == 0 ? "the scan says UNSAFE" : "the scan says INCOMPLETE";
	for (unsigned i = 0; i < GH_STAGES; i++)
		if (i != GH_STAGE_DETONATION && !has_run(b->report.stages, gh_stage_rows[i].name))
			return kept(a, "the stage %s did not run to its end", gh_stage_rows[i].name);
	if (v->state == GH_V_REVIEW) {
		*state = gh_badge_state_name(GH_BADGE_PENDING);
		return "it waits for a review";
	}
	if (v->state == GH_V_REJECTED) {
		*state = gh_badge_state_name(GH_BADGE_REJECTED);
		return "a reviewer rejected it";
	}
	if (v->state != GH_V_READY)
		return kept(a, "the version is %s", gh_vstate_name(v->state));
	if (strcmp(b->report.verdict, "REVIEW") == 0 &&
	    (gh_review_approvals(c->db, &v->id, v->root, b->report.digest, &review, &err) != GH_OK ||
	     review.state != GH_REVIEW_APPROVED)) {
		*state = gh_badge_state_name(GH_BADGE_PENDING);
		return "its findings were not approved";
	}
	return NULL;
}

/* ---- the statement --------------------------------------------------------------------------------------------------------- */

static void property(struct gh_jout *j, const char *name, const char *value)
{
	char text[400];
	(void)snprintf(text, sizeof text, GH_BADGE_PREFIX "%s%s%.300s", name, value != NULL ? "=" : "",
		       value != NULL ? value : "");
	gh_jout_str(j, NULL, text);
}

static void stages(struct gh_jout *j, const char *words)
{
	char name[80], state[24];
	for (const char *p = words; p != NULL && *p != '\0'; p = strchr(p, ' ') == NULL ? NULL : strchr(p, ' ') + 1) {
		size_t n = strcspn(p, "="), k = p[n] == '=' ? strcspn(p + n + 1, " ") : 0;
		if (p[n] != '=' || n >= 40 || k >= sizeof state)
			continue;
		(void)snprintf(name, sizeof name, "STAGE_");
		for (size_t i = 0; i < n; i++)
			name[6 + i] = (char)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 'a' + 'A' : p[i]);
		name[6 + n] = '\0';
		memcpy(state, p + n + 1, k);
		state[k] = '\0';
		property(j, name, state);
	}
}

static void predicate(struct gh_catalog *c, const struct gh_badge_case *b, const struct gh_gate *gate,
		      const struct gh_badge_row *row, const char *keys, struct gh_buf *out)
{
	char issued[GH_DATETIME_TEXT], expires[GH_DATETIME_TEXT], id[200];
	struct gh_jout j = gh_jout(out);
	(void)gh_datetime_write(row->issued, issued);
	(void)gh_datetime_write(row->expires, expires);
	(void)snprintf(id, sizeof id, "urn:gatehouse:%.100s:scanner:%.60s", c->home.origin, b->report.scanner);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "verifier", '{');
	gh_jout_str(&j, "id", id);
	gh_jout_open(&j, "policies", '[');
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "name", gate->from);
	gh_jout_open(&j, "digest", '{');
	gh_jout_str(&j, "sha256", gate->digest);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
	gh_jout_str(&j, "timeCreated", issued);
	gh_jout_open(&j, "properties", '[');
	property(&j, "SCAN_COMPLETE", NULL);
	property(&j, "BADGE_ID", row->id.s);
	property(&j, "VERDICT", b->report.verdict);
	property(&j, "POLICY_VERDICT", gh_decision_name(gate->decision));
	property(&j, "REPORT_SHA256", b->report.digest);
	property(&j, "COVERAGE_PERCENT", b->report.coverage);
	stages(&j, b->report.stages);
	property(&j, "SCANNER", b->report.scanner);
	property(&j, "RULES", b->report.rules);
	property(&j, "ADVISORIES", b->report.advisories);
	property(&j, "EXPIRES", expires);
	property(&j, "KEYS_SHA256", keys);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

/* ---- keys that stand beside it ----------------------------------------------------------------------------------------------- */

struct beside {
	struct gh_vp_endorsement log, badge[GH_BADGE_CHAIN];
	struct gh_badge_signed log_key, chain[GH_BADGE_CHAIN];
	size_t n;
	char hint[65], digest[65];
};

static struct gh_badge_signed view(const struct gh_vp_endorsement *e)
{
	return (struct gh_badge_signed){ { e->payload, e->payload_n <= sizeof e->payload ? e->payload_n : 0 },
					 { e->sig, e->sig_n <= sizeof e->sig ? e->sig_n : 0 } };
}

static enum gh_rc keys_beside(struct gh_catalog *c, struct gh_arena *a, struct beside *b, struct gh_err *err)
{
	struct gh_vp_public *pub = GH_NEW(a, struct gh_vp_public, KEYS);
	size_t n;
	if (pub == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_vault_public(c->vault, pub, KEYS, &n, err), err, "public keys");
	for (size_t i = 0; i < n; i++) {
		if (pub[i].key == GH_VAULT_LOG && pub[i].current == 1)
			GH_TRY(gh_vault_endorsement(c->vault, GH_VAULT_LOG, pub[i].generation, &b->log, err), err,
			       "the log's key");
		if (pub[i].key != GH_VAULT_BADGE)
			continue;
		if (pub[i].generation > 1 && b->n < GH_BADGE_CHAIN) {
			GH_TRY(gh_vault_endorsement(c->vault, GH_VAULT_BADGE, pub[i].generation, &b->badge[b->n], err),
			       err, "a badge key");
			b->chain[b->n] = view(&b->badge[b->n]);
			b->n++;
		}
		if (pub[i].current == 1) {
			struct gh_key *k = NULL;
			GH_TRY(gh_key_public((struct gh_span){ pub[i].spki, pub[i].spki_n }, &k, err), err,
			       "the badge key");
			bool ok = gh_key_hint(k, b->hint);
			gh_key_free(k);
			if (!ok)
				return gh_fail(err, GH_E_BUG, "the badge key cannot be named");
		}
	}
	b->log_key = view(&b->log);
	if (b->hint[0] == '\0' || b->log_key.payload.n == 0)
		return gh_fail(err, GH_E_BUG, "the vault has no badge key or no log key");
	return gh_badge_keys_digest(&b->log_key, b->chain, b->n, b->digest) ? GH_OK
									    : gh_fail(err, GH_E_NOMEM, "no memory");
}

/* ---- issuing ------------------------------------------------------------------------------------------------------------------ */

struct issue {
	struct gh_catalog *c;
	const struct gh_badge_case *b;
	const struct gh_gate *gate;
	const struct gh_principal *who;
	struct gh_badge_row *row;
};

/* Rows of badges that were signed and never handed out: a crash came in between. */
static enum gh_rc give_up_old(struct gh_catalog *c, const struct gh_id *version, struct gh_err *err)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_badge_row *v;
	size_t n;
	GH_TRY(gh_badge_list(c->db, &a, version, &v, &n, err), err, "badges");
	for (size_t i = 0; i < n; i++)
		if (v[i].state == GH_BADGE_PENDING)
			GH_TRY(gh_badge_move(c->db, &v[i].id, GH_BADGE_PENDING, GH_BADGE_REVOKED, "never-handed-out",
					     c->now(), err),
			       err, "an old badge");
	return GH_OK;
}

static enum gh_rc issue_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct issue *i = arg;
	char expires[GH_DATETIME_TEXT];
	(void)gh_datetime_write(i->row->expires, expires);
	GH_TRY(give_up_old(i->c, &i->b->version.id, err), err, "the badge");
	const struct gh_entry_value v[] = {
		{ .name = "tenant", .text = i->b->version.tenant.s },
		{ .name = "version", .text = i->b->version.id.s },
		{ .name = "root", .text = i->b->version.root },
		{ .name = "report", .text = i->b->report.digest },
		{ .name = "badge", .text = i->row->id.s },
		{ .name = "statement", .text = i->row->digest },
		{ .name = "policy", .text = i->gate->digest },
		{ .name = "expires", .text = expires },
	};
	GH_TRY(gh_ledger_put(i->c, "badge-issued", gh_principal_actor(i->who), v, sizeof v / sizeof *v, &i->row->entry,
			     err),
	       err, "the badge");
	return gh_badge_add(db, i->row, err);
}

static enum gh_rc entry_bytes(struct gh_catalog *c, const struct gh_id *id, struct gh_arena *a, struct gh_span *out,
			      struct gh_err *err)
{
	struct gh_db_rows r;
	GH_TRY(gh_db_query(c->db, a, &r, err, "SELECT entry FROM outbox WHERE id = ?", GH_DBV(gh_dbs(id->s))), err,
	       "an entry");
	if (r.n != 1)
		return gh_fail(err, GH_E_BUG, "the entry of a badge is gone");
	*out = gh_db_span(&r, 0, 0);
	return GH_OK;
}

static enum gh_rc sign(struct issue *i, const struct beside *keys, struct gh_buf *statement,
		       struct gh_vp_signature *sig, struct gh_err *err)
{
	char name[GH_NAME_TEXT];
	gh_auto_buf pred = gh_buf(STATEMENT);
	predicate(i->c, i->b, i->gate, i->row, keys->digest, &pred);
	const struct gh_subject subject[] = {
		{ gh_span_str(gh_name_text(&i->b->version.name, name)), i->b->version.root },
		{ GH_SPAN("manifest"), i->b->manifest },
	};
	GH_TRY(gh_statement_write(statement, subject, 2, GH_BADGE_PREDICATE, gh_buf_view(&pred), err), err,
	       "the statement");
	const struct gh_mhash h = gh_merkle_sha256(gh_buf_view(statement));
	gh_b16(i->row->digest, (struct gh_span){ h.b, sizeof h.b });
	return gh_vault_sign(i->c->vault, GH_SIGN_STATEMENT, gh_buf_view(statement), sig, err);
}

enum gh_rc gh_badge_make(struct gh_catalog *c, const struct gh_badge_case *b, const struct gh_gate *gate,
			 const struct gh_principal *who, struct gh_arena *a, struct gh_badge_row *row,
			 struct gh_buf *out, struct gh_err *err)
{
	struct beside *keys = GH_NEW(a, struct beside, 1);
	struct issue i = { c, b, gate, who, row };
	struct gh_vp_signature sig;
	gh_auto_buf statement = gh_buf(STATEMENT), proof = gh_buf(STATEMENT);
	struct gh_span entry;
	uint64_t index;
	if (keys == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	*row = (struct gh_badge_row){ .version = b->version.id,
				      .report = b->report.id,
				      .state = GH_BADGE_PENDING,
				      .reason = "being issued",
				      .issued = c->now(),
				      .changed = c->now(),
				      .log_index = -1 };
	row->expires = row->issued + c->home.badge_days * DAY;
	GH_TRY(gh_id_new(&row->id, err), err, "a badge");
	GH_TRY(keys_beside(c, a, keys, err), err, "the badge");
	GH_TRY(sign(&i, keys, &statement, &sig, err), err, "the badge");
	gh_b16(row->key_id, (struct gh_span){ sig.key_id, sizeof sig.key_id });
	GH_TRY(gh_db_tx(c->db, issue_tx, &i, err), err, "the badge");
	GH_TRY(gh_ledger_flush(c, err), err, "the badge");
	GH_TRY(gh_ledger_index(c, &row->entry, &index, err), err, "the badge");
	row->log_index = (int64_t)index;
	GH_TRY(gh_log_prove(c->log, index, &proof, err), err, "the badge's proof");
	GH_TRY(entry_bytes(c, &row->entry, a, &entry, err), err, "the badge");
	const struct gh_badge_parts parts = { .hint = keys->hint,
					      .statement = { gh_buf_view(&statement), { sig.sig, sig.sig_n } },
					      .entry = entry,
					      .proof = gh_buf_view(&proof),
					      .origin = c->home.origin,
					      .log_key = keys->log_key,
					      .chain = keys->chain,
					      .nchain = keys->n };
	gh_badge_write(out, &parts);
	return out->full ? gh_fail(err, GH_E_NOMEM, "the badge is too large") : GH_OK;
}

struct handed {
	struct gh_badge_row row;
	struct gh_version version;
};

static enum gh_rc handed_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct handed *h = arg;
	GH_TRY(gh_badge_issued(db, &h->row, err), err, "the badge");
	return gh_version_set_badge(db, &h->version.id, &h->row.id, err);
}

enum gh_rc gh_badge_handed(struct gh_catalog *c, const struct gh_id *badge, const struct gh_id *blob,
			   struct gh_err *err)
{
	struct handed h;
	uint64_t index;
	GH_TRY(gh_badge_get(c->db, badge, &h.row, err), err, "the badge");
	GH_TRY(gh_version_get(c->db, &h.row.version, &h.version, err), err, "the badge");
	GH_TRY(gh_ledger_index(c, &h.row.entry, &index, err), err, "the badge");
	h.row.blob = *blob;
	h.row.log_index = (int64_t)index;
	h.row.reason[0] = '\0';
	return gh_db_tx(c->db, handed_tx, &h, err);
}

struct revoke {
	struct gh_catalog *c;
	struct gh_badge_row row;
	struct gh_version version;
	const char *reason;
	const struct gh_principal *who;
};

static enum gh_rc take_back(struct gh_catalog *c, const struct gh_version *version, const struct gh_badge_row *b,
			    const char *reason, const struct gh_principal *who, struct gh_err *err)
{
	enum gh_rc rc = gh_badge_move(c->db, &b->id, b->state, GH_BADGE_REVOKED, reason, c->now(), err);
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = { { .name = "tenant", .text = version->tenant.s },
					    { .name = "version", .text = version->id.s },
					    { .name = "badge", .text = b->id.s },
					    { .name = "reason", .text = reason } };
	return gh_ledger_put(c, "badge-revoked", gh_principal_actor(who), v, sizeof v / sizeof *v, NULL, err);
}

enum gh_rc gh_badge_revoke_all(struct gh_catalog *c, const struct gh_version *v, const char *reason,
			       const struct gh_principal *who, struct gh_err *err)
{
	gh_auto_arena a = { .max = BADGES_ARENA };
	struct gh_badge_row *b;
	size_t n;
	GH_TRY(gh_badge_list(c->db, &a, &v->id, &b, &n, err), err, "badges");
	for (size_t i = 0; i < n; i++)
		if (b[i].state == GH_BADGE_ISSUED || (b[i].state == GH_BADGE_EXPIRED && b[i].expires > c->now()))
			GH_TRY(take_back(c, v, &b[i], reason, who, err), err, "the badge");
	return GH_OK;
}

static enum gh_rc revoke_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct revoke *r = arg;
	(void)db;
	bool replaced = r->row.state == GH_BADGE_EXPIRED && r->row.expires > r->c->now();
	r->row.state = GH_BADGE_ISSUED; /* in any other it is taken back already: the answer says so */
	enum gh_rc rc = replaced ? GH_OK : take_back(r->c, &r->version, &r->row, r->reason, r->who, err);
	if (rc != GH_OK)
		return rc;
	return gh_badge_revoke_all(r->c, &r->version, r->reason, r->who, err);
}

enum gh_rc gh_badge_revoke(struct gh_catalog *c, const struct gh_id *badge, const char *reason,
			   const struct gh_principal *who, struct gh_err *err)
{
	struct revoke r = { .c = c, .reason = reason, .who = who };
	GH_TRY(gh_badge_get(c->db, badge, &r.row, err), err, "the badge");
	GH_TRY(gh_version_get(c->db, &r.row.version, &r.version, err), err, "the badge");
	return gh_db_tx(c->db, revoke_tx, &r, err);
}

/* Re-checking decisions: nobody can write an approval into the database, or turn one into another, without this noticing. */
#include "catalog/reviews_verify.h"
#include "catalog/row.h"
#include "catalog/spki.h"
#include "catalog/vault.h"
#include "crypto/dsse.h"
#include "crypto/pubkey.h"

#include <stdarg.h>
#include <stdio.h>

enum { ARENA = 256 << 20, REVIEWS = 1000000, PERSONS = 64 };

static enum gh_rc key_from(struct gh_span spki, struct gh_key **out, struct gh_err *err)
{
	*out = NULL;
	if (gh_spki_alg(spki) == NULL) /* nothing else is handed to a parser */
		return gh_fail(err, GH_E_DENIED, "the key is neither Ed25519 nor P-256");
	return gh_key_public(spki, out, err);
}

static struct gh_span bytes(const uint8_t *p, size_t n) { return (struct gh_span){ p, n }; }

enum gh_rc gh_review_verify_own(const struct gh_review_event *e, struct gh_span spki, struct gh_err *err)
{
	char statement[GH_REVIEW_STATEMENT];
	size_t n;
	gh_auto_key *k = NULL;
	enum gh_rc rc = gh_review_statement(e, statement, &n, err);
	if (rc == GH_OK)
		rc = key_from(spki, &k, err);
	if (rc == GH_OK)
		rc = gh_key_verify(k, bytes((const uint8_t *)statement, n), bytes(e->signature, e->signature_n), err);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "the signature by the person's own key");
}

enum gh_rc gh_review_verify_receipt(const struct gh_review_event *e, struct gh_span spki, struct gh_err *err)
{
	char statement[GH_REVIEW_STATEMENT];
	size_t n;
	gh_auto_key *k = NULL;
	gh_auto_buf pae = gh_buf(2 * GH_REVIEW_STATEMENT);
	enum gh_rc rc = gh_review_statement(e, statement, &n, err);
	if (rc == GH_OK)
		rc = key_from(spki, &k, err);
	if (rc != GH_OK)
		return rc;
	gh_dsse_pae(&pae, gh_span_str(gh_vault_payload_type(GH_SIGN_REVIEW)), bytes((const uint8_t *)statement, n));
	rc = gh_key_verify(k, gh_buf_view(&pae), bytes(e->receipt, e->receipt_n), err);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "the vault's receipt");
}

/* ---- everything --------------------------------------------------------------------------------------------------------- */
struct checking {
	struct gh_db *db;
	struct gh_reviews_check *c;
	struct gh_arena *a;
};

static const char again[] = "have the version reviewed again: `gatehouse review show` tells what was said";

static void problem(struct checking *k, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static void problem(struct checking *k, const char *subject, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	k->c->problems++;
	k->c->say(k->c->say_arg, subject, again, line);
}

/* Signature and receipt, as far as they are there. */
static enum gh_rc signed_well(struct checking *k, const struct gh_review_event *e, struct gh_err *err)
{
	struct gh_principal_key key;
	struct gh_span spki;
	enum gh_rc rc = GH_OK;
	if (e->signature_n != 0) {
		rc = gh_principal_key_get(k->db, k->a, &e->signer, &key, err);
		if (rc == GH_OK && !gh_id_same(&key.principal, &e->principal))
			rc = gh_fail(err, GH_E_DENIED, "the key belongs to somebody else");
		if (rc == GH_OK)
			rc = gh_review_verify_own(e, key.spki, err);
	}
	if (rc == GH_OK && e->receipt_n != 0 && k->c->vault_key != NULL)
		rc = k->c->vault_key(k->c->key_arg, e->receipt_key, &spki)
			     ? gh_review_verify_receipt(e, spki, err)
			     : gh_fail(err, GH_E_DENIED, "no key of this vault signed it");
	return rc;
}

/* One decision. True: it counts. */
static bool decision_ok(struct checking *k, const struct gh_review *r, const struct gh_review_event *e)
{
	struct gh_err err = { 0 };
	char why[256];
	k->c->decisions++;
	if (gh_id_same(&e->principal, &r->author)) {
		problem(k, e->id.s, "decision %s of review %s is by the author", e->id.s, r->id.s);
		return false;
	}
	if (strcmp(e->root, r->root) != 0 || strcmp(e->report_digest, r->report_digest) != 0) {
		problem(k, e->id.s, "decision %s is about other digests than the review %s", e->id.s, r->id.s);
		return false;
	}
	if (e->signature_n == 0 && e->receipt_n == 0) {
		problem(k, e->id.s, "decision %s of review %s is signed by nobody", e->id.s, r->id.s);
		return false;
	}
	if (signed_well(k, e, &err) != GH_OK) {
		problem(k, e->id.s, "decision %s of review %s does not verify: %s", e->id.s, r->id.s,
			gh_err_line(&err, why, sizeof why));
		return false;
	}
	return true;
}

static void state_ok(struct checking *k, const struct gh_review *r, int64_t persons, bool rejected)
{
	const char *id = r->id.s;
	if (r->needed < gh_review_needed(r->tier))
		problem(k, id, "review %s asks for fewer persons than its tier needs", id);
	if (r->state == GH_REVIEW_APPROVED && persons < r->needed)
		problem(k, id, "review %s counts as approved with %lld of %lld approvals", id, (long long)persons,
			(long long)r->needed);
	if (r->state == GH_REVIEW_APPROVED && rejected)
		problem(k, id, "review %s counts as approved although somebody rejected it", id);
	if (r->state == GH_REVIEW_REJECTED && !rejected)
		problem(k, id, "review %s counts as rejected, and nobody did that", id);
}

static enum gh_rc one(struct checking *k, const struct gh_review *r, struct gh_err *err)
{
	struct gh_review_event *e;
	size_t n, np = 0;
	struct gh_id person[PERSONS];
	bool rejected = false;
	enum gh_rc rc = gh_review_events(k->db, k->a, &r->id, &e, &n, err);
	if (rc != GH_OK)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if ((e[i].act != GH_REVIEW_APPROVE && e[i].act != GH_REVIEW_REJECT) || !decision_ok(k, r, &e[i]))
			continue;
		rejected |= e[i].act == GH_REVIEW_REJECT;
		size_t j = 0;
		while (j < np && !gh_id_same(&person[j], &e[i].principal))
			j++;
		if (j == np && np < PERSONS && e[i].act == GH_REVIEW_APPROVE)
			person[np++] = e[i].principal;
	}
	state_ok(k, r, (int64_t)np, rejected);
	return GH_OK;
}

/* Versions that are usable though their scan asked for people, or their tier does, without a review that says so. */
static enum gh_rc unapproved(struct checking *k, struct gh_err *err)
{
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(k->db, k->a, &rows, err,
			   "SELECT v.id FROM versions v WHERE v.state = 'ready' AND (v.verdict <> 'CLEAN' OR v.tier = "
			   "'high')"
			   " AND NOT EXISTS (SELECT 1 FROM reviews r JOIN reports p ON p.id = v.report"
			   " WHERE r.version = v.id AND r.state = 'approved' AND r.root = v.root"
			   " AND r.report_digest = p.digest) ORDER BY v.id",
			   GH_DBV_NONE),
	       err, "versions");
	for (size_t i = 0; i < rows.n; i++)
		problem(k, gh_db_text(&rows, i, 0), "version %s is ready without the approval that it needs",
			gh_db_text(&rows, i, 0));
	return GH_OK;
}

enum gh_rc gh_reviews_check(struct gh_db *db, struct gh_reviews_check *c, struct gh_err *err)
{
	gh_auto_arena all = { .max = ARENA };
	struct gh_db_rows ids;
	GH_TRY(gh_db_query(db, &all, &ids, err, "SELECT id FROM reviews ORDER BY id LIMIT ?", GH_DBV(gh_dbi(REVIEWS))),
	       err, "reviews");
	for (size_t i = 0; i < ids.n; i++) {
		gh_auto_arena a = { .max = 16 << 20 };
		struct checking k = { db, c, &a };
		struct gh_review r;
		struct gh_id id = gh_row_id(&ids, i, 0);
		enum gh_rc rc = gh_review_get(db, &id, &r, err);
		if (rc == GH_OK)
			rc = one(&k, &r, err);
		if (rc != GH_OK)
			return rc;
		c->reviews++;
	}
	struct checking k = { db, c, &all };
	return unapproved(&k, err);
}

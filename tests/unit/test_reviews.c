/* Reviews: who counts, what counts, and what a decision is bound to; on both databases. */
#include "support/cat.h"

#include "catalog/badges.h"
#include "catalog/reviews.h"
#include "catalog/reviews_verify.h"
#include "catalog/spki.h"
#include "catalog/vault.h"
#include "crypto/dsse.h"
#include "crypto/pubkey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What one test needs: a tenant, an author, three reviewers, a version of the tier. */
struct set {
	struct gh_db *db;
	struct gh_arena a;
	struct gh_principal author, r1, r2, r3;
	struct gh_version v;
	struct gh_review review;
	struct gh_key *vault; /* stands for the badge key */
	char vault_id[GH_DIGEST_HEX + 1];
};

static struct set new_set(const char *tier, const char *verdict)
{
	struct set s = { .db = dbs_open(), .a = { .max = 4 << 20 } };
	cat_tenant(s.db, "acme");
	cat_tenant(s.db, "other");
	s.author = cat_person(s.db, &s.a, "author", "security-reviewer@acme"); /* also a reviewer: it must not help */
	s.r1 = cat_person(s.db, &s.a, "r1", "security-reviewer@acme");
	s.r2 = cat_person(s.db, &s.a, "r2", "security-reviewer@platform");
	s.r3 = cat_person(s.db, &s.a, "r3", "security-reviewer@other");
	s.v = cat_version(s.db, "acme/llama:1.0", &s.author.id, verdict, GH_V_REVIEW, tier);
	CAT_OK(gh_review_open(s.db, &s.v.id, 0, 2000, &s.review, err));
	uint8_t id[32];
	s.vault = gh_key_new(GH_KEY_P256);
	assert_non_null(s.vault);
	assert_true(gh_key_id(s.vault, id));
	gh_hex_put(s.vault_id, id, sizeof id);
	return s;
}

static void end_set(struct set *s)
{
	gh_key_free(s->vault);
	gh_arena_free(&s->a);
	gh_db_close(s->db);
}

static struct gh_review_event event(const struct set *s, const struct gh_principal *who, enum gh_review_act act)
{
	struct gh_review_event e = {
		.id = cat_id(), .review = s->review.id, .principal = who->id, .at = 3000, .act = act
	};
	memcpy(e.root, s->review.root, sizeof e.root);
	memcpy(e.report_digest, s->review.report_digest, sizeof e.report_digest);
	return e;
}

/* As the vault would. */
static void seal(const struct set *s, struct gh_review_event *e)
{
	char statement[GH_REVIEW_STATEMENT];
	size_t n;
	gh_auto_buf pae = gh_buf(4096), sig = gh_buf(256);
	CAT_OK(gh_review_statement(e, statement, &n, err));
	gh_dsse_pae(&pae, gh_span_str(gh_vault_payload_type(GH_SIGN_REVIEW)),
		    (struct gh_span){ (const uint8_t *)statement, n });
	CAT_OK(gh_key_sign(s->vault, gh_buf_view(&pae), &sig, err));
	assert_true(sig.n <= sizeof e->receipt);
	memcpy(e->receipt, sig.p, sig.n);
	e->receipt_n = sig.n;
	memcpy(e->receipt_key, s->vault_id, sizeof e->receipt_key);
}

static enum gh_rc decide(struct set *s, const struct gh_principal *who, enum gh_review_act act, struct gh_err *err)
{
	struct gh_review_event e = event(s, who, act);
	if (act != GH_REVIEW_COMMENT)
		seal(s, &e);
	return gh_review_record(s->db, who, &s->v.name, &e, &s->review, err);
}

static void say(void *arg, const char *subject, const char *todo, const char *line)
{
	assert_true(subject[0] != '\0' && todo[0] != '\0');
	char *all = arg;
	snprintf(all + strlen(all), 4096 - strlen(all), "%s\n", line);
}
static struct gh_buf key_der;
static bool vault_key(void *arg, const char *id, struct gh_span *spki)
{
	const struct set *s = arg;
	key_der.n = 0;
	key_der.max = 256;
	assert_true(gh_key_spki(s->vault, &key_der));
	*spki = gh_buf_view(&key_der);
	return strcmp(id, s->vault_id) == 0;
}
/* What fsck finds wrong. */
static int64_t problems(struct set *s, char said[4096])
{
	struct gh_reviews_check c = { .vault_key = vault_key, .key_arg = s, .say = say, .say_arg = said };
	said[0] = '\0';
	CAT_OK(gh_reviews_check(s->db, &c, err));
	gh_buf_free(&key_der);
	return c.problems;
}

/* ---- what people do, and what comes of it ------------------------------------------------------------------------------------ */
static void tables(void **state)
{
	(void)state;
	/* Steps: a person ('a' the author, 1, 2, 3 reviewers, l local) and what they do (+ approve, - reject, c comment). */
	static const struct {
		const char *tier, *steps, *refused; /* refused: 'x' at each step that is */
		enum gh_review_state state;
		int64_t approvals;
	} rows[] = {
		{ "standard", "1+", " ", GH_REVIEW_APPROVED, 1 },
		{ "standard", "a+", "x", GH_REVIEW_OPEN, 0 }, /* the author never counts */
		{ "standard", "l+", "x", GH_REVIEW_OPEN, 0 }, /* the holder of the home is nobody */
		{ "standard", "3+", "x", GH_REVIEW_OPEN, 0 }, /* a reviewer of another tenant */
		{ "standard", "3-", "x", GH_REVIEW_OPEN, 0 },
		{ "standard", "a-", "x", GH_REVIEW_OPEN, 0 },
		{ "standard", "1-", " ", GH_REVIEW_REJECTED, 0 },
		{ "standard", "1-2+", " x", GH_REVIEW_REJECTED, 0 }, /* reject wins */
		{ "standard", "1+2-", " x", GH_REVIEW_APPROVED, 1 }, /* closed is closed */
		{ "high", "1+", " ", GH_REVIEW_OPEN, 1 },
		{ "high", "1+1+", " x", GH_REVIEW_OPEN, 1 }, /* the same person counts once */
		{ "high", "1+a+", " x", GH_REVIEW_OPEN, 1 },
		{ "high", "1+3+l+", " xx", GH_REVIEW_OPEN, 1 },
		{ "high", "1+2+", "  ", GH_REVIEW_APPROVED, 2 },
		{ "high", "1+2-", "  ", GH_REVIEW_REJECTED, 1 },
		{ "high", "1+1-", "  ", GH_REVIEW_REJECTED, 1 }, /* who approved may think again */
		{ "high", "1cac1+2c2+", "     ", GH_REVIEW_APPROVED,
		  2 }, /* comments are anybody's who may, and decide nothing */
		{ "standard", "lc", "x", GH_REVIEW_OPEN, 0 },
		{ "standard", "1+1c", "  ", GH_REVIEW_APPROVED, 1 }, /* commented on afterwards */
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct set s = new_set(rows[i].tier, "REVIEW");
		struct gh_principal local = gh_principal_local();
		char said[4096];
		for (size_t k = 0; rows[i].steps[2 * k] != '\0'; k++) {
			char who = rows[i].steps[2 * k], what = rows[i].steps[2 * k + 1];
			const struct gh_principal *p = who == 'a'   ? &s.author
						       : who == 'l' ? &local
						       : who == '1' ? &s.r1
						       : who == '2' ? &s.r2
								    : &s.r3;
			struct gh_err err = { 0 };
			struct gh_review_event e = event(&s, p,
							 what == '+'   ? GH_REVIEW_APPROVE
							 : what == '-' ? GH_REVIEW_REJECT
								       : GH_REVIEW_COMMENT);
			if (who != 'l' && what != 'c')
				seal(&s, &e);
			enum gh_rc rc = gh_review_record(s.db, p, &s.v.name, &e, &s.review, &err);
			if ((rc != GH_OK) != (rows[i].refused[k] == 'x'))
				fail_msg("%s: step %zu: %d", rows[i].steps, k, rc);
		}
		CAT_OK(gh_review_get(s.db, &s.review.id, &s.review, err));
		if (s.review.state != rows[i].state || s.review.approvals != rows[i].approvals)
			fail_msg("%s: %s with %d", rows[i].steps, gh_review_state_name(s.review.state),
				 (int)s.review.approvals);
		assert_int_equal(problems(&s, said), 0);
		end_set(&s);
	}
}

static void refusals_say_why(void **state)
{
	(void)state;
	struct set s = new_set("high", "REVIEW");
	struct gh_principal local = gh_principal_local(), robot, disabled = s.r1, unloaded;
	const char *role;
	CAT_FAILS(GH_E_DENIED, "the passphrase identifies no one",
		  gh_review_may(&s.review, &local, &s.v.name, &role, err));
	CAT_FAILS(GH_E_DENIED, "the author never counts", gh_review_may(&s.review, &s.author, &s.v.name, &role, err));
	CAT_FAILS(GH_E_DENIED, "no role of r3 grants review.decide in acme",
		  gh_review_may(&s.review, &s.r3, &s.v.name, &role, err));
	CAT_OK(gh_principal_add(s.db, GH_PRINCIPAL_ROBOT, "ci", NULL, NULL, 5, &robot, err));
	CAT_FAILS(GH_E_DENIED, "ci is a robot", gh_review_may(&s.review, &robot, &s.v.name, &role, err));
	disabled.active = false;
	CAT_FAILS(GH_E_DENIED, "r1 is disabled", gh_review_may(&s.review, &disabled, &s.v.name, &role, err));
	CAT_OK(gh_principal_get(s.db, &s.r1.id, &unloaded, err)); /* without its grants it may nothing */
	CAT_FAILS(GH_E_DENIED, "no role", gh_review_may(&s.review, &unloaded, &s.v.name, &role, err));
	CAT_OK(gh_review_may(&s.review, &s.r2, &s.v.name, &role, err));
	assert_string_equal(role, "security-reviewer");
	/* About other files, about another report, by somebody else, unsigned. */
	struct gh_review out;
	struct gh_review_event e = event(&s, &s.r1, GH_REVIEW_APPROVE);
	seal(&s, &e);
	e.root[0] ^= 1;
	CAT_FAILS(GH_E_EXISTS, "other files or another report",
		  gh_review_record(s.db, &s.r1, &s.v.name, &e, &out, err));
	e = event(&s, &s.r1, GH_REVIEW_APPROVE);
	seal(&s, &e);
	e.report_digest[5] ^= 1;
	CAT_FAILS(GH_E_EXISTS, "other files or another report",
		  gh_review_record(s.db, &s.r1, &s.v.name, &e, &out, err));
	e = event(&s, &s.r2, GH_REVIEW_APPROVE);
	seal(&s, &e);
	CAT_FAILS(GH_E_BUG, "without a person", gh_review_record(s.db, &s.r1, &s.v.name, &e, &out, err));
	e = event(&s, &s.r1, GH_REVIEW_APPROVE);
	CAT_FAILS(GH_E_BUG, "nobody signed", gh_review_record(s.db, &s.r1, &s.v.name, &e, &out, err));
	assert_int_equal(cat_count(s.db, "SELECT count(*) FROM review_events"), 0);
	end_set(&s);
}

/* A new report voids what was said about the old one. */
static void bound_to_the_report(void **state)
{
	(void)state;
	struct set s = new_set("high", "REVIEW");
	char said[4096];
	struct gh_review old = s.review, now;
	CAT_OK(decide(&s, &s.r1, GH_REVIEW_APPROVE, err));
	struct gh_id report = cat_report(s.db, &s.v, "REVIEW", '9');
	CAT_OK(gh_version_set_report(s.db, &s.v.id, &report, "REVIEW", err));
	CAT_FAILS(GH_E_EXISTS, "newer report", decide(&s, &s.r2, GH_REVIEW_APPROVE, err));
	CAT_OK(gh_review_open(s.db, &s.v.id, 0, 4000, &now, err));
	assert_false(gh_id_same(&now.id, &old.id));
	assert_int_equal(now.approvals, 0);
	CAT_OK(gh_review_get(s.db, &old.id, &old, err));
	assert_int_equal(old.state, GH_REVIEW_VOID);
	assert_string_equal(old.reason, "a new report");
	s.review = now;
	CAT_OK(decide(&s, &s.r1, GH_REVIEW_APPROVE, err)); /* the same person again: it is another review */
	assert_int_equal(s.review.approvals, 1);
	CAT_FAILS(GH_E_ABSENT, "another report",
		  gh_review_approvals(s.db, &s.v.id, s.review.root, old.report_digest, &now, err));
	CAT_OK(gh_review_approvals(s.db, &s.v.id, s.review.root, s.review.report_digest, &now, err));
	assert_int_equal(problems(&s, said), 0);
	end_set(&s);
}

static void opening(void **state)
{
	(void)state;
	struct set s = new_set("standard", "REVIEW");
	struct gh_review again;
	CAT_OK(gh_review_open(s.db, &s.v.id, 0, 9000, &again, err)); /* the same one */
	assert_true(gh_id_same(&again.id, &s.review.id));
	CAT_OK(decide(&s, &s.r1, GH_REVIEW_REJECT, err));
	CAT_FAILS(GH_E_DENIED, "was rejected on this very report", gh_review_open(s.db, &s.v.id, 0, 9000, &again, err));
	static const char *const hopeless[] = { "UNSAFE", "INCOMPLETE", "" };
	for (size_t i = 0; i < GH_ROWS(hopeless); i++) {
		char name[64];
		snprintf(name, sizeof name, "acme/bad:%zu", i);
		struct gh_version v = cat_version(s.db, name, NULL, hopeless[i], GH_V_QUARANTINED, "standard");
		CAT_FAILS(GH_E_DENIED, "cannot be approved", gh_review_open(s.db, &v.id, 0, 9000, &again, err));
	}
	struct gh_version v = cat_version(s.db, "acme/more:1", NULL, "CLEAN", GH_V_READY, "standard");
	CAT_OK(gh_review_open(s.db, &v.id, 3, 9000, &again, err));
	assert_int_equal(again.needed, 3);
	CAT_OK(gh_review_void(s.db, &again.id, "not needed", 9001, err));
	CAT_FAILS(GH_E_EXISTS, "void by now", gh_review_void(s.db, &again.id, "not needed", 9001, err));
	end_set(&s);
}

/* ---- signatures ---------------------------------------------------------------------------------------------------------------- */
static void own_key(void **state)
{
	(void)state;
	static const enum gh_key_kind kinds[] = { GH_KEY_ED25519, GH_KEY_P256 };
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		struct set s = new_set("standard", "REVIEW");
		gh_auto_key *k = gh_key_new(kinds[i]);
		gh_auto_buf der = gh_buf(256), sig = gh_buf(256);
		char statement[GH_REVIEW_STATEMENT], said[4096];
		size_t n;
		assert_true(gh_key_spki(k, &der));
		struct gh_principal_key pk = {
			.id = cat_id(), .principal = s.r1.id, .spki = gh_buf_view(&der), .created = 5
		};
		snprintf(pk.alg, sizeof pk.alg, "%s", gh_spki_alg(gh_buf_view(&der)));
		memcpy(pk.fingerprint, cat_digest('4'), sizeof pk.fingerprint);
		CAT_OK(gh_principal_key_add(s.db, &pk, err));
		struct gh_review_event e = event(&s, &s.r1, GH_REVIEW_APPROVE), changed;
		CAT_OK(gh_review_statement(&e, statement, &n, err));
		CAT_OK(gh_key_sign(k, (struct gh_span){ (const uint8_t *)statement, n }, &sig, err));
		memcpy(e.signature, sig.p, sig.n);
		e.signature_n = sig.n;
		e.signer = pk.id;
		CAT_OK(gh_review_verify_own(&e, gh_buf_view(&der), err));
		/* Every field that was signed counts. */
		changed = e;
		changed.at++;
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		changed = e;
		changed.act = GH_REVIEW_REJECT;
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		changed = e;
		changed.principal = s.r2.id;
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		changed = e;
		memcpy(changed.root, cat_digest('5'), sizeof changed.root);
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		changed = e;
		memcpy(changed.comment_digest, cat_digest('5'), sizeof changed.comment_digest);
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		changed = e;
		changed.signature[sig.n - 1] ^= 1;
		CAT_FAILS(GH_E_DENIED, "own key", gh_review_verify_own(&changed, gh_buf_view(&der), err));
		CAT_OK(gh_review_record(s.db, &s.r1, &s.v.name, &e, &s.review, err));
		assert_int_equal(s.review.state, GH_REVIEW_APPROVED);
		assert_int_equal(problems(&s, said), 0);
		end_set(&s);
	}
}

/* Somebody with the database in hand, and nothing else: whatever they write there is found. */
static void forged(void **state)
{
	(void)state;
	static const struct {
		const char *sql, *says;
	} rows[] = {
		{ "UPDATE reviews SET state = 'approved'", "counts as approved with 1 of 2" },
		{ "UPDATE reviews SET needed = 1", "fewer persons than its tier" },
		{ "UPDATE reviews SET state = 'rejected'", "nobody did that" },
		{ "UPDATE review_events SET kind = 'reject'", "does not verify" },
		{ "UPDATE review_events SET at = at + 1", "does not verify" },
		{ "UPDATE review_events SET principal = (SELECT id FROM principals WHERE name = 'r2')",
		  "does not verify" },
		{ "UPDATE review_events SET principal = (SELECT id FROM principals WHERE name = 'author')",
		  "is by the author" },
		{ "UPDATE review_events SET root = report_digest", "other digests" },
		{ "UPDATE review_events SET receipt = NULL, receipt_key = NULL", "signed by nobody" },
		{ "UPDATE review_events SET receipt_key = root", "no key of this vault" },
		{ "UPDATE versions SET state = 'ready'", "is ready without the approval" },
		{ "UPDATE reviews SET root = report_digest", "other digests" },
		{ "INSERT INTO review_events (id, review, seq, principal, kind, role, root, report_digest, "
		  "comment_digest, receipt_key,"
		  " receipt, at) SELECT '00000000000000000000000000000001', review, 9, (SELECT id FROM principals "
		  "WHERE name = 'r2'),"
		  " kind, role, root, report_digest, comment_digest, receipt_key, receipt, at FROM review_events",
		  "does not verify" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct set s = new_set("high", "REVIEW");
		char said[4096];
		CAT_OK(decide(&s, &s.r1, GH_REVIEW_APPROVE, err));
		assert_int_equal(problems(&s, said), 0);
		CAT_OK(gh_db_exec(s.db, NULL, err, rows[i].sql, GH_DBV_NONE));
		assert_true(problems(&s, said) > 0);
		if (strstr(said, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].sql, said);
		end_set(&s);
	}
}

/* ---- badges --------------------------------------------------------------------------------------------------------------------- */
static void badges(void **state)
{
	(void)state;
	struct set s = new_set("standard", "REVIEW");
	struct gh_badge_row b = { .id = cat_id(),
				  .version = s.v.id,
				  .report = s.v.report,
				  .state = GH_BADGE_PENDING,
				  .changed = 5,
				  .log_index = -1 },
			    got, *all;
	size_t n;
	CAT_OK(gh_badge_add(s.db, &b, err));
	b.issued = 10;
	b.expires = 20;
	CAT_FAILS(GH_E_BUG, "cannot be issued", gh_badge_issued(s.db, &b, err)); /* no digest, no entry, no index */
	memcpy(b.digest, cat_digest('8'), sizeof b.digest);
	b.entry = cat_id();
	CAT_FAILS(GH_E_BUG, "cannot be issued", gh_badge_issued(s.db, &b, err)); /* not in the log */
	b.log_index = 7;
	CAT_OK(gh_badge_issued(s.db, &b, err));
	CAT_FAILS(GH_E_EXISTS, "issued by now", gh_badge_issued(s.db, &b, err));
	CAT_OK(gh_badge_get(s.db, &b.id, &got, err));
	assert_int_equal(got.state, GH_BADGE_ISSUED);
	assert_int_equal(got.log_index, 7);
	CAT_OK(gh_badge_due(s.db, &s.a, 19, &all, &n, err));
	assert_int_equal(n, 0);
	CAT_OK(gh_badge_due(s.db, &s.a, 20, &all, &n, err));
	assert_int_equal(n, 1);
	CAT_FAILS(GH_E_DENIED, "cannot become rejected",
		  gh_badge_move(s.db, &b.id, GH_BADGE_ISSUED, GH_BADGE_REJECTED, "x", 30, err));
	CAT_OK(gh_badge_move(s.db, &b.id, GH_BADGE_ISSUED, GH_BADGE_REVOKED, "rescan", 30, err));
	CAT_FAILS(GH_E_EXISTS, "revoked by now",
		  gh_badge_move(s.db, &b.id, GH_BADGE_ISSUED, GH_BADGE_EXPIRED, "x", 30, err));
	CAT_FAILS(GH_E_DENIED, "cannot become issued",
		  gh_badge_move(s.db, &b.id, GH_BADGE_REVOKED, GH_BADGE_ISSUED, "x", 30, err));
	CAT_OK(gh_badge_ended(s.db, &s.a, &all, &n, err));
	assert_int_equal(n, 1);
	assert_string_equal(all[0].reason, "rescan");
	end_set(&s);
}

/* Who issued a key of a person, or granted the role it decides by, can act as that person. */
static void four_eyes(void **state)
{
	(void)state;
	/* who: r1 approves first, then r2; h: some administrator. Times: the review is opened at 2000. */
	static const struct {
		const char *name, *sql, *says; /* says NULL: r2 counts beside r1 */
	} rows[] = {
		{ "nobody's hand is on either", "", NULL },
		{ "one issued a key of the other", "K r2 r1 - 9000", "r1 can act as both" },
		{ "the other way round", "K r1 r2 - 9000", "r2 can act as both" },
		{ "one issued keys of both", "K r1 h - 9000;K r2 h - 9000", "h can act as both" },
		{ "one granted the role of both", "G r1 h;G r2 h", "h can act as both" },
		{ "a grant and a key", "G r1 h;K r2 h - 9000", "h can act as both" },
		{ "two different hands", "K r1 h - 9000;K r2 g - 9000;G r1 h;G r2 g", NULL },
		{ "a key that ended before", "K r1 h - 9000;K r2 h 1999 9000", NULL },
		{ "a key that expired before", "K r1 h - 9000;K r2 h - 1999", NULL },
		{ "a key that was revoked meanwhile", "K r1 h 2500 9000;K r2 h 2600 9000", "h can act as both" },
		{ "another role is nothing", "K r1 h - 9000;R r2 h", NULL },
		{ "the author's hand", "K r2 author - 9000", "author imported this version, and appointed r2" },
		{ "a hand on the author", "K author r2 - 9000",
		  "r2 issued a key of author, who imported this version" },
		{ "one issued keys of the author and of one who approves", "K author h - 9000;K r2 h - 9000",
		  "r2 and author, who imported this version, are one pair of eyes: h can act as both" },
		{ "one issued the author's key and granted a role", "K author h - 9000;G r2 h", "h can act as both" },
		{ "different hands on all", "K author author - 9000;K r1 h - 9000;K r2 g - 9000", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct set s = new_set("high", "REVIEW");
		struct gh_principal h = cat_person(s.db, &s.a, "h", "platform-admin@platform"),
				    g = cat_person(s.db, &s.a, "g", "platform-admin@platform");
		const struct gh_principal *all[] = { &s.author, &s.r1, &s.r2, &h, &g };
		char text[200], *save = NULL;
		(void)snprintf(text, sizeof text, "%s", rows[i].sql);
		for (char *one = strtok_r(text, ";", &save); one != NULL; one = strtok_r(NULL, ";", &save)) {
			char what, of[20], by[20], revoked[20] = "-", expires[20] = "0";
			const struct gh_principal *p[2] = { NULL, NULL };
			assert_true(sscanf(one, "%c %19s %19s %19s %19s", &what, of, by, revoked, expires) >= 3);
			for (size_t k = 0; k < GH_ROWS(all); k++) {
				p[0] = strcmp(all[k]->name, of) == 0 ? all[k] : p[0];
				p[1] = strcmp(all[k]->name, by) == 0 ? all[k] : p[1];
			}
			assert_true(p[0] != NULL && p[1] != NULL);
			if (what == 'G')
				CAT_OK(gh_db_exec(s.db, NULL, err,
						  "UPDATE grants SET created_by = ? WHERE principal = ?",
						  GH_DBV(gh_dbs(p[1]->id.s), gh_dbs(p[0]->id.s))));
			else if (what == 'R')
				CAT_OK(gh_db_exec(
					s.db, NULL, err,
					"INSERT INTO grants (id, principal, role, project, created, created_by) "
					"VALUES (?, ?, 'auditor', '', 1, ?)",
					GH_DBV(gh_dbs(cat_id().s), gh_dbs(p[0]->id.s), gh_dbs(p[1]->id.s))));
			else
				CAT_OK(gh_db_exec(
					s.db, NULL, err,
					"INSERT INTO api_keys (id, prefix, hash, principal, created, created_by, "
					"expires, "
					"revoked) VALUES (?, ?, 'x', ?, 1, ?, ?, ?)",
					GH_DBV(gh_dbs(cat_id().s), gh_dbs(cat_id().s), gh_dbs(p[0]->id.s),
					       gh_dbs(p[1]->id.s), gh_dbi(strtol(expires, NULL, 10)),
					       revoked[0] == '-' ? gh_dbnull() : gh_dbi(strtol(revoked, NULL, 10)))));
		}
		struct gh_err why = { 0 };
		char line[GH_ERR_LINKS * GH_ERR_TEXT] = "";
		enum gh_rc rc = decide(&s, &s.r1, GH_REVIEW_APPROVE, &why);
		if (rc == GH_OK)
			rc = decide(&s, &s.r2, GH_REVIEW_APPROVE, &why);
		(void)gh_err_line(&why, line, sizeof line);
		bool good = rows[i].says == NULL ? rc == GH_OK
						 : rc == GH_E_DENIED && strstr(line, rows[i].says) != NULL;
		bool approved = s.review.state == GH_REVIEW_APPROVED;
		if (!good || approved != (rows[i].says == NULL))
			fail_msg("%s: %d: %s", rows[i].name, rc, line);
		if (rows[i].says != NULL) { /* where it was chosen, they count all the same; and anybody may reject */
			struct gh_review_event e = event(&s, &s.r2, GH_REVIEW_APPROVE);
			seal(&s, &e);
			e.one_hand = true;
			CAT_OK(gh_review_record(s.db, &s.r2, &s.v.name, &e, &s.review, err));
			CAT_OK(decide(&s, &s.r1,
				      s.review.state == GH_REVIEW_OPEN ? GH_REVIEW_REJECT : GH_REVIEW_COMMENT, err));
		}
		end_set(&s);
	}
}

/* Nobody knows who `local` is: two are asked for, unless any two persons count. */
static void eyes(void **state)
{
	(void)state;
	struct gh_id none = { .s = "" }, some = cat_id();
	assert_int_equal(gh_review_eyes(&none, false, 0), 2);
	assert_int_equal(gh_review_eyes(&none, false, 3), 3);
	assert_int_equal(gh_review_eyes(&none, true, 0), 0);
	assert_int_equal(gh_review_eyes(&some, false, 0), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables),  cmocka_unit_test(refusals_say_why), cmocka_unit_test(bound_to_the_report),
		cmocka_unit_test(opening), cmocka_unit_test(own_key),	       cmocka_unit_test(forged),
		cmocka_unit_test(badges),  cmocka_unit_test(four_eyes),	       cmocka_unit_test(eyes),
	};
	return dbs_run(tests);
}

/* Badges: a good one is valid; one bit changed in any byte of it is not; and each check fails for its own reason. */
#include "support/cm.h"

#include "base/buf.h"
#include "crypto/badge.h"
#include "crypto/dsse.h"
#include "crypto/note.h"
#include "crypto/statement.h"
#include "wire/b64.h"

#include <stdio.h>

#define ID "00112233445566778899aabbccddeeff"
#define ROOT "1111111111111111111111111111111111111111111111111111111111111111"
#define REPORT "2222222222222222222222222222222222222222222222222222222222222222"
#define MANIFEST "3333333333333333333333333333333333333333333333333333333333333333"

enum { NOW = 1795000000 }; /* 2026-11-18 */

struct made { /* everything that a test may want to change before the file is put together */
	struct gh_key *badge[3], *log;
	unsigned signer; /* which badge key signs; the ones before endorse it */
	const char *verdict, *issued, *expires, *entry_root, *entry_kind;
	bool complete, status_empty; /* a status list is given, and has no byte */
	struct gh_buf file, pem, status;
	uint64_t status_min;
};

static void setup_made(struct made *m)
{
	*m = (struct made){ .verdict = "CLEAN",
			    .issued = "2026-11-01T00:00:00Z",
			    .expires = "2027-05-01T00:00:00Z",
			    .entry_root = ROOT,
			    .entry_kind = "badge-issued",
			    .complete = true,
			    .file = gh_buf(1 << 20),
			    .pem = gh_buf(1 << 16),
			    .status = gh_buf(1 << 16) };
	for (unsigned i = 0; i < 3; i++)
		m->badge[i] = gh_key_new(GH_KEY_P256);
	m->log = gh_key_new(GH_KEY_ED25519);
}

static void free_made(struct made *m)
{
	for (unsigned i = 0; i < 3; i++)
		gh_key_free(m->badge[i]);
	gh_key_free(m->log);
	gh_buf_free(&m->file);
	gh_buf_free(&m->pem);
	gh_buf_free(&m->status);
}

static void sign(const struct gh_key *k, const char *type, struct gh_span payload, struct gh_buf *sig)
{
	struct gh_err err = { 0 };
	assert_int_equal(gh_dsse_sign(k, gh_span_str(type), payload, sig, &err), GH_OK);
}

static void endorse(const struct gh_key *by, const struct gh_key *k, const char *what, unsigned generation,
		    struct gh_buf *payload, struct gh_buf *sig)
{
	gh_auto_buf spki = gh_buf(4096);
	assert_true(gh_key_spki(k, &spki));
	gh_buf_fmt(payload, "{\"generation\":%u,\"key\":\"%s\",\"publicKey\":\"", generation, what);
	gh_b64_put(payload, gh_buf_view(&spki));
	gh_buf_str(payload, "\",\"type\":\"x\"}");
	sign(by, GH_BADGE_KEY_TYPE, gh_buf_view(payload), sig);
}

static void statement(const struct made *m, const char *keys, struct gh_buf *out)
{
	struct gh_err err = { 0 };
	gh_auto_buf pred = gh_buf(1 << 16);
	gh_buf_fmt(&pred,
		   "{\"verifier\":{\"id\":\"urn:x\",\"policies\":[]},\"timeCreated\":\"%s\",\"properties\":[%"
		   "s\"GATEHOUSE_BADGE_ID=" ID "\",\"GATEHOUSE_VERDICT=%s\",\"GATEHOUSE_REPORT_SHA256=" REPORT
		   "\",\"GATEHOUSE_EXPIRES=%s\",\"GATEHOUSE_KEYS_SHA256=%s\"]}",
		   m->issued, m->complete ? "\"GATEHOUSE_SCAN_COMPLETE\"," : "", m->verdict, m->expires, keys);
	const struct gh_subject s[] = { { GH_SPAN("acme/m:1"), ROOT }, { GH_SPAN("manifest"), MANIFEST } };
	assert_int_equal(gh_statement_write(out, s, 2, GH_BADGE_PREDICATE, gh_buf_view(&pred), &err), GH_OK);
}

/* A log of five entries in which ours is the fourth. */
struct leaves {
	struct gh_mhash h[5];
};
static bool read_leaf(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	const struct leaves *l = arg;
	if (level == 0) {
		*out = l->h[index];
		return index < 5;
	}
	struct gh_mhash a, b;
	if (!read_leaf(arg, level - 1, 2 * index, &a) || !read_leaf(arg, level - 1, 2 * index + 1, &b))
		return false;
	*out = gh_merkle_node(&a, &b);
	return true;
}

static void prove(const struct made *m, struct gh_span entry, struct gh_buf *proof)
{
	struct leaves l;
	struct gh_mhash root;
	struct gh_merkle_proof path;
	struct gh_note_key key;
	struct gh_err err = { 0 };
	uint8_t raw[32];
	gh_auto_buf text = gh_buf(4096), note = gh_buf(8192), sig = gh_buf(256);
	for (unsigned i = 0; i < 5; i++)
		l.h[i] = gh_merkle_leaf(i == 3 ? entry : GH_SPAN("another"));
	assert_true(gh_merkle_root(read_leaf, &l, 5, &root));
	assert_true(gh_merkle_prove_inclusion(read_leaf, &l, 3, 5, &path));
	gh_checkpoint_write("test.log", 5, &root, &text);
	assert_int_equal(gh_key_sign(m->log, gh_buf_view(&text), &sig, &err), GH_OK);
	assert_true(gh_key_raw(m->log, raw));
	assert_int_equal(gh_note_key("test.log", GH_NOTE_ED25519, (struct gh_span){ raw, 32 }, &key, &err), GH_OK);
	gh_buf_span(&note, gh_buf_view(&text));
	gh_buf_ch(&note, '\n');
	gh_note_sig_write(&key, gh_buf_view(&sig), &note);
	gh_tlog_proof_write(3, &path, gh_buf_view(&note), proof);
}

static void make(struct made *m)
{
	gh_auto_buf log_payload = gh_buf(4096), log_sig = gh_buf(256), payload = gh_buf(1 << 16), sig = gh_buf(256),
		    entry = gh_buf(4096), proof = gh_buf(1 << 16);
	struct gh_buf cp[2], cs[2];
	struct gh_badge_signed chain[2];
	char keys[65], digest[65], hint[65];
	endorse(m->badge[m->signer], m->log, "log", 1, &log_payload, &log_sig);
	for (unsigned i = 0; i < m->signer; i++) {
		cp[i] = gh_buf(4096);
		cs[i] = gh_buf(256);
		endorse(m->badge[i], m->badge[i + 1], "badge", i + 2, &cp[i], &cs[i]);
		chain[i] = (struct gh_badge_signed){ gh_buf_view(&cp[i]), gh_buf_view(&cs[i]) };
	}
	struct gh_badge_parts p = { .hint = hint,
				    .origin = "test.log",
				    .log_key = { gh_buf_view(&log_payload), gh_buf_view(&log_sig) },
				    .chain = chain,
				    .nchain = m->signer };
	assert_true(gh_badge_keys_digest(&p.log_key, chain, m->signer, keys));
	statement(m, keys, &payload);
	sign(m->badge[m->signer], GH_DSSE_INTOTO, gh_buf_view(&payload), &sig);
	const struct gh_mhash h = gh_merkle_sha256(gh_buf_view(&payload));
	gh_b16(digest, (struct gh_span){ h.b, 32 });
	gh_buf_fmt(&entry,
		   "{\"badge\":\"" ID "\",\"kind\":\"%s\",\"report\":\"" REPORT
		   "\",\"root\":\"%s\",\"statement\":\"%s\"}",
		   m->entry_kind, m->entry_root, digest);
	prove(m, gh_buf_view(&entry), &proof);
	assert_true(gh_key_hint(m->badge[m->signer], hint));
	p.statement = (struct gh_badge_signed){ gh_buf_view(&payload), gh_buf_view(&sig) };
	p.entry = gh_buf_view(&entry);
	p.proof = gh_buf_view(&proof);
	gh_badge_write(&m->file, &p);
	for (unsigned i = 0; i < m->signer; i++) {
		gh_buf_free(&cp[i]);
		gh_buf_free(&cs[i]);
	}
	if (m->pem.n == 0)
		assert_true(gh_key_pem(m->badge[0], &m->pem));
}

static int verdict_at(const struct made *m, struct gh_span file, int64_t at, const char *root,
		      struct gh_badge_result *r)
{
	gh_auto_arena a = { .max = 16 << 20 };
	const struct gh_badge_question q = { .file = file,
					     .keys = gh_buf_view(&m->pem),
					     .status = gh_buf_view(&m->status),
					     .status_given = m->status.n > 0 || m->status_empty,
					     .status_min = m->status_min,
					     .at = at,
					     .root = root };
	gh_badge_verify(&q, &a, r);
	return gh_badge_verdict(r);
}

static void good_ones(void **state)
{
	(void)state;
	for (unsigned signer = 0; signer < 3; signer++) {
		struct made m;
		struct gh_badge_result r;
		setup_made(&m);
		m.signer = signer;
		make(&m);
		if (verdict_at(&m, gh_buf_view(&m.file), NOW, ROOT, &r) != 0)
			for (unsigned i = 0; i < GH_BC_CHECKS; i++)
				print_message("%s: %s: %s\n", gh_badge_check_name(i),
					      gh_badge_outcome_name(r.check[i].outcome), r.check[i].detail);
		assert_int_equal(gh_badge_verdict(&r), 0);
		assert_int_equal(r.check[GH_BC_STATUS].outcome, GH_BO_SKIPPED);
		assert_int_equal(r.log_index, 3);
		assert_int_equal(r.log_size, 5);
		free_made(&m);
	}
}

/* Every bit of the lowest three of every byte, and every byte lost: nothing of it is valid. */
static void flips(void **state)
{
	(void)state;
	struct made m;
	struct gh_badge_result r;
	setup_made(&m);
	m.signer = 1;
	make(&m);
	for (size_t i = 0; i < m.file.n; i++) {
		uint8_t was = m.file.p[i];
		m.file.p[i] = (uint8_t)(was ^ (1u << (i % 8)));
		if (verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r) == 0)
			fail_msg("byte %zu (%c) was changed and nobody noticed", i, was);
		m.file.p[i] = was;
	}
	for (size_t n = 0; n < m.file.n; n += 7)
		assert_int_not_equal(verdict_at(&m, gh_span_cut(gh_buf_view(&m.file), 0, n), NOW, NULL, &r), 0);
	gh_buf_ch(&m.file, ' ');
	assert_int_not_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 0);
	free_made(&m);
}

/* What is signed and wrong: each by the check that is there for it. */
static void wrong_ones(void **state)
{
	(void)state;
	static const struct {
		const char *issued, *expires, *entry_root, *entry_kind;
		bool incomplete;
		enum gh_badge_check check;
	} rows[] = {
		{ .expires = "2026-11-02T00:00:00Z", .check = GH_BC_TIME },
		{ .issued = "2031-01-01T00:00:00Z", .check = GH_BC_TIME },
		{ .expires = "soon", .check = GH_BC_TIME },
		{ .entry_root = REPORT, .check = GH_BC_ENTRY },
		{ .entry_kind = "badge-revoked", .check = GH_BC_ENTRY },
		{ .incomplete = true, .check = GH_BC_STATEMENT },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct made m;
		struct gh_badge_result r;
		setup_made(&m);
		m.issued = rows[i].issued != NULL ? rows[i].issued : m.issued;
		m.expires = rows[i].expires != NULL ? rows[i].expires : m.expires;
		m.entry_root = rows[i].entry_root != NULL ? rows[i].entry_root : m.entry_root;
		m.entry_kind = rows[i].entry_kind != NULL ? rows[i].entry_kind : m.entry_kind;
		m.complete = !rows[i].incomplete;
		make(&m);
		assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 1);
		if (r.check[rows[i].check].outcome != GH_BO_FAIL)
			fail_msg("row %zu: %s: %s", i, gh_badge_check_name(rows[i].check),
				 r.check[rows[i].check].detail);
		free_made(&m);
	}
}

static void keys_and_models(void **state)
{
	(void)state;
	struct made m;
	struct gh_badge_result r;
	setup_made(&m);
	make(&m);
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, REPORT, &r), 1);
	assert_int_equal(r.check[GH_BC_MODEL].outcome, GH_BO_FAIL);
	m.pem.n = 0;
	assert_true(gh_key_pem(m.badge[2], &m.pem)); /* a key that nothing leads from */
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 1);
	assert_int_equal(r.check[GH_BC_KEY].outcome, GH_BO_FAIL);
	m.pem.n = 0;
	gh_buf_str(&m.pem, "no key\n");
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 2);
	free_made(&m);
}

static void put_status_number(struct made *m, unsigned number, const char *id, const char *issued, const char *expires,
			      const struct gh_key *by)
{
	gh_auto_buf body = gh_buf(4096), sig = gh_buf(256);
	gh_buf_fmt(&body,
		   "{\"type\":\"gatehouse-status/"
		   "1\",\"number\":%u,\"issued\":\"%s\",\"expires\":\"%s\",\"revoked\":[{\"badge\":\"%s\","
		   "\"reason\":\"finding\",\"at\":\"%s\"}]}",
		   number, issued, expires, id, issued);
	sign(by, GH_BADGE_STATUS_TYPE, gh_buf_view(&body), &sig);
	const struct gh_dsse_sig s = { .sig = gh_buf_view(&sig) };
	m->status.n = 0;
	gh_dsse_write(&m->status, GH_SPAN(GH_BADGE_STATUS_TYPE), gh_buf_view(&body), &s, 1);
}

static void put_status(struct made *m, const char *id, const char *issued, const char *expires, const struct gh_key *by)
{
	put_status_number(m, 1, id, issued, expires, by);
}

/* An older list is valid for days after a newer one was made: who knows the newer one's number does not take it for an answer. */
static void older_list(void **state)
{
	(void)state;
	static const char other[] = "ffeeddccbbaa99887766554433221100", was[] = "2026-11-10T00:00:00Z",
			  to[] = "2026-12-01T00:00:00Z";
	static const struct {
		unsigned number;
		const char *id;
		uint64_t known;
		int verdict;
	} rows[] = { { 7, other, 0, 0 }, { 7, other, 7, 0 }, { 7, other, 6, 0 }, { 7, other, 8, 2 },
		     { 0, other, 1, 2 }, { 7, ID, 8, 1 },    { 7, ID, 7, 1 },	 { 7, other, UINT64_MAX, 2 } };
	struct made m;
	struct gh_badge_result r;
	setup_made(&m);
	make(&m);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		put_status_number(&m, rows[i].number, rows[i].id, was, to, m.badge[0]);
		m.status_min = rows[i].known;
		int verdict = verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r);
		if (verdict != rows[i].verdict)
			fail_msg("row %zu: %d: %s", i, verdict, r.check[GH_BC_STATUS].detail);
		assert_int_equal(r.status_number, rows[i].number);
	}
	free_made(&m);
}

static void revocation(void **state)
{
	(void)state;
	static const char other[] = "ffeeddccbbaa99887766554433221100", was[] = "2026-11-10T00:00:00Z",
			  to[] = "2026-12-01T00:00:00Z";
	struct made m;
	struct gh_badge_result r;
	setup_made(&m);
	make(&m);
	put_status(&m, ID, was, to, m.badge[0]);
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 1);
	assert_int_equal(r.check[GH_BC_STATUS].outcome, GH_BO_FAIL);
	put_status(&m, other, was, to, m.badge[0]);
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 0);
	put_status(&m, other, was, "2026-11-11T00:00:00Z", m.badge[0]); /* too old to say that it was not revoked */
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 2);
	put_status(&m, ID, was, "2026-11-11T00:00:00Z", m.badge[0]); /* and good enough to say that it was */
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 1);
	m.status.n = 0;
	m.status_empty = true; /* a list that was given and is empty is not the same as none */
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 2);
	assert_int_equal(r.check[GH_BC_STATUS].outcome, GH_BO_UNKNOWN);
	put_status(&m, ID, was, to, m.badge[2]); /* somebody else's list */
	assert_int_equal(verdict_at(&m, gh_buf_view(&m.file), NOW, NULL, &r), 2);
	free_made(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_ones),	   cmocka_unit_test(flips),	 cmocka_unit_test(wrong_ones),
		cmocka_unit_test(keys_and_models), cmocka_unit_test(revocation), cmocka_unit_test(older_list),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

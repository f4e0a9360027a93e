/* Witnesses: every answer of the specification, and the policies that ask for their cosignatures. */
#include "support/auditmake.h"
#include "support/cm.h"

#include "audit/quorum.h"
#include "audit/witness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S(x) gh_span_str(x)
enum { MOST = 40 };

static struct gh_note_key log_key, self;
static uint8_t log_seed[32], self_seed[32];
static struct gh_mhash leaves[MOST];

static bool read_leaves(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	struct gh_merkle_edge e = { 0 };
	for (uint64_t i = index << level; i < (index + 1) << level; i++)
		gh_merkle_push(&e, &leaves[(i + *(unsigned *)arg) % MOST], NULL, NULL);
	*out = gh_merkle_edge_root(&e);
	return true;
}

/* A checkpoint of `size` leaves of history `fork`, signed with the seed. */
static void checkpoint(unsigned fork, uint64_t size, const uint8_t seed[32], struct gh_buf *out)
{
	struct gh_mhash root;
	uint8_t sig[64];
	assert_true(gh_merkle_root(read_leaves, &fork, size, &root));
	gh_checkpoint_write(log_key.name, size, &root, out);
	assert_true(gh_ed25519_sign(seed, gh_buf_view(out), sig));
	gh_buf_ch(out, '\n');
	gh_note_sig_write(&log_key, (struct gh_span){ sig, sizeof sig }, out);
}

static int begin(void **st)
{
	(void)st;
	audit_key(1, "example.com/log", GH_NOTE_ED25519, log_seed, &log_key);
	audit_key(2, "witness.example/w1", GH_NOTE_COSIG, self_seed, &self);
	for (unsigned i = 0; i < MOST; i++)
		leaves[i] = gh_merkle_leaf((struct gh_span){ (uint8_t *)&i, sizeof i });
	return 0;
}

static void every_answer_of_the_specification(void **st)
{
	(void)st;
	static const struct {
		const char *what;
		uint64_t seen; /* by the witness, of history 0 */
		uint64_t old, size;
		unsigned fork, proof_of; /* history of the checkpoint; 0: a proof from old, else from that size */
		bool stranger, wrong_key, with_proof;
		unsigned status;
	} rows[] = {
		{ "the first checkpoint", .size = 10, .status = 200 },
		{ "an empty log", .size = 0, .status = 200 },
		{ "growing", .seen = 10, .old = 10, .size = 17, .status = 200 },
		{ "the same again", .seen = 10, .old = 10, .size = 10, .status = 200 },
		{ "another origin", .size = 10, .stranger = true, .status = 404 },
		{ "not signed by the log", .size = 10, .wrong_key = true, .status = 403 },
		{ "old beyond the checkpoint", .seen = 10, .old = 12, .size = 11, .status = 400 },
		{ "the witness knows more", .seen = 10, .old = 5, .size = 17, .status = 409 },
		{ "the witness knows less", .seen = 10, .old = 12, .size = 17, .status = 409 },
		{ "nothing was seen", .old = 5, .size = 17, .status = 409 },
		{ "rolled back, told so", .seen = 10, .old = 5, .size = 8, .status = 409 },
		{ "a fork", .seen = 10, .old = 10, .size = 17, .fork = 1, .status = 422 },
		{ "a fork of the same size", .seen = 10, .old = 10, .size = 10, .fork = 1, .status = 422 },
		{ "the proof of another size", .seen = 10, .old = 10, .size = 17, .proof_of = 9, .status = 422 },
		{ "a proof where none belongs", .size = 10, .with_proof = true, .status = 422 },
		{ "a proof for the same size", .seen = 10, .old = 10, .size = 10, .with_proof = true, .status = 422 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_witness_log known = { .key = log_key, .size = rows[i].seen };
		struct gh_merkle_proof proof;
		struct gh_witness_answer a;
		unsigned zero = 0, fork = rows[i].fork;
		uint8_t other_seed[32];
		gh_auto_buf note = gh_buf(4096), body = gh_buf(65536);
		if (rows[i].stranger)
			audit_key(1, "example.com/other", GH_NOTE_ED25519, other_seed, &known.key);
		assert_true(gh_merkle_root(read_leaves, &zero, rows[i].seen, &known.root));
		checkpoint(fork, rows[i].size, rows[i].wrong_key ? self_seed : log_seed, &note);
		uint64_t from = rows[i].proof_of != 0 ? rows[i].proof_of : rows[i].old;
		if (from > rows[i].size || !gh_merkle_prove_consistency(read_leaves, &fork, from, rows[i].size, &proof))
			proof.n = 0;
		if (rows[i].with_proof)
			proof = (struct gh_merkle_proof){ .n = 1, .h = { leaves[0] } };
		gh_witness_ask(rows[i].old, &proof, gh_buf_view(&note), &body);
		assert_true(gh_witness_answer(gh_buf_view(&body), &known, 1, &self, self_seed, 1795348800, &a));
		if (a.status != rows[i].status)
			fail_msg("%s: %u, not %u: %s", rows[i].what, a.status, rows[i].status, gh_buf_cstr(&a.body));
		uint64_t size;
		if (a.status == 409) {
			assert_string_equal(a.type, "text/x.tlog.size");
			assert_true(gh_witness_conflict(gh_buf_view(&a.body), &size) && size == rows[i].seen);
		}
		if (a.status == 200) { /* the lines behind the checkpoint verify */
			struct gh_note n;
			uint64_t time;
			gh_buf_span(&note, gh_buf_view(&a.body));
			assert_int_equal(gh_note_read(gh_buf_view(&note), &n, NULL), GH_OK);
			assert_int_equal(gh_note_check(&n, &self, &time), GH_NOTE_GOOD);
			assert_true(time == 1795348800 && a.size == rows[i].size && a.log == 0);
		}
		gh_buf_free(&a.body);
	}
}

static void what_is_no_request_is_answered_with_400(void **st)
{
	(void)st;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SIG "\n— a AAAAAAA=\n"
	static const struct {
		const char *text;
		unsigned status;
	} rows[] = {
		{ "", 400 },
		{ "old 0\n", 400 },
		{ "old 00\n\nexample.com/log\n1\n" ROOT SIG, 400 },
		{ "old -1\n\nexample.com/log\n1\n" ROOT SIG, 400 },
		{ "old 0\nAAAA\n\nexample.com/log\n1\n" ROOT SIG, 400 },
		{ "old 0\n\nexample.com/log\nx\n" ROOT SIG, 400 },
		{ "old 0\n\nexample.com/log\n1\n" ROOT, 400 },
		{ "old 0\n\nexample.com/log\n1\n" ROOT SIG, 403 }, /* signed by nobody known */
		{ "old 0\n\nexample.com/log\n0\n" ROOT SIG, 403 },
		{ "old 0\n\nexample.com/none\n0\n" ROOT SIG, 404 },
	};
	struct gh_witness_log known = { .key = log_key };
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_witness_answer a;
		assert_true(gh_witness_answer(S(rows[i].text), &known, 1, &self, self_seed, 1, &a));
		if (a.status != rows[i].status)
			fail_msg("row %zu: %u", i, a.status);
		gh_buf_free(&a.body);
	}
	/* Size 0 with a root, signed: 422. */
	uint8_t sig[64];
	struct gh_witness_answer a;
	gh_auto_buf body = gh_buf(4096);
	static const char text[] = "example.com/log\n0\n" ROOT;
	assert_true(gh_ed25519_sign(log_seed, S(text), sig));
	gh_buf_fmt(&body, "old 0\n\n%s\n", text);
	gh_note_sig_write(&log_key, (struct gh_span){ sig, sizeof sig }, &body);
	assert_true(gh_witness_answer(gh_buf_view(&body), &known, 1, &self, self_seed, 1, &a));
	assert_int_equal(a.status, 422);
	gh_buf_free(&a.body);
	uint64_t size;
	assert_false(gh_witness_conflict(S("12"), &size));
	assert_false(gh_witness_conflict(S("12\n\n"), &size));
	assert_false(gh_witness_conflict(S("x\n"), &size));
}

/* Verifier keys of witnesses 30 … 35 and of the log, for policies. */
static void put_keys(struct gh_buf *out, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		struct gh_note_key k;
		uint8_t seed[32];
		char name[40];
		(void)snprintf(name, sizeof name, "witness.example/%u", i);
		audit_key(30 + i, name, GH_NOTE_COSIG, seed, &k);
		gh_buf_fmt(out, "witness w%u ", i);
		gh_note_vkey_write(&k, out);
		gh_buf_fmt(out, " https://w%u.example/\n", i);
	}
}

static void a_quorum_counts_as_the_policy_says(void **st)
{
	(void)st;
	static const struct {
		const char *tail;
		unsigned cosigned; /* set of witnesses */
		bool met;
	} rows[] = {
		{ "quorum none\n", 0, true },
		{ "quorum w0\n", 0, false },
		{ "quorum w0\n", 1, true },
		{ "quorum w0\n", 2, false },
		{ "group g any w0 w1\nquorum g\n", 2, true },
		{ "group g any w0 w1\nquorum g\n", 4, false },
		{ "group g all w0 w1\nquorum g\n", 1, false },
		{ "group g all w0 w1\nquorum g\n", 3, true },
		{ "group g 2 w0 w1 w2\nquorum g\n", 4, false },
		{ "group g 2 w0 w1 w2\nquorum g\n", 5, true },
		{ "group x 2 w0 w1 w2\ngroup y any w3 w4 w5\ngroup all-of all x y\nquorum all-of\n", 7, false },
		{ "group x 2 w0 w1 w2\ngroup y any w3 w4 w5\ngroup all-of all x y\nquorum all-of\n", 56, false },
		{ "group x 2 w0 w1 w2\ngroup y any w3 w4 w5\ngroup all-of all x y\nquorum all-of\n", 38, true },
		{ "\t # note\n \n\tgroup  g\tall w0 w1 \nquorum g\n", 3, true },
	};
	struct gh_quorum *q = calloc(1, sizeof *q);
	struct gh_quorum_answer *a = calloc(1, sizeof *a);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_buf policy = gh_buf(65536), note = gh_buf(65536), msg = gh_buf(4096);
		struct gh_note n;
		struct gh_err err = { 0 };
		gh_buf_str(&policy, "log ");
		gh_note_vkey_write(&log_key, &policy);
		gh_buf_ch(&policy, '\n');
		put_keys(&policy, 0, 6);
		gh_buf_str(&policy, rows[i].tail);
		if (gh_quorum_read(gh_buf_view(&policy), q, &err) != GH_OK)
			fail_msg("row %zu: %s", i, err.text[0]);
		assert_string_equal(q->name[1].url, "https://w1.example/");
		checkpoint(0, 5, log_seed, &note);
		assert_int_equal(gh_note_read(gh_buf_view(&note), &n, NULL), GH_OK);
		gh_note_cosig_message(7, n.text, &msg);
		for (unsigned w = 0; w < 6; w++) {
			uint8_t sig[GH_COSIG] = { 0, 0, 0, 0, 0, 0, 0, 7 }, seed[32];
			memset(seed, (int)(30 + w), sizeof seed);
			assert_true(gh_ed25519_sign(seed, gh_buf_view(&msg), sig + 8));
			if ((rows[i].cosigned >> w & 1) != 0)
				gh_note_sig_write(&q->name[w].key, (struct gh_span){ sig, sizeof sig }, &note);
		}
		assert_int_equal(gh_note_read(gh_buf_view(&note), &n, NULL), GH_OK);
		if (gh_quorum_apply(q, &n, a, &err) != GH_OK || a->met != rows[i].met)
			fail_msg("row %zu", i);
		assert_int_equal(a->witnesses, __builtin_popcount(rows[i].cosigned));
	}
	/* Signed by a log that the policy does not name. */
	gh_auto_buf note = gh_buf(4096);
	struct gh_note n;
	checkpoint(0, 5, self_seed, &note);
	assert_int_equal(gh_note_read(gh_buf_view(&note), &n, NULL), GH_OK);
	assert_int_equal(gh_quorum_apply(q, &n, a, NULL), GH_E_DENIED);
	free(q);
	free(a);
}

static void policies_are_read_strictly(void **st)
{
	(void)st;
	static const struct {
		const char *tail, *why;
	} rows[] = {
		{ "", "no line \"quorum\"" },
		{ "quorum w0", "line 7 does not end" },
		{ "quorum w9\n", "not defined before" },
		{ "quorum w0\nquorum w0\n", "defined twice" },
		{ "quorum w0 w1\n", "one name" },
		{ "group g all\nquorum g\n", "members are wanted" },
		{ "group g 0 w0\nquorum g\n", "from 1 to 1" },
		{ "group g 2 w0\nquorum g\n", "from 1 to 1" },
		{ "group g some w0\nquorum g\n", "from 1 to 1" },
		{ "group g all w9\nquorum g\n", "member 1 is not defined" },
		{ "group g all w0 w0\nquorum g\n", "already" },
		{ "group g all g\nquorum g\n", "not defined before" },
		{ "group g all w0\ngroup h all w0\nquorum g\n", "already" },
		{ "group w0 all w1\nquorum w0\n", "defined twice" },
		{ "group none all w1\nquorum none\n", "cannot have this name" },
		{ "witness w7 nonsense\nquorum none\n", "verifier key" },
		{ "log nonsense\nquorum none\n", "verifier key" },
		{ "witness w7\nquorum none\n", "are wanted" },
		{ "log\nquorum none\n", "is wanted" },
		{ "LOG x\nquorum none\n", "log, witness, group or quorum" },
		{ "quorum none\r\n", "control character" },
	};
	struct gh_quorum *q = calloc(1, sizeof *q);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_buf policy = gh_buf(65536);
		struct gh_err err = { 0 };
		char line[900] = "";
		put_keys(&policy, 0, 6);
		gh_buf_str(&policy, rows[i].tail);
		enum gh_rc rc = gh_quorum_read(gh_buf_view(&policy), q, &err);
		if (rc != GH_E_MALFORMED || strstr(gh_err_line(&err, line, sizeof line), rows[i].why) == NULL)
			fail_msg("row %zu: %s", i, line);
	}
	/* One key under two names, a key of a log as a witness. */
	gh_auto_buf twice = gh_buf(65536), wrong = gh_buf(65536), many = gh_buf(1 << 20);
	put_keys(&twice, 0, 1);
	put_keys(&twice, 0, 1);
	twice.p[twice.n / 2 + 9] = 'x'; /* the second name */
	gh_buf_str(&twice, "quorum none\n");
	assert_int_equal(gh_quorum_read(gh_buf_view(&twice), q, NULL), GH_E_MALFORMED);
	gh_buf_str(&wrong, "witness w ");
	gh_note_vkey_write(&log_key, &wrong);
	gh_buf_str(&wrong, "\nquorum none\n");
	assert_int_equal(gh_quorum_read(gh_buf_view(&wrong), q, NULL), GH_E_MALFORMED);
	put_keys(&many, 0, 200);
	gh_buf_str(&many, "quorum none\n");
	assert_int_equal(gh_quorum_read(gh_buf_view(&many), q, NULL), GH_OK);
	free(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_of_the_specification),
		cmocka_unit_test(what_is_no_request_is_answered_with_400),
		cmocka_unit_test(a_quorum_counts_as_the_policy_says),
		cmocka_unit_test(policies_are_read_strictly),
	};
	return cmocka_run_group_tests(tests, begin, NULL);
}

/* Signed notes, verifier keys, checkpoints, cosignatures and proof files. */
#include "support/auditmake.h"
#include "support/cm.h"

#include "wire/b64.h"

#include <stdio.h>
#include <string.h>

#define S(x) gh_span_str(x)
#define EXAMPLE_KEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define EXAMPLE \
	"This is an example message.\n\n— example.com/foo " \
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"

static void verifier_keys_are_read_strictly(void **st)
{
	(void)st;
	static const struct {
		const char *text;
		enum gh_rc rc;
	} rows[] = {
		{ EXAMPLE_KEY, GH_OK },
		{ " \t" EXAMPLE_KEY " \n", GH_OK },
		{ "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_MALFORMED }, /* id */
		{ "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_MALFORMED }, /* name */
		{ "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_MALFORMED },
		{ "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", GH_E_MALFORMED },
		{ "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k=", GH_E_MALFORMED },
		{ "example.com/foo+530d903a", GH_E_MALFORMED },
		{ "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_MALFORMED },
		{ "exam ple+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_MALFORMED },
		{ "example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", GH_E_UNREAD }, /* type 05 */
		{ "example.com/foo+530d903a+AQ==", GH_E_MALFORMED },
		{ "", GH_E_MALFORMED },
		{ "+", GH_E_MALFORMED },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_note_key k;
		if (gh_note_vkey_read(S(rows[i].text), &k, NULL) != rows[i].rc)
			fail_msg("row %zu: %s", i, rows[i].text);
		if (rows[i].rc != GH_OK)
			continue;
		gh_auto_buf again = gh_buf(GH_NOTE_VKEY);
		gh_note_vkey_write(&k, &again);
		assert_string_equal(gh_buf_cstr(&again), EXAMPLE_KEY);
	}
}

static void the_published_example_verifies(void **st)
{
	(void)st;
	struct gh_note_key k, other;
	struct gh_note n;
	bool good[2];
	uint8_t seed[32];
	assert_int_equal(gh_note_vkey_read(S(EXAMPLE_KEY), &k, NULL), GH_OK);
	assert_int_equal(gh_note_read(S(EXAMPLE), &n, NULL), GH_OK);
	assert_true(gh_span_is(n.text, "This is an example message.\n") && n.nsig == 1);
	assert_int_equal(gh_note_check(&n, &k, NULL), GH_NOTE_GOOD);
	/* A key of the same name is another key; with the same id but another key the note is refused. */
	audit_key(3, "example.com/foo", GH_NOTE_ED25519, seed, &other);
	struct gh_note_key both[2] = { other, k };
	assert_int_equal(gh_note_verify(&n, both, 2, good, NULL), GH_OK);
	assert_true(!good[0] && good[1]);
	assert_int_equal(gh_note_verify(&n, &other, 1, NULL, NULL), GH_E_DENIED);
	other.id = k.id;
	assert_int_equal(gh_note_check(&n, &other, NULL), GH_NOTE_BAD);
	both[0] = other;
	assert_int_equal(gh_note_verify(&n, both, 2, good, NULL), GH_E_DENIED);
}

/* Every changed bit either breaks the form or the signature, or makes it one of an unknown key. */
static void a_flipped_bit_never_verifies(void **st)
{
	(void)st;
	char text[] = EXAMPLE;
	struct gh_note_key k;
	struct gh_note n;
	assert_int_equal(gh_note_vkey_read(S(EXAMPLE_KEY), &k, NULL), GH_OK);
	for (size_t i = 0; i < sizeof text - 1; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ 1 << bit);
			if (gh_note_read((struct gh_span){ (uint8_t *)text, sizeof text - 1 }, &n, NULL) == GH_OK &&
			    gh_note_verify(&n, &k, 1, NULL, NULL) == GH_OK)
				fail_msg("byte %zu bit %u", i, bit);
			text[i] = (char)(text[i] ^ 1 << bit);
		}
	for (size_t n_bytes = 0; n_bytes < sizeof text - 1; n_bytes++)
		if (gh_note_read((struct gh_span){ (uint8_t *)text, n_bytes }, &n, NULL) == GH_OK)
			fail_msg("cut at %zu", n_bytes);
}

#define SIG "— a/b AAAAAAA=\n" /* 5 bytes: an id and one byte */
static void what_is_no_note_is_refused(void **st)
{
	(void)st;
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "x\n\n" SIG, true },
		{ "x\n\ny\n\n" SIG, true }, /* the last empty line counts */
		{ "\n\n" SIG, true },
		{ "x\n\n" SIG SIG, true },
		{ "x\n" SIG, false },
		{ "x\n\n", false },
		{ "x\n\n" SIG "\n", false },
		{ "", false },
		{ "\n", false },
		{ "x\r\n\n" SIG, false },
		{ "x\ty\n\n" SIG, false },
		{ "x\xff\n\n" SIG, false },
		{ "x\n\n- a/b AAAAAAA=\n", false },
		{ "x\n\n— a/b AAAAAA==\n", false }, /* no signature behind the id */
		{ "x\n\n— a/b AAAAAAB=\n", false }, /* spare bits */
		{ "x\n\n— a/b AAAA_AA=\n", false },
		{ "x\n\n— a/b  AAAAAAA=\n", false },
		{ "x\n\n—  AAAAAAA=\n", false },
		{ "x\n\n— a+b AAAAAAA=\n", false },
		{ "x\n\n— a\xe2\x80\x83"
		  "b AAAAAAA=\n",
		  false }, /* em space */
		{ "x\n\n— a/b\n", false },
		{ "x\n\n— a/b AAAAAAA=", false },
	};
	struct gh_note n;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_note_read(S(rows[i].text), &n, NULL) == GH_OK) != rows[i].ok)
			fail_msg("row %zu", i);
	gh_auto_buf many = gh_buf(1 << 20);
	gh_buf_str(&many, "x\n\n");
	for (unsigned i = 0; i < GH_NOTE_SIGS; i++)
		gh_buf_str(&many, SIG);
	assert_int_equal(gh_note_read(gh_buf_view(&many), &n, NULL), GH_OK);
	gh_buf_str(&many, SIG);
	assert_int_equal(gh_note_read(gh_buf_view(&many), &n, NULL), GH_E_LIMIT);
	while (many.n <= GH_NOTE_MAX)
		gh_buf_str(&many, SIG);
	assert_int_equal(gh_note_read(gh_buf_view(&many), &n, NULL), GH_E_LIMIT);
}

static void checkpoints_are_read_strictly(void **st)
{
	(void)st;
#define ROOT "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ "example.com/log\n20852163\n" ROOT, true },
		{ "example.com/log\n20852163\n" ROOT "more\nlines\n", true },
		{ "example.com/log\n0\n" EMPTY, true },
		{ "example.com/log\n0\n" ROOT, false },
		{ "example.com/log\n020\n" ROOT, false },
		{ "example.com/log\n+2\n" ROOT, false },
		{ "example.com/log\n\n" ROOT, false },
		{ "example.com/log\n18446744073709551616\n" ROOT, false },
		{ "example.com/log\n9223372036854775808\n" ROOT, false },
		{ "\n2\n" ROOT, false },
		{ "example.com/log\n2\nAAAA\n", false },
		{ "example.com/log\n2\n", false },
		{ "example.com/log\n2\n" ROOT "\n", false },
		{ "example.com/log\n2\n" ROOT "cut", false },
		{ "", false },
	};
	struct gh_checkpoint c;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_checkpoint_read(S(rows[i].text), &c, NULL) == GH_OK) != rows[i].ok)
			fail_msg("row %zu", i);
	gh_auto_buf again = gh_buf(1000);
	assert_int_equal(gh_checkpoint_read(S(rows[0].text), &c, NULL), GH_OK);
	gh_checkpoint_write("example.com/log", c.size, &c.root, &again);
	assert_string_equal(gh_buf_cstr(&again), rows[0].text);
}

/* A signed checkpoint of the tests' log; type: of the signature. */
static void make_note(const char *text, const struct gh_note_key *key, const uint8_t seed[32], struct gh_buf *out)
{
	uint8_t sig[GH_COSIG] = { 0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb };
	gh_auto_buf msg = gh_buf(4096);
	bool cosig = key->type == GH_NOTE_COSIG;
	if (cosig)
		gh_note_cosig_message(0x641850cb, S(text), &msg);
	else
		gh_buf_str(&msg, text);
	assert_true(gh_ed25519_sign(seed, gh_buf_view(&msg), sig + (cosig ? 8 : 0)));
	if (out->n == 0)
		gh_buf_fmt(out, "%s\n", text);
	gh_note_sig_write(key, (struct gh_span){ sig, cosig ? GH_COSIG : GH_ED25519_SIG }, out);
}

static void cosignatures_carry_their_time(void **st)
{
	(void)st;
	static const char text[] = "example.com/log\n20852163\n" ROOT;
	struct gh_note_key log, witness, other;
	uint8_t seed[32], wseed[32];
	struct gh_note n;
	struct gh_checkpoint c;
	uint64_t time = 0;
	gh_auto_buf note = gh_buf(4096);
	audit_key(1, "example.com/log", GH_NOTE_ED25519, seed, &log);
	audit_key(2, "witness.example/w1", GH_NOTE_COSIG, wseed, &witness);
	make_note(text, &log, seed, &note);
	make_note(text, &witness, wseed, &note);
	assert_int_equal(gh_checkpoint_open(gh_buf_view(&note), &log, &n, &c, NULL), GH_OK);
	assert_int_equal(gh_note_check(&n, &witness, &time), GH_NOTE_GOOD);
	assert_int_equal(time, 0x641850cb);
	/* The same key as a plain one has another id; the witness's key is no key of the log. */
	audit_key(2, "witness.example/w1", GH_NOTE_ED25519, wseed, &other);
	assert_int_not_equal(other.id, witness.id);
	assert_int_equal(gh_note_check(&n, &other, NULL), GH_NOTE_ABSENT);
	audit_key(1, "example.com/other", GH_NOTE_ED25519, seed, &other);
	assert_int_equal(gh_checkpoint_open(gh_buf_view(&note), &other, &n, &c, NULL), GH_E_DENIED);
	/* Signed by a key whose name is not the origin. */
	note.n = 0;
	make_note(text, &other, seed, &note);
	assert_int_equal(gh_checkpoint_open(gh_buf_view(&note), &other, &n, &c, NULL), GH_E_DENIED);
}

/* Key and signature made with OpenSSL's command line (openssl dgst -sha256 -sign). */
static void ecdsa_of_older_logs_is_verified(void **st)
{
	(void)st;
	static const char vkey[] = "example.com/"
				   "rekor+4df194bf+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJN08kJTf+"
				   "wks8movZ9yHfiQ5xUWMfQa02GmrunuS4uKWd0rEn6I"
				   "tRoxT4A2SYOnXh+uah9YYunqrI4a3JeQMY8=";
	char text[] = "example.com/rekor\n2\n" ROOT
		      "\n— example.com/rekor TfGUvzBFAiAx2f0cfYExEBLP4MgXB+3BdJ/6SdfLHpr240pXRgyh9"
		      "AIhAM9ajNdtQQPneVWXTgKMPjLw+N+Jupdh8SKvpYZHfk3t\n";
	struct gh_note_key k;
	struct gh_note n;
	struct gh_checkpoint c;
	assert_int_equal(gh_note_vkey_read(S(vkey), &k, NULL), GH_OK);
	assert_int_equal(k.type, GH_NOTE_ECDSA);
	assert_int_equal(gh_checkpoint_open(S(text), &k, &n, &c, NULL), GH_OK);
	assert_int_equal(c.size, 2);
	text[18] = '3';
	assert_int_equal(gh_checkpoint_open(S(text), &k, &n, &c, NULL), GH_E_DENIED);
	k.key[k.key_n - 1] ^= 1; /* a point that is none */
	assert_int_equal(gh_checkpoint_open(S(text), &k, &n, &c, NULL), GH_E_DENIED);
}

static void a_name_or_key_that_is_none_is_refused(void **st)
{
	(void)st;
	static const uint8_t key[200] = { 1 };
	static const struct {
		const char *name;
		enum gh_note_type type;
		size_t n;
		bool ok;
	} rows[] = {
		{ "a", GH_NOTE_ED25519, 32, true },
		{ "a", GH_NOTE_COSIG, 32, true },
		{ "a", GH_NOTE_ED25519, 31, false },
		{ "a", GH_NOTE_COSIG, 33, false },
		{ "a", GH_NOTE_ECDSA, 91, true },
		{ "a", GH_NOTE_ECDSA, 193, false },
		{ "a", GH_NOTE_ECDSA, 0, false },
		{ "", GH_NOTE_ED25519, 32, false },
		{ "a b", GH_NOTE_ED25519, 32, false },
		{ "a+b", GH_NOTE_ED25519, 32, false },
		{ "a\nb", GH_NOTE_ED25519, 32, false },
		{ "a\xc2\xa0"
		  "b",
		  GH_NOTE_ED25519, 32, false },
		{ "\xff", GH_NOTE_ED25519, 32, false },
		{ "g\xc3\xa4t", GH_NOTE_ED25519, 32, true },
	};
	struct gh_note_key k;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_note_key(rows[i].name, rows[i].type, (struct gh_span){ key, rows[i].n }, &k, NULL) == GH_OK) !=
		    rows[i].ok)
			fail_msg("row %zu", i);
}

static void proof_files_hold_what_they_say(void **st)
{
	(void)st;
	struct gh_note_key log;
	uint8_t seed[32];
	struct gh_merkle_edge e = { 0 };
	struct gh_mhash l0 = gh_merkle_leaf(S("zero")), l1 = gh_merkle_leaf(S("one"));
	struct gh_merkle_proof path = { .n = 1, .h = { l0 } };
	struct gh_checkpoint c;
	gh_auto_buf text = gh_buf(1000), note = gh_buf(4096), file = gh_buf(8192);
	audit_key(1, "example.com/log", GH_NOTE_ED25519, seed, &log);
	gh_merkle_push(&e, &l0, NULL, NULL);
	gh_merkle_push(&e, &l1, NULL, NULL);
	struct gh_mhash root = gh_merkle_edge_root(&e);
	gh_checkpoint_write("example.com/log", 2, &root, &text);
	make_note(gh_buf_cstr(&text), &log, seed, &note);
	gh_tlog_proof_write(1, &path, gh_buf_view(&note), &file);
	struct gh_span f = gh_buf_view(&file);
	assert_int_equal(gh_tlog_proof_check(f, S("one"), &log, NULL, &c, NULL), GH_OK);
	assert_int_equal(c.size, 2);
	assert_int_equal(gh_tlog_proof_check(f, S("zero"), &log, NULL, NULL, NULL), GH_E_DENIED);
	for (size_t i = 0; i < f.n; i++) { /* no bit of it may be changed, no byte cut off */
		for (unsigned bit = 0; bit < 8; bit++) {
			file.p[i] = (uint8_t)(file.p[i] ^ 1 << bit);
			if (gh_tlog_proof_check(f, S("one"), &log, NULL, NULL, NULL) == GH_OK)
				fail_msg("byte %zu bit %u", i, bit);
			file.p[i] = (uint8_t)(file.p[i] ^ 1 << bit);
		}
		if (gh_tlog_proof_check(gh_span_cut(f, 0, i), S("one"), &log, NULL, NULL, NULL) == GH_OK)
			fail_msg("cut at %zu", i);
	}
}

static void the_forms_of_proof_files(void **st)
{
	(void)st;
#define HEAD "c2sp.org/tlog-proof@v1\n"
	static const struct {
		const char *text;
		bool ok;
	} rows[] = {
		{ HEAD "index 0\n\nc", true },
		{ HEAD "extra AAAA\nindex 5\n" ROOT ROOT "\nc", true },
		{ HEAD "extra \nindex 5\n\nc", true },
		{ HEAD "extra A\nindex 5\n\nc", false },
		{ HEAD "index 05\n\nc", false },
		{ HEAD "index -5\n\nc", false },
		{ HEAD "index 5\nAAAA\n\nc", false },
		{ HEAD "index 5\n" ROOT, false },
		{ HEAD "extra AAAA\nextra AAAA\nindex 5\n\nc", false },
		{ HEAD, false },
		{ "c2sp.org/tlog-proof@v2\nindex 5\n\nc", false },
		{ "", false },
	};
	struct gh_tlog_proof p;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_tlog_proof_read(S(rows[i].text), &p, NULL) == GH_OK) != rows[i].ok)
			fail_msg("row %zu", i);
	gh_auto_buf many = gh_buf(8192);
	gh_buf_str(&many, HEAD "index 5\n");
	for (unsigned i = 0; i < GH_MERKLE_PROOF + 1; i++)
		gh_buf_str(&many, ROOT);
	gh_buf_str(&many, "\nc");
	assert_int_equal(gh_tlog_proof_read(gh_buf_view(&many), &p, NULL), GH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verifier_keys_are_read_strictly),
		cmocka_unit_test(the_published_example_verifies),
		cmocka_unit_test(a_flipped_bit_never_verifies),
		cmocka_unit_test(what_is_no_note_is_refused),
		cmocka_unit_test(checkpoints_are_read_strictly),
		cmocka_unit_test(cosignatures_carry_their_time),
		cmocka_unit_test(ecdsa_of_older_logs_is_verified),
		cmocka_unit_test(a_name_or_key_that_is_none_is_refused),
		cmocka_unit_test(proof_files_hold_what_they_say),
		cmocka_unit_test(the_forms_of_proof_files),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* HPKE: RFC 9180's own values for the KEM and the key schedule, texts that an independent implementation sealed with the suite that
 * is used here, and that nothing opens but what was sealed. */
#include "support/cm.h"

#include "crypto/box.h"
#include "crypto/hpke_int.h"

#include <stdio.h>
#include <string.h>

static size_t unhex(const char *s, uint8_t *out, size_t cap)
{
	size_t n = strlen(s) / 2;
	assert_true(n <= cap);
	for (size_t i = 0; i < n; i++) {
		unsigned v;
		assert_int_equal(sscanf(s + 2 * i, "%2x", &v), 1);
		out[i] = (uint8_t)v;
	}
	return n;
}

/* RFC 9180, A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base setup. */
#define INFO "4f6465206f6e2061204772656369616e2055726e"
#define SKE "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736"
#define PKE "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431"
#define SKR "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8"
#define PKR "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d"

static void test_rfc_schedule(void **state)
{
	uint8_t info[32], ske[32], pke[32], skr[32], pkr[32], have[32], key[16], nonce[12], want[32];
	(void)state;
	struct gh_span i = { info, unhex(INFO, info, sizeof info) };
	(void)unhex(SKE, ske, 32);
	(void)unhex(PKE, pke, 32);
	(void)unhex(SKR, skr, 32);
	(void)unhex(PKR, pkr, 32);
	assert_true(gh_box_public(ske, have));
	assert_memory_equal(have, pke, 32);
	assert_true(gh_box_public(skr, have));
	assert_memory_equal(have, pkr, 32);
	for (int side = 0; side < 2; side++) { /* sender and recipient reach the same */
		assert_true(gh_hpke_schedule(GH_HPKE_AES128, side == 0 ? ske : skr, side == 0 ? pkr : pke, pke, pkr, i,
					     key, sizeof key, nonce));
		(void)unhex("4531685d41d65f03dc48f6b8302c05b0", want, 32);
		assert_memory_equal(key, want, 16);
		(void)unhex("56d890e5accaaf011cff4b7d", want, 32);
		assert_memory_equal(nonce, want, 12);
	}
}

/* Sealed to PKR with DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM and an empty aad by another implementation (the
 * Python package cryptography 48, which is written in Rust): enc, then the ciphertext. */
static const struct {
	const char *info, *text, *sealed;
} others[] = {
	{ "Ode on a Grecian Urn", "Beauty is truth, truth beauty",
	  "efbf256622cbb2986f81afb8b3bd74951c39dfea86aeec1eafac389b8a21996ed8dd836faceb24bbf652d6e29e9375a22cd2900a491a"
	  "8fe8"
	  "6c80722788d98634a7a2cb5f7d002a76f4f1b3547f" },
	{ "", "", "70782f95f684c1ca203f214f8d500f5b8138290148f12e097b3d4570a2a57a636ab9dc8d89c366d6726332ffe4759495" },
};

static void test_other_implementation(void **state)
{
	uint8_t skr[32], sealed[256], out[256];
	(void)state;
	(void)unhex(SKR, skr, 32);
	for (size_t k = 0; k < sizeof others / sizeof *others; k++) {
		size_t n = unhex(others[k].sealed, sealed, sizeof sealed);
		struct gh_span in = { sealed + 32, n - 32 };
		assert_true(gh_hpke_open(skr, sealed, gh_span_str(others[k].info), (struct gh_span){ 0 }, in, out));
		assert_int_equal(in.n - GH_HPKE_TAG, strlen(others[k].text));
		assert_memory_equal(out, others[k].text, strlen(others[k].text));
	}
}

static void test_nothing_else_opens(void **state)
{
	const struct gh_span info = GH_SPAN("info"), aad = GH_SPAN("aad"),
			     text = GH_SPAN("a key of thirty-two bytes, almost");
	uint8_t sk[32], pk[32], other_sk[32], other_pk[32], enc[32], out[64], back[64];
	(void)state;
	assert_true(gh_hpke_pair(sk, pk) && gh_hpke_pair(other_sk, other_pk));
	assert_true(gh_hpke_seal(pk, info, aad, text, enc, out));
	const struct gh_span in = { out, text.n + GH_HPKE_TAG };
	assert_true(gh_hpke_open(sk, enc, info, aad, in, back));
	assert_memory_equal(back, text.p, text.n);
	assert_false(gh_hpke_open(other_sk, enc, info, aad, in, back));
	assert_false(gh_hpke_open(sk, enc, GH_SPAN("info2"), aad, in, back));
	assert_false(gh_hpke_open(sk, enc, info, GH_SPAN("aae"), in, back));
	for (size_t bit = 0; bit < 8 * in.n; bit++) {
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
		memset(back, 'x', sizeof back);
		assert_false(gh_hpke_open(sk, enc, info, aad, in, back));
		for (size_t i = 0; i < text.n; i++)
			assert_int_equal(back[i], 0); /* wiped */
		out[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof enc - 1;
	     bit++) { /* X25519 ignores the last one; the transcript does not */
		enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(gh_hpke_open(sk, enc, info, aad, in, back));
		enc[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	enc[31] ^= 0x80;
	assert_false(gh_hpke_open(sk, enc, info, aad, in, back));
	enc[31] ^= 0x80;
	for (size_t n = 0; n < in.n; n++)
		assert_false(gh_hpke_open(sk, enc, info, aad, (struct gh_span){ out, n }, back));
}

static void test_no_key(void **state)
{
	uint8_t zero[32] = { 0 }, sk[32], pk[32], enc[32], out[64];
	(void)state;
	assert_false(gh_hpke_seal(zero, GH_SPAN("i"), GH_SPAN("a"), GH_SPAN("t"), enc, out)); /* of small order */
	assert_true(gh_hpke_pair(sk, pk));
	assert_false(gh_hpke_open(sk, zero, GH_SPAN("i"), GH_SPAN("a"), (struct gh_span){ out, 32 }, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc_schedule),
		cmocka_unit_test(test_other_implementation),
		cmocka_unit_test(test_nothing_else_opens),
		cmocka_unit_test(test_no_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

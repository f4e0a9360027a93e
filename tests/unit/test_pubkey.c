/* Keys, DSSE envelopes, statements, bundles: what is written is read again, and nothing else is. */
#include "support/cm.h"

#include "crypto/bundle.h"
#include "crypto/statement.h"
#include "wire/b64.h"

static const enum gh_key_kind kinds[] = { GH_KEY_P256, GH_KEY_P384, GH_KEY_P521, GH_KEY_ED25519 };

static void keys_sign_and_verify(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		gh_auto_key *k = gh_key_new(kinds[i]), *other = gh_key_new(kinds[i]);
		gh_auto_buf sig = gh_buf(GH_SIG_MAX);
		struct gh_span msg = GH_SPAN("what is signed");
		assert_non_null(k);
		assert_int_equal(gh_key_kind(k), kinds[i]);
		assert_int_equal(gh_key_sign(k, msg, &sig, NULL), GH_OK);
		assert_int_equal(gh_key_verify(k, msg, gh_buf_view(&sig), NULL), GH_OK);
		assert_int_equal(gh_key_verify(other, msg, gh_buf_view(&sig), NULL), GH_E_DENIED);
		assert_int_equal(gh_key_verify(k, GH_SPAN("what is signe"), gh_buf_view(&sig), NULL), GH_E_DENIED);
		assert_int_equal(gh_key_verify(k, msg, (struct gh_span){ 0 }, NULL), GH_E_DENIED);
		for (size_t at = 0; at < sig.n; at++) {
			sig.p[at] ^= 0x40;
			assert_int_equal(gh_key_verify(k, msg, gh_buf_view(&sig), NULL), GH_E_DENIED);
			sig.p[at] ^= 0x40;
		}
		uint8_t d[GH_MD_MAX];
		assert_true(gh_md(gh_key_md(k), msg, d));
		assert_int_equal(gh_key_verify_digest(k, gh_key_md(k), d, gh_buf_view(&sig), NULL),
				 kinds[i] == GH_KEY_ED25519 ? GH_E_UNREAD : GH_OK);
	}
}

static void keys_are_written_and_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		gh_auto_key *k = gh_key_new(kinds[i]), *pub = NULL, *priv = NULL, *der = NULL, *wrong = NULL;
		gh_auto_buf pem = gh_buf(8192), ppem = gh_buf(8192), d = gh_buf(8192), sig = gh_buf(GH_SIG_MAX);
		char a[65], b[65];
		assert_true(gh_key_pem(k, &pem) && gh_key_private_pem(k, &ppem) && gh_key_spki(k, &d));
		assert_int_equal(gh_key_public(gh_buf_view(&pem), &pub, NULL), GH_OK);
		assert_int_equal(gh_key_public(gh_buf_view(&d), &der, NULL), GH_OK);
		assert_int_equal(gh_key_private(gh_buf_view(&ppem), &priv, NULL), GH_OK);
		assert_true(gh_key_same(k, pub) && gh_key_same(k, priv) && gh_key_same(k, der));
		assert_true(gh_key_can_sign(priv) && !gh_key_can_sign(pub));
		assert_int_equal(gh_key_sign(pub, GH_SPAN("x"), &sig, NULL), GH_E_DENIED);
		assert_true(gh_key_hint(k, a) && gh_key_hint(pub, b));
		assert_string_equal(a, b);
		/* A private key where a public one is wanted, and the other way round: said, not guessed. */
		struct gh_err err = { 0 };
		char why[400];
		assert_int_equal(gh_key_public(gh_buf_view(&ppem), &wrong, &err), GH_E_MALFORMED);
		assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "a private key"));
		err = (struct gh_err){ 0 };
		assert_int_equal(gh_key_private(gh_buf_view(&pem), &wrong, &err), GH_E_MALFORMED);
		assert_non_null(strstr(gh_err_line(&err, why, sizeof why), "a public key"));
		gh_buf_ch(&d, 'x');
		assert_int_equal(gh_key_public(gh_buf_view(&d), &wrong, NULL), GH_E_MALFORMED);
		assert_null(wrong);
	}
}

static void raw_ed25519(void **state)
{
	/* RFC 8032, section 7.1, test 2 */
	static const char seed_hex[] = "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb";
	static const char pub_hex[] = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c";
	static const char sig_hex[] = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
				      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
	uint8_t seed[32], pub[32], raw[32];
	(void)state;
	assert_true(gh_b16_take(gh_span_str(seed_hex), seed, 32) && gh_b16_take(gh_span_str(pub_hex), pub, 32));
	gh_auto_key *k = gh_key_ed25519(seed), *p = gh_key_ed25519_public(pub);
	gh_auto_buf sig = gh_buf(100), hex = gh_buf(200);
	assert_true(gh_key_raw(k, raw) && memcmp(raw, pub, 32) == 0 && gh_key_same(k, p));
	assert_int_equal(gh_key_sign(k, GH_SPAN("\x72"), &sig, NULL), GH_OK);
	gh_b16_put(&hex, gh_buf_view(&sig));
	assert_string_equal(gh_buf_cstr(&hex), sig_hex);
}

static void what_is_no_key(void **state)
{
	static const struct {
		const char *text;
		enum gh_rc rc;
		const char *says;
	} rows[] = {
		{ "", GH_E_MALFORMED, "empty" },
		{ "hello\n", GH_E_MALFORMED, "no key in the file" },
		{ "-----BEGIN ENCRYPTED PRIVATE KEY-----\nZm9v\n-----END ENCRYPTED PRIVATE KEY-----\n", GH_E_UNREAD,
		  "passphrase" },
		{ "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nZm9v\n-----END EC PRIVATE KEY-----\n",
		  GH_E_UNREAD, "passphrase" },
		{ "-----BEGIN PRIVATE KEY-----\nZm9v\n-----END PRIVATE KEY-----\n", GH_E_MALFORMED,
		  "not a private key" },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_key *k = NULL;
		struct gh_err err = { 0 };
		char why[400];
		assert_int_equal(gh_key_private(gh_span_str(rows[i].text), &k, &err), rows[i].rc);
		assert_null(k);
		if (strstr(gh_err_line(&err, why, sizeof why), rows[i].says) == NULL)
			fail_msg("row %zu: %s", i, why);
	}
}

static void pae_is_the_specification(void **state)
{
	(void)state;
	gh_auto_buf b = gh_buf(100);
	gh_dsse_pae(&b, gh_span_str("http://example.com/HelloWorld"), gh_span_str("hello world"));
	assert_string_equal(gh_buf_cstr(&b), "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
}

static void envelopes(void **state)
{
	static const struct {
		const char *json;
		bool good;
	} rows[] = {
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\"}]}", true },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\",\"keyid\":null}]}",
		  true },
		{ "{\"payload\":\"\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\",\"keyid\":\"k\"}]}",
		  true },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[]}", false },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\"}", false },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"\",\"signatures\":[{\"sig\":\"Zm9v\"}]}", false },
		{ "{\"payload\":\"Zm9\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\"}]}", false },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"\"}]}", false },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\",\"x\":1}]}", false },
		{ "{\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\"}],\"x\":1}", false },
		{ "{\"payload\":\"Zm9v\",\"payload\":\"Zm9v\",\"payloadType\":\"t\",\"signatures\":[{\"sig\":\"Zm9v\"}]"
		  "}",
		  false },
		{ "[]", false },
		{ "", false },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		struct gh_dsse d;
		struct gh_err err = { 0 };
		bool ok = gh_dsse_read(&a, gh_span_str(rows[i].json), &d, &err) == GH_OK;
		if (ok != rows[i].good || (!ok && err.n == 0))
			fail_msg("%s: %s", rows[i].json, ok ? "taken" : "refused");
	}
}

static void an_envelope_goes_round(void **state)
{
	(void)state;
	gh_auto_key *k = gh_key_new(GH_KEY_P256), *other = gh_key_new(GH_KEY_P256);
	gh_auto_arena a = { .max = 1 << 20 };
	gh_auto_buf sig = gh_buf(GH_SIG_MAX), json = gh_buf(1 << 16);
	struct gh_span type = gh_span_str(GH_DSSE_INTOTO), payload = GH_SPAN("{\"a\":1}");
	struct gh_dsse d;
	assert_int_equal(gh_dsse_sign(k, type, payload, &sig, NULL), GH_OK);
	const struct gh_dsse_sig one = { gh_buf_view(&sig), GH_SPAN("hint") };
	gh_dsse_write(&json, type, payload, &one, 1);
	assert_int_equal(gh_dsse_read(&a, gh_buf_view(&json), &d, NULL), GH_OK);
	assert_true(gh_span_eq(d.payload, payload) && gh_span_eq(d.type, type) && gh_span_is(d.sig[0].keyid, "hint"));
	assert_int_equal(gh_dsse_verify(&d, k, NULL), GH_OK);
	assert_int_equal(gh_dsse_verify(&d, other, NULL), GH_E_DENIED);
	d.type = GH_SPAN("application/other"); /* the type is signed too */
	assert_int_equal(gh_dsse_verify(&d, k, NULL), GH_E_DENIED);
}

static void statements(void **state)
{
	static const char hex[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	const struct gh_subject s[] = { { GH_SPAN("m\"x"), hex }, { GH_SPAN("oci"), hex } };
	(void)state;
	gh_auto_arena a = { .max = 16 << 20 };
	gh_auto_buf one = gh_buf(4096), two = gh_buf(4096), bad = gh_buf(4096);
	struct gh_statement st;
	assert_int_equal(gh_statement_write(&one, s, 2, "https://p/v1", GH_SPAN("{\"b\": 1, \"a\": [2]}"), NULL),
			 GH_OK);
	assert_int_equal(gh_statement_write(&two, s, 2, "https://p/v1", GH_SPAN("{\"a\":[2],\"b\":1}"), NULL), GH_OK);
	assert_string_equal(gh_buf_cstr(&one), gh_buf_cstr(&two));
	assert_non_null(strstr(gh_buf_cstr(&one), "\"predicate\":{\"a\":[2],\"b\":1}"));
	assert_int_equal(gh_statement_read(&a, gh_buf_view(&one), &st, NULL), GH_OK);
	assert_int_equal(st.n, 2);
	assert_string_equal(st.predicate_type, "https://p/v1");
	assert_true(gh_statement_has(&st, "sha256", hex) && !gh_statement_has(&st, "sha512", hex));
	assert_false(gh_statement_has(&st, "sha256", "00"));
	assert_int_not_equal(gh_statement_write(&bad, s, 0, "t", GH_SPAN("{}"), NULL), GH_OK);
	assert_int_not_equal(gh_statement_write(&bad, s, 1, "t", GH_SPAN("[]"), NULL), GH_OK);
	assert_int_not_equal(gh_statement_write(&bad, s, 1, "t", GH_SPAN("{"), NULL), GH_OK);
	const struct gh_subject none = { GH_SPAN("m"), "abc" };
	assert_int_not_equal(gh_statement_write(&bad, &none, 1, "t", GH_SPAN("{}"), NULL), GH_OK);
	static const char *const refused[] = {
		"{}",
		"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[],\"predicateType\":\"t\"}",
		"{\"_type\":\"https://in-toto.io/Statement/"
		"v1\",\"subject\":[{\"name\":\"x\"}],\"predicateType\":\"t\"}",
		"{\"_type\":\"https://in-toto.io/Statement/"
		"v1\",\"subject\":[{\"digest\":{\"sha256\":1}}],\"predicateType\":\"t\"}",
		"{\"_type\":\"https://in-toto.io/Statement/"
		"v2\",\"subject\":[{\"digest\":{\"sha256\":\"a\"}}],\"predicateType\":\"t\"}",
		"{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":\"a\"}}]}",
		"{\"_type\":\"https://in-toto.io/Statement/"
		"v1\",\"subject\":[{\"digest\":{\"sha256\":\"a\"}}],\"predicateType\":\"t\","
		"\"predicate\":[]}",
	};
	for (size_t i = 0; i < GH_ROWS(refused); i++)
		assert_int_equal(gh_statement_read(&a, gh_span_str(refused[i]), &st, NULL), GH_E_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_sign_and_verify),
		cmocka_unit_test(keys_are_written_and_read),
		cmocka_unit_test(raw_ed25519),
		cmocka_unit_test(what_is_no_key),
		cmocka_unit_test(pae_is_the_specification),
		cmocka_unit_test(envelopes),
		cmocka_unit_test(an_envelope_goes_round),
		cmocka_unit_test(statements),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

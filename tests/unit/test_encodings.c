/* base64, base16, PEM, DER, dates, canonical JSON: one spelling in, one spelling out, everything else refused. And BLAKE3. */
#include "support/cm.h"

#include "wire/b64.h"
#include "wire/blake3.h"
#include "wire/datetime.h"
#include "wire/der.h"
#include "wire/jcanon.h"

static void base64_has_one_spelling(void **state)
{
	static const struct {
		const char *text, *bytes; /* bytes NULL: refused */
	} rows[] = {
		{ "", "" },
		{ "Zg==", "f" },
		{ "Zm8=", "fo" },
		{ "Zm9v", "foo" },
		{ "Zm9vYmFy", "foobar" },
		{ "_-8=", "\xff\xef" },
		{ "/+8=", "\xff\xef" },
		{ "Zh==", NULL }, /* unused bits */
		{ "Zm9=", NULL },
		{ "Zg=", NULL },
		{ "Zg", NULL },
		{ "Z===", NULL },
		{ "====", NULL },
		{ "Zg==Zg==", NULL },
		{ "Zm 9v", NULL },
		{ "Zm9v\n", NULL },
		{ "/-8=", NULL }, /* two alphabets */
		{ "Zm9*", NULL },
		{ "=m9v", NULL },
		{ "Zg=v", NULL },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 4096 };
		struct gh_span out;
		bool ok = gh_b64_take(&a, gh_span_str(rows[i].text), &out);
		if (ok != (rows[i].bytes != NULL))
			fail_msg("'%s': %s", rows[i].text, ok ? "taken" : "refused");
		if (!ok)
			continue;
		assert_true(gh_span_is(out, rows[i].bytes));
		if (strpbrk(rows[i].text, "-_") != NULL)
			continue;
		gh_auto_buf b = gh_buf(100);
		gh_b64_put(&b, out);
		assert_string_equal(gh_buf_cstr(&b), rows[i].text);
	}
}

/* No single flipped bit leaves the meaning as it was. */
static void base64_notices_every_bit(void **state)
{
	(void)state;
	char text[] = "AbC/9+xyzw==";
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_span want, got;
	assert_true(gh_b64_take(&a, gh_span_str(text), &want));
	for (size_t i = 0; i < sizeof text - 1; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			text[i] = (char)(text[i] ^ (1 << bit));
			if (gh_b64_take(&a, (struct gh_span){ (uint8_t *)text, sizeof text - 1 }, &got))
				assert_false(gh_span_eq(want, got));
			text[i] = (char)(text[i] ^ (1 << bit));
		}
}

static void base16_is_lower_case(void **state)
{
	uint8_t out[2];
	char text[5];
	(void)state;
	assert_true(gh_b16_take(gh_span_str("00ff"), out, 2));
	assert_int_equal(out[1], 0xff);
	assert_false(gh_b16_take(gh_span_str("00FF"), out, 2));
	assert_false(gh_b16_take(gh_span_str("00f"), out, 2));
	assert_false(gh_b16_take(gh_span_str("00fg"), out, 2));
	gh_b16(text, (struct gh_span){ out, 0 });
	assert_string_equal(text, "");
}

static void pem_blocks(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *label, *bytes;
	} rows[] = {
		{ "-----BEGIN A-----\nZm9v\n-----END A-----\n", 1, "A", "foo" },
		{ "words before\n-----BEGIN PUBLIC KEY-----\r\nZm\r\n9v\r\n-----END PUBLIC KEY-----", 1, "PUBLIC KEY",
		  "foo" },
		{ "nothing here\n", 0, NULL, NULL },
		{ "", 0, NULL, NULL },
		{ "-----BEGIN A-----\nZm9v\n-----END B-----\n", -1, NULL, NULL },
		{ "-----BEGIN A-----\nZm9v\n", -1, NULL, NULL },
		{ "-----BEGIN A-----\nProc-Type: 4,ENCRYPTED\nZm9v\n-----END A-----\n", -1, NULL, NULL },
		{ "-----BEGIN A-----\nZ\n-----END A-----\n", -1, NULL, NULL },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 1 << 16 };
		struct gh_span label, der;
		size_t at = 0;
		assert_int_equal(gh_pem_next(&a, gh_span_str(rows[i].text), &at, &label, &der), rows[i].result);
		assert_true(at <= strlen(rows[i].text));
		if (rows[i].result == 1)
			assert_true(gh_span_is(label, rows[i].label) && gh_span_is(der, rows[i].bytes));
	}
	gh_auto_buf b = gh_buf(1000);
	uint8_t long_[49] = { 1 };
	gh_pem_put(&b, "X", (struct gh_span){ long_, sizeof long_ });
	assert_non_null(strstr(gh_buf_cstr(&b), "-----BEGIN X-----\nAQAA"));
	assert_non_null(strstr(gh_buf_cstr(&b), "\nAA==\n-----END X-----\n"));
}

static void der_is_strict(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		bool good;
	} rows[] = {
		{ "\x30\x03\x02\x01\x05", 5, true },
		{ "\x30\x81\x03\x02\x01\x05", 6, false },     /* a length that could be shorter */
		{ "\x30\x80\x02\x01\x05\x00\x00", 7, false }, /* indefinite */
		{ "\x30\x04\x02\x01\x05", 5, false },	      /* beyond the end */
		{ "\x30\x03\x02\x01\x05\x00", 6, false },     /* bytes behind */
		{ "\x30\x04\x02\x02\x00\x05", 6, false },     /* an integer that could be shorter */
		{ "\x30\x03\x02\x01\xff", 5, false },	      /* negative */
		{ "\x30\x85\x01\x00\x00\x00\x00", 7, false },
		{ "\x3f\x03\x02\x01\x05", 5, false },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_rd r = gh_rd((struct gh_span){ (const uint8_t *)rows[i].bytes, rows[i].n });
		struct gh_rd in = gh_der_enter(&r, GH_DER_SEQUENCE);
		uint64_t v = gh_der_u64(&in);
		bool ok = gh_der_done(&in) && gh_der_done(&r) && v == 5;
		if (ok != rows[i].good)
			fail_msg("row %zu: %s", i, ok ? "taken" : "refused");
	}
}

static void der_object_identifiers(void **state)
{
	static const uint8_t sha256[] = { 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01 };
	struct gh_span oid = { sha256, sizeof sha256 };
	(void)state;
	assert_true(gh_der_is_oid(oid, "2.16.840.1.101.3.4.2.1"));
	assert_false(gh_der_is_oid(oid, "2.16.840.1.101.3.4.2.2"));
	assert_false(gh_der_is_oid(oid, "2.16.840.1.101.3.4.2"));
	assert_false(gh_der_is_oid(oid, "2.16.840.1.101.3.4.2.1.1"));
	assert_false(gh_der_is_oid((struct gh_span){ 0 }, "1.2"));
	static const uint8_t fulcio[] = { 0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xbf, 0x30, 0x01, 0x08 };
	assert_true(gh_der_is_oid((struct gh_span){ fulcio, sizeof fulcio }, "1.3.6.1.4.1.57264.1.8"));
}

static void times(void **state)
{
	static const struct {
		const char *text;
		int64_t t; /* -1: none */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T10:00:00Z", 1795341600 },
		{ "2022-10-31T23:59:59.999Z", 1667260799 },
		{ "2026-11-22T12:00:00+02:00", 1795341600 },
		{ "2024-02-29T00:00:00Z", 1709164800 },
		{ "2023-02-29T00:00:00Z", -1 },
		{ "2100-02-29T00:00:00Z", -1 },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-00-01T00:00:00Z", -1 },
		{ "2026-01-00T00:00:00Z", -1 },
		{ "2026-01-01T24:00:00Z", -1 },
		{ "2026-01-01T00:00:60Z", -1 },
		{ "2026-01-01T00:00:00", -1 },
		{ "2026-01-01T00:00:00.Z", -1 },
		{ "2026-01-01T00:00:00Zx", -1 },
		{ "2026-01-01 00:00:00Z", -1 },
		{ "1969-12-31T23:59:59Z", -1 },
		{ "", -1 },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		int64_t t = -2;
		bool ok = gh_datetime_read(gh_span_str(rows[i].text), &t);
		if (ok != (rows[i].t >= 0) || (ok && t != rows[i].t))
			fail_msg("%s: %lld", rows[i].text, (long long)t);
	}
	char text[GH_DATETIME_TEXT];
	for (int64_t t = 0; t < INT64_C(253402300800); t += 86399 * 97) {
		int64_t back = 0;
		assert_true(gh_datetime_write(t, text) && gh_datetime_read(gh_span_str(text), &back) && back == t);
	}
	assert_false(gh_datetime_write(-1, text));
	assert_false(gh_datetime_write(INT64_C(253402300800), text));
	int64_t t = 0;
	assert_true(gh_der_time(gh_span_str("20261122100000Z"), &t) && t == 1795341600);
	assert_true(gh_der_time(gh_span_str("20261122100000.5Z"), &t) && t == 1795341600);
	assert_false(gh_der_time(gh_span_str("20261122100000"), &t));
	assert_false(gh_der_time(gh_span_str("20261122100000.Z"), &t));
	assert_false(gh_der_time(gh_span_str("20261322100000Z"), &t));
}

static void canonical_json(void **state)
{
	static const struct {
		const char *in, *out; /* NULL: refused */
	} rows[] = {
		{ "{ \"b\" : 1, \"a\":[ true , null,\"x\" ] }", "{\"a\":[true,null,\"x\"],\"b\":1}" },
		{ "{\"b\":{\"d\":{},\"c\":[]},\"aa\":0,\"a\":-1.50e3}",
		  "{\"a\":-1.50e3,\"aa\":0,\"b\":{\"c\":[],\"d\":{}}}" },
		{ "\"\\u0041\\n\\u0007\\\"\\\\/\\u00e9\"", "\"A\\n\\u0007\\\"\\\\/\xc3\xa9\"" },
		{ "[]", "[]" },
		{ "{\"a\":1,\"a\":2}", NULL },
		{ "{\"a\":1} x", NULL },
		{ "", NULL },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		gh_auto_buf b = gh_buf(4096);
		enum gh_rc rc = gh_jcanon(&b, gh_span_str(rows[i].in), &a, NULL);
		if ((rc == GH_OK) != (rows[i].out != NULL))
			fail_msg("%s: %d", rows[i].in, rc);
		if (rows[i].out != NULL)
			assert_string_equal(gh_buf_cstr(&b), rows[i].out);
	}
}

/* Whatever order members came in. */
static void canonical_order(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 4 << 20 };
	gh_auto_buf in = gh_buf(1 << 20), one = gh_buf(1 << 20), two = gh_buf(1 << 20);
	for (unsigned pass = 0; pass < 2; pass++) {
		in.n = 0;
		gh_buf_ch(&in, '{');
		for (unsigned i = 0; i < 1000; i++) {
			unsigned key = pass == 0 ? i * 7919u % 1000u : 999u - i;
			gh_buf_fmt(&in, "%s\"k%u\":%u", i == 0 ? "" : ",", key, key);
		}
		gh_buf_ch(&in, '}');
		assert_int_equal(gh_jcanon(pass == 0 ? &one : &two, gh_buf_view(&in), &a, NULL), GH_OK);
	}
	assert_true(gh_span_eq(gh_buf_view(&one), gh_buf_view(&two)));
}

/* Bytes 0, 1 … 250, 0 …: the input of the published vectors. Lengths around blocks, chunks and full subtrees; in pieces of any size. */
static void blake3(void **state)
{
	static const struct {
		size_t n;
		const char *hex;
	} rows[] = {
		{ 0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262" },
		{ 1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213" },
		{ 64, "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98" },
		{ 65, "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee" },
		{ 1023, "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11" },
		{ 1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7" },
		{ 1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444" },
		{ 2048, "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a" },
		{ 3073, "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3" },
		{ 8192, "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63" },
		{ 102400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085" },
	};
	static const size_t steps[] = { 1, 37, 64, 1000, 102400 };
	static uint8_t in[102400];
	(void)state;
	for (size_t i = 0; i < sizeof in; i++)
		in[i] = (uint8_t)(i % 251);
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (size_t s = 0; s < GH_ROWS(steps); s++) {
			struct gh_blake3 h = gh_blake3();
			uint8_t out[GH_BLAKE3_BYTES];
			char hex[2 * GH_BLAKE3_BYTES + 1];
			for (size_t at = 0; at < rows[i].n; at += steps[s])
				gh_blake3_put(&h, gh_span_cut((struct gh_span){ in, rows[i].n }, at, steps[s]));
			gh_blake3_end(&h, out);
			gh_b16(hex, (struct gh_span){ out, sizeof out });
			assert_string_equal(hex, rows[i].hex);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base64_has_one_spelling),
		cmocka_unit_test(base64_notices_every_bit),
		cmocka_unit_test(base16_is_lower_case),
		cmocka_unit_test(pem_blocks),
		cmocka_unit_test(der_is_strict),
		cmocka_unit_test(der_object_identifiers),
		cmocka_unit_test(times),
		cmocka_unit_test(canonical_json),
		cmocka_unit_test(canonical_order),
		cmocka_unit_test(blake3),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

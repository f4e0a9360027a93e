/* Signed data files: what was sealed opens, and nothing else does. */
#include "support/cm.h"

#include "crypto/signed.h"

#include <stdio.h>
#include <string.h>

/* RFC 8032, section 7.1, test 1 and test 2. */
static const uint8_t private_key[GH_SIGNED_KEY] = { 0x9d, 0x61, 0xb1, 0x9d, 0xef, 0xfd, 0x5a, 0x60, 0xba, 0x84, 0x4a,
						    0xf4, 0x92, 0xec, 0x2c, 0xc4, 0x44, 0x49, 0xc5, 0x69, 0x7b, 0x32,
						    0x69, 0x19, 0x70, 0x3b, 0xac, 0x03, 0x1c, 0xae, 0x7f, 0x60 };
static const uint8_t public_key[GH_SIGNED_KEY] = { 0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe,
						   0xd3, 0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6,
						   0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };

#define DATE "2026-11-22T00:00:00Z"

static void seal(struct gh_buf *b, const char *kind, const char *payload)
{
	struct gh_err err = { 0 };
	assert_int_equal(gh_signed_seal(kind, DATE, gh_span_str(payload), private_key, b, &err), GH_OK);
	assert_int_equal(err.n, 0);
}

static void open_as(struct gh_span f, const char *kind, enum gh_rc want, const char *why)
{
	struct gh_signed s;
	struct gh_err err = { 0 };
	char line[400];
	enum gh_rc rc = gh_signed_open(f, kind, &public_key, 1, &s, &err);
	(void)gh_err_line(&err, line, sizeof line);
	if (rc != want || (why != NULL && strstr(line, why) == NULL))
		fail_msg("got %d \"%s\", want %d \"%s\"", (int)rc, line, (int)want, why == NULL ? "" : why);
	if (rc != GH_OK) {
		assert_null(s.payload.p);
		assert_string_equal(s.date, "");
	}
}

static void what_was_sealed_opens(void **st)
{
	(void)st;
	static const char *const payloads[] = { "", "x", "a payload of some length" };
	uint8_t pub[GH_SIGNED_KEY];
	char id[17];
	assert_true(gh_signed_public(private_key, pub));
	assert_memory_equal(pub, public_key, sizeof pub);
	assert_true(gh_signed_key_id(public_key, id));
	for (size_t i = 0; i < GH_ROWS(payloads); i++) {
		gh_auto_buf b = gh_buf(4096);
		struct gh_signed s;
		seal(&b, "advisories", payloads[i]);
		assert_int_equal(gh_signed_open(gh_buf_view(&b), "advisories", &public_key, 1, &s, NULL), GH_OK);
		assert_true(gh_span_is(s.payload, payloads[i]));
		assert_string_equal(s.date, DATE);
		assert_string_equal(s.key, id);
	}
}

static void no_bit_may_change(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(4096);
	seal(&b, "advisories", "payload");
	for (size_t i = 0; i < b.n; i++)
		for (unsigned bit = 0; bit < 8; bit++) {
			struct gh_signed s;
			b.p[i] ^= (uint8_t)(1u << bit);
			if (gh_signed_open(gh_buf_view(&b), "advisories", &public_key, 1, &s, NULL) == GH_OK)
				fail_msg("bit %u of byte %zu may be changed", bit, i);
			b.p[i] ^= (uint8_t)(1u << bit);
		}
	for (size_t n = 0; n < b.n; n++) {
		struct gh_signed s;
		if (gh_signed_open((struct gh_span){ b.p, n }, "advisories", &public_key, 1, &s, NULL) == GH_OK)
			fail_msg("%zu of %zu bytes are enough", n, b.n);
	}
	open_as(gh_buf_view(&b), "advisories", GH_OK, NULL);
	gh_buf_ch(&b, 'x');
	open_as(gh_buf_view(&b), "advisories", GH_E_MALFORMED, "not as long as it says");
}

static void errors_say_what_is_wrong(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(4096);
	seal(&b, "advisories", "payload");
	open_as(GH_SPAN("PK\x03\x04 something else"), "advisories", GH_E_MALFORMED, "not a signed data file");
	open_as((struct gh_span){ 0 }, "advisories", GH_E_MALFORMED, "not a signed data file");
	open_as((struct gh_span){ b.p, 100 }, "advisories", GH_E_MALFORMED, "cut off");
	open_as((struct gh_span){ b.p, b.n - 1 }, "advisories", GH_E_MALFORMED, "not as long");
	open_as(gh_buf_view(&b), "known-bad", GH_E_DENIED, "holds \"advisories\", not \"known-bad\"");
	b.p[8] = 2;
	open_as(gh_buf_view(&b), "advisories", GH_E_UNREAD, "format 2 is newer");
	b.p[8] = 1;
	b.p[GH_SIGNED_HEAD] ^= 1;
	open_as(gh_buf_view(&b), "advisories", GH_E_DENIED, "signature does not match");
	b.p[GH_SIGNED_HEAD] ^= 1;
	b.p[56] ^= 1;
	open_as(gh_buf_view(&b), "advisories", GH_E_DENIED, "does not trust");
	struct gh_signed s;
	struct gh_err err = { 0 };
	char line[400];
	b.p[56] ^= 1;
	assert_int_equal(gh_signed_open_release(gh_buf_view(&b), "advisories", &s, &err), GH_E_DENIED);
	assert_non_null(strstr(gh_err_line(&err, line, sizeof line), "does not trust"));
}

static void nothing_else_is_sealed(void **st)
{
	(void)st;
	static const char *const kinds[] = { "", "Advisories", "with blank", "sixteen-letters-" };
	static const char *const dates[] = { "", "2026-11-22", "2026-11-22T00:00:00+01:00", "2026-11-22T00:00:0xZ" };
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		gh_auto_buf b = gh_buf(4096);
		assert_int_equal(gh_signed_seal(kinds[i], DATE, GH_SPAN("x"), private_key, &b, NULL), GH_E_MALFORMED);
		assert_int_equal(b.n, 0);
	}
	for (size_t i = 0; i < GH_ROWS(dates); i++) {
		gh_auto_buf b = gh_buf(4096);
		assert_int_equal(gh_signed_seal("advisories", dates[i], GH_SPAN("x"), private_key, &b, NULL),
				 GH_E_MALFORMED);
		assert_int_equal(b.n, 0);
	}
	gh_auto_buf small = gh_buf(80);
	assert_int_not_equal(gh_signed_seal("advisories", DATE, GH_SPAN("0123456789"), private_key, &small, NULL),
			     GH_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_sealed_opens),
		cmocka_unit_test(no_bit_may_change),
		cmocka_unit_test(errors_say_what_is_wrong),
		cmocka_unit_test(nothing_else_is_sealed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "wire/cbor.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Each is one value and nothing behind it, or it is not (RFC 8949, appendix A and section 4.2.1). */
static void values(void **state)
{
	(void)state;
	static const struct {
		struct gh_span bytes;
		enum gh_cbor_kind kind; /* NONE: refused */
		uint64_t value;
	} rows[] = {
		{ GH_SPAN("\x00"), GH_CBOR_UINT, 0 },
		{ GH_SPAN("\x17"), GH_CBOR_UINT, 23 },
		{ GH_SPAN("\x18\x18"), GH_CBOR_UINT, 24 },
		{ GH_SPAN("\x19\x01\x00"), GH_CBOR_UINT, 256 },
		{ GH_SPAN("\x1a\x00\x01\x00\x00"), GH_CBOR_UINT, 65536 },
		{ GH_SPAN("\x1b\x00\x00\x00\x01\x00\x00\x00\x00"), GH_CBOR_UINT, (uint64_t)1 << 32 },
		{ GH_SPAN("\x1b\xff\xff\xff\xff\xff\xff\xff\xff"), GH_CBOR_UINT, UINT64_MAX },
		{ GH_SPAN("\x38\x22"), GH_CBOR_NINT, 34 },
		{ GH_SPAN("\x42\x01\x02"), GH_CBOR_BYTES, 2 },
		{ GH_SPAN("\x62hi"), GH_CBOR_TEXT, 2 },
		{ GH_SPAN("\xd2"), GH_CBOR_TAG, 18 },
		{ GH_SPAN("\xf6"), GH_CBOR_SIMPLE, GH_CBOR_NULL },
		{ GH_SPAN("\x80"), GH_CBOR_ARRAY, 0 },
		{ GH_SPAN("\xa0"), GH_CBOR_MAP, 0 },
		/* longer than needed */
		{ GH_SPAN("\x18\x17"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x19\x00\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x1a\x00\x00\xff\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x1b\x00\x00\x00\x00\xff\xff\xff\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x58\x01x"), GH_CBOR_NONE, 0 },
		/* reserved, indefinite, floating point, simple values of two bytes, break */
		{ GH_SPAN("\x1c"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x5f\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x9f\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\xf9\x00\x00"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\xf8\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\xff"), GH_CBOR_NONE, 0 },
		/* more than there is */
		{ GH_SPAN(""), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x18"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x42\x01"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x82\x00"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\xa1\x00"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\xbb\x80\x00\x00\x00\x00\x00\x00\x00"), GH_CBOR_NONE, 0 },
		{ GH_SPAN("\x61\xff"), GH_CBOR_NONE, 0 }, /* not UTF-8 */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_rd r = gh_rd(rows[i].bytes);
		struct gh_cbor v = gh_cbor_next(&r);
		if (v.kind != rows[i].kind || r.bad != (rows[i].kind == GH_CBOR_NONE))
			fail_msg("row %zu: kind %d", i, (int)v.kind);
		if (!r.bad)
			assert_int_equal(v.value, rows[i].value);
	}
}

static bool skips(struct gh_span s)
{
	struct gh_rd r = gh_rd(s);
	gh_cbor_skip(&r);
	return gh_rd_done(&r);
}

static void skipping(void **state)
{
	(void)state;
	uint8_t deep[GH_CBOR_DEPTH + 2];
	memset(deep, 0x81, sizeof deep);
	deep[GH_CBOR_DEPTH] = 0;
	assert_true(skips((struct gh_span){ deep, GH_CBOR_DEPTH + 1 }));
	deep[GH_CBOR_DEPTH] = 0x81;
	deep[GH_CBOR_DEPTH + 1] = 0;
	assert_false(skips((struct gh_span){ deep, GH_CBOR_DEPTH + 2 }));
	assert_true(skips(GH_SPAN("\x83\x01\xa1\x61x\x80\xd2\x40")));
	assert_false(skips(GH_SPAN("\x83\x01\xa1\x61x\x80")));
}

static void wanted(void **state)
{
	(void)state;
	struct gh_rd r = gh_rd(GH_SPAN("\x41x\x02\xf6"));
	assert_int_equal(gh_cbor_peek(&r), GH_CBOR_BYTES);
	assert_true(gh_span_is(gh_cbor_string(&r, GH_CBOR_BYTES), "x"));
	assert_false(gh_cbor_null(&r));
	assert_int_equal(gh_cbor_count(&r, GH_CBOR_UINT), 2);
	assert_true(gh_cbor_null(&r));
	assert_true(gh_rd_done(&r));
	r = gh_rd(GH_SPAN("\x61x"));
	assert_int_equal(gh_cbor_string(&r, GH_CBOR_BYTES).n, 0);
	assert_true(r.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values), cmocka_unit_test(skipping),
					    cmocka_unit_test(wanted) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Spans, arenas, buffers, UTF-8, errors: what everything else stands on. */
#include "support/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/utf8.h"

static void cursors_never_pass_the_end(void **st)
{
	(void)st;
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	struct gh_rd r = gh_rd((struct gh_span){ bytes, sizeof bytes });
	assert_int_equal(gh_rd_u16le(&r), 0x0201);
	assert_int_equal(gh_rd_u16be(&r), 0x0304);
	assert_int_equal(gh_rd_u32be(&r), 0x05060708);
	assert_int_equal(gh_rd_left(&r), 1);
	assert_false(gh_rd_done(&r));
	assert_int_equal(gh_rd_u16le(&r), 0); /* one byte is left */
	assert_true(r.bad);
	assert_int_equal(gh_rd_u8(&r), 0); /* failed once, failed for good */
	assert_int_equal(gh_rd_left(&r), 0);
	assert_false(gh_rd_done(&r));
	struct gh_rd q = gh_rd((struct gh_span){ bytes, sizeof bytes });
	assert_null(gh_rd_take(&q, UINT64_MAX).p);
	assert_int_equal(gh_span_cut((struct gh_span){ bytes, 9 }, 8, 100).n, 1);
	assert_int_equal(gh_span_cut((struct gh_span){ bytes, 9 }, UINT64_MAX, UINT64_MAX).n, 0);
}

static void arenas_keep_their_cap(void **st)
{
	(void)st;
	gh_auto_arena a = { .max = 100000 };
	uint8_t *p = gh_alloc(&a, 100, 10);
	assert_non_null(p);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(p[i], 0);
	assert_null(gh_alloc(&a, SIZE_MAX, 2)); /* the product wraps */
	assert_null(gh_alloc(&a, 1, SIZE_MAX)); /* rounding wraps */
	assert_null(gh_alloc(&a, 1, 100001));	/* beyond the cap */
	size_t got = 0;
	while (gh_alloc(&a, 1, 1000) != NULL)
		got++;
	assert_in_range(got, 1, 100);
	assert_true(a.total <= a.max);
	size_t cap = 0;
	gh_arena_free(&a);
	int *v = gh_grow(&a, NULL, &cap, 3, sizeof *v);
	assert_non_null(v);
	assert_in_range(cap, 3, 64);
	v[2] = 42;
	size_t before = cap;
	assert_null(gh_grow(&a, v, &cap, SIZE_MAX / 2, sizeof *v));
	assert_int_equal(cap, before);
	v = gh_grow(&a, v, &cap, before + 1, sizeof *v);
	assert_int_equal(v[2], 42);
	struct gh_span kept = gh_keep(&a, GH_SPAN("abc"));
	assert_int_equal(kept.p[3], 0);
	assert_true(gh_span_is(kept, "abc"));
}

static void utf8_is_strict(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		unsigned len;
		uint32_t cp;
	} rows[] = {
		{ GH_SPAN("a"), 1, 'a' },
		{ GH_SPAN("\303\244"), 2, 0xe4 },
		{ GH_SPAN("\342\202\254"), 3, 0x20ac },
		{ GH_SPAN("\360\237\230\200"), 4, 0x1f600 },
		{ GH_SPAN("\364\217\277\277"), 4, 0x10ffff },
		{ GH_SPAN(""), 0, 0 },
		{ GH_SPAN("\200"), 0, 0 },	       /* continuation alone */
		{ GH_SPAN("\300\200"), 0, 0 },	       /* overlong NUL */
		{ GH_SPAN("\340\200\200"), 0, 0 },     /* overlong */
		{ GH_SPAN("\355\240\200"), 0, 0 },     /* surrogate */
		{ GH_SPAN("\364\220\200\200"), 0, 0 }, /* above U+10FFFF */
		{ GH_SPAN("\342\202"), 0, 0 },	       /* cut */
		{ GH_SPAN("\377"), 0, 0 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		uint32_t cp = 0;
		assert_int_equal(gh_utf8_next(rows[i].in, &cp), rows[i].len);
		if (rows[i].len == 0)
			continue;
		uint8_t back[4];
		assert_int_equal(cp, rows[i].cp);
		assert_int_equal(gh_utf8_put(cp, back), rows[i].len);
		assert_memory_equal(back, rows[i].in.p, rows[i].len);
	}
	assert_true(gh_utf8_valid(GH_SPAN("gr\303\274n")));
	assert_false(gh_utf8_valid(GH_SPAN("gr\374n")));
}

static void hostile_text_is_made_safe(void **st)
{
	(void)st;
	static const struct {
		struct gh_span in;
		size_t max;
		const char *out;
	} rows[] = {
		{ GH_SPAN("plain"), 80, "plain" },
		{ GH_SPAN("a\tb\nc\rd"), 80, "a\\tb\\nc\\rd" },
		{ GH_SPAN("\033[31mred"), 80, "\\x1b[31mred" },
		{ GH_SPAN("back\\slash"), 80, "back\\\\slash" },
		{ GH_SPAN("\342\200\256txt.exe"), 80, "\\u202etxt.exe" }, /* right-to-left override */
		{ GH_SPAN("\363\240\201\201"), 80, "\\U000e0041" },	  /* tag character */
		{ GH_SPAN("\377\376"), 80, "\\xff\\xfe" },
		{ GH_SPAN("\303\244"), 80, "\303\244" },
		{ GH_SPAN("0123456789"), 4, "0123\342\200\246" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_buf b = gh_buf(200);
		gh_buf_safe(&b, rows[i].in, rows[i].max);
		assert_string_equal(gh_buf_cstr(&b), rows[i].out);
	}
	gh_auto_buf j = gh_buf(200);
	gh_buf_json(&j, GH_SPAN("q\"b\\n\n\1\377"));
	assert_string_equal(gh_buf_cstr(&j), "\"q\\\"b\\\\n\\n\\u0001\\ufffd\"");
}

static void buffers_stop_at_their_maximum(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(5);
	gh_buf_str(&b, "abc");
	assert_false(b.full);
	gh_buf_str(&b, "def");
	assert_true(b.full);
	assert_string_equal(gh_buf_cstr(&b), "abc");
	gh_buf_ch(&b, 'x'); /* full stays full: no text with a hole in it */
	assert_string_equal(gh_buf_cstr(&b), "abc");
	gh_auto_buf big = gh_buf(2000);
	gh_buf_fmt(&big, "%0500d", 7);
	assert_int_equal(big.n, 500);
}

static enum gh_rc inner(struct gh_err *e) { return gh_fail(e, GH_E_MALFORMED, "%d dimensions do not fit", 3); }
static enum gh_rc middle(struct gh_err *e)
{
	GH_TRY(inner(e), e, "shape");
	return GH_OK;
}
static enum gh_rc outer(struct gh_err *e)
{
	GH_TRY(middle(e), e, "tensor %d", 17);
	return GH_OK;
}

static void errors_tell_their_story_from_outside_in(void **st)
{
	(void)st;
	struct gh_err e = { 0 };
	char line[200];
	assert_int_equal(outer(&e), GH_E_MALFORMED);
	assert_string_equal(gh_err_line(&e, line, sizeof line), "tensor 17: shape: 3 dimensions do not fit");
	assert_string_equal(gh_err_line(&e, line, 8), "tensor ");
	assert_int_equal(outer(NULL), GH_E_MALFORMED);
	struct gh_err s = { 0 };
	assert_int_equal(gh_fail_sys(&s, 2, "open"), GH_E_IO);
	assert_string_equal(gh_err_line(&s, line, sizeof line), "open: No such file or directory");
	assert_int_equal(s.sys, 2);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(cursors_never_pass_the_end),
		cmocka_unit_test(arenas_keep_their_cap),
		cmocka_unit_test(utf8_is_strict),
		cmocka_unit_test(hostile_text_is_made_safe),
		cmocka_unit_test(buffers_stop_at_their_maximum),
		cmocka_unit_test(errors_tell_their_story_from_outside_in),
	};
	return cmocka_run_group_tests_name("base", t, NULL, NULL);
}

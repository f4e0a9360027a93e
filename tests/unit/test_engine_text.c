/* What a model says on its way out: stop sequences and characters, however the bytes are divided. */
#include "engine/text.h"
#include "support/cm.h"

#include <stdio.h>

static const struct {
	const char *in, *stop[3], *out;
	bool stopped;
} rows[] = {
	{ "hello", { 0 }, "hello", false },
	{ "hello END more", { "END" }, "hello ", true },
	{ "hello EN", { "END" }, "hello EN", false },
	{ "EENEND", { "END" }, "EEN", true },
	{ "aaab", { "aab" }, "a", true },
	{ "ababac", { "abac" }, "ab", true },
	{ "abcabd", { "abd", "bca" }, "a", true },
	{ "xyz", { "yz", "xyz" }, "x", true }, /* the first in the list that is complete */
	{ "\n\n###", { "\n### ", "\n\n#" }, "", true },
	{ "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", { "z" }, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", false },
	{ "a\xe2\x82\xac"
	  "b",
	  { "\xe2\x82\xac" },
	  "a",
	  true },
	{ "a\xe2\x82", { 0 }, "a\xef\xbf\xbd", false },
	{ "a\xf0\x9f\x98", { 0 }, "a\xef\xbf\xbd", false },
	{ "a\x80\x80\x80\x80z",
	  { 0 },
	  "a\x80\x80\x80\x80z",
	  false }, /* no character begins there: nothing to wait for */
	{ "", { "x" }, "", false },
	{ "x", { "x" }, "", true },
};

static void however_it_is_divided(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (size_t step = 1; step < 20; step++) {
			struct gh_text t = { 0 };
			gh_auto_buf out = gh_buf(1000);
			struct gh_span in = gh_span_str(rows[i].in);
			for (; t.nstop < 3 && rows[i].stop[t.nstop] != NULL; t.nstop++)
				t.stop[t.nstop] = gh_span_str(rows[i].stop[t.nstop]);
			for (size_t at = 0; at < in.n; at += step)
				gh_text_put(&t, gh_span_cut(in, at, step), &out);
			if (!t.stopped)
				gh_text_end(&t, &out);
			if (strcmp(gh_buf_cstr(&out), rows[i].out) != 0 || t.stopped != rows[i].stopped)
				fail_msg("'%s' in pieces of %zu: '%s'", rows[i].in, step, gh_buf_cstr(&out));
		}
}

/* What is handed out at any moment ends with a whole character and cannot be the beginning of a stop sequence. */
static void nothing_too_early(void **state)
{
	(void)state;
	struct gh_text t = { .nstop = 1, .stop[0] = GH_SPAN("\n### ") };
	static const struct {
		const char *in, *out;
	} steps[] = { { "a\n", "a" },
		      { "##", "a" },
		      { "x", "a\n##x" },
		      { "\xe2", "a\n##x" },
		      { "\x82", "a\n##x" },
		      { "\xac\n#", "a\n##x\xe2\x82\xac" },
		      { "\n###", "a\n##x\xe2\x82\xac\n#" } };
	gh_auto_buf out = gh_buf(1000);
	for (size_t i = 0; i < GH_ROWS(steps); i++) {
		gh_text_put(&t, gh_span_str(steps[i].in), &out);
		assert_string_equal(gh_buf_cstr(&out), steps[i].out);
	}
	gh_text_put(&t, GH_SPAN(" and on"), &out);
	assert_true(t.stopped);
	assert_string_equal(gh_buf_cstr(&out), "a\n##x\xe2\x82\xac\n#");
}

static void the_longest_stop_fits(void **state)
{
	(void)state;
	uint8_t stop[GH_TEXT_STOP], in[3 * GH_TEXT_STOP];
	memset(stop, 'a', sizeof stop);
	memset(in, 'a', sizeof in);
	stop[sizeof stop - 1] = 'b';
	struct gh_text t = { .nstop = 1, .stop[0] = { stop, sizeof stop } };
	gh_auto_buf out = gh_buf(10000);
	gh_text_put(&t, (struct gh_span){ in, sizeof in }, &out);
	assert_int_equal(out.n, sizeof in - sizeof stop + 1);
	gh_text_put(&t, GH_SPAN("b"), &out);
	assert_true(t.stopped);
	assert_int_equal(out.n, sizeof in - sizeof stop + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(however_it_is_divided),
		cmocka_unit_test(nothing_too_early),
		cmocka_unit_test(the_longest_stop_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Escapes of JSON, Python, YAML, JavaScript and HTML undone; and a window of a text cut into pieces that divide none. */
#include "support/cm.h"

#include "check/roll.h"
#include "wire/escapes.h"

#include <stdio.h>
#include <stdlib.h>

static void undone(void **state)
{
	(void)state;
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "plain", "plain" },
		{ "\\u0068ttp", "http" },
		{ "\\ud83d\\ude00", "\xf0\x9f\x98\x80" },
		{ "\\udb40\\udc49", "\xf3\xa0\x81\x89" },
		{ "\\ud83d x", "\xef\xbf\xbd x" },
		{ "\\U000e0049", "\xf3\xa0\x81\x89" },
		{ "\\U7fffffff", "\xef\xbf\xbd" },
		{ "\\u{e0049}", "\xf3\xa0\x81\x89" },
		{ "\\x41\\xe9", "A\xc3\xa9" },
		{ "a\\n\\\"b\\/c\\\\u0041", "a\n\"b/c\\u0041" },
		{ "&#73;&#x67;&#X4e;", "IgN" },
		{ "&lt;b&gt;&amp;&quot;&apos;&nbsp;", "<b>&\"' " },
		{ "\\", "\\" },
		{ "\\u12", "\\u12" },
		{ "\\u{}", "\\u{}" },
		{ "&#;&#x;&#12", "&#;&#x;&#12" },
		{ "&copy;", "&copy;" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		uint8_t out[64];
		size_t n = gh_unescape(gh_span_str(rows[i].in), out);
		assert_true(n <= strlen(rows[i].in));
		if (n != strlen(rows[i].out) || memcmp(out, rows[i].out, n) != 0)
			fail_msg("%s: %.*s", rows[i].in, (int)n, (const char *)out);
	}
}

static void places(void **state)
{
	(void)state;
	struct gh_span s = GH_SPAN("ab\\n & \\\\ cd &#65; \\u0041\\udb40\\udc49 z");
	assert_int_equal(gh_escape_find(s, 0, s.n), 13); /* not \n, not a lone & */
	assert_int_equal(gh_escape_find(s, 14, s.n), 19);
	assert_int_equal(gh_escape_find(s, 14, 19), SIZE_MAX);
	assert_int_equal(gh_escape_find(s, 30, s.n), 31); /* the second of a pair, alone */
	assert_int_equal(gh_escape_cut(s, 21), 19);
	assert_int_equal(gh_escape_cut(s, 25), 25);
	assert_int_equal(gh_escape_cut(s, 31), 25);
	assert_int_equal(gh_escape_cut(s, 1000), s.n);
}

struct seen {
	char text[70000];
	size_t n;
	uint64_t end;
};

static void piece(void *arg, struct gh_span text, size_t from, size_t to, struct gh_range at)
{
	struct seen *v = arg;
	assert_true(from <= to && to <= text.n);
	assert_true(v->n == 0 || at.off == v->end);
	v->end = at.off + at.len;
	assert_true(v->n + to - from < sizeof v->text);
	memcpy(v->text + v->n, text.p + from, to - from);
	v->n += to - from;
}

/* Whatever the length, pieces joined are the text undone as a whole. */
static void pieces(void **state)
{
	(void)state;
	static char in[60000];
	static struct seen v;
	static struct gh_roll_common c;
	size_t n = 0;
	while (n + 40 < sizeof in)
		n += (size_t)snprintf(in + n, sizeof in - n, "%zu \\udb40\\udc%02zx&#%zu;", n, n % 127 + 32,
				      n % 90 + 33);
	struct gh_arena arena = { .max = 1 << 20 };
	assert_true(gh_roll_escapes(&c, &arena, (struct gh_span){ (const uint8_t *)in, n }, 0, n, 0, piece, &v));
	uint8_t *all = malloc(n);
	assert_non_null(all);
	size_t k = gh_unescape((struct gh_span){ (const uint8_t *)in, n }, all);
	assert_int_equal(v.n, k);
	assert_memory_equal(v.text, all, k);
	free(all);
	gh_arena_free(&arena);
	struct gh_arena none = { .max = 16 };
	memset(&c, 0, sizeof c);
	assert_false(gh_roll_escapes(&c, &none, (struct gh_span){ (const uint8_t *)in, n }, 0, n, 0, piece, &v));
	gh_arena_free(&none);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(undone), cmocka_unit_test(places),
					    cmocka_unit_test(pieces) };
	return cmocka_run_group_tests_name("escapes", tests, NULL, NULL);
}

/* JSON as a tree: what is there is found, what two readers could understand differently is refused. */
#include "support/cm.h"

#include "base/buf.h"
#include "wire/jdom.h"

static void finds(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_err err = { 0 };
	const struct gh_jval *v;
	const char *text = "{\"a\": [1, -2, {\"b\": \"x\\n\\u00e9\"}], \"c\": true, \"d\": {}, \"e\": "
			   "18446744073709551615, \"f\": \"\\u0000\"}";
	assert_int_equal(gh_jdom_parse(&a, gh_span_str(text), &v, &err), GH_OK);
	assert_int_equal(v->n, 5);
	const struct gh_jval *list = gh_jget(v, "a");
	assert_int_equal(list->n, 3);
	uint64_t u;
	int64_t i;
	assert_true(gh_ju64(list->first, &u) && u == 1);
	assert_false(gh_ju64(list->first->next, &u));
	assert_true(gh_ji64(list->first->next, &i) && i == -2);
	assert_string_equal(gh_jstr(list->first->next->next, "b"), "x\n\xc3\xa9");
	assert_true(gh_jtrue(gh_jget(v, "c")));
	assert_null(gh_jfirst(gh_jget(v, "d")));
	assert_true(gh_ju64(gh_jget(v, "e"), &u) && u == UINT64_MAX);
	assert_false(gh_ji64(gh_jget(v, "e"), &i));
	assert_null(gh_jstr(v, "f")); /* a NUL inside is no C string */
	assert_null(gh_jget(v, "nothing"));
	assert_null(gh_jget(NULL, "a"));
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{ "", "" },
		{ "{\"a\":1,\"a\":2}", "a key occurs twice" },
		{ "{\"a\":1} 2", "behind the value" },
		{ "\"\\ud800\"", "surrogate" },
		{ "\xef\xbb\xbf{}", "byte order mark" },
		{ "{\"a\":01}", "byte 6" },
		{ "[1,]", "byte 3" },
		{ "{\"a\":NaN}", "byte" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		struct gh_err err = { 0 };
		const struct gh_jval *v;
		char line[400];
		assert_int_equal(gh_jdom_parse(&a, gh_span_str(rows[i].text), &v, &err), GH_E_MALFORMED);
		assert_null(v);
		if (strstr(gh_err_line(&err, line, sizeof line), rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].text, line);
	}
}

static void is_bounded(void **state)
{
	(void)state;
	char deep[400];
	memset(deep, '[', 200);
	memset(deep + 200, ']', 200);
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_err err = { 0 };
	const struct gh_jval *v;
	assert_int_equal(gh_jdom_parse(&a, (struct gh_span){ (const uint8_t *)deep, 400 }, &v, &err), GH_E_LIMIT);
	gh_auto_arena small = { .max = 64 << 10 };
	gh_auto_buf many = gh_buf(1 << 20);
	gh_buf_ch(&many, '[');
	for (int i = 0; i < 20000; i++)
		gh_buf_str(&many, "1,");
	gh_buf_str(&many, "1]");
	assert_int_equal(gh_jdom_parse(&small, gh_buf_view(&many), &v, &err), GH_E_NOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),
		cmocka_unit_test(refuses),
		cmocka_unit_test(is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

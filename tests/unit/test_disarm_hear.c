/* What the trusted process takes from a disarm worker that was taken over: nothing that cannot be, and no text that does
 * anything to a terminal. */
#include "support/cm.h"
#include "scan/disarm/hear.h"
#include "scan/disarm/side.h"

#include <string.h>

enum { N = GH_DIS_NOTE, R = GH_DIS_RESULT };

static struct gh_tool_record record(uint32_t kind, const uint64_t *a, struct gh_span text)
{
	return (struct gh_tool_record){ kind, a, text };
}

static void wrong(void **state)
{
	static const struct {
		uint32_t kind;
		uint64_t a[4];
		struct gh_span text;
		const char *why;
	} t[] = {
		{ 0, { 0 }, GH_SPAN("a\0b\0c"), "unknown kind" },
		{ 3, { 0 }, GH_SPAN("a\0b\0c"), "unknown kind" },
		{ UINT32_MAX, { 0 }, GH_SPAN("a\0b\0c"), "unknown kind" },
		{ N, { GH_DIS_ACTS }, GH_SPAN("a\0b\0c"), "a note of unknown kind" },
		{ N, { UINT64_MAX }, GH_SPAN("a\0b\0c"), "a note of unknown kind" },
		{ N, { (uint64_t)1 << 32 }, GH_SPAN("a\0b\0c"), "a note of unknown kind" },
		{ N, { 0 }, GH_SPAN(""), "another form" },
		{ N, { 0 }, GH_SPAN("a"), "another form" },
		{ N, { 0 }, GH_SPAN("a\0b"), "another form" },
		{ R, { 0 }, GH_SPAN("pickle"), "another form" },
		{ R, { GH_DIS_OUTCOMES }, GH_SPAN("f\0w\0y"), "an outcome of unknown kind" },
		{ R, { UINT64_MAX }, GH_SPAN("f\0w\0y"), "an outcome of unknown kind" },
		{ R, { (uint64_t)1 << 32 }, GH_SPAN("f\0w\0y"), "an outcome of unknown kind" },
		{ R, { GH_DIS_CONVERTED, 1, 1 }, GH_SPAN("\0w\0"), "without its format" },
		{ R, { GH_DIS_REWRITTEN, 1, 1 }, GH_SPAN("f\0\0"), "without its format" },
		{ R, { GH_DIS_REFUSED }, GH_SPAN("f\0w\0"), "without its reason" },
		{ R, { GH_DIS_DROPPED }, GH_SPAN("f\0w\0"), "without its reason" },
		{ R, { GH_DIS_CONVERTED, UINT64_MAX, 1 }, GH_SPAN("f\0w\0"), "number of tensors" },
		{ R, { GH_DIS_COPY, 1, 0 }, GH_SPAN("f\0\0"), "number of tensors" },
		{ R, { GH_DIS_CONVERTED, 1, UINT64_MAX }, GH_SPAN("f\0w\0"), "number of bytes" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		gh_auto_arena arena = { .max = 1 << 20 };
		struct gh_disarm_file f = { 0 };
		struct gh_disarm_hearing h = { .arena = &arena, .f = &f };
		const struct gh_tool_record r = record(t[i].kind, t[i].a, t[i].text);
		const char *why = gh_disarm_hear(&h, &r);
		if (why == NULL || strstr(why, t[i].why) == NULL)
			fail_msg("%zu: '%s' is not in '%s'", i, t[i].why, why == NULL ? "(taken)" : why);
		assert_false(h.result);
		assert_int_equal(f.nnote, 0);
	}
}

static void right(void **state)
{
	gh_auto_arena arena = { .max = 1 << 20 };
	struct gh_disarm_file f = { 0 };
	struct gh_disarm_hearing h = { .arena = &arena, .f = &f };
	static const uint64_t note[] = { GH_DIS_ACT_DROPPED, 7 }, result[] = { GH_DIS_CONVERTED, 3, 4096, 1 };
	struct gh_tool_record r = record(GH_DIS_NOTE, note, GH_SPAN("int\0epoch\0three"));
	(void)state;
	assert_null(gh_disarm_hear(&h, &r));
	r = record(GH_DIS_RESULT, result, GH_SPAN("pickle\0safetensors\0"));
	assert_null(gh_disarm_hear(&h, &r));
	assert_true(h.result && h.outcome == GH_DIS_CONVERTED && h.bytes == 4096 && f.tensors == 3);
	assert_int_equal(f.count[GH_DIS_ACT_DROPPED], 1);
	assert_string_equal(f.note[0].what, "int");
	assert_string_equal(f.note[0].path, "epoch");
	assert_string_equal(f.note[0].text, "three");
	assert_int_equal(f.note[0].size, 7);
	assert_string_equal(f.format, "pickle");
	assert_string_equal(f.written, "safetensors");
	assert_string_equal(f.why, "");
	r = record(GH_DIS_NOTE, note, GH_SPAN("int\0epoch\0three"));
	assert_string_equal(gh_disarm_hear(&h, &r), "a record behind its result");
	assert_int_equal(f.nnote, 1);
}

static void texts(void **state)
{
	static const struct gh_span t[] = {
		GH_SPAN("a\033[2J\0b\r\n\0c\x07"),
		GH_SPAN("\xff\xfe\0\xc0\xaf\0\xed\xa0\x80"),
		GH_SPAN("\xe2\x80\xae evil\0\xe2\x80\x8b\0\xc2\x9b"),
		GH_SPAN("a\0b\0c\0\0d"),
	};
	static const uint64_t note[] = { GH_DIS_ACT_KEPT, UINT64_MAX };
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		gh_auto_arena arena = { .max = 1 << 20 };
		struct gh_disarm_file f = { 0 };
		struct gh_disarm_hearing h = { .arena = &arena, .f = &f };
		const struct gh_tool_record r = record(GH_DIS_NOTE, note, t[i]);
		assert_null(gh_disarm_hear(&h, &r));
		const char *const said[] = { f.note[0].what, f.note[0].path, f.note[0].text };
		for (size_t k = 0; k < 3; k++)
			for (const unsigned char *p = (const unsigned char *)said[k]; *p != 0; p++)
				assert_true(*p >= 0x20 && *p < 0x7f);
	}
}

/* More notes than are kept are counted; without memory none is lost without being counted. */
static void flood(void **state)
{
	static const uint64_t note[] = { GH_DIS_ACT_ALIAS, 1 };
	const struct gh_tool_record r = record(GH_DIS_NOTE, note, GH_SPAN("a\0b\0c"));
	(void)state;
	for (size_t max = 1 << 12; max <= (size_t)1 << 26; max <<= 14) {
		gh_auto_arena arena = { .max = max };
		struct gh_disarm_file f = { 0 };
		struct gh_disarm_hearing h = { .arena = &arena, .f = &f };
		for (size_t i = 0; i < GH_DISARM_NOTES + 10; i++)
			assert_null(gh_disarm_hear(&h, &r));
		assert_int_equal(f.count[GH_DIS_ACT_ALIAS], GH_DISARM_NOTES + 10);
		assert_true(f.nnote <= GH_DISARM_NOTES);
		for (size_t i = 0; i < f.nnote; i++)
			assert_non_null(f.note[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong),
		cmocka_unit_test(right),
		cmocka_unit_test(texts),
		cmocka_unit_test(flood),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The artifact as a whole: what a format alone calls for is said by the first of its files. */
#include "support/cm.h"

#include "format/rule.h"
#include "scan/whole.h"

#include <string.h>

static const struct gh_rule loader = { "GH-VUL-0007", GH_INFO, GH_CLEAN, "t", "r", "f", "" };
static const struct gh_rule other = { "GH-NET-0001", GH_INFO, GH_CLEAN, "t", "r", "f", "" };

static struct gh_finding row(const struct gh_rule *rule, const char *detail)
{
	return (struct gh_finding){ .rule = rule, .detail = detail, .member = "", .times = 1 };
}

static void loaders_are_named_once_per_artifact(void **state)
{
	(void)state;
	const struct gh_finding a[] = { row(&loader, "numpy before 1.16.3"), row(&other, "corp.io, 1 time") };
	const struct gh_finding b[] = { row(&loader, "numpy before 1.16.3"), row(&loader, "torch before 2.6.0"),
					row(&other, "corp.io, 1 time") };
	const struct gh_finding c[] = { row(&loader, "numpy before 1.16.3") };
	struct gh_file_report file[] = {
		{ .path = "a.npy", .format = "npy", .finding = a, .nfinding = 2 },
		{ .path = "b.npy", .format = "npy", .finding = b, .nfinding = 3 },
		{ .path = "c.npy", .format = "npy", .finding = c, .nfinding = 1 },
		{ .path = "d.txt", .format = "text" },
	};
	struct gh_repo_file known[4];
	struct gh_arena arena = { .max = 1 << 20 }, own[4] = { { 0 } };
	for (size_t i = 0; i < 4; i++) {
		known[i] = (struct gh_repo_file){ .name = file[i].path, .size = 1, .report = &file[i] };
		own[i].max = 1 << 20;
	}
	assert_true(gh_whole_judge(known, 4, false, &arena, file, own));
	assert_int_equal(file[0].nfinding, 2);
	assert_int_equal(file[0].finding[0].times, 3);
	assert_int_equal(file[0].finding[1].times, 1);
	assert_int_equal(file[1].nfinding, 2);
	assert_string_equal(file[1].finding[0].detail, "torch before 2.6.0");
	assert_string_equal(file[1].finding[1].detail, "corp.io, 1 time"); /* not of this kind: stands */
	assert_int_equal(file[2].nfinding, 0);
	assert_int_equal(file[3].nfinding, 0);
	for (size_t i = 0; i < 4; i++)
		gh_arena_free(&own[i]);
	gh_arena_free(&arena);
}

static void nothing_is_lost_without_memory(void **state)
{
	(void)state;
	const struct gh_finding a[] = { row(&loader, "numpy before 1.16.3") };
	struct gh_file_report file = { .path = "a.npy", .format = "npy", .finding = a, .nfinding = 1 };
	const struct gh_repo_file known = { .name = "a.npy", .size = 1, .report = &file };
	struct gh_arena arena = { .max = 1 << 20 }, none = { .max = 1 };
	assert_false(gh_whole_judge(&known, 1, true, &arena, &file, &none));
	assert_int_equal(file.nfinding, 1);
	gh_arena_free(&none);
	gh_arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(loaders_are_named_once_per_artifact),
					    cmocka_unit_test(nothing_is_lost_without_memory) };
	return cmocka_run_group_tests_name("whole", tests, NULL, NULL);
}

/* Tables that are looked up by halves are in order, and every row is found by what it says. */
#include "support/cm.h"

#include "check/shcode_int.h"
#include "wire/hosts.h"

struct row {
	char name[28];
	enum gh_host_class class;
};
#include "check/shcode_programs.h"
#include "wire/hosts_names.h"

static void hosts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char below[80] = "A.b.";
		if (i > 0 && strcmp(rows[i - 1].name, rows[i].name) >= 0)
			fail_msg("%s stands behind %s", rows[i].name, rows[i - 1].name);
		if (gh_host_class_of(gh_span_str(rows[i].name)) != rows[i].class)
			fail_msg("%s is not found", rows[i].name);
		(void)strncat(below, rows[i].name, 60);
		if (gh_host_class_of(gh_span_str(below)) != rows[i].class)
			fail_msg("%s is not found", below);
		below[3] = 'x'; /* another name that only ends like it */
		if (gh_host_class_of(gh_span_str(below)) == rows[i].class && strchr(rows[i].name, '.') == NULL)
			fail_msg("%s is taken for %s", below, rows[i].name);
	}
}

static void programs_of_shells(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		const char *verbs = NULL;
		if (i > 0 && strcmp(programs[i - 1].name, programs[i].name) >= 0)
			fail_msg("%s stands behind %s", programs[i].name, programs[i - 1].name);
		if (gh_sc_class(programs[i].name, &verbs) != programs[i].is || verbs == NULL)
			fail_msg("%s is not found", programs[i].name);
	}
	const char *verbs = NULL;
	assert_int_equal(gh_sc_class("", &verbs), SC_IS_UNKNOWN);
	assert_int_equal(gh_sc_class("curl wget", &verbs), SC_IS_UNKNOWN);
	assert_int_equal(gh_sc_class("zzz", &verbs), SC_IS_UNKNOWN);
	assert_int_equal(gh_sc_class("python3.11", &verbs), SC_IS_INTERPRETER);
	assert_int_equal(gh_sc_class("mkfs.ntfs", &verbs), SC_IS_DESTROYER);
	assert_int_equal(gh_sc_class("aws", &verbs), SC_IS_FETCHER);
	assert_string_equal(verbs, "cp sync mv cat get copy");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts),
		cmocka_unit_test(programs_of_shells),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A line that another process made of its chain of errors reads the same after it was taken over. */
#include "support/cm.h"

#include "base/err.h"

#include <string.h>

static void reads_the_same(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"x",
		"a: b: c",
		"import: acme/small:2: 'model.safetensors': the store: a blob: blob store "
		"s3://bucket/e2e-1795353300882212319 at "
		"127.0.0.1:41295: blob 07830e39d88dfd69f0319311dc6f91e2/cf96ad9eef34f8892e07b9cd7888b28c: PUT: answer "
		"403 "
		"SignatureDoesNotMatch: as ordered; the secret key is wrong, or a proxy changes requests",
	};
	char line[2000], many[1500] = "";
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err e = { 0 };
		assert_int_equal(gh_fail_line(&e, GH_E_IO, rows[i]), GH_E_IO);
		assert_string_equal(gh_err_line(&e, line, sizeof line), rows[i]);
		assert_true(e.n <= GH_ERR_LINKS - 2); /* there is room for where we were */
	}
	/* What is longer than all links loses its beginning, not its end. */
	for (int i = 0; i < 100; i++)
		strcat(many, "some words: ");
	strcat(many, "no space left");
	struct gh_err e = { 0 };
	assert_int_equal(gh_fail_line(&e, GH_E_IO, many), GH_E_IO);
	(void)gh_err_line(&e, line, sizeof line);
	assert_non_null(strstr(line, "some words: no space left"));
	/* One part that fits nowhere is cut. */
	memset(many, 'y', sizeof many - 1);
	many[sizeof many - 1] = '\0';
	e = (struct gh_err){ 0 };
	assert_int_equal(gh_fail_line(&e, GH_E_IO, many), GH_E_IO);
	assert_int_equal(strlen(gh_err_line(&e, line, sizeof line)), GH_ERR_TEXT - 1);
	assert_int_equal(gh_fail_line(NULL, GH_E_IO, "nobody asks"), GH_E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(reads_the_same) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

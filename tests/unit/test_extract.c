/* Members taken out of archives for detonation: which are written, which are named, and that nothing is left out in silence. */
#include "support/cm.h"

#include "support/extracted.h"
#include "support/zipmake.h"

#include <string.h>

#define BYTES(s) ((struct gh_span){ (const uint8_t *)(s), sizeof(s) - 1 })
#define PICKLE BYTES("\x80\x02}q\x00X\x01\x00\x00\x00aq\x01K\x01s.")
#define OLD_PICKLE BYTES("cposix\nsystem\n(S'echo inert'\ntR.")

static struct gh_extracted_mem taken(const struct gh_test_member *m, size_t n, unsigned count, uint64_t each,
				     uint64_t all)
{
	struct gh_test_bytes z = { 0 };
	struct gh_extracted_mem x;
	gh_test_zip(&z, m, n);
	gh_extracted_run(&x, gh_test_view(&z), count, each, all);
	gh_test_free(&z);
	return x;
}

static void what_is_written(void **state)
{
	(void)state;
	struct gh_test_bytes inner = { 0 }, packed = { 0 };
	const struct gh_test_member in[] = { { "deep.pkl", OLD_PICKLE, false } };
	gh_test_zip(&inner, in, 1);
	gh_test_pack(&packed, GH_CODEC_GZIP, PICKLE);
	const struct gh_test_member m[] = {
		{ "README.md", BYTES("# a text\nwith (parentheses) and more\n"), true },
		{ "dir/a.pkl", PICKLE, true },
		{ "notes.txt", OLD_PICKLE, false }, /* by content, never by name */
		{ "more/inner.zip", gh_test_view(&inner), false },
		{ "b.pkl.gz", gh_test_view(&packed), false },
		{ "w.safetensors", BYTES("\x02\0\0\0\0\0\0\0{}"), false },
	};
	struct gh_extracted_mem x = taken(m, GH_ROWS(m), 10, 1000, 10000);
	static const char *const paths[] = { "dir/a.pkl", "notes.txt", "more/inner.zip > deep.pkl", "b.pkl.gz" };
	const struct gh_span bytes[] = { PICKLE, OLD_PICKLE, OLD_PICKLE, PICKLE };
	assert_int_equal(x.rc, GH_OK);
	assert_int_equal(x.n, GH_ROWS(paths));
	assert_int_equal(x.nleft, 0);
	assert_int_equal(x.inert, 1);
	for (size_t i = 0; i < x.n; i++) {
		assert_string_equal(x.member[i].path, paths[i]);
		assert_int_equal(x.member[i].formats, 2); /* pickle */
		assert_int_equal(x.member[i].len, bytes[i].n);
		assert_memory_equal(x.out.p + x.member[i].off, bytes[i].p, bytes[i].n);
	}
	gh_extracted_free(&x);
	gh_test_free(&inner);
	gh_test_free(&packed);
}

static void bounds_are_said(void **state)
{
	(void)state;
	const struct gh_test_member m[] = { { "1.pkl", PICKLE, true },
					    { "2.pkl", PICKLE, true },
					    { "3.pkl", OLD_PICKLE, true },
					    { "4.pkl", PICKLE, true } };
	static const struct {
		unsigned count;
		uint64_t each, all;
		size_t n, nleft;
		const char *left;
	} rows[] = {
		{ 4, 1000, 1000, 4, 0, "" },
		{ 2, 1000, 1000, 2, 2, "0 3.pkl: \n0 4.pkl: \n" },
		{ 4, 20, 1000, 3, 1, "1 3.pkl: \n" },
		{ 4, 1000, 60, 2, 2, "1 3.pkl: \n" },
		{ 0, 1000, 1000, 0, 4, "0 1.pkl: \n" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_extracted_mem x = taken(m, 4, rows[i].count, rows[i].each, rows[i].all);
		if (x.rc != GH_OK || x.n + x.nleft != 4 ||
		    strncmp(gh_buf_cstr(&x.left), rows[i].left, strlen(rows[i].left)) != 0)
			fail_msg("row %zu: %zu, %zu: %s", i, x.n, x.nleft, gh_buf_cstr(&x.left));
		if (i != 3)
			assert_int_equal(x.n, rows[i].n);
		gh_extracted_free(&x);
	}
}

/* A broken archive, one that is too deep, one that is none: said, or nothing to say. */
static void what_cannot_be_read(void **state)
{
	(void)state;
	struct gh_test_bytes a = { 0 }, b = { 0 };
	const struct gh_test_member one[] = { { "x.pkl", PICKLE, true } };
	gh_test_zip(&a, one, 1);
	struct gh_extracted_mem x;
	gh_extracted_run(&x, (struct gh_span){ a.p, a.n - 30 }, 10, 1000, 1000);
	assert_true(x.rc == GH_OK && (x.nleft != 0 || x.n == 1));
	gh_extracted_free(&x);
	for (unsigned depth = 0; depth < 8; depth++) {
		const struct gh_test_member up[] = { { "in.zip", gh_test_view(&a), false } };
		gh_test_zip(&b, up, 1);
		gh_test_free(&a);
		a = b;
		b = (struct gh_test_bytes){ 0 };
	}
	gh_extracted_run(&x, gh_test_view(&a), 10, 1000, 1000);
	assert_true(x.rc == GH_OK && x.n == 0 && x.nleft == 1);
	assert_non_null(strstr(gh_buf_cstr(&x.left), "too deep"));
	gh_extracted_free(&x);
	gh_test_free(&a);
	gh_extracted_run(&x, PICKLE, 10, 1000, 1000); /* the file itself is not for us */
	assert_true(x.rc == GH_OK && x.n == 0 && x.nleft == 0);
	gh_extracted_free(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written),
		cmocka_unit_test(bounds_are_said),
		cmocka_unit_test(what_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Heads of a backup's archive: what is written is read back, and nothing else is read. */
#include "support/cm.h"

#include "catalog/baktar.h"

#include <stdio.h>
#include <string.h>

static void there_and_back(void **state)
{
	(void)state;
	static const struct gh_baktar_head rows[] = {
		{ "gatehouse.yaml", 0 },
		{ "log/tile/entries/x001/x234/067.p/255", 511 },
		{ "blobs/00000000000000000000000000000001/00/00aaaaaaaaaaaaaaaaaaaaaaaaaaaaa1",
		  (UINT64_C(1) << 33) - 1 },
		{ "a", UINT64_C(1) << 33 },
		{ "a.b_c-D/9", GH_BAKTAR_SIZE_MAX - 1 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		uint8_t block[GH_BAKTAR_BLOCK];
		struct gh_baktar_head got;
		assert_true(gh_baktar_write(&rows[i], block));
		assert_int_equal(gh_baktar_read(block, &got), GH_BAKTAR_FILE);
		assert_string_equal(got.name, rows[i].name);
		assert_true(got.size == rows[i].size);
		/* A bit in any byte of it: refused, or another name or size that is written just so. */
		for (size_t k = 0; k < sizeof block; k++)
			for (unsigned bit = 0; bit < 8; bit++) {
				block[k] ^= (uint8_t)(1U << bit);
				assert_int_equal(gh_baktar_read(block, &got), GH_BAKTAR_BAD);
				assert_string_equal(got.name, "");
				block[k] ^= (uint8_t)(1U << bit);
			}
	}
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "a", true },
		{ "a/b", true },
		{ "a.b/c..d", true },
		{ "", false },
		{ "/a", false },
		{ "a/", false },
		{ "a//b", false },
		{ "../a", false },
		{ "a/..", false },
		{ "a/./b", false },
		{ ".hidden", false },
		{ "a/.b", false },
		{ "a b", false },
		{ "a\nb", false },
		{ "a\\b", false },
		{ "\xc3\xa4", false },
		{ "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6", true },
		{ "1/2/3/4/5/6/7/8/9/0/1/2/3/4/5/6/7", false },
	};
	char longest[GH_BAKTAR_NAME + 2];
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_baktar_name_ok(gh_span_str(rows[i].name)) != rows[i].good)
			fail_msg("'%s'", rows[i].name);
	memset(longest, 'x', sizeof longest);
	assert_true(gh_baktar_name_ok((struct gh_span){ (uint8_t *)longest, GH_BAKTAR_NAME }));
	assert_false(gh_baktar_name_ok((struct gh_span){ (uint8_t *)longest, GH_BAKTAR_NAME + 1 }));
}

static void refused(void **state)
{
	(void)state;
	uint8_t block[GH_BAKTAR_BLOCK] = { 0 };
	struct gh_baktar_head got, bad = { "../etc/passwd", 1 }, large = { "a", GH_BAKTAR_SIZE_MAX };
	assert_int_equal(gh_baktar_read(block, &got), GH_BAKTAR_END);
	assert_false(gh_baktar_write(&bad, block));
	assert_false(gh_baktar_write(&large, block));
	assert_int_equal(gh_baktar_pad(0), 0);
	assert_int_equal(gh_baktar_pad(1), 511);
	assert_int_equal(gh_baktar_pad(512), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(there_and_back), cmocka_unit_test(names),
					    cmocka_unit_test(refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

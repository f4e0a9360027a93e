/* Lists of known bad files: reading, looking up, and the check `malware` that compares members. */
#include "support/cm.h"

#include "scan/badlist.h"
#include "wire/md5.h"

#include <stdio.h>
#include <string.h>

static void hex_of(const uint8_t *p, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", p[i]);
}

/* RFC 1321 A.5; FIPS 180-4 examples. */
static void digests(void **state)
{
	static const struct {
		const char *in, *md5, *sha;
	} row[] = {
		{ "", "d41d8cd98f00b204e9800998ecf8427e",
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "900150983cd24fb0d6963f7d28e17f72",
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "8215ef0796a20bcaaae116d3876c664a",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
		{ "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
		  "57edf4a22be3c955ac49da2e2107b67a",
		  "f371bc4a311f2b009eef952dd83ca80e2b60026c8e935592d0f9c308453c813e" },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(row); i++)
		for (size_t cut = 0; cut <= strlen(row[i].in); cut++) {
			struct gh_span s = gh_span_str(row[i].in);
			struct gh_md5 m = gh_md5();
			struct gh_sha256_state h = gh_sha256_begin();
			uint8_t out[32];
			char text[65];
			gh_md5_put(&m, gh_span_cut(s, 0, cut));
			gh_md5_put(&m, gh_span_cut(s, cut, s.n));
			gh_md5_end(&m, out);
			hex_of(out, 16, text);
			assert_string_equal(text, row[i].md5);
			gh_sha256_put(&h, gh_span_cut(s, 0, cut));
			gh_sha256_put(&h, gh_span_cut(s, cut, s.n));
			gh_sha256_end(&h, out);
			hex_of(out, 32, text);
			assert_string_equal(text, row[i].sha);
		}
}

#define A "00000000000000000000000000000000000000000000000000000000000000aa"
#define B "ff000000000000000000000000000000000000000000000000000000000000bb"

static void wrong_lists(void **state)
{
	static const struct {
		const char *text, *says;
	} row[] = {
		{ "x\n", "line 1: 'x' is no SHA-256 in 64 hexadecimal digits" },
		{ "# c\n\n" A "\n" A " 7\n", "line 4: after the size comes a name" },
		{ A " 99999999999999999999 name\n", "line 1: a size in bytes, or '-', not '99999999999999999999'" },
		{ A " 5  \n", "line 1: after the size comes a name" },
		{ A "0 5 x", "line 1: '" A "0' is no SHA-256 in 64 hexadecimal digits" },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(row); i++) {
		struct gh_badlist_rows l = { .n = 0 };
		struct gh_err err = { 0 };
		char why[400];
		assert_int_equal(gh_badlist_parse(gh_span_str(row[i].text), &l, &err), GH_E_MALFORMED);
		assert_string_equal(gh_err_line(&err, why, sizeof why), row[i].says);
		gh_badlist_free(&l);
	}
}

static void lookup(void **state)
{
	struct gh_badlist_rows l = { .n = 0 };
	struct gh_err err = { 0 };
	gh_auto_buf out = gh_buf(1 << 16);
	uint8_t a[32] = { [31] = 0xaa }, b[32] = { [0] = 0xff, [31] = 0xbb }, none[32] = { 1 };
	(void)state;
	assert_int_equal(gh_badlist_parse(gh_span_str(B " 7 second one\r\n" A " - first\n" A " 3 again\n"), &l, &err),
			 GH_OK);
	assert_int_equal(gh_badlist_write(&l, &out, &err), GH_OK);
	struct gh_badlist list = gh_badlist(gh_buf_view(&out));
	assert_int_equal(list.n, 2);
	assert_int_equal(list.loose, 1);
	assert_true(gh_badlist_size(&list, 12345));
	assert_string_equal(gh_badlist_find(&list, a), "first");
	assert_string_equal(gh_badlist_find(&list, b), "second one");
	assert_null(gh_badlist_find(&list, none));
	/* Damaged, it is no list, or has no names; never a read outside. */
	for (size_t cut = 0; cut < out.n; cut++) {
		struct gh_badlist d = gh_badlist(gh_span_cut(gh_buf_view(&out), 0, cut));
		const char *name = gh_badlist_find(&d, b);
		assert_true(name == NULL || strcmp(name, "without a name") == 0 || strcmp(name, "second one") == 0);
	}
	gh_badlist_free(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(digests), cmocka_unit_test(wrong_lists),
					    cmocka_unit_test(lookup) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

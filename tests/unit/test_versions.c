/* Versions by the rules of their ecosystems: the examples of PEP 440, of semver.org, of node's semver, of conda. */
#include "support/cm.h"

#include "wire/cvss.h"
#include "wire/pep440.h"
#include "wire/version.h"

#include <stdio.h>
#include <string.h>

#define S(x) gh_span_str(x)

/* In ascending order: "Summary of permitted suffixes and relative ordering", "Examples of compliant version schemes" and
 * epochs, as one list. */
static const char *const pep440_order[] = {
	"0.0.dev0",
	"0.1",
	"0.2",
	"0.9",
	"0.9.1",
	"0.9.2",
	"0.9.10",
	"0.9.11",
	"1.0.dev1",
	"1.0.dev2",
	"1.0.dev3",
	"1.0.dev4",
	"1.0.dev456",
	"1.0a1",
	"1.0a2.dev456",
	"1.0a12.dev456",
	"1.0a12",
	"1.0b1.dev456",
	"1.0b1",
	"1.0b2",
	"1.0b2.post345.dev456",
	"1.0b2.post345",
	"1.0b2-346",
	"1.0c1.dev456",
	"1.0c1",
	"1.0rc2",
	"1.0c3",
	"1.0",
	"1.0.post456.dev34",
	"1.0.post456",
	"1.0.1",
	"1.0.15",
	"1.1.dev1",
	"1.1a1",
	"1.1a2",
	"1.1b1",
	"1.1rc1",
	"1.1rc2",
	"1.1",
	"1.1.post1",
	"1.2+123abc",
	"1.2+123abc456",
	"1.2+abc",
	"1.2+abc123",
	"1.2+abc123def",

	"1.2+1234.abc",
	"1.2+123456",
	"1.2.r32+123456",
	"1.2.rev33+123456",
	"2012.1",
	"2012.2",
	"2012.15",
	"2013.1",
	"2013.10",
	"2014.04",
	"1!1.0",
	"1!1.1",
	"1!2.0",
	"2!0.1",
};

static void pep440_orders_every_pair(void **st)
{
	(void)st;
	for (size_t i = 0; i < GH_ROWS(pep440_order); i++)
		for (size_t k = 0; k < GH_ROWS(pep440_order); k++) {
			int want = (i > k) - (i < k);
			int got = gh_version_cmp(GH_VERSION_PEP440, S(pep440_order[i]), S(pep440_order[k]));
			if (got != want)
				fail_msg("%s against %s: %d, want %d", pep440_order[i], pep440_order[k], got, want);
		}
}

static void pep440_normalises(void **st)
{
	(void)st;
	static const char *const rows[][2] = {
		{ "1.0dev", "1.0.dev0" },
		{ "1.0.dev", "1.0.dev0" },
		{ "1.0dev1", "1.0.dev1" },
		{ "1.0-dev", "1.0.dev0" },
		{ "1.0-dev1", "1.0.dev1" },
		{ "1.0DEV", "1.0.dev0" },
		{ "1.0.DEV1", "1.0.dev1" },
		{ "1.0a", "1.0a0" },
		{ "1.0.a", "1.0a0" },
		{ "1.0.a1", "1.0a1" },
		{ "1.0-a", "1.0a0" },
		{ "1.0-a1", "1.0a1" },
		{ "1.0alpha", "1.0a0" },
		{ "1.0.alpha1", "1.0a1" },
		{ "1.0-ALPHA1", "1.0a1" },
		{ "1.0b", "1.0b0" },
		{ "1.0.beta-1", "1.0b1" },
		{ "1.0c1", "1.0rc1" },
		{ "1.0pre1", "1.0rc1" },
		{ "1.0preview1", "1.0rc1" },
		{ "1.0RC", "1.0rc0" },
		{ "1.0.RC1", "1.0rc1" },
		{ "1.0-rc1", "1.0rc1" },
		{ "1.0_rc.1", "1.0rc1" },
		{ "1.0post", "1.0.post0" },
		{ "1.0.post", "1.0.post0" },
		{ "1.0post1", "1.0.post1" },
		{ "1.0-POST", "1.0.post0" },
		{ "1.0-5", "1.0.post5" },
		{ "1.0-r5", "1.0.post5" },
		{ "1.0-rev5", "1.0.post5" },
		{ "1.0+AbC", "1.0+abc" },
		{ "1.01+1", "1.1+1" },
		{ "1.0a05", "1.0a5" },
		{ "1.0b07", "1.0b7" },
		{ "1.0c056", "1.0rc56" },
		{ "1.0rc09", "1.0rc9" },
		{ "1.0.post000", "1.0.post0" },
		{ "1.1.dev09000", "1.1.dev9000" },
		{ "00!1.2", "1.2" },
		{ "0100!0.0", "100!0.0" },
		{ "v1.0", "1.0" },
		{ "  v1.0\t\n", "1.0" },
		{ "1.0+ubuntu-1", "1.0+ubuntu.1" },
		{ "1.0+ubuntu_01", "1.0+ubuntu.1" },
		{ "2.6.0+cu124", "2.6.0+cu124" },
		{ "1.0a.dev1", "1.0a0.dev1" },
		{ "1.0.post1.dev2", "1.0.post1.dev2" },
		{ "99999999999999999999999999999999.1", "99999999999999999999999999999999.1" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_pep440 v;
		gh_auto_buf b = gh_buf(256);
		if (!gh_pep440(S(rows[i][0]), &v))
			fail_msg("%s is a version", rows[i][0]);
		gh_pep440_text(&v, &b);
		assert_string_equal(gh_buf_cstr(&b), rows[i][1]);
	}
}

static void pep440_refuses(void **st)
{
	(void)st;
	static const char *const rows[] = {
		"",   " ",     "french toast", "1.0+a+", "1.0++", "1.0+_foobar", "1.0+foo&asd", "1.0+1+1", "1.",
		".1", "1..2",  "1.0x",	       "1!",	 "!1",	  "1.0-",	 "1.0+",	"1,2",	   "1.0 1",
		"v",  "1.0.*", "1.0-dev-x",    "1.0a1b1"
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_version_valid(GH_VERSION_PEP440, S(rows[i])))
			fail_msg("'%s' is no version", rows[i]);
}

/* The examples of "Version specifiers", and the exclusions that its text states. */
static void pep440_specifiers(void **st)
{
	(void)st;
	static const struct {
		const char *set, *version;
		int want;
	} rows[] = {
		{ "~= 2.2", "2.2", 1 },
		{ "~= 2.2", "2.9", 1 },
		{ "~= 2.2", "3.0", 0 },
		{ "~= 2.2", "2.1", 0 },
		{ "~= 1.4.5", "1.4.9", 1 },
		{ "~= 1.4.5", "1.5", 0 },
		{ "~= 1.4.5a4", "1.4.5a4", 1 },
		{ "~= 1.4.5a4", "1.4.5a3", 0 },
		{ "~= 2.2.post3", "2.2.post3", 1 },
		{ "~= 2.2.post3", "2.2", 0 },
		{ "~= 2.2.post3", "2.5", 1 },
		{ "~=2.2.0", "2.2.1", 1 },
		{ "~=2.2.0", "2.3", 0 },
		{ "~=1", "1", -1 },
		{ "~=1!2.2", "1!2.5", 1 },
		{ "~=1!2.2", "2.5", 0 },
		{ "== 1.1", "1.1", 1 },
		{ "== 1.1", "1.1.0", 1 },
		{ "== 1.1", "1.1.post1", 0 },
		{ "== 1.1.post1", "1.1.post1", 1 },
		{ "== 1.1.*", "1.1.post1", 1 },
		{ "== 1.1", "1.1a1", 0 },
		{ "== 1.1a1", "1.1a1", 1 },
		{ "== 1.1.*", "1.1a1", 1 },
		{ "== 1.1.*", "1.1.dev1", 1 },
		{ "== 1.*", "1.9.post2", 1 },
		{ "== 1.*", "2.0", 0 },
		{ "== 1.0.*", "1", 1 },
		{ "== 1.1", "1.1+local", 1 },
		{ "== 1.1+local", "1.1", 0 },
		{ "== 1.1+local", "1.1+local", 1 },
		{ "== 1.1+a.*", "1.1", -1 },
		{ "!= 1.1", "1.1.post1", 1 },
		{ "!= 1.1.post1", "1.1.post1", 0 },
		{ "!= 1.1.*", "1.1.post1", 0 },
		{ "!= 1.1", "1.1+local", 0 },
		{ ">1.7", "1.7.1", 1 },
		{ ">1.7", "1.7.0.post1", 0 },
		{ ">1.7.post2", "1.7.1", 1 },
		{ ">1.7.post2", "1.7.0.post3", 1 },
		{ ">1.7.post2", "1.7.0", 0 },
		{ ">1.7", "1.7+local", 0 },
		{ "<1.7", "1.6.9", 1 },
		{ "<1.7", "1.7rc1", 0 },
		{ "<1.7rc1", "1.7b1", 1 },
		{ "<1.7", "1.7.dev1", 0 },
		{ ">=1.7", "1.7.post1", 1 },
		{ "<=1.7", "1.7+local", 1 },
		{ ">= 0.9, >= 1.0, != 1.3.4.*, < 2.0", "1.2", 1 },
		{ ">= 0.9, >= 1.0, != 1.3.4.*, < 2.0", "1.3.4.2", 0 },
		{ ">= 0.9, >= 1.0, != 1.3.4.*, < 2.0", "2.0", 0 },
		{ "===1.0", "1.0", 1 },
		{ "===1.0", "1.0.0", 0 },
		{ "===foobar", "FooBar", 1 },
		{ "", "3", 1 },
		{ ">=1,<1", "1", 0 },
		{ "=1", "1", -1 },
		{ ">=1.*", "1", -1 },
		{ ">=1+local", "1", -1 },
		{ ">1", "x", -1 },
		{ "< 2,", "1", 1 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		int got = gh_pep440_allows(S(rows[i].set), S(rows[i].version));
		if (got != rows[i].want)
			fail_msg("'%s' and %s: %d, want %d", rows[i].set, rows[i].version, got, rows[i].want);
	}
}

/* semver.org, section 11, and its list of what is valid. */
static void semver_orders(void **st)
{
	(void)st;
	static const char *const order[] = { "0.0.4",
					     "1.0.0-0A.is.legal",
					     "1.0.0-alpha",
					     "1.0.0-alpha.1",
					     "1.0.0-alpha.beta",
					     "1.0.0-beta",
					     "1.0.0-beta.2",
					     "1.0.0-beta.11",
					     "1.0.0-rc.1",
					     "1.0.0",
					     "1.0.1",
					     "1.2.3",
					     "2.0.0",
					     "2.1.0",
					     "2.1.1",
					     "10.20.30",
					     "99999999999999999999999.999999999999999999.99999999999999999" };
	for (size_t i = 0; i < GH_ROWS(order); i++)
		for (size_t k = 0; k < GH_ROWS(order); k++) {
			int want = (i > k) - (i < k);
			assert_true(gh_semver_valid(S(order[i]), true));
			if (gh_semver_cmp(S(order[i]), S(order[k])) != want)
				fail_msg("%s against %s", order[i], order[k]);
		}
	static const char *const bad[] = {
		"1",	    "1.2",	 "1.2.3-0123",	     "1.2.3-0123.0123", "1.1.2+.123",	"+invalid",
		"-invalid", "alpha",	 "1.0.0-alpha_beta", "1.0.0-alpha..",	"01.1.1",	"1.01.1",
		"1.1.01",   "1.2.3.DEV", "1.2-SNAPSHOT",     "1.2.31.2.3",	"1.0.0-+build", "9.8.7+meta+meta",
		""
	};
	for (size_t i = 0; i < GH_ROWS(bad); i++)
		if (gh_semver_valid(S(bad[i]), true))
			fail_msg("%s is valid", bad[i]);
	assert_int_equal(gh_semver_cmp(S("v1.2"), S("1.2.0")), 0);
	assert_int_equal(gh_semver_cmp(S("1.0.0+a"), S("1.0.0+b")), 0);
	assert_int_equal(gh_semver_cmp(S("x"), S("1")), GH_VERSION_APART);
}

/* The comment on top of conda's own VersionOrder. */
static void conda_orders(void **st)
{
	(void)st;
	static const char *const order[] = { "0.4",	 "0.4.1.rc",   "0.4.1",	   "0.5a1",	"0.5b3",   "0.5C1",
					     "0.5",	 "0.9.6",      "0.960923", "1.0",	"1.1dev1", "1.1_",
					     "1.1a1",	 "1.1.0dev1",  "1.1.a1",   "1.1.0rc1",	"1.1.0",   "1.1.0post1",
					     "1.1post1", "1996.07.12", "1!0.4.1",  "1!3.1.1.6", "2!0.4.1" };
	/* Of these "1.1_" and "1.1.0post1" need care: compared only with what conda says about them. */
	for (size_t i = 0; i < GH_ROWS(order); i++)
		for (size_t k = i + 1; k < GH_ROWS(order); k++) {
			if (strchr(order[i], '_') != NULL || strchr(order[k], '_') != NULL)
				continue;
			int c = gh_conda_cmp(S(order[i]), S(order[k]));
			if (c > 0 || (c == 0 && strstr(order[i], "post") == NULL && strstr(order[i], "dev") == NULL &&
				      strstr(order[i], "a1") == NULL))
				fail_msg("%s against %s: %d", order[i], order[k], c);
		}
	assert_int_equal(gh_conda_cmp(S("1.2"), S("1.2.0")), 0);
	assert_int_equal(gh_conda_cmp(S("1.0+1"), S("1.0+2")), -1);
	assert_false(gh_conda_valid(S("1 2")));
	assert_false(gh_conda_valid(S("")));
}

static void sets_are_intervals(void **st)
{
	(void)st;
	static const struct {
		enum gh_version_rule rule;
		const char *text, *lo, *hi; /* "" for none; a leading '(' or trailing ')' when the end is open */
		bool exact;
	} rows[] = {
		{ GH_VERSION_PEP440, "==1.2.3", "1.2.3", "1.2.3", true },
		{ GH_VERSION_PEP440, "1.2.3", "1.2.3", "1.2.3", true },
		{ GH_VERSION_PEP440, "==1.2.*", "1.2.dev0", "1.3.dev0)", false },
		{ GH_VERSION_PEP440, "~=1.4.5", "1.4.5", "1.5.dev0)", false },
		{ GH_VERSION_PEP440, ">=1,<2,!=1.5", "1", "2)", false },
		{ GH_VERSION_PEP440, ">1", "(1", "", false },
		{ GH_VERSION_PEP440, "^1.2.3", "1.2.3", "2.dev0)", false },
		{ GH_VERSION_PEP440, "^0.2.3", "0.2.3", "0.3.dev0)", false },
		{ GH_VERSION_PEP440, "~1.2", "1.2", "1.3.dev0)", false },
		{ GH_VERSION_PEP440, "*", "", "", false },
		{ GH_VERSION_PEP440, "", "", "", false },
		{ GH_VERSION_SEMVER, "^1.2.3", "1.2.3", "2-0)", false },
		{ GH_VERSION_SEMVER, "^0.2.3", "0.2.3", "0.3-0)", false },
		{ GH_VERSION_SEMVER, "^0.0.3", "0.0.3", "0.0.4-0)", false },
		{ GH_VERSION_SEMVER, "~1.2.3", "1.2.3", "1.3-0)", false },
		{ GH_VERSION_SEMVER, "~1", "1", "2-0)", false },
		{ GH_VERSION_SEMVER, "1.x", "1", "2-0)", false },
		{ GH_VERSION_SEMVER, "1.2.3 - 2.3", "1.2.3", "2.4-0)", false },
		{ GH_VERSION_SEMVER, ">=1.2.7 <1.3.0", "1.2.7", "1.3.0)", false },
		{ GH_VERSION_SEMVER, ">1.2", "1.3", "", false },
		{ GH_VERSION_SEMVER, "1.2.3", "1.2.3", "1.2.3", true },
		{ GH_VERSION_SEMVER, "*", "", "", false },
		{ GH_VERSION_CONDA, "=1.21", "1.21", "1.22.0a0)", false },
		{ GH_VERSION_CONDA, "==1.21", "1.21", "1.21", true },
		{ GH_VERSION_CONDA, "1.21 py39_0", "1.21", "1.21", true },
		{ GH_VERSION_CONDA, ">=1.8,<2", "1.8", "2)", false },
		{ GH_VERSION_CONDA, "1.8.*", "1.8", "1.9.0a0)", false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_version_set s;
		char lo[100], hi[100];
		if (!gh_version_set(rows[i].rule, S(rows[i].text), &s) || s.n != 1)
			fail_msg("'%s' is a requirement", rows[i].text);
		(void)snprintf(lo, sizeof lo, "%s%s", s.v[0].lo.open ? "(" : "", s.v[0].lo.text);
		(void)snprintf(hi, sizeof hi, "%s%s", s.v[0].hi.text, s.v[0].hi.open ? ")" : "");
		if (strcmp(lo, rows[i].lo) != 0 || strcmp(hi, rows[i].hi) != 0 || s.exact != rows[i].exact)
			fail_msg("'%s': %s .. %s%s", rows[i].text, lo, hi, s.exact ? " exact" : "");
	}
	struct gh_version_set s;
	assert_true(gh_version_set(GH_VERSION_SEMVER, S("^1.0 || ^2.0 || 3.1.4"), &s));
	assert_int_equal(s.n, 3);
	assert_false(s.exact);
	assert_false(gh_version_set(GH_VERSION_SEMVER, S("1||2||3||4||5||6||7||8||9"), &s));
	static const char *const bad[] = { ">=x", "===", "not a version", "=1.0", ">=1.0;<2" };
	for (size_t i = 0; i < GH_ROWS(bad); i++)
		assert_false(gh_version_set(GH_VERSION_PEP440, S(bad[i]), &s));
}

/* Scores of published records. */
static void cvss_scores(void **st)
{
	(void)st;
	static const struct {
		const char *vector;
		int score;
	} rows[] = {
		{ "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 98 },
		{ "CVSS:3.0/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 61 },
		{ "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 100 },
		{ "CVSS:3.1/AV:L/AC:L/PR:N/UI:R/S:U/C:H/I:H/A:H", 78 },
		{ "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:N/I:N/A:H", 55 },
		{ "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:L/I:N/A:N", 37 },
		{ "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0 },
		{ "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 99 },
		{ "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H", -1 },
		{ "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", -1 },
		{ "CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", -1 },
		{ "CVSS:3.1/AV:N/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", -1 },
		{ "", -1 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_cvss3(S(rows[i].vector)) != rows[i].score)
			fail_msg("%s: %d, want %d", rows[i].vector, gh_cvss3(S(rows[i].vector)), rows[i].score);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pep440_orders_every_pair),
		cmocka_unit_test(pep440_normalises),
		cmocka_unit_test(pep440_refuses),
		cmocka_unit_test(pep440_specifiers),
		cmocka_unit_test(semver_orders),
		cmocka_unit_test(conda_orders),
		cmocka_unit_test(sets_are_intervals),
		cmocka_unit_test(cvss_scores),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

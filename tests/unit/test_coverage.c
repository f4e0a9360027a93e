/* Every byte is accounted for: what claims leave out, and what they claim twice. */
#include "support/cm.h"

#include "base/buf.h"
#include "scan/coverage.h"
#include "scan/verdict.h"

static void note(void *arg, bool overlap, uint64_t off, uint64_t len)
{
	gh_buf_fmt(arg, "%s %llu+%llu;", overlap ? "overlap" : "gap", (unsigned long long)off, (unsigned long long)len);
}

static const struct row {
	const char *what;
	uint64_t size;
	uint64_t claim[8]; /* off, len, off, len … until len == 0 */
	const char *found;
	uint64_t missing;
	bool wild;
} rows[] = {
	{ "nothing claimed", 10, { 0 }, "gap 0+10;", 10, false },
	{ "empty source", 0, { 0 }, "", 0, false },
	{ "all at once", 10, { 0, 10 }, "", 0, false },
	{ "in pieces", 10, { 0, 3, 3, 7 }, "", 0, false },
	{ "backwards", 10, { 6, 4, 0, 6 }, "", 0, false },
	{ "trailing byte", 10, { 0, 9 }, "gap 9+1;", 1, false },
	{ "leading byte", 10, { 1, 9 }, "gap 0+1;", 1, false },
	{ "hole", 10, { 0, 4, 6, 4 }, "gap 4+2;", 2, false },
	{ "overlap", 10, { 0, 6, 4, 6 }, "overlap 4+2;", 0, false },
	{ "one inside the other", 10, { 0, 10, 2, 3 }, "overlap 2+3;", 0, false },
	{ "the same twice", 10, { 0, 10, 0, 10 }, "overlap 0+10;", 0, false },
	{ "beyond the end", 10, { 0, 11 }, "", 0, true },
	{ "far beyond the end", 10, { UINT64_MAX, 5 }, "gap 0+10;", 10, true },
	{ "length that wraps", 10, { 5, UINT64_MAX }, "gap 0+5;", 5, true },
};

static void finds_gaps_and_overlaps(void **st)
{
	(void)st;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_cover c = { .size = rows[i].size };
		gh_auto_buf b = gh_buf(1000);
		print_message("  %s\n", rows[i].what);
		for (size_t k = 0; k + 1 < 8 && rows[i].claim[k + 1] != 0; k += 2)
			gh_cover_add(&c, rows[i].claim[k], rows[i].claim[k + 1], GH_CLAIM_STRUCT);
		assert_int_equal(gh_cover_finish(&c, note, &b), rows[i].missing);
		assert_string_equal(gh_buf_cstr(&b), rows[i].found);
		assert_int_equal(c.wild, rows[i].wild);
		gh_cover_free(&c);
	}
}

static void a_million_scattered_claims_end_as_a_gap_not_as_silence(void **st)
{
	(void)st;
	struct gh_cover c = { .size = (uint64_t)1 << 40 };
	gh_auto_buf b = gh_buf(100);
	for (uint64_t i = 0; i < 1200000; i++)
		gh_cover_add(&c, 2 * i, 1, GH_CLAIM_STRUCT);
	assert_true(c.full);
	assert_true(gh_cover_finish(&c, note, &b) > c.size - 1200000);
	gh_cover_free(&c);
}

static const struct gh_rule info = { .id = "GH-T-1", .effect = GH_CLEAN },
			    look = { .id = "GH-T-2", .effect = GH_REVIEW },
			    part = { .id = "GH-T-3", .effect = GH_INCOMPLETE },
			    bad = { .id = "GH-T-4", .effect = GH_UNSAFE };

static void the_worst_effect_is_the_verdict(void **st)
{
	(void)st;
	static const struct {
		const struct gh_rule *rule[2];
		uint64_t understood, dropped;
		const char *sha;
		enum gh_verdict want;
	} v[] = {
		{ { NULL }, 10, 0, "x", GH_CLEAN },
		{ { &info }, 10, 0, "x", GH_CLEAN },
		{ { &look }, 10, 0, "x", GH_REVIEW },
		{ { &look, &part }, 10, 0, "x", GH_INCOMPLETE },
		{ { &part, &bad }, 10, 0, "x", GH_UNSAFE },
		{ { &info }, 9, 0, "x", GH_INCOMPLETE }, /* a byte that nobody understood, and no finding about it */
		{ { NULL }, 10, 0, "", GH_INCOMPLETE },	 /* no digest: not read to its end */
		{ { &info }, 10, 1, "x", GH_CLEAN },	 /* more of what has no effect */
	};
	for (size_t i = 0; i < GH_ROWS(v); i++) {
		struct gh_finding f[2] = { { .rule = v[i].rule[0] }, { .rule = v[i].rule[1] } };
		struct gh_file_report r = { .size = 10,
					    .understood = v[i].understood,
					    .dropped = v[i].dropped,
					    .finding = f,
					    .nfinding = (v[i].rule[0] != NULL) + (size_t)(v[i].rule[1] != NULL) };
		r.sha256[0] = v[i].sha[0];
		assert_int_equal(gh_file_verdict(&r), v[i].want);
	}
	assert_int_equal(gh_scan_verdict(NULL, 0), GH_INCOMPLETE); /* an empty directory proves nothing */
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(finds_gaps_and_overlaps),
		cmocka_unit_test(a_million_scattered_claims_end_as_a_gap_not_as_silence),
		cmocka_unit_test(the_worst_effect_is_the_verdict),
	};
	return cmocka_run_group_tests_name("coverage", t, NULL, NULL);
}

/* Conditions of policies: what they answer, what is refused and where, patterns, units, and what evidence of others may do. */
#include "support/cm.h"

#include <stdio.h>
#include <string.h>

#include "policy/expr.h"
#include "policy/units.h"

static const char facts_text[] =
	"{\"action\": \"deploy\", \"model\": \"acme/llama:1.0\", \"version\": \"1.10.0\", \"size\": 1073741824, "
	"\"files\": 3,"
	" \"publisher\": \"acme\", \"project\": \"\", \"formats\": [\"safetensors\", \"json\"], \"licences\": [],"
	" \"imported\": \"2026-11-01T00:00:00Z\","
	" \"scan\": {\"verdict\": \"REVIEW\", \"coverage\": 99.5},"
	" \"findings\": ["
	"  {\"id\": \"GH-A-0001\", \"severity\": \"low\", \"stage\": \"code\", \"file\": \"a\"},"
	"  {\"id\": \"GH-B-0002\", \"severity\": \"high\", \"stage\": \"network\"}],"
	" \"badge\": {\"issued\": \"2026-12-01T00:00:00Z\"},"
	" \"attestation\": {\"class\": \"vm-tee\"},"
	" \"signature\": {\"verified\": false}, \"evidence\": {\"verified\": []}}";
enum { AT = 1795305600 }; /* 2026-11-22T00:00:00Z */

struct given {
	struct gh_arena arena;
	struct gh_facts *facts;
};

static int start(void **state)
{
	static struct given g;
	struct gh_err err = { 0 };
	g = (struct given){ .arena = { .max = 16 << 20 } };
	g.facts = gh_facts_new(&g.arena);
	assert_non_null(g.facts);
	assert_int_equal(gh_facts_read(g.facts, gh_span_str(facts_text), &err), GH_OK);
	*state = &g;
	return 0;
}

static int end(void **state)
{
	gh_arena_free(&((struct given *)*state)->arena);
	return 0;
}

static enum expr_answer ask(struct given *g, const char *text, struct expr_asking *q)
{
	static uint64_t steps;
	struct expr e;
	struct expr_err err;
	steps = 1 << 20;
	*q = (struct expr_asking){ .facts = g->facts, .at = AT, .steps = &steps };
	if (expr_read(&g->arena, gh_span_str(text), &e, &err) != GH_OK)
		fail_msg("%s: refused: %s", text, err.what);
	return expr_ask(&e, q);
}

static void answers(void **state)
{
	static const struct {
		const char *text;
		enum expr_answer is;
	} rows[] = {
		{ "size == 1 GiB", EXPR_TRUE },
		{ "size > 1 GB", EXPR_TRUE },
		{ "size == 1073741824", EXPR_TRUE },
		{ "size < 1GiB", EXPR_FALSE },
		{ "files >= 3 and files <= 3 and files != 4", EXPR_TRUE },
		{ "publisher == \"acme\"", EXPR_TRUE },
		{ "publisher != 'acme'", EXPR_FALSE },
		{ "project == \"\"", EXPR_TRUE },
		{ "version > \"1.9.0\"", EXPR_TRUE }, /* by numbers, not by letters */
		{ "version == \"1.10.0+build.7\"", EXPR_TRUE },
		{ "version in [\"2.0.0\", \"1.10.0\"]", EXPR_TRUE },
		{ "imported < 2026-11-02 and imported >= \"2026-11-01T00:00:00Z\"", EXPR_TRUE },
		{ "import.age == 21d", EXPR_TRUE },
		{ "import.age > 3w", EXPR_FALSE },
		{ "scan.coverage >= 99.5% and scan.coverage < 99.5001%", EXPR_TRUE },
		{ "scan.verdict >= REVIEW and scan.verdict < INCOMPLETE", EXPR_TRUE },
		{ "scan.verdict in [CLEAN, UNSAFE]", EXPR_FALSE },
		{ "attestation.class >= enclave", EXPR_TRUE }, /* of equal rank */
		{ "attestation.class == enclave", EXPR_FALSE },
		{ "formats contains \"json\"", EXPR_TRUE },
		{ "formats not contains \"json\"", EXPR_FALSE },
		{ "publisher contains \"cm\"", EXPR_TRUE },
		{ "publisher in formats", EXPR_FALSE },
		{ "model like \"acme/*:1.*\"", EXPR_TRUE },
		{ "model not like \"other/**\"", EXPR_TRUE },
		{ "any(formats, . like \"safe*\")", EXPR_TRUE },
		{ "all(formats, . in [\"json\", \"safetensors\"])", EXPR_TRUE },
		{ "none(licences)", EXPR_TRUE },
		{ "any(licences)", EXPR_FALSE },
		{ "all(licences, . == \"mit\")", EXPR_TRUE }, /* of none: as logic has it */
		{ "any(findings, .severity >= high and .stage == network)", EXPR_TRUE },
		{ "any(findings, .severity >= high and .stage == code)", EXPR_FALSE },
		{ "all(findings, .severity >= low)", EXPR_TRUE },
		{ "none(findings, .severity == critical)", EXPR_TRUE },
		{ "count(findings) == 2 and count(findings, .severity < high) == 1", EXPR_TRUE },
		{ "any(findings, .id == publisher)", EXPR_FALSE },
		/* three values */
		{ "environment == \"x\"", EXPR_UNKNOWN },
		{ "not (environment == \"x\")", EXPR_UNKNOWN },
		{ "environment == \"x\" and size < 1 B", EXPR_FALSE },
		{ "environment == \"x\" or size > 1 B", EXPR_TRUE },
		{ "environment == \"x\" or size < 1 B", EXPR_UNKNOWN },
		{ "known(environment)", EXPR_FALSE },
		{ "not known(environment) or environment == \"x\"", EXPR_TRUE },
		{ "any(findings, .file == \"a\")", EXPR_TRUE },
		{ "any(findings, .file == \"z\")", EXPR_UNKNOWN }, /* one has no file */
		{ "all(findings, .file == \"a\")", EXPR_UNKNOWN },
		{ "all(findings, .file == \"z\")", EXPR_FALSE },
		{ "none(findings, .file == \"a\")", EXPR_FALSE },
		{ "count(findings, .file == \"a\") >= 1", EXPR_TRUE }, /* one for sure, perhaps two */
		{ "count(findings, .file == \"a\") >= 2", EXPR_UNKNOWN },
		{ "count(findings, .file == \"a\") > 2", EXPR_FALSE },
		{ "count(findings, .file == \"a\") < 3", EXPR_TRUE },
		{ "count(findings, .file == \"a\") <= 1", EXPR_UNKNOWN },
		{ "count(findings, .file == \"a\") == 1", EXPR_UNKNOWN },
		{ "count(findings, .file == \"a\") == 0", EXPR_FALSE },
		{ "count(findings, .file == \"a\") != 3", EXPR_TRUE },
		{ "count(findings) == files", EXPR_FALSE },
		{ "any(findings, known(.file) and .file == \"z\")", EXPR_FALSE },
		{ "any(stages)", EXPR_UNKNOWN },
		{ "none(stages)", EXPR_UNKNOWN },
		{ "count(stages) == 0", EXPR_UNKNOWN },
		{ "badge.age > 1s", EXPR_UNKNOWN }, /* issued in the future */
		{ "known(badge.age)", EXPR_FALSE },
		{ "known(badge.issued)", EXPR_TRUE },
		/* how tightly things bind */
		{ "size > 1 B or size < 1 B and size < 1 B", EXPR_TRUE },
		{ "(size > 1 B or size < 1 B) and size < 1 B", EXPR_FALSE },
		{ "not size < 1 B and size > 1 B", EXPR_TRUE },
		{ "not not size > 1 B", EXPR_TRUE },
		{ "not (size < 1 B or files == 3)", EXPR_FALSE },
		{ "not signature.verified", EXPR_TRUE },
		{ "signature.verified == false", EXPR_TRUE },
		{ "true and not false", EXPR_TRUE },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct expr_asking q;
		enum expr_answer is = ask(*state, rows[i].text, &q);
		if (is != rows[i].is)
			fail_msg("%s: %d, expected %d", rows[i].text, is, rows[i].is);
	}
}

static void refused(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *text;
		uint32_t at;
		const char *says;
	} rows[] = {
		{ "", 0, "ends too early" },
		{ "size >", 6, "here a size such as 10 GiB is expected" },
		{ "size > 10 GiB and", 17, "ends too early" },
		{ "sise > 1 B", 0, "there is no fact 'sise': is 'size' meant?" },
		{ "verdict == CLEAN", 0, "is 'scan.verdict' meant?" },
		{ "size", 0, "which is no condition: compare it" },
		{ "findings", 0, "ask any() of it" },
		{ "size = 1", 5, "write '=='" },
		{ "size > 1 & size < 2", 9, "write 'and'" },
		{ "size > 30d", 7, "cannot be compared with size" },
		{ "import.age > 30", 13, "write a duration such as 30d" },
		{ "scan.coverage > 3", 16, "write a percentage" },
		{ "scan.verdict == clean", 16, "CLEAN, REVIEW, INCOMPLETE, UNSAFE" },
		{ "badge.state >= none", 12, "have no order" },
		{ "publisher > \"a\"", 10, "which has no order" },
		{ "formats == \"a\"", 8, "is a list" },
		{ "findings.severity > low", 0, "write any(findings, .severity" },
		{ ".severity > low", 0, "may stand inside any()" },
		{ "any(findings, .severty > low)", 14, "is 'severity' meant?" },
		{ "any(findings, . == \"a\")", 14, "name a field" },
		{ "any(formats, .x == \"a\")", 13, "texts without fields" },
		{ "any(size)", 4, "looks at a list" },
		{ "any(findings, any(formats))", 14, "there is no second one" },
		{ "all(findings)", 12, "needs a condition" },
		{ "any(findings", 12, "expected, or ')'" },
		{ "any findings", 4, "stands '('" },
		{ "(size > 1", 0, "never closed" },
		{ "size > 1)", 8, "never opened" },
		{ "any(findings, .severity > low", 0, "never closed" },
		{ "publisher == \"a", 13, "has no end" },
		{ "publisher == \"\\a\"", 13, "followed by another one" },
		{ "3 < size", 0, "here a condition is expected" },
		{ "\"x\" == publisher", 0, "here a condition is expected" },
		{ "size > files", 7, "they cannot be compared" },
		{ "publisher in []", 14, "at least one" },
		{ "publisher in \"a\"", 13, "stands a list" },
		{ "publisher in [\"a\" \"b\"]", 18, "',' or ']'" },
		{ "formats in [\"a\"]", 8, "any(…, . in […])" },
		{ "publisher like acme", 15, "a pattern in quotes" },
		{ "publisher not acme", 14, "'in', 'contains' or 'like'" },
		{ "version > \"not one\"", 10, "write a version" },
		{ "imported > 2026-02-30", 11, "write a date" },
		{ "size > 1 size < 2", 9, "cannot stand here" },
		{ "size > 9223372036854775808", 7, "write a size" },
		{ "import.age > 99999999999999999w", 13, "write a duration" },
		{ "size > 1 and $", 13, "means nothing here" },
		{ "known(3)", 6, "name it" },
		{ "size > 1 == size < 2", 9, "what stands before this is no fact" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct expr e;
		struct expr_err err;
		if (expr_read(&g->arena, gh_span_str(rows[i].text), &e, &err) != GH_E_MALFORMED)
			fail_msg("%s: not refused", rows[i].text);
		if (err.off != rows[i].at || strstr(err.what, rows[i].says) == NULL)
			fail_msg("%s: at %u: %s; expected at %u: %s", rows[i].text, err.off, err.what, rows[i].at,
				 rows[i].says);
	}
}

/* Everything that is bounded says so, whatever it is made of. */
static void bounded(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *head, *part, *tail, *says;
		int times;
	} rows[] = {
		{ "", "(", "size > 1", "are open", 65 },
		{ "", "not ", "size > 1", "are open", 65 },
		{ "size > 1", " and size > 1", "", "more than 256 parts", 90 },
		{ "size in [1", ", 1", "]", "at most 256 literals", 300 },
		{ "", "(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((", "",
		  "longer than 8192 bytes", 120 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_buf b = gh_buf(1 << 20);
		struct expr e;
		struct expr_err err;
		gh_buf_str(&b, rows[i].head);
		for (int k = 0; k < rows[i].times; k++)
			gh_buf_str(&b, rows[i].part);
		gh_buf_str(&b, rows[i].tail);
		assert_int_equal(expr_read(&g->arena, gh_buf_view(&b), &e, &err), GH_E_MALFORMED);
		if (strstr(err.what, rows[i].says) == NULL)
			fail_msg("%.20s…: %s; expected: %s", gh_buf_cstr(&b), err.what, rows[i].says);
	}
}

static void canonical(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "size>1", "  size  >  1 ", true },
		{ "publisher == 'a'", "publisher == \"a\"", true },
		{ "any( findings ,.severity>=high )", "any(findings, .severity >= high)", true },
		{ "not(size > 1)", "not (size > 1)", true },
		{ "size > 1", "size > 2", false },
		{ "publisher == \"a b\"", "publisher == \"a  b\"", false },
		{ "publisher == 'a\"'", "publisher == \"a\\\"\"", true },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct given *g = *state;
		struct expr a, b, again;
		struct expr_err err;
		assert_int_equal(expr_read(&g->arena, gh_span_str(rows[i].a), &a, &err), GH_OK);
		assert_int_equal(expr_read(&g->arena, gh_span_str(rows[i].b), &b, &err), GH_OK);
		assert_int_equal(gh_span_eq(a.canon, b.canon), rows[i].same);
		/* What was printed means the same when it is read. */
		assert_int_equal(expr_read(&g->arena, a.canon, &again, &err), GH_OK);
		assert_true(gh_span_eq(a.canon, again.canon));
	}
}

static void reasons(void **state)
{
	struct given *g = *state;
	struct expr_asking q;
	struct expr_match match[1];
	struct expr e;
	struct expr_err err;
	uint64_t steps = 1000;
	assert_int_equal(ask(g, "environment == \"x\" and files == 3 and source == \"y\"", &q), EXPR_UNKNOWN);
	assert_int_equal(q.nmissing, 2); /* and not files */
	assert_int_equal(ask(g, "environment == \"x\" or known(source) or any(stages, .state == run)", &q),
			 EXPR_UNKNOWN);
	assert_int_equal(q.nmissing, 2); /* the list, and not its fields */
	assert_int_equal(ask(g, "any(findings, .file == \"z\")", &q), EXPR_UNKNOWN);
	assert_int_equal(q.nmissing, 1);
	assert_string_equal(gh_fact_rows[q.missing[0]].name, "findings.file");

	assert_int_equal(expr_read(&g->arena, GH_SPAN("any(findings, .severity >= low)"), &e, &err), GH_OK);
	q = (struct expr_asking){ .facts = g->facts, .at = AT, .steps = &steps, .match = match, .match_max = 1 };
	assert_int_equal(expr_ask(&e, &q), EXPR_TRUE);
	assert_int_equal(q.nmatch, 1);
	assert_int_equal(q.matches, 2);
	steps = 3; /* too few for two records */
	assert_int_equal(expr_ask(&e, &q), EXPR_UNKNOWN);
}

static void evidence_of_others(void **state)
{
	static const struct {
		const char *text;
		bool own, less, shout;
	} rows[] = {
		{ "any(evidence.findings, .severity >= high)", false, false, false },
		{ "none(evidence.findings)", false, true, true },
		{ "not any(evidence.findings)", false, true, true },
		{ "not none(evidence.findings)", false, false, false },
		{ "all(evidence.findings, .severity < high)", false, true, true },
		{ "not all(evidence.findings, .severity < high)", false, false, false },
		{ "count(evidence.findings) > 3", false, false, false },
		{ "count(evidence.findings) <= 3", false, true, true },
		{ "not (count(evidence.findings) <= 3)", false, false, false },
		{ "count(evidence.findings) == 3", false, true, true },
		{ "known(evidence.findings)", false, true, true },
		{ "not any(evidence.verified, .kind == provenance)", false, true, false },
		{ "any(findings) or any(evidence.findings)", true, false, false },
		{ "any(findings) and not any(evidence.verified)", true, true, false },
		{ "any(findings, .severity >= high and not signature.verified)", true, true, false },
		{ "any(findings, not (known(evidence.verified)))", true, true, false },
		{ "none(evidence.verified, .result == pass) and scan.verdict == REVIEW", true, true, false },
		{ "signature.identity like \"**@acme.example\"", false, true, false },
		{ "publisher == signature.identity and size > 1", false, true, false },
		{ "size > 1", false, false, false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct given *g = *state;
		struct expr e;
		struct expr_err err;
		if (expr_read(&g->arena, gh_span_str(rows[i].text), &e, &err) != GH_OK)
			fail_msg("%s: refused: %s", rows[i].text, err.what);
		if (e.own != rows[i].own || e.foreign_less != rows[i].less || e.shout_less != rows[i].shout)
			fail_msg("%s: own %d, less %d, shout %d", rows[i].text, e.own, e.foreign_less, e.shout_less);
	}
}

static void patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text;
		bool fits;
	} rows[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "a", true },
		{ "a*", "a", true },
		{ "a*", "abc", true },
		{ "*c", "abc", true },
		{ "a*c", "abbbc", true },
		{ "a*c", "abbb", false },
		{ "*", "a/b", false },
		{ "**", "a/b", true },
		{ "a/*", "a/b/c", false },
		{ "a/**", "a/b/c", true },
		{ "a/**/c", "a/b/b/c", true },
		{ "a?c", "abc", true },
		{ "a?c", "a/c", false },
		{ "?", "\xc3\xa9", true },
		{ "??", "\xc3\xa9", false },
		{ "??", "\xc3\xa9x", true },
		{ "acme/*:1.*", "acme/llama:1.0", true },
		{ "acme/*:1.*", "acme/p/llama:1.0", false },
		{ "***", "a/b", true },
		{ "a", "A", false },
		{ "*a*b*c*", "xxaxxbxxcxx", true },
		{ "*a*b*c*", "xxaxxcxxbxx", false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (gh_glob(gh_span_str(rows[i].pattern), gh_span_str(rows[i].text)) != rows[i].fits)
			fail_msg("'%s' and '%s'", rows[i].pattern, rows[i].text);
	/* What ruins matchers that try again: 2^80 ways. */
	char many[4096];
	memset(many, 'a', sizeof many);
	gh_auto_buf p = gh_buf(512);
	for (int i = 0; i < 80; i++)
		gh_buf_str(&p, "a**");
	gh_buf_ch(&p, 'b');
	assert_false(gh_glob(gh_buf_view(&p), (struct gh_span){ (uint8_t *)many, sizeof many }));
}

static void units(void **state)
{
	(void)state;
	static const struct {
		bool (*read)(struct gh_span, int64_t *);
		const char *text;
		int64_t is; /* -1: refused */
		void (*put)(struct gh_buf *, int64_t);
		const char *back;
	} rows[] = {
		{ gh_unit_duration, "30d", 2592000, gh_unit_put_duration, "30d" },
		{ gh_unit_duration, "1d12h", 129600, gh_unit_put_duration, "1d12h" },
		{ gh_unit_duration, "2w", 1209600, gh_unit_put_duration, "14d" },
		{ gh_unit_duration, "0s", 0, gh_unit_put_duration, "0s" },
		{ gh_unit_duration, "90", -1, NULL, NULL },
		{ gh_unit_duration, "12h1d", -1, NULL, NULL },
		{ gh_unit_duration, "1d1d", -1, NULL, NULL },
		{ gh_unit_duration, "", -1, NULL, NULL },
		{ gh_unit_duration, "-1d", -1, NULL, NULL },
		{ gh_unit_duration, "9223372036854775807d", -1, NULL, NULL },
		{ gh_unit_size, "10 GiB", 10737418240, gh_unit_put_size, "10 GiB" },
		{ gh_unit_size, "1500 B", 1500, gh_unit_put_size, "1500 B" },
		{ gh_unit_size, "1KB", 1000, gh_unit_put_size, "1000 B" },
		{ gh_unit_size, "8192 PiB", -1, NULL, NULL }, /* 2^63 */
		{ gh_unit_size, "8191 PiB", (int64_t)8191 << 50, gh_unit_put_size, "8191 PiB" },
		{ gh_unit_size, "1", -1, NULL, NULL },
		{ gh_unit_size, "1  GiB", -1, NULL, NULL },
		{ gh_unit_time, "1970-01-01", 0, gh_unit_put_time, "1970-01-01T00:00:00Z" },
		{ gh_unit_time, "2026-11-22T10:00:00Z", 1795341600, gh_unit_put_time, "2026-11-22T10:00:00Z" },
		{ gh_unit_time, "2026-11-22T12:00:00+02:00", 1795341600, NULL, NULL },
		{ gh_unit_time, "2026-11-22t10:00:00.999z", 1795341600, NULL, NULL },
		{ gh_unit_time, "2000-02-29", 951782400, gh_unit_put_time, "2000-02-29T00:00:00Z" },
		{ gh_unit_time, "1900-02-29", -1, NULL, NULL },
		{ gh_unit_time, "2026-11-22T10:00:00", -1, NULL, NULL },
		{ gh_unit_time, "2026-11-22T25:00:00Z", -1, NULL, NULL },
		{ gh_unit_time, "2026-11-22T10:00:00Zx", -1, NULL, NULL },
		{ gh_unit_time, "9999-12-31T23:59:59Z", 253402300799, gh_unit_put_time, "9999-12-31T23:59:59Z" },
		{ gh_unit_time, "0000-01-01", -1, NULL, NULL },
		{ gh_unit_int, "9223372036854775807", INT64_MAX, NULL, NULL },
		{ gh_unit_int, "9223372036854775808", -1, NULL, NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		int64_t v = -1;
		bool ok = rows[i].read(gh_span_str(rows[i].text), &v);
		if (ok != (rows[i].is != -1) || (ok && v != rows[i].is))
			fail_msg("%s: %d %lld", rows[i].text, ok, (long long)v);
		if (rows[i].put == NULL)
			continue;
		gh_auto_buf b = gh_buf(100);
		rows[i].put(&b, v);
		assert_string_equal(gh_buf_cstr(&b), rows[i].back);
	}
	int64_t v;
	assert_true(gh_unit_percent(GH_SPAN("99.99999"), false, &v) && v == 999999); /* never rounded up */
	assert_true(gh_unit_percent(GH_SPAN("100%"), true, &v) && v == 1000000);
	assert_false(gh_unit_percent(GH_SPAN("100.1"), false, &v));
	assert_false(gh_unit_percent(GH_SPAN("99.99999%"), true, &v));
	gh_auto_buf b = gh_buf(100);
	gh_unit_put_time(&b, INT64_MAX);
	gh_unit_put_time(&b, INT64_MIN);
	gh_unit_put_percent(&b, 995000);
	gh_unit_put_duration(&b, INT64_MIN);
	assert_non_null(strstr(gh_buf_cstr(&b), "9999-12-31T23:59:59Z0001-01-01T00:00:00Z99.5%-"));
}

/* Every day of 800 years: there and back. */
static void calendar(void **state)
{
	(void)state;
	for (int64_t d = -719162; d < 292194 - 719162 + 292194; d++) {
		gh_auto_buf b = gh_buf(64);
		int64_t back;
		gh_unit_put_time(&b, d * 86400 + 86399);
		if (!gh_unit_time(gh_buf_view(&b), &back) || back != d * 86400 + 86399)
			fail_msg("day %lld: %s", (long long)d, gh_buf_cstr(&b));
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(answers, start, end),
		cmocka_unit_test_setup_teardown(refused, start, end),
		cmocka_unit_test_setup_teardown(bounded, start, end),
		cmocka_unit_test_setup_teardown(canonical, start, end),
		cmocka_unit_test_setup_teardown(reasons, start, end),
		cmocka_unit_test_setup_teardown(evidence_of_others, start, end),
		cmocka_unit_test(patterns),
		cmocka_unit_test(units),
		cmocka_unit_test(calendar),
	};
	return cmocka_run_group_tests_name("policy_expr", t, NULL, NULL);
}

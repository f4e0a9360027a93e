/* Statements of others: of which form a document is, and what a report of another scanner says. */
#include "support/cm.h"

#include "base/buf.h"
#include "scan/evidence_read.h"

static void forms(void **state)
{
	static const struct {
		const char *text;
		enum gh_rc rc;
		enum gh_evidence_form form;
		const char *predicate;
	} rows[] = {
		{ "{}", GH_OK, GH_EF_OTHER, "" },
		{ "{\"version\":\"2.1.0\",\"runs\":[]}", GH_OK, GH_EF_SARIF, "" },
		{ "\xef\xbb\xbf{\"version\":\"2.1.0\",\"runs\":[]}", GH_OK, GH_EF_SARIF, "" },
		{ "{\"version\":\"2.1.0\",\"runs\":[{}]}", GH_E_MALFORMED, 0, "" }, /* a run of no tool */
		{ "{\"bomFormat\":\"CycloneDX\"}", GH_OK, GH_EF_CYCLONEDX, "" },
		{ "{\"spdxVersion\":\"SPDX-2.3\"}", GH_OK, GH_EF_SPDX, "" },
		{ "{\"@context\":\"https://openvex.dev/ns/v0.2.0\"}", GH_E_MALFORMED, 0, "" }, /* it says nothing */
		{ "{\"@context\":\"https://openvex.dev/"
		  "ns\",\"statements\":[{\"vulnerability\":\"CVE-1\",\"status\":\"fixed\"}]}",
		  GH_OK, GH_EF_VEX, "" },
		{ "{\"document\":{\"category\":\"csaf_vex\"}}", GH_OK, GH_EF_VEX, "" },
		{ "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://x/y\"}", GH_OK,
		  GH_EF_STATEMENT, "https://x/y" },
		{ "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\"}", GH_OK, GH_EF_BUNDLE, "" },
		{ "{\"payloadType\":\"t\",\"payload\":\"e30=\",\"signatures\":[]}", GH_OK, GH_EF_ENVELOPE, "" },
		{ "[]", GH_E_MALFORMED, 0, "" },
		{ "{\"a\":1,\"a\":2}", GH_E_MALFORMED, 0, "" }, /* two readers would differ */
		{ "", GH_E_MALFORMED, 0, "" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		struct gh_evidence_doc d;
		struct gh_err err = { 0 };
		enum gh_rc rc = gh_evidence_read(&a, gh_span_str(rows[i].text), &d, &err);
		if (rc != rows[i].rc)
			fail_msg("%s: %d", rows[i].text, rc);
		if (rc == GH_OK && (d.form != rows[i].form || !gh_span_is(d.predicate, rows[i].predicate)))
			fail_msg("%s: %s", rows[i].text, gh_evidence_form_name(d.form));
	}
}

#define RULES \
	"\"rules\":[{\"id\":\"crit\",\"properties\":{\"security-severity\":\"9.0\"}}," \
	"{\"id\":\"low\",\"properties\":{\"security-severity\":0.1}}," \
	"{\"id\":\"err\",\"defaultConfiguration\":{\"level\":\"error\"}}]"

static void severities(void **state)
{
	static const struct {
		const char *result, *id;
		int severity; /* -1: left out */
	} rows[] = {
		{ "\"ruleId\":\"crit\",\"level\":\"none\"", "crit", GH_CRITICAL }, /* the score counts, not the level */
		{ "\"ruleId\":\"low\"", "low", GH_LOW },
		{ "\"ruleId\":\"err\"", "err", GH_HIGH },
		{ "\"ruleId\":\"err\",\"level\":\"note\"", "err", GH_LOW },
		{ "\"ruleIndex\":0", "crit", GH_CRITICAL },
		{ "\"rule\":{\"id\":\"err\",\"index\":2}", "err", GH_HIGH },
		{ "\"ruleId\":\"err\",\"ruleIndex\":0", "err", GH_HIGH }, /* index and id disagree: the id */
		{ "\"ruleIndex\":99", "unnamed", GH_MEDIUM },
		{ "\"ruleId\":\"other\"", "other", GH_MEDIUM },
		{ "\"ruleId\":\"other\",\"level\":\"shout\"", "other", GH_MEDIUM },
		{ "\"ruleId\":\"x\",\"properties\":{\"security-severity\":\"7.0\"}", "x", GH_HIGH },
		{ "\"ruleId\":\"x\",\"properties\":{\"security-severity\":\"99\"},\"level\":\"note\"", "x", GH_LOW },
		{ "\"ruleId\":\"x\",\"properties\":{\"security-severity\":\"-1\"},\"level\":\"error\"", "x", GH_HIGH },
		{ "\"ruleId\":\"x\",\"kind\":\"pass\"", "", -1 },
		{ "\"ruleId\":\"x\",\"kind\":\"informational\"", "", -1 },
		{ "\"ruleId\":\"x\",\"level\":\"error\",\"suppressions\":[{\"kind\":\"external\"}]", "x", GH_HIGH },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		gh_auto_buf text = gh_buf(1 << 20);
		struct gh_evidence_doc d;
		struct gh_err err = { 0 };
		gh_buf_fmt(&text,
			   "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"t\"," RULES
			   "}},\"results\":[{%s}]}]}",
			   rows[i].result);
		assert_int_equal(gh_evidence_read(&a, gh_buf_view(&text), &d, &err), GH_OK);
		if (rows[i].severity < 0
			    ? d.found != 0
			    : d.n != 1 || (int)d.finding[0].severity != rows[i].severity ||
				      !gh_span_is(d.finding[0].id, rows[i].id) || !gh_span_is(d.finding[0].tool, "t"))
			fail_msg("%s: %zu findings, severity %d", rows[i].result, d.n,
				 d.n > 0 ? (int)d.finding[0].severity : -1);
	}
}

/* Very many harmless ones push nothing bad out, and it is said what the rest may hold. */
static void crowd(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 64 << 20 };
	gh_auto_buf text = gh_buf(4 << 20);
	struct gh_evidence_doc d;
	struct gh_err err = { 0 };
	gh_buf_str(&text, "{\"version\":\"2.1.0\",\"runs\":[{\"tool\":{\"driver\":{\"name\":\"t\"}},\"results\":[");
	for (int i = 0; i < GH_EVIDENCE_FINDINGS + 10; i++)
		gh_buf_str(&text, "{\"ruleId\":\"n\",\"level\":\"note\"},");
	gh_buf_str(&text, "{\"ruleId\":\"bad\",\"level\":\"error\"}]}]}");
	assert_int_equal(gh_evidence_read(&a, gh_buf_view(&text), &d, &err), GH_OK);
	assert_int_equal(d.found, GH_EVIDENCE_FINDINGS + 11);
	assert_int_equal(d.n, GH_EVIDENCE_FINDINGS);
	assert_true(gh_span_is(d.finding[0].id, "bad"));
	assert_int_equal(d.more, GH_LOW);
}

/* ---- VEX and test results -------------------------------------------------------------------------------------------------- */

#define CVE(x) "\"vulnerability\":{\"name\":\"" x "\"}"
#define AT(x) ",\"timestamp\":\"" x "T00:00:00Z\""

/* What is kept of it, in a line: "ID ABOUT WORD;" for each claim, in order. */
static void shown(const struct gh_evidence_doc *d, struct gh_buf *out)
{
	for (size_t i = 0; i < d->nclaim; i++) {
		gh_buf_span(out, d->claim[i].id);
		gh_buf_fmt(out, " %s", d->claim[i].about.n > 0 ? "" : "-");
		gh_buf_span(out, d->claim[i].about);
		gh_buf_fmt(out, " %s;", gh_evidence_word_name(d->claim[i].word));
	}
}

struct said {
	const char *text, *claims; /* claims NULL: refused, and why holds `why` */
	size_t findings;
	enum gh_severity worst;
	const char *why;
};

static void compare(const struct said *row, const char *before, const char *after)
{
	gh_auto_arena a = { .max = 16 << 20 };
	gh_auto_buf text = gh_buf(1 << 20), got = gh_buf(1 << 20);
	struct gh_evidence_doc d;
	struct gh_err err = { 0 };
	char line[1024];
	gh_buf_fmt(&text, "%s%s%s", before, row->text, after);
	enum gh_rc rc = gh_evidence_read(&a, gh_buf_view(&text), &d, &err);
	if (row->claims == NULL) {
		if (rc != GH_E_MALFORMED || strstr(gh_err_line(&err, line, sizeof line), row->why) == NULL)
			fail_msg("%s: %d %s", row->text, rc, gh_err_line(&err, line, sizeof line));
		return;
	}
	if (rc != GH_OK)
		fail_msg("%s: %s", row->text, gh_err_line(&err, line, sizeof line));
	shown(&d, &got);
	if (strcmp(gh_buf_cstr(&got), row->claims) != 0 || d.found != row->findings || !d.read ||
	    (row->findings > 0 && d.finding[0].severity != row->worst))
		fail_msg("%s: %s, %zu findings", row->text, gh_buf_cstr(&got), (size_t)d.found);
}

static void vex(void **state)
{
	static const struct said rows[] = {
		{ "{" CVE("CVE-1") ",\"status\":\"affected\",\"products\":[{\"@id\":\"pkg:pypi/a@1\"}]}",
		  "CVE-1 pkg:pypi/a@1 affected;", 1, GH_HIGH, NULL },
		{ "{\"vulnerability\":{\"name\":\"CVE-1\",\"aliases\":[\"GHSA-1\"]},\"status\":\"under_"
		  "investigation\"}",
		  "CVE-1 - under_investigation;GHSA-1 - under_investigation;", 2, GH_MEDIUM, NULL },
		{ "{\"vulnerability\":\"CVE-1\",\"status\":\"fixed\",\"products\":[\"pkg:pypi/a\",\"pkg:pypi/b\"]}",
		  "CVE-1 pkg:pypi/a fixed;CVE-1 pkg:pypi/b fixed;", 0, GH_INFO, NULL },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\",\"products\":[{\"@id\":\"x\",\"identifiers\":{\"purl\":\"pkg:"
				   "x/y\"},"
				   "\"subcomponents\":[{\"@id\":\"pkg:s/1\"},{\"@id\":\"pkg:s/2\"}]}]}",
		  "CVE-1 pkg:s/1 fixed;CVE-1 pkg:s/2 fixed;", 0, GH_INFO, NULL },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\",\"products\":[{\"@id\":\"x\",\"identifiers\":{\"purl\":\"pkg:"
				   "x/y\"}}]}",
		  "CVE-1 pkg:x/y fixed;", 0, GH_INFO, NULL },
		/* of two about the same the newer one, wherever it stands */
		{ "{" CVE("CVE-1") AT("2026-03-01") ",\"status\":\"fixed\"},{" CVE("CVE-1")
			  AT("2026-02-01") ",\"status\":\"affected\"}",
		  "CVE-1 - fixed;", 0, GH_INFO, NULL },
		{ "{" CVE("CVE-1")
			  AT("2026-02-01") ",\"status\":\"fixed\",\"last_updated\":\"2026-04-01T00:00:00Z\"},{" CVE(
				  "CVE-1") AT("2026-03-01") ",\"status\":\"affected\"}",
		  "CVE-1 - fixed;", 0, GH_INFO, NULL },
		{ "{" CVE("CVE-1") AT("2026-02-01") ",\"status\":\"fixed\"},{" CVE("CVE-1")
			  AT("2026-03-01") ",\"status\":\"affected\"}",
		  "CVE-1 - affected;", 1, GH_HIGH, NULL },
		/* equally new: the stricter one, in either order */
		{ "{" CVE("CVE-1") ",\"status\":\"affected\"},{" CVE("CVE-1") ",\"status\":\"fixed\"}",
		  "CVE-1 - affected;", 1, GH_HIGH, NULL },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\"},{" CVE("CVE-1") ",\"status\":\"under_investigation\"}",
		  "CVE-1 - under_investigation;", 1, GH_MEDIUM, NULL },
		{ "{" CVE("CVE-1") ",\"status\":\"not_affected\",\"justification\":\"component_not_present\"}",
		  "CVE-1 - not_affected;", 0, GH_INFO, NULL },
		{ "{" CVE("CVE-1") ",\"status\":\"not_affected\"}", NULL, 0, 0, "neither justification" },
		{ "{" CVE("CVE-1") ",\"status\":\"harmless\"}", NULL, 0, 0, "a status is none of" },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\",\"timestamp\":\"soon\"}", NULL, 0, 0,
		  "timestamp is no time" },
		{ "{\"status\":\"fixed\"}", NULL, 0, 0, "name of a vulnerability" },
		{ "{" CVE("") ",\"status\":\"fixed\"}", NULL, 0, 0, "name of a vulnerability" },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\",\"products\":[{}]}", NULL, 0, 0, "identifier of a product" },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\",\"products\":{}}", NULL, 0, 0, "no list" },
		{ "{" CVE("CVE-1") ",\"status\":\"fixed\"},{}", NULL, 0, 0, "statement 2" },
		{ "", NULL, 0, 0, "without statements" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		compare(&rows[i], "{\"@context\":\"https://openvex.dev/ns/v0.2.0\",\"author\":\"v\",\"statements\":[",
			"]}");
		compare(&rows[i],
			"{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":\"https://openvex.dev/ns/"
			"v0.2.0\","
			"\"predicate\":{\"author\":\"v\",\"statements\":[",
			"]}}");
	}
}

static void tests_of_others(void **state)
{
	static const struct {
		struct said said;
		enum gh_evidence_result result;
	} rows[] = {
		{ { "\"result\":\"PASSED\",\"passedTests\":[\"a\",\"b\"]", "a - pass;b - pass;", 0, GH_INFO, NULL },
		  GH_ER_PASS },
		{ { "\"result\":\"PASSED\"", "", 0, GH_INFO, NULL }, GH_ER_PASS },
		{ { "\"result\":\"FAILED\"", "", 1, GH_HIGH, NULL }, GH_ER_FAIL },
		{ { "\"result\":\"WARNED\",\"warnedTests\":[\"a\"]", "a - warn;", 1, GH_MEDIUM, NULL }, GH_ER_WARN },
		/* the whole is no better than its parts, and a test in two lists has the worse result */
		{ { "\"result\":\"PASSED\",\"failedTests\":[\"a\"]", "a - fail;", 1, GH_HIGH, NULL }, GH_ER_FAIL },
		{ { "\"result\":\"PASSED\",\"passedTests\":[\"a\"],\"warnedTests\":[\"a\"]", "a - warn;", 1, GH_MEDIUM,
		    NULL },
		  GH_ER_WARN },
		{ { "\"result\":\"passed\"", NULL, 0, 0, "none of PASSED" }, 0 },
		{ { "\"failedTests\":[]", NULL, 0, 0, "none of PASSED" }, 0 },
		{ { "\"result\":\"PASSED\",\"failedTests\":\"a\"", NULL, 0, 0, "failedTests is no list" }, 0 },
		{ { "\"result\":\"PASSED\",\"passedTests\":[1]", NULL, 0, 0, "name of a test" }, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		gh_auto_buf text = gh_buf(1 << 20);
		struct gh_evidence_doc d;
		struct gh_err err = { 0 };
		static const char head[] = "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicateType\":"
					   "\"https://in-toto.io/attestation/test-result/v0.1\",\"predicate\":{";
		compare(&rows[i].said, head, "}}");
		if (rows[i].said.claims == NULL)
			continue;
		gh_buf_fmt(&text, "%s%s}}", head, rows[i].said.text);
		assert_int_equal(gh_evidence_read(&a, gh_buf_view(&text), &d, &err), GH_OK);
		if (d.result != rows[i].result)
			fail_msg("%s: %s", rows[i].said.text, gh_evidence_result_name(d.result));
	}
}

/* A list that is longer than what is kept is refused: the rest of it might say otherwise. */
static void too_much(void **state)
{
	(void)state;
	gh_auto_arena a = { .max = 64 << 20 };
	gh_auto_buf text = gh_buf(4 << 20);
	struct gh_evidence_doc d;
	struct gh_err err = { 0 };
	gh_buf_str(&text, "{\"@context\":\"https://openvex.dev/ns\",\"statements\":[");
	for (int i = 0; i <= GH_EVIDENCE_CLAIMS; i++)
		gh_buf_fmt(&text, "%s{\"vulnerability\":\"CVE-%d\",\"status\":\"fixed\"}", i == 0 ? "" : ",", i);
	gh_buf_str(&text, "]}");
	assert_int_equal(gh_evidence_read(&a, gh_buf_view(&text), &d, &err), GH_E_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forms),	       cmocka_unit_test(severities),
					    cmocka_unit_test(crowd),	       cmocka_unit_test(vex),
					    cmocka_unit_test(tests_of_others), cmocka_unit_test(too_much) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

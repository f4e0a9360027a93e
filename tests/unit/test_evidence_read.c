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
		{ "{\"@context\":\"https://openvex.dev/ns/v0.2.0\"}", GH_OK, GH_EF_VEX, "" },
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

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(forms), cmocka_unit_test(severities),
					    cmocka_unit_test(crowd) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* SEV-SNP reports: every vector has its verdict, no bit of a good one can be changed, and the policy is what it says. */
#include "support/cm.h"

#include "attest/roots.h"
#include "crypto/x509chain.h"
#include "support/attested.h"

#include <string.h>

struct row {
	const char *report, *cert, *at, *policy, *report_data;
	enum gh_attest_verdict want;
	const char *bad; /* the checks that did not pass */
};
#define MILAN "snp/milan_v2_report.bin", "snp/milan_v2_vcek.der", "2024-01-01T00:00:00Z"
#define GENOA "snp/raw/trustee_e2e_genoa_v3_report.bin", "snp/raw/trustee_e2e_genoa_v3_vcek.der", "2025-06-01T00:00:00Z"
#define VLEK "snp/vlek_report.bin", "snp/vlek.der"
#define AZURE(x) \
	"snp/raw/azure_evidence-" x "_report.bin", "snp/raw/azure_evidence-" x "_vcek.pem", "2025-02-01T00:00:00Z"
static const struct row rows[] = {
	{ MILAN, NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ GENOA, NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ VLEK, "2025-01-15T00:00:00Z", NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ VLEK, "2026-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED, "validity" },
	{ VLEK, "2020-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED, "validity" },
	{ AZURE("v0"), NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ AZURE("v1"), NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ AZURE("v2"), NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ AZURE("genoa"), NULL, NULL, GH_ATTEST_ACCEPTED, "" },
	{ "snp/gosev_attestation.bin", "snp/gosev_vcek.der", "2023-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED,
	  "debug" },
	{ "snp/gosev_attestation.bin", "snp/gosev_vcek.der", "2023-01-01T00:00:00Z", "allow_debug: true\n", NULL,
	  GH_ATTEST_ACCEPTED, "" },
	{ "snp/milan_v2_report.bin", "snp/bad_vcek_new.der", "2024-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED,
	  "chain" },
	{ "snp/milan_v2_report.bin", "snp/bad_vcek_legacy.der", "2024-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED,
	  "chain" },
	{ "snp/milan_v2_report.bin", NULL, "2024-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_INCOMPLETE, "certificate" },
	{ "snp/milan_v2_report.bin", "snp/vlek.der", "2024-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED,
	  "certificate" },
	{ "snp/milan_v2_report.bin", "snp/gosev_vcek.der", "2024-01-01T00:00:00Z", NULL, NULL, GH_ATTEST_REJECTED,
	  "signature" },
	{ MILAN, "min_snp: 9\n", NULL, GH_ATTEST_REJECTED, "tcb_minimum tcb_launch tcb_rollback" },
	{ MILAN, "min_snp: 8\nmin_microcode: 115\n", NULL, GH_ATTEST_ACCEPTED, "" },
	{ MILAN, "min_microcode: 256\n", NULL, GH_ATTEST_REJECTED, "tcb_minimum tcb_minimum tcb_launch tcb_rollback" },
	{ MILAN, "require_committed_microcode: true\n", NULL, GH_ATTEST_REJECTED, "firmware" },
	{ MILAN, "{\"product\": [\"genoa\"]}", NULL, GH_ATTEST_REJECTED, "product" },
	{ MILAN,
	  "measurement: ["
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000]\n",
	  NULL, GH_ATTEST_REJECTED, "measurement" },
	{ VLEK, "2025-01-15T00:00:00Z", "vmpl: [0]\n", NULL, GH_ATTEST_REJECTED, "vmpl" },
	{ VLEK, "2025-01-15T00:00:00Z", "vmpl: [0, 1]\n", NULL, GH_ATTEST_ACCEPTED, "" },
	{ VLEK, "2025-01-15T00:00:00Z", "require_chip_id: true\n", NULL, GH_ATTEST_REJECTED, "chip" },
	{ VLEK, "2025-01-15T00:00:00Z", "csp_id: [CN=elsewhere]\n", NULL, GH_ATTEST_REJECTED, "csp_id" },
	{ MILAN, NULL, "00", GH_ATTEST_REJECTED, "report_data" },
};

static void vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *w = &rows[i];
		gh_auto_arena a = { .max = 1 << 20 };
		struct attested_file report = attested_load(w->report);
		struct attested_file cert = w->cert == NULL ? (struct attested_file){ 0 } : attested_load(w->cert);
		const struct gh_attest_file e = { GH_SPAN("cert"), { cert.p, cert.n } };
		uint8_t zero = 0;
		char bad[1000];
		struct gh_attest_question q = { .evidence = { report.p, report.n },
						.endorsement = &e,
						.nendorsement = w->cert != NULL,
						.at = attested_time(w->at),
						.report_data = { &zero, w->report_data != NULL } };
		if (report.p == NULL)
			skip();
		if (w->policy != NULL)
			assert_int_equal(gh_attest_policy_read(&a, gh_span_str(w->policy), gh_attest_kind("snp"),
							       &q.policy, NULL),
					 GH_OK);
		enum gh_attest_verdict v = attested("snp", &q, bad, sizeof bad);
		if (v != w->want || strcmp(bad, w->bad) != 0)
			fail_msg("row %zu: %s, not passed: %s", i, gh_attest_verdict_word(v), bad);
		free(report.p);
		free(cert.p);
	}
}

/* Every byte is signed, or must be zero, or is the signature. */
static void flips(const char *report, const char *cert, const char *at)
{
	struct attested_file r = attested_load(report), c = attested_load(cert);
	const struct gh_attest_file e = { GH_SPAN("cert"), { c.p, c.n } };
	struct gh_attest_question q = { .endorsement = &e, .nendorsement = 1, .at = attested_time(at) };
	char bad[200];
	if (r.p == NULL)
		skip();
	q.cache = gh_attest_cache_new();
	q.evidence = (struct gh_span){ r.p, r.n };
	assert_int_equal(attested("snp", &q, bad, sizeof bad), GH_ATTEST_ACCEPTED);
	for (size_t i = 0; i < r.n; i++) {
		uint8_t bit = (uint8_t)(1u << i % 8);
		r.p[i] ^= bit;
		if (attested("snp", &q, bad, sizeof bad) == GH_ATTEST_ACCEPTED)
			fail_msg("%s: a bit of byte 0x%zx can be changed", report, i);
		r.p[i] ^= bit;
	}
	for (size_t n = 0; n < r.n; n++) {
		q.evidence.n = n;
		assert_int_equal(attested("snp", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
	}
	q.evidence.n = r.n;
	assert_int_equal(attested("snp", &q, bad, sizeof bad), GH_ATTEST_ACCEPTED);
	gh_attest_cache_free(q.cache);
	free(r.p);
	free(c.p);
}

static void no_bit_can_be_changed(void **state)
{
	(void)state;
	flips("snp/milan_v2_report.bin", "snp/milan_v2_vcek.der", "2024-01-01T00:00:00Z");
	flips("snp/raw/trustee_e2e_genoa_v3_report.bin", "snp/raw/trustee_e2e_genoa_v3_vcek.der",
	      "2025-06-01T00:00:00Z");
	flips("snp/vlek_report.bin", "snp/vlek.der", "2025-01-15T00:00:00Z");
}

/* A certificate remembered from before is judged by the time of this question. */
static void warm_is_not_stale(void **state)
{
	struct attested_file r = attested_load("snp/vlek_report.bin"), c = attested_load("snp/vlek.der");
	const struct gh_attest_file e = { GH_SPAN("cert"), { c.p, c.n } };
	struct gh_attest_question q = { .evidence = { r.p, r.n }, .endorsement = &e, .nendorsement = 1 };
	char bad[200];
	(void)state;
	if (r.p == NULL)
		skip();
	q.cache = gh_attest_cache_new();
	q.at = attested_time("2025-01-15T00:00:00Z");
	assert_int_equal(attested("snp", &q, bad, sizeof bad), GH_ATTEST_ACCEPTED);
	q.at = attested_time("2026-01-15T00:00:00Z");
	assert_int_equal(attested("snp", &q, bad, sizeof bad), GH_ATTEST_REJECTED);
	assert_string_equal(bad, "validity");
	gh_attest_cache_free(q.cache);
	free(r.p);
	free(c.p);
}

static void policies_are_strict(void **state)
{
	static const struct {
		const char *text, *says;
	} wrong[] = {
		{ "mesurement: [00]\n", "does not know" },    { "measurement: [00]\n", "wrong length" },
		{ "measurement: []\n", "empty list" },	      { "allow_debug: yes\n", "true or false" },
		{ "min_snp: -1\n", "whole number" },	      { "min_snp: [1, 2]\n", "not a list" },
		{ "vmpl: 0\nvmpl: 1\n", "said twice" },	      { "- a\n", "a mapping" },
		{ "vmpl: 0\n---\nvmpl: 1\n", "one mapping" }, { "min_snp: 99999999999999999999\n", "whole number" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		const struct gh_attest_policy *p;
		struct gh_err err = { 0 };
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		assert_int_equal(gh_attest_policy_read(&a, gh_span_str(wrong[i].text), gh_attest_kind("snp"), &p, &err),
				 GH_E_MALFORMED);
		if (strstr(gh_err_line(&err, why, sizeof why), wrong[i].says) == NULL)
			fail_msg("%s: %s", wrong[i].text, why);
	}
}

/* What the appraisal takes for granted: each pinned root signed itself and the two issuers beside it. */
static void pinned_chains_hold(void **state)
{
	static const char *const product[] = { "milan", "genoa", "turin" };
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		gh_auto_certs c = { 0 };
		for (size_t k = 0; k < 3; k++) {
			static const char *const part[] = { "ark", "ask", "asvk" };
			char name[32];
			(void)snprintf(name, sizeof name, "amd-%s-%s", product[i], part[k]);
			assert_int_equal(gh_certs_add(&c, gh_attest_root(name), NULL), GH_OK);
			assert_true(gh_cert_issued(c.v[0], c.v[k]));
			assert_true(gh_cert_is_authority(c.v[k]));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pinned_chains_hold),	 cmocka_unit_test(vectors),
		cmocka_unit_test(no_bit_can_be_changed), cmocka_unit_test(warm_is_not_stale),
		cmocka_unit_test(policies_are_strict),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

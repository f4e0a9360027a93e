/* SGX and TDX: every given quote with its verdict, every byte of the good ones altered, every length of them. The vectors lie
 * beside the repository; without them the table is skipped, and says so. */
#include "attest/dcap.h"
#include "attest/kinds.h"
#include "wire/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DIR "../shared/vectors/attestation/dcap/"
enum { FILES = 8, ARENA = 8 << 20 };

static struct gh_span load(struct gh_arena *a, const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, DIR "%s", name);
	FILE *f = fopen(path, "rb");
	if (f == NULL)
		return (struct gh_span){ 0 };
	uint8_t *p = GH_NEW(a, uint8_t, 2 << 20);
	size_t n = fread(p, 1, 2 << 20, f);
	(void)fclose(f);
	return (struct gh_span){ p, n };
}

static int64_t when(const char *s)
{
	int64_t t = 0;
	assert_true(gh_datetime_read(gh_span_str(s), &t));
	return t;
}

struct row {
	const struct gh_attest_kind *kind;
	const char *quote, *at, *policy;
	const char *files[5];
	enum gh_attest_verdict verdict;
	const char *check; /* that did not pass, when the verdict is not accepted */
	const char *status;
};

static const struct row rows[] = {
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { "tdx_v4_collateral.json" },
	  GH_ATTEST_ACCEPTED,
	  NULL,
	  "UpToDate" },
	{ &gh_attest_tdx,
	  "near_quote.hex",
	  "2025-09-15T00:00:00Z",
	  NULL,
	  { "near_collateral.json" },
	  GH_ATTEST_ACCEPTED,
	  NULL,
	  "UpToDate" },
	{ &gh_attest_tdx,
	  "tdx_v5_nomatch_quote.bin",
	  "2026-03-01T00:00:00Z",
	  NULL,
	  { "tdx_v5_nomatch_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_status",
	  NULL },
	{ &gh_attest_sgx,
	  "sgx_v3_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_status",
	  "ConfigurationAndSWHardeningNeeded" },
	{ &gh_attest_sgx,
	  "sgx_v3_quote.bin",
	  "2025-07-01T00:00:00Z",
	  "tcb_statuses: [UpToDate, ConfigurationAndSWHardeningNeeded]\nadvisories: [INTEL-SA-00289, INTEL-SA-00615]\n",
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_ACCEPTED,
	  NULL,
	  "ConfigurationAndSWHardeningNeeded" },
	{ &gh_attest_sgx,
	  "sgx_v3_quote.bin",
	  "2025-07-01T00:00:00Z",
	  "tcb_statuses: [ConfigurationAndSWHardeningNeeded]\nadvisories: [INTEL-SA-00289]\n",
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "advisories",
	  NULL },
	{ &gh_attest_sgx,
	  "sgx_v3_quote.bin",
	  "2025-07-01T00:00:00Z",
	  "tcb_statuses: [ConfigurationAndSWHardeningNeeded]\ntcb_grace_days: 10\n",
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_status",
	  NULL },
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-07-01T00:00:00Z",
	  "min_tcb_evaluation: 18\n",
	  { "tdx_v4_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_info",
	  NULL },
	/* Dates of the collateral. */
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2026-11-22T00:00:00Z",
	  NULL,
	  { "tdx_v4_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_info",
	  NULL },
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-06-01T00:00:00Z",
	  NULL,
	  { "tdx_v4_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_info",
	  NULL },
	{ &gh_attest_tdx,
	  "near_quote.hex",
	  "2026-11-22T00:00:00Z",
	  NULL,
	  { "near_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "root_crl",
	  NULL },
	/* Collateral that is missing, or of another platform. */
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_INCOMPLETE,
	  "tcb_info",
	  NULL },
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_INCOMPLETE,
	  "qe_identity",
	  NULL },
	{ &gh_attest_tdx,
	  "tdx_v4_quote.bin",
	  "2025-09-15T00:00:00Z",
	  NULL,
	  { "near_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "tcb_info",
	  NULL },
	/* Debug, attributes, text behind the quote. */
	{ &gh_attest_sgx,
	  "trustee_occlum_quote.dat",
	  "2024-01-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_REJECTED,
	  "debug",
	  NULL },
	{ &gh_attest_tdx,
	  "trustee_tdx_quote_4.dat",
	  "2024-01-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_REJECTED,
	  "debug",
	  NULL },
	{ &gh_attest_tdx,
	  "gotdx_prod_v4_quote.bin",
	  "2023-07-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_REJECTED,
	  "sept_ve_disable",
	  NULL },
	{ &gh_attest_tdx,
	  "gotdx_prod_v4_quote.bin",
	  "2023-07-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_REJECTED,
	  "padding",
	  NULL },
	/* Signatures and chains are good, nothing else was given. */
	{ &gh_attest_tdx,
	  "gcp_cos113_cos-113-tdx-quote.dat",
	  "2024-08-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_INCOMPLETE,
	  "pck_crl",
	  NULL },
	{ &gh_attest_tdx,
	  "gotdx_v5_quote.bin",
	  "2026-02-03T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_INCOMPLETE,
	  "tcb_info",
	  NULL },
	{ &gh_attest_tdx,
	  "trustee_tdx_quote_6.dat",
	  "2025-06-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_INCOMPLETE,
	  "tcb_info",
	  NULL },
	/* Another root, and no certificate at all. */
	{ &gh_attest_sgx,
	  "intel_sample_sgx/quote.dat",
	  "2025-01-01T00:00:00Z",
	  NULL,
	  { "intel_sample_sgx/pckSignChain.pem", "intel_sample_sgx/pckCert.pem", "intel_sample_sgx/tcbInfo.json" },
	  GH_ATTEST_REJECTED,
	  "pck_chain",
	  NULL },
	{ &gh_attest_tdx,
	  "intel_sample_tdx/quote.dat",
	  "2025-01-01T00:00:00Z",
	  NULL,
	  { NULL },
	  GH_ATTEST_REJECTED,
	  "pck_chain",
	  NULL },
	/* The other kind. */
	{ &gh_attest_sgx,
	  "tdx_v4_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { "tdx_v4_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "body",
	  NULL },
	{ &gh_attest_tdx,
	  "sgx_v3_quote.bin",
	  "2025-07-01T00:00:00Z",
	  NULL,
	  { "sgx_v3_collateral.json" },
	  GH_ATTEST_REJECTED,
	  "body",
	  NULL },
};

struct loaded {
	struct gh_arena arena;
	struct gh_attest_file file[FILES];
	struct gh_attest_question q;
};

static bool load_row(const struct row *row, struct loaded *l)
{
	*l = (struct loaded){ .arena = { .max = 64 << 20 } };
	struct gh_err e = { 0 };
	l->q.evidence = load(&l->arena, row->quote);
	if (l->q.evidence.n == 0)
		return false;
	for (size_t i = 0; i < 5 && row->files[i] != NULL; i++)
		l->file[l->q.ncollateral++] = (struct gh_attest_file){ gh_span_str(row->files[i]),
								       load(&l->arena, row->files[i]) };
	l->q.collateral = l->file;
	l->q.at = when(row->at);
	if (row->policy != NULL)
		assert_int_equal(
			gh_attest_policy_read(&l->arena, gh_span_str(row->policy), row->kind, &l->q.policy, &e), GH_OK);
	return true;
}

static void show(const struct gh_attest_result *r)
{
	for (size_t i = 0; i < r->nchecks; i++)
		print_message("  %-16s %-8s %s\n", r->check[i].name, gh_attest_outcome_word(r->check[i].outcome),
			      r->check[i].detail);
}

static bool failed(const struct gh_attest_result *r, const char *check)
{
	for (size_t i = 0; i < r->nchecks; i++)
		if (strcmp(r->check[i].name, check) == 0 &&
		    (r->check[i].outcome == GH_AT_FAIL || r->check[i].outcome == GH_AT_UNKNOWN))
			return true;
	return false;
}

static const char *claim(const struct gh_attest_result *r, const char *name)
{
	for (size_t i = 0; i < r->nclaims; i++)
		if (strcmp(r->claim[i].name, name) == 0)
			return r->claim[i].value;
	return "";
}

static void verdicts(void **state)
{
	(void)state;
	size_t bad = 0;
	struct gh_attest_cache *cache = gh_attest_cache_new();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *row = &rows[i];
		struct loaded l;
		if (!load_row(row, &l)) {
			print_message("skipped: %s is not there\n", row->quote);
			gh_arena_free(&l.arena);
			continue;
		}
		for (unsigned warm = 0; warm < 3; warm++) { /* without a cache, filling it, out of it: the same */
			static struct gh_attest_result r;
			gh_auto_arena a = { .max = ARENA };
			l.q.cache = warm == 0 ? NULL : cache;
			enum gh_attest_verdict v = gh_attest_appraise(row->kind, &l.q, &a, &r);
			bool ok = v == row->verdict && (row->check == NULL || failed(&r, row->check)) &&
				  (row->status == NULL || strcmp(claim(&r, "tcb_status"), row->status) == 0);
			if (!ok) {
				print_message("row %zu, %s (%u): %s, %s\n", i, row->quote, warm,
					      gh_attest_verdict_word(v), claim(&r, "tcb_status"));
				show(&r);
				bad++;
			}
		}
		gh_arena_free(&l.arena);
	}
	gh_attest_cache_free(cache);
	assert_int_equal(bad, 0);
}

static enum gh_attest_verdict ask(const struct row *row, const struct gh_attest_question *q)
{
	static struct gh_attest_result r;
	gh_auto_arena a = { .max = ARENA };
	return gh_attest_appraise(row->kind, q, &a, &r);
}

/* One bit of every byte: never accepted. */
static void altered(void **state)
{
	(void)state;
	static const size_t good[] = { 0, 1, 4 };
	for (size_t g = 0; g < 3; g++) {
		struct loaded l;
		if (!load_row(&rows[good[g]], &l)) {
			print_message("skipped: %s is not there\n", rows[good[g]].quote);
			gh_arena_free(&l.arena);
			continue;
		}
		struct gh_span copy = gh_keep(&l.arena, l.q.evidence);
		uint8_t *p = (uint8_t *)(uintptr_t)copy.p;
		l.q.evidence = copy;
		l.q.cache = gh_attest_cache_new();
		assert_int_equal(ask(&rows[good[g]], &l.q), GH_ATTEST_ACCEPTED);
		for (size_t i = 0; i < copy.n; i++) {
			p[i] ^= (uint8_t)(1U << (i % 8));
			if (ask(&rows[good[g]], &l.q) == GH_ATTEST_ACCEPTED)
				fail_msg("%s: byte %zu may be altered", rows[good[g]].quote, i);
			p[i] ^= (uint8_t)(1U << (i % 8));
		}
		gh_attest_cache_free(l.q.cache);
		gh_arena_free(&l.arena);
	}
}

/* Every length: accepted only where nothing but zeros behind the quote is cut off. */
static void cut(void **state)
{
	(void)state;
	static const struct {
		size_t row, whole;
	} good[] = { { 0, 4936 }, { 4, 4600 } };
	for (size_t g = 0; g < 2; g++) {
		struct loaded l;
		const struct row *row = &rows[good[g].row];
		if (!load_row(row, &l)) {
			print_message("skipped: %s is not there\n", row->quote);
			gh_arena_free(&l.arena);
			continue;
		}
		struct gh_span all = l.q.evidence;
		l.q.cache = gh_attest_cache_new();
		for (size_t n = 0; n <= all.n; n++) {
			uint8_t *exact = malloc(n + 1); /* so that reading on is noticed */
			assert_non_null(exact);
			uint8_t *at = exact + 1;
			memcpy(at, all.p, n);
			l.q.evidence = (struct gh_span){ at, n };
			assert_int_equal(ask(row, &l.q) == GH_ATTEST_ACCEPTED, n >= good[g].whole);
			free(exact);
		}
		gh_attest_cache_free(l.q.cache);
		gh_arena_free(&l.arena);
	}
}

/* ---- the firmware's log ---- */

/* A digest of the log that is altered shows in its register, and in no other. */
static void altered_log(void **state)
{
	static struct gh_attest_result r;
	gh_auto_arena files = { .max = 64 << 20 };
	struct gh_span log = load(&files, "gcp_cos113_ccel_data.dat");
	const struct gh_attest_file e = { GH_SPAN("ccel"), log };
	struct gh_attest_question q = { .evidence = load(&files, "gcp_cos113_cos-113-tdx-quote.dat"),
					.endorsement = &e,
					.nendorsement = 1,
					.at = when("2024-08-01T00:00:00Z") };
	(void)state;
	if (q.evidence.n == 0 || log.n == 0) {
		print_message("skipped: the log is not there\n");
		return;
	}
	uint8_t *p = (uint8_t *)(uintptr_t)log.p;
	size_t at = 32 + gh_le32(p + 28); /* behind the header: the first record that measures */
	unsigned seen = 0;
	for (unsigned n = 0; n < 43; n++) { /* u32 register, u32 type, u32 1, u16 algorithm, 48 bytes, u32 size */
		uint32_t reg = gh_le32(p + at);
		gh_auto_arena a = { .max = ARENA };
		char name[32];
		p[at + 14] ^= 1;
		(void)gh_attest_appraise(&gh_attest_tdx, &q, &a, &r);
		p[at + 14] ^= 1;
		assert_in_range(reg, 1, 4);
		for (unsigned i = 0; i < 4; i++) {
			(void)snprintf(name, sizeof name, "ccel_rtmr%u", i);
			bool separator = failed(&r,
						"ccel"); /* its data are not what was measured: said before all else */
			if (!separator && failed(&r, name) != (i == reg - 1))
				fail_msg("event %u of register %u: %s", n, reg, name);
		}
		seen |= 1u << reg;
		at += 62 + 4 + gh_le32(p + at + 62);
	}
	assert_int_equal(seen, 0x0e); /* RTMR0 to RTMR2; nothing was measured into RTMR3 */
}

/* ---- levels, on their own ---- */

static const char levels_json[] =
	"{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2025-01-01T00:00:00Z\",\"nextUpdate\":\"2025-02-01T00:00:00Z\","
	"\"fmspc\":\"00a06d080000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,\"tcbLevels\":["
	"{\"tcb\":{\"sgxtcbcomponents\":[" /* the lower one first: order in the file does not decide */
#define S(a) "{\"svn\":" #a "},"
#define TEN S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0) S(0)
	S(1) S(1) TEN "{\"svn\":0}],\"pcesvn\":5,\"tdxtcbcomponents\":[" S(3) S(0) TEN
	"{\"svn\":0}]},\"tcbStatus\":\"OutOfDate\"},"
	"{\"tcb\":{\"sgxtcbcomponents\":[" S(2) S(1) TEN "{\"svn\":0}],\"pcesvn\":5,\"tdxtcbcomponents\":[" S(5) S(0)
		TEN "{\"svn\":0}]},\"tcbStatus\":\"UpToDate\"}]}";

static void levels(void **state)
{
	(void)state;
	static const struct {
		uint8_t svn0, svn1, tee0, tee1;
		uint16_t pcesvn;
		int status; /* -1: none */
	} cases[] = {
		{ 2, 1, 5, 0, 5, GH_DS_UP_TO_DATE },
		{ 9, 9, 9, 0, 9, GH_DS_UP_TO_DATE },
		{ 2, 1, 5, 0, 4, -1 },
		{ 1, 1, 5, 0, 5, GH_DS_OUT_OF_DATE },
		{ 2, 0, 5, 0, 5, -1 },
		{ 2, 1, 4, 0, 5, GH_DS_OUT_OF_DATE },
		{ 2, 1, 2, 0, 5, -1 },
		{ 255, 0, 5, 0, 5, -1 },
		{ 2, 1, 2, 1, 5,
		  GH_DS_UP_TO_DATE }, /* a module with a version: its first two components count elsewhere */
	};
	gh_auto_arena a = { .max = 1 << 20 };
	const struct gh_jval *v = NULL;
	struct gh_err e = { 0 };
	struct gh_dcap_tcb_info t;
	assert_int_equal(gh_jdom_parse(&a, gh_span_str(levels_json), &v, &e), GH_OK);
	assert_int_equal(gh_dcap_tcb_info_read(&a, v, &t, &e), GH_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct gh_dcap_platform p = { .svn = { cases[i].svn0, cases[i].svn1 }, .pcesvn = cases[i].pcesvn };
		uint8_t tee[GH_DCAP_SVNS] = { cases[i].tee0, cases[i].tee1 };
		const struct gh_dcap_level *l = gh_dcap_platform_level(&t, &p, (struct gh_span){ tee, sizeof tee });
		if ((l == NULL ? -1 : (int)l->status) != cases[i].status)
			fail_msg("case %zu: %d", i, l == NULL ? -1 : (int)l->status);
	}
}

static void merging(void **state)
{
	(void)state;
	static const struct {
		enum gh_dcap_status platform, part, is;
	} cases[] = {
		{ GH_DS_UP_TO_DATE, GH_DS_UP_TO_DATE, GH_DS_UP_TO_DATE },
		{ GH_DS_UP_TO_DATE, GH_DS_OUT_OF_DATE, GH_DS_OUT_OF_DATE },
		{ GH_DS_SW_HARDENING, GH_DS_UP_TO_DATE, GH_DS_SW_HARDENING },
		{ GH_DS_SW_HARDENING, GH_DS_OUT_OF_DATE, GH_DS_OUT_OF_DATE },
		{ GH_DS_CONFIGURATION, GH_DS_OUT_OF_DATE, GH_DS_OUT_OF_DATE_CONFIGURATION },
		{ GH_DS_CONFIGURATION_SW, GH_DS_OUT_OF_DATE, GH_DS_OUT_OF_DATE_CONFIGURATION },
		{ GH_DS_OUT_OF_DATE_CONFIGURATION, GH_DS_OUT_OF_DATE, GH_DS_OUT_OF_DATE_CONFIGURATION },
		{ GH_DS_UP_TO_DATE, GH_DS_REVOKED, GH_DS_REVOKED },
		{ GH_DS_REVOKED, GH_DS_UP_TO_DATE, GH_DS_REVOKED },
		{ GH_DS_UP_TO_DATE, GH_DS_CONFIGURATION, GH_DS_OUT_OF_DATE },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(gh_dcap_merge(cases[i].platform, cases[i].part), cases[i].is);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts), cmocka_unit_test(altered),
					    cmocka_unit_test(cut),	cmocka_unit_test(altered_log),
					    cmocka_unit_test(levels),	cmocka_unit_test(merging) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Launch logs: read to the last byte, replayed, and judged beside a quote. */
#include "support/cm.h"

#include "attest/launchlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct gh_launchlog some(uint32_t n)
{
	struct gh_launchlog l = { .n = n };
	for (uint32_t i = 0; i < n; i++)
		memset(l.digest[i], (int)i + 1, sizeof l.digest[i]);
	return l;
}

static void what_is_written_is_read(void **state)
{
	uint8_t b[GH_LAUNCHLOG_SIZE];
	(void)state;
	for (uint32_t n = 0; n <= GH_LAUNCHLOG_MAX; n += n == 0 ? 1 : 127) {
		struct gh_launchlog l = some(n), back;
		size_t k = gh_launchlog_write(&l, b);
		assert_int_equal(k, 16 + 32 * n);
		assert_null(gh_launchlog_read((struct gh_span){ b, k }, &back));
		assert_int_equal(back.n, n);
		assert_memory_equal(back.digest, l.digest, (size_t)n * 32);
	}
}

static void anything_else_is_none(void **state)
{
	static const struct {
		size_t at;
		uint8_t to;
		const char *says;
	} altered[] = {
		{ 0, 'X', "no launch log" },	  { 8, 2, "no launch log" },	     { 12, 2, "longer or shorter" },
		{ 12, 129, "more measurements" }, { 15, 0x80, "more measurements" }, { 12, 4, "longer or shorter" },
	};
	uint8_t b[GH_LAUNCHLOG_SIZE], c[GH_LAUNCHLOG_SIZE];
	struct gh_launchlog l = some(3), back;
	size_t k = gh_launchlog_write(&l, b);
	(void)state;
	for (size_t n = 0; n < k; n++) {
		uint8_t *exact = malloc(n + 1);
		memcpy(exact, b, n);
		assert_non_null(gh_launchlog_read((struct gh_span){ exact, n }, &back));
		assert_int_equal(back.n, 0);
		free(exact);
	}
	for (size_t i = 0; i < sizeof altered / sizeof *altered; i++) {
		memcpy(c, b, k);
		c[altered[i].at] = altered[i].to;
		const char *why = gh_launchlog_read((struct gh_span){ c, k }, &back);
		assert_non_null(why);
		assert_non_null(strstr(why, altered[i].says));
	}
	memcpy(b + 16 + 64, b + 16, 32);
	assert_string_equal(gh_launchlog_read((struct gh_span){ b, k }, &back), "it names a measurement twice");
}

/* SHA-256(zeros || 01…01), then SHA-256(that || 02…02): computed with another program. */
static void replay(void **state)
{
	static const char *const want[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"5c85955f709283ecce2b74f1b1552918819f390911816e7bb466805a38ab87f3",
		"a7f2fad943905535b10ccf63c832802ed84eaffb15e4fb6bee86a817c35eb833",
	};
	struct gh_launchlog l = some(2);
	(void)state;
	for (uint32_t n = 0; n < 3; n++) {
		uint8_t pcr[32];
		char hex[65];
		assert_true(gh_launchlog_replay(&l, n, pcr));
		for (size_t i = 0; i < 32; i++)
			(void)snprintf(hex + 2 * i, 3, "%02x", pcr[i]);
		assert_string_equal(hex, want[n]);
	}
	assert_true(gh_launchlog_has(&l, l.digest[1]));
	l.n = 1;
	assert_false(gh_launchlog_has(&l, l.digest[1]));
}

/* ---- judging ---------------------------------------------------------------------------------------------------------------- */
static const struct gh_attest_key keys[] = { GH_LAUNCHLOG_KEYS, { 0 } };
static const struct gh_attest_kind kind = { .name = "test", .keys = keys };
#define TWO "launched: [\"0202020202020202020202020202020202020202020202020202020202020202\"]\n"
#define NINE "launched: [\"0909090909090909090909090909090909090909090909090909090909090909\"]\n"

enum { NO_LOG = 1, OTHER_REGISTER = 2, OTHER_BANK = 4, NO_REGISTERS = 8, CUT = 16, OTHER_PCR = 32 };
static const struct {
	const char *policy;
	unsigned wrong;
	const char *check; /* the last one said; NULL: none */
	enum gh_attest_outcome outcome;
} cases[] = {
	{ TWO, 0, "launched", GH_AT_PASS },
	{ NULL, 0, "launched", GH_AT_SKIPPED },
	{ NINE, 0, "launched", GH_AT_FAIL },
	{ NULL, NO_LOG, NULL, GH_AT_PASS },
	{ TWO, NO_LOG, "launch_log", GH_AT_UNKNOWN },
	{ TWO, OTHER_REGISTER, "launch_log", GH_AT_FAIL },
	{ TWO, OTHER_BANK, "launch_log", GH_AT_FAIL },
	{ TWO, OTHER_PCR, "launch_log", GH_AT_FAIL },
	{ TWO, NO_REGISTERS, "launch_log", GH_AT_UNKNOWN },
	{ TWO, CUT, "launch_log", GH_AT_FAIL },
};

static void judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		struct gh_attest_result *r = GH_NEW(&a, struct gh_attest_result, 1);
		struct gh_launchlog l = some(2);
		struct gh_tpm_quote quote = { .nbanks = 1, .bank[0].alg = GH_TPM_SHA256 };
		static struct gh_tpm_pcrs pcrs;
		uint8_t b[GH_LAUNCHLOG_SIZE], pcr[32];
		const struct gh_attest_policy *policy = NULL;
		unsigned wrong = cases[i].wrong;
		if (cases[i].policy != NULL)
			assert_int_equal(gh_attest_policy_read(&a, gh_span_str(cases[i].policy), &kind, &policy, NULL),
					 GH_OK);
		const struct gh_attest_question q = { .policy = policy };
		*r = (struct gh_attest_result){ .arena = &a, .kind = &kind, .prefix = "" };
		assert_true(gh_launchlog_replay(&l, 2, pcr));
		pcr[31] ^= (wrong & OTHER_REGISTER) != 0;
		memset(&pcrs, 0, sizeof pcrs);
		pcrs.has = (wrong & NO_REGISTERS) == 0;
		if (pcrs.has)
			pcrs.v[0][(wrong & OTHER_PCR) != 0 ? 12 : 13] = (struct gh_span){ pcr, sizeof pcr };
		if ((wrong & OTHER_BANK) != 0)
			quote.bank[0].alg = GH_TPM_SHA384;
		size_t n = gh_launchlog_write(&l, b);
		gh_launchlog_judge(&q, &quote, &pcrs,
				   (struct gh_span){ b, (wrong & NO_LOG) != 0 ? 0 : n - ((wrong & CUT) != 0) }, r);
		if (cases[i].check == NULL) {
			assert_int_equal(r->nchecks, 0);
			continue;
		}
		assert_true(r->nchecks > 0);
		assert_string_equal(r->check[r->nchecks - 1].name, cases[i].check);
		assert_int_equal(r->check[r->nchecks - 1].outcome, cases[i].outcome);
		assert_int_equal(r->nclaims, strcmp(cases[i].check, "launched") == 0 ? 2 : 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(replay),
		cmocka_unit_test(judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* AWS Nitro: the given documents, every byte of the good one altered, every length of it; COSE and the payload's grammar. */
#include "attest/cose.h"
#include "attest/kinds.h"
#include "attest/nitro_doc.h"
#include "wire/datetime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DIR "../shared/vectors/attestation/nitro/"
static uint8_t doc[1 << 16];
static struct gh_attest_result r;

static struct gh_span load(const char *name)
{
	char path[256];
	(void)snprintf(path, sizeof path, DIR "%s", name);
	FILE *f = fopen(path, "rb");
	size_t n = f == NULL ? 0 : fread(doc, 1, sizeof doc, f);
	if (f == NULL)
		print_message("skipped: %s is not there\n", name);
	else
		(void)fclose(f);
	return (struct gh_span){ doc, n };
}

static enum gh_attest_verdict ask(struct gh_span evidence, const char *at, const char *policy, struct gh_span nonce)
{
	static struct gh_arena a;
	gh_arena_free(&a); /* what the last answer said stays until the next question */
	a.max = 4 << 20;
	struct gh_attest_question q = { .evidence = evidence, .nonce = nonce };
	struct gh_err e = { 0 };
	assert_true(gh_datetime_read(gh_span_str(at), &q.at));
	if (policy != NULL)
		assert_int_equal(gh_attest_policy_read(&a, gh_span_str(policy), &gh_attest_nitro, &q.policy, &e),
				 GH_OK);
	return gh_attest_appraise(&gh_attest_nitro, &q, &a, &r);
}

static bool failed(const char *check)
{
	for (size_t i = 0; i < r.nchecks; i++)
		if (strcmp(r.check[i].name, check) == 0 && r.check[i].outcome == GH_AT_FAIL)
			return true;
	return false;
}

static const char then[] = "2022-11-09T23:00:00Z";
static const struct gh_span none;

static void verdicts(void **state)
{
	(void)state;
	struct gh_span s = load("doc_2022.cbor");
	if (s.n != 0) {
		assert_int_equal(ask(s, then, NULL, none), GH_ATTEST_ACCEPTED);
		assert_int_equal(ask(s, "2026-11-22T00:00:00Z", NULL, none), GH_ATTEST_REJECTED);
		assert_true(failed("chain"));
		assert_int_equal(ask(s, then, NULL, GH_SPAN("not this")), GH_ATTEST_REJECTED);
		assert_true(failed("nonce"));
		assert_int_equal(ask(s, then,
				     "pcr0: [000000000000000000000000000000000000000000000000"
				     "000000000000000000000000000000000000000000000000]\n",
				     none),
				 GH_ATTEST_REJECTED);
		assert_true(failed("pcr0"));
	}
	s = load("doc_2022_bad_sig.cbor");
	if (s.n != 0) {
		assert_int_equal(ask(s, then, NULL, none), GH_ATTEST_REJECTED);
		assert_true(failed("signature"));
		assert_false(gh_attest_trusted(&r));
	}
}

static void altered(void **state)
{
	(void)state;
	struct gh_span s = load("doc_2022.cbor");
	for (size_t i = 0; i < s.n; i++) {
		doc[i] ^= (uint8_t)(1U << (i % 8));
		if (ask(s, then, NULL, none) == GH_ATTEST_ACCEPTED)
			fail_msg("byte %zu may be altered", i);
		doc[i] ^= (uint8_t)(1U << (i % 8));
	}
}

static void cut(void **state)
{
	(void)state;
	struct gh_span s = load("doc_2022.cbor");
	for (size_t n = 0; n < s.n; n++) {
		uint8_t *exact = malloc(n + 1);
		assert_non_null(exact);
		memcpy(exact + 1, s.p, n);
		assert_int_not_equal(ask((struct gh_span){ exact + 1, n }, then, NULL, none), GH_ATTEST_ACCEPTED);
		free(exact);
	}
	if (s.n != 0) { /* and nothing behind it */
		doc[s.n] = 0;
		assert_int_equal(ask((struct gh_span){ doc, s.n + 1 }, then, NULL, none), GH_ATTEST_REJECTED);
		assert_true(failed("format"));
	}
}

static void envelopes(void **state)
{
	(void)state;
	static const struct {
		struct gh_span bytes;
		enum gh_rc rc;
	} rows[] = {
		{ GH_SPAN("\x84\x44\xa1\x01\x38\x22\xa0\x41p\x41s"), GH_OK },
		{ GH_SPAN("\xd2\x84\x44\xa1\x01\x38\x22\xa0\x41p\x41s"), GH_OK },
		{ GH_SPAN("\xd1\x84\x44\xa1\x01\x38\x22\xa0\x41p\x41s"), GH_E_MALFORMED },   /* another tag */
		{ GH_SPAN("\x84\x44\xa1\x01\x38\x22\xa1\x04\x41k\x41p\x41s"), GH_E_UNREAD }, /* an unsigned header */
		{ GH_SPAN("\x84\x46\xa2\x01\x38\x22\x04\x00\xa0\x41p\x41s"),
		  GH_E_UNREAD },							   /* more than the algorithm */
		{ GH_SPAN("\x84\x40\xa0\x41p\x41s"), GH_E_MALFORMED },			   /* no algorithm */
		{ GH_SPAN("\x83\x44\xa1\x01\x38\x22\xa0\x41p"), GH_E_MALFORMED },	   /* three */
		{ GH_SPAN("\x84\x44\xa1\x01\x38\x22\xa0\xf6\x41s"), GH_E_MALFORMED },	   /* detached payload */
		{ GH_SPAN("\x84\x44\xa1\x01\x38\x22\xa0\x41p\x41s\x00"), GH_E_MALFORMED }, /* something behind it */
		{ GH_SPAN("\x9f\x44\xa1\x01\x38\x22\xa0\x41p\x41s\xff"), GH_E_MALFORMED }, /* indefinite */
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_cose_sign1 c;
		struct gh_err e = { 0 };
		enum gh_rc rc = gh_cose_sign1_read(rows[i].bytes, &c, &e);
		if (rc != rows[i].rc)
			fail_msg("row %zu: %d", i, (int)rc);
		if (rc == GH_OK)
			assert_int_equal(c.alg, GH_COSE_ES384);
	}
}

static void payloads(void **state)
{
	(void)state;
	static const struct gh_span bad[] = {
		GH_SPAN(""),
		GH_SPAN("\xa0"),
		GH_SPAN("\xa1\x66"
			"digest\x66SHA512"),
		GH_SPAN("\xa1\x65other\x00"),
		GH_SPAN("\xa2\x65nonce\xf6\x65nonce\xf6"),
		GH_SPAN("\xa1\x64pcrs\xa1\x18\x20\x40"),
		GH_SPAN("\xa1\x68"
			"cabundle\x80"),
	};
	struct gh_nitro_doc d;
	struct gh_err e;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e = (struct gh_err){ 0 };
		assert_int_equal(gh_nitro_doc_read(bad[i], &d, &e), GH_E_MALFORMED);
		assert_int_not_equal(e.n, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(verdicts), cmocka_unit_test(altered),
					    cmocka_unit_test(cut), cmocka_unit_test(envelopes),
					    cmocka_unit_test(payloads) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

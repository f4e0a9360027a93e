/* Software evidence: accepted is what a node that is named signed, now, for this challenge, of a measurement that is named; each
 * other case fails by the name of its check. It never is more than software. */
#include "support/cm.h"

#include "attest/kinds.h"
#include "attest/software.h"
#include "crypto/pubkey.h"

#include <stdio.h>
#include <string.h>

enum { NOW = 1795000000 };
static struct gh_attest_result r;
static struct gh_arena arena;

struct made {
	struct gh_key *key, *other;
	struct gh_software s;
	uint8_t bytes[GH_SOFTWARE_SIZE];
	struct gh_buf pem;
	char policy[1000];
	uint8_t data[64];
};

static void text_of(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void seal(struct made *m, const struct gh_key *by)
{
	uint8_t tbs[GH_SOFTWARE_TBS];
	gh_auto_buf sig = gh_buf(GH_SIG_MAX);
	assert_true(gh_software_tbs(&m->s, tbs));
	assert_int_equal(gh_key_sign(by, (struct gh_span){ tbs, sizeof tbs }, &sig, NULL), GH_OK);
	assert_int_equal(sig.n, GH_SOFTWARE_SIG);
	gh_software_put(tbs, sig.p, m->bytes);
}

static void make(struct made *m)
{
	char node[65], measurement[65];
	memset(m, 0, sizeof *m);
	m->key = gh_key_new(GH_KEY_ED25519);
	m->other = gh_key_new(GH_KEY_ED25519);
	m->pem = gh_buf(4096);
	assert_true(m->key != NULL && m->other != NULL && gh_key_pem(m->key, &m->pem) && gh_key_id(m->key, m->s.node));
	memset(m->data, 0xd1, sizeof m->data);
	memcpy(m->s.report_data, m->data, sizeof m->data);
	memset(m->s.measurement, 0x3e, 32);
	m->s.made = NOW - 2;
	m->s.booted = NOW - 5000;
	m->s.layers = GH_SL_ALL & ~(unsigned)(GH_SL_VM | GH_SL_CPU);
	m->s.landlock = 7;
	m->s.isolation = GH_SI_SANDBOX;
	(void)snprintf(m->s.kernel, sizeof m->s.kernel, "6.1.0-test");
	(void)snprintf(m->s.profile, sizeof m->s.profile, "llama");
	text_of(node, m->s.node, 32);
	text_of(measurement, m->s.measurement, 32);
	(void)snprintf(m->policy, sizeof m->policy, "nodes: [%s]\nmeasurement: [%s]\n", node, measurement);
	seal(m, m->key);
}
static void drop(struct made *m)
{
	gh_key_free(m->key);
	gh_key_free(m->other);
	gh_buf_free(&m->pem);
	gh_arena_free(&arena);
}

static enum gh_attest_verdict judge(const struct made *m, struct gh_span evidence, int64_t at, const char *policy)
{
	gh_arena_free(&arena);
	arena.max = 4 << 20;
	const struct gh_attest_file key = { GH_SPAN("node.pem"), { m->pem.p, m->pem.n } };
	struct gh_attest_question q = { .evidence = evidence,
					.endorsement = &key,
					.nendorsement = m->pem.n != 0,
					.report_data = { m->data, sizeof m->data },
					.at = at };
	if (policy != NULL)
		assert_int_equal(
			gh_attest_policy_read(&arena, gh_span_str(policy), &gh_attest_software, &q.policy, NULL),
			GH_OK);
	return gh_attest_appraise(&gh_attest_software, &q, &arena, &r);
}
static enum gh_attest_verdict ordinary(const struct made *m)
{
	return judge(m, (struct gh_span){ m->bytes, sizeof m->bytes }, NOW, m->policy);
}
static bool is(const char *check, enum gh_attest_outcome o)
{
	for (size_t i = 0; i < r.nchecks; i++)
		if (strcmp(r.check[i].name, check) == 0 && r.check[i].outcome == o)
			return true;
	return false;
}

static void test_accepted(void **state)
{
	struct made m;
	struct gh_software back;
	(void)state;
	make(&m);
	assert_int_equal(ordinary(&m), GH_ATTEST_ACCEPTED);
	assert_int_equal(r.cls, GH_AC_SOFTWARE);
	assert_true(gh_attest_trusted(&r));
	assert_true(gh_software_read((struct gh_span){ m.bytes, sizeof m.bytes }, &back));
	assert_memory_equal(&back, &m.s, sizeof back);
	drop(&m);
}

static void no_layer(struct made *m) { m->s.layers &= ~(uint32_t)GH_SL_SECCOMP; }
static void no_landlock(struct made *m) { m->s.landlock = 0; }
static void old(struct made *m) { m->s.made = NOW - 301; }
static void early(struct made *m) { m->s.made = NOW + 301; }
static void other_data(struct made *m) { m->s.report_data[63] ^= 1; }
static void other_measurement(struct made *m) { m->s.measurement[0] ^= 1; }

static void test_refused(void **state)
{
	static const struct {
		void (*change)(struct made *m);
		const char *check;
	} rows[] = { { no_layer, "layers" }, { no_landlock, "landlock" },   { old, "time" },
		     { early, "time" },	     { other_data, "report_data" }, { other_measurement, "measurement" } };
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct made m;
		make(&m);
		rows[i].change(&m);
		seal(&m, m.key);
		assert_int_equal(ordinary(&m), GH_ATTEST_REJECTED);
		if (!is(rows[i].check, GH_AT_FAIL))
			fail_msg("%s did not fail", rows[i].check);
		drop(&m);
	}
}

static void test_who_signed(void **state)
{
	struct made m;
	(void)state;
	make(&m);
	seal(&m, m.other); /* says it is of the node, and is not */
	assert_int_equal(ordinary(&m), GH_ATTEST_REJECTED);
	assert_true(is("signature", GH_AT_FAIL));
	assert_false(gh_attest_trusted(&r));
	assert_true(gh_key_id(m.other, m.s.node)); /* of a node that nobody named */
	m.pem.n = 0;
	assert_true(gh_key_pem(m.other, &m.pem));
	seal(&m, m.other);
	assert_int_equal(ordinary(&m), GH_ATTEST_REJECTED);
	assert_true(is("node", GH_AT_FAIL));
	drop(&m);
	make(&m); /* without the key, without a policy: nobody knows */
	m.pem.n = 0;
	assert_int_equal(ordinary(&m), GH_ATTEST_INCOMPLETE);
	assert_true(is("node_key", GH_AT_UNKNOWN));
	drop(&m);
	make(&m);
	assert_int_equal(judge(&m, (struct gh_span){ m.bytes, sizeof m.bytes }, NOW, NULL), GH_ATTEST_INCOMPLETE);
	assert_true(is("node", GH_AT_UNKNOWN) && is("measurement", GH_AT_UNKNOWN));
	drop(&m);
}

/* Not a bit of it may differ, and not a byte be missing or follow. */
static void test_every_bit(void **state)
{
	struct made m;
	uint8_t longer[GH_SOFTWARE_SIZE + 1] = { 0 };
	(void)state;
	make(&m);
	for (size_t bit = 0; bit < 8 * sizeof m.bytes; bit++) {
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (ordinary(&m) == GH_ATTEST_ACCEPTED)
			fail_msg("bit %zu of byte %zu", bit % 8, bit / 8);
		m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t n = 0; n < sizeof m.bytes; n++)
		assert_int_equal(judge(&m, (struct gh_span){ m.bytes, n }, NOW, m.policy), GH_ATTEST_REJECTED);
	memcpy(longer, m.bytes, sizeof m.bytes);
	assert_int_equal(judge(&m, (struct gh_span){ longer, sizeof longer }, NOW, m.policy), GH_ATTEST_REJECTED);
	drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_who_signed),
		cmocka_unit_test(test_every_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The rule by which keys leave the vault: every combination of nonce, class, measurement and what the evidence is about; and the
 * states of deployments. */
#include "support/cm.h"

#include "attest/release.h"
#include "catalog/deployments.h"

#include <string.h>

enum { NOW = 1000, UNTIL = 1120 };

static struct gh_release_terms terms(void)
{
	struct gh_release_terms t = {
		.nonce = GH_NONCE_FRESH, .expires = UNTIL, .least = GH_RELEASE_SOFTWARE, .nmeasurement = 2
	};
	memset(t.deployment, 1, sizeof t.deployment);
	memset(t.tenant, 2, sizeof t.tenant);
	memset(t.version, 3, sizeof t.version);
	memset(t.report_data, 4, sizeof t.report_data);
	memset(t.measurement[0], 5, sizeof t.measurement[0]);
	memset(t.measurement[1], 6, sizeof t.measurement[1]);
	return t;
}

static struct gh_release_claims claims(void)
{
	struct gh_release_claims c = { .cls = GH_RELEASE_SOFTWARE, .now = NOW };
	memset(c.deployment, 1, sizeof c.deployment);
	memset(c.tenant, 2, sizeof c.tenant);
	memset(c.version, 3, sizeof c.version);
	memset(c.report_data, 4, sizeof c.report_data);
	memset(c.measurement, 6, sizeof c.measurement);
	return c;
}

/* Every class against every least class, with every state of the nonce, in time and too late, allowed and other code: only what is
 * fresh, in time, good enough and allowed passes, and the first failing check is the one that is named. */
static void every_combination(void **state)
{
	unsigned passed = 0, all = 0;
	(void)state;
	for (unsigned nonce = 0; nonce < 3; nonce++)
		for (unsigned least = 0; least < 5; least++)
			for (unsigned cls = 0; cls < 5; cls++)
				for (unsigned late = 0; late < 2; late++)
					for (unsigned code = 0; code < 2; code++) {
						struct gh_release_terms t = terms();
						struct gh_release_claims c = claims();
						t.nonce = (enum gh_release_nonce)nonce;
						t.least = (enum gh_release_class)least;
						c.cls = (enum gh_release_class)cls;
						c.now = late ? UNTIL : UNTIL - 1;
						memset(c.measurement, code ? 5 : 9, sizeof c.measurement);
						bool enough = least >= 1 && least <= 3 && cls >= least && cls <= 3;
						enum gh_release_why want = nonce == GH_NONCE_UNKNOWN
										   ? GH_RELEASE_NONCE_UNKNOWN
									   : nonce == GH_NONCE_USED
										   ? GH_RELEASE_NONCE_USED
									   : late    ? GH_RELEASE_NONCE_LATE
									   : !enough ? GH_RELEASE_CLASS
									   : !code   ? GH_RELEASE_MEASUREMENT
										     : GH_RELEASE_FINE;
						assert_int_equal(gh_release_decide(&t, &c), want);
						passed += want == GH_RELEASE_FINE;
						all++;
					}
	assert_int_equal(all, 300);
	assert_int_equal(passed, 6); /* software/software, tpm for 2, hardware for 3 */
}

/* Each byte of what the evidence is bound to counts. */
static void bound(void **state)
{
	(void)state;
	struct gh_release_terms t = terms();
	struct gh_release_claims c = claims();
	assert_int_equal(gh_release_decide(&t, &c), GH_RELEASE_FINE);
	struct {
		uint8_t *p;
		size_t n;
		enum gh_release_why why;
	} parts[] = { { c.deployment, sizeof c.deployment, GH_RELEASE_DEPLOYMENT },
		      { c.tenant, sizeof c.tenant, GH_RELEASE_TENANT },
		      { c.version, sizeof c.version, GH_RELEASE_MODEL },
		      { c.report_data, sizeof c.report_data, GH_RELEASE_REPORT_DATA },
		      { c.measurement, sizeof c.measurement, GH_RELEASE_MEASUREMENT } };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		for (size_t k = 0; k < parts[i].n; k++) {
			parts[i].p[k] ^= 1;
			assert_int_equal(gh_release_decide(&t, &c), parts[i].why);
			parts[i].p[k] ^= 1;
		}
	t.nmeasurement = 0; /* nothing is allowed: nothing passes */
	assert_int_equal(gh_release_decide(&t, &c), GH_RELEASE_MEASUREMENT);
}

static void words(void **state)
{
	(void)state;
	assert_int_equal(gh_release_class_named("software"), GH_RELEASE_SOFTWARE);
	assert_int_equal(gh_release_class_named("tpm"), GH_RELEASE_TPM);
	assert_int_equal(gh_release_class_named("enclave"), GH_RELEASE_HARDWARE);
	assert_int_equal(gh_release_class_named("vm-tee"), GH_RELEASE_HARDWARE);
	assert_int_equal(gh_release_class_named("vm-tee "), GH_RELEASE_NOTHING);
	assert_int_equal(gh_release_class_named(""), GH_RELEASE_NOTHING);
	for (unsigned w = 1; w < GH_RELEASE_WHY_END; w++)
		assert_true(gh_release_check((enum gh_release_why)w)[0] != '\0' &&
			    gh_release_text((enum gh_release_why)w)[0] != '\0');
}

/* What is in quarantine gets out by a person's word alone, and what is over never comes back. */
static void states(void **state)
{
	static const char *const may[GH_D_STATES][GH_D_STATES] = {
		[GH_D_STARTING] = { "running", "failed", "stopped", "refused", "quarantined" },
		[GH_D_RUNNING] = { "failed", "stopped", "quarantined" },
		[GH_D_FAILED] = { "starting", "stopped", "quarantined" },
		[GH_D_QUARANTINED] = { "stopped", "rejected" },
		[GH_D_REJECTED] = { "stopped" },
	};
	(void)state;
	for (unsigned from = 0; from < GH_D_STATES; from++)
		for (unsigned to = 0; to < GH_D_STATES; to++) {
			bool want = false;
			for (size_t i = 0; i < GH_D_STATES && may[from][i] != NULL; i++)
				want |= gh_dstate_named(may[from][i]) == (enum gh_dstate)to;
			assert_int_equal(gh_dstate_may((enum gh_dstate)from, (enum gh_dstate)to), want);
		}
	assert_false(gh_dstate_may(GH_D_STATES, GH_D_RUNNING));
	assert_int_equal(gh_dstate_named("nothing"), GH_D_STATES);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_combination),
		cmocka_unit_test(bound),
		cmocka_unit_test(words),
		cmocka_unit_test(states),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What an appraisal is in the words of AR4SI: tiers follow from checks, and are never better than the verdict. */
#include "support/cm.h"

#include "attest/ear.h"
#include "crypto/jws.h"
#include "wire/jdom.h"

#include <string.h>

struct said {
	const char *name;
	enum gh_attest_outcome outcome;
};
struct row {
	const char *kind;
	struct said more[4]; /* besides all that the kind needs, which passes; or instead of it, by the same name */
	const char *claim[2];
	bool software;
	const char *status;
	uint8_t vector[GH_EAR_CLAIMS];
};
#define P GH_AT_PASS
#define F GH_AT_FAIL
#define U GH_AT_UNKNOWN
/*                                                 instance config exec files hardware runtime storage sourced */
static const struct row rows[] = {
	{ "snp", { { "debug", P } }, { NULL }, false, "affirming", { 0, 2, 0, 0, 2, 2, 0, 0 } },
	{ "snp",
	  { { "chip", P }, { "debug", P }, { "measurement", P } },
	  { NULL },
	  false,
	  "affirming",
	  { 2, 2, 3, 0, 2, 2, 0, 0 } },
	{ "snp", { { "debug", F } }, { NULL }, false, "contraindicated", { 0, 96, 0, 0, 2, 96, 0, 0 } },
	{ "snp",
	  { { "debug", GH_AT_SKIPPED } },
	  { "policy_debug", "true" },
	  false,
	  "warning",
	  { 0, 32, 0, 0, 2, 32, 0, 0 } },
	{ "snp", { { "measurement", F } }, { NULL }, false, "contraindicated", { 0, 0, 33, 0, 2, 0, 0, 0 } },
	{ "snp", { { "signature", F } }, { NULL }, false, "contraindicated", { 99, 0, 0, 0, 99, 0, 0, 0 } },
	{ "snp", { { "certificate", U } }, { NULL }, false, "none", { 0 } },
	{ "snp", { { "crl", U } }, { NULL }, false, "none", { 0, 0, 0, 0, 2, 0, 0, 0 } },
	{ "snp", { { "tcb_minimum", F } }, { NULL }, false, "contraindicated", { 0, 0, 0, 0, 32, 0, 0, 0 } },
	{ "tdx",
	  { { "tcb_status", P } },
	  { "tcb_status", "OutOfDate" },
	  false,
	  "warning",
	  { 0, 2, 0, 0, 32, 2, 0, 0 } },
	{ "tdx", { { "rtmr2", P } }, { "tcb_status", "UpToDate" }, false, "affirming", { 0, 2, 3, 0, 2, 2, 0, 0 } },
	{ "tdx", { { "report_data", F } }, { NULL }, false, "contraindicated", { 97, 2, 0, 0, 2, 2, 0, 0 } },
	{ "tpm", { { "pcr7", P } }, { NULL }, true, "affirming", { 0, 0, 3, 0, 0, 0, 0, 0 } },
	{ "tpm", { { "enrolment", P }, { "hardware", P } }, { NULL }, false, "affirming", { 2, 0, 0, 0, 2, 0, 0, 0 } },
	{ "azure", { { "snp.debug", F } }, { NULL }, false, "contraindicated", { 0, 96, 0, 0, 2, 96, 0, 0 } },
};

static bool replaced(const struct row *w, const char *name)
{
	for (size_t i = 0; i < GH_ROWS(w->more) && w->more[i].name != NULL; i++)
		if (strcmp(w->more[i].name, name) == 0)
			return true;
	return false;
}

static void make(const struct row *w, struct gh_arena *a, struct gh_attest_result *r)
{
	memset(r, 0, sizeof *r);
	r->arena = a;
	r->kind = gh_attest_kind(w->kind);
	r->cls = w->software ? GH_AC_SOFTWARE : r->kind->cls;
	const char *const *lists[] = { r->kind->signatures, r->kind->musts };
	for (size_t l = 0; l < 2; l++)
		for (const char *const *m = lists[l]; *m != NULL; m++)
			if (!replaced(w, *m))
				gh_attest_check(r, *m, GH_AT_PASS, "fine");
	for (size_t i = 0; i < GH_ROWS(w->more) && w->more[i].name != NULL; i++)
		gh_attest_check(r, w->more[i].name, w->more[i].outcome, "said");
	if (w->claim[0] != NULL)
		gh_attest_claim(r, w->claim[0], "%s", w->claim[1]);
	gh_attest_claim(r, "measurement", "abcd");
}

static void tiers(void **state)
{
	static struct gh_attest_result r;
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		uint8_t v[GH_EAR_CLAIMS];
		make(&rows[i], &a, &r);
		gh_ear_vector(&r, v);
		if (strcmp(gh_ear_status(&r), rows[i].status) != 0 || memcmp(v, rows[i].vector, sizeof v) != 0)
			fail_msg("row %zu: %s %u %u %u %u %u %u %u %u", i, gh_ear_status(&r), v[0], v[1], v[2], v[3],
				 v[4], v[5], v[6], v[7]);
	}
}

/* The document is JSON with each name once, whatever the evidence called its claims; what is not proven is not in it. */
static void documents(void **state)
{
	static struct gh_attest_result r;
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		gh_auto_buf doc = gh_buf(GH_EAR_MAX);
		const struct gh_jval *v = NULL;
		make(&rows[i], &a, &r);
		gh_attest_claim(&r, "measurement", "twice");
		gh_attest_claim(&r, "odd", "%s", "\"\\\x01\xff");
		const struct gh_ear_context c = {
			.now = 1767225600, .at = 1700000000, .nonce = GH_SPAN("\xff\xfe\xfd"), .build = "b"
		};
		gh_ear_write(&r, &c, &doc);
		assert_int_equal(gh_jdom_parse(&a, gh_buf_view(&doc), &v, NULL), GH_OK);
		assert_string_equal(gh_jstr(v, "eat_profile"), GH_EAR_PROFILE);
		assert_string_equal(gh_jstr(v, "eat_nonce"), "__79");
		const struct gh_jval *sub = gh_jget(gh_jget(v, "submods"), rows[i].kind);
		assert_string_equal(gh_jstr(sub, "ear.status"), rows[i].status);
		const char *m = gh_jstr(gh_jget(sub, "ear.veraison.annotated-evidence"), "measurement");
		if (gh_attest_trusted(&r))
			assert_string_equal(m, "abcd");
		else
			assert_null(m);
	}
}

static void signing(void **state)
{
	static const enum gh_key_kind kinds[] = { GH_KEY_P256, GH_KEY_P384, GH_KEY_ED25519, GH_KEY_P521 };
	static const char *const alg[] = { "ES256", "ES384", "EdDSA", NULL };
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		gh_auto_buf out = gh_buf(4096);
		gh_auto_key *k = gh_key_new(kinds[i]);
		enum gh_rc rc = gh_jws_sign(k, "JWT", GH_SPAN("{}"), &out, NULL);
		assert_int_equal(rc, alg[i] == NULL ? GH_E_UNREAD : GH_OK);
		if (alg[i] == NULL)
			continue;
		assert_string_equal(gh_jws_alg(k), alg[i]);
		const char *first = strchr(gh_buf_cstr(&out), '.'), *second = strchr(first + 1, '.');
		assert_memory_equal(first, ".e30.", 5);
		assert_int_equal(strlen(second + 1), kinds[i] == GH_KEY_P384 ? 128 : 86);
		assert_null(strpbrk(gh_buf_cstr(&out), "+/=\n"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tiers), cmocka_unit_test(documents),
					    cmocka_unit_test(signing) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}

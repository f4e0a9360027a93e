/* A TPM of software, enrolled under a vendor of our own: a challenge that only it can answer, a record of that, and what quotes are worth
 * then. */
#include "support/cm.h"

#include "attest/roots.h"
#include "attest/tpm_enrol.h"
#include "attest/tpm_public.h"
#include "crypto/tpmcred.h"
#include "crypto/x509chain.h"
#include "runtime/makers.h"
#include "runtime/tpm_host.h"
#include "runtime/tss.h"
#include "support/attested.h"
#include "support/pki.h"
#include "support/swtpm.h"
#include "wire/b64.h"

#include <openssl/x509.h>
#include <string.h>

#ifndef GH_TEST_HOOKS
int main(void)
{
	puts("skipped: built without GH_TEST_HOOKS, roots cannot be stood in for");
	return 0;
}
#else
#define EK_USE "2.23.133.8.1"
static struct swtpm tpm, other;
static struct pki_node vendor, stranger, ek_cert;
static struct gh_arena arena = { .max = 8 << 20 };
static struct gh_key *enroller, *somebody;
static uint8_t root_der[4096], ek_der[4096];

static const uint8_t secret[GH_TPM_SECRET] = { 7, 7, 7 };

/* The endorsement key's public half as OpenSSL's. */
static EVP_PKEY *public_of(struct gh_span area)
{
	struct gh_tpm_public p;
	gh_auto_key *k = NULL;
	gh_auto_buf der = gh_buf(4096);
	assert_null(gh_tpm_public_read(area, &p));
	assert_int_equal(gh_tpm_public_key(&p, &k, NULL), GH_OK);
	assert_true(gh_key_spki(k, &der));
	const uint8_t *at = der.p;
	return d2i_PUBKEY(NULL, &at, (long)der.n);
}

static struct gh_span ek_area(const struct swtpm *t, bool rsa)
{
	gh_auto_tss s = { 0 };
	ESYS_TR h = ESYS_TR_NONE;
	struct gh_span pub = { 0 };
	assert_int_equal(gh_tss_open(&s, t->tcti, NULL), GH_OK);
	assert_int_equal(gh_tss_ek(&s, rsa, &h, &arena, &pub, NULL), GH_OK);
	gh_tss_drop(&s, &h);
	return pub;
}

static struct gh_span ak_area(const struct swtpm *t)
{
	struct gh_tpm_identity id;
	assert_int_equal(gh_tpm_identity(t->tcti, &arena, &id, NULL), GH_OK);
	assert_int_equal(id.ek_certificate.n, 0); /* nobody certified this one */
	return id.ak;
}

static void challenge(struct gh_span ek, struct gh_span ak, struct gh_buf *out)
{
	struct gh_tpm_public e, a;
	gh_auto_key *key = NULL;
	assert_null(gh_tpm_public_read(ek, &e));
	assert_null(gh_tpm_public_read(ak, &a));
	assert_int_equal(gh_tpm_public_key(&e, &key, NULL), GH_OK);
	assert_int_equal(gh_tpm_credential(key, (struct gh_span){ a.name, a.nname }, secret, out, NULL), GH_OK);
}

/* ---- the challenge ---------------------------------------------------------------------------------------------------------- */
static void only_this_tpm_answers(void **state)
{
	(void)state;
	struct gh_span ak = ak_area(&tpm);
	for (int rsa = 0; rsa < 2; rsa++) {
		gh_auto_buf c = gh_buf(GH_TPM_CREDENTIAL_MAX);
		uint8_t got[32] = { 0 };
		struct gh_err err = { 0 };
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		challenge(ek_area(&tpm, rsa != 0), ak, &c);
		if (gh_tpm_activate(tpm.tcti, gh_buf_view(&c), got, &err) != GH_OK)
			fail_msg("%s", gh_err_line(&err, why, sizeof why));
		assert_memory_equal(got, secret, 32);
		assert_int_equal(gh_tpm_activate(other.tcti, gh_buf_view(&c), got, NULL), GH_E_DENIED);
		for (size_t i = 8; i < c.n; i += 17) { /* structure, integrity, identity, secret */
			c.p[i] ^= 1;
			enum gh_rc rc = gh_tpm_activate(tpm.tcti, gh_buf_view(&c), got, NULL);
			if (rc != GH_E_DENIED && rc != GH_E_MALFORMED)
				fail_msg("byte %zu: %d", i, rc);
			c.p[i] ^= 1;
		}
		for (size_t n = 0; n < c.n; n += 7)
			assert_int_equal(gh_tpm_activate(tpm.tcti, (struct gh_span){ c.p, n }, got, NULL),
					 GH_E_MALFORMED);
	}
}

/* For another key of the same TPM: that is not the key that the TPM would activate it with. */
static void nor_another_key(void **state)
{
	gh_auto_buf c = gh_buf(GH_TPM_CREDENTIAL_MAX);
	uint8_t got[32];
	(void)state;
	challenge(ek_area(&tpm, false), ak_area(&other), &c);
	assert_int_equal(gh_tpm_activate(tpm.tcti, gh_buf_view(&c), got, NULL), GH_E_DENIED);
}

/* ---- records ------------------------------------------------------------------------------------------------------------------ */
struct world {
	struct pki_spec ek;
	const struct pki_node *by;
	struct gh_span ak;
	const struct gh_key *signer;
	bool pinned, altered;
	const char *policy; /* %s: the enroller's digest */
};
static void straight(struct world *w)
{
	*w = (struct world){ .ek = { .cn = "TPM of a test",
				     .basic = "critical,CA:FALSE",
				     .usage = "critical,keyAgreement",
				     .eku = EK_USE },
			     .by = &vendor,
			     .signer = enroller,
			     .pinned = true,
			     .policy = "enrolled_by: [%s]\n" };
	w->ak = ak_area(&tpm);
}

static void no_policy(struct world *w) { w->policy = NULL; }
static void others_policy(struct world *w)
{
	w->policy = "enrolled_by: [\"0000000000000000000000000000000000000000000000000000000000000000\"]\n";
}
static void hardware(struct world *w) { w->policy = "enrolled_by: [%s]\nrequire_hardware: true\n"; }
static void unpinned(struct world *w) { w->pinned = false; }
static void unpinned_hardware(struct world *w)
{
	hardware(w);
	w->pinned = false;
}
static void by_somebody(struct world *w) { w->signer = somebody; }
static void altered(struct world *w) { w->altered = true; }
static void by_stranger(struct world *w)
{
	hardware(w);
	w->by = &stranger;
}
static void expired(struct world *w)
{
	hardware(w);
	w->ek.to = PKI_NOW - 1;
}
static void wrong_use(struct world *w) { w->ek.eku = "clientAuth"; }
static void no_use(struct world *w) { w->ek.eku = NULL; }
static void authority(struct world *w)
{
	w->ek.basic = "critical,CA:TRUE";
	w->ek.usage = "critical,keyCertSign";
}
static void of_other_tpm(struct world *w) { w->ak = ak_area(&other); }

static const struct row {
	void (*bend)(struct world *w);
	enum gh_attest_verdict want;
	enum gh_attest_class cls;
	const char *bad;
} rows[] = {
	{ NULL, GH_ATTEST_ACCEPTED, GH_AC_TPM, "" },
	{ hardware, GH_ATTEST_ACCEPTED, GH_AC_TPM, "" },
	/* The maker's own key stands beside the record: without a record that counts it is the caller's word, and software. */
	{ no_policy, GH_ATTEST_ACCEPTED, GH_AC_SOFTWARE, "" },
	{ others_policy, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "enrolment" },
	{ unpinned, GH_ATTEST_ACCEPTED, GH_AC_SOFTWARE, "" },
	{ unpinned_hardware, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_chain hardware" },
	{ by_somebody, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "enrolment" },
	{ altered, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "enrolment" },
	{ by_stranger, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_chain hardware" },
	{ expired, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_chain hardware" },
	{ wrong_use, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_certificate" },
	{ no_use, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_certificate" },
	{ authority, GH_ATTEST_REJECTED, GH_AC_SOFTWARE, "ek_certificate" },
	{ of_other_tpm, GH_ATTEST_ACCEPTED, GH_AC_SOFTWARE, "" }, /* its record says nothing about this key */
};

static void record(struct world *w, struct gh_buf *out)
{
	if (ek_cert.key == NULL)
		ek_cert.key = public_of(ek_area(&tpm, false));
	pki_make(&ek_cert, &w->ek, w->by);
	struct gh_span der = pki_der(&ek_cert, ek_der, sizeof ek_der);
	assert_int_equal(gh_tpm_enrolment_write(out, w->signer, w->ak, der, NULL, 0, PKI_NOW, NULL), GH_OK);
	char *payload = strstr((char *)out->p, "\"payload\":\"");
	if (w->altered)
		payload[40] ^= 1;
}

static void what_quotes_are_worth(void **state)
{
	const struct gh_make_where where = { .tcti = tpm.tcti, .pcrs = 0xff, .log = "" };
	static struct gh_attest_result r;
	uint8_t data[GH_MAKE_DATA] = { 9 }, id[32];
	struct gh_make_result m;
	(void)state;
	assert_int_equal(gh_make_tpm.make(&where, data, &arena, &m, NULL), GH_OK);
	assert_true(gh_key_id(enroller, id));
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		gh_auto_buf rec = gh_buf(GH_TPM_ENROL_MAX);
		char hex[65], policy[300], bad[300] = "";
		struct world w;
		size_t n = 0;
		straight(&w);
		if (rows[i].bend != NULL)
			rows[i].bend(&w);
		record(&w, &rec);
		gh_b16(hex, (struct gh_span){ id, 32 });
		gh_attest_root_for_test("tpm-test-vendor",
					w.pinned ? pki_der(&vendor, root_der, sizeof root_der) : (struct gh_span){ 0 });
		struct gh_attest_file e[5] = {
			m.endorsement[0], m.endorsement[1], m.endorsement[2], { GH_SPAN("record"), gh_buf_view(&rec) }
		};
		struct gh_attest_question q = {
			.evidence = m.evidence, .endorsement = e, .nendorsement = 4, .nonce = m.bound, .at = PKI_NOW
		};
		if (w.policy != NULL) {
			const char *at = strstr(w.policy, "%s");
			(void)snprintf(policy, sizeof policy, "%.*s%s%s", at == NULL ? 0 : (int)(at - w.policy),
				       w.policy, at == NULL ? "" : hex, at == NULL ? w.policy : at + 2);
			assert_int_equal(
				gh_attest_policy_read(&a, gh_span_str(policy), gh_attest_kind("tpm"), &q.policy, NULL),
				GH_OK);
		}
		enum gh_attest_verdict v = gh_attest_appraise(gh_attest_kind("tpm"), &q, &a, &r);
		for (size_t k = 0; k < r.nchecks; k++)
			if (r.check[k].outcome == GH_AT_FAIL || r.check[k].outcome == GH_AT_UNKNOWN)
				n += (size_t)snprintf(bad + n, sizeof bad - n, "%s%s", n == 0 ? "" : " ",
						      r.check[k].name);
		if (v != rows[i].want || r.cls != rows[i].cls || strcmp(bad, rows[i].bad) != 0)
			fail_msg("row %zu: %s, class %s, not passed: '%s'", i, gh_attest_verdict_word(v),
				 gh_attest_class_word(r.cls), bad);
	}
}

/* Roots that are compiled in lead to no class for a key that they know nothing of, and are whole. */
static void pinned_vendors(void **state)
{
	const char *name = NULL;
	size_t n = 0;
	(void)state;
	gh_attest_root_for_test("tpm-test-vendor", (struct gh_span){ 0 });
	for (; gh_attest_root_at("tpm-", n, &name).n != 0; n++) {
		gh_auto_certs c = { 0 };
		assert_int_equal(gh_certs_add(&c, gh_attest_root_at("tpm-", n, &name), NULL), GH_OK);
		assert_true(gh_cert_self_signed(c.v[0]) && gh_cert_is_authority(c.v[0]));
	}
	assert_int_equal(n, 6);
}

int main(void)
{
	const struct pki_spec root = { .cn = "Vendor of TPMs", .key = "P-256", PKI_CA };
	const struct CMUnitTest tests[] = { cmocka_unit_test(only_this_tpm_answers), cmocka_unit_test(nor_another_key),
					    cmocka_unit_test(what_quotes_are_worth) },
				always[] = { cmocka_unit_test(pinned_vendors) };
	char dir[] = "/tmp/gh-enrol-XXXXXX", one[64], two[64];
	int failed = cmocka_run_group_tests(always, NULL, NULL);
	if (mkdtemp(dir) == NULL)
		return 1;
	(void)snprintf(one, sizeof one, "%s/1", dir);
	(void)snprintf(two, sizeof two, "%s/2", dir);
	const char *const make[] = { "mkdir", one, two, NULL }, *const rm[] = { "rm", "-rf", dir, NULL };
	if (swtpm_there() && swtpm_run(make) && swtpm_start(&tpm, one) && swtpm_start(&other, two)) {
		pki_make(&vendor, &root, NULL);
		pki_make(&stranger, &root, NULL);
		enroller = gh_key_new(GH_KEY_P256);
		somebody = gh_key_new(GH_KEY_ED25519);
		failed += cmocka_run_group_tests(tests, NULL, NULL);
	} else {
		puts("skipped: swtpm or tpm2-tools is not installed, or swtpm does not start");
	}
	swtpm_stop(&tpm);
	swtpm_stop(&other);
	(void)swtpm_run(rm);
	pki_free(&vendor);
	pki_free(&stranger);
	pki_free(&ek_cert);
	gh_key_free(enroller);
	gh_key_free(somebody);
	gh_arena_free(&arena);
	return failed;
}
#endif

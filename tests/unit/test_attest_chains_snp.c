/* SEV-SNP under an AMD of our own: reports that are signed all the way up, and wrong in one thing. Each is refused by the check that
 * is there for it, and the list of checks that did not pass is asserted whole. */
#include "support/cm.h"

#include "attest/roots.h"
#include "support/attested.h"
#include "support/pki.h"

#include <string.h>

#ifndef GH_TEST_HOOKS
int main(void)
{
	puts("skipped: built without GH_TEST_HOOKS, roots cannot be stood in for");
	return 0;
}
#else
#define ARC "1.3.6.1.4.1.3704.1"
enum { REPORT = 1184, SIGNED = 0x2a0, LOADER = 3, TEE = 0, SNP = 20, UCODE = 200 };

struct world {
	struct pki_spec leaf;
	uint8_t report[REPORT + 1];
	size_t n;
	uint8_t hwid[64];
	uint8_t spl[4];	    /* of the certificate: loader, TEE, SNP, microcode */
	unsigned structure; /* structVersion of the certificate */
	bool other_key;	    /* somebody else signs the report */
	bool other_ask;	    /* somebody else, of the same name, issues the certificate */
	bool old_ask;	    /* the ASK has expired */
	struct gh_span crl;
	uint8_t crl_room[4096];
};

static struct pki_node ark, ask, stranger, ask_stranger, old_ask, vcek, thief;
static uint8_t der[4][8192];

/* ---- bending ---------------------------------------------------------------------------------------------------------------- */
static void expired(struct world *w) { w->leaf.to = PKI_NOW - 1; }
static void early(struct world *w) { w->leaf.from = PKI_NOW + 1; }
static void ask_expired(struct world *w) { w->old_ask = true; }
static void usage(struct world *w) { w->leaf.usage = "critical,keyEncipherment"; }
static void is_ca(struct world *w)
{
	w->leaf.basic = "critical,CA:TRUE";
	w->leaf.usage = "critical,digitalSignature,keyCertSign";
}
static void curve(struct world *w) { w->leaf.key = "P-256"; }
static void cn(struct world *w) { w->leaf.cn = "SEV-VCEK2"; }
static void org(struct world *w) { w->leaf.org = "Advanced Micro Device"; }
static void issued_by_other(struct world *w) { w->other_ask = true; }
static void signed_by_other(struct world *w) { w->other_key = true; }
static void genoa(struct world *w) { w->report[0x189] = 0x11; }
static void turin(struct world *w) { w->report[0x188] = 0x1a; }
static void turin_structure(struct world *w) { w->structure = 1; }
static void loader_up(struct world *w) { w->spl[0]++; }
static void tee_up(struct world *w) { w->spl[1]++; }
static void snp_down(struct world *w) { w->spl[2]--; }
static void ucode_down(struct world *w) { w->spl[3]--; }
static void ucode_up(struct world *w) { w->spl[3]++; }
static void current_low(struct world *w) { w->report[0x38 + 6] = w->report[0x1e0 + 6] = SNP - 1; }
static void committed_high(struct world *w) { w->report[0x1e0 + 6] = SNP + 1; }
static void committed_low(struct world *w) { w->report[0x1e0 + 6] = SNP - 1; }
static void launch_low(struct world *w) { w->report[0x1f0 + 6] = SNP - 1; }
static void provisional_build(struct world *w) { w->report[0x1ec]--; }
static void debug(struct world *w) { w->report[8 + 2] |= 1 << 3; }
static void migration(struct world *w) { w->report[8 + 2] |= 1 << 2; }
static void other_chip(struct world *w) { w->hwid[63] ^= 1; }
static void no_hwid(struct world *w) { memset(w->hwid, 0, 64); }
static void masked_chip_there(struct world *w) { w->report[0x48] |= 2; }
static void algorithm(struct world *w) { w->report[0x34] = 2; }
static void reserved(struct world *w) { w->report[0x18b] = 1; }
static void tcb_reserved(struct world *w) { w->report[0x180 + 3] = 1; }
static void behind_signature(struct world *w) { w->report[REPORT - 1] = 1; }
static void extra_byte(struct world *w) { w->n = REPORT + 1; }
static void cut_off(struct world *w) { w->n = REPORT - 1; }
static void vmpl3(struct world *w) { w->report[0x30] = 3; }
static void version6(struct world *w) { w->report[0] = 6; }
static void no_key(struct world *w) { w->report[0x48] = 7 << 2; }
static void says_vlek(struct world *w) { w->report[0x48] = 1 << 2; }

static void crl(struct world *w, const struct pki_node *by, const struct pki_node *whom, int64_t from, int64_t to)
{
	w->crl = pki_crl(by, whom, from, to, true, w->crl_room, sizeof w->crl_room);
}
static void crl_clean(struct world *w) { crl(w, &ark, NULL, 0, 0); }
static void crl_ask(struct world *w) { crl(w, &ark, &ask, 0, 0); }
static void crl_ark(struct world *w) { crl(w, &ark, &ark, 0, 0); }
static void crl_ask_old(struct world *w) { crl(w, &ark, &ask, PKI_NOW - 9 * PKI_DAY, PKI_NOW - 2 * PKI_DAY); }
static void crl_expired(struct world *w) { crl(w, &ark, NULL, PKI_NOW - 9 * PKI_DAY, PKI_NOW - 1); }
static void crl_early(struct world *w) { crl(w, &ark, NULL, PKI_NOW + 1, PKI_NOW + PKI_DAY); }
static void crl_forged(struct world *w) { crl(w, &stranger, NULL, 0, 0); } /* the root's name, another key */
static void crl_of_ask(struct world *w) { crl(w, &ask, NULL, 0, 0); }
static void crl_broken(struct world *w)
{
	crl(w, &ark, NULL, 0, 0);
	w->crl_room[3] ^= 1;
}

struct row {
	void (*bend)(struct world *w);
	const char *policy;
	bool wrong_data;
	enum gh_attest_verdict want;
	const char *bad;
};
#define NO GH_ATTEST_REJECTED
#define YES GH_ATTEST_ACCEPTED
#define UNSURE GH_ATTEST_INCOMPLETE
static const struct row rows[] = {
	{ NULL, NULL, false, YES, "" },
	{ expired, NULL, false, NO, "validity" },
	{ early, NULL, false, NO, "validity" },
	{ ask_expired, NULL, false, NO, "validity" },
	{ usage, NULL, false, NO, "certificate" },
	{ is_ca, NULL, false, NO, "certificate" },
	{ curve, NULL, false, NO, "certificate" },
	{ cn, NULL, false, NO, "certificate" },
	{ org, NULL, false, NO, "certificate" },
	{ issued_by_other, NULL, false, NO, "chain" },
	{ signed_by_other, NULL, false, NO, "signature" },
	{ genoa, NULL, false, NO, "product_matches" },
	{ turin, NULL, false, NO, "product_matches" },
	{ turin_structure, NULL, false, NO, "product_matches" },
	{ loader_up, NULL, false, NO, "tcb_certificate" },
	{ tee_up, NULL, false, NO, "tcb_certificate" },
	{ snp_down, NULL, false, NO, "tcb_certificate" },
	{ ucode_down, NULL, false, NO, "tcb_certificate" },
	{ ucode_up, NULL, false, NO, "tcb_certificate" },
	{ current_low, NULL, false, NO, "tcb_current" },
	{ committed_high, NULL, false, NO, "tcb_committed firmware" },
	{ committed_low, NULL, false, NO, "firmware" },
	{ committed_low, "allow_provisional: true\n", false, YES, "" },
	{ committed_low, "allow_provisional: true\nmin_snp: 20\n", false, NO, "tcb_rollback" },
	{ launch_low, NULL, false, YES, "" },
	{ launch_low, "min_snp: 20\n", false, NO, "tcb_launch" },
	{ provisional_build, NULL, false, NO, "firmware" },
	{ NULL, "min_boot_loader: 3\nmin_tee: 0\nmin_snp: 20\nmin_microcode: 200\n", false, YES, "" },
	{ NULL, "min_boot_loader: 4\n", false, NO, "tcb_minimum tcb_launch tcb_rollback" },
	{ NULL, "min_tee: 1\n", false, NO, "tcb_minimum tcb_launch tcb_rollback" },
	{ NULL, "min_snp: 21\n", false, NO, "tcb_minimum tcb_launch tcb_rollback" },
	{ NULL, "min_microcode: 201\n", false, NO, "tcb_minimum tcb_launch tcb_rollback" },
	{ NULL, "min_fmc: 1\n", false, NO, "tcb_minimum tcb_launch tcb_rollback" },
	{ debug, NULL, false, NO, "debug" },
	{ debug, "allow_debug: true\n", false, YES, "" },
	{ migration, NULL, false, NO, "migration" },
	{ migration, "allow_migration: true\n", false, YES, "" },
	{ other_chip, NULL, false, NO, "chip" },
	{ no_hwid, NULL, false, NO, "chip" },
	{ masked_chip_there, NULL, false, NO, "chip" },
	{ NULL, NULL, true, NO, "report_data" },
	{ algorithm, NULL, false, NO, "format" },
	{ reserved, NULL, false, NO, "format" },
	{ tcb_reserved, NULL, false, NO, "tcb_format" },
	{ behind_signature, NULL, false, NO, "format" },
	{ extra_byte, NULL, false, NO, "format" },
	{ cut_off, NULL, false, NO, "format" },
	{ version6, NULL, false, NO, "format" },
	{ no_key, NULL, false, NO, "format" },
	{ says_vlek, NULL, false, NO, "certificate" },
	{ vmpl3, "vmpl: [0]\n", false, NO, "vmpl" },
	{ crl_clean, "require_crl: true\n", false, YES, "" },
	{ NULL, "require_crl: true\n", false, UNSURE, "crl" },
	{ crl_ask, NULL, false, NO, "crl" },
	{ crl_ark, NULL, false, NO, "crl" },
	{ crl_ask_old, NULL, false, NO, "crl" },
	{ crl_expired, NULL, false, NO, "crl" },
	{ crl_early, NULL, false, NO, "crl" },
	{ crl_forged, NULL, false, NO, "crl" },
	{ crl_of_ask, NULL, false, YES, "" },
	{ crl_of_ask, "require_crl: true\n", false, UNSURE, "crl" },
	{ crl_broken, NULL, false, UNSURE, "crl" },
};

/* ---- making ----------------------------------------------------------------------------------------------------------------- */
static void tcb(uint8_t *p)
{
	p[0] = LOADER;
	p[1] = TEE;
	p[6] = SNP;
	p[7] = UCODE;
}

static void straight(struct world *w)
{
	static const uint8_t spl[4] = { LOADER, TEE, SNP, UCODE };
	uint8_t *r = w->report;
	memset(w, 0, sizeof *w);
	w->n = REPORT;
	r[0] = 3;
	r[8 + 2] = 1 << 1 | 1; /* bit 17 must be set, 16: SMT */
	r[0x34] = 1;
	memset(r + 0x50, 0xda, 64);
	memset(r + 0x90, 0x3e, 48);
	tcb(r + 0x38);
	tcb(r + 0x180);
	tcb(r + 0x1e0);
	tcb(r + 0x1f0);
	r[0x188] = 0x19;
	r[0x189] = 0x01;
	r[0x18a] = 0x01;
	memset(r + 0x1a0, 0xc5, 64);
	r[0x1e8] = r[0x1ec] = 21;
	memcpy(w->spl, spl, 4);
	memset(w->hwid, 0xc5, 64);
	w->leaf = (struct pki_spec){
		.cn = "SEV-VCEK", .org = "Advanced Micro Devices", .key = "P-384", PKI_LEAF, .pss = true
	};
}

static void sign(struct world *w)
{
	static const char *const oid[] = { ARC ".3.1", ARC ".3.2", ARC ".3.3", ARC ".3.8" };
	uint8_t rs[96];
	pki_ext_int(&w->leaf, ARC ".1", w->structure);
	pki_ext_add(&w->leaf, ARC ".2", "\x16\x08Milan-B0", 10);
	for (size_t i = 0; i < 4; i++)
		pki_ext_int(&w->leaf, oid[i], w->spl[i]);
	pki_ext_add(&w->leaf, ARC ".4", w->hwid, 64);
	pki_make(&vcek, &w->leaf, w->other_ask ? &ask_stranger : w->old_ask ? &old_ask : &ask);
	EVP_PKEY *by = w->other_key || EVP_PKEY_get_bits(vcek.key) != 384 ? thief.key : vcek.key;
	pki_sign_raw(by, EVP_sha384(), (struct gh_span){ w->report, SIGNED }, 48, rs);
	for (size_t i = 0; i < 48; i++) {
		w->report[0x2a0 + i] = rs[47 - i];
		w->report[0x2a0 + 72 + i] = rs[95 - i];
	}
}

static void authorities(void)
{
	const struct pki_spec
		root = { .cn = "ARK-Milan", .org = "Advanced Micro Devices", .key = "RSA", PKI_CA, .pss = true },
		mid = { .cn = "SEV-Milan", .org = "Advanced Micro Devices", .key = "RSA", PKI_CA, .pss = true };
	struct pki_spec was = mid;
	pki_make(&ark, &root, NULL);
	pki_make(&ask, &mid, &ark);
	pki_make(&stranger, &root, NULL);
	pki_make(&ask_stranger, &mid, &stranger);
	was.to = PKI_NOW - 1;
	pki_make(&old_ask, &was, &ark);
	thief.key = pki_key("P-384");
}

static void judge(const struct row *row, size_t i, bool warm)
{
	static struct world w;
	gh_auto_arena a = { .max = 1 << 20 };
	char bad[400];
	straight(&w);
	if (row->bend != NULL)
		row->bend(&w);
	sign(&w);
	gh_attest_root_for_test("amd-milan-ark", pki_der(&ark, der[0], sizeof der[0]));
	gh_attest_root_for_test("amd-milan-ask", pki_der(w.old_ask ? &old_ask : &ask, der[1], sizeof der[1]));
	const struct gh_attest_file e = { GH_SPAN("vcek"), pki_der(&vcek, der[2], sizeof der[2]) },
				    c = { GH_SPAN("crl"), w.crl };
	uint8_t want[64];
	memset(want, row->wrong_data ? 0xdb : 0xda, sizeof want);
	struct gh_attest_question q = { .evidence = { w.report, w.n },
					.endorsement = &e,
					.nendorsement = 1,
					.collateral = &c,
					.ncollateral = w.crl.n != 0,
					.report_data = { want, 64 },
					.at = PKI_NOW,
					.cache = warm ? gh_attest_cache_new() : NULL };
	if (row->policy != NULL)
		assert_int_equal(
			gh_attest_policy_read(&a, gh_span_str(row->policy), gh_attest_kind("snp"), &q.policy, NULL),
			GH_OK);
	for (unsigned k = 0; k < (warm ? 2u : 1u); k++) { /* the second time out of the cache */
		enum gh_attest_verdict v = attested("snp", &q, bad, sizeof bad);
		if (v != row->want || strcmp(bad, row->bad) != 0)
			fail_msg("row %zu%s: %s, not passed: '%s' instead of '%s'", i, k != 0 ? ", warm" : "",
				 gh_attest_verdict_word(v), bad, row->bad);
	}
	gh_attest_cache_free(q.cache);
}

static void each_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		judge(&rows[i], i, true);
}

/* Without the stand-ins the same evidence is nobody's: the compiled-in roots are what counts. */
static void our_authorities_are_nobodys(void **state)
{
	static struct world w;
	char bad[400];
	(void)state;
	straight(&w);
	sign(&w);
	gh_attest_root_for_test("amd-milan-ark", (struct gh_span){ 0 });
	gh_attest_root_for_test("amd-milan-ask", (struct gh_span){ 0 });
	const struct gh_attest_file e = { GH_SPAN("vcek"), pki_der(&vcek, der[2], sizeof der[2]) };
	const struct gh_attest_question q = {
		.evidence = { w.report, w.n }, .endorsement = &e, .nendorsement = 1, .at = PKI_NOW
	};
	assert_int_equal(attested("snp", &q, bad, sizeof bad), NO);
	assert_string_equal(bad, "chain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused_for_its_reason),
		cmocka_unit_test(our_authorities_are_nobodys),
	};
	authorities();
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	struct pki_node *all[] = { &ark, &ask, &stranger, &ask_stranger, &old_ask, &vcek, &thief };
	for (size_t i = 0; i < GH_ROWS(all); i++)
		pki_free(all[i]);
	return failed;
}
#endif

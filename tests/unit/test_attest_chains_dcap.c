/* TDX and SGX under an Intel of our own: quotes and collateral that are signed all the way up, and wrong in one thing. Each is refused by
 * the check that is there for it, and the list of checks that did not pass is asserted whole. */
#include "support/cm.h"

#include "attest/roots.h"
#include "support/attested.h"
#include "support/dcapmake.h"

#include <string.h>

#ifndef GH_TEST_HOOKS
int main(void)
{
	puts("skipped: built without GH_TEST_HOOKS, roots cannot be stood in for");
	return 0;
}
#else
typedef struct dcapmake D;

/* ---- certificates ------------------------------------------------------------------------------------------------------------ */
static void pck_expired(D *d) { d->spec[DM_PCK].to = PKI_NOW - 1; }
static void pck_early(D *d) { d->spec[DM_PCK].from = PKI_NOW + 1; }
static void pck_usage(D *d) { d->spec[DM_PCK].usage = "critical,keyAgreement"; }
static void pck_is_ca(D *d)
{
	d->spec[DM_PCK].basic = "critical,CA:TRUE";
	d->spec[DM_PCK].usage = "critical,digitalSignature,keyCertSign";
}
static void pck_cn(D *d) { d->spec[DM_PCK].cn = "Intel SGX PCK Processor CA"; }
static void pck_by_root(D *d) { d->pck_by = DM_ROOT; }
static void pck_by_stranger(D *d) { d->pck_by = DM_STRANGER; }
static void ca_expired(D *d) { d->spec[DM_CA].to = PKI_NOW - 1; }
static void ca_is_none(D *d)
{
	d->spec[DM_CA].basic = "critical,CA:FALSE";
	d->spec[DM_CA].usage = "critical,digitalSignature";
}
static void ca_usage(D *d) { d->spec[DM_CA].usage = "critical,cRLSign"; }
static void ca_cn(D *d) { d->spec[DM_CA].cn = "Intel SGX PCK Platform CA 2"; }
static void path_length(D *d) { d->spec[DM_ROOT].basic = "critical,CA:TRUE,pathlen:0"; }
static void root_expired(D *d) { d->spec[DM_ROOT].to = PKI_NOW - 1; }
static void critical_unknown(D *d)
{
	pki_ext_add(&d->spec[DM_PCK], "1.2.3.4.5", "\x05\x00", 2);
	d->spec[DM_PCK].ext[0].critical = true;
}

/* ---- revocation -------------------------------------------------------------------------------------------------------------- */
static void pck_revoked(D *d) { d->pck_revokes = DM_PCK; }
static void ca_revoked(D *d) { d->root_revokes = DM_CA; }
static void signer_revoked(D *d) { d->root_revokes = DM_TCB; }
static void pck_revoked_by_old_list(D *d)
{
	pck_revoked(d);
	d->pck_crl[0] = PKI_NOW - 9 * PKI_DAY;
	d->pck_crl[1] = PKI_NOW - PKI_DAY;
}
static void pck_crl_expired(D *d)
{
	d->pck_crl[0] = PKI_NOW - 9 * PKI_DAY;
	d->pck_crl[1] = PKI_NOW - 1;
}
static void pck_crl_early(D *d)
{
	d->pck_crl[0] = PKI_NOW + 1;
	d->pck_crl[1] = PKI_NOW + PKI_DAY;
}
static void pck_crl_missing(D *d) { d->no_pck_crl = true; }
static void pck_crl_of_root(D *d) { d->pck_crl_by = DM_ROOT; }
static void root_crl_missing(D *d) { d->no_root_crl = true; }
static void root_crl_forged(D *d) { d->root_crl_by = DM_STRANGER; }
static void root_crl_expired(D *d)
{
	d->root_crl[0] = PKI_NOW - 9 * PKI_DAY;
	d->root_crl[1] = PKI_NOW - 1;
}

/* ---- collateral -------------------------------------------------------------------------------------------------------------- */
static void other_fmspc(D *d) { d->info_fmspc[5] ^= 1; }
static void other_pceid(D *d) { d->info_pceid[0] ^= 1; }
static void info_expired(D *d) { d->next = "2025-12-31T23:59:59Z"; }
static void info_early(D *d) { d->issued = "2026-01-01T00:00:01Z"; }
static void info_replaced(D *d) { d->info_altered = true; }
static void info_missing(D *d) { d->no_tcb = true; }
static void identity_expired(D *d) { d->qe_next = "2025-12-31T23:59:59Z"; }
static void identity_early(D *d) { d->qe_issued = "2026-01-01T00:00:01Z"; }
static void identity_replaced(D *d) { d->identity_altered = true; }
static void identity_missing(D *d) { d->no_identity = true; }
static void identity_of_other(D *d) { d->qe_id = d->tdx ? "QE" : "TD_QE"; }
static void signer_expired(D *d) { d->spec[DM_TCB].to = PKI_NOW - 1; }
static void signer_usage(D *d) { d->spec[DM_TCB].usage = "critical,keyEncipherment"; }
static void signer_is_ca(D *d)
{
	d->spec[DM_TCB].basic = "critical,CA:TRUE";
	d->spec[DM_TCB].usage = "critical,digitalSignature,keyCertSign";
}
static void signer_name(D *d) { d->spec[DM_TCB].cn = "Intel SGX TCB Signer"; }
static void signer_by_stranger(D *d) { d->tcb_by = DM_STRANGER; }

/* ---- TCB --------------------------------------------------------------------------------------------------------------------- */
static void out_of_date(D *d) { d->status = "OutOfDate"; }
static void hardening(D *d) { d->status = "SWHardeningNeeded"; }
static void configuration(D *d) { d->status = "ConfigurationNeeded"; }
static void configuration_sw(D *d) { d->status = "ConfigurationAndSWHardeningNeeded"; }
static void out_of_date_configuration(D *d) { d->status = "OutOfDateConfigurationNeeded"; }
static void revoked(D *d) { d->status = "Revoked"; }
static void pcesvn(D *d) { d->need_pcesvn++; }
static void qe_out_of_date(D *d) { d->qe_status = "OutOfDate"; }
static void module_out_of_date(D *d) { d->module_status = "OutOfDate"; }
static void module_old(D *d) { d->need_module = 5; }
static void module_unknown(D *d) { d->body[1] = 2; }
static void module_signer(D *d) { d->body[64] = 1; }
static void module_attributes(D *d) { d->body[112] = 1; }

/* ---- the quoting enclave ------------------------------------------------------------------------------------------------------ */
static void qe_signer(D *d) { d->qe[128] ^= 1; }
static void qe_product(D *d) { d->qe[256] ^= 1; }
static void qe_version(D *d) { d->qe[258]--; }
static void qe_misc(D *d) { d->qe[16] ^= 1; }
static void qe_debug(D *d) { d->qe[48] ^= 2; }
static void qe_reserved(D *d) { d->qe[20] = 1; }
static void qe_by_other(D *d) { d->other_pck = true; }
static void qe_of_other_key(D *d) { d->other_binding = true; }
static void by_other_key(D *d) { d->other_key = true; }

/* ---- the quote ---------------------------------------------------------------------------------------------------------------- */
static void key_type(D *d) { d->header[2] = 3; }
static void vendor(D *d) { d->header[12] ^= 1; }
static void version(D *d) { d->header[0] = 6; }
static void behind(D *d) { d->tail = 1; }
static void cut_off(D *d) { d->cut = 1; }
static void td_debug(D *d) { d->body[120] = 1; }
static void td_tud(D *d) { d->body[120] = 2; }
static void td_reserved(D *d) { d->body[121] = 1; }
static void td_migratable(D *d) { d->body[120 + 3] |= 0x20; }
static void td_no_sept(D *d) { d->body[120 + 3] = 0; }
static void sgx_debug(D *d) { d->body[48] |= 2; }
static void sgx_provision(D *d) { d->body[48] |= 0x10; }
static void sgx_not_initialised(D *d) { d->body[48] &= 0xfe; }

enum { BOTH, TDX, SGX };
struct row {
	void (*bend)(D *d);
	int kind;
	const char *policy;
	bool wrong_data;
	enum gh_attest_verdict want;
	const char *bad;
};
#define NO GH_ATTEST_REJECTED
#define YES GH_ATTEST_ACCEPTED
#define UNSURE GH_ATTEST_INCOMPLETE
static const struct row rows[] = {
	{ NULL, BOTH, NULL, false, YES, "" },
	{ pck_expired, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_early, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_usage, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_is_ca, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_cn, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_by_root, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_by_stranger, BOTH, NULL, false, NO, "pck_chain" },
	{ ca_expired, BOTH, NULL, false, NO, "pck_chain" },
	{ ca_is_none, BOTH, NULL, false, NO, "pck_chain" },
	{ ca_usage, BOTH, NULL, false, NO, "pck_chain" },
	{ ca_cn, BOTH, NULL, false, NO, "pck_chain" },
	{ path_length, BOTH, NULL, false, NO, "pck_chain" },
	{ root_expired, BOTH, NULL, false, NO, "pck_chain" },
	{ critical_unknown, BOTH, NULL, false, NO, "pck_chain" },
	{ pck_revoked, BOTH, NULL, false, NO, "pck_crl" },
	{ pck_revoked, BOTH, "allow_missing_crl: true\n", false, NO, "pck_crl" },
	{ pck_revoked_by_old_list, BOTH, NULL, false, NO, "pck_crl" },
	{ ca_revoked, BOTH, NULL, false, NO, "root_crl" },
	{ signer_revoked, BOTH, NULL, false, NO, "root_crl root_crl" },
	{ pck_crl_expired, BOTH, NULL, false, NO, "pck_crl" },
	{ pck_crl_early, BOTH, NULL, false, NO, "pck_crl" },
	{ pck_crl_missing, BOTH, NULL, false, UNSURE, "pck_crl" },
	{ pck_crl_missing, BOTH, "allow_missing_crl: true\n", false, YES, "" },
	{ pck_crl_of_root, BOTH, NULL, false, UNSURE, "pck_crl" },
	{ root_crl_missing, BOTH, NULL, false, UNSURE, "root_crl root_crl root_crl" },
	{ root_crl_forged, BOTH, NULL, false, NO, "root_crl root_crl root_crl" },
	{ root_crl_forged, BOTH, "allow_missing_crl: true\n", false, NO, "root_crl root_crl root_crl" },
	{ root_crl_expired, BOTH, NULL, false, NO, "root_crl root_crl root_crl" },
	{ other_fmspc, BOTH, NULL, false, NO, "tcb_info" },
	{ other_pceid, BOTH, NULL, false, NO, "tcb_info" },
	{ info_expired, BOTH, NULL, false, NO, "tcb_info" },
	{ info_early, BOTH, NULL, false, NO, "tcb_info" },
	{ info_replaced, BOTH, NULL, false, NO, "tcb_info" },
	{ info_missing, BOTH, NULL, false, UNSURE, "tcb_info" },
	{ NULL, BOTH, "min_tcb_evaluation: 18\n", false, NO, "tcb_info qe_identity" },
	{ identity_expired, BOTH, NULL, false, NO, "qe_identity" },
	{ identity_early, BOTH, NULL, false, NO, "qe_identity" },
	{ identity_replaced, BOTH, NULL, false, NO, "qe_identity" },
	{ identity_missing, BOTH, NULL, false, UNSURE, "qe_identity" },
	{ identity_of_other, BOTH, NULL, false, UNSURE, "qe_identity" },
	{ signer_expired, BOTH, NULL, false, NO, "tcb_info qe_identity" },
	{ signer_usage, BOTH, NULL, false, NO, "tcb_info qe_identity" },
	{ signer_is_ca, BOTH, NULL, false, NO, "tcb_info qe_identity" },
	{ signer_by_stranger, BOTH, NULL, false, NO, "tcb_info qe_identity" },
	{ signer_name, BOTH, NULL, false, UNSURE, "tcb_info qe_identity" },
	{ out_of_date, BOTH, NULL, false, NO, "tcb_status" },
	{ out_of_date, BOTH, "tcb_statuses: [UpToDate, OutOfDate]\n", false, YES, "" },
	{ out_of_date, BOTH, "tcb_statuses: [OutOfDate]\ntcb_grace_days: 30\n", false, NO, "tcb_status" },
	{ hardening, BOTH, NULL, false, NO, "tcb_status" },
	{ configuration, BOTH, NULL, false, NO, "tcb_status" },
	{ configuration_sw, BOTH, NULL, false, NO, "tcb_status" },
	{ out_of_date_configuration, BOTH, NULL, false, NO, "tcb_status" },
	{ revoked, BOTH, NULL, false, NO, "tcb_status" },
	{ pcesvn, BOTH, NULL, false, NO, "tcb_status" },
	{ qe_out_of_date, BOTH, NULL, false, NO, "tcb_status" },
	{ module_out_of_date, TDX, NULL, false, NO, "tcb_status" },
	{ module_old, TDX, NULL, false, NO, "tdx_module" },
	{ module_unknown, TDX, NULL, false, NO, "tdx_module" },
	{ module_signer, TDX, NULL, false, NO, "tdx_module" },
	{ module_attributes, TDX, NULL, false, NO, "tdx_module" },
	{ qe_signer, BOTH, NULL, false, NO, "qe_enclave" },
	{ qe_product, BOTH, NULL, false, NO, "qe_enclave" },
	{ qe_version, BOTH, NULL, false, NO, "qe_enclave" },
	{ qe_misc, BOTH, NULL, false, NO, "qe_enclave" },
	{ qe_debug, BOTH, NULL, false, NO, "qe_enclave" },
	{ qe_reserved, BOTH, NULL, false, NO, "format" },
	{ qe_by_other, BOTH, NULL, false, NO, "qe_signature" },
	{ qe_of_other_key, BOTH, NULL, false, NO, "qe_binding" },
	{ by_other_key, BOTH, NULL, false, NO, "quote_signature" },
	{ key_type, BOTH, NULL, false, NO, "format" },
	{ vendor, BOTH, NULL, false, NO, "format" },
	{ version, BOTH, NULL, false, NO, "format" },
	{ behind, BOTH, NULL, false, NO, "padding" },
	{ cut_off, BOTH, NULL, false, NO, "format" },
	{ NULL, BOTH, NULL, true, NO, "report_data" },
	{ td_debug, TDX, NULL, false, NO, "debug" },
	{ td_debug, TDX, "allow_debug: true\n", false, YES, "" },
	{ td_tud, TDX, "allow_debug: true\n", false, NO, "debug" },
	{ td_reserved, TDX, NULL, false, NO, "attributes" },
	{ td_migratable, TDX, NULL, false, NO, "migration" },
	{ td_migratable, TDX, "allow_migration: true\n", false, YES, "" },
	{ td_no_sept, TDX, NULL, false, NO, "sept_ve_disable" },
	{ sgx_debug, SGX, NULL, false, NO, "debug" },
	{ sgx_provision, SGX, NULL, false, NO, "attributes" },
	{ sgx_not_initialised, SGX, NULL, false, NO, "attributes" },
	{ NULL, TDX, "require_ccel: true\n", false, UNSURE, "ccel" },
};

static enum gh_attest_verdict ask(D *d, const char *policy, bool wrong_data, bool warm, char *bad, size_t cap)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_attest_question q;
	struct gh_span root;
	uint8_t want[64];
	const char *kind = d->tdx ? "tdx" : "sgx";
	dcapmake(d, &q, &root);
	gh_attest_root_for_test("intel-sgx-root", root);
	memset(want, wrong_data ? 0xdb : 0xda, sizeof want);
	q.report_data = (struct gh_span){ want, 64 };
	if (policy != NULL)
		assert_int_equal(gh_attest_policy_read(&a, gh_span_str(policy), gh_attest_kind(kind), &q.policy, NULL),
				 GH_OK);
	q.cache = warm ? gh_attest_cache_new() : NULL;
	enum gh_attest_verdict v = attested(kind, &q, bad, cap);
	if (warm) { /* again, out of the cache: the same */
		char again[400];
		if (attested(kind, &q, again, sizeof again) != v || strcmp(again, bad) != 0)
			fail_msg("warm: '%s' instead of '%s'", again, bad);
		gh_attest_cache_free(q.cache);
	}
	return v;
}

static void each_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int sgx = 0; sgx < 2; sgx++) {
			static D d;
			char bad[400];
			if (rows[i].kind == (sgx ? TDX : SGX))
				continue;
			dcapmake_straight(&d, sgx == 0);
			if (rows[i].bend != NULL)
				rows[i].bend(&d);
			enum gh_attest_verdict v = ask(&d, rows[i].policy, rows[i].wrong_data, true, bad, sizeof bad);
			if (v != rows[i].want || strcmp(bad, rows[i].bad) != 0)
				fail_msg("row %zu, %s: %s, not passed: '%s' instead of '%s'", i, sgx ? "sgx" : "tdx",
					 gh_attest_verdict_word(v), bad, rows[i].bad);
		}
}

/* Below in one component is below, whichever it is, and however far above the others are. */
static void component_by_component(void **state)
{
	(void)state;
	for (int sgx = 0; sgx < 2; sgx++)
		for (size_t i = 0; i < DM_SVNS * (sgx ? 1u : 2u); i++) {
			static D d;
			char bad[400];
			dcapmake_straight(&d, sgx == 0);
			for (size_t k = 0; k < DM_SVNS; k++)
				d.svn[k] = 200;
			uint8_t *need = i < DM_SVNS ? d.need : d.need_tdx;
			need[i % DM_SVNS] = i < DM_SVNS ? 201 : (uint8_t)(d.body[i % DM_SVNS] + 1);
			/* A module with a version is judged by its own levels: its first two components do not count here. */
			bool counts = i != DM_SVNS && i != DM_SVNS + 1;
			enum gh_attest_verdict v = ask(&d, NULL, false, false, bad, sizeof bad);
			if (v != (counts ? NO : YES) || strcmp(bad, counts ? "tcb_status" : "") != 0)
				fail_msg("component %zu, %s: %s, '%s'", i, sgx ? "sgx" : "tdx",
					 gh_attest_verdict_word(v), bad);
		}
}

/* Without the stand-in the same quote is nobody's. */
static void our_authority_is_nobodys(void **state)
{
	static D d;
	struct gh_attest_question q;
	struct gh_span root;
	char bad[400];
	(void)state;
	dcapmake_straight(&d, true);
	dcapmake(&d, &q, &root);
	gh_attest_root_for_test("intel-sgx-root", (struct gh_span){ 0 });
	assert_int_equal(attested("tdx", &q, bad, sizeof bad), NO);
	assert_string_equal(bad, "pck_chain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused_for_its_reason),
		cmocka_unit_test(component_by_component),
		cmocka_unit_test(our_authority_is_nobodys),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	dcapmake_done();
	return failed;
}
#endif

/* Intel TDX: is it a trust domain on a genuine, current platform, and the one that is expected? Quotes of versions 4 and 5, with
 * reports of TD 1.0 and 1.5. */
#include "attest/ccel.h"
#include "attest/dcap.h"
#include "attest/kinds.h"
#include "attest/roots.h"

/* TDATTRIBUTES (Intel TDX module specification, "TD attributes"). */
#define TUD 0xffU /* untrusted debug: bit 0 DEBUG, the others of the first byte reserved for more of its kind */
#define BIT(n) ((uint64_t)1 << (n))
enum {
	A_DEBUG = 0,
	A_LASS = 27,
	A_SEPT_VE_DISABLE = 28,
	A_MIGRATABLE = 29,
	A_PKS = 30,
	A_KL = 31,
	A_TPA = 62,
	A_PERFMON = 63
};
static const uint64_t known = TUD | BIT(A_LASS) | BIT(A_SEPT_VE_DISABLE) | BIT(A_MIGRATABLE) | BIT(A_PKS) | BIT(A_KL) |
			      BIT(A_TPA) | BIT(A_PERFMON);

static const struct gh_attest_key keys[] = {
	GH_DCAP_KEYS,
	{ "mrtd", GH_AT_HEX, 48, "measurements of the initial contents that are allowed (any)" },
	{ "rtmr0", GH_AT_HEX, 48, "values of RTMR0, firmware's configuration, that are allowed (any)" },
	{ "rtmr1", GH_AT_HEX, 48, "values of RTMR1, boot loader and kernel, that are allowed (any)" },
	{ "rtmr2", GH_AT_HEX, 48, "values of RTMR2, kernel command line and initrd, that are allowed (any)" },
	{ "rtmr3", GH_AT_HEX, 48, "values of RTMR3, run time, that are allowed (any)" },
	{ "mrconfigid", GH_AT_HEX, 48, "values of MRCONFIGID that are allowed (any)" },
	{ "mrowner", GH_AT_HEX, 48, "values of MROWNER that are allowed (any)" },
	{ "mrownerconfig", GH_AT_HEX, 48, "values of MROWNERCONFIG that are allowed (any)" },
	{ "mrseam", GH_AT_HEX, 48, "measurements of the TDX module that are allowed (any)" },
	{ "mrservicetd", GH_AT_HEX, 48, "service domains that are allowed (none: zero)" },
	{ "xfam", GH_AT_HEX, 8, "values of XFAM that are allowed (any)" },
	{ "sept_ve_disable", GH_AT_FLAG, 0,
	  "demand that the host cannot raise #VE for memory (true; false for a quote inside Azure's evidence)" },
	{ "allow_migration", GH_AT_FLAG, 0, "accept domains that may be migrated (false)" },
	{ "allow_perfmon", GH_AT_FLAG, 0, "accept domains that use performance counters (true)" },
	GH_CCEL_KEYS,
	{ 0 },
};

static void claims(const struct gh_dcap_quote *q, struct gh_attest_result *r)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2", "rtmr3" };
	const struct gh_td_report *t = &q->td;
	gh_attest_claim(r, "quote_version", "%u", q->version);
	gh_attest_claim(r, "td_version", "%s", q->body == GH_DCAP_TD15 ? "1.5" : "1.0");
	gh_attest_claim_hex(r, "mrtd", t->mrtd);
	for (size_t i = 0; i < 4; i++)
		gh_attest_claim_hex(r, rtmr[i], t->rtmr[i]);
	gh_attest_claim_hex(r, "report_data", t->report_data);
	gh_attest_claim_hex(r, "mrconfigid", t->mrconfigid);
	gh_attest_claim_hex(r, "mrowner", t->mrowner);
	gh_attest_claim_hex(r, "mrownerconfig", t->mrownerconfig);
	gh_attest_claim_hex(r, "td_attributes", t->attributes);
	gh_attest_claim_hex(r, "xfam", t->xfam);
	gh_attest_claim_hex(r, "tee_tcb_svn", t->tee_tcb_svn);
	gh_attest_claim_hex(r, "mrseam", t->mrseam);
	gh_attest_claim_hex(r, "mrsignerseam", t->mrsignerseam);
	if (q->body == GH_DCAP_TD15) {
		gh_attest_claim_hex(r, "tee_tcb_svn2", t->tee_tcb_svn2);
		gh_attest_claim_hex(r, "mrservicetd", t->mrservicetd);
	}
}

static void attributes(const struct gh_attest_question *q, uint64_t a, struct gh_attest_result *r)
{
	gh_attest_claim_bool(r, "debug", (a & TUD) != 0);
	/* In Azure's domains the attributes are all zero: the paravisor handles such exceptions. */
	bool sept = gh_attest_flag(q->policy, "sept_ve_disable", r->prefix == NULL || r->prefix[0] == '\0');
	if ((a & TUD) == BIT(A_DEBUG) && gh_attest_flag(q->policy, "allow_debug", false))
		gh_attest_check(r, "debug", GH_AT_PASS,
				"the host can read this domain's memory, and the policy allows it");
	else
		gh_attest_test(r, "debug", (a & TUD) == 0, "the host cannot debug the domain",
			       "DEBUG is set: the host can read this domain's memory");
	gh_attest_test(r, "attributes", (a & ~known) == 0, "no reserved bit of TDATTRIBUTES is set",
		       "reserved bits of TDATTRIBUTES are set");
	if (sept)
		gh_attest_test(r, "sept_ve_disable", (a & BIT(A_SEPT_VE_DISABLE)) != 0,
			       "SEPT_VE_DISABLE is set: the host cannot interrupt accesses to private memory",
			       "SEPT_VE_DISABLE is not set: the host can interrupt accesses to private memory");
	else
		gh_attest_check(r, "sept_ve_disable", GH_AT_SKIPPED, "not asked for");
	gh_attest_test(
		r, "migration", (a & BIT(A_MIGRATABLE)) == 0 || gh_attest_flag(q->policy, "allow_migration", false),
		"the domain cannot be migrated, or the policy allows it", "the domain can be migrated (MIGRATABLE)");
	gh_attest_test(r, "perfmon", (a & BIT(A_PERFMON)) == 0 || gh_attest_flag(q->policy, "allow_perfmon", true),
		       "performance counters are not used, or the policy allows it",
		       "performance counters are used (PERFMON)");
}

static void judge(const struct gh_attest_question *q, const struct gh_dcap_quote *quote, struct gh_attest_result *r)
{
	const struct gh_td_report *t = &quote->td;
	attributes(q, gh_le64(t->attributes.p), r);
	gh_attest_allowed(q->policy, "mrtd", t->mrtd, r);
	gh_attest_allowed(q->policy, "rtmr0", t->rtmr[0], r);
	gh_attest_allowed(q->policy, "rtmr1", t->rtmr[1], r);
	gh_attest_allowed(q->policy, "rtmr2", t->rtmr[2], r);
	gh_attest_allowed(q->policy, "rtmr3", t->rtmr[3], r);
	gh_attest_allowed(q->policy, "mrconfigid", t->mrconfigid, r);
	gh_attest_allowed(q->policy, "mrowner", t->mrowner, r);
	gh_attest_allowed(q->policy, "mrownerconfig", t->mrownerconfig, r);
	gh_attest_allowed(q->policy, "mrseam", t->mrseam, r);
	gh_attest_allowed(q->policy, "xfam", t->xfam, r);
	if (quote->body != GH_DCAP_TD15 || gh_attest_wants(q->policy, "mrservicetd"))
		gh_attest_allowed(q->policy, "mrservicetd", t->mrservicetd, r);
	else
		gh_attest_test(r, "mrservicetd", gh_attest_zero(t->mrservicetd), "no service domain is bound to it",
			       "a service domain is bound to it, and the policy names none");
	gh_attest_report_data(q, t->report_data, r);
}

void gh_tdx_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r)
{
	struct gh_dcap_quote quote;
	if (!gh_dcap_open(q, r, &quote))
		return;
	if (quote.body == GH_DCAP_SGX) {
		gh_attest_check(r, "body", GH_AT_FAIL, "a quote of an SGX enclave, not of a TDX trust domain");
		return;
	}
	claims(&quote, r);
	gh_dcap_appraise(q, &quote, root, r);
	judge(q, &quote, r);
	/* Inside of Azure's evidence the log that may be given is the virtual TPM's, and the RTMRs are the paravisor's. */
	if (r->prefix == NULL || r->prefix[0] == '\0')
		gh_ccel(q, quote.td.rtmr, r);
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	gh_tdx_appraise(q, gh_attest_root("intel-sgx-root"), r);
}

static const char *const signatures[] = { GH_DCAP_SIGNATURES, NULL };
static const char *const musts[] = { GH_DCAP_MUSTS, "tdx_module", "attributes", NULL };

const struct gh_attest_kind gh_attest_tdx = {
	.name = "tdx",
	.about = "an Intel TDX trust domain: quotes of versions 4 and 5, TD 1.0 and 1.5, ECDSA P-256",
	.files = "endorsements: the firmware's event log (CCEL data), if any; collateral: TCB information, TD_QE "
		 "identity, their signing certificate, the CRLs of the root and of "
		 "the PCK "
		 "authority",
	.cls = GH_AC_VM_TEE,
	.keys = keys,
	.signatures = signatures,
	.musts = musts,
	.appraise = appraise,
};

/* Intel SGX: is it an enclave of a genuine processor, and the one that is expected? Quotes of versions 3, 4 and 5. */
#include "attest/dcap.h"
#include "attest/kinds.h"
#include "attest/roots.h"

enum { INIT = 1 << 0, DEBUG = 1 << 1, MODE64 = 1 << 2, PROVISION_KEY = 1 << 4, EINIT_TOKEN = 1 << 5, KSS = 1 << 7 };

static const struct gh_attest_key keys[] = {
	GH_DCAP_KEYS,
	{ "mrenclave", GH_AT_HEX, 32, "measurements of the enclave that are allowed (any)" },
	{ "mrsigner", GH_AT_HEX, 32, "signers of the enclave that are allowed (any)" },
	{ "isvprodid", GH_AT_HEX, 2, "products of the signer that are allowed, two bytes, high one first (any)" },
	{ "min_isvsvn", GH_AT_NUMBER, 0, "lowest security version of the enclave (0)" },
	{ "config_id", GH_AT_HEX, 64, "values of CONFIGID that are allowed (any)" },
	{ "min_configsvn", GH_AT_NUMBER, 0, "lowest CONFIGSVN (0)" },
	{ "family_id", GH_AT_HEX, 16, "values of ISVFAMILYID that are allowed (any)" },
	{ "allow_provision_key", GH_AT_FLAG, 0, "accept enclaves with access to provisioning keys (false)" },
	{ 0 },
};

static void least(const struct gh_attest_question *q, const char *check, unsigned have, struct gh_attest_result *r)
{
	uint64_t want = gh_attest_number(q->policy, check, 0);
	if (!gh_attest_wants(q->policy, check))
		gh_attest_check(r, check, GH_AT_SKIPPED, "the policy does not say; it is %u", have);
	else
		gh_attest_check(r, check, have >= want ? GH_AT_PASS : GH_AT_FAIL, "%u, at least %llu is asked for",
				have, (unsigned long long)want);
}

static void claims(const struct gh_sgx_report *s, struct gh_attest_result *r)
{
	gh_attest_claim_hex(r, "mrenclave", s->mrenclave);
	gh_attest_claim_hex(r, "mrsigner", s->mrsigner);
	gh_attest_claim(r, "isvprodid", "%u", s->isvprodid);
	gh_attest_claim(r, "isvsvn", "%u", s->isvsvn);
	gh_attest_claim_hex(r, "attributes", s->attributes);
	gh_attest_claim(r, "miscselect", "%08x", (unsigned)s->miscselect);
	gh_attest_claim_hex(r, "config_id", s->config_id);
	gh_attest_claim(r, "configsvn", "%u", s->configsvn);
	gh_attest_claim_hex(r, "family_id", s->family_id);
	gh_attest_claim_hex(r, "ext_prod_id", s->ext_prod_id);
	gh_attest_claim_hex(r, "report_data", s->report_data);
}

static void judge(const struct gh_attest_question *q, const struct gh_sgx_report *s, struct gh_attest_result *r)
{
	uint64_t flags = gh_le64(s->attributes.p);
	const uint8_t prod[2] = { (uint8_t)(s->isvprodid >> 8), (uint8_t)s->isvprodid };
	gh_attest_claim_bool(r, "debug", (flags & DEBUG) != 0);
	if ((flags & DEBUG) != 0 && gh_attest_flag(q->policy, "allow_debug", false))
		gh_attest_check(r, "debug", GH_AT_PASS,
				"the host can read this enclave's memory, and the policy allows it");
	else
		gh_attest_test(r, "debug", (flags & DEBUG) == 0, "the host cannot debug the enclave",
			       "DEBUG is set: the host can read this enclave's memory");
	gh_attest_test(
		r, "attributes",
		(flags & INIT) != 0 && (flags & MODE64) != 0 && (flags & EINIT_TOKEN) == 0 &&
			((flags & PROVISION_KEY) == 0 || gh_attest_flag(q->policy, "allow_provision_key", false)),
		"an initialised 64-bit enclave without access to platform keys",
		"not initialised, not 64-bit, or with access to the keys of launch or provisioning");
	gh_attest_allowed(q->policy, "mrenclave", s->mrenclave, r);
	gh_attest_allowed(q->policy, "mrsigner", s->mrsigner, r);
	gh_attest_allowed(q->policy, "isvprodid", (struct gh_span){ prod, 2 }, r);
	least(q, "min_isvsvn", s->isvsvn, r);
	gh_attest_allowed(q->policy, "config_id", s->config_id, r);
	least(q, "min_configsvn", s->configsvn, r);
	gh_attest_allowed(q->policy, "family_id", s->family_id, r);
	gh_attest_report_data(q, s->report_data, r);
}

void gh_sgx_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r)
{
	struct gh_dcap_quote quote;
	if (!gh_dcap_open(q, r, &quote))
		return;
	if (quote.body != GH_DCAP_SGX) {
		gh_attest_check(r, "body", GH_AT_FAIL, "a quote of a TDX trust domain, not of an SGX enclave");
		return;
	}
	claims(&quote.sgx, r);
	gh_dcap_appraise(q, &quote, root, r);
	judge(q, &quote.sgx, r);
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	gh_sgx_appraise(q, gh_attest_root("intel-sgx-root"), r);
}

static const char *const signatures[] = { GH_DCAP_SIGNATURES, NULL };
static const char *const musts[] = { GH_DCAP_MUSTS, "attributes", NULL };

const struct gh_attest_kind gh_attest_sgx = {
	.name = "sgx",
	.about = "an Intel SGX enclave: quotes of versions 3, 4 and 5, ECDSA P-256",
	.files = "collateral: TCB information, QE identity, their signing certificate, the CRLs of the root and of the "
		 "PCK "
		 "authority; endorsements: the PCK chain, when the quote does not carry it",
	.cls = GH_AC_ENCLAVE,
	.keys = keys,
	.signatures = signatures,
	.musts = musts,
	.appraise = appraise,
};

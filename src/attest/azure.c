/* Azure confidential virtual machines: the paravisor's report (HCL) binds the key of a virtual TPM to a hardware report of SEV-SNP
 * or TDX, and that TPM's quote answers the challenge. Evidence is the JSON that Azure's clients make: version 0 (arrays, or
 * base64), 1 and 2 (hexadecimal for the TPM's part). */
#include "attest/azure_hcl.h"
#include "attest/kinds.h"
#include "attest/tpm_json.h"
#include "crypto/pubkey.h"

static const struct gh_attest_key keys[] = {
	GH_TPM_KEYS,
	{ "vm_secure_boot", GH_AT_FLAG, 0, "demand that the machine is configured for secure boot (false)" },
	{ 0 },
};

struct parts {
	struct gh_span hcl, quote, signature, vcek, td_quote;
	const struct gh_jval *pcrs;
};

static const char *read_json(struct gh_span text, struct gh_arena *a, struct parts *p)
{
	static const char *const members[] = { "version", "hcl_report", "report",   "tpm_quote",
					       "quote",	  "vcek",	"td_quote", NULL };
	const struct gh_jval *v;
	uint64_t version = 0;
	if (gh_jdom_parse(a, text, &v, NULL) != GH_OK || v->kind != GH_J_OBJECT)
		return "it is no JSON object";
	if (!gh_json_only(v, members))
		return "it has a member that is not known";
	const struct gh_jval *n = gh_jget(v, "version"), *hcl = gh_jget(v, "hcl_report"), *t = gh_jget(v, "tpm_quote");
	if (n != NULL && (!gh_ju64(n, &version) || version > 2))
		return "its version is none of 0 to 2";
	if ((hcl == NULL) == (gh_jget(v, "report") == NULL) || (t == NULL) == (gh_jget(v, "quote") == NULL))
		return "it has no HCL report and quote of the TPM, or two of one";
	if (!gh_json_bytes(hcl != NULL ? hcl : gh_jget(v, "report"), a, &p->hcl))
		return "its HCL report cannot be read";
	const char *wrong = gh_tpm_json_quote(t != NULL ? t : gh_jget(v, "quote"), a, &p->quote, &p->signature,
					      &p->pcrs);
	if (wrong != NULL)
		return wrong;
	const struct gh_jval *vcek = gh_jget(v, "vcek"), *td = gh_jget(v, "td_quote");
	if (vcek != NULL && vcek->kind == GH_J_STRING && gh_span_starts(vcek->text, "-----BEGIN"))
		p->vcek = vcek->text;
	else if (vcek != NULL && !gh_json_bytes(vcek, a, &p->vcek))
		return "its VCEK cannot be read";
	return td == NULL || gh_json_bytes(td, a, &p->td_quote) ? NULL : "its TD quote cannot be read";
}

/* The key that the paravisor made the TPM with, as the report's JSON names it. */
static void signature(const struct gh_hcl *hcl, const struct gh_tpm_quote *quote, const struct parts *p,
		      struct gh_attest_result *r)
{
	gh_auto_key *key = NULL;
	uint8_t buf[GH_RSA_SPKI];
	struct gh_span der = gh_hcl_key(hcl, buf);
	if (!gh_attest_test(r, "attestation_key", der.n != 0 && gh_key_public(der, &key, NULL) == GH_OK,
			    "the HCL report names the TPM's key",
			    "the HCL report names no RSA key HCLAkPub that can be used"))
		return;
	gh_attest_test(r, "quote_signature",
		       gh_tpm_verify(key, 0, gh_tpm_hash_of(quote), p->quote, p->signature) == GH_AT_PASS,
		       "the key of the HCL report signed the quote",
		       "the key of the HCL report did not sign this quote");
}

/* Nothing that the paravisor says is believed before the hardware's own evidence holds; why it does not, its checks say. */
static void proven(struct gh_attest_result *r, bool complete)
{
	if (complete)
		gh_attest_check(r, "hardware_evidence", GH_AT_PASS, "the hardware's evidence holds");
}

/* The hardware vouches for the paravisor's words: their digest is in its report data. */
static void hardware(const struct gh_attest_question *q, const struct gh_hcl *hcl, const struct parts *p,
		     struct gh_attest_result *r)
{
	uint8_t md[GH_MD_MAX], want[64] = { 0 };
	struct gh_attest_file file[GH_ATTEST_FILES];
	struct gh_attest_question in = *q;
	if (!gh_md(GH_MD_SHA256, hcl->variable, md))
		return;
	memcpy(want, md, 32);
	in.nonce = (struct gh_span){ 0 };
	in.report_data = (struct gh_span){ want, 64 };
	bool snp = hcl->type == GH_HCL_SNP;
	gh_attest_claim(r, "hardware", "%s", snp ? "snp" : "tdx");
	gh_attest_test(r, "binding", gh_attest_bound(hcl->report_data, in.report_data),
		       "the hardware report holds the digest of the HCL's data",
		       "the hardware report does not hold the digest of the HCL's data");
	if (snp && p->td_quote.n != 0) {
		gh_attest_check(r, "td_quote", GH_AT_FAIL, "a TD quote stands beside a report of SEV-SNP");
		return;
	}
	in.evidence = snp ? hcl->hardware : p->td_quote;
	if (in.evidence.n == 0) {
		gh_attest_check(r, "td_quote", GH_AT_UNKNOWN,
				"the evidence has no TD quote: a TDREPORT alone proves nothing");
		return;
	}
	if (!snp) {
		proven(r, gh_attest_inner("tdx", "tdx.", &in, r));
		return;
	}
	size_t n = q->nendorsement < GH_ATTEST_FILES ? q->nendorsement : GH_ATTEST_FILES - 1, k = 0;
	for (size_t i = 0; i < n; i++) /* an event log is no certificate */
		if (!gh_eventlog_is(q->endorsement[i].bytes))
			file[k++] = q->endorsement[i];
	if (p->vcek.n != 0)
		file[k++] = (struct gh_attest_file){ .name = GH_SPAN("vcek"), .bytes = p->vcek };
	in.endorsement = file;
	in.nendorsement = k;
	proven(r, gh_attest_inner("snp", "snp.", &in, r));
}

static void configuration(const struct gh_attest_question *q, const struct gh_hcl *hcl, struct gh_attest_result *r)
{
	const struct gh_jval *vm = gh_jget(hcl->json, "vm-configuration"), *boot = gh_jget(vm, "secure-boot");
	const char *user = gh_jstr(hcl->json, "user-data"), *id = gh_jstr(vm, "vmUniqueId");
	bool on = gh_jtrue(boot);
	gh_attest_claim(r, "vm_secure_boot", "%s", boot == NULL ? "unknown" : on ? "true" : "false");
	if (user != NULL)
		gh_attest_claim(r, "user_data", "%s", gh_attest_safe(r, gh_span_str(user), 256));
	if (id != NULL)
		gh_attest_claim(r, "vm_unique_id", "%s", gh_attest_safe(r, gh_span_str(id), 64));
	if (gh_attest_flag(q->policy, "vm_secure_boot", false))
		gh_attest_test(r, "vm_secure_boot", on, "the machine is configured for secure boot",
			       "the machine is not configured for secure boot");
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	struct gh_tpm_quote quote;
	struct gh_tpm_pcrs *pcrs = GH_NEW(r->arena, struct gh_tpm_pcrs, 1);
	struct parts p = { 0 };
	struct gh_hcl hcl;
	struct gh_span log = { 0 };
	if (pcrs == NULL) {
		r->full = true;
		return;
	}
	const char *wrong = read_json(q->evidence, r->arena, &p);
	wrong = wrong == NULL ? gh_hcl_read(p.hcl, r->arena, &hcl) : wrong;
	wrong = wrong == NULL ? gh_tpm_quote_read(p.quote, &quote) : wrong;
	wrong = wrong == NULL ? gh_tpm_json_pcrs(p.pcrs, &quote, r->arena, pcrs) : wrong;
	if (!gh_attest_test(r, "format", wrong == NULL, "evidence of an Azure confidential machine", wrong))
		return;
	for (size_t i = 0; i < q->nendorsement && log.n == 0; i++)
		if (gh_eventlog_is(q->endorsement[i].bytes))
			log = q->endorsement[i].bytes;
	signature(&hcl, &quote, &p, r);
	gh_tpm_judge(q, &quote, pcrs, log, r);
	configuration(q, &hcl, r);
	hardware(q, &hcl, &p, r);
}

/* The inner kinds' own checks are named with their prefix; "binding" ties them to the rest. */
static const char *const musts[] = { "format",	   "attestation_key", "quote_signature",
				     "pcr_values", "binding",	      "hardware_evidence",
				     NULL };
const struct gh_attest_kind gh_attest_azure = {
	.name = "azure",
	.about = "An Azure confidential machine: HCL report, quote of the virtual TPM, SEV-SNP report or TDX quote "
		 "inside.",
	.files = "endorsements: the VCEK when the evidence has none, the event log; collateral: for TDX as of kind tdx",
	.cls = GH_AC_VM_TEE,
	.keys = keys,
	.inner = "snp tdx",
	.signatures = musts,
	.musts = musts,
	.appraise = appraise,
};

/* AMD SEV-SNP: is a report, versions 2 to 5, signed by a chip of AMD's, and does the guest in it fit the policy? */
#include "attest/ecdsa.h"
#include "attest/kinds.h"
#include "attest/snp_chain.h"

#include <stdio.h>

static const struct gh_attest_key keys[] = {
	{ "measurement", GH_AT_HEX, 48, "launch measurements that are allowed (any)" },
	{ "host_data", GH_AT_HEX, 32, "values of HOST_DATA that are allowed (any)" },
	{ "id_key_digest", GH_AT_HEX, 48, "digests of the key that signed the guest's identity (any)" },
	{ "author_key_digest", GH_AT_HEX, 48, "digests of the author's key (any)" },
	{ "family_id", GH_AT_HEX, 16, "family ids of the guest (any)" },
	{ "image_id", GH_AT_HEX, 16, "image ids of the guest (any)" },
	{ "chip_id", GH_AT_HEX, 64, "chips that are allowed (any)" },
	{ "csp_id", GH_AT_WORDS, 0, "clouds whose VLEKs are allowed (any)" },
	{ "product", GH_AT_WORDS, 0, "of milan, genoa, turin (any)" },
	{ "signing_key", GH_AT_WORDS, 0, "of vcek, vlek (both)" },
	{ "vmpl", GH_AT_WORDS, 0, "privilege levels that may have asked for the report, of 0 to 3 (any)" },
	{ "min_guest_svn", GH_AT_NUMBER, 0, "lowest GUEST_SVN (0)" },
	{ "min_fmc", GH_AT_NUMBER, 0, "lowest security version of the FMC, Turin only (0)" },
	{ "min_boot_loader", GH_AT_NUMBER, 0, "lowest security version of the boot loader (0)" },
	{ "min_tee", GH_AT_NUMBER, 0, "lowest security version of the TEE (0)" },
	{ "min_snp", GH_AT_NUMBER, 0, "lowest security version of the SNP firmware (0)" },
	{ "min_microcode", GH_AT_NUMBER, 0, "lowest security version of the microcode (0)" },
	{ "allow_debug", GH_AT_FLAG, 0, "accept guests that the host may debug (false)" },
	{ "allow_migration", GH_AT_FLAG, 0, "accept guests with a migration agent (false)" },
	{ "allow_provisional", GH_AT_FLAG, 0, "accept firmware that can still be rolled back (false)" },
	{ "require_committed_microcode", GH_AT_FLAG, 0,
	  "demand that the microcode cannot be rolled back either (false)" },
	{ "allow_smt", GH_AT_FLAG, 0, "accept guests that run beside another thread of the core (true)" },
	{ "require_single_socket", GH_AT_FLAG, 0, "demand that the guest is bound to one socket (false)" },
	{ "require_ciphertext_hiding", GH_AT_FLAG, 0, "demand that the host cannot read ciphertext (false)" },
	{ "require_alias_check", GH_AT_FLAG, 0,
	  "demand that the platform checked memory for aliases, AMD-SB-3015 (false)" },
	{ "require_chip_id", GH_AT_FLAG, 0,
	  "refuse reports that hide the chip or are signed by a cloud's key (false)" },
	{ "require_crl", GH_AT_FLAG, 0,
	  "demand AMD's list of revoked intermediates among the collateral (false: it counts when it is there)" },
	{ 0 },
};
static const char *const minimum[GH_SNP_TCB] = { "min_fmc", "min_boot_loader", "min_tee", "min_snp", "min_microcode" };

/* ---- claims ---------------------------------------------------------------------------------------------------------------- */
static void claim_tcb(struct gh_attest_result *r, const char *which, const uint8_t *tcb, enum gh_snp_product p)
{
	char name[GH_ATTEST_NAME];
	for (unsigned i = p == GH_SNP_TURIN ? GH_SNP_TCB_FMC : GH_SNP_TCB_LOADER; i < GH_SNP_TCB; i++) {
		(void)snprintf(name, sizeof name, "%s_%s", which, gh_snp_tcb_names[i]);
		gh_attest_claim(r, name, "%u", tcb[i]);
	}
}

static void claim_build(struct gh_attest_result *r, const char *name, struct gh_span b)
{
	gh_attest_claim(r, name, "%u.%u.%u", b.p[2], b.p[1], b.p[0]);
}

static void claims(const struct gh_snp_report *p, struct gh_attest_result *r)
{
	static const struct {
		const char *name;
		unsigned bit;
	} bits[] = {
		{ "policy_smt", GH_SNP_SMT },
		{ "policy_migration", GH_SNP_MIGRATE },
		{ "policy_debug", GH_SNP_DEBUG },
		{ "policy_single_socket", GH_SNP_SINGLE_SOCKET },
		{ "policy_cxl", GH_SNP_CXL },
		{ "policy_aes_256_xts", GH_SNP_XTS },
		{ "policy_rapl_disabled", GH_SNP_RAPL },
		{ "policy_ciphertext_hiding", GH_SNP_CIPHERTEXT },
		{ "policy_page_swap_disabled", GH_SNP_SWAP },
	};
	static const char *const platform[] = { "platform_smt",
						"platform_tsme",
						"platform_ecc",
						"platform_rapl_disabled",
						"platform_ciphertext_hiding",
						"platform_alias_check",
						NULL,
						"platform_tio" };
	gh_attest_claim(r, "version", "%u", p->version);
	gh_attest_claim_hex(r, "measurement", p->measurement);
	gh_attest_claim_hex(r, "report_data", p->report_data);
	gh_attest_claim_hex(r, "host_data", p->host_data);
	gh_attest_claim_hex(r, "id_key_digest", p->id_key);
	gh_attest_claim_hex(r, "author_key_digest", p->author_key_digest);
	gh_attest_claim_hex(r, "family_id", p->family_id);
	gh_attest_claim_hex(r, "image_id", p->image_id);
	gh_attest_claim_hex(r, "report_id", p->report_id);
	gh_attest_claim_hex(r, "report_id_ma", p->report_id_ma);
	gh_attest_claim_hex(r, "chip_id", p->chip_id);
	gh_attest_claim(r, "signing_key", "%s", p->signing_key == GH_SNP_VLEK ? "vlek" : "vcek");
	gh_attest_claim_bool(r, "author_key_used", p->author_key);
	gh_attest_claim_bool(r, "chip_id_masked", p->mask_chip);
	gh_attest_claim(r, "vmpl", "%u", p->vmpl);
	gh_attest_claim(r, "guest_svn", "%u", p->guest_svn);
	gh_attest_claim(r, "policy_abi", "%u.%u", (unsigned)(p->policy >> 8 & 0xff), (unsigned)(p->policy & 0xff));
	for (size_t i = 0; i < sizeof bits / sizeof bits[0]; i++)
		gh_attest_claim_bool(r, bits[i].name, (p->policy >> bits[i].bit & 1) != 0);
	for (size_t i = 0; i < sizeof platform / sizeof platform[0]; i++)
		if (platform[i] != NULL)
			gh_attest_claim_bool(r, platform[i], (p->platform >> i & 1) != 0);
	if (p->version >= 3)
		gh_attest_claim(r, "cpuid", "family %u model %u stepping %u", p->family, p->model, p->stepping);
	claim_build(r, "current_firmware", p->current_build);
	claim_build(r, "committed_firmware", p->committed_build);
	if (p->version >= 5) {
		gh_attest_claim_hex(r, "launch_mitigations", p->mit_launch);
		gh_attest_claim_hex(r, "current_mitigations", p->mit_current);
	}
}

/* ---- who signed it --------------------------------------------------------------------------------------------------------- */
static bool verify(const struct gh_snp_report *p, const struct gh_snp_signer *s, struct gh_attest_result *r)
{
	uint8_t rs[2][48], der[GH_ECDSA_DER];
	for (size_t i = 0; i < 48; i++) { /* numbers are little-endian in the report */
		rs[0][i] = p->r.p[47 - i];
		rs[1][i] = p->s.p[47 - i];
	}
	struct gh_span sig = gh_attest_ecdsa((struct gh_span){ rs[0], 48 }, (struct gh_span){ rs[1], 48 }, der);
	bool ok = sig.n != 0 && gh_key_verify(s->key, p->covered, sig, NULL) == GH_OK;
	return gh_attest_test(r, "signature", ok, "the certificate's key signed the report",
			      "the certificate's key did not sign this report");
}

static void product(const struct gh_snp_report *p, const struct gh_snp_signer *s, struct gh_attest_result *r)
{
	enum gh_snp_product by_cpuid = gh_snp_product(p);
	const char *name = gh_snp_products[s->product];
	gh_attest_claim(r, "product", "%s", name);
	if (p->version == 2 && s->product == GH_SNP_TURIN)
		gh_attest_check(r, "product_matches", GH_AT_FAIL,
				"a report of version 2 does not say how a Turin's TCB is to be read");
	else if (p->version >= 3 && by_cpuid != s->product)
		gh_attest_check(r, "product_matches", GH_AT_FAIL,
				"the CPUID in the report is of %s, the certificate of %s", gh_snp_products[by_cpuid],
				name);
	else if ((s->product == GH_SNP_TURIN) != (s->structure == 1))
		gh_attest_check(r, "product_matches", GH_AT_FAIL, "the certificate's structure is not that of %s",
				name);
	else
		gh_attest_check(r, "product_matches", GH_AT_PASS, "%s, by %s", name,
				p->version >= 3 ? "CPUID and root" : "root");
}

/* Is it the key of the chip that the report names? */
static void chip(const struct gh_snp_report *p, const struct gh_snp_signer *s, const struct gh_attest_policy *pol,
		 struct gh_attest_result *r)
{
	bool hidden = p->mask_chip || p->signing_key == GH_SNP_VLEK;
	size_t n = s->product == GH_SNP_TURIN ? 8 : 64;
	if (hidden && !gh_attest_zero(p->chip_id))
		gh_attest_check(r, "chip", GH_AT_FAIL, "the chip's id is there although the report hides it");
	else if (hidden && gh_attest_flag(pol, "require_chip_id", false))
		gh_attest_check(r, "chip", GH_AT_FAIL, "the report does not say which chip signed it");
	else if (hidden)
		gh_attest_check(r, "chip", GH_AT_SKIPPED, "the report does not say which chip signed it (%s)",
				p->mask_chip ? "masked" : "VLEK");
	else
		gh_attest_test(r, "chip",
			       s->hwid.n == n && gh_span_eq(s->hwid, gh_span_cut(p->chip_id, 0, n)) &&
				       gh_attest_zero(gh_span_cut(p->chip_id, n, 64)),
			       "the certificate is of the chip that the report names",
			       "the certificate is of another chip than the report names");
}

/* ---- security versions ----------------------------------------------------------------------------------------------------- */
struct tcbs {
	uint8_t current[GH_SNP_TCB], reported[GH_SNP_TCB], committed[GH_SNP_TCB], launch[GH_SNP_TCB];
};

/* The first component of a that is below b; GH_SNP_TCB: none is. */
static unsigned below(const uint8_t *a, const uint8_t *b)
{
	unsigned i = 0;
	while (i < GH_SNP_TCB && a[i] >= b[i])
		i++;
	return i;
}

static void at_least(struct gh_attest_result *r, const char *check, const uint8_t *have, const uint8_t *want,
		     const char *of, const char *than)
{
	unsigned i = below(have, want);
	if (i == GH_SNP_TCB)
		gh_attest_check(r, check, GH_AT_PASS, "no component of %s is below %s", of, than);
	else
		gh_attest_check(r, check, GH_AT_FAIL, "%s of %s is %u, below %s: %u", gh_snp_tcb_names[i], of, have[i],
				than, want[i]);
}

/* The key was derived from the reported TCB, so the certificate names exactly that one. */
static void tcb_of_certificate(const struct gh_snp_signer *s, const struct tcbs *t, struct gh_attest_result *r)
{
	for (unsigned i = 0; i < GH_SNP_TCB; i++) {
		bool has = i != GH_SNP_TCB_FMC || s->product == GH_SNP_TURIN;
		if (s->has_spl[i] == has && (!has || s->spl[i] == t->reported[i]))
			continue;
		gh_attest_check(r, "tcb_certificate", GH_AT_FAIL, "%s is %u in the certificate and %u in the report",
				gh_snp_tcb_names[i], s->spl[i], t->reported[i]);
		return;
	}
	gh_attest_check(r, "tcb_certificate", GH_AT_PASS, "the certificate is for the reported TCB");
}

/* Firmware that is not committed can be rolled back under the guest. Microcode is loaded by operating systems while they run and
 * is ahead of what is committed on healthy machines: it counts only when the policy says so, its minimum always does. */
static void provisional(const struct gh_snp_report *p, const struct tcbs *t, const struct gh_attest_policy *pol,
			struct gh_attest_result *r)
{
	unsigned n = gh_attest_flag(pol, "require_committed_microcode", false) ? GH_SNP_TCB : GH_SNP_TCB_MICROCODE;
	bool same = memcmp(t->current, t->committed, n) == 0 && gh_span_eq(p->current_build, p->committed_build);
	if (same || !gh_attest_flag(pol, "allow_provisional", false))
		gh_attest_test(r, "firmware", same, "the firmware is committed",
			       "the firmware is provisional: the host may go back to the committed one");
	else
		gh_attest_check(r, "firmware", GH_AT_SKIPPED, "provisional; the policy allows it");
}

static void tcb(const struct gh_snp_report *p, const struct gh_snp_signer *s, const struct gh_attest_policy *pol,
		struct gh_attest_result *r)
{
	struct tcbs t;
	uint8_t want[GH_SNP_TCB];
	bool read = gh_snp_tcb(s->product, p->current, t.current);
	read = gh_snp_tcb(s->product, p->reported, t.reported) && read;
	read = gh_snp_tcb(s->product, p->committed, t.committed) && read;
	read = gh_snp_tcb(s->product, p->launch, t.launch) && read;
	if (!gh_attest_test(r, "tcb_format", read, "the TCBs are in the product's form",
			    "reserved bytes of a TCB are not zero: it is not in the product's form"))
		return;
	claim_tcb(r, "reported", t.reported, s->product);
	claim_tcb(r, "current", t.current, s->product);
	claim_tcb(r, "committed", t.committed, s->product);
	claim_tcb(r, "launch", t.launch, s->product);
	tcb_of_certificate(s, &t, r);
	at_least(r, "tcb_current", t.current, t.reported, "the current TCB", "the reported one");
	at_least(r, "tcb_committed", t.current, t.committed, "the current TCB", "the committed one");
	for (unsigned i = 0; i < GH_SNP_TCB; i++) {
		uint64_t v = gh_attest_number(pol, minimum[i], 0);
		want[i] = v > 255 ? 255
				  : (uint8_t)v; /* more than there can be: nothing reaches it but 255, see below */
		if (v > 255)
			gh_attest_check(r, "tcb_minimum", GH_AT_FAIL, "the policy asks for %s above 255", minimum[i]);
	}
	at_least(r, "tcb_minimum", t.reported, want, "the reported TCB", "the policy's");
	at_least(r, "tcb_launch", t.launch, want, "the TCB at launch", "the policy's");
	at_least(r, "tcb_rollback", t.committed, want, "the committed TCB, to which the host may go back,",
		 "the policy's");
	provisional(p, &t, pol, r);
}

/* ---- the guest ------------------------------------------------------------------------------------------------------------- */

/* A bit that must not be set, unless the policy allows it; or must be set, if it asks. */
static void forbidden(struct gh_attest_result *r, const char *check, bool set, bool allowed, const char *what)
{
	gh_attest_check(r, check,
			!set	  ? GH_AT_PASS
			: allowed ? GH_AT_SKIPPED
				  : GH_AT_FAIL,
			"%s%s", what,
			!set	  ? ": no"
			: allowed ? ": yes, the policy allows it"
				  : ": yes");
}

static void required(struct gh_attest_result *r, const char *check, bool set, bool asked, const char *what)
{
	gh_attest_check(r, check,
			!asked ? GH_AT_SKIPPED
			: set  ? GH_AT_PASS
			       : GH_AT_FAIL,
			"%s: %s%s", what, set ? "yes" : "no", asked ? "" : "; the policy does not ask for it");
}

static void guest(const struct gh_snp_report *p, const struct gh_attest_policy *pol, struct gh_attest_result *r)
{
	const uint64_t bits = p->policy;
	char vmpl[2] = { (char)('0' + p->vmpl), 0 };
	forbidden(r, "debug", (bits >> GH_SNP_DEBUG & 1) != 0, gh_attest_flag(pol, "allow_debug", false),
		  "the host may debug the guest");
	forbidden(r, "migration", (bits >> GH_SNP_MIGRATE & 1) != 0, gh_attest_flag(pol, "allow_migration", false),
		  "the guest may be bound to a migration agent");
	forbidden(r, "smt", (bits >> GH_SNP_SMT & 1) != 0 && (p->platform & 1) != 0,
		  gh_attest_flag(pol, "allow_smt", true), "the guest may share a core");
	required(r, "single_socket", (bits >> GH_SNP_SINGLE_SOCKET & 1) != 0,
		 gh_attest_flag(pol, "require_single_socket", false), "the guest is bound to one socket");
	required(r, "ciphertext_hiding", (p->platform >> 4 & 1) != 0,
		 gh_attest_flag(pol, "require_ciphertext_hiding", false), "ciphertext is hidden from the host");
	required(r, "alias_check", (p->platform >> 5 & 1) != 0, gh_attest_flag(pol, "require_alias_check", false),
		 "memory was checked for aliases");
	gh_attest_allowed(pol, "vmpl", gh_span_str(vmpl), r);
	uint64_t svn = gh_attest_number(pol, "min_guest_svn", 0);
	gh_attest_check(r, "guest_svn", p->guest_svn >= svn ? GH_AT_PASS : GH_AT_FAIL,
			"it is %u, at least %llu is asked for", p->guest_svn, (unsigned long long)svn);
	gh_attest_allowed(pol, "measurement", p->measurement, r);
	gh_attest_allowed(pol, "host_data", p->host_data, r);
	gh_attest_allowed(pol, "id_key_digest", p->id_key, r);
	gh_attest_allowed(pol, "author_key_digest", p->author_key_digest, r);
	gh_attest_allowed(pol, "family_id", p->family_id, r);
	gh_attest_allowed(pol, "image_id", p->image_id, r);
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	struct gh_snp_report p;
	const char *wrong = gh_snp_read(q->evidence, &p);
	if (!gh_attest_test(r, "format", wrong == NULL, "a report of SEV-SNP, to its last byte", wrong))
		return;
	claims(&p, r);
	struct gh_snp_signer *s = gh_snp_signer(q, &p, r);
	if (s == NULL)
		return;
	if (verify(&p, s, r)) {
		product(&p, s, r);
		chip(&p, s, q->policy, r);
		tcb(&p, s, q->policy, r);
		if (s->csp_id.n != 0)
			gh_attest_claim(r, "csp_id", "%s", gh_attest_safe(r, s->csp_id, 200));
		gh_attest_allowed(q->policy, "csp_id", s->csp_id, r);
		gh_attest_allowed(q->policy, "product", gh_span_str(gh_snp_products[s->product]), r);
		gh_attest_allowed(q->policy, "signing_key", gh_span_str(p.signing_key == GH_SNP_VLEK ? "vlek" : "vcek"),
				  r);
		gh_attest_allowed(q->policy, "chip_id", p.chip_id, r);
		guest(&p, q->policy, r);
		gh_attest_report_data(q, p.report_data, r);
	}
	gh_snp_signer_done(s);
}

static const char *const signatures[] = { "format",    "certificate",	  "chain", "validity",
					  "signature", "product_matches", NULL };
static const char *const musts[] = { "format",		"certificate",	   "chain",	  "validity",  "signature",
				     "product_matches", "tcb_certificate", "tcb_current", "guest_svn", NULL };
const struct gh_attest_kind gh_attest_snp = {
	.name = "snp",
	.about = "A virtual machine under AMD SEV-SNP: attestation report, versions 2 to 5.",
	.files = "endorsements: the VCEK or VLEK certificate (PEM, DER, or the host's table of certificates); "
		 "collateral: AMD's "
		 "revocation list (DER, PEM) of the product, required by policy only",
	.cls = GH_AC_VM_TEE,
	.keys = keys,
	.signatures = signatures,
	.musts = musts,
	.appraise = appraise,
};

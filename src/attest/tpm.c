/* TPM 2.0: a quote, signed by an attestation key that the caller vouches for. */
#include "attest/kinds.h"
#include "attest/tpm_json.h"
#include "crypto/pubkey.h"

static const struct gh_attest_key keys[] = {
	GH_TPM_KEYS,
	{ "require_hardware", GH_AT_FLAG, 0, "refuse keys that no vendor of TPMs vouches for (false)" },
	{ 0 },
};

/* What was given, sorted by content. */
struct given {
	struct gh_span quote, signature, pcrs, log;
	const struct gh_jval *list; /* registers of a JSON form */
	bool own_key;		    /* the evidence brings a key along */
};

static bool der_signature(struct gh_span s)
{
	return s.n > 8 && s.n <= 160 && s.p[0] == 0x30 && gh_be32(s.p) >> 16 != 0x3082;
}

static bool is_signature(struct gh_span s)
{
	bool tpmt = s.n > 6 && s.p[0] == 0 && (s.p[1] == 0x14 || s.p[1] == 0x18) && s.p[2] == 0;
	return der_signature(s) || tpmt || s.n == 256 || s.n == 384 || s.n == 512;
}

static void sort(const struct gh_attest_question *q, struct given *g)
{
	for (size_t i = 0; i < q->nendorsement; i++) {
		struct gh_span b = q->endorsement[i].bytes;
		struct gh_span *to = gh_tpm_pcrs_is(b)				  ? &g->pcrs
				     : gh_eventlog_is(b)			  ? &g->log
				     : is_signature(b) && !gh_span_starts(b, "-") ? &g->signature
										  : NULL;
		if (to != NULL && to->n == 0)
			*to = b;
	}
}

/* The key comes from the caller. One inside the evidence proves nothing: whoever made the evidence can make a key. */
static void signature(const struct gh_attest_question *q, const struct given *g, const struct gh_tpm_quote *quote,
		      struct gh_attest_result *r)
{
	unsigned tried = 0;
	enum gh_attest_outcome best = GH_AT_FAIL;
	for (size_t i = 0; i < q->nendorsement && best != GH_AT_PASS; i++) {
		struct gh_span b = q->endorsement[i].bytes;
		gh_auto_key *key = NULL;
		if (!gh_span_starts(b, "-----BEGIN PUBLIC KEY-----") || gh_key_public(b, &key, NULL) != GH_OK)
			continue;
		tried++;
		if (gh_key_kind(key) != GH_KEY_ED25519)
			best = gh_tpm_verify(key, gh_tpm_hash_of(quote), g->quote, g->signature);
	}
	if (tried == 0) {
		gh_attest_check(
			r, "attestation_key", g->own_key ? GH_AT_FAIL : GH_AT_UNKNOWN,
			g->own_key ? "the key comes with the evidence, and nobody vouches for it: give the one you "
				     "enrolled with --endorsements"
				   : "no attestation key (PEM, PUBLIC KEY) was given with --endorsements");
		return;
	}
	gh_attest_check(r, "attestation_key", GH_AT_PASS, "%u key%s the caller vouches for", tried,
			tried == 1 ? "" : "s");
	if (g->signature.n == 0)
		gh_attest_check(r, "signature", GH_AT_UNKNOWN,
				"the quote's signature was not given with --endorsements");
	else
		gh_attest_check(r, "signature", best, "%s",
				best == GH_AT_PASS ? "the attestation key signed the quote"
						   : "no key that was given signed this quote");
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	struct gh_tpm_quote quote;
	struct gh_tpm_pcrs *pcrs = GH_NEW(r->arena, struct gh_tpm_pcrs, 1);
	struct given g = { .quote = q->evidence };
	const char *wrong = NULL;
	r->cls = GH_AC_SOFTWARE; /* no vendor's root vouches for the key: it may be a program's */
	if (pcrs == NULL) {
		r->full = true;
		return;
	}
	if (q->evidence.p[0] == '{')
		wrong = gh_tpm_json(q->evidence, r->arena, &g.quote, &g.signature, &g.list, &g.own_key);
	sort(q, &g);
	wrong = wrong == NULL ? gh_tpm_quote_read(g.quote, &quote) : wrong;
	if (!gh_attest_test(r, "format", wrong == NULL, "a quote of a TPM 2.0, to its last byte", wrong))
		return;
	signature(q, &g, &quote, r);
	wrong = g.list != NULL	? gh_tpm_json_pcrs(g.list, &quote, r->arena, pcrs)
		: g.pcrs.n != 0 ? gh_tpm_pcrs_read(g.pcrs, &quote, pcrs)
				: NULL;
	if (wrong != NULL) {
		gh_attest_check(r, "pcr_values", GH_AT_FAIL, "%s", wrong);
		return;
	}
	gh_tpm_judge(q, &quote, pcrs, g.log, r);
	gh_attest_check(r, "hardware",
			gh_attest_flag(q->policy, "require_hardware", false) ? GH_AT_FAIL : GH_AT_SKIPPED,
			"no pinned vendor vouches for the key: the class is software");
}

static const char *const signatures[] = { "format", "attestation_key", "signature", "pcr_values", NULL };
const struct gh_attest_kind gh_attest_tpm = {
	.name = "tpm",
	.about = "A machine with a TPM 2.0: quote (TPMS_ATTEST, or JSON), registers and the firmware's event log.",
	.files = "endorsements: the attestation key (PEM), the signature, the registers (tpm2_quote -o), the event log",
	.cls = GH_AC_TPM,
	.keys = keys,
	.signatures = signatures,
	.musts = signatures,
	.appraise = appraise,
};

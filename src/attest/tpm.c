/* TPM 2.0: a quote, signed by an attestation key that the caller vouches for. */
#include "attest/kinds.h"
#include "attest/launchlog.h"
#include "attest/tpm_enrol.h"
#include "attest/tpm_json.h"
#include "attest/tpm_public.h"
#include "crypto/pubkey.h"

static const struct gh_attest_key keys[] = {
	GH_TPM_KEYS,
	GH_TPM_ENROL_KEYS,
	GH_LAUNCHLOG_KEYS,
	{ "require_hardware", GH_AT_FLAG, 0, "refuse keys that no vendor of TPMs vouches for (false)" },
	{ 0 },
};

/* What was given, sorted by content. */
struct given {
	struct gh_span quote, signature, pcrs, log, launches;
	const struct gh_jval *list; /* registers of a JSON form */
	bool own_key;		    /* the evidence brings a key along */
};

static bool der_signature(struct gh_span s)
{
	return s.n > 8 && s.n <= 160 && s.p[0] == 0x30 && gh_be32(s.p) >> 16 != 0x3082;
}

static bool is_signature(struct gh_span s)
{
	bool tpmt = s.n > 6 && s.p[0] == 0 && (s.p[1] == 0x14 || s.p[1] == 0x16 || s.p[1] == 0x18) && s.p[2] == 0;
	return der_signature(s) || tpmt || s.n == 256 || s.n == 384 || s.n == 512;
}

static void sort(const struct gh_attest_question *q, struct given *g)
{
	for (size_t i = 0; i < q->nendorsement; i++) {
		struct gh_span b = q->endorsement[i].bytes;
		struct gh_span *to = gh_launchlog_is(b)				  ? &g->launches
				     : gh_tpm_pcrs_is(b)			  ? &g->pcrs
				     : gh_eventlog_is(b)			  ? &g->log
				     : gh_tpm_public_is(b)			  ? NULL
				     : is_signature(b) && !gh_span_starts(b, "-") ? &g->signature
										  : NULL;
		if (to != NULL && to->n == 0)
			*to = b;
	}
}

/* What was tried to verify the quote with. */
struct tried {
	unsigned keys;
	enum gh_attest_outcome best;
	bool enrolled; /* the key that fits is the one of the enrolment */
	bool named;    /* the key that fits came with its TPM name */
};

static void try_key(struct tried *t, const struct given *g, const struct gh_tpm_quote *quote, const struct gh_key *key,
		    uint16_t scheme)
{
	t->keys++;
	if (t->best != GH_AT_PASS && gh_key_kind(key) != GH_KEY_ED25519)
		t->best = gh_tpm_verify(key, scheme, gh_tpm_hash_of(quote), g->quote, g->signature);
}

/* A key in the TPM's own form says more of itself than a PEM: whether it can sign anything else than quotes. */
static void try_public(struct tried *t, const struct gh_attest_question *q, const struct given *g,
		       const struct gh_tpm_quote *quote, struct gh_span area, struct gh_attest_result *r)
{
	struct gh_tpm_public p;
	gh_auto_key *key = NULL;
	const char *wrong = gh_tpm_public_read(area, &p);
	bool fitted = t->best == GH_AT_PASS;
	if (wrong == NULL && gh_tpm_public_key(&p, &key, NULL) != GH_OK)
		wrong = "its key is of a kind that is not served";
	if (wrong != NULL) {
		gh_attest_check(r, "ak_attributes", GH_AT_FAIL, "the key in the TPM's form: %s", wrong);
		return;
	}
	try_key(t, g, quote, key, p.scheme == GH_TPM_NULL ? 0 : p.scheme);
	if (fitted || t->best != GH_AT_PASS)
		return;
	t->named = true;
	wrong = gh_tpm_public_attests(&p);
	gh_attest_test(r, "ak_attributes", wrong == NULL, "it never leaves its TPM, and signs only what the TPM made",
		       wrong);
	gh_attest_claim_hex(r, "ak_name", (struct gh_span){ p.name, p.nname });
	gh_attest_allowed(q->policy, "ak_name", (struct gh_span){ p.name, p.nname }, r);
}

/* The key comes from the caller, or from an enrolment that the policy trusts. One inside the evidence proves nothing: whoever made the
 * evidence can make a key. */
static void try_all(struct tried *t, const struct gh_attest_question *q, const struct given *g,
		    const struct gh_tpm_quote *quote, const struct gh_tpm_enrolment *e, struct gh_attest_result *r)
{
	if (e->ak.n != 0) {
		try_public(t, q, g, quote, e->ak, r);
		t->enrolled = t->best == GH_AT_PASS;
	}
	for (size_t i = 0; i < q->nendorsement && t->best != GH_AT_PASS; i++) {
		struct gh_span b = q->endorsement[i].bytes;
		gh_auto_key *key = NULL;
		if (gh_tpm_public_is(b) && !gh_span_eq(b, e->ak))
			try_public(t, q, g, quote, b, r);
		else if (gh_span_starts(b, "-----BEGIN PUBLIC KEY-----") && gh_key_public(b, &key, NULL) == GH_OK)
			try_key(t, g, quote, key, 0);
	}
}

static bool signature(const struct gh_attest_question *q, const struct given *g, const struct gh_tpm_quote *quote,
		      const struct gh_tpm_enrolment *e, struct gh_attest_result *r)
{
	struct tried t = { .best = GH_AT_FAIL };
	size_t before = r->nchecks;
	try_all(&t, q, g, quote, e, r);
	if (t.keys == 0) {
		if (r->nchecks == before) /* else that check says what is wrong with the key */
			gh_attest_check(
				r, "attestation_key", g->own_key ? GH_AT_FAIL : GH_AT_UNKNOWN,
				g->own_key ? "the key comes with the evidence, and nobody vouches for it: give the one "
					     "you enrolled with --endorsements"
					   : "no attestation key (PEM, or TPM2B_PUBLIC) was given with --endorsements");
		return false;
	}
	if (t.enrolled)
		gh_attest_check(r, "attestation_key", GH_AT_PASS, "the key of the record of enrolment");
	else
		gh_attest_check(r, "attestation_key", GH_AT_PASS, "%u key%s the caller vouches for", t.keys,
				t.keys == 1 ? "" : "s");
	if (!t.named && gh_attest_wants(q->policy, "ak_name"))
		gh_attest_check(r, "ak_name", GH_AT_FAIL,
				"no key in the TPM's form (TPM2B_PUBLIC) signed this quote: it has no name to look up");
	if (g->signature.n == 0)
		gh_attest_check(r, "signature", GH_AT_UNKNOWN,
				"the quote's signature was not given with --endorsements");
	else
		gh_attest_check(r, "signature", t.best, "%s",
				t.best == GH_AT_PASS ? "the attestation key signed the quote"
						     : "no key that was given signed this quote");
	return t.enrolled;
}

/* What the key amounts to: hardware only by a chain from an endorsement key that was bound to it. */
static void hardware(const struct gh_attest_question *q, bool enrolled, enum gh_attest_class cls,
		     struct gh_attest_result *r)
{
	bool hard = enrolled && cls == GH_AC_TPM;
	r->cls = hard ? GH_AC_TPM : GH_AC_SOFTWARE;
	if (hard)
		gh_attest_check(r, "hardware", GH_AT_PASS, "a pinned vendor vouches for the TPM that the key lives in");
	else
		gh_attest_check(r, "hardware",
				gh_attest_flag(q->policy, "require_hardware", false) ? GH_AT_FAIL : GH_AT_SKIPPED,
				"no pinned vendor vouches for the key: the class is software");
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	struct gh_tpm_quote quote;
	struct gh_tpm_pcrs *pcrs = GH_NEW(r->arena, struct gh_tpm_pcrs, 1);
	struct given g = { .quote = q->evidence };
	const char *wrong = NULL;
	struct gh_tpm_enrolment enrolled;
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
	(void)gh_tpm_enrolment(q, r, &enrolled);
	bool by_enrolment = signature(q, &g, &quote, &enrolled, r);
	wrong = g.list != NULL	? gh_tpm_json_pcrs(g.list, &quote, r->arena, pcrs)
		: g.pcrs.n != 0 ? gh_tpm_pcrs_read(g.pcrs, &quote, pcrs)
				: NULL;
	if (wrong != NULL) {
		gh_attest_check(r, "pcr_values", GH_AT_FAIL, "%s", wrong);
		return;
	}
	gh_tpm_judge(q, &quote, pcrs, g.log, r);
	gh_launchlog_judge(q, &quote, pcrs, g.launches, r);
	hardware(q, by_enrolment, enrolled.cls, r);
}

static const char *const signatures[] = { "format", "attestation_key", "signature", "pcr_values", NULL };
const struct gh_attest_kind gh_attest_tpm = {
	.name = "tpm",
	.about = "A machine with a TPM 2.0: quote (TPMS_ATTEST, or JSON), registers and the firmware's event log.",
	.files = "endorsements: the attestation key (PEM or TPM2B_PUBLIC) or a record of its enrolment, the signature, "
		 "the registers (tpm2_quote -o), the event log, a launch log",
	.cls = GH_AC_TPM,
	.keys = keys,
	.signatures = signatures,
	.musts = signatures,
	.appraise = appraise,
};

/* What a quote says: fresh, over these registers, explained by this log, allowed by the policy? */
#include "attest/tpm_quote.h"

#include <stdio.h>

#include "crypto/pubkey.h"

static void name_of(uint16_t alg, unsigned i, char out[32])
{
	(void)snprintf(out, 32, "pcr%u_sha%u", i, alg == GH_TPM_SHA1 ? 1 : (unsigned)gh_tpm_digest_size(alg) * 8);
}

static void digest(const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *p, struct gh_attest_result *r)
{
	uint8_t all[GH_TPM_BANKS * GH_LOG_PCRS * GH_LOG_DIGEST], md[GH_LOG_DIGEST];
	size_t n = 0;
	if (!p->has) {
		gh_attest_check(r, "pcr_values", GH_AT_UNKNOWN,
				"the values of the registers were not given: what was measured cannot be told");
		return;
	}
	for (unsigned b = 0; b < quote->nbanks; b++)
		for (unsigned i = 0; i < GH_LOG_PCRS; i++) {
			if ((quote->bank[b].selected >> i & 1) == 0)
				continue;
			memcpy(all + n, p->v[b][i].p, p->v[b][i].n);
			n += p->v[b][i].n;
		}
	bool ok = gh_tpm_digest(gh_tpm_hash_of(quote), (struct gh_span){ all, n }, md) &&
		  gh_attest_bound(quote->digest, (struct gh_span){ md, quote->digest.n });
	gh_attest_test(r, "pcr_values", ok, "the registers are those that were quoted",
		       "the registers that were given are not those that were quoted");
}

static void registers(const struct gh_attest_question *q, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *p,
		      struct gh_attest_result *r)
{
	char name[32];
	uint32_t seen = 0;
	for (unsigned b = 0; b < quote->nbanks; b++)
		for (unsigned i = 0; i < GH_LOG_PCRS; i++) {
			if (p->v[b][i].p == NULL)
				continue;
			name_of(quote->bank[b].alg, i, name);
			gh_attest_claim_hex(r, name, p->v[b][i]);
			(void)snprintf(name, sizeof name, "pcr%u", i);
			if (gh_attest_wants(q->policy, name))
				gh_attest_allowed(q->policy, name, p->v[b][i], r);
			seen |= (uint32_t)1 << i;
		}
	for (unsigned i = 0; i < GH_LOG_PCRS; i++) {
		(void)snprintf(name, sizeof name, "pcr%u", i);
		if ((seen >> i & 1) == 0 && gh_attest_wants(q->policy, name))
			gh_attest_check(r, name, GH_AT_FAIL, "the policy asks for it and the quote does not hold it");
	}
}

/* Registers 0 to 7 belong to the firmware: the log explains them, all of them. Later ones are extended by what comes after, which
 * writes no log of this form, so there a difference is said and not judged. */
static void compare(const struct gh_eventlog *l, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *p,
		    struct gh_attest_result *r)
{
	unsigned same = 0, judged = 0;
	char open[64] = "";
	for (unsigned b = 0; b < quote->nbanks; b++)
		for (unsigned i = 0; i < GH_LOG_PCRS; i++) {
			struct gh_span want = gh_eventlog_pcr(l, quote->bank[b].alg, i);
			if (p->v[b][i].p == NULL || want.p == NULL)
				continue;
			bool equal = gh_span_eq(want, p->v[b][i]);
			if (i < 8 && !equal) {
				gh_attest_check(r, "event_log", GH_AT_FAIL, "its events do not lead to PCR %u", i);
				return;
			}
			judged += i < 8;
			same += i < 8 && equal;
			size_t n = strlen(open);
			if (i >= 8 && equal && (l->touched >> i & 1) != 0)
				(void)snprintf(open + n, sizeof open - n, "%s%u", n == 0 ? "" : " ", i);
		}
	if (judged == 0)
		gh_attest_check(r, "event_log", GH_AT_UNKNOWN, "it has no register in common with the quote");
	else
		gh_attest_check(r, "event_log", GH_AT_PASS, "%u events lead to the %u registers of the firmware",
				l->nevents, same);
	if (open[0] != '\0')
		gh_attest_claim(r, "event_log_explains", "%s", open);
}

static void events(const struct gh_eventlog *l, struct gh_attest_result *r)
{
	for (unsigned i = 0; i < 8; i++)
		if (l->separators[i] > 1) {
			gh_attest_check(r, "separators", GH_AT_FAIL,
					"PCR %u has %u separators: somebody ended it twice", i, l->separators[i]);
			return;
		} else if ((l->touched >> i & 1) != 0 && l->separators[i] == 0) {
			gh_attest_check(r, "separators", GH_AT_FAIL,
					"PCR %u has no separator: the firmware did not end it", i);
			return;
		}
	gh_attest_check(r, "separators", GH_AT_PASS, "each register of the firmware ends with one separator");
	gh_attest_test(r, "event_data", !l->mismatch, "separators and secure boot variables are what was measured",
		       "the data of an event is not what was measured");
}

static void log_of(const struct gh_attest_question *q, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *p,
		   struct gh_span log, struct gh_attest_result *r)
{
	bool secure = gh_attest_flag(q->policy, "require_secure_boot", false);
	if (log.n == 0) {
		gh_attest_check(r, "event_log", secure ? GH_AT_UNKNOWN : GH_AT_SKIPPED, "none was given");
		return;
	}
	struct gh_eventlog *l = GH_NEW(r->arena, struct gh_eventlog, 1);
	if (l == NULL) {
		r->full = true;
		return;
	}
	const char *wrong = gh_eventlog_read(log, l);
	if (wrong != NULL) {
		gh_attest_check(r, "event_log", GH_AT_FAIL, "%s", wrong);
		return;
	}
	compare(l, quote, p, r);
	events(l, r);
	gh_attest_claim(r, "secure_boot", "%s", l->secure_boot < 0 ? "unknown" : l->secure_boot == 1 ? "on" : "off");
	if (secure)
		gh_attest_test(r, "require_secure_boot", l->secure_boot == 1, "secure boot was on",
			       "the event log does not say that secure boot was on");
}

void gh_tpm_judge(const struct gh_attest_question *q, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *p,
		  struct gh_span log, struct gh_attest_result *r)
{
	struct gh_span want = q->nonce.n != 0 ? q->nonce : q->report_data;
	gh_attest_claim_hex(r, "nonce", quote->nonce);
	gh_attest_claim_hex(r, "qualified_signer", quote->signer);
	gh_attest_claim(r, "clock", "%llu", (unsigned long long)quote->clock);
	gh_attest_claim(r, "reset_count", "%u", quote->resets);
	gh_attest_claim(r, "restart_count", "%u", quote->restarts);
	gh_attest_claim_bool(r, "clock_safe", quote->safe);
	gh_attest_claim(r, "firmware_version", "%016llx", (unsigned long long)quote->firmware);
	if (want.n == 0)
		gh_attest_check(r, "nonce", GH_AT_SKIPPED, "no nonce was given: how old the quote is cannot be told");
	else
		gh_attest_test(r, "nonce", want.n == quote->nonce.n && gh_attest_bound(quote->nonce, want),
			       "it answers this challenge", "it does not hold the nonce that was asked for");
	uint64_t resets = gh_attest_number(q->policy, "min_resets", 0),
		 again = gh_attest_number(q->policy, "min_restarts", 0);
	gh_attest_test(r, "resets", quote->resets > resets || (quote->resets == resets && quote->restarts >= again),
		       "the TPM has not gone back in time", "the TPM's counters are below the last ones seen");
	digest(quote, p, r);
	gh_attest_allowed(q->policy, "pcr_digest", quote->digest, r);
	registers(q, quote, p, r);
	log_of(q, quote, p, log, r);
}

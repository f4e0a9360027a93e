#include "attest/ccel.h"

#include "attest/eventlog.h"

#include <stdio.h>

static void separators(const struct gh_eventlog *l, const struct gh_attest_policy *p, struct gh_attest_result *r)
{
	for (unsigned i = 1; i <= GH_CCEL_RTMRS; i++) {
		if (l->separators[i] < 2)
			continue;
		gh_attest_check(
			r, "ccel_separators",
			gh_attest_flag(p, "ccel_single_separators", false) ? GH_AT_FAIL : GH_AT_SKIPPED,
			"RTMR%u has %u separators: PCRs that share it each end with one, or somebody ended it twice",
			i - 1, l->separators[i]);
		return;
	}
	gh_attest_check(r, "ccel_separators", GH_AT_PASS, "no register has more than one separator");
}

static void registers(const struct gh_eventlog *l, const struct gh_span *rtmr, bool all, struct gh_attest_result *r)
{
	char name[GH_ATTEST_NAME];
	for (unsigned i = 0; i < GH_CCEL_RTMRS; i++) {
		struct gh_span replayed = gh_eventlog_pcr(l, GH_TPM_SHA384, i + 1);
		bool silent = (l->touched >> (i + 1) & 1) == 0, same = gh_span_eq(replayed, rtmr[i]);
		(void)snprintf(name, sizeof name, "ccel_rtmr%u", i);
		if (same)
			gh_attest_check(r, name, GH_AT_PASS, "%s",
					silent ? "nothing was measured into it, and the log says so too"
					       : "the log's events lead to it");
		else if (silent && i == GH_CCEL_RTMRS - 1 && !all)
			gh_attest_check(r, name, GH_AT_SKIPPED,
					"extended at run time: the firmware's log does not tell with what");
		else
			gh_attest_check(r, name, GH_AT_FAIL, "the log's events do not lead to RTMR%u of the quote", i);
	}
}

static const char *trouble(const struct gh_eventlog *l)
{
	if (gh_eventlog_pcr(l, GH_TPM_SHA384, 1).n == 0)
		return "the log has no digests of SHA-384, which RTMRs are extended with";
	if ((l->touched & ~(uint32_t)0x1e) != 0)
		return "the log extends a register that a trust domain does not have";
	return l->mismatch ? "the data of a separator or a secure boot variable are not what was measured" : NULL;
}

void gh_ccel(const struct gh_attest_question *q, const struct gh_span rtmr[GH_CCEL_RTMRS], struct gh_attest_result *r)
{
	const struct gh_attest_policy *p = q->policy;
	bool demanded = gh_attest_flag(p, "require_ccel", false), secure = gh_attest_flag(p, "ccel_secure_boot", false);
	struct gh_span log = { 0 };
	for (size_t i = 0; i < q->nendorsement && log.n == 0; i++)
		if (gh_eventlog_is(q->endorsement[i].bytes))
			log = q->endorsement[i].bytes;
	if (log.n == 0) {
		gh_attest_check(r, "ccel", demanded || secure ? GH_AT_UNKNOWN : GH_AT_SKIPPED, "%s",
				demanded || secure
					? "the policy demands the event log: give it with --endorsements"
					: "no event log was given: what the registers hold is not explained");
		return;
	}
	struct gh_eventlog *l = GH_NEW(r->arena, struct gh_eventlog, 1);
	if (l == NULL) {
		r->full = true;
		return;
	}
	const char *wrong = gh_eventlog_read(log, l);
	wrong = wrong == NULL ? trouble(l) : wrong;
	if (!gh_attest_test(r, "ccel", wrong == NULL, "an event log, to its last byte", wrong))
		return;
	gh_attest_claim(r, "ccel_events", "%u", l->nevents);
	gh_attest_claim(r, "ccel_secure_boot", "%s",
			l->secure_boot < 0    ? "unknown"
			: l->secure_boot == 1 ? "on"
					      : "off");
	registers(l, rtmr, demanded, r);
	separators(l, p, r);
	if (secure)
		gh_attest_test(r, "ccel_secure_boot", l->secure_boot == 1, "secure boot was on",
			       "secure boot was off, or the log does not say");
}

/* Launch logs (attest/launchlog.h). What is read is written back as the same bytes, holds each measurement once, and leads to the register
 * that its own replay gives and to no other. */
#include "attest/kinds.h"
#include "attest/launchlog.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum gh_attest_outcome judge(struct gh_span s, uint8_t pcr[GH_LAUNCHLOG_DIGEST])
{
	static struct gh_attest_result r;
	static struct gh_tpm_pcrs pcrs;
	gh_auto_arena a = { .max = 1 << 20 };
	const struct gh_tpm_quote quote = { .nbanks = 1, .bank[0].alg = GH_TPM_SHA256 };
	const struct gh_attest_question q = { .policy = NULL };
	memset(&r, 0, sizeof r);
	r.arena = &a;
	r.kind = &gh_attest_tpm;
	r.prefix = "";
	memset(&pcrs, 0, sizeof pcrs);
	pcrs.has = true;
	pcrs.v[0][GH_LAUNCHLOG_PCR] = (struct gh_span){ pcr, GH_LAUNCHLOG_DIGEST };
	gh_launchlog_judge(&q, &quote, &pcrs, s, &r);
	return r.nchecks == 0 ? GH_AT_SKIPPED : r.check[0].outcome;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gh_launchlog l;
	const struct gh_span s = { data, size };
	uint8_t back[GH_LAUNCHLOG_SIZE], pcr[GH_LAUNCHLOG_DIGEST] = { 0 };
	if (gh_launchlog_read(s, &l) != NULL) {
		if (size != 0 && judge(s, pcr) != GH_AT_FAIL)
			abort();
		return 0;
	}
	if (gh_launchlog_write(&l, back) != size || memcmp(back, data, size) != 0 || !gh_launchlog_replay(&l, l.n, pcr))
		abort();
	if (judge(s, pcr) != GH_AT_PASS)
		abort();
	pcr[0] ^= 1;
	if (judge(s, pcr) != GH_AT_FAIL)
		abort();
	return 0;
}

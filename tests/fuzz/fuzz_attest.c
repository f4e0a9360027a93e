/* Evidence of every kind with files beside it, by every kind's reader. The input: u8 kind, u8 number of files (0 to 3), for each u16
 * (little-endian) its length, then the files, the rest is the evidence. Nothing that was not signed by a vendor may be accepted,
 * whatever the bytes are; that none of the seeds is, is the property looked at besides crashes. */
#include "attest/attest.h"
#include "attest/eventlog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct gh_attest_result r;
	static struct gh_eventlog log;
	struct gh_rd rd = gh_rd((struct gh_span){ data, size });
	struct gh_attest_file f[3];
	uint16_t n[3] = { 0 };
	unsigned kind = gh_rd_u8(&rd), files = gh_rd_u8(&rd) % 4;
	gh_auto_arena a = { .max = (size_t)32 << 20 };
	for (unsigned i = 0; i < files; i++)
		n[i] = gh_rd_u16le(&rd);
	for (unsigned i = 0; i < files; i++)
		f[i] = (struct gh_attest_file){ GH_SPAN("file"), gh_rd_take(&rd, n[i]) };
	if (rd.bad)
		return 0;
	const struct gh_attest_question q = { .evidence = gh_span_cut(rd.s, rd.off, rd.s.n),
					      .endorsement = f,
					      .nendorsement = files,
					      .collateral = f,
					      .ncollateral = files,
					      .nonce = GH_SPAN("no quote holds this one"),
					      .at = 1735689600 };
	if (gh_attest_appraise(gh_attest_kinds[kind % gh_attest_kinds_n], &q, &a, &r) == GH_ATTEST_ACCEPTED)
		abort(); /* nothing answers that nonce */
	(void)gh_eventlog_read(q.evidence, &log);
	const struct gh_attest_policy *p;
	(void)gh_attest_policy_read(&a, q.evidence, gh_attest_kinds[kind % gh_attest_kinds_n], &p, NULL);
	return 0;
}

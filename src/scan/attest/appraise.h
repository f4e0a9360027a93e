/* appraise.h - evidence judged in a worker (mode "attest" of scan/tool.h). The trusted process opens files and hears checks and
 * claims; the verdict is computed here again, from the checks, by the same rule (attest/attest.h). */
#ifndef GH_SCAN_ATTEST_APPRAISE_H
#define GH_SCAN_ATTEST_APPRAISE_H
#include "attest/attest.h"

struct gh_attest_job {
	const struct gh_attest_kind *kind;
	const char *evidence; /* path */
	const char
		*endorsement[GH_ATTEST_FILES]; /* paths of files, or of directories whose files are meant (not below) */
	size_t nendorsement;
	const char *collateral;		   /* the same; NULL: none */
	const char *policy;		   /* path; NULL: the kind's defaults */
	struct gh_span nonce, report_data; /* at most GH_ATTEST_NONCE bytes each; empty: not asked */
	int64_t at;
	uint32_t rounds; /* 0: once; else so many cold and warm appraisals besides */
	const char *worker;
};
struct gh_attest_rates {
	double cold, warm;	   /* appraisals per second of the clock, on one core */
	double cpu_cold, cpu_warm; /* per second of processor time: what is left when others use the core too */
};
/* GH_OK: *out holds what was found, texts (safe to print) in the arena: ask gh_attest_verdict(out). rates may be NULL when
 * rounds is 0. Else the evidence could not be looked at, err says why: GH_E_MALFORMED means the policy. */
enum gh_rc gh_attest_see(const struct gh_attest_job *job, struct gh_arena *a, struct gh_attest_result *out,
			 struct gh_attest_rates *rates, struct gh_err *err);
#endif

/* side.h - what the two sides of mode "attest" say to each other. */
#ifndef GH_SCAN_ATTEST_SIDE_H
#define GH_SCAN_ATTEST_SIDE_H
#include <stdint.h>

enum { GH_ATTEST_TAG_EVIDENCE = 1, GH_ATTEST_TAG_ENDORSEMENT, GH_ATTEST_TAG_COLLATERAL, GH_ATTEST_TAG_POLICY };
enum {
	GH_ATTEST_SAY_CHECK = 1, /* a[0] enum gh_attest_outcome; text: name, NUL, detail */
	GH_ATTEST_SAY_CLAIM,	 /* text: name, NUL, value */
	GH_ATTEST_SAY_END,	 /* a[0] checks, a[1] claims, a[2] something did not fit, a[3] enum gh_attest_class */
	GH_ATTEST_SAY_ROUNDS, /* a[0] appraisals since the start of this phase, a[1] 0 cold, 1 warm, a[2] processor time, ns */
};
enum { GH_ATTEST_BATCH = 25 }; /* appraisals between two SAY_ROUNDS */
struct gh_attest_args {
	int64_t at;
	uint32_t nonce_n, report_n;
	uint32_t
		rounds; /* 0: appraise once and say all; else so many cold and so many warm appraisals, for their rate */
	uint32_t zero;
	uint8_t nonce[64], report[64];
	char kind[16];
};
#endif

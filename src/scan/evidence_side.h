/* evidence_side.h - what the two sides of mode "evidence" say to each other. */
#ifndef GH_SCAN_EVIDENCE_SIDE_H
#define GH_SCAN_EVIDENCE_SIDE_H
enum {
	/* The first, once. Text: predicate type; numbers as they stand in GH_EVIDENCE_N_* */
	GH_EVIDENCE_SAY_FORM = 1,
	GH_EVIDENCE_SAY_TOOL,	 /* text; once at most */
	GH_EVIDENCE_SAY_FINDING, /* a[0] enum gh_severity; text: id, NUL, file, NUL, tool */
	GH_EVIDENCE_SAY_CLAIM, /* a[0] enum gh_evidence_word, a[1] seconds since 1970; text: id, NUL, about, NUL, why */
};
enum {
	GH_EVIDENCE_N_FORM,   /* enum gh_evidence_form */
	GH_EVIDENCE_N_FOUND,  /* findings in all */
	GH_EVIDENCE_N_MORE,   /* severity of the worst that is not sent */
	GH_EVIDENCE_N_READ,   /* 1: its content was read */
	GH_EVIDENCE_N_RESULT, /* enum gh_evidence_result */
	GH_EVIDENCE_N_ISSUED, /* seconds since 1970, or 0 */
	GH_EVIDENCE_N_CLAIMS, /* that are sent */
	GH_EVIDENCE_NUMBERS
};
#endif

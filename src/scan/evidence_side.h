/* evidence_side.h - what the two sides of mode "evidence" say to each other. */
#ifndef GH_SCAN_EVIDENCE_SIDE_H
#define GH_SCAN_EVIDENCE_SIDE_H
enum {
	GH_EVIDENCE_SAY_FORM =
		1, /* a[0] enum gh_evidence_form, a[1] findings in all, a[2] severity of the worst left out; text:
				   * predicate type. The first, once */
	GH_EVIDENCE_SAY_TOOL,	 /* text; once at most */
	GH_EVIDENCE_SAY_FINDING, /* a[0] enum gh_severity; text: id, NUL, file, NUL, tool */
};
#endif

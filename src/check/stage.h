/* stage.h - the stages of an inspection, as reports and badges show them. Each check belongs to one. A stage has run when
 * nothing that it should have looked at was left out; what was left out is said, and the stage is incomplete. */
#ifndef GH_CHECK_STAGE_H
#define GH_CHECK_STAGE_H

enum gh_stage {
	GH_STAGE_INTEGRITY, /* every byte read, digested and understood */
	GH_STAGE_MALWARE,
	GH_STAGE_CODE, /* what loading would run */
	GH_STAGE_VULNERABILITIES,
	GH_STAGE_NETWORK,
	GH_STAGE_TENSORS,
	GH_STAGE_SECRETS,
	GH_STAGE_DETONATION,
	GH_STAGES
};

struct gh_stage_row {
	const char *name;  /* "integrity": stable, used in reports */
	const char *about; /* one line: what it looks for */
	const char *unit;  /* what it counts, plural: "tensors" */
};
extern const struct gh_stage_row gh_stage_rows[GH_STAGES];
#endif

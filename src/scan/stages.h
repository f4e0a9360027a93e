/* stages.h - which stages of the inspection ran, from what the files' readings say of themselves. Pure.
 *
 * A stage is "run" when all that it should have looked at was looked at; "incomplete" when a file could not be read to its
 * end, or the stage itself says that it left something out; "not_run" when it was not asked for or has nothing to work with. */
#ifndef GH_SCAN_STAGES_H
#define GH_SCAN_STAGES_H
#include "base/arena.h"
#include "check/stage.h"
#include "scan/facts.h"
#include "scan/report.h"

/* Sums over all files of a scan; zeroed is the start. */
struct gh_stage_sums {
	uint64_t files, bytes;
	struct {
		uint64_t units, bytes, files; /* files: in which something was left out */
		const char *why;	      /* the first reason */
	} of[GH_STAGES];
};

/* Add one file, after its last reading. Reasons are kept as pointers. */
void gh_stages_add(struct gh_stage_sums *s, const struct gh_file_report *r, const struct gh_fact *fact, size_t nfact);
/* off[i]: why stage i does not run, or NULL; with[i]: what it works with, or NULL; lacks[i]: what it should have worked with
 * and cannot, or NULL. Texts are kept as pointers or made in
 * the arena. */
void gh_stages_close(const struct gh_stage_sums *s, const char *const off[GH_STAGES], const char *const with[GH_STAGES],
		     const char *const lacks[GH_STAGES], struct gh_arena *arena, struct gh_stage_report out[GH_STAGES]);
#endif

/* hear.h - what a disarm worker says about a file, as the trusted process takes it: every record is checked, every text made
 * safe to print. A worker may have been taken over by the bytes it read; nothing it says is more than a description. */
#ifndef GH_SCAN_DISARM_HEAR_H
#define GH_SCAN_DISARM_HEAR_H
#include "scan/disarm/disarm.h"
#include "scan/tool.h"

enum { GH_DISARM_NOTES = 1 << 16 }; /* notes about one file that are kept; the others are counted */

struct gh_disarm_hearing {
	struct gh_arena *arena;	  /* of the texts */
	struct gh_disarm_file *f; /* gets format, written, why, tensors, notes and their counts */
	struct gh_disarm_note *note;
	size_t cap;
	/* meaningful when `result` is true */
	enum gh_dis_outcome outcome;
	uint64_t bytes; /* that it says it wrote */
	bool result;
};

/* Take one record (scan/disarm/side.h). NULL, or what is wrong with it: the job has failed then. */
const char *gh_disarm_hear(struct gh_disarm_hearing *h, const struct gh_tool_record *r);
#endif

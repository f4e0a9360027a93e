/* torch_quiet.h - a walk that is overheard by nobody: to read a pickle for what it says about weights, while the pipeline
 * reads the same bytes as a member with all its events. What is expanded on the way counts against the file's budget;
 * memory is given back at the end. */
#ifndef GH_FORMAT_TORCH_QUIET_H
#define GH_FORMAT_TORCH_QUIET_H
#include "format/format.h"

struct gh_torch_quiet {
	struct gh_sink sink; /* first: events come back to it */
	struct gh_sink_ops ops;
	struct gh_sink *real;
	struct gh_arena arena;
	struct gh_err err;
	struct gh_walk walk; /* over src, with the sink, arena and error above */
};

/* q must stay where it is until gh_torch_quiet_end(). */
void gh_torch_quiet_begin(struct gh_torch_quiet *q, const struct gh_walk *w, struct gh_src *src);
void gh_torch_quiet_end(struct gh_torch_quiet *q);
#endif

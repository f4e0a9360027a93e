/* pipeline.h - from bytes to findings: identify by content, walk every format that matches, hand events to the checks,
 * account for every byte, recurse into members. Runs in the worker; in tests also on memory.
 *
 * It knows no danger (checks do) and no format (readers do). */
#ifndef GH_SCAN_PIPELINE_H
#define GH_SCAN_PIPELINE_H
#include "check/data.h"
#include "format/format.h"
#include "scan/facts.h"

struct gh_pipe;
struct gh_yara;

/* What the pipeline needs from outside. */
struct gh_pipe_host {
	void *arg;
	/* A new finding (never the same rule, member and detail twice). Texts are safe to print. */
	void (*finding)(void *arg, const struct gh_rule *rule, struct gh_range at, bool ranged, const char *member,
			const char *detail);
	/* Finding number i of this file (in the order of finding()) was raised `times` in all; called once, at the end. */
	void (*times)(void *arg, size_t i, uint64_t times);
	int (*spill)(void *arg);			 /* descriptor of an unlinked file, or -1 */
	void (*fact)(void *arg, const struct gh_fact *); /* at the end; may be NULL */
	const struct gh_data *data;			 /* for the checks; may be NULL */
	struct gh_yara *yara;				 /* patterns to look for; may be NULL */
};

struct gh_pipe_result {
	uint64_t understood; /* bytes of the file that are accounted for, members' bytes included */
	uint64_t members, expanded;
	uint64_t dropped; /* findings beyond GH_FINDINGS_PER_RULE of a rule */
	char format[128]; /* names joined by '+', "unknown", "empty" */
};

/* A pipe for one file. NULL: no memory. */
struct gh_pipe *gh_pipe_new(const struct gh_limits *lim, const struct gh_pipe_host *host);
/* Other files of the artifact say that these ranges of the root, in order and without overlaps, are weights with no
 * structure of their own. It counts only when no reader is sure of the bytes, and none finds a whole structure or a call in
 * them: a script or a pickle does not become data because an index says so. Copied. Call it before gh_pipe_run(). */
void gh_pipe_declare(struct gh_pipe *p, const struct gh_range *v, size_t n);
/* Scan root. Its bytes must come by gh_pipe_swept() too, unless it is stable. */
void gh_pipe_run(struct gh_pipe *p, struct gh_src *root, struct gh_span name, struct gh_pipe_result *out);
/* The next bytes of the root, in order; blocks overlap by up to GH_SWEEP_OVERLAP bytes, `fresh` is where the new ones
 * start. */
void gh_pipe_swept(struct gh_pipe *p, struct gh_span block, uint64_t off, uint64_t fresh);
/* Bytes [off, below) of the root are about to go; span starts at off and may reach beyond `below`. */
void gh_pipe_released(struct gh_pipe *p, struct gh_span span, uint64_t off, uint64_t below);
void gh_pipe_free(struct gh_pipe *p);
#endif

/* findings.h - the findings of one file: each once, counted, capped per rule, held back while an attempt to read bytes
 * as a format may still turn out wrong. */
#ifndef GH_SCAN_FINDINGS_H
#define GH_SCAN_FINDINGS_H
#include "scan/pipeline.h"

struct gh_raised {
	struct gh_raised *next; /* in the same hash bucket, or in the list of a trial */
	const struct gh_rule *rule;
	struct gh_range at;
	bool ranged;
	const char *member, *detail;
	uint64_t times;
	size_t index; /* in the order of host->finding() */
};

struct gh_findings {
	const struct gh_pipe_host *host;
	struct gh_arena *arena;
	struct gh_raised *bucket[256];
	struct {
		const struct gh_rule *rule;
		unsigned n;
	} per_rule[256];
	size_t n; /* sent to the host */
	uint64_t dropped;
};

/* Texts are copied. */
void gh_findings_add(struct gh_findings *f, const struct gh_rule *rule, struct gh_range at, bool ranged,
		     const char *member, const char *detail);
/* Tell the host how often each was raised. */
void gh_findings_close(struct gh_findings *f);
#endif

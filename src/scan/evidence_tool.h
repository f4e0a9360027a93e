/* evidence_tool.h - reading somebody's document about a model in a worker (mode "evidence" of tool.h): of which form it is, and what
 * it reports. What comes out is bounded text, safe to print, and nothing but a claim. */
#ifndef GH_SCAN_EVIDENCE_TOOL_H
#define GH_SCAN_EVIDENCE_TOOL_H
#include "scan/evidence_read.h"

struct gh_evidence_seen {
	enum gh_evidence_form form;
	const char *predicate, *tool; /* "" when there is none */
	struct {
		const char *id, *file, *tool;
		enum gh_severity severity;
	} *finding; /* worst first */
	struct {
		const char *id, *about, *why;
		enum gh_evidence_word word;
		int64_t at; /* 0: it does not say */
	} *claim;
	size_t nclaim;
	bool read; /* its content is in findings and claims; else nothing is known of it */
	enum gh_evidence_result result;
	int64_t issued; /* 0: it does not say */
	size_t n;
	uint64_t found;	       /* all of them, also those that were not kept */
	enum gh_severity more; /* found > n: the worst of those */
};
/* fd: the document, open for reading only. Texts lie in the arena. Fails as gh_evidence_read() and gh_tool_run() do. */
enum gh_rc gh_evidence_see(int fd, const char *worker, struct gh_arena *a, struct gh_evidence_seen *out,
			   struct gh_err *err);

/* What the worker says, record by record; arg: struct gh_evidence_hear. For fuzzing. */
struct gh_tool_record;
struct gh_evidence_hear {
	struct gh_arena *a;
	struct gh_evidence_seen *out;
	bool form, tool;
	size_t claims; /* that were announced */
};
const char *gh_evidence_on_record(void *arg, const struct gh_tool_record *r);
#endif

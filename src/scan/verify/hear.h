/* hear.h - what the worker of `gatehouse verify` sends, checked record by record: it read a stranger's bytes, and may say anything.
 * Used by verify.c and by its fuzz target. */
#ifndef GH_SCAN_VERIFY_HEAR_H
#define GH_SCAN_VERIFY_HEAR_H
#include "scan/tool.h"
#include "scan/verify/verify.h"

struct gh_verify_hear {
	const struct gh_verify_options *opt;
	struct gh_verify_report *r;
	struct gh_oms model; /* as far as it came; lies in the report's arena */
	size_t want, want_ignore;
};

/* For struct gh_tool_job; arg: a struct gh_verify_hear. NULL, or what is wrong with the record. */
const char *gh_verify_on_record(void *arg, const struct gh_tool_record *rec);
/* All has come: when a model did, it must be whole; its files are then compared (compare.h). */
enum gh_rc gh_verify_heard(struct gh_verify_hear *u, struct gh_err *err);
#endif

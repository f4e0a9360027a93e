/* compare.h - the files of a model against the list that was signed. */
#ifndef GH_SCAN_VERIFY_COMPARE_H
#define GH_SCAN_VERIFY_COMPARE_H
#include "scan/verify/files.h"
#include "scan/verify/verify.h"

/* Note every difference in the report. m: as the worker sent it, checked. */
enum gh_rc gh_verify_compare(const struct gh_verify_options *opt, const struct gh_oms *m, struct gh_verify_report *r,
			     struct gh_err *err);
/* The same for opt->known: digests that were taken long ago. */
enum gh_rc gh_verify_compare_known(const struct gh_verify_options *opt, const struct gh_oms *m,
				   struct gh_verify_report *r, struct gh_err *err);
/* A problem with a file: fails (or is unknown, or only noted) under that check. */
void gh_verify_problem(struct gh_verify_report *r, enum gh_vcheck check, enum gh_voutcome o, struct gh_span file,
		       const char *why);
#endif

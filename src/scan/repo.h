/* repo.h - an artifact as a whole: what a loader would do with this directory, and whether its files agree. Pure: facts
 * and reports in, findings out. Rules: repo_rules.
 *
 * Paths are compared as bytes; a target is resolved against the directory of the file that names it, and must stay in
 * the artifact. */
#ifndef GH_SCAN_REPO_H
#define GH_SCAN_REPO_H
#include "scan/facts.h"
#include "scan/report.h"

struct gh_repo_file {
	const char *name; /* below the artifact's directory */
	uint64_t size;
	const struct gh_file_report *report; /* NULL: not scanned yet */
	const struct gh_fact *fact;
	size_t nfact;
};

/* Which ranges of file i do the other files declare as raw weights? Sorted, merged, clipped to its size; at most max of
 * them are stored in v. Returns their number; SIZE_MAX: more than max. Files without a report are passed over. */
size_t gh_repo_declared(const struct gh_repo_file *file, size_t n, size_t i, struct gh_range *v, size_t max);

/* Compare everything. alone: the artifact is one file, whose neighbours were not to be scanned. find(arg, i, rule, detail) for each finding about file i. Order of calls is fixed by the input. */
void gh_repo_judge(const struct gh_repo_file *file, size_t n, bool alone,
		   void (*find)(void *arg, size_t i, const struct gh_rule *rule, const char *detail), void *arg);

/* The same for licences: what is declared against the texts that lie beside it. Never an effect. */
void gh_repo_licences(const struct gh_repo_file *file, size_t n, bool alone,
		      void (*find)(void *arg, size_t i, const struct gh_rule *rule, const char *detail), void *arg);

extern const struct gh_rule gh_repo_rules[];
#endif

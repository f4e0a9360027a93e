/* whole.h - puts what is found about an artifact as a whole into the reports of its files. */
#ifndef GH_SCAN_WHOLE_H
#define GH_SCAN_WHOLE_H
#include "scan/repo.h"

/* Compare the n files (repo.h) and add what is found to file[], whose verdicts change accordingly; texts live in arena,
 * lists of findings in file_arena[] of each file. False: no memory. */
bool gh_whole_judge(const struct gh_repo_file *known, size_t n, bool alone, struct gh_arena *arena,
		    struct gh_file_report *file, struct gh_arena *file_arena);
#endif

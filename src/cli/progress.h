/* progress.h - one line on a terminal that says how far a scan has come. Nothing for scans that end at once, nothing
 * where nobody watches. */
#ifndef GH_CLI_PROGRESS_H
#define GH_CLI_PROGRESS_H
#include "cli/cli.h"

struct gh_progress {
	FILE *to;	     /* NULL: stay silent */
	int64_t start, last; /* milliseconds of a clock that never goes back */
	int drawn;	     /* columns to wipe */
};

struct gh_progress gh_progress(FILE *to);
/* Fits struct gh_scan_options.progress; arg is the struct gh_progress. */
void gh_progress_show(void *arg, uint64_t files_done, uint64_t files, uint64_t bytes_done, uint64_t bytes);
/* Wipe the line. */
void gh_progress_end(struct gh_progress *p);
#endif

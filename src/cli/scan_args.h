/* scan_args.h - the options of `gatehouse scan`: what they mean to the scanner, what its result means to the shell. */
#ifndef GH_CLI_SCAN_ARGS_H
#define GH_CLI_SCAN_ARGS_H
#include "cli/cli.h"
#include "runtime/detonate.h"
#include "scan/scan.h"

enum gh_scan_format { GH_SCAN_TEXT, GH_SCAN_JSON, GH_SCAN_SARIF, GH_SCAN_HTML, GH_SCAN_CYCLONEDX };
enum gh_fail_on { GH_FAIL_UNSAFE, GH_FAIL_REVIEW };
enum gh_when { GH_WHEN_AUTO, GH_WHEN_ALWAYS, GH_WHEN_NEVER };

struct gh_scan_args {
	unsigned format;						 /* enum gh_scan_format */
	unsigned fail_on;						 /* enum gh_fail_on */
	unsigned colour;						 /* enum gh_when */
	const char *output;						 /* NULL or "-": standard output */
	uint64_t jobs, seconds, memory, expanded, depth, members, ratio; /* as in struct gh_scan_options */
	bool quiet, verbose, no_progress;
	struct gh_opt_files yara, known_bad;
	const char *clamd;
	const char *vex, *timestamp; /* NULL: none given */
	bool detonate;
	const char *detonate_with, *detonate_python, *detonate_engine;
	uint64_t detonate_seconds, detonate_memory; /* as in struct gh_detonate_options; 0: not given */
};

extern const struct gh_opt gh_scan_opts[];

/* What holds when no option is given. */
struct gh_scan_args gh_scan_args_default(void);
struct gh_scan_options gh_scan_args_options(const struct gh_scan_args *a);
struct gh_detonate_options gh_scan_args_detonate(const struct gh_scan_args *a);

/* FOUND: something is UNSAFE, or with --fail-on review something is to review, also in a file that is INCOMPLETE.
 * Else UNFINISHED when anything is INCOMPLETE. */
enum gh_exit gh_scan_exit(const struct gh_scan_report *r, enum gh_fail_on fail_on);

/* The text of --quiet: one line for each file that is not clean, worst verdict first; nothing when all are clean. */
void gh_scan_brief(const struct gh_scan_report *r, struct gh_buf *out);
#endif

/* output.h - a finished document into a file: whole, or not at all. */
#ifndef GH_CLI_OUTPUT_H
#define GH_CLI_OUTPUT_H
#include "base/err.h"
#include "base/span.h"

/* Could gh_output_write() put a file there? Asked before long work, so that an hour of it is not lost to a typing
 * mistake; says why not in err. */
enum gh_rc gh_output_check(const char *path, struct gh_err *err);

/* Do both names lead to one file? */
bool gh_output_same(const char *a, const char *b);
/* Is `output` a file that exists inside the directory `dir`, and not a report that an earlier run left there? */
bool gh_output_inside(const char *output, const char *dir);

/* Write to a temporary file in the same directory, flush it to the disk and rename it over `path`: who reads sees the
 * old file or the new one, never half of it. An existing file keeps its mode; a link is followed. What is no regular
 * file (a pipe, a device) is written to directly. On failure nothing is left behind. */
enum gh_rc gh_output_write(const char *path, struct gh_span doc, struct gh_err *err);
#endif

/* stdin.h - standard input as a file: readers need to look back. */
#ifndef GH_SCAN_STDIN_H
#define GH_SCAN_STDIN_H
#include <stddef.h>
#include <stdint.h>

/* Copy standard input into an unlinked file. How long its writer takes is its own matter; how much it writes is limited as
 * expansion is. A descriptor, or -1 with the reason in why[cap]. */
int gh_stdin_spool(uint64_t limit, char *why, size_t cap);
#endif

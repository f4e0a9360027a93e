/* attest_collect.h - `gatehouse attest collect tpm|tsm`: evidence of the machine that this runs on, as files (attest/make.h). */
#ifndef GH_CLI_ATTEST_COLLECT_H
#define GH_CLI_ATTEST_COLLECT_H
#include "base/span.h"
#include "cli/cli.h"

/* Into the directory: evidence.bin and the endorsements, by their makers' names; prints how to judge them. data: at most 64 bytes, zeros
 * follow. tcti NULL: the kernel's TPM. Returns the exit status. */
int gh_attest_collect(struct gh_cli *cli, const char *maker, struct gh_span data, const char *tcti, const char *dir);
#endif

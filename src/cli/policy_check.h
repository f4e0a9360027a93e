/* policy_check.h - `gatehouse policy check FILE...` and `policy test FILE...`: can these policies be used, do they say what they
 * should? Both return an exit status: 1 when one cannot or does not, 2 when one could not be read. */
#ifndef GH_CLI_POLICY_CHECK_H
#define GH_CLI_POLICY_CHECK_H
#include "cli/cli.h"

int gh_policy_check(struct gh_cli *cli, bool json, int64_t at, int n, char **v);
int gh_policy_tables(struct gh_cli *cli, bool json, int n, char **v);
#endif

/* attest_token.h - `gatehouse attest verify --token`: the appraisal as a signed token (attest/ear.h in crypto/jws.h). */
#ifndef GH_CLI_ATTEST_TOKEN_H
#define GH_CLI_ATTEST_TOKEN_H
#include "cli/cli.h"
#include "crypto/pubkey.h"
#include "scan/attest/appraise.h"

/* The key that signs, before the work begins: *out is the caller's. GH_CLI_GO, or the exit status; said why. */
int gh_attest_token_key(struct gh_cli *cli, const char *path, struct gh_key **out);
/* Write the token to the file, or to standard output ("-"), with a newline. GH_EXIT_OK or GH_EXIT_UNFINISHED. */
int gh_attest_token(struct gh_cli *cli, const struct gh_key *key, const char *output, const struct gh_attest_job *job,
		    const struct gh_attest_result *r);
#endif

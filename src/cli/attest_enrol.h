/* attest_enrol.h - `gatehouse attest identity|challenge|activate|enrol`: binding an attestation key to a TPM's endorsement key. */
#ifndef GH_CLI_ATTEST_ENROL_H
#define GH_CLI_ATTEST_ENROL_H
#include "cli/cli.h"

struct gh_attest_enrol {
	const char *tcti, *secret, *answer, *key, *output; /* options; NULL: not given */
};
/* Is it one of these words? */
bool gh_attest_enrol_is(const char *word);
/* Returns the exit status: 0 done, 1 refused (another TPM, a wrong answer), 2 could not, 64 wrong usage. */
int gh_attest_enrol(struct gh_cli *cli, const char *word, const struct gh_attest_enrol *o, size_t n, char **argv);
#endif

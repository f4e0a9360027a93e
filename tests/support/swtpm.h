/* swtpm.h - a TPM of software for a test's time, on free ports, with its state in a directory of the test. */
#ifndef GH_TESTS_SWTPM_H
#define GH_TESTS_SWTPM_H
#include <stdbool.h>
#include <sys/types.h>

struct swtpm {
	pid_t pid;
	char tcti[64]; /* how tpm2-tss reaches it */
};
/* Is swtpm installed, and tpm2-tools? Else the test says "skipped: …" and is done. */
bool swtpm_there(void);
/* state: a directory, which must be there. False: it does not start. */
bool swtpm_start(struct swtpm *t, const char *state);
void swtpm_stop(struct swtpm *t);
/* Run a program, its output thrown away; true when it ended with 0. argv ends with NULL. */
bool swtpm_run(const char *const *argv);
#endif

/* makers.h - every way to get evidence on this host (attest/make.h), strongest class first. */
#ifndef GH_RUNTIME_MAKERS_H
#define GH_RUNTIME_MAKERS_H
#include "attest/make.h"

extern const struct gh_maker *const gh_makers[];
extern const size_t gh_makers_n;
const struct gh_maker *gh_maker(const char *name); /* NULL: there is none */

extern const struct gh_maker
	gh_make_tsm; /* SEV-SNP and TDX through configfs-tsm (make_tsm.c): no library, fit for the stub */
extern const struct gh_maker gh_make_tpm; /* TPM 2.0 through tpm2-tss (make_tpm.c), loaded when it is asked for */
#endif

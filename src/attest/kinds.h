/* kinds.h - the rows of kinds.c. */
#ifndef GH_ATTEST_KINDS_H
#define GH_ATTEST_KINDS_H
#include "attest/attest.h"

extern const struct gh_attest_kind gh_attest_snp, gh_attest_tpm, gh_attest_azure;
extern const struct gh_attest_kind gh_attest_tdx;
extern const struct gh_attest_kind gh_attest_sgx;
extern const struct gh_attest_kind gh_attest_nitro;
extern const struct gh_attest_kind gh_attest_software;
#endif

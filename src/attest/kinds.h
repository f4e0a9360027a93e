/* kinds.h - the rows of kinds.c. */
#ifndef GH_ATTEST_KINDS_H
#define GH_ATTEST_KINDS_H
#include "attest/attest.h"

extern const struct gh_attest_kind gh_attest_snp;
#endif

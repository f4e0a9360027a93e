/* roots.h - certificates of vendors that are compiled in: rules/attest/, where their provenance stands. */
#ifndef GH_ATTEST_ROOTS_H
#define GH_ATTEST_ROOTS_H
#include "base/span.h"

/* DER of rules/attest/NAME.der: "amd-milan-ark". Empty: there is none of that name. */
struct gh_span gh_attest_root(const char *name);
#endif

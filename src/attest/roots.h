/* roots.h - certificates of vendors that are compiled in: rules/attest/, where their provenance stands. */
#ifndef GH_ATTEST_ROOTS_H
#define GH_ATTEST_ROOTS_H
#include "base/span.h"

/* DER of rules/attest/NAME.der: "amd-milan-ark". Empty: there is none of that name. */
struct gh_span gh_attest_root(const char *name);
/* The i-th certificate whose name begins so ("tpm-": vendors of TPMs), and its name; empty: there are fewer. */
struct gh_span gh_attest_root_at(const char *prefix, size_t i, const char **name);

#ifdef GH_TEST_HOOKS
/* Test builds only: this certificate instead of the one of that name, or one more of that name; an empty one takes it back. The bytes
 * stay the caller's. Lets tests make whole hierarchies of their own, and signed evidence that must be refused. */
void gh_attest_root_for_test(const char *name, struct gh_span der);
#endif
#endif

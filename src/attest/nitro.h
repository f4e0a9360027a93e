/* nitro.h - AWS Nitro Enclaves with another root than the pinned one, for tests with authorities of their own. */
#ifndef GH_ATTEST_NITRO_H
#define GH_ATTEST_NITRO_H
#include "attest/attest.h"

void gh_nitro_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r);
#endif

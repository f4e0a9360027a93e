/* opa.h - asking an OPA server over HTTP: what policy/policy.h leaves to others. One POST, its answer's bytes, nothing more:
 * whether the answer is one, policy/opa.c decides. Redirects are not followed; time and size are bounded. */
#ifndef GH_CATALOG_OPA_H
#define GH_CATALOG_OPA_H
#include "policy/policy.h"

enum { GH_OPA_ANSWER = 1 << 20 };
/* Room for a reason; one per thread. Set ca, leave the rest zero. */
struct gh_opa_http {
	const char *ca; /* certificates to trust, PEM; NULL: those of the system */
	char why[400];
};
gh_opa_ask gh_opa_http; /* ctx: struct gh_opa_http */
#endif

/* opa.h - asking an OPA server over HTTP: what policy/policy.h leaves to others. One POST, its answer's bytes, nothing more:
 * whether the answer is one, policy/opa.c decides. Redirects are not followed; time and size are bounded. */
#ifndef GH_CATALOG_OPA_H
#define GH_CATALOG_OPA_H
#include "policy/policy.h"

enum { GH_OPA_ANSWER = 1 << 20 };
/* Room for a reason; one per thread. Set the first two, leave the rest zero. */
struct gh_opa_http {
	const char *ca; /* certificates to trust, PEM; NULL: those of the system */
	const char *
		only; /* the one URL that may be asked; NULL: any. Who sets a tenant's policy must not choose where the facts of
			   * models are sent, nor what the catalog connects to. */
	char why[400];
};
gh_opa_ask gh_opa_http; /* ctx: struct gh_opa_http */
#endif

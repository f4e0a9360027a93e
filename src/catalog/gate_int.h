/* gate_int.h - parts of gate.c: who states which facts. */
#ifndef GH_CATALOG_GATE_INT_H
#define GH_CATALOG_GATE_INT_H
#include "catalog/catalog.h"
#include "catalog/versions.h"
#include "policy/facts.h"

/* Signatures and statements of others. What is in the set already is what main read in them (daemon/found.h). */
void gate_put_evidence(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f, struct gh_arena *a);
/* What the version was made from, and what that was made from, up to the first. */
void gate_put_lineage(struct gh_catalog *c, const struct gh_version *v, struct gh_facts *f, struct gh_arena *a);
#endif

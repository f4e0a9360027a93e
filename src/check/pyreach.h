/* pyreach.h - between pyreach.c (values) and pyreach_names.c (what names, attributes and functions of a text may stand for). */
#ifndef GH_CHECK_PYREACH_H
#define GH_CHECK_PYREACH_H
#include "check/pymention_int.h"

/* Keys that are no scopes. */
enum { PYC_OF_ATTRIBUTES = UINT32_MAX, PYC_OF_FUNCTIONS = UINT32_MAX - 1 };

struct pyc_cell {
	struct gh_span name;
	uint32_t scope;
	uint32_t first;	     /* of functions: 1 + the scope that has the name */
	uint8_t bits, alias; /* 'g': it is the module's; 'n': an outer one's */
	bool used;
};
struct pyc_reach {
	struct look *l;
	const struct gh_pytree *t;
	struct pyc_cell *cell;
	size_t mask, n;
	uint32_t *def, *same; /* by scope: the node with its parameters; 1 + the next scope of the same name */
	uint8_t *back;	      /* by scope: what the function returns */
	uint8_t subject;      /* of all `match` */
	uint64_t work;	      /* parameters met with arguments: bounded */
	bool changed, say, full;
};

/* A name in a scope; NULL: there is none, or no room for it (full). */
struct pyc_cell *pyc_cell(struct pyc_reach *r, uint32_t scope, struct gh_span name, bool make);
/* A name as it is used in a scope; NULL: no assignment makes it. */
struct pyc_cell *pyc_cell_find(struct pyc_reach *r, uint32_t scope, struct gh_span name);
void pyc_cell_add(struct pyc_reach *r, uint8_t *to, uint8_t bits);
/* The names that are bound when `target` is given a value; make: note that they exist. */
void pyc_cell_bind(struct pyc_reach *r, uint32_t target, uint32_t scope, uint8_t bits, bool make);
/* What a node binds, noted before values are followed. */
void pyc_cell_declare(struct pyc_reach *r, uint32_t i, const struct gh_pyn *n);
/* How many names there may be at most. */
size_t pyc_cell_room(const struct look *l);
bool pyc_cell_of_self(const struct pyc_reach *r, uint32_t i);
#endif

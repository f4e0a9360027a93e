/* pep440.h - versions and version specifiers of Python packages (PEP 440, now the "Version specifiers" page of the Python
 * Packaging User Guide). Complete: epochs, pre-, post- and development releases, local versions, every spelling that is
 * normalised, every operator, wildcards. Numbers have any number of digits; nothing is allocated.
 *
 * A version is taken apart into spans of the text it was read from, which must outlive it. */
#ifndef GH_WIRE_PEP440_H
#define GH_WIRE_PEP440_H
#include "base/buf.h"

struct gh_pep440 {
	struct gh_span epoch;	/* digits; empty: 0 */
	struct gh_span release; /* "1.2.03" */
	char pre;		/* 'a', 'b', 'r' (rc), or 0 */
	bool post, dev;
	struct gh_span pre_n, post_n, dev_n; /* digits; empty: 0 */
	struct gh_span local;		     /* empty: none */
};

/* False: the text is no version. White space around it is passed over. */
bool gh_pep440(struct gh_span text, struct gh_pep440 *out);
/* -1, 0, 1: the order of "Summary of permitted suffixes and relative ordering", local versions included. */
int gh_pep440_cmp(const struct gh_pep440 *a, const struct gh_pep440 *b);
/* Append the normal form: "1.0RC1" is written "1.0rc1". */
void gh_pep440_text(const struct gh_pep440 *v, struct gh_buf *out);
static inline bool gh_pep440_is_pre(const struct gh_pep440 *v) { return v->pre != 0 || v->dev; }

/* The i-th part of the release segment as digits without leading zeros; empty: 0 or there are fewer parts. */
struct gh_span gh_pep440_part(const struct gh_pep440 *v, size_t i);
size_t gh_pep440_parts(const struct gh_pep440 *v);

/* ---- specifiers ------------------------------------------------------------------------------------------------ */
enum gh_pep440_op { GH_OP_COMPATIBLE, GH_OP_EQ, GH_OP_NE, GH_OP_LE, GH_OP_GE, GH_OP_LT, GH_OP_GT, GH_OP_SAME };
struct gh_pep440_clause {
	enum gh_pep440_op op;
	bool wildcard;	     /* "== 1.2.*" */
	struct gh_span text; /* of the version, without the wildcard */
	struct gh_pep440 v;  /* GH_OP_SAME: may be empty (the text is compared) */
};

/* Take the first clause off *rest (clauses are separated by commas). 1: *out is it; 0: there is none left; -1: not a
 * specifier. */
int gh_pep440_clause(struct gh_span *rest, struct gh_pep440_clause *out);
/* Does this version satisfy the clause? Pre-releases count like others: whether an installer considers them is not asked. */
bool gh_pep440_holds(const struct gh_pep440_clause *c, struct gh_span text, const struct gh_pep440 *v);
/* Does this version satisfy all clauses of the set? 1, 0, or -1: the set or the version is none. An empty set allows all. */
int gh_pep440_allows(struct gh_span set, struct gh_span version);
#endif

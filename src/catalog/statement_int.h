/* statement_int.h - parts of statement_make.c: one function for each statement. */
#ifndef GH_CATALOG_STATEMENT_INT_H
#define GH_CATALOG_STATEMENT_INT_H
#include "catalog/statement_make.h"
#include "wire/jdom.h"
#include "wire/jout.h"

enum { STATEMENT_URI = 600 };

struct statement {
	struct gh_catalog *c;
	const struct gh_badge_case *b;
	struct gh_span known_text;
	const struct gh_jval *known;
	struct gh_arena *a;
	struct gh_jout *j; /* the predicate; its object is open */
};
/* urn:gatehouse:ORIGIN:KIND:NAME */
void statement_uri(const struct statement *m, const char *kind, const char *name, char out[STATEMENT_URI]);
void statement_digest(struct gh_jout *j, const char *sha256);

enum gh_rc statement_tests(struct statement *m, struct gh_err *err);
#endif

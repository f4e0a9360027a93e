/* name.h - what models, tenants and scopes are called.
 *
 *	VERSION	:= TENANT "/" [PROJECT "/"] NAME ":" VERSION	acme/llama:1.0, acme/nlp/llama:2024-06-Q4_K_M
 *	MODEL	:= TENANT "/" [PROJECT "/"] NAME
 *	SCOPE	:= "platform" | TENANT | TENANT "/" PROJECT
 *
 * A part is [a-z0-9][a-z0-9._-]{0,62}; VERSION may hold capitals. ".." never stands in a part: names are used as parts of
 * paths by people. Names are compared byte by byte. Pure. */
#ifndef GH_CATALOG_NAME_H
#define GH_CATALOG_NAME_H
#include "base/err.h"
#include "base/span.h"

enum { GH_NAME_PART = 63, GH_NAME_TEXT = 4 * (GH_NAME_PART + 1) + 1 };
struct gh_name { /* NUL-terminated; "" : not given */
	char tenant[GH_NAME_PART + 1];
	char project[GH_NAME_PART + 1]; /* "" : the model stands directly in the tenant */
	char name[GH_NAME_PART + 1];
	char version[GH_NAME_PART + 1];
};

enum gh_name_kind {
	GH_NAME_VERSION, /* a version is needed */
	GH_NAME_MODEL,	 /* no version may be given */
	GH_NAME_EITHER,
};

/* Read a name. GH_E_MALFORMED says which part is wrong, and what is allowed there; nothing hostile is repeated unescaped. */
enum gh_rc gh_name_parse(struct gh_span s, enum gh_name_kind kind, struct gh_name *out, struct gh_err *err);
/* TENANT or TENANT/PROJECT (or "platform": all parts empty). Only tenant and project of *out are set. */
enum gh_rc gh_scope_parse(struct gh_span s, struct gh_name *out, struct gh_err *err);
/* The name as one text; the version and project only when set. For a scope without tenant: "platform". Returns out. */
const char *gh_name_text(const struct gh_name *n, char out[GH_NAME_TEXT]);

/* One part by itself: name of a tenant, a project, a principal (people may be called "jane.doe"). `what` is the noun of the
 * message: "tenant". "platform" and "local" are words of our own and no names. */
enum gh_rc gh_name_part(const char *what, struct gh_span s, char out[GH_NAME_PART + 1], struct gh_err *err);
#endif

/* jdom.h - a JSON text as a tree, for messages and documents that are small and whose size is bounded: operations and their
 * answers, facts, statements, configuration. Model files are never read like this (wire/json.h streams them).
 *
 * Strict: RFC 8259 by the letter; a key that occurs twice, a lone surrogate, a byte order mark, and bytes behind the value
 * are errors, since two readers could understand them differently. Everything lives in the arena. */
#ifndef GH_WIRE_JDOM_H
#define GH_WIRE_JDOM_H
#include "base/arena.h"
#include "base/err.h"

enum gh_jkind { GH_J_NULL, GH_J_FALSE, GH_J_TRUE, GH_J_NUMBER, GH_J_STRING, GH_J_ARRAY, GH_J_OBJECT };

struct gh_jval {
	enum gh_jkind kind;
	struct gh_span key;  /* of a member of an object: decoded */
	struct gh_span text; /* STRING: decoded, followed by a NUL; NUMBER: as spelt, followed by a NUL */
	const struct gh_jval *first, *next; /* members of an ARRAY or OBJECT, in order */
	size_t n;			    /* how many */
};

enum { GH_JDOM_DEPTH = 64 };

/* GH_E_MALFORMED with the byte offset and the reason; GH_E_LIMIT: nested deeper than GH_JDOM_DEPTH; GH_E_NOMEM: the arena
 * is full. *out points into the arena. */
enum gh_rc gh_jdom_parse(struct gh_arena *a, struct gh_span s, const struct gh_jval **out, struct gh_err *err);

/* Member of an object; NULL when v is NULL, no object, or has none of that name. */
const struct gh_jval *gh_jget(const struct gh_jval *v, const char *key);
/* The string itself, NUL-terminated; NULL when v is none, or holds a NUL. */
const char *gh_jtext(const struct gh_jval *v);
static inline const char *gh_jstr(const struct gh_jval *v, const char *key) { return gh_jtext(gh_jget(v, key)); }
/* A number without sign, fraction and exponent that fits; false otherwise. */
bool gh_ju64(const struct gh_jval *v, uint64_t *out);
bool gh_ji64(const struct gh_jval *v, int64_t *out);
static inline bool gh_jtrue(const struct gh_jval *v) { return v != NULL && v->kind == GH_J_TRUE; }
/* for (const struct gh_jval *i = gh_jfirst(v); i != NULL; i = i->next) */
static inline const struct gh_jval *gh_jfirst(const struct gh_jval *v)
{
	return v != NULL && (v->kind == GH_J_ARRAY || v->kind == GH_J_OBJECT) ? v->first : NULL;
}
#endif

/* id.h - ids and digests as the catalog spells them: lower-case hexadecimal digits.
 *
 * An id is 16 random bytes (32 digits): nothing can be learnt or guessed from one. A digest is a SHA-256 (64 digits). Both are
 * kept with their NUL, in the types below, so that a function says by its parameters which it wants. */
#ifndef GH_CATALOG_ID_H
#define GH_CATALOG_ID_H
#include "base/err.h"
#include "base/span.h"

enum { GH_ID_HEX = 32, GH_DIGEST_HEX = 64 };
struct gh_id {
	char s[GH_ID_HEX + 1]; /* "" : none */
};

/* A new one, from the kernel's random numbers. GH_E_IO when it gives none. */
enum gh_rc gh_id_new(struct gh_id *out, struct gh_err *err);
/* Is s exactly 32 lower-case hexadecimal digits? */
bool gh_id_ok(struct gh_span s);
/* Is s exactly 64? */
bool gh_digest_ok(struct gh_span s);
/* Copy an id that is known to be one (of the database, made by gh_id_new()); anything else gives the empty id. */
struct gh_id gh_id(struct gh_span s);
static inline bool gh_id_none(const struct gh_id *id) { return id->s[0] == '\0'; }
static inline bool gh_id_same(const struct gh_id *a, const struct gh_id *b)
{
	return memcmp(a->s, b->s, sizeof a->s) == 0;
}

/* n bytes as 2n digits and a NUL; and back: exactly n bytes of lower-case digits, or false. */
void gh_hex_put(char *out, const uint8_t *p, size_t n);
bool gh_hex_get(struct gh_span s, uint8_t *out, size_t n);
#endif

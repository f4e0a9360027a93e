/* arena.h - memory that dies together: one per walk, per source, per scan job. Capped, zeroed, never freed
 * piecewise. Exhaustion is an ordinary result (NULL), which a reader turns into GH_E_LIMIT. */
#ifndef GH_BASE_ARENA_H
#define GH_BASE_ARENA_H
#include "base/span.h"

struct gh_blk;
struct gh_arena {
	struct gh_blk *head;
	size_t total; /* bytes obtained from the system; total <= max always */
	size_t max;
};

/* Room for n objects of `each` bytes, zeroed and 16-aligned; NULL when the product overflows or the cap is hit. */
void *gh_alloc(struct gh_arena *a, size_t n, size_t each);
#define GH_NEW(a, type, n) ((type *)gh_alloc((a), (n), sizeof(type)))

/* Grow an array that lives in the arena: returns room for at least `need` objects (capacity doubles), the old
 * content copied; *cap is updated. NULL leaves everything as it was. The old copy stays until the arena dies. */
void *gh_grow(struct gh_arena *a, const void *old, size_t *cap, size_t need, size_t each);

/* A copy of the bytes, followed by a NUL. p == NULL when the cap is hit. */
struct gh_span gh_keep(struct gh_arena *a, struct gh_span s);

/* Give everything back; the cap stays. */
void gh_arena_free(struct gh_arena *a);
#define gh_auto_arena __attribute__((cleanup(gh_arena_free))) struct gh_arena
#endif

/* recs.h - a growing table of small records that is sorted when it is complete: names to find twice, extents to find
 * overlapping. Segments of fixed size, so that growing never copies and a million records cost 24 MB and no more.
 * Sorting is in place and O(n log n) on every input: no hash table whose buckets an attacker could fill. */
#ifndef GH_WIRE_RECS_H
#define GH_WIRE_RECS_H
#include "base/arena.h"

enum { GH_RECS_SEG = 1 << 12, GH_RECS_SEGS = 1 << 9 };
enum { GH_RECS_MAX = GH_RECS_SEG * GH_RECS_SEGS };

struct gh_rec {
	uint64_t a, b; /* order: a, then b */
	uint64_t ref;  /* carried along */
};

struct gh_recs {
	struct gh_arena *arena;
	struct gh_rec **seg; /* GH_RECS_SEGS pointers, made with the first record */
	size_t n, max;
};

/* max <= GH_RECS_MAX; arena may be NULL: then nothing can be added. */
struct gh_recs gh_recs(struct gh_arena *arena, size_t max);
/* False when max is reached or the arena is full; nothing changed then. */
bool gh_recs_add(struct gh_recs *t, struct gh_rec r);
/* i < n. */
static inline struct gh_rec *gh_recs_at(const struct gh_recs *t, size_t i)
{
	return &t->seg[i / GH_RECS_SEG][i % GH_RECS_SEG];
}
/* Sort records [from, n). Cheap when they are in order already. */
void gh_recs_sort(struct gh_recs *t, size_t from);
/* Forget the records from `to` on; their room is used again. */
static inline void gh_recs_cut(struct gh_recs *t, size_t to)
{
	if (to < t->n)
		t->n = to;
}

/* A 64-bit hash of a name, for finding equal ones (not for authenticating anything): chain pieces by passing the
 * result on, start with GH_HASH_START, end with gh_hash_end(). A collision can only cause a finding, never hide one. */
#define GH_HASH_START 0xcbf29ce484222325u
static inline uint64_t gh_hash(uint64_t h, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return h;
}
static inline uint64_t gh_hash_end(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}
#endif

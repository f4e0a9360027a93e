#include "base/arena.h"

#include <stdlib.h>

struct gh_blk {
	struct gh_blk *next;
	size_t used, cap;
	_Alignas(16) unsigned char d[];
};

enum { BLK = 64 << 10, FIRST = 4 << 10 };

void *gh_alloc(struct gh_arena *a, size_t n, size_t each)
{
	size_t want;
	if (__builtin_mul_overflow(n, each, &want) || __builtin_add_overflow(want, 15, &want))
		return NULL;
	want &= ~(size_t)15;
	if (a->head == NULL || a->head->cap - a->head->used < want) {
		size_t least = a->head == NULL ? FIRST : BLK; /* most arenas stay tiny: 2,000 small files */
		size_t cap = want > least ? want : least;
		if (cap > a->max - a->total) {
			cap = want; /* near the cap: exactly what is asked for */
			if (cap > a->max - a->total)
				return NULL;
		}
		struct gh_blk *b = calloc(1, sizeof *b + cap);
		if (b == NULL)
			return NULL;
		*b = (struct gh_blk){ .next = a->head, .cap = cap };
		a->head = b;
		a->total += cap;
	}
	void *p = a->head->d + a->head->used;
	a->head->used += want;
	return p;
}

void *gh_grow(struct gh_arena *a, const void *old, size_t *cap, size_t need, size_t each)
{
	if (need <= *cap && old != NULL)
		return (void *)(uintptr_t)old;
	size_t n = *cap < 8 ? 8 : *cap;
	while (n < need)
		if (__builtin_mul_overflow(n, (size_t)2, &n))
			return NULL;
	void *p = gh_alloc(a, n, each);
	if (p == NULL)
		return NULL;
	if (old != NULL && *cap != 0)
		memcpy(p, old, *cap * each);
	*cap = n;
	return p;
}

struct gh_span gh_keep(struct gh_arena *a, struct gh_span s)
{
	if (s.n == SIZE_MAX)
		return (struct gh_span){ 0 };
	uint8_t *p = gh_alloc(a, s.n + 1, 1);
	if (p == NULL)
		return (struct gh_span){ 0 };
	if (s.n != 0)
		memcpy(p, s.p, s.n);
	return (struct gh_span){ p, s.n };
}

void gh_arena_free(struct gh_arena *a)
{
	for (struct gh_blk *b = a->head, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	*a = (struct gh_arena){ .max = a->max };
}

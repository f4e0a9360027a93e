/* fstat_int.h - the parts of fstat that have a fast way. */
#ifndef GH_WIRE_FSTAT_INT_H
#define GH_WIRE_FSTAT_INT_H
#include <stddef.h>
#include <stdint.h>

struct gh_fscratch;
struct gh_fblock;

struct gh_fstat_way {
	/* The lowest byte of each number, one behind the other: in room (n + 64 bytes), or p itself. */
	const uint8_t *(*plane)(const uint8_t *p, size_t n, unsigned width, uint8_t *room);
	/* How many of n bytes are text, how many are zero. */
	void (*kinds)(const uint8_t *p, size_t n, uint32_t *print, uint32_t *zero);
	/* How many of n bytes are the same as the one `lag` further on; there are n + lag of them. */
	uint32_t (*same)(const uint8_t *p, size_t n, size_t lag);
	/* How many of n numbers of 4 or 8 bytes have the same low 16 bits as the one `lag` further on. */
	uint32_t (*equal)(const uint8_t *p, size_t n, unsigned width, size_t lag);
	/* Sums of the tables in room: key, mid and low of a block. */
	void (*merge)(const struct gh_fscratch *room, struct gh_fblock *out);
	/* See gh_fstat_add(). */
	void (*add)(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n);
};

/* NULL: this machine has none. */
const struct gh_fstat_way *gh_fstat_fast(void);
/* With vectors of 32 and of 64 bytes; NULL: this machine has none. For tests. */
const struct gh_fstat_way *gh_fstat_avx2(void);
const struct gh_fstat_way *gh_fstat_avx512(void);

void gh_fstat_kinds_plain(const uint8_t *p, size_t n, uint32_t *print, uint32_t *zero);
uint32_t gh_fstat_same_plain(const uint8_t *p, size_t n, size_t lag);
uint32_t gh_fstat_equal_plain(const uint8_t *p, size_t n, unsigned width, size_t lag);
void gh_fstat_merge_plain(const struct gh_fscratch *room, struct gh_fblock *out);
void gh_fstat_add_plain(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n);
#endif

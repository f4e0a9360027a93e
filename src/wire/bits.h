/* bits.h - bytes spread over numbers: the low (or any) bits of consecutive elements of a tensor, taken together as a
 * stream of bytes. Hiding data in weights works like that: the lowest bits change a model's answers hardly at all.
 *
 * How a stream is put together is one of the four usual ways (element by element, from its lowest or its highest bit
 * taken; bytes filled from their lowest or their highest bit), for any number of bits. Pure functions, no allocation. */
#ifndef GH_WIRE_BITS_H
#define GH_WIRE_BITS_H
#include "wire/program.h"

/* Numbers of 1, 2, 4 or 8 bytes, one behind the other; bytes.n is a multiple of width. */
struct gh_words {
	struct gh_span bytes;
	uint8_t width;
	bool big; /* most significant byte first */
};
static inline size_t gh_words_n(const struct gh_words *w) { return w->bytes.n / w->width; }
/* The elements from `at` on; nothing when there are none. */
static inline struct gh_words gh_words_from(const struct gh_words *w, size_t at)
{
	return (struct gh_words){ gh_span_cut(w->bytes, (uint64_t)at * w->width, w->bytes.n), w->width, w->big };
}
static inline uint64_t gh_word(const struct gh_words *w, size_t i)
{
	const uint8_t *p = w->bytes.p + i * w->width;
	uint64_t v = 0;
	for (unsigned k = 0; k < w->width; k++)
		v = v << 8 | p[w->big ? k : w->width - 1u - k];
	return v;
}

struct gh_bits {
	uint8_t from;	 /* the lowest bit that is taken; 0 is the lowest of the element */
	uint8_t take;	 /* bits of each element, 1 to 48 */
	bool high_first; /* the highest of these bits comes first in the stream */
	bool msb_first;	 /* the first bit of the stream is the highest of its byte */
};

/* Bytes [skip, skip + max) of the stream that starts at the first element, fewer where the elements end; returns how many.
 * A last byte that is not complete is left out. */
size_t gh_bits_take(const struct gh_words *w, const struct gh_bits *how, size_t skip, uint8_t *out, size_t max);

/* The bits of each byte in the opposite order: what msb_first changes in a stream. */
void gh_bits_turn(uint8_t *p, size_t n);

/* What gh_bits_program() found. */
struct gh_bits_found {
	size_t at; /* the element it starts at */
	struct gh_bits how;
	struct gh_program program;
};

/* Elements behind a position that a program's header may need: a whole one of GH_BITS_HEADER bytes is then seen even in
 * one bit of each. Where elements end sooner, what there is has to do. */
enum { GH_BITS_HEADER = 1024, GH_BITS_AHEAD = GH_BITS_HEADER * 8 };

/* Is there a native program (wire/program.h: validated header) in the lowest 1, 2, 4 or 8 bits, in any of the four ways, or in
 * the lowest 2 or 3 bytes, that starts at any of the first `n` elements? The first one found. At the speed of memory on
 * machines with AVX2. */
bool gh_bits_program(const struct gh_words *w, size_t n, struct gh_bits_found *out);
/* The same without special instructions: what the fast way is tested against. */
bool gh_bits_program_plain(const struct gh_words *w, size_t n, struct gh_bits_found *out);
#endif

#include "wire/bits.h"

/* All 64 bits in the opposite order. */
static uint64_t turned(uint64_t v)
{
	v = (v >> 1 & 0x5555555555555555) | (v & 0x5555555555555555) << 1;
	v = (v >> 2 & 0x3333333333333333) | (v & 0x3333333333333333) << 2;
	v = (v >> 4 & 0x0f0f0f0f0f0f0f0f) | (v & 0x0f0f0f0f0f0f0f0f) << 4;
	return __builtin_bswap64(v);
}

void gh_bits_turn(uint8_t *p, size_t n)
{
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t v;
		memcpy(&v, p, sizeof v);
		v = __builtin_bswap64(turned(v));
		memcpy(p, &v, sizeof v);
	}
	for (; n > 0; n--, p++)
		*p = (uint8_t)(turned(*p) >> 56);
}

/* The loop, once for each width, so that an element is one load. */
static inline __attribute__((always_inline)) size_t gather(const struct gh_words *w, const struct gh_bits *how,
							   size_t skip, uint8_t *out, size_t max)
{
	size_t n = gh_words_n(w), made = 0;
	uint64_t mask = (UINT64_C(1) << how->take) - 1, acc = 0, bit = (uint64_t)skip * 8;
	unsigned held = 0, drop = (unsigned)(bit % how->take);
	for (uint64_t i = bit / how->take; i < n && made < max; i++) {
		uint64_t v = gh_word(w, (size_t)i) >> how->from & mask;
		if (how->high_first)
			v = turned(v) >> (64 - how->take);
		acc |= v >> drop << held; /* at most 7 + 48 bits */
		held += how->take - drop;
		drop = 0;
		for (; held >= 8 && made < max; held -= 8, acc >>= 8)
			out[made++] = (uint8_t)acc;
	}
	return made;
}

size_t gh_bits_take(const struct gh_words *w, const struct gh_bits *how, size_t skip, uint8_t *out, size_t max)
{
	struct gh_words one = *w;
	size_t made = 0;
	if (how->take == 0 || how->take > 48 || how->from > 63)
		return 0;
	switch (w->width) {
	case 1:
		one.width = 1;
		made = gather(&one, how, skip, out, max);
		break;
	case 2:
		one.width = 2;
		made = gather(&one, how, skip, out, max);
		break;
	case 4:
		one.width = 4;
		made = gather(&one, how, skip, out, max);
		break;
	case 8:
		one.width = 8;
		made = gather(&one, how, skip, out, max);
		break;
	default: return 0;
	}
	if (how->msb_first)
		gh_bits_turn(out, made);
	return made;
}

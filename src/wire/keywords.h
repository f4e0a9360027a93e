/* keywords.h - finds the places of a text where one of some hundred words starts, in one pass and at about a gigabyte per
 * second: a filter of four bytes at each place, then a comparison with the few words that pass it.
 *
 * Small and capital letters of ASCII are the same; who needs the spelling compares it at the place. Words have at least
 * GH_KW_LEAST bytes and may overlap each other; of words that start at the same place the
 * longest is given first. Pure functions; the finder is memory of the caller, made from a constant table. */
#ifndef GH_WIRE_KEYWORDS_H
#define GH_WIRE_KEYWORDS_H
#include "base/span.h"

enum { GH_KW_LEAST = 3, GH_KW_MAX = 512, GH_KW_NONE = 0xffff };

struct gh_kw {
	uint64_t bits[2048]; /* which four bytes, hashed to 17 bits, start a word */
	uint16_t head[256];  /* first word of each hash, 1 + index; 0: none */
	uint16_t next[GH_KW_MAX];
	uint8_t len[GH_KW_MAX];
	const char *const *word;
	unsigned n;
};

/* n words, at most GH_KW_MAX of them; more are ignored, as are those that are too short. The words must outlive the finder. */
void gh_kw_make(struct gh_kw *k, const char *const *words, unsigned n);

/* The first place in [from, to) of s where a word starts, all of which lies within s; SIZE_MAX when there is none.
 * *which: its index. The same place has another word if gh_kw_also() says so. */
size_t gh_kw_find(const struct gh_kw *k, struct gh_span s, size_t from, size_t to, unsigned *which);
/* Another word that starts at the same place, shorter than or as long as `which`; GH_KW_NONE: no more. */
unsigned gh_kw_also(const struct gh_kw *k, struct gh_span s, size_t at, unsigned which);
#endif

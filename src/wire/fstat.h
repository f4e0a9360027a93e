/* fstat.h - what a stretch of floating-point numbers looks like, counted: how their sizes are spread (a histogram of sign,
 * exponent and first mantissa bits), what values their lowest byte takes, how often it repeats while the number does not,
 * how much of it would print as text. Everything that statistics need, mean to kurtosis and entropy, follows from these counts.
 *
 * Only integers are counted, never sums of floating-point numbers: every machine, with whatever vector instructions, comes to
 * the same answer, bit for bit. Blocks of a few tens of thousands of numbers at the speed of memory; the vector code is
 * chosen at run time and tested against the plain one. Pure functions, no allocation. */
#ifndef GH_WIRE_FSTAT_H
#define GH_WIRE_FSTAT_H
#include "base/span.h"

/* How numbers are made of bits, from the top: sign, exponent, mantissa. */
struct gh_fkind {
	const char *name;	/* "BF16" */
	uint8_t width;		/* bytes: 1, 2, 4, 8 */
	uint8_t ebits, mbits;	/* bits of the exponent and the mantissa */
	int16_t bias;		/* of the exponent */
	bool special;		/* the highest exponent means NaN and infinity */
	uint8_t kebits, kmbits; /* bits of both that go into a key */
};
/* NULL: no floating-point type with a sign, or none that is known here. */
const struct gh_fkind *gh_fkind_named(const char *dtype);

enum {
	GH_FSTAT_KEYS = 4096,
	GH_FSTAT_BLOCK = 65536, /* most numbers of one block */
	GH_FSTAT_EVERY =
		32768, /* of blocks with more numbers than this, only half (32 bits) or a quarter (8, 16) goes into
				 * `key` and `low`; the other counts are of all */
	GH_FSTAT_PART = 2048, /* numbers that `text` is about */
	GH_FSTAT_LAGS = 3,
};

struct gh_fblock {
	uint32_t n;		/* numbers */
	uint32_t keyed;		/* of them in `key` */
	uint32_t lowed;		/* of them in `low` */
	uint32_t print;		/* lowest byte is a printable character, a tabulator or an end of line */
	uint32_t zero;		/* lowest byte is zero */
	uint32_t text, text_at; /* most printable ones in any GH_FSTAT_PART numbers from a multiple of it, and where */
	uint32_t pairs;		/* looked at for `same`: none for numbers of one or two bytes */
	uint32_t same;		/* pairs 1, 2 or 8 numbers apart whose lowest bytes are the same, */
	uint32_t equal;		/* and those whose low 16 bits are: numbers that are the
				     * same but for sign or size, as in tables */
	uint32_t key[GH_FSTAT_KEYS]; /* by sign, exponent and first bits of the mantissa */
	uint32_t mid
		[512]; /* 32 bits: by the 4th to 11th bit of the mantissa, of numbers of one octave; the rest behind */
	uint32_t low[256]; /* by the lowest byte */
};

struct gh_fscratch { /* room that the functions below need; content does not matter */
	uint16_t key[4][GH_FSTAT_KEYS];
	uint16_t low[4][256];
	uint16_t mid[2][512];
	uint8_t plane[GH_FSTAT_BLOCK + 64];
};

/* Count n <= GH_FSTAT_BLOCK numbers, least significant byte first. octave: the exponent that `mid` is about. */
void gh_fstat_block(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave, struct gh_fscratch *room,
		    struct gh_fblock *out);
/* The same without special instructions: what the fast way is tested against. */
void gh_fstat_block_plain(const struct gh_fkind *k, const uint8_t *p, size_t n, unsigned octave,
			  struct gh_fscratch *room, struct gh_fblock *out);

/* Counts of a block, n of them, as they are into `one` and added to `sum`. */
void gh_fstat_add(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n);

/* The binary logarithm of x > 0 from basic operations alone: libraries differ in the last bits, reports must not. */
double gh_log2(double x);

/* What follows from the counts of all blocks of a tensor. */
struct gh_fsum {
	uint64_t n, nan, zero; /* counted; NaN or infinite; zero or smaller than a normal number */
	double mean, dev;      /* of the finite ones, from the middles of the keys: within a percent */
	double kurtosis;       /* 3 for a normal distribution */
	double low, high;      /* log2 of the smallest and the largest that is no zero */
	double exponents;      /* entropy of the exponent, bits */
	double bytes;	       /* entropy of the lowest byte, bits */
};
/* key: GH_FSTAT_KEYS counts, low: 256. */
struct gh_fsum gh_fstat_sum(const struct gh_fkind *k, const uint64_t *key, const uint64_t *low);
#endif

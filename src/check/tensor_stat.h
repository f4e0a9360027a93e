/* tensor_stat.h - the numbers of one tensor as a whole: what no training gives.
 *
 * Weights are values of a smooth distribution around zero: exponents gather in a few octaves, within an octave smaller numbers
 * are more frequent than larger ones, and the last bits of full precision are random. Bits that somebody put there are not
 * like that:
 * - encrypted or compressed bytes in place of numbers: every exponent is equally frequent (R_UNIFORM);
 * - text or code in the low bits: bytes that are too much alike, or printable (R_LOW);
 * - mantissas that were replaced: the numbers of an octave are spread evenly although the octaves say that they cannot be
 *   (R_FLAT; the low byte of BF16 all of whose values are equally frequent);
 * - low bits that are used up to some number and zero from there on, not at the end of a row (R_SWITCH): a payload written
 *   into weights that had been widened from 16 bits.
 * Judged block by block (GH_FSTAT_BLOCK numbers) and as a whole; a stretch is named by its numbers. See docs/tensors.md for
 * what cannot be seen. Pure; memory from the arena. */
#ifndef GH_CHECK_TENSOR_STAT_H
#define GH_CHECK_TENSOR_STAT_H
#include "check/check.h"
#include "wire/bits.h"
#include "wire/fstat.h"

enum gh_tensor_rule {
	GH_T_UNIFORM,
	GH_T_LOW,
	GH_T_FLAT,
	GH_T_SWITCH,
	GH_T_OUTLIER,
	GH_T_FAR,
	GH_T_CONSTANT,
	GH_T_SCALES,
	GH_T_CODES,
	GH_T_PAYLOAD,
	GH_T_ABSURD,
};
extern const struct gh_rule gh_tensor_rules[];

/* The fourth to the eighth bit of the mantissa of 32-bit numbers, in one octave: sums over blocks, or over tensors. */
enum { GH_DEEP_BITS = 5 };
struct gh_deep {
	double spread, expected[GH_DEEP_BITS], seen[GH_DEEP_BITS];
};

/* Where blocks look strange. */
struct gh_stretch {
	uint64_t from, to, n; /* numbers; n in the blocks concerned */
};

struct gh_tstat {
	const struct gh_fkind *kind;
	const struct gh_tensor *t;
	uint64_t n;		     /* numbers so far */
	uint64_t row;		     /* numbers in a row, 1 when there are none */
	uint64_t rows, same_rows;    /* whole rows looked at, those that repeat the one before */
	uint64_t used;		     /* the last number with a low byte that is not zero, plus 1; see R_SWITCH */
	uint64_t low_zero, full;     /* numbers whose low byte is zero; blocks full of others */
	bool known, varied;	     /* numbers that were looked at are nearly all different */
	bool mixed;		     /* such a number after a block of zeros */
	uint64_t key[GH_FSTAT_KEYS]; /* sums of all blocks */
	uint64_t low[256], mid[256];
	unsigned octave; /* that mid is about */
	uint64_t most; /* the largest number, as bits without the sign; 0: not known. Set by whoever saw all of them */
	struct gh_stretch uniform, text, alike, flat;
	struct gh_fscratch room;
	struct gh_fblock block;
	uint8_t turned[GH_FSTAT_BLOCK]; /* numbers of the other byte order, turned round */
};

/* Start with another tensor; false: its type is none that this is about. A big struct (some 200 KiB): one per call, not per tensor kept. */
bool gh_tstat_start(struct gh_tstat *ts, const struct gh_tensor *t);
/* The next numbers. */
void gh_tstat_add(struct gh_tstat *ts, const struct gh_words *w);
/* After the last: say what is wrong. Returns whether anything was. If not, the bits of its mantissas are added to `all`. */
bool gh_tstat_judge(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at, struct gh_deep *all);
/* Of an array that may be data instead of weights: only whether all of it is random bytes. */
void gh_tstat_judge_data(struct gh_scene *s, const struct gh_tstat *ts, struct gh_range at);
/* The same of all tensors together: too few numbers in each, but many in all. */
void gh_tstat_judge_all(struct gh_scene *s, const struct gh_deep *all);

/* How far the numbers of a histogram (GH_FSTAT_KEYS counts) are from what the masses of octaves, halves or quarters of them
 * predict for the first, second or third bit of the mantissa. */
struct gh_flatness {
	double expected;  /* standard deviations from "evenly spread", as predicted */
	double seen;	  /* as it is */
	unsigned octaves; /* that say anything */
	double worst;	  /* the largest deviation from even in any of them */
};
/* An octave in which the density falls and behind which it goes on; 0: there is none. */
unsigned gh_octave(const struct gh_fkind *k, const uint64_t *key);
/* Bits of mid (256 counts) and key, of the same blocks. */
void gh_deep_add(struct gh_deep *d, const struct gh_fkind *k, const uint64_t *key, const uint64_t *mid,
		 unsigned octave);
/* From which bit of the mantissa on numbers are spread evenly though the bits before it say that they cannot be; 0: none. */
unsigned gh_deep_flat(const struct gh_deep *d);
struct gh_flatness gh_flatness(const struct gh_fkind *k, const uint64_t *key, unsigned bit);
#endif

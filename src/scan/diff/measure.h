/* measure.h - two tensors read side by side, once, in bounded memory, and what the comparison adds up to. */
#ifndef GH_SCAN_DIFF_MEASURE_H
#define GH_SCAN_DIFF_MEASURE_H
#include "scan/diff/collect.h"
#include "scan/diff/sketch.h"

enum { GH_DIFF_PIECE = 4096 }; /* elements decoded at a time: whole blocks of every type */

/* Where the bytes of one side are. */
struct gh_diff_bytes {
	void *arg;
	/* The input (or the side's temporary file) as a source, valid until the next call; NULL: it cannot be had. */
	struct gh_src *(*open)(void *arg, uint32_t file);
};

struct gh_diff_measure {
	uint64_t rows, cols; /* of what was compared, as a matrix */
	struct gh_diff_sums sum;
	uint64_t outside, odd;
	unsigned rank, flags; /* set of enum gh_diff_flag */
	double top;
};

struct gh_diff_bench {		      /* room for one comparison at a time, and what it may use */
	struct gh_diff_bytes side[2]; /* by enum gh_diff_side */
	struct gh_diff_sketch sketch;
	float piece[2][GH_DIFF_PIECE];
	uint8_t swapped[GH_DIFF_PIECE * 8];
	size_t memory;				 /* bytes for a matrix that has to be turned */
	void (*tick)(void *arg, uint64_t bytes); /* bytes of both sides since the last call; may be NULL */
	void *tick_arg;
	uint64_t ticked;
};

/* Compare. head: rows of one attention head when llama.cpp's order of rows has to be undone, else 0. max_rows: only the first
 * so many, for a try; 0: all.
 * GH_OK: *out says what was compared, also when it could not be (flags). GH_E_IO: the bytes could not be had. */
enum gh_rc gh_diff_measure(struct gh_diff_bench *b, const struct gh_diff_tensor *base,
			   const struct gh_diff_tensor *cand, uint64_t head, uint64_t max_rows,
			   struct gh_diff_measure *out);
/* n elements of a tensor from element `at` on (a whole number of blocks) as floats. False: unknown type, or no bytes. */
bool gh_diff_elements(struct gh_diff_bench *b, enum gh_diff_side side, const struct gh_diff_tensor *t, uint64_t at,
		      size_t n, float *out);
/* Are CANDIDATE's rows and columns those of BASE in another order? Both have the same shape, and plain numbers. Told by what no
 * order of rows and columns changes: sums, norms and third moments of all rows and all columns, sorted. False also where memory
 * does not suffice. See reorder.c. */
bool gh_diff_reordered(struct gh_diff_bench *b, const struct gh_diff_tensor *base, const struct gh_diff_tensor *cand,
		       uint64_t rows, uint64_t cols);
/* Cosine of the angle between what was compared; 0 when one side is all zero. */
double gh_diff_cosine(const struct gh_diff_sums *s);
#endif

/* sketch.h - in how few directions does the difference of two matrices lie? Answered in one pass, in constant memory.
 *
 * The difference D (rows x columns) is multiplied by a fixed pseudo-random matrix of GH_DIFF_SKETCH columns, each column of
 * D going, with a random sign, into one of them; Y = D * Omega is never stored, only its Gram matrix Y'Y. The eigenvalues of
 * that say how the energy of D is spread: an edit of rank one leaves a single one, low-rank updates leave a few, the noise of
 * quantisation and of full training leaves them all alike. (Halko, Martinsson, Tropp: Finding structure with randomness,
 * SIAM Review 53, 2011; Clarkson, Woodruff: Low-rank approximation in input sparsity time, 2013.) */
#ifndef GH_SCAN_DIFF_SKETCH_H
#define GH_SCAN_DIFF_SKETCH_H
#include <stddef.h>
#include <stdint.h>

enum { GH_DIFF_SKETCH = 32, GH_DIFF_FOLDS = 4 };

/* What one piece of a row adds up to. Zero it, then add pieces. */
struct gh_diff_sums {
	double bb, cc, bc, dd;
	double max; /* largest difference */
	uint64_t same;
};

struct gh_diff_sketch {
	float row[GH_DIFF_FOLDS][GH_DIFF_SKETCH]; /* of the row in hand, before it is folded */
	double gram[GH_DIFF_SKETCH][GH_DIFF_SKETCH];
};

/* n elements of a row, n a multiple of GH_DIFF_SKETCH (fill up with zeros), starting at column `col`, a multiple too. sk may
 * be NULL. Results do not depend on the machine: the order of additions is fixed. Sums that are not finite mean that
 * numbers were not: see gh_diff_careful(). */
void gh_diff_piece(const float *b, const float *c, size_t n, uint64_t col, struct gh_diff_sums *s,
		   struct gh_diff_sketch *sk);
/* The same without AVX2, for tests: bit by bit the same sums and sketch. */
void gh_diff_piece_plain(const float *b, const float *c, size_t n, uint64_t col, struct gh_diff_sums *s,
			 struct gh_diff_sketch *sk);
/* The same sums in double precision, element by element, leaving out what is not finite; *odd counts elements where just one
 * side is not. Elements left out become 0 in b and c. */
void gh_diff_careful(float *b, float *c, size_t n, struct gh_diff_sums *s, uint64_t *odd);
/* The row is complete. */
void gh_diff_row(struct gh_diff_sketch *sk);

/* Eigenvalues of the Gram matrix, largest first (destroys it), by Jacobi rotations. */
void gh_diff_eigen(struct gh_diff_sketch *sk, double value[GH_DIFF_SKETCH]);
/* How many of them carry `share` of the sum; *top is the share of the first. 0 when the sum is 0 or not finite. */
unsigned gh_diff_rank(const double value[GH_DIFF_SKETCH], double share, double *top);
#endif

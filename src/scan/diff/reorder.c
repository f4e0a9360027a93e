/* Neurons in another order: the rows of one layer and the columns of the next can be permuted together, and the model computes the
 * same. No digest and no difference shows that the numbers are BASE's. What a permutation leaves as it is: how many rows have
 * which sum, norm and third moment, and the same of columns. Unrelated matrices agree in none of the three so closely. */
#include "scan/diff/decode.h"
#include "scan/diff/measure.h"

#include <math.h>
#include <stdlib.h>

enum { MOMENTS = 3, LEAST = 8 };
static const double near_same = 1e-6, near_other = 4e-3; /* of types that are alike, and of others: their rounding */

struct moments {
	double *v; /* MOMENTS rows of n */
	uint64_t n;
};

static void add(struct moments *m, uint64_t i, double x)
{
	m->v[i] += x;
	m->v[m->n + i] += x * x;
	m->v[2 * m->n + i] += x * x * x;
}

/* Heapsort: in place, and without the calls to the system that qsort() makes for memory. */
static void sort(double *v, size_t n)
{
	for (size_t end = n, start = n / 2; end > 1;) {
		if (start > 0) {
			start--;
		} else {
			double last = v[--end];
			v[end] = v[0];
			v[0] = last;
		}
		double x = v[start];
		size_t at = start;
		for (size_t kid = 2 * at + 1; kid < end; kid = 2 * at + 1) {
			kid += kid + 1 < end && v[kid + 1] > v[kid];
			if (!(v[kid] > x))
				break;
			v[at] = v[kid];
			at = kid;
		}
		v[at] = x;
	}
}

/* Sorted, do both hold the same numbers? Differences are measured by the norm of a typical row. */
static bool alike(struct moments *a, struct moments *b, double within)
{
	double norm = 0;
	for (uint64_t i = 0; i < a->n; i++)
		norm += a->v[a->n + i];
	norm = sqrt(norm / (double)a->n);
	if (!(norm > 0) || !isfinite(norm))
		return false;
	for (unsigned k = 0; k < MOMENTS; k++) {
		double *x = a->v + k * a->n, *y = b->v + k * b->n,
		       scale = k == 0	? norm
			       : k == 1 ? norm * norm
					: norm * norm * norm;
		sort(x, a->n);
		sort(y, b->n);
		double off = 0;
		for (uint64_t i = 0; i < a->n; i++)
			off += fabs(x[i] - y[i]);
		if (!(off / (double)a->n <= within * scale))
			return false;
	}
	return true;
}

static bool collect(struct gh_diff_bench *b, enum gh_diff_side side, const struct gh_diff_tensor *t,
		    struct moments *row, struct moments *col)
{
	float *p = b->piece[side];
	for (uint64_t r = 0; r < row->n; r++)
		for (uint64_t at = 0; at < col->n; at += GH_DIFF_PIECE) {
			size_t n = col->n - at < GH_DIFF_PIECE ? (size_t)(col->n - at) : (size_t)GH_DIFF_PIECE;
			if (!gh_diff_elements(b, side, t, r * col->n + at, n, p))
				return false;
			for (size_t i = 0; i < n; i++) {
				double x = isfinite(p[i]) ? (double)p[i] : 0;
				add(row, r, x);
				add(col, at + i, x);
			}
		}
	return true;
}

bool gh_diff_reordered(struct gh_diff_bench *b, const struct gh_diff_tensor *base, const struct gh_diff_tensor *cand,
		       uint64_t rows, uint64_t cols)
{
	bool vector = rows == 1;
	if (cols < LEAST || (!vector && rows < LEAST) || rows > UINT32_MAX || cols > UINT32_MAX ||
	    (rows + cols) * 2 * MOMENTS > b->memory / sizeof(double))
		return false;
	double within = strcmp(base->dtype, cand->dtype) == 0 ? near_same : near_other;
	double *room = calloc((size_t)(rows + cols) * 2 * MOMENTS, sizeof *room);
	if (room == NULL)
		return false;
	struct moments row[2] = { { room, rows }, { room + rows * MOMENTS, rows } };
	double *second = room + rows * 2 * MOMENTS;
	struct moments col[2] = { { second, cols }, { second + cols * MOMENTS, cols } };
	bool is = collect(b, GH_DIFF_BASE, base, &row[0], &col[0]) &&
		  collect(b, GH_DIFF_CANDIDATE, cand, &row[1], &col[1]) &&
		  (vector || alike(&row[0], &row[1], within)) && alike(&col[0], &col[1], within);
	free(room);
	return is;
}

#include "scan/diff/sketch.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

typedef float vf __attribute__((vector_size(64)));
typedef int32_t vi __attribute__((vector_size(64)));
typedef uint32_t vu __attribute__((vector_size(64)));

enum { LANES = 16 };

/* Signs and places of 32 columns: a fixed mixing of their number (splitmix64, S. Vigna, public domain). */
static inline uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* One body, compiled for what every machine has and for AVX2. No fused operations in either: the results are the same. */
static inline __attribute__((always_inline)) void body(const float *b, const float *c, size_t n, uint64_t col,
						       struct gh_diff_sums *s, struct gh_diff_sketch *sk)
{
	const vu lane = { 31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16 };
	vf bb = { 0 }, cc = { 0 }, bc = { 0 }, dd = { 0 }, top = { 0 };
	vi same = { 0 };
	for (size_t i = 0; i < n; i += 2 * (size_t)LANES) {
		uint64_t h = sk == NULL ? 0 : mix((col + i) / (2 * (size_t)LANES));
		float *row = sk == NULL ? NULL : sk->row[h >> 62];
		for (size_t k = 0; k < 2; k++, h >>= LANES) {
			vf vb, vc;
			memcpy(&vb, b + i + k * LANES, sizeof vb);
			memcpy(&vc, c + i + k * LANES, sizeof vc);
			vf d = vc - vb;
			vf size = (vf)((vi)d & 0x7fffffff);
			vi more = (vi)(size > top);
			bb += vb * vb;
			cc += vc * vc;
			bc += vb * vc;
			dd += d * d;
			top = (vf)(((vi)size & more) | ((vi)top & ~more));
			same -= (vi)(vb == vc);
			if (row != NULL) {
				vf acc;
				vu bits = ((vu){ 0 } + (uint32_t)h) << lane & 0x80000000u;
				d = (vf)((vu)d ^ bits);
				memcpy(&acc, row + k * LANES, sizeof acc);
				acc += d;
				memcpy(row + k * LANES, &acc, sizeof acc);
			}
		}
	}
	for (size_t l = 0; l < LANES; l++) {
		s->bb += (double)bb[l];
		s->cc += (double)cc[l];
		s->bc += (double)bc[l];
		s->dd += (double)dd[l];
		s->max = (double)top[l] > s->max ? (double)top[l] : s->max;
		s->same += (uint64_t)same[l];
	}
}

void gh_diff_piece_plain(const float *b, const float *c, size_t n, uint64_t col, struct gh_diff_sums *s,
			 struct gh_diff_sketch *sk)
{
	body(b, c, n, col, s, sk);
}
__attribute__((target("avx2"))) static void wide(const float *b, const float *c, size_t n, uint64_t col,
						 struct gh_diff_sums *s, struct gh_diff_sketch *sk)
{
	body(b, c, n, col, s, sk);
}

void gh_diff_piece(const float *b, const float *c, size_t n, uint64_t col, struct gh_diff_sums *s,
		   struct gh_diff_sketch *sk)
{
	if (__builtin_cpu_supports("avx2"))
		wide(b, c, n, col, s, sk);
	else
		gh_diff_piece_plain(b, c, n, col, s, sk);
}

static uint32_t bits_of(float f)
{
	uint32_t u;
	memcpy(&u, &f, sizeof u);
	return u;
}

void gh_diff_careful(float *b, float *c, size_t n, struct gh_diff_sums *s, uint64_t *odd)
{
	for (size_t i = 0; i < n; i++) {
		bool fb = isfinite(b[i]) != 0, fc = isfinite(c[i]) != 0;
		if (!fb || !fc) {
			bool same = fb == fc && bits_of(b[i]) == bits_of(c[i]);
			*odd += !same;
			s->same += same;
			b[i] = c[i] = 0;
			continue;
		}
		double x = (double)b[i], y = (double)c[i], d = y - x;
		s->bb += x * x;
		s->cc += y * y;
		s->bc += x * y;
		s->dd += d * d;
		s->max = fabs(d) > s->max ? fabs(d) : s->max;
		s->same += x == y;
	}
}

void gh_diff_row(struct gh_diff_sketch *sk)
{
	double y[GH_DIFF_SKETCH];
	bool any = false;
	for (size_t l = 0; l < GH_DIFF_SKETCH; l++) {
		/* Folded crosswise, so that columns at a regular distance do not all meet in one place. */
		float sum = 0;
		for (size_t f = 0; f < GH_DIFF_FOLDS; f++)
			sum += sk->row[f][l ^ (f * 5)];
		y[l] = (double)sum;
		any = any || sum != 0;
	}
	memset(sk->row, 0, sizeof sk->row);
	if (!any)
		return;
	for (size_t i = 0; i < GH_DIFF_SKETCH; i++)
		for (size_t k = 0; k < GH_DIFF_SKETCH; k++)
			sk->gram[i][k] += y[i] * y[k];
}

/* One rotation that makes a[p][q] zero. */
static void rotate(double a[GH_DIFF_SKETCH][GH_DIFF_SKETCH], size_t p, size_t q)
{
	if (a[p][q] == 0)
		return;
	double theta = (a[q][q] - a[p][p]) / (2 * a[p][q]);
	double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
	for (size_t k = 0; k < GH_DIFF_SKETCH; k++) {
		double x = a[k][p], y = a[k][q];
		a[k][p] = c * x - s * y;
		a[k][q] = s * x + c * y;
	}
	for (size_t k = 0; k < GH_DIFF_SKETCH; k++) {
		double x = a[p][k], y = a[q][k];
		a[p][k] = c * x - s * y;
		a[q][k] = s * x + c * y;
	}
}

void gh_diff_eigen(struct gh_diff_sketch *sk, double value[GH_DIFF_SKETCH])
{
	enum { SWEEPS = 12 };
	double trace = 0;
	for (size_t i = 0; i < GH_DIFF_SKETCH; i++)
		trace += sk->gram[i][i];
	if (!(trace > 0) || !isfinite(trace)) {
		memset(value, 0, GH_DIFF_SKETCH * sizeof value[0]);
		return;
	}
	for (size_t i = 0; i < GH_DIFF_SKETCH; i++) /* so that neither tiny nor huge weights leave the range */
		for (size_t k = 0; k < GH_DIFF_SKETCH; k++)
			sk->gram[i][k] /= trace;
	for (unsigned sweep = 0; sweep < SWEEPS; sweep++)
		for (size_t p = 0; p + 1 < GH_DIFF_SKETCH; p++)
			for (size_t q = p + 1; q < GH_DIFF_SKETCH; q++)
				rotate(sk->gram, p, q);
	for (size_t i = 0; i < GH_DIFF_SKETCH; i++) {
		double v = sk->gram[i][i] > 0 ? sk->gram[i][i] : 0;
		size_t at = i;
		for (; at > 0 && value[at - 1] < v; at--)
			value[at] = value[at - 1];
		value[at] = v;
	}
}

unsigned gh_diff_rank(const double value[GH_DIFF_SKETCH], double share, double *top)
{
	double all = 0, sum = 0;
	for (size_t i = 0; i < GH_DIFF_SKETCH; i++)
		all += value[i];
	*top = 0;
	if (!(all > 0) || !isfinite(all))
		return 0;
	*top = value[0] / all;
	for (unsigned i = 0; i < GH_DIFF_SKETCH; i++) {
		sum += value[i];
		if (sum >= share * all)
			return i + 1;
	}
	return GH_DIFF_SKETCH;
}

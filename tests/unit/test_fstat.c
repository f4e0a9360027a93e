/* Counting floating-point numbers and quantised blocks: the fast ways and the plain one come to the same counts, on ordinary
 * numbers, on NaN, infinity and the smallest; what follows from the counts is right; codes and scales of blocks are told apart. */
#include "support/cm.h"

#include "wire/fstat.h"
#include "wire/fstat_int.h"
#include "wire/quant.h"

#include <math.h>
#include <stdlib.h>

static uint64_t seed;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static double normal(void)
{
	double sum = -6;
	for (int i = 0; i < 12; i++)
		sum += (double)(chance() >> 11) / 9007199254740992.0;
	return sum;
}

static const char *const types[] = { "F32", "BF16",    "F16",	  "F64",	 "C64",	       "C128",
				     "C32", "F8_E4M3", "F8_E5M2", "F8_E4M3FNUZ", "F8_E5M2FNUZ" };

/* What the bytes are made of. */
static void fill(uint8_t *p, size_t n, unsigned how)
{
	seed = 88172645463325252u + how;
	static const uint8_t words[] = "text, ";
	for (size_t i = 0; i < n; i++)
		p[i] = how == 0	  ? (uint8_t)chance()
		       : how == 1 ? (uint8_t)(chance() % 3 * 0x7f)
		       : how == 2 ? 0xff
				  : words[i % 6];
	if (how == 4)
		memset(p, 0, n);
}

static void fast_and_plain(void **state)
{
	(void)state;
	static const size_t sizes[] = { 0,  1,	 2,    3,    7,	   8,	  9,	 31,	63,   64,
					65, 100, 2047, 2048, 2049, 32768, 32769, 65535, 65536 };
	uint8_t *raw = malloc(GH_FSTAT_BLOCK * 8 + 1), *p = raw + 1; /* not aligned */
	struct gh_fscratch *room = malloc(sizeof *room);
	struct gh_fblock *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
	for (size_t t = 0; t < GH_ROWS(types); t++)
		for (unsigned how = 0; how < 5; how++) {
			const struct gh_fkind *k = gh_fkind_named(types[t]);
			assert_non_null(k);
			fill(p, (size_t)GH_FSTAT_BLOCK * k->width, how);
			for (size_t i = 0; i < GH_ROWS(sizes); i++) {
				gh_fstat_block(k, p, sizes[i], 120, room, a);
				gh_fstat_block_plain(k, p, sizes[i], 120, room, b);
				if (memcmp(a, b, sizeof *a) != 0)
					fail_msg("%s, content %u, %zu numbers", types[t], how, sizes[i]);
				assert_int_equal(a->n, sizes[i]);
			}
		}
	free(raw);
	free(room);
	free(a);
	free(b);
}

/* Both vector widths, where the machine has them, against the plain way. */
static void every_width(void **state)
{
	(void)state;
	const struct gh_fstat_way *ways[] = { gh_fstat_avx2(), gh_fstat_avx512() };
	enum { N = 1000 };
	uint8_t *p = malloc((N + 8) * 8), *room = malloc(N + 64);
	fill(p, (N + 8) * 8, 1);
	for (size_t w = 0; w < GH_ROWS(ways); w++)
		for (size_t n = 0; ways[w] != NULL && n <= N; n += 37) {
			uint32_t a = 0, b = 0, c = 0, d = 0;
			ways[w]->kinds(p, n, &a, &b);
			gh_fstat_kinds_plain(p, n, &c, &d);
			assert_int_equal(a, c);
			assert_int_equal(b, d);
			for (size_t lag = 1; lag <= 8; lag *= 2) {
				assert_int_equal(ways[w]->same(p, n, lag), gh_fstat_same_plain(p, n, lag));
				assert_int_equal(ways[w]->equal(p, n, 4, lag), gh_fstat_equal_plain(p, n, 4, lag));
				assert_int_equal(ways[w]->equal(p, n, 8, lag), gh_fstat_equal_plain(p, n, 8, lag));
			}
			const uint8_t *plane = ways[w]->plane(p, n, 4, room);
			for (size_t i = 0; i < n; i++)
				assert_int_equal(plane[i], p[4 * i]);
		}
	free(p);
	free(room);
}

static void sums(void **state)
{
	(void)state;
	enum { N = 30000 };
	float *x = malloc(N * sizeof *x);
	struct gh_fscratch *room = malloc(sizeof *room);
	struct gh_fblock *b = calloc(1, sizeof *b);
	const struct gh_fkind *k = gh_fkind_named("F32");
	seed = 1;
	for (size_t i = 0; i < N; i++)
		x[i] = (float)(normal() * 0.02 + 0.01);
	x[0] = NAN;
	x[1] = INFINITY;
	x[2] = 0;
	x[3] = 1e-40f;
	gh_fstat_block(k, (const uint8_t *)x, N, 0, room, b);
	uint64_t key[GH_FSTAT_KEYS], low[256];
	for (size_t i = 0; i < GH_FSTAT_KEYS; i++)
		key[i] = b->key[i];
	for (size_t i = 0; i < 256; i++)
		low[i] = b->low[i];
	struct gh_fsum s = gh_fstat_sum(k, key, low);
	assert_int_equal(s.n, N);
	assert_int_equal(s.nan, 2);
	assert_int_equal(s.zero, 2);
	assert_true(fabs(s.mean - 0.01) < 0.0005 && fabs(s.dev - 0.02) < 0.0005);
	assert_true(fabs(s.kurtosis - 2.9) < 0.15);
	assert_true(s.bytes > 7.9 && s.exponents > 1 && s.exponents < 4);
	assert_true(s.high > -4 && s.high < -2 && s.low < -15);
	assert_true(fabs(gh_log2(8) - 3) < 1e-12 && fabs(gh_log2(0.02) - log2(0.02)) < 1e-9);
	free(x);
	free(room);
	free(b);
}

static void blocks(void **state)
{
	(void)state;
	static const char *const known[] = { "Q4_0",  "Q4_1",	 "Q5_0",  "Q5_1",  "Q8_0",  "Q8_1",    "Q2_K",
					     "Q3_K",  "Q4_K",	 "Q5_K",  "Q6_K",  "Q8_K",  "IQ2_XXS", "IQ2_XS",
					     "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ1_S", "IQ1_M", "IQ4_NL",  "IQ4_XS",
					     "TQ1_0", "TQ2_0",	 "MXFP4", "NVFP4", "Q1_0",  "Q2_0" };
	for (size_t i = 0; i < GH_ROWS(known); i++) {
		const struct gh_quant *q = gh_quant_named(known[i]);
		assert_non_null(q);
		assert_true(q->code + q->codes <= q->block);
		static const unsigned each[] = {
			[GH_QS_HALF] = 2, [GH_QS_SINGLE] = 4, [GH_QS_SPREAD] = 8, [GH_QS_E8M0] = 1, [GH_QS_E4M3] = 1
		};
		unsigned end = q->scale + each[q->form] * q->scales;
		assert_true(q->scales != 0 && end <= q->block);
		assert_true(end <= q->code || q->scale >= q->code + q->codes);
	}
	assert_null(gh_quant_named("F32"));
	uint8_t in[3 * 34] = { 0 }, out[3 * 32];
	struct gh_quant_sum sum = { 0 };
	in[1] = 0x3c;
	in[2] = 127;
	in[34 + 1] = 0x7c; /* infinite */
	in[34 + 2] = 0x80;
	gh_quant_blocks(gh_quant_named("Q8_0"), in, 3, out, &sum);
	assert_int_equal(sum.blocks, 3);
	assert_int_equal(sum.odd, 1);
	assert_int_equal(sum.used, 2);
	assert_int_equal(sum.full, 1);
	assert_int_equal(sum.below, 1);
	assert_int_equal(out[0], 127);
	assert_int_equal(out[32], 0x80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fast_and_plain),
		cmocka_unit_test(every_width),
		cmocka_unit_test(sums),
		cmocka_unit_test(blocks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Blocks of every type that ggml knows, bit for bit as ggml reads them: pseudo-random blocks are decoded, and the numbers have the
 * checksum that those of ggml's own to_float() had (release v0.5.0; tests/e2e/test_diff_ggml.py asks the library itself). */
#include "support/cm.h"

#include "scan/diff/codebook.h"
#include "scan/diff/decode.h"
#include "wire/crc32c.h"
#include "wire/quant.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 64 };

static const struct {
	const char *type;
	uint64_t seed; /* ggml's number of the type */
	uint32_t crc;
} rows[] = {
	{ "Q4_0", 2, 0x4240a2d3 },    { "Q4_1", 3, 0xaad5a1c5 },     { "Q5_0", 6, 0xcce2da7c },
	{ "Q5_1", 7, 0xa8a7764e },    { "Q8_0", 8, 0x712ed231 },     { "Q2_K", 10, 0xca7fe3c7 },
	{ "Q3_K", 11, 0xe1973c89 },   { "Q4_K", 12, 0xc4425c5b },    { "Q5_K", 13, 0xb271db6c },
	{ "Q6_K", 14, 0x9c93a933 },   { "IQ2_XXS", 16, 0xbf9e8079 }, { "IQ2_XS", 17, 0xb19dd3c1 },
	{ "IQ2_S", 22, 0xc93a4358 },  { "IQ3_XXS", 18, 0x407e2e6d }, { "IQ3_S", 21, 0xf386154d },
	{ "IQ1_S", 19, 0x0f7ce9e5 },  { "IQ1_M", 29, 0x1380117c },   { "IQ4_NL", 20, 0x4f97b4ee },
	{ "IQ4_XS", 23, 0xfc522926 }, { "TQ1_0", 34, 0xd8dd78cb },   { "TQ2_0", 35, 0xd6755646 },
	{ "MXFP4", 39, 0x1588941d },  { "NVFP4", 40, 0x96af483f },   { "Q1_0", 41, 0xecf38940 },
	{ "Q2_0", 42, 0xd0b19393 },
};

/* Any bytes, but for scales, which are numbers. */
static void fill(const struct gh_quant *q, uint64_t seed, uint8_t *p)
{
	for (size_t i = 0; i < (size_t)BLOCKS * q->block; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(seed >> 56);
	}
	for (size_t b = 0; b < BLOCKS; b++, p += q->block)
		switch (q->form) {
		case GH_QS_HALF:
			for (unsigned i = 0; i < q->scales; i++)
				p[q->scale + 2 * i + 1] &= 0xbf;
			break;
		case GH_QS_SINGLE: p[q->scale + 3] &= 0xbf; break;
		case GH_QS_SPREAD: p[q->scale + 7] &= 0xbf; break;
		case GH_QS_E8M0: p[q->scale] &= 0x7f; break;
		case GH_QS_E4M3: break; /* what is no number is zero to ggml */
		}
}

static void same_numbers_as_ggml(void **state)
{
	(void)state;
	static float out[BLOCKS * 256];
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_quant *q = gh_quant_named(rows[i].type);
		const struct gh_diff_dtype *d = gh_diff_dtype(rows[i].type);
		assert_non_null(q);
		assert_non_null(d);
		assert_int_equal(d->bytes, q->block);
		uint8_t *p = malloc((size_t)BLOCKS * q->block); /* of this size: reading on is an error */
		assert_non_null(p);
		fill(q, rows[i].seed, p);
		d->to(p, BLOCKS, out);
		uint32_t crc = gh_crc32c(0, (struct gh_span){ (const uint8_t *)out, BLOCKS * d->block * sizeof *out });
		if (crc != rows[i].crc)
			fail_msg("%s: other numbers (0x%08x)", rows[i].type, (unsigned)crc);
		free(p);
	}
}

/* The books are sets of points in order, of digits that exist: a slip of the pen would show. */
static void books_are_in_order(void **state)
{
	(void)state;
	static const struct {
		const uint16_t *point;
		size_t n;
		unsigned digits, bits, most;
	} books[] = {
		{ gh_codebook_iq1, GH_ROWS(gh_codebook_iq1), 8, 2, 2 },
		{ gh_codebook_iq2_xxs, GH_ROWS(gh_codebook_iq2_xxs), 8, 2, 2 },
		{ gh_codebook_iq2_xs, GH_ROWS(gh_codebook_iq2_xs), 8, 2, 2 },
		{ gh_codebook_iq2_s, GH_ROWS(gh_codebook_iq2_s), 8, 2, 2 },
		{ gh_codebook_iq3_xxs, GH_ROWS(gh_codebook_iq3_xxs), 4, 3, 7 },
		{ gh_codebook_iq3_s, GH_ROWS(gh_codebook_iq3_s), 4, 3, 7 },
	};
	for (size_t b = 0; b < GH_ROWS(books); b++)
		for (size_t i = 0; i < books[b].n; i++) {
			uint16_t x = books[b].point[i];
			assert_true(i == 0 || x > books[b].point[i - 1]);
			for (unsigned k = 0; k < books[b].digits; k++, x = (uint16_t)(x >> books[b].bits))
				assert_true((x & ((1u << books[b].bits) - 1)) <= books[b].most);
			assert_int_equal(x, 0);
		}
}

/* A scale that is no number is counted, wherever the type keeps it; the largest that is one is not. */
static void scales_of_every_form(void **state)
{
	(void)state;
	static const struct {
		const char *type;
		size_t at;
		uint8_t fine, odd;
	} cases[] = {
		{ "Q8_0", 1, 0x7b, 0x7c },  { "IQ3_S", 1, 0x7b, 0xfc },	 { "Q4_1", 3, 0xfb, 0x7e },
		{ "Q8_K", 3, 0x3f, 0x7f },  { "IQ1_M", 55, 0x70, 0x7f }, { "MXFP4", 0, 0xfe, 0xff },
		{ "NVFP4", 0, 0x7e, 0x7f }, { "NVFP4", 3, 0xfe, 0xff },
	};
	for (size_t i = 0; i < GH_ROWS(cases); i++) {
		const struct gh_quant *q = gh_quant_named(cases[i].type);
		uint8_t b[300] = { 0 }, out[300];
		struct gh_quant_sum sum = { 0 };
		assert_non_null(q);
		if (q->form == GH_QS_SINGLE)
			b[2] = 0x80; /* the exponent's last bit */
		if (q->form == GH_QS_SPREAD)
			b[53] = 0xb0; /* its third quarter: all but one bit of the exponent */
		b[cases[i].at] = cases[i].fine;
		gh_quant_blocks(q, b, 1, out, &sum);
		assert_int_equal(sum.odd, 0);
		if (q->form == GH_QS_SPREAD)
			b[53] = 0xf0;
		b[cases[i].at] = cases[i].odd;
		gh_quant_blocks(q, b, 1, out, &sum);
		if (sum.odd != 1)
			fail_msg("%s: byte %zu", cases[i].type, cases[i].at);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_numbers_as_ggml),
		cmocka_unit_test(books_are_in_order),
		cmocka_unit_test(scales_of_every_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}

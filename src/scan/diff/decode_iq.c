/* Block types whose codes are numbers of points in a code book (IQ1 to IQ3), and NVFP4. Layouts: ggml/src/ggml-common.h; how they are
 * read: ggml-quants.c, dequantize_row_*. Blocks of 256 numbers: eight groups of 32, four points of eight numbers each (IQ3: eight points
 * of four). Every number of a point that a block can spell has a place in its book, so no index is checked. */
#include "scan/diff/codebook.h"
#include "scan/diff/decode.h"
#include "scan/diff/decode_int.h"

enum {
	GROUPS = 8, /* of 32 numbers, in a block */
	PARTS = 4,  /* of 8 numbers, in a group */
	EIGHT = 8,
};

static const float iq2_digit[4] = { 8, 25, 43, 0 };
static const float iq3_xxs_digit[8] = { 4, 12, 20, 28, 36, 44, 52, 62 };
static const float iq3_s_digit[8] = { 1, 3, 5, 7, 9, 11, 13, 15 };
static const float iq1_shift = 0.125f;

/* Seven signs are written, the eighth makes their number even. */
static unsigned signs_of(uint32_t seven)
{
	seven &= 0x7f;
	return seven | ((unsigned)__builtin_parity(seven) << 7);
}

/* Eight numbers of one point, or of two points of four. */
static float *put_iq2(float *out, float d, uint16_t point, unsigned signs)
{
	for (unsigned i = 0; i < EIGHT; i++) {
		float v = d * iq2_digit[point >> 2 * i & 3];
		*out++ = signs >> i & 1 ? -v : v;
	}
	return out;
}

static float *put_iq3(float *out, float d, const float *digit, uint16_t first, uint16_t second, unsigned signs)
{
	for (unsigned i = 0; i < EIGHT; i++) {
		uint16_t point = i < 4 ? first : second;
		float v = d * digit[point >> 3 * (i % 4) & 7];
		*out++ = signs >> i & 1 ? -v : v;
	}
	return out;
}

static float *put_iq1(float *out, float d, uint16_t point, bool down)
{
	for (unsigned i = 0; i < EIGHT; i++)
		*out++ = d * ((float)(point >> 2 * i & 3) - 1 + (down ? -iq1_shift : iq1_shift));
	return out;
}

void gh_diff_from_iq2_xxs(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 66)
		for (size_t g = 0; g < GROUPS; g++) {
			const uint8_t *q = p + 2 + 8 * g;
			uint32_t rest = gh_le32(q + 4); /* four times seven signs, four bits of scale */
			float d = gh_diff_half(p) * (0.5f + (float)(rest >> 28)) * 0.25f;
			for (size_t l = 0; l < PARTS; l++)
				out = put_iq2(out, d, gh_codebook_iq2_xxs[q[l]], signs_of(rest >> 7 * l));
		}
}

/* The scale of number l of a group's four parts: the low half of a byte for two of them, the high one for the others. */
static float iq2_scale(const uint8_t *p, uint8_t scales, size_t l)
{
	return gh_diff_half(p) * (0.5f + (float)(l < 2 ? scales & 15 : scales >> 4)) * 0.25f;
}

void gh_diff_from_iq2_xs(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 74)
		for (size_t g = 0; g < GROUPS; g++)
			for (size_t l = 0; l < PARTS; l++) {
				uint16_t q = gh_le16(p + 2 + 8 * g + 2 * l);
				out = put_iq2(out, iq2_scale(p, p[66 + g], l), gh_codebook_iq2_xs[q & 511],
					      signs_of(q >> 9));
			}
}

void gh_diff_from_iq2_s(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 82)
		for (size_t g = 0; g < GROUPS; g++)
			for (size_t l = 0; l < PARTS; l++) {
				unsigned low = p[2 + 4 * g + l], high = p[66 + g] >> 2 * l & 3;
				out = put_iq2(out, iq2_scale(p, p[74 + g], l), gh_codebook_iq2_s[low | high << 8],
					      p[34 + 4 * g + l]);
			}
}

void gh_diff_from_iq3_xxs(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 98)
		for (size_t g = 0; g < GROUPS; g++) {
			const uint8_t *q = p + 2 + 8 * g;
			uint32_t rest = gh_le32(p + 66 + 4 * g);
			float d = gh_diff_half(p) * (0.5f + (float)(rest >> 28)) * 0.5f;
			for (size_t l = 0; l < PARTS; l++)
				out = put_iq3(out, d, iq3_xxs_digit, gh_codebook_iq3_xxs[q[2 * l]],
					      gh_codebook_iq3_xxs[q[2 * l + 1]], signs_of(rest >> 7 * l));
		}
}

void gh_diff_from_iq3_s(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 110)
		for (size_t g = 0; g < GROUPS; g++) {
			const uint8_t *q = p + 2 + 8 * g;
			unsigned ninth = p[66 + g], scale = p[106 + g / 2] >> (g % 2 * 4) & 15;
			float d = gh_diff_half(p) * (float)(1 + 2 * scale);
			for (size_t l = 0; l < PARTS; l++)
				out = put_iq3(out, d, iq3_s_digit,
					      gh_codebook_iq3_s[q[2 * l] | (ninth >> 2 * l & 1) << 8],
					      gh_codebook_iq3_s[q[2 * l + 1] | (ninth >> (2 * l + 1) & 1) << 8],
					      p[74 + 4 * g + l]);
		}
}

void gh_diff_from_iq1_s(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 50)
		for (size_t g = 0; g < GROUPS; g++) {
			unsigned high = gh_le16(p + 34 + 2 * g); /* four times three bits, three of scale, the shift */
			float d = gh_diff_half(p) * (float)(2 * (high >> 12 & 7) + 1);
			for (size_t l = 0; l < PARTS; l++)
				out = put_iq1(out, d, gh_codebook_iq1[p[2 + 4 * g + l] | (high >> 3 * l & 7) << 8],
					      (high & 0x8000) != 0);
		}
}

/* Four bits of the block's scale are the top of each of four words; the rest of a word are four scales of three bits. */
void gh_diff_from_iq1_m(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 56) {
		uint8_t whole[2] = { (uint8_t)(p[49] >> 4 | (p[51] & 0xf0)), (uint8_t)(p[53] >> 4 | (p[55] & 0xf0)) };
		float d = gh_diff_half(whole);
		for (size_t g = 0; g < GROUPS; g++) {
			unsigned scales = (unsigned)gh_le16(p + 48 + g / 2 * 2) >> (g % 2 * 6);
			for (size_t l = 0; l < PARTS; l++) {
				unsigned high = p[32 + 2 * g + l / 2] >> (l % 2 * 4) & 15;
				float dl = d * (float)(2 * (scales >> (l / 2 * 3) & 7) + 1);
				out = put_iq1(out, dl, gh_codebook_iq1[p[4 * g + l] | (high & 7) << 8], high >> 3 != 0);
			}
		}
	}
}

/* An unsigned number of four bits of exponent and three of mantissa. What would be NaN is zero to ggml. */
static float e4m3(uint8_t x)
{
	unsigned e = x >> 3 & 15, m = x & 7;
	if (x == 0x7f)
		return 0;
	return e == 0 ? (float)m * 0x1p-9f : (float)(m + 8) * 0x1p-10f * (float)(1u << e);
}

/* Four groups of 16 with a scale each; a byte holds a number of the first and one of the second half of its group. */
void gh_diff_from_nvfp4(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 36)
		for (size_t g = 0; g < 4; g++, out += 16) {
			float d = e4m3(p[g]) * 0.5f;
			for (size_t i = 0; i < 8; i++) {
				out[i] = d * (float)gh_diff_e2m1[p[4 + 8 * g + i] & 15];
				out[i + 8] = d * (float)gh_diff_e2m1[p[4 + 8 * g + i] >> 4];
			}
		}
}

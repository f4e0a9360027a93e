/* Block types whose codes stand for the entries of a short table, or for one of three numbers. Layouts: ggml/src/ggml-common.h; how
 * they are read: ggml-quants.c, dequantize_row_*. MXFP4: OCP Microscaling Formats 1.0, 5.3.3 and 5.4.1. */
#include "scan/diff/decode.h"
#include "scan/diff/decode_int.h"

static const int8_t uneven[16] = { -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113 };
const int8_t gh_diff_e2m1[16] = { 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12 }; /* twice the number */

/* Sixteen bytes with two codes each: the low halves first, then the high ones. */
static void halves(const uint8_t *q, const int8_t *table, float d, float *out)
{
	for (size_t i = 0; i < 16; i++) {
		out[i] = d * (float)table[q[i] & 15];
		out[i + 16] = d * (float)table[q[i] >> 4];
	}
}

void gh_diff_from_iq4_nl(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 18, out += 32)
		halves(p + 2, uneven, gh_diff_half(p), out);
}

void gh_diff_from_iq4_xs(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 136)
		for (size_t g = 0; g < 8; g++, out += 32) {
			int low = p[4 + g / 2] >> (g % 2 * 4) & 15, high = gh_le16(p + 2) >> (2 * g) & 3;
			halves(p + 8 + 16 * g, uneven, gh_diff_half(p) * (float)((low | high << 4) - 32), out);
		}
}

void gh_diff_from_mxfp4(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 17, out += 32) {
		/* 2^(e - 127), halved for the table; the smallest two are subnormal */
		uint32_t bits = p[0] < 2 ? 0x00200000u << p[0] : (uint32_t)(p[0] - 1) << 23;
		float d;
		memcpy(&d, &bits, sizeof d);
		halves(p + 1, gh_diff_e2m1, d, out);
	}
}

/* Five digits of base 3 in a byte, as a fraction of 256. */
static float trit(uint8_t q, unsigned place)
{
	static const uint8_t power[] = { 1, 3, 9, 27, 81 };
	uint8_t x = (uint8_t)(q * power[place]);
	return (float)((x * 3 >> 8) - 1);
}

void gh_diff_from_tq1_0(const uint8_t *p, size_t n, float *out)
{
	static const struct {
		uint8_t at, len, digits;
	} parts[] = { { 0, 32, 5 }, { 32, 16, 5 }, { 48, 4, 4 } };
	for (; n > 0; n--, p += 54) {
		float d = gh_diff_half(p + 52);
		for (size_t k = 0; k < 3; k++)
			for (unsigned t = 0; t < parts[k].digits; t++)
				for (size_t i = 0; i < parts[k].len; i++)
					*out++ = d * trit(p[parts[k].at + i], t);
	}
}

void gh_diff_from_tq2_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 66) {
		float d = gh_diff_half(p + 64);
		for (size_t g = 0; g < 8; g++)
			for (size_t i = 0; i < 32; i++)
				*out++ = d * (float)((p[g / 4 * 32 + i] >> (g % 4 * 2) & 3) - 1);
	}
}

/* One bit: the scale or its negative. */
void gh_diff_from_q1_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 18) {
		float d = gh_diff_half(p);
		for (size_t i = 0; i < 128; i++)
			*out++ = p[2 + i / 8] >> (i % 8) & 1 ? d : -d;
	}
}

void gh_diff_from_q2_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 18) {
		float d = gh_diff_half(p);
		for (size_t i = 0; i < 64; i++)
			*out++ = d * (float)((p[2 + i / 4] >> (i % 4 * 2) & 3) - 1);
	}
}

/* Layouts of the block types: ggml/src/ggml-common.h; how they are read: ggml-quants.c, dequantize_row_*. */
#include "scan/diff/decode.h"
#include "scan/diff/decode_int.h"

typedef uint32_t u32x8 __attribute__((vector_size(32)));
typedef int32_t i32x8 __attribute__((vector_size(32)));
typedef float f32x8 __attribute__((vector_size(32)));
typedef uint16_t u16x8 __attribute__((vector_size(16)));

static inline float as_float(uint32_t u)
{
	float f;
	memcpy(&f, &u, sizeof f);
	return f;
}

static inline float half(const uint8_t *p)
{
	uint32_t h = gh_le16(p), em = (h & 0x7fff) << 13, sign = (h & 0x8000) << 16;
	if (em < 1u << 23) { /* zero and subnormal numbers */
		float f = as_float(em + (113u << 23)) - as_float(113u << 23);
		return sign != 0 ? -f : f;
	}
	return as_float(sign | (em + ((em >= 0x1fu << 23 ? 224u : 112u) << 23)));
}

float gh_diff_half(const uint8_t *p) { return half(p); }

/* ---- plain numbers -------------------------------------------------------------------------------------------- */

/* Eight at a time, without branches, compiled for what every machine has and for AVX2. Same results as half(). */
static inline __attribute__((always_inline)) void f16_body(const uint8_t *p, size_t n, float *out)
{
	size_t i = 0;
	const f32x8 small = { 0x1p-14f, 0x1p-14f, 0x1p-14f, 0x1p-14f, 0x1p-14f, 0x1p-14f, 0x1p-14f, 0x1p-14f };
	for (; i + 8 <= n; i += 8) {
		u16x8 h;
		memcpy(&h, p + 2 * i, sizeof h);
		u32x8 w = __builtin_convertvector(h, u32x8), em = (w & 0x7fff) << 13, sign = (w & 0x8000) << 16;
		u32x8 special = (u32x8)((i32x8)em >= 0x1f << 23), tiny = (u32x8)((i32x8)em < 1 << 23);
		u32x8 bits = em + (112u << 23) + (special & (112u << 23));
		f32x8 sub = (f32x8)(em + (113u << 23)) - small;
		u32x8 r = sign | ((bits & ~tiny) | ((u32x8)sub & tiny));
		memcpy(out + i, &r, sizeof r);
	}
	for (; i < n; i++)
		out[i] = half(p + 2 * i);
}
static void f16_plain(const uint8_t *p, size_t n, float *out) { f16_body(p, n, out); }
__attribute__((target("avx2"))) static void f16_wide(const uint8_t *p, size_t n, float *out) { f16_body(p, n, out); }

static void from_f16(const uint8_t *p, size_t n, float *out)
{
	if (__builtin_cpu_supports("avx2"))
		f16_wide(p, n, out);
	else
		f16_plain(p, n, out);
}

static void from_bf16(const uint8_t *p, size_t n, float *out)
{
	size_t i = 0;
	for (; i + 8 <= n; i += 8) {
		u16x8 h;
		memcpy(&h, p + 2 * i, sizeof h);
		u32x8 w = __builtin_convertvector(h, u32x8) << 16;
		memcpy(out + i, &w, sizeof w);
	}
	for (; i < n; i++)
		out[i] = as_float((uint32_t)gh_le16(p + 2 * i) << 16);
}

static void from_f32(const uint8_t *p, size_t n, float *out) { memcpy(out, p, 4 * n); }

static void from_f64(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++) {
		double d;
		uint64_t u = gh_le64(p + 8 * i);
		memcpy(&d, &u, sizeof d);
		out[i] = d > 0x1.fffffep127 || d < -0x1.fffffep127 ? (d > 0 ? __builtin_inff() : -__builtin_inff())
								   : (float)d;
	}
}

static float f8(uint8_t v, unsigned exp_bits, unsigned bias, bool ieee)
{
	unsigned man_bits = 7 - exp_bits, e = (v & 0x7fu) >> man_bits, m = v & ((1u << man_bits) - 1);
	unsigned top = (1u << exp_bits) - 1;
	float f;
	if (ieee && e == top)
		f = m == 0 ? __builtin_inff() : __builtin_nanf("");
	else if (!ieee && (v & 0x7f) == 0x7f)
		f = __builtin_nanf("");
	else if (e == 0)
		f = (float)m * as_float((127u + 1 - bias - man_bits) << 23);
	else
		f = (float)(m + (1u << man_bits)) * as_float((127u + e - bias - man_bits) << 23);
	return v & 0x80 ? -f : f;
}
static void from_e4m3(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = f8(p[i], 4, 7, false);
}
static void from_e5m2(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = f8(p[i], 5, 15, true);
}
static void from_i8(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (int8_t)p[i];
}
static void from_u8(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = p[i];
}
static void from_i16(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (int16_t)gh_le16(p + 2 * i);
}
static void from_u16(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = gh_le16(p + 2 * i);
}
static void from_i32(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (float)(int32_t)gh_le32(p + 4 * i);
}
static void from_u32(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (float)gh_le32(p + 4 * i);
}
static void from_i64(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (float)(int64_t)gh_le64(p + 8 * i);
}
static void from_u64(const uint8_t *p, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = (float)gh_le64(p + 8 * i);
}

/* ---- blocks of 32 --------------------------------------------------------------------------------------------- */

static void from_q8_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 34, out += 32) {
		float d = half(p);
		for (size_t i = 0; i < 32; i++)
			out[i] = d * (float)(int8_t)p[2 + i];
	}
}
static void from_q8_1(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 36, out += 32) {
		float d = half(p);
		for (size_t i = 0; i < 32; i++)
			out[i] = d * (float)(int8_t)p[4 + i];
	}
}
static void from_q4_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 18, out += 32) {
		float d = half(p);
		for (size_t i = 0; i < 16; i++) {
			out[i] = d * (float)((p[2 + i] & 15) - 8);
			out[i + 16] = d * (float)((p[2 + i] >> 4) - 8);
		}
	}
}
static void from_q4_1(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 20, out += 32) {
		float d = half(p), m = half(p + 2);
		for (size_t i = 0; i < 16; i++) {
			out[i] = d * (float)(p[4 + i] & 15) + m;
			out[i + 16] = d * (float)(p[4 + i] >> 4) + m;
		}
	}
}
static void from_q5_0(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 22, out += 32) {
		float d = half(p);
		uint32_t high = gh_le32(p + 2);
		for (size_t i = 0; i < 16; i++) {
			int lo = (p[6 + i] & 15) | (int)(high >> i & 1) << 4;
			int hi = (p[6 + i] >> 4) | (int)(high >> (i + 16) & 1) << 4;
			out[i] = d * (float)(lo - 16);
			out[i + 16] = d * (float)(hi - 16);
		}
	}
}
static void from_q5_1(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 24, out += 32) {
		float d = half(p), m = half(p + 2);
		uint32_t high = gh_le32(p + 4);
		for (size_t i = 0; i < 16; i++) {
			out[i] = d * (float)((p[8 + i] & 15) | (int)(high >> i & 1) << 4) + m;
			out[i + 16] = d * (float)((p[8 + i] >> 4) | (int)(high >> (i + 16) & 1) << 4) + m;
		}
	}
}

/* ---- blocks of 256 -------------------------------------------------------------------------------------------- */

static void from_q2_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 84) {
		float d = half(p + 80), m = half(p + 82);
		const uint8_t *q = p + 16;
		for (size_t g = 0; g < 16; g++, out += 16) {
			const uint8_t *at = q + (g / 8) * 32 + (g % 2) * 16;
			unsigned shift = (unsigned)(g / 2 % 4) * 2;
			float dl = d * (float)(p[g] & 15), ml = m * (float)(p[g] >> 4);
			for (size_t i = 0; i < 16; i++)
				out[i] = dl * (float)(at[i] >> shift & 3) - ml;
		}
	}
}
static void from_q3_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 110) {
		const uint8_t *high = p, *q = p + 32, *s = p + 96;
		float d = half(p + 108);
		for (size_t g = 0; g < 16; g++, out += 16) {
			int low = g < 8 ? s[g] & 15 : s[g - 8] >> 4, top = s[8 + g % 4] >> (2 * (g / 4)) & 3;
			float dl = d * (float)((low | top << 4) - 32);
			size_t half_of = g % 2 * 16;
			unsigned shift = (unsigned)(g / 2 % 4) * 2, bit = (unsigned)(g / 2);
			for (size_t i = 0; i < 16; i++) {
				int v = (q[g / 8 * 32 + half_of + i] >> shift & 3) -
					(high[half_of + i] >> bit & 1 ? 0 : 4);
				out[i] = dl * (float)v;
			}
		}
	}
}
/* Six-bit scale and minimum number j of the twelve bytes s. */
static void scale_min(const uint8_t *s, size_t j, float d, float m, float *scale, float *min)
{
	int a = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | (s[j - 4] >> 6) << 4;
	int b = j < 4 ? s[j + 4] & 63 : (s[j + 4] >> 4) | (s[j] >> 6) << 4;
	*scale = d * (float)a;
	*min = m * (float)b;
}
static void from_q4_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 144)
		for (size_t g = 0; g < 8; g++, out += 32) {
			float sc, mn;
			scale_min(p + 4, g, half(p), half(p + 2), &sc, &mn);
			for (size_t i = 0; i < 32; i++)
				out[i] = sc * (float)(p[16 + g / 2 * 32 + i] >> (g % 2 * 4) & 15) - mn;
		}
}
static void from_q5_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 176)
		for (size_t g = 0; g < 8; g++, out += 32) {
			float sc, mn;
			scale_min(p + 4, g, half(p), half(p + 2), &sc, &mn);
			for (size_t i = 0; i < 32; i++) {
				int v = (p[48 + g / 2 * 32 + i] >> (g % 2 * 4) & 15) | (p[16 + i] >> g & 1) << 4;
				out[i] = sc * (float)v - mn;
			}
		}
}
static void from_q6_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 210) {
		float d = half(p + 208);
		for (size_t k = 0; k < 256; k++) {
			size_t h = k / 128, q = k % 128 / 32, i = k % 32;
			int low = p[h * 64 + q % 2 * 32 + i] >> (q / 2 * 4) & 15;
			int top = p[128 + h * 32 + i] >> (q * 2) & 3;
			float sc = (float)(int8_t)p[192 + h * 8 + q * 2 + i / 16];
			*out++ = d * sc * (float)((low | top << 4) - 32);
		}
	}
}
static void from_q8_k(const uint8_t *p, size_t n, float *out)
{
	for (; n > 0; n--, p += 292, out += 256) {
		float d = as_float(gh_le32(p));
		for (size_t i = 0; i < 256; i++)
			out[i] = d * (float)(int8_t)p[4 + i];
	}
}

/* Bounds of single numbers: what ggml's quantisers leave, but for one number in ten thousand, of normal, Laplace and Student numbers, with
 * importance matrices as uneven as they come (chi-squared) and without; they give numbers that matter little up. What such a bound lets
 * through of a change is bounded by `coarse`, the error of the whole tensor, in the same measurement about 1.3 times its largest. */
static const struct gh_diff_dtype types[] = {
	{ "F32", 1, 4, 0x1p-23f, 1e-38f, 0, 0, from_f32 },
	{ "F64", 1, 8, 0x1p-23f, 1e-38f, 0, 0, from_f64 },
	{ "F16", 1, 2, 0x1p-10f, 0x1p-24f, 0, 0, from_f16 },
	{ "BF16", 1, 2, 0x1p-7f, 1e-38f, 0, 0, from_bf16 },
	{ "F8_E4M3", 1, 1, 0x1p-3f, 0x1p-9f, 0, 0, from_e4m3 },
	{ "F8_E5M2", 1, 1, 0x1p-2f, 0x1p-16f, 0, 0, from_e5m2 },
	{ "I8", 1, 1, 0, 0, 0, 0, from_i8 },
	{ "U8", 1, 1, 0, 0, 0, 0, from_u8 },
	{ "BOOL", 1, 1, 0, 0, 0, 0, from_u8 },
	{ "I16", 1, 2, 0, 0, 0, 0, from_i16 },
	{ "U16", 1, 2, 0, 0, 0, 0, from_u16 },
	{ "I32", 1, 4, 0, 0, 0, 0, from_i32 },
	{ "U32", 1, 4, 0, 0, 0, 0, from_u32 },
	{ "I64", 1, 8, 0, 0, 0, 0, from_i64 },
	{ "U64", 1, 8, 0, 0, 0, 0, from_u64 },
	{ "Q8_0", 32, 34, 0.0046f, 1e-7f, 32, 0.012f, from_q8_0 },
	{ "Q8_1", 32, 36, 0.0046f, 1e-7f, 32, 0.012f, from_q8_1 },
	{ "Q8_K", 256, 292, 0.0046f, 1e-7f, 256, 0.02f, from_q8_k },
	{ "Q6_K", 256, 210, 0.05f, 1e-7f, 256, 0.05f, from_q6_k },
	{ "Q5_0", 32, 22, 0.1f, 1e-7f, 32, 0.09f, from_q5_0 },
	{ "Q5_1", 32, 24, 0.082f, 1e-7f, 32, 0.08f, from_q5_1 },
	{ "Q5_K", 256, 176, 0.075f, 1e-7f, 256, 0.08f, from_q5_k },
	{ "Q4_0", 32, 18, 0.22f, 1e-7f, 32, 0.16f, from_q4_0 },
	{ "Q4_1", 32, 20, 0.17f, 1e-7f, 32, 0.15f, from_q4_1 },
	{ "Q4_K", 256, 144, 0.15f, 1e-7f, 256, 0.15f, from_q4_k },
	{ "Q3_K", 256, 110, 0.32f, 1e-7f, 256, 0.3f, from_q3_k },
	{ "Q2_K", 256, 84, 0.72f, 1e-7f, 256, 0.5f, from_q2_k },
	{ "IQ4_NL", 32, 18, 0.19f, 1e-7f, 32, 0.15f, gh_diff_from_iq4_nl },
	{ "IQ4_XS", 256, 136, 0.165f, 1e-7f, 256, 0.16f, gh_diff_from_iq4_xs },
	{ "MXFP4", 32, 17, 0.27f, 1e-7f, 32, 0.25f, gh_diff_from_mxfp4 },
	{ "TQ1_0", 256, 54, 0.55f, 1e-7f, 256, 0.8f, gh_diff_from_tq1_0 },
	{ "TQ2_0", 256, 66, 0.55f, 1e-7f, 256, 0.8f, gh_diff_from_tq2_0 },
	{ "Q2_0", 64, 18, 0.55f, 1e-7f, 64, 0.8f, gh_diff_from_q2_0 },
	{ "Q1_0", 128, 18, 1.0f, 1e-7f, 128, 0.8f, gh_diff_from_q1_0 },
	{ "NVFP4", 64, 36, 0.33f, 1e-7f, 16, 0.2f, gh_diff_from_nvfp4 },
	{ "IQ3_S", 256, 110, 0.4f, 1e-7f, 256, 0.25f, gh_diff_from_iq3_s },
	{ "IQ3_XXS", 256, 98, 0.68f, 1e-7f, 256, 0.35f, gh_diff_from_iq3_xxs },
	{ "IQ2_S", 256, 82, 0.62f, 1e-7f, 256, 0.45f, gh_diff_from_iq2_s },
	{ "IQ2_XS", 256, 74, 0.73f, 1e-7f, 256, 0.5f, gh_diff_from_iq2_xs },
	{ "IQ2_XXS", 256, 66, 0.78f, 1e-7f, 256, 0.55f, gh_diff_from_iq2_xxs },
	{ "IQ1_M", 256, 56, 1.1f, 1e-7f, 256, 0.7f, gh_diff_from_iq1_m },
	{ "IQ1_S", 256, 50, 1.03f, 1e-7f, 256, 0.75f, gh_diff_from_iq1_s },
};

const struct gh_diff_dtype *gh_diff_dtype(const char *name)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].name, name) == 0)
			return &types[i];
	return NULL;
}

void gh_diff_swap(uint8_t *p, size_t n, size_t width)
{
	for (; n > 0; n--, p += width)
		for (size_t i = 0; i < width / 2; i++) {
			uint8_t x = p[i];
			p[i] = p[width - 1 - i];
			p[width - 1 - i] = x;
		}
}

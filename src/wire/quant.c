#include "wire/quant.h"

static const struct gh_quant quants[] = {
	{ "Q4_0", 18, 2, 16, 1, 0, GH_QS_HALF, false },	    { "Q4_1", 20, 4, 16, 2, 0, GH_QS_HALF, false },
	{ "Q5_0", 22, 2, 20, 1, 0, GH_QS_HALF, false },	    { "Q5_1", 24, 4, 20, 2, 0, GH_QS_HALF, false },
	{ "Q8_0", 34, 2, 32, 1, 0, GH_QS_HALF, true },	    { "Q8_1", 36, 4, 32, 2, 0, GH_QS_HALF, true },
	{ "Q2_K", 84, 16, 64, 2, 80, GH_QS_HALF, false },   { "Q3_K", 110, 0, 96, 1, 108, GH_QS_HALF, false },
	{ "Q4_K", 144, 16, 128, 2, 0, GH_QS_HALF, false },  { "Q5_K", 176, 16, 160, 2, 0, GH_QS_HALF, false },
	{ "Q6_K", 210, 0, 192, 1, 208, GH_QS_HALF, false }, { "Q8_K", 292, 4, 256, 1, 0, GH_QS_SINGLE, true },
	{ "IQ2_XXS", 66, 2, 64, 1, 0, GH_QS_HALF, false },  { "IQ2_XS", 74, 2, 64, 1, 0, GH_QS_HALF, false },
	{ "IQ2_S", 82, 2, 64, 1, 0, GH_QS_HALF, false },    { "IQ3_XXS", 98, 2, 96, 1, 0, GH_QS_HALF, false },
	{ "IQ3_S", 110, 2, 104, 1, 0, GH_QS_HALF, false },  { "IQ1_S", 50, 2, 48, 1, 0, GH_QS_HALF, false },
	{ "IQ1_M", 56, 0, 48, 1, 48, GH_QS_SPREAD, false }, { "IQ4_NL", 18, 2, 16, 1, 0, GH_QS_HALF, false },
	{ "IQ4_XS", 136, 8, 128, 1, 0, GH_QS_HALF, false }, { "TQ1_0", 54, 0, 52, 1, 52, GH_QS_HALF, false },
	{ "TQ2_0", 66, 0, 64, 1, 64, GH_QS_HALF, false },   { "MXFP4", 17, 1, 16, 1, 0, GH_QS_E8M0, false },
	{ "NVFP4", 36, 4, 32, 4, 0, GH_QS_E4M3, false },    { "Q1_0", 18, 2, 16, 1, 0, GH_QS_HALF, false },
	{ "Q2_0", 18, 2, 16, 1, 0, GH_QS_HALF, false },
};

const struct gh_quant *gh_quant_named(const char *dtype)
{
	for (size_t i = 0; i < sizeof quants / sizeof quants[0]; i++)
		if (strcmp(quants[i].name, dtype) == 0)
			return &quants[i];
	return NULL;
}

static bool odd_half(unsigned bits) { return (bits & 0x7c00) == 0x7c00; }

static bool odd_scale(const struct gh_quant *q, const uint8_t *p)
{
	p += q->scale;
	switch (q->form) {
	case GH_QS_SINGLE: return (gh_le32(p) & 0x7f800000) == 0x7f800000;
	case GH_QS_SPREAD: /* the exponent is in the words with the upper half */
		return odd_half((unsigned)(p[5] >> 4) << 8 | (unsigned)(p[7] >> 4) << 12);
	case GH_QS_E8M0: return p[0] == 0xff;
	case GH_QS_E4M3:
		for (unsigned i = 0; i < q->scales; i++)
			if ((p[i] & 0x7f) == 0x7f)
				return true;
		return false;
	case GH_QS_HALF: break;
	}
	for (unsigned i = 0; i < q->scales; i++)
		if (odd_half(gh_le16(p + 2 * i)))
			return true;
	return false;
}

/* Of a block of signed bytes: is one of them not zero, one 127 or -127, one -128? */
struct marks {
	bool used, full, below;
};

static struct marks marks_plain(const uint8_t *p, size_t n)
{
	struct marks m = { false, false, false };
	for (size_t i = 0; i < n; i++) {
		m.used = m.used || p[i] != 0;
		m.full = m.full || p[i] == 127 || p[i] == 129;
		m.below = m.below || p[i] == 128;
	}
	return m;
}

static void count(struct gh_quant_sum *sum, struct marks m)
{
	sum->used += m.used;
	sum->full += m.full;
	sum->below += m.below;
}

void gh_quant_blocks_plain(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out, struct gh_quant_sum *sum)
{
	sum->blocks += n;
	for (size_t i = 0; i < n; i++, p += q->block, out += q->codes) {
		memcpy(out, p + q->code, q->codes);
		sum->odd += odd_scale(q, p);
		if (q->bytes)
			count(sum, marks_plain(out, q->codes));
	}
}

#ifdef __x86_64__
#include <immintrin.h>

/* The same for codes that are a multiple of 32 bytes. */
__attribute__((target("avx2"))) static void blocks_avx2(const struct gh_quant *q, const uint8_t *p, size_t n,
							uint8_t *out, struct gh_quant_sum *sum)
{
	enum { LANE = 32 };
	const __m256i most = _mm256_set1_epi8(127), below = _mm256_set1_epi8(-128), none = _mm256_setzero_si256();
	sum->blocks += n;
	for (size_t i = 0; i < n; i++, p += q->block) {
		__m256i any = none, full = none, under = none;
		for (size_t at = 0; at < q->codes; at += LANE, out += LANE) {
			__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + q->code + at));
			_mm256_storeu_si256((__m256i *)(void *)out, x);
			any = _mm256_or_si256(any, x);
			full = _mm256_or_si256(full, _mm256_cmpeq_epi8(_mm256_abs_epi8(x), most));
			under = _mm256_or_si256(under, _mm256_cmpeq_epi8(x, below));
		}
		sum->odd += odd_scale(q, p);
		count(sum, (struct marks){ _mm256_testz_si256(any, any) == 0, _mm256_testz_si256(full, full) == 0,
					   _mm256_testz_si256(under, under) == 0 });
	}
}

void gh_quant_blocks(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out, struct gh_quant_sum *sum)
{
	if (q->bytes && q->codes % 32 == 0 && __builtin_cpu_supports("avx2"))
		blocks_avx2(q, p, n, out, sum);
	else
		gh_quant_blocks_plain(q, p, n, out, sum);
}
#else
void gh_quant_blocks(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out, struct gh_quant_sum *sum)
{
	gh_quant_blocks_plain(q, p, n, out, sum);
}
#endif

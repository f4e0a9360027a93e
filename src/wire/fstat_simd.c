/* The fast ways of fstat: whole vectors, the rest by the plain way. Counts of bits only, no instruction that rounds. */
#include "wire/fstat_int.h"

#include "wire/fstat.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <stdbool.h>
#include <string.h>

#ifdef __clang__
#define VECTORS /* by default */
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,popcnt")))
#else
#define VECTORS __attribute__((optimize("O3")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,popcnt,prefer-vector-width=512")))
#endif
#define AVX2 __attribute__((target("avx2,popcnt")))

/* A plain loop that compilers turn into vector instructions. */
static inline __attribute__((always_inline)) const uint8_t *plane(const uint8_t *restrict p, size_t n, unsigned width,
								  uint8_t *restrict room)
{
	if (width == 1)
		return p;
	if (width == 2)
		for (size_t i = 0; i < n; i++)
			room[i] = p[2 * i];
	else if (width == 4)
		for (size_t i = 0; i < n; i++)
			room[i] = p[4 * i];
	else
		for (size_t i = 0; i < n; i++)
			room[i] = p[8 * i];
	return room;
}

VECTORS AVX2 static const uint8_t *plane_avx2(const uint8_t *p, size_t n, unsigned width, uint8_t *room)
{
	return plane(p, n, width, room);
}

VECTORS AVX512 static const uint8_t *plane_avx512(const uint8_t *p, size_t n, unsigned width, uint8_t *room)
{
	return plane(p, n, width, room);
}

static inline __attribute__((always_inline)) void merge(const struct gh_fscratch *restrict r,
							struct gh_fblock *restrict out)
{
	for (size_t i = 0; i < GH_FSTAT_KEYS; i++)
		out->key[i] = (uint32_t)r->key[0][i] + r->key[1][i] + r->key[2][i] + r->key[3][i];
	for (size_t i = 0; i < 512; i++)
		out->mid[i] = (uint32_t)r->mid[0][i] + r->mid[1][i];
	for (size_t i = 0; i < 256; i++)
		out->low[i] = (uint32_t)r->low[0][i] + r->low[1][i] + r->low[2][i] + r->low[3][i];
}

static inline __attribute__((always_inline)) void add(uint64_t *restrict sum, uint64_t *restrict one,
						      const uint32_t *restrict counts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		one[i] = counts[i];
		sum[i] += counts[i];
	}
}

VECTORS AVX2 static void merge_avx2(const struct gh_fscratch *r, struct gh_fblock *out) { merge(r, out); }
VECTORS AVX512 static void merge_avx512(const struct gh_fscratch *r, struct gh_fblock *out) { merge(r, out); }
VECTORS AVX2 static void add_avx2(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n)
{
	add(sum, one, counts, n);
}
VECTORS AVX512 static void add_avx512(uint64_t *sum, uint64_t *one, const uint32_t *counts, size_t n)
{
	add(sum, one, counts, n);
}

/* ---- 32 bytes -------------------------------------------------------------------------------------------------------- */
AVX2 static inline unsigned ones(__m256i v) { return (unsigned)__builtin_popcount((unsigned)_mm256_movemask_epi8(v)); }

AVX2 static void kinds_avx2(const uint8_t *p, size_t n, uint32_t *print, uint32_t *zero)
{
	const __m256i space = _mm256_set1_epi8(0x20), last = _mm256_set1_epi8(0x5e), none = _mm256_setzero_si256();
	const __m256i tab = _mm256_set1_epi8('\t'), nl = _mm256_set1_epi8('\n'), cr = _mm256_set1_epi8('\r');
	uint32_t a = 0, b = 0;
	size_t i = 0;
	for (; i + 32 <= n; i += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		__m256i up = _mm256_sub_epi8(x, space);
		__m256i text = _mm256_cmpeq_epi8(_mm256_min_epu8(up, last), up);
		text = _mm256_or_si256(text, _mm256_cmpeq_epi8(x, tab));
		text = _mm256_or_si256(text, _mm256_cmpeq_epi8(x, nl));
		text = _mm256_or_si256(text, _mm256_cmpeq_epi8(x, cr));
		a += ones(text);
		b += ones(_mm256_cmpeq_epi8(x, none));
	}
	gh_fstat_kinds_plain(p + i, n - i, print, zero);
	*print += a;
	*zero += b;
}

AVX2 static uint32_t same_avx2(const uint8_t *p, size_t n, size_t lag)
{
	uint32_t all = 0;
	size_t i = 0;
	for (; i + 32 <= n; i += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		__m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(p + i + lag));
		all += ones(_mm256_cmpeq_epi8(x, y));
	}
	return all + gh_fstat_same_plain(p + i, n - i, lag);
}

AVX2 static uint32_t equal_avx2(const uint8_t *p, size_t n, unsigned width, size_t lag)
{
	const __m256i low = width == 4 ? _mm256_set1_epi32(0xffff) : _mm256_set1_epi64x(0xffff);
	const __m256i none = _mm256_setzero_si256();
	size_t bytes = n * width, away = lag * width, i = 0;
	uint32_t all = 0;
	for (; i + 32 <= bytes; i += 32) {
		__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		__m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(p + i + away));
		__m256i d = _mm256_and_si256(_mm256_xor_si256(x, y), low);
		all += ones(width == 4 ? _mm256_cmpeq_epi32(d, none) : _mm256_cmpeq_epi64(d, none));
	}
	return all / width + gh_fstat_equal_plain(p + i, n - i / width, width, lag);
}

/* ---- 64 bytes -------------------------------------------------------------------------------------------------------- */
AVX512 static void kinds_avx512(const uint8_t *p, size_t n, uint32_t *print, uint32_t *zero)
{
	const __m512i space = _mm512_set1_epi8(0x20), last = _mm512_set1_epi8(0x5e);
	const __m512i tab = _mm512_set1_epi8('\t'), nl = _mm512_set1_epi8('\n'), cr = _mm512_set1_epi8('\r');
	uint64_t a = 0, b = 0;
	size_t i = 0;
	for (; i + 64 <= n; i += 64) {
		__m512i x = _mm512_loadu_si512(p + i);
		uint64_t text = _mm512_cmple_epu8_mask(_mm512_sub_epi8(x, space), last) |
				_mm512_cmpeq_epi8_mask(x, tab) | _mm512_cmpeq_epi8_mask(x, nl) |
				_mm512_cmpeq_epi8_mask(x, cr);
		a += (unsigned)__builtin_popcountll(text);
		b += (unsigned)__builtin_popcountll(_mm512_testn_epi8_mask(x, x));
	}
	gh_fstat_kinds_plain(p + i, n - i, print, zero);
	*print += (uint32_t)a;
	*zero += (uint32_t)b;
}

AVX512 static uint32_t same_avx512(const uint8_t *p, size_t n, size_t lag)
{
	uint64_t all = 0;
	size_t i = 0;
	for (; i + 64 <= n; i += 64)
		all += (unsigned)__builtin_popcountll(
			_mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p + i), _mm512_loadu_si512(p + i + lag)));
	return (uint32_t)all + gh_fstat_same_plain(p + i, n - i, lag);
}

AVX512 static uint32_t equal_avx512(const uint8_t *p, size_t n, unsigned width, size_t lag)
{
	const __m512i low = width == 4 ? _mm512_set1_epi32(0xffff) : _mm512_set1_epi64(0xffff);
	size_t bytes = n * width, away = lag * width, i = 0;
	uint64_t all = 0;
	for (; i + 64 <= bytes; i += 64) {
		__m512i d = _mm512_xor_si512(_mm512_loadu_si512(p + i), _mm512_loadu_si512(p + i + away));
		unsigned m = width == 4 ? _mm512_testn_epi32_mask(d, low) : _mm512_testn_epi64_mask(d, low);
		all += (unsigned)__builtin_popcount(m);
	}
	return (uint32_t)all + gh_fstat_equal_plain(p + i, n - i / width, width, lag);
}

const struct gh_fstat_way *gh_fstat_avx2(void)
{
	static const struct gh_fstat_way way = { plane_avx2, kinds_avx2, same_avx2, equal_avx2, merge_avx2, add_avx2 };
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &way : NULL;
}

const struct gh_fstat_way *gh_fstat_avx512(void)
{
	static const struct gh_fstat_way way = { plane_avx512, kinds_avx512, same_avx512,
						 equal_avx512, merge_avx512, add_avx512 };
	bool has = __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
		   __builtin_cpu_supports("popcnt");
	return has ? &way : NULL;
}

const struct gh_fstat_way *gh_fstat_fast(void)
{
	const struct gh_fstat_way *way = gh_fstat_avx512();
	return way != NULL ? way : gh_fstat_avx2();
}
#else
const struct gh_fstat_way *gh_fstat_avx2(void) { return NULL; }
const struct gh_fstat_way *gh_fstat_avx512(void) { return NULL; }
const struct gh_fstat_way *gh_fstat_fast(void) { return NULL; }
#endif

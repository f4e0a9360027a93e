#include "wire/starts.h"

enum { LANE = 32 };

/* A pickle's second byte is its protocol. */
static const struct {
	uint8_t first, second;
} pairs[] = { { 'P', 'K' },   { 0x1f, 0x8b }, { 0xfd, '7' },  { '7', 'z' },   { 'R', 'a' },  { 'B', 'Z' },
	      { 0x28, 0xb5 }, { 0x78, 0x01 }, { 0x78, 0x5e }, { 0x78, 0x9c }, { 0x78, 0xda } };
enum { PAIRS = sizeof pairs / sizeof pairs[0], PICKLE = 0x80, OLDEST = 2, NEWEST = 5 };

static bool is_pair(const uint8_t *p)
{
	if (p[0] == PICKLE)
		return p[1] >= OLDEST && p[1] <= NEWEST;
	for (size_t i = 0; i < PAIRS; i++)
		if (p[0] == pairs[i].first && p[1] == pairs[i].second)
			return true;
	return false;
}

static bool printable(uint8_t c) { return (uint8_t)(c - 0x20) <= 0x5e || c == '\t' || c == '\n' || c == '\r'; }

static bool all_print(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!printable(p[i]))
			return false;
	return true;
}

/* One lane, or what is left of it, from `from` on; a text is asked for at its first byte only. */
static enum gh_start in_lane(struct gh_span s, size_t from, size_t end, size_t *at)
{
	for (size_t i = from; i < end; i++) {
		*at = i;
		if (i % LANE == 0 && s.n - i >= GH_STARTS_RUN && all_print(s.p + i, GH_STARTS_RUN))
			return GH_START_TEXT;
		if (i + 1 < s.n && is_pair(s.p + i))
			return GH_START_PAIR;
	}
	return GH_START_NONE;
}

enum gh_start gh_starts_next_plain(struct gh_span s, size_t from, size_t *at)
{
	return from < s.n ? in_lane(s, from, s.n, at) : GH_START_NONE;
}

#ifdef __x86_64__
#include <immintrin.h>

/* Whether anything may be in these 32 bytes, the byte behind them included: `text` when all are printable. */
static inline __attribute__((always_inline, target("avx2"))) bool lane(const uint8_t *p, bool *text)
{
	const __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
	const __m256i y = _mm256_loadu_si256((const __m256i *)(const void *)(p + 1));
	const __m256i up = _mm256_sub_epi8(y, _mm256_set1_epi8(OLDEST)), most = _mm256_set1_epi8(NEWEST - OLDEST);
	__m256i hit = _mm256_and_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)PICKLE)),
				       _mm256_cmpeq_epi8(_mm256_min_epu8(up, most), up));
	for (size_t i = 0; i < PAIRS; i++)
		hit = _mm256_or_si256(hit,
				      _mm256_and_si256(_mm256_cmpeq_epi8(x, _mm256_set1_epi8((char)pairs[i].first)),
						       _mm256_cmpeq_epi8(y, _mm256_set1_epi8((char)pairs[i].second))));
	/* Printable, or one of 32 bytes that controls share; all_print() decides. */
	const __m256i above = _mm256_sub_epi8(x, _mm256_set1_epi8('\t')), last = _mm256_set1_epi8(0x7e - '\t');
	*text = _mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_min_epu8(above, last), above)) == -1;
	return _mm256_testz_si256(hit, hit) == 0;
}

__attribute__((target("avx2"))) static enum gh_start next_avx2(struct gh_span s, size_t from, size_t *at)
{
	enum gh_start k = GH_START_NONE;
	size_t i = (from + LANE - 1) / LANE * LANE;
	if (from < s.n)
		k = in_lane(s, from, i < s.n ? i : s.n, at);
	for (; k == GH_START_NONE && i + LANE < s.n; i += LANE) {
		bool text;
		if (lane(s.p + i, &text) || text)
			k = in_lane(s, i, i + LANE, at);
	}
	return k == GH_START_NONE && i < s.n ? in_lane(s, i, s.n, at) : k;
}

enum gh_start gh_starts_next(struct gh_span s, size_t from, size_t *at)
{
	return __builtin_cpu_supports("avx2") ? next_avx2(s, from, at) : gh_starts_next_plain(s, from, at);
}
#else
enum gh_start gh_starts_next(struct gh_span s, size_t from, size_t *at) { return gh_starts_next_plain(s, from, at); }
#endif

#include "check/weights_values.h"

/* Looked at as unsigned numbers without their sign, floating-point numbers are in the order of their size. */
static const struct kind {
	uint64_t infinity, large, tiny;
	unsigned chance; /* of uniformly random bits, one in so many is NaN or infinite */
} kinds[] = {
	[GH_FLOAT_16] = { 0x7c00, 0x6c00, 0x1000, 32 },	  /* from 2^12; below 2^-11 */
	[GH_FLOAT_B16] = { 0x7f80, 0x5f80, 0x1f80, 256 }, /* from 2^64; below 2^-64 */
	[GH_FLOAT_32] = { 0x7f800000, 0x5f800000, 0x1f800000, 256 },
	[GH_FLOAT_64] = { 0x7ff0000000000000, 0x43f0000000000000, 0x3bf0000000000000, 2048 },
};

enum { CHUNK = 2048, SAMPLE = 1 << 16, FEW = 32 };

struct counts {
	size_t odd, large, tiny;
	uint64_t most; /* the largest that is a number, without its sign */
	bool differs;  /* some element is not the value given */
};

#ifdef __clang__
#define VECTORS /* by default */
#else
#define VECTORS __attribute__((optimize("O3")))
#endif

/* Sums in the elements' own width (at most CHUNK fits all of them): loops that compilers turn into vector instructions. */
#define COUNT(name, type) \
	VECTORS static struct counts name(const uint8_t *p, size_t n, const struct kind *k, uint64_t value, \
					  bool sizes) \
	{ \
		type odd = 0, large = 0, tiny = 0, differs = 0, most = 0, inf = (type)k->infinity; \
		for (size_t i = 0; i < n; i++) { \
			type x; \
			memcpy(&x, p + i * sizeof x, sizeof x); \
			type a = (type)(x & (type)((type) ~(type)0 >> 1)); \
			odd = (type)(odd + (a >= inf)); \
			type sized = (type)(a < inf ? a : 0); \
			most = most > sized ? most : sized; \
			differs = (type)(differs | (x ^ (type)value)); \
		} \
		for (size_t i = 0; sizes && i < n; i++) { \
			type x; \
			memcpy(&x, p + i * sizeof x, sizeof x); \
			type a = (type)(x & (type)((type) ~(type)0 >> 1)); \
			large = (type)(large + (a >= (type)k->large && a < inf)); \
			tiny = (type)(tiny + ((type)(a - 1) < (type)(k->tiny - 1))); \
		} \
		return (struct counts){ (size_t)odd, (size_t)large, (size_t)tiny, most, differs != 0 }; \
	}
COUNT(count16, uint16_t)
COUNT(count32, uint32_t)
COUNT(count64, uint64_t)

/* The same, with vectors of 32 bytes where the machine has them: counts of integers, so the same answer. */
#ifdef __x86_64__
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))

/* Sums and maxima stay in lanes of the elements' width: CHUNK elements fit. */
#define FAST(name, type, bits) \
	AVX2 static void name##_sizes(const uint8_t *p, size_t n, const struct kind *k, struct counts *c) \
	{ \
		enum { LANES = 256 / bits }; \
		const __m256i inf = _mm256_set1_epi##bits((type)k->infinity), one = _mm256_set1_epi##bits(1); \
		const __m256i from = _mm256_set1_epi##bits((type)k->large), \
			      below = _mm256_set1_epi##bits((type)(k->tiny - 1)); \
		const __m256i size = _mm256_srli_epi##bits(_mm256_set1_epi8(-1), 1); \
		__m256i large = _mm256_setzero_si256(), tiny = large; \
		size_t i = 0; \
		for (; i + LANES <= n; i += LANES) { \
			__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i * sizeof(type))); \
			__m256i a = _mm256_and_si256(x, size), less = _mm256_sub_epi##bits(a, one); \
			__m256i none = _mm256_cmpeq_epi##bits(_mm256_max_epu##bits(a, inf), a); \
			__m256i most = _mm256_cmpeq_epi##bits(_mm256_max_epu##bits(a, from), a); \
			__m256i not = _mm256_cmpeq_epi##bits(_mm256_max_epu##bits(less, below), less); \
			large = _mm256_sub_epi##bits(large, _mm256_andnot_si256(none, most)); \
			tiny = _mm256_add_epi##bits(tiny, _mm256_add_epi##bits(not, one)); \
		} \
		type lane[2][LANES]; \
		_mm256_storeu_si256((__m256i *)(void *)lane[0], large); \
		_mm256_storeu_si256((__m256i *)(void *)lane[1], tiny); \
		struct counts rest = count##bits(p + i * sizeof(type), n - i, k, 0, true); \
		c->large = rest.large; \
		c->tiny = rest.tiny; \
		for (size_t l = 0; l < LANES; l++) { \
			c->large += (size_t)(unsigned type)lane[0][l]; \
			c->tiny += (size_t)(unsigned type)lane[1][l]; \
		} \
	} \
	AVX2 static struct counts name(const uint8_t *p, size_t n, const struct kind *k, uint64_t value) \
	{ \
		enum { LANES = 256 / bits }; \
		const __m256i inf = _mm256_set1_epi##bits((type)k->infinity), is = _mm256_set1_epi##bits((type)value); \
		const __m256i size = _mm256_srli_epi##bits(_mm256_set1_epi8(-1), 1); \
		__m256i odd = _mm256_setzero_si256(), most = odd, differs = odd; \
		size_t i = 0; \
		for (; i + LANES <= n; i += LANES) { \
			__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(p + i * sizeof(type))); \
			__m256i a = _mm256_and_si256(x, size); \
			__m256i none = _mm256_cmpeq_epi##bits(_mm256_max_epu##bits(a, inf), a); \
			odd = _mm256_sub_epi##bits(odd, none); \
			most = _mm256_max_epu##bits(most, _mm256_andnot_si256(none, a)); \
			differs = _mm256_or_si256(differs, _mm256_xor_si256(x, is)); \
		} \
		type lane[2][LANES]; \
		_mm256_storeu_si256((__m256i *)(void *)lane[0], odd); \
		_mm256_storeu_si256((__m256i *)(void *)lane[1], most); \
		struct counts c = count##bits(p + i * sizeof(type), n - i, k, value, false); \
		for (size_t l = 0; l < LANES; l++) { \
			c.odd += (size_t)(unsigned type)lane[0][l]; \
			c.most = c.most > (unsigned type)lane[1][l] ? c.most : (unsigned type)lane[1][l]; \
		} \
		c.differs = c.differs || _mm256_testz_si256(differs, differs) == 0; \
		return c; \
	}
FAST(count16_avx2, short, 16)
FAST(count32_avx2, int, 32)

static bool fast(const struct gh_words *w, const struct kind *k, uint64_t value, bool sizes, struct counts *out)
{
	if ((w->width != 2 && w->width != 4) || !__builtin_cpu_supports("avx2"))
		return false;
	size_t n = gh_words_n(w);
	*out = w->width == 2 ? count16_avx2(w->bytes.p, n, k, value) : count32_avx2(w->bytes.p, n, k, value);
	if (sizes && w->width == 2)
		count16_avx2_sizes(w->bytes.p, n, k, out);
	else if (sizes)
		count32_avx2_sizes(w->bytes.p, n, k, out);
	return true;
}
#else
static bool fast(const struct gh_words *w, const struct kind *k, uint64_t value, bool sizes, struct counts *out)
{
	(void)w, (void)k, (void)value, (void)sizes, (void)out;
	return false;
}
#endif

static struct counts count(const struct gh_words *w, const struct kind *k, uint64_t value, bool sizes)
{
	size_t n = gh_words_n(w);
	const uint8_t *p = w->bytes.p;
	struct counts c;
	if (fast(w, k, value, sizes, &c))
		return c;
	return w->width == 2   ? count16(p, n, k, value, sizes)
	       : w->width == 4 ? count32(p, n, k, value, sizes)
			       : count64(p, n, k, value, sizes);
}

/* What a mask may be: minus infinity and one other value, or minus infinity above the diagonal of square matrices. */
static bool may_be_mask(const struct gh_values *v)
{
	bool square = v->t->ndim >= 2 && v->t->dim[v->t->ndim - 1] == v->t->dim[v->t->ndim - 2];
	return v->nan == 0 && (v->plus == 0 || !v->any) && (!v->varied || (square && !v->below));
}

static void one_by_one(struct gh_values *v, const struct gh_words *w, uint64_t sign)
{
	uint64_t inf = kinds[v->type].infinity, side = v->t->ndim != 0 ? v->t->dim[v->t->ndim - 1] : 1;
	size_t n = gh_words_n(w);
	side += side == 0;
	for (size_t i = 0; i < n; i++) {
		uint64_t x = gh_word(w, i), a = x & ~sign, at = v->n + i;
		if (a < inf) {
			v->varied = v->varied || (v->any && x != v->value);
			v->value = v->any ? v->value : x;
			v->any = true;
			continue;
		}
		if (v->odd == 0 && v->nan + v->plus + v->above == 0 && !v->below)
			v->first = at;
		v->nan += a > inf;
		v->plus += a == inf && (x & sign) == 0;
		if (a == inf && (x & sign) != 0) {
			bool above = at % side > at / side % side;
			v->above += above;
			v->below = v->below || !above;
		}
	}
}

static void add_chunk(struct gh_values *v, const struct gh_words *w)
{
	const struct kind *k = &kinds[v->type];
	uint64_t sign = UINT64_C(1) << (w->width * 8 - 1);
	size_t n = gh_words_n(w);
	bool sizes = v->seen < SAMPLE;
	struct counts c = count(w, k, v->value, sizes);
	if (c.odd != 0 && (v->odd == 0 || may_be_mask(v))) {
		one_by_one(v, w, sign);
	} else if (c.odd == 0) {
		if (!v->any) {
			v->value = gh_word(w, 0);
			v->any = true;
			c.differs = !v->varied && count(w, k, v->value, false).differs;
		}
		v->varied = v->varied || c.differs;
	}
	v->odd += c.odd;
	v->n += n;
	v->most = c.most > v->most ? c.most : v->most;
	if (sizes) {
		v->seen += n;
		v->large += c.large;
		v->tiny += c.tiny;
		v->seen_odd += c.odd;
	}
}

/* Numbers of the other byte order, turned round. */
static void add_swapped(struct gh_values *v, const struct gh_words *w)
{
	uint8_t swapped[CHUNK * 8];
	size_t n = gh_words_n(w);
	for (size_t i = 0; i < n; i++) {
		uint64_t x = gh_word(w, i);
		for (unsigned k = 0; k < w->width; k++)
			swapped[i * w->width + k] = (uint8_t)(x >> (8 * k));
	}
	struct gh_words turned = { { swapped, n * w->width }, w->width, false };
	add_chunk(v, &turned);
}

void gh_values_add(struct gh_values *v, const struct gh_words *w)
{
	size_t n = gh_words_n(w);
	for (size_t at = 0; at < n; at += CHUNK) {
		struct gh_words chunk = gh_words_from(w, at);
		chunk.bytes = gh_span_cut(chunk.bytes, 0, (uint64_t)CHUNK * w->width);
		if (w->big)
			add_swapped(v, &chunk);
		else
			add_chunk(v, &chunk);
	}
}

/* Every -inf above the diagonal, and all that is above it: any number of square matrices. */
static bool triangles(const struct gh_values *v)
{
	uint64_t side = v->t->ndim >= 2 ? v->t->dim[v->t->ndim - 1] : 0;
	if (side < 2 || side > UINT32_MAX || v->t->dim[v->t->ndim - 2] != side)
		return false;
	return !v->below && v->above == v->odd && v->odd == v->n / (side * side) * (side * (side - 1) / 2);
}

/* Uniformly random bits: numbers of impossible size in both directions, and no more NaNs than chance gives. */
static bool no_weights(const struct gh_values *v)
{
	uint64_t share = kinds[v->type].chance;
	return v->seen >= FEW && v->large >= v->seen / 16 && v->tiny >= v->seen / 16 &&
	       v->odd <= v->n / share * 2 + 8 && v->seen_odd <= v->seen / share * 2 + 8;
}

bool gh_values_bad(const struct gh_values *v)
{
	if (v->odd == 0 || v->n == 1)
		return false;
	if (v->nan == 0 && v->odd == v->n) /* nothing else: all of one sign, and no matrix */
		return v->t->ndim > 1 || (v->plus != 0 && v->plus != v->n);
	if (v->nan == 0 && v->plus == 0 && (!v->varied || triangles(v)))
		return false;
	return !no_weights(v);
}

/* Programs in the low bits of many elements, at any element.
 *
 * Every carrier gets an array with one entry for each element: the byte of the hidden stream that would start there.
 * The next byte of the same stream stands a fixed number of entries further on (8 when one bit is taken, 1 when eight
 * are). A program starts with one of eight pairs of bytes (each bit of a mask is one of them; a stream whose bytes are
 * filled the other way round shows the pair with its bits turned); two lookups by nibble for each byte of the pair, and
 * what is left of the mask says which. One position in some thousands of random weights passes: those are put together
 * bit by bit and validated as headers. */
#include "wire/bits.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

#ifdef __clang__
#define VECTORS /* by default */
#else
#define VECTORS __attribute__((optimize("O3")))
#endif

enum { CHUNK = 2048, MORE = 64 }; /* elements at a time; arrays are filled beyond, as far as pairs reach */

enum { ELF = 1, PE = 2, MACHO = 4, MACHO_BIG = 8, FAT = 16, ELF_TURNED = 32, PE_TURNED = 64, MACHO_TURNED = 128 };
enum { TURNED = ELF_TURNED | PE_TURNED | MACHO_TURNED };

/* Pairs: 7f 45, 4d 5a, ce or cf fa, fe ed, ca fe; turned: fe a2, b2 5a, 73 or f3 5f. By low and high nibble. */
static const uint8_t first_low[16] = { [0xf] = ELF | MACHO, [0xd] = PE,	       [0xe] = MACHO | MACHO_BIG | ELF_TURNED,
				       [0xa] = FAT,	    [0x2] = PE_TURNED, [0x3] = MACHO_TURNED };
static const uint8_t first_high[16] = { [0x7] = ELF | MACHO_TURNED,
					[0x4] = PE,
					[0xc] = MACHO | FAT,
					[0xf] = MACHO_BIG | ELF_TURNED | MACHO_TURNED,
					[0xb] = PE_TURNED };
static const uint8_t second_low[16] = {
	[0x5] = ELF,	     [0xa] = PE | MACHO | PE_TURNED, [0xd] = MACHO_BIG, [0xe] = FAT, [0x2] = ELF_TURNED,
	[0xf] = MACHO_TURNED
};
static const uint8_t second_high[16] = {
	[0x4] = ELF, [0x5] = PE | PE_TURNED | MACHO_TURNED, [0xf] = MACHO | FAT, [0xe] = MACHO_BIG, [0xa] = ELF_TURNED
};

static unsigned pair_mask(uint8_t a, uint8_t b)
{
	return first_low[a & 15] & first_high[a >> 4] & second_low[b & 15] & second_high[b >> 4];
}

struct room {
	uint8_t low[CHUNK + MORE], mid[CHUNK + MORE]; /* lowest and second lowest byte of each element */
	uint8_t one[CHUNK + MORE];
	uint8_t two[CHUNK + MORE], two_up[CHUNK + MORE]; /* first element in the low bits, in the high bits */
	uint8_t four[CHUNK + MORE], four_up[CHUNK + MORE];
	uint8_t a[CHUNK + MORE], b[CHUNK + MORE], c[CHUNK + MORE];
};

/* Where entries of each carrier are, how far apart the bytes of one stream. */
static const struct carrier {
	size_t first, second; /* offsets in struct room of the entries of the first and the second byte */
	unsigned step;
	bool wide;   /* only elements of 4 bytes and more have it */
	bool native; /* pairs with turned bits are not looked for */
	uint8_t takes[2];
	bool up; /* highest bits first */
} carriers[] = {
	{ offsetof(struct room, low), offsetof(struct room, low), 1, false, false, { 8 }, false },
	{ offsetof(struct room, four), offsetof(struct room, four), 2, false, false, { 4 }, false },
	{ offsetof(struct room, four_up), offsetof(struct room, four_up), 2, false, false, { 4 }, true },
	{ offsetof(struct room, two), offsetof(struct room, two), 4, false, false, { 2 }, false },
	{ offsetof(struct room, two_up), offsetof(struct room, two_up), 4, false, false, { 2 }, true },
	{ offsetof(struct room, one), offsetof(struct room, one), 8, false, false, { 1 }, false },
	{ offsetof(struct room, low), offsetof(struct room, mid), 0, true, true, { 16, 24 }, false },
	{ offsetof(struct room, mid), offsetof(struct room, low), 0, true, true, { 16 }, true },
};
enum { CARRIERS = sizeof carriers / sizeof carriers[0], NARROW = 6 };

/* ---- filling the arrays: plain loops that compilers turn into vector instructions -------------------------------- */
#define FILL static inline __attribute__((always_inline)) void
FILL fill_low(uint8_t *restrict to, const uint8_t *restrict p, size_t n, unsigned width)
{
	switch (width) {
	case 1: memcpy(to, p, n); break;
	case 2:
		for (size_t i = 0; i < n; i++)
			to[i] = p[2 * i];
		break;
	case 4:
		for (size_t i = 0; i < n; i++)
			to[i] = p[4 * i];
		break;
	default:
		for (size_t i = 0; i < n; i++)
			to[i] = p[8 * i];
		break;
	}
}

FILL fill(struct room *restrict r)
{
	uint8_t *restrict one = r->one, *restrict two = r->two, *restrict two_up = r->two_up, *restrict four = r->four,
			  *restrict four_up = r->four_up, *restrict a = r->a, *restrict b = r->b, *restrict c = r->c;
	const uint8_t *restrict low = r->low;
	for (size_t i = 0; i < CHUNK + 48; i++) {
		unsigned x = low[i], y = low[i + 1];
		four[i] = (uint8_t)((x & 15) | y << 4);
		four_up[i] = (uint8_t)(x << 4 | (y & 15));
		a[i] = (uint8_t)((x & 3) | (y & 3) << 2);
		b[i] = (uint8_t)((x & 3) << 2 | (y & 3));
		c[i] = (uint8_t)((x & 1) | (y & 1) << 1);
	}
	for (size_t i = 0; i < CHUNK + 32; i++) {
		two[i] = (uint8_t)(a[i] | a[i + 2] << 4);
		two_up[i] = (uint8_t)(b[i] << 4 | b[i + 2]);
	}
	for (size_t i = 0; i < CHUNK + 32; i++)
		b[i] = (uint8_t)(c[i] | c[i + 2] << 2);
	for (size_t i = 0; i < CHUNK + 16; i++)
		one[i] = (uint8_t)(b[i] | b[i + 4] << 4);
}

/* The bytes of the chunk that starts at `p`, of which `n` elements are there; the rest of the arrays is zero. */
FILL load(struct room *r, const struct gh_words *w, size_t at)
{
	size_t n = gh_words_n(w) - at;
	n = n < CHUNK + MORE ? n : CHUNK + MORE;
	const uint8_t *p = w->bytes.p + at * w->width;
	if (n < CHUNK + MORE) {
		memset(r->low + n, 0, CHUNK + MORE - n);
		memset(r->mid + n, 0, CHUNK + MORE - n);
	}
	fill_low(r->low, p + (w->big ? w->width - 1u : 0), n, w->width);
	if (w->width >= 4)
		fill_low(r->mid, p + (w->big ? w->width - 2u : 1), n, w->width);
	fill(r);
}

VECTORS static void load_plain(struct room *r, const struct gh_words *w, size_t at) { load(r, w, at); }

/* ---- validating ------------------------------------------------------------------------------------------------------ */
/* The rest of the magic, of a PE file the place of its header: four bytes that only one in millions passes. */
static bool likely(const struct gh_words *from, const struct gh_bits *how, unsigned kind)
{
	uint8_t four[4];
	bool pe = (kind & (PE | PE_TURNED)) != 0;
	if (gh_bits_take(from, how, pe ? 60 : 0, four, 4) != 4)
		return false;
	uint32_t le = gh_le32(four), be = gh_be32(four);
	return pe ? le <= GH_PROGRAM_HEAD
		  : be == 0x7f454c46 || (le | 1) == 0xfeedfacf || (be | 1) == 0xfeedfacf || (be | 1) == 0xcafebabf;
}

static bool confirmed(const struct gh_words *from, const struct gh_bits *how, struct gh_program *out)
{
	uint8_t head[GH_PROGRAM_HEAD];
	struct gh_span stream = { head, gh_bits_take(from, how, 0, head, sizeof head) };
	return gh_program_find(stream, out, 1) == 1 && out->at == 0;
}

/* Some pair was seen at this entry: which, and is it a program? */
static bool look_at(const struct room *r, const struct gh_words *w, size_t at, size_t i, struct gh_bits_found *out)
{
	for (size_t k = w->width == 1 ? 1 : 0; k < (w->width >= 4 ? (size_t)CARRIERS : (size_t)NARROW); k++) {
		const struct carrier *c = &carriers[k];
		unsigned m = pair_mask(((const uint8_t *)r + c->first)[i],
				       ((const uint8_t *)r + c->second)[i + c->step]);
		if (c->native)
			m &= ~(unsigned)TURNED;
		for (; m != 0; m &= m - 1) {
			unsigned kind = m & (0 - m);
			for (size_t t = 0; t < 2 && c->takes[t] != 0; t++) {
				struct gh_bits how = { .take = c->takes[t],
						       .high_first = c->up,
						       .msb_first = c->up != ((kind & TURNED) != 0) };
				struct gh_words rest = gh_words_from(w, at + i);
				if (!likely(&rest, &how, kind) || !confirmed(&rest, &how, &out->program))
					continue;
				out->at = at + i;
				out->how = how;
				return true;
			}
		}
	}
	return false;
}

bool gh_bits_program_plain(const struct gh_words *w, size_t n, struct gh_bits_found *out)
{
	struct room r;
	size_t all = gh_words_n(w);
	n = n < all ? n : all;
	for (size_t at = 0; at < n; at += CHUNK) {
		load_plain(&r, w, at);
		size_t end = n - at < CHUNK ? n - at : CHUNK;
		for (size_t i = 0; i < end; i++)
			if (look_at(&r, w, at, i, out))
				return true;
	}
	return false;
}

/* ---- the fast way ---------------------------------------------------------------------------------------------------- */
#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))

VECTORS AVX2 static void load_avx2(struct room *r, const struct gh_words *w, size_t at) { load(r, w, at); }

struct nibbles {
	__m256i first_low, first_high, second_low, second_high, low;
};

AVX2 static inline __m256i table(const uint8_t t[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)t));
}

/* pair_mask() of 32 entries. */
AVX2 static inline __m256i pairs(const struct nibbles *t, const uint8_t *p, const uint8_t *q)
{
	__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)p);
	__m256i y = _mm256_loadu_si256((const __m256i *)(const void *)q);
	__m256i xh = _mm256_and_si256(_mm256_srli_epi16(x, 4), t->low), xl = _mm256_and_si256(x, t->low);
	__m256i yh = _mm256_and_si256(_mm256_srli_epi16(y, 4), t->low), yl = _mm256_and_si256(y, t->low);
	__m256i a = _mm256_and_si256(_mm256_shuffle_epi8(t->first_low, xl), _mm256_shuffle_epi8(t->first_high, xh));
	__m256i b = _mm256_and_si256(_mm256_shuffle_epi8(t->second_low, yl), _mm256_shuffle_epi8(t->second_high, yh));
	return _mm256_and_si256(a, b);
}

/* Bit i of the result: some carrier shows a pair at entry from + i. */
AVX2 static inline uint32_t seen(const struct nibbles *t, const struct room *r, size_t from, unsigned width)
{
	__m256i any = pairs(t, r->one + from, r->one + from + 8);
	any = _mm256_or_si256(any, pairs(t, r->two + from, r->two + from + 4));
	any = _mm256_or_si256(any, pairs(t, r->two_up + from, r->two_up + from + 4));
	any = _mm256_or_si256(any, pairs(t, r->four + from, r->four + from + 2));
	any = _mm256_or_si256(any, pairs(t, r->four_up + from, r->four_up + from + 2));
	if (width >= 2)
		any = _mm256_or_si256(any, pairs(t, r->low + from, r->low + from + 1));
	if (width >= 4) {
		any = _mm256_or_si256(any, pairs(t, r->low + from, r->mid + from));
		any = _mm256_or_si256(any, pairs(t, r->mid + from, r->low + from));
	}
	return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(any, _mm256_setzero_si256()));
}

AVX2 static bool program_avx2(const struct gh_words *w, size_t n, struct gh_bits_found *out)
{
	struct room r;
	const struct nibbles t = { table(first_low), table(first_high), table(second_low), table(second_high),
				   _mm256_set1_epi8(15) };
	size_t all = gh_words_n(w);
	n = n < all ? n : all;
	for (size_t at = 0; at < n; at += CHUNK) {
		load_avx2(&r, w, at);
		size_t end = n - at < CHUNK ? n - at : CHUNK;
		for (size_t i = 0; i < end; i += 32)
			for (uint32_t m = seen(&t, &r, i, w->width); m != 0; m &= m - 1) {
				size_t k = i + (unsigned)__builtin_ctz(m);
				if (k < end && look_at(&r, w, at, k, out))
					return true;
			}
	}
	return false;
}

/* The same with vectors of 64 bytes. */
#ifdef __clang__
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))
#else
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,prefer-vector-width=512")))
#endif

VECTORS AVX512 static void load_avx512(struct room *r, const struct gh_words *w, size_t at) { load(r, w, at); }

struct wide {
	__m512i first_low, first_high, second_low, second_high, low;
};

AVX512 static inline __m512i table512(const uint8_t t[16])
{
	return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)t));
}

AVX512 static inline __m512i pairs512(const struct wide *t, const uint8_t *p, const uint8_t *q)
{
	__m512i x = _mm512_loadu_si512(p), y = _mm512_loadu_si512(q);
	__m512i xh = _mm512_and_si512(_mm512_srli_epi16(x, 4), t->low), xl = _mm512_and_si512(x, t->low);
	__m512i yh = _mm512_and_si512(_mm512_srli_epi16(y, 4), t->low), yl = _mm512_and_si512(y, t->low);
	__m512i a = _mm512_and_si512(_mm512_shuffle_epi8(t->first_low, xl), _mm512_shuffle_epi8(t->first_high, xh));
	__m512i b = _mm512_and_si512(_mm512_shuffle_epi8(t->second_low, yl), _mm512_shuffle_epi8(t->second_high, yh));
	return _mm512_and_si512(a, b);
}

AVX512 static inline uint64_t seen512(const struct wide *t, const struct room *r, size_t from, unsigned width)
{
	__m512i any = pairs512(t, r->one + from, r->one + from + 8);
	any = _mm512_or_si512(any, pairs512(t, r->two + from, r->two + from + 4));
	any = _mm512_or_si512(any, pairs512(t, r->two_up + from, r->two_up + from + 4));
	any = _mm512_or_si512(any, pairs512(t, r->four + from, r->four + from + 2));
	any = _mm512_or_si512(any, pairs512(t, r->four_up + from, r->four_up + from + 2));
	if (width >= 2)
		any = _mm512_or_si512(any, pairs512(t, r->low + from, r->low + from + 1));
	if (width >= 4) {
		any = _mm512_or_si512(any, pairs512(t, r->low + from, r->mid + from));
		any = _mm512_or_si512(any, pairs512(t, r->mid + from, r->low + from));
	}
	return _mm512_test_epi8_mask(any, any);
}

AVX512 static bool program_avx512(const struct gh_words *w, size_t n, struct gh_bits_found *out)
{
	struct room r;
	const struct wide t = { table512(first_low), table512(first_high), table512(second_low), table512(second_high),
				_mm512_set1_epi8(15) };
	size_t all = gh_words_n(w);
	n = n < all ? n : all;
	for (size_t at = 0; at < n; at += CHUNK) {
		load_avx512(&r, w, at);
		size_t end = n - at < CHUNK ? n - at : CHUNK;
		for (size_t i = 0; i < end; i += 64)
			for (uint64_t m = seen512(&t, &r, i, w->width); m != 0; m &= m - 1) {
				size_t k = i + (unsigned)__builtin_ctzll(m);
				if (k < end && look_at(&r, w, at, k, out))
					return true;
			}
	}
	return false;
}

bool gh_bits_program(const struct gh_words *w, size_t n, struct gh_bits_found *out)
{
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return program_avx512(w, n, out);
	return __builtin_cpu_supports("avx2") ? program_avx2(w, n, out) : gh_bits_program_plain(w, n, out);
}
#else
bool gh_bits_program(const struct gh_words *w, size_t n, struct gh_bits_found *out)
{
	return gh_bits_program_plain(w, n, out);
}
#endif

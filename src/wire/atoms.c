/* Two looks at each place before atoms are compared. The first takes four bytes by their halves: sixteen groups of atoms (by the upper
 * half of their first byte), a bit of each for each half of each byte, and what is left of all is the groups that may begin there;
 * whole vectors at a time, eight groups in a byte.
 * The second is a bit for the hash of three bytes. Where there are no vectors the second is all there is. */
#include "wire/atoms.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { BITS = 17, WORD = 64, BYTES = 4, HASHED = 3, SETS = 2 };

/* Atoms that share their first three bytes. An atom of two bytes stands under all 256 values of the third. */
struct slot {
	uint32_t key; /* the three bytes, plus 1; 0: free */
	uint32_t first, n;
};

struct gh_atoms {
	uint8_t low[SETS][BYTES][16], high[SETS][BYTES][16]; /* groups, by the halves of each byte */
	uint64_t bit[(1 << BITS) / WORD];
	uint32_t mask; /* slots, less 1 */
	struct slot *slot;
	struct gh_atom *atom; /* in the order of their slots */
};

static uint32_t three(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16; }

/* Of the three low bytes; what is above them falls out. */
static uint32_t hash(uint32_t v) { return (v << 8) * UINT32_C(0x9e3779b1) >> (32 - BITS); }

static struct slot *slot_of(const struct gh_atoms *t, uint32_t key)
{
	uint32_t i = (key * UINT32_C(0x85ebca6b)) >> 8 & t->mask;
	while (t->slot[i].key != 0 && t->slot[i].key != key + 1)
		i = (i + 1) & t->mask;
	return &t->slot[i];
}

static void mark(struct gh_atoms *t, uint32_t key, const struct gh_atom *a)
{
	/* Digits have a group of their own: text that is nothing but numbers is frequent, atoms with digits are not. */
	bool sign = a->b[0] >= ':' && a->b[0] <= '?';
	unsigned of = sign ? 0 : a->b[0] >> 4, set = of / 8;
	uint8_t in = (uint8_t)(1u << of % 8);
	for (unsigned i = 0; i < HASHED; i++) {
		t->low[set][i][key >> 8 * i & 15] |= in;
		t->high[set][i][key >> (8 * i + 4) & 15] |= in;
	}
	for (unsigned i = 0; i < 16; i++) { /* behind a short one anything may stand */
		t->low[set][HASHED][i] |= a->n < BYTES || (a->b[HASHED] & 15) == i ? in : 0;
		t->high[set][HASHED][i] |= a->n < BYTES || a->b[HASHED] >> 4 == i ? in : 0;
	}
	uint32_t h = hash(key);
	t->bit[h / WORD] |= UINT64_C(1) << (h % WORD);
	slot_of(t, key)->key = key + 1;
	slot_of(t, key)->n++;
}

static unsigned thirds(const struct gh_atom *a) { return a->n == 2 ? 256 : 1; }

static uint32_t key_of(const struct gh_atom *a, unsigned i)
{
	return (uint32_t)a->b[0] | (uint32_t)a->b[1] << 8 | (a->n == 2 ? i : a->b[2]) << 16;
}

struct gh_atoms *gh_atoms_new(struct gh_arena *arena, const struct gh_atom *list, size_t n)
{
	size_t all = 0, slots = 1024;
	for (size_t i = 0; i < n; i++) {
		if (list[i].n < GH_ATOM_MIN || list[i].n > GH_ATOM_MAX || i >= GH_ATOMS_MAX)
			return NULL;
		all += thirds(&list[i]);
	}
	while (slots < 2 * all)
		slots *= 2;
	struct gh_atoms *t = GH_NEW(arena, struct gh_atoms, 1);
	if (t == NULL || (t->slot = GH_NEW(arena, struct slot, slots)) == NULL ||
	    (t->atom = GH_NEW(arena, struct gh_atom, all + 1)) == NULL)
		return NULL;
	t->mask = (uint32_t)slots - 1;
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < thirds(&list[i]); k++)
			mark(t, key_of(&list[i], k), &list[i]);
	uint32_t at = 0;
	for (size_t i = 0; i < slots; i++) {
		t->slot[i].first = at;
		at += t->slot[i].n;
		t->slot[i].n = 0;
	}
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < thirds(&list[i]); k++) {
			struct slot *s = slot_of(t, key_of(&list[i], k));
			t->atom[s->first + s->n++] = list[i];
		}
	return t;
}

static void add(struct gh_atom_hit *out, const struct gh_atom *a)
{
	out->reach = a->reach > out->reach ? a->reach : out->reach;
	out->words = a->words > out->words ? a->words : out->words;
	for (unsigned i = 0; i < GH_ATOM_SETS; i++)
		out->of[i] |= a->of[i];
}

/* Which atoms stand at p, of which `left` bytes are there. */
static bool stands(const struct gh_atoms *t, const uint8_t *p, size_t left, struct gh_atom_hit *out)
{
	uint8_t key[GH_ATOM_MAX] = { 0 };
	memcpy(key, p, left < GH_ATOM_MAX ? left : GH_ATOM_MAX);
	const struct slot *s = slot_of(t, three(key));
	bool any = false;
	out->reach = out->words = 0;
	memset(out->of, 0, sizeof out->of);
	for (uint32_t i = 0; s->key != 0 && i < s->n; i++) {
		const struct gh_atom *a = &t->atom[s->first + i];
		if (a->n > left || (a->n == 4 && a->b[3] != key[3]))
			continue;
		add(out, a);
		any = true;
	}
	return any;
}

static unsigned likely(const struct gh_atoms *t, uint32_t v)
{
	uint32_t h = hash(v);
	return (unsigned)(t->bit[h / WORD] >> (h % WORD) & 1);
}

/* One place after the other, up to `end`. */
static bool next_plain(const struct gh_atoms *t, struct gh_span s, size_t from, size_t end, struct gh_atom_hit *out)
{
	for (size_t i = from; i < end; i++) {
		out->at = i;
		if (s.n - i >= HASHED && !likely(t, three(s.p + i)))
			continue;
		if (stands(t, s.p + i, s.n - i, out))
			return true;
	}
	return false;
}

bool gh_atoms_next_plain(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out)
{
	return next_plain(t, s, from, s.n, out);
}

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl")))

/* Places i + bit that the first look leaves: which of them hold an atom? At least four bytes are behind each. */
static inline bool left_over(const struct gh_atoms *t, struct gh_span s, size_t i, uint64_t m, struct gh_atom_hit *out)
{
	for (; m != 0; m &= m - 1) {
		uint32_t v;
		out->at = i + (unsigned)__builtin_ctzll(m);
		memcpy(&v, s.p + out->at, sizeof v);
		if (likely(t, v) != 0 && stands(t, s.p + out->at, s.n - out->at, out))
			return true;
	}
	return false;
}

AVX2 static bool next_avx2(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out)
{
	enum { LANE = 32 };
	const __m256i half = _mm256_set1_epi8(15);
	const __m128i *lows = (const __m128i *)(const void *)t->low, *highs = (const __m128i *)(const void *)t->high;
	__m256i low[SETS * BYTES], high[SETS * BYTES];
	size_t i = from;
	for (unsigned b = 0; b < SETS * BYTES; b++) {
		low[b] = _mm256_broadcastsi128_si256(_mm_loadu_si128(lows + b));
		high[b] = _mm256_broadcastsi128_si256(_mm_loadu_si128(highs + b));
	}
	for (; i < s.n && s.n - i >= LANE + GH_ATOM_MAX; i += LANE) {
		__m256i left = _mm256_set1_epi8(-1), more = left;
		for (unsigned b = 0; b < BYTES; b++) {
			__m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(s.p + i + b));
			__m256i up = _mm256_and_si256(_mm256_srli_epi16(x, 4), half), down = _mm256_and_si256(x, half);
			left = _mm256_and_si256(left, _mm256_shuffle_epi8(low[b], down));
			left = _mm256_and_si256(left, _mm256_shuffle_epi8(high[b], up));
			more = _mm256_and_si256(more, _mm256_shuffle_epi8(low[BYTES + b], down));
			more = _mm256_and_si256(more, _mm256_shuffle_epi8(high[BYTES + b], up));
		}
		left = _mm256_or_si256(left, more);
		int none = _mm256_movemask_epi8(_mm256_cmpeq_epi8(left, _mm256_setzero_si256()));
		if (left_over(t, s, i, ~(uint32_t)none, out))
			return true;
	}
	return next_plain(t, s, i, s.n, out);
}

AVX512 static bool next_avx512(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out)
{
	enum { LANE = 64 };
	const __m512i half = _mm512_set1_epi8(15);
	const __m128i *lows = (const __m128i *)(const void *)t->low, *highs = (const __m128i *)(const void *)t->high;
	__m512i low[SETS * BYTES], high[SETS * BYTES];
	size_t i = from;
	for (unsigned b = 0; b < SETS * BYTES; b++) {
		low[b] = _mm512_broadcast_i32x4(_mm_loadu_si128(lows + b));
		high[b] = _mm512_broadcast_i32x4(_mm_loadu_si128(highs + b));
	}
	for (; i < s.n && s.n - i >= LANE + GH_ATOM_MAX; i += LANE) {
		__m512i left = _mm512_set1_epi8(-1), more = left;
		for (unsigned b = 0; b < BYTES; b++) {
			__m512i x = _mm512_loadu_si512(s.p + i + b);
			__m512i up = _mm512_and_si512(_mm512_srli_epi16(x, 4), half), down = _mm512_and_si512(x, half);
			left = _mm512_and_si512(left, _mm512_shuffle_epi8(low[b], down));
			left = _mm512_and_si512(left, _mm512_shuffle_epi8(high[b], up));
			more = _mm512_and_si512(more, _mm512_shuffle_epi8(low[BYTES + b], down));
			more = _mm512_and_si512(more, _mm512_shuffle_epi8(high[BYTES + b], up));
		}
		left = _mm512_or_si512(left, more);
		if (left_over(t, s, i, _mm512_test_epi8_mask(left, left), out))
			return true;
	}
	return next_plain(t, s, i, s.n, out);
}

bool gh_atoms_next(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out)
{
	if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
		return next_avx512(t, s, from, out);
	return __builtin_cpu_supports("avx2") ? next_avx2(t, s, from, out) : next_plain(t, s, from, s.n, out);
}
#else
bool gh_atoms_next(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out)
{
	return next_plain(t, s, from, s.n, out);
}
#endif

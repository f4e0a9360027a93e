#include "wire/keywords.h"

/* Bit 5 decides between small and capital letters; other characters that differ only in it are told apart by the comparison. */
static uint32_t fold(uint32_t v) { return v | 0x20202020u; }
static uint32_t hash(uint32_t folded) { return (folded * 0x9e3779b1u) >> 15; }
static uint32_t group(uint32_t folded) { return ((folded & 0xffffffu) * 0x9e3779b1u) >> 24; }

static uint8_t small(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c; }

static uint32_t three(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16; }

void gh_kw_make(struct gh_kw *k, const char *const *words, unsigned n)
{
	*k = (struct gh_kw){ .word = words, .n = n < GH_KW_MAX ? n : GH_KW_MAX };
	for (unsigned i = 0; i < k->n; i++) {
		struct gh_span w = gh_span_str(words[i]);
		if (w.n < GH_KW_LEAST || w.n > UINT8_MAX)
			continue;
		uint32_t v = w.n == 3 ? three(w.p) : gh_le32(w.p);
		k->len[i] = (uint8_t)w.n;
		for (uint32_t c = 0; c < (w.n == 3 ? 256u : 1u); c++) { /* a short word: whatever follows it */
			uint32_t h = hash(fold(v | c << 24));
			k->bits[h >> 6] |= (uint64_t)1 << (h & 63);
		}
		uint16_t *at = &k->head[group(fold(v))]; /* the longest stands first */
		while (*at != 0 && k->len[*at - 1] > w.n)
			at = &k->next[*at - 1];
		k->next[i] = *at;
		*at = (uint16_t)(i + 1);
	}
}

static bool is_at(const struct gh_kw *k, struct gh_span s, size_t at, unsigned i)
{
	size_t n = k->len[i];
	if (n == 0 || n > s.n - at)
		return false;
	const uint8_t *w = (const uint8_t *)k->word[i], *p = s.p + at;
	for (size_t j = 0; j < n; j++)
		if (small(p[j]) != small(w[j]))
			return false;
	return true;
}

static unsigned chain(const struct gh_kw *k, struct gh_span s, size_t at, unsigned from)
{
	for (unsigned i = from; i != 0; i = k->next[i - 1])
		if (is_at(k, s, at, i - 1))
			return i - 1;
	return GH_KW_NONE;
}

size_t gh_kw_find(const struct gh_kw *k, struct gh_span s, size_t from, size_t to, unsigned *which)
{
	if (s.n < GH_KW_LEAST)
		return SIZE_MAX;
	size_t quick = s.n - 3, end = to < s.n - 2 ? to : s.n - 2; /* up to quick, four bytes can be loaded */
	size_t i = from, fast = end < quick ? end : quick;
	for (; i < fast; i++) {
		uint32_t v = fold(gh_le32(s.p + i)), h = hash(v);
		if ((k->bits[h >> 6] >> (h & 63) & 1) == 0)
			continue;
		*which = chain(k, s, i, k->head[group(v)]);
		if (*which != GH_KW_NONE)
			return i;
	}
	for (; i < end; i++) { /* the last three bytes: a short word */
		*which = chain(k, s, i, k->head[group(fold(three(s.p + i)))]);
		if (*which != GH_KW_NONE)
			return i;
	}
	return SIZE_MAX;
}

unsigned gh_kw_also(const struct gh_kw *k, struct gh_span s, size_t at, unsigned which)
{
	return which >= k->n ? (unsigned)GH_KW_NONE : chain(k, s, at, k->next[which]);
}

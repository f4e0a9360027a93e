/* Characters that are not seen and carry messages. Each has honest uses, which stay silent: flags of regions are made of tags,
 * emoji of joiners and selectors, Persian and Indic words hold non-joiners, files start with a byte order mark, lists of tokens
 * name every character once. A message needs many of them in a row. */
#include "check/injection_int.h"

#include "base/utf8.h"

enum { TAGS = 3, SELECTORS = 4, ZEROS = 12, GROUP = 4 };

static bool zero(uint32_t c)
{
	return (c >= 0x200b && c <= 0x200d) || (c >= 0x2060 && c <= 0x2064) || c == 0xfeff || c == 0x180e ||
	       c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0 || c == 0x200e || c == 0x200f;
}
static bool tag(uint32_t c) { return c >= 0xe0000 && c <= 0xe007f; }
static bool selector(uint32_t c) { return (c >= 0xfe00 && c <= 0xfe0f) || (c >= 0xe0100 && c <= 0xe01ef); }
static bool latin(uint32_t c) { return c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

/* Small and capital letters that look like these of Latin. */
static const struct {
	uint16_t cp;
	char as;
} alike[] = {
	{ 0x430, 'a' }, { 0x435, 'e' }, { 0x43e, 'o' }, { 0x440, 'p' }, { 0x441, 'c' }, { 0x443, 'y' }, { 0x445, 'x' },
	{ 0x456, 'i' }, { 0x458, 'j' }, { 0x455, 's' }, { 0x4bb, 'h' }, { 0x501, 'd' }, { 0x51b, 'q' }, { 0x51d, 'w' },
	{ 0x410, 'A' }, { 0x412, 'B' }, { 0x415, 'E' }, { 0x41a, 'K' }, { 0x41c, 'M' }, { 0x41d, 'H' }, { 0x41e, 'O' },
	{ 0x420, 'P' }, { 0x421, 'C' }, { 0x422, 'T' }, { 0x425, 'X' }, { 0x406, 'I' }, { 0x405, 'S' }, { 0x3bf, 'o' },
	{ 0x3b1, 'a' }, { 0x3bd, 'v' }, { 0x39f, 'O' }, { 0x391, 'A' }, { 0x395, 'E' }, { 0x399, 'I' }, { 0x4cf, 'l' },
	{ 0x261, 'g' }, { 0x131, 'i' },
};

static char latin_of(uint32_t cp)
{
	for (size_t i = 0; i < sizeof alike / sizeof alike[0]; i++)
		if (alike[i].cp == cp)
			return alike[i].as;
	if (cp >= 0xff01 && cp <= 0xff5e) /* full width */
		return (char)(cp - 0xfee0);
	if (cp >= 0x1d400 && cp <= 0x1d6a3) /* letters of formulas: thirteen alphabets */
		return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(cp - 0x1d400) % 52];
	if (cp >= 0x24b6 && cp <= 0x24e9) /* in circles */
		return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[cp - 0x24b6];
	return 0;
}

size_t gh_unseen_strip(struct gh_span s, uint8_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = s.p[i];
		unsigned len = cp < 0x80 ? 1 : gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (len == 0) {
			i++;
			continue;
		}
		char as = cp < 0x80 ? 0 : latin_of(cp);
		if (as != 0)
			out[n++] = (uint8_t)as;
		else if (!zero(cp) && !selector(cp) && !tag(cp) && cp != 0xad && cp != 0x34f) {
			memcpy(out + n, s.p + i, len);
			n += len;
		}
		i += len;
	}
	return n;
}

static void put(struct gh_unseen *u, uint8_t c)
{
	if (u->n < sizeof u->text)
		u->text[u->n++] = c;
}

/* Bits in the two characters that are used most: the one of the smaller code for 0, then the other way round. */
static void bits_of(struct gh_span s, struct gh_unseen *u)
{
	uint32_t two[2] = { 0 }, cp;
	for (size_t i = 0; i < s.n;) {
		unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		i += n == 0 ? 1 : n;
		if (two[0] == 0 || two[0] == cp)
			two[0] = cp;
		else if (two[1] == 0)
			two[1] = cp;
	}
	for (unsigned way = 0; way < 2; way++) {
		unsigned bits = 0, have = 0, good = 0;
		u->n = 0;
		for (size_t i = 0; i < s.n;) {
			unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
			i += n == 0 ? 1 : n;
			if (cp != two[0] && cp != two[1])
				continue;
			bits = bits << 1 | (cp == two[way] ? 1u : 0u);
			if (++have == 8) {
				good += (bits & 0xff) >= ' ' && (bits & 0xff) < 0x7f;
				put(u, (uint8_t)bits);
				have = 0;
			}
		}
		if (u->n >= 2 && good * 10 >= u->n * 9)
			return;
	}
	u->n = 0;
}

/* A run of one kind from i on; returns where it ends. */
static size_t run(struct gh_span s, size_t i, bool (*is)(uint32_t), uint64_t *chars)
{
	uint32_t cp;
	*chars = 0;
	for (unsigned n; i < s.n && (n = gh_utf8_next(gh_span_cut(s, i, 4), &cp)) != 0 && is(cp); i += n)
		++*chars;
	return i;
}

static void decode(struct gh_span s, struct gh_unseen *u)
{
	uint32_t cp;
	unsigned n;
	struct gh_span part = gh_span_cut(s, u->at, u->len);
	if (u->kind == GH_UNSEEN_ZERO)
		bits_of(part, u);
	for (size_t i = 0; i < part.n && u->kind < GH_UNSEEN_ZERO; i += n) {
		n = gh_utf8_next(gh_span_cut(part, i, 4), &cp);
		if (n == 0)
			break;
		if (u->kind == GH_UNSEEN_SELECTORS)
			put(u, (uint8_t)(cp < 0xe0000 ? cp - 0xfe00 : cp - 0xe0100 + 16));
		else if (cp >= 0xe0020 && cp < 0xe007f)
			put(u, (uint8_t)(cp - 0xe0000));
	}
}

/* Quotes around what overrides the direction: a list of characters, not a use of them. */
static bool turned(struct gh_span s, size_t i)
{
	unsigned letters = 0;
	for (size_t k = i + 3; k < s.n && k < i + 40 && s.p[k] != '\n'; k++)
		letters += latin(s.p[k]);
	return letters >= 4 && s.n - i > 3 && memchr("\"'`\\", s.p[i + 3], 4) == NULL;
}

/* Where a character of interest may start. */
static const uint8_t lead[256] = {
	[0xe2] = 1, [0xf3] = 1, [0xef] = 1, [0xc2] = 2, [0xd0] = 3, [0xd1] = 3, [0xe1] = 1, [0xe3] = 1, [0xf0] = 1
};

static size_t skip_ascii(struct gh_span s, size_t i, size_t to)
{
	uint64_t w;
	while (i < to && to - i >= 8) {
		memcpy(&w, s.p + i, 8);
		if ((w & 0x8080808080808080u) != 0)
			break;
		i += 8;
	}
	while (i < to && lead[s.p[i]] == 0)
		i++;
	return i;
}

void gh_unseen_look(struct gh_span s, size_t from, size_t to, struct gh_dressed *d,
		    void (*found)(void *arg, const struct gh_unseen *), void *arg)
{
	for (size_t i = skip_ascii(s, from, to); i < to; i = skip_ascii(s, i, to)) {
		uint32_t cp = 0, before = 0;
		if (lead[s.p[i]] == 3 && !latin(i > 0 ? s.p[i - 1] : 0) && !latin(i + 2 < s.n ? s.p[i + 2] : 0)) {
			i += 2; /* a word of that script */
			continue;
		}
		unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (n == 0) {
			i++;
			continue;
		}
		if (i > 0)
			before = s.p[i - 1];
		uint32_t after = i + n < s.n ? s.p[i + n] : 0;
		struct gh_unseen u = { .at = i };
		size_t end = i + n;
		bool says = false;
		if (tag(cp)) {
			end = run(s, i, tag, &u.chars);
			bool flag = i >= 4 && memcmp(s.p + i - 4, "\xf0\x9f\x8f\xb4", 4) == 0 && u.chars <= 8;
			says = u.chars >= TAGS && !flag;
			u.kind = GH_UNSEEN_TAGS;
		} else if (selector(cp)) {
			end = run(s, i, selector, &u.chars);
			says = u.chars >= SELECTORS;
			u.kind = GH_UNSEEN_SELECTORS;
			/* Those of the upper plane choose forms of ideographs; behind a letter or a blank they choose nothing. */
			bool idle = !says && cp >= 0xe0100 && i > 0 && before < 0x80;
			d->groups += idle;
			d->grouped += idle ? u.chars : 0;
		} else if (zero(cp)) {
			end = run(s, i, zero, &u.chars);
			says = u.chars >= ZEROS;
			u.kind = GH_UNSEEN_ZERO;
			d->groups += !says && u.chars >= GROUP;
			d->grouped += !says && u.chars >= GROUP ? u.chars : 0;
			after = end < s.n ? s.p[end] : 0;
			d->split += latin(before) && latin(after);
		} else if (cp == 0xad) {
			d->split += latin(before) && latin(after);
		} else if (cp == 0x202d || cp == 0x202e) {
			says = turned(s, i);
			u.kind = GH_UNSEEN_TURN;
			u.chars = 1;
		} else if (lead[s.p[i]] == 3 && (latin(before) || latin(after))) {
			d->mixed += latin_of(cp) != 0;
		} else if (cp >= 0x2000) {
			char as = latin_of(cp);
			d->folded += as != 0 && latin((uint8_t)as);
		}
		if (says) {
			u.len = end - i;
			decode(s, &u);
			found(arg, &u);
		}
		i = end > i ? end : i + 1;
	}
}

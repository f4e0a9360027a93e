#include "format/pickle/glance.h"

#include "wire/digits.h"

/* What an opcode does to the number of values above the nearest mark. */
enum arg { NONE, FIXED, COUNT, LINE };
struct effect {
	uint8_t code; /* 0: no opcode */
	uint8_t need; /* values it takes from above the mark */
	uint8_t push;
	uint8_t arg, size; /* FIXED: bytes of operand; COUNT: width of the length before the content */
	bool mark;	   /* takes everything down to a mark, which must be there */
};
#define OP(c, n, p, a, s) [c] = { 1, n, p, a, s, false }
#define TO_MARK(c, p, a) [c] = { 1, 0, p, a, 0, true }
static const struct effect effects[256] = {
	OP('0', 1, 0, NONE, 0),	  OP('2', 1, 2, NONE, 0),   OP('F', 0, 1, LINE, 0),   OP('I', 0, 1, LINE, 0),
	OP('L', 0, 1, LINE, 0),	  OP('N', 0, 1, NONE, 0),   OP('P', 0, 1, LINE, 0),   OP('R', 2, 1, NONE, 0),
	OP('S', 0, 1, LINE, 0),	  OP('V', 0, 1, LINE, 0),   OP('a', 2, 1, NONE, 0),   OP('b', 2, 1, NONE, 0),
	OP('c', 0, 1, LINE, 0),	  OP('g', 0, 1, LINE, 0),   OP('p', 1, 1, LINE, 0),   OP('s', 3, 1, NONE, 0),
	OP('J', 0, 1, FIXED, 4),  OP('K', 0, 1, FIXED, 1),  OP('M', 0, 1, FIXED, 2),  OP('Q', 1, 1, NONE, 0),
	OP('T', 0, 1, COUNT, 4),  OP('U', 0, 1, COUNT, 1),  OP('X', 0, 1, COUNT, 4),  OP('}', 0, 1, NONE, 0),
	OP('h', 0, 1, FIXED, 1),  OP('j', 0, 1, FIXED, 4),  OP(']', 0, 1, NONE, 0),   OP('q', 1, 1, FIXED, 1),
	OP('r', 1, 1, FIXED, 4),  OP(')', 0, 1, NONE, 0),   OP('G', 0, 1, FIXED, 8),  OP(0x80, 0, 0, FIXED, 1),
	OP(0x81, 2, 1, NONE, 0),  OP(0x82, 0, 1, FIXED, 1), OP(0x83, 0, 1, FIXED, 2), OP(0x84, 0, 1, FIXED, 4),
	OP(0x85, 1, 1, NONE, 0),  OP(0x86, 2, 1, NONE, 0),  OP(0x87, 3, 1, NONE, 0),  OP(0x88, 0, 1, NONE, 0),
	OP(0x89, 0, 1, NONE, 0),  OP(0x8a, 0, 1, COUNT, 1), OP(0x8b, 0, 1, COUNT, 4), OP('B', 0, 1, COUNT, 4),
	OP('C', 0, 1, COUNT, 1),  OP(0x8c, 0, 1, COUNT, 1), OP(0x8d, 0, 1, COUNT, 8), OP(0x8e, 0, 1, COUNT, 8),
	OP(0x8f, 0, 1, NONE, 0),  OP(0x92, 3, 1, NONE, 0),  OP(0x93, 2, 1, NONE, 0),  OP(0x94, 1, 1, NONE, 0),
	OP(0x95, 0, 0, FIXED, 8), OP(0x96, 0, 1, COUNT, 8), OP(0x97, 0, 1, NONE, 0),  OP(0x98, 1, 1, NONE, 0),
	TO_MARK('d', 1, NONE),	  TO_MARK('i', 1, LINE),    TO_MARK('l', 1, NONE),    TO_MARK('t', 1, NONE),
	TO_MARK('1', 0, NONE),	  TO_MARK('e', 0, NONE),    TO_MARK('o', 1, NONE),    TO_MARK('u', 0, NONE),
	TO_MARK(0x90, 0, NONE),	  TO_MARK(0x91, 1, NONE),
};

bool pkl_glance(struct gh_span s, bool all)
{
	unsigned above = 0, marks = 0;
	bool below = false; /* values lie below the marks */
	for (size_t i = 0; i < s.n;) {
		uint8_t op = s.p[i++];
		if (op == '.')
			return above != 0 || below || marks != 0;
		if (op == '(') {
			below = below || above != 0;
			above = 0;
			marks++;
			continue;
		}
		const struct effect *e = &effects[op];
		if (e->code == 0 || (e->mark ? marks == 0 : above < e->need && marks == 0 && !below))
			return false;
		if (e->mark) {
			marks--;
			above = e->push + (below ? 3u : 0u); /* how many lie below is not kept: allow for some */
		} else
			above = above < e->need ? e->push : above - e->need + e->push;
		if (e->arg == LINE) {
			for (unsigned lines = op == 'c' || op == 'i' ? 2 : 1; lines > 0; lines--) {
				const uint8_t *nl = i < s.n ? memchr(s.p + i, '\n', s.n - i) : NULL;
				if (nl == NULL)
					return !all; /* further than we see */
				i = (size_t)(nl - s.p) + 1;
			}
			continue;
		}
		size_t width = e->size;
		uint64_t n = 0;
		if (width > s.n - i)
			return !all;
		if (e->arg == COUNT)
			for (size_t k = width; k > 0; k--)
				n = n << 8 | s.p[i + k - 1];
		if (op == 0x80 && s.p[i] > 5)
			return false;
		i += width;
		if (n > s.n - i)
			return !all;
		i += (size_t)n;
	}
	return !all;
}

/* The first bytes of archives and programs that a loader would unpack or a second stage run; as far as s goes. */
static bool container(struct gh_span s)
{
	static const struct {
		uint8_t n, b[6];
	} magic[] = {
		{ 4, "PK\3\4" },
		{ 6, "\xfd"
		     "7zXZ" },
		{ 4, "\x28\xb5\x2f\xfd" },
		{ 6, "7z\xbc\xaf\x27\x1c" },
		{ 4, "\x04\x22\x4d\x18" },
		{ 4, "\x7f"
		     "ELF" },
		{ 3, "\x1f\x8b\x08" },
		{ 3, "BZh" },
	};
	for (size_t i = 0; i < sizeof magic / sizeof magic[0]; i++)
		if (s.p[0] == magic[i].b[0] && memcmp(s.p, magic[i].b, s.n < magic[i].n ? s.n : magic[i].n) == 0)
			return true;
	return false;
}

/* Can anything of interest begin with this byte? */
static bool may_begin(uint8_t c)
{
	const struct effect *e = &effects[c];
	return c == '(' || (e->code != 0 && e->need == 0 && !e->mark) || container((struct gh_span){ &c, 1 });
}

static bool skipped(uint8_t c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

enum { DECODED = 24, EARLY = 4 }; /* bytes that are decoded at most, and after how many the first look is taken */

/* Decide on the bytes decoded so far: false as soon as they lead nowhere. */
static bool goes_on(const uint8_t *out, size_t n)
{
	struct gh_span d = { out, n };
	if (n == 1)
		return may_begin(out[0]);
	return (n != EARLY && n != DECODED) || pkl_glance(d, false) || container(d);
}

static bool glance_digits(struct gh_span s, const uint8_t *value, unsigned bits)
{
	uint8_t out[DECODED];
	uint32_t acc = 0;
	unsigned have = 0;
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < sizeof out; i++) {
		uint8_t v = value[s.p[i]];
		if (v == 0 && skipped(s.p[i]))
			continue;
		if (v == 0)
			break;
		acc = acc << bits | (v - 1u);
		have += bits;
		if (have < 8)
			continue;
		have -= 8;
		out[n++] = (uint8_t)(acc >> have);
		if (!goes_on(out, n))
			return false;
	}
	return n >= 8 && (pkl_glance((struct gh_span){ out, n }, false) || container((struct gh_span){ out, n }));
}

/* Characters up to U+00FF as bytes; ASCII alone was looked at already. */
static bool glance_latin1(struct gh_span s)
{
	uint8_t out[DECODED];
	size_t n = 0;
	bool high = false;
	for (size_t i = 0; i < s.n && n < sizeof out; i++) {
		uint8_t c = s.p[i];
		if (c >= 0x80) {
			if ((c != 0xc2 && c != 0xc3) || ++i == s.n)
				break;
			c = (uint8_t)(c << 6 | (s.p[i] & 0x3f));
			high = true;
		}
		out[n++] = c;
		if (!goes_on(out, n))
			return false;
	}
	return high && n >= 8;
}

unsigned pkl_glance_text(struct gh_span s, bool all)
{
	unsigned found = 0;
	if (s.n == 0)
		return 0;
	if (may_begin(s.p[0]) && (pkl_glance(s, all) || container(s)))
		found |= PKL_GLANCE_RAW;
	if ((s.p[0] >= 0x80 || may_begin(s.p[0])) && glance_latin1(s))
		found |= PKL_GLANCE_LATIN1;
	if (glance_digits(s, gh_base64_value, 6))
		found |= PKL_GLANCE_BASE64;
	if (glance_digits(s, gh_hex_value, 4))
		found |= PKL_GLANCE_HEX;
	return found;
}

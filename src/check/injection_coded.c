/* Orders in another writing. A language model reads base64, rot13, reversed or spaced letters and numbers of characters about as
 * well as plain text; a person passes over them, and so does a search for words. Long rows of digits are decoded wherever they
 * stand; the other writings are undone around words that betray them. What comes out is judged like any text: as an order only
 * where its sentence is one. */
#include "check/injection_int.h"
#include "wire/digits.h"

enum { RUN_LEAST = 40, STRIDE = 32, LAYERS = 3, TRIED = 48, OVERLAP = 512 };

const char *const gh_coding_name[GH_CODINGS] = {
	[GH_CODING_ROT13] = "rot13",
	[GH_CODING_REVERSED] = "reversed letters",
	[GH_CODING_SPACED] = "spaced letters",
	[GH_CODING_LEET] = "digits for letters",
	[GH_CODING_HEX] = "hexadecimal numbers",
	[GH_CODING_DECIMAL] = "decimal numbers",
	[GH_CODING_BINARY] = "binary numbers",
	[GH_CODING_BASE64] = "base64 or hexadecimal digits",
};

/* ---- writings, letter by letter -------------------------------------------------------------------------------------------- */

static size_t rot13(struct gh_span s, uint8_t *out)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i], base = c >= 'a' && c <= 'z' ? 'a' : c >= 'A' && c <= 'Z' ? 'A' : 0;
		out[i] = (uint8_t)(base == 0 ? c : base + (unsigned)(c - base + 13) % 26u);
	}
	return s.n;
}

static size_t reversed(struct gh_span s, uint8_t *out)
{
	for (size_t i = 0; i < s.n; i++)
		out[i] = s.p[s.n - 1 - i];
	return s.n;
}

static bool letter(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static bool spacer(uint8_t c) { return c == ' ' || c == '.' || c == '-' || c == '_' || c == '*' || c == '|'; }

/* One spacer between two letters goes, more of them are one blank. */
static size_t spaced(struct gh_span s, uint8_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		if (!spacer(s.p[i])) {
			out[n++] = s.p[i++];
			continue;
		}
		size_t k = i;
		while (k < s.n && spacer(s.p[k]))
			k++;
		bool inside = i > 0 && k < s.n && letter(s.p[i - 1]) && letter(s.p[k]) &&
			      (i < 2 || !letter(s.p[i - 2])) && (k + 1 >= s.n || !letter(s.p[k + 1]));
		if (!inside || k - i > 2)
			out[n++] = ' ';
		i = k;
	}
	return n;
}

static size_t leet(struct gh_span s, uint8_t *out)
{
	static const char from[] = "01345789@$!|", to[] = "oieastbgasil";
	for (size_t i = 0; i < s.n; i++) {
		const char *at = s.p[i] == 0 ? NULL : strchr(from, s.p[i]);
		out[i] = at == NULL ? s.p[i] : (uint8_t)to[at - from];
	}
	return s.n;
}

/* Numbers of characters with anything between them: "69 67", "0x69,0x67", "%69%67", "105, 103", "01101001 01100111". */
static size_t numbers(struct gh_span s, unsigned base, uint8_t *out)
{
	size_t n = 0, most = base == 16 ? 2 : base == 10 ? 3 : 8;
	for (size_t i = 0; i < s.n;) {
		unsigned v = 0;
		size_t k = 0;
		if (base == 16 && s.n - i > 2 && s.p[i] == '0' && (s.p[i + 1] | 0x20) == 'x')
			i += 2;
		for (int d; k < most && i + k < s.n && (d = gh_hex_digit(s.p[i + k])) >= 0 && (unsigned)d < base; k++)
			v = v * base + (unsigned)d;
		if (k != 0 && v < 256 && (base != 2 || k >= 7))
			out[n++] = (uint8_t)v;
		i += k == 0 ? 1 : k;
	}
	return n;
}

size_t gh_coded_undo(enum gh_coding how, struct gh_span s, uint8_t *out)
{
	switch (how) {
	case GH_CODING_ROT13: return rot13(s, out);
	case GH_CODING_REVERSED: return reversed(s, out);
	case GH_CODING_SPACED: return spaced(s, out);
	case GH_CODING_LEET: return leet(s, out);
	case GH_CODING_HEX: return numbers(s, 16, out);
	case GH_CODING_DECIMAL: return numbers(s, 10, out);
	case GH_CODING_BINARY: return numbers(s, 2, out);
	case GH_CODING_BASE64:
	case GH_CODINGS: break;
	}
	return 0;
}

/* ---- rows of digits -------------------------------------------------------------------------------------------------------- */

static bool digit(uint8_t c) { return gh_base64_digit(c) >= 0; }

/* What may stand between two lines of a row: an end of line and what begins a line of a comment or a quotation. */
static size_t line_end(struct gh_span s, size_t i)
{
	size_t k = i;
	while (k < s.n && k - i < 12 && memchr("\r\n \t>#*|\"',+\\n", s.p[k], 14) != NULL)
		k++;
	bool any = k > i && memchr(s.p + i, '\n', k - i) != NULL;
	return any || (k > i && memmem(s.p + i, k - i, "\\n", 2) != NULL) ? k - i : 0;
}

/* Mostly characters that people write. */
static bool reads(struct gh_span s)
{
	size_t odd = 0;
	for (size_t i = 0; i < s.n; i++)
		odd += s.p[i] < ' ' ? s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t' && s.p[i] != 0
				    : s.p[i] == 0x7f;
	return s.n >= 16 && odd * 20 <= s.n;
}

/* Text of 16 bits a character, and zeros of other makes. */
static size_t without_zeros(uint8_t *p, size_t n)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			p[k++] = p[i];
	return k;
}

/* Up to max bytes of what digits say, from place i on and `skip` digits later; *end: where the row or the room ended. */
static size_t decode(struct gh_span s, size_t i, unsigned skip, bool hex, uint8_t *out, size_t max, size_t *end)
{
	uint32_t bits = 0;
	unsigned have = 0, each = hex ? 4 : 6;
	size_t n = 0;
	while (i < s.n && n < max) {
		int v = hex ? gh_hex_digit(s.p[i]) : gh_base64_digit(s.p[i]);
		if (v < 0) {
			size_t gap = line_end(s, i);
			if (gap == 0)
				break;
			i += gap;
			continue;
		}
		i++;
		if (skip != 0) {
			skip--;
			continue;
		}
		bits = bits << each | (uint32_t)v;
		have += each;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	*end = i;
	return n;
}

static bool all_hex(struct gh_span s, size_t i, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (gh_hex_digit(s.p[i + k]) < 0)
			return false;
	return true;
}

/* A row from place i on, whose digits may belong to a group that began before: both writings, each phase of it. */
static size_t piece(struct gh_span s, size_t i, bool fresh, uint8_t *room, size_t *end)
{
	size_t probe = s.n - i < TRIED ? s.n - i : TRIED, n = 0;
	for (unsigned hex = all_hex(s, i, RUN_LEAST); n == 0; hex = 0) {
		unsigned phases = fresh ? 1 : hex ? 2 : 4;
		for (unsigned k = 0; k < phases && n == 0; k++) {
			size_t got = decode(gh_span_cut(s, 0, i + probe), i, k, hex, room, TRIED, end);
			got = without_zeros(room, got);
			if (reads((struct gh_span){ room, got }) || got < 16)
				n = decode(s, i, k, hex, room, GH_CODED_PIECE, end);
			if (n != 0 && !reads((struct gh_span){ room, n = without_zeros(room, n) }))
				n = 0;
		}
		if (hex == 0)
			break;
	}
	return n;
}

void gh_coded_runs(struct gh_span s, size_t from, size_t to, uint8_t *room,
		   void (*said)(void *arg, size_t at, struct gh_span text), void *arg)
{
	uint8_t *other = room + GH_CODED_PIECE;
	for (size_t i = from; i + RUN_LEAST <= s.n && i < to;) {
		/* A row covers one of every STRIDE places. */
		size_t at = i + STRIDE - 1 < s.n ? i + STRIDE - 1 : s.n - 1, a = at, b = at;
		if (!digit(s.p[at])) {
			i = at + 1;
			continue;
		}
		while (a > i && digit(s.p[a - 1]))
			a--;
		while (b < s.n && b - a < RUN_LEAST && digit(s.p[b]))
			b++;
		bool fresh = a == 0 || !digit(s.p[a - 1]) || a > i;
		if (b - a < RUN_LEAST) {
			i = at + 1 > b ? at + 1 : b;
			continue;
		}
		size_t end = b, n = piece(s, a, fresh, room, &end);
		if (n == 0) { /* nothing that reads: on behind the row */
			while (b < s.n && digit(s.p[b]))
				b++;
			i = b > to ? to : b;
			continue;
		}
		uint8_t *text = room, *next = other;
		for (unsigned layer = 0; layer < LAYERS && n != 0; layer++) {
			struct gh_span t = { text, n };
			size_t stop, m = 0;
			said(arg, a, t);
			if (n >= RUN_LEAST && digit(t.p[0]) && digit(t.p[RUN_LEAST / 2]) && digit(t.p[RUN_LEAST - 1]))
				m = piece(t, 0, true, next, &stop);
			text = next;
			next = text == room ? other : room;
			n = m;
		}
		bool whole = end >= s.n || n < GH_CODED_PIECE;
		i = whole || end < a + OVERLAP + RUN_LEAST ? end : end - OVERLAP;
		i = i <= a ? a + RUN_LEAST : i;
	}
}

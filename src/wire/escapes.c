#include "wire/escapes.h"

#include "base/utf8.h"
#include "wire/digits.h"

/* n hexadecimal digits at i, or fewer when a brace or semicolon ends them (least >= 1). Returns how many there are, 0: none. */
static size_t digits(struct gh_span s, size_t i, size_t least, size_t most, unsigned base, uint32_t *out)
{
	size_t n = 0;
	*out = 0;
	for (; n < most && i + n < s.n; n++) {
		int d = gh_hex_digit(s.p[i + n]);
		if (d < 0 || (unsigned)d >= base)
			break;
		*out = *out * base + (unsigned)d;
	}
	return n < least ? 0 : n;
}

static bool is(struct gh_span s, size_t i, uint8_t c) { return i < s.n && s.p[i] == c; }

/* The escape behind a backslash at i: its length with the backslash, 0: none. */
static size_t backslash(struct gh_span s, size_t i, uint32_t *cp)
{
	static const char names[] = "ntr\"'/\\", means[] = "\n\t\r\"'/\\";
	uint32_t low;
	size_t n;
	if (i + 1 >= s.n)
		return 0;
	uint8_t c = s.p[i + 1];
	const char *name = c == '\0' ? NULL : strchr(names, c);
	if (name != NULL) {
		*cp = (uint8_t)means[name - names];
		return 2;
	}
	if (c == 'x')
		return digits(s, i + 2, 2, 2, 16, cp) == 2 ? 4 : 0;
	if (c == 'U')
		return digits(s, i + 2, 8, 8, 16, cp) == 8 ? 10 : 0;
	if (c != 'u')
		return 0;
	if (is(s, i + 2, '{')) {
		n = digits(s, i + 3, 1, 6, 16, cp);
		return n != 0 && is(s, i + 3 + n, '}') ? n + 4 : 0;
	}
	if (digits(s, i + 2, 4, 4, 16, cp) != 4)
		return 0;
	if (*cp >= 0xd800 && *cp < 0xdc00 && is(s, i + 6, '\\') && is(s, i + 7, 'u') &&
	    digits(s, i + 8, 4, 4, 16, &low) == 4 && low >= 0xdc00 && low < 0xe000) {
		*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
		return 12;
	}
	return 6;
}

static size_t entity(struct gh_span s, size_t i, uint32_t *cp)
{
	static const struct {
		const char *name;
		uint32_t cp;
	} names[] = { { "&lt;", '<' },	 { "&gt;", '>' },    { "&amp;", '&' },
		      { "&quot;", '"' }, { "&apos;", '\'' }, { "&nbsp;", ' ' } };
	struct gh_span at = gh_span_cut(s, i, 12);
	for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
		if (gh_span_starts(at, names[k].name)) {
			*cp = names[k].cp;
			return strlen(names[k].name);
		}
	if (!is(s, i + 1, '#'))
		return 0;
	bool hex = is(s, i + 2, 'x') || is(s, i + 2, 'X');
	size_t n = digits(s, i + 2 + hex, 1, 7, hex ? 16 : 10, cp);
	return n != 0 && is(s, i + 2 + hex + n, ';') ? n + 3 + hex : 0;
}

static bool by_number(struct gh_span s, size_t i)
{
	if (i + 1 >= s.n)
		return false;
	return s.p[i] == '&' ? s.p[i + 1] == '#' : s.p[i + 1] == 'u' || s.p[i + 1] == 'U' || s.p[i + 1] == 'x';
}

size_t gh_escape_find(struct gh_span s, size_t from, size_t to)
{
	to = to < s.n ? to : s.n;
	size_t slash = from, amp = from;
	const uint8_t *p;
	for (; slash < to; slash++) {
		p = memchr(s.p + slash, '\\', to - slash);
		slash = p == NULL ? to : (size_t)(p - s.p);
		if (p != NULL && by_number(s, slash))
			break;
	}
	to = slash < to ? slash : to;
	for (; amp < to; amp++) {
		p = memchr(s.p + amp, '&', to - amp);
		amp = p == NULL ? to : (size_t)(p - s.p);
		if (p != NULL && by_number(s, amp))
			return amp;
	}
	return slash < s.n && slash <= to && by_number(s, slash) && s.p[slash] == '\\' ? slash : SIZE_MAX;
}

size_t gh_unescape(struct gh_span s, uint8_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		size_t len = s.p[i] == '\\' ? backslash(s, i, &cp) : s.p[i] == '&' ? entity(s, i, &cp) : 0;
		if (len == 0) {
			out[n++] = s.p[i++];
			continue;
		}
		if (cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
			cp = 0xfffd;
		uint8_t utf8[4];
		unsigned k = gh_utf8_put(cp, utf8);
		k = k > len ? (unsigned)len : k; /* never longer than it was spelt */
		memcpy(out + n, utf8, k);
		n += k;
		i += len;
	}
	return n;
}

size_t gh_escape_cut(struct gh_span s, size_t at)
{
	if (at >= s.n)
		return s.n;
	size_t from = at < GH_ESCAPE_MAX ? 0 : at - GH_ESCAPE_MAX;
	for (size_t i = from; i < at; i++) {
		uint32_t cp = 0;
		size_t len = s.p[i] == '\\' ? backslash(s, i, &cp) : s.p[i] == '&' ? entity(s, i, &cp) : 0;
		if (len > at - i)
			return i;
		i += len > 1 ? len - 1 : 0;
	}
	return at;
}

/* Escapes of string literals: jinja2 decodes them with Python's "unicode-escape" codec. */
#include "base/utf8.h"
#include "wire/digits.h"
#include "wire/jinja/jinja_lex.h"

/* \N{NAME}: the characters that names of attributes are made of. */
static uint32_t named(struct gh_span name)
{
	static const struct {
		const char *prefix;
		uint32_t base;
	} letters[] = { { "LATIN SMALL LETTER ", 'a' - 'A' }, { "LATIN CAPITAL LETTER ", 0 } };
	static const char *const digits[] = { "ZERO", "ONE", "TWO",   "THREE", "FOUR",
					      "FIVE", "SIX", "SEVEN", "EIGHT", "NINE" };
	static const struct {
		const char *name;
		uint32_t cp;
	} others[] = { { "LOW LINE", '_' },  { "SPACING UNDERSCORE", '_' },
		       { "FULL STOP", '.' }, { "PERIOD", '.' },
		       { "SPACE", ' ' },     { "HYPHEN-MINUS", '-' },
		       { "SOLIDUS", '/' },   { "NO-BREAK SPACE", 0xa0 } };
	char up[40];
	if (name.n >= sizeof up)
		return 0;
	for (size_t i = 0; i < name.n; i++)
		up[i] = (char)(name.p[i] >= 'a' && name.p[i] <= 'z' ? name.p[i] - 32 : name.p[i]);
	struct gh_span s = { (const uint8_t *)up, name.n };
	for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++) {
		size_t n = strlen(letters[i].prefix);
		if (gh_span_starts(s, letters[i].prefix) && s.n == n + 1 && s.p[n] >= 'A' && s.p[n] <= 'Z')
			return s.p[n] + letters[i].base;
	}
	for (uint32_t i = 0; i < 10; i++)
		if (gh_span_starts(s, "DIGIT ") && gh_span_is(gh_span_cut(s, 6, s.n), digits[i]))
			return '0' + i;
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (gh_span_is(s, others[i].name))
			return others[i].cp;
	return 0;
}

/* Up to max digits of 3 or 4 bits at raw[*i]; false when there are fewer than min. */
static bool number(struct gh_span raw, size_t *i, unsigned min, unsigned max, unsigned bits, uint32_t *cp)
{
	unsigned n = 0;
	*cp = 0;
	while (n < max && *i < raw.n) {
		int d = gh_hex_digit(raw.p[*i]);
		if (d < 0 || d >= 1 << bits)
			break;
		*cp = *cp << bits | (uint32_t)d;
		(*i)++;
		n++;
	}
	return n >= min;
}

/* The escape whose backslash stood at raw[*i - 1]. Moves past it; returns the bytes written to out[4], -1: broken. */
static int escape(struct gh_span raw, size_t *i, uint8_t out[4], bool *unnamed)
{
	static const char from[] = "ntrabfv0\\'\"", to[] = "\n\t\r\a\b\f\v\0\\'\"";
	uint8_t c = raw.p[(*i)++];
	uint32_t cp = 0;
	unsigned wide = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
	if (wide != 0) {
		if (!number(raw, i, wide, wide, 4, &cp) || cp > 0x10ffff)
			return -1;
	} else if (c >= '0' && c <= '7') {
		(*i)--;
		(void)number(raw, i, 1, 3, 3, &cp);
	} else if (c == 'N') {
		const uint8_t *end = *i < raw.n && raw.p[*i] == '{' ? memchr(raw.p + *i, '}', raw.n - *i) : NULL;
		if (end == NULL)
			return -1;
		struct gh_span name = { raw.p + *i + 1, (size_t)(end - (raw.p + *i + 1)) };
		cp = named(name);
		*unnamed = *unnamed || cp == 0;
		cp = cp == 0 ? 0xfffd : cp;
		*i += name.n + 2;
	} else if (c == '\n') {
		return 0;
	} else {
		const char *p = c == '\0' ? NULL : strchr(from, (char)c);
		if (p == NULL) { /* an unknown escape stays what it is */
			out[0] = '\\';
			out[1] = c;
			return 2;
		}
		out[0] = (uint8_t)to[p - from];
		return 1;
	}
	if (cp >= 0xd800 && cp < 0xe000)
		cp = 0xfffd; /* half a pair: no text */
	return (int)gh_utf8_put(cp, out);
}

struct gh_span jj_unescape(struct gh_arena *a, struct gh_span raw, bool *unnamed, bool *bad)
{
	if (raw.n == 0 || memchr(raw.p, '\\', raw.n) == NULL)
		return raw;
	/* No escape is longer decoded than spelt, but for the two bytes of one that is kept. */
	uint8_t *out = gh_alloc(a, raw.n + 4, 1);
	struct gh_span s = { out, 0 };
	if (out == NULL) {
		*bad = true;
		return s;
	}
	for (size_t i = 0; i < raw.n;) {
		if (raw.p[i] != '\\' || i + 1 == raw.n) {
			out[s.n++] = raw.p[i++];
			continue;
		}
		uint8_t b[4];
		i++;
		int n = escape(raw, &i, b, unnamed);
		if (n < 0) {
			*bad = true;
			return s;
		}
		memcpy(out + s.n, b, (size_t)n);
		s.n += (size_t)n;
	}
	return s;
}

#include "crypto/note_int.h"

#include "base/utf8.h"
#include "wire/b64.h"
#include "wire/digits.h"

bool gh_line_next(struct gh_span *rest, struct gh_span *line)
{
	const uint8_t *nl = rest->n == 0 ? NULL : memchr(rest->p, '\n', rest->n);
	if (nl == NULL)
		return false;
	size_t n = (size_t)(nl - rest->p);
	*line = gh_span_cut(*rest, 0, n);
	*rest = gh_span_cut(*rest, n + 1, rest->n);
	return true;
}

bool gh_line_number(struct gh_span s, uint64_t *out)
{
	uint64_t v = 0;
	if (s.n == 0 || s.n > 19 || (s.n > 1 && s.p[0] == '0'))
		return false;
	for (size_t i = 0; i < s.n; i++) { /* 19 digits fit 64 bits */
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return v <= GH_MERKLE_SIZE_MAX;
}

/* The value of a digit of the standard alphabet only: the other one would give signatures a second spelling. */
static int digit(uint8_t c) { return c == '-' || c == '_' ? -1 : gh_base64_digit(c); }

bool gh_line_b64(struct gh_span s, uint8_t *out, size_t cap, size_t *n)
{
	size_t at = 0;
	if (s.n % 4 != 0)
		return false;
	for (size_t i = 0; i < s.n; i += 4) {
		bool last = i + 4 == s.n;
		unsigned pad = !last ? 0 : s.p[i + 3] != '=' ? 0 : s.p[i + 2] != '=' ? 1 : 2;
		uint32_t v = 0;
		for (unsigned k = 0; k < 4; k++) {
			int d = k >= 4 - pad ? 0 : digit(s.p[i + k]);
			if (d < 0)
				return false;
			v = v << 6 | (uint32_t)d;
		}
		if ((pad == 1 && (v & 0xff) != 0) || (pad == 2 && (v & 0xffff) != 0))
			return false;
		for (unsigned k = 0; k < 3 - pad; k++, at++)
			if (at < cap)
				out[at] = (uint8_t)(v >> (16 - 8 * k));
	}
	*n = at;
	return true;
}

bool gh_line_hash(struct gh_span s, struct gh_mhash *out)
{
	size_t n;
	return gh_line_b64(s, out->b, sizeof out->b, &n) && n == sizeof out->b;
}

void gh_line_put_hash(struct gh_buf *out, const struct gh_mhash *h)
{
	gh_b64_put(out, (struct gh_span){ h->b, sizeof h->b });
	gh_buf_ch(out, '\n');
}

/* White_Space of the Unicode character database. */
static bool space(uint32_t c)
{
	return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool gh_note_name_ok(struct gh_span name)
{
	if (name.n == 0 || name.n > GH_NOTE_NAME)
		return false;
	while (name.n > 0) {
		uint32_t c;
		unsigned n = gh_utf8_next(name, &c);
		if (n == 0 || c < ' ' || c == 0x7f || c == '+' || space(c))
			return false;
		name = gh_span_cut(name, n, name.n);
	}
	return true;
}

#include "base/utf8.h"

unsigned gh_utf8_next(struct gh_span s, uint32_t *cp)
{
	if (s.n == 0)
		return 0;
	uint8_t c = s.p[0];
	if (c < 0x80) {
		*cp = c;
		return 1;
	}
	unsigned len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	if (c < 0xc2 || c > 0xf4 || s.n < len)
		return 0;
	uint32_t v = c & (0xffu >> (len + 1));
	for (unsigned i = 1; i < len; i++) {
		if ((s.p[i] & 0xc0) != 0x80)
			return 0;
		v = v << 6 | (s.p[i] & 0x3fu);
	}
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*cp = v;
	return len;
}

bool gh_utf8_valid(struct gh_span s)
{
	size_t i = 0;
	while (i < s.n) {
		uint32_t cp;
		if (s.p[i] < 0x80) {
			i++;
			continue;
		}
		unsigned n = gh_utf8_next((struct gh_span){ s.p + i, s.n - i }, &cp);
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

unsigned gh_utf8_put(uint32_t cp, uint8_t out[4])
{
	if (cp < 0x80) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (uint8_t)(0xc0 | cp >> 6);
		out[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (uint8_t)(0xe0 | cp >> 12);
		out[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | cp >> 18);
	out[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return 4;
}

bool gh_utf8_deceptive(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0xad || cp == 0x61c || cp == 0x180e ||
	       (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2060 && cp <= 0x206f) ||
	       (cp >= 0xfe00 && cp <= 0xfe0f) || cp == 0xfeff || (cp >= 0xfff0 && cp <= 0xfffc) ||
	       (cp >= 0xe0000 && cp <= 0xe0fff);
}

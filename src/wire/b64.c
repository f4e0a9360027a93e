#include "wire/b64.h"

#include "wire/digits.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void gh_b64_put(struct gh_buf *out, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i += 3) {
		size_t left = s.n - i;
		uint32_t v = (uint32_t)s.p[i] << 16;
		v |= left > 1 ? (uint32_t)s.p[i + 1] << 8 : 0;
		v |= left > 2 ? s.p[i + 2] : 0;
		const char quad[4] = { standard[v >> 18 & 63], standard[v >> 12 & 63],
				       left > 1 ? standard[v >> 6 & 63] : '=', left > 2 ? standard[v & 63] : '=' };
		gh_buf_put(out, quad, sizeof quad);
	}
}

/* The value of one letter, or 64. kind: 0 not known yet, 1 standard, 2 URL-safe. */
static unsigned value(uint8_t c, unsigned *kind)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	unsigned is = c == '+' || c == '/' ? 1 : c == '-' || c == '_' ? 2 : 0;
	if (is == 0 || (*kind != 0 && *kind != is))
		return 64;
	*kind = is;
	return c == '+' || c == '-' ? 62 : 63;
}

bool gh_b64_take(struct gh_arena *a, struct gh_span t, struct gh_span *out)
{
	*out = (struct gh_span){ 0 };
	if (t.n % 4 != 0)
		return false;
	size_t pad = t.n == 0 ? 0 : (size_t)(t.p[t.n - 1] == '=') + (size_t)(t.p[t.n - 2] == '=');
	if (pad == 1 && t.p[t.n - 1] != '=')
		return false;
	size_t letters = t.n - pad, n = t.n / 4 * 3 - pad;
	uint8_t *p = GH_NEW(a, uint8_t, n + 1);
	unsigned kind = 0;
	uint32_t acc = 0, bits = 0;
	size_t at = 0;
	if (p == NULL)
		return false;
	for (size_t i = 0; i < letters; i++) {
		unsigned v = value(t.p[i], &kind);
		if (v > 63)
			return false;
		acc = (acc << 6 | v) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			p[at++] = (uint8_t)(acc >> bits);
		}
	}
	if ((acc & ((1u << bits) - 1)) != 0) /* another spelling of the same bytes */
		return false;
	*out = (struct gh_span){ p, n };
	return true;
}

/* ---- base16 --------------------------------------------------------------------------------------------------- */

static const char digit[] = "0123456789abcdef";

void gh_b16_put(struct gh_buf *out, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		gh_buf_ch(out, digit[s.p[i] >> 4]);
		gh_buf_ch(out, digit[s.p[i] & 15]);
	}
}

void gh_b16(char *out, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		out[2 * i] = digit[s.p[i] >> 4];
		out[2 * i + 1] = digit[s.p[i] & 15];
	}
	out[2 * s.n] = '\0';
}

bool gh_b16_take(struct gh_span t, uint8_t *out, size_t n)
{
	if (t.n != 2 * n)
		return false;
	for (size_t i = 0; i < t.n; i++) {
		int v = t.p[i] >= 'A' && t.p[i] <= 'F' ? -1 : gh_hex_digit(t.p[i]);
		if (v < 0)
			return false;
		out[i / 2] = (uint8_t)(i % 2 == 0 ? v << 4 : out[i / 2] | v);
	}
	return true;
}

/* ---- PEM ------------------------------------------------------------------------------------------------------ */

void gh_pem_put(struct gh_buf *out, const char *label, struct gh_span der)
{
	gh_buf_fmt(out, "-----BEGIN %s-----\n", label);
	for (size_t i = 0; i < der.n; i += 48) {
		gh_b64_put(out, gh_span_cut(der, i, 48));
		gh_buf_ch(out, '\n');
	}
	gh_buf_fmt(out, "-----END %s-----\n", label);
}

/* The line at `at`, without its end (LF or CR LF) and trailing blanks; *next behind it. */
static struct gh_span line_at(struct gh_span t, size_t at, size_t *next)
{
	const uint8_t *end = memchr(t.p + at, '\n', t.n - at);
	size_t n = end == NULL ? t.n - at : (size_t)(end - (t.p + at));
	*next = end == NULL ? t.n : at + n + 1;
	while (n != 0 && (t.p[at + n - 1] == '\r' || t.p[at + n - 1] == ' ' || t.p[at + n - 1] == '\t'))
		n--;
	return (struct gh_span){ t.p + at, n };
}

/* "-----BEGIN X-----": X. */
static bool boundary(struct gh_span line, const char *word, struct gh_span *label)
{
	size_t w = strlen(word);
	if (!gh_span_starts(line, word) || !gh_span_ends(line, "-----") || line.n < w + 6)
		return false;
	*label = gh_span_cut(line, w, line.n - w - 5);
	return true;
}

/* The letters between the boundaries, which end at *at. */
static int body(struct gh_arena *a, struct gh_span t, size_t *at, struct gh_span label, struct gh_span *der)
{
	uint8_t *letters = GH_NEW(a, uint8_t, t.n - *at + 1);
	size_t n = 0, next = *at;
	struct gh_span end;
	while (letters != NULL && *at < t.n) {
		struct gh_span line = line_at(t, *at, &next);
		if (boundary(line, "-----END ", &end)) {
			*at = next;
			return gh_span_eq(end, label) && gh_b64_take(a, (struct gh_span){ letters, n }, der) ? 1 : -1;
		}
		if (line.n != 0) {
			memcpy(letters + n, line.p, line.n);
			n += line.n;
		}
		*at = next;
	}
	return -1;
}

int gh_pem_next(struct gh_arena *a, struct gh_span t, size_t *at, struct gh_span *label, struct gh_span *der)
{
	while (*at < t.n) {
		size_t next = 0;
		struct gh_span line = line_at(t, *at, &next);
		if (boundary(line, "-----BEGIN ", label)) {
			*at = next;
			return body(a, t, at, *label, der);
		}
		*at = next;
	}
	return 0;
}

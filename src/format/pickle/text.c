#include "format/pickle/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* ---- numbers ------------------------------------------------------------------------------------------------- */

static bool space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static unsigned digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 10u;
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10u;
	return 99;
}

/* A C string ends at its first NUL, whatever the line holds after it. */
static struct gh_span c_string(struct gh_span s)
{
	const uint8_t *nul = s.n == 0 ? NULL : memchr(s.p, 0, s.n);
	return nul == NULL ? s : (struct gh_span){ s.p, (size_t)(nul - s.p) };
}

struct acc { /* magnitude in the making */
	uint64_t v;
	bool big;
};

static void push_digit(struct acc *a, unsigned base, unsigned d)
{
	uint64_t v;
	if (a->big || __builtin_mul_overflow(a->v, base, &v) || __builtin_add_overflow(v, d, &v))
		a->big = true;
	else
		a->v = v;
}

static void finish(struct pkl_num *n, struct acc a, bool neg)
{
	uint64_t most = (uint64_t)INT64_MAX + neg;
	n->big = a.big || a.v > most;
	n->i = n->big ? 0 : neg ? (int64_t)(0 - a.v) : (int64_t)a.v;
}

/* PyLong_FromString(s, NULL, base) for base 0 and 10: the whole of s must be the number. */
static struct pkl_num py_long(struct gh_span s, unsigned base)
{
	struct pkl_num n = { .ok = false };
	size_t i = 0;
	bool neg = false, zero_only = false;
	while (i < s.n && space(s.p[i]))
		i++;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		neg = s.p[i++] == '-';
	if (base == 0) {
		uint8_t x = i + 1 < s.n && s.p[i] == '0' ? (uint8_t)(s.p[i + 1] | 0x20) : 0;
		base = x == 'x' ? 16 : x == 'o' ? 8 : x == 'b' ? 2 : 10;
		zero_only = base == 10 && i < s.n && s.p[i] == '0'; /* 010 is no number since Python 3.0 */
		if (base != 10) {
			i += 2;
			if (i < s.n && s.p[i] == '_')
				i++;
		}
	}
	struct acc a = { 0 };
	size_t digits = 0;
	bool under = true; /* no underscore at the start, none doubled, none at the end */
	for (; i < s.n; i++) {
		if (s.p[i] == '_' && !under) {
			under = true;
			continue;
		}
		unsigned d = digit(s.p[i]);
		if (d >= base)
			break;
		push_digit(&a, base, d);
		under = false;
		digits++;
	}
	if (digits == 0 || under || (zero_only && (a.v != 0 || a.big)))
		return n;
	while (i < s.n && space(s.p[i]))
		i++;
	n.ok = i == s.n;
	n.many = base == 10 && digits > PKL_DIGITS_MAX;
	finish(&n, a, neg);
	return n;
}

/* strtol(s, &end, 0): true when it stopped at the end of s without overflow. */
static bool c_strtol(struct gh_span s, struct pkl_num *n)
{
	size_t i = 0;
	bool neg = false, any = false;
	unsigned base = 10;
	while (i < s.n && space(s.p[i]))
		i++;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		neg = s.p[i++] == '-';
	if (i < s.n && s.p[i] == '0') {
		base = 8;
		if (i + 2 < s.n && (s.p[i + 1] | 0x20) == 'x' && digit(s.p[i + 2]) < 16) {
			base = 16;
			i += 2;
		}
	}
	struct acc a = { 0 };
	for (; i < s.n && digit(s.p[i]) < base; i++, any = true)
		push_digit(&a, base, digit(s.p[i]));
	if (i != s.n || (!any && s.n != 0))
		return false; /* nothing converted: the end pointer stays at the start */
	*n = (struct pkl_num){ .ok = true };
	finish(n, a, neg);
	return !n->big;
}

struct pkl_num pkl_int_c(struct gh_span line)
{
	struct pkl_num n;
	struct gh_span s = c_string(line);
	if (line.n == 0)
		return (struct pkl_num){ .ok = false };
	if (c_strtol(s, &n)) {
		n.boolean = line.n == 2 && (n.i == 0 || n.i == 1);
		return n;
	}
	return py_long(s, 0);
}

struct pkl_num pkl_int_py(struct gh_span line)
{
	if (gh_span_is(line, "00") || gh_span_is(line, "01"))
		return (struct pkl_num){ .ok = true, .boolean = true, .i = line.p[1] == '1' };
	return py_long(line, 0);
}

static struct gh_span without_l(struct gh_span s)
{
	return s.n != 0 && s.p[s.n - 1] == 'L' ? (struct gh_span){ s.p, s.n - 1 } : s;
}

struct pkl_num pkl_long_c(struct gh_span line) { return py_long(c_string(without_l(line)), 0); }
struct pkl_num pkl_long_py(struct gh_span line) { return py_long(without_l(line), 0); }
struct pkl_num pkl_index_c(struct gh_span line) { return py_long(c_string(line), 10); }
struct pkl_num pkl_index_py(struct gh_span line) { return py_long(line, 10); }

bool pkl_num_same(struct pkl_num a, struct pkl_num b)
{
	return a.ok == b.ok && (!a.ok || (a.big == b.big && a.i == b.i));
}

/* digits, at least one of them somewhere, an optional exponent; py: single underscores between digits. */
static bool float_shape(struct gh_span s, bool py, bool *named)
{
	size_t i = 0, n = 0;
	*named = false;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
		i++;
	static const char *const names[] = { "infinity", "inf", "nan" };
	for (size_t k = 0; k < 3; k++) {
		size_t len = strlen(names[k]), j = 0;
		while (s.n - i == len && j < len && (s.p[i + j] | 0x20) == (uint8_t)names[k][j])
			j++;
		if (j == len) {
			*named = true;
			return true;
		}
	}
	for (unsigned part = 0; part < 3; part++) { /* before the point, after it, exponent */
		size_t got = 0;
		if (part == 1) {
			if (i >= s.n || s.p[i] != '.')
				continue;
			i++;
		} else if (part == 2) {
			if (n == 0 || i >= s.n || (s.p[i] | 0x20) != 'e')
				continue;
			i++;
			if (i < s.n && (s.p[i] == '+' || s.p[i] == '-'))
				i++;
		}
		for (; i < s.n; i++) {
			if (s.p[i] >= '0' && s.p[i] <= '9')
				got++;
			else if (!(py && s.p[i] == '_' && got != 0 && s.p[i - 1] != '_' && i + 1 < s.n &&
				   s.p[i + 1] >= '0' && s.p[i + 1] <= '9'))
				break;
		}
		if (part == 2 && got == 0)
			return false;
		n += got;
	}
	return n != 0 && i == s.n;
}

bool pkl_float(struct gh_span line, bool py, double *out)
{
	char text[1024];
	size_t n = 0;
	bool named;
	struct gh_span s = py ? line : c_string(line);
	if (py) {
		while (s.n != 0 && space(s.p[0]))
			s = gh_span_cut(s, 1, s.n);
		while (s.n != 0 && space(s.p[s.n - 1]))
			s.n--;
	}
	if (s.n == 0 || !float_shape(s, py, &named))
		return false;
	for (size_t i = 0; i < s.n && n < 1000; i++)
		if (s.p[i] != '_')
			text[n++] = (char)s.p[i];
	text[n] = '\0';
	*out = strtod(text, NULL);
	return py || named || !isinf(*out);
}

/* ---- UTF-8 and ASCII ----------------------------------------------------------------------------------------- */

static size_t ascii_run(struct gh_span s)
{
	size_t i = 0;
	for (; s.n - i >= 8; i += 8) {
		uint64_t x;
		memcpy(&x, s.p + i, 8);
		if ((x & 0x8080808080808080u) != 0)
			break;
	}
	while (i < s.n && s.p[i] < 0x80)
		i++;
	return i;
}

bool pkl_ascii(struct gh_span s) { return ascii_run(s) == s.n; }

size_t pkl_utf8(struct gh_span s, bool surrogates, bool last, bool *bad)
{
	size_t i = 0;
	for (;;) {
		i += ascii_run((struct gh_span){ s.p + i, s.n - i });
		if (i == s.n)
			return i;
		uint8_t c = s.p[i];
		size_t len = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
		if (c < 0xc2 || c > 0xf4) {
			*bad = true;
			return i;
		}
		uint8_t lo = 0x80, hi = 0xbf; /* what the second byte may be */
		if (c == 0xe0)
			lo = 0xa0;
		else if (c == 0xf0)
			lo = 0x90;
		else if (c == 0xf4)
			hi = 0x8f;
		else if (c == 0xed && !surrogates)
			hi = 0x9f;
		for (size_t k = 1; k < len; k++) {
			if (i + k == s.n) {
				*bad = *bad || last;
				return i;
			}
			if (s.p[i + k] < lo || s.p[i + k] > hi) {
				*bad = true;
				return i;
			}
			lo = 0x80;
			hi = 0xbf;
		}
		i += len;
	}
}

/* ---- escapes ------------------------------------------------------------------------------------------------- */

enum { TEXT, SLASH, HEX, OCTAL };

struct sink { /* NULL p: only counted */
	uint8_t *p;
	size_t n, max;
	bool full;
};

static void put_bytes(struct pkl_escape *e, struct sink *o, const uint8_t *p, size_t n)
{
	e->made += n;
	if (o->p == NULL || o->full)
		return;
	if (n > o->max - o->n) {
		o->full = true;
		return;
	}
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

/* A byte of STRING, a character of UNICODE: that one becomes UTF-8, lone surrogates in three bytes. */
static void put_char(struct pkl_escape *e, struct sink *o, uint32_t c)
{
	uint8_t b[4];
	if (!e->raw) {
		b[0] = (uint8_t)c;
		e->high = e->high || b[0] >= 0x80;
		put_bytes(e, o, b, 1);
		return;
	}
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n; i > 1; i--, c >>= 6)
		b[i - 1] = (uint8_t)(0x80 | (c & 0x3f));
	static const uint8_t head[5] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	b[0] = (uint8_t)(head[n] | c);
	put_bytes(e, o, b, n);
}

static void after_slash(struct pkl_escape *e, struct sink *o, uint8_t c)
{
	static const char from[] = "\\'\"bftnrva", to[] = "\\'\"\b\f\t\n\r\v\a";
	const char *at = c == 0 ? NULL : strchr(from, c);
	e->plain = false;
	e->state = TEXT;
	if (e->raw) {
		if (c == 'u' || c == 'U') {
			e->state = HEX;
			e->left = c == 'u' ? 4 : 8;
			e->value = 0;
			return;
		}
		put_char(e, o, '\\'); /* also "\\\\": both stay, and neither starts an escape */
		put_char(e, o, c);
	} else if (at != NULL) {
		put_char(e, o, (uint8_t)to[at - from]);
	} else if (c == 'x') {
		e->state = HEX;
		e->left = 2;
		e->value = 0;
	} else if (c >= '0' && c <= '7') {
		e->state = OCTAL;
		e->left = 2;
		e->value = c - (uint32_t)'0';
	} else if (c != '\n') {
		put_char(e, o, '\\');
		put_char(e, o, c);
	}
}

static void step(struct pkl_escape *e, struct sink *o, uint8_t c)
{
	if (e->state == OCTAL) {
		if (e->left != 0 && c >= '0' && c <= '7') {
			e->value = e->value << 3 | (uint32_t)(c - '0');
			e->left--;
			return;
		}
		put_char(e, o, e->value & 0xff);
		e->state = TEXT;
	}
	if (e->state == HEX) {
		unsigned d = digit(c);
		if (d > 15) {
			e->bad = true;
			return;
		}
		e->value = e->value << 4 | d;
		if (--e->left == 0) {
			if (e->value > 0x10ffff)
				e->bad = true;
			else
				put_char(e, o, e->value);
			e->state = TEXT;
		}
	} else if (e->state == SLASH) {
		after_slash(e, o, c);
	} else if (c == '\\') {
		e->state = SLASH;
	} else {
		if (e->raw && c >= 0x80)
			e->plain = false;
		put_char(e, o, c);
	}
}

static void run(struct pkl_escape *e, struct sink *o, struct gh_span s)
{
	for (size_t i = 0; i < s.n && !e->bad && !o->full; i++) {
		if (e->state == TEXT && s.p[i] != '\\' && s.p[i] < 0x80) { /* the usual run */
			size_t end = i + 1;
			while (end < s.n && s.p[end] != '\\' && s.p[end] < 0x80)
				end++;
			if (o->p == NULL)
				e->made += end - i;
			else
				for (size_t k = i; k < end; k++)
					put_bytes(e, o, s.p + k, 1);
			i = end - 1;
		} else {
			step(e, o, s.p[i]);
		}
	}
}

static void finish_text(struct pkl_escape *e, struct sink *o)
{
	if (e->state == OCTAL)
		put_char(e, o, e->value & 0xff);
	else if (e->state == SLASH && e->raw)
		put_char(e, o, '\\');
	else if (e->state != TEXT)
		e->bad = true;
	e->state = TEXT;
}

struct pkl_escape pkl_escape(bool raw) { return (struct pkl_escape){ .raw = raw, .plain = true }; }

void pkl_escape_feed(struct pkl_escape *e, struct gh_span s) { run(e, &(struct sink){ .p = NULL }, s); }
void pkl_escape_end(struct pkl_escape *e) { finish_text(e, &(struct sink){ .p = NULL }); }

size_t pkl_text_decode(struct gh_span s, bool raw, uint8_t *out, size_t max)
{
	struct pkl_escape e = pkl_escape(raw);
	struct sink o = { .p = out, .max = max };
	run(&e, &o, s);
	if (!o.full)
		finish_text(&e, &o);
	return o.n;
}

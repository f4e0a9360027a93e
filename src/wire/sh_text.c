/* What small programs do to text that is known: escapes, base64, hex, rev, tr, sed, printf. Pure functions. */
#include "wire/sh_int.h"

#include "base/utf8.h"

static int hexval(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A number of at most `max` digits in base 8 or 16 at s.p[*i]. */
static uint32_t digits(struct gh_span s, size_t *i, unsigned max, int base)
{
	uint32_t v = 0;
	for (unsigned k = 0; k < max && *i < s.n; k++, ++*i) {
		int h = hexval(s.p[*i]);
		if (h < 0 || h >= base)
			break;
		v = v * (uint32_t)base + (uint32_t)h;
	}
	return v;
}

/* One escape behind its backslash, at s.p[*i]; its bytes into out. Returns how many, 0 for none and for NUL. */
static unsigned escape(struct gh_span s, size_t *i, bool echo, uint8_t out[4])
{
	static const char names[] = "abefnrtv\\'\"?E", codes[] = "\a\b\x1b\f\n\r\t\v\\'\"?\x1b";
	uint8_t c = s.p[*i];
	uint32_t v = 0;
	if (c >= '0' && c <= '7') {
		if (echo && c == '0')
			++*i;
		v = digits(s, i, 3, 8) & 255;
	} else if (c == 'x') {
		++*i;
		v = digits(s, i, 2, 16);
	} else if (c == 'u' || c == 'U') {
		++*i;
		v = digits(s, i, c == 'u' ? 4 : 8, 16);
		if (v > 0x7f)
			return v < 0x110000 && (v < 0xd800 || v > 0xdfff) ? gh_utf8_put(v, out) : 0;
	} else {
		const char *at = memchr(names, c, sizeof names - 1);
		++*i;
		if (at == NULL) {
			out[0] = '\\';
			out[1] = c;
			return 2;
		}
		v = (uint8_t)codes[at - names];
	}
	out[0] = (uint8_t)v;
	return v != 0;
}

struct gh_span sh_ansi_c(struct gh_sh *sh, struct gh_span s, bool echo)
{
	uint8_t *p = gh_alloc(sh->arena, s.n * 2 + 4, 1);
	size_t n = 0;
	if (p == NULL)
		return (struct gh_span){ 0 };
	for (size_t i = 0; i < s.n;) {
		if (s.p[i] != '\\' || i + 1 >= s.n) {
			p[n++] = s.p[i++];
			continue;
		}
		uint8_t out[4];
		i++;
		unsigned k = escape(s, &i, echo, out);
		memcpy(p + n, out, k);
		n += k;
	}
	return (struct gh_span){ p, n };
}

struct gh_span sh_base64(struct gh_sh *sh, struct gh_span s, unsigned bits)
{
	static const char a64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char a32[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	uint8_t *p = gh_alloc(sh->arena, s.n + 1, 1);
	uint32_t acc = 0;
	unsigned have = 0;
	size_t n = 0;
	if (p == NULL)
		return (struct gh_span){ 0 };
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '=' || c == '\n' || c == '\r' || c == ' ' || c == '\t')
			continue;
		const char *at = bits == 6 ? memchr(a64, c == '-' ? '+' : c == '_' ? '/' : c, 64) : memchr(a32, c, 32);
		if (at == NULL)
			return (struct gh_span){ 0 };
		acc = acc << bits | (uint32_t)(at - (bits == 6 ? a64 : a32));
		have += bits;
		if (have >= 8) {
			have -= 8;
			p[n++] = (uint8_t)(acc >> have);
		}
	}
	return (struct gh_span){ p, n };
}

struct gh_span sh_hex(struct gh_sh *sh, struct gh_span s)
{
	uint8_t *p = gh_alloc(sh->arena, s.n / 2 + 1, 1);
	size_t n = 0;
	int high = -1;
	if (p == NULL)
		return (struct gh_span){ 0 };
	for (size_t i = 0; i < s.n; i++) {
		int h = hexval(s.p[i]);
		if (h < 0)
			continue;
		if (high < 0) {
			high = h;
		} else {
			p[n++] = (uint8_t)(high << 4 | h);
			high = -1;
		}
	}
	return (struct gh_span){ p, n };
}

struct gh_span sh_rev(struct gh_sh *sh, struct gh_span s)
{
	uint8_t *p = gh_alloc(sh->arena, s.n + 1, 1);
	if (p == NULL)
		return (struct gh_span){ 0 };
	for (size_t i = 0; i < s.n;) {
		const uint8_t *nl = memchr(s.p + i, '\n', s.n - i);
		size_t end = nl == NULL ? s.n : (size_t)(nl - s.p);
		for (size_t k = i; k < end; k++)
			p[k] = s.p[end - 1 - (k - i)];
		if (nl != NULL)
			p[end] = '\n';
		i = end + 1;
	}
	return (struct gh_span){ p, s.n };
}

/* ---- tr ------------------------------------------------------------------------------------------------------------- */
/* A set written out: ranges, classes and escapes. At most 256 bytes. */
static size_t set_of(struct gh_sh *sh, struct gh_span s, uint8_t out[256])
{
	size_t n = 0;
	s = sh_ansi_c(sh, s, false);
	for (size_t i = 0; i < s.n && n < 256; i++) {
		uint8_t from = s.p[i], to = from;
		struct gh_span rest = gh_span_cut(s, i, s.n);
		if (gh_span_starts(rest, "[:upper:]")) {
			from = 'A', to = 'Z';
			i += 8;
		} else if (gh_span_starts(rest, "[:lower:]")) {
			from = 'a', to = 'z';
			i += 8;
		} else if (i + 2 < s.n && s.p[i + 1] == '-' && s.p[i + 2] >= from) {
			to = s.p[i + 2];
			i += 2;
		}
		for (unsigned c = from; c <= to && n < 256; c++)
			out[n++] = (uint8_t)c;
	}
	return n;
}

struct gh_span sh_tr(struct gh_sh *sh, struct gh_span s, struct gh_span from, struct gh_span to, bool delete)
{
	uint8_t a[256], b[256], *p = gh_alloc(sh->arena, s.n + 1, 1);
	size_t na = set_of(sh, from, a), nb = delete ? 0 : set_of(sh, to, b), n = 0;
	if (p == NULL || (!delete && nb == 0))
		return (struct gh_span){ 0 };
	for (size_t i = 0; i < s.n; i++) {
		const uint8_t *at = na == 0 ? NULL : memchr(a, s.p[i], na);
		size_t k = at == NULL ? 0 : (size_t)(at - a);
		if (at == NULL)
			p[n++] = s.p[i];
		else if (!delete)
			p[n++] = b[k < nb ? k : nb - 1];
	}
	return (struct gh_span){ p, n };
}

/* ---- sed: s/text/text/g, several of them --------------------------------------------------------------------------- */
static struct gh_span substitute(struct gh_sh *sh, struct gh_span s, struct gh_span what, struct gh_span with,
				 bool every)
{
	size_t cap = s.n + (s.n + 1) * (with.n < 32 ? with.n : 32), n = 0;
	uint8_t *p = what.n == 0 ? NULL : gh_alloc(sh->arena, cap + 1, 1);
	bool done = false;
	for (size_t i = 0; p != NULL && i < s.n;) {
		bool hit = !done && s.n - i >= what.n && memcmp(s.p + i, what.p, what.n) == 0;
		struct gh_span put = hit ? with : gh_span_cut(s, i, 1);
		if (put.n > cap - n)
			return (struct gh_span){ 0 };
		if (put.n != 0)
			memcpy(p + n, put.p, put.n);
		n += put.n;
		i += hit ? what.n : 1;
		done = (done || (hit && !every)) && s.p[i - 1] != '\n';
	}
	return (struct gh_span){ p, n };
}

struct gh_span sh_sed(struct gh_sh *sh, struct gh_span s, struct gh_span program)
{
	size_t i = 0;
	while (i < program.n) {
		if (program.p[i] == ' ' || program.p[i] == ';') {
			i++;
			continue;
		}
		if (program.p[i] != 's' || i + 1 >= program.n)
			return (struct gh_span){ 0 };
		uint8_t mark = program.p[i + 1];
		size_t cut[3] = { i + 2, 0, 0 }, k = 1;
		for (i += 2; i < program.n && k < 3; i++)
			if (program.p[i] == mark)
				cut[k++] = i + 1;
		if (k != 3)
			return (struct gh_span){ 0 };
		struct gh_span what = gh_span_cut(program, cut[0], cut[1] - 1 - cut[0]);
		struct gh_span with = gh_span_cut(program, cut[1], cut[2] - 1 - cut[1]);
		bool every = false;
		for (; i < program.n && program.p[i] != ';' && program.p[i] != ' '; i++)
			every = every || program.p[i] == 'g';
		for (size_t j = 0; j < what.n; j++)
			if (memchr("\\.*[]^$", what.p[j], 7) != NULL)
				return (struct gh_span){ 0 };
		s = substitute(sh, s, what, with, every);
		if (s.p == NULL)
			return s;
	}
	return s;
}

/* ---- printf ------------------------------------------------------------------------------------------------------------ */
struct out {
	uint8_t *p;
	size_t n, cap;
	bool full;
};

static void put(struct out *o, struct gh_span s)
{
	if (s.n > o->cap - o->n) {
		o->full = true;
		return;
	}
	if (s.n != 0)
		memcpy(o->p + o->n, s.p, s.n);
	o->n += s.n;
}

static bool decimal(struct gh_span s, uint32_t *v)
{
	*v = 0;
	if (s.n == 2 && (s.p[0] == '\'' || s.p[0] == '"')) { /* the code of a character */
		*v = s.p[1];
		return true;
	}
	size_t i = gh_span_starts(s, "0x") ? 2 : 0;
	bool hex = i == 2, octal = !hex && s.n > 1 && s.p[0] == '0';
	uint32_t base = hex ? 16 : octal ? 8 : 10;
	for (; i < s.n && i < 9; i++) {
		int h = hexval(s.p[i]);
		if (h < 0 || (uint32_t)h >= base)
			return false;
		*v = *v * base + (uint32_t)h;
	}
	return i == s.n && s.n != 0;
}

static void put_number(struct out *o, uint32_t v, uint32_t base, bool upper, unsigned width)
{
	uint8_t b[16];
	size_t k = sizeof b;
	do {
		uint32_t d = v % base;
		b[--k] = (uint8_t)(d < 10 ? '0' + d : (upper ? 'A' : 'a') + d - 10);
		v /= base;
	} while (v != 0 && k != 0);
	while (sizeof b - k < width && k != 0)
		b[--k] = '0';
	put(o, (struct gh_span){ b + k, sizeof b - k });
}

/* One conversion at fmt.p[*i] (behind the %) with its argument. */
static bool conversion(struct gh_sh *sh, struct out *o, struct gh_span fmt, size_t *i, struct gh_span arg)
{
	unsigned width = 0;
	while (*i < fmt.n && (memchr("-+ #.", fmt.p[*i], 5) != NULL || (fmt.p[*i] >= '0' && fmt.p[*i] <= '9'))) {
		if (fmt.p[*i] >= '0' && fmt.p[*i] <= '9')
			width = (width * 10 + (unsigned)(fmt.p[*i] - '0')) % 1000;
		++*i;
	}
	if (*i >= fmt.n)
		return false;
	uint8_t c = fmt.p[(*i)++];
	uint32_t v;
	switch (c) {
	case 's':
	case 'q': put(o, arg); return true;
	case 'b': put(o, sh_ansi_c(sh, arg, true)); return true;
	case 'c': put(o, gh_span_cut(arg, 0, 1)); return true;
	case 'd':
	case 'i':
	case 'u':
	case 'x':
	case 'X':
	case 'o':
		if (!decimal(arg, &v))
			return false;
		put_number(o, v, c == 'o' ? 8 : (c | 0x20) == 'x' ? 16 : 10, c == 'X', width);
		return true;
	default: return false;
	}
}

struct gh_sh_val sh_printf(struct gh_sh *sh, const struct gh_sh_val *v, size_t n)
{
	struct gh_sh_val all = gh_sh_join(sh, v, n, 0);
	if (n == 0)
		return (struct gh_sh_val){ 0 };
	struct gh_span fmt = sh_ansi_c(sh, v[0].text, false);
	struct out o = { .cap = (fmt.n + 64) * (n < 64 ? n : 64) + all.text.n * 2 };
	o.cap = o.cap < GH_SH_VALUE ? o.cap : GH_SH_VALUE;
	o.p = gh_alloc(sh->arena, o.cap + 1, 1);
	bool ok = o.p != NULL && fmt.p != NULL;
	size_t next = 1, before;
	do { /* the format is used again while arguments are left */
		before = next;
		for (size_t i = 0; ok && i < fmt.n;) {
			if (fmt.p[i] != '%') {
				put(&o, gh_span_cut(fmt, i++, 1));
			} else if (i + 1 < fmt.n && fmt.p[i + 1] == '%') {
				put(&o, gh_span_cut(fmt, i, 1));
				i += 2;
			} else {
				i++;
				ok = conversion(sh, &o, fmt, &i, next < n ? v[next].text : (struct gh_span){ 0 });
				next++;
			}
		}
	} while (ok && !o.full && next < n && next > before);
	return ok && !o.full ? (struct gh_sh_val){ { o.p, o.n }, all.marks } : gh_sh_any(all.marks);
}

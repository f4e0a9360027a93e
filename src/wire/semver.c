/* SemVer 2.0 and what npm, cargo and go make of it. */
#include "wire/version.h"

static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool ident(uint8_t c) { return digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-'; }

struct semver {
	struct gh_span part[3];
	size_t parts;
	struct gh_span pre;
};

/* Dot separated identifiers; numbers without leading zeros if `numbers`. */
static bool identifiers(struct gh_span s, bool numbers)
{
	size_t from = 0;
	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && s.p[i] != '.') {
			if (!ident(s.p[i]))
				return false;
			continue;
		}
		bool all = true;
		for (size_t k = from; k < i; k++)
			all = all && digit(s.p[k]);
		if (i == from || (numbers && all && i - from > 1 && s.p[from] == '0'))
			return false;
		from = i + 1;
	}
	return true;
}

static bool read(struct gh_span s, bool strict, struct semver *out)
{
	size_t at = 0;
	*out = (struct semver){ 0 };
	if (!strict) {
		while (at < s.n && (s.p[at] == 'v' || s.p[at] == 'V' || s.p[at] == '='))
			at++;
		if (at > 2)
			return false;
	}
	while (out->parts < 3) {
		size_t from = at;
		while (at < s.n && digit(s.p[at]))
			at++;
		if (at == from || (strict && at - from > 1 && s.p[from] == '0'))
			return false;
		out->part[out->parts++] = gh_span_cut(s, from, at - from);
		if (at == s.n || s.p[at] != '.' || out->parts == 3)
			break;
		at++;
	}
	if (strict && out->parts != 3)
		return false;
	const uint8_t *plus = at < s.n ? memchr(s.p + at, '+', s.n - at) : NULL;
	size_t end = plus == NULL ? s.n : (size_t)(plus - s.p);
	if (plus != NULL && !identifiers(gh_span_cut(s, end + 1, s.n), false))
		return false;
	if (at == end)
		return true;
	if (s.p[at] == '-')
		at++;
	else if (strict)
		return false;
	out->pre = gh_span_cut(s, at, end - at);
	return identifiers(out->pre, strict);
}

bool gh_semver_valid(struct gh_span v, bool strict)
{
	struct semver s;
	return read(v, strict, &s);
}

static int num_cmp(struct gh_span a, struct gh_span b)
{
	while (a.n != 0 && a.p[0] == '0')
		a = gh_span_cut(a, 1, a.n);
	while (b.n != 0 && b.p[0] == '0')
		b = gh_span_cut(b, 1, b.n);
	if (a.n != b.n)
		return a.n < b.n ? -1 : 1;
	int c = a.n == 0 ? 0 : memcmp(a.p, b.p, a.n);
	return (c > 0) - (c < 0);
}

static struct gh_span next(struct gh_span *s)
{
	const uint8_t *dot = s->n == 0 ? NULL : memchr(s->p, '.', s->n);
	struct gh_span part = dot == NULL ? *s : gh_span_cut(*s, 0, (uint64_t)(dot - s->p));
	*s = dot == NULL ? (struct gh_span){ 0 } : gh_span_cut(*s, part.n + 1, s->n);
	return part;
}

/* Section 11.4: numbers as numbers, below words; words by their bytes; more fields win. */
static int pre_cmp(struct gh_span a, struct gh_span b)
{
	if (a.n == 0 || b.n == 0)
		return (int)(a.n == 0) - (int)(b.n == 0);
	while (a.n != 0 && b.n != 0) {
		struct gh_span x = next(&a), y = next(&b);
		bool nx = true, ny = true;
		for (size_t i = 0; i < x.n; i++)
			nx = nx && digit(x.p[i]);
		for (size_t i = 0; i < y.n; i++)
			ny = ny && digit(y.p[i]);
		int c;
		if (nx != ny)
			return nx ? -1 : 1;
		if (nx) {
			c = num_cmp(x, y);
		} else {
			size_t n = x.n < y.n ? x.n : y.n;
			c = n == 0 ? 0 : memcmp(x.p, y.p, n);
			c = c != 0 ? (c > 0) - (c < 0) : (x.n > y.n) - (x.n < y.n);
		}
		if (c != 0)
			return c;
	}
	return (int)(a.n != 0) - (int)(b.n != 0);
}

int gh_semver_cmp(struct gh_span a, struct gh_span b)
{
	struct semver x, y;
	if (!read(a, false, &x) || !read(b, false, &y))
		return GH_VERSION_APART;
	for (size_t i = 0; i < 3; i++) {
		int c = num_cmp(x.part[i], y.part[i]);
		if (c != 0)
			return c;
	}
	return pre_cmp(x.pre, y.pre);
}

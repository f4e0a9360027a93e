#include "wire/der.h"

#include "wire/datetime.h"

unsigned gh_der_peek(const struct gh_rd *r) { return gh_rd_left(r) == 0 ? 0 : r->s.p[r->off]; }

/* A length: one byte below 128, else a count and that many bytes, no more than needed. */
static uint64_t length(struct gh_rd *r)
{
	uint8_t first = gh_rd_u8(r);
	if (first < 0x80)
		return first;
	unsigned n = first & 0x7f;
	if (n == 0 || n > 4) {
		r->bad = true;
		return 0;
	}
	uint64_t v = gh_rd_be(r, n);
	if (v < 0x80 || v >> (8 * (n - 1)) == 0)
		r->bad = true;
	return v;
}

struct gh_span gh_der_any(struct gh_rd *r, unsigned *tag, struct gh_span *whole)
{
	size_t start = r->off;
	*tag = gh_rd_u8(r);
	if ((*tag & 0x1f) == 0x1f) /* a tag of several bytes: nothing we read has one */
		r->bad = true;
	struct gh_span body = gh_rd_take(r, length(r));
	if (whole != NULL)
		*whole = r->bad ? (struct gh_span){ 0 } : gh_span_cut(r->s, start, r->off - start);
	return body;
}

struct gh_span gh_der_take(struct gh_rd *r, unsigned tag, struct gh_span *whole)
{
	unsigned is = 0;
	if (gh_der_peek(r) != tag)
		r->bad = true;
	struct gh_span body = gh_der_any(r, &is, whole);
	return r->bad ? (struct gh_span){ 0 } : body;
}

struct gh_rd gh_der_enter(struct gh_rd *r, unsigned tag)
{
	struct gh_rd in = gh_rd(gh_der_take(r, tag, NULL));
	in.bad = r->bad;
	return in;
}

bool gh_der_maybe(struct gh_rd *r, unsigned tag, struct gh_span *out)
{
	if (gh_der_peek(r) != tag)
		return false;
	*out = gh_der_take(r, tag, NULL);
	return !r->bad;
}

uint64_t gh_der_u64(struct gh_rd *r)
{
	struct gh_span b = gh_der_take(r, GH_DER_INTEGER, NULL);
	uint64_t v = 0;
	if (b.n == 0 || b.n > 9 || (b.p[0] & 0x80) != 0 || (b.n == 9 && b.p[0] != 0) ||
	    (b.n > 1 && b.p[0] == 0 && (b.p[1] & 0x80) == 0)) {
		r->bad = true;
		return 0;
	}
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}

/* One number of a dotted text. */
static uint64_t arc(const char **s)
{
	uint64_t v = 0;
	while (**s >= '0' && **s <= '9')
		v = v * 10 + (uint64_t)(*(*s)++ - '0');
	if (**s == '.')
		(*s)++;
	return v;
}

bool gh_der_is_oid(struct gh_span oid, const char *dotted)
{
	size_t at = 0;
	uint64_t first = arc(&dotted), v = first * 40 + arc(&dotted);
	for (bool more = true; more;) {
		unsigned groups = 1;
		while (groups < 9 && v >> (7 * groups) != 0)
			groups++;
		for (; groups > 0; groups--, at++) {
			uint8_t want = (uint8_t)((v >> (7 * (groups - 1)) & 0x7f) | (groups > 1 ? 0x80 : 0));
			if (at >= oid.n || oid.p[at] != want)
				return false;
		}
		more = *dotted != '\0';
		v = more ? arc(&dotted) : 0;
	}
	return at == oid.n;
}

/* n digits at p. */
static bool digits(const uint8_t *p, unsigned n, unsigned *out)
{
	*out = 0;
	for (unsigned i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return false;
		*out = *out * 10 + (unsigned)(p[i] - '0');
	}
	return true;
}

bool gh_der_time(struct gh_span t, int64_t *out)
{
	struct gh_datetime d = { 0 };
	if (t.n < 15 || t.n > 32 || t.p[t.n - 1] != 'Z' || !digits(t.p, 4, &d.year) || !digits(t.p + 4, 2, &d.month) ||
	    !digits(t.p + 6, 2, &d.day) || !digits(t.p + 8, 2, &d.hour) || !digits(t.p + 10, 2, &d.minute) ||
	    !digits(t.p + 12, 2, &d.second))
		return false;
	if (t.n > 15 && (t.p[14] != '.' || t.n == 16))
		return false;
	for (size_t i = 15; i + 1 < t.n; i++)
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
	return gh_datetime_seconds(&d, out);
}

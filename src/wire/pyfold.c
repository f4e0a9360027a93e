/* pyfold.c - operators and methods of constants. A part of a text that is not known becomes `{}`, and the text is marked
 * GH_PYF_FORMAT: enough to see what kind of command or address it is. */
#include <stdio.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "wire/pyrun_int.h"

enum { LISTED = 1024 }; /* items of lists that are put together: adding one by one stays cheap */

static bool out_text(struct gh_pyv *out, enum gh_pyv_kind kind, const uint8_t *p, size_t n, uint32_t flags)
{
	*out = pyr_text(kind, (struct gh_span){ p, n }, flags);
	return true;
}

/* How a value reads as part of a text; number has room for 24 characters. */
static struct gh_span piece(struct gh_pyv v, char *number, uint32_t *flags)
{
	v = pyr_one(v);
	*flags |= pyr_flags(v);
	if (pyr_is_text(v))
		return gh_pyv_text(v);
	if (v.kind == GH_PYV_INT) {
		int n = snprintf(number, 24, "%lld", (long long)v.i);
		return (struct gh_span){ (const uint8_t *)number, (size_t)n };
	}
	*flags |= GH_PYF_FORMAT;
	return GH_SPAN("{}");
}

static bool concat(struct pyr *r, struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out)
{
	char na[24], nb[24];
	uint32_t flags = 0;
	if (a.kind == GH_PYV_SEQ && b.kind == GH_PYV_SEQ) {
		if (a.n + b.n > LISTED)
			return false;
		struct gh_pyv *v = pyr_values(r, (size_t)a.n + b.n);
		if (v == NULL)
			return false;
		if (a.n != 0)
			memcpy(v, a.v, a.n * sizeof *v);
		if (b.n != 0)
			memcpy(v + a.n, b.v, b.n * sizeof *v);
		*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = a.n + b.n, .v = v, .flags = a.flags | b.flags };
		return true;
	}
	if (!pyr_is_text(a) && !pyr_is_text(b))
		return false;
	struct gh_span x = piece(a, na, &flags), y = piece(b, nb, &flags);
	uint8_t *p = pyr_room(r, x.n + y.n);
	if (p == NULL)
		return false;
	if (x.n != 0)
		memcpy(p, x.p, x.n);
	if (y.n != 0)
		memcpy(p + x.n, y.p, y.n);
	return out_text(out, pyr_is_text(a) ? a.kind : b.kind, p, x.n + y.n, flags | GH_PYF_JOINED);
}

static bool repeat(struct pyr *r, struct gh_pyv a, int64_t n, struct gh_pyv *out)
{
	if (n < 0)
		n = 0;
	if (n > PYR_TEXT || (uint64_t)n * a.n > PYR_TEXT)
		return false;
	if (a.kind == GH_PYV_SEQ) {
		struct gh_pyv *v = (uint64_t)n * a.n > PYR_ITEMS ? NULL : pyr_values(r, (size_t)n * a.n);
		for (int64_t i = 0; v != NULL && i < n && a.n != 0; i++)
			memcpy(v + (size_t)i * a.n, a.v, a.n * sizeof *v);
		*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = (uint32_t)n * a.n, .v = v, .flags = a.flags };
		return v != NULL;
	}
	uint8_t *p = pyr_room(r, (size_t)n * a.n);
	for (int64_t i = 0; p != NULL && i < n && a.n != 0; i++)
		memcpy(p + (size_t)i * a.n, a.p, a.n);
	return p != NULL && out_text(out, a.kind, p, (size_t)n * a.n, a.flags);
}

static bool whole(uint8_t op, int64_t a, int64_t b, int64_t *out)
{
	switch (op) {
	case '+': return !__builtin_add_overflow(a, b, out);
	case '-': return !__builtin_sub_overflow(a, b, out);
	case '*': return !__builtin_mul_overflow(a, b, out);
	case '^': *out = a ^ b; return true;
	case '&': *out = a & b; return true;
	case '|': *out = a | b; return true;
	case GH_PYO_SHL:
		*out = b >= 0 && b < 32 && a >= 0 && a < INT32_MAX ? a << b : 0;
		return b >= 0 && b < 32 && a >= 0 && a < INT32_MAX;
	case GH_PYO_SHR: *out = b >= 0 && b < 63 ? a >> b : 0; return b >= 0 && b < 63;
	case '/':
	case GH_PYO_FLOORDIV:
		if (b <= 0 || a < 0 || (op == '/' && a % b != 0))
			return false;
		*out = a / b;
		return true;
	case '%':
		if (b <= 0)
			return false;
		*out = ((a % b) + b) % b;
		return true;
	case GH_PYO_POW:
		*out = 1;
		for (int64_t i = 0; i < b; i++)
			if (i > 64 || __builtin_mul_overflow(*out, a, out))
				return false;
		return b >= 0;
	default: return false;
	}
}

/* `%`: %s, %d and the like each take the next value; widths are dropped. */
static bool percent(struct pyr *r, struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out)
{
	gh_auto_buf t = gh_buf(PYR_TEXT);
	uint32_t flags = a.flags, next = 0;
	for (size_t i = 0; i < a.n; i++) {
		if (a.p[i] != '%' || i + 1 == a.n) {
			gh_buf_put(&t, a.p + i, 1);
			continue;
		}
		i++;
		if (a.p[i] == '%') {
			gh_buf_put(&t, "%", 1);
			continue;
		}
		struct gh_pyv v = b.kind == GH_PYV_SEQ ? (next < b.n ? b.v[next] : pyr_unknown(r, 0)) : b;
		next++;
		if (a.p[i] == '(') {
			const uint8_t *e = memchr(a.p + i, ')', a.n - i);
			struct gh_span key = e == NULL ? (struct gh_span){ 0 }
						       : (struct gh_span){ a.p + i + 1, (size_t)(e - a.p) - i - 1 };
			v = b.kind == GH_PYV_DICT ? pyr_item(r, b, pyr_text(GH_PYV_STR, key, 0))
						  : pyr_unknown(r, b.flags);
			i = e == NULL ? a.n - 1 : (size_t)(e - a.p) + 1;
		}
		while (i < a.n && memchr("0123456789.-+ #*", a.p[i], 16) != NULL)
			i++;
		char number[24];
		v = pyr_one(v);
		if (i < a.n && a.p[i] == 'c' && v.kind == GH_PYV_INT && v.i >= 0 && v.i < 0x110000 &&
		    (v.i < 0xd800 || v.i > 0xdfff)) {
			gh_buf_put(&t, number, gh_utf8_put((uint32_t)v.i, (uint8_t *)number));
			flags |= GH_PYF_DECODED;
		} else {
			gh_buf_span(&t, piece(v, number, &flags));
		}
	}
	uint8_t *p = t.full ? NULL : pyr_room(r, t.n);
	if (p == NULL)
		return false;
	if (t.n != 0)
		memcpy(p, t.p, t.n);
	return out_text(out, a.kind, p, t.n, flags | pyr_flags(b) | GH_PYF_JOINED);
}

bool pyr_binary(struct pyr *r, uint8_t op, struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out)
{
	a = pyr_one(a);
	b = pyr_one(b);
	if (a.kind == GH_PYV_INT && b.kind == GH_PYV_INT) {
		*out = pyr_int(0);
		out->flags = a.flags | b.flags;
		return whole(op, a.i, b.i, &out->i);
	}
	if (op == '+')
		return concat(r, a, b, out);
	if (op == '*' && b.kind == GH_PYV_INT && (pyr_is_text(a) || a.kind == GH_PYV_SEQ))
		return repeat(r, a, b.i, out);
	if (op == '*' && a.kind == GH_PYV_INT && (pyr_is_text(b) || b.kind == GH_PYV_SEQ))
		return repeat(r, b, a.i, out);
	if (op == '%' && pyr_is_text(a))
		return percent(r, a, b, out);
	char number[24];
	uint32_t flags = 0;
	if (op == '/' && a.kind == GH_PYV_STR && b.kind == GH_PYV_STR) { /* pathlib */
		(void)piece(a, number, &flags);
		return false;
	}
	return false;
}

static int64_t clamp(int64_t i, int64_t n, int64_t lo, int64_t hi)
{
	if (i < 0)
		i += n;
	return i < lo ? lo : i > hi ? hi : i;
}

bool pyr_slice(struct pyr *r, struct gh_pyv of, const struct gh_pyv *part, unsigned np, struct gh_pyv *out)
{
	of = pyr_one(of);
	int64_t v[3] = { 0, 0, 1 };
	bool given[3] = { false };
	if (!pyr_is_text(of) && of.kind != GH_PYV_SEQ)
		return false;
	for (unsigned i = 0; i < np && i < 3; i++) {
		if (part[i].kind == GH_PYV_NONE)
			continue;
		if (part[i].kind != GH_PYV_INT)
			return false;
		v[i] = part[i].i;
		given[i] = true;
	}
	int64_t n = of.n, step = v[2];
	if (step == 0 || step > INT32_MAX || step < -INT32_MAX)
		return false;
	int64_t from = given[0] ? clamp(v[0], n, step < 0 ? -1 : 0, step < 0 ? n - 1 : n) : step < 0 ? n - 1 : 0;
	int64_t to = given[1] ? clamp(v[1], n, step < 0 ? -1 : 0, step < 0 ? n - 1 : n) : step < 0 ? -1 : n;
	size_t count = 0;
	uint8_t *p = NULL;
	struct gh_pyv *seq = NULL;
	if (of.kind == GH_PYV_SEQ)
		seq = pyr_values(r, of.n);
	else
		p = pyr_room(r, of.n);
	if (p == NULL && seq == NULL)
		return false;
	for (int64_t i = from; step < 0 ? i > to : i < to; i += step, count++) {
		if (seq != NULL)
			seq[count] = of.v[i];
		else
			p[count] = of.p[i];
	}
	if (seq != NULL) {
		*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = (uint32_t)count, .v = seq, .flags = of.flags };
		return true;
	}
	/* Turned around or thinned out: nobody reads that. */
	return out_text(out, of.kind, p, count, of.flags | (step != 1 ? GH_PYF_DECODED : GH_PYF_JOINED));
}

/* ---- methods -------------------------------------------------------------------------------------------------------- */
bool pyr_items(struct pyr *r, struct gh_pyv v, const struct gh_pyv **items, uint32_t *n)
{
	v = pyr_one(v);
	if (v.kind == GH_PYV_SEQ) {
		*items = v.v;
		*n = v.n;
		return true;
	}
	if (!pyr_is_text(v) || v.n > PYR_ITEMS)
		return false;
	struct gh_pyv *out = pyr_values(r, v.n);
	uint32_t count = 0;
	for (uint32_t i = 0; out != NULL && i < v.n; count++) {
		uint32_t cp;
		unsigned len = v.kind == GH_PYV_BYTES ? 1 : gh_utf8_next(gh_span_cut(gh_pyv_text(v), i, 4), &cp);
		if (len == 0)
			len = 1;
		out[count] = v.kind == GH_PYV_BYTES ? pyr_int(v.p[i])
						    : pyr_text(GH_PYV_STR, (struct gh_span){ v.p + i, len }, v.flags);
		i += len;
	}
	*items = out;
	*n = count;
	return out != NULL;
}

static bool join(struct pyr *r, struct gh_pyv by, struct gh_pyv list, struct gh_pyv *out)
{
	const struct gh_pyv *v;
	uint32_t n, flags = by.flags;
	size_t len = 0;
	char number[24];
	if (!pyr_items(r, list, &v, &n))
		return false;
	for (uint32_t i = 0; i < n; i++)
		len += piece(v[i], number, &flags).n + by.n;
	uint8_t *p = pyr_room(r, len);
	if (p == NULL)
		return false;
	len = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct gh_span s = piece(v[i], number, &flags);
		if (i != 0 && by.n != 0) {
			memcpy(p + len, by.p, by.n);
			len += by.n;
		}
		if (s.n != 0)
			memcpy(p + len, s.p, s.n);
		len += s.n;
	}
	/* Single characters put together hide a word. */
	bool letters = n > 2 && by.n == 0 && pyr_is_text(pyr_one(v[0])) && pyr_one(v[0]).n == 1;
	return out_text(out, by.kind, p, len, flags | (letters ? GH_PYF_DECODED : GH_PYF_JOINED));
}

static bool replace(struct pyr *r, struct gh_pyv s, struct gh_pyv a, struct gh_pyv b, struct gh_pyv *out)
{
	if (!pyr_is_text(a) || !pyr_is_text(b) || a.n == 0)
		return false;
	size_t hits = 0, n = 0;
	for (size_t i = 0; i + a.n <= s.n; i++)
		if (memcmp(s.p + i, a.p, a.n) == 0) {
			hits++;
			i += a.n - 1;
		}
	uint8_t *p = hits * b.n > PYR_TEXT ? NULL : pyr_room(r, s.n + hits * b.n);
	if (p == NULL)
		return false;
	for (size_t i = 0; i < s.n;) {
		if (i + a.n <= s.n && memcmp(s.p + i, a.p, a.n) == 0) {
			if (b.n != 0)
				memcpy(p + n, b.p, b.n);
			n += b.n;
			i += a.n;
		} else {
			p[n++] = s.p[i++];
		}
	}
	return out_text(out, s.kind, p, n, s.flags | (hits != 0 ? GH_PYF_DECODED : 0));
}

static bool letters(struct pyr *r, struct gh_pyv s, struct gh_span name, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, s.n);
	if (p == NULL)
		return false;
	bool swap = gh_span_is(name, "swapcase"), up = gh_span_is(name, "upper");
	for (uint32_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool lower = c >= 'a' && c <= 'z', upper = c >= 'A' && c <= 'Z';
		p[i] = lower && (up || swap) ? c - 32 : upper && (!up || swap) ? c + 32 : c;
	}
	return out_text(out, s.kind, p, s.n, s.flags | GH_PYF_JOINED);
}

static bool strip(struct gh_pyv s, struct gh_span name, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	struct gh_span set = narg != 0 && pyr_is_text(arg[0]) ? gh_pyv_text(arg[0]) : GH_SPAN(" \t\n\r\f\v");
	size_t from = 0, to = s.n;
	while (name.p[0] != 'r' && from < to && set.n != 0 && memchr(set.p, s.p[from], set.n) != NULL)
		from++;
	while (name.p[0] != 'l' && to > from && set.n != 0 && memchr(set.p, s.p[to - 1], set.n) != NULL)
		to--;
	return out_text(out, s.kind, s.p + from, to - from, s.flags | (to - from != s.n ? GH_PYF_JOINED : 0));
}

static bool split(struct pyr *r, struct gh_pyv s, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	struct gh_span by = narg != 0 && pyr_is_text(arg[0]) ? gh_pyv_text(arg[0]) : GH_SPAN(" ");
	size_t count = 1, at = 0;
	uint32_t n = 0;
	if (by.n == 0)
		return false;
	for (size_t i = 0; i + by.n <= s.n; i++)
		count += memcmp(s.p + i, by.p, by.n) == 0;
	struct gh_pyv *v = count > PYR_ITEMS ? NULL : pyr_values(r, count);
	for (size_t i = 0; v != NULL && i <= s.n;) {
		bool end = i + by.n > s.n;
		if (end || memcmp(s.p + i, by.p, by.n) == 0) {
			if (end)
				i = s.n;
			if (narg != 0 || i != at)
				v[n++] = pyr_text(s.kind, (struct gh_span){ s.p + at, i - at }, s.flags);
			if (end)
				break;
			i += by.n;
			at = i;
		} else {
			i++;
		}
	}
	*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = n, .v = v, .flags = s.flags };
	return v != NULL;
}

/* "{}".format(x), "{0}", "{name}": keywords are not known here and read as `{}`. */
static bool format(struct pyr *r, struct gh_pyv s, const struct gh_pyv *arg, unsigned narg, struct gh_pyv *out)
{
	gh_auto_buf t = gh_buf(PYR_TEXT);
	uint32_t flags = s.flags;
	unsigned next = 0;
	for (size_t i = 0; i < s.n; i++) {
		bool twice = i + 1 < s.n && s.p[i + 1] == s.p[i];
		if ((s.p[i] != '{' && s.p[i] != '}') || twice) {
			gh_buf_put(&t, s.p + i, 1);
			i += twice && (s.p[i] == '{' || s.p[i] == '}');
			continue;
		}
		const uint8_t *e = memchr(s.p + i, '}', s.n - i);
		unsigned k = i + 1 < s.n && s.p[i + 1] >= '0' && s.p[i + 1] <= '9' ? s.p[i + 1] - 48u : next++;
		bool attr = e != NULL && memchr(s.p + i, '.', (size_t)(e - s.p) - i) != NULL;
		char number[24];
		bool named = i + 1 < s.n && ((s.p[i + 1] | 32) >= 'a' && (s.p[i + 1] | 32) <= 'z');
		if (k < narg && !attr && !named) {
			gh_buf_span(&t, piece(arg[k], number, &flags));
		} else {
			gh_buf_str(&t, "{}");
			flags |= GH_PYF_FORMAT;
		}
		if (e == NULL)
			break;
		i = (size_t)(e - s.p);
	}
	for (unsigned i = 0; i < narg; i++)
		flags |= pyr_flags(arg[i]);
	uint8_t *p = t.full ? NULL : pyr_room(r, t.n);
	if (p != NULL && t.n != 0)
		memcpy(p, t.p, t.n);
	return p != NULL && out_text(out, s.kind, p, t.n, flags | GH_PYF_JOINED);
}

static bool to_hex(struct pyr *r, struct gh_pyv s, struct gh_pyv *out)
{
	uint8_t *p = pyr_room(r, 2 * (size_t)s.n);
	for (uint32_t i = 0; p != NULL && i < s.n; i++) {
		p[2 * i] = (uint8_t)"0123456789abcdef"[s.p[i] >> 4];
		p[2 * i + 1] = (uint8_t)"0123456789abcdef"[s.p[i] & 15];
	}
	return p != NULL && out_text(out, GH_PYV_STR, p, 2 * (size_t)s.n, s.flags);
}

static bool list_method(struct pyr *r, struct gh_pyv self, struct gh_span name, const struct gh_pyv *arg, unsigned narg,
			struct gh_pyv *out)
{
	if (self.kind == GH_PYV_DICT && gh_span_is(name, "get") && narg != 0) {
		*out = pyr_item(r, self, arg[0]);
		return true;
	}
	if (self.kind == GH_PYV_SEQ && gh_span_is(name, "pop")) {
		*out = pyr_item(r, self, narg != 0 ? arg[0] : pyr_int(-1));
		return true;
	}
	if (self.kind == GH_PYV_SEQ && gh_span_is(name, "__getitem__") && narg == 1) {
		*out = pyr_item(r, self, arg[0]);
		return true;
	}
	bool values = gh_span_is(name, "values"), keys = gh_span_is(name, "keys");
	struct gh_pyv *v = self.kind == GH_PYV_DICT && (values || keys) ? pyr_values(r, self.n) : NULL;
	for (uint32_t i = 0; v != NULL && i < self.n; i++)
		v[i] = self.v[2 * i + values];
	*out = (struct gh_pyv){ .kind = GH_PYV_SEQ, .n = self.n, .v = v, .flags = self.flags };
	return v != NULL;
}

bool pyr_method(struct pyr *r, struct gh_pyv self, struct gh_span name, const struct gh_pyv *arg, unsigned narg,
		struct gh_pyv *out)
{
	struct gh_pyv a = narg != 0 ? pyr_one(arg[0]) : (struct gh_pyv){ 0 };
	struct gh_pyv b = narg > 1 ? pyr_one(arg[1]) : (struct gh_pyv){ 0 };
	if (!pyr_afford(r, self.n))
		return false;
	if (!pyr_is_text(self))
		return list_method(r, self, name, arg, narg, out);
	if (gh_span_is(name, "join") && narg == 1)
		return join(r, self, a, out);
	if (gh_span_is(name, "replace") && narg >= 2)
		return replace(r, self, a, b, out);
	if (gh_span_is(name, "lower") || gh_span_is(name, "upper") || gh_span_is(name, "casefold") ||
	    gh_span_is(name, "swapcase"))
		return letters(r, self, name, out);
	if (gh_span_is(name, "strip") || gh_span_is(name, "lstrip") || gh_span_is(name, "rstrip"))
		return strip(self, name, arg, narg, out);
	if (gh_span_is(name, "split"))
		return split(r, self, arg, narg, out);
	if (gh_span_is(name, "format"))
		return format(r, self, arg, narg, out);
	if (gh_span_is(name, "hex") && self.kind == GH_PYV_BYTES)
		return to_hex(r, self, out);
	if (gh_span_is(name, "__getitem__") && narg == 1) {
		*out = pyr_item(r, self, a);
		return true;
	}
	if (gh_span_is(name, "__add__") && narg == 1)
		return pyr_binary(r, '+', self, a, out);
	bool encode = gh_span_is(name, "encode");
	if (encode || gh_span_is(name, "decode"))
		return pyr_named_codec(r, a.kind == GH_PYV_STR ? gh_pyv_text(a) : GH_SPAN("utf-8"), encode, self, out);
	return false;
}

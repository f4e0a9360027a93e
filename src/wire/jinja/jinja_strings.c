/* Methods of texts and bytes, as far as they are harmless. */
#include "base/utf8.h"
#include "wire/digits.h"
#include "wire/jinja/jinja_methods.h"

/* Bytes of the white space at s[i], as Python's str.isspace() has it; 0: none. */
static size_t space_at(struct gh_span s, size_t i)
{
	uint32_t cp;
	if (s.p[i] < 0x80)
		return s.p[i] == ' ' || (s.p[i] >= '\t' && s.p[i] <= '\r') || (s.p[i] >= 0x1c && s.p[i] <= 0x1f);
	size_t n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
	bool wide = n != 0 && (cp == 0x85 || cp == 0xa0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200a) ||
			       cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f || cp == 0x3000);
	return wide ? n : 0;
}
static bool is_text(struct gh_jv v) { return v.kind == JV_STR || v.kind == JV_BYTES; }
static struct gh_jv undefined(void) { return (struct gh_jv){ .kind = JV_UNDEFINED }; }
static struct gh_jv like(struct gh_jv self, struct gh_span s)
{
	self.s = s;
	return self;
}

/* Where what lies in s at or behind from; s.n + 1 if nowhere. */
static size_t find(struct gh_span s, struct gh_span what, size_t from)
{
	if (from > s.n)
		return s.n + 1;
	if (what.n == 0)
		return from;
	const uint8_t *p = s.n - from < what.n ? NULL : memmem(s.p + from, s.n - from, what.p, what.n);
	return p == NULL ? s.n + 1 : (size_t)(p - s.p);
}
static size_t find_last(struct gh_span s, struct gh_span what)
{
	size_t last = s.n + 1;
	if (what.n == 0)
		return s.n;
	for (size_t i = s.n < what.n ? 0 : s.n - what.n + 1; i-- > 0;)
		if (memcmp(s.p + i, what.p, what.n) == 0) {
			last = i;
			break;
		}
	return last;
}

/* ---- texts ----------------------------------------------------------------------------------------------------------- */
struct gh_jv jj_strip(struct gh_jv v, struct gh_jv chars, bool left, bool right)
{
	struct gh_span s = v.s;
	bool all = chars.kind != JV_STR && chars.kind != JV_BYTES;
	while (left && s.n > 0) {
		struct gh_span c = jj_char_range(gh_span_cut(s, 0, 4), 0, 1);
		if (all ? !space_at(s, 0)
			: c.n == 0 || chars.s.n == 0 || memmem(chars.s.p, chars.s.n, c.p, c.n) == NULL)
			break;
		s = gh_span_cut(s, c.n, s.n);
	}
	while (right && s.n > 0) {
		size_t n = 1;
		while (n < 4 && n < s.n && (s.p[s.n - n] & 0xc0) == 0x80)
			n++;
		if (all ? space_at(s, s.n - n) != n
			: chars.s.n == 0 || memmem(chars.s.p, chars.s.n, s.p + s.n - n, n) == NULL)
			break;
		s.n -= n;
	}
	return like(v, s);
}

struct gh_jv jj_m_strip(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)r;
	return jj_strip(self, jj_arg(a, 0, "chars", gh_jv_none()), (how & 1) != 0, (how & 2) != 0);
}

static bool letter(uint8_t c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80; }

/* 'u'pper, 'l'ower, 't'itle, 'c'apitalize, 's'wap. Of other alphabets than ASCII the letters stay as they are; since some of
 * them have an ASCII letter on the other side (\xc5\xbf is a small s), the result is obscure then to who watches. */
struct gh_jv jj_case(struct gh_jj_run *r, struct gh_span s, char how)
{
	uint8_t *p = gh_alloc(r->arena, s.n + 1, 1);
	if (p == NULL)
		return jj_limit(r, "no memory");
	bool inside = false, wide = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool up = how == 'u' || (how == 't' && !inside) || (how == 'c' && i == 0);
		if (how == 's')
			up = c >= 'a' && c <= 'z';
		if (up && c >= 'a' && c <= 'z')
			p[i] = (uint8_t)(c - 32);
		else if (!up && c >= 'A' && c <= 'Z')
			p[i] = (uint8_t)(c + 32);
		else
			p[i] = c;
		inside = letter(c);
		wide = wide || c >= 0x80;
	}
	struct gh_jv out = gh_jv_str((struct gh_span){ p, s.n });
	return wide && jj_watching(r) ? jj_mix(r, JU_OBSCURE, &out, 1) : out;
}

struct gh_jv jj_m_cased(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	struct gh_jv out = jj_case(r, self.s, (char)how);
	return out.kind == JV_STR ? like(self, out.s) : out;
}

struct gh_jv jj_replace(struct gh_jj_run *r, struct gh_span s, struct gh_span from, struct gh_span to, int64_t count)
{
	struct jj_text t = { .r = r };
	size_t at = 0, done = 0;
	for (int64_t k = 0; (count < 0 || k < count) && jj_step(r, 1); k++) {
		size_t p = find(s, from, done);
		if (p > s.n)
			break;
		jj_put(&t, gh_span_cut(s, at, p - at));
		jj_put(&t, to);
		at = p + from.n;
		done = at;
		if (from.n == 0) { /* between all characters */
			struct gh_span c = jj_char_range(gh_span_cut(s, p, 4), 0, 1);
			if (c.n == 0)
				break;
			jj_put(&t, c);
			at = done = p + c.n;
		}
	}
	jj_put(&t, gh_span_cut(s, at, s.n));
	return jj_text_value(&t);
}

struct gh_jv jj_m_replace(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jv from = jj_arg(a, 0, "old", undefined()), to = jj_arg(a, 1, "new", undefined());
	struct gh_jv count = jj_arg(a, 2, "count", gh_jv_int(-1));
	if (!is_text(from) || !is_text(to))
		return jj_error(r, "replace() wants two texts");
	return like(self, jj_replace(r, self.s, from.s, to.s, count.kind == JV_INT ? count.i : -1).s);
}

struct gh_jv jj_m_ends(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv what = jj_arg(a, 0, NULL, undefined()), one[1] = { what };
	bool many = what.kind == JV_TUPLE;
	for (size_t i = 0; i < (many ? what.list->n : 1); i++) {
		struct gh_jv w = many ? what.list->v[i] : one[0];
		if (!is_text(w))
			return jj_error(r, "a text or a tuple of texts is wanted");
		size_t off = how == 'e' && self.s.n >= w.s.n ? self.s.n - w.s.n : 0;
		if (self.s.n >= w.s.n && (w.s.n == 0 || memcmp(self.s.p + off, w.s.p, w.s.n) == 0))
			return gh_jv_bool(true);
	}
	return gh_jv_bool(false);
}

static bool push_text(struct gh_jj_run *r, struct gh_jv list, struct gh_jv like_this, struct gh_span s)
{
	if (gh_jv_push(r->arena, list.list, like(like_this, s)))
		return true;
	(void)jj_limit(r, "no memory");
	return false;
}

static struct gh_jv split_space(struct gh_jj_run *r, struct gh_jv self, int64_t max)
{
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	struct gh_span s = self.s;
	for (size_t i = 0; r->err == NULL;) {
		for (size_t n; i < s.n && (n = space_at(s, i)) != 0;)
			i += n;
		size_t from = i;
		if (i == s.n)
			break;
		bool rest = max >= 0 && (int64_t)out.list->n >= max;
		while (i < s.n && (rest || space_at(s, i) == 0))
			i++;
		if (!push_text(r, out, self, gh_span_cut(s, from, i - from)))
			break;
	}
	return out;
}

struct gh_jv jj_m_split(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv sep = jj_arg(a, 0, "sep", gh_jv_none()), m = jj_arg(a, 1, "maxsplit", gh_jv_int(-1));
	int64_t max = m.kind == JV_INT ? m.i : -1;
	struct gh_span s = self.s;
	if (sep.kind == JV_NONE)
		return split_space(r, self, how == 'r' && max >= 0 ? -1 : max);
	if (!is_text(sep) || sep.s.n == 0)
		return jj_error(r, "split() wants a separator");
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	if (how == 'r' && max >= 0) { /* from the end, then turned around */
		size_t k = 0, n;
		while ((int64_t)k < max && (n = find_last(s, sep.s)) <= s.n && jj_step(r, 1)) {
			if (!push_text(r, out, self, gh_span_cut(s, n + sep.s.n, s.n)))
				return out;
			s.n = n;
			k++;
		}
		(void)push_text(r, out, self, s);
		for (size_t i = 0; r->err == NULL && i < out.list->n / 2; i++) {
			struct gh_jv x = out.list->v[i];
			out.list->v[i] = out.list->v[out.list->n - 1 - i];
			out.list->v[out.list->n - 1 - i] = x;
		}
		return out;
	}
	size_t at = 0;
	for (int64_t k = 0; (max < 0 || k < max) && jj_step(r, 1); k++) {
		size_t p = find(s, sep.s, at);
		if (p > s.n || !push_text(r, out, self, gh_span_cut(s, at, p - at)))
			break;
		at = p + sep.s.n;
	}
	(void)push_text(r, out, self, gh_span_cut(s, at, s.n));
	return out;
}

struct gh_jv jj_m_splitlines(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jv keep = jj_arg(a, 0, "keepends", gh_jv_bool(false)), out = jj_list_of(r, JV_LIST, NULL, 0);
	struct gh_span s = self.s;
	for (size_t from = 0; from < s.n && jj_step(r, 1);) {
		size_t i = from;
		while (i < s.n && s.p[i] != '\n' && s.p[i] != '\r')
			i++;
		size_t end = i;
		i += i < s.n ? 1u + (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') : 0u;
		if (!push_text(r, out, self, gh_span_cut(s, from, (jj_truth(keep) ? i : end) - from)))
			break;
		from = i;
	}
	return out;
}

struct gh_jv jj_m_search(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv what = jj_arg(a, 0, NULL, undefined());
	if (!is_text(what))
		return jj_error(r, "a text is wanted");
	if (how == 'c') {
		int64_t n = 0;
		size_t at = 0, p;
		while (what.s.n != 0 && (p = find(self.s, what.s, at)) <= self.s.n && jj_step(r, 1)) {
			n++;
			at = p + what.s.n;
		}
		return gh_jv_int(what.s.n != 0 ? n : (int64_t)jj_chars(self.s) + 1);
	}
	size_t p = how == 'r' ? find_last(self.s, what.s) : find(self.s, what.s, 0);
	if (p > self.s.n)
		return how == 'i' ? jj_error(r, "the text is not there") : gh_jv_int(-1);
	return gh_jv_int((int64_t)jj_chars(gh_span_cut(self.s, 0, p)));
}

struct gh_jv jj_m_is_kind(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)r;
	(void)a;
	bool ok = self.s.n != 0, cased_one = false;
	for (size_t i = 0; i < self.s.n; i++) {
		uint8_t c = self.s.p[i];
		bool digit = c >= '0' && c <= '9', up = c >= 'A' && c <= 'Z', low = c >= 'a' && c <= 'z';
		cased_one = cased_one || up || low;
		switch (how) {
		case 'd': ok = ok && digit; break;
		case 'a': ok = ok && letter(c); break;
		case 'n': ok = ok && (letter(c) || digit); break;
		case 's': ok = ok && space_at(self.s, i) != 0; break;
		case 'u': ok = ok && !low; break;
		case 'l': ok = ok && !up; break;
		case '7': ok = ok && c < 0x80; break;
		case 'p': ok = ok && c >= 0x20 && c != 0x7f; break;
		case 'i': ok = ok && (letter(c) || c == '_' || (i > 0 && digit)); break;
		default: break;
		}
	}
	if (how == '7' || how == 'p')
		ok = ok || self.s.n == 0;
	return gh_jv_bool(ok && (cased_one || (how != 'u' && how != 'l')));
}

struct gh_jv jj_m_pad(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv width = jj_arg(a, 0, "width", gh_jv_int(80)),
		     fill = jj_arg(a, 1, "fillchar", gh_jv_str(GH_SPAN(" ")));
	int64_t n = (int64_t)jj_chars(self.s), w = width.kind == JV_INT ? width.i : 0, more = w > n ? w - n : 0;
	int64_t before = how == 'r' || how == 'z' ? more : how == 'c' ? more / 2 + (more & w & 1) : 0;
	struct jj_text t = { .r = r };
	struct gh_span s = self.s, f = how == 'z' ? GH_SPAN("0") : fill.kind == JV_STR ? fill.s : GH_SPAN(" ");
	if (how == 'z' && s.n != 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		jj_put(&t, gh_span_cut(s, 0, 1));
		s = gh_span_cut(s, 1, s.n);
	}
	for (int64_t i = 0; i < before && jj_step(r, 1); i++)
		jj_put(&t, f);
	jj_put(&t, s);
	for (int64_t i = before; i < more && jj_step(r, 1); i++)
		jj_put(&t, f);
	return like(self, (struct gh_span){ t.p, t.n });
}

struct gh_jv jj_m_affix(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv w = jj_arg(a, 0, NULL, undefined());
	if (!is_text(w))
		return jj_error(r, "a text is wanted");
	if (!jj_truth(jj_m_ends(r, self, a, how)))
		return self;
	return like(self, how == 'e' ? gh_span_cut(self.s, 0, self.s.n - w.s.n) : gh_span_cut(self.s, w.s.n, self.s.n));
}

struct gh_jv jj_m_partition(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv sep = jj_arg(a, 0, NULL, undefined()),
		     v[3] = { self, like(self, (struct gh_span){ 0 }), like(self, (struct gh_span){ 0 }) };
	if (!is_text(sep) || sep.s.n == 0)
		return jj_error(r, "partition() wants a separator");
	size_t p = how == 'r' ? find_last(self.s, sep.s) : find(self.s, sep.s, 0);
	if (p <= self.s.n) {
		v[0] = like(self, gh_span_cut(self.s, 0, p));
		v[1] = sep;
		v[2] = like(self, gh_span_cut(self.s, p + sep.s.n, self.s.n));
	} else if (how == 'r') {
		v[2] = self;
		v[0] = v[1];
	}
	return jj_list_of(r, JV_TUPLE, v, 3);
}

struct gh_jv jj_joined(struct gh_jj_run *r, struct gh_span sep, const struct gh_jlist *l, bool strict)
{
	struct jj_text t = { .r = r };
	struct gh_jv mixed = gh_jv_none();
	for (size_t i = 0; i < l->n && jj_step(r, 1); i++) {
		if (strict && l->v[i].kind != JV_STR && l->v[i].kind != JV_UNKNOWN)
			return jj_error(r, "join() wants texts");
		struct gh_jv s = jj_str(r, l->v[i]);
		if (s.kind == JV_STR && mixed.kind != JV_UNKNOWN) {
			if (i != 0)
				jj_put(&t, sep);
			jj_put(&t, s.s);
			continue;
		}
		struct gh_jv all[4] = { mixed, jj_text_value(&t), gh_jv_str(i != 0 ? sep : (struct gh_span){ 0 }), s };
		mixed = jj_mix(r, 0, all, 4);
		t.n = 0;
	}
	return mixed.kind == JV_UNKNOWN ? mixed : jj_text_value(&t);
}

struct gh_jv jj_m_join(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jlist l;
	struct gh_jv over = jj_arg(a, 0, NULL, undefined());
	if (over.kind == JV_UNKNOWN || !jj_items(r, over, &l))
		return over.kind == JV_UNKNOWN ? jj_mix_args(r, 0, self, a) : jj_error(r, "join() wants a list");
	return jj_joined(r, self.s, &l, true);
}

struct gh_jv jj_m_expandtabs(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	(void)how;
	return jj_replace(r, self.s, GH_SPAN("\t"), GH_SPAN("        "), -1);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------ */
struct gh_jv jj_m_encode(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv enc = jj_arg(a, 0, "encoding", gh_jv_str(GH_SPAN("utf-8")));
	static const char *const same[] = { "utf-8", "utf8", "UTF-8", "ascii", "latin-1", "latin1" };
	for (size_t i = 0; enc.kind == JV_STR && i < sizeof same / sizeof same[0]; i++)
		if (gh_span_is(enc.s, same[i])) {
			self.kind = (uint8_t)how;
			return self;
		}
	return jj_watching(r) ? jj_mix(r, JU_OBSCURE, &self, 1) : jj_error(r, "an encoding that is not known here");
}

struct gh_jv jj_m_hex(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct jj_text t = { .r = r };
	struct gh_jv from = jj_arg(a, 0, NULL, undefined());
	if (how == 'h') {
		for (size_t i = 0; i < self.s.n && r->err == NULL; i++) {
			jj_putc(&t, "0123456789abcdef"[self.s.p[i] >> 4]);
			jj_putc(&t, "0123456789abcdef"[self.s.p[i] & 15]);
		}
		return jj_text_value(&t);
	}
	int high = -1;
	for (size_t i = 0; from.kind == JV_STR && i < from.s.n && r->err == NULL; i++) {
		int d = gh_hex_digit(from.s.p[i]);
		if (d < 0)
			continue;
		if (high >= 0)
			jj_putc(&t, (char)(high << 4 | d));
		high = high >= 0 ? -1 : d;
	}
	self.s = (struct gh_span){ t.p, t.n };
	return self;
}

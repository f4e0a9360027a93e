/* Methods of texts, bytes, lists, dictionaries and numbers, as far as they are harmless. One that is not here has no result:
 * nothing in a template reaches further than this table. */
#include "base/utf8.h"
#include "wire/digits.h"
#include "wire/jinja/jinja_int.h"

typedef struct gh_jv method(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how);

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

static struct gh_jv strip(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv cased(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv replace(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jv from = jj_arg(a, 0, "old", undefined()), to = jj_arg(a, 1, "new", undefined());
	struct gh_jv count = jj_arg(a, 2, "count", gh_jv_int(-1));
	if (!is_text(from) || !is_text(to))
		return jj_error(r, "replace() wants two texts");
	return like(self, jj_replace(r, self.s, from.s, to.s, count.kind == JV_INT ? count.i : -1).s);
}

static struct gh_jv ends(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv split(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv splitlines(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv search(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv is_kind(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv pad(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv affix(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv w = jj_arg(a, 0, NULL, undefined());
	if (!is_text(w))
		return jj_error(r, "a text is wanted");
	if (!jj_truth(ends(r, self, a, how)))
		return self;
	return like(self, how == 'e' ? gh_span_cut(self.s, 0, self.s.n - w.s.n) : gh_span_cut(self.s, w.s.n, self.s.n));
}

static struct gh_jv partition(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv join(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jlist l;
	struct gh_jv over = jj_arg(a, 0, NULL, undefined());
	if (over.kind == JV_UNKNOWN || !jj_items(r, over, &l))
		return over.kind == JV_UNKNOWN ? jj_mix_args(r, 0, self, a) : jj_error(r, "join() wants a list");
	return jj_joined(r, self.s, &l, true);
}

static struct gh_jv expandtabs(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	(void)how;
	return jj_replace(r, self.s, GH_SPAN("\t"), GH_SPAN("        "), -1);
}

/* ---- bytes ------------------------------------------------------------------------------------------------------------ */
static struct gh_jv encode(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

static struct gh_jv hex(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
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

/* ---- lists and dictionaries -------------------------------------------------------------------------------------------- */
static struct gh_jv list_change(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jlist *l = self.list, more = { 0 };
	struct gh_jv v = jj_arg(a, how == 'i', NULL, gh_jv_none());
	if (!jj_watching(r))
		return jj_error(r, "lists of a template cannot be changed");
	if (how == 'p') {
		if (l->n == 0)
			return jj_unknown(0);
		return l->v[--l->n];
	}
	if (how == 'x' && v.kind != JV_UNKNOWN && jj_items(r, v, &more)) {
		for (size_t i = 0; i < more.n && r->err == NULL; i++)
			if (!gh_jv_push(r->arena, l, more.v[i]))
				return jj_limit(r, "no memory");
		return gh_jv_none();
	}
	if (how == 'v' ||
	    how == 's') { /* reverse, sort: what order there is matters to nobody who only watches names */
		for (size_t i = 0; how == 'v' && i < l->n / 2; i++) {
			struct gh_jv x = l->v[i];
			l->v[i] = l->v[l->n - 1 - i];
			l->v[l->n - 1 - i] = x;
		}
		return gh_jv_none();
	}
	if (!gh_jv_push(r->arena, l, v))
		return jj_limit(r, "no memory");
	return gh_jv_none();
}

static struct gh_jv list_look(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv what = jj_arg(a, 0, NULL, undefined());
	int64_t n = 0;
	if (how == 'y')
		return jj_list_of(r, JV_LIST, self.list->v, self.list->n);
	for (size_t i = 0; i < self.list->n; i++) {
		bool same = gh_jv_equal(self.list->v[i], what);
		if (same && how == 'i')
			return gh_jv_int((int64_t)i);
		n += same;
	}
	return how == 'i' ? jj_error(r, "the value is not in the list") : gh_jv_int(n);
}

static struct gh_jv dict_view(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	for (size_t i = 0; i < self.dict->n && r->err == NULL; i++) {
		struct gh_jv pair[2] = { self.dict->key[i], self.dict->val[i] };
		struct gh_jv v = how == 'k' ? pair[0] : how == 'v' ? pair[1] : jj_list_of(r, JV_TUPLE, pair, 2);
		if (!gh_jv_push(r->arena, out.list, v))
			return jj_limit(r, "no memory");
	}
	return out;
}

static struct gh_jv dict_get(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	struct gh_jv key = jj_arg(a, 0, NULL, undefined()), otherwise = jj_arg(a, 1, NULL, gh_jv_none());
	if (how != 'g' && !jj_watching(r))
		return jj_error(r, "dictionaries of a template cannot be changed");
	if (key.kind == JV_UNKNOWN) {
		struct gh_jv all[2] = { self, otherwise };
		return jj_mix(r, key.flags & JU_TESTS, all, 2);
	}
	const struct gh_jv *v = gh_jv_get(self.dict, key);
	if (v == NULL && how == 's')
		(void)gh_jv_put(r->arena, self.dict, key, otherwise);
	return v != NULL ? *v : otherwise;
}

static struct gh_jv dict_update(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	if (!jj_watching(r))
		return jj_error(r, "dictionaries of a template cannot be changed");
	struct gh_jv more = jj_arg(a, 0, NULL, gh_jv_none());
	const struct gh_jdict *from[2] = { more.kind == JV_DICT ? more.dict : NULL, a->kw };
	for (unsigned k = 0; k < 2; k++)
		for (size_t i = 0; from[k] != NULL && from[k] != self.dict && i < from[k]->n; i++)
			if (!gh_jv_put(r->arena, self.dict, from[k]->key[i], from[k]->val[i]))
				return jj_limit(r, "no memory");
	if (more.kind != JV_DICT && more.kind != JV_NONE)
		(void)gh_jv_put(r->arena, self.dict, gh_jv_str(GH_SPAN("\1")), more);
	return gh_jv_none();
}

static struct gh_jv dict_copy(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)a;
	(void)how;
	struct gh_jv out = gh_jv_dict(r->arena);
	for (size_t i = 0; out.kind == JV_DICT && i < self.dict->n; i++)
		if (!gh_jv_put(r->arena, out.dict, self.dict->key[i], self.dict->val[i]))
			return jj_limit(r, "no memory");
	return out;
}

/* Results that are not computed, but made of what went in. */
static struct gh_jv opaque(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	return jj_watching(r) ? jj_mix_args(r, JU_OBSCURE, self, a)
			      : jj_error(r, "a method that is not evaluated here");
}

static struct gh_jv to_bytes(struct gh_jj_run *r, struct gh_jv self, struct jj_args *a, int how)
{
	(void)how;
	struct gh_jv len = jj_arg(a, 0, "length", gh_jv_int(1)),
		     order = jj_arg(a, 1, "byteorder", gh_jv_str(GH_SPAN("big")));
	struct jj_text t = { .r = r };
	int64_t n = len.kind == JV_INT ? len.i : 1;
	bool big = order.kind != JV_STR || gh_span_is(order.s, "big");
	for (int64_t i = 0; i < n && i < 4096 && r->err == NULL; i++) {
		int64_t k = big ? n - 1 - i : i;
		uint64_t rest = k < 8 ? (uint64_t)self.i >> 8 * k : 0;
		uint8_t byte = (uint8_t)(rest & 0xff);
		jj_put(&t, (struct gh_span){ &byte, 1 });
	}
	return (struct gh_jv){ .kind = JV_BYTES, .s = { t.p, t.n } };
}

/* ---- the table ----------------------------------------------------------------------------------------------------------- */
enum { STR = 1, BYT = 2, LST = 4, TUP = 8, DCT = 16, NUM = 32, TXT = STR | BYT };
static const struct {
	const char *name;
	unsigned of;
	method *f;
	int how;
} methods[] = {
	{ "append", LST, list_change, 'a' },
	{ "capitalize", TXT, cased, 'c' },
	{ "casefold", STR, cased, 'l' },
	{ "center", TXT, pad, 'c' },
	{ "clear", LST | DCT, opaque, 0 },
	{ "copy", DCT, dict_copy, 0 },
	{ "copy", LST, list_look, 'y' },
	{ "count", LST | TUP, list_look, 'c' },
	{ "count", TXT, search, 'c' },
	{ "decode", BYT, encode, JV_STR },
	{ "encode", STR, encode, JV_BYTES },
	{ "endswith", TXT, ends, 'e' },
	{ "expandtabs", TXT, expandtabs, 0 },
	{ "extend", LST, list_change, 'x' },
	{ "find", TXT, search, 'f' },
	{ "format", STR, NULL, 'f' },
	{ "format_map", STR, NULL, 'm' },
	{ "fromhex", BYT, hex, 'f' },
	{ "get", DCT, dict_get, 'g' },
	{ "hex", BYT, hex, 'h' },
	{ "index", LST | TUP, list_look, 'i' },
	{ "index", TXT, search, 'i' },
	{ "insert", LST, list_change, 'i' },
	{ "isalnum", TXT, is_kind, 'n' },
	{ "isalpha", TXT, is_kind, 'a' },
	{ "isascii", TXT, is_kind, '7' },
	{ "isdecimal", TXT, is_kind, 'd' },
	{ "isdigit", TXT, is_kind, 'd' },
	{ "isidentifier", STR, is_kind, 'i' },
	{ "islower", TXT, is_kind, 'l' },
	{ "isnumeric", TXT, is_kind, 'd' },
	{ "isprintable", STR, is_kind, 'p' },
	{ "isspace", TXT, is_kind, 's' },
	{ "isupper", TXT, is_kind, 'u' },
	{ "items", DCT, dict_view, 'i' },
	{ "join", TXT, join, 0 },
	{ "keys", DCT, dict_view, 'k' },
	{ "ljust", TXT, pad, 'l' },
	{ "lower", TXT, cased, 'l' },
	{ "lstrip", TXT, strip, 1 },
	{ "maketrans", STR, opaque, 0 },
	{ "partition", TXT, partition, 'f' },
	{ "pop", DCT, dict_get, 'p' },
	{ "pop", LST, list_change, 'p' },
	{ "remove", LST, opaque, 0 },
	{ "removeprefix", TXT, affix, 's' },
	{ "removesuffix", TXT, affix, 'e' },
	{ "replace", TXT, replace, 0 },
	{ "reverse", LST, list_change, 'v' },
	{ "rfind", TXT, search, 'r' },
	{ "rindex", TXT, search, 'r' },
	{ "rjust", TXT, pad, 'r' },
	{ "rpartition", TXT, partition, 'r' },
	{ "rsplit", TXT, split, 'r' },
	{ "rstrip", TXT, strip, 2 },
	{ "setdefault", DCT, dict_get, 's' },
	{ "sort", LST, list_change, 's' },
	{ "split", TXT, split, 'f' },
	{ "splitlines", TXT, splitlines, 0 },
	{ "startswith", TXT, ends, 's' },
	{ "strip", TXT, strip, 3 },
	{ "swapcase", TXT, cased, 's' },
	{ "title", TXT, cased, 't' },
	{ "to_bytes", NUM, to_bytes, 0 },
	{ "translate", STR, opaque, 0 },
	{ "update", DCT, dict_update, 0 },
	{ "upper", TXT, cased, 'u' },
	{ "values", DCT, dict_view, 'v' },
	{ "zfill", TXT, pad, 'z' },
};

static unsigned set_of(struct gh_jv v)
{
	static const unsigned sets[] = { [JV_STR] = STR,   [JV_BYTES] = BYT, [JV_LIST] = LST, [JV_LAZY] = TUP,
					 [JV_TUPLE] = TUP, [JV_DICT] = DCT,  [JV_INT] = NUM,  [JV_UNKNOWN] = 0 };
	return v.kind < sizeof sets / sizeof sets[0] ? sets[v.kind] : 0;
}

bool jj_has_method(struct gh_jv obj, struct gh_span name)
{
	if (obj.kind == JV_CYCLER)
		return gh_span_is(name, "next") || gh_span_is(name, "reset");
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if ((methods[i].of & set_of(obj)) != 0 && gh_span_is(name, methods[i].name))
			return true;
	return false;
}

bool gh_jj_is_method(struct gh_span name)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (gh_span_is(name, methods[i].name))
			return true;
	return false;
}

/* A method of something unknown. */
static struct gh_jv of_unknown(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv self, struct gh_span name,
			       struct jj_args *a)
{
	static const char *const numbers[] = { "startswith", "endswith", "find",    "rfind",   "index",
					       "rindex",     "count",	 "isdigit", "isalpha", "isspace",
					       "isupper",    "islower",	 "isalnum" };
	bool number = false;
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		number = number || gh_span_is(name, numbers[i]);
	unsigned flags = 0;
	if ((jj_flags(self) & JU_CONTENT) != 0 && (number || gh_span_is(name, "split")) && a->n > 0)
		flags = jj_trigger(jj_spelt(r, a->v[0]));
	if (gh_span_is(name, "replace") && a->n >= 2 && jj_watching(r) && r->watch->rewrites != NULL &&
	    (jj_flags(self) & JU_CONTENT) != 0)
		r->watch->rewrites(r->ctx, at, a->v[0], a->v[1]);
	struct gh_jv v = jj_mix_args(r, flags | (number ? JU_NUMBER : 0), self, a);
	if (number)
		v.s.n = 0;
	if (gh_span_is(name, "replace") && self.kind == JV_UNKNOWN && a->n >= 2 && a->v[0].kind == JV_STR &&
	    a->v[1].kind == JV_STR)
		v.s = jj_replace(r, v.s, a->v[0].s, a->v[1].s, -1).s; /* of the hint */
	if (gh_span_is(name, "strip") || gh_span_is(name, "split") || gh_span_is(name, "lstrip") ||
	    gh_span_is(name, "rstrip"))
		v.s = self.kind == JV_UNKNOWN ? self.s : v.s; /* its argument takes away and adds nothing */
	if (gh_span_is(name, "get") && a->n > 0 && a->v[0].kind == JV_STR) {
		if (gh_span_is(a->v[0].s, "content") || gh_span_is(a->v[0].s, "text"))
			v.flags |= JU_CONTENT;
	}
	return v;
}

struct gh_jv jj_method(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv self, struct gh_span name,
		       struct jj_args *a)
{
	if (self.kind == JV_CYCLER)
		return jj_call_global(r, at, self, a);
	if (self.kind == JV_LOOP) {
		if (!gh_span_is(name, "cycle") || !self.obj->known || a->n == 0)
			return jj_watching(r) ? jj_mix_args(r, JU_NUMBER, gh_jv_none(), a) : gh_jv_bool(true);
		return a->v[self.obj->index % a->n];
	}
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
		if ((methods[i].of & set_of(self)) == 0 || !gh_span_is(name, methods[i].name))
			continue;
		if (methods[i].f == NULL) {
			struct gh_jv map = jj_arg(a, 0, NULL, undefined());
			bool mapped = methods[i].how == 'm';
			return jj_format(r, at, self.s, a->v, mapped ? 0 : a->n,
					 !mapped	       ? a->kw
					 : map.kind == JV_DICT ? map.dict
							       : NULL);
		}
		bool takes_unknown = methods[i].f == list_change || methods[i].f == dict_get ||
				     methods[i].f == dict_update || methods[i].f == join;
		if (!takes_unknown && jj_any_unknown(a))
			break;
		return methods[i].f(r, self, a, methods[i].how);
	}
	if (!jj_watching(r))
		return jj_error(r, "a method that values of templates do not have");
	if (jj_is_unknown(self) || jj_any_unknown(a))
		return of_unknown(r, at, self, name, a);
	return jj_mix_args(r, JU_OBSCURE | JU_OBJECT, self, a);
}

/* "%s" % x, "%s"|format(x) and "{0.name}".format(x): Python's two ways to format. */
#include "base/utf8.h"
#include "wire/jinja/jinja_int.h"

#include <stdio.h>

struct spec { /* what both ways have in common */
	char fill, align, sign, type;
	bool zero, alt, comma, brace;
	int64_t width, precision; /* -1: none */
};
enum { WIDTH_MAX = 100000 };

/* n digits in front of a text's `at`. */
static int64_t digits(struct gh_span s, size_t *at)
{
	int64_t v = -1;
	while (*at < s.n && s.p[*at] >= '0' && s.p[*at] <= '9') {
		v = (v < 0 ? 0 : v) * 10 + (s.p[*at] - '0');
		v = v > WIDTH_MAX ? WIDTH_MAX : v;
		(*at)++;
	}
	return v;
}

static void padded(struct jj_text *t, struct gh_span s, const struct spec *f, bool number)
{
	int64_t n = (int64_t)jj_chars(s), pad = f->width > n ? f->width - n : 0;
	char align = f->align != 0 ? f->align : number ? '>' : '<';
	int64_t before = align == '>' ? pad : align == '^' ? pad / 2 : 0;
	bool zeros = f->zero && number && f->align == 0;
	char fill = zeros ? '0' : f->fill != 0 ? f->fill : ' ';
	if (zeros && s.n != 0 && (s.p[0] == '-' || s.p[0] == '+')) {
		jj_put(t, gh_span_cut(s, 0, 1));
		s = gh_span_cut(s, 1, s.n);
	}
	for (int64_t i = 0; i < before && t->r->err == NULL; i++)
		jj_putc(t, fill);
	jj_put(t, s);
	for (int64_t i = before; i < pad && t->r->err == NULL; i++)
		jj_putc(t, fill);
}

static void put_char(struct jj_text *t, int64_t cp)
{
	uint8_t b[4];
	bool ok = cp >= 0 && cp <= 0x10ffff && !(cp >= 0xd800 && cp < 0xe000);
	jj_put(t, (struct gh_span){ b, gh_utf8_put(ok ? (uint32_t)cp : 0xfffd, b) });
}

static struct gh_span commas(const char *s, char out[96])
{
	size_t n = strcspn(s, "."), k = 0, sign = s[0] == '-' || s[0] == '+';
	for (size_t i = 0; s[i] != '\0' && k < 90; i++) {
		if (i > sign && i < n && (n - i) % 3 == 0)
			out[k++] = ',';
		out[k++] = s[i];
	}
	out[k] = '\0';
	return (struct gh_span){ (const uint8_t *)out, k };
}

/* One value with its specification; false: the type does not fit it. */
static bool put_value(struct jj_text *t, struct gh_jv v, const struct spec *f)
{
	char s[96] = "", with[96];
	bool integer = v.kind == JV_INT || v.kind == JV_BOOL, number = integer || v.kind == JV_FLOAT;
	if (f->comma && !number)
		return false;
	if ((f->comma || (f->brace && f->width > 0)) && v.kind == JV_BOOL)
		v.kind = JV_INT;
	int prec = f->precision < 0 ? 6 : f->precision > 40 ? 40 : (int)f->precision;
	double d = v.kind == JV_FLOAT ? v.f : integer ? (double)v.i : 0;
	const char *plus = f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
	switch (f->type) {
	case 'c':
		if (!integer && v.kind != JV_STR)
			return false;
		if (integer)
			put_char(t, v.i);
		else
			jj_put(t, v.s);
		return true;
	case 'd':
	case 'i':
	case 'u':
	case 'n':
		if (!number)
			return false;
		(void)snprintf(s, sizeof s, "%s%lld", integer && v.i < 0 ? "" : plus,
			       integer ? (long long)v.i : (long long)d);
		break;
	case 'x':
	case 'X':
	case 'o':
		if (!integer)
			return false;
		(void)snprintf(s, sizeof s,
			       f->type == 'o'	? "%s%s%llo"
			       : f->type == 'X' ? "%s%s%llX"
						: "%s%s%llx",
			       v.i < 0 ? "-" : plus,
			       !f->alt		? ""
			       : f->type == 'o' ? "0o"
			       : f->type == 'x' ? "0x"
						: "0X",
			       v.i < 0 ? (unsigned long long)-(v.i + 1) + 1 : (unsigned long long)v.i);
		break;
	case 'f':
	case 'F':
	case 'e':
	case 'g':
	case '%':
		if (!number || d > 1e40 || d < -1e40)
			return false;
		(void)snprintf(s, sizeof s,
			       f->type == 'e'	? "%s%.*e"
			       : f->type == 'g' ? "%s%.*g"
						: "%s%.*f",
			       d < 0 ? "" : plus, prec, f->type == '%' ? d * 100 : d);
		if (f->type == '%')
			(void)snprintf(s + strlen(s), sizeof s - strlen(s), "%%");
		break;
	default: {
		struct jj_text part = { .r = t->r };
		if (f->type == 'r' || f->type == 'a')
			jj_put_repr(&part, v);
		else
			jj_put_str(&part, v);
		struct gh_span whole = { part.p, part.n };
		if (f->comma) {
			(void)snprintf(s, sizeof s, "%.*s", (int)(whole.n < 60 ? whole.n : 60), (const char *)whole.p);
			whole = commas(s, with);
		}
		if (f->precision >= 0)
			whole = jj_char_range(whole, 0, (size_t)f->precision);
		padded(t, whole, f, number && f->type == 0);
		return true;
	}
	}
	padded(t, f->comma ? commas(s, with) : gh_span_str(s), f, true);
	return true;
}

/* ---- "%…" ------------------------------------------------------------------------------------------------------------- */
static struct spec percent_spec(struct gh_span fmt, size_t *i)
{
	struct spec f = { .precision = -1 };
	for (; *i < fmt.n && memchr("-+ #0", fmt.p[*i], 5) != NULL; (*i)++) {
		char c = (char)fmt.p[*i];
		if (c == '-')
			f.align = '<';
		else if (c == '0')
			f.zero = true;
		else if (c == '#')
			f.alt = true;
		else
			f.sign = c;
	}
	f.width = digits(fmt, i);
	if (*i < fmt.n && fmt.p[*i] == '.') {
		(*i)++;
		f.precision = digits(fmt, i);
		f.precision = f.precision < 0 ? 0 : f.precision;
	}
	while (*i < fmt.n && memchr("hlL", fmt.p[*i], 3) != NULL)
		(*i)++;
	f.type = *i < fmt.n ? (char)fmt.p[(*i)++] : 0;
	f.align = f.align == 0 ? '>' : f.align;
	if (f.zero && f.align == '>')
		f.align = 0;
	return f;
}

struct gh_jv jj_percent(struct gh_jj_run *r, struct gh_span fmt, struct gh_jv arg)
{
	struct jj_text t = { .r = r };
	struct gh_jv one[1] = { arg };
	const struct gh_jv *v = arg.kind == JV_TUPLE ? arg.list->v : one;
	size_t n = arg.kind == JV_TUPLE ? arg.list->n : 1, used = 0;
	if (jj_is_unknown(arg)) {
		struct gh_jv all[2] = { gh_jv_str(fmt), arg };
		bool character = fmt.n != 0 && memchr(fmt.p, 'c', fmt.n) != NULL;
		return jj_mix(r, character ? JU_OBSCURE : 0, all, 2);
	}
	for (size_t i = 0; i < fmt.n && r->err == NULL;) {
		const uint8_t *p = memchr(fmt.p + i, '%', fmt.n - i);
		size_t at = p == NULL ? fmt.n : (size_t)(p - fmt.p);
		jj_put(&t, gh_span_cut(fmt, i, at - i));
		i = at + 1;
		if (p == NULL)
			break;
		struct gh_jv x = { .kind = JV_UNDEFINED };
		bool named = false;
		if (i < fmt.n && fmt.p[i] == '(') {
			const uint8_t *end = memchr(fmt.p + i, ')', fmt.n - i);
			struct gh_span key = { fmt.p + i + 1, end == NULL ? 0 : (size_t)(end - (fmt.p + i + 1)) };
			const struct gh_jv *got = arg.kind == JV_DICT && end != NULL
							  ? gh_jv_get(arg.dict, gh_jv_str(key))
							  : NULL;
			if (got == NULL)
				return jj_error(r, "a format without its value");
			x = *got;
			named = true;
			i += key.n + 2;
		}
		struct spec f = percent_spec(fmt, &i);
		if (f.type == '%') {
			jj_putc(&t, '%');
			continue;
		}
		if (!named && used >= n)
			return jj_error(r, "a format without its value");
		x = named ? x : v[used++];
		if (!put_value(&t, x, &f))
			return jj_error(r, "a format that does not fit its value");
	}
	if (used < n && arg.kind != JV_DICT && arg.kind != JV_LIST)
		return jj_error(r, "values without a format");
	return jj_text_value(&t);
}

/* ---- "{}".format() -------------------------------------------------------------------------------------------------------- */
static struct spec brace_spec(struct gh_span s)
{
	struct spec f = { .precision = -1, .brace = true };
	size_t i = 0;
	if (s.n > 1 && memchr("<>^=", s.p[1], 4) != NULL) {
		f.fill = (char)s.p[0];
		f.align = (char)s.p[1];
		i = 2;
	} else if (s.n > 0 && memchr("<>^=", s.p[0], 4) != NULL) {
		f.align = (char)s.p[0];
		i = 1;
	}
	if (i < s.n && memchr("+- ", s.p[i], 3) != NULL)
		f.sign = (char)s.p[i++];
	if (i < s.n && s.p[i] == '#')
		f.alt = true, i++;
	if (i < s.n && s.p[i] == '0')
		f.zero = true, i++;
	f.width = digits(s, &i);
	if (i < s.n && (s.p[i] == ',' || s.p[i] == '_'))
		f.comma = true, i++;
	if (i < s.n && s.p[i] == '.') {
		i++;
		f.precision = digits(s, &i);
	}
	f.type = i < s.n && s.p[i] != 's' ? (char)s.p[i] : 0;
	return f;
}

/* "0.name[key]" */
static struct gh_jv field(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span f, const struct gh_jv *arg,
			  size_t n, const struct gh_jdict *kw, size_t *next)
{
	size_t i = 0;
	while (i < f.n && f.p[i] != '.' && f.p[i] != '[')
		i++;
	struct gh_span first = gh_span_cut(f, 0, i);
	size_t d = 0;
	int64_t index = first.n == 0 ? (int64_t)(*next)++ : digits(first, &d);
	const struct gh_jv *got = index >= 0 && d == first.n ? ((uint64_t)index < n ? &arg[index] : NULL)
							     : gh_jv_get(kw, gh_jv_str(first));
	struct gh_jv v = got != NULL	  ? *got
			 : jj_watching(r) ? jj_unknown(0)
					  : jj_error(r, "a format without its value");
	while (i < f.n && r->err == NULL) {
		size_t from = ++i;
		bool item = f.p[from - 1] == '[';
		while (i < f.n && (item ? f.p[i] != ']' : f.p[i] != '.' && f.p[i] != '['))
			i++;
		struct gh_span name = gh_span_cut(f, from, i - from);
		i += item && i < f.n;
		d = 0;
		struct gh_jv key = gh_jv_str(name);
		int64_t k = item && name.n != 0 ? digits(name, &d) : -1;
		if (k >= 0 && d == name.n)
			key = gh_jv_int(k);
		v = item ? jj_getitem(r, at, v, key) : jj_getattr(r, at, GH_JJ_BY_FORMAT, v, key);
		if (item && i < f.n && f.p[i] != '.' && f.p[i] != '[')
			break;
	}
	return v;
}

struct gh_jv jj_format(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span fmt, const struct gh_jv *arg,
		       size_t n, const struct gh_jdict *kw)
{
	struct jj_text t = { .r = r };
	struct gh_jv mixed = gh_jv_none();
	size_t next = 0;
	for (size_t i = 0; i < fmt.n && jj_step(r, 1); i++) {
		char c = (char)fmt.p[i];
		bool twice = i + 1 < fmt.n && fmt.p[i + 1] == fmt.p[i];
		if ((c != '{' && c != '}') || twice) {
			jj_putc(&t, c);
			i += twice && (c == '{' || c == '}');
			continue;
		}
		const uint8_t *end = c == '}' ? NULL : memchr(fmt.p + i, '}', fmt.n - i);
		if (end == NULL)
			return jj_error(r, "a format with a brace alone");
		struct gh_span in = { fmt.p + i + 1, (size_t)(end - (fmt.p + i + 1)) };
		i += in.n + 1;
		const uint8_t *colon = in.n == 0 ? NULL : memchr(in.p, ':', in.n),
			      *bang = in.n == 0 ? NULL : memchr(in.p, '!', in.n);
		struct spec f = { .precision = -1 };
		if (colon != NULL)
			f = brace_spec((struct gh_span){ colon + 1, (size_t)(in.p + in.n - colon - 1) });
		if (bang != NULL && (colon == NULL || bang < colon) && bang + 1 < in.p + in.n)
			f.type = bang[1] == 's' ? 0 : (char)bang[1];
		const uint8_t *stop = bang != NULL && (colon == NULL || bang < colon) ? bang : colon;
		if (stop != NULL)
			in.n = (size_t)(stop - in.p);
		struct gh_jv v = field(r, at, in, arg, n, kw, &next);
		if (r->err != NULL)
			return gh_jv_none();
		struct gh_jv s = jj_str(r, v);
		if (s.kind == JV_UNKNOWN) {
			struct gh_jv all[3] = { mixed, jj_text_value(&t), s };
			mixed = jj_mix(r, f.type == 'c' ? JU_OBSCURE : 0, all, 3);
			t.n = 0;
		} else if (!put_value(&t, v, &f)) {
			return jj_error(r, "a format that does not fit its value");
		}
	}
	if (mixed.kind != JV_UNKNOWN)
		return jj_text_value(&t);
	struct gh_jv all[2] = { mixed, jj_text_value(&t) };
	return jj_mix(r, 0, all, 2);
}

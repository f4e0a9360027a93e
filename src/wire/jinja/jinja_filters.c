/* Filters, as jinja2/filters.py has them: those that give a text or a number. Those over sequences: jinja_sequences.c. */
#include "wire/jinja/jinja_filters.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static struct gh_jv text_of(struct gh_jj_run *r, struct gh_jv v) { return jj_str(r, v); }

static struct gh_jv f_case(FILTER_ARGS)
{
	(void)at;
	(void)a;
	v = text_of(r, v);
	return v.kind == JV_STR ? jj_case(r, v.s, (char)how) : v;
}

/* jinja2 has a rule of its own for what starts a word. */
static struct gh_jv f_title(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	v = text_of(r, v);
	struct gh_jv low = jj_case(r, v.s, 'l'), up = jj_case(r, v.s, 'u');
	if (r->err != NULL || low.kind != JV_STR)
		return low;
	struct jj_text t = { .r = r };
	for (size_t i = 0; i < low.s.n && r->err == NULL; i++) {
		bool start = i == 0 || memchr("- \t\n\r\f\v({[<", low.s.p[i - 1], 11) != NULL;
		jj_putc(&t, (char)(start ? up.s.p[i] : low.s.p[i]));
	}
	return jj_text_value(&t);
}

static struct gh_jv f_string(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	return text_of(r, v);
}

static struct gh_jv f_same(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	(void)r;
	return v;
}

static struct gh_jv f_trim(FILTER_ARGS)
{
	(void)at;
	(void)how;
	v = text_of(r, v);
	return v.kind == JV_STR ? jj_strip(v, jj_arg(a, 0, "chars", gh_jv_none()), true, true) : v;
}

static struct gh_jv f_replace(FILTER_ARGS)
{
	(void)at;
	(void)how;
	v = text_of(r, v);
	struct gh_jv from = text_of(r, jj_arg(a, 0, "old", gh_jv_none())),
		     to = text_of(r, jj_arg(a, 1, "new", gh_jv_none()));
	struct gh_jv count = jj_arg(a, 2, "count", gh_jv_int(-1));
	if (v.kind != JV_STR || from.kind != JV_STR || to.kind != JV_STR)
		return jj_mix_args(r, 0, v, a);
	return jj_replace(r, v.s, from.s, to.s, count.kind == JV_INT ? count.i : -1);
}

static struct gh_jv f_escape(FILTER_ARGS)
{
	static const struct {
		char c;
		const char *to;
	} t[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&#34;" }, { '\'', "&#39;" } };
	(void)at;
	(void)a;
	(void)how;
	v = text_of(r, v);
	struct jj_text out = { .r = r };
	for (size_t i = 0; i < v.s.n && r->err == NULL; i++) {
		size_t k = 0;
		while (k < sizeof t / sizeof t[0] && (uint8_t)t[k].c != v.s.p[i])
			k++;
		if (k < sizeof t / sizeof t[0])
			jj_puts(&out, t[k].to);
		else
			jj_putc(&out, (char)v.s.p[i]);
	}
	return jj_text_value(&out);
}

static struct gh_jv f_indent(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv width = jj_arg(a, 0, "width", gh_jv_int(4));
	bool first = jj_truth(jj_arg(a, 1, "first", gh_jv_bool(false))),
	     blank = jj_truth(jj_arg(a, 2, "blank", gh_jv_bool(false)));
	struct jj_text pad = { .r = r }, t = { .r = r };
	v = text_of(r, v);
	if (width.kind == JV_STR)
		jj_put(&pad, width.s);
	for (int64_t i = 0; width.kind == JV_INT && i < width.i && jj_step(r, 1); i++)
		jj_putc(&pad, ' ');
	struct gh_span p = { pad.p, pad.n };
	if (first)
		jj_put(&t, p);
	for (size_t i = 0; i < v.s.n && jj_step(r, 1);) {
		const uint8_t *nl = memchr(v.s.p + i, '\n', v.s.n - i);
		size_t n = nl == NULL ? v.s.n - i : (size_t)(nl - v.s.p) - i;
		if (i != 0 && (n != 0 || blank))
			jj_put(&t, p);
		jj_put(&t, gh_span_cut(v.s, i, n + (nl != NULL)));
		i += n + 1;
	}
	return jj_text_value(&t);
}

static struct gh_jv f_truncate(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv len = jj_arg(a, 0, "length", gh_jv_int(255)), end = jj_arg(a, 2, "end", gh_jv_str(GH_SPAN("...")));
	struct gh_jv lee = jj_arg(a, 3, "leeway", gh_jv_int(5));
	bool kill = jj_truth(jj_arg(a, 1, "killwords", gh_jv_bool(false)));
	v = text_of(r, v);
	size_t n = jj_chars(v.s), want = len.kind == JV_INT && len.i > 0 ? (size_t)len.i : 0;
	if (end.kind != JV_STR || n <= want + (lee.kind == JV_INT && lee.i > 0 ? (size_t)lee.i : 0))
		return v;
	size_t tail = jj_chars(end.s);
	struct gh_span s = jj_char_range(v.s, 0, want > tail ? want - tail : 0);
	size_t cut = s.n;
	while (!kill && cut > 0 && s.p[cut - 1] != ' ')
		cut--;
	if (cut > 0)
		s.n = kill ? s.n : cut - 1;
	struct jj_text t = { .r = r };
	jj_put(&t, s);
	jj_put(&t, end.s);
	return jj_text_value(&t);
}

static struct gh_jv f_tojson(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv none = gh_jv_none(), ascii, sep;
	/* transformers: tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False) */
	struct gh_jv indent = jj_arg(a, 99, "indent", a->n == 1 ? a->v[0] : none);
	ascii = jj_arg(a, 99, "ensure_ascii", gh_jv_bool(false));
	sep = jj_arg(a, 99, "separators", none);
	struct jj_json o = { .indent = indent.kind == JV_INT && indent.i >= 0 && indent.i < 64 ? (int)indent.i : -1,
			     .ascii = jj_truth(ascii),
			     .sort_keys = jj_truth(jj_arg(a, 99, "sort_keys", gh_jv_bool(false))) };
	if ((sep.kind == JV_TUPLE || sep.kind == JV_LIST) && sep.list->n == 2 && sep.list->v[0].kind == JV_STR &&
	    sep.list->v[1].kind == JV_STR) {
		o.item = sep.list->v[0].s;
		o.colon = sep.list->v[1].s;
	}
	struct jj_text t = { .r = r };
	jj_put_json(&t, v, &o);
	return jj_is_unknown(v) ? jj_mix(r, 0, &v, 1) : jj_text_value(&t);
}

static struct gh_jv f_format(FILTER_ARGS)
{
	(void)at;
	(void)how;
	v = text_of(r, v);
	if (v.kind != JV_STR)
		return jj_mix_args(r, JU_OBSCURE, v, a);
	if (a->kw != NULL)
		return jj_percent(r, v.s, (struct gh_jv){ .kind = JV_DICT, .dict = a->kw });
	return jj_percent(r, v.s, jj_list_of(r, JV_TUPLE, a->v, a->n));
}

static struct gh_jv f_opaque(FILTER_ARGS)
{
	(void)at;
	(void)how;
	return jj_watching(r) ? jj_mix_args(r, JU_OBSCURE, v, a) : jj_error(r, "a filter that is not evaluated here");
}

static struct gh_jv f_urlencode(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	char hex[4];
	if (v.kind >= JV_LIST) /* pairs of names and values */
		return f_opaque(r, at, v, a, how);
	v = text_of(r, v);
	struct jj_text t = { .r = r };
	for (size_t i = 0; i < v.s.n && r->err == NULL; i++) {
		uint8_t c = v.s.p[i];
		bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' && c < 0x80);
		(void)snprintf(hex, sizeof hex, "%%%02X", c);
		if (word || (c != '\0' && memchr("_.-~/", c, 5) != NULL))
			jj_putc(&t, (char)c);
		else
			jj_puts(&t, hex);
	}
	return jj_text_value(&t);
}

static struct gh_jv f_pprint(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	struct jj_text t = { .r = r };
	jj_put_repr(&t, v);
	return jj_is_unknown(v) || v.kind >= JV_FUNCTION || v.kind == JV_LAZY ? jj_mix(r, JU_OBSCURE, &v, 1)
									      : jj_text_value(&t);
}

static struct gh_jv f_center(FILTER_ARGS)
{
	(void)how;
	v = text_of(r, v);
	return v.kind == JV_STR ? jj_method(r, at, v, GH_SPAN("center"), a) : v;
}

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */
static struct gh_jv f_int(FILTER_ARGS)
{
	(void)at;
	(void)r;
	struct gh_jv otherwise = jj_arg(a, 0, "default", how == 'f' ? gh_jv_float(0) : gh_jv_int(0));
	struct gh_jv base = jj_arg(a, 1, "base", gh_jv_int(10));
	char s[80];
	if (v.kind == JV_INT || v.kind == JV_BOOL)
		return how == 'f' ? gh_jv_float((double)v.i) : gh_jv_int(v.i);
	if (v.kind == JV_FLOAT && how == 'f')
		return v;
	if (v.kind == JV_FLOAT)
		return v.f > -9e18 && v.f < 9e18 ? gh_jv_int((int64_t)v.f) : otherwise;
	if (v.kind != JV_STR)
		return otherwise;
	struct gh_span t = jj_strip(v, gh_jv_none(), true, true).s;
	if (t.n == 0 || t.n >= sizeof s)
		return otherwise;
	memcpy(s, t.p, t.n);
	s[t.n] = '\0';
	char *end = s;
	int b = base.kind == JV_INT && base.i >= 2 && base.i <= 36 ? (int)base.i : 10;
	if (how != 'f') {
		long long i = strtoll(s, &end, b);
		if (*end == '\0')
			return gh_jv_int(i);
	}
	if (strpbrk(s, "xXpPnN") != NULL) /* what C reads and Python does not */
		return otherwise;
	double d = strtod(s, &end);
	if (*end != '\0')
		return otherwise;
	return how == 'f' ? gh_jv_float(d) : d > -9e18 && d < 9e18 ? gh_jv_int((int64_t)d) : otherwise;
}

static struct gh_jv f_abs(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	if (v.kind == JV_FLOAT)
		return gh_jv_float(fabs(v.f));
	if (v.kind != JV_INT && v.kind != JV_BOOL)
		return jj_error(r, "abs wants a number");
	return gh_jv_int(v.i < 0 && v.i != INT64_MIN ? -v.i : v.i);
}

static struct gh_jv f_round(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv digits = jj_arg(a, 0, "precision", gh_jv_int(0)),
		     method = jj_arg(a, 1, "method", gh_jv_str(GH_SPAN("common")));
	char s[400];
	double d = v.kind == JV_FLOAT ? v.f : (double)v.i;
	int p = digits.kind == JV_INT && digits.i > 0 && digits.i < 17 ? (int)digits.i : 0;
	if (v.kind != JV_FLOAT && v.kind != JV_INT && v.kind != JV_BOOL)
		return jj_error(r, "round wants a number");
	if (method.kind == JV_STR && !gh_span_is(method.s, "common")) {
		double k = pow(10, p);
		return gh_jv_float((gh_span_is(method.s, "ceil") ? ceil(d * k) : floor(d * k)) / k);
	}
	(void)snprintf(s, sizeof s, "%.*f", p, d);
	return v.kind != JV_FLOAT ? gh_jv_int(v.i) : gh_jv_float(strtod(s, NULL));
}

static struct gh_jv f_wordcount(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	int64_t n = 0;
	bool in = false;
	v = text_of(r, v);
	for (size_t i = 0; i < v.s.n; i++) {
		uint8_t c = v.s.p[i];
		bool word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c >= 0x80;
		n += word && !in;
		in = word;
	}
	return gh_jv_int(n);
}

static struct gh_jv f_default(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv d = jj_arg(a, 0, "default_value", gh_jv_str(GH_SPAN("")));
	if (v.kind == JV_UNKNOWN)
		return jj_join(r, v, d);
	if (v.kind == JV_UNDEFINED)
		return d;
	return !jj_truth(v) && jj_truth(jj_arg(a, 1, "boolean", gh_jv_bool(false))) ? d : v;
}

static struct gh_jv f_attr(FILTER_ARGS)
{
	(void)how;
	return jj_getattr(r, at, GH_JJ_BY_FILTER, v, jj_arg(a, 0, "name", gh_jv_none()));
}

/* ---- the table ---------------------------------------------------------------------------------------------------------- */
static const struct jj_filter_row rows[] = {
	{ "abs", f_abs, 0, JJF_NUMBER },
	{ "attr", f_attr, 0, JJF_ANY },
	{ "capitalize", f_case, 'c', 0 },
	{ "center", f_center, 0, 0 },
	{ "d", f_default, 0, JJF_ANY },
	{ "default", f_default, 0, JJF_ANY },
	{ "e", f_escape, 0, 0 },
	{ "escape", f_escape, 0, 0 },
	{ "filesizeformat", f_opaque, 0, 0 },
	{ "float", f_int, 'f', JJF_NUMBER },
	{ "forceescape", f_escape, 0, 0 },
	{ "format", f_format, 0, JJF_ANY },
	{ "indent", f_indent, 0, 0 },
	{ "int", f_int, 'i', JJF_NUMBER },
	{ "lower", f_case, 'l', 0 },
	{ "pprint", f_pprint, 0, JJF_ANY },
	{ "replace", f_replace, 0, 0 },
	{ "round", f_round, 0, JJF_NUMBER },
	{ "safe", f_same, 0, JJF_ANY },
	{ "string", f_string, 0, JJF_ANY },
	{ "striptags", f_opaque, 0, 0 },
	{ "title", f_title, 0, 0 },
	{ "tojson", f_tojson, 0, JJF_ANY },
	{ "trim", f_trim, 0, 0 },
	{ "truncate", f_truncate, 0, 0 },
	{ "upper", f_case, 'u', 0 },
	{ "urlencode", f_urlencode, 0, 0 },
	{ "urlize", f_opaque, 0, 0 },
	{ "wordcount", f_wordcount, 0, JJF_NUMBER },
	{ "wordwrap", f_opaque, 0, 0 },
	{ "xmlattr", f_opaque, 0, 0 },
	{ "tojson_pretty", f_opaque, 0, 0 },
	{ "from_json", f_opaque, 0, 0 },
};

static const struct jj_filter_row *row_of(struct gh_span name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_span_is(name, rows[i].name))
			return &rows[i];
	return jj_sequence_filter(name);
}

bool jj_is_filter(struct gh_span name) { return row_of(name) != NULL; }

static struct gh_jv of_unknown(struct gh_jj_run *r, const struct gh_jj_node *at, const struct jj_filter_row *f,
			       struct gh_jv v, struct jj_args *a)
{
	bool replaces = strcmp(f->name, "replace") == 0 && a->n >= 2;
	if (replaces && jj_watching(r) && r->watch->rewrites != NULL && (jj_flags(v) & JU_CONTENT) != 0)
		r->watch->rewrites(r->ctx, at, a->v[0], a->v[1]);
	unsigned by = jj_attribute_argument(r, at, f, v, a);
	struct gh_jv out = jj_mix_args(r, (f->flags & JJF_NUMBER) != 0 ? JU_NUMBER : 0, v, a);
	out.flags |= strcmp(f->name, "groupby") == 0 ? by : 0;
	if ((f->flags & JJF_NUMBER) != 0)
		out.s.n = 0;
	if ((f->flags & (JJF_NUMBER | JJF_LIST)) == (JJF_NUMBER | JJF_LIST)) /* how many there are */
		out.flags &= ~(uint32_t)(JU_HUGE | JU_CHOSEN);
	if (replaces && (jj_flags(v) & JU_CONTENT) != 0)
		out.flags |= jj_trigger(jj_spelt(r, a->v[0])) & JU_WORD;
	if (strcmp(f->name, "random") == 0)
		out.flags |= JU_CLOCK;
	if (strcmp(f->name, "length") == 0 || strcmp(f->name, "count") == 0)
		out.flags |= (jj_flags(v) & JU_CONTENT) == 0 ? (unsigned)JU_PLACE : 0;
	for (size_t i = 0; i < a->n && v.kind != JV_UNKNOWN; i++)
		if ((jj_flags(a->v[i]) & JU_NUMBER) != 0)
			jj_only_if(r, at, jj_tells(a->v[i]), v);
	if (f->f == f_int && (jj_flags(v) & (JU_CONTENT | JU_NUMBER)) == JU_CONTENT)
		out.flags |= JU_CHOSEN;
	if (v.kind != JV_UNKNOWN || r->err != NULL)
		return out;
	/* What the filter does to the hint, where that is known. */
	struct gh_jv hint = gh_jv_str(v.s), x = hint;
	if (replaces && a->v[0].kind == JV_STR && a->v[1].kind == JV_STR)
		x = gh_jv_str(jj_replace(r, out.s, a->v[0].s, a->v[1].s, -1).s);
	else if (f->f == f_case || f->f == f_title)
		x = f->f(r, at, hint, a, f->how);
	else if (f->f == f_trim)
		x = hint;
	else
		return out;
	out.s = x.s;
	return out;
}

struct gh_jv jj_filter(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv v,
		       struct jj_args *a)
{
	const struct jj_filter_row *f = row_of(name);
	if (f == NULL)
		return jj_watching(r) ? jj_mix_args(r, JU_OBSCURE, v, a) : jj_error(r, "an unknown filter");
	if (jj_costs_call(r, at, name, v, a, true))
		return jj_watching(r) ? jj_mix_args(r, f->flags & JJF_NUMBER ? JU_NUMBER : 0, v, a)
				      : jj_limit(r, "a size beyond the limit");
	bool whole = v.kind == JV_UNKNOWN || ((f->flags & JJF_LIST) == 0 && jj_is_unknown(v));
	struct gh_jv out;
	if ((f->flags & JJF_ANY) != 0 || (!whole && !jj_any_unknown(a)))
		out = f->f(r, at, v, a, f->how);
	else
		out = of_unknown(r, at, f, v, a);
	/* The text form of all of a request has what messages say in it. */
	bool spelt = f->f == f_string || f->f == f_tojson;
	if (spelt && out.kind == JV_UNKNOWN && (out.flags & (JU_NUMBER | JU_OBSCURE)) == 0 &&
	    (jj_flags(v) & JU_NUMBER) == 0)
		out.flags |= JU_CONTENT;
	return out;
}

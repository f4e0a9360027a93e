/* Numbers that decide how much memory or time an operation takes. The sandbox of Jinja bounds range() and nothing else: a
 * width in a format, a precision, a count of parts ask for as much as they say, at the first request. */
#include "wire/jinja/jinja_int.h"

bool jj_costs(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv n, int64_t max)
{
	bool over = false;
	if (n.kind == JV_INT)
		over = n.i > max || n.i < -max;
	else if (n.kind == JV_FLOAT)
		over = n.f > (double)max || n.f < -(double)max;
	else if (n.kind == JV_UNKNOWN)
		over = (n.flags & (JU_HUGE | JU_CHOSEN)) != 0;
	if (over && jj_watching(r) && r->watch->costs != NULL)
		r->watch->costs(r->ctx, at, n);
	return over;
}

bool jj_costs_power(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv a, struct gh_jv b)
{
	enum { BITS = 1 << 16 };
	if (a.kind == JV_FLOAT || b.kind == JV_FLOAT)
		return false;
	if (a.kind == JV_UNKNOWN)
		return jj_costs(r, at, b, (a.flags & JU_HUGE) != 0 ? 64 : BITS);
	uint64_t size = a.i < 0 ? 0 - (uint64_t)a.i : (uint64_t)a.i;
	int bits = 0;
	for (; size > 1; size >>= 1)
		bits++;
	return bits > 0 && jj_costs(r, at, b, BITS / bits);
}

/* ---- arguments ------------------------------------------------------------------------------------------------------ */
static const struct cost_row {
	const char *name, *keyword;
	size_t place;
	int64_t max;
	bool of_method, of_filter;
} rows[] = {
	{ "batch", "linecount", 0, JJ_PARTS_MAX, false, true },
	{ "center", "width", 0, JJ_WIDTH_MAX, true, true },
	{ "expandtabs", "tabsize", 0, JJ_WIDTH_MAX, true, false },
	{ "indent", "width", 0, JJ_WIDTH_MAX, false, true },
	{ "ljust", "width", 0, JJ_WIDTH_MAX, true, false },
	{ "rjust", "width", 0, JJ_WIDTH_MAX, true, false },
	{ "round", "precision", 0, JJ_DIGITS_MAX, false, true },
	{ "slice", "slices", 0, JJ_PARTS_MAX, false, true },
	{ "to_bytes", "length", 0, JJ_WIDTH_MAX, true, false },
	{ "tojson", "indent", 0, JJ_WIDTH_MAX, false, true },
	{ "wordwrap", "width", 0, JJ_RANGE_MAX, false, true },
	{ "zfill", "width", 0, JJ_WIDTH_MAX, true, false },
	/* the global: paragraphs, and words in each of them */
	{ "lipsum", "n", 0, JJ_DIGITS_MAX, false, false },
	{ "lipsum", "min", 2, JJ_DIGITS_MAX, false, false },
	{ "lipsum", "max", 3, JJ_DIGITS_MAX, false, false },
};

bool jj_costs_call(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv self,
		   const struct jj_args *a, bool filter)
{
	bool over = false;
	bool function = self.kind == JV_FUNCTION;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct cost_row *w = &rows[i];
		bool wanted = function ? !w->of_method && !w->of_filter : filter ? w->of_filter : w->of_method;
		if (wanted && gh_span_is(name, w->name))
			over = jj_costs(r, at, jj_arg(a, w->place, w->keyword, gh_jv_none()), w->max) || over;
	}
	if (!function && (gh_span_is(name, "format") || gh_span_is(name, "format_map")))
		over = jj_costs_format(r, at, self, a->v, a->n, a->kw) || over;
	return over;
}

/* ---- formats -------------------------------------------------------------------------------------------------------- */
bool jj_costs_format(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv fmt, const struct gh_jv *arg,
		     size_t n, const struct gh_jdict *kw)
{
	bool over = false, nested = false;
	if (fmt.kind == JV_UNKNOWN && (fmt.flags & (JU_CONTENT | JU_NUMBER)) == JU_CONTENT) /* any width is in it */
		return jj_costs(r, at, jj_unknown(JU_NUMBER | JU_CHOSEN), 0);
	if (fmt.kind != JV_STR && fmt.kind != JV_UNKNOWN && fmt.kind != JV_BYTES)
		return false;
	struct gh_span s = fmt.s;
	for (size_t i = 0; i < s.n && !over;) {
		bool open = s.p[i] == '%' || s.p[i] == '{';
		size_t from = i++;
		if (!open)
			continue;
		/* `%-0*.10d`, `%(name)5d`; `{0:>10}`, `{x!r:{width}}`: the numbers behind the name */
		const uint8_t *end = memchr(s.p + from, s.p[from] == '{' ? ':' : ')',
					    s.n - from < 256 ? s.n - from : 256);
		if (end != NULL && (s.p[from] == '{' || (i < s.n && s.p[i] == '(')))
			i = (size_t)(end - s.p) + 1;
		else if (s.p[from] == '{')
			continue;
		for (; i < s.n && i - from < 256 && memchr("%}\n", s.p[i], 3) == NULL; i++) {
			int64_t v = 0;
			nested = nested || s.p[i] == '*' || (s.p[i] == '{' && s.p[from] == '{');
			for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
				v = v > INT64_MAX / 16 ? v : v * 10 + (s.p[i] - '0');
			over = over || (v > JJ_WIDTH_MAX && jj_costs(r, at, gh_jv_int(v), JJ_WIDTH_MAX));
			if (i == s.n || s.p[i] == '%' || s.p[i] == '}')
				break;
			if (s.p[from] == '%' && ((s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z'))
				break;
		}
	}
	unsigned tells = 0; /* a width that is made of what a message says shows or hides the rest */
	for (size_t i = 0; nested && i < n; i++) {
		tells |= (jj_flags(arg[i]) & JU_NUMBER) != 0 ? jj_tells(jj_mix(r, JU_NUMBER, &arg[i], 1)) : 0;
		over = jj_costs(r, at, arg[i], JJ_WIDTH_MAX) || over;
		for (size_t k = 0; (arg[i].kind == JV_TUPLE || arg[i].kind == JV_LIST) && k < arg[i].list->n; k++)
			over = jj_costs(r, at, arg[i].list->v[k], JJ_WIDTH_MAX) || over;
	}
	if (tells != 0)
		jj_one_of(r, at, tells, arg, n);
	for (size_t i = 0; nested && kw != NULL && i < kw->n; i++)
		over = jj_costs(r, at, kw->val[i], JJ_WIDTH_MAX) || over;
	return over;
}

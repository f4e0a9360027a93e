/* Filters over sequences. */
#include "wire/jinja/jinja_filters.h"
#include "wire/sort.h"

/* "a.b.0" of an item: what the attribute arguments of filters mean. */
static struct gh_jv path(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv v, struct gh_jv attr)
{
	if (attr.kind != JV_STR)
		return jj_getitem(r, at, v, attr);
	for (size_t i = 0; i <= attr.s.n && r->err == NULL;) {
		size_t n = 0;
		bool number = true;
		int64_t k = 0;
		for (; i + n < attr.s.n && attr.s.p[i + n] != '.'; n++) {
			uint8_t c = attr.s.p[i + n];
			number = number && c >= '0' && c <= '9' && n < 9;
			k = number ? k * 10 + (c - '0') : 0;
		}
		struct gh_jv key = n != 0 && number ? gh_jv_int(k) : gh_jv_str(gh_span_cut(attr.s, i, n));
		v = jj_getitem(r, at, v, key);
		i += n + 1;
	}
	return v;
}

static bool items_of(struct gh_jj_run *r, struct gh_jv v, struct gh_jlist *l)
{
	if (jj_items(r, v, l))
		return true;
	(void)jj_error(r, "a list is wanted");
	return false;
}

static struct gh_jv f_list(FILTER_ARGS)
{
	(void)at;
	(void)a;
	struct gh_jlist l;
	if (!items_of(r, v, &l))
		return jj_error(r, "a list is wanted");
	if (how == 'r' && (v.kind == JV_STR)) {
		struct jj_text t = { .r = r };
		for (size_t i = l.n; i > 0 && r->err == NULL; i--)
			jj_put(&t, l.v[i - 1].s);
		return jj_text_value(&t);
	}
	struct gh_jv out = jj_list_of(r, how == 'r' ? JV_LAZY : JV_LIST, l.v, l.n);
	for (size_t i = 0; how == 'r' && r->err == NULL && i < l.n; i++)
		out.list->v[i] = l.v[l.n - 1 - i];
	return out;
}

static struct gh_jv f_pick(FILTER_ARGS)
{
	(void)at;
	(void)a;
	struct gh_jlist l;
	if (!items_of(r, v, &l) || l.n == 0)
		return (struct gh_jv){ .kind = JV_UNDEFINED };
	if (how == '?') {
		struct gh_jv all = jj_list_of(r, JV_LIST, l.v, l.n);
		bool numbers = true;
		for (size_t i = 0; i < l.n; i++)
			numbers = numbers && (l.v[i].kind == JV_INT || l.v[i].kind == JV_BOOL);
		if (l.n > 1)
			jj_one_of(r, at, JU_TIME, l.v, l.n);
		return jj_watching(r) ? jj_mix(r, JU_CLOCK | (numbers ? (unsigned)JU_NUMBER : 0), &all, 1)
				      : jj_error(r, "random has no fixed result");
	}
	return l.v[how == 'f' ? 0 : l.n - 1];
}

static struct gh_jv f_length(FILTER_ARGS)
{
	(void)at;
	(void)a;
	(void)how;
	struct gh_jlist l;
	if (v.kind == JV_STR)
		return gh_jv_int((int64_t)jj_chars(v.s));
	return items_of(r, v, &l) ? gh_jv_int((int64_t)l.n) : jj_error(r, "a list is wanted");
}

static struct gh_jv f_join(FILTER_ARGS)
{
	(void)how;
	struct gh_jv sep = jj_str(r, jj_arg(a, 0, "d", gh_jv_str(GH_SPAN("")))),
		     attr = jj_arg(a, 1, "attribute", gh_jv_none());
	struct gh_jlist l, part = { 0 };
	if (v.kind == JV_UNKNOWN && attr.kind != JV_NONE)
		(void)path(r, at, v, attr);
	jj_rejoined(r, at, v, sep);
	if (sep.kind != JV_STR || v.kind == JV_UNKNOWN)
		return jj_mix_args(r, 0, v, a);
	if (!items_of(r, v, &l))
		return jj_error(r, "join wants a list");
	for (size_t i = 0; attr.kind != JV_NONE && i < l.n && r->err == NULL; i++)
		if (!gh_jv_push(r->arena, &part, path(r, at, l.v[i], attr)))
			return jj_limit(r, "no memory");
	return jj_joined(r, sep.s, attr.kind != JV_NONE ? &part : &l, false);
}

/* ---- map, select, reject ----------------------------------------------------------------------------------------------- */
static struct jj_args *rest(struct gh_jj_run *r, const struct jj_args *a, size_t from)
{
	struct jj_args *b = GH_NEW(r->arena, struct jj_args, 1);
	if (b == NULL)
		return NULL;
	b->kw = a->kw;
	for (size_t i = from; i < a->n; i++)
		b->v[b->n++] = a->v[i];
	return b;
}

static struct gh_jv map_one(FILTER_ARGS)
{
	struct gh_jv attr = jj_arg(a, 99, "attribute", gh_jv_none());
	(void)how;
	if (attr.kind != JV_NONE) {
		struct gh_jv got = path(r, at, v, attr), d = jj_arg(a, 99, "default", gh_jv_none());
		return got.kind == JV_UNDEFINED && d.kind != JV_NONE ? d : got;
	}
	struct gh_jv name = jj_arg(a, 0, NULL, gh_jv_none());
	struct jj_args *b = rest(r, a, 1);
	if (b == NULL)
		return jj_limit(r, "no memory");
	bool known = name.kind == JV_STR && jj_is_filter(name.s);
	if (jj_watching(r) && r->watch->filter != NULL)
		r->watch->filter(r->ctx, at, name.kind == JV_STR ? name.s : (struct gh_span){ 0 }, known);
	if (name.kind != JV_STR)
		return jj_error(r, "map wants the name of a filter");
	if (r->depth > JJ_EVAL_DEPTH) /* map('map', 'map' …) */
		return jj_limit(r, "nested too deep");
	r->depth += 8;
	struct gh_jv out = jj_filter(r, at, name.s, v, b);
	r->depth -= 8;
	return out;
}

static struct gh_jv f_map(FILTER_ARGS)
{
	struct gh_jlist l;
	if (v.kind == JV_UNKNOWN)
		return map_one(r, at, v, a, how);
	struct gh_jv out = jj_list_of(r, JV_LAZY, NULL, 0);
	if (!jj_truth(v))
		return out;
	if (!items_of(r, v, &l))
		return jj_error(r, "map wants a list");
	for (size_t i = 0; i < l.n && r->err == NULL; i++)
		if (!gh_jv_push(r->arena, out.list, map_one(r, at, l.v[i], a, how)))
			return jj_limit(r, "no memory");
	return out;
}

/* 's'elect, 'r'eject; with 'S', 'R' by an attribute. */
static struct gh_jv test_one(FILTER_ARGS)
{
	bool by_attr = how == 'S' || how == 'R';
	struct gh_jv x = by_attr ? path(r, at, v, jj_arg(a, 0, NULL, gh_jv_none())) : v;
	struct gh_jv name = jj_arg(a, by_attr, NULL, gh_jv_none());
	struct jj_args *b = rest(r, a, 1u + by_attr);
	if (b == NULL)
		return jj_limit(r, "no memory");
	if (a->n <= by_attr)
		return x;
	bool known = name.kind == JV_STR && jj_is_test(name.s);
	if (jj_watching(r) && r->watch->filter != NULL)
		r->watch->filter(r->ctx, at, name.kind == JV_STR ? name.s : (struct gh_span){ 0 }, known);
	return name.kind == JV_STR ? jj_test(r, at, name.s, x, b) : jj_error(r, "select wants the name of a test");
}

static struct gh_jv f_select(FILTER_ARGS)
{
	struct gh_jlist l;
	bool reject = how == 'r' || how == 'R';
	if (v.kind == JV_UNKNOWN) {
		struct gh_jv t = test_one(r, at, v, a, how);
		v.flags |= t.kind == JV_UNKNOWN ? (t.flags & JU_TESTS) : 0;
		return v;
	}
	struct gh_jv out = jj_list_of(r, JV_LAZY, NULL, 0);
	if (!jj_truth(v))
		return out;
	if (!items_of(r, v, &l))
		return jj_error(r, "select wants a list");
	for (size_t i = 0; i < l.n && r->err == NULL; i++) {
		struct gh_jv t = test_one(r, at, l.v[i], a, how);
		bool in = t.kind == JV_UNKNOWN || jj_truth(t) != reject;
		if (t.kind == JV_UNKNOWN)
			jj_only_if(r, at, t.flags, l.v[i]);
		if (in && !gh_jv_push(r->arena, out.list, l.v[i]))
			return jj_limit(r, "no memory");
	}
	return out;
}

/* ---- order ------------------------------------------------------------------------------------------------------------------ */
struct order {
	const struct gh_jv *key;
	bool odd, reverse;
};

static int by_key(const void *ctx, uint32_t i, uint32_t j)
{
	const struct order *o = ctx;
	int c = 0;
	(void)jj_order(o->key[i], o->key[j], &c);
	return o->reverse ? -c : c;
}

static struct gh_jv fold(struct gh_jj_run *r, struct gh_jv v, bool sensitive)
{
	return v.kind == JV_STR && !sensitive ? jj_case(r, v.s, 'l') : v;
}

/* l in the order of key, as a new list; NULL: no order, no memory. */
static struct gh_jv *sorted(struct gh_jj_run *r, const struct gh_jv *v, const struct gh_jv *key, size_t n, bool reverse)
{
	uint32_t *idx = GH_NEW(r->arena, uint32_t, n + 1), *tmp = GH_NEW(r->arena, uint32_t, n + 1);
	struct gh_jv *out = GH_NEW(r->arena, struct gh_jv, n + 1);
	struct order o = { key, false, reverse };
	if (idx == NULL || tmp == NULL || out == NULL || !jj_step(r, n * 4)) {
		(void)jj_limit(r, "no memory");
		return NULL;
	}
	for (uint32_t i = 0; i < n; i++) {
		int c;
		idx[i] = i;
		if (i > 0 && !jj_order(key[0], key[i], &c)) {
			(void)jj_error(r, "values that have no order");
			return NULL;
		}
	}
	gh_sort_idx(idx, tmp, n, by_key, &o);
	for (size_t i = 0; i < n; i++)
		out[i] = v[idx[i]];
	return out;
}

/* "a,b.c": several of them, compared one after the other. */
static struct gh_jv paths(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv v, struct gh_jv attr,
			  bool sensitive)
{
	if (attr.kind != JV_STR || attr.s.n == 0 || memchr(attr.s.p, ',', attr.s.n) == NULL)
		return fold(r, path(r, at, v, attr), sensitive);
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	for (size_t i = 0; i <= attr.s.n && r->err == NULL;) {
		const uint8_t *comma = i < attr.s.n ? memchr(attr.s.p + i, ',', attr.s.n - i) : NULL;
		size_t n = comma == NULL ? attr.s.n - i : (size_t)(comma - attr.s.p) - i;
		struct gh_jv x = path(r, at, v, gh_jv_str(gh_span_cut(attr.s, i, n)));
		if (r->err == NULL && !gh_jv_push(r->arena, out.list, fold(r, x, sensitive)))
			return jj_limit(r, "no memory");
		i += n + 1;
	}
	return out;
}

unsigned jj_attribute_argument(struct gh_jj_run *r, const struct gh_jj_node *at, const struct jj_filter_row *f,
			       struct gh_jv v, const struct jj_args *a)
{
	unsigned flags = 0;
	static const struct {
		const char *name;
		size_t place;
	} t[] = { { "sort", 2 }, { "groupby", 0 }, { "sum", 0 }, { "unique", 1 }, { "min", 1 }, { "max", 1 } };
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct gh_jv attr = jj_arg(a, t[i].place, "attribute", gh_jv_none());
		if (strcmp(f->name, t[i].name) == 0 && attr.kind != JV_NONE)
			flags |= jj_flags(paths(r, at, v, attr, true));
	}
	return flags & (JU_CONTENT | JU_NAME);
}

static struct gh_jv *keys(struct gh_jj_run *r, const struct gh_jj_node *at, const struct gh_jlist *l, struct gh_jv attr,
			  bool sensitive)
{
	struct gh_jv *key = GH_NEW(r->arena, struct gh_jv, l->n + 1);
	if (key == NULL) {
		(void)jj_limit(r, "no memory");
		return NULL;
	}
	for (size_t i = 0; i < l->n && r->err == NULL; i++)
		key[i] = attr.kind == JV_NONE ? fold(r, l->v[i], sensitive) : paths(r, at, l->v[i], attr, sensitive);
	return key;
}

static struct gh_jv f_sort(FILTER_ARGS)
{
	struct gh_jlist l;
	(void)how;
	bool reverse = jj_truth(jj_arg(a, 0, "reverse", gh_jv_bool(false))),
	     sensitive = jj_truth(jj_arg(a, 1, "case_sensitive", gh_jv_bool(false)));
	if (!items_of(r, v, &l))
		return jj_error(r, "sort wants a list");
	struct gh_jv *key = keys(r, at, &l, jj_arg(a, 2, "attribute", gh_jv_none()), sensitive);
	if (jj_is_unknown(v) && (jj_flags(v) & JU_CONTENT) != 0)
		jj_one_of(r, at, JU_WORD, l.v, l.n);
	struct gh_jv *out = key == NULL || jj_is_unknown(v) ? NULL : sorted(r, l.v, key, l.n, reverse);
	return jj_list_of(r, JV_LIST, out != NULL ? out : l.v, l.n);
}

static struct gh_jv f_dictsort(FILTER_ARGS)
{
	(void)at;
	(void)how;
	struct gh_jv by = jj_arg(a, 1, "by", gh_jv_str(GH_SPAN("key")));
	bool sensitive = jj_truth(jj_arg(a, 0, "case_sensitive", gh_jv_bool(false))),
	     reverse = jj_truth(jj_arg(a, 2, "reverse", gh_jv_bool(false)));
	bool value = by.kind == JV_STR && gh_span_is(by.s, "value");
	if (v.kind != JV_DICT)
		return jj_error(r, "dictsort wants a dictionary");
	struct gh_jv none = jj_list_of(r, JV_LIST, NULL, 0);
	struct gh_jlist l = { .v = value ? v.dict->val : v.dict->key, .n = v.dict->n };
	struct gh_jv *pair = GH_NEW(r->arena, struct gh_jv, l.n + 1), *key = keys(r, at, &l, gh_jv_none(), sensitive);
	if (pair == NULL || key == NULL)
		return jj_limit(r, "no memory");
	for (size_t i = 0; i < l.n && r->err == NULL; i++)
		pair[i] = jj_list_of(r, JV_TUPLE, (struct gh_jv[]){ v.dict->key[i], v.dict->val[i] }, 2);
	struct gh_jv *out = jj_is_unknown(v) ? pair : sorted(r, pair, key, l.n, reverse);
	return out == NULL ? none : jj_list_of(r, JV_LIST, out, l.n);
}

static struct gh_jv f_unique(FILTER_ARGS)
{
	struct gh_jlist l, seen = { 0 };
	(void)how;
	struct gh_jv out = jj_list_of(r, JV_LAZY, NULL, 0);
	if (!items_of(r, v, &l))
		return jj_error(r, "unique wants a list");
	struct gh_jv *key = keys(r, at, &l, jj_arg(a, 1, "attribute", gh_jv_none()),
				 jj_truth(jj_arg(a, 0, "case_sensitive", gh_jv_bool(false))));
	for (size_t i = 0; key != NULL && i < l.n && jj_step(r, seen.n / 8); i++) {
		bool old = false;
		for (size_t k = 0; k < seen.n; k++)
			old = old || gh_jv_equal(seen.v[k], key[i]);
		if (!old && (!gh_jv_push(r->arena, &seen, key[i]) || !gh_jv_push(r->arena, out.list, l.v[i])))
			return jj_limit(r, "no memory");
	}
	return out;
}

static struct gh_jv f_extreme(FILTER_ARGS)
{
	struct gh_jlist l;
	size_t best = 0;
	if (!items_of(r, v, &l) || l.n == 0)
		return (struct gh_jv){ .kind = JV_UNDEFINED };
	struct gh_jv *key = keys(r, at, &l, jj_arg(a, 1, "attribute", gh_jv_none()),
				 jj_truth(jj_arg(a, 0, "case_sensitive", gh_jv_bool(false))));
	if (jj_is_unknown(v)) { /* whichever is first in order */
		if ((jj_flags(v) & JU_CONTENT) != 0)
			jj_one_of(r, at, JU_WORD, l.v, l.n);
		return jj_mix(r, 0, l.v, l.n);
	}
	for (size_t i = 1; key != NULL && i < l.n; i++) {
		int c = 0;
		if (!jj_order(key[i], key[best], &c))
			return jj_error(r, "values that have no order");
		if (how == 'm' ? c < 0 : c > 0)
			best = i;
	}
	return l.v[best];
}

static struct gh_jv f_sum(FILTER_ARGS)
{
	struct gh_jlist l;
	(void)how;
	struct gh_jv attr = jj_arg(a, 0, "attribute", gh_jv_none()), sum = jj_arg(a, 1, "start", gh_jv_int(0));
	if (!items_of(r, v, &l))
		return jj_error(r, "sum wants a list");
	for (size_t i = 0; i < l.n && r->err == NULL; i++)
		sum = jj_binary(r, at, JJ_ADD, sum, attr.kind == JV_NONE ? l.v[i] : path(r, at, l.v[i], attr));
	return sum;
}

static struct gh_jv f_groupby(FILTER_ARGS)
{
	struct gh_jlist l;
	(void)how;
	struct gh_jv attr = jj_arg(a, 0, "attribute", gh_jv_none()), out = jj_list_of(r, JV_LIST, NULL, 0);
	if (!items_of(r, v, &l))
		return jj_error(r, "groupby wants a list");
	struct gh_jv *key = keys(r, at, &l, attr, false);
	struct gh_jv *in = key == NULL || jj_is_unknown(v) ? NULL : sorted(r, l.v, key, l.n, false);
	struct gh_jv *ks = in == NULL ? NULL : sorted(r, key, key, l.n, false);
	if (ks == NULL)
		return r->err != NULL ? out : jj_mix_args(r, 0, v, a);
	for (size_t i = 0; i < l.n && r->err == NULL;) {
		size_t n = 1;
		while (i + n < l.n && gh_jv_equal(ks[i], ks[i + n]))
			n++;
		struct gh_jv pair[2] = { path(r, at, in[i], attr), jj_list_of(r, JV_LIST, in + i, n) };
		if (r->err == NULL && !gh_jv_push(r->arena, out.list, jj_list_of(r, JV_TUPLE, pair, 2)))
			return jj_limit(r, "no memory");
		i += n;
	}
	return out;
}

static struct gh_jv f_batch(FILTER_ARGS)
{
	struct gh_jlist l;
	(void)at;
	(void)how;
	struct gh_jv size = jj_arg(a, 0, NULL, gh_jv_int(1)), fill = jj_arg(a, 1, "fill_with", gh_jv_none());
	size_t by = size.kind == JV_INT && size.i > 0 && size.i < JJ_ITEMS_MAX ? (size_t)size.i : 1;
	struct gh_jv out = jj_list_of(r, JV_LAZY, NULL, 0);
	if (!items_of(r, v, &l))
		return jj_error(r, "a list is wanted");
	for (size_t i = 0; i < l.n && jj_step(r, 1); i += by) {
		struct gh_jv part = jj_list_of(r, JV_LIST, l.v + i, l.n - i < by ? l.n - i : by);
		while (fill.kind != JV_NONE && r->err == NULL && part.list->n < by && jj_step(r, 1))
			if (!gh_jv_push(r->arena, part.list, fill))
				return jj_limit(r, "no memory");
		if (r->err == NULL && !gh_jv_push(r->arena, out.list, part))
			return jj_limit(r, "no memory");
	}
	return out;
}

/* slice(n): n parts, the first ones one longer where it does not come out even. */
static struct gh_jv f_slice(FILTER_ARGS)
{
	struct gh_jlist l;
	(void)at;
	(void)how;
	struct gh_jv size = jj_arg(a, 0, NULL, gh_jv_int(1)), out = jj_list_of(r, JV_LAZY, NULL, 0);
	size_t parts = size.kind == JV_INT && size.i > 0 && size.i < 10000 ? (size_t)size.i : 1, done = 0;
	if (!items_of(r, v, &l))
		return jj_error(r, "a list is wanted");
	for (size_t i = 0; i < parts && r->err == NULL; i++) {
		size_t n = l.n / parts + (i < l.n % parts);
		struct gh_jv part = jj_list_of(r, JV_LIST, n == 0 ? NULL : l.v + done, n);
		done += n;
		if (r->err == NULL && !gh_jv_push(r->arena, out.list, part))
			return jj_limit(r, "no memory");
	}
	return out;
}

static struct gh_jv f_items(FILTER_ARGS)
{
	(void)how;
	if (v.kind == JV_UNDEFINED)
		return jj_list_of(r, JV_LAZY, NULL, 0);
	return v.kind == JV_DICT ? jj_method(r, at, v, GH_SPAN("items"), a) : jj_error(r, "items wants a dictionary");
}

static const struct jj_filter_row rows[] = {
	{ "batch", f_batch, 0, JJF_LIST },
	{ "count", f_length, 0, JJF_NUMBER | JJF_LIST },
	{ "dictsort", f_dictsort, 0, JJF_LIST },
	{ "first", f_pick, 'f', JJF_LIST },
	{ "groupby", f_groupby, 0, JJF_LIST },
	{ "items", f_items, 0, JJF_LIST },
	{ "join", f_join, 0, JJF_ANY },
	{ "last", f_pick, 'l', JJF_LIST },
	{ "length", f_length, 0, JJF_NUMBER | JJF_LIST },
	{ "list", f_list, 'l', JJF_LIST },
	{ "map", f_map, 0, JJF_ANY },
	{ "max", f_extreme, 'x', JJF_LIST },
	{ "min", f_extreme, 'm', JJF_LIST },
	{ "random", f_pick, '?', JJF_LIST },
	{ "reject", f_select, 'r', JJF_ANY },
	{ "rejectattr", f_select, 'R', JJF_ANY },
	{ "reverse", f_list, 'r', JJF_LIST },
	{ "select", f_select, 's', JJF_ANY },
	{ "selectattr", f_select, 'S', JJF_ANY },
	{ "slice", f_slice, 0, JJF_LIST },
	{ "sort", f_sort, 0, JJF_LIST },
	{ "sum", f_sum, 0, JJF_LIST },
	{ "unique", f_unique, 0, JJF_LIST },
};

const struct jj_filter_row *jj_sequence_filter(struct gh_span name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_span_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

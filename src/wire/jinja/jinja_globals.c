/* Functions that every template has. */
#include "base/utf8.h"
#include "wire/jinja/jinja_int.h"

static const char *const names[] = { "range", "dict", "lipsum", "cycler", "joiner", "namespace", "raise_exception",
				     "strftime_now",
				     /* of Python, not of Jinja: followed so that what they would give is known */
				     "chr", "str", "list", "bytes" };
enum { JINJA = 8 };

struct gh_jv jj_global(struct gh_jj_run *r, struct gh_span name)
{
	size_t n = jj_watching(r) ? sizeof names / sizeof names[0] : JINJA;
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(name, names[i]))
			return jj_object(r, JV_FUNCTION, name);
	if (gh_span_is(name, "self") && jj_watching(r))
		return jj_object(r, JV_SELF, name);
	return (struct gh_jv){ .kind = JV_UNDEFINED };
}

static struct gh_jv range(struct gh_jj_run *r, struct jj_args *a)
{
	int64_t v[3] = { 0, 0, 1 };
	if (jj_any_unknown(a))
		return jj_unknown(JU_NUMBER);
	for (size_t i = 0; i < a->n && i < 3; i++) {
		if (a->v[i].kind != JV_INT && a->v[i].kind != JV_BOOL)
			return jj_error(r, "range() wants numbers");
		v[i] = a->v[i].i;
	}
	if (a->n == 1) {
		v[1] = v[0];
		v[0] = 0;
	}
	if (v[2] == 0 || a->n == 0)
		return jj_error(r, "range() with step 0");
	uint64_t span = v[2] > 0 ? (v[1] > v[0] ? (uint64_t)v[1] - (uint64_t)v[0] : 0)
				 : (v[0] > v[1] ? (uint64_t)v[0] - (uint64_t)v[1] : 0);
	uint64_t by = v[2] > 0 ? (uint64_t)v[2] : 0 - (uint64_t)v[2], n = span == 0 ? 0 : (span - 1) / by + 1;
	if (n > JJ_RANGE_MAX)
		return jj_limit(r, "a range longer than the sandbox of Jinja allows");
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	for (uint64_t i = 0; i < n && jj_step(r, 1); i++)
		if (!gh_jv_push(r->arena, out.list, gh_jv_int(v[0] + (int64_t)i * v[2])))
			return jj_limit(r, "no memory");
	return out;
}

/* dict(…) and namespace(…) */
static struct gh_jv mapping(struct gh_jj_run *r, struct jj_args *a, bool ns)
{
	struct gh_jv out = gh_jv_dict(r->arena);
	struct gh_jlist pairs;
	if (out.kind != JV_DICT)
		return jj_limit(r, "no memory");
	struct gh_jv first = jj_arg(a, 0, NULL, gh_jv_none());
	if (first.kind == JV_DICT) {
		for (size_t i = 0; i < first.dict->n; i++)
			(void)gh_jv_put(r->arena, out.dict, first.dict->key[i], first.dict->val[i]);
	} else if (first.kind == JV_UNKNOWN) {
		return jj_mix_args(r, 0, gh_jv_none(), a);
	} else if (first.kind != JV_NONE && jj_items(r, first, &pairs)) {
		for (size_t i = 0; i < pairs.n; i++) {
			struct gh_jlist kv;
			if (!jj_items(r, pairs.v[i], &kv) || kv.n != 2)
				return jj_error(r, "dict() wants pairs");
			(void)gh_jv_put(r->arena, out.dict, kv.v[0], kv.v[1]);
		}
	}
	for (size_t i = 0; a->kw != NULL && i < a->kw->n && jj_step(r, 1); i++)
		if (!gh_jv_put(r->arena, out.dict, a->kw->key[i], a->kw->val[i]))
			return jj_limit(r, "no memory");
	out.dict->unsure = r->unsure;
	out.kind = ns ? JV_NAMESPACE : JV_DICT;
	return out;
}

/* The date is not known when watching, what a format adds to it is. */
static struct gh_jv date(struct gh_jj_run *r, struct jj_args *a)
{
	struct gh_jv f = jj_arg(a, 0, "format", gh_jv_str(GH_SPAN("")));
	if (!jj_watching(r))
		return gh_jv_str(r->now);
	if (f.kind != JV_STR)
		return jj_mix_args(r, JU_CLOCK, gh_jv_none(), a);
	struct jj_text t = { .r = r };
	bool any = false;
	for (size_t i = 0; i < f.s.n && r->err == NULL; i++) {
		if (f.s.p[i] != '%' || i + 1 == f.s.n) {
			jj_putc(&t, (char)f.s.p[i]);
			continue;
		}
		i++;
		i += i + 1 < f.s.n && (f.s.p[i] == '-' || f.s.p[i] == '_');
		any = any || f.s.p[i] != '%';
		if (f.s.p[i] == '%')
			jj_putc(&t, '%');
	}
	struct gh_jv s = jj_text_value(&t);
	return any ? jj_mix(r, JU_CLOCK, &s, 1) : s;
}

static struct gh_jv cycle(struct gh_jj_run *r, struct gh_jv c)
{
	struct gh_jobj *o = c.obj;
	if (c.kind == JV_JOINER)
		return o->at++ == 0 ? gh_jv_str(GH_SPAN("")) : o->items->v[0];
	if (o->items->n == 0)
		return jj_error(r, "a cycler of nothing");
	return o->items->v[o->at++ % o->items->n];
}

static struct gh_jv character(struct gh_jj_run *r, struct jj_args *a)
{
	struct gh_jv v = jj_arg(a, 0, NULL, gh_jv_none());
	uint8_t *p = gh_alloc(r->arena, 4, 1);
	if (p == NULL)
		return jj_limit(r, "no memory");
	if (v.kind != JV_INT || v.i < 0 || v.i > 0x10ffff || (v.i >= 0xd800 && v.i < 0xe000))
		return jj_unknown(JU_OBSCURE);
	return gh_jv_str((struct gh_span){ p, gh_utf8_put((uint32_t)v.i, p) });
}

struct gh_jv jj_call_global(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv f, struct jj_args *a)
{
	struct gh_span name = f.obj->name;
	(void)jj_costs_call(r, at, name, f, a, false);
	if (f.kind == JV_JOINER || f.kind == JV_CYCLER)
		return cycle(r, f);
	if (gh_span_is(name, "range"))
		return range(r, a);
	if (gh_span_is(name, "dict") || gh_span_is(name, "namespace"))
		return mapping(r, a, gh_span_is(name, "namespace"));
	if (gh_span_is(name, "strftime_now"))
		return date(r, a);
	if (gh_span_is(name, "raise_exception"))
		return jj_watching(r) ? jj_unknown(0) : jj_error(r, "the template raised an exception");
	if (gh_span_is(name, "lipsum"))
		return jj_watching(r) ? jj_unknown(JU_OBSCURE) : jj_error(r, "lipsum() has no fixed result");
	if (gh_span_is(name, "chr"))
		return character(r, a);
	if (gh_span_is(name, "str") || gh_span_is(name, "list"))
		return jj_filter(r, at, gh_span_is(name, "str") ? GH_SPAN("string") : GH_SPAN("list"),
				 jj_arg(a, 0, NULL, gh_jv_str(GH_SPAN(""))), &(struct jj_args){ 0 });
	if (gh_span_is(name, "bytes")) {
		struct gh_jlist l;
		struct gh_jv v = jj_arg(a, 0, NULL, gh_jv_none());
		struct jj_text t = { .r = r };
		if (jj_is_unknown(v) || !jj_items(r, v, &l))
			return jj_mix_args(r, JU_OBSCURE, gh_jv_none(), a);
		for (size_t i = 0; i < l.n && r->err == NULL; i++)
			jj_putc(&t, l.v[i].kind == JV_INT ? (char)l.v[i].i : '?');
		return (struct gh_jv){ .kind = JV_BYTES, .s = { t.p, t.n } };
	}
	bool joiner = gh_span_is(name, "joiner");
	struct gh_jv sep = jj_arg(a, 0, "sep", gh_jv_str(GH_SPAN(", ")));
	struct gh_jv items = joiner ? jj_list_of(r, JV_LIST, &sep, 1) : jj_list_of(r, JV_LIST, a->v, a->n);
	struct gh_jv o = jj_object(r, joiner ? JV_JOINER : JV_CYCLER, name);
	if (r->err == NULL)
		o.obj->items = items.list;
	return o;
}

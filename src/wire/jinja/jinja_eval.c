/* Expressions. */
#include "wire/jinja/jinja_int.h"

/* What chat formats call the text of a message. */
static bool says(struct gh_span name)
{
	static const char *const names[] = { "content",		"text",		"prompt",	"query",
					     "question",	"instruction",	"user_message", "system_message",
					     "message_content", "last_message", "user_input" };
	if (gh_span_ends(name, "_content") || gh_span_ends(name, "_text"))
		return true;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(name, names[i]))
			return true;
	return false;
}

void jj_only_if(struct gh_jj_run *r, const struct gh_jj_node *at, unsigned flags, struct gh_jv v)
{
	if (!jj_watching(r) || (flags & JU_TESTS) == 0 || r->watch->only_if == NULL)
		return;
	if (v.kind >= JV_LIST && v.kind <= JV_DICT)
		v = jj_mix(r, 0, &v, 1);
	if (v.kind != JV_STR || jj_step(r, v.s.n / 4)) /* the watcher reads it */
		r->watch->only_if(r->ctx, at, flags & JU_TESTS, v);
}

void jj_one_of(struct gh_jj_run *r, const struct gh_jj_node *at, unsigned flags, const struct gh_jv *v, size_t n)
{
	for (size_t i = 0; i < n && (flags & JU_TESTS) != 0 && jj_step(r, 1); i++)
		jj_only_if(r, at, flags, v[i]);
}

unsigned jj_tells(struct gh_jv v)
{
	unsigned f = v.kind == JV_UNKNOWN ? v.flags : 0, out = f & JU_TESTS;
	out |= (f & JU_CONTENT) != 0 ? (unsigned)JU_WORD : 0;
	out |= (f & JU_CLOCK) != 0 ? (unsigned)JU_TIME : 0;
	out |= (f & JU_PLACE) != 0 ? (unsigned)JU_TURN : 0;
	return out | ((f & (JU_NAME | JU_NUMBER)) == JU_NAME ? (unsigned)JU_NAMED : 0);
}

void jj_rejoined(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv pieces, struct gh_jv sep)
{
	unsigned f = pieces.kind == JV_UNKNOWN ? pieces.flags : 0;
	if ((f & JU_SPLIT) != 0 && jj_watching(r) && r->watch->rewrites != NULL)
		r->watch->rewrites(r->ctx, at, pieces, sep);
}

int jj_condition(struct gh_jj_run *r, struct gh_jv v, unsigned *flags)
{
	*flags = v.kind == JV_UNKNOWN ? v.flags : 0;
	if ((*flags & (JU_CLOCK | JU_NUMBER)) == (JU_CLOCK | JU_NUMBER))
		*flags |= JU_TIME;
	if (v.kind == JV_UNKNOWN || r->distrust)
		return -1;
	return jj_truth(v);
}

static struct gh_jv name(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	for (struct gh_jscope *s = r->scope; s != NULL; s = s->up)
		for (size_t i = 0; i < s->n; i++)
			if (gh_span_eq(s->var[i].name, n->text))
				return s->var[i].v;
	const struct gh_jv *v = gh_jv_get(r->context, gh_jv_str(n->text));
	if (v != NULL)
		return *v;
	struct gh_jv f = jj_global(r, n->text);
	if (f.kind != JV_UNDEFINED || !jj_watching(r))
		return f;
	return jj_unknown(says(n->text) ? JU_CONTENT : gh_span_is(n->text, "messages") ? (unsigned)JU_MESSAGE : 0);
}

/* ---- access ---------------------------------------------------------------------------------------------------------- */
static void tell_access(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
			struct gh_jv key)
{
	if (jj_watching(r) && r->watch->access != NULL)
		r->watch->access(r->ctx, at, how, obj, key);
}

static struct gh_jv loop_attr(struct gh_jj_run *r, struct gh_jv v, struct gh_span name)
{
	static const char *const numbers[] = { "index", "index0", "revindex", "revindex0", "first", "last", "length" };
	const struct gh_jobj *o = v.obj;
	size_t k = 0;
	if (gh_span_is(name, "depth") || gh_span_is(name, "depth0"))
		return gh_jv_int(gh_span_is(name, "depth"));
	if (gh_span_is(name, "previtem") || gh_span_is(name, "nextitem")) {
		bool next = gh_span_is(name, "nextitem");
		if (!o->known)
			return jj_unknown(0);
		if (next ? o->index + 1 >= o->length : o->index == 0)
			return (struct gh_jv){ .kind = JV_UNDEFINED };
		return o->around->list->v[next ? o->index + 1 : o->index - 1];
	}
	while (k < sizeof numbers / sizeof numbers[0] && !gh_span_is(name, numbers[k]))
		k++;
	if (k == sizeof numbers / sizeof numbers[0]) {
		if (!gh_span_is(name, "cycle") && !gh_span_is(name, "changed"))
			return jj_watching(r) ? jj_unknown(JU_OBJECT) : (struct gh_jv){ .kind = JV_UNDEFINED };
		struct gh_jv m = jj_object(r, JV_METHOD, name);
		if (m.kind == JV_METHOD)
			m.obj->self = v;
		return m;
	}
	if (!o->known) /* first and last are no certain place */
		return jj_unknown(JU_NUMBER | (k == 4 || k == 5 ? 0u : JU_PLACE));
	int64_t i = (int64_t)o->index, n = (int64_t)o->length;
	const int64_t value[] = { i + 1, i, n - i, n - i - 1, i == 0, i == n - 1, n };
	return k == 4 || k == 5 ? gh_jv_bool(value[k] != 0) : gh_jv_int(value[k]);
}

static struct gh_jv bound(struct gh_jj_run *r, struct gh_jv obj, struct gh_span name)
{
	struct gh_jv m = jj_object(r, JV_METHOD, name);
	if (m.kind == JV_METHOD)
		m.obj->self = obj;
	return m;
}

static struct gh_jv absent(struct gh_jj_run *r, struct gh_jv obj)
{
	if (!jj_watching(r)) {
		if (obj.kind == JV_UNDEFINED)
			return jj_error(r, "an undefined value has no attributes");
		return (struct gh_jv){ .kind = JV_UNDEFINED };
	}
	return jj_unknown(JU_OBJECT); /* no data: a type, a function or whatever else the name leads to */
}

struct gh_jv jj_getattr(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
			struct gh_jv key)
{
	tell_access(r, at, how, obj, key);
	if (obj.kind == JV_UNKNOWN || key.kind != JV_STR) {
		struct gh_jv v = jj_mix(r, 0, &obj, 1);
		v.flags = ((v.flags & ~(uint32_t)JU_NUMBER) | (key.kind == JV_STR && says(key.s) ? JU_CONTENT : 0u));
		if (key.kind == JV_STR && gh_span_is(key.s, "name"))
			v.flags |= JU_NAME;
		/* for key in message: message[key] */
		if (key.kind == JV_UNKNOWN && (key.flags & v.flags & JU_MESSAGE) != 0 && (key.flags & JU_NUMBER) == 0)
			v.flags |= JU_CONTENT;
		return v;
	}
	if (obj.kind == JV_LOOP)
		return loop_attr(r, obj, key.s);
	if (obj.kind == JV_NAMESPACE) {
		const struct gh_jv *v = gh_jv_get(obj.dict, key);
		return v != NULL ? *v : absent(r, obj);
	}
	if (obj.kind == JV_MACRO && gh_span_is(key.s, "name"))
		return gh_jv_str(obj.obj->name);
	if (jj_has_method(obj, key.s))
		return bound(r, obj, key.s);
	const struct gh_jv *v = obj.kind == JV_DICT ? gh_jv_get(obj.dict, key) : NULL;
	return v != NULL ? *v : absent(r, obj);
}

/* One of many, which is not known. */
static struct gh_jv any_of(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv obj, struct gh_jv key)
{
	unsigned tests = jj_tells(key);
	if (obj.kind == JV_STR || obj.kind == JV_BYTES)
		return jj_mix(r, tests, &obj, 1);
	const struct gh_jv *v = obj.kind == JV_DICT ? obj.dict->val : obj.list->v;
	size_t n = obj.kind == JV_DICT ? obj.dict->n : obj.list->n;
	jj_one_of(r, at, tests, v, n);
	bool number = n != 0;
	for (size_t i = 0; i < n; i++)
		number = number && (v[i].kind == JV_INT || v[i].kind == JV_BOOL || v[i].kind == JV_FLOAT);
	return jj_mix(r, tests | (number ? JU_NUMBER : 0), v, n < JJ_ARGS ? n : JJ_ARGS);
}

struct gh_jv jj_getitem(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv obj, struct gh_jv key)
{
	bool sequence = obj.kind == JV_LIST || obj.kind == JV_TUPLE || obj.kind == JV_STR || obj.kind == JV_BYTES;
	if (sequence && (key.kind == JV_INT || key.kind == JV_BOOL)) {
		bool text = obj.kind == JV_STR || obj.kind == JV_BYTES;
		int64_t n = (int64_t)(obj.kind == JV_STR ? jj_chars(obj.s) : text ? obj.s.n : obj.list->n);
		int64_t i = key.i < 0 ? key.i + n : key.i;
		if (i < 0 || i >= n)
			return (struct gh_jv){ .kind = JV_UNDEFINED };
		if (obj.kind == JV_STR)
			return jj_step(r, (uint64_t)n / 64) ? gh_jv_str(jj_char_range(obj.s, (size_t)i, (size_t)i + 1))
							    : gh_jv_none();
		return text ? gh_jv_int(obj.s.p[i]) : obj.list->v[i];
	}
	if (obj.kind == JV_DICT && key.kind != JV_UNKNOWN) {
		const struct gh_jv *v = jj_step(r, obj.dict->n / 8) ? gh_jv_get(obj.dict, key) : NULL;
		if (v != NULL)
			return *v;
	}
	if (key.kind == JV_INT && obj.kind == JV_UNKNOWN) {
		struct gh_jv v = jj_mix(r, 0, &obj, 1);
		return v;
	}
	if (key.kind == JV_UNKNOWN && (sequence || obj.kind == JV_DICT)) {
		tell_access(r, at, GH_JJ_SUBSCRIPT, obj, key);
		return any_of(r, at, obj, key);
	}
	if (key.kind != JV_STR && key.kind != JV_UNKNOWN)
		return obj.kind == JV_UNKNOWN ? obj : absent(r, obj);
	if (obj.kind == JV_UNDEFINED)
		return absent(r, obj);
	return jj_getattr(r, at, GH_JJ_SUBSCRIPT, obj, key);
}

static struct gh_jv item(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv obj = jj_eval(r, n->kid);
	const struct gh_jj_node *k = n->kid->next;
	if (r->err != NULL)
		return obj;
	if (k->kind != JJ_SLICE)
		return jj_getitem(r, n, obj, jj_eval(r, k));
	struct gh_jv part[3];
	unsigned i = 0;
	for (const struct gh_jj_node *p = k->kid; p != NULL && i < 3; p = p->next)
		part[i++] = p->kind == JJ_ABSENT ? gh_jv_none() : jj_eval(r, p);
	for (i = 0; i < 3 && r->err == NULL && obj.kind != JV_UNKNOWN; i++)
		jj_only_if(r, n, jj_tells(part[i]), obj);
	return r->err != NULL ? gh_jv_none() : jj_slice(r, obj, part[0], part[1], part[2]);
}

/* ---- calls ------------------------------------------------------------------------------------------------------------ */
struct gh_jv jj_arg(const struct jj_args *a, size_t i, const char *name, struct gh_jv otherwise)
{
	if (i < a->n)
		return a->v[i];
	const struct gh_jv *v = name == NULL ? NULL : gh_jv_get(a->kw, gh_jv_str(gh_span_str(name)));
	return v != NULL ? *v : otherwise;
}

bool jj_any_unknown(const struct jj_args *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (jj_is_unknown(a->v[i]))
			return true;
	for (size_t i = 0; a->kw != NULL && i < a->kw->n; i++)
		if (jj_is_unknown(a->kw->val[i]))
			return true;
	return false;
}

struct gh_jv jj_mix_args(struct gh_jj_run *r, unsigned flags, struct gh_jv self, const struct jj_args *a)
{
	struct gh_jv all[JJ_ARGS + 2];
	size_t n = 0;
	all[n++] = self;
	for (size_t i = 0; i < a->n; i++)
		all[n++] = a->v[i];
	if (a->kw != NULL)
		all[n++] = (struct gh_jv){ .kind = JV_DICT, .dict = a->kw };
	return jj_mix(r, flags, all, n);
}

static void keyword(struct gh_jj_run *r, struct jj_args *a, struct gh_jv key, struct gh_jv v)
{
	if (a->kw == NULL)
		a->kw = GH_NEW(r->arena, struct gh_jdict, 1);
	if (a->kw == NULL || !gh_jv_put(r->arena, a->kw, key, v))
		(void)jj_limit(r, "no memory");
}

static void spread(struct gh_jj_run *r, struct jj_args *a, struct gh_jv v, bool pairs)
{
	struct gh_jlist items;
	if (pairs && v.kind == JV_DICT) {
		for (size_t i = 0; i < v.dict->n && r->err == NULL; i++)
			keyword(r, a, v.dict->key[i], v.dict->val[i]);
	} else if (!pairs && v.kind != JV_UNKNOWN && jj_items(r, v, &items)) {
		for (size_t i = 0; i < items.n && a->n < JJ_ARGS; i++)
			a->v[a->n++] = items.v[i];
	} else if (a->n < JJ_ARGS) {
		a->v[a->n++] = v.kind == JV_UNKNOWN ? v : jj_error(r, "not to be spread into arguments");
	}
}

static struct jj_args *arguments(struct gh_jj_run *r, const struct gh_jj_node *first)
{
	struct jj_args *a = GH_NEW(r->arena, struct jj_args, 1);
	if (a == NULL) {
		(void)jj_limit(r, "no memory");
		return NULL;
	}
	for (const struct gh_jj_node *k = first; k != NULL && r->err == NULL; k = k->next) {
		bool wrapped = k->kind == JJ_KEYWORD || k->kind == JJ_STAR || k->kind == JJ_STARSTAR;
		struct gh_jv v = jj_eval(r, wrapped ? k->kid : k);
		if (k->kind == JJ_KEYWORD)
			keyword(r, a, gh_jv_str(k->text), v);
		else if (wrapped)
			spread(r, a, v, k->kind == JJ_STARSTAR);
		else if (a->n == JJ_ARGS)
			(void)jj_limit(r, "more arguments than the limit allows");
		else
			a->v[a->n++] = v;
	}
	return a;
}

struct gh_jv jj_call(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv callee, struct jj_args *a)
{
	if (jj_watching(r) && r->watch->call != NULL)
		r->watch->call(r->ctx, at, callee, a->v, a->n);
	switch (callee.kind) {
	case JV_METHOD: return jj_method(r, at, callee.obj->self, callee.obj->name, a);
	case JV_MACRO:
	case JV_LOOP: return jj_call_macro(r, callee, a);
	case JV_FUNCTION:
	case JV_JOINER:
	case JV_CYCLER: return jj_call_global(r, at, callee, a);
	case JV_UNKNOWN: return jj_mix_args(r, JU_OBJECT, callee, a);
	default: return jj_error(r, "not callable");
	}
}

static struct gh_jv call(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	const struct gh_jj_node *f = n->kid;
	struct gh_jv callee;
	bool attr = f->kind == JJ_ATTR, sub = f->kind == JJ_ITEM && f->kid->next->kind != JJ_SLICE;
	if (attr || sub) {
		/* Of an unknown object, or of one that this evaluator does not know all methods of, the name matters. */
		struct gh_jv obj = jj_eval(r, f->kid), key = attr ? gh_jv_str(f->text) : jj_eval(r, f->kid->next);
		if (r->err != NULL)
			return obj;
		callee = attr ? jj_getattr(r, f, GH_JJ_DOT, obj, key) : jj_getitem(r, f, obj, key);
		if (callee.kind == JV_UNKNOWN && key.kind == JV_STR && jj_watching(r))
			callee = bound(r, obj, key.s);
	} else {
		callee = jj_eval(r, f);
	}
	struct jj_args *a = r->err != NULL ? NULL : arguments(r, f->next);
	if (a == NULL || r->err != NULL)
		return gh_jv_none();
	if (r->call_block == n) {
		r->call_block = NULL;
		keyword(r, a, gh_jv_str(GH_SPAN("caller")), r->caller);
	}
	return jj_call(r, n, callee, a);
}

static struct gh_jv filter(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv v = jj_eval(r, n->kid);
	struct jj_args *a = r->err != NULL ? NULL : arguments(r, n->kid->next);
	if (a == NULL || r->err != NULL)
		return gh_jv_none();
	if (jj_watching(r) && r->watch->filter != NULL)
		r->watch->filter(r->ctx, n, n->text,
				 n->kind == JJ_FILTER ? jj_is_filter(n->text) : jj_is_test(n->text));
	if (n->kind == JJ_FILTER)
		return jj_filter(r, n, n->text, v, a);
	struct gh_jv t = jj_test(r, n, n->text, v, a);
	if (n->op == 0 || t.kind == JV_UNKNOWN)
		return t;
	return gh_jv_bool(!jj_truth(t));
}

/* ---- operators ---------------------------------------------------------------------------------------------------------- */
static struct gh_jv logic(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv v = jj_eval(r, n->kid);
	for (const struct gh_jj_node *k = n->kid->next; k != NULL && r->err == NULL; k = k->next) {
		unsigned flags = 0;
		int c = jj_condition(r, v, &flags);
		if (c >= 0) {
			if ((n->kind == JJ_AND) == (c == 0))
				return v;
			v = jj_eval(r, k);
			continue;
		}
		unsigned tests = r->tests;
		r->unsure++;
		r->tests |= flags & JU_TESTS;
		struct gh_jv w = jj_eval(r, k);
		r->tests = tests;
		r->unsure--;
		jj_only_if(r, k, flags, w);
		v = jj_join(r, v, w);
		if (v.kind == JV_UNKNOWN)
			v.flags |= (flags & JU_TESTS);
	}
	return v;
}

static struct gh_jv conditional(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	const struct gh_jj_node *cond = n->kid->next, *other = cond->next;
	unsigned flags = 0;
	int c = jj_condition(r, jj_eval(r, cond), &flags);
	if (r->err != NULL)
		return gh_jv_none();
	if (c >= 0)
		return c > 0			  ? jj_eval(r, n->kid)
		       : other->kind == JJ_ABSENT ? (struct gh_jv){ .kind = JV_UNDEFINED }
						  : jj_eval(r, other);
	unsigned tests = r->tests;
	r->unsure++;
	r->tests |= flags & JU_TESTS;
	struct gh_jv a = jj_eval(r, n->kid), b = other->kind == JJ_ABSENT ? gh_jv_str(GH_SPAN("")) : jj_eval(r, other);
	r->unsure--;
	r->tests = tests;
	jj_only_if(r, n->kid, flags, a);
	jj_only_if(r, other, flags, b);
	struct gh_jv v = jj_join(r, a, b);
	if (v.kind == JV_UNKNOWN)
		v.flags |= (flags & JU_TESTS);
	return v;
}

static struct gh_jv math(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv v = jj_eval(r, n->kid);
	for (const struct gh_jj_node *k = n->kid->next; k != NULL && r->err == NULL; k = k->next) {
		struct gh_jv w = jj_eval(r, k->kid);
		if (r->err == NULL)
			v = jj_binary(r, n, (enum gh_jj_op)k->op, v, w);
	}
	return v;
}

static struct gh_jv compare(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv a = jj_eval(r, n->kid), out = gh_jv_bool(true);
	for (const struct gh_jj_node *k = n->kid->next; k != NULL && r->err == NULL; k = k->next) {
		struct gh_jv b = jj_eval(r, k->kid);
		if (r->err != NULL)
			break;
		struct gh_jv c = jj_compare(r, (enum gh_jj_op)k->op, a, b);
		if (c.kind != JV_UNKNOWN && !jj_truth(c))
			return c;
		out = out.kind == JV_UNKNOWN ? jj_join(r, out, c) : c;
		a = b;
	}
	return out;
}

static struct gh_jv concat(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct jj_text t = { .r = r };
	struct gh_jv mixed = gh_jv_none();
	for (const struct gh_jj_node *k = n->kid; k != NULL && r->err == NULL; k = k->next) {
		struct gh_jv v = jj_eval(r, k);
		v = r->err == NULL ? jj_str(r, v) : v;
		if (mixed.kind != JV_UNKNOWN && v.kind == JV_STR) {
			jj_put(&t, v.s);
			continue;
		}
		struct gh_jv all[3] = { jj_text_value(&t), mixed, v };
		mixed = jj_mix(r, 0, all, 3);
		t.n = 0;
	}
	return mixed.kind == JV_UNKNOWN ? mixed : jj_text_value(&t);
}

static struct gh_jv display(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv out = n->kind == JJ_DICT ? gh_jv_dict(r->arena) : gh_jv_list(r->arena);
	if (out.kind == JV_NONE)
		return jj_limit(r, "no memory");
	bool ok = true, odd = false;
	for (const struct gh_jj_node *k = n->kid; k != NULL && r->err == NULL && ok; k = k->next) {
		struct gh_jv v = jj_eval(r, k);
		if (n->kind != JJ_DICT) {
			ok = gh_jv_push(r->arena, out.list, v);
			continue;
		}
		k = k->next;
		odd = odd || v.kind == JV_UNKNOWN;
		ok = gh_jv_put(r->arena, out.dict, v, jj_eval(r, k)) && jj_step(r, out.dict->n / 8);
	}
	if (!ok)
		return r->err != NULL ? gh_jv_none() : jj_limit(r, "no memory");
	if (n->kind == JJ_DICT)
		out.dict->unsure = r->unsure;
	else
		out.list->unsure = r->unsure;
	if (n->kind == JJ_TUPLE)
		out.kind = JV_TUPLE;
	return odd ? jj_mix(r, 0, &out, 1) : out;
}

static struct gh_jv negative(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv v = jj_eval(r, n->kid);
	if (v.kind == JV_UNKNOWN)
		return jj_unknown(JU_NUMBER | (v.flags & (JU_TESTS | JU_CONTENT | JU_CLOCK | JU_PLACE)));
	if (v.kind == JV_FLOAT)
		return gh_jv_float(n->kind == JJ_NEG ? -v.f : v.f);
	if (v.kind == JV_INT || v.kind == JV_BOOL)
		return gh_jv_int(n->kind == JJ_NEG && v.i != INT64_MIN ? -v.i : v.i);
	return jj_error(r, "a sign before what is no number");
}

static struct gh_jv inner(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv v;
	switch (n->kind) {
	case JJ_STRING: v = gh_jv_str(n->text); return n->op && jj_watching(r) ? jj_mix(r, JU_OBSCURE, &v, 1) : v;
	case JJ_INT: return gh_jv_int(n->i);
	case JJ_FLOAT: return gh_jv_float(n->f);
	case JJ_BOOL: return gh_jv_bool(n->i != 0);
	case JJ_NAME: return name(r, n);
	case JJ_LIST:
	case JJ_TUPLE:
	case JJ_DICT: return display(r, n);
	case JJ_ATTR:
		v = jj_eval(r, n->kid);
		return r->err != NULL ? v : jj_getattr(r, n, GH_JJ_DOT, v, gh_jv_str(n->text));
	case JJ_ITEM: return item(r, n);
	case JJ_CALL: return call(r, n);
	case JJ_FILTER:
	case JJ_TEST: return filter(r, n);
	case JJ_NEG:
	case JJ_POS: return negative(r, n);
	case JJ_NOT:
		v = jj_eval(r, n->kid);
		if (v.kind == JV_UNKNOWN)
			return jj_unknown(JU_NUMBER | (v.flags & (JU_TESTS | JU_CONTENT | JU_CLOCK | JU_PLACE)));
		return gh_jv_bool(!jj_truth(v));
	case JJ_MATH: return math(r, n);
	case JJ_COMPARE: return compare(r, n);
	case JJ_CONCAT: return concat(r, n);
	case JJ_AND:
	case JJ_OR: return logic(r, n);
	case JJ_COND: return conditional(r, n);
	case JJ_HOLE: {
		static const struct gh_jj_node hole = { .kind = JJ_NAME, .text = { (const uint8_t *)"\1hole", 5 } };
		return name(r, &hole);
	}
	default: return gh_jv_none();
	}
}

struct gh_jv jj_eval(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	if (!jj_step(r, 1))
		return gh_jv_none();
	if (r->depth > JJ_EVAL_DEPTH)
		return jj_limit(r, "nested too deep");
	r->depth++;
	struct gh_jv v = inner(r, n);
	r->depth--;
	return v;
}

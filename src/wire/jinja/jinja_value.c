#include "wire/jinja/jinja_int.h"

#include <math.h>

struct gh_jv gh_jv_list(struct gh_arena *a)
{
	struct gh_jlist *l = GH_NEW(a, struct gh_jlist, 1);
	return l == NULL ? gh_jv_none() : (struct gh_jv){ .kind = JV_LIST, .list = l };
}

struct gh_jv gh_jv_dict(struct gh_arena *a)
{
	struct gh_jdict *d = GH_NEW(a, struct gh_jdict, 1);
	return d == NULL ? gh_jv_none() : (struct gh_jv){ .kind = JV_DICT, .dict = d };
}

bool gh_jv_push(struct gh_arena *a, struct gh_jlist *l, struct gh_jv v)
{
	struct gh_jv *p = gh_grow(a, l->v, &l->cap, l->n + 1, sizeof *p);
	if (p == NULL)
		return false;
	l->v = p;
	l->v[l->n++] = v;
	return true;
}

bool gh_jv_put(struct gh_arena *a, struct gh_jdict *d, struct gh_jv key, struct gh_jv val)
{
	for (size_t i = 0; i < d->n; i++)
		if (gh_jv_equal(d->key[i], key)) {
			d->val[i] = val;
			return true;
		}
	struct gh_jv *k = gh_grow(a, d->key, &d->cap, d->n + 1, sizeof *k);
	struct gh_jv *v = gh_grow(a, d->val, &d->cap_val, d->n + 1, sizeof *v);
	if (k == NULL || v == NULL)
		return false;
	d->key = k;
	d->val = v;
	d->key[d->n] = key;
	d->val[d->n++] = val;
	return true;
}

const struct gh_jv *gh_jv_get(const struct gh_jdict *d, struct gh_jv key)
{
	for (size_t i = 0; d != NULL && i < d->n; i++)
		if (gh_jv_equal(d->key[i], key))
			return &d->val[i];
	return NULL;
}

static bool numeric(struct gh_jv v) { return v.kind == JV_BOOL || v.kind == JV_INT || v.kind == JV_FLOAT; }
static double real(struct gh_jv v) { return v.kind == JV_FLOAT ? v.f : (double)v.i; }
static bool listed(struct gh_jv v) { return v.kind == JV_LIST || v.kind == JV_TUPLE || v.kind == JV_LAZY; }

static bool equal(struct gh_jv a, struct gh_jv b, unsigned depth)
{
	if (numeric(a) && numeric(b))
		return a.kind == JV_FLOAT || b.kind == JV_FLOAT ? real(a) == real(b) : a.i == b.i;
	if (a.kind != b.kind || depth > JJ_VALUE_DEPTH)
		return false;
	switch (a.kind) {
	case JV_UNDEFINED:
	case JV_NONE: return true;
	case JV_STR:
	case JV_BYTES: return gh_span_eq(a.s, b.s);
	case JV_LIST:
	case JV_TUPLE:
		if (a.list->n != b.list->n)
			return false;
		for (size_t i = 0; i < a.list->n; i++)
			if (!equal(a.list->v[i], b.list->v[i], depth + 1))
				return false;
		return true;
	case JV_DICT:
		if (a.dict->n != b.dict->n)
			return false;
		for (size_t i = 0; i < a.dict->n; i++) {
			const struct gh_jv *o = gh_jv_get(b.dict, a.dict->key[i]);
			if (o == NULL || !equal(a.dict->val[i], *o, depth + 1))
				return false;
		}
		return true;
	case JV_UNKNOWN: return false;
	default: return a.obj == b.obj;
	}
}

bool gh_jv_equal(struct gh_jv a, struct gh_jv b) { return equal(a, b, 0); }

bool jj_order(struct gh_jv a, struct gh_jv b, int *cmp)
{
	*cmp = 0;
	for (unsigned depth = 0; depth < JJ_VALUE_DEPTH; depth++) {
		if (numeric(a) && numeric(b)) {
			double x = real(a), y = real(b);
			*cmp = (x > y) - (x < y);
			return true;
		}
		if (a.kind != b.kind)
			return false;
		if (a.kind == JV_STR) {
			size_t n = a.s.n < b.s.n ? a.s.n : b.s.n;
			int c = n == 0 ? 0 : memcmp(a.s.p, b.s.p, n);
			*cmp = c != 0 ? c : (a.s.n > b.s.n) - (a.s.n < b.s.n);
			return true;
		}
		if (a.kind != JV_LIST && a.kind != JV_TUPLE)
			return false;
		size_t i = 0;
		while (i < a.list->n && i < b.list->n && gh_jv_equal(a.list->v[i], b.list->v[i]))
			i++;
		if (i == a.list->n || i == b.list->n) {
			*cmp = (a.list->n > b.list->n) - (a.list->n < b.list->n);
			return true;
		}
		struct gh_jv x = a.list->v[i], y = b.list->v[i];
		a = x;
		b = y;
	}
	return false;
}

bool jj_truth(struct gh_jv v)
{
	switch (v.kind) {
	case JV_UNDEFINED:
	case JV_NONE: return false;
	case JV_BOOL:
	case JV_INT: return v.i != 0;
	case JV_FLOAT: return v.f != 0;
	case JV_STR:
	case JV_BYTES: return v.s.n != 0;
	case JV_LIST:
	case JV_TUPLE: return v.list->n != 0;
	case JV_DICT: return v.dict->n != 0;
	default: return true;
	}
}

/* ---- the unknown --------------------------------------------------------------------------------------------------- */
struct gh_jv jj_unknown(unsigned flags) { return (struct gh_jv){ .kind = JV_UNKNOWN, .flags = flags }; }

struct gather {
	unsigned flags;
	bool unknown;
	uint8_t *p; /* NULL: only flags are wanted */
	size_t n, left;
};

static void gather(struct gather *g, struct gh_jv v, unsigned depth)
{
	if (depth > 8 || g->left == 0)
		return;
	g->left--;
	switch (v.kind) {
	case JV_UNKNOWN:
		g->flags |= v.flags;
		g->unknown = true;
		/* fall through */
	case JV_STR:
	case JV_BYTES:
		for (size_t i = 0; g->p != NULL && i < v.s.n && g->n < GH_JV_HINT; i++)
			g->p[g->n++] = v.s.p[i];
		return;
	case JV_LIST:
	case JV_TUPLE:
	case JV_LAZY:
		for (size_t i = 0; i < v.list->n; i++)
			gather(g, v.list->v[i], depth + 1);
		return;
	case JV_DICT:
	case JV_NAMESPACE:
		for (size_t i = 0; i < v.dict->n; i++) {
			gather(g, v.dict->key[i], depth + 1);
			gather(g, v.dict->val[i], depth + 1);
		}
		return;
	case JV_FUNCTION:
	case JV_METHOD:
	case JV_MACRO:
	case JV_CYCLER:
	case JV_JOINER:
	case JV_SELF: g->flags |= JU_OBJECT; return;
	default: return;
	}
}

static struct gather gathered(struct gh_jv v)
{
	struct gather g = { .left = 10000 };
	gather(&g, v, 0);
	return g;
}

bool jj_is_unknown(struct gh_jv v)
{
	if (v.kind == JV_UNKNOWN)
		return true;
	return v.kind >= JV_LIST && v.kind <= JV_NAMESPACE && gathered(v).unknown;
}

unsigned jj_flags(struct gh_jv v)
{
	struct gather g = gathered(v);
	return g.flags;
}

struct gh_span jj_spelt(struct gh_jj_run *r, struct gh_jv v)
{
	struct gh_jv m = jj_mix(r, 0, &v, 1);
	return m.s;
}

struct gh_jv jj_mix(struct gh_jj_run *r, unsigned flags, const struct gh_jv *v, size_t n)
{
	uint8_t hint[GH_JV_HINT];
	struct gather g = { .p = hint, .left = 10000 };
	for (size_t i = 0; i < n; i++)
		gather(&g, v[i], 0);
	/* Of a single unknown value the hint is already there. */
	struct gh_jv out = jj_unknown(flags | g.flags | (g.n != 0 ? JU_COMPUTED : 0u));
	if ((flags & JU_NUMBER) == 0)
		out.flags &= ~(uint32_t)JU_NUMBER;
	if (g.n != 0) {
		out.s = gh_keep(r->arena, (struct gh_span){ hint, g.n });
		if (out.s.p == NULL)
			return jj_limit(r, "no memory");
	}
	return out;
}

struct gh_jv jj_join(struct gh_jj_run *r, struct gh_jv a, struct gh_jv b)
{
	if (a.kind == b.kind && a.kind != JV_UNKNOWN && gh_jv_equal(a, b))
		return a;
	if (a.kind == JV_UNKNOWN && b.kind == JV_UNKNOWN && a.flags == b.flags && gh_span_eq(a.s, b.s))
		return a;
	if (numeric(a) && numeric(b)) /* a count of turns, unless it is only whether there was one */
		return jj_unknown(JU_NUMBER | (a.kind != JV_BOOL && b.kind != JV_BOOL ? (unsigned)JU_PLACE : 0));
	bool both = (numeric(a) || (a.flags & JU_NUMBER) != 0) && (numeric(b) || (b.flags & JU_NUMBER) != 0);
	struct gh_jv two[2] = { a, b };
	return jj_mix(r, both ? JU_NUMBER : 0, two, 2);
}

/* ---- lists ----------------------------------------------------------------------------------------------------------- */
struct gh_jv jj_list_of(struct gh_jj_run *r, enum gh_jv_kind kind, const struct gh_jv *v, size_t n)
{
	struct gh_jv out = gh_jv_list(r->arena);
	struct gh_jv *p = n == 0 ? NULL : GH_NEW(r->arena, struct gh_jv, n);
	if (out.kind != JV_LIST || (n != 0 && p == NULL))
		return jj_limit(r, "no memory");
	if (n != 0)
		memcpy(p, v, n * sizeof *p);
	out.kind = (uint8_t)kind;
	*out.list = (struct gh_jlist){ p, n, n, r->unsure };
	return out;
}

bool jj_items(struct gh_jj_run *r, struct gh_jv v, struct gh_jlist *out)
{
	*out = (struct gh_jlist){ 0 };
	if (listed(v)) {
		*out = *v.list;
	} else if (v.kind == JV_DICT) {
		*out = (struct gh_jlist){ .v = v.dict->key, .n = v.dict->n };
	} else if (v.kind == JV_BYTES) {
		for (size_t i = 0; i < v.s.n; i++)
			if (!gh_jv_push(r->arena, out, gh_jv_int(v.s.p[i])))
				return jj_limit(r, "no memory"), false;
	} else if (v.kind == JV_STR) {
		for (size_t i = 0; i < v.s.n;) {
			struct gh_span c = jj_char_range(gh_span_cut(v.s, i, 4), 0, 1);
			if (!gh_jv_push(r->arena, out, gh_jv_str(c)))
				return jj_limit(r, "no memory"), false;
			i += c.n;
		}
	} else {
		return v.kind == JV_UNDEFINED;
	}
	return jj_step(r, out->n / 8);
}

const char *jj_type_name(struct gh_jv v)
{
	static const char *const names[] = { [JV_UNDEFINED] = "undefined", [JV_NONE] = "none",
					     [JV_BOOL] = "a boolean",	   [JV_INT] = "a number",
					     [JV_FLOAT] = "a number",	   [JV_STR] = "a text",
					     [JV_BYTES] = "bytes",	   [JV_LIST] = "a list",
					     [JV_TUPLE] = "a tuple",	   [JV_LAZY] = "a generator",
					     [JV_DICT] = "a dictionary",   [JV_NAMESPACE] = "a namespace",
					     [JV_FUNCTION] = "a function", [JV_METHOD] = "a method",
					     [JV_MACRO] = "a macro",	   [JV_CYCLER] = "a cycler",
					     [JV_JOINER] = "a joiner",	   [JV_SELF] = "the template itself",
					     [JV_LOOP] = "a loop",	   [JV_UNKNOWN] = "a value of the request" };
	return names[v.kind];
}

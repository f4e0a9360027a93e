/* Tests: `x is defined`. */
#include "wire/jinja/jinja_int.h"

#include <math.h>

enum test {
	DEFINED,
	UNDEFINED,
	NONE,
	BOOLEAN,
	TRUE,
	FALSE,
	INTEGER,
	FLOAT,
	NUMBER,
	STRING,
	MAPPING,
	ITERABLE,
	SEQUENCE,
	CALLABLE,
	ODD,
	EVEN,
	DIVISIBLE,
	LOWER,
	UPPER,
	ESCAPED,
	SAME,
	COMPARES,
	IS_FILTER,
	IS_TEST
};

static const struct {
	const char *name;
	enum test test;
	enum gh_jj_op op;
} rows[] = {
	{ "defined", DEFINED, 0 },
	{ "undefined", UNDEFINED, 0 },
	{ "none", NONE, 0 },
	{ "boolean", BOOLEAN, 0 },
	{ "true", TRUE, 0 },
	{ "false", FALSE, 0 },
	{ "integer", INTEGER, 0 },
	{ "float", FLOAT, 0 },
	{ "number", NUMBER, 0 },
	{ "string", STRING, 0 },
	{ "mapping", MAPPING, 0 },
	{ "iterable", ITERABLE, 0 },
	{ "sequence", SEQUENCE, 0 },
	{ "callable", CALLABLE, 0 },
	{ "odd", ODD, 0 },
	{ "even", EVEN, 0 },
	{ "divisibleby", DIVISIBLE, 0 },
	{ "lower", LOWER, 0 },
	{ "upper", UPPER, 0 },
	{ "escaped", ESCAPED, 0 },
	{ "sameas", SAME, 0 },
	{ "filter", IS_FILTER, 0 },
	{ "test", IS_TEST, 0 },
	{ "eq", COMPARES, JJ_EQ },
	{ "equalto", COMPARES, JJ_EQ },
	{ "==", COMPARES, JJ_EQ },
	{ "ne", COMPARES, JJ_NE },
	{ "!=", COMPARES, JJ_NE },
	{ "lt", COMPARES, JJ_LT },
	{ "lessthan", COMPARES, JJ_LT },
	{ "<", COMPARES, JJ_LT },
	{ "le", COMPARES, JJ_LE },
	{ "<=", COMPARES, JJ_LE },
	{ "gt", COMPARES, JJ_GT },
	{ "greaterthan", COMPARES, JJ_GT },
	{ ">", COMPARES, JJ_GT },
	{ "ge", COMPARES, JJ_GE },
	{ ">=", COMPARES, JJ_GE },
	{ "in", COMPARES, JJ_IN },
	/* of transformers' JavaScript cousin and of minja */
	{ "nil", NONE, 0 },
};

bool jj_is_test(struct gh_span name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_span_is(name, rows[i].name))
			return true;
	return false;
}

static bool cased(struct gh_span s, uint8_t from)
{
	bool any = false;
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] | 0x20) < 'a' || (s.p[i] | 0x20) > 'z')
			continue;
		if ((s.p[i] & 0x20) != from)
			return false;
		any = true;
	}
	return any;
}

static bool of_kind(struct gh_jv v, enum test t)
{
	bool list = v.kind == JV_LIST || v.kind == JV_TUPLE, text = v.kind == JV_STR || v.kind == JV_BYTES;
	switch (t) {
	case DEFINED: return v.kind != JV_UNDEFINED;
	case UNDEFINED: return v.kind == JV_UNDEFINED;
	case NONE: return v.kind == JV_NONE;
	case BOOLEAN: return v.kind == JV_BOOL;
	case TRUE: return v.kind == JV_BOOL && v.i != 0;
	case FALSE: return v.kind == JV_BOOL && v.i == 0;
	case INTEGER: return v.kind == JV_INT;
	case FLOAT: return v.kind == JV_FLOAT;
	case NUMBER: return v.kind == JV_INT || v.kind == JV_FLOAT || v.kind == JV_BOOL;
	case STRING: return v.kind == JV_STR;
	case MAPPING: return v.kind == JV_DICT;
	case ITERABLE: return list || text || v.kind == JV_DICT || v.kind == JV_LAZY || v.kind == JV_UNDEFINED;
	case SEQUENCE: return list || text || v.kind == JV_DICT || v.kind == JV_UNDEFINED;
	case CALLABLE:
		return v.kind == JV_FUNCTION || v.kind == JV_METHOD || v.kind == JV_MACRO || v.kind == JV_JOINER ||
		       v.kind == JV_UNDEFINED;
	default: return false;
	}
}

static struct gh_jv unsure(struct gh_jj_run *r, enum test t, enum gh_jj_op op, struct gh_jv v, struct jj_args *a)
{
	struct gh_jv with = jj_arg(a, 0, NULL, gh_jv_none());
	if (t == SAME || t == COMPARES)
		return jj_compare(r, t == SAME ? JJ_EQ : op, v, with);
	unsigned f = jj_flags(v), out = 0;
	bool far = with.kind == JV_INT && (with.i > 2 || with.i < -2);
	if (t == LOWER || t == UPPER || t == DIVISIBLE || t == ODD || t == EVEN)
		out = ((f & JU_CONTENT) != 0 ? (unsigned)JU_WORD : 0) | ((f & JU_CLOCK) != 0 ? (unsigned)JU_TIME : 0) |
		      ((f & JU_PLACE) != 0 && far ? (unsigned)JU_TURN : 0) | (f & JU_TESTS);
	return jj_unknown(JU_NUMBER | out); /* of which kind a value is says nothing of what it says */
}

struct gh_jv jj_test(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_span name, struct gh_jv v,
		     struct jj_args *a)
{
	(void)at;
	size_t i = 0;
	while (i < sizeof rows / sizeof rows[0] && !gh_span_is(name, rows[i].name))
		i++;
	if (i == sizeof rows / sizeof rows[0])
		return jj_watching(r) ? jj_mix_args(r, JU_NUMBER, v, a) : jj_error(r, "an unknown test");
	enum test t = rows[i].test;
	struct gh_jv with = jj_arg(a, 0, NULL, gh_jv_none());
	/* Not every engine has the same globals: whether one is there is not known. */
	if (v.kind == JV_UNKNOWN || (jj_watching(r) && v.kind >= JV_FUNCTION) || jj_any_unknown(a))
		return unsure(r, t, rows[i].op, v, a);
	if ((t == ODD || t == EVEN) && v.kind == JV_FLOAT && v.f < 1e15 && v.f > -1e15)
		return gh_jv_bool((double)(int64_t)v.f == v.f && ((int64_t)v.f % 2 != 0) == (t == ODD));
	if (t == DIVISIBLE && v.kind == JV_FLOAT && with.kind == JV_INT && with.i != 0)
		return gh_jv_bool(fmod(v.f, (double)with.i) == 0);
	switch (t) {
	case ODD:
	case EVEN:
	case DIVISIBLE:
		if ((v.kind != JV_INT && v.kind != JV_BOOL) ||
		    (t == DIVISIBLE && (with.kind != JV_INT || with.i == 0 || with.i == -1)))
			return jj_error(r, "a number is wanted");
		return gh_jv_bool(t == DIVISIBLE ? v.i % with.i == 0 : (v.i % 2 != 0) == (t == ODD));
	case LOWER:
	case UPPER: v = jj_str(r, v); return gh_jv_bool(v.kind == JV_STR && cased(v.s, t == LOWER ? 0x20 : 0));
	case SAME: return gh_jv_bool(v.kind == with.kind && gh_jv_equal(v, with));
	case COMPARES: return jj_compare(r, rows[i].op, v, with);
	case IS_FILTER:
	case IS_TEST: return gh_jv_bool(v.kind == JV_STR && (t == IS_TEST ? jj_is_test(v.s) : jj_is_filter(v.s)));
	case ESCAPED: return gh_jv_bool(false);
	default: return gh_jv_bool(of_kind(v, t));
	}
}

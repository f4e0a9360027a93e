/* Operators and slices. */
#include "wire/jinja/jinja_int.h"

#include <math.h>

static bool integer(struct gh_jv v) { return v.kind == JV_INT || v.kind == JV_BOOL; }
static bool numeric(struct gh_jv v) { return integer(v) || v.kind == JV_FLOAT; }
static double real(struct gh_jv v) { return v.kind == JV_FLOAT ? v.f : (double)v.i; }
static bool maybe_number(struct gh_jv v) { return numeric(v) || (v.kind == JV_UNKNOWN && (v.flags & JU_NUMBER) != 0); }

/* ---- numbers ---------------------------------------------------------------------------------------------------------- */
static bool power(int64_t a, int64_t b, int64_t *out)
{
	*out = 1;
	for (int64_t i = 0; i < b && i < 64; i++)
		if (__builtin_mul_overflow(*out, a, out))
			return false;
	return b <= 64 || a == 0 || a == 1;
}

static struct gh_jv whole(struct gh_jj_run *r, enum gh_jj_op op, int64_t a, int64_t b)
{
	int64_t v = 0;
	bool over = false;
	switch (op) {
	case JJ_ADD: over = __builtin_add_overflow(a, b, &v); break;
	case JJ_SUB: over = __builtin_sub_overflow(a, b, &v); break;
	case JJ_MUL: over = __builtin_mul_overflow(a, b, &v); break;
	case JJ_FLOORDIV:
	case JJ_MOD:
		if (b == 0)
			return jj_error(r, "division by zero");
		if (b == -1)
			return op == JJ_MOD ? gh_jv_int(0) : whole(r, JJ_SUB, 0, a);
		v = op == JJ_MOD ? a % b : a / b;
		if (a % b != 0 && (a < 0) != (b < 0)) /* Python rounds down */
			v += op == JJ_MOD ? b : -1;
		break;
	case JJ_DIV: return b == 0 ? jj_error(r, "division by zero") : gh_jv_float((double)a / (double)b);
	case JJ_POW:
		if (b < 0)
			return a == 0 ? jj_error(r, "division by zero") : gh_jv_float(pow((double)a, (double)b));
		over = !power(a, b, &v);
		break;
	default: break;
	}
	if (!over)
		return gh_jv_int(v);
	return jj_watching(r) ? jj_unknown(JU_NUMBER | JU_HUGE)
			      : jj_error(r, "a number larger than is computed with here");
}

static struct gh_jv floating(struct gh_jj_run *r, enum gh_jj_op op, double a, double b)
{
	switch (op) {
	case JJ_ADD: return gh_jv_float(a + b);
	case JJ_SUB: return gh_jv_float(a - b);
	case JJ_MUL: return gh_jv_float(a * b);
	case JJ_POW: return gh_jv_float(pow(a, b));
	default: break;
	}
	if (b == 0)
		return jj_error(r, "division by zero");
	if (op == JJ_DIV)
		return gh_jv_float(a / b);
	double q = floor(a / b);
	return gh_jv_float(op == JJ_FLOORDIV ? q : a - q * b);
}

/* ---- texts and lists ---------------------------------------------------------------------------------------------------- */
static struct gh_jv repeat(struct gh_jj_run *r, struct gh_jv v, int64_t times)
{
	bool text = v.kind == JV_STR || v.kind == JV_BYTES;
	size_t n = text ? v.s.n : v.list->n;
	times = times < 0 ? 0 : times;
	if (n != 0 && (uint64_t)times > (text ? r->max_out : (size_t)JJ_ITEMS_MAX) / n)
		return jj_limit(r, "a text or list repeated beyond the limit");
	struct jj_text t = { .r = r };
	struct gh_jv out = text ? v : jj_list_of(r, v.kind, NULL, 0);
	for (int64_t i = 0; i < times && r->err == NULL && n != 0 && jj_step(r, 1); i++) {
		if (text)
			jj_put(&t, v.s);
		for (size_t k = 0; !text && k < n; k++)
			if (!gh_jv_push(r->arena, out.list, v.list->v[k]))
				return jj_limit(r, "no memory");
	}
	if (text)
		out.s = (struct gh_span){ t.p, t.n };
	return out;
}

static struct gh_jv add(struct gh_jj_run *r, struct gh_jv a, struct gh_jv b)
{
	if ((a.kind == JV_STR && b.kind == JV_STR) || (a.kind == JV_BYTES && b.kind == JV_BYTES)) {
		struct jj_text t = { .r = r };
		jj_put(&t, a.s);
		jj_put(&t, b.s);
		a.s = (struct gh_span){ t.p, t.n };
		return a;
	}
	if (a.kind == b.kind && (a.kind == JV_LIST || a.kind == JV_TUPLE)) {
		struct gh_jv out = jj_list_of(r, a.kind, a.list->v, a.list->n);
		for (size_t i = 0; i < b.list->n && r->err == NULL; i++)
			if (!gh_jv_push(r->arena, out.list, b.list->v[i]))
				return jj_limit(r, "no memory");
		return jj_step(r, a.list->n / 8) ? out : gh_jv_none();
	}
	return jj_error(r, "values that cannot be added");
}

/* What arithmetic on lengths, counts and places is for: remainders and the like are a test in the making. */
static unsigned arithmetic(enum gh_jj_op op, struct gh_jv a, struct gh_jv b)
{
	unsigned of = a.kind == JV_UNKNOWN ? a.flags : b.flags, out = 0;
	struct gh_jv by = a.kind == JV_UNKNOWN ? b : a;
	bool parts = op == JJ_MOD || op == JJ_FLOORDIV || op == JJ_DIV || op == JJ_POW || op == JJ_MUL;
	bool one = by.kind == JV_INT && by.i >= -1 && by.i <= 1;
	if ((of & JU_CONTENT) != 0 && (parts || (by.kind == JV_INT && !one))) /* a sum may be the place of markup */
		out |= parts ? JU_WORD : JU_MARK;
	if ((of & JU_PLACE) != 0 && op == JJ_MOD && by.kind == JV_INT && (by.i > 2 || by.i < -2))
		out |= JU_TURN;
	return out;
}

static struct gh_jv unsure(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_op op, struct gh_jv a,
			   struct gh_jv b)
{
	struct gh_jv two[2] = { a, b };
	bool text = a.kind == JV_STR || b.kind == JV_STR || a.kind == JV_LIST || b.kind == JV_LIST ||
		    a.kind == JV_TUPLE;
	bool sum = maybe_number(a) && maybe_number(b);
	bool huge = (a.flags & JU_HUGE) != 0 && a.kind == JV_UNKNOWN && (b.flags & JU_HUGE) != 0 &&
		    b.kind == JV_UNKNOWN;
	if (op == JJ_POW)
		(void)jj_costs_power(r, at, a, b);
	if (op == JJ_MUL && huge) /* repeated, the digits double each time */
		(void)jj_costs(r, at, a, 0);
	if (op == JJ_MOD && sum && b.kind == JV_INT) /* smaller than what it is divided by */
		a.flags &= ~(uint32_t)(JU_HUGE | JU_CHOSEN);
	if (op == JJ_MOD && (text || (a.flags & JU_CONTENT) != 0) && !sum)
		(void)jj_costs_format(r, at, a, &b, 1, NULL);
	if (op == JJ_MUL && !sum) {
		bool said = a.kind == JV_UNKNOWN && (a.flags & (JU_CONTENT | JU_NUMBER)) == JU_CONTENT;
		(void)jj_costs(r, at,
			       a.kind == JV_UNKNOWN && maybe_number(b) && !text ? b
			       : maybe_number(a)				? a
										: b,
			       said || text ? JJ_RANGE_MAX : INT64_MAX);
	}
	two[0] = a;
	if (op == JJ_MOD && text) {
		bool character = a.kind != JV_STR ||
				 memmem(a.s.p == NULL ? (const uint8_t *)"" : a.s.p, a.s.n, "c", 1) != NULL;
		return jj_mix(r, character ? JU_OBSCURE : 0, two, 2);
	}
	if (op == JJ_MUL && text) {
		jj_only_if(r, at, jj_tells(a), b);
		jj_only_if(r, at, jj_tells(b), a);
	} else if (sum || (!text && op == JJ_ADD && (numeric(a) || numeric(b))) ||
		   (op != JJ_ADD && op != JJ_MUL && op != JJ_MOD)) {
		return jj_mix(r, JU_NUMBER | arithmetic(op, a, b), two, 2);
	}
	return jj_mix(r, 0, two, 2);
}

struct gh_jv jj_binary(struct gh_jj_run *r, const struct gh_jj_node *at, enum gh_jj_op op, struct gh_jv a,
		       struct gh_jv b)
{
	if (a.kind == JV_UNKNOWN || b.kind == JV_UNKNOWN)
		return unsure(r, at, op, a, b);
	if (op == JJ_MOD && a.kind == JV_STR) {
		if (jj_costs_format(r, at, a, &b, 1, NULL))
			return jj_watching(r) ? jj_mix(r, 0, &a, 1) : jj_limit(r, "a width beyond the limit");
		return jj_percent(r, a.s, b);
	}
	if (op == JJ_POW && jj_watching(r) && integer(a) && integer(b) && jj_costs_power(r, at, a, b))
		return jj_unknown(JU_NUMBER | JU_HUGE);
	if (numeric(a) && numeric(b))
		return integer(a) && integer(b) ? whole(r, op, a.i, b.i) : floating(r, op, real(a), real(b));
	if (op == JJ_MUL) {
		bool left = a.kind == JV_STR || a.kind == JV_BYTES || a.kind == JV_LIST || a.kind == JV_TUPLE;
		bool right = b.kind == JV_STR || b.kind == JV_BYTES || b.kind == JV_LIST || b.kind == JV_TUPLE;
		if (left && integer(b))
			return repeat(r, a, b.i);
		if (right && integer(a))
			return repeat(r, b, a.i);
	}
	return op == JJ_ADD ? add(r, a, b) : jj_error(r, "an operator on values that do not have it");
}

/* ---- comparison ----------------------------------------------------------------------------------------------------------- */
unsigned jj_trigger(struct gh_span s)
{
	static const char *const control[] = { "think", "tool", "function", "call",	 "image",  "video",   "audio",
					       "im_",	"resp", "reason",   "assistant", "system", "channel", "user",
					       "json",	"code", "inst",	    "message",	 "start",  "end",     "role" };
	bool letters = false, markup = false;
	for (size_t i = 0; i < s.n; i++) {
		letters = letters || (s.p[i] | 0x20) >= 'a';
		markup = markup || (s.p[i] != '\0' && memchr("<>[]|/{}`_#", s.p[i], 11) != NULL);
	}
	if (s.n == 0)
		return 0;
	for (size_t i = 0; markup && i < sizeof control / sizeof control[0]; i++)
		if (memmem(s.p, s.n, control[i], strlen(control[i])) != NULL)
			return JU_MARK;
	return letters ? JU_WORD : JU_MARK;
}

bool gh_jj_wordy(struct gh_span s)
{
	bool word = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c != '\0' && memchr("<>[]{}|`#_\\", c, 11) != NULL)
			return false;
		word = word || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c >= 0x80;
	}
	return word;
}

static struct gh_jv unsure_comparison(struct gh_jj_run *r, struct gh_jv a, struct gh_jv b)
{
	unsigned fa = jj_flags(a), fb = jj_flags(b), flags = (fa | fb) & (JU_TESTS | JU_CONTENT | JU_CLOCK | JU_PLACE);
	struct gh_jv with = a.kind == JV_UNKNOWN ? b : a;
	bool far = (with.kind == JV_INT && (with.i > 1 || with.i < -1)) || with.kind == JV_FLOAT ||
		   with.kind == JV_LIST || with.kind == JV_TUPLE;
	bool number = ((fa | fb) & JU_NUMBER) != 0 || with.kind == JV_INT || with.kind == JV_FLOAT;
	if (((fa | fb) & JU_CONTENT) != 0 && number && far)
		flags |= JU_WORD;
	if (((fa | fb) & JU_PLACE) != 0 && far)
		flags |= JU_TURN;
	if (((fa | fb) & (JU_NAME | JU_NUMBER)) == JU_NAME && with.kind != JV_UNKNOWN &&
	    jj_trigger(jj_spelt(r, with)) != 0)
		flags |= JU_NAMED;
	bool said = ((fa | fb) & JU_CONTENT) != 0 && ((fa | fb) & JU_NUMBER) == 0;
	if (said && ((fa & JU_CONTENT) == 0 || (fb & JU_CONTENT) == 0)) {
		struct gh_span s = jj_spelt(r, (fa & JU_CONTENT) != 0 ? b : a);
		flags |= jj_trigger(s);
	}
	if (((fa | fb) & JU_CLOCK) != 0)
		flags |= JU_TIME;
	return jj_unknown(JU_NUMBER | flags);
}

static bool contains(struct gh_jj_run *r, struct gh_jv what, struct gh_jv in)
{
	struct gh_jlist l;
	if (in.kind == JV_STR || in.kind == JV_BYTES) {
		if (what.kind != in.kind)
			return (void)jj_error(r, "`in` a text wants a text"), false;
		(void)jj_step(r, in.s.n / 64);
		return what.s.n == 0 || (in.s.n != 0 && memmem(in.s.p, in.s.n, what.s.p, what.s.n) != NULL);
	}
	if (in.kind == JV_DICT)
		return gh_jv_get(in.dict, what) != NULL;
	if (!jj_items(r, in, &l))
		return (void)jj_error(r, "`in` wants something that holds items"), false;
	for (size_t i = 0; i < l.n; i++)
		if (gh_jv_equal(l.v[i], what))
			return true;
	return false;
}

struct gh_jv jj_compare(struct gh_jj_run *r, enum gh_jj_op op, struct gh_jv a, struct gh_jv b)
{
	int c = 0;
	if (jj_is_unknown(a) || jj_is_unknown(b))
		return unsure_comparison(r, a, b);
	switch (op) {
	case JJ_EQ: return gh_jv_bool(gh_jv_equal(a, b));
	case JJ_NE: return gh_jv_bool(!gh_jv_equal(a, b));
	case JJ_IN: return gh_jv_bool(contains(r, a, b));
	case JJ_NOT_IN: return gh_jv_bool(!contains(r, a, b));
	default: break;
	}
	if (!jj_order(a, b, &c))
		return jj_error(r, "values that have no order");
	return gh_jv_bool(op == JJ_LT ? c < 0 : op == JJ_LE ? c <= 0 : op == JJ_GT ? c > 0 : c >= 0);
}

/* ---- slices ----------------------------------------------------------------------------------------------------------------- */
static int64_t clamp(struct gh_jv v, int64_t n, int64_t otherwise, bool down)
{
	if (v.kind != JV_INT && v.kind != JV_BOOL)
		return otherwise;
	int64_t i = v.i < 0 ? (v.i < -n ? -1 : v.i + n) : v.i;
	if (i < 0)
		return down ? -1 : 0;
	return i >= n ? (down ? n - 1 : n) : i;
}

struct gh_jv jj_slice(struct gh_jj_run *r, struct gh_jv obj, struct gh_jv start, struct gh_jv stop, struct gh_jv step)
{
	struct gh_jv all[4] = { obj, start, stop, step };
	if (obj.kind == JV_UNKNOWN || start.kind == JV_UNKNOWN || stop.kind == JV_UNKNOWN || step.kind == JV_UNKNOWN)
		return jj_mix(r, 0, all, 4);
	struct gh_jlist l;
	bool text = obj.kind == JV_STR || obj.kind == JV_BYTES;
	if (!text && obj.kind != JV_LIST && obj.kind != JV_TUPLE)
		return jj_watching(r) ? jj_mix(r, JU_OBSCURE, all, 1) : (struct gh_jv){ .kind = JV_UNDEFINED };
	int64_t by = step.kind == JV_INT ? step.i : 1;
	if (by == 0 || !jj_items(r, obj, &l))
		return jj_error(r, "a slice with step 0");
	int64_t n = (int64_t)l.n, from = clamp(start, n, by > 0 ? 0 : n - 1, by < 0),
		to = clamp(stop, n, by > 0 ? n : -1, by < 0);
	struct jj_text t = { .r = r };
	struct gh_jv out = jj_list_of(r, obj.kind == JV_TUPLE ? JV_TUPLE : JV_LIST, NULL, 0);
	by = by > n ? n + 1 : by < -n ? -n - 1 : by;
	for (int64_t i = from; (by > 0 ? i < to : i > to) && i >= 0 && i < n && r->err == NULL; i += by) {
		struct gh_jv v = l.v[i];
		if (obj.kind == JV_STR)
			jj_put(&t, v.s);
		else if (text)
			jj_putc(&t, (char)v.i);
		else if (!gh_jv_push(r->arena, out.list, v))
			return jj_limit(r, "no memory");
	}
	if (!text)
		return out;
	obj.s = (struct gh_span){ t.p, t.n };
	return obj;
}

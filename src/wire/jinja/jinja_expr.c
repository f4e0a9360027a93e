/* Expressions, with the precedence that jinja2/parser.py has: filters and tests bind closer than any operator but after
 * a sign; `is` takes one argument without brackets. */
#include "wire/jinja/jinja_parse.h"

enum { DEPTH = 64, CHAIN = 100000 };

/* Stands in for nodes once memory ran out: never written to. */
static const struct gh_jj_node no_node;
#define NOWHERE ((struct gh_jj_node *)(uintptr_t)&no_node)

void jj_wrong(struct jj_parse *p, const char *why)
{
	if (p->why != NULL)
		return;
	p->why = p->l.tok == T_BAD ? p->l.why : why;
	p->limit = p->limit || p->l.limit;
	p->why_off = p->l.off;
}

struct gh_jj_node *jj_new(struct jj_parse *p, enum gh_jj_kind kind)
{
	struct gh_jj_node *n = p->why != NULL && p->limit ? NULL : GH_NEW(p->arena, struct gh_jj_node, 1);
	if (n == NULL) {
		p->limit = true;
		jj_wrong(p, "too large for the memory set aside");
		return NOWHERE;
	}
	*n = (struct gh_jj_node){ .kind = (uint8_t)kind, .height = 1, .off = p->l.off };
	return n;
}

void jj_add(struct jj_parse *p, struct gh_jj_node *n, struct gh_jj_node *kid)
{
	if (n == NOWHERE || kid == NOWHERE || kid == NULL || p->limit)
		return;
	if (n->last == NULL)
		n->kid = kid;
	else
		n->last->next = kid;
	n->last = kid;
	if (kid->height >= n->height)
		n->height = (uint16_t)(kid->height + 1);
	if (n->height > GH_JJ_HEIGHT) {
		p->limit = true;
		jj_wrong(p, "nested too deep");
	}
}

void jj_close(struct jj_parse *p, struct gh_jj_node *n)
{
	if (n != NOWHERE)
		n->len = p->l.off > n->off ? p->l.off - n->off : 0;
}

bool jj_enter(struct jj_parse *p)
{
	if (++p->depth <= DEPTH)
		return true;
	p->limit = true;
	jj_wrong(p, "nested too deep");
	return false;
}

void jj_next(struct jj_parse *p)
{
	if (p->why == NULL && jj_lex_next(&p->l) == T_BAD)
		jj_wrong(p, NULL);
}
bool jj_skip_op(struct jj_parse *p, unsigned op)
{
	if (p->why != NULL || !jj_is_op(&p->l, op))
		return false;
	jj_next(p);
	return true;
}
bool jj_skip_name(struct jj_parse *p, const char *name)
{
	if (p->why != NULL || !jj_is_name(&p->l, name))
		return false;
	jj_next(p);
	return true;
}
void jj_expect_op(struct jj_parse *p, unsigned op, const char *why)
{
	if (!jj_skip_op(p, op))
		jj_wrong(p, why);
}

/* A node around first, which begins where it does. */
static struct gh_jj_node *around(struct jj_parse *p, enum gh_jj_kind kind, struct gh_jj_node *first)
{
	struct gh_jj_node *n = jj_new(p, kind);
	if (n == NOWHERE)
		return n;
	n->off = first->off;
	jj_add(p, n, first);
	return n;
}

static void set_text(struct gh_jj_node *n, struct gh_span s)
{
	if (n != NOWHERE)
		n->text = s;
}

/* ---- names, constants, displays ----------------------------------------------------------------------------------- */
static struct gh_jj_node *strings(struct jj_parse *p)
{
	struct gh_jj_node *n = jj_new(p, JJ_STRING);
	struct gh_span all = p->l.text;
	bool unnamed = p->l.unnamed;
	size_t cap = 0;
	uint8_t *buf = NULL;
	for (jj_next(p); p->why == NULL && p->l.tok == T_STRING; jj_next(p)) { /* adjacent literals are one */
		struct gh_span s = p->l.text;
		uint8_t *q = gh_grow(p->arena, buf, &cap, all.n + s.n + 1, 1);
		if (q == NULL) {
			p->limit = true;
			jj_wrong(p, "too large for the memory set aside");
			break;
		}
		if (buf == NULL && all.n != 0)
			memcpy(q, all.p, all.n);
		buf = q;
		if (s.n != 0)
			memcpy(q + all.n, s.p, s.n);
		all = (struct gh_span){ q, all.n + s.n };
		unnamed = unnamed || p->l.unnamed;
	}
	set_text(n, all);
	if (n != NOWHERE)
		n->op = unnamed;
	return n;
}

static struct gh_jj_node *name(struct jj_parse *p)
{
	struct gh_span s = p->l.text;
	bool yes = gh_span_is(s, "true") || gh_span_is(s, "True");
	bool no = gh_span_is(s, "false") || gh_span_is(s, "False");
	bool none = gh_span_is(s, "none") || gh_span_is(s, "None");
	struct gh_jj_node *n = jj_new(p, yes || no ? JJ_BOOL : none ? JJ_NONE : JJ_NAME);
	if (n != NOWHERE) {
		n->i = yes;
		n->text = s;
	}
	jj_next(p);
	return n;
}

static struct gh_jj_node *display(struct jj_parse *p)
{
	bool list = jj_is_op(&p->l, '[');
	struct gh_jj_node *n = jj_new(p, list ? JJ_LIST : JJ_DICT);
	jj_next(p);
	while (p->why == NULL && !jj_is_op(&p->l, list ? ']' : '}')) {
		if (n->kid != NULL)
			jj_expect_op(p, ',', "a comma was expected");
		if (jj_is_op(&p->l, list ? ']' : '}'))
			break;
		jj_add(p, n, jj_expr(p, true));
		if (list)
			continue;
		jj_expect_op(p, ':', "a colon was expected");
		jj_add(p, n, jj_expr(p, true));
	}
	jj_next(p);
	return n;
}

struct gh_jj_node *jj_primary(struct jj_parse *p)
{
	struct gh_jj_node *n;
	if (p->why != NULL)
		return NOWHERE;
	switch (p->l.tok) {
	case T_NAME: return name(p);
	case T_STRING: return strings(p);
	case T_INT:
	case T_FLOAT:
		n = jj_new(p, p->l.tok == T_INT ? JJ_INT : JJ_FLOAT);
		if (n != NOWHERE && p->l.tok == T_INT)
			n->i = p->l.i;
		else if (n != NOWHERE)
			n->f = p->l.f;
		jj_next(p);
		return n;
	default: break;
	}
	if (jj_is_op(&p->l, '[') || jj_is_op(&p->l, '{'))
		return display(p);
	if (!jj_is_op(&p->l, '(')) {
		jj_wrong(p, "an expression was expected");
		return NOWHERE;
	}
	n = jj_new(p, JJ_TUPLE);
	jj_next(p);
	if (jj_skip_op(p, ')'))
		return n;
	n = jj_tuple(p, true);
	jj_expect_op(p, ')', "a closing bracket was expected");
	return n;
}

/* ---- what follows an operand -------------------------------------------------------------------------------------- */
static void arguments(struct jj_parse *p, struct gh_jj_node *call)
{
	bool any = false;
	jj_next(p);
	while (p->why == NULL && !jj_is_op(&p->l, ')')) {
		if (any)
			jj_expect_op(p, ',', "a comma was expected");
		if (jj_is_op(&p->l, ')'))
			break;
		any = true;
		unsigned star = jj_is_op(&p->l, '*') ? JJ_STAR : jj_is_op(&p->l, JJ_OP2('*', '*')) ? JJ_STARSTAR : 0;
		if (star != 0) {
			struct gh_jj_node *s = jj_new(p, star);
			jj_next(p);
			jj_add(p, s, jj_expr(p, true));
			jj_add(p, call, s);
			continue;
		}
		struct gh_jj_node *e = jj_expr(p, true);
		if (jj_is_op(&p->l, '=') && e->kind == JJ_NAME) {
			struct gh_jj_node *k = jj_new(p, JJ_KEYWORD);
			set_text(k, e->text);
			if (k != NOWHERE)
				k->off = e->off;
			jj_next(p);
			jj_add(p, k, jj_expr(p, true));
			e = k;
		}
		jj_add(p, call, e);
	}
	jj_next(p);
}

static struct gh_jj_node *call(struct jj_parse *p, struct gh_jj_node *callee)
{
	struct gh_jj_node *n = around(p, JJ_CALL, callee);
	arguments(p, n);
	jj_close(p, n);
	return n;
}

static struct gh_jj_node *subscript_part(struct jj_parse *p)
{
	struct gh_jj_node *part[3] = { NULL };
	unsigned n = 0;
	struct gh_jj_node *s = jj_new(p, JJ_SLICE);
	if (!jj_is_op(&p->l, ':')) {
		part[0] = jj_expr(p, true);
		if (!jj_is_op(&p->l, ':'))
			return part[0];
	}
	while (n < 2 && jj_skip_op(p, ':')) {
		n++;
		if (!jj_is_op(&p->l, ':') && !jj_is_op(&p->l, ']') && !jj_is_op(&p->l, ','))
			part[n] = jj_expr(p, true);
	}
	for (n = 0; n < 3; n++)
		jj_add(p, s, part[n] != NULL ? part[n] : jj_new(p, JJ_ABSENT));
	return s;
}

static struct gh_jj_node *subscript(struct jj_parse *p, struct gh_jj_node *of)
{
	bool dot = jj_is_op(&p->l, '.');
	struct gh_jj_node *n = around(p, dot ? JJ_ATTR : JJ_ITEM, of);
	jj_next(p);
	if (dot && p->l.tok == T_NAME) {
		set_text(n, p->l.text);
		jj_next(p);
	} else if (dot) { /* x.0 */
		if (n != NOWHERE)
			n->kind = JJ_ITEM;
		if (p->l.tok != T_INT)
			jj_wrong(p, "a name or a number was expected");
		jj_add(p, n, jj_primary(p));
	} else {
		struct gh_jj_node *key = subscript_part(p);
		if (jj_is_op(&p->l, ',')) {
			key = around(p, JJ_TUPLE, key);
			while (jj_skip_op(p, ',') && !jj_is_op(&p->l, ']'))
				jj_add(p, key, subscript_part(p));
		}
		jj_add(p, n, key);
		jj_expect_op(p, ']', "a closing bracket was expected");
	}
	jj_close(p, n);
	return n;
}

struct gh_jj_node *jj_postfix(struct jj_parse *p, struct gh_jj_node *n)
{
	while (p->why == NULL) {
		if (jj_is_op(&p->l, '.') || jj_is_op(&p->l, '['))
			n = subscript(p, n);
		else if (jj_is_op(&p->l, '('))
			n = call(p, n);
		else
			break;
	}
	return n;
}

/* A name that may have dots, as filters and tests have. */
static struct gh_span dotted(struct jj_parse *p)
{
	struct gh_span s = p->l.text;
	if (p->l.tok != T_NAME) {
		jj_wrong(p, "a name was expected");
		return (struct gh_span){ 0 };
	}
	const uint8_t *end = s.p + s.n;
	jj_next(p);
	while (p->why == NULL && jj_is_op(&p->l, '.')) {
		jj_next(p);
		if (p->l.tok != T_NAME)
			jj_wrong(p, "a name was expected");
		end = p->l.text.p + p->l.text.n;
		jj_next(p);
	}
	if (p->why == NULL)
		s.n = (size_t)(end - s.p);
	return s;
}

struct gh_jj_node *jj_filters(struct jj_parse *p, struct gh_jj_node *n, bool first_bare)
{
	while (p->why == NULL && (first_bare || jj_is_op(&p->l, '|'))) {
		if (!first_bare)
			jj_next(p);
		first_bare = false;
		n = around(p, JJ_FILTER, n);
		set_text(n, dotted(p));
		if (jj_is_op(&p->l, '('))
			arguments(p, n);
		jj_close(p, n);
	}
	return n;
}

static struct gh_jj_node *test(struct jj_parse *p, struct gh_jj_node *of)
{
	struct gh_jj_node *n = around(p, JJ_TEST, of);
	bool negated = jj_skip_name(p, "not");
	if (n != NOWHERE)
		n->op = negated;
	set_text(n, dotted(p));
	bool operand = p->l.tok == T_STRING || p->l.tok == T_INT || p->l.tok == T_FLOAT || jj_is_op(&p->l, '[') ||
		       jj_is_op(&p->l, '{') ||
		       (p->l.tok == T_NAME && !jj_is_name(&p->l, "else") && !jj_is_name(&p->l, "or") &&
			!jj_is_name(&p->l, "and") && !jj_is_name(&p->l, "is"));
	if (p->why == NULL && jj_is_op(&p->l, '('))
		arguments(p, n);
	else if (p->why == NULL && operand)
		jj_add(p, n, jj_postfix(p, jj_primary(p)));
	jj_close(p, n);
	return n;
}

static struct gh_jj_node *followers(struct jj_parse *p, struct gh_jj_node *n)
{
	while (p->why == NULL) {
		if (jj_is_op(&p->l, '|')) {
			n = jj_filters(p, n, false);
		} else if (jj_is_op(&p->l, '(')) {
			n = call(p, n);
		} else if (jj_is_name(&p->l, "is")) {
			jj_next(p);
			n = test(p, n);
		} else {
			break;
		}
	}
	return n;
}

static struct gh_jj_node *unary(struct jj_parse *p, bool with_filter)
{
	if (p->why != NULL)
		return NOWHERE;
	struct gh_jj_node *n;
	if (jj_is_op(&p->l, '-') || jj_is_op(&p->l, '+')) {
		n = jj_new(p, jj_is_op(&p->l, '-') ? JJ_NEG : JJ_POS);
		jj_next(p);
		if (jj_enter(p))
			jj_add(p, n, unary(p, false));
		jj_leave(p);
		jj_close(p, n);
	} else {
		n = jj_postfix(p, jj_primary(p));
	}
	return with_filter ? followers(p, n) : n;
}

/* ---- operators ----------------------------------------------------------------------------------------------------- */
enum level { OR, AND, NOT, COMPARE, SUM, CONCAT, PRODUCT, POWER, UNARY };

/* The operator at the token, of that level; -1: none. Takes it. */
static int take_op(struct jj_parse *p, enum level level)
{
	static const struct {
		enum level level;
		unsigned op;
		int code;
	} ops[] = {
		{ COMPARE, JJ_OP2('=', '='), JJ_EQ },
		{ COMPARE, JJ_OP2('!', '='), JJ_NE },
		{ COMPARE, '<', JJ_LT },
		{ COMPARE, JJ_OP2('<', '='), JJ_LE },
		{ COMPARE, '>', JJ_GT },
		{ COMPARE, JJ_OP2('>', '='), JJ_GE },
		{ SUM, '+', JJ_ADD },
		{ SUM, '-', JJ_SUB },
		{ PRODUCT, '*', JJ_MUL },
		{ PRODUCT, '/', JJ_DIV },
		{ PRODUCT, JJ_OP2('/', '/'), JJ_FLOORDIV },
		{ PRODUCT, '%', JJ_MOD },
		{ POWER, JJ_OP2('*', '*'), JJ_POW },
		{ CONCAT, '~', 0 },
	};
	if (p->why != NULL)
		return -1;
	for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
		if (ops[i].level == level && jj_is_op(&p->l, ops[i].op)) {
			jj_next(p);
			return ops[i].code;
		}
	if (level == OR || level == AND)
		return jj_skip_name(p, level == OR ? "or" : "and") ? 0 : -1;
	if (level != COMPARE)
		return -1;
	if (jj_skip_name(p, "in"))
		return JJ_IN;
	if (!jj_is_name(&p->l, "not"))
		return -1;
	struct jj_lex saved = p->l; /* `not` is an operator only before `in` */
	jj_next(p);
	if (jj_skip_name(p, "in"))
		return JJ_NOT_IN;
	p->l = saved;
	return -1;
}

static struct gh_jj_node *binary(struct jj_parse *p, enum level level)
{
	static const enum gh_jj_kind kind[] = {
		[OR] = JJ_OR,	      [AND] = JJ_AND,	   [COMPARE] = JJ_COMPARE, [SUM] = JJ_MATH,
		[CONCAT] = JJ_CONCAT, [PRODUCT] = JJ_MATH, [POWER] = JJ_MATH
	};
	if (p->why != NULL)
		return NOWHERE;
	if (level == UNARY)
		return unary(p, true);
	if (level == NOT) {
		if (!jj_is_name(&p->l, "not"))
			return binary(p, COMPARE);
		struct gh_jj_node *n = jj_new(p, JJ_NOT);
		jj_next(p);
		if (jj_enter(p))
			jj_add(p, n, binary(p, NOT));
		jj_leave(p);
		jj_close(p, n);
		return n;
	}
	struct gh_jj_node *left = binary(p, level + 1), *n = NULL;
	for (int op; (op = take_op(p, level)) >= 0;) {
		if (n == NULL)
			n = around(p, kind[level], left);
		struct gh_jj_node *right = binary(p, level + 1);
		if (level == SUM || level == PRODUCT || level == POWER || level == COMPARE) {
			right = around(p, JJ_OP, right);
			if (right != NOWHERE)
				right->op = (uint8_t)op;
		}
		jj_add(p, n, right);
	}
	if (n != NULL)
		jj_close(p, n);
	return n == NULL ? left : n;
}

struct gh_jj_node *jj_expr(struct jj_parse *p, bool with_cond)
{
	struct gh_jj_node *n = NOWHERE;
	if (p->why == NULL && jj_enter(p)) {
		n = binary(p, OR);
		while (with_cond && jj_skip_name(p, "if")) {
			n = around(p, JJ_COND, n);
			jj_add(p, n, binary(p, OR));
			jj_add(p, n, jj_skip_name(p, "else") ? jj_expr(p, true) : jj_new(p, JJ_ABSENT));
			jj_close(p, n);
		}
	}
	jj_leave(p);
	return n;
}

static bool ends_tuple(const struct jj_parse *p)
{
	return p->why != NULL || p->l.tok == T_OUTPUT_END || p->l.tok == T_BLOCK_END || jj_is_op(&p->l, ')') ||
	       jj_is_name(&p->l, "in") || jj_is_name(&p->l, "if") || jj_is_name(&p->l, "recursive") ||
	       jj_is_op(&p->l, '=');
}

struct gh_jj_node *jj_tuple(struct jj_parse *p, bool with_cond)
{
	struct gh_jj_node *n = jj_expr(p, with_cond);
	if (!jj_is_op(&p->l, ','))
		return n;
	n = around(p, JJ_TUPLE, n);
	while (jj_skip_op(p, ',') && !ends_tuple(p))
		jj_add(p, n, jj_expr(p, with_cond));
	jj_close(p, n);
	return n;
}

static struct gh_jj_node *one_target(struct jj_parse *p, bool with_attr)
{
	if (jj_is_op(&p->l, '(') || jj_is_op(&p->l, '[')) {
		unsigned close = jj_is_op(&p->l, '(') ? ')' : ']';
		struct gh_jj_node *t = NOWHERE;
		jj_next(p);
		if (jj_enter(p))
			t = jj_target(p, true, with_attr);
		jj_leave(p);
		jj_expect_op(p, close, "a closing bracket was expected");
		return t;
	}
	if (p->l.tok != T_NAME) {
		jj_wrong(p, "a name was expected");
		return NOWHERE;
	}
	struct gh_jj_node *n = jj_new(p, JJ_NAME);
	set_text(n, p->l.text);
	jj_next(p);
	if (with_attr && jj_is_op(&p->l, '.'))
		n = subscript(p, n);
	return n;
}

struct gh_jj_node *jj_target(struct jj_parse *p, bool with_tuple, bool with_attr)
{
	struct gh_jj_node *n = one_target(p, with_attr);
	if (!with_tuple || !jj_is_op(&p->l, ','))
		return n;
	n = around(p, JJ_TUPLE, n);
	while (jj_skip_op(p, ',') && !ends_tuple(p) && p->l.tok == T_NAME)
		jj_add(p, n, one_target(p, with_attr));
	jj_close(p, n);
	return n;
}

/* From text to a tree, by operator precedence over two stacks: operands that stand ready, and operators and parentheses that
 * wait. Comparisons bind tightest and have a plain right side, so they are read in place. */
#include "policy/expr_int.h"

#include <stdarg.h>
#include <stdio.h>

void expr_fail(struct expr_reader *r, uint32_t off, const char *fmt, ...)
{
	va_list ap;
	if (r->failed)
		return;
	r->failed = true;
	r->err->off = off;
	va_start(ap, fmt);
	(void)vsnprintf(r->err->what, sizeof r->err->what, fmt, ap);
	va_end(ap);
}

struct expr_shown expr_show(struct gh_span s)
{
	struct expr_shown out;
	gh_auto_buf b = gh_buf(sizeof out.s);
	gh_buf_safe(&b, s, 48);
	(void)snprintf(out.s, sizeof out.s, "%s", gh_buf_cstr(&b));
	return out;
}

enum expr_tok expr_next(struct expr_reader *r)
{
	if (r->failed)
		return T_BAD;
	if (expr_lex_next(&r->lex) == T_BAD)
		expr_fail(r, r->lex.off, "%s", r->lex.why);
	return r->lex.tok;
}

bool expr_is(const struct expr_reader *r, const char *word)
{
	return r->lex.tok == T_NAME && gh_span_is(r->lex.text, word);
}

uint16_t expr_add(struct expr_reader *r, struct expr_node n)
{
	if (r->nnode == EXPR_NODES) {
		expr_fail(r, n.off, "the expression has more than %d parts: split the rule", EXPR_NODES);
		return 0;
	}
	n.in = EXPR_NONE;
	r->node[r->nnode] = n;
	return r->nnode++;
}

uint16_t expr_constant(struct expr_reader *r, uint32_t off, struct gh_fval v)
{
	if (r->nkonst == EXPR_CONSTS) {
		expr_fail(r, off, "the expression has more than %d literals: split the rule", EXPR_CONSTS);
		return 0;
	}
	r->konst[r->nkonst] = v;
	return r->nkonst++;
}

static void push(struct expr_reader *r, uint16_t node)
{
	if (r->failed)
		return;
	r->ready[r->nready++] = node; /* every ready operand is a node: it fits */
}

static void hold(struct expr_reader *r, struct waiting w)
{
	if (r->nwait == EXPR_OPEN) {
		expr_fail(r, w.off, "more than %d parentheses and operators are open: split the rule", EXPR_OPEN);
		return;
	}
	r->wait[r->nwait++] = w;
}

/* ---- functions ------------------------------------------------------------------------------------------------------------ */
static const struct {
	const char *name;
	enum expr_kind kind;
} functions[] = { { "any", N_ANY }, { "all", N_ALL }, { "none", N_NO }, { "count", N_COUNT }, { "known", N_KNOWN } };
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static void quant_done(struct expr_reader *r, const struct waiting *w)
{
	uint16_t self = expr_add(r, (struct expr_node){ .kind = w->kind,
							.type = w->kind == N_COUNT ? GH_T_INT : GH_T_BOOL,
							.row = w->row,
							.first = w->first,
							.off = w->off });
	if (r->failed)
		return;
	for (uint16_t i = w->first; i < self; i++)
		r->node[i].in = self;
	push(r, self);
}

static void known(struct expr_reader *r, uint32_t off)
{
	if (expr_next(r) != T_NAME && r->lex.tok != T_FIELD) {
		expr_fail(r, r->lex.off, "known() asks whether a fact or a field is known: name it");
		return;
	}
	uint16_t a = expr_leaf(r);
	if (expr_next(r) != T_CLOSE)
		expr_fail(r, r->lex.off, "here ')' is expected");
	uint16_t self = r->failed ? 0
				  : expr_add(r, (struct expr_node){
							.kind = N_KNOWN, .type = GH_T_BOOL, .a = a, .off = off });
	push(r, self);
}

/* The token is the name of function i. True: an operand is ready; false: its condition comes next. */
static bool function(struct expr_reader *r, size_t i)
{
	struct waiting w = { .what = W_QUANT, .kind = (uint8_t)functions[i].kind, .off = r->lex.off };
	if (expr_next(r) != T_OPEN) {
		expr_fail(r, r->lex.off, "behind '%s' stands '('", functions[i].name);
		return true;
	}
	if (w.kind == N_KNOWN) {
		known(r, w.off);
		return true;
	}
	if (r->list != EXPR_NONE) {
		expr_fail(r, w.off, "inside of any(), all(), none() and count() there is no second one");
		return true;
	}
	expr_next(r);
	if (r->failed)
		return true;
	unsigned row = r->lex.tok == T_NAME ? gh_fact_named(r->lex.text) : GH_FACT_NONE;
	if (r->lex.tok == T_NAME && row == GH_FACT_NONE) {
		(void)expr_unknown(r, "fact", GH_FACT_NONE);
		return true;
	}
	if (row == GH_FACT_NONE || (gh_fact_rows[row].type != GH_T_RECORDS && gh_fact_rows[row].type != GH_T_STRINGS)) {
		expr_fail(r, r->lex.off, "%s() looks at a list, such as findings or licences", functions[i].name);
		return true;
	}
	w.row = (uint16_t)row;
	w.first = r->nnode;
	if (expr_next(r) == T_COMMA) {
		r->list = w.row;
		hold(r, w);
		return false;
	}
	if (r->lex.tok != T_CLOSE)
		expr_fail(r, r->lex.off, "here ',' and a condition are expected, or ')'");
	else if (w.kind == N_ALL)
		expr_fail(r, r->lex.off, "all() needs a condition: all(%s, …)", gh_fact_rows[row].name);
	else
		quant_done(r, &w);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */
static void need_condition(struct expr_reader *r, uint16_t i)
{
	const struct expr_node *n = &r->node[i];
	if (r->failed || n->type == GH_T_BOOL)
		return;
	if (n->kind == N_COUNT)
		expr_fail(r, n->off, "count() is a number: compare it");
	else
		expr_fail(r, n->off, "%s is of type %s, which is no condition: %s", expr_row(n)->name,
			  gh_fact_type_name((enum gh_fact_type)n->type),
			  n->type == GH_T_RECORDS || n->type == GH_T_STRINGS ? "ask any() of it" : "compare it");
}

/* Join what binds at least as tightly as `level`. */
static void reduce(struct expr_reader *r, enum wait level)
{
	while (!r->failed && r->nwait != 0) {
		const struct waiting w = r->wait[r->nwait - 1];
		if (w.what > W_NOT || w.what < level)
			return;
		r->nwait--;
		uint16_t b = r->ready[--r->nready];
		need_condition(r, b);
		struct expr_node n = { .kind = N_NOT, .type = GH_T_BOOL, .a = b, .off = w.off };
		if (w.what != W_NOT) {
			n.kind = w.what == W_AND ? N_AND : N_OR;
			n.a = r->ready[--r->nready];
			n.b = b;
			need_condition(r, n.a);
		}
		uint16_t self = r->failed ? 0 : expr_add(r, n);
		push(r, self);
	}
}

static void close(struct expr_reader *r)
{
	reduce(r, W_OR);
	if (r->failed)
		return;
	if (r->nwait == 0) {
		expr_fail(r, r->lex.off, "this ')' was never opened");
		return;
	}
	const struct waiting w = r->wait[--r->nwait];
	if (w.what != W_QUANT) {
		/* What is in parentheses is a condition; a value stays one: "(size) > 1" reads. */
		return;
	}
	need_condition(r, r->ready[r->nready - 1]);
	if (r->failed)
		return;
	r->nready--;
	r->list = EXPR_NONE;
	quant_done(r, &w);
}

/* Something that has a value, or what stands before one. True: an operand is ready. */
static bool start(struct expr_reader *r)
{
	if (expr_is(r, "not")) {
		hold(r, (struct waiting){ .what = W_NOT, .off = r->lex.off });
		return false;
	}
	if (r->lex.tok == T_OPEN) {
		hold(r, (struct waiting){ .what = W_PAREN, .off = r->lex.off });
		return false;
	}
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (expr_is(r, functions[i].name))
			return function(r, i);
	if (expr_is(r, "true") || expr_is(r, "false")) {
		uint16_t k = expr_constant(r, r->lex.off, (struct gh_fval){ .known = true, .i = expr_is(r, "true") });
		push(r, expr_add(r, (struct expr_node){
					    .kind = N_CONST, .type = GH_T_BOOL, .first = k, .off = r->lex.off }));
	} else if (r->lex.tok == T_NAME || r->lex.tok == T_FIELD) {
		uint16_t i = expr_leaf(r);
		push(r, i);
	} else {
		expr_fail(r, r->lex.off, "%s",
			  r->lex.tok == T_END ? "the expression ends too early"
					      : "here a condition is expected, beginning with a fact");
	}
	return true;
}

static void negate(struct expr_reader *r, uint32_t off)
{
	uint16_t a = r->ready[--r->nready];
	uint16_t self =
		r->failed ? 0 : expr_add(r, (struct expr_node){ .kind = N_NOT, .type = GH_T_BOOL, .a = a, .off = off });
	push(r, self);
}

/* Replace the last operand by a test of it. */
static void test(struct expr_reader *r, uint16_t (*how)(struct expr_reader *, uint16_t))
{
	uint16_t self = how(r, r->ready[r->nready - 1]);
	r->nready--;
	push(r, self);
}

/* What follows an operand. True: another operand is ready (the same, tested); false: an operand must follow. */
static bool go_on(struct expr_reader *r)
{
	static const struct {
		const char *word;
		uint16_t (*how)(struct expr_reader *, uint16_t);
	} tests[] = { { "in", expr_in }, { "contains", expr_contains }, { "like", expr_like } };
	uint32_t off = r->lex.off;
	if (r->lex.tok == T_CLOSE) {
		close(r);
		return true;
	}
	if (r->lex.tok == T_OP) {
		test(r, expr_compare);
		return true;
	}
	if (expr_is(r, "and") || expr_is(r, "or")) {
		enum wait w = expr_is(r, "and") ? W_AND : W_OR;
		reduce(r, w);
		hold(r, (struct waiting){ .what = w, .off = off });
		return false;
	}
	bool no = expr_is(r, "not");
	if (no)
		expr_next(r);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (expr_is(r, tests[i].word)) {
			test(r, tests[i].how);
			if (no)
				negate(r, off);
			return true;
		}
	if (no)
		expr_fail(r, r->lex.off, "here 'in', 'contains' or 'like' is expected");
	else
		expr_fail(r, r->lex.off, "'%s' cannot stand here: expected is a comparison, 'and', 'or' or the end",
			  expr_show(r->lex.text).s);
	return true;
}

static void whole(struct expr_reader *r)
{
	bool ready = false;
	for (;;) {
		expr_next(r);
		if (r->failed || (ready && r->lex.tok == T_END))
			break;
		ready = ready ? go_on(r) : start(r);
	}
	reduce(r, W_OR);
	if (!r->failed && r->nwait != 0)
		expr_fail(r, r->wait[r->nwait - 1].off, "this '(' is never closed");
	if (!r->failed)
		need_condition(r, r->ready[0]);
}

enum gh_rc expr_read(struct gh_arena *arena, struct gh_span text, struct expr *out, struct expr_err *err)
{
	gh_auto_arena scratch = { .max = 1 << 20 };
	struct expr_reader *r = GH_NEW(&scratch, struct expr_reader, 1);
	*out = (struct expr){ 0 };
	*err = (struct expr_err){ 0 };
	if (r == NULL)
		return GH_E_NOMEM;
	r->err = err;
	r->list = EXPR_NONE;
	if (text.n > EXPR_TEXT)
		expr_fail(r, 0, "the expression is longer than %d bytes: split the rule", EXPR_TEXT);
	expr_lex_open(&r->lex, arena, text);
	whole(r);
	struct expr_node *node = GH_NEW(arena, struct expr_node, r->nnode);
	struct gh_fval *konst = GH_NEW(arena, struct gh_fval, r->nkonst);
	out->canon = gh_keep(arena, gh_buf_view(&r->lex.canon));
	bool room = !r->lex.canon.full && node != NULL && konst != NULL && out->canon.p != NULL;
	gh_buf_free(&r->lex.canon);
	if (r->failed || !room)
		return r->failed ? GH_E_MALFORMED : GH_E_NOMEM;
	memcpy(node, r->node, r->nnode * sizeof *node);
	if (r->nkonst != 0)
		memcpy(konst, r->konst, r->nkonst * sizeof *konst);
	out->node = node;
	out->konst = konst;
	out->nnode = r->nnode;
	out->nkonst = r->nkonst;
	expr_polarity(out);
	return GH_OK;
}

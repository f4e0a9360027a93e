/* From text to a tree, by operator precedence over two stacks: operands that stand ready, and operators and parentheses that
 * wait. Comparisons bind tightest and have a plain right side, so they are read in place. */
#include "policy/expr.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/units.h"

enum { MOST_ITEMS = 256 };
enum wait { W_OR, W_AND, W_NOT, W_PAREN, W_QUANT }; /* the first three by how tightly they bind */

struct waiting {
	enum wait what;
	uint32_t off;
	uint8_t kind;	     /* W_QUANT: N_ANY … */
	uint16_t row, first; /* its list, and the first node of its body */
};

struct reader {
	struct expr_lex lex;
	struct expr_err *err;
	bool nomem, failed;
	struct expr_node node[EXPR_NODES];
	struct gh_fval konst[EXPR_CONSTS];
	uint16_t nnode, nkonst;
	struct waiting wait[EXPR_OPEN];
	size_t nwait;
	uint16_t ready[EXPR_NODES];
	size_t nready;
	uint16_t list; /* the list whose records are looked at, or EXPR_NONE */
};

static void __attribute__((format(printf, 3, 4))) fail(struct reader *r, uint32_t off, const char *fmt, ...)
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

/* The token as it may be shown. */
struct shown {
	char s[64];
};
static struct shown show(struct gh_span s)
{
	struct shown out;
	gh_auto_buf b = gh_buf(sizeof out.s);
	gh_buf_safe(&b, s, 48);
	(void)snprintf(out.s, sizeof out.s, "%s", gh_buf_cstr(&b));
	return out;
}

static enum expr_tok next(struct reader *r)
{
	if (r->failed)
		return T_BAD;
	if (expr_lex_next(&r->lex) == T_BAD)
		fail(r, r->lex.off, "%s", r->lex.why);
	return r->lex.tok;
}

static bool is(const struct reader *r, const char *word)
{
	return r->lex.tok == T_NAME && gh_span_is(r->lex.text, word);
}

static uint16_t add(struct reader *r, struct expr_node n)
{
	if (r->nnode == EXPR_NODES) {
		fail(r, n.off, "the expression has more than %d parts: split the rule", EXPR_NODES);
		return 0;
	}
	n.in = EXPR_NONE;
	r->node[r->nnode] = n;
	return r->nnode++;
}

static uint16_t constant(struct reader *r, uint32_t off, struct gh_fval v)
{
	if (r->nkonst == EXPR_CONSTS) {
		fail(r, off, "the expression has more than %d literals: split the rule", EXPR_CONSTS);
		return 0;
	}
	r->konst[r->nkonst] = v;
	return r->nkonst++;
}

static void push(struct reader *r, uint16_t node)
{
	if (r->failed)
		return;
	r->ready[r->nready++] = node; /* every ready operand is a node: it fits */
}

static void hold(struct reader *r, struct waiting w)
{
	if (r->nwait == EXPR_OPEN) {
		fail(r, w.off, "more than %d parentheses and operators are open: split the rule", EXPR_OPEN);
		return;
	}
	r->wait[r->nwait++] = w;
}

static const struct gh_fact *row_of(const struct expr_node *n) { return &gh_fact_rows[n->row]; }

/* ---- names -------------------------------------------------------------------------------------------------------------- */
static uint16_t unknown_name(struct reader *r, const char *what, unsigned field_of)
{
	const char *near = expr_near(r->lex.text, field_of);
	fail(r, r->lex.off, "there is no %s '%s'%s%s%s; 'gatehouse policy facts' lists them", what, show(r->lex.text).s,
	     near == NULL ? "" : ": is '", near == NULL ? "" : near, near == NULL ? "" : "' meant?");
	return 0;
}

/* The fact or field that the token names, as a leaf. */
static uint16_t leaf(struct reader *r)
{
	struct expr_node n = { .kind = N_FACT, .off = r->lex.off };
	if (r->lex.tok == T_NAME) {
		unsigned row = gh_fact_named(r->lex.text);
		if (row == GH_FACT_NONE)
			return unknown_name(r, "fact", GH_FACT_NONE);
		if (gh_fact_rows[row].flags & GH_FACT_FIELD) {
			const char *of = gh_fact_rows[facts_parent(row)].name,
				   *field = gh_fact_field(&gh_fact_rows[row]);
			fail(r, n.off, "'%s' is a field of each record of %s: write any(%s, .%s …)",
			     gh_fact_rows[row].name, of, of, field);
			return 0;
		}
		n.row = (uint16_t)row;
	} else if (r->list == EXPR_NONE) {
		fail(r, n.off, "'.%s' is a field of a record: it may stand inside any(), all(), none() and count()",
		     show(r->lex.text).s);
		return 0;
	} else if (r->lex.text.n == 0) {
		if (gh_fact_rows[r->list].type != GH_T_STRINGS) {
			fail(r, n.off, "%s has records: name a field, such as '.%s'", gh_fact_rows[r->list].name,
			     gh_fact_field(&gh_fact_rows[r->list + 1]));
			return 0;
		}
		n.kind = N_ELEM;
		n.row = r->list;
		n.type = GH_T_STRING;
		return add(r, n);
	} else {
		unsigned row = gh_fact_rows[r->list].type == GH_T_RECORDS ? facts_field(r->list, r->lex.text)
									  : GH_FACT_NONE;
		if (row == GH_FACT_NONE && gh_fact_rows[r->list].type == GH_T_STRINGS) {
			fail(r, n.off, "%s are texts without fields: write '.'", gh_fact_rows[r->list].name);
			return 0;
		}
		if (row == GH_FACT_NONE)
			return unknown_name(r, "field", r->list);
		n.kind = N_FIELD;
		n.row = (uint16_t)row;
	}
	n.type = (uint8_t)gh_fact_rows[n.row].type;
	return add(r, n);
}

/* ---- right sides ---------------------------------------------------------------------------------------------------------- */
static bool literal_token(const struct reader *r)
{
	return r->lex.tok == T_TEXT || r->lex.tok == T_NUMBER || is(r, "true") || is(r, "false");
}

static void wrong_literal(struct reader *r, const struct expr_node *a)
{
	const char *name = a->kind == N_COUNT ? "count()" : row_of(a)->name;
	if (a->type == GH_T_WORD) {
		gh_auto_buf words = gh_buf(160);
		for (unsigned i = 0; gh_word_at(row_of(a)->words, i).n != 0; i++) {
			gh_buf_str(&words, i == 0 ? "" : ", ");
			gh_buf_span(&words, gh_word_at(row_of(a)->words, i));
		}
		fail(r, r->lex.off, "'%s' is none of the words that %s can be: %s", show(r->lex.text).s, name,
		     gh_buf_cstr(&words));
		return;
	}
	fail(r, r->lex.off, "'%s' cannot be compared with %s, which is of type %s: write %s", show(r->lex.text).s, name,
	     gh_fact_type_name((enum gh_fact_type)a->type), expr_example((enum gh_fact_type)a->type));
}

/* Type with which facts on both sides can be compared: words of the same list only. */
static bool same_type(const struct expr_node *a, const struct expr_node *b)
{
	if (a->type != b->type)
		return false;
	return a->type != GH_T_WORD || strcmp(row_of(a)->words, row_of(b)->words) == 0;
}

/* A literal of the type of a, or a fact that can be compared with it. `type`: what is wanted instead of a's own. */
static uint16_t operand(struct reader *r, uint16_t ia, enum gh_fact_type type)
{
	struct expr_node a = r->node[ia];
	a.type = (uint8_t)type;
	struct gh_fval v;
	if (literal_token(r) ||
	    (r->lex.tok == T_NAME && type == GH_T_WORD && facts_word(row_of(&a), r->lex.text, &v))) {
		if (!expr_literal(a.kind == N_COUNT ? NULL : row_of(&a), type, r->lex.tok, r->lex.text, &v)) {
			wrong_literal(r, &a);
			return 0;
		}
		uint16_t k = constant(r, r->lex.off, v);
		return add(
			r,
			(struct expr_node){
				.kind = N_CONST, .type = (uint8_t)type, .row = a.row, .first = k, .off = r->lex.off });
	}
	if (r->lex.tok != T_NAME && r->lex.tok != T_FIELD) {
		fail(r, r->lex.off, "here %s is expected", expr_example(type));
		return 0;
	}
	if (type == GH_T_WORD && r->lex.tok == T_NAME && gh_fact_named(r->lex.text) == GH_FACT_NONE) {
		wrong_literal(r, &a);
		return 0;
	}
	uint16_t ib = leaf(r);
	if (!r->failed && !same_type(&a, &r->node[ib]))
		fail(r, r->node[ib].off, "%s is of type %s and %s of type %s: they cannot be compared",
		     row_of(&r->node[ib])->name, gh_fact_type_name((enum gh_fact_type)r->node[ib].type),
		     a.kind == N_COUNT ? "count()" : row_of(&a)->name, gh_fact_type_name(type));
	return ib;
}

/* [ a, b, c ]: consts in a row. */
static void items(struct reader *r, uint16_t ia, struct expr_node *in)
{
	const struct expr_node a = r->node[ia];
	in->first = r->nkonst;
	do {
		struct gh_fval v;
		next(r);
		if (r->failed)
			return;
		if (r->lex.tok != T_TEXT && r->lex.tok != T_NUMBER && r->lex.tok != T_NAME) {
			fail(r, r->lex.off, "a list holds literals, at least one");
			return;
		}
		if (!expr_literal(row_of(&a), (enum gh_fact_type)a.type, r->lex.tok, r->lex.text, &v)) {
			wrong_literal(r, &a);
			return;
		}
		(void)constant(r, r->lex.off, v);
		if (++in->n > MOST_ITEMS)
			fail(r, r->lex.off, "a list holds at most %d literals", MOST_ITEMS);
	} while (next(r) == T_COMMA);
	if (r->lex.tok != T_LIST_END)
		fail(r, r->lex.off, "here ',' or ']' is expected");
}

/* ---- tests -------------------------------------------------------------------------------------------------------------- */
static bool is_value(const struct expr_node *n)
{
	return n->kind == N_FACT || n->kind == N_FIELD || n->kind == N_ELEM || n->kind == N_COUNT;
}

/* After the operand a, which must be a fact, a field or count(). */
static bool comparable(struct reader *r, const struct expr_node *a)
{
	if (!is_value(a))
		fail(r, r->lex.off,
		     "what stands before this is no fact: write the fact first, then what it is compared with");
	return !r->failed;
}

static uint16_t compare(struct reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_CMP, .type = GH_T_BOOL, .op = (uint8_t)r->lex.op, .a = ia, .off = r->lex.off };
	bool order = n.op != OP_EQ && n.op != OP_NE;
	if (!comparable(r, &a))
		return 0;
	if (a.type == GH_T_STRINGS || a.type == GH_T_RECORDS)
		fail(r, n.off, "%s is a list: use any(), all(), none(), count()%s", row_of(&a)->name,
		     a.type == GH_T_STRINGS ? " or 'contains'" : "");
	else if (order && (a.type == GH_T_BOOL || a.type == GH_T_STRING))
		fail(r, n.off, "%s is of type %s, which has no order: only == and != can be used", row_of(&a)->name,
		     gh_fact_type_name((enum gh_fact_type)a.type));
	else if (order && a.type == GH_T_WORD && !(row_of(&a)->flags & GH_FACT_ORDERED))
		fail(r, n.off, "the words of %s have no order: only == and != can be used", row_of(&a)->name);
	next(r);
	if (r->failed)
		return 0;
	n.b = operand(r, ia, (enum gh_fact_type)a.type);
	return r->failed ? 0 : add(r, n);
}

static uint16_t within(struct reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_IN, .type = GH_T_BOOL, .a = ia, .b = EXPR_NONE, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.kind == N_COUNT || a.type == GH_T_STRINGS || a.type == GH_T_RECORDS || a.type == GH_T_BOOL) {
		fail(r, n.off, "'in' asks whether one text, word or number is in a list%s",
		     a.type == GH_T_STRINGS ? "; of lists write any(…, . in […])" : "");
		return 0;
	}
	if (next(r) == T_LIST) {
		items(r, ia, &n);
	} else if (r->lex.tok == T_NAME || r->lex.tok == T_FIELD) {
		n.b = leaf(r);
		if (!r->failed && (r->node[n.b].type != GH_T_STRINGS || a.type != GH_T_STRING))
			fail(r, r->lex.off, "behind 'in' stands a list of literals, or a fact that is a list of texts");
	} else {
		fail(r, r->lex.off, "behind 'in' stands a list: [\"a\", \"b\"]");
	}
	return r->failed ? 0 : add(r, n);
}

static uint16_t contains(struct reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_CONTAINS, .type = GH_T_BOOL, .a = ia, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.type != GH_T_STRINGS && a.type != GH_T_STRING) {
		fail(r, n.off, "'contains' asks a text or a list of texts");
		return 0;
	}
	next(r);
	if (r->failed)
		return 0;
	n.b = operand(r, ia, GH_T_STRING);
	return r->failed ? 0 : add(r, n);
}

static uint16_t like(struct reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_LIKE, .type = GH_T_BOOL, .a = ia, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.type != GH_T_STRING && a.type != GH_T_VERSION) {
		fail(r, n.off, "'like' asks a text%s",
		     a.type == GH_T_STRINGS ? "; of lists write any(…, . like \"…\")" : "");
		return 0;
	}
	if (next(r) != T_TEXT || r->lex.text.n > EXPR_PATTERN) {
		fail(r, r->lex.off, "behind 'like' stands a pattern in quotes, of at most %d bytes", EXPR_PATTERN);
		return 0;
	}
	uint16_t k = constant(r, r->lex.off, (struct gh_fval){ .known = true, .s = r->lex.text });
	n.b = add(r, (struct expr_node){
			     .kind = N_CONST, .type = GH_T_STRING, .row = a.row, .first = k, .off = r->lex.off });
	return r->failed ? 0 : add(r, n);
}

/* ---- functions ------------------------------------------------------------------------------------------------------------ */
static const struct {
	const char *name;
	enum expr_kind kind;
} functions[] = { { "any", N_ANY }, { "all", N_ALL }, { "none", N_NO }, { "count", N_COUNT }, { "known", N_KNOWN } };
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static void quant_done(struct reader *r, const struct waiting *w)
{
	uint16_t self = add(r, (struct expr_node){ .kind = w->kind,
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

static void known(struct reader *r, uint32_t off)
{
	if (next(r) != T_NAME && r->lex.tok != T_FIELD) {
		fail(r, r->lex.off, "known() asks whether a fact or a field is known: name it");
		return;
	}
	uint16_t a = leaf(r);
	if (next(r) != T_CLOSE)
		fail(r, r->lex.off, "here ')' is expected");
	uint16_t self = r->failed
				? 0
				: add(r, (struct expr_node){ .kind = N_KNOWN, .type = GH_T_BOOL, .a = a, .off = off });
	push(r, self);
}

/* The token is the name of function i. True: an operand is ready; false: its condition comes next. */
static bool function(struct reader *r, size_t i)
{
	struct waiting w = { .what = W_QUANT, .kind = (uint8_t)functions[i].kind, .off = r->lex.off };
	if (next(r) != T_OPEN) {
		fail(r, r->lex.off, "behind '%s' stands '('", functions[i].name);
		return true;
	}
	if (w.kind == N_KNOWN) {
		known(r, w.off);
		return true;
	}
	if (r->list != EXPR_NONE) {
		fail(r, w.off, "inside of any(), all(), none() and count() there is no second one");
		return true;
	}
	next(r);
	if (r->failed)
		return true;
	unsigned row = r->lex.tok == T_NAME ? gh_fact_named(r->lex.text) : GH_FACT_NONE;
	if (r->lex.tok == T_NAME && row == GH_FACT_NONE) {
		(void)unknown_name(r, "fact", GH_FACT_NONE);
		return true;
	}
	if (row == GH_FACT_NONE || (gh_fact_rows[row].type != GH_T_RECORDS && gh_fact_rows[row].type != GH_T_STRINGS)) {
		fail(r, r->lex.off, "%s() looks at a list, such as findings or licences", functions[i].name);
		return true;
	}
	w.row = (uint16_t)row;
	w.first = r->nnode;
	if (next(r) == T_COMMA) {
		r->list = w.row;
		hold(r, w);
		return false;
	}
	if (r->lex.tok != T_CLOSE)
		fail(r, r->lex.off, "here ',' and a condition are expected, or ')'");
	else if (w.kind == N_ALL)
		fail(r, r->lex.off, "all() needs a condition: all(%s, …)", gh_fact_rows[row].name);
	else
		quant_done(r, &w);
	return true;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------ */
static void need_condition(struct reader *r, uint16_t i)
{
	const struct expr_node *n = &r->node[i];
	if (r->failed || n->type == GH_T_BOOL)
		return;
	if (n->kind == N_COUNT)
		fail(r, n->off, "count() is a number: compare it");
	else
		fail(r, n->off, "%s is of type %s, which is no condition: %s", row_of(n)->name,
		     gh_fact_type_name((enum gh_fact_type)n->type),
		     n->type == GH_T_RECORDS || n->type == GH_T_STRINGS ? "ask any() of it" : "compare it");
}

/* Join what binds at least as tightly as `level`. */
static void reduce(struct reader *r, enum wait level)
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
		uint16_t self = r->failed ? 0 : add(r, n);
		push(r, self);
	}
}

static void close(struct reader *r)
{
	reduce(r, W_OR);
	if (r->failed)
		return;
	if (r->nwait == 0) {
		fail(r, r->lex.off, "this ')' was never opened");
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
static bool start(struct reader *r)
{
	if (is(r, "not")) {
		hold(r, (struct waiting){ .what = W_NOT, .off = r->lex.off });
		return false;
	}
	if (r->lex.tok == T_OPEN) {
		hold(r, (struct waiting){ .what = W_PAREN, .off = r->lex.off });
		return false;
	}
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (is(r, functions[i].name))
			return function(r, i);
	if (is(r, "true") || is(r, "false")) {
		uint16_t k = constant(r, r->lex.off, (struct gh_fval){ .known = true, .i = is(r, "true") });
		push(r,
		     add(r, (struct expr_node){ .kind = N_CONST, .type = GH_T_BOOL, .first = k, .off = r->lex.off }));
	} else if (r->lex.tok == T_NAME || r->lex.tok == T_FIELD) {
		uint16_t i = leaf(r);
		push(r, i);
	} else {
		fail(r, r->lex.off, "%s",
		     r->lex.tok == T_END ? "the expression ends too early"
					 : "here a condition is expected, beginning with a fact");
	}
	return true;
}

static void negate(struct reader *r, uint32_t off)
{
	uint16_t a = r->ready[--r->nready];
	uint16_t self = r->failed ? 0
				  : add(r, (struct expr_node){ .kind = N_NOT, .type = GH_T_BOOL, .a = a, .off = off });
	push(r, self);
}

/* Replace the last operand by a test of it. */
static void test(struct reader *r, uint16_t (*how)(struct reader *, uint16_t))
{
	uint16_t self = how(r, r->ready[r->nready - 1]);
	r->nready--;
	push(r, self);
}

/* What follows an operand. True: another operand is ready (the same, tested); false: an operand must follow. */
static bool go_on(struct reader *r)
{
	static const struct {
		const char *word;
		uint16_t (*how)(struct reader *, uint16_t);
	} tests[] = { { "in", within }, { "contains", contains }, { "like", like } };
	uint32_t off = r->lex.off;
	if (r->lex.tok == T_CLOSE) {
		close(r);
		return true;
	}
	if (r->lex.tok == T_OP) {
		test(r, compare);
		return true;
	}
	if (is(r, "and") || is(r, "or")) {
		enum wait w = is(r, "and") ? W_AND : W_OR;
		reduce(r, w);
		hold(r, (struct waiting){ .what = w, .off = off });
		return false;
	}
	bool no = is(r, "not");
	if (no)
		next(r);
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
		if (is(r, tests[i].word)) {
			test(r, tests[i].how);
			if (no)
				negate(r, off);
			return true;
		}
	if (no)
		fail(r, r->lex.off, "here 'in', 'contains' or 'like' is expected");
	else
		fail(r, r->lex.off, "'%s' cannot stand here: expected is a comparison, 'and', 'or' or the end",
		     show(r->lex.text).s);
	return true;
}

static void whole(struct reader *r)
{
	bool ready = false;
	for (;;) {
		next(r);
		if (r->failed || (ready && r->lex.tok == T_END))
			break;
		ready = ready ? go_on(r) : start(r);
	}
	reduce(r, W_OR);
	if (!r->failed && r->nwait != 0)
		fail(r, r->wait[r->nwait - 1].off, "this '(' is never closed");
	if (!r->failed)
		need_condition(r, r->ready[0]);
}

enum gh_rc expr_read(struct gh_arena *arena, struct gh_span text, struct expr *out, struct expr_err *err)
{
	gh_auto_arena scratch = { .max = 1 << 20 };
	struct reader *r = GH_NEW(&scratch, struct reader, 1);
	*out = (struct expr){ 0 };
	*err = (struct expr_err){ 0 };
	if (r == NULL)
		return GH_E_NOMEM;
	r->err = err;
	r->list = EXPR_NONE;
	if (text.n > EXPR_TEXT)
		fail(r, 0, "the expression is longer than %d bytes: split the rule", EXPR_TEXT);
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

/* Leaves of expressions, and tests of them: names are looked up, both sides must have the same type. */
#include "policy/expr_int.h"
#include "policy/units.h"

enum { MOST_ITEMS = 256 };

/* ---- names -------------------------------------------------------------------------------------------------------------- */
uint16_t expr_unknown(struct expr_reader *r, const char *what, unsigned field_of)
{
	const char *near = expr_near(r->lex.text, field_of);
	expr_fail(r, r->lex.off, "there is no %s '%s'%s%s%s; 'gatehouse policy facts' lists them", what,
		  expr_show(r->lex.text).s, near == NULL ? "" : ": is '", near == NULL ? "" : near,
		  near == NULL ? "" : "' meant?");
	return 0;
}

/* The fact or field that the token names, as a leaf. */
uint16_t expr_leaf(struct expr_reader *r)
{
	struct expr_node n = { .kind = N_FACT, .off = r->lex.off };
	if (r->lex.tok == T_NAME) {
		unsigned row = gh_fact_named(r->lex.text);
		if (row == GH_FACT_NONE)
			return expr_unknown(r, "fact", GH_FACT_NONE);
		if (gh_fact_rows[row].flags & GH_FACT_FIELD) {
			const char *of = gh_fact_rows[facts_parent(row)].name,
				   *field = gh_fact_field(&gh_fact_rows[row]);
			expr_fail(r, n.off, "'%s' is a field of each record of %s: write any(%s, .%s …)",
				  gh_fact_rows[row].name, of, of, field);
			return 0;
		}
		n.row = (uint16_t)row;
	} else if (r->list == EXPR_NONE) {
		expr_fail(r, n.off,
			  "'.%s' is a field of a record: it may stand inside any(), all(), none() and count()",
			  expr_show(r->lex.text).s);
		return 0;
	} else if (r->lex.text.n == 0) {
		if (gh_fact_rows[r->list].type != GH_T_STRINGS) {
			expr_fail(r, n.off, "%s has records: name a field, such as '.%s'", gh_fact_rows[r->list].name,
				  gh_fact_field(&gh_fact_rows[r->list + 1]));
			return 0;
		}
		n.kind = N_ELEM;
		n.row = r->list;
		n.type = GH_T_STRING;
		return expr_add(r, n);
	} else {
		unsigned row = gh_fact_rows[r->list].type == GH_T_RECORDS ? facts_field(r->list, r->lex.text)
									  : GH_FACT_NONE;
		if (row == GH_FACT_NONE && gh_fact_rows[r->list].type == GH_T_STRINGS) {
			expr_fail(r, n.off, "%s are texts without fields: write '.'", gh_fact_rows[r->list].name);
			return 0;
		}
		if (row == GH_FACT_NONE)
			return expr_unknown(r, "field", r->list);
		n.kind = N_FIELD;
		n.row = (uint16_t)row;
	}
	n.type = (uint8_t)gh_fact_rows[n.row].type;
	return expr_add(r, n);
}

/* ---- right sides ---------------------------------------------------------------------------------------------------------- */
static bool literal_token(const struct expr_reader *r)
{
	return r->lex.tok == T_TEXT || r->lex.tok == T_NUMBER || expr_is(r, "true") || expr_is(r, "false");
}

static void wrong_literal(struct expr_reader *r, const struct expr_node *a)
{
	const char *name = a->kind == N_COUNT ? "count()" : expr_row(a)->name;
	if (a->type == GH_T_WORD) {
		gh_auto_buf words = gh_buf(160);
		for (unsigned i = 0; gh_word_at(expr_row(a)->words, i).n != 0; i++) {
			gh_buf_str(&words, i == 0 ? "" : ", ");
			gh_buf_span(&words, gh_word_at(expr_row(a)->words, i));
		}
		expr_fail(r, r->lex.off, "'%s' is none of the words that %s can be: %s", expr_show(r->lex.text).s, name,
			  gh_buf_cstr(&words));
		return;
	}
	expr_fail(r, r->lex.off, "'%s' cannot be compared with %s, which is of type %s: write %s",
		  expr_show(r->lex.text).s, name, gh_fact_type_name((enum gh_fact_type)a->type),
		  expr_example((enum gh_fact_type)a->type));
}

/* Type with which facts on both sides can be compared: words of the same list only. */
static bool same_type(const struct expr_node *a, const struct expr_node *b)
{
	if (a->type != b->type)
		return false;
	return a->type != GH_T_WORD || strcmp(expr_row(a)->words, expr_row(b)->words) == 0;
}

/* A literal of the type of a, or a fact that can be compared with it. `type`: what is wanted instead of a's own. */
static uint16_t operand(struct expr_reader *r, uint16_t ia, enum gh_fact_type type)
{
	struct expr_node a = r->node[ia];
	a.type = (uint8_t)type;
	struct gh_fval v;
	if (literal_token(r) ||
	    (r->lex.tok == T_NAME && type == GH_T_WORD && facts_word(expr_row(&a), r->lex.text, &v))) {
		if (!expr_literal(a.kind == N_COUNT ? NULL : expr_row(&a), type, r->lex.tok, r->lex.text, &v)) {
			wrong_literal(r, &a);
			return 0;
		}
		uint16_t k = expr_constant(r, r->lex.off, v);
		return expr_add(
			r,
			(struct expr_node){
				.kind = N_CONST, .type = (uint8_t)type, .row = a.row, .first = k, .off = r->lex.off });
	}
	if (r->lex.tok != T_NAME && r->lex.tok != T_FIELD) {
		expr_fail(r, r->lex.off, "here %s is expected", expr_example(type));
		return 0;
	}
	if (type == GH_T_WORD && r->lex.tok == T_NAME && gh_fact_named(r->lex.text) == GH_FACT_NONE) {
		wrong_literal(r, &a);
		return 0;
	}
	uint16_t ib = expr_leaf(r);
	if (!r->failed && !same_type(&a, &r->node[ib]))
		expr_fail(r, r->node[ib].off, "%s is of type %s and %s of type %s: they cannot be compared",
			  expr_row(&r->node[ib])->name, gh_fact_type_name((enum gh_fact_type)r->node[ib].type),
			  a.kind == N_COUNT ? "count()" : expr_row(&a)->name, gh_fact_type_name(type));
	return ib;
}

/* [ a, b, c ]: consts in a row. */
static void items(struct expr_reader *r, uint16_t ia, struct expr_node *in)
{
	const struct expr_node a = r->node[ia];
	in->first = r->nkonst;
	do {
		struct gh_fval v;
		expr_next(r);
		if (r->failed)
			return;
		if (r->lex.tok != T_TEXT && r->lex.tok != T_NUMBER && r->lex.tok != T_NAME) {
			expr_fail(r, r->lex.off, "a list holds literals, at least one");
			return;
		}
		if (!expr_literal(expr_row(&a), (enum gh_fact_type)a.type, r->lex.tok, r->lex.text, &v)) {
			wrong_literal(r, &a);
			return;
		}
		(void)expr_constant(r, r->lex.off, v);
		if (++in->n > MOST_ITEMS)
			expr_fail(r, r->lex.off, "a list holds at most %d literals", MOST_ITEMS);
	} while (expr_next(r) == T_COMMA);
	if (r->lex.tok != T_LIST_END)
		expr_fail(r, r->lex.off, "here ',' or ']' is expected");
}

/* ---- tests -------------------------------------------------------------------------------------------------------------- */
static bool is_value(const struct expr_node *n)
{
	return n->kind == N_FACT || n->kind == N_FIELD || n->kind == N_ELEM || n->kind == N_COUNT;
}

/* After the operand a, which must be a fact, a field or count(). */
static bool comparable(struct expr_reader *r, const struct expr_node *a)
{
	if (!is_value(a))
		expr_fail(r, r->lex.off,
			  "what stands before this is no fact: write the fact first, then what it is compared with");
	return !r->failed;
}

uint16_t expr_compare(struct expr_reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_CMP, .type = GH_T_BOOL, .op = (uint8_t)r->lex.op, .a = ia, .off = r->lex.off };
	bool order = n.op != OP_EQ && n.op != OP_NE;
	if (!comparable(r, &a))
		return 0;
	if (a.type == GH_T_STRINGS || a.type == GH_T_RECORDS)
		expr_fail(r, n.off, "%s is a list: use any(), all(), none(), count()%s", expr_row(&a)->name,
			  a.type == GH_T_STRINGS ? " or 'contains'" : "");
	else if (order && (a.type == GH_T_BOOL || a.type == GH_T_STRING))
		expr_fail(r, n.off, "%s is of type %s, which has no order: only == and != can be used",
			  expr_row(&a)->name, gh_fact_type_name((enum gh_fact_type)a.type));
	else if (order && a.type == GH_T_WORD && !(expr_row(&a)->flags & GH_FACT_ORDERED))
		expr_fail(r, n.off, "the words of %s have no order: only == and != can be used", expr_row(&a)->name);
	expr_next(r);
	if (r->failed)
		return 0;
	n.b = operand(r, ia, (enum gh_fact_type)a.type);
	return r->failed ? 0 : expr_add(r, n);
}

uint16_t expr_in(struct expr_reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_IN, .type = GH_T_BOOL, .a = ia, .b = EXPR_NONE, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.kind == N_COUNT || a.type == GH_T_STRINGS || a.type == GH_T_RECORDS || a.type == GH_T_BOOL) {
		expr_fail(r, n.off, "'in' asks whether one text, word or number is in a list%s",
			  a.type == GH_T_STRINGS ? "; of lists write any(…, . in […])" : "");
		return 0;
	}
	if (expr_next(r) == T_LIST) {
		items(r, ia, &n);
	} else if (r->lex.tok == T_NAME || r->lex.tok == T_FIELD) {
		n.b = expr_leaf(r);
		if (!r->failed && (r->node[n.b].type != GH_T_STRINGS || a.type != GH_T_STRING))
			expr_fail(r, r->lex.off,
				  "behind 'in' stands a list of literals, or a fact that is a list of texts");
	} else {
		expr_fail(r, r->lex.off, "behind 'in' stands a list: [\"a\", \"b\"]");
	}
	return r->failed ? 0 : expr_add(r, n);
}

uint16_t expr_contains(struct expr_reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_CONTAINS, .type = GH_T_BOOL, .a = ia, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.type != GH_T_STRINGS && a.type != GH_T_STRING) {
		expr_fail(r, n.off, "'contains' asks a text or a list of texts");
		return 0;
	}
	expr_next(r);
	if (r->failed)
		return 0;
	n.b = operand(r, ia, GH_T_STRING);
	return r->failed ? 0 : expr_add(r, n);
}

uint16_t expr_like(struct expr_reader *r, uint16_t ia)
{
	const struct expr_node a = r->node[ia];
	struct expr_node n = { .kind = N_LIKE, .type = GH_T_BOOL, .a = ia, .off = r->lex.off };
	if (!comparable(r, &a))
		return 0;
	if (a.type != GH_T_STRING && a.type != GH_T_VERSION) {
		expr_fail(r, n.off, "'like' asks a text%s",
			  a.type == GH_T_STRINGS ? "; of lists write any(…, . like \"…\")" : "");
		return 0;
	}
	if (expr_next(r) != T_TEXT || r->lex.text.n > EXPR_PATTERN) {
		expr_fail(r, r->lex.off, "behind 'like' stands a pattern in quotes, of at most %d bytes", EXPR_PATTERN);
		return 0;
	}
	uint16_t k = expr_constant(r, r->lex.off, (struct gh_fval){ .known = true, .s = r->lex.text });
	n.b = expr_add(r, (struct expr_node){
				  .kind = N_CONST, .type = GH_T_STRING, .row = a.row, .first = k, .off = r->lex.off });
	return r->failed ? 0 : expr_add(r, n);
}

#include "policy/expr.h"

static bool digit(int c) { return c >= '0' && c <= '9'; }
static bool letter(int c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static int ch(const struct expr_lex *l, size_t at) { return at < l->s.n ? l->s.p[at] : -1; }
static bool blank(int c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

void expr_lex_open(struct expr_lex *l, struct gh_arena *arena, struct gh_span s)
{
	*l = (struct expr_lex){ .arena = arena, .s = s, .canon = gh_buf(4 * EXPR_TEXT), .before = T_END };
}

static enum expr_tok bad(struct expr_lex *l, const char *why)
{
	l->why = why;
	return l->tok = T_BAD;
}

/* "…" with \" and \\, or '…' as it stands. */
static enum expr_tok text(struct expr_lex *l)
{
	int quote = ch(l, l->at);
	size_t n = 0;
	uint8_t *out = gh_alloc(l->arena, l->s.n - l->at, 1);
	if (out == NULL)
		return bad(l, "out of memory");
	for (l->at++; ch(l, l->at) != quote; l->at++) {
		int c = ch(l, l->at);
		if (c < 0)
			return bad(l, "this text has no end");
		if (c < ' ')
			return bad(l, "a text ends on its own line and has no control characters");
		if (c == '\\' && quote == '"') {
			c = ch(l, ++l->at);
			if (c != '"' && c != '\\')
				return bad(l, "in a text, a backslash is followed by another one or by a quote");
		}
		out[n++] = (uint8_t)c;
	}
	l->at++;
	l->text = (struct gh_span){ out, n };
	return l->tok = T_TEXT;
}

/* "10", "30d", "99.5%", "2026-11-22T10:00:00Z"; "10 GiB" with its blank. */
static enum expr_tok number(struct expr_lex *l)
{
	size_t from = l->at;
	bool digits = true;
	while (digit(ch(l, l->at)) || letter(ch(l, l->at)) ||
	       (ch(l, l->at) > 0 && strchr(".:+-%", ch(l, l->at)) != NULL)) {
		digits &= digit(ch(l, l->at));
		l->at++;
	}
	if (digits && ch(l, l->at) == ' ') {
		size_t n = 0;
		struct gh_span rest = gh_span_cut(l->s, l->at + 1, 4);
		while (n < rest.n && letter(rest.p[n]))
			n++;
		if (n >= 1 && n <= 3 && rest.p[n - 1] == 'B')
			l->at += 1 + n;
	}
	l->text = gh_span_cut(l->s, from, l->at - from);
	return l->tok = T_NUMBER;
}

static enum expr_tok name(struct expr_lex *l)
{
	size_t from = l->at;
	while (letter(ch(l, l->at)) || digit(ch(l, l->at)) || ch(l, l->at) == '-' || ch(l, l->at) == '.')
		l->at++;
	l->text = gh_span_cut(l->s, from, l->at - from);
	return l->tok = T_NAME;
}

static enum expr_tok field(struct expr_lex *l)
{
	size_t from = ++l->at;
	while (letter(ch(l, l->at)) || digit(ch(l, l->at)))
		l->at++;
	l->text = gh_span_cut(l->s, from, l->at - from);
	return l->tok = T_FIELD;
}

static enum expr_tok mark(struct expr_lex *l)
{
	static const struct {
		const char *text;
		enum expr_tok tok;
		enum expr_op op;
		const char *why;
	} marks[] = {
		{ "==", T_OP, OP_EQ, NULL },	  { "!=", T_OP, OP_NE, NULL },
		{ "<=", T_OP, OP_LE, NULL },	  { ">=", T_OP, OP_GE, NULL },
		{ "<", T_OP, OP_LT, NULL },	  { ">", T_OP, OP_GT, NULL },
		{ "(", T_OPEN, 0, NULL },	  { ")", T_CLOSE, 0, NULL },
		{ "[", T_LIST, 0, NULL },	  { "]", T_LIST_END, 0, NULL },
		{ ",", T_COMMA, 0, NULL },	  { "=", T_BAD, 0, "'=' alone means nothing: write '=='" },
		{ "&", T_BAD, 0, "write 'and'" }, { "|", T_BAD, 0, "write 'or'" },
		{ "!", T_BAD, 0, "write 'not'" },
	};
	struct gh_span rest = gh_span_cut(l->s, l->at, 2);
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (gh_span_starts(rest, marks[i].text)) {
			l->op = marks[i].op;
			if (marks[i].tok == T_BAD)
				return bad(l, marks[i].why);
			l->text = gh_span_str(marks[i].text);
			l->at += l->text.n;
			return l->tok = marks[i].tok;
		}
	return bad(l, "this character means nothing here");
}

/* The token as it is written in the canonical text. */
static void put(struct expr_lex *l)
{
	bool tight = l->before == T_END || l->before == T_OPEN || l->before == T_LIST || l->tok == T_CLOSE ||
		     l->tok == T_LIST_END || l->tok == T_COMMA ||
		     (l->tok == T_OPEN && l->before == T_NAME && !l->joins);
	if (!tight)
		gh_buf_ch(&l->canon, ' ');
	if (l->tok == T_FIELD)
		gh_buf_ch(&l->canon, '.');
	if (l->tok != T_TEXT) {
		gh_buf_span(&l->canon, l->text);
		return;
	}
	gh_buf_ch(&l->canon, '"');
	for (size_t i = 0; i < l->text.n; i++) {
		if (l->text.p[i] == '"' || l->text.p[i] == '\\')
			gh_buf_ch(&l->canon, '\\');
		gh_buf_ch(&l->canon, (char)l->text.p[i]);
	}
	gh_buf_ch(&l->canon, '"');
}

enum expr_tok expr_lex_next(struct expr_lex *l)
{
	if (l->tok == T_BAD)
		return T_BAD;
	while (blank(ch(l, l->at)))
		l->at++;
	l->off = (uint32_t)l->at;
	l->text = (struct gh_span){ 0 };
	int c = ch(l, l->at);
	if (c < 0)
		return l->tok = T_END;
	if (c == '"' || c == '\'')
		text(l);
	else if (digit(c))
		number(l);
	else if (letter(c))
		name(l);
	else if (c == '.')
		field(l);
	else
		mark(l);
	if (l->tok == T_BAD)
		return T_BAD;
	put(l);
	l->before = l->tok;
	l->joins = gh_span_is(l->text, "and") || gh_span_is(l->text, "or") || gh_span_is(l->text, "not");
	return l->tok;
}

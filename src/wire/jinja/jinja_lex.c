#include "wire/jinja/jinja_lex.h"

#include "wire/digits.h"

#include <stdlib.h>

const struct gh_jj_options gh_jj_chat = { .trim_blocks = true, .lstrip_blocks = true };

static bool space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }
static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool first(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80; }

static uint8_t peek(const struct jj_lex *l, uint32_t i) { return l->at + i < l->src.n ? l->src.p[l->at + i] : 0; }

void jj_lex_init(struct jj_lex *l, struct gh_arena *a, struct gh_span src, const struct gh_jj_options *o)
{
	*l = (struct jj_lex){ .arena = a, .src = src, .o = *o, .line_start = true, .tok = T_DATA };
	if (!o->keep_newline && src.n != 0 && src.p[src.n - 1] == '\n')
		l->src.n -= src.n > 1 && src.p[src.n - 2] == '\r' ? 2 : 1;
}

static enum jj_tok bad(struct jj_lex *l, const char *why)
{
	l->why = why;
	return l->tok = T_BAD;
}

/* ---- outside of tags --------------------------------------------------------------------------------------------- */
static uint32_t find(const struct jj_lex *l, uint32_t from, const char *what)
{
	size_t n = strlen(what);
	const uint8_t *p = from >= l->src.n ? NULL : memmem(l->src.p + from, l->src.n - from, what, n);
	return p == NULL ? UINT32_MAX : (uint32_t)(p - l->src.p);
}

/* Text up to a tag: without the white space that the tag's sign or lstrip_blocks takes. */
static struct gh_span cut_before(const struct jj_lex *l, struct gh_span s, uint8_t sign, bool block)
{
	size_t n = s.n, keep;
	while (n > 0 && space(s.p[n - 1]))
		n--;
	if (sign == '-')
		return gh_span_cut(s, 0, n);
	if (sign == '+' || !block || !l->o.lstrip_blocks)
		return s;
	for (keep = s.n; keep > 0 && s.p[keep - 1] != '\n'; keep--)
		if (!space(s.p[keep - 1]))
			return s;
	return keep > 0 || l->line_start ? gh_span_cut(s, 0, keep) : s;
}

/* Newlines are \n for whoever renders. */
static struct gh_span newlines(struct jj_lex *l, struct gh_span s)
{
	if (s.n == 0 || memchr(s.p, '\r', s.n) == NULL)
		return s;
	uint8_t *out = gh_alloc(l->arena, s.n, 1);
	size_t n = 0;
	if (out == NULL) {
		l->limit = true;
		return (struct gh_span){ 0 };
	}
	for (size_t i = 0; i < s.n; i++) {
		out[n++] = s.p[i] == '\r' ? '\n' : s.p[i];
		i += s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n';
	}
	return (struct gh_span){ out, n };
}

/* A tag has ended at `at`: what its sign or trim_blocks takes. */
static void after_tag(struct jj_lex *l, bool minus, bool plus, bool block)
{
	l->eat_space = minus;
	if (!minus && !plus && block && l->o.trim_blocks) {
		if (peek(l, 0) == '\r' && peek(l, 1) == '\n')
			l->at++;
		l->at += peek(l, 0) == '\n';
	}
	l->line_start = l->at > 0 && l->src.p[l->at - 1] == '\n';
	l->mode = L_DATA;
}

static void eat_space(struct jj_lex *l)
{
	for (; l->eat_space && l->at < l->src.n && space(l->src.p[l->at]); l->at++)
		l->line_start = l->src.p[l->at] == '\n';
	l->eat_space = false;
}

/* `{#` … `#}`, with its signs. */
static bool comment(struct jj_lex *l)
{
	uint32_t end = find(l, l->at + 2, "#}");
	if (end == UINT32_MAX)
		return false;
	uint8_t sign = end > l->at + 2 ? l->src.p[end - 1] : 0;
	l->at = end + 2;
	after_tag(l, sign == '-', sign == '+', true);
	eat_space(l);
	return true;
}

/* At `{% raw %}`? Then its length, with what its end takes. */
static uint32_t raw_tag(const struct jj_lex *l, uint32_t at, const char *word, uint8_t *sign)
{
	uint32_t i = at + 2, n = (uint32_t)strlen(word), max = (uint32_t)l->src.n;
	i += i < max && (l->src.p[i] == '-' || l->src.p[i] == '+');
	while (i < max && space(l->src.p[i]))
		i++;
	if (max - i < n || memcmp(l->src.p + i, word, n) != 0)
		return 0;
	i += n;
	while (i < max && space(l->src.p[i]))
		i++;
	*sign = i < max && (l->src.p[i] == '-' || l->src.p[i] == '+') ? l->src.p[i] : 0;
	i += *sign != 0;
	return max - i >= 2 && l->src.p[i] == '%' && l->src.p[i + 1] == '}' ? i + 2 - at : 0;
}

/* Behind `{% raw %}`: all text up to `{% endraw %}`. */
static enum jj_tok raw_block(struct jj_lex *l, uint32_t len, uint8_t sign)
{
	l->at += len;
	after_tag(l, sign == '-', true, true); /* the one tag that trim_blocks leaves alone */
	eat_space(l);
	uint32_t from = l->at;
	for (uint32_t at = find(l, from, "{%"); at != UINT32_MAX; at = find(l, at + 2, "{%")) {
		uint32_t n = raw_tag(l, at, "endraw", &sign);
		if (n == 0)
			continue;
		struct gh_span s = { l->src.p + from, at - from };
		l->text = newlines(l, cut_before(l, s, l->src.p[at + 2], true));
		l->off = from;
		l->at = at + n;
		l->end = l->at;
		after_tag(l, sign == '-', sign == '+', true);
		return l->tok = T_DATA;
	}
	return bad(l, "{% raw %} without {% endraw %}");
}

static enum jj_tok begin_tag(struct jj_lex *l, uint8_t kind)
{
	uint8_t sign = 0;
	uint32_t raw = kind == '%' ? raw_tag(l, l->at, "raw", &sign) : 0;
	if (raw != 0)
		return raw_block(l, raw, sign);
	l->off = l->at;
	l->at += 2;
	l->at += peek(l, 0) == '-' || peek(l, 0) == '+';
	l->end = l->at;
	l->braces = 0;
	l->mode = kind == '%' ? L_BLOCK : L_OUTPUT;
	return l->tok = kind == '%' ? T_BLOCK_BEGIN : T_OUTPUT_BEGIN;
}

static enum jj_tok data(struct jj_lex *l)
{
	eat_space(l);
	for (;;) {
		uint32_t from = l->at, at = l->at;
		uint8_t kind = 0;
		for (at = find(l, at, "{"); at != UINT32_MAX; at = find(l, at + 1, "{")) {
			kind = at + 1 < l->src.n ? l->src.p[at + 1] : 0;
			if (kind == '%' || kind == '{' || kind == '#')
				break;
		}
		if (at == UINT32_MAX) {
			l->off = from;
			l->text = newlines(l, (struct gh_span){ l->src.p + from, l->src.n - from });
			l->at = l->end = (uint32_t)l->src.n;
			return l->tok = l->text.n == 0 ? T_EOF : T_DATA;
		}
		uint8_t sign = at + 2 < l->src.n ? l->src.p[at + 2] : 0;
		struct gh_span s = { l->src.p + from, at - from };
		s = cut_before(l, s, sign, kind != '{');
		if (at != from)
			l->line_start = false;
		if (s.n != 0) {
			l->off = from;
			l->end = l->at = at;
			l->text = newlines(l, s);
			/* The white space that was cut must not be looked at again: at stands at the tag. */
			return l->tok = T_DATA;
		}
		l->at = at;
		if (kind != '#')
			return begin_tag(l, kind);
		if (!comment(l)) {
			l->off = at;
			return bad(l, "a comment that does not end");
		}
	}
}

/* ---- inside of tags ---------------------------------------------------------------------------------------------- */
static enum jj_tok string(struct jj_lex *l)
{
	uint8_t quote = peek(l, 0);
	uint32_t i = l->at + 1;
	while (i < l->src.n && l->src.p[i] != quote)
		i += l->src.p[i] == '\\' ? 2 : 1;
	l->endless = i >= l->src.n;
	if (l->endless)
		return bad(l, "a string that does not end");
	bool broken = false;
	struct gh_span raw = { l->src.p + l->at + 1, i - l->at - 1 };
	l->unnamed = false;
	l->text = jj_unescape(l->arena, newlines(l, raw), &l->unnamed, &broken);
	l->at = i + 1;
	if (broken || l->limit)
		return bad(l, "a string with a broken escape");
	return l->tok = T_STRING;
}

static enum jj_tok integer(struct jj_lex *l, unsigned base, uint32_t from)
{
	uint64_t v = 0;
	for (uint32_t i = from; i < l->at; i++) {
		uint8_t c = l->src.p[i];
		if (c == '_')
			continue;
		unsigned d = (unsigned)gh_hex_digit(c);
		if (v >
		    ((uint64_t)INT64_MAX - d) / base) { /* Python has no largest number; here it is only very large */
			l->f = 1e19;
			return l->tok = T_FLOAT;
		}
		v = v * base + d;
	}
	l->i = (int64_t)v;
	return l->tok = T_INT;
}

static void digits(struct jj_lex *l)
{
	while (digit(peek(l, 0)) || (peek(l, 0) == '_' && digit(peek(l, 1))))
		l->at++;
}

static enum jj_tok number(struct jj_lex *l)
{
	uint32_t from = l->at;
	uint8_t x = (uint8_t)(peek(l, 1) | 0x20);
	unsigned base = peek(l, 0) != '0' ? 10 : x == 'x' ? 16 : x == 'o' ? 8 : x == 'b' ? 2 : 10;
	if (base != 10) {
		l->at += 2;
		while (peek(l, 0) == '_' || (gh_hex_digit(peek(l, 0)) >= 0 && gh_hex_digit(peek(l, 0)) < (int)base))
			l->at++;
		return l->at > from + 2 ? integer(l, base, from + 2) : bad(l, "a number without digits");
	}
	digits(l);
	bool real = false;
	if (peek(l, 0) == '.' && digit(peek(l, 1))) {
		real = true;
		l->at++;
		digits(l);
	}
	uint32_t sign = peek(l, 1) == '+' || peek(l, 1) == '-';
	if ((peek(l, 0) | 0x20) == 'e' && digit(peek(l, 1 + sign))) {
		real = true;
		l->at += 1 + sign;
		digits(l);
	}
	if (!real)
		return integer(l, 10, from);
	char text[64];
	size_t n = 0;
	for (uint32_t i = from; i < l->at && n + 1 < sizeof text; i++)
		if (l->src.p[i] != '_')
			text[n++] = (char)l->src.p[i];
	text[n] = '\0';
	l->f = strtod(text, NULL);
	return l->tok = T_FLOAT;
}

/* The end of the tag that we are in, unless a bracket is open. */
static bool tag_end(struct jj_lex *l)
{
	uint8_t a = l->mode == L_BLOCK ? '%' : '}', sign = peek(l, 0);
	bool minus = sign == '-', plus = sign == '+' && l->mode == L_BLOCK;
	uint32_t i = minus || plus ? 1 : 0;
	if (l->braces != 0 || peek(l, i) != a || peek(l, i + 1) != '}')
		return false;
	l->at += i + 2;
	l->end = l->at;
	l->tok = l->mode == L_BLOCK ? T_BLOCK_END : T_OUTPUT_END;
	after_tag(l, minus, plus, l->mode == L_BLOCK);
	return true;
}

static enum jj_tok operator(struct jj_lex *l) {
	static const char two[][3] = { "//", "**", "==", "!=", ">=", "<=" }; uint8_t c = peek(l, 0);
	for (size_t i = 0; i < sizeof two / sizeof two[0];
	     i++) if (c == (uint8_t)two[i][0] && peek(l, 1) == (uint8_t)two[i][1]){
		l->op = JJ_OP2(two[i][0], two[i][1]); l->at += 2; return l->tok = T_OP; }
if (memchr("+-*/%~[](){}<>=.:|,;", c, 20) == NULL) return bad(l, "a character that is no part of the language");
if (c == '(' || c == '[' || c == '{') {
	if (l->braces == sizeof l->open) {
		l->limit = true;
		return bad(l, "brackets nested too deep");
	}
	l->open[l->braces++] = c;
} else if (c == ')' || c == ']' || c == '}') {
	if (l->braces == 0 || l->open[l->braces - 1] != (c == ')' ? '(' : c == ']' ? '[' : '{'))
		return bad(l, "a closing bracket that was not opened");
	l->braces--;
}
l->op = c;
l->at++;
return l->tok = T_OP;
}

static enum jj_tok inside(struct jj_lex *l)
{
	while (l->at < l->src.n && space(l->src.p[l->at]))
		l->at++;
	l->off = l->at;
	if (l->at >= l->src.n)
		return bad(l, "a tag that does not end");
	if (tag_end(l))
		return l->tok;
	uint8_t c = peek(l, 0);
	enum jj_tok t;
	if (first(c)) {
		while (first(peek(l, 0)) || digit(peek(l, 0)))
			l->at++;
		l->text = (struct gh_span){ l->src.p + l->off, l->at - l->off };
		t = l->tok = T_NAME;
	} else if (digit(c)) {
		t = number(l);
	} else if (c == '\'' || c == '"') {
		t = string(l);
	} else {
		t = operator(l);
	}
	l->end = l->at;
	return t;
}

enum jj_tok jj_lex_next(struct jj_lex *l)
{
	if (l->tok == T_EOF || l->tok == T_BAD)
		return l->tok;
	if (l->limit)
		return bad(l, "no memory for the text");
	return l->mode == L_DATA ? data(l) : inside(l);
}

bool gh_jj_word(struct gh_arena *a, struct gh_span text, struct gh_jj_words *w, struct gh_span *word, bool *is_text)
{
	uint32_t *at = &w->at;
	struct jj_lex l;
	jj_lex_init(&l, a, text, &gh_jj_chat);
	while (*at < text.n) {
		l.at = *at;
		l.braces = 0;
		l.mode = L_OUTPUT;
		l.tok = T_DATA;
		l.limit = false;
		while (l.at < text.n && space(text.p[l.at]))
			l.at++;
		uint8_t c = l.at < text.n ? text.p[l.at] : 0;
		if ((c == '"' || c == '\'') && w->open[c == '"']) { /* a quote within the string that does not end */
			*at = l.at + 1;
			continue;
		}
		enum jj_tok t = inside(&l);
		w->open[c == '"'] = w->open[c == '"'] || ((c == '"' || c == '\'') && t == T_BAD && l.endless);
		*at = l.at > *at ? l.at : *at + 1;
		if (t == T_NAME || t == T_STRING) {
			*word = l.text;
			*is_text = t == T_STRING;
			return true;
		}
		if (t == T_BAD)
			*at = l.off + 1 > *at || l.off < *at ? *at : l.off + 1;
	}
	return false;
}

#include "scan/yara_line.h"

/* Just enough of YARA's grammar to tell words from what stands in comments, strings and regular expressions. */
struct lexer {
	struct gh_span s;
	size_t at;
	unsigned line;	 /* of what was read last */
	bool value_next; /* behind = ( , or a word such as `matches`: a slash begins a regular expression */
};

static bool is_word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static uint8_t look(const struct lexer *l, size_t ahead) { return ahead < l->s.n - l->at ? l->s.p[l->at + ahead] : 0; }

static void step(struct lexer *l) { l->line += l->s.p[l->at++] == '\n'; }

static void skip_line(struct lexer *l)
{
	while (l->at < l->s.n && l->s.p[l->at] != '\n')
		l->at++;
}

static void skip_comment(struct lexer *l)
{
	l->at += 2;
	while (l->at < l->s.n && !(look(l, 0) == '*' && look(l, 1) == '/'))
		step(l);
	l->at = l->s.n - l->at < 2 ? l->s.n : l->at + 2;
}

/* To the end of a string or of a regular expression. */
static void skip_quoted(struct lexer *l)
{
	uint8_t end = look(l, 0);
	for (l->at++; l->at < l->s.n && look(l, 0) != end && look(l, 0) != '\n'; l->at++)
		if (look(l, 0) == '\\' && l->s.n - l->at > 1)
			l->at++;
	if (l->at < l->s.n && look(l, 0) == end)
		l->at++;
}

static bool same(struct gh_span word, const char *text) { return gh_span_eq(word, gh_span_str(text)); }

/* The next word, or one other character; n == 0: the end. Strings and the like are one quote character. */
static struct gh_span next(struct lexer *l)
{
	static const uint8_t quote[] = "\"";
	while (l->at < l->s.n) {
		uint8_t c = look(l, 0);
		size_t from = l->at;
		if (c == '/' && look(l, 1) == '/')
			skip_line(l);
		else if (c == '/' && look(l, 1) == '*')
			skip_comment(l);
		else if (c == '"' || (c == '/' && l->value_next)) {
			skip_quoted(l);
			l->value_next = false;
			return (struct gh_span){ quote, 1 };
		} else if (is_word(c)) {
			while (l->at < l->s.n && is_word(look(l, 0)))
				l->at++;
			struct gh_span word = { l->s.p + from, l->at - from };
			l->value_next = same(word, "matches");
			return word;
		} else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
			step(l);
		else {
			l->value_next = c == '=' || c == '(' || c == ',';
			step(l);
			return (struct gh_span){ l->s.p + from, 1 };
		}
	}
	return (struct gh_span){ 0 };
}

unsigned gh_yara_meta_line(struct gh_span text, const char *rule, const char *key, unsigned nth)
{
	struct lexer l = { .s = text, .line = 1 };
	struct gh_span before = { 0 }, word;
	bool inside = false, meta = false;
	while ((word = next(&l)).n != 0) {
		unsigned line = l.line;
		if (!inside)
			inside = same(before, "rule") && same(word, rule);
		else if (same(word, "meta") || same(word, "strings") || same(word, "condition"))
			meta = same(word, "meta");
		else if (same(word, "rule"))
			return 0; /* the next one */
		else if (meta && same(word, key)) {
			struct lexer ahead = l;
			if (same(next(&ahead), "=") && nth-- == 0)
				return line;
		}
		before = word;
	}
	return 0;
}

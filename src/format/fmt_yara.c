/* Files of YARA rules: what scanners look for, in texts that look like the thing itself. Known by name, believed by their grammar,
 * token by token; nothing but a scanner reads them. YARA documentation 4.5, "Writing YARA rules". */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/shell_code.h"

enum { TEXT_MAX = 8 << 20, RULE_MAX = 20000 };

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* known by its name: see gh_yara_text() */
	return GH_NO;
}

enum tok { T_END, T_BAD, T_WORD, T_STRING, T_MARK };

struct lex {
	struct gh_span s;
	size_t at;
	enum tok tok;
	struct gh_span word; /* T_WORD: also $a, #a, @a, numbers */
	uint8_t mark;
};

static bool word_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_';
}

/* Behind white space and comments; false: a comment without an end. */
static bool skip(struct lex *l)
{
	for (;;) {
		while (l->at < l->s.n && memchr(" \t\r\n", l->s.p[l->at], 4) != NULL)
			l->at++;
		struct gh_span rest = gh_span_cut(l->s, l->at, l->s.n);
		if (gh_span_starts(rest, "//")) {
			const uint8_t *nl = memchr(rest.p, '\n', rest.n);
			l->at = nl == NULL ? l->s.n : (size_t)(nl - l->s.p);
		} else if (gh_span_starts(rest, "/*")) {
			const uint8_t *end = memmem(rest.p + 2, rest.n - 2, "*/", 2);
			if (end == NULL)
				return false;
			l->at = (size_t)(end - l->s.p) + 2;
		} else {
			return true;
		}
	}
}

/* From an opening mark to the closing one on the same line; a backslash protects what follows it. */
static bool literal(struct lex *l, uint8_t close)
{
	for (l->at++; l->at < l->s.n && l->s.p[l->at] != '\n'; l->at++) {
		if (l->s.p[l->at] == close) {
			l->at++;
			return true;
		}
		l->at += l->s.p[l->at] == '\\';
	}
	return false;
}

static enum tok next(struct lex *l)
{
	if (!skip(l))
		return l->tok = T_BAD;
	if (l->at >= l->s.n)
		return l->tok = T_END;
	uint8_t c = l->s.p[l->at];
	if (c == '"')
		return l->tok = literal(l, '"') ? T_STRING : T_BAD;
	size_t from = l->at;
	if (c == '$' || c == '#' || c == '@' || c == '!')
		l->at++;
	while (l->at < l->s.n && word_byte(l->s.p[l->at]))
		l->at++;
	if (l->at != from) {
		l->word = gh_span_cut(l->s, from, l->at - from);
		return l->tok = T_WORD;
	}
	l->at++;
	l->mark = c;
	return l->tok = c > ' ' && c < 0x7f ? T_MARK : T_BAD;
}

static bool is_word(const struct lex *l, const char *w) { return l->tok == T_WORD && gh_span_is(l->word, w); }
static bool is_mark(const struct lex *l, uint8_t c) { return l->tok == T_MARK && l->mark == c; }

/* "{ 4D 5A ?? [2-4] ( 00 | 01 ) ~FF }" */
static bool hex(struct lex *l)
{
	for (; l->at < l->s.n && l->s.p[l->at] != '}'; l->at++) {
		if (l->s.p[l->at] == '/' && !skip(l))
			return false;
		uint8_t c = l->at < l->s.n ? l->s.p[l->at] : 0;
		bool digit = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
		if (c == '}')
			break;
		if (!digit && (c == 0 || memchr(" \t\r\n?[]-()|~", c, 13) == NULL))
			return false;
	}
	return l->at++ < l->s.n;
}

/* "meta:" behind its colon: names with texts, numbers or truth; leaves the token that ends them. */
static bool meta(struct lex *l)
{
	while (next(l) == T_WORD && !is_word(l, "strings") && !is_word(l, "condition")) {
		if (next(l) != T_MARK || l->mark != '=')
			return false;
		next(l);
		if (is_mark(l, '-'))
			next(l);
		if (l->tok != T_WORD && l->tok != T_STRING)
			return false;
	}
	return l->tok == T_WORD;
}

static bool modifier(const struct lex *l)
{
	static const char *const words[] = { "ascii",	"wide", "nocase", "fullword",
					     "private", "xor",	"base64", "base64wide" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (is_word(l, words[i]))
			return true;
	return false;
}

/* "strings:" behind its colon: "$a = …" and modifiers; leaves "condition". */
static bool strings(struct lex *l)
{
	for (next(l); l->tok == T_WORD && l->word.p[0] == '$';) {
		if (next(l) != T_MARK || l->mark != '=' || !skip(l) || l->at >= l->s.n)
			return false;
		uint8_t c = l->s.p[l->at];
		if (c == '{') {
			l->at++;
			if (!hex(l))
				return false;
		} else if (c == '/') {
			if (!literal(l, '/'))
				return false;
			while (l->at < l->s.n && (l->s.p[l->at] == 'i' || l->s.p[l->at] == 's'))
				l->at++;
		} else if (next(l) != T_STRING) {
			return false;
		}
		for (next(l); modifier(l);)
			if (next(l) == T_MARK && l->mark == '(') { /* xor(0x01-0xff), base64("…") */
				while (next(l) != T_END && l->tok != T_BAD && !is_mark(l, ')'))
					;
				if (l->tok != T_MARK)
					return false;
				next(l);
			}
	}
	return is_word(l, "condition");
}

/* Behind the name of a rule, up to and with its closing brace. */
static bool body(struct lex *l)
{
	next(l);
	if (is_mark(l, ':'))
		while (next(l) == T_WORD)
			;
	if (!is_mark(l, '{') || next(l) != T_WORD)
		return false;
	if (is_word(l, "meta") && (next(l) != T_MARK || l->mark != ':' || !meta(l)))
		return false;
	if (is_word(l, "strings") && (next(l) != T_MARK || l->mark != ':' || !strings(l)))
		return false;
	if (!is_word(l, "condition") || next(l) != T_MARK || l->mark != ':')
		return false;
	unsigned tokens = 0;
	for (; next(l) != T_END && l->tok != T_BAD && !is_mark(l, '}') && !is_mark(l, '{'); tokens++)
		if (is_mark(l, '/') && l->at < l->s.n && l->s.p[l->at] != ' ') { /* "matches /…/" */
			l->at--;
			if (!literal(l, '/'))
				return false;
		}
	return is_mark(l, '}') && tokens != 0;
}

/* How many rules; 0: the text is something else. */
static unsigned rules_in(struct gh_span s)
{
	struct lex l = { .s = s };
	unsigned n = 0;
	for (next(&l); l.tok != T_END; next(&l)) {
		if (is_word(&l, "import") || is_word(&l, "include")) {
			if (next(&l) != T_STRING)
				return 0;
			continue;
		}
		while (is_word(&l, "private") || is_word(&l, "global"))
			next(&l);
		if (!is_word(&l, "rule") || next(&l) != T_WORD || !body(&l) || ++n > RULE_MAX)
			return 0;
	}
	return n;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > TEXT_MAX)
		return GH_E_NOTTHIS;
	struct gh_span s = gh_text_whole(w, TEXT_MAX);
	if (s.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the rules");
	if (s.n == 0 || !gh_utf8_valid(s) ||
	    rules_in(gh_span_starts(s, "\xef\xbb\xbf") ? gh_span_cut(s, 3, s.n) : s) == 0)
		return GH_E_NOTTHIS;
	gh_claim(w, 0, s.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt *gh_yara_text(struct gh_span name)
{
	return gh_span_ends(name, ".yar") || gh_span_ends(name, ".yara") ? &gh_fmt_yara : NULL;
}

const struct gh_fmt gh_fmt_yara = {
	.name = "yara-rules",
	.about = "rules of YARA, by which scanners find malware",
	.exts = "yar yara",
	.probe = probe,
	.walk = walk,
	.rules = NULL,
};

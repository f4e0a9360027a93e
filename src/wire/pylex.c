#include "wire/pylex.h"
#include "base/utf8.h"
#include "wire/digits.h"

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\f'; }
static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool first(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80; }
static bool inner(uint8_t c) { return first(c) || digit(c); }
static bool newline(uint8_t c) { return c == '\n' || c == '\r'; }

static uint8_t peek(const struct gh_pylex *l, size_t ahead)
{
	return ahead < l->s.n - l->at ? l->s.p[l->at + ahead] : 0;
}

struct gh_pylex gh_pylex(struct gh_span s)
{
	struct gh_pylex l = { .s = s, .bol = true };
	if (gh_span_starts(s, "\xef\xbb\xbf"))
		l.at = 3;
	return l;
}

static enum gh_pyt_kind done(struct gh_pylex *l, struct gh_pytok *t, enum gh_pyt_kind kind, size_t from)
{
	t->kind = (uint8_t)kind;
	t->off = (uint32_t)from;
	t->len = (uint32_t)(l->at - from);
	return kind;
}

static void skip_line(struct gh_pylex *l)
{
	while (l->at < l->s.n && !newline(l->s.p[l->at]))
		l->at++;
}

static void end_line(struct gh_pylex *l)
{
	if (l->at < l->s.n && l->s.p[l->at] == '\r')
		l->at++;
	if (l->at < l->s.n && l->s.p[l->at] == '\n')
		l->at++;
}

/* Whatever was open is closed: the next line starts afresh. */
static enum gh_pyt_kind error(struct gh_pylex *l, struct gh_pytok *t, size_t from, const char *why)
{
	skip_line(l);
	l->depth = l->nf = 0;
	t->why = why;
	return done(l, t, GH_PYT_ERROR, from);
}

/* ---- strings ---------------------------------------------------------------------------------------------------- */
/* Length of a string prefix in front of a quote, 0 when there is no quote. */
static bool prefix(const struct gh_pylex *l, size_t *len, unsigned *flags, bool *f)
{
	size_t n = 0;
	*flags = 0;
	*f = false;
	for (; n < 3; n++) {
		switch (peek(l, n) | 0x20) {
		case 'r': *flags |= GH_PYT_RAW; continue;
		case 'b': *flags |= GH_PYT_BYTES; continue;
		case 'f':
		case 't': *f = true; continue; /* t: PEP 750 */
		case 'u': continue;
		default: break;
		}
		break;
	}
	uint8_t q = peek(l, n);
	*len = n;
	return q == '"' || q == '\'';
}

static bool quotes(const struct gh_pylex *l, size_t at, uint8_t q, bool triple)
{
	if (at >= l->s.n || l->s.p[at] != q)
		return false;
	return !triple || (l->s.n - at >= 3 && l->s.p[at + 1] == q && l->s.p[at + 2] == q);
}

static enum gh_pyt_kind string(struct gh_pylex *l, struct gh_pytok *t, size_t pre, unsigned flags)
{
	size_t from = l->at, i = l->at + pre;
	uint8_t q = l->s.p[i];
	bool triple = quotes(l, i, q, true);
	i += triple ? 3 : 1;
	t->body = (uint32_t)i;
	for (;; i++) {
		if (i >= l->s.n)
			break;
		uint8_t c = l->s.p[i];
		if (c == '\\' && i + 1 < l->s.n) {
			i++;
			if (l->s.p[i] == '\r' && i + 1 < l->s.n && l->s.p[i + 1] == '\n')
				i++;
		} else if (quotes(l, i, q, triple)) {
			t->nbody = (uint32_t)i - t->body;
			l->at = i + (triple ? 3 : 1);
			t->flags = (uint8_t)(flags | (triple ? GH_PYT_TRIPLE : 0));
			return done(l, t, GH_PYT_STRING, from);
		} else if (newline(c) && !triple) {
			break;
		}
	}
	return error(l, t, from, "a string that does not end");
}

static enum gh_pyt_kind fstart(struct gh_pylex *l, struct gh_pytok *t, size_t pre, unsigned flags)
{
	size_t from = l->at;
	if (l->nf == GH_PY_FSTRINGS)
		return error(l, t, from, "f-strings nested too deeply");
	uint8_t q = l->s.p[l->at + pre];
	bool triple = quotes(l, l->at + pre, q, true);
	l->at += pre + (triple ? 3 : 1);
	l->f[l->nf].quote = q;
	l->f[l->nf].flags = (uint8_t)(flags | (triple ? GH_PYT_TRIPLE : 0));
	l->f[l->nf].expr = l->f[l->nf].spec = false;
	l->f[l->nf].nested = 0;
	l->f[l->nf].depth = l->depth;
	t->flags = l->f[l->nf++].flags;
	return done(l, t, GH_PYT_FSTART, from);
}

/* Literal text of an f-string, up to a field, the end of a format specification, or the closing quotes. */
static enum gh_pyt_kind ftext(struct gh_pylex *l, struct gh_pytok *t)
{
	unsigned k = l->nf - 1;
	bool triple = (l->f[k].flags & GH_PYT_TRIPLE) != 0, spec = l->f[k].spec;
	size_t from = l->at;
	for (; l->at < l->s.n; l->at++) {
		uint8_t c = l->s.p[l->at];
		if (quotes(l, l->at, l->f[k].quote, triple)) {
			if (l->at != from)
				break;
			if (spec)
				return error(l, t, from, "an f-string that ends within a field");
			l->at += triple ? 3 : 1;
			t->flags = l->f[k].flags;
			l->nf--;
			return done(l, t, GH_PYT_FEND, from);
		}
		if (newline(c) && !triple)
			return error(l, t, from, "an f-string that does not end");
		if (c == '{' && !spec && peek(l, 1) == '{') {
			l->at++;
			continue;
		}
		if (c == '}' && !spec && peek(l, 1) == '}') {
			l->at++;
			continue;
		}
		if (c == '{' || c == '}')
			break;
		if (c == '\\' && l->s.n - l->at > 1) {
			bool raw = (l->f[k].flags & GH_PYT_RAW) != 0,
			     named = !raw && peek(l, 1) == 'N' && peek(l, 2) == '{';
			if (peek(l, 1) != '{' && peek(l, 1) != '}')
				l->at++;
			while (named && l->at + 1 < l->s.n && l->s.p[l->at] != '}' && !newline(l->s.p[l->at]))
				l->at++;
		}
	}
	if (l->at >= l->s.n)
		return error(l, t, from, "an f-string that does not end");
	t->flags = l->f[k].flags;
	if (l->at != from)
		return done(l, t, GH_PYT_FTEXT, from);
	t->op = l->s.p[l->at++];
	if (t->op == '{') { /* a field, perhaps within a specification */
		if (l->f[k].nested == 100)
			return error(l, t, from, "fields nested too deeply");
		l->f[k].nested++;
		l->f[k].expr = true;
		l->f[k].spec = false;
		l->f[k].depth = l->depth;
		return done(l, t, GH_PYT_OP, from);
	}
	if (!spec)
		return error(l, t, from, "a single '}' in an f-string");
	l->f[k].nested--;
	l->f[k].spec = l->f[k].nested != 0;
	return done(l, t, GH_PYT_OP, from);
}

/* ---- numbers, names, operators ------------------------------------------------------------------------------------ */
static enum gh_pyt_kind number(struct gh_pylex *l, struct gh_pytok *t)
{
	size_t from = l->at;
	bool hex = peek(l, 0) == '0' && (peek(l, 1) | 0x20) == 'x';
	for (; l->at < l->s.n; l->at++) {
		uint8_t c = l->s.p[l->at];
		if (inner(c) && c < 0x80)
			continue;
		if (c == '.' && !hex)
			continue;
		if ((c == '+' || c == '-') && !hex && (l->s.p[l->at - 1] | 0x20) == 'e' && digit(peek(l, 1)))
			continue;
		break;
	}
	/* `1if x else y`: a keyword may follow without a blank; digits first, then what belongs to a number. */
	size_t n = l->at - from;
	if (!hex && l->s.p[from] != '0') {
		static const char *const words[] = { "if", "or", "and", "in", "is", "else", "for", "not" };
		for (size_t i = 1; i < n; i++)
			for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
				if (gh_span_is((struct gh_span){ l->s.p + from + i, n - i }, words[k]))
					n = i;
		l->at = from + n;
	}
	return done(l, t, GH_PYT_NUMBER, from);
}

static enum gh_pyt_kind name(struct gh_pylex *l, struct gh_pytok *t)
{
	size_t from = l->at;
	while (l->at < l->s.n && inner(l->s.p[l->at])) {
		if (l->s.p[l->at] >= 0x80) {
			uint32_t cp;
			unsigned n = gh_utf8_next(gh_span_cut(l->s, l->at, 4), &cp);
			if (n == 0)
				return error(l, t, from, "a name that is not UTF-8");
			t->flags |= GH_PYT_WIDE;
			l->at += n;
			continue;
		}
		l->at++;
	}
	return done(l, t, GH_PYT_NAME, from);
}

static const struct {
	const char *text;
	uint8_t op;
} longer[] = {
	{ "**=", GH_PYO_AUG },	    { "//=", GH_PYO_AUG }, { ">>=", GH_PYO_AUG },     { "<<=", GH_PYO_AUG },
	{ "...", GH_PYO_ELLIPSIS }, { "**", GH_PYO_POW },  { "//", GH_PYO_FLOORDIV }, { "<<", GH_PYO_SHL },
	{ ">>", GH_PYO_SHR },	    { "<=", GH_PYO_LE },   { ">=", GH_PYO_GE },	      { "==", GH_PYO_EQ },
	{ "!=", GH_PYO_NE },	    { "<>", GH_PYO_NE },   { "->", GH_PYO_ARROW },    { ":=", GH_PYO_WALRUS },
	{ "+=", GH_PYO_AUG },	    { "-=", GH_PYO_AUG },  { "*=", GH_PYO_AUG },      { "/=", GH_PYO_AUG },
	{ "%=", GH_PYO_AUG },	    { "&=", GH_PYO_AUG },  { "|=", GH_PYO_AUG },      { "^=", GH_PYO_AUG },
	{ "@=", GH_PYO_AUG },
};

static bool pairs(uint8_t open, uint8_t close)
{
	return (open == '(' && close == ')') || (open == '[' && close == ']') || (open == '{' && close == '}');
}

static bool in_field(const struct gh_pylex *l)
{
	return l->nf != 0 && l->f[l->nf - 1].expr && l->f[l->nf - 1].depth == l->depth;
}

/* `}`, `:` and `!` at the outermost level of a replacement field. */
static bool field_op(struct gh_pylex *l, struct gh_pytok *t, uint8_t c)
{
	unsigned k = l->nf - 1;
	if (!in_field(l) || (c != '}' && c != ':' && (c != '!' || peek(l, 1) == '=')))
		return false;
	if (c == '}') {
		l->f[k].expr = false;
		l->f[k].nested--;
		l->f[k].spec = l->f[k].nested != 0;
	} else if (c == ':') {
		l->f[k].expr = false;
		l->f[k].spec = true;
	}
	t->op = c;
	l->at++;
	return true;
}

static enum gh_pyt_kind magic(struct gh_pylex *l, struct gh_pytok *t)
{
	size_t from = l->at;
	bool cell = peek(l, 0) == '%' && peek(l, 1) == '%';
	t->flags = peek(l, 0) == '%' ? GH_PYT_MAGIC : 0;
	if (cell) /* the rest of the cell is the magic's */
		l->at = l->s.n;
	for (skip_line(l); l->at < l->s.n && l->s.p[l->at - 1] == '\\';) {
		end_line(l);
		skip_line(l);
	}
	size_t mark = 1 + (peek(&(struct gh_pylex){ .s = l->s, .at = from }, 1) == l->s.p[from]);
	t->body = (uint32_t)(from + mark < l->at ? from + mark : l->at);
	t->nbody = (uint32_t)l->at - t->body;
	l->bol = false;
	return done(l, t, GH_PYT_SHELL, from);
}

static enum gh_pyt_kind op(struct gh_pylex *l, struct gh_pytok *t)
{
	size_t from = l->at;
	uint8_t c = peek(l, 0);
	if (field_op(l, t, c))
		return done(l, t, GH_PYT_OP, from);
	if (l->ipython && c == '!' && peek(l, 1) != '=' && l->depth == 0 && l->nf == 0)
		return magic(l, t);							  /* files = !ls */
	bool more = l->s.n - l->at > 1 && memchr("=*/><.", l->s.p[l->at + 1], 6) != NULL; /* what may follow in one */
	for (size_t i = 0; more && i < sizeof longer / sizeof longer[0]; i++) {
		if ((uint8_t)longer[i].text[0] != c)
			continue;
		size_t n = strlen(longer[i].text);
		if (!gh_span_starts(gh_span_cut(l->s, l->at, n), longer[i].text))
			continue;
		if (longer[i].op == GH_PYO_AUG) {
			t->body = (uint32_t)from;
			t->nbody = (uint32_t)n - 1;
		}
		t->op = longer[i].op;
		l->at += n;
		return done(l, t, GH_PYT_OP, from);
	}
	if (memchr("()[]{}.,:;=+-*/%@&|^~<>`!?", c, 26) == NULL || c == 0)
		return error(l, t, from, "a character that has no place in Python");
	l->at++;
	t->op = c;
	if (c == '(' || c == '[' || c == '{') {
		if (l->depth == GH_PY_BRACKETS)
			return error(l, t, from, "brackets nested too deeply");
		l->bracket[l->depth++] = c;
	} else if (c == ')' || c == ']' || c == '}') {
		if (l->depth == 0 || !pairs(l->bracket[l->depth - 1], c))
			return error(l, t, from, "a bracket that closes nothing");
		l->depth--;
	}
	return done(l, t, GH_PYT_OP, from);
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */
/* At the start of a line: blank lines and comments go by; then indentation is compared. True: a token came of it. */
static bool line_start(struct gh_pylex *l, struct gh_pytok *t)
{
	uint32_t col = 0;
	size_t from = l->at;
	for (;;) {
		col = 0;
		from = l->at;
		for (; l->at < l->s.n && blank(l->s.p[l->at]); l->at++)
			col = l->s.p[l->at] == '\t' ? (col / 8 + 1) * 8 : l->s.p[l->at] == '\f' ? 0 : col + 1;
		if (l->at < l->s.n && l->s.p[l->at] == '#')
			skip_line(l);
		if (l->at >= l->s.n || !newline(l->s.p[l->at]))
			break;
		end_line(l);
	}
	if (l->at >= l->s.n)
		return false;
	l->bol = false;
	if (l->ipython && memchr("!%", l->s.p[l->at], 2) != NULL) {
		(void)magic(l, t);
		return true;
	}
	uint32_t now = l->nindent == 0 ? 0 : l->indent[l->nindent - 1];
	if (col > now) {
		if (l->nindent == GH_PY_INDENTS) {
			(void)error(l, t, from, "blocks nested too deeply");
			return true;
		}
		l->indent[l->nindent++] = col;
		(void)done(l, t, GH_PYT_INDENT, from);
		return true;
	}
	while (l->nindent != 0 && l->indent[l->nindent - 1] > col) {
		l->nindent--;
		l->dedents++;
	}
	return false;
}

/* Blanks, joined lines and comments between tokens. */
static void between(struct gh_pylex *l)
{
	while (l->at < l->s.n) {
		uint8_t c = l->s.p[l->at];
		if (blank(c) || (c == '?' && l->ipython)) {
			l->at++;
		} else if (c == '\\' && newline(peek(l, 1))) {
			l->at++;
			end_line(l);
		} else if (c == '#') {
			skip_line(l);
		} else if (newline(c) && (l->depth != 0 || l->nf != 0)) {
			end_line(l);
		} else {
			return;
		}
	}
}

static enum gh_pyt_kind at_end(struct gh_pylex *l, struct gh_pytok *t)
{
	if (l->depth != 0 || l->nf != 0)
		return error(l, t, l->s.n, "a bracket or f-string that does not end");
	if (!l->bol) { /* the last line has no end of its own */
		l->bol = true;
		return done(l, t, GH_PYT_NEWLINE, l->at);
	}
	if (l->nindent != 0) {
		l->nindent--;
		return done(l, t, GH_PYT_DEDENT, l->at);
	}
	return done(l, t, GH_PYT_END, l->at);
}

enum gh_pyt_kind gh_pylex_next(struct gh_pylex *l, struct gh_pytok *t)
{
	*t = (struct gh_pytok){ 0 };
	if (l->nf != 0 && !l->f[l->nf - 1].expr)
		return ftext(l, t);
	if (l->bol && l->dedents == 0 && line_start(l, t))
		return t->kind;
	if (l->dedents != 0) {
		l->dedents--;
		return done(l, t, GH_PYT_DEDENT, l->at);
	}
	between(l);
	if (l->at >= l->s.n)
		return at_end(l, t);
	size_t from = l->at, pre;
	uint8_t c = peek(l, 0);
	unsigned flags;
	bool f;
	if (newline(c)) {
		end_line(l);
		l->bol = true;
		return done(l, t, GH_PYT_NEWLINE, from);
	}
	if (prefix(l, &pre, &flags, &f))
		return f ? fstart(l, t, pre, flags) : string(l, t, pre, flags);
	if (digit(c) || (c == '.' && digit(peek(l, 1))))
		return number(l, t);
	if (first(c))
		return name(l, t);
	return op(l, t);
}

/* ---- what literals hold --------------------------------------------------------------------------------------------- */
static unsigned hex_escape(struct gh_span s, size_t at, unsigned digits, uint32_t *cp)
{
	uint32_t v = 0;
	if (s.n - at < digits)
		return 0;
	for (unsigned i = 0; i < digits; i++) {
		int d = gh_hex_digit(s.p[at + i]);
		if (d < 0)
			return 0;
		v = v << 4 | (uint32_t)d;
	}
	*cp = v;
	return digits;
}

static size_t put(uint32_t cp, bool bytes, uint8_t *out)
{
	if (bytes) {
		out[0] = (uint8_t)cp;
		return 1;
	}
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = 0xfffd;
	return gh_utf8_put(cp, out);
}

/* One escape at s.p[i] (behind the backslash). Returns how many characters it has; *made bytes are put. */
static size_t escape(struct gh_span s, size_t i, bool bytes, uint8_t *out, size_t *made)
{
	static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
	uint8_t c = s.p[i];
	uint32_t cp = 0;
	unsigned n = 0;
	*made = 0;
	if (c == '\n')
		return 1;
	if (c == '\r')
		return i + 1 < s.n && s.p[i + 1] == '\n' ? 2 : 1;
	const char *e = c == 0 ? NULL : memchr(from, c, sizeof from - 1);
	if (e != NULL) {
		out[0] = (uint8_t)to[e - from];
		*made = 1;
		return 1;
	}
	if (c >= '0' && c <= '7') {
		while (n < 3 && i + n < s.n && s.p[i + n] >= '0' && s.p[i + n] <= '7')
			cp = cp << 3 | (uint32_t)(s.p[i + n++] - '0');
		*made = put(cp & 0x1ff, bytes, out);
		return n;
	}
	if (c == 'x')
		n = hex_escape(s, i + 1, 2, &cp);
	else if (c == 'u' && !bytes)
		n = hex_escape(s, i + 1, 4, &cp);
	else if (c == 'U' && !bytes)
		n = hex_escape(s, i + 1, 8, &cp);
	if (n != 0) {
		*made = put(cp, bytes, out);
		return n + 1;
	}
	out[0] = '\\';
	*made = 1;
	return 0;
}

size_t gh_pystr_decode(struct gh_span s, unsigned flags, bool fstring, uint8_t *out)
{
	size_t n = 0, made;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\' && (flags & GH_PYT_RAW) == 0 && i + 1 < s.n) {
			i += escape(s, i + 1, (flags & GH_PYT_BYTES) != 0, out + n, &made);
			n += made;
			continue;
		}
		if (fstring && (s.p[i] == '{' || s.p[i] == '}') && i + 1 < s.n && s.p[i + 1] == s.p[i])
			i++;
		out[n++] = s.p[i];
	}
	return n;
}

/* ---- encoding ------------------------------------------------------------------------------------------------------- */
struct gh_span gh_py_cookie(struct gh_span s)
{
	size_t at = gh_span_starts(s, "\xef\xbb\xbf") ? 3 : 0;
	for (unsigned k = 0; k < 2 && at < s.n; k++) {
		size_t end = at;
		while (end < s.n && !newline(s.p[end]))
			end++;
		struct gh_span line = { s.p + at, end - at };
		size_t i = 0;
		while (i < line.n && blank(line.p[i]))
			i++;
		if (i < line.n && line.p[i] != '#')
			return (struct gh_span){ 0 };
		const uint8_t *c = line.n == 0 ? NULL : memmem(line.p, line.n, "coding", 6);
		size_t from = c == NULL ? line.n : (size_t)(c - line.p) + 6;
		if (from < line.n && (line.p[from] == ':' || line.p[from] == '=')) {
			for (from++; from < line.n && blank(line.p[from]); from++)
				;
			size_t n = 0;
			while (from + n < line.n && ((inner(line.p[from + n]) && line.p[from + n] < 0x80) ||
						     line.p[from + n] == '-' || line.p[from + n] == '.'))
				n++;
			if (n != 0)
				return gh_span_cut(line, from, n);
		}
		at = end + 1 + (end + 1 < s.n && s.p[end] == '\r' && s.p[end + 1] == '\n');
	}
	return (struct gh_span){ 0 };
}

bool gh_py_cookie_plain(struct gh_span cookie)
{
	static const char *const plain[] = { "utf8",	"utf8sig",    "u8",	     "ascii",	 "usascii",
					     "latin1",	"latin",      "l1",	     "iso8859",	 "iso885",
					     "cp125",	"windows125", "cp65001",     "koi8",	 "macroman",
					     "eucjp",	"euckr",      "gb2312",	     "utf8unix", "utf8dos",
					     "utf8mac", "latin1unix", "big5",	     "gbk",	 "gb18030",
					     "gb2312",	"shiftjis",   "sjis",	     "cp932",	 "cp936",
					     "cp949",	"cp950",      "eucjisx0213", "tis620" };
	char norm[40];
	size_t n = 0;
	for (size_t i = 0; i < cookie.n && n < sizeof norm - 1; i++)
		if (cookie.p[i] != '-' && cookie.p[i] != '_')
			norm[n++] = (char)(cookie.p[i] >= 'A' && cookie.p[i] <= 'Z' ? cookie.p[i] | 0x20 : cookie.p[i]);
	norm[n] = '\0';
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
		size_t k = strlen(plain[i]);
		bool family = strcmp(plain[i], "iso885") == 0 || strcmp(plain[i], "cp125") == 0 ||
			      strcmp(plain[i], "windows125") == 0 || strcmp(plain[i], "koi8") == 0;
		if (family ? strncmp(norm, plain[i], k) == 0 : strcmp(norm, plain[i]) == 0)
			return true;
	}
	return false;
}

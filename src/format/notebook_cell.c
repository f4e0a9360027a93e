/* One cell of a notebook as IPython reads it (IPython.core.inputtransformer2): leading blank lines, common indentation and
 * prompts go first; then the magic of the whole cell, then magics, commands and quoting characters at the start of logical
 * lines and behind an assignment. What is none of that is Python. */
#include "format/notebook_int.h"

enum { LEVELS = 16 };

struct gh_span nb_trim(struct gh_span s)
{
	while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == '\n'))
		s.n--;
	return s;
}

struct gh_span nb_word(struct gh_span *s)
{
	*s = nb_trim(*s);
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct gh_span w = gh_span_cut(*s, 0, n);
	*s = gh_span_cut(*s, n, s->n);
	while (w.n > 1 && (w.p[0] == '"' || w.p[0] == '\'') && w.p[w.n - 1] == w.p[0])
		w = gh_span_cut(w, 1, w.n - 2);
	return w;
}

/* ---- where logical lines of Python begin ------------------------------------------------------------------------------ */
struct place {
	unsigned depth; /* open brackets */
	uint8_t quote;	/* inside of a text in three such quotes */
	bool open;	/* the line before ends with a backslash */
};

static void follow(struct place *p, struct gh_span line)
{
	p->open = false;
	for (size_t i = 0; i < line.n; i++) {
		uint8_t c = line.p[i];
		bool three = (c == '"' || c == '\'') && i + 2 < line.n && line.p[i + 1] == c && line.p[i + 2] == c;
		if (p->quote != 0) {
			i += c == '\\';
			if (c == p->quote && three) {
				p->quote = 0;
				i += 2;
			}
		} else if (three) {
			p->quote = c;
			i += 2;
		} else if (c == '"' || c == '\'') {
			for (i++; i < line.n && line.p[i] != c; i++)
				i += line.p[i] == '\\';
		} else if (c == '#') {
			return;
		} else if (c == '(' || c == '[' || c == '{') {
			p->depth++;
		} else if ((c == ')' || c == ']' || c == '}') && p->depth != 0) {
			p->depth--;
		} else if (c == '\\' && i + 1 == line.n) {
			p->open = true;
		}
	}
}

/* ---- lines ------------------------------------------------------------------------------------------------------------ */
static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

static void python(struct gh_notebook *nb, struct gh_span s) { nb_put(nb, &nb->code, s); }

/* IPython puts values for `{expression}` into commands and magics: code like any other. */
static void braces(struct gh_notebook *nb, struct gh_span s)
{
	for (size_t i = 0; i + 2 < s.n; i++) {
		if (s.p[i] != '{' || (i > 0 && (s.p[i - 1] == '{' || s.p[i - 1] == '\\')))
			continue;
		size_t k = i + 1, depth = 1;
		for (; k < s.n; k++) {
			depth += s.p[k] == '{';
			depth -= s.p[k] == '}';
			if (depth == 0)
				break;
		}
		struct gh_span in = gh_span_cut(s, i + 1, k - i - 1);
		if (k < s.n && memchr(in.p, '(', in.n) != NULL && !gh_span_starts(in, "print"))
			nb_python(nb, in);
	}
}

static void pass(struct gh_notebook *nb, struct gh_span indent)
{
	python(nb, indent);
	python(nb, GH_SPAN("pass\n")); /* keeps blocks whole */
}

/* `,f a b` is f("a", "b"), `;f a b` is f("a b"), `/f a b` is f(a, b). */
static void quoting(struct gh_notebook *nb, struct gh_span indent, uint8_t mark, struct gh_span s)
{
	struct gh_span f = nb_word(&s);
	bool first = true;
	s = nb_trim(s);
	python(nb, indent);
	python(nb, f);
	python(nb, GH_SPAN("("));
	while (s.n != 0) {
		struct gh_span w = mark == ';' ? s : nb_word(&s);
		if (mark == ';')
			s.n = 0;
		if (!first)
			python(nb, GH_SPAN(", "));
		first = false;
		if (mark != '/')
			python(nb, GH_SPAN("\""));
		python(nb, w);
		if (mark != '/')
			python(nb, GH_SPAN("\""));
		s = nb_trim(s);
	}
	python(nb, GH_SPAN(")\n"));
}

/* Behind the first `=` outside of quotes and brackets, when a command or a magic stands there; n: where, 0 for nowhere. */
static size_t assigned(struct gh_span s)
{
	unsigned depth = 0;
	for (size_t i = 0; i + 1 < s.n; i++) {
		uint8_t c = s.p[i];
		if (c == '"' || c == '\'')
			for (i++; i < s.n && s.p[i] != c; i++)
				i += s.p[i] == '\\';
		else if (c == '(' || c == '[' || c == '{')
			depth++;
		else if ((c == ')' || c == ']' || c == '}') && depth != 0)
			depth--;
		else if (c == '#')
			return 0;
		else if (c == '=' && depth == 0 && s.p[i + 1] != '=' && i != 0 &&
			 memchr("=!<>", s.p[i - 1], 4) == NULL) {
			size_t k = i + 1;
			while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\t'))
				k++;
			bool command = k + 1 < s.n && s.p[k] == '!' && s.p[k + 1] != '=';
			return command || (k + 1 < s.n && s.p[k] == '%') ? k : 0;
		}
	}
	return 0;
}

/* What IPython would run itself in this line, without its indentation. True: it is not Python. */
static bool escape(struct gh_notebook *nb, struct gh_span indent, struct gh_span s, bool inside)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		size_t at = s.n > 2 && !inside ? assigned(s) : 0;
		if (at != 0)
			s = gh_span_cut(s, at, s.n);
		bool bang = s.n > 1 && s.p[0] == '!' && s.p[1] != '=', magic = s.n > 1 && s.p[0] == '%';
		if (bang) {
			s = gh_span_cut(s, s.p[1] == '!' ? 2 : 1, s.n);
			braces(nb, s);
			nb_shell_line(nb, s);
			if (!inside)
				pass(nb, indent);
			return !inside;
		}
		if (!magic) {
			bool help = s.n != 0 && (s.p[0] == '?' || s.p[s.n - 1] == '?');
			if (level == 0 && !help)
				return false;
			python(nb, indent);
			python(nb, help ? GH_SPAN("pass") : s);
			python(nb, GH_SPAN("\n"));
			return true;
		}
		size_t n = 1;
		while (n < s.n && (s.p[n] == '%' || s.p[n] == ' '))
			n++;
		struct gh_span rest = gh_span_cut(s, n, s.n), name = nb_word(&rest);
		if (inside && !nb_is_magic(name))
			return false;
		braces(nb, rest);
		struct nb_magic m = nb_line_magic(nb, name, nb_trim(rest));
		if (!m.known && nb->odd++ < NB_SAY)
			gh_anomaly(nb->w, &nb->rules[GH_NB_MAGIC], 0, nb->size, "%%%s", gh_safe(name).s);
		if (inside)
			return false;
		if (m.python.n == 0) {
			pass(nb, indent);
			return true;
		}
		s = m.python; /* may be a command again */
	}
	return true;
}

/* A cell of one line: magics need no mark. */
static bool automatic(struct gh_notebook *nb, struct gh_span s)
{
	struct gh_span rest = s, name = nb_word(&rest);
	rest = nb_trim(rest);
	if (rest.n == 0 || !nb_is_magic(name) || memchr("=(.,[+*&|<>^:-", rest.p[0], 14) != NULL ||
	    gh_span_starts(rest, "if ") || gh_span_starts(rest, "in ") || gh_span_starts(rest, "is ") ||
	    gh_span_starts(rest, "and ") || gh_span_starts(rest, "or "))
		return false;
	(void)nb_line_magic(nb, name, rest);
	return true;
}

static void line(struct gh_notebook *nb, struct gh_span whole, bool inside)
{
	struct gh_span s = nb_trim(whole);
	size_t n = s.n == 0 ? 0 : (size_t)(s.p - whole.p);
	struct gh_span indent = gh_span_cut(whole, 0, n);
	if (escape(nb, indent, s, inside))
		return;
	if (!inside && s.n > 2 && memchr(",;/", s.p[0], 3) != NULL && name_char(s.p[1])) {
		quoting(nb, indent, s.p[0], gh_span_cut(s, 1, s.n));
		return;
	}
	python(nb, whole);
	python(nb, GH_SPAN("\n"));
}

static struct gh_span first_line(struct gh_span s)
{
	const uint8_t *nl = s.n == 0 ? NULL : memchr(s.p, '\n', s.n);
	return gh_span_cut(s, 0, nl == NULL ? s.n : (size_t)(nl - s.p));
}

static void lines(struct gh_notebook *nb, struct gh_span cell, size_t indent)
{
	struct place place = { 0 };
	bool prompts = gh_span_starts(cell, ">>> ") || gh_span_starts(cell, "In [");
	bool one = nb_trim(first_line(cell)).n == nb_trim(cell).n;
	size_t from = nb->code.n;
	if (one && automatic(nb, nb_trim(cell)))
		return;
	for (size_t at = 0; at < cell.n;) {
		struct gh_span l = first_line(gh_span_cut(cell, at, cell.n));
		bool inside = place.depth != 0 || place.quote != 0 || place.open;
		struct gh_span s = nb_trim(l);
		bool marked = s.n != 0 && (memchr("!%", s.p[0], 2) != NULL || (!inside && assigned(s) != 0));
		while (marked && l.n != 0 && l.p[l.n - 1] == '\\' && at + l.n < cell.n)
			l.n += 1 + first_line(gh_span_cut(cell, at + l.n + 1, cell.n)).n;
		at += l.n + 1;
		if (prompts && (gh_span_starts(l, ">>> ") || gh_span_starts(l, "... ")))
			l = gh_span_cut(l, 4, l.n);
		const uint8_t *end = prompts && gh_span_starts(l, "In [") ? memmem(l.p, l.n, "]: ", 3) : NULL;
		if (end != NULL)
			l = gh_span_cut(l, (uint64_t)(end - l.p) + 3, l.n);
		size_t cut = 0;
		while (cut < indent && cut < l.n && (l.p[cut] == ' ' || l.p[cut] == '\t'))
			cut++;
		if (!inside)
			l = gh_span_cut(l, cut, l.n);
		line(nb, l, inside);
		if (!marked)
			follow(&place, l);
	}
	python(nb, GH_SPAN("\n"));
	if (place.depth != 0 || place.quote != 0) { /* must not swallow the cells that follow */
		nb_python(nb, gh_span_cut((struct gh_span){ nb->code.p, nb->code.n }, from, nb->code.n - from));
		nb->code.n = from;
	}
}

void nb_cell(struct gh_notebook *nb, struct gh_span cell)
{
	for (unsigned level = 0; level < LEVELS; level++) {
		size_t indent = 0;
		for (struct gh_span l = first_line(cell); cell.n != 0 && nb_trim(l).n == 0; l = first_line(cell))
			cell = gh_span_cut(cell, l.n + 1, cell.n);
		while (indent < cell.n && (cell.p[indent] == ' ' || cell.p[indent] == '\t'))
			indent++;
		struct gh_span s = gh_span_cut(cell, indent, cell.n);
		if (!gh_span_starts(s, "%%") || (s.n > 2 && s.p[s.n - 1] == '?' && nb_trim(first_line(s)).n == s.n)) {
			lines(nb, cell, indent);
			return;
		}
		cell = s;
		if (nb_cell_magic(nb, &cell))
			return;
	}
	if (nb->odd++ < NB_SAY)
		gh_anomaly(nb->w, &nb->rules[GH_NB_MAGIC], 0, nb->size, "magics within magics");
}

#include "wire/language.h"

#include "wire/language_rules.h"

enum { PIECE = 64 << 10 };

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
static bool word(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}
static bool blank(uint8_t c) { return c == ' ' || c == '\t'; }

/* Glob with one point of return (the last star), so the time is at most the product of both lengths; lines are cut to
 * GH_LANG_LINE and patterns are ours. */
static bool matches(const char *pat, struct gh_span s, bool fold)
{
	const char *p = pat, *star = NULL;
	size_t i = 0, back = 0;
	for (;;) {
		bool ok = false;
		if (*p == '*') {
			star = ++p;
			back = i;
			if (*p == '\0')
				return true;
			continue;
		}
		if (*p == '\0') {
			if (i == s.n)
				return true;
		} else if (i < s.n && p[0] == '%' && p[1] == 'i') {
			size_t from = i;
			while (i < s.n &&
			       (word(s.p[i]) || (i > from && memchr(".-", s.p[i], 2) != NULL) || s.p[i] == '.'))
				i++;
			ok = i > from;
			p += 2;
		} else if (i < s.n && *p == ' ') {
			size_t from = i;
			while (i < s.n && blank(s.p[i]))
				i++;
			ok = i > from;
			p++;
		} else if (i < s.n) {
			ok = (fold ? lower(s.p[i]) : s.p[i]) == (uint8_t)*p;
			i++;
			p++;
		}
		if (ok)
			continue;
		if (star == NULL || back >= s.n)
			return false;
		/* What a blank matches is all of a run: what did not match behind it will not from further within. */
		if (*star == ' ')
			while (back + 1 < s.n && blank(s.p[back]) && blank(s.p[back + 1]))
				back++;
		i = ++back;
		p = star;
	}
}

/* ---- templates and JSON: signs inside lines ---------------------------------------------------------------------- */
static size_t find(struct gh_span s, size_t from, const char *what)
{
	struct gh_span t = gh_span_cut(s, from, s.n);
	const uint8_t *p = t.n == 0 ? NULL : memmem(t.p, t.n, what, strlen(what));
	return p == NULL ? s.n : (size_t)(p - s.p);
}

/* Where a sign stands next, at or behind a place that only grows: looked for anew when it is passed, not at each place. */
struct next {
	const char *what;
	size_t at;
	bool known;
};

static size_t next_at(struct next *n, struct gh_span s, size_t from)
{
	if (!n->known || n->at < from)
		n->at = find(s, from, n->what);
	n->known = true;
	return n->at;
}

static bool jinja_statement(struct gh_span s, size_t at, struct next *close)
{
	size_t i = at + 2;
	while (i < s.n && (blank(s.p[i]) || s.p[i] == '-' || s.p[i] == '+'))
		i++;
	size_t from = i;
	while (i < s.n && word(s.p[i]))
		i++;
	for (size_t k = 0; k < sizeof jinja_words / sizeof jinja_words[0]; k++)
		if (gh_span_is((struct gh_span){ s.p + from, i - from }, jinja_words[k]))
			return next_at(close, s, i) < s.n;
	return false;
}

/* `{{ expression }}`: on one line, with something to evaluate; `={{Title}}` is BibTeX. */
static bool jinja_expression(struct gh_span s, size_t at, struct next *close, struct next *inside)
{
	size_t end = next_at(close, s, at + 2);
	if (end == s.n || end - at > 2000)
		return false;
	for (size_t b = at; b > 0 && b + 4 > at; b--)
		if (s.p[b - 1] == '=' || s.p[b - 1] == '{')
			return false;
		else if (!blank(s.p[b - 1]))
			break;
	if (next_at(inside, s, at + 2) + 2 <= end)
		return true; /* reaches for internal attributes, whatever else stands there */
	bool letters = false, operates = blank(s.p[at + 2]);
	for (size_t i = at + 2; i < end; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\' || s.p[i] == '{')
			return false;
		letters = letters || word(s.p[i]);
		operates = operates || memchr("(.[|_", s.p[i], 5) != NULL;
	}
	return letters && operates;
}

static bool has_jinja(struct gh_span s)
{
	struct next statement = { .what = "%}" }, expression = { .what = "}}" }, inside = { .what = "__" };
	for (size_t at = find(s, 0, "{"); at + 4 < s.n; at = find(s, at + 1, "{"))
		if ((s.p[at + 1] == '%' && jinja_statement(s, at, &statement)) ||
		    (s.p[at + 1] == '{' && jinja_expression(s, at, &expression, &inside)))
			return true;
	return false;
}

static int hex(uint8_t c)
{
	c = lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* JSON escapes undone as far as they matter here: \u00XX, \/ and \" (as ', so that strings stay told apart). */
static size_t unescape(struct gh_span s, uint8_t *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n && n < cap; i++) {
		uint8_t c = s.p[i];
		if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
			if (c == '"')
				c = '\'';
			else if (c == 'u' && i + 4 < s.n && s.p[i + 1] == '0' && s.p[i + 2] == '0' &&
				 hex(s.p[i + 3]) >= 0 && hex(s.p[i + 4]) >= 0) {
				c = (uint8_t)(hex(s.p[i + 3]) << 4 | hex(s.p[i + 4]));
				i += 4;
			} else if (c != '/' && c != '\\')
				c = ' ';
		}
		out[n++] = c;
	}
	return n;
}

static void look_inside(struct gh_lang *l, struct gh_span line)
{
	uint8_t buf[64 + PIECE] __attribute__((uninitialized)); /* for each line: not to be cleared each time */
	memcpy(buf, l->tail, l->ntail);
	size_t n = l->ntail;
	if (l->json) {
		n += unescape(line, buf + n, PIECE);
	} else {
		size_t take = line.n < PIECE ? line.n : PIECE;
		if (take != 0)
			memcpy(buf + n, line.p, take);
		n += take;
	}
	struct gh_span s = { buf, n };
	if (has_jinja(s))
		l->sure = "template";
	/* Each sign has one of these. */
	bool may = l->json &&
		   (memchr(buf, '"', n) != NULL || memchr(buf, '_', n) != NULL || memchr(buf, '.', n) != NULL ||
		    memchr(buf, '(', n) != NULL || memchr(buf, '<', n) != NULL || memchr(buf, '!', n) != NULL);
	for (size_t i = 0; may && i < sizeof json_signs / sizeof json_signs[0]; i++)
		if (find(s, 0, json_signs[i]) < s.n)
			l->sure = "configuration that loaders act on";
	l->ntail = n < sizeof l->tail ? n : sizeof l->tail;
	memmove(l->tail, buf + n - l->ntail, l->ntail);
}

/* ---- lines ------------------------------------------------------------------------------------------------------ */
static bool fence(struct gh_span line)
{
	size_t i = 0;
	while (i < line.n && i < 3 && line.p[i] == ' ')
		i++;
	struct gh_span s = gh_span_cut(line, i, line.n);
	return gh_span_starts(s, "```") || gh_span_starts(s, "~~~");
}

/* Does the line begin with a command, set a variable, or join commands? Only weighed against prose, so it may be broad. */
static bool command(struct gh_span s)
{
	static const char *const marks[] = { "$(", "${", " && ", " || ", " | ", ">/dev/null", "2>&1", ";;" };
	size_t n = 0;
	while (n < s.n &&
	       (word(s.p[n]) || (n > 0 && memchr("-./", s.p[n], 3) != NULL) || s.p[n] == '/' || s.p[n] == '.'))
		n++;
	if (n < s.n && n > 0 && s.p[n] == '=')
		return true;
	bool any = false; /* of the letters that make the marks: nearly no line of a table has one */
	for (size_t i = 0; i < s.n; i++)
		any = any || s.p[i] == '$' || s.p[i] == '&' || s.p[i] == '|' || s.p[i] == '>' || s.p[i] == ';';
	for (size_t i = 0; any && i < sizeof marks / sizeof marks[0]; i++)
		if (find(s, 0, marks[i]) < s.n)
			return true;
	for (size_t i = 0; i < sizeof shell_words / sizeof shell_words[0]; i++)
		if ((uint8_t)shell_words[i][0] == s.p[0] && gh_span_is(gh_span_cut(s, 0, n), shell_words[i]))
			return true;
	return s.p[s.n - 1] == '\\' || memchr("{}[(:$\"", s.p[0], 7) != NULL;
}

/* A sentence or what Markdown is made of. Three words in a row are what prose has in every line and a command seldom, and
 * no command begins with a capital letter, a bullet or the bar of a table. */
static bool prose(struct gh_span s)
{
	if (s.n > 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'a' && s.p[1] <= 'z')
		return true;
	if (s.n > 1 && (s.p[0] == '|' || (memchr("-*+>", s.p[0], 4) != NULL && s.p[1] == ' ')))
		return true;
	unsigned words = 0;
	size_t letters = 0;
	for (size_t i = 0; i < s.n && words < 3; i++) {
		uint8_t c = lower(s.p[i]);
		if ((c >= 'a' && c <= 'z') || c >= 0x80) {
			letters++;
		} else if (c == ' ' || memchr(".,;:!?)'", c, 8) != NULL) {
			words += letters != 0;
			letters = 0;
		} else {
			words = 0;
			letters = 0;
			while (i + 1 < s.n && s.p[i + 1] != ' ')
				i++;
		}
	}
	return words + (letters != 0) >= 3;
}

/* A line outside of fences: is it one of a script or one of a document? */
static void weigh(struct gh_lang *l, struct gh_span line, size_t lead, unsigned score)
{
	bool indented = lead >= 4 || line.p[0] == '\t';
	struct gh_span s = gh_span_cut(line, lead, line.n);
	l->shown = indented && (l->shown || l->after_blank);
	l->heading = s.p[0] == '#' && (l->after_blank || !l->weighed);
	l->after_blank = false;
	l->weighed = true;
	if (s.p[0] == '#' || l->shown)
		return;
	if (score != 0 || command(s))
		l->commands++;
	else if (prose(s))
		l->prose++;
}

/* The language of the interpreter in the first line of a script; env, its options and assignments are passed over. */
static const char *by_first_line(struct gh_span line)
{
	size_t i = 2;
	while (i < line.n) {
		while (i < line.n && blank(line.p[i]))
			i++;
		size_t from = i, base = i;
		for (; i < line.n && !blank(line.p[i]); i++)
			base = line.p[i] == '/' ? i + 1 : base;
		struct gh_span w = gh_span_cut(line, from, i - from), name = gh_span_cut(line, base, i - base);
		if (w.n == 0)
			break;
		if (w.p[0] == '-' || memchr(w.p, '=', w.n) != NULL || gh_span_is(name, "env") ||
		    gh_span_is(name, "busybox"))
			continue;
		for (size_t k = 0; k < sizeof by_interpreter / sizeof by_interpreter[0]; k++)
			if (matches(by_interpreter[k].interpreter, name, false))
				return by_interpreter[k].language;
	}
	return "script";
}

/* Which characters of ASCII a line has. */
struct charset {
	uint64_t bit[2];
};

static struct charset charset_of(struct gh_span s, bool fold)
{
	struct charset c = { { 0, 0 } };
	for (size_t i = 0; i < s.n; i++) {
		uint8_t x = fold ? lower(s.p[i]) : s.p[i];
		if (x < 128)
			c.bit[x >> 6] |= UINT64_C(1) << (x & 63);
	}
	return c;
}

/* Are all characters there that a pattern asks for? Most lines lack one, which is found sooner than that they do not match. */
static bool could_match(const char *p, const struct charset *c)
{
	for (; *p != '\0'; p++) {
		if (p[0] == '%' && p[1] == 'i') {
			p++;
			continue;
		}
		uint8_t x = (uint8_t)*p;
		if (x != '*' && x != ' ' && x < 128 && (c->bit[x >> 6] >> (x & 63) & 1) == 0)
			return false;
	}
	return true;
}

/* A line without the spans of code of Markdown in it, which are shown as they stand; a lone mark opens none. */
static struct gh_span without_code(struct gh_span line, uint8_t room[GH_LANG_LINE])
{
	size_t n = 0;
	if (line.n == 0 || memchr(line.p, '`', line.n) == NULL)
		return line;
	for (size_t i = 0; i < line.n; i++) {
		const uint8_t *close = line.p[i] != '`' || i + 1 >= line.n
					       ? NULL
					       : memchr(line.p + i + 1, '`', line.n - i - 1);
		if (close != NULL)
			i = (size_t)(close - line.p);
		else
			room[n++] = line.p[i];
	}
	return (struct gh_span){ room, n };
}

enum { PATTERNS = sizeof patterns / sizeof patterns[0] };
_Static_assert((int)PATTERNS <= (int)GH_LANG_PATTERNS && (int)PATTERNS < UINT8_MAX, "room for all, numbered from 1");

static void sort_patterns(struct gh_lang *l)
{
	for (size_t i = PATTERNS; i > 0; i--) {
		const char *p = patterns[i - 1].pattern;
		bool open = *p == '*' || *p == '%';
		uint8_t *head = open ? &l->anywhere : &l->by_first[langs[patterns[i - 1].lang].fold][(uint8_t)*p & 127];
		l->more[i - 1] = *head;
		*head = (uint8_t)i;
	}
	l->sorted = true;
}

/* page: the line without what is shown as code; "`<script>` is escaped" is no page. */
static void score(struct gh_lang *l, struct gh_span line, struct gh_span page)
{
	const struct charset has[2] = { charset_of(line, false), charset_of(line, true) };
	uint8_t c = line.p[0];
	if (!l->sorted)
		sort_patterns(l);
	const uint8_t from[3] = { c < 128 ? l->by_first[0][c] : 0, c < 128 ? l->by_first[1][lower(c)] : 0,
				  l->anywhere };
	for (unsigned list = 0; list < 3; list++)
		for (unsigned i = from[list]; i != 0; i = l->more[i - 1]) {
			enum lang lang = patterns[i - 1].lang;
			const char *p = patterns[i - 1].pattern;
			if (could_match(p, &has[langs[lang].fold]) &&
			    matches(p, lang == L_HTML ? page : line, langs[lang].fold))
				l->score[l->fenced][lang] += patterns[i - 1].weight;
		}
}

void gh_lang_line(struct gh_lang *l, struct gh_span line, bool start)
{
	if (l->sure != NULL)
		return;
	while (line.n != 0 && (blank(line.p[line.n - 1]) || line.p[line.n - 1] == '\r'))
		line.n--;
	size_t lead = 0;
	while (lead < line.n && blank(line.p[lead]))
		lead++;
	if (!l->any && start && gh_span_starts(line, "#!") && memchr(line.p, '/', line.n) != NULL) {
		l->sure = by_first_line(line);
		return;
	}
	l->any = true;
	if (!l->begun && lead < line.n) {
		l->begun = true;
		l->json = line.p[lead] == '{' || line.p[lead] == '[';
		if (line.p[lead] == '{' && lead + 1 < line.n && (line.p[lead + 1] == '%' || line.p[lead + 1] == '{'))
			l->json = false;
	}
	if (start && !l->json)
		l->ntail = 0;
	if (!l->fenced &&
	    (l->json || memchr(line.p == NULL ? (const uint8_t *)"" : line.p, '{', line.n) != NULL || !start))
		look_inside(l, line);
	if (start && line.n == 0) {
		l->headings += l->heading;
		l->heading = false;
		l->after_blank = true;
	}
	if (!start || l->json || l->sure != NULL || line.n == 0)
		return;
	if (fence(line)) {
		l->fenced = !l->fenced;
		memset(l->score[1], 0, sizeof l->score[1]);
		return;
	}
	line = gh_span_cut(line, 0, GH_LANG_LINE);
	unsigned shell = l->score[l->fenced][L_SHELL];
	uint8_t room[GH_LANG_LINE] __attribute__((uninitialized));
	score(l, line, without_code(line, room));
	if (!l->fenced && lead < line.n)
		weigh(l, line, lead, l->score[0][L_SHELL] - shell);
}

enum { SOME_PROSE = 3 };

/* Among prose, commands are examples. */
static bool document(const struct gh_lang *l) { return l->prose >= SOME_PROSE && l->prose >= l->commands; }

bool gh_lang_doubtful(const struct gh_lang *l)
{
	return l->sure == NULL && !l->fenced && l->commands <= l->prose + l->headings;
}

const char *gh_lang_result(const struct gh_lang *l, struct gh_span name)
{
	if (l->sure != NULL)
		return l->sure;
	const char *named = gh_lang_by_name(name);
	/* Full of commands, which their readers take for what they are; and R at its start, which asks for the name alone. */
	if (named != NULL && (strcmp(named, "makefile") == 0 || strcmp(named, "Dockerfile") == 0 ||
			      strcmp(named, "R source") == 0 || strcmp(named, "build description") == 0))
		return named;
	for (size_t k = 0; k < GH_LANG_KINDS; k++) /* a fence that never closes hides nothing */
		if (l->score[0][k] + (l->fenced ? l->score[1][k] : 0) >= langs[k].enough &&
		    (k != L_SHELL || !document(l)))
			return langs[k].name;
	return gh_lang_by_name(name);
}

const char *gh_lang_code(const char *language)
{
	return strcmp(language, "Python source") == 0  ? "python"
	       : strcmp(language, "shell script") == 0 ? "shell"
						       : language;
}

const char *gh_lang_of(struct gh_span text, struct gh_span name)
{
	struct gh_lang l = { 0 };
	for (size_t i = 0; i < text.n;) {
		const uint8_t *nl = memchr(text.p + i, '\n', text.n - i);
		size_t n = nl == NULL ? text.n - i : (size_t)(nl - (text.p + i));
		for (size_t at = 0; at == 0 || at < n; at += PIECE)
			gh_lang_line(&l, gh_span_cut((struct gh_span){ text.p + i, n }, at, PIECE), at == 0);
		i += n + 1;
	}
	return gh_lang_result(&l, name);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */
static bool is_word(const char *list, struct gh_span s)
{
	for (const char *e = list; *e != '\0'; e += strspn(e, " ")) {
		size_t n = strcspn(e, " "), i = 0;
		while (n == s.n && i < n && lower(s.p[i]) == (uint8_t)e[i])
			i++;
		if (n == s.n && i == n)
			return true;
		e += n;
	}
	return false;
}

const char *gh_lang_by_name(struct gh_span name)
{
	size_t slash = name.n, dot = name.n;
	while (slash > 0 && name.p[slash - 1] != '/' && name.p[slash - 1] != '\\')
		slash--;
	struct gh_span base = gh_span_cut(name, slash, name.n);
	for (size_t i = 0; i < sizeof by_name / sizeof by_name[0]; i++)
		if (matches(by_name[i].name, base, true))
			return by_name[i].language;
	while (dot > slash && name.p[dot - 1] != '.')
		dot--;
	if (dot <= slash)
		return NULL;
	for (size_t i = 0; i < sizeof by_ext / sizeof by_ext[0]; i++)
		if (is_word(by_ext[i].exts, gh_span_cut(name, dot, name.n)))
			return by_ext[i].language;
	return NULL;
}

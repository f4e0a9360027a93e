/* Makefiles (GNU make): recipes and $(shell …) are shell code with make's own variables in it. Rewritten as one script, line by
 * line, for the checks: assignments first seen as assignments, $(NAME) as ${NAME}, $$ as $. */
#include "format/formats.h"
#include "format/shell_code.h"

enum { FILE_MAX = 2 << 20 };

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides, by the name */
	return GH_NO;
}

struct make {
	struct gh_span text;
	uint8_t *out;
	size_t n, cap;
};

static void put(struct make *m, const char *s, size_t n)
{
	if (n <= m->cap - m->n) {
		memcpy(m->out + m->n, s, n);
		m->n += n;
	}
}

static bool name_char(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? true : (c >= '0' && c <= '9') || c == '_';
}

/* Make's expansions of one line as the shell would write them. */
static void expand(struct make *m, struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		struct gh_span rest = gh_span_cut(s, i, s.n);
		if (gh_span_starts(rest, "$$")) {
			put(m, "$", 1);
			i++;
		} else if (gh_span_starts(rest, "$(shell ")) {
			put(m, "$(", 2);
			i += 7;
		} else if (gh_span_starts(rest, "$(") || gh_span_starts(rest, "${")) {
			size_t k = 2;
			while (k < rest.n && name_char(rest.p[k]))
				k++;
			bool plain = k > 2 && k < rest.n && (rest.p[k] == ')' || rest.p[k] == '}');
			if (plain) {
				put(m, "${", 2);
				put(m, (const char *)rest.p + 2, k - 2);
				put(m, "}", 1);
				i += k;
			} else { /* a function of make's: its arguments stay, its value is unknown */
				put(m, "$0", 2);
				i += 1;
			}
		} else if (rest.p[0] == '$' && rest.n > 1 && memchr("@<^?*%+", rest.p[1], 7) != NULL) {
			put(m, "$1", 2);
			i++;
		} else {
			put(m, (const char *)rest.p, 1);
		}
	}
}

/* NAME = value, := += ?= != : the offset of the value, 0 when the line is none. */
static size_t assignment(struct gh_span s, size_t *name, bool *runs)
{
	size_t i = 0;
	while (i < s.n && (name_char(s.p[i])))
		i++;
	*name = i;
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	size_t k = i;
	while (k < s.n && memchr(":+?!", s.p[k], 4) != NULL && k - i < 3)
		k++;
	if (*name == 0 || k >= s.n || s.p[k] != '=')
		return 0;
	*runs = memchr(s.p + i, '!', k - i) != NULL; /* NAME != COMMAND */
	for (k++; k < s.n && (s.p[k] == ' ' || s.p[k] == '\t'); k++)
		;
	return k;
}

/* A rule, a comment, or a line that only make understands. */
static bool directive(struct gh_span s)
{
	static const char *const words[] = { "include", "-include", "sinclude", "if",	    "else",	"endif",
					     "define",	"endef",    "export",	"unexport", "override", "vpath",
					     "private", "undefine", "#",	".",	    "$",	"@" };
	while (s.n != 0 && s.p[0] == ' ')
		s = gh_span_cut(s, 1, s.n);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_span_starts(s, words[i]))
			return true;
	const uint8_t *colon = s.n == 0 ? NULL : memchr(s.p, ':', s.n);
	size_t n = colon == NULL ? 0 : (size_t)(colon - s.p);
	return s.n == 0 ||
	       (colon != NULL && memchr(s.p, '|', n) == NULL && !gh_span_starts(gh_span_cut(s, n, 3), "://"));
}

static void line_of(struct make *m, struct gh_span s)
{
	static const char *const prefixes[] = { "export ", "override ", "private ", "unexport " };
	size_t name = 0, value;
	bool runs = false;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++)
		if (gh_span_starts(s, prefixes[i]))
			s = gh_span_cut(s, strlen(prefixes[i]), s.n);
	const uint8_t *colon = s.n == 0 ? NULL : memchr(s.p, ':', s.n);
	const uint8_t *recipe = colon == NULL ? NULL : memchr(colon, ';', (size_t)(s.p + s.n - colon));
	if (s.n != 0 && s.p[0] == '\t') {
		while (s.n != 0 && memchr("\t @-+", s.p[0], 5) != NULL)
			s = gh_span_cut(s, 1, s.n);
		expand(m, s);
	} else if ((value = assignment(s, &name, &runs)) != 0) {
		put(m, (const char *)s.p, name);
		put(m, runs ? "=\"$(" : "=\"", runs ? 4 : 2);
		struct gh_span v = gh_span_cut(s, value, s.n);
		for (size_t i = 0; i < v.n;) { /* quotes inside stay what they are */
			const uint8_t *q = memchr(v.p + i, '"', v.n - i);
			size_t to = q == NULL ? v.n : (size_t)(q - v.p);
			expand(m, gh_span_cut(v, i, to - i));
			if (q != NULL)
				put(m, &"\\\""[runs], 2 - runs);
			i = to + 1;
		}
		put(m, &")\""[!runs], 1 + (size_t)runs);
	} else if (s.n != 0 && memmem(s.p, s.n, "$(shell ", 8) != NULL) {
		put(m, ": ", 2);
		expand(m, s);
	} else if (recipe != NULL && s.p[0] != '#') { /* target: ; command */
		expand(m, gh_span_cut(s, (uint64_t)(recipe - s.p) + 1, s.n));
	} else if (!directive(s)) { /* nothing of make's: a shell might be given the file all the same */
		put(m, (const char *)s.p, s.n);
	}
	put(m, "\n", 1);
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > FILE_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "a makefile of more than %u MiB", (unsigned)FILE_MAX >> 20);
	struct make m = { .text = gh_text_whole(w, FILE_MAX) };
	m.cap = m.text.n * 3 + 256;
	m.out = gh_alloc(w->arena, m.cap, 1);
	uint8_t *room = gh_alloc(w->arena, m.text.n + 1, 1);
	if (m.text.p == NULL || m.out == NULL || room == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the makefile");
	static const char standard[] =
		"RM='rm -f' MAKE=make CC=cc CXX=g++ AR=ar AS=as LD=ld CPP='cc -E' INSTALL=install\n";
	put(&m, standard, sizeof standard - 1);
	for (size_t at = 0; at < m.text.n;) {
		size_t n = 0;
		bool more = true;
		while (more && at < m.text.n) {
			const uint8_t *nl = memchr(m.text.p + at, '\n', m.text.n - at);
			size_t len = nl == NULL ? m.text.n - at : (size_t)(nl - (m.text.p + at));
			more = len != 0 && m.text.p[at + len - 1] == '\\';
			memcpy(room + n, m.text.p + at, len - more);
			n += len - more;
			at += len + (nl != NULL);
		}
		line_of(&m, (struct gh_span){ room, n });
	}
	GH_TRY(gh_shell_code(w, (struct gh_span){ m.out, m.n }, 0, m.text.n, NULL), w->err, "recipes");
	gh_claim(w, 0, m.text.n, GH_CLAIM_DATA);
	return GH_OK;
}

const struct gh_fmt gh_fmt_makefile = {
	.name = "makefile",
	.about = "makefiles: their recipes are read as shell code",
	.exts = "mk mak makefile am in txt",
	.probe = probe,
	.walk = walk,
};

#include "scan/pipe_prose.h"

#include <string.h>
#include <strings.h>

/* ---- which texts -------------------------------------------------------------------------------------------------- */

static bool named(struct gh_span s, const char *const *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s.n == strlen(v[i]) && strncasecmp((const char *)s.p, v[i], s.n) == 0)
			return true;
	return false;
}

static struct gh_span base_of(struct gh_span name)
{
	const uint8_t *slash = name.n == 0 ? NULL : memrchr(name.p, '/', name.n);
	return slash == NULL ? name : gh_span_cut(name, (uint64_t)(slash - name.p) + 1, name.n);
}

static bool ends_with(struct gh_span name, const char *const *v, size_t n)
{
	struct gh_span base = base_of(name);
	const uint8_t *dot = base.n == 0 ? NULL : memrchr(base.p, '.', base.n);
	return dot != NULL && named(gh_span_cut(base, (uint64_t)(dot - base.p) + 1, base.n), v, n);
}

#define AMONG(f, s, ...) \
	f(s, (const char *const[]){ __VA_ARGS__ }, sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

static bool documentation(struct gh_span name)
{
	return AMONG(ends_with, name, "md", "markdown", "mdx", "rst", "adoc", "txt", "tex") ||
	       AMONG(named, base_of(name), "README", "LICENSE", "LICENCE", "NOTICE", "CHANGELOG", "SECURITY",
		     "CONTRIBUTING", "AUTHORS", "COPYING", "INSTALL", "MODEL_CARD");
}

/* ---- quoted as code ----------------------------------------------------------------------------------------------- */

static struct gh_span line_at(struct gh_span text, size_t at)
{
	const uint8_t *nl = memchr(text.p + at, '\n', text.n - at);
	return gh_span_cut(text, at, nl == NULL ? text.n - at : (uint64_t)(nl - text.p) - at);
}

/* Leading blanks, and the quote that begins a line of a notebook in its JSON. */
static size_t lead(struct gh_span line)
{
	size_t n = 0;
	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t' || line.p[n] == '"'))
		n++;
	return n;
}

static bool fence(struct gh_span line)
{
	size_t n = lead(line);
	return line.n - n >= 3 && (memcmp(line.p + n, "```", 3) == 0 || memcmp(line.p + n, "~~~", 3) == 0);
}

/* Is a run of backticks open at this place of the line? */
static bool in_span(struct gh_span line, size_t at)
{
	size_t open = 0;
	for (size_t i = 0; i < at;) {
		size_t n = 0;
		while (i + n < line.n && line.p[i + n] == '`')
			n++;
		if (n != 0)
			open = open == 0 ? n : open == n ? 0 : open;
		i += n == 0 ? 1 : n;
	}
	return open != 0;
}

static bool in_markdown_code(struct gh_span text, size_t off)
{
	bool fenced = false;
	for (size_t at = 0; at < text.n;) {
		struct gh_span line = line_at(text, at);
		bool mark = fence(line);
		if (off <= at + line.n)
			return fenced || mark || in_span(line, off - at) || gh_span_starts(line, "    ") ||
			       gh_span_starts(line, "\t");
		fenced = fenced != mark;
		at += line.n + 1;
	}
	return false;
}

/* Is an element of this name open at the place? Elements of code do not stand within each other. */
static bool within(struct gh_span text, size_t off, const char *name)
{
	size_t n = strlen(name);
	bool open = false;
	for (size_t i = 0; i + n + 1 < off; i++) {
		if (text.p[i] != '<')
			continue;
		size_t slash = text.p[i + 1] == '/';
		if (i + 1 + slash + n < off && strncasecmp((const char *)text.p + i + 1 + slash, name, n) == 0)
			open = slash == 0;
	}
	return open;
}

/* ---- the answer --------------------------------------------------------------------------------------------------- */

static bool is(const char *a, const char *b) { return a != NULL && strcmp(a, b) == 0; }

enum gh_prose gh_prose_quoted(const char *kind, struct gh_span text, size_t off)
{
	if (!is(kind, "script") && !is(kind, "web"))
		return GH_PROSE_NO;
	return off < text.n && in_markdown_code(text, off) ? GH_PROSE_QUOTED : GH_PROSE_SAID;
}

enum gh_prose gh_prose_at(const char *format, struct gh_span name, const char *kind, struct gh_span text, size_t off)
{
	if (is(format, "yara-rules")) /* what a rule looks for stands in it, whatever it is; nothing runs it */
		return GH_PROSE_QUOTED;
	if ((is(format, "text") && documentation(name)) || (is(format, "json") && AMONG(ends_with, name, "ipynb")))
		return gh_prose_quoted(kind, text, off);
	if (!is(format, "html") || !is(kind, "script") || off >= text.n || within(text, off, "script"))
		return GH_PROSE_NO;
	return within(text, off, "code") || within(text, off, "pre") ? GH_PROSE_QUOTED : GH_PROSE_SAID;
}

/* pip's requirements files: https://pip.pypa.io/en/stable/reference/requirements-file-format/ and PEP 508. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/shell_code.h"

enum { LIST_MAX = 4 << 20 };

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

/* pip splits a list with str.splitlines(): more ends a line than a line feed. How many bytes end one here; 0: none. */
static size_t line_end(struct gh_span text, size_t at)
{
	static const char *const others[] = { "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9" }; /* NEL, LS, PS */
	uint8_t c = text.p[at];
	if (c == '\r')
		return at + 1 < text.n && text.p[at + 1] == '\n' ? 2 : 1;
	if (c == '\n' || c == '\v' || c == '\f' || (c >= 0x1c && c <= 0x1e))
		return 1;
	for (size_t i = 0; c >= 0xc2 && i < sizeof others / sizeof others[0]; i++)
		if (gh_span_starts(gh_span_cut(text, at, text.n), others[i]))
			return strlen(others[i]);
	return 0;
}

/* Nothing but a comment: it does not go on in the next line, whatever it ends with (pip, req_file.py, join_lines()). */
static bool comment(struct gh_span line)
{
	size_t i = 0;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	return i < line.n && line.p[i] == '#';
}

/* The logical line at `at`, joined into room as pip does it; *end: behind its end. */
static struct gh_span logical(struct gh_span text, size_t at, uint8_t *room, size_t *end)
{
	size_t n = 0;
	for (bool more = true; more && at < text.n;) {
		size_t from = at, stop = 0;
		while (at < text.n && (stop = line_end(text, at)) == 0)
			at++;
		struct gh_span line = gh_span_cut(text, from, at - from);
		bool note = comment(line);
		at += stop;
		more = !note && line.n != 0 && line.p[line.n - 1] == '\\';
		if (note && n != 0)
			room[n++] = ' '; /* in the place of the backslash before it */
		memcpy(room + n, line.p, line.n - more);
		n += line.n - more;
	}
	*end = at;
	return (struct gh_span){ room, n };
}

/* setuptools writes what an extra needs behind its name: "[dev]", "[:python_version < '3']". pip knows no such line. */
static bool section(const struct gh_walk *w, struct gh_span line)
{
	bool written = gh_span_is(w->name, "requires.txt") || gh_span_ends(w->name, "/requires.txt");
	return written && line.n > 2 && line.p[0] == '[' && line.p[line.n - 1] == ']';
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > LIST_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "a list of more than %u MiB", (unsigned)LIST_MAX >> 20);
	struct gh_span text = gh_text_whole(w, LIST_MAX);
	uint8_t *room = gh_alloc(w->arena, text.n + 2, 1);
	if (text.p == NULL || room == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the list");
	size_t start = gh_span_starts(text, "\xef\xbb\xbf") ? 3 : 0, known = 0, odd = 0, end;
	for (size_t at = start; at < text.n; at = end) { /* first a look: is it a list at all? */
		struct gh_span line = logical(text, at, room, &end);
		enum gh_dep_kind k = section(w, line) ? GH_DEP_NONE : gh_dep_line(line).kind;
		known += k != GH_DEP_UNKNOWN && k != GH_DEP_NONE;
		odd += k == GH_DEP_UNKNOWN;
	}
	if (odd > known)
		return GH_E_NOTTHIS;
	for (size_t at = start; at < text.n; at = end) {
		struct gh_span line = logical(text, at, room, &end);
		if (!section(w, line))
			GH_TRY(gh_package_line(w, line, at, end - at), w->err, "at byte %zu", at);
	}
	gh_claim(w, 0, text.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

const struct gh_fmt gh_fmt_requirements = {
	.name = "pip-requirements",
	.about = "lists of Python packages to be installed (requirements.txt)",
	.exts = "txt in pip",
	.probe = probe,
	.walk = walk,
	.rules = gh_package_rules,
};

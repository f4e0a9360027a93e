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

/* The logical line at `at`, joined into room; *end: behind its newline. */
static struct gh_span logical(struct gh_span text, size_t at, uint8_t *room, size_t *end)
{
	size_t n = 0;
	for (;;) {
		const uint8_t *nl = memchr(text.p + at, '\n', text.n - at);
		size_t len = nl == NULL ? text.n - at : (size_t)(nl - (text.p + at));
		size_t keep = len;
		while (keep != 0 && text.p[at + keep - 1] == '\r')
			keep--;
		bool more = nl != NULL && keep != 0 && text.p[at + keep - 1] == '\\';
		memcpy(room + n, text.p + at, keep - more);
		n += keep - more;
		at += len + (nl != NULL);
		if (!more || at >= text.n) {
			*end = at;
			return (struct gh_span){ room, n };
		}
		room[n++] = ' ';
	}
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

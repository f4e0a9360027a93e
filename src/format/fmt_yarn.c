/* fmt_yarn.c - yarn.lock of Yarn 1: entries of lines without a format of their own name. What Yarn 2 and later write is YAML.
 *
 *	# yarn lockfile v1
 *	"@scope/name@^1.0.0", "@scope/name@^1.1.0":
 *	  version "1.2.3"
 *	  resolved "https://…"
 *	  dependencies:
 *	    other "^2.0.0"
 *
 * Every line must be one of these: a text that only begins like it is somebody else's. Source: Yarn 1, src/lockfile/parse.js
 * and stringify.js. */
#include "format/formats.h"
#include "format/packages.h"
#include "format/shell_code.h"

enum { LIST_MAX = 16 << 20 };

enum kind { BAD, BLANK, ENTRY, FIELD, BLOCK, DEPENDENCY };

struct line {
	enum kind kind;
	struct gh_span key, value; /* without quotes; ENTRY: the first pattern */
};

/* The name at the start of s, quoted or not; s moves behind it. Only what names, versions and ranges are made of. */
static bool take(struct gh_span *s, struct gh_span *out)
{
	bool quoted = s->n != 0 && s->p[0] == '"';
	size_t from = quoted, i = from;
	for (; i < s->n; i++) {
		uint8_t c = s->p[i];
		if (quoted ? c == '"' : c == ' ' || c == ',' || (c == ':' && i + 1 == s->n))
			break;
		if (c < ' ' || c == 0x7f || c == '\\' || (!quoted && memchr("\"'`$;&(){}<>", c, 12) != NULL))
			return false;
	}
	if (i == from || (quoted && i == s->n))
		return false;
	*out = gh_span_cut(*s, from, i - from);
	*s = gh_span_cut(*s, i + quoted, s->n);
	return true;
}

/* name@range[, name@range…]: */
static bool entry(struct gh_span s, struct line *l)
{
	struct gh_span one;
	for (bool first = true;; first = false) {
		if (!take(&s, &one) || (memchr(one.p + 1, '@', one.n - 1) == NULL))
			return false;
		if (first)
			l->key = one;
		if (s.n == 1 && s.p[0] == ':')
			return true;
		if (!gh_span_starts(s, ", "))
			return false;
		s = gh_span_cut(s, 2, s.n);
	}
}

static struct line line_of(struct gh_span s)
{
	static const char *const fields[] = { "version", "resolved", "integrity", "uid", "registry" };
	static const char *const blocks[] = { "dependencies:", "optionalDependencies:", "bundledDependencies:" };
	struct line l = { .kind = BAD };
	size_t indent = 0;
	while (s.n != 0 && (s.p[s.n - 1] == '\r'))
		s.n--;
	while (indent < s.n && s.p[indent] == ' ')
		indent++;
	s = gh_span_cut(s, indent, s.n);
	if (s.n == 0 || s.p[0] == '#') {
		l.kind = BLANK;
	} else if (indent == 0) {
		l.kind = entry(s, &l) ? ENTRY : BAD;
	} else if (indent == 2) {
		for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++)
			l.kind = gh_span_is(s, blocks[i]) ? BLOCK : l.kind;
		bool known = false;
		if (l.kind != BLOCK && take(&s, &l.key) && s.n > 1 && s.p[0] == ' ') {
			s = gh_span_cut(s, 1, s.n);
			for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
				known = known || gh_span_is(l.key, fields[i]);
			l.kind = known && take(&s, &l.value) && s.n == 0 ? FIELD : BAD;
		}
	} else if (indent == 4 && take(&s, &l.key) && s.n > 1 && s.p[0] == ' ') {
		s = gh_span_cut(s, 1, s.n);
		l.kind = take(&s, &l.value) && s.n == 0 ? DEPENDENCY : BAD;
	}
	return l;
}

/* The package of a pattern: "name@^1.0", "@scope/name@1", "alias@npm:name@1". */
static struct gh_span package_of(struct gh_span pattern)
{
	const uint8_t *alias = memmem(pattern.p, pattern.n, "@npm:", 5);
	struct gh_span s = alias == NULL ? pattern : gh_span_cut(pattern, (uint64_t)(alias - pattern.p) + 5, pattern.n);
	const uint8_t *at = s.n < 2 ? NULL : memchr(s.p + 1, '@', s.n - 1);
	return at == NULL ? s : gh_span_cut(s, 0, (uint64_t)(at - s.p));
}

/* Reads all lines; w == NULL: only looks. The number of entries; SIZE_MAX: not such a file, or *rc says why it ended. */
static size_t lines(struct gh_span text, struct gh_walk *w, enum gh_rc *rc)
{
	struct gh_span name = { 0 };
	size_t entries = 0;
	bool block = false;
	for (size_t at = 0, end; at < text.n && *rc == GH_OK; at = end) {
		const uint8_t *nl = memchr(text.p + at, '\n', text.n - at);
		end = nl == NULL ? text.n : (size_t)(nl - text.p) + 1;
		struct line l = line_of(gh_span_cut(text, at, end - at - (nl != NULL)));
		if (l.kind == BAD || (l.kind == DEPENDENCY && !block) ||
		    ((l.kind == FIELD || l.kind == BLOCK) && entries == 0))
			return SIZE_MAX;
		block = l.kind == BLOCK || (block && l.kind != ENTRY && l.kind != FIELD);
		entries += l.kind == ENTRY;
		if (l.kind == ENTRY)
			name = package_of(l.key);
		if (w != NULL && l.kind == FIELD && gh_span_is(l.key, "version") && name.n != 0)
			*rc = gh_package_named(w, "npm", name, l.value, at, end - at);
	}
	return *rc == GH_OK ? entries : SIZE_MAX;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > LIST_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "a yarn.lock of more than %u MiB", (unsigned)LIST_MAX >> 20);
	struct gh_span text = gh_text_whole(w, LIST_MAX), head = gh_span_cut(text, 0, 512);
	enum gh_rc rc = GH_OK;
	if (text.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the list");
	if (head.n == 0 || memmem(head.p, head.n, "# yarn lockfile v1", 18) == NULL ||
	    lines(text, NULL, &rc) == SIZE_MAX)
		return GH_E_NOTTHIS;
	if (lines(text, w, &rc) == SIZE_MAX)
		return rc;
	gh_claim(w, 0, text.n, GH_CLAIM_STRUCT);
	return GH_OK;
}

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides, by the name */
	return GH_NO;
}

/* A file that package managers read by this name. NULL: another name. */
const struct gh_fmt *gh_lock_text(struct gh_span name, bool second)
{
	static const char *const metadata[] = { "PKG-INFO", "METADATA" };
	bool is = gh_span_is(name, "yarn.lock") || gh_span_ends(name, "/yarn.lock");
	for (size_t i = 0; i < sizeof metadata / sizeof metadata[0] && !second; i++)
		if (gh_span_ends(name, metadata[i]) &&
		    (name.n == 8 || name.p[name.n - 9] == '/')) /* both names have eight letters */
			return &gh_fmt_metadata;
	return !is ? NULL : second ? &gh_fmt_yaml : &gh_fmt_yarn_lock;
}

const struct gh_fmt gh_fmt_yarn_lock = {
	.name = "yarn-lock",
	.about = "lists of what Yarn 1 installed (yarn.lock)",
	.exts = "lock",
	.probe = probe,
	.walk = walk,
	.rules = NULL,
};

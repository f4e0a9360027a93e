#include "wire/version.h"

#include "wire/pep440.h"

#include <stdio.h>

static bool digit(uint8_t c) { return c >= '0' && c <= '9'; }
static bool blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static struct gh_span trim(struct gh_span s)
{
	while (s.n != 0 && blank(s.p[0]))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && blank(s.p[s.n - 1]))
		s.n--;
	return s;
}

enum gh_version_rule gh_version_rule(struct gh_span eco)
{
	static const struct {
		const char *name;
		enum gh_version_rule rule;
	} rules[] = { { "PyPI", GH_VERSION_PEP440 },
		      { "npm", GH_VERSION_SEMVER },
		      { "Go", GH_VERSION_SEMVER },
		      { "crates.io", GH_VERSION_SEMVER },
		      { "conda", GH_VERSION_CONDA } };
	for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
		if (gh_span_is(eco, rules[i].name))
			return rules[i].rule;
	return GH_VERSION_NONE;
}

bool gh_version_valid(enum gh_version_rule rule, struct gh_span v)
{
	struct gh_pep440 p;
	switch (rule) {
	case GH_VERSION_PEP440: return gh_pep440(v, &p);
	case GH_VERSION_SEMVER: return gh_semver_valid(trim(v), false);
	case GH_VERSION_CONDA: return gh_conda_valid(v);
	case GH_VERSION_NONE: break;
	}
	return false;
}

int gh_version_cmp(enum gh_version_rule rule, struct gh_span a, struct gh_span b)
{
	struct gh_pep440 x, y;
	switch (rule) {
	case GH_VERSION_PEP440: return gh_pep440(a, &x) && gh_pep440(b, &y) ? gh_pep440_cmp(&x, &y) : GH_VERSION_APART;
	case GH_VERSION_SEMVER: return gh_semver_cmp(trim(a), trim(b));
	case GH_VERSION_CONDA: return gh_conda_cmp(a, b);
	case GH_VERSION_NONE: break;
	}
	return gh_span_eq(a, b) ? 0 : GH_VERSION_APART;
}

/* ---- sets ------------------------------------------------------------------------------------------------------------ */
static bool bound(struct gh_bound *b, struct gh_span v, bool open)
{
	if (v.n == 0 || v.n >= sizeof b->text)
		return false;
	memcpy(b->text, v.p, v.n);
	b->text[v.n] = '\0';
	b->n = v.n;
	b->open = open;
	return true;
}

/* Narrow the interval by a new lower or upper end. */
static bool at_least(enum gh_version_rule rule, struct gh_interval *i, struct gh_span v, bool open)
{
	int c = i->lo.n == 0 ? -1 : gh_version_cmp(rule, gh_bound(&i->lo), v);
	if (c == GH_VERSION_APART)
		return false;
	if (c < 0 || (c == 0 && open))
		return bound(&i->lo, v, open);
	return true;
}
static bool at_most(enum gh_version_rule rule, struct gh_interval *i, struct gh_span v, bool open)
{
	int c = i->hi.n == 0 ? 1 : gh_version_cmp(rule, gh_bound(&i->hi), v);
	if (c == GH_VERSION_APART)
		return false;
	if (c > 0 || (c == 0 && open))
		return bound(&i->hi, v, open);
	return true;
}

/* The first `parts` numbers of v, the last one raised by one, missing ones 0, and a suffix. */
static bool next_prefix(struct gh_span v, size_t parts, bool raise, const char *suffix, char out[GH_BOUND_TEXT])
{
	size_t at = 0, n = 0;
	while (at < v.n && !digit(v.p[at])) /* "v1" */
		at++;
	for (size_t k = 0; k < parts; k++) {
		uint64_t x = 0;
		for (; at < v.n && digit(v.p[at]); at++)
			if (__builtin_mul_overflow(x, 10u, &x) ||
			    __builtin_add_overflow(x, (uint64_t)(v.p[at] - '0'), &x))
				return false;
		if (at < v.n && v.p[at] == '!' && k == 0) {
			int m = snprintf(out, GH_BOUND_TEXT, "%llu!", (unsigned long long)x);
			n = m < 0 ? GH_BOUND_TEXT : (size_t)m;
			at++;
			k--; /* the epoch is no part */
			if (n >= GH_BOUND_TEXT)
				return false;
			continue;
		}
		if (raise && k + 1 == parts && __builtin_add_overflow(x, 1, &x))
			return false;
		int m = snprintf(out + n, GH_BOUND_TEXT - n, "%s%llu", n == 0 || out[n - 1] == '!' ? "" : ".",
				 (unsigned long long)x);
		if (m < 0 || (n += (size_t)m) >= GH_BOUND_TEXT)
			return false;
		if (at < v.n && v.p[at] == '.' && at + 1 < v.n && digit(v.p[at + 1]))
			at++;
		else
			at = v.n;
	}
	int m = snprintf(out + n, GH_BOUND_TEXT - n, "%s", suffix);
	return m >= 0 && n + (size_t)m < GH_BOUND_TEXT;
}

/* lo <= x < next prefix, as in "== 1.2.*" and "~= 1.2.3"; first: the lowest version of a prefix. */
static bool below_next(enum gh_version_rule rule, struct gh_interval *i, struct gh_span v, size_t parts,
		       const char *suffix)
{
	char next[GH_BOUND_TEXT];
	return next_prefix(v, parts, true, suffix, next) && at_most(rule, i, gh_span_str(next), true);
}

/* Poetry's "^1.2.3" and "~1.2": takes such a clause off *rest. 1: done, 0: another clause stands there, -1: neither. */
static int poetry_clause(struct gh_span *rest, struct gh_interval *i)
{
	struct gh_span s = trim(*rest), c;
	while (s.n != 0 && s.p[0] == ',')
		s = trim(gh_span_cut(s, 1, s.n));
	bool caret = s.n != 0 && s.p[0] == '^';
	if (!caret && (s.n < 2 || s.p[0] != '~' || s.p[1] == '='))
		return 0;
	const uint8_t *comma = memchr(s.p, ',', s.n);
	c = trim(gh_span_cut(s, 1, comma == NULL ? s.n : (uint64_t)(comma - s.p) - 1));
	*rest = comma == NULL ? (struct gh_span){ 0 } : gh_span_cut(s, (uint64_t)(comma - s.p) + 1, s.n);
	struct gh_pep440 v;
	if (!gh_pep440(c, &v))
		return -1;
	size_t parts = gh_pep440_parts(&v), keep = caret || parts < 2 ? 1 : 2;
	while (caret && keep < parts && gh_pep440_part(&v, keep - 1).n == 0) /* the first part that is not 0 */
		keep++;
	return at_least(GH_VERSION_PEP440, i, c, false) && below_next(GH_VERSION_PEP440, i, c, keep, ".dev0") ? 1 : -1;
}

static bool pep440_set(struct gh_span text, struct gh_version_set *s)
{
	struct gh_pep440_clause c;
	char first[GH_BOUND_TEXT];
	int r;
	s->n = 1;
	struct gh_interval *i = &s->v[0];
	const enum gh_version_rule rule = GH_VERSION_PEP440;
	if (gh_span_is(text, "*")) /* as Pipenv and Poetry write "any" */
		return true;
	if (gh_pep440(text, &c.v)) { /* a lock file's plain version */
		s->exact = true;
		return at_least(rule, i, text, false) && at_most(rule, i, text, false);
	}
	for (;;) {
		bool ok = true;
		r = poetry_clause(&text, i);
		if (r < 0)
			return false;
		if (r > 0)
			continue;
		if ((r = gh_pep440_clause(&text, &c)) <= 0)
			break;
		size_t parts = gh_pep440_parts(&c.v);
		switch (c.op) {
		case GH_OP_SAME:
		case GH_OP_EQ:
			if (c.wildcard) {
				ok = next_prefix(c.text, parts, false, ".dev0", first) &&
				     at_least(rule, i, gh_span_str(first), false) &&
				     below_next(rule, i, c.text, parts, ".dev0");
				break;
			}
			ok = at_least(rule, i, c.text, false) && at_most(rule, i, c.text, false);
			s->exact = true;
			break;
		case GH_OP_NE: break;
		case GH_OP_LE: ok = at_most(rule, i, c.text, false); break;
		case GH_OP_LT: ok = at_most(rule, i, c.text, true); break;
		case GH_OP_GE: ok = at_least(rule, i, c.text, false); break;
		case GH_OP_GT: ok = at_least(rule, i, c.text, true); break;
		case GH_OP_COMPATIBLE:
			ok = at_least(rule, i, c.text, false) && below_next(rule, i, c.text, parts - 1, ".dev0");
			break;
		}
		if (!ok)
			return false;
	}
	return r == 0;
}

/* How many numbers a pattern such as "1.2", "1.2.x", "1.*" gives before it says "any". */
static size_t given_parts(struct gh_span v, struct gh_span *cut)
{
	size_t at = 0, parts = 0, end = 0;
	while (at < v.n && !digit(v.p[at]) && v.p[at] != 'x' && v.p[at] != 'X' && v.p[at] != '*')
		at++;
	while (at < v.n && digit(v.p[at])) {
		while (at < v.n && digit(v.p[at]))
			at++;
		parts++;
		end = at;
		if (at == v.n || v.p[at] != '.')
			break;
		at++;
	}
	bool any = at < v.n && (v.p[at] == 'x' || v.p[at] == 'X' || v.p[at] == '*');
	*cut = any ? gh_span_cut(v, 0, end) : v;
	return parts;
}

/* One comparator of node's semver: an operator and a version that may be partial. */
static bool node_comparator(struct gh_span op, struct gh_span v, struct gh_interval *i, bool *exact)
{
	static const enum gh_version_rule rule = GH_VERSION_SEMVER;
	struct gh_span full;
	char text[GH_BOUND_TEXT];
	size_t parts = given_parts(v, &full);
	if (parts == 0) /* "*", "x", "" */
		return gh_span_is(trim(v), "*") || gh_span_is(trim(v), "x") || gh_span_is(trim(v), "X") || v.n == 0;
	if (!gh_semver_valid(full, false))
		return false;
	if (gh_span_is(op, "^") || gh_span_is(op, "~") || gh_span_is(op, "~>")) {
		size_t keep = op.p[0] == '~' ? (parts < 2 ? 1 : 2) : 1;
		char part[GH_BOUND_TEXT];
		for (; op.p[0] == '^' && keep < parts && keep < 3; keep++) { /* the first part that is not 0 */
			if (!next_prefix(full, keep, false, "", part) || strspn(part, "0.") != strlen(part))
				break;
		}
		return at_least(rule, i, full, false) && below_next(rule, i, full, keep, "-0");
	}
	if (parts < 3) {
		if (gh_span_is(op, ">"))
			return next_prefix(full, parts, true, "", text) && at_least(rule, i, gh_span_str(text), false);
		if (gh_span_is(op, "<="))
			return below_next(rule, i, full, parts, "-0");
		if (op.n == 0 || gh_span_is(op, "="))
			return at_least(rule, i, full, false) && below_next(rule, i, full, parts, "-0");
	}
	if (gh_span_is(op, ">=") || gh_span_is(op, ">"))
		return at_least(rule, i, full, op.n == 1);
	if (gh_span_is(op, "<=") || gh_span_is(op, "<"))
		return at_most(rule, i, full, op.n == 1);
	*exact = true;
	return at_least(rule, i, full, false) && at_most(rule, i, full, false);
}

/* Comparators between two "||"; "a - b" is a range of its own. */
static bool node_range(struct gh_span s, struct gh_interval *i, bool *exact)
{
	const uint8_t *dash = s.n == 0 ? NULL : memmem(s.p, s.n, " - ", 3);
	if (dash != NULL)
		return node_comparator(GH_SPAN(">="), trim(gh_span_cut(s, 0, (uint64_t)(dash - s.p))), i, exact) &&
		       node_comparator(GH_SPAN("<="), trim(gh_span_cut(s, (uint64_t)(dash - s.p) + 3, s.n)), i, exact);
	for (;;) {
		while (s.n != 0 && (blank(s.p[0]) || s.p[0] == ','))
			s = gh_span_cut(s, 1, s.n);
		if (s.n == 0)
			return true;
		size_t n = 0;
		while (n < s.n && memchr("<>=~^", s.p[n], 5) != NULL)
			n++;
		struct gh_span op = gh_span_cut(s, 0, n);
		s = gh_span_cut(s, n, s.n);
		while (s.n != 0 && blank(s.p[0]))
			s = gh_span_cut(s, 1, s.n);
		for (n = 0; n < s.n && !blank(s.p[n]) && s.p[n] != ','; n++)
			;
		if (!node_comparator(op, gh_span_cut(s, 0, n), i, exact))
			return false;
		s = gh_span_cut(s, n, s.n);
	}
}

/* conda: "1.2.*", "=1.2" (that prefix), "==1.2", comparisons; commas mean and. */
static bool conda_range(struct gh_span s, struct gh_interval *i, bool *exact)
{
	static const enum gh_version_rule rule = GH_VERSION_CONDA;
	while (s.n != 0) {
		const uint8_t *comma = memchr(s.p, ',', s.n);
		struct gh_span c = trim(comma == NULL ? s : gh_span_cut(s, 0, (uint64_t)(comma - s.p)));
		s = comma == NULL ? (struct gh_span){ 0 } : gh_span_cut(s, (uint64_t)(comma - s.p) + 1, s.n);
		size_t n = 0;
		while (n < c.n && memchr("<>=!~", c.p[n], 5) != NULL)
			n++;
		struct gh_span op = gh_span_cut(c, 0, n), v = trim(gh_span_cut(c, n, c.n));
		const uint8_t *space = v.n == 0 ? NULL : memchr(v.p, ' ', v.n); /* "1.2 py39_0": a build */
		if (space != NULL)
			v = gh_span_cut(v, 0, (uint64_t)(space - v.p));
		bool star = gh_span_ends(v, "*");
		while (v.n != 0 && (v.p[v.n - 1] == '*' || (star && v.p[v.n - 1] == '.')))
			v.n--;
		if (v.n == 0 && star && op.n == 0)
			continue;
		if (gh_span_is(op, "!="))
			continue;
		if (!gh_conda_valid(v))
			return false;
		if (gh_span_is(op, ">=") || gh_span_is(op, ">")) {
			if (!at_least(rule, i, v, op.n == 1))
				return false;
		} else if (gh_span_is(op, "<=") || gh_span_is(op, "<")) {
			if (!at_most(rule, i, v, op.n == 1))
				return false;
		} else if (star || gh_span_is(op, "=") || gh_span_is(op, "~=")) {
			struct gh_span cut;
			size_t parts = given_parts(v, &cut);
			parts -= gh_span_is(op, "~=") && parts > 1;
			if (!at_least(rule, i, v, false) || !below_next(rule, i, v, parts, ".0a0"))
				return false;
		} else {
			*exact = true;
			if (!at_least(rule, i, v, false) || !at_most(rule, i, v, false))
				return false;
		}
	}
	return true;
}

bool gh_version_set(enum gh_version_rule rule, struct gh_span text, struct gh_version_set *out)
{
	memset(out, 0, sizeof *out);
	text = trim(text);
	if (rule == GH_VERSION_NONE)
		return false;
	if (rule == GH_VERSION_PEP440)
		return pep440_set(text, out);
	const char *bar = rule == GH_VERSION_SEMVER ? "||" : "|";
	for (;;) {
		const uint8_t *at = text.n == 0 ? NULL : memmem(text.p, text.n, bar, strlen(bar));
		struct gh_span one = at == NULL ? text : gh_span_cut(text, 0, (uint64_t)(at - text.p));
		if (out->n == GH_SET_SPANS)
			return false;
		bool ok = rule == GH_VERSION_SEMVER ? node_range(trim(one), &out->v[out->n], &out->exact)
						    : conda_range(trim(one), &out->v[out->n], &out->exact);
		out->n++;
		if (!ok)
			return false;
		if (at == NULL)
			break;
		text = gh_span_cut(text, (uint64_t)(at - text.p) + strlen(bar), text.n);
	}
	out->exact = out->exact && out->n == 1;
	return true;
}

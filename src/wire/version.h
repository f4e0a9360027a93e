/* version.h - comparing versions by the rules of the ecosystem they come from, and the sets of versions that a requirement
 * allows. Pure functions of text.
 *
 *	PEP 440		PyPI			wire/pep440.h
 *	SemVer 2.0	npm, crates.io, Go	https://semver.org, precedence as in section 11; a leading "v" and missing
 *						parts ("1.2") are read as tools do; sets as npm's (`^1.2`, `~1.2`, `1.x`, `1 - 2`,
 *						`a || b`)
 *	conda		conda			the order of conda's VersionOrder; sets as its MatchSpec (`=1.2`, `>=1,<2|3`) */
#ifndef GH_WIRE_VERSION_H
#define GH_WIRE_VERSION_H
#include "base/span.h"

enum gh_version_rule { GH_VERSION_NONE, GH_VERSION_PEP440, GH_VERSION_SEMVER, GH_VERSION_CONDA };
/* The rule of an ecosystem as OSV names it ("PyPI", "npm"); GH_VERSION_NONE: versions can only be equal or not. */
enum gh_version_rule gh_version_rule(struct gh_span ecosystem);

bool gh_version_valid(enum gh_version_rule rule, struct gh_span v);
/* -1, 0, 1. Both must be valid; what is not sorts as equal to nothing: 2. */
enum { GH_VERSION_APART = 2 };
int gh_version_cmp(enum gh_version_rule rule, struct gh_span a, struct gh_span b);

enum { GH_BOUND_TEXT = 72, GH_SET_SPANS = 8 };
/* One end of an interval; n == 0: there is none. */
struct gh_bound {
	char text[GH_BOUND_TEXT];
	size_t n;
	bool open; /* the version itself is outside */
};
struct gh_interval {
	struct gh_bound lo, hi;
};
/* What a requirement allows, as a union of intervals. Versions that it excludes one by one ("!= 1.2") are not taken out, so
 * the set may be too large, never too small. */
struct gh_version_set {
	struct gh_interval v[GH_SET_SPANS];
	size_t n;
	bool exact; /* one version only: v[0].lo.text */
};
/* False: the text is no requirement of this rule, or needs more than GH_SET_SPANS intervals. An empty text allows all. */
bool gh_version_set(enum gh_version_rule rule, struct gh_span text, struct gh_version_set *out);
static inline struct gh_span gh_bound(const struct gh_bound *b)
{
	return (struct gh_span){ (const uint8_t *)b->text, b->n };
}

/* ---- the parts, for their tests ---------------------------------------------------------------------------------------- */
/* strict: by the letter of SemVer 2.0. */
bool gh_semver_valid(struct gh_span v, bool strict);
int gh_semver_cmp(struct gh_span a, struct gh_span b);
bool gh_conda_valid(struct gh_span v);
int gh_conda_cmp(struct gh_span a, struct gh_span b);
#endif

#include "policy/expr.h"

/* All positions of the pattern that the text read so far may have led to are kept at once: nothing is tried again, so no
 * pattern takes longer than the product of the lengths. */
enum { POSITIONS = EXPR_PATTERN + 1 };

static bool star(struct gh_span p, size_t i) { return i < p.n && p.p[i] == '*'; }

/* A star may stand for nothing: what follows it is reached, too. A second star belongs to the first. */
static void settle(struct gh_span p, bool at[POSITIONS])
{
	for (size_t i = 0; i < p.n; i++)
		if (at[i] && star(p, i))
			at[i + (star(p, i + 1) ? 2 : 1)] = true;
}

bool gh_glob(struct gh_span pattern, struct gh_span s)
{
	bool at[POSITIONS] = { true };
	if (pattern.n > EXPR_PATTERN)
		return false;
	settle(pattern, at);
	for (size_t k = 0; k < s.n; k++) {
		bool next[POSITIONS] = { false };
		bool continues = (s.p[k] & 0xc0) == 0x80; /* '?' is a character, not a byte */
		for (size_t i = 0; i < pattern.n; i++) {
			if (!at[i])
				continue;
			if (star(pattern, i))
				next[i] |= s.p[k] != '/' || star(pattern, i + 1);
			else
				next[i + 1] |= pattern.p[i] == '?' ? s.p[k] != '/' && !continues
								   : pattern.p[i] == s.p[k];
		}
		/* The rest of a character that '?' stood for. */
		for (size_t i = 1; continues && i <= pattern.n; i++)
			if (at[i] && pattern.p[i - 1] == '?')
				next[i] = true;
		settle(pattern, next);
		memcpy(at, next, sizeof at);
	}
	return at[pattern.n];
}

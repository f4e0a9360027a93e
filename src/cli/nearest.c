#include "cli/cli.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 63 };

static size_t clip(const char *s)
{
	size_t n = strnlen(s, LONGEST);
	return n;
}

static bool same(char a, char b) { return tolower((unsigned char)a) == tolower((unsigned char)b); }

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment over three rolling rows. */
unsigned gh_edits(const char *a, const char *b)
{
	unsigned row[3][LONGEST + 1];
	size_t na = clip(a), nb = clip(b);
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];
		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned cost = same(a[i - 1], b[j - 1]) ? 0 : 1;
			now[j] = least(least(up[j] + 1, now[j - 1] + 1), up[j - 1] + cost);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
				now[j] = least(now[j], upup[j - 2] + 1);
		}
	}
	return row[na % 3][nb];
}

size_t gh_nearest(const char *typed, size_t n, const char *(*at)(size_t i, const void *arg), const void *arg)
{
	size_t best = SIZE_MAX;
	unsigned fewest = (unsigned)clip(typed) / 3 + 1; /* more edits than that is another word */
	for (size_t i = 0; i < n; i++) {
		const char *word = at(i, arg);
		unsigned edits = word == NULL ? LONGEST : gh_edits(typed, word);
		if (edits > fewest || (edits == fewest && best != SIZE_MAX))
			continue;
		fewest = edits;
		best = i;
	}
	return best;
}

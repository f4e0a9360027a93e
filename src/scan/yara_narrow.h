/* yara_narrow.h - regular expressions are looked for by an automaton of their own first (check/yarapack.h), in one pass whose cost
 * does not depend on the bytes; libyara, which starts anew wherever a match may begin, is only shown where one may end. Without this,
 * text that begins a match over and over costs it minutes for a megabyte.
 *
 * Strings with an automaton are switched off in a scanner; while a place for one of them is shown, all others are off. */
#ifndef GH_SCAN_YARA_NARROW_H
#define GH_SCAN_YARA_NARROW_H
#include "scan/yara_first.h"

struct YR_SCAN_CONTEXT;
struct gh_narrow;
/* NULL: no memory, or nothing is known of these rules. Both must live as long. */
struct gh_narrow *gh_narrow_new(const struct YR_RULES *rules, const struct gh_first_known *known);
void gh_narrow_free(struct gh_narrow *n);
/* Switch them off. A scanner forgets it when it evaluates: to be said before every part. */
void gh_narrow_off(const struct gh_narrow *n, struct YR_SCAN_CONTEXT *scanner);

/* Places in a part where the strings of some automata may match. */
struct gh_narrowing {
	struct gh_span part;
	uint64_t of[GH_FIRST_SETS]; /* those that are left */
	unsigned now;		    /* the one that is looked for, from 1; 0: none */
	size_t at;		    /* how far */
	unsigned state;
	bool shown; /* a place of it */
};
/* The next place to be shown, its strings switched on; n == 0: no more, and strings are as before. Those that have matched
 * already need no other place. Start with part and `of` set, all else zero, and go on to the end. */
struct gh_span gh_narrow_next(struct gh_narrow *n, struct YR_SCAN_CONTEXT *scanner, struct gh_narrowing *s);
#endif

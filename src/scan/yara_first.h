/* yara_first.h - a first look: which parts of a block can hold a match of any string of compiled rules, so that libyara, which
 * walks 300 MB/s, sees only those. Nothing that it would find in the whole block is missed.
 *
 * libyara finds a string by an atom of one to four bytes that every match holds, and looks at most YR_RE_SCAN_LIMIT bytes before
 * and behind it (a plain string: its own length; one of ours: what its longest match needs). The atoms are read from its automaton. Rules where this does not hold (an atom
 * of one byte, strings in pieces far apart) get no first look: everything is shown. */
#ifndef GH_SCAN_YARA_FIRST_H
#define GH_SCAN_YARA_FIRST_H
#include "base/span.h"
#include "wire/atoms.h"

struct YR_RULES;
struct gh_first;
enum { GH_FIRST_SETS = 4 };
/* What was worked out about the strings of rules when they were compiled (check/yarapack.h): by their index, how long matches are, and
 * the number of their automaton, counted from 1; 0 in both: not known. */
struct gh_first_known {
	size_t strings;
	const uint16_t *reach, *of;
	/* What gh_first_read() read of them; NULL: it is read anew. */
	const struct gh_atom *atoms;
	size_t natoms, head;
};
/* NULL: these rules have to see everything, or there is no memory. known: NULL when nothing is. */
struct gh_first *gh_first_new(const struct YR_RULES *rules, const struct gh_first_known *known);
/* What is looked for, from the rules' automaton, for gh_first_new() of another process: *atoms, of `a`, and how much of the start of a source
 * has to be shown. False: as gh_first_new(). */
bool gh_first_read(const struct YR_RULES *rules, const struct gh_first_known *known, struct gh_arena *a,
		   const struct gh_atom **atoms, size_t *n, size_t *head);
void gh_first_free(struct gh_first *f);

/* How much of the start of a source has to be shown whatever stands there: strings for one place only. */
size_t gh_first_head(const struct gh_first *f);
/* The next part of the block at or behind *from that has to be shown, *from set behind it; n == 0: no more. Parts are in order and
 * do not overlap. head: bytes at the start of the block that are shown in any case. of: a bit for each automaton whose string may have a
 * match in this part, the first one for number 1. */
struct gh_span gh_first_next(const struct gh_first *f, struct gh_span block, size_t head, size_t *from,
			     uint64_t of[GH_FIRST_SETS]);
/* The place before `at`, and not before `least`, that is `reach` bytes away, or `words` bytes that are no white space: the farther one. */
size_t gh_first_back(struct gh_span s, size_t at, size_t least, uint32_t reach, uint32_t words);
#endif

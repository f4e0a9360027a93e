/* yara_first.h - a first look: which parts of a block can hold a match of any string of compiled rules, so that libyara, which
 * walks 300 MB/s, sees only those. Nothing that it would find in the whole block is missed.
 *
 * libyara finds a string by an atom of one to four bytes that every match holds, and looks at most YR_RE_SCAN_LIMIT bytes before
 * and behind it (a plain string: its own length; one of ours: what its longest match needs). The atoms are read from its automaton. Rules where this does not hold (an atom
 * of one byte, strings in pieces far apart) get no first look: everything is shown. */
#ifndef GH_SCAN_YARA_FIRST_H
#define GH_SCAN_YARA_FIRST_H
#include "base/span.h"

struct YR_RULES;
struct gh_first;
/* NULL: these rules have to see everything, or there is no memory. known: how long matches are, for each string of the rules
 * (check/yarapack.h); NULL: nobody knows. */
struct gh_first *gh_first_new(const struct YR_RULES *rules, const uint16_t *known, size_t nknown);
void gh_first_free(struct gh_first *f);

/* How much of the start of a source has to be shown whatever stands there: strings for one place only. */
size_t gh_first_head(const struct gh_first *f);
/* The next part of the block at or behind *from that has to be shown, *from set behind it; n == 0: no more. Parts are in order and
 * do not overlap. head: bytes at the start of the block that are shown in any case. */
struct gh_span gh_first_next(const struct gh_first *f, struct gh_span block, size_t head, size_t *from);
#endif

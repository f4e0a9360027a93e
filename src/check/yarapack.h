/* yarapack.h - the bundled YARA rules: made by tools/yarac.c from rules/yara when the program is built. */
#ifndef GH_CHECK_YARAPACK_H
#define GH_CHECK_YARAPACK_H
#include "base/span.h"
#include "format/rule.h"
#include "wire/atoms.h"

extern const uint8_t gh_yarapack[]; /* as yr_rules_save_stream() writes it */
extern const size_t gh_yarapack_size;
extern const struct gh_rule gh_yarapack_rules[]; /* a row for each rule, from its meta data; ends with GH_RULES_END */
extern const size_t gh_yarapack_n;		 /* rules in the pack */
/* Of each string, by its index: bytes of its longest match, runs of white space not counted; 0: not known (or no regular expression). */
extern const uint16_t gh_yarapack_reach[];
extern const size_t gh_yarapack_strings;
/* Automata that accept at the end of every match of a regular expression, and at more places; of each string the number of its
 * automaton, counted from 1; 0: it has none. See tools/yara_dfa.h. */
struct gh_yarapack_automaton {
	const uint8_t *kind;  /* of each byte */
	const uint16_t *next; /* by state * kinds + kind; 0x8000: it accepts. Begins at 0 */
	unsigned kinds;
	unsigned ends; /* behind a match: 0: anything; 1: the border of a word; 2: no letter or digit */
};
extern const struct gh_yarapack_automaton gh_yarapack_automata[];
extern const size_t gh_yarapack_nautomata;
extern const uint16_t gh_yarapack_of[];
/* What is looked for first, as scan/yara_first.h reads it from the rules' own automaton, and how much of the start of a source counts. */
extern const struct gh_atom gh_yarapack_atoms[];
extern const size_t gh_yarapack_natoms, gh_yarapack_head;
#endif

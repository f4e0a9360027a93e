/* yara_dfa.h - a first answer to a regular expression in one pass: an automaton that accepts at the end of every match, and at more
 * places: how often something is repeated is counted as far as that takes few states, and borders of words are looked at only before
 * and behind all of it. Where it does not accept there is no match. For tools/yarac.c; the tables are read by src/scan/yara_first.c. */
#ifndef GH_TOOLS_YARA_DFA_H
#define GH_TOOLS_YARA_DFA_H
#include <stdint.h>

enum { YARA_NOCASE = 1, YARA_DOTALL = 2, YARA_FULLWORD = 4 };
enum { YARA_ENDS_ANYWHERE, YARA_ENDS_AT_BORDER, YARA_ENDS_WORD }; /* … \\b; fullword */

struct yara_dfa {
	uint8_t kind[256]; /* which bytes are alike */
	uint8_t ends;	   /* what must hold behind a match, besides */
	unsigned kinds, states;
	uint16_t *next; /* states x kinds: where to, with 0x8000 when that accepts. The first state is 0 */
};
/* False: the expression is not understood, or takes more than YARA_STATES states. */
enum { YARA_STATES = 1500 };
_Bool yara_dfa(const char *regex, unsigned flags, struct yara_dfa *out);
#endif

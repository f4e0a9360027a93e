/* srccode.h - looks through source code of languages other than Python and the shell for what droppers, back doors and
 * thieves of credentials do. Understands strings, comments and calls, not the language: what it finds is UNSAFE, what it
 * does not find proves nothing (the reader of such code asks a person anyway). */
#ifndef GH_CHECK_SRCCODE_H
#define GH_CHECK_SRCCODE_H
#include "check/check.h"

extern const struct gh_check gh_check_source;

/* Is this a language, as gh_lang_of() names it, that the check judges? */
bool gh_src_reads(const char *language);

/* A bit per rule of the check's table for code of a language as gh_lang_of() names it; *at[bit]: where. text is rewritten
 * in place: comments, joined strings and escapes are resolved; *n becomes its new length. */
enum gh_src_sign {
	GH_SRC_FETCH,
	GH_SRC_DECODE,
	GH_SRC_REVERSE,
	GH_SRC_STEAL,
	GH_SRC_SYSTEM,
	GH_SRC_COMMAND,
	GH_SRC_SIGNS
};
unsigned gh_src_signs(const char *language, uint8_t *text, size_t n, size_t at[GH_SRC_SIGNS]);
#endif

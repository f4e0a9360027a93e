/* yara_reach.h - how long a match of a regular expression of a YARA rule can be; for tools/yarac.c. */
#ifndef GH_TOOLS_YARA_REACH_H
#define GH_TOOLS_YARA_REACH_H

/* Bytes of the longest match, white space that may come any number of times (\s* and \s+) not counted; 0: anything else is unlimited,
 * or the expression is not understood. regex: between the slashes. */
unsigned yara_reach(const char *regex);

/* The expression of a string, `$name = /…/`, of a rule in the text of a rule file, copied into out without its slashes; false: it is none,
 * or does not fit. *more: what stands behind it in its line, in the text. */
_Bool yara_source(const char *text, const char *rule, const char *name, char *out, unsigned cap, const char **more);
/* Is the word, or the flag of one letter, among what stands behind an expression? */
_Bool yara_modifier(const char *more, const char *word);
#endif

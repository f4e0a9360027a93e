/* command.h - a command line given as one text, split into words as a shell would split plain words: blanks separate, quotes
 * and backslashes keep together. Nothing is expanded; no shell is involved. */
#ifndef GH_RUNTIME_COMMAND_H
#define GH_RUNTIME_COMMAND_H
#include "base/arena.h"

/* The words, ended by NULL; their number in *n. NULL: a quote is open, there is no word, more than max, or no memory. */
const char **gh_command_split(struct gh_arena *a, const char *text, size_t max, size_t *n);
/* The word with every "{path}" replaced. NULL: no memory. */
const char *gh_command_fill(struct gh_arena *a, const char *word, const char *path);
#endif

/* weights_hidden.h - what a stream of bytes that was put together from weights turns out to be. Strict: everything here
 * has 40 and more checked bits at a fixed place, text is 64 and more characters of it. Pure. */
#ifndef GH_CHECK_WEIGHTS_HIDDEN_H
#define GH_CHECK_WEIGHTS_HIDDEN_H
#include "base/span.h"

enum gh_hidden_kind { GH_HIDDEN_NOTHING, GH_HIDDEN_PROGRAM, GH_HIDDEN_ARCHIVE, GH_HIDDEN_SCRIPT, GH_HIDDEN_TEXT };
struct gh_hidden {
	enum gh_hidden_kind kind;
	const char *name;    /* "ELF for x86-64", "zip archive", "pickle": NULL when there is nothing */
	const char *machine; /* of a program, else "" */
	size_t at;	     /* offset in the stream */
};

/* First bytes that are enough to say "no", and those that are enough to say what. */
enum { GH_HIDDEN_GLANCE = 96, GH_HIDDEN_LOOK = 4096 };

/* Could there be something? Of a stream's first GH_HIDDEN_GLANCE bytes or fewer, if it has no more. */
bool gh_hidden_glance(struct gh_span head);
/* At its start, or behind what tools put before a payload (a length, a digest). */
struct gh_hidden gh_hidden_look(struct gh_span head);
/* An archive or a pickle at the very start, or text that begins there (or a script, when a language can be told); nothing else.
 * For places in the middle of bytes, where more has to be right than at the start: a pickle has names. */
struct gh_hidden gh_hidden_middle(struct gh_span head);
/* The same at the very start only, without text: for bytes that are not hidden but lie there as they are. */
struct gh_hidden gh_hidden_start(struct gh_span head);
#endif

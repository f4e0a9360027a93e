/* say.h - what a loader script says about itself on descriptor 3. Each of its lines begins with a word that is made up for the
 * run and that the script takes from standard input before the model is opened; lines without it are the model's own. The
 * model runs in the same process and can look for the word: what is said is shown, safe and bounded, and nothing is decided by
 * it but whether loading came to its end. */
#ifndef GH_RUNTIME_SAY_H
#define GH_RUNTIME_SAY_H
#include "base/arena.h"
#include "base/buf.h"

enum { GH_SAID_MAX = 64 };

struct gh_said {
	const char *version; /* "" when it said none */
	const char *failed;  /* NULL: it did not say so */
	const char *exercised[GH_SAID_MAX], *not_exercised[GH_SAID_MAX];
	size_t nexercised, nnot_exercised;
	const char *modules; /* names, space separated, checked; "" when none */
	bool loading;	     /* the model was opened: what names the loader was said before, or does not count */
	bool done;
	unsigned forged; /* lines without the word */
	bool r;		 /* the stream holds an R object: another loader is meant */
};

/* word: that of the run; "": nobody was given one (an own command), nothing that was written counts. */
void gh_said_read(struct gh_said *s, struct gh_span text, const char *word, struct gh_arena *a);
void gh_said_not(struct gh_said *s, struct gh_arena *a, const char *text);
/* The last line of what it printed that says something, safe to print. */
void gh_said_tail(struct gh_buf *b, struct gh_span text);
#endif

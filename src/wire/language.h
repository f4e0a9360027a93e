/* language.h - which text is source code or configuration that some program would execute or obey. Needed so that
 * code does not pass as "plain text". A guess by structure, line by line: statements at the start of lines, not words
 * in prose; code blocks fenced with ``` in a document do not count. A shell's commands are everywhere in documentation: a
 * text is a shell script when there are more commands than prose in it. A name may add a suspicion, never remove one. */
#ifndef GH_WIRE_LANGUAGE_H
#define GH_WIRE_LANGUAGE_H
#include "base/span.h"

enum { GH_LANG_KINDS = 18, GH_LANG_LINE = 4096, GH_LANG_PATTERNS = 224 };

struct gh_lang {			  /* zero-initialised is the start */
	unsigned score[2][GH_LANG_KINDS]; /* [0]: outside of fences, [1]: since the last fence opened */
	bool fenced, begun, json, any;
	/* Is it a script, or a document that shows commands? Lines outside of fences, comments and blank ones left out. */
	uint64_t commands, prose, headings;
	bool heading; /* the line before was a `#` line behind a blank one: a comment or a heading, as what follows tells */
	bool weighed;		 /* some line was */
	bool shown, after_blank; /* in a block that Markdown shows as code: indented, behind a blank line */
	const char *sure;	 /* one sign was enough */
	uint8_t tail[64];	 /* of JSON and templates: what the last line or piece ended with, decoded */
	size_t ntail;
	/* The patterns by the byte that a line must begin with ([1]: in small letters), made at the first line: 1 + number; 0: no more. */
	uint8_t by_first[2][128], more[GH_LANG_PATTERNS], anywhere;
	bool sorted;
};

/* The next line without its newline. A line longer than GH_LANG_LINE comes in pieces of any size up to 64 KiB:
 * `start` is true for the first piece. */
void gh_lang_line(struct gh_lang *l, struct gh_span line, bool start);
/* The language that was seen, NULL for ordinary text. name: of the file, may be empty. */
const char *gh_lang_result(const struct gh_lang *l, struct gh_span name);
/* After the result "shell script": may the text as well be a short document that shows commands? */
bool gh_lang_doubtful(const struct gh_lang *l);
/* Both steps for text in memory. */
const char *gh_lang_of(struct gh_span text, struct gh_span name);
/* What GH_EV_CODE calls a language that gh_lang_result() names: "python" of "Python source". */
const char *gh_lang_code(const char *language);
/* By the name alone: "run.sh", "Dockerfile", "requirements-dev.txt". NULL when it says nothing. */
const char *gh_lang_by_name(struct gh_span name);
#endif

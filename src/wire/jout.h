/* jout.h - writes one JSON document into a buffer: commas, quotes and indentation are its business, so that the
 * callers read like the document they make. Output is UTF-8, two spaces per level, the same for the same calls.
 *
 *	struct gh_jout j = gh_jout(out);
 *	gh_jout_open(&j, NULL, '{');
 *	gh_jout_str(&j, "verdict", "CLEAN");
 *	gh_jout_close(&j, '}');			the outermost close ends the document with a newline
 *
 * `key` is NULL inside an array and for the outermost value. Keys are ours and need no escaping. */
#ifndef GH_WIRE_JOUT_H
#define GH_WIRE_JOUT_H
#include "base/buf.h"

struct gh_jout {
	struct gh_buf *out;
	unsigned depth;
	bool more;    /* something stands before, on this level */
	bool compact; /* set it for what no person reads: no line breaks, no blanks */
};

static inline struct gh_jout gh_jout(struct gh_buf *out) { return (struct gh_jout){ .out = out }; }
void gh_jout_open(struct gh_jout *j, const char *key, char bracket);
void gh_jout_close(struct gh_jout *j, char bracket);
void gh_jout_str(struct gh_jout *j, const char *key, const char *s); /* not UTF-8: U+FFFD; NULL: null */
void gh_jout_span(struct gh_jout *j, const char *key, struct gh_span s);
void gh_jout_number(struct gh_jout *j, const char *key, uint64_t v);
/* A number as it is spelt: "9.8". */
void gh_jout_raw(struct gh_jout *j, const char *key, const char *number);
/* Nine digits: the same text for the same number on every machine. Infinite or no number: null. */
void gh_jout_real(struct gh_jout *j, const char *key, double v);
void gh_jout_bool(struct gh_jout *j, const char *key, bool v);
void gh_jout_null(struct gh_jout *j, const char *key);
/* An array of the space separated words of s (NULL: none). */
void gh_jout_words(struct gh_jout *j, const char *key, const char *s);
#endif

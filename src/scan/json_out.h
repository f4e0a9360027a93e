/* json_out.h - writes one JSON document into a buffer: commas, quotes and indentation are its business, so that the
 * callers read like the document they make. Output is UTF-8, two spaces per level, the same for the same calls.
 *
 *	struct gh_json j = gh_json(out);
 *	gh_json_open(&j, NULL, '{');
 *	gh_json_str(&j, "verdict", "CLEAN");
 *	gh_json_close(&j, '}');			the outermost close ends the document with a newline
 *
 * `key` is NULL inside an array and for the outermost value. Keys are ours and need no escaping. */
#ifndef GH_SCAN_JSON_OUT_H
#define GH_SCAN_JSON_OUT_H
#include "base/buf.h"

struct gh_json {
	struct gh_buf *out;
	unsigned depth;
	bool more; /* something stands before, on this level */
};

static inline struct gh_json gh_json(struct gh_buf *out) { return (struct gh_json){ .out = out }; }
void gh_json_open(struct gh_json *j, const char *key, char bracket);
void gh_json_close(struct gh_json *j, char bracket);
void gh_json_str(struct gh_json *j, const char *key, const char *s); /* not UTF-8: U+FFFD; NULL: null */
void gh_json_span(struct gh_json *j, const char *key, struct gh_span s);
void gh_json_number(struct gh_json *j, const char *key, uint64_t v);
/* A number as it is spelt: "9.8". */
void gh_json_raw(struct gh_json *j, const char *key, const char *number);
/* Nine digits: the same text for the same number on every machine. Infinite or no number: null. */
void gh_json_real(struct gh_json *j, const char *key, double v);
void gh_json_bool(struct gh_json *j, const char *key, bool v);
void gh_json_null(struct gh_json *j, const char *key);
/* An array of the space separated words of s (NULL: none). */
void gh_json_words(struct gh_json *j, const char *key, const char *s);
#endif

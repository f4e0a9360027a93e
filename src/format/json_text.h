/* json_text.h - what every reader of JSON does with a string value that a person or a check should see: report signs of
 * active content, hand on files hidden in base64 or hex, emit it as text. */
#ifndef GH_FORMAT_JSON_TEXT_H
#define GH_FORMAT_JSON_TEXT_H
#include "format/json_src.h"

enum {
	GH_JT_EMIT = 1,	   /* a GH_EV_TEXT event; a value longer than GH_WINDOW_MAX becomes a nested member */
	GH_JT_SIGNS = 2,   /* signs.h */
	GH_JT_ENCODED = 4, /* encoded.h */
};

enum { GH_JSON_NAME = 128 }; /* bytes of a key that are remembered for texts and messages */

/* A key, copied: the token's own text dies with the next token. */
struct gh_json_name {
	uint8_t p[GH_JSON_NAME];
	size_t n;
};
void gh_json_name_set(struct gh_json_name *k, struct gh_span s);
static inline struct gh_span gh_json_name(const struct gh_json_name *k) { return (struct gh_span){ k->p, k->n }; }

struct gh_json_texts {
	struct gh_walk *w;
	const struct gh_rule *rules; /* of the reader */
	size_t first_sign;	     /* index of its GH_SIGN_RULES rows */
	const char *role;	     /* of the texts */
	unsigned members_left;	     /* nested members that may still be emitted: 32 is plenty */
	unsigned texts_left;	     /* GH_EV_TEXT events */
	unsigned signs_left;	     /* texts with signs that are still reported */
};

/* The STRING token that x stands at, the value of key. Returns GH_E_LIMIT when a budget of the file ran out. */
enum gh_rc gh_json_text(struct gh_json_texts *t, struct gh_json_src *x, struct gh_span key, unsigned what);
#endif

/* yara.h - YARA rules over the bytes of a source. Runs in the worker; the only part of it that talks to libyara at scan time.
 *
 * Two sets of rules: the bundled pack, compiled when the program was built, and the user's own, compiled by the trusted
 * process (yara_compile.h) and handed over as data. Nothing is loaded before the first bytes are to be scanned.
 *
 * Bytes are pushed in blocks in the order of the source. Conditions are evaluated once, at the end, over all that was found in
 * any block: `all of them` may be spread over the whole source. A string is found when it lies within one block; callers let
 * blocks overlap by GH_YARA_OVERLAP bytes, so a string that is longer than that may be missed where two blocks meet.
 * Conditions that read bytes (`uint16(0)`, modules) see the first block only: the whole source when it came as one block. */
#ifndef GH_SCAN_YARA_H
#define GH_SCAN_YARA_H
#include "base/span.h"
#include "check/yarameta.h"

enum { GH_YARA_OVERLAP = 4096, GH_YARA_HEAD = 64 << 10 };

/* A rule that matched. Texts are valid during the call only and come from the rule or, escaped, from the bytes. */
struct gh_yara_hit {
	const char *rule;	 /* its name */
	const char *id;		 /* meta `id` of a bundled rule; NULL: one of the user's */
	const char *kind;	 /* meta `kind` of a bundled rule: "script", "web", "file"; NULL: one of the user's */
	struct gh_yarameta meta; /* how bad one of the user's says it is */
	const char *about;	 /* meta `description`, or "" */
	const char
		*see; /* meta `reference` and `url` of one of the user's, at most three, separated by spaces, or "" */
	const char *what;  /* the strings that matched, with their places, one line; "" for a rule without any */
	uint64_t off, len; /* of the first of them; len 0: none */
};

struct gh_yara;
/* user: compiled rules (yr_rules_save_stream), p == NULL: none; must live as long. seconds: how long one source may take, the
 * backstop behind the limits of libyara. NULL: no memory. Loads nothing yet. */
struct gh_yara *gh_yara_new(struct gh_span user, unsigned seconds);
void gh_yara_free(struct gh_yara *y);

/* One source being scanned. Two may be open at a time: see `slot`. */
enum gh_yara_slot {
	GH_YARA_FLOW, /* the file itself, while it flows by */
	GH_YARA_HERE, /* a source that is at hand */
	GH_YARA_SLOTS
};
/* name: of the file or member, for rules that ask for `filename`; copied. */
void gh_yara_begin(struct gh_yara *y, enum gh_yara_slot slot, uint64_t size, struct gh_span name);
/* off: place of the block in the source. whole: it is the only one, and stays valid until gh_yara_end(). */
void gh_yara_put(struct gh_yara *y, enum gh_yara_slot slot, struct gh_span block, uint64_t off, bool whole);
/* Evaluate; NULL, or why not everything could be looked for (one line, a constant or valid until the next call). */
const char *gh_yara_end(struct gh_yara *y, enum gh_yara_slot slot, void (*hit)(void *arg, const struct gh_yara_hit *),
			void *arg);
#endif

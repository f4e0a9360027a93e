/* entropy.h - does a short text look like chance or like something that a person wrote? For telling keys and passwords
 * from words, numbers, paths and fill-ins. Pure functions over at most GH_MIX_MAX bytes; longer texts are judged by their
 * beginning. */
#ifndef GH_WIRE_ENTROPY_H
#define GH_WIRE_ENTROPY_H
#include "base/span.h"

enum { GH_MIX_MAX = 512 };

struct gh_mix {
	unsigned n; /* bytes looked at */
	unsigned upper, lower, digit, other;
	unsigned hex;	   /* of them, hexadecimal digits */
	unsigned distinct; /* different bytes */
	unsigned run;	   /* longest run of one byte */
	unsigned ladder;   /* longest run of bytes that go up or down by one: abcdef, 98765 */
	unsigned bits;	   /* Shannon entropy of the bytes, in hundredths of a bit per byte */
	unsigned pairs;	   /* neighbouring letters */
	unsigned wordy;	   /* of them, those that English words are made of, in hundredths; chance gives about 35 */
	unsigned turns;	   /* changes between kinds of characters */
};
struct gh_mix gh_mix_of(struct gh_span s);

/* A key that a machine made: at least `least` bytes, spread as chance spreads them, not words, not a ladder, no period.
 * Right for decimal, hexadecimal, base32, base62 and base64 digits; what it allows is a tenth of a percent of real keys. */
bool gh_mix_random(struct gh_span s, unsigned least);

/* The same where a prefix or another structure speaks for a key already: only what chance makes hardly ever is refused. */
bool gh_mix_spread(struct gh_span s);

/* A fill-in: it says that it is one ("your_key", "example", "<…>", "${…}", "xxxx"), is all alike, counts up, or repeats
 * itself. strict: also words that a random key may hold by chance once in a hundred thousand. */
bool gh_mix_filler(struct gh_span s, bool strict);

/* Does word, in small letters, stand somewhere in s, in letters of either case (ASCII)? */
bool gh_mix_holds(struct gh_span s, const char *word);
#endif

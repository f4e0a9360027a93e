/* json.h - a strict pull reader for JSON (RFC 8259) of any size in bounded memory.
 *
 * The caller asks for one token after the other; the reader asks `more` for bytes. Nothing is built: no tree, no list.
 * What is not JSON by the letter of the RFC ends with GH_JSON_BAD, at a byte offset and with a reason. Nesting is a bit
 * per level, strings are handed out up to a cap, and keys are remembered (as hashes) only to see them twice.
 *
 *	struct gh_json j = gh_json_mem(GH_SPAN("{\"a\": [1, 2]}"), NULL);
 *	while (gh_json_next(&j) > GH_JSON_END)
 *		…;
 *	if (j.tok == GH_JSON_BAD) … j.why, j.off …
 *
 * UTF-8 is validated everywhere. Escapes are decoded; a lone surrogate (allowed by the grammar, refused by most
 * readers) becomes U+FFFD and is counted in `lone`. A byte order mark at the start is skipped and noted in `bom`. */
#ifndef GH_WIRE_JSON_H
#define GH_WIRE_JSON_H
#include "base/arena.h"
#include "wire/recs.h"

enum gh_json_tok {
	GH_JSON_BAD, /* sticky: off and why say where and what */
	GH_JSON_END, /* the value is complete; white space after it was skipped: see gh_json_pos() */
	GH_JSON_OBJECT,
	GH_JSON_OBJECT_END,
	GH_JSON_ARRAY,
	GH_JSON_ARRAY_END,
	GH_JSON_KEY,
	GH_JSON_STRING,
	GH_JSON_NUMBER,
	GH_JSON_TRUE,
	GH_JSON_FALSE,
	GH_JSON_NULL,
};

enum {
	GH_JSON_DEPTH = 1024,	 /* levels of arrays and objects */
	GH_JSON_KEEP = 64 << 10, /* bytes of a string that are handed out in one piece */
	GH_JSON_SMALL = 256,	 /* the same without an arena, for strings that are not in one piece in memory */
	GH_JSON_KEYS = 1 << 20,	 /* keys of all open objects together that are watched for duplicates */
};

/* What strict readers refuse and others pass over. */
enum gh_json_bent {
	GH_JSON_COMMENT = 1 << 0, /* after two slashes, between slash and asterisk, after a hash */
	GH_JSON_COMMA = 1 << 1,	  /* one before the end of an array or object, or none between two values */
	GH_JSON_QUOTE = 1 << 2,	  /* single quotes, escapes of JavaScript, control characters in strings */
	GH_JSON_BARE = 1 << 3,	  /* keys without quotes; words and numbers as JavaScript and Python write them */
};

struct gh_json {
	/* ---- set by the caller before the first token, after gh_json() or gh_json_mem() ---- */
	unsigned max_depth; /* <= GH_JSON_DEPTH */
	size_t keep;	    /* bytes of a string kept; needs an arena to be more than GH_JSON_SMALL */
	bool accept_nan;    /* NaN, Infinity and -Infinity as Python's json module writes them: NUMBER with `odd` */
	bool lenient;	    /* read what JSONC, JSON5 and editors' readers read, and note in `bent` what it was */

	/* ---- the last token ---- */
	enum gh_json_tok tok;
	uint64_t off, len; /* its bytes as spelt, quotes included */
	struct gh_span
		text;	/* KEY, STRING: decoded; NUMBER: its spelling. Valid until the next call, and no longer than
			       * a window of the source. At most `keep` bytes: */
	uint64_t full;	/* length of all of the text, decoded; text.n < full: it was cut */
	bool plain;	/* KEY, STRING: no escapes: the decoded bytes are the bytes between the quotes */
	bool odd;	/* NUMBER: NaN or an infinity */
	bool newline;	/* a line break stands between this token and the one before */
	unsigned depth; /* of the token: 0 for a top-level value; an object's END has the depth of its start */
	bool duplicate; /* OBJECT_END: a key occurred twice; dup_off is where the second one stands */
	uint64_t dup_off;
	const char *why; /* BAD: a short reason, static */
	bool limit;	 /* BAD: not malformed as far as seen, but a cap was reached (depth) */

	/* ---- since the start ---- */
	uint64_t tokens;
	uint64_t lone;	     /* lone surrogates */
	uint64_t duplicates; /* objects with duplicate keys */
	uint64_t unwatched;  /* keys that were not watched because the cap or the arena was full */
	bool bom;
	unsigned bent;	   /* lenient: set of enum gh_json_bent */
	uint64_t bent_off; /* where the first of them stands */

	/* ---- inside ---- */
	struct gh_span (*more)(void *ctx, uint64_t off);
	void *ctx;
	struct gh_arena *arena;
	struct gh_span w; /* the current window */
	uint64_t base;	  /* offset of w.p[0] */
	size_t at;
	uint64_t start;
	struct gh_recs keys;
	uint32_t key_base[GH_JSON_DEPTH]; /* where the keys of the open objects begin in `keys` */
	uint8_t *room;			  /* `keep` bytes for strings that are not in one piece */
	uint8_t small[GH_JSON_SMALL];
	unsigned level; /* arrays and objects open now */
	uint8_t quote;	/* that ends the string we are in */
	uint8_t state;
	uint8_t is_object[GH_JSON_DEPTH / 8];
};

/* more(ctx, off): the bytes from offset off on, at least 16 unless the end is nearer; none at the end. Any off >= start
 * may be asked for; the span must stay valid until the next call of more() or gh_json_stale(). arena may be NULL: then
 * long strings are cut at GH_JSON_SMALL and duplicate keys are not looked for. */
struct gh_json gh_json(struct gh_span (*more)(void *ctx, uint64_t off), void *ctx, uint64_t start,
		       struct gh_arena *arena);
/* Over memory that outlives the reader. */
struct gh_json gh_json_mem(struct gh_span s, struct gh_arena *arena);

enum gh_json_tok gh_json_next(struct gh_json *j);
/* The bytes that more() handed out are no longer valid: somebody else used the source. Text of the last token dies. */
void gh_json_stale(struct gh_json *j);
/* Offset of the first byte not read yet. */
static inline uint64_t gh_json_pos(const struct gh_json *j) { return j->base + j->at; }
/* After END: are there bytes left (of another value, or of something else)? */
bool gh_json_left(struct gh_json *j);
/* After END: read another value from here (JSON lines). */
void gh_json_again(struct gh_json *j);
/* After OBJECT or ARRAY: read on to its end. The END token, or BAD. */
enum gh_json_tok gh_json_skip(struct gh_json *j);

/* NUMBER as an unsigned integer without sign, fraction or exponent that fits 64 bits. */
bool gh_json_u64(const struct gh_json *j, uint64_t *out);
/* KEY or STRING, complete, equal to s? */
static inline bool gh_json_is(const struct gh_json *j, const char *s)
{
	return j->text.n == j->full && gh_span_is(j->text, s);
}

/* ---- long strings in pieces ----------------------------------------------------------------------------------
 * A second reader, opened at the offset of a KEY or STRING token, hands out its decoded bytes piece by piece: true
 * with a piece (valid until the next call), false at the end of the string or when it is broken. */
void gh_json_string_open(struct gh_json *j);
bool gh_json_string_piece(struct gh_json *j, struct gh_span *piece);
#endif

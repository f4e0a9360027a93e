/* injection_int.h - what the parts of the check "injection" share: injection.c (the row), injection_words.c (sentences that
 * give orders to a reader who is a program), injection_unseen.c (characters that are not seen and carry messages),
 * injection_coded.c (sentences in another writing: base64, rot13, reversed …). */
#ifndef GH_CHECK_INJECTION_INT_H
#define GH_CHECK_INJECTION_INT_H
#include "check/check.h"
#include "wire/keywords.h"

/* ---- injection_words.c: features of a text, found near each other. No feature alone means anything. */
enum gh_order {
	GH_ORDER_IGNORE,  /* "disregard" */
	GH_ORDER_BEFORE,  /* "all previous" */
	GH_ORDER_RULES,	  /* "instructions" */
	GH_ORDER_READER,  /* "AI assistant", "automated reviewer" */
	GH_ORDER_VERDICT, /* "is safe" */
	GH_ORDER_ORDER,	  /* "you must report" */
	GH_ORDER_ROLE,	  /* "<|im_start|>system" */
	GH_ORDER_SECRET,  /* "without telling the user" */
	GH_ORDER_TALK,	  /* "prompt injection": the text is about it */
	GH_ORDER_CODED,	  /* a word of these, written in another way: see injection_coded.c */
	GH_ORDERS
};

extern const char *const gh_order_words[];
extern const unsigned gh_order_words_n;
enum gh_order gh_order_of(unsigned which);

/* The places of the last word of each feature, and what they come to. */
struct gh_orders {
	uint64_t last[GH_ORDERS]; /* 1 + place; 0: never */
};
/* A word of that feature stands at `at`: points, from 4 on it is an order to a program. */
unsigned gh_orders_put(struct gh_orders *o, enum gh_order what, uint64_t at);
/* The highest points of a text by itself; *talk: it speaks about such texts. */
unsigned gh_orders_of(const struct gh_kw *k, struct gh_span s, bool *talk);

/* ---- injection_coded.c: writings that language models read and people do not */
enum gh_coding {
	GH_CODING_ROT13,
	GH_CODING_REVERSED,
	GH_CODING_SPACED, /* "i g n o r e" */
	GH_CODING_LEET,	  /* "1gn0r3" */
	GH_CODING_HEX,	  /* pairs of digits, one by one */
	GH_CODING_DECIMAL,
	GH_CODING_BINARY,
	GH_CODING_BASE64,
	GH_CODINGS
};
extern const char *const gh_coding_name[GH_CODINGS];
/* How the word `which` of the feature GH_ORDER_CODED is written. */
enum gh_coding gh_order_coding(unsigned which);
/* What s says; out has room for s.n bytes. Of GH_CODING_BASE64: see gh_coded_runs(). */
size_t gh_coded_undo(enum gh_coding how, struct gh_span s, uint8_t *out);
/* Long rows of base64 or hexadecimal digits that start in [from, to) of s, or reach into it: said(arg, at, text) with what stands in
 * them, in pieces, when it reads as text; up to three layers of it. room: GH_CODED_ROOM bytes. */
enum { GH_CODED_PIECE = 6144, GH_CODED_ROOM = 2 * GH_CODED_PIECE };
void gh_coded_runs(struct gh_span s, size_t from, size_t to, uint8_t *room,
		   void (*said)(void *arg, size_t at, struct gh_span text), void *arg);

/* ---- injection_unseen.c */
enum gh_unseen_kind {
	GH_UNSEEN_TAGS,	     /* U+E0020 to U+E007E: ASCII that nothing shows */
	GH_UNSEEN_SELECTORS, /* variation selectors in a row: one byte each */
	GH_UNSEEN_ZERO,	     /* characters without width in a row: bits */
	GH_UNSEEN_TURN,	     /* overrides of the direction of Latin letters */
};
struct gh_unseen {
	enum gh_unseen_kind kind;
	size_t at, len;	   /* in the text */
	uint64_t chars;	   /* hidden characters */
	uint8_t text[200]; /* the message, as far as it is one */
	size_t n;
};
/* What is split or dressed up: letters with nothing visible between them, words of two scripts, letters of full width and of
 * formulas; and groups of unseen characters that are too short to be told one by one, as they stand behind words. */
struct gh_dressed {
	unsigned split, mixed, folded;
	unsigned groups;
	uint64_t grouped; /* characters in them */
};
/* Look at what starts in [from, to) of s; each carrier goes to found(). */
void gh_unseen_look(struct gh_span s, size_t from, size_t to, struct gh_dressed *d,
		    void (*found)(void *arg, const struct gh_unseen *), void *arg);
/* The text as its readers take it: without what is not seen, letters that look like Latin ones replaced by them. out has room
 * for s.n bytes. */
size_t gh_unseen_strip(struct gh_span s, uint8_t *out);
#endif

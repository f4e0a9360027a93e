/* jinja_lex.h - tokens of a template, one at a time. Inside of src/wire/jinja only. */
#ifndef GH_WIRE_JINJA_JINJA_LEX_H
#define GH_WIRE_JINJA_JINJA_LEX_H
#include "wire/jinja/jinja.h"

enum jj_tok {
	T_EOF,
	T_BAD, /* why */
	T_DATA,
	T_OUTPUT_BEGIN,
	T_OUTPUT_END,
	T_BLOCK_BEGIN,
	T_BLOCK_END,
	T_NAME,
	T_STRING, /* text: decoded */
	T_INT,
	T_FLOAT,
	T_OP, /* op: the characters, packed: 'a' or 'a' << 8 | 'b' */
};

#define JJ_OP2(a, b) ((unsigned)(a) << 8 | (unsigned)(b))

struct jj_lex {
	struct gh_arena *arena;
	struct gh_span src;
	struct gh_jj_options o;
	/* ---- the last token ---- */
	enum jj_tok tok;
	uint32_t off, end;
	struct gh_span text;
	unsigned op;
	bool endless; /* T_BAD: a string that does not end */
	bool unnamed; /* T_STRING: a \N{…} of a character that is not known here */
	int64_t i;
	double f;
	const char *why;
	bool limit;
	/* ---- inside ---- */
	uint32_t at;
	enum { L_DATA, L_OUTPUT, L_BLOCK } mode;
	unsigned braces;   /* open brackets within a tag: an end of the tag among them is none */
	bool eat_space;	   /* the tag before ended with a minus */
	bool line_start;   /* the last token ended a line, or there was none */
	uint8_t open[128]; /* which brackets */
};

void jj_lex_init(struct jj_lex *l, struct gh_arena *a, struct gh_span src, const struct gh_jj_options *o);
/* The next token; after T_EOF and T_BAD again the same. */
enum jj_tok jj_lex_next(struct jj_lex *l);
static inline bool jj_is_op(const struct jj_lex *l, unsigned op) { return l->tok == T_OP && l->op == op; }
static inline bool jj_is_name(const struct jj_lex *l, const char *s)
{
	return l->tok == T_NAME && gh_span_is(l->text, s);
}
/* A string literal's escapes as Python's unicode-escape decodes them; raw is what stands between the quotes. */
struct gh_span jj_unescape(struct gh_arena *a, struct gh_span raw, bool *unnamed, bool *bad);
#endif

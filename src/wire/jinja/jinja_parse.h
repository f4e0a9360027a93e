/* jinja_parse.h - what expressions and statements share while a template is parsed. Inside of src/wire/jinja only. */
#ifndef GH_WIRE_JINJA_JINJA_PARSE_H
#define GH_WIRE_JINJA_JINJA_PARSE_H
#include "wire/jinja/jinja_lex.h"

struct jj_parse {
	struct jj_lex l; /* stands at the token to be looked at next */
	struct gh_arena *arena;
	unsigned depth; /* of the parser's own recursion: expressions in brackets, statements in bodies */
	unsigned loops, tags;
	const char *why; /* sticky */
	uint32_t why_off;
	bool limit;
};

/* A new node from the current token; never NULL: when memory ran out it is a static one and `why` is set. */
struct gh_jj_node *jj_new(struct jj_parse *p, enum gh_jj_kind kind);
/* Append a kid; NULL and a parser that failed are fine. */
void jj_add(struct jj_parse *p, struct gh_jj_node *n, struct gh_jj_node *kid);
/* The node ends where the last token taken ended. */
void jj_close(struct jj_parse *p, struct gh_jj_node *n);
void jj_wrong(struct jj_parse *p, const char *why);
bool jj_enter(struct jj_parse *p);
static inline void jj_leave(struct jj_parse *p) { p->depth--; }

void jj_next(struct jj_parse *p);
bool jj_skip_op(struct jj_parse *p, unsigned op);
bool jj_skip_name(struct jj_parse *p, const char *name);
void jj_expect_op(struct jj_parse *p, unsigned op, const char *why);

/* An expression; with_cond: `a if b else c` is allowed at its top. */
struct gh_jj_node *jj_expr(struct jj_parse *p, bool with_cond);
/* An expression or a tuple without brackets. stop_in: the list ends at `in` (targets of for). */
struct gh_jj_node *jj_tuple(struct jj_parse *p, bool with_cond);
/* A chain of filters on n, the first bar (inline: already taken, stands at the name). */
struct gh_jj_node *jj_filters(struct jj_parse *p, struct gh_jj_node *n, bool first_bare);
struct gh_jj_node *jj_target(struct jj_parse *p, bool with_tuple, bool with_attr);
struct gh_jj_node *jj_postfix(struct jj_parse *p, struct gh_jj_node *n);
struct gh_jj_node *jj_primary(struct jj_parse *p);
#endif

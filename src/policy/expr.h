/* expr.h - conditions of policies: read and checked once, then asked on any set of facts.
 *
 *	expr	= and { "or" and }
 *	and	= not { "and" not }
 *	not	= "not" not | test
 *	test	= value [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) operand
 *			| [ "not" ] "in" ( list | fact ) | [ "not" ] "contains" operand | [ "not" ] "like" text ]
 *	value	= fact | field | "count" "(" fact [ "," expr ] ")" | "true" | "false" | "(" expr ")"
 *		| ( "any" | "all" | "none" ) "(" fact [ "," expr ] ")" | "known" "(" ( fact | field ) ")"
 *	list	= "[" operand { "," operand } "]"
 *	operand	= literal | fact | field
 *	field	= "." NAME	of the record that any(), all(), none() or count() looks at; "." alone: the text itself
 *
 * Everything has a type, known when the policy is read; what cannot be compared is refused there. Asking is total: true,
 * false, or unknown (Kleene's logic: `false and unknown` is false). No loops but over the records of one list at a time, no
 * regular expressions, no calls: the work is at most nodes times records. Reading uses no recursion. */
#ifndef GH_POLICY_EXPR_H
#define GH_POLICY_EXPR_H
#include "policy/facts_int.h"

enum {
	EXPR_TEXT = 8192,   /* bytes of one expression */
	EXPR_NODES = 256,   /* of its tree */
	EXPR_OPEN = 64,	    /* parentheses and operators that wait for their right side */
	EXPR_CONSTS = 1024, /* literals */
	EXPR_PATTERN = 256, /* bytes of a pattern */
	EXPR_NONE = 0xffff,
};

enum expr_kind {
	N_CONST,
	N_FACT,	 /* row */
	N_FIELD, /* row; of the current record */
	N_ELEM,	 /* the current text of list `row` */
	N_COUNT, /* of list `row`: quantifiers, with nodes [first, self) as body; first == self: none */
	N_ANY,
	N_ALL,
	N_NO,
	N_KNOWN,    /* a */
	N_CMP,	    /* a op b */
	N_IN,	    /* a among consts [first, first + n), or in the texts of b */
	N_CONTAINS, /* texts or text a, b */
	N_LIKE,	    /* a, pattern b */
	N_NOT,	    /* a */
	N_AND,	    /* a, b */
	N_OR,
};
enum expr_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

/* Children stand before their parents. */
struct expr_node {
	uint8_t kind, op, type; /* type: enum gh_fact_type; conditions are GH_T_BOOL */
	uint16_t row, a, b, first, n;
	uint16_t in;  /* the quantifier whose body this is part of, or EXPR_NONE */
	uint32_t off; /* where it stands in the text */
};

struct expr {
	const struct expr_node *node; /* the last one is the root */
	const struct gh_fval *konst;
	uint16_t nnode, nkonst;
	struct gh_span canon; /* the text, spelt in one way */
	bool own;	      /* speaks of own facts */
	bool foreign;	      /* speaks of what others say */
	bool foreign_less;    /* more foreign evidence could make it hold less */
	bool shout_less;      /* the same, of evidence that nobody stands for */
	bool tier;	      /* uses risk.tier */
};

struct expr_err {
	uint32_t off;
	char what[256];
};

/* GH_OK, GH_E_MALFORMED (*err), GH_E_NOMEM. Parts live in the arena. */
enum gh_rc expr_read(struct gh_arena *arena, struct gh_span text, struct expr *out, struct expr_err *err);

enum expr_answer { EXPR_FALSE, EXPR_TRUE, EXPR_UNKNOWN };
/* A record that speaks for the answer. */
struct expr_match {
	uint16_t row; /* of the list */
	uint32_t record;
};
struct expr_asking {
	const struct gh_facts *facts;
	int64_t at;
	struct gh_fval tier;
	uint64_t *steps; /* left; at 0 the answer is unknown */
	/* ---- the answer's reasons; match may be NULL ---- */
	struct expr_match *match;
	size_t match_max, nmatch, matches;
	uint16_t missing[EXPR_NODES]; /* rows that were needed and are not known; with repeats */
	size_t nmissing;
};
enum expr_answer expr_ask(const struct expr *e, struct expr_asking *q);

/* ---- parts -------------------------------------------------------------------------------------------------------------- */
enum expr_tok {
	T_END,
	T_BAD,
	T_NAME,	  /* facts, words, keywords */
	T_FIELD,  /* text: without the dot */
	T_TEXT,	  /* text: decoded, in the arena */
	T_NUMBER, /* begins with a digit: numbers, sizes, durations, dates */
	T_OP,	  /* op */
	T_OPEN,
	T_CLOSE,
	T_LIST,
	T_LIST_END,
	T_COMMA,
};
struct expr_lex {
	struct gh_arena *arena;
	struct gh_span s;
	size_t at;
	struct gh_buf canon;
	bool joins; /* the token before was 'and', 'or' or 'not' */
	/* ---- the token ---- */
	enum expr_tok tok, before;
	struct gh_span text;
	enum expr_op op;
	uint32_t off;
	const char *why; /* BAD */
};
/* canon.p must be freed by gh_buf_free(). */
void expr_lex_open(struct expr_lex *l, struct gh_arena *arena, struct gh_span s);
enum expr_tok expr_lex_next(struct expr_lex *l);

/* Does the text fit the pattern? '?' is one character but '/', '*' any number of them, '**' any number of any. Time at most the
 * product of the lengths. */
bool gh_glob(struct gh_span pattern, struct gh_span s);
/* A literal as a value of a type; false: it is none. */
bool expr_literal(const struct gh_fact *row, enum gh_fact_type type, enum expr_tok tok, struct gh_span text,
		  struct gh_fval *out);
const char *expr_example(enum gh_fact_type type); /* "a duration such as 30d" */
/* What expressions over foreign evidence may not do: sets own, foreign_less, shout_less, tier. */
void expr_polarity(struct expr *e);
/* Of names, the one that was probably meant; NULL: none is near. field_of: fields of that list; GH_FACT_NONE: facts. */
const char *expr_near(struct gh_span name, unsigned field_of);
#endif

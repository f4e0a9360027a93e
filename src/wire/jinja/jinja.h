/* jinja.h - Jinja templates as a syntax tree: lexer and parser of the whole language as jinja2 3.1 has it, with the
 * statements that chat templates add (`generation`, `break`, `continue`, `do`, `trans` is not among them).
 *
 * Pure: text in, tree out. Everything lives in the arena given; names and unescaped texts point into the source, which
 * must outlive the tree. The depth of the tree is limited (GH_JJ_HEIGHT), so whoever walks it may recurse; long chains
 * of operators, `elif`s or statements are lists and cost no depth.
 *
 * Reference: https://jinja.palletsprojects.com/en/3.1.x/templates/ and jinja2/lexer.py, jinja2/parser.py for what the
 * manual leaves open (white space, precedence of filters, tests without parentheses). */
#ifndef GH_WIRE_JINJA_JINJA_H
#define GH_WIRE_JINJA_JINJA_H
#include "base/arena.h"

enum {
	GH_JJ_HEIGHT = 160,	  /* levels of the tree */
	GH_JJ_TEXT_MAX = 1 << 20, /* bytes of a template */
};

/* What the kids of a node are, in order. `text` is the name where there is one. */
enum gh_jj_kind {
	/* ---- expressions ---- */
	JJ_STRING, /* text: decoded; op: 1 when it holds a \N{…} whose character is not known here */
	JJ_INT,	   /* i */
	JJ_FLOAT,  /* f */
	JJ_BOOL,   /* i */
	JJ_NONE,
	JJ_NAME,
	JJ_LIST,
	JJ_TUPLE,
	JJ_DICT,     /* key, value, key, value … */
	JJ_ATTR,     /* object; text: attribute */
	JJ_ITEM,     /* object, subscript */
	JJ_SLICE,    /* start, stop, step: each may be JJ_ABSENT */
	JJ_CALL,     /* callee, arguments … */
	JJ_FILTER,   /* operand (JJ_HOLE in filter blocks), arguments …; text: filter */
	JJ_TEST,     /* operand, arguments …; text: test; op: 1 when negated */
	JJ_KEYWORD,  /* value; text: name. An argument */
	JJ_STAR,     /* value. An argument: *value */
	JJ_STARSTAR, /* value. An argument: **value */
	JJ_NEG,
	JJ_POS,
	JJ_NOT,
	JJ_MATH,    /* operand, then JJ_OP nodes: + and -, or * / // %, or **, from left to right */
	JJ_COMPARE, /* operand, then JJ_OP nodes */
	JJ_CONCAT,  /* operands of ~ */
	JJ_AND,
	JJ_OR,
	JJ_COND, /* value, condition, other value (JJ_ABSENT if none) */
	JJ_OP,	 /* operand; op: enum gh_jj_op */
	JJ_HOLE, /* what a filter block filters */
	JJ_ABSENT,
	/* ---- statements ---- */
	JJ_BODY,       /* statements */
	JJ_DATA,       /* text: as it is rendered, white space removed where tags ask for it */
	JJ_OUTPUT,     /* expression */
	JJ_IF,	       /* condition, body, condition, body … [body of else] */
	JJ_FOR,	       /* target, iterable, condition or JJ_ABSENT, body, body of else or JJ_ABSENT; op: 1 recursive */
	JJ_SET,	       /* target, value */
	JJ_SET_BLOCK,  /* target, filters around JJ_HOLE, body */
	JJ_MACRO,      /* JJ_PARAM …, body; text: name */
	JJ_PARAM,      /* [default]; text: name */
	JJ_CALL_BLOCK, /* a JJ_MACRO, which is `caller`, and the call */
	JJ_FILTER_BLOCK, /* filters around JJ_HOLE, body */
	JJ_WITH,	 /* JJ_SET …, body */
	JJ_BLOCK,	 /* body; text: name */
	JJ_INCLUDE,	 /* expression */
	JJ_IMPORT,	 /* expression; text: name it gets */
	JJ_FROM,	 /* expression, JJ_PARAM … */
	JJ_EXTENDS,	 /* expression */
	JJ_DO,		 /* expression */
	JJ_AUTOESCAPE,	 /* expression, body */
	JJ_GENERATION,	 /* body */
	JJ_BREAK,
	JJ_CONTINUE,
	JJ_DEBUG,
};

enum gh_jj_op {
	JJ_ADD,
	JJ_SUB,
	JJ_MUL,
	JJ_DIV,
	JJ_FLOORDIV,
	JJ_MOD,
	JJ_POW,
	JJ_EQ,
	JJ_NE,
	JJ_LT,
	JJ_LE,
	JJ_GT,
	JJ_GE,
	JJ_IN,
	JJ_NOT_IN,
};

struct gh_jj_node {
	uint8_t kind, op;
	uint16_t height;   /* 1 for a leaf */
	uint32_t off, len; /* where in the source */
	struct gh_span text;
	union {
		int64_t i;
		double f;
	};
	struct gh_jj_node *kid, *last, *next;
};

struct gh_jj_options {
	bool trim_blocks;   /* a newline after a block tag is dropped */
	bool lstrip_blocks; /* white space before a block tag on its line is dropped */
	bool keep_newline;  /* the last newline of the template stays */
};
/* How transformers, llama.cpp and vLLM render chat templates. */
extern const struct gh_jj_options gh_jj_chat;

struct gh_jj_tree {
	struct gh_jj_node *root; /* a JJ_BODY; NULL when the template cannot be parsed */
	const char *why;	 /* static: what is wrong */
	uint32_t off;		 /* where */
	bool limit;		 /* not wrong as far as seen: a limit or the memory ran out */
	unsigned tags;		 /* statements and outputs: 0: text without any template language */
};

/* Parse all of text. On failure `root` is NULL and why, off say why. */
struct gh_jj_tree gh_jj_parse(struct gh_arena *a, struct gh_span text, const struct gh_jj_options *o);

/* The names and texts that the tags of a template which cannot be parsed hold: each call gives the next one (*is_text: a
 * string literal, decoded; else a name), until false. *w starts as zeros. For a last look, not for understanding. */
struct gh_jj_words {
	uint32_t at;
	bool open[2]; /* a string in ' (1: ") was seen that does not end: nor does any that begins behind it */
};
bool gh_jj_word(struct gh_arena *a, struct gh_span text, struct gh_jj_words *w, struct gh_span *word, bool *is_text);
#endif

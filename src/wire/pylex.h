/* pylex.h - the tokens of Python source: Python 3 up to 3.13, tolerant of Python 2 (backticks, `<>`, `ur''`, 0777).
 *
 * Joins lines (brackets, backslash), counts indentation (tabs go to the next multiple of 8), and reads f-strings as
 * CPython 3.12 does: FSTART, then FTEXT and the tokens of each `{expression!r:spec}`, then FEND, nested in any way.
 * Every byte of the text belongs to a token or to white space, a comment or a joined line; what is none of these comes as ERROR,
 * after which reading goes on with the next line, so that nothing behind an error is lost.
 *
 * Memory is fixed, nothing is copied: tokens are ranges of the text, which must outlive them.
 * Source: Python Language Reference, 2 "Lexical analysis"; PEP 701. */
#ifndef GH_WIRE_PYLEX_H
#define GH_WIRE_PYLEX_H
#include "base/span.h"

enum gh_pyt_kind {
	GH_PYT_END,
	GH_PYT_NEWLINE, /* end of a logical line */
	GH_PYT_INDENT,
	GH_PYT_DEDENT,
	GH_PYT_NAME, /* identifiers and keywords; len bytes of UTF-8 */
	GH_PYT_NUMBER,
	GH_PYT_STRING, /* whole literal; body: between the quotes */
	GH_PYT_FSTART, /* prefix and quotes of an f-string */
	GH_PYT_FTEXT,  /* literal piece of one, `{{` still doubled */
	GH_PYT_FEND,
	GH_PYT_OP,    /* op: its first character, or one of enum gh_pyt_op */
	GH_PYT_SHELL, /* IPython: `!command` or `%magic …`; body: the command, without the mark */
	GH_PYT_ERROR, /* why says what */
};

/* Operators of more than one character; those of one are the character itself. */
enum gh_pyt_op {
	GH_PYO_POW = 128,
	GH_PYO_FLOORDIV,
	GH_PYO_SHL,
	GH_PYO_SHR,
	GH_PYO_LE,
	GH_PYO_GE,
	GH_PYO_EQ,
	GH_PYO_NE,
	GH_PYO_ARROW,
	GH_PYO_WALRUS,
	GH_PYO_ELLIPSIS,
	GH_PYO_AUG, /* any `x=`; body: the operator without `=` */
};

enum gh_pyt_flag {
	GH_PYT_RAW = 1,
	GH_PYT_BYTES = 2,
	GH_PYT_WIDE = 4,  /* NAME: has characters outside of ASCII */
	GH_PYT_MAGIC = 8, /* SHELL: `%`, not `!` */
	GH_PYT_TRIPLE = 16,
};

struct gh_pytok {
	uint8_t kind, op, flags;
	uint32_t off, len;
	uint32_t body, nbody; /* STRING, SHELL, AUG: the part that matters, as offset and length */
	const char *why;      /* ERROR */
};

enum { GH_PY_BRACKETS = 200, GH_PY_INDENTS = 100, GH_PY_FSTRINGS = 24, GH_PY_SOURCE_MAX = 16 << 20 };

struct gh_pylex {
	struct gh_span s;
	size_t at;
	bool ipython;		 /* lines may be magics */
	bool bol, begun, joined; /* joined: the line goes on behind a backslash */
	unsigned depth, nindent, dedents, nf;
	uint8_t bracket[GH_PY_BRACKETS];
	uint32_t indent[GH_PY_INDENTS];
	struct {
		uint8_t quote, flags;
		bool expr, spec; /* inside `{…}`, behind its colon */
		uint8_t nested;	 /* fields open inside specs */
		unsigned depth;	 /* of brackets where the current field began */
	} f[GH_PY_FSTRINGS];
};

/* s.n <= GH_PY_SOURCE_MAX; a byte order mark is skipped. */
struct gh_pylex gh_pylex(struct gh_span s);
/* The next token. After END, END again. */
enum gh_pyt_kind gh_pylex_next(struct gh_pylex *l, struct gh_pytok *t);

/* What a literal's body stands for. flags: of its token; fstring: `{{` is one `{`. out has room for
 * GH_PYSTR_ROOM(body.n) bytes. Returns how many were made. Escapes that Python refuses stay as they are. */
#define GH_PYSTR_ROOM(n) ((n) + 8)
size_t gh_pystr_decode(struct gh_span body, unsigned flags, bool fstring, uint8_t *out);

/* What a declaration of encoding in the first two lines (PEP 263) says: empty if there is none. */
struct gh_span gh_py_cookie(struct gh_span s);
/* Do bytes below 0x80 mean the same in that encoding as in ASCII, wherever they stand? */
bool gh_py_cookie_plain(struct gh_span cookie);
#endif

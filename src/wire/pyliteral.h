/* pyliteral.h - Python literals as text: what ast.literal_eval() makes of them, for the formats that keep a dict or
 * a list of constants in a header (NumPy's .npy).
 *
 * Read: None, True, False, integers (also Python 2's trailing L), '…' and "…" with the prefixes u and b and the
 * common escapes, tuples, lists, dicts; white space between tokens. Everything else that Python would accept
 * (floats, sets, comments, raw and triple-quoted strings, implicit concatenation, line continuation) is refused:
 * no writer produces it, and a refusal is visible.
 *
 * Source: Python Language Reference, 2.4 "Literals" and 6.2 "Atoms"; Lib/ast.py literal_eval(). */
#ifndef GH_WIRE_PYLITERAL_H
#define GH_WIRE_PYLITERAL_H
#include "base/arena.h"
#include "base/err.h"

enum gh_py_kind {
	GH_PY_NONE,
	GH_PY_BOOL,
	GH_PY_INT,
	GH_PY_STR,
	GH_PY_BYTES,
	GH_PY_TUPLE,
	GH_PY_LIST,
	GH_PY_DICT, /* children alternate: key, value, key, value … */
};

enum { GH_PY_DEPTH = 48, GH_PY_NIL = UINT32_MAX, GH_PY_TEXT_MAX = 1 << 20 };

struct gh_py_node {
	enum gh_py_kind kind;
	bool neg;	     /* INT: below zero */
	bool big;	     /* INT: does not fit 64 bits; num is saturated */
	uint32_t off;	     /* of its first byte in the text */
	uint32_t next;	     /* sibling, or GH_PY_NIL */
	uint32_t child;	     /* first child, or GH_PY_NIL */
	uint32_t count;	     /* children */
	uint64_t num;	     /* INT: magnitude; BOOL: 0 or 1 */
	struct gh_span text; /* STR, BYTES: with escapes resolved; in the text or in the arena */
};

struct gh_py {
	struct gh_py_node *node;
	size_t n, cap;
	uint32_t root;
	char why[96];	/* of a refusal: safe to print */
	uint32_t where; /* of a refusal: offset in the text */
};

/* Parse one literal that fills the text but for white space. The text must outlive the nodes.
 * GH_E_MALFORMED: not such a literal (why, where). GH_E_LIMIT: nested too deeply or too large. GH_E_NOMEM. */
enum gh_rc gh_py_parse(struct gh_py *py, struct gh_span text, struct gh_arena *a);
/* Is node i a STR with exactly this text? */
bool gh_py_is(const struct gh_py *py, uint32_t i, const char *s);
#endif

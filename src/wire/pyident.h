/* pyident.h - Python compares identifiers after NFKC (Python Language Reference, 2.3): a name in mathematical, full-width
 * or similar letters is the plain ASCII name to the interpreter, and something else to a reader's eye. */
#ifndef GH_WIRE_PYIDENT_H
#define GH_WIRE_PYIDENT_H
#include "base/span.h"

/* Write the name with every character folded whose normal form is ASCII; others stay as they are. out has room for
 * 4 * name.n bytes. Returns the length. */
size_t gh_py_ident(struct gh_span name, char *out);
#endif

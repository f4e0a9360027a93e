/* pymarshal.h - Python's marshal format, bounded: code objects of CPython 2.7 and 3.0 to 3.14, and the plain values in them.
 * Nothing is executed; what is wanted are the names a code object uses, its constants and its nested code.
 * Source: CPython Python/marshal.c of these versions. */
#ifndef GH_WIRE_PYMARSHAL_H
#define GH_WIRE_PYMARSHAL_H
#include "base/arena.h"
#include "base/err.h"

enum gh_pym_kind {
	GH_PYM_NONE, /* None, booleans, Ellipsis, numbers */
	GH_PYM_STR,
	GH_PYM_BYTES,
	GH_PYM_SEQ,  /* tuple, list, set, frozenset, dict (keys and values in turn) */
	GH_PYM_CODE, /* kids: its fields, in the order of the version */
};

struct gh_pym_obj {
	uint8_t kind;
	uint32_t up;			    /* object that holds it, UINT32_MAX for the first */
	uint32_t kids, nkids;		    /* kid[kids .. kids + nkids) */
	uint32_t code, names, consts, name; /* CODE: objects, UINT32_MAX when missing */
	struct gh_span text;
};

struct gh_pym {
	struct gh_pym_obj *obj;
	size_t n, cap;
	uint32_t *kid;
	size_t used; /* bytes of the input that belong to the first object */
	const char *why;
};

/* What a version's code objects look like, by the number in a .pyc file's header; AUTO tries those there are. */
enum gh_pym_layout { GH_PYM_AUTO, GH_PYM_27, GH_PYM_30, GH_PYM_38, GH_PYM_311, GH_PYM_LAYOUTS };
/* From the first two bytes of a .pyc. AUTO: a number that is not known. *header: bytes before the marshalled object. */
enum gh_pym_layout gh_pym_layout(uint16_t magic, unsigned *header, const char **version);

/* Read one object. GH_OK; GH_E_MALFORMED: not marshal, or not of this layout; GH_E_LIMIT: too deep or too large. */
enum gh_rc gh_pym_read(struct gh_pym *m, struct gh_span in, enum gh_pym_layout layout, struct gh_arena *a);
#endif

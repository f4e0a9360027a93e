/* thrift.h - the compact protocol of Apache Thrift (thrift-compact-protocol.md) over a cursor: fields of structs one after the other,
 * nothing built. Errors stick in the cursor's `bad`. */
#ifndef GH_FORMAT_THRIFT_H
#define GH_FORMAT_THRIFT_H
#include "format/src.h"

enum gh_thrift_type {
	GH_TT_STOP,
	GH_TT_TRUE,
	GH_TT_FALSE,
	GH_TT_BYTE,
	GH_TT_I16,
	GH_TT_I32,
	GH_TT_I64,
	GH_TT_DOUBLE,
	GH_TT_BINARY,
	GH_TT_LIST,
	GH_TT_SET,
	GH_TT_MAP,
	GH_TT_STRUCT,
};
enum { GH_THRIFT_DEPTH = 32 };

struct gh_thrift {
	struct gh_cur *c;
	int16_t last[GH_THRIFT_DEPTH]; /* id of the field before, of each open struct */
	unsigned depth;
	bool deep; /* nested deeper than can be followed */
};

struct gh_thrift gh_thrift(struct gh_cur *c);
void gh_thrift_enter(struct gh_thrift *t);
/* The next field of the innermost struct. False at its end, which also leaves it, and when the bytes are broken. */
bool gh_thrift_field(struct gh_thrift *t, int *id, enum gh_thrift_type *type);
int64_t gh_thrift_int(struct gh_thrift *t); /* I16, I32, I64 */
/* The length of what follows; the caller takes the bytes from the cursor. */
uint64_t gh_thrift_binary(struct gh_thrift *t);
/* Elements of a list or set; each takes at least a byte, so there are never more than bytes left. */
uint64_t gh_thrift_list(struct gh_thrift *t, enum gh_thrift_type *type);
/* Over a value of this type, whatever is in it. */
void gh_thrift_skip(struct gh_thrift *t, enum gh_thrift_type type);
#endif

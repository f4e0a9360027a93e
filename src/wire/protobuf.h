/* protobuf.h - a pull reader for the Protocol Buffers wire format (protobuf.dev/programming-guides/encoding) over
 * messages of any size, in constant memory. No schema, no tree, no recursion: the caller asks for one field after the
 * other, enters those that are messages and leaves them at their end.
 *
 *	struct gh_pb p = gh_pb_mem(bytes);
 *	struct gh_pb_field f;
 *	enum gh_pb_got got;
 *	while ((got = gh_pb_next(&p, &f)) == GH_PB_FIELD)
 *		if (f.number == 7 && f.wire == GH_PB_LEN)
 *			gh_pb_enter(&p, &f);	… its fields follow, then GH_PB_END, then gh_pb_leave(&p)
 *	if (got == GH_PB_BAD) … p.why, p.off …
 *
 * The payload of a field is never read here: f.off and f.len say where it is, hundreds of megabytes of it are passed
 * over for nothing. A source in `format` makes a reader with gh_pb_src() (format/pb_src.h).
 *
 * What every parser refuses ends with GH_PB_BAD: field number 0, wire types 6 and 7, a varint of more than 10 bytes, a
 * payload that reaches past the end of its message, an end of a group that was not opened. What parsers read
 * differently is told by f.odd:
 *  - varints with more bytes than needed: accepted by all, written by none; room for hidden bits, and C++ refuses tags
 *    and lengths of more than 5 bytes where others take 10;
 *  - a tenth byte above 1: C++, Java and Python drop the bits beyond 64, Go and Rust refuse the message;
 *  - a payload of more than 2 GiB: C++ and Java refuse it, others do not;
 *  - groups: deprecated; accepted by all that know the wire format, skipped by those whose schema has none.
 * And what a schema makes of it is the caller's to know: a singular scalar that comes twice has its last value, a
 * singular message that comes twice is merged (C++, Java, Python) or replaced (some small parsers), one of a `oneof` drops
 * the others, a repeated scalar may come packed, unpacked and mixed, a field of another wire type than the schema's is
 * an unknown field; unknown fields are kept but ignored by all of them: bytes that only another reader sees. */
#ifndef GH_WIRE_PROTOBUF_H
#define GH_WIRE_PROTOBUF_H
#include "base/span.h"

enum gh_pb_wire {
	GH_PB_VARINT = 0,
	GH_PB_I64 = 1,
	GH_PB_LEN = 2,
	GH_PB_GROUP = 3, /* a whole group: payload between its start and its end */
	GH_PB_I32 = 5,
};

enum gh_pb_got {
	GH_PB_BAD,   /* sticky: p->off and p->why say where and what */
	GH_PB_END,   /* of the message that was entered last, or of the whole one */
	GH_PB_FIELD, /* or a value, of gh_pb_packed() */
};

/* Ways in which parsers differ about a field; a set of bits. */
enum gh_pb_odd {
	GH_PB_OVERLONG = 1 << 0, /* a varint (tag, length or value) with more bytes than needed */
	GH_PB_DROPPED = 1 << 1,	 /* a varint with bits beyond 64 */
	GH_PB_HUGE = 1 << 2,	 /* a payload of 2^31 bytes or more */
};

enum {
	GH_PB_DEPTH = 128,  /* messages within messages: the common parsers stop at 100 */
	GH_PB_GROUPS = 100, /* groups within groups */
	GH_PB_NUMBER_MAX = (1 << 29) - 1,
};

struct gh_pb_field {
	uint32_t number; /* 1 to GH_PB_NUMBER_MAX */
	enum gh_pb_wire wire;
	unsigned odd;	   /* set of enum gh_pb_odd */
	uint64_t tag;	   /* offset of the field's first byte */
	uint64_t off, len; /* its payload: the bytes of LEN and GROUP, the encoded value of the others */
	uint64_t end;	   /* offset of the first byte after the field: off + len but for groups */
	uint64_t v;	   /* VARINT, I64, I32: the value, zero-extended */
};

struct gh_pb {
	uint64_t off;	 /* of the next byte to be read; BAD: where it broke */
	uint64_t end;	 /* of the message that is being read */
	unsigned depth;	 /* messages entered */
	const char *why; /* BAD: a short reason, static */
	bool cut;	 /* BAD: the source had no more bytes though the message goes on */
	bool limit;	 /* BAD: not malformed as far as seen, but nested too deep */

	/* ---- inside ---- */
	struct gh_span (*more)(void *ctx, uint64_t off);
	void *ctx;
	const uint32_t *epoch; /* may be NULL */
	uint32_t seen;
	struct gh_span w;
	uint64_t base; /* offset of w.p[0] */
	struct {
		uint64_t off, end; /* where the message around it goes on, and its end */
	} up[GH_PB_DEPTH];
};

/* A reader of the message in [off, off+len). more(ctx, off): the bytes from there on, at least 32 unless the end of the
 * source is nearer; none at its end. They stay valid until the next call, or until *epoch changes (NULL: never). */
struct gh_pb gh_pb(struct gh_span (*more)(void *ctx, uint64_t off), void *ctx, const uint32_t *epoch, uint64_t off,
		   uint64_t len);
/* Over memory that outlives the reader. `all` is the message's length, of which s is the beginning (a probe); more is cut
 * short with `cut`. The reader must not be moved (copied to another place) once it was used. */
struct gh_pb_mem {
	struct gh_pb p;
	struct gh_span mem;
};
struct gh_pb *gh_pb_mem(struct gh_pb_mem *m, struct gh_span s, uint64_t all);

/* The next field of the message; its payload is passed over. */
enum gh_pb_got gh_pb_next(struct gh_pb *p, struct gh_pb_field *f);
/* Read the fields of f (LEN or GROUP), which must be the one that gh_pb_next() gave last. False: nested too deep (BAD). */
bool gh_pb_enter(struct gh_pb *p, const struct gh_pb_field *f);
/* Back to the message around it, behind the field: at the END of what was entered or before. */
void gh_pb_leave(struct gh_pb *p);

/* Values of a packed repeated field that was entered: FIELD with one more *v, END, or BAD when the last one is cut short.
 * wire: VARINT, I64 or I32. *odd (may be NULL) collects enum gh_pb_odd. */
enum gh_pb_got gh_pb_packed(struct gh_pb *p, enum gh_pb_wire wire, uint64_t *v, unsigned *odd);

/* sint32 and sint64. */
static inline int64_t gh_pb_zigzag(uint64_t v) { return (int64_t)(v >> 1 ^ (0 - (v & 1))); }

/* ---- is this a message of that kind? ----------------------------------------------------------------------------
 * Protobuf has no magic: what tells a message from other bytes is that all of its fields are those of a schema. */

struct gh_pb_shape {
	uint32_t number; /* 0 ends the table */
	uint8_t wires;	 /* set of 1u << enum gh_pb_wire that the schema allows (packed: LEN beside the scalar's) */
	uint8_t is;	 /* set of the flags below */
	const struct gh_pb_shape *sub; /* MSG: the shape of its content, or NULL */
	uint64_t max;		       /* VARINT: the greatest value there may be; 0: any */
};
enum {
	GH_PB_TEXT = 1, /* UTF-8 without control characters, as far as it is in sight; line breaks and tabs may be */
	GH_PB_MSG = 2,	/* every field of it is in `sub` */
	GH_PB_NAME = 4, /* like TEXT, and not empty */
};

struct gh_pb_fit {
	bool fits;	  /* every field in sight is one of the table, in the table's form */
	bool whole;	  /* the message was seen to its end */
	uint64_t seen;	  /* 1u << row of the top-level table, for the first 64 rows */
	uint64_t nested;  /* 1u << row of the top-level table whose sub-message had at least one field */
	unsigned fields;  /* top-level fields in sight */
	uint64_t strange; /* fields, nested ones too, that no table has; they fit when `lenient` */
};
/* Does a message of `size` bytes that begins with `head` have this shape? Not lenient: a field that no table has ends it;
 * lenient: up to 1 in 8 may be of another version of the schema, and numbers may be overlong. Shapes may refer to each other in a circle; what is
 * nested more than 16 deep is not looked at. */
struct gh_pb_fit gh_pb_fit(struct gh_span head, uint64_t size, const struct gh_pb_shape *shape, bool lenient);
#endif

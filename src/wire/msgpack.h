/* msgpack.h - the heads of MessagePack values: one token at a time, from memory that need not hold the values' bodies.
 *
 * Source: the MessagePack specification (github.com/msgpack/msgpack, spec.md). A value is a head of 1 to 6 bytes, or of up to
 * 9 with the number it holds, and then: nothing (nil, bool, numbers), `size` bytes (str, bin, ext), `size` values (array),
 * `size` pairs of values (map). */
#ifndef GH_WIRE_MSGPACK_H
#define GH_WIRE_MSGPACK_H
#include "base/span.h"

enum gh_mp_kind {
	GH_MP_BAD,   /* 0xc1, which is never used */
	GH_MP_SHORT, /* the head goes on behind the end of the span */
	GH_MP_NIL,
	GH_MP_BOOL,
	GH_MP_INT,  /* value */
	GH_MP_UINT, /* value, above INT64_MAX */
	GH_MP_FLOAT,
	GH_MP_STR,
	GH_MP_BIN,
	GH_MP_EXT,
	GH_MP_ARRAY,
	GH_MP_MAP,
};

struct gh_mp {
	enum gh_mp_kind kind;
	unsigned head; /* bytes, the number of a number included */
	uint32_t size; /* STR, BIN, EXT: bytes behind the head; ARRAY: values; MAP: pairs */
	int8_t ext;    /* EXT: the type */
	int64_t value; /* INT, BOOL */
	unsigned bits; /* FLOAT: 32 or 64 */
};

enum { GH_MP_HEAD = 9 }; /* bytes of the longest head */

struct gh_mp gh_mp_head(struct gh_span s);

/* For probes: is the whole of a source of `size` bytes one value, as far as `head`, its first bytes, can tell? The value is
 * a map whose keys are texts, or an array, seen to its end, that holds such a map or bytes. False when bytes follow it. */
bool gh_mp_plausible(struct gh_span head, uint64_t size);
#endif

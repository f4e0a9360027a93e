/* cbor.h - a strict reader for CBOR (RFC 8949), as COSE and attestation documents use it: one head after the other from memory.
 *
 * Strict means the core deterministic encoding where it matters to a verifier (RFC 8949, section 4.2.1): lengths are definite,
 * numbers, lengths and tags are spelt in their shortest form, texts are UTF-8. So every value that is read has one spelling for
 * its head, and a signature's payload cannot be read in two ways. The order of a map's keys is not judged (producers differ):
 * whoever reads a map refuses a key that comes twice. Nothing is copied, nothing is allocated; nesting is the caller's.
 *
 * The cursor is base/span.h's: what cannot be read sets r->bad, and it stays bad. Read a record, ask gh_rd_done(). */
#ifndef GH_WIRE_CBOR_H
#define GH_WIRE_CBOR_H
#include "base/span.h"

enum gh_cbor_kind { /* the major types (RFC 8949, section 3.1) */
		    GH_CBOR_UINT = 0,
		    GH_CBOR_NINT = 1, /* -1 - value */
		    GH_CBOR_BYTES = 2,
		    GH_CBOR_TEXT = 3,
		    GH_CBOR_ARRAY = 4,
		    GH_CBOR_MAP = 5,
		    GH_CBOR_TAG = 6,
		    GH_CBOR_SIMPLE = 7, /* value: 20 false, 21 true, 22 null; floating-point numbers are refused */
		    GH_CBOR_NONE = 8,	/* nothing is left, or the cursor is bad */
};
enum { GH_CBOR_FALSE = 20, GH_CBOR_TRUE = 21, GH_CBOR_NULL = 22 };
enum { GH_CBOR_DEPTH = 16 }; /* what gh_cbor_skip() goes down into */

struct gh_cbor {
	enum gh_cbor_kind kind;
	uint64_t
		value; /* UINT, NINT, TAG, SIMPLE: as above; ARRAY: items; MAP: pairs; never more than bytes are left */
	struct gh_span text; /* BYTES, TEXT: the content; the cursor stands behind it */
};

/* The kind of the next value, without reading it. */
enum gh_cbor_kind gh_cbor_peek(const struct gh_rd *r);
/* Read a head; of a string, its content too. */
struct gh_cbor gh_cbor_next(struct gh_rd *r);
/* The next value must be of this kind; else r->bad and nothing. */
struct gh_span gh_cbor_string(struct gh_rd *r, enum gh_cbor_kind kind); /* BYTES or TEXT */
uint64_t gh_cbor_count(struct gh_rd *r, enum gh_cbor_kind kind); /* UINT: the number; ARRAY, MAP: how many; TAG */
bool gh_cbor_null(struct gh_rd *r);				 /* if null comes next: it is read, true */
/* Read over one value with all that is in it. */
void gh_cbor_skip(struct gh_rd *r);
#endif

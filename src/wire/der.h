/* der.h - a reader for DER (ITU-T X.690, section 10): one element after the other, strictly. Lengths are definite and minimal,
 * tags have one byte, nothing is copied. A cursor that failed stays failed (base/span.h): read a record, ask gh_der_done(). */
#ifndef GH_WIRE_DER_H
#define GH_WIRE_DER_H
#include "base/span.h"

enum {
	GH_DER_BOOLEAN = 0x01,
	GH_DER_INTEGER = 0x02,
	GH_DER_BITS = 0x03,
	GH_DER_OCTETS = 0x04,
	GH_DER_NULL = 0x05,
	GH_DER_OID = 0x06,
	GH_DER_UTF8 = 0x0c,
	GH_DER_PRINTABLE = 0x13,
	GH_DER_IA5 = 0x16,
	GH_DER_UTCTIME = 0x17,
	GH_DER_TIME = 0x18, /* GeneralizedTime */
	GH_DER_SEQUENCE = 0x30,
	GH_DER_SET = 0x31,
	GH_DER_CONTEXT = 0xa0,	 /* constructed; + number */
	GH_DER_CONTEXT_P = 0x80, /* primitive; + number */
};

/* The tag of the next element, 0 at the end or when the cursor failed. */
unsigned gh_der_peek(const struct gh_rd *r);
/* The content of the next element, which must have this tag. *whole (may be NULL): with its tag and length. */
struct gh_span gh_der_take(struct gh_rd *r, unsigned tag, struct gh_span *whole);
/* The next element, whatever it is. */
struct gh_span gh_der_any(struct gh_rd *r, unsigned *tag, struct gh_span *whole);
/* A cursor over the content of the next element. When r failed, the new one has failed too. */
struct gh_rd gh_der_enter(struct gh_rd *r, unsigned tag);
/* If the next element has the tag: true, and its content. */
bool gh_der_maybe(struct gh_rd *r, unsigned tag, struct gh_span *out);
/* A non-negative INTEGER that fits. */
uint64_t gh_der_u64(struct gh_rd *r);
/* Is the OID's content this one? dotted is our own text: "1.2.840.113549.1.7.2". */
bool gh_der_is_oid(struct gh_span oid, const char *dotted);
/* GeneralizedTime in UTC, "20261122130000Z" or with a fraction: seconds since 1970; false: none. */
bool gh_der_time(struct gh_span text, int64_t *out);
static inline bool gh_der_done(const struct gh_rd *r) { return gh_rd_done(r); }
#endif

/* b64.h - base64 (RFC 4648, sections 4 and 5), hexadecimal, and PEM (RFC 7468): writing and strict reading.
 *
 * Reading is strict because signatures are compared and searched for by their spelling: every byte string has exactly one
 * spelling in each alphabet. Padding must be there, unused bits must be zero, no white space, no mixed alphabets. */
#ifndef GH_WIRE_B64_H
#define GH_WIRE_B64_H
#include "base/arena.h"
#include "base/buf.h"

/* Append in the standard alphabet, padded. */
void gh_b64_put(struct gh_buf *out, struct gh_span bytes);
/* Decode: the standard or the URL-safe alphabet, padded. False: no base64, or the arena is full. */
bool gh_b64_take(struct gh_arena *a, struct gh_span text, struct gh_span *out);

/* Append lower-case digits. */
void gh_b16_put(struct gh_buf *out, struct gh_span bytes);
/* The same into memory: 2 * bytes.n digits and a NUL. */
void gh_b16(char *out, struct gh_span bytes);
/* Exactly n bytes from 2 n digits of lower case. */
bool gh_b16_take(struct gh_span text, uint8_t *out, size_t n);

/* Append "-----BEGIN label-----", lines of 64 letters, "-----END label-----", each line with a newline. */
void gh_pem_put(struct gh_buf *out, const char *label, struct gh_span der);
/* The next block of a PEM text, from *at on; text outside of blocks is passed over (RFC 7468, section 2). *label lies in
 * `text`, *der in the arena; *at moves behind the block.
 * 1: here it is. 0: no more. -1: not PEM: a block without end, bad base64, headers (RFC 1421 encryption); *at tells where. */
int gh_pem_next(struct gh_arena *a, struct gh_span text, size_t *at, struct gh_span *label, struct gh_span *der);
#endif

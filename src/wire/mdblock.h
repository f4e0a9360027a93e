/* mdblock.h - what MD5, SHA-1 and SHA-256 have in common (RFC 1321 3.1 to 3.3, FIPS 180-4 5.1.1 and 6): bytes come piecewise,
 * are taken in blocks of 64, and are padded with a one bit, zeros and their number. */
#ifndef GH_WIRE_MDBLOCK_H
#define GH_WIRE_MDBLOCK_H
#include "base/span.h"

struct gh_mdblock {
	uint64_t n; /* bytes so far */
	uint8_t block[64];
};
/* Take one block of 64 bytes into the state h. */
typedef void gh_mdblock_fn(uint32_t *h, const uint8_t *block);

void gh_mdblock_put(struct gh_mdblock *b, uint32_t *h, gh_mdblock_fn *take, struct gh_span bytes);
/* Pad, and write `words` words of the state to out, in this byte order; so is the count of bits. */
void gh_mdblock_end(struct gh_mdblock *b, uint32_t *h, gh_mdblock_fn *take, bool big_endian, size_t words,
		    uint8_t *out);
#endif

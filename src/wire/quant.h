/* quant.h - blocks of quantised numbers, as ggml lays them out: where the scales are and where the codes. Specification:
 * ggml/src/ggml-common.h. Pure. */
#ifndef GH_WIRE_QUANT_H
#define GH_WIRE_QUANT_H
#include "base/span.h"

struct gh_quant {
	const char *name;
	uint16_t block;	       /* bytes of a block */
	uint16_t code, codes;  /* where in it the codes of the numbers start, and how many bytes of them there are */
	uint8_t scales, scale; /* number of 16-bit floating-point scales, and where the first one is */
	bool wide;	       /* the scale is one of 32 bits */
	bool bytes;	       /* each code is a signed byte, the largest of a block is 127 or -127 */
};
/* NULL: no block type, or one whose blocks have no scale of this kind. */
const struct gh_quant *gh_quant_named(const char *dtype);

/* What the scales and codes of blocks are like. */
struct gh_quant_sum {
	uint64_t blocks, odd; /* odd: with a scale that is NaN or infinite */
	uint64_t used, full,
		below; /* `bytes`: blocks with a scale; those that use the whole range; those with a -128 */
};

/* Count n whole blocks and put their codes, one behind the other, into out (room for n * codes bytes). */
void gh_quant_blocks(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out, struct gh_quant_sum *sum);
/* The same without special instructions: what the fast way is tested against. */
void gh_quant_blocks_plain(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out,
			   struct gh_quant_sum *sum);
#endif

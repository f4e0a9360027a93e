/* quant.h - blocks of quantised numbers, as ggml lays them out: where the scales are and where the codes. Specification:
 * ggml/src/ggml-common.h. Pure. */
#ifndef GH_WIRE_QUANT_H
#define GH_WIRE_QUANT_H
#include "base/span.h"

enum gh_quant_scale {
	GH_QS_HALF,   /* 16-bit floating-point numbers */
	GH_QS_SINGLE, /* one of 32 bits */
	GH_QS_SPREAD, /* one of 16 bits: four of them are the top of each of four 16-bit words */
	GH_QS_E8M0,   /* bytes: an exponent; 255 is NaN (OCP Microscaling Formats 1.0, 5.4.1) */
	GH_QS_E4M3,   /* bytes: four bits of exponent, three of mantissa; all set is NaN (the same, 5.3.1) */
};
struct gh_quant {
	const char *name;
	uint16_t block;	       /* bytes of a block */
	uint16_t code, codes;  /* where in it the codes of the numbers start, and how many bytes of them there are */
	uint8_t scales, scale; /* number of scales, and where the first one is */
	enum gh_quant_scale form;
	bool bytes; /* each code is a signed byte, the largest of a block is 127 or -127 */
};
/* NULL: no block type. */
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

/* decode.h - elements of any type as floats, a piece at a time. Pure functions of the bytes; little-endian unless said. */
#ifndef GH_SCAN_DIFF_DECODE_H
#define GH_SCAN_DIFF_DECODE_H
#include "base/span.h"

struct gh_diff_dtype {
	const char *name;
	uint32_t block; /* elements per block */
	uint32_t bytes; /* bytes per block */
	/* What storing a number in this type may do to it: a share of its own size (floats), or of the largest of `group`
	 * neighbours (blocks). `coarse`: relative error of a whole tensor that is still quantisation and nothing else. */
	float rel, abs;
	uint32_t group;
	float coarse;
	void (*to)(const uint8_t *p, size_t blocks, float *out);
};
/* NULL: a type that cannot be compared. */
const struct gh_diff_dtype *gh_diff_dtype(const char *name);
/* Swap the bytes of n elements of `width` bytes in place. */
void gh_diff_swap(uint8_t *p, size_t n, size_t width);
#endif

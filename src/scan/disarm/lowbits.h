/* lowbits.h - fill the low mantissa bits of floating-point numbers anew: what somebody hid there is gone, and the numbers
 * change by less than they would by rounding to a shorter type. */
#ifndef GH_SCAN_DISARM_LOWBITS_H
#define GH_SCAN_DISARM_LOWBITS_H
#include "base/span.h"

#include <stdbool.h>

/* Mantissa bits stored in a type of safetensors ("F32": 23, "F16": 10, "BF16": 7, "F64": 52, "C64": 23); 0 for integers,
 * booleans and the types of eight bits and less, which have no bits to spare. */
unsigned gh_dis_mantissa(const char *type);

/* Replace the `bits` low mantissa bits (at most as many as the type has) of each number in p[0, n), little-endian. Which bits
 * they become depends on seed, the number of the tensor and the place in it (`off`, bytes) only. Infinities and NaNs stay
 * what they are, and so do zeros: a zero in weights is a place that was pruned. */
void gh_dis_low_bits(uint8_t *p, size_t n, const char *type, unsigned bits, uint64_t seed, uint64_t tensor,
		     uint64_t off);
/* Is one of these bits set in any number that would be changed? Where none is, nothing can hide: the numbers came from a
 * shorter type, and bits that are no noise would only look like a payload. */
bool gh_dis_low_bits_used(const uint8_t *p, size_t n, const char *type, unsigned bits);
#endif

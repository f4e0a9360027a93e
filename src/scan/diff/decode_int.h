/* decode_int.h - between decode.c (the list, plain numbers, linear blocks) and decode_more.c (blocks by table). */
#ifndef GH_SCAN_DIFF_DECODE_INT_H
#define GH_SCAN_DIFF_DECODE_INT_H
#include <stddef.h>
#include <stdint.h>

/* The half-precision number at p. */
float gh_diff_half(const uint8_t *p);

void gh_diff_from_iq4_nl(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq4_xs(const uint8_t *p, size_t n, float *out);
void gh_diff_from_mxfp4(const uint8_t *p, size_t n, float *out);
void gh_diff_from_tq1_0(const uint8_t *p, size_t n, float *out);
void gh_diff_from_tq2_0(const uint8_t *p, size_t n, float *out);
#endif

/* decode_int.h - between decode.c (the list, plain numbers, linear blocks), decode_more.c (blocks by table) and decode_iq.c (by code book). */
#ifndef GH_SCAN_DIFF_DECODE_INT_H
#define GH_SCAN_DIFF_DECODE_INT_H
#include <stddef.h>
#include <stdint.h>

/* The half-precision number at p. */
float gh_diff_half(const uint8_t *p);
/* Twice the numbers of four bits, two of exponent and one of mantissa (OCP Microscaling Formats 1.0, 5.3.3). */
extern const int8_t gh_diff_e2m1[16];

void gh_diff_from_iq4_nl(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq4_xs(const uint8_t *p, size_t n, float *out);
void gh_diff_from_mxfp4(const uint8_t *p, size_t n, float *out);
void gh_diff_from_tq1_0(const uint8_t *p, size_t n, float *out);
void gh_diff_from_tq2_0(const uint8_t *p, size_t n, float *out);
void gh_diff_from_q1_0(const uint8_t *p, size_t n, float *out);
void gh_diff_from_q2_0(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq1_s(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq1_m(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq2_xxs(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq2_xs(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq2_s(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq3_xxs(const uint8_t *p, size_t n, float *out);
void gh_diff_from_iq3_s(const uint8_t *p, size_t n, float *out);
void gh_diff_from_nvfp4(const uint8_t *p, size_t n, float *out);
#endif

/* codebook.h - the code books of ggml's IQ types: a code is the number of a point, a point is a row of digits.
 *
 * Digit i of a point x is x >> 2 * i & 3 where a point has eight digits (IQ1, IQ2), x >> 3 * i & 7 where it has four (IQ3). What a digit
 * stands for is a short table beside the decoder that uses it (decode_iq.c). Where the points come from: codebook.c. */
#ifndef GH_SCAN_DIFF_CODEBOOK_H
#define GH_SCAN_DIFF_CODEBOOK_H
#include <stdint.h>

extern const uint16_t gh_codebook_iq1[2048]; /* IQ1_S and IQ1_M: digits 0 to 2 */
extern const uint16_t gh_codebook_iq2_xxs[256], gh_codebook_iq2_xs[512], gh_codebook_iq2_s[1024]; /* digits 0 to 2 */
extern const uint16_t gh_codebook_iq3_xxs[256], gh_codebook_iq3_s[512];				  /* digits 0 to 7 */
#endif

/* weights.h - judges the numbers in tensors: what hides in their low bits, and values that no model can compute with.
 *
 * Covered, for plain numbers of 8, 16, 32 and 64 bits (also complex ones, part by part), wherever a reader emits them:
 * - NaN and infinities: every element (weights_values.h says which are there by right). Not in arrays of data (NumPy, R,
 *   pickle, tables), where NaN means "missing".
 * - Native programs in the lowest 1, 2, 4 or 8 bits, or the lowest 2 or 3 bytes, from any element on (wire/bits.h).
 * - Programs, archives, pickles, scripts and text in the lowest 1 to 8, 16, 24, 32, 40 or 48 bits, the sign bits or the second
 *   byte, at the start of a tensor or behind a length or digest there; going on through the tensors that follow when it is
 *   a small one of floating-point numbers. Of the first LOOKS tensors of a file.
 * - Archives and pickles that a tensor's own bytes are.
 * Not covered, and nothing can be: what is encrypted or compressed without a header, or spread by a secret order. Block
 * quantised types (Q4_K) are not looked into; programs that lie there as they are, the sweep of the whole file finds. */
#ifndef GH_CHECK_WEIGHTS_H
#define GH_CHECK_WEIGHTS_H
#include "check/check.h"

extern const struct gh_check gh_check_weights;
extern const struct gh_check gh_check_tensors;
#endif

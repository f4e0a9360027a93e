/* sort.h - a stable merge sort of index arrays. O(n log n) whatever the input, no recursion, no allocation: the C
 * library's qsort promises none of these. */
#ifndef GH_WIRE_SORT_H
#define GH_WIRE_SORT_H
#include <stddef.h>
#include <stdint.h>

/* Sort idx[0..n); tmp has room for n as well. cmp(ctx, a, b) compares what the indices a and b stand for. */
void gh_sort_idx(uint32_t *idx, uint32_t *tmp, size_t n, int (*cmp)(const void *ctx, uint32_t a, uint32_t b),
		 const void *ctx);
#endif

#include "wire/sort.h"

#include <string.h>

void gh_sort_idx(uint32_t *idx, uint32_t *tmp, size_t n, int (*cmp)(const void *ctx, uint32_t a, uint32_t b),
		 const void *ctx)
{
	for (size_t run = 1; run < n; run *= 2) {
		for (size_t lo = 0; lo < n;) {
			size_t mid = n - lo > run ? lo + run : n;
			size_t hi = n - mid > run ? mid + run : n;
			size_t a = lo, b = mid, out = lo;
			while (a < mid && b < hi)
				tmp[out++] = cmp(ctx, idx[a], idx[b]) <= 0 ? idx[a++] : idx[b++];
			while (a < mid)
				tmp[out++] = idx[a++];
			while (b < hi)
				tmp[out++] = idx[b++];
			lo = hi;
		}
		memcpy(idx, tmp, n * sizeof *idx);
		if (run > n / 2)
			break; /* doubling once more could wrap, and everything is one run now */
	}
}

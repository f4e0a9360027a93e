/* Members taken out of any bytes: never a crash, a stale window or unbounded memory, never more than was allowed, and what was written
 * lies where it is said to lie. The first byte chooses the bounds. */
#include "support/extracted.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct gh_extracted_mem x;
	if (n == 0)
		return 0;
	uint64_t each = (data[0] & 8) != 0 ? 100 : 1 << 20;
	gh_extracted_run(&x, (struct gh_span){ data + 1, n - 1 }, data[0] & 7, each, 2 * each);
	gh_extracted_free(&x);
	return 0;
}

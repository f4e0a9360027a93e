/* Bits taken from any elements in any way; the fast search for programs against the plain one. The first byte chooses the
 * elements, the next two how bits are taken. */
#include "wire/bits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 4)
		return 0;
	uint8_t width = (uint8_t)(1u << (d[0] & 3)), out[256];
	struct gh_words w = { { d + 3, (n - 3) / width * width }, width, (d[0] & 4) != 0 };
	struct gh_bits how = { d[1] & 63, d[2] & 63, (d[0] & 8) != 0, (d[0] & 16) != 0 };
	size_t skip = d[0] >> 5, k = gh_bits_take(&w, &how, skip, out, sizeof out);
	if (k > sizeof out || (k != 0 && (skip + k) * 8 > gh_words_n(&w) * how.take))
		abort();
	struct gh_bits_found a = { 0 }, b = { 0 };
	bool fast = gh_bits_program(&w, gh_words_n(&w), &a);
	if (fast != gh_bits_program_plain(&w, gh_words_n(&w), &b) || a.at != b.at || a.how.take != b.how.take)
		abort();
	if (fast && a.at >= gh_words_n(&w))
		abort();
	return 0;
}

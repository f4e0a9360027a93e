/* The header, number and record readers of wire/tar.h on any bytes. */
#include "wire/tar.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static bool inside(struct gh_span part, struct gh_span all)
{
	return part.n == 0 || (part.p >= all.p && part.n <= all.n && (size_t)(part.p - all.p) <= all.n - part.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n }, rest = in, key, value;
	struct gh_tar_header h;
	uint64_t v;
	uint8_t block[GH_TAR_BLOCK] = { 0 };
	if (n != 0)
		memcpy(block, d, n < sizeof block ? n : sizeof block);
	/* A fitting checksum, so that what lies behind the test for it is reached. */
	unsigned sum = 0;
	memset(block + 148, ' ', 8);
	for (size_t i = 0; i < sizeof block; i++)
		sum += block[i];
	for (unsigned i = 0; i < 6; i++)
		block[148 + i] = (uint8_t)('0' + (sum >> 3 * (5 - i) & 7));
	struct gh_span b = { block, sizeof block };
	if (!gh_tar_header(b, &h) || !inside(h.name, b) || !inside(h.prefix, b) || !inside(h.link, b) || h.signed_sum)
		__builtin_trap();
	(void)gh_tar_header(in, &h);
	(void)gh_tar_number(gh_span_cut(in, 0, 12), &v);
	for (size_t left = rest.n; gh_tar_pax_next(&rest, &key, &value) == 1; left = rest.n)
		if (rest.n >= left || !inside(key, in) || !inside(value, in))
			__builtin_trap();
	rest = in;
	if (gh_tar_decimal(&rest, ',', &v) && rest.n >= n)
		__builtin_trap();
	return 0;
}

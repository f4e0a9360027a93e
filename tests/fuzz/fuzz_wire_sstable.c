/* Blocks of tables, footers, Snappy and sums on any bytes: what is found stays inside, and packed bytes do not grow without bound. */
#include <stdlib.h>

#include "wire/crc32c.h"
#include "wire/snappy.h"
#include "wire/sstable.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static struct gh_span at(void *ctx, uint64_t off, size_t len) { return gh_span_cut(*(struct gh_span *)ctx, off, len); }

static void block(struct gh_span in)
{
	static uint8_t key[GH_SST_KEY];
	struct gh_sst b = { .at = at, .ctx = &in, .key = key };
	enum gh_sst_got got = GH_SST_BAD;
	uint64_t last = 0;
	if (gh_sst_open(&b, 0, in.n))
		while ((got = gh_sst_next(&b)) == GH_SST_ENTRY) {
			if (b.entry < last || b.value_off > in.n || b.value_len > in.n - b.value_off ||
			    b.key_n > GH_SST_KEY)
				__builtin_trap();
			last = b.value_off + b.value_len;
		}
	if (got == GH_SST_BAD && b.why == NULL)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n };
	struct gh_sst_handle m, x;
	bool loose;
	uint64_t len = 0;
	block(in);
	(void)gh_sst_footer(gh_span_cut(in, 0, GH_SST_FOOTER), &m, &x, &loose);
	if (gh_snappy_length(in, &len) && len < 1 << 20) {
		uint8_t *out = malloc((size_t)len + 1);
		if (out != NULL)
			(void)gh_snappy(in, out, (size_t)len);
		free(out);
	}
	struct gh_span a = gh_span_cut(in, 0, n / 3), b = gh_span_cut(in, n / 3, n);
	if (gh_crc32c(gh_crc32c(0, a), b) != gh_crc32c(0, in))
		__builtin_trap();
	return 0;
}

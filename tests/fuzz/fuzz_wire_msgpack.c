/* Heads of MessagePack values: a head lies within its bytes, and the probe ends whatever it sees. */
#include "wire/msgpack.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span s = { d, n };
	for (size_t at = 0; at < n;) {
		struct gh_mp m = gh_mp_head(gh_span_cut(s, at, n));
		if (m.kind == GH_MP_SHORT)
			break;
		if (m.head == 0 || m.head > GH_MP_HEAD || m.head > n - at)
			abort();
		at += m.head;
	}
	(void)gh_mp_plausible(s, n);
	(void)gh_mp_plausible(s, (uint64_t)n << 8);
	return 0;
}

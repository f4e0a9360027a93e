/* First byte: codec; second: how the rest is cut into steps. Any bytes give a code; progress or an end, always. */
#include "wire/expand.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n < 2)
		return 0;
	struct gh_expand *x = gh_expand_open((enum gh_codec)(d[0] % 10));
	if (x == NULL)
		return 0;
	if (d[1] & 0x80)
		gh_expand_expect(x, d[1] & 0x7f);
	static const size_t cut[] = { 1, 7, 4096, 1 << 20 };
	size_t in_step = cut[d[1] & 3], cap = cut[d[1] >> 2 & 3], total = 0;
	uint8_t *out = malloc(cap);
	struct gh_span all = gh_span_cut((struct gh_span){ d, n }, 2, n);
	bool end = false;
	enum gh_rc rc = GH_OK;
	while (out != NULL && rc == GH_OK && !end && total < 4 << 20) {
		struct gh_span part = gh_span_cut(all, 0, in_step);
		size_t given = part.n, made;
		rc = gh_expand_step(x, &part, out, cap, &made, &end);
		if (made > cap || part.n > given)
			abort();
		all = gh_span_cut(all, given - part.n, all.n);
		total += made;
		if (given == part.n && made == 0 && !end && rc == GH_OK) {
			if (given != 0)
				abort(); /* bytes there, room there, no error: must move */
			break;
		}
	}
	free(out);
	gh_expand_close(x);
	return 0;
}

/* Any bytes as a badge, a key file and a status list: an answer, and never "valid". The first bytes say where the parts end. */
#include "crypto/badge.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	gh_auto_arena a = { .max = 32 << 20 };
	struct gh_badge_result r;
	if (n < 4)
		return 0;
	size_t keys = gh_le16(p), status = gh_le16(p + 2);
	struct gh_span all = { p + 4, n - 4 };
	const struct gh_badge_question q = { .keys = gh_span_cut(all, 0, keys),
					     .status = gh_span_cut(all, keys, status),
					     .status_given = status > 0,
					     .file = gh_span_cut(all, keys + status, n),
					     .at = 1795000000 };
	gh_badge_verify(&q, &a, &r);
	for (unsigned i = 0; i < GH_BC_CHECKS; i++)
		if (memchr(r.check[i].detail, 0, sizeof r.check[i].detail) == NULL)
			__builtin_trap();
	return 0;
}

#include "wire/mdblock.h"

void gh_mdblock_put(struct gh_mdblock *b, uint32_t *h, gh_mdblock_fn *take, struct gh_span in)
{
	size_t have = (size_t)(b->n % 64), at = 0;
	b->n += in.n;
	if (have != 0) {
		at = in.n < 64 - have ? in.n : 64 - have;
		if (at != 0)
			memcpy(b->block + have, in.p, at);
		if (have + at < 64)
			return;
		take(h, b->block);
	}
	for (; in.n - at >= 64; at += 64)
		take(h, in.p + at);
	if (in.n != at)
		memcpy(b->block, in.p + at, in.n - at);
}

void gh_mdblock_end(struct gh_mdblock *b, uint32_t *h, gh_mdblock_fn *take, bool big_endian, size_t words, uint8_t *out)
{
	static const uint8_t pad[64] = { 0x80 };
	uint64_t bits = b->n * 8;
	uint8_t len[8];
	gh_mdblock_put(b, h, take, (struct gh_span){ pad, (size_t)(1 + (119 - b->n % 64) % 64) });
	for (unsigned i = 0; i < 8; i++)
		len[i] = (uint8_t)(bits >> (big_endian ? 56 - 8 * i : 8 * i));
	gh_mdblock_put(b, h, take, (struct gh_span){ len, 8 });
	for (size_t i = 0; i < 4 * words; i++)
		out[i] = (uint8_t)(h[i / 4] >> (big_endian ? 24 - 8 * (i % 4) : 8 * (i % 4)));
}

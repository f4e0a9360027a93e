#include "wire/sha1.h"

static uint32_t left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

static void block(uint32_t h[5], const uint8_t *p)
{
	uint32_t w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
	for (unsigned i = 0; i < 16; i++)
		w[i] = gh_be32(p + (size_t)4 * i);
	for (unsigned i = 16; i < 80; i++)
		w[i] = left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (unsigned i = 0; i < 80; i++) {
		uint32_t f = i < 20   ? ((b & c) | (~b & d)) + 0x5a827999u
			     : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1u
			     : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdcu
				      : (b ^ c ^ d) + 0xca62c1d6u;
		uint32_t t = left(a, 5) + f + e + w[i];
		e = d;
		d = c;
		c = left(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

struct gh_sha1 gh_sha1(void)
{
	return (struct gh_sha1){ .h = { 0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u, 0xc3d2e1f0u } };
}

void gh_sha1_put(struct gh_sha1 *s, struct gh_span in)
{
	size_t have = (size_t)(s->n % 64), at = 0;
	s->n += in.n;
	if (have != 0) {
		at = in.n < 64 - have ? in.n : 64 - have;
		if (at != 0)
			memcpy(s->block + have, in.p, at);
		if (have + at < 64)
			return;
		block(s->h, s->block);
	}
	for (; in.n - at >= 64; at += 64)
		block(s->h, in.p + at);
	if (in.n != at)
		memcpy(s->block, in.p + at, in.n - at);
}

void gh_sha1_end(struct gh_sha1 *s, uint8_t out[GH_SHA1_BYTES])
{
	static const uint8_t pad[64] = { 0x80 };
	uint64_t bits = s->n * 8;
	uint8_t len[8];
	gh_sha1_put(s, (struct gh_span){ pad, (size_t)(1 + (119 - s->n % 64) % 64) });
	for (unsigned i = 0; i < 8; i++)
		len[i] = (uint8_t)(bits >> (56 - 8 * i));
	gh_sha1_put(s, (struct gh_span){ len, 8 });
	for (unsigned i = 0; i < GH_SHA1_BYTES; i++)
		out[i] = (uint8_t)(s->h[i / 4] >> (24 - 8 * (i % 4)));
}

#include "wire/sha1.h"

static uint32_t left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

static void block(uint32_t *h, const uint8_t *p)
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

void gh_sha1_put(struct gh_sha1 *s, struct gh_span bytes) { gh_mdblock_put(&s->rest, s->h, block, bytes); }

void gh_sha1_end(struct gh_sha1 *s, uint8_t out[GH_SHA1_BYTES])
{
	gh_mdblock_end(&s->rest, s->h, block, true, GH_SHA1_BYTES / 4, out);
}

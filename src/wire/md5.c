#include "wire/md5.h"

static uint32_t left(uint32_t x, unsigned n) { return x << n | x >> (32 - n); }

/* floor(2^32 * |sin(i + 1)|), RFC 1321 section 3.4. */
static const uint32_t sine[64] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
	0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
	0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
	0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
	0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
	0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
	0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static void block(uint32_t *h, const uint8_t *p)
{
	static const uint8_t turn[4][4] = { { 7, 12, 17, 22 }, { 5, 9, 14, 20 }, { 4, 11, 16, 23 }, { 6, 10, 15, 21 } };
	uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
	for (unsigned i = 0; i < 64; i++) {
		uint32_t f = i < 16   ? (b & c) | (~b & d)
			     : i < 32 ? (d & b) | (~d & c)
			     : i < 48 ? b ^ c ^ d
				      : c ^ (b | ~d);
		unsigned k = i < 16 ? i : i < 32 ? (5 * i + 1) % 16 : i < 48 ? (3 * i + 5) % 16 : 7 * i % 16;
		uint32_t t = a + f + sine[i] + gh_le32(p + (size_t)4 * k);
		a = d;
		d = c;
		c = b;
		b += left(t, turn[i / 16][i % 4]);
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
}

struct gh_md5 gh_md5(void) { return (struct gh_md5){ .h = { 0x67452301u, 0xefcdab89u, 0x98badcfeu, 0x10325476u } }; }

void gh_md5_put(struct gh_md5 *s, struct gh_span bytes) { gh_mdblock_put(&s->rest, s->h, block, bytes); }

void gh_md5_end(struct gh_md5 *s, uint8_t out[GH_MD5_BYTES])
{
	gh_mdblock_end(&s->rest, s->h, block, false, GH_MD5_BYTES / 4, out);
}

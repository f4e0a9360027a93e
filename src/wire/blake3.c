#include "wire/blake3.h"

enum { CHUNK_START = 1, CHUNK_END = 2, PARENT = 4, ROOT = 8, CHUNK_BLOCKS = 16 };

static const uint32_t iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

static inline uint32_t ror(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

static inline void g(uint32_t *v, unsigned a, unsigned b, unsigned c, unsigned d, uint32_t x, uint32_t y)
{
	v[a] += v[b] + x;
	v[d] = ror(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 12);
	v[a] += v[b] + y;
	v[d] = ror(v[d] ^ v[a], 8);
	v[c] += v[d];
	v[b] = ror(v[b] ^ v[c], 7);
}

/* The compression function, section 2.2; out may be cv. */
static void compress(const uint32_t cv[8], const uint8_t block[64], unsigned n, uint64_t counter, unsigned flags,
		     uint32_t out[8])
{
	static const uint8_t order[16] = { 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8 };
	uint32_t m[16], next[16], v[16];
	for (unsigned i = 0; i < 16; i++)
		m[i] = gh_le32(block + 4 * i);
	memcpy(v, cv, 32);
	memcpy(v + 8, iv, 16);
	v[12] = (uint32_t)counter;
	v[13] = (uint32_t)(counter >> 32);
	v[14] = n;
	v[15] = flags;
	for (unsigned round = 0; round < 7; round++) {
		for (unsigned i = 0; i < 4; i++)
			g(v, i, 4 + i, 8 + i, 12 + i, m[2 * i], m[2 * i + 1]);
		for (unsigned i = 0; i < 4; i++)
			g(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, m[8 + 2 * i], m[9 + 2 * i]);
		for (unsigned i = 0; i < 16; i++)
			next[i] = m[order[i]];
		memcpy(m, next, sizeof m);
	}
	for (unsigned i = 0; i < 8; i++)
		out[i] = v[i] ^ v[8 + i];
}

static void put_words(const uint32_t w[8], uint8_t *out)
{
	for (unsigned i = 0; i < 32; i++)
		out[i] = (uint8_t)(w[i / 4] >> 8 * (i % 4));
}

static void parent(const uint32_t left[8], const uint32_t right[8], unsigned flags, uint32_t out[8])
{
	uint8_t block[64];
	put_words(left, block);
	put_words(right, block + 32);
	compress(iv, block, sizeof block, 0, PARENT | flags, out);
}

struct gh_blake3 gh_blake3(void)
{
	struct gh_blake3 h = { 0 };
	memcpy(h.cv, iv, sizeof h.cv);
	return h;
}

static unsigned start_of(const struct gh_blake3 *h) { return h->blocks == 0 ? CHUNK_START : 0; }

/* The chunk in hand is complete, and more comes: it joins the trees on its left that are as large. */
static void next_chunk(struct gh_blake3 *h)
{
	uint32_t cv[8];
	compress(h->cv, h->block, h->block_n, h->chunk, start_of(h) | CHUNK_END, cv);
	h->chunk++;
	for (uint64_t n = h->chunk; (n & 1) == 0; n >>= 1)
		parent(h->stack[--h->depth], cv, 0, cv);
	memcpy(h->stack[h->depth++], cv, sizeof cv);
	memcpy(h->cv, iv, sizeof h->cv);
	h->blocks = h->block_n = 0;
}

void gh_blake3_put(struct gh_blake3 *h, struct gh_span s)
{
	for (size_t at = 0; at < s.n;) {
		if (h->block_n == sizeof h->block) {
			if (h->blocks == CHUNK_BLOCKS - 1) {
				next_chunk(h);
			} else {
				compress(h->cv, h->block, h->block_n, h->chunk, start_of(h), h->cv);
				h->blocks++;
				h->block_n = 0;
			}
		}
		size_t room = sizeof h->block - h->block_n, n = s.n - at < room ? s.n - at : room;
		memcpy(h->block + h->block_n, s.p + at, n);
		h->block_n += (unsigned)n;
		at += n;
	}
}

void gh_blake3_end(const struct gh_blake3 *h, uint8_t out[GH_BLAKE3_BYTES])
{
	uint8_t block[64] = { 0 };
	uint32_t cv[8];
	unsigned depth = h->depth;
	memcpy(block, h->block, h->block_n);
	compress(h->cv, block, h->block_n, h->chunk, start_of(h) | CHUNK_END | (depth == 0 ? ROOT : 0), cv);
	while (depth > 0) {
		depth--;
		parent(h->stack[depth], cv, depth == 0 ? ROOT : 0, cv);
	}
	put_words(cv, out);
}

/* blake3.h - BLAKE3 with 256 bits of output (O'Connor, Aumasson, Neves, Wilcox-O'Hearn: "BLAKE3", 2020): the plain hash,
 * incrementally. Some signatures of models list files by it. Portable and not fast: about 0.5 GB/s. */
#ifndef GH_WIRE_BLAKE3_H
#define GH_WIRE_BLAKE3_H
#include "base/span.h"

enum { GH_BLAKE3_BYTES = 32 };

struct gh_blake3 {
	uint32_t cv[8];	       /* of the chunk in hand */
	uint64_t chunk;	       /* its number */
	uint8_t block[64];     /* its last block, which is kept until more comes: the last one is treated otherwise */
	unsigned block_n;      /* bytes in it */
	unsigned blocks;       /* blocks of this chunk that are done */
	uint32_t stack[54][8]; /* roots of complete subtrees, largest first */
	unsigned depth;
};

struct gh_blake3 gh_blake3(void);
void gh_blake3_put(struct gh_blake3 *h, struct gh_span bytes);
/* Does not change h: more may follow. */
void gh_blake3_end(const struct gh_blake3 *h, uint8_t out[GH_BLAKE3_BYTES]);
#endif

/* sha256.h - SHA-256 (FIPS 180-4) of bytes in memory, piecewise, for the rooms that have no crypto library: digests of members
 * inside the worker. What the trusted process vouches for is digested by src/crypto. */
#ifndef GH_WIRE_SHA256_H
#define GH_WIRE_SHA256_H
#include "wire/mdblock.h"

enum { GH_SHA256_BYTES = 32 };
struct gh_sha256_state {
	uint32_t h[8];
	struct gh_mdblock rest;
};

struct gh_sha256_state gh_sha256_begin(void);
void gh_sha256_put(struct gh_sha256_state *s, struct gh_span bytes);
void gh_sha256_end(struct gh_sha256_state *s, uint8_t out[GH_SHA256_BYTES]);
#endif

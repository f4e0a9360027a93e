/* sha1.h - SHA-1 (FIPS 180-4) of bytes in memory, piecewise. Only for finding things by the names that git gives them, never
 * as a proof of anything: collisions are known. */
#ifndef GH_WIRE_SHA1_H
#define GH_WIRE_SHA1_H
#include "wire/mdblock.h"

enum { GH_SHA1_BYTES = 20 };
struct gh_sha1 {
	uint32_t h[5];
	struct gh_mdblock rest;
};

struct gh_sha1 gh_sha1(void);
void gh_sha1_put(struct gh_sha1 *s, struct gh_span bytes);
void gh_sha1_end(struct gh_sha1 *s, uint8_t out[GH_SHA1_BYTES]);
#endif

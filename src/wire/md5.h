/* md5.h - MD5 (RFC 1321) of bytes in memory, piecewise. Only because YARA rules name files by it: it proves nothing. */
#ifndef GH_WIRE_MD5_H
#define GH_WIRE_MD5_H
#include "wire/mdblock.h"

enum { GH_MD5_BYTES = 16 };
struct gh_md5 {
	uint32_t h[4];
	struct gh_mdblock rest;
};

struct gh_md5 gh_md5(void);
void gh_md5_put(struct gh_md5 *s, struct gh_span bytes);
void gh_md5_end(struct gh_md5 *s, uint8_t out[GH_MD5_BYTES]);
#endif

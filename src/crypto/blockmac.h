/* blockmac.h - a keyed checksum per block of a file, fast enough to take on every byte (GMAC: AES-128-GCM over
 * additional data only, NIST SP 800-38D section 8.2.1, a fresh random key per file, the block number as nonce).
 *
 * It answers one question: are the bytes of a block that are read a second time, out of order, the ones that the
 * digest saw? The tags never leave the process that made them. */
#ifndef GH_CRYPTO_BLOCKMAC_H
#define GH_CRYPTO_BLOCKMAC_H
#include "base/span.h"

struct gh_blockmac;
struct gh_blockmac *gh_blockmac_new(void); /* with a fresh random key; NULL on failure */
/* A second one with the same key, for use while the first is in the middle of a block. */
struct gh_blockmac *gh_blockmac_again(const struct gh_blockmac *m);
bool gh_blockmac_start(struct gh_blockmac *m, uint64_t block);
bool gh_blockmac_add(struct gh_blockmac *m, struct gh_span s);
/* 64 bits of the tag; never 0, which callers use for "not seen". */
bool gh_blockmac_tag(struct gh_blockmac *m, uint64_t *tag);
void gh_blockmac_free(struct gh_blockmac *m);
#endif

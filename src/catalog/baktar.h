/* baktar.h - the archive of a backup: a tar file of plain files, so that it can be looked into with tar(1), read back by a reader
 * that accepts nothing but what the writer writes.
 *
 * POSIX.1-1988 ustar: heads of 512 bytes, contents padded to 512, two empty blocks at the end. Only regular files; names of at
 * most 99 bytes from letters, digits and "._-" in parts separated by '/', none of them "." or ".." or hidden; sizes of 8 GiB and
 * more in base 256 (as GNU tar writes them). Whatever else is in a head is what this writer puts there, or the archive is
 * refused: there is one way to read it. Pure. */
#ifndef GH_CATALOG_BAKTAR_H
#define GH_CATALOG_BAKTAR_H
#include "base/span.h"

enum { GH_BAKTAR_BLOCK = 512, GH_BAKTAR_NAME = 99, GH_BAKTAR_PARTS = 16 };
#define GH_BAKTAR_SIZE_MAX (UINT64_C(1) << 56) /* bytes of one file */

struct gh_baktar_head {
	char name[GH_BAKTAR_NAME + 1];
	uint64_t size;
};

/* May a file be called so? */
bool gh_baktar_name_ok(struct gh_span name);
/* False: the name is none, or the size too large. */
bool gh_baktar_write(const struct gh_baktar_head *h, uint8_t out[GH_BAKTAR_BLOCK]);

enum gh_baktar_is { GH_BAKTAR_FILE, GH_BAKTAR_END /* a block of zeros */, GH_BAKTAR_BAD };
enum gh_baktar_is gh_baktar_read(const uint8_t block[GH_BAKTAR_BLOCK], struct gh_baktar_head *out);
/* Bytes that follow the contents up to the next block. */
static inline unsigned gh_baktar_pad(uint64_t size) { return (unsigned)(-size & (GH_BAKTAR_BLOCK - 1)); }
#endif

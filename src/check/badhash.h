/* badhash.h - a list of digests of known bad files, in the form in which workers get it. The list comes from the trusted process,
 * which has checked it; it is read with bounds all the same.
 *
 * Form: rows of GH_BADLIST_ROW bytes, sorted by digest, then names. A row: SHA-256 (32 bytes), size of the file or UINT64_MAX when
 * it is not known (8, little-endian), offset of the name from the start (4), zero (4). Before the rows: number of rows (8), number
 * of rows without a size (8). A name is text of one line that ends with a NUL. */
#ifndef GH_CHECK_BADHASH_H
#define GH_CHECK_BADHASH_H
#include "base/span.h"
#include "wire/sha256.h"

enum { GH_BADLIST_HEAD = 16, GH_BADLIST_ROW = 48 };

struct gh_badlist {
	struct gh_span all, rows;
	uint64_t n;	/* digests; 0: there is no list, or it is damaged */
	uint64_t loose; /* … of files of unknown size */
};
struct gh_badlist gh_badlist(struct gh_span bytes);
/* May a file of this size be in the list? */
bool gh_badlist_size(const struct gh_badlist *l, uint64_t size);
/* The name of the bad file with this digest, or NULL. */
const char *gh_badlist_find(const struct gh_badlist *l, const uint8_t digest[GH_SHA256_BYTES]);
#endif

/* starts.h - places in a stretch of bytes where an archive, a pickle or a text may start, found at the speed of memory. Only
 * places to look at: whoever asks checks the structure (check/weights_hidden.h).
 *
 * Looked for are the first two bytes of zip, gzip, zlib, xz, 7z, rar, bzip2 and zstd and of pickles of protocol 2 to 5, and runs of
 * GH_STARTS_RUN printable bytes. Vector code chosen at run time, tested against the plain one. Pure. */
#ifndef GH_WIRE_STARTS_H
#define GH_WIRE_STARTS_H
#include "base/span.h"

enum gh_start {
	GH_START_NONE,
	GH_START_PAIR, /* two bytes that begin an archive or a pickle */
	GH_START_TEXT, /* GH_STARTS_RUN printable bytes, from a multiple of 32 */
};
enum { GH_STARTS_RUN = 64 };

/* The first place at or behind `from`; *at is where. A pair whose second byte is not there is none. Text that began before `from`
 * counts from the next multiple of 32 on. */
enum gh_start gh_starts_next(struct gh_span s, size_t from, size_t *at);
/* The same without special instructions. */
enum gh_start gh_starts_next_plain(struct gh_span s, size_t from, size_t *at);
#endif

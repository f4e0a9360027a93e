/* sstable.h - tables of sorted keys and values as LevelDB keeps them, and TensorFlow its checkpoints
 * (leveldb/doc/table_format.md; tensorflow/core/lib/io/format.h).
 *
 * A table is data blocks, a metaindex block, an index block and a footer of 48 bytes that says where the last two are. A block
 * is entries (bytes shared with the key before, the rest of the key, a value), then an array of restart points: entries that
 * share nothing, among which readers search. So a reader that walks and one that searches may see different things: what a
 * restart point leads to must be an entry, and keys must ascend. After each block stand its type and a checksum. */
#ifndef GH_WIRE_SSTABLE_H
#define GH_WIRE_SSTABLE_H
#include "base/span.h"

enum { GH_SST_FOOTER = 48, GH_SST_TRAILER = 5, GH_SST_KEY = 64 << 10 };

struct gh_sst_handle {
	uint64_t off, len; /* of the block's contents; its trailer follows */
};
/* Two numbers of up to ten bytes each, as a footer and values of an index have them. */
bool gh_sst_handle(struct gh_rd *r, struct gh_sst_handle *h);
/* The last 48 bytes of a file. *loose: bytes between the handles and the magic are not zero. */
bool gh_sst_footer(struct gh_span foot, struct gh_sst_handle *metaindex, struct gh_sst_handle *index, bool *loose);

enum gh_sst_got {
	GH_SST_BAD, /* sticky: why says what, off where */
	GH_SST_END,
	GH_SST_ENTRY,
};

struct gh_sst {
	/* ---- set by the caller ---- */
	struct gh_span (*at)(void *ctx, uint64_t off,
			     size_t len); /* those bytes, valid until the next call; len <= 64 KiB */
	void *ctx;
	uint8_t *key; /* GH_SST_KEY bytes for the key of the last entry */

	/* ---- of the last entry ---- */
	size_t key_n;
	uint64_t entry, value_off, value_len;
	bool unsorted; /* a key was not above the one before */
	const char *why;

	/* ---- inside ---- */
	uint64_t base, off, limit;  /* of the block; entries not read yet */
	uint64_t restarts, next, n; /* where the array of restart points is, the one expected next, how many */
	bool any;
};

/* Begin to read the block [off, off+len), trailer not counted. False: no array of restart points (why). */
bool gh_sst_open(struct gh_sst *b, uint64_t off, uint64_t len);
enum gh_sst_got gh_sst_next(struct gh_sst *b);
#endif

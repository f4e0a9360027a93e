/* tiles.h - reading a log that lies in a directory in the layout of C2SP tlog-tiles.
 *
 * Needs no lock and no key: what is read is worth as much as the root that comes out of it. A partial tile that is gone because
 * the full one is there is read from the full one. */
#ifndef GH_AUDIT_TILES_H
#define GH_AUDIT_TILES_H
#include "base/buf.h"
#include "base/err.h"
#include "crypto/merkle.h"

enum {
	GH_TILE = 256,	      /* hashes, or entries, of a full tile */
	GH_TILE_LEVELS = 8,   /* 256^8 leaves are more than GH_MERKLE_SIZE_MAX */
	GH_TILE_PATH = 64,    /* room for a path with its NUL */
	GH_TILE_ENTRIES = -1, /* the "level" of entry bundles */
	GH_BUNDLE_MAX = GH_TILE * (2 + 65535),
};

/* "tile/0/x001/234.p/5": level (or GH_TILE_ENTRIES), index, width 1 … 256. */
void gh_tile_path(int level, uint64_t index, unsigned width, char out[GH_TILE_PATH]);
/* How many hashes (level 0 … 7) or entries the tile has in a log of this size: 0 … 256. */
unsigned gh_tile_width(int level, uint64_t index, uint64_t size);

struct gh_tiles {
	int dir;       /* borrowed */
	uint64_t size; /* of the log as it is read */
	/* A few tiles that were read last. */
	struct gh_tile_slot {
		bool full;
		int level;
		uint64_t index;
		unsigned width;
		struct gh_mhash h[GH_TILE];
	} slot[GH_TILE_LEVELS];
};

/* The tile's hashes, as many as it has in a log of t->size. GH_E_ABSENT, GH_E_MALFORMED (another length than it must have) and
 * GH_E_IO name it. *h lies in t until the next call. */
enum gh_rc gh_tiles_hashes(struct gh_tiles *t, unsigned level, uint64_t index, const struct gh_mhash **h, unsigned *n,
			   struct gh_err *err);
/* For gh_merkle_root() and the proofs; arg is a struct gh_tiles. */
bool gh_tiles_read(void *arg, unsigned level, uint64_t index, struct gh_mhash *out);

/* A bundle of entries, with exactly as many as it has in a log of t->size. Appends its bytes to out. */
enum gh_rc gh_tiles_bundle(const struct gh_tiles *t, uint64_t index, struct gh_buf *out, struct gh_err *err);
/* Take a bundle apart: the next entry, or false at the end (then rest->n is 0) or where it is torn (then it is not). */
bool gh_bundle_next(struct gh_span *rest, struct gh_span *entry);
/* One entry; copied to out. GH_E_ABSENT: index >= t->size. */
enum gh_rc gh_tiles_entry(const struct gh_tiles *t, uint64_t index, struct gh_buf *out, struct gh_err *err);

/* Where the entries with these ids stand, looking from the end down to index `from`; UINT64_MAX: not there. ids: 32 digits each.
 * Stops when all are found. */
enum gh_rc gh_tiles_find(const struct gh_tiles *t, const struct gh_span *id, size_t n, uint64_t from, uint64_t *index,
			 struct gh_err *err);
#endif

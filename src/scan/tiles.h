/* tiles.h - arrays that a file keeps in tiles (format/tile.h), put together in a temporary file. Runs in the worker. */
#ifndef GH_SCAN_TILES_H
#define GH_SCAN_TILES_H
#include "base/err.h"
#include "format/tile.h"

struct gh_tiles {
	int (*spill)(void *arg); /* a descriptor of an unlinked file, or -1 with errno */
	void *arg;
	int *fd;	/* the temporary file, shared with whoever else writes to it; -1: none yet */
	uint64_t *used; /* bytes in it: arrays are put behind */
	uint64_t most;	/* bytes that it may have */
	/* the array in hand */
	uint8_t *mem; /* NULL: written piece by piece */
	uint64_t bytes, at, tiles, next, last;
	bool given_up;
};

/* Take a tile of an array whose elements have `unit` bytes. With the last one *whole becomes true and *off is where in the
 * file the array lies, in C order, `x->bytes` long. GH_E_MALFORMED, GH_E_UNREAD, GH_E_LIMIT, GH_E_NOMEM, GH_E_IO: err
 * says why; the array is given up, and what else comes of it is GH_E_UNREAD without another word. */
enum gh_rc gh_tiles_take(struct gh_tiles *x, const struct gh_tile *t, unsigned unit, bool *whole, uint64_t *off,
			 struct gh_err *err);
/* Give memory back; the file is the caller's. */
void gh_tiles_end(struct gh_tiles *x);
#endif

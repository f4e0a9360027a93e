/* tile.h - data that a file keeps in tiles: an array cut along a grid, each piece stored, and perhaps compressed, on its own
 * (HDF5's chunked datasets). A sink that wants the numbers in their order sets gh_sink_ops.tile and puts them together;
 * scan/tiles.h does that. */
#ifndef GH_FORMAT_TILE_H
#define GH_FORMAT_TILE_H
#include "format/event.h"

/* One tile. Those of one array come one after the other, by `index`; of an array of which nothing is stored comes a
 * single call with stored == 0. Everything lives during the call only. */
struct gh_tile {
	struct gh_span name;
	const char *
		dtype; /* as in struct gh_tensor; not of plain numbers: the call says only that there is such an array */
	bool big_endian;
	unsigned ndim;	     /* <= GH_DIMS_MAX */
	const uint64_t *dim; /* of the array; the product fits 64 bits */
	const uint64_t
		*side; /* of a tile, at the edges too, where what lies outside of the array is filling; none is 0 */
	uint64_t index, stored; /* this is number `index` of the `stored` ones */
	uint64_t place;		/* number of the tile in the grid, last dimension fastest. Not checked */
	bool zeros;		/* what is not stored is zero; false: some other value */
	struct gh_span bytes;	/* the elements in C order. Not checked: may be of any length */
};
#endif

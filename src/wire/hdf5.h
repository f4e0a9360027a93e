/* hdf5.h - the small encodings of HDF5 files: checksums, filters that need no library, dataspaces and pipelines. Pure: bytes in,
 * values out. HDF5 File Format Specification 3.0, sections III.G, IV.A.2; the filters as the reference library has them. */
#ifndef GH_WIRE_HDF5_H
#define GH_WIRE_HDF5_H
#include "base/err.h"
#include "base/span.h"

/* ---- Jenkins' lookup3, the checksum of all metadata since version 1.8: fed in pieces, which but for the last must be
 * multiples of 12 bytes. total: bytes there will be. */
struct gh_hdf5_sum {
	uint32_t a, b, c;
	uint64_t left;
};
void gh_hdf5_sum_start(struct gh_hdf5_sum *s, uint64_t total);
void gh_hdf5_sum_put(struct gh_hdf5_sum *s, struct gh_span bytes);
uint32_t gh_hdf5_sum_end(const struct gh_hdf5_sum *s);
uint32_t gh_hdf5_lookup3(struct gh_span bytes);

/* ---- filters */
/* Fletcher's sum as the library computes it, over 16-bit words of either order. */
uint32_t gh_hdf5_fletcher32(struct gh_span bytes);
/* out and in do not overlap, out has in.n bytes. What does not fill an element at the end stays where it is. */
void gh_hdf5_unshuffle(uint8_t *out, struct gh_span in, size_t element);
/* One LZF block (liblzf; h5py's filter 32000) into out[0..cap). False: broken, or longer than cap. */
bool gh_hdf5_unlzf(struct gh_span in, uint8_t *out, size_t cap, size_t *made);

enum { GH_HDF5_FILTERS = 16, GH_HDF5_PARAMS = 20 };
enum {
	GH_HDF5_DEFLATE = 1,
	GH_HDF5_SHUFFLE = 2,
	GH_HDF5_FLETCHER32 = 3,
	GH_HDF5_SZIP = 4,
	GH_HDF5_NBIT = 5,
	GH_HDF5_SCALEOFFSET = 6,
	GH_HDF5_BZIP2 = 307,
	GH_HDF5_LZF = 32000,
	GH_HDF5_ZSTD = 32015
};
struct gh_hdf5_filter {
	uint16_t id, flags, nparam;
	uint32_t param[GH_HDF5_PARAMS]; /* the first ones */
};
struct gh_hdf5_pipeline {
	unsigned n;
	struct gh_hdf5_filter f[GH_HDF5_FILTERS]; /* in the order of writing */
};
/* A filter pipeline message. Returns bytes used; 0, and nothing in *out, when it is malformed or has more filters than fit. */
size_t gh_hdf5_pipeline(struct gh_span in, struct gh_hdf5_pipeline *out);
/* What the scale-offset filter made of a chunk (hdf5scale.c), for integers and for floats with decimals: into out[0..cap).
 * False: broken, of another kind, or longer than cap. */
bool gh_hdf5_unscale(struct gh_span in, const struct gh_hdf5_filter *f, uint8_t *out, size_t cap, size_t *made);

/* ---- dataspaces */
enum { GH_HDF5_DIMS = 32 };
struct gh_hdf5_space {
	unsigned ndim;
	bool null;	/* no elements at all */
	bool resizable; /* a greatest size is given that differs */
	uint64_t dim[GH_HDF5_DIMS + 1];
	uint64_t max[GH_HDF5_DIMS + 1];
	uint64_t count; /* product; 1 for a scalar */
};
/* A dataspace message; width: bytes of a length. Returns bytes used; 0, and nothing in *out, when
 * it is malformed or the product overflows. */
size_t gh_hdf5_space(struct gh_span in, unsigned width, struct gh_hdf5_space *out);

/* Bytes needed to store numbers up to max. */
unsigned gh_hdf5_width(uint64_t max);
unsigned gh_hdf5_log2(uint64_t v); /* floor; 0 for 0 */
#endif

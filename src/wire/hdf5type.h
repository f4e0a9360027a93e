/* hdf5type.h - datatypes of HDF5 (datatype message, specification IV.A.2.d, versions 1 to 5): what an element is, how
 * long, and where in it there are pointers to the global heap. Nested types are walked with a stack of their own. */
#ifndef GH_WIRE_HDF5TYPE_H
#define GH_WIRE_HDF5TYPE_H
#include "base/arena.h"
#include "base/err.h"

enum gh_hdf5_class {
	GH_HDF5_INT,
	GH_HDF5_FLOAT,
	GH_HDF5_TIME,
	GH_HDF5_STRING,
	GH_HDF5_BITFIELD,
	GH_HDF5_OPAQUE,
	GH_HDF5_COMPOUND,
	GH_HDF5_REFERENCE,
	GH_HDF5_ENUM,
	GH_HDF5_VLEN,
	GH_HDF5_ARRAY,
	GH_HDF5_COMPLEX,
	GH_HDF5_CLASSES
};

/* A place in an element that points to the global heap. */
struct gh_hdf5_spot {
	uint32_t off;
	uint32_t element; /* VLEN: bytes of one item of the sequence; 1 for strings */
	bool region;	  /* a reference: address and index, no length before them */
	bool text;	  /* a variable-length string */
};

enum { GH_HDF5_SPOTS = 1024, GH_HDF5_DEPTH = 32 };
struct gh_hdf5_type {
	enum gh_hdf5_class cls;
	unsigned version;
	uint32_t size; /* bytes of an element, >= 1 */
	bool big_endian;
	bool is_signed;
	bool ieee; /* FLOAT: one of the layouts of IEEE 754, or bfloat16 */
	bool bf16;
	bool text;		 /* VLEN: a string */
	enum gh_hdf5_class base; /* of ARRAY, ENUM, VLEN, COMPLEX: of the innermost base */
	uint32_t base_size;
	bool base_signed;
	unsigned pad;		   /* STRING: 0 ends at NUL, 1 padded with NUL, 2 with blanks */
	bool mixed;		   /* COMPOUND with members of several kinds */
	bool many;		   /* more spots than are kept */
	struct gh_hdf5_spot *spot; /* in the arena */
	size_t nspot;
};

/* width: bytes of an address. Returns the bytes used; 0 and an empty *out with *rc = GH_E_MALFORMED (members outside their compound, sizes that do
 * not fit), GH_E_UNREAD (a class or version that is not known), GH_E_LIMIT (nesting, memory). */
size_t gh_hdf5_type(struct gh_span in, unsigned width, struct gh_arena *arena, struct gh_hdf5_type *out,
		    enum gh_rc *rc);
#endif

/* npyhdr.h - the header of NumPy's .npy format: a Python dict literal with exactly the keys 'descr' (element type),
 * 'fortran_order' (bool) and 'shape' (tuple of int).
 *
 * Element types as numpy.dtype() reads them from a string ('<f4', '|O', 'M8[ns]', 'float32'), from a list of fields
 * (('name', descr[, shape]), names also as (title, name)), and from a sub-array (descr, shape), nested in any way.
 * Comma strings, dicts and other spellings that no writer of this format uses are refused.
 *
 * Source: numpy/lib/format.py (format versions 1.0, 2.0, 3.0), NEP 1, NumPy reference "Data type objects". */
#ifndef GH_WIRE_NPYHDR_H
#define GH_WIRE_NPYHDR_H
#include "base/arena.h"
#include "base/err.h"

enum { GH_NPY_DIMS = 64 }; /* NumPy 2's limit; NumPy 1 has 32 */

enum gh_npy_fault {
	GH_NPY_FINE,
	GH_NPY_SYNTAX,	 /* not a literal that this reader knows, or not a dict */
	GH_NPY_KEYS,	 /* a key is missing, unexpected or given twice; fortran_order is no bool */
	GH_NPY_DTYPE,	 /* the element type is not understood */
	GH_NPY_SHAPE,	 /* not a tuple of integers, or too many dimensions */
	GH_NPY_NEGATIVE, /* a dimension is below zero */
	GH_NPY_OVERFLOW, /* elements or bytes do not fit a signed 64-bit number */
	GH_NPY_LIMIT,	 /* too long or nested too deeply to be read */
};

/* An element type. */
struct gh_npy_type {
	char kind;     /* b bool, i u int, f float, c complex, m M time, S bytes, U text, O object; V void or fields */
	char order;    /* '<', '>', or '|' when it does not apply */
	bool objects;  /* holds Python objects anywhere: the data are then a pickle stream */
	bool fields;   /* has named fields */
	bool subarray; /* an element is itself an array */
	uint64_t size; /* bytes of one element */
};

struct gh_npyhdr {
	struct gh_npy_type type;
	bool fortran;
	unsigned ndim;
	uint64_t dim[GH_NPY_DIMS];
	uint64_t count; /* product of dim: elements */
	uint64_t bytes; /* count * type.size */
	enum gh_npy_fault fault;
	uint32_t where; /* of a fault: offset in the text */
	char why[96];	/* of a fault: safe to print */
};

/* text: the header behind its length, with the padding. GH_OK: *out is filled. GH_E_MALFORMED and GH_E_LIMIT: fault,
 * where and why are filled, the type as well when only the shape is wrong. GH_E_NOMEM. */
enum gh_rc gh_npyhdr_parse(struct gh_span text, struct gh_arena *a, struct gh_npyhdr *out);

/* A type string alone. False when it is not understood. */
bool gh_npy_type_parse(struct gh_span s, struct gh_npy_type *out);
#endif

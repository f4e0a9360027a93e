/* dtype.h - element types of tensors: one table that every reader of weights asks (safetensors, GGUF, npy, torch).
 *
 * A type is `block` elements in `bytes` bytes: 1 element in 4 bytes for F32, 2 elements in 1 byte for F4, 256 elements
 * in 144 bytes for Q4_K. Rows live as long as the program; a type that is not in the table is NULL, never guessed. */
#ifndef GH_FORMAT_DTYPE_H
#define GH_FORMAT_DTYPE_H
#include "base/span.h"

enum gh_dtype_class {
	GH_DT_FLOAT, /* IEEE or brain float, 8 to 64 bits and the narrow ones below */
	GH_DT_INT,   /* two's complement */
	GH_DT_UINT,
	GH_DT_BOOL,    /* one byte each */
	GH_DT_COMPLEX, /* two floats of half the width */
	GH_DT_QUANT,   /* blocks of quantised values with their scales: ggml; fixed point of torch */
};

struct gh_dtype {
	const char *name; /* "F32", "BF16", "Q4_K": for gh_tensor.dtype and for people */
	enum gh_dtype_class cls;
	unsigned bits;	/* per element; 0 for block-quantised types: for gh_tensor.bits */
	uint32_t block; /* elements per block, >= 1 */
	uint32_t bytes; /* bytes per block, >= 1 */
};

/* As spelled in a safetensors header ("F8_E4M3"). */
const struct gh_dtype *gh_dtype_safetensors(struct gh_span name);

/* By number, as stored in GGUF and GGML files. *removed (may be NULL) becomes true for numbers that ggml once used and
 * has retired: current loaders refuse them, their layout is no longer defined. */
const struct gh_dtype *gh_dtype_ggml(uint32_t type, bool *removed);

/* By the kind and item size in bytes of a NumPy array-protocol type string: 'f' 4 for "<f4". NULL for 'O', 'S', 'U',
 * 'V', 'M', 'm' and every combination that is no plain number. */
const struct gh_dtype *gh_dtype_numpy(char kind, uint64_t itemsize);

/* By the name of a torch dtype ("bfloat16", "quint8"), with or without "torch.". */
const struct gh_dtype *gh_dtype_torch(struct gh_span name);

/* By the name of a typed torch storage class ("FloatStorage", "QInt8Storage"); NULL for "UntypedStorage". */
const struct gh_dtype *gh_dtype_torch_storage(struct gh_span name);

/* Elements and bytes of a tensor of type t. False when a product does not fit 64 bits, or when the elements do not
 * fill whole blocks. row: length of a row in elements, which must be whole blocks on its own (ggml: dim[0]); 1 row of
 * everything when 0. *elements and *bytes are written only on success. */
bool gh_dtype_size(const struct gh_dtype *t, unsigned ndim, const uint64_t *dim, uint64_t row, uint64_t *elements,
		   uint64_t *bytes);
#endif

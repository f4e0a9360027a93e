/* Headers of NumPy arrays: what is accepted is consistent, what is refused says why and where. */
#include "wire/npyhdr.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_npyhdr h;
	enum gh_rc rc = gh_npyhdr_parse((struct gh_span){ d, n }, &a, &h);
	if (rc == GH_E_NOMEM)
		return 0;
	if (rc != GH_OK && (h.fault == GH_NPY_FINE || h.why[0] == 0 || h.where > n))
		abort();
	if (rc == GH_OK) {
		uint64_t product = 1;
		if (h.ndim > GH_NPY_DIMS || h.type.size > INT32_MAX)
			abort();
		for (unsigned i = 0; i < h.ndim; i++)
			product *= h.dim[i];
		if (product != h.count || h.bytes != h.count * h.type.size || h.bytes > INT64_MAX)
			abort();
	}
	return 0;
}

/* calls_torch.h - PyTorch's persistent ids. */
#ifndef GH_CHECK_CALLS_TORCH_H
#define GH_CHECK_CALLS_TORCH_H
#include "format/value.h"

/* Is id the tuple that torch.save() writes for a storage: ('storage', class, key, location, element count[, view])?
 * *count: its number of elements. */
bool gh_torch_storage_id(struct gh_heap *h, gh_val id, uint64_t *count);
#endif

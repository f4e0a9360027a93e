/* calls_torch.h - PyTorch's persistent ids. */
#ifndef GH_CHECK_CALLS_TORCH_H
#define GH_CHECK_CALLS_TORCH_H
#include "check/ruledata.h"
#include "format/value.h"

/* Is id the tuple that torch.save() writes for a storage: ('storage', class, key, location, element count[, view])?
 * *count: its number of elements. */
bool gh_torch_storage_id(struct gh_heap *h, gh_val id, uint64_t *count);
/* The class that ('module', class, source file, source) stands for, as torch.save() wrote modules before 1.6; NULL when it
 * is not that form or not on the allow list. The loader compares the source with its own and returns the class. */
const struct gh_allow_row *gh_torch_module_id(struct gh_heap *h, gh_val id);
#endif

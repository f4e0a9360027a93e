/* torch_keys.h - small pickles of old PyTorch files: the list of storage keys, and a first value to compare. */
#ifndef GH_FORMAT_TORCH_KEYS_H
#define GH_FORMAT_TORCH_KEYS_H
#include "format/format.h"
#include "format/pickle/pickle.h"

struct gh_torch_keys {
	struct gh_span *key; /* in w->arena */
	size_t n, cap;
};

/* The strings of the list that the pickle in w->src[from, to) gives; r: its result. Containers of a result keep only
 * their first GH_VAL_KEPT items, and checkpoints with more storages are common: longer lists are read again from
 * the opcodes that Python writes for a list of strings. GH_E_MALFORMED when it is no such list. */
enum gh_rc gh_torch_keys_read(struct gh_walk *w, uint64_t from, uint64_t to, struct gh_pickle_result *r,
			      struct gh_torch_keys *out);

/* Does the first pickle in src give the integer whose decimal digits are these? Emits nothing. */
bool gh_torch_first_is(struct gh_walk *w, struct gh_src *src, const char *digits);
#endif

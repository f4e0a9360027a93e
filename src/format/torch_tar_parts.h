/* torch_tar_parts.h - the members "storages" and "tensors" of PyTorch's oldest file format, a tar archive.
 *
 * storages: pickle of a count n; n times: pickle of (key, location, storage type), 64-bit element count, elements;
 * pickle of a list of views (key, root key, offset, elements).
 * tensors: pickle of a count n; n times: pickle of (key, storage key, tensor type), 32-bit number of dimensions, 4
 * bytes that are ignored, sizes, strides, offset (64 bits each).
 *
 * Source: torch/serialization.py (_legacy_load.legacy_load), PyTorch 0.1.1. */
#ifndef GH_FORMAT_TORCH_TAR_PARTS_H
#define GH_FORMAT_TORCH_TAR_PARTS_H
#include "format/torch_objects.h"

struct gh_torch_old_tensor {
	struct gh_span storage; /* key */
	uint64_t reach;		/* one past the last element it touches */
};

/* What both members say, to be compared when both were read. Lives in objects.arena. */
struct gh_torch_parts {
	struct gh_torch_objects objects;
	struct gh_torch_old_tensor *tensor;
	size_t ntensor, cap;
};

/* Read w->src as that member. Claims, pickle events and tensor events go to w->sink; storages and tensors to out. */
enum gh_rc gh_torch_read_storages(struct gh_walk *w, struct gh_torch_parts *out);
enum gh_rc gh_torch_read_tensors(struct gh_walk *w, struct gh_torch_parts *out);
#endif

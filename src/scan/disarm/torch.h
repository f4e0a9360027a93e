/* torch.h - storages by key, for all of PyTorch's containers. */
#ifndef GH_SCAN_DISARM_TORCH_H
#define GH_SCAN_DISARM_TORCH_H
#include "scan/disarm/values.h"

/* The words of ('storage', type, key, location, numel[, view]). */
struct gh_dis_persid {
	struct gh_span key;
	const struct gh_dtype *dtype; /* NULL: untyped */
	uint64_t numel, bytes;	      /* as the id says; untyped storages count bytes */
	gh_val view;		      /* of old files: (key, offset, numel); GH_ABSENT when there is none */
};
/* False: no id of a storage. */
bool gh_dis_persid(struct gh_heap *h, gh_val id, struct gh_dis_persid *out);

/* The stream of PyTorch before 1.6 that starts at off in src; its tensors are added. With `root`, nothing is added and the
 * object's value and storages are handed to it instead. */
struct gh_dis_keys;
enum gh_rc gh_dis_legacy(struct gh_dis_job *j, struct gh_src *src, uint64_t off, struct gh_dis_storage *root);
#endif

/* torch_old.h - tables by key that the readers of PyTorch's older containers share. */
#ifndef GH_SCAN_DISARM_TORCH_OLD_H
#define GH_SCAN_DISARM_TORCH_OLD_H
#include "scan/disarm/torch.h"

struct gh_dis_named {
	struct gh_span key;
	struct gh_dis_store *store;
	const struct gh_dtype *dtype;
	uint64_t off;		     /* of a view in its store, bytes; of legacy streams: bytes of an element */
	struct gh_dis_tensor tensor; /* of tar files, where ids stand for tensors */
	uint32_t next;
};
struct gh_dis_table {
	struct gh_dis_named *v;
	size_t n, cap;
	uint32_t bucket[1024];
};
struct gh_dis_named *gh_dis_find(struct gh_dis_table *t, struct gh_span key);
/* NULL: no memory. Entries that were handed out before may move. */
struct gh_dis_named *gh_dis_put(struct gh_dis_job *j, struct gh_dis_table *t, struct gh_span key);
/* A key as text: a string, or a whole number as the oldest files have it. */
bool gh_dis_key(struct gh_heap *h, gh_val v, struct gh_span *key);
#endif

/* values.h - from the value that a pickle would load to tensors: dicts, lists and tuples are walked, tensors and arrays
 * kept under the path that leads to them ("optimizer.state.0.exp_avg"), everything else is listed as dropped.
 *
 * Names: the keys on the way, joined by dots; list positions and whole numbers in decimal. An object of a class that
 * keeps its parts as PyTorch's modules do (_parameters, _buffers, _modules) gives the names of its state_dict. A tensor that is
 * all there is goes by "tensor". */
#ifndef GH_SCAN_DISARM_VALUES_H
#define GH_SCAN_DISARM_VALUES_H
#include "format/pickle/pickle.h"
#include "scan/disarm/job.h"

/* What a persistent id of this container stands for. */
struct gh_dis_storage {
	struct gh_dis_store *store;
	const struct gh_dtype *dtype; /* NULL: bytes without a type */
	uint64_t off;		      /* of the storage in the store, bytes */
};
struct gh_dis_links {
	void *ctx;
	/* GH_OK; GH_E_NOTTHIS: no storage (dropped with a note); else the file is refused, err says why. May be NULL. */
	enum gh_rc (*storage)(void *ctx, struct gh_heap *h, gh_val id, struct gh_dis_storage *out);
	/* The same for containers whose ids stand for whole tensors: all of *out but its name. May be NULL. */
	enum gh_rc (*tensor)(void *ctx, struct gh_heap *h, gh_val id, struct gh_dis_tensor *out);
};

enum { GH_DIS_KEEP = 1 << 24 }; /* items of a container that are kept: see struct gh_pickle_hooks */

/* Run the pickle in src from off to its STOP; nothing is emitted. *r lives in the job's arena. A stream that breaks off
 * refuses the file. */
enum gh_rc gh_dis_load(struct gh_dis_job *j, struct gh_src *src, uint64_t off, struct gh_pickle_result *r);
/* Add all tensors below v. */
enum gh_rc gh_dis_values(struct gh_dis_job *j, struct gh_heap *h, gh_val v, const struct gh_dis_links *links);

/* ---- inside: kinds of tensors. GH_OK: *out is filled, all but its name; GH_E_NOTTHIS: v is no such thing; GH_E_UNREAD:
 * it is one that cannot be kept, *why says why; else an error. */
enum gh_rc gh_dis_torch_tensor(struct gh_dis_job *j, struct gh_heap *h, gh_val v, const struct gh_dis_links *links,
			       struct gh_dis_tensor *out, const char **why);
enum gh_rc gh_dis_ndarray(struct gh_dis_job *j, struct gh_heap *h, gh_val v, struct gh_dis_tensor *out,
			  const char **why);
/* The class an object is of: also through copyreg. False: not known. */
bool gh_dis_class(struct gh_heap *h, gh_val v, struct gh_span *module, struct gh_span *name);
/* "dict", "argparse.Namespace": out has GH_DIS_WHAT_MAX bytes. */
void gh_dis_type(struct gh_heap *h, gh_val v, char *out);
/* A range of src as a store, in the arena. NULL: no memory. */
struct gh_dis_store *gh_dis_range(struct gh_dis_job *j, struct gh_src *src, uint64_t off, uint64_t len);
#endif

/* torch_objects.h - what a PyTorch pickle says about weights: the storages it names by persistent ids, and the
 * tensors it rebuilds on them. Shared by the readers of PyTorch's zip, legacy stream and tar files.
 *
 * A persistent id of a storage is ('storage', StorageType, key, location, numel[, view]); a tensor is rebuilt by
 * torch._utils._rebuild_tensor_v2(storage, offset, size, stride, …) and its relatives. The loader trusts these
 * numbers: a storage smaller than numel, or a tensor that reaches outside its storage, is memory it does not own
 * (CVE-2025-32434, CVE-2026-24747). Here each number is checked against the others while the pickle runs; the
 * container's reader then compares the storages with the bytes that are there.
 *
 * Faults are collected, because a container may not emit yet while the pickle runs; gh_torch_flush() emits them.
 *
 * Source: torch/serialization.py (_load, _legacy_load, _save), torch/_utils.py, torch/csrc/jit/serialization. */
#ifndef GH_FORMAT_TORCH_OBJECTS_H
#define GH_FORMAT_TORCH_OBJECTS_H
#include "format/dtype.h"
#include "format/format.h"
#include "format/pickle/pickle.h"

enum gh_torch_fault {
	GH_TORCH_PERSID,    /* persistent id of another form */
	GH_TORCH_TYPE,	    /* storage type that is not known: its size cannot be checked */
	GH_TORCH_CONFLICT,  /* one key with two types or sizes */
	GH_TORCH_EXTENT,    /* tensor reaches outside its storage */
	GH_TORCH_SHAPE,	    /* negative or overflowing sizes, strides or offsets */
	GH_TORCH_ARGUMENTS, /* a tensor is rebuilt from something else than a storage and numbers */
	GH_TORCH_FAULTS
};

struct gh_torch_storage {
	struct gh_span key;
	const char *dir;	      /* of the pickle that names it: see gh_torch_objects.dir */
	const struct gh_dtype *dtype; /* of its first tensor, else of the storage; NULL when not known */
	uint64_t numel;		      /* as the persistent id says */
	uint64_t bytes;		      /* numel * element size; meaningless when !sized */
	bool sized;
	bool found;	     /* for the container: its bytes were seen */
	struct gh_span name; /* of a tensor on it, from the dict that holds it; empty when not known */
	unsigned ndim;	     /* shape of a tensor that covers all of it; 0: none seen */
	const uint64_t *dim;
	uint32_t next; /* in its hash chain */
};

struct gh_torch_objects {
	struct gh_arena *arena;
	const char *dir; /* where the records of the pickle now running lie: "data/", "constants/", "" */
	struct gh_torch_storage *storage;
	size_t n, cap;
	uint32_t *bucket;
	size_t nbucket; /* power of two */
	struct {
		enum gh_torch_fault fault;
		char text[160];
	} *fault;
	size_t nfault, fault_cap;
	uint64_t more[GH_TORCH_FAULTS]; /* faults beyond those kept */
	bool full;			/* memory ran out: what is here is not all there is */
};

extern const struct gh_rule gh_torch_rules[]; /* first the rows of the faults, in their order; ends with GH_RULES_END */

/* Storages and texts live in a. */
struct gh_torch_objects gh_torch_objects(struct gh_arena *a);
/* Hooks for gh_pickle_run() that collect into o. */
struct gh_pickle_hooks gh_torch_hooks(struct gh_torch_objects *o);
/* After the run: names of tensors in plain dicts of the result. */
void gh_torch_name_values(struct gh_torch_objects *o, struct gh_heap *h, gh_val v);
/* Run the pickle in src for its storages only: no events, memory given back. *end, when not NULL, says how it ended. */
enum gh_rc gh_torch_run_quietly(struct gh_walk *w, struct gh_src *src, struct gh_torch_objects *o,
				enum gh_pickle_end *end);
/* A storage that the container describes itself (old tar files); NULL when memory ran out (o->full). */
struct gh_torch_storage *gh_torch_add(struct gh_torch_objects *o, struct gh_span key);
struct gh_torch_storage *gh_torch_find(struct gh_torch_objects *o, const char *dir, struct gh_span key);
/* Emit the collected faults as anomalies about the range, and forget them. */
void gh_torch_flush(struct gh_torch_objects *o, struct gh_walk *w, uint64_t off, uint64_t len);
/* Emit the tensor event of a storage whose bytes are all of src[off, off+len). */
enum gh_rc gh_torch_emit(struct gh_walk *w, const struct gh_torch_storage *s, struct gh_src *src, uint64_t off,
			 uint64_t len, bool big_endian);
#endif

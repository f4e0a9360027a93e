/* torch_tar.c - PyTorch 0.1: a tar archive of "storages", "tensors" and "pickle", whose persistent ids are the keys of
 * tensors. Numbers are little-endian. Source: torch/serialization.py (_legacy_load.legacy_load). */
#include "format/pickle/heap.h"
#include "scan/disarm/torch_old.h"
#include "wire/tar.h"

#include <inttypes.h>

enum part { PICKLE, STORAGES, TENSORS, PARTS };
enum { HEADERS = 64 };

struct archive {
	struct gh_dis_job *j;
	struct gh_range at[PARTS];
	struct gh_dis_table storages, tensors;
};

static enum gh_rc memory(struct gh_dis_job *j) { return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)"); }
static enum gh_rc broken(struct archive *a, const char *what)
{
	return gh_fail(a->j->err, GH_E_MALFORMED, "%s of the old archive cannot be read", what);
}

static enum gh_rc find_parts(struct archive *a)
{
	static const char *const names[PARTS] = { "pickle", "storages", "tensors" };
	struct gh_src *src = a->j->src;
	uint64_t off = 0;
	for (unsigned n = 0; n < HEADERS && off < src->size; n++) {
		struct gh_tar_header h;
		struct gh_span block = gh_src_window(src, off, GH_TAR_BLOCK);
		if (block.n < GH_TAR_BLOCK || !gh_tar_header(block, &h) || h.bad_size ||
		    h.size > src->size - off - GH_TAR_BLOCK)
			break;
		for (unsigned i = 0; i < PARTS; i++)
			if (gh_span_is(h.name, names[i]))
				a->at[i] = (struct gh_range){ off + GH_TAR_BLOCK, h.size };
		off += GH_TAR_BLOCK + (h.size + GH_TAR_BLOCK - 1) / GH_TAR_BLOCK * GH_TAR_BLOCK;
	}
	return a->at[PICKLE].len != 0 && a->at[STORAGES].len != 0 ? GH_OK : broken(a, "the list of parts");
}

static struct gh_src *part(struct archive *a, enum part which)
{
	struct gh_src_sub *sub = GH_NEW(a->j->arena, struct gh_src_sub, 1);
	return sub == NULL ? NULL : gh_src_sub(sub, a->j->src, a->at[which].off, a->at[which].len);
}

static enum gh_rc load(struct archive *a, struct gh_src *src, uint64_t *off, struct gh_pickle_result *r)
{
	enum gh_rc rc = gh_dis_load(a->j, src, *off, r);
	*off = r->off;
	return rc;
}

static enum gh_rc load_count(struct archive *a, struct gh_src *src, uint64_t *off, int64_t *n)
{
	struct gh_pickle_result r;
	enum gh_rc rc = load(a, src, off, &r);
	if (rc == GH_OK && (!gh_val_int(r.heap, r.value, n) || *n < 0 || (uint64_t)*n > src->size))
		rc = broken(a, "a count");
	return rc;
}

static enum gh_rc one_storage(struct archive *a, struct gh_src *src, uint64_t *off)
{
	struct gh_pickle_result r;
	struct gh_span key, m, n;
	uint64_t bytes;
	enum gh_rc rc = load(a, src, off, &r);
	if (rc != GH_OK)
		return rc;
	if (gh_val_len(r.heap, r.value) != 3 || !gh_dis_key(r.heap, gh_val_item(r.heap, r.value, 0), &key) ||
	    !gh_val_global(r.heap, gh_val_item(r.heap, r.value, 2), &m, &n))
		return broken(a, "a storage");
	const struct gh_dtype *type = gh_dtype_torch_storage(n);
	struct gh_cur c = gh_cur(src, *off);
	uint64_t count = gh_cur_u64le(&c);
	if (type == NULL || c.bad || __builtin_mul_overflow(count, (uint64_t)type->bytes, &bytes) ||
	    bytes > gh_cur_left(&c) || gh_dis_find(&a->storages, key) != NULL)
		return broken(a, "a storage");
	struct gh_dis_named *s = gh_dis_put(a->j, &a->storages, key);
	if (s == NULL || (s->store = gh_dis_range(a->j, src, *off + 8, bytes)) == NULL)
		return memory(a->j);
	s->store->name = s->key;
	s->dtype = type;
	*off += 8 + bytes;
	return GH_OK;
}

/* (key, root key, offset, elements): storages that are parts of others. */
static enum gh_rc one_view(struct archive *a, struct gh_heap *h, gh_val v)
{
	struct gh_span key, root;
	int64_t off = 0;
	if (gh_val_len(h, v) != 4 || !gh_dis_key(h, gh_val_item(h, v, 0), &key) ||
	    !gh_dis_key(h, gh_val_item(h, v, 1), &root) || !gh_val_int(h, gh_val_item(h, v, 2), &off) || off < 0)
		return broken(a, "a view");
	const struct gh_dis_named *r = gh_dis_find(&a->storages, root);
	if (r == NULL)
		return broken(a, "a view");
	struct gh_dis_store *store = r->store;
	const struct gh_dtype *type = r->dtype;
	uint64_t bytes;
	if (__builtin_mul_overflow((uint64_t)off, (uint64_t)type->bytes, &bytes))
		return broken(a, "a view");
	if (gh_dis_find(&a->storages, key) != NULL)
		return GH_OK;
	struct gh_dis_named *s = gh_dis_put(a->j, &a->storages, key);
	if (s == NULL)
		return memory(a->j);
	s->store = store;
	s->dtype = type;
	s->off = bytes;
	return GH_OK;
}

static enum gh_rc read_storages(struct archive *a)
{
	struct gh_src *src = part(a, STORAGES);
	struct gh_pickle_result r;
	uint64_t off = 0;
	int64_t n = 0;
	if (src == NULL)
		return memory(a->j);
	enum gh_rc rc = load_count(a, src, &off, &n);
	for (int64_t i = 0; rc == GH_OK && i < n; i++)
		rc = one_storage(a, src, &off);
	if (rc != GH_OK || off == src->size)
		return rc;
	rc = load(a, src, &off, &r);
	for (uint64_t i = 0; rc == GH_OK && i < gh_val_len(r.heap, r.value); i++)
		rc = one_view(a, r.heap, gh_val_item(r.heap, r.value, i));
	return rc;
}

static enum gh_rc one_tensor(struct archive *a, struct gh_src *src, uint64_t *off)
{
	struct gh_pickle_result r;
	struct gh_span key, storage;
	uint64_t bytes;
	enum gh_rc rc = load(a, src, off, &r);
	if (rc != GH_OK)
		return rc;
	if (gh_val_len(r.heap, r.value) != 3 || !gh_dis_key(r.heap, gh_val_item(r.heap, r.value, 0), &key) ||
	    !gh_dis_key(r.heap, gh_val_item(r.heap, r.value, 1), &storage))
		return broken(a, "a tensor");
	const struct gh_dis_named *s = gh_dis_find(&a->storages, storage);
	struct gh_cur c = gh_cur(src, *off);
	uint32_t ndim = gh_cur_u32le(&c);
	gh_cur_skip(&c, 4);
	uint64_t *room = c.bad || ndim > GH_DIMS_MAX ? NULL : GH_NEW(a->j->arena, uint64_t, 2 * ndim + 1);
	if (s == NULL || room == NULL)
		return broken(a, "a tensor");
	for (uint32_t i = 0; i < 2 * ndim; i++)
		room[i] = gh_cur_u64le(&c);
	uint64_t first = gh_cur_u64le(&c);
	struct gh_dis_tensor t = {
		.dtype = s->dtype, .ndim = ndim, .dim = room, .stride = room + ndim, .store = s->store
	};
	if (c.bad || __builtin_mul_overflow(first, (uint64_t)s->dtype->bytes, &bytes) ||
	    __builtin_add_overflow(bytes, s->off, &t.off))
		return broken(a, "a tensor");
	*off = gh_cur_off(&c);
	struct gh_dis_named *v = gh_dis_put(a->j, &a->tensors, key);
	if (v == NULL)
		return memory(a->j);
	v->tensor = t;
	return GH_OK;
}

static enum gh_rc read_tensors(struct archive *a)
{
	struct gh_src *src = part(a, TENSORS);
	uint64_t off = 0;
	int64_t n = 0;
	if (src == NULL)
		return memory(a->j);
	enum gh_rc rc = load_count(a, src, &off, &n);
	for (int64_t i = 0; rc == GH_OK && i < n; i++)
		rc = one_tensor(a, src, &off);
	return rc;
}

static enum gh_rc on_tensor(void *ctx, struct gh_heap *h, gh_val id, struct gh_dis_tensor *out)
{
	struct archive *a = ctx;
	struct gh_span key;
	const struct gh_dis_named *v = gh_dis_key(h, id, &key) ? gh_dis_find(&a->tensors, key) : NULL;
	if (v == NULL)
		return GH_E_NOTTHIS;
	*out = v->tensor;
	return GH_OK;
}

enum gh_rc gh_dis_torch_tar(struct gh_dis_job *j)
{
	struct archive *a = GH_NEW(j->arena, struct archive, 1);
	struct gh_pickle_result r;
	const struct gh_dis_links links = { a, NULL, on_tensor };
	if (a == NULL)
		return memory(j);
	a->j = j;
	enum gh_rc rc = find_parts(a);
	if (rc == GH_OK)
		rc = read_storages(a);
	if (rc == GH_OK && a->at[TENSORS].len != 0)
		rc = read_tensors(a);
	struct gh_src *src = part(a, PICKLE);
	if (rc == GH_OK)
		rc = src == NULL ? memory(j) : gh_dis_load(j, src, 0, &r);
	if (rc == GH_OK)
		rc = gh_dis_values(j, r.heap, r.value, &links);
	return rc == GH_OK ? gh_dis_write_pickled(j) : rc;
}

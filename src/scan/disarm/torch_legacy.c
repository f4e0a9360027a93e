/* torch_legacy.c - PyTorch before 1.6: five pickles, then the storages. Also what torch.storage._load_from_bytes() reads: a storage inside a plain pickle. Numbers are little-endian. */
#include "format/pickle/heap.h"
#include "scan/disarm/torch_old.h"
#include "wire/recs.h"

#include <inttypes.h>
#include <stdio.h>

enum { KEY_MAX = 512, NIL = UINT32_MAX };

static bool is_text(struct gh_heap *h, gh_val v, const char *s)
{
	enum gh_vkind k = gh_val_kind(h, v);
	return (k == GH_V_STR || k == GH_V_BYTES) && gh_val_len(h, v) == strlen(s) &&
	       gh_span_is(gh_val_text(h, v, 64), s);
}

/* Keys are text; the oldest files have numbers. */
bool gh_dis_key(struct gh_heap *h, gh_val v, struct gh_span *key)
{
	enum gh_vkind k = gh_val_kind(h, v);
	char room[24];
	int64_t i;
	if (k == GH_V_INT && gh_val_int(h, v, &i)) {
		int n = snprintf(room, sizeof room, "%" PRId64, i);
		*key = gh_heap_keep(h, (struct gh_span){ (const uint8_t *)room, (size_t)n });
		return key->p != NULL;
	}
	if ((k != GH_V_STR && k != GH_V_BYTES && k != GH_V_BIGINT) || gh_val_len(h, v) > KEY_MAX)
		return false;
	*key = gh_val_text(h, v, KEY_MAX);
	if (key->p != NULL)
		*key = gh_heap_keep(h, *key);
	return key->p != NULL;
}

static const struct gh_dtype *storage_type(struct gh_heap *h, gh_val v, bool *untyped)
{
	struct gh_span m, n;
	*untyped = false;
	if (!gh_val_global(h, v, &m, &n))
		return NULL;
	*untyped = gh_span_is(n, "UntypedStorage") || gh_span_is(n, "_UntypedStorage");
	return *untyped ? NULL : gh_dtype_torch_storage(n);
}

bool gh_dis_persid(struct gh_heap *h, gh_val id, struct gh_dis_persid *out)
{
	uint64_t n = gh_val_kind(h, id) == GH_V_TUPLE ? gh_val_len(h, id) : 0;
	int64_t numel = 0;
	bool untyped;
	if ((n != 5 && n != 6) || !is_text(h, gh_val_item(h, id, 0), "storage"))
		return false;
	*out = (struct gh_dis_persid){ .view = GH_ABSENT };
	out->dtype = storage_type(h, gh_val_item(h, id, 1), &untyped);
	if ((out->dtype == NULL && !untyped) || !gh_dis_key(h, gh_val_item(h, id, 2), &out->key) ||
	    !gh_val_int(h, gh_val_item(h, id, 4), &numel) || numel < 0)
		return false;
	out->numel = (uint64_t)numel;
	if (__builtin_mul_overflow(out->numel, out->dtype == NULL ? 1u : (uint64_t)out->dtype->bytes, &out->bytes))
		return false;
	if (n == 6 && gh_val_kind(h, gh_val_item(h, id, 5)) == GH_V_TUPLE)
		out->view = gh_val_item(h, id, 5);
	return true;
}

/* ---- storages by key ------------------------------------------------------------------------------------------ */

struct gh_dis_named *gh_dis_find(struct gh_dis_table *t, struct gh_span key)
{
	for (uint32_t i = t->bucket[gh_hash_end(gh_hash(GH_HASH_START, key)) % 1024]; i != 0; i = t->v[i - 1].next)
		if (gh_span_eq(t->v[i - 1].key, key))
			return &t->v[i - 1];
	return NULL;
}

struct gh_dis_named *gh_dis_put(struct gh_dis_job *j, struct gh_dis_table *t, struct gh_span key)
{
	struct gh_dis_named *v = t->n < NIL - 1 ? gh_grow(j->arena, t->v, &t->cap, t->n + 1, sizeof *v) : NULL;
	struct gh_span kept = gh_keep(j->arena, key);
	if (v == NULL || kept.p == NULL)
		return NULL;
	t->v = v;
	uint32_t *head = &t->bucket[gh_hash_end(gh_hash(GH_HASH_START, key)) % 1024];
	v[t->n] = (struct gh_dis_named){ .key = kept, .next = *head };
	*head = (uint32_t)++t->n;
	return &v[t->n - 1];
}

static enum gh_rc memory(struct gh_dis_job *j) { return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)"); }

struct old {
	struct gh_dis_job *j;
	struct gh_dis_table storages;
};

/* ---- the stream ---------------------------------------------------------------------------------------------- */

static enum gh_rc on_storage(void *ctx, struct gh_heap *h, gh_val v, struct gh_dis_storage *out)
{
	struct old *o = ctx;
	struct gh_dis_persid id;
	int64_t off = 0;
	if (gh_val_kind(h, v) != GH_V_PERSID || !gh_dis_persid(h, gh_val_item(h, v, 0), &id))
		return GH_E_NOTTHIS;
	const struct gh_dis_named *s = gh_dis_find(&o->storages, id.key);
	if (s == NULL)
		return gh_fail(o->j->err, GH_E_MALFORMED, "storage '%s' has no data", gh_safe(id.key).s);
	*out = (struct gh_dis_storage){ s->store, id.dtype, 0 };
	if (id.view != GH_ABSENT && (!gh_val_int(h, gh_val_item(h, id.view, 1), &off) || off < 0 || id.dtype == NULL ||
				     __builtin_mul_overflow((uint64_t)off, (uint64_t)id.dtype->bytes, &out->off)))
		return gh_fail(o->j->err, GH_E_MALFORMED, "storage '%s': its view is not (key, offset, size)",
			       gh_safe(id.key).s);
	return GH_OK;
}

/* One storage of the stream at *off: a count of elements, then the elements. Which type they have only the ids in the
 * object say; `size` is bytes per element as found there. */
static enum gh_rc read_data(struct old *o, struct gh_src *src, uint64_t *off, struct gh_span key, uint64_t size)
{
	struct gh_cur c = gh_cur(src, *off);
	uint64_t count = gh_cur_u64le(&c), bytes;
	if (c.bad || __builtin_mul_overflow(count, size, &bytes) || bytes > gh_cur_left(&c))
		return gh_fail(o->j->err, GH_E_MALFORMED, "the file ends within storage '%s'", gh_safe(key).s);
	if (gh_dis_find(&o->storages, key) != NULL)
		return gh_fail(o->j->err, GH_E_MALFORMED, "storage '%s' is there twice", gh_safe(key).s);
	struct gh_dis_named *s = gh_dis_put(o->j, &o->storages, key);
	if (s == NULL || (s->store = gh_dis_range(o->j, src, *off + 8, bytes)) == NULL)
		return memory(o->j);
	s->store->name = s->key;
	*off += 8 + bytes;
	return GH_OK;
}

/* Element sizes of all storages that the object names, while it is loaded. */
struct sizes {
	struct gh_dis_job *j;
	struct gh_dis_table t;
	bool full;
};

static void on_call(void *arg, const struct gh_call *c, struct gh_range at)
{
	struct sizes *z = arg;
	struct gh_dis_persid id;
	(void)at;
	gh_dis_hear_call(z->j, c);
	if (c->how != GH_CALL_PERSID || c->heap == NULL || !gh_dis_persid(c->heap, c->args, &id))
		return;
	if (gh_dis_find(&z->t, id.key) != NULL)
		return;
	struct gh_dis_named *s = gh_dis_put(z->j, &z->t, id.key);
	z->full = z->full || s == NULL;
	if (s != NULL)
		s->off = id.dtype == NULL ? 1 : id.dtype->bytes;
}

static enum gh_rc load(struct gh_dis_job *j, struct gh_src *src, uint64_t *off, struct gh_pickle_result *r)
{
	enum gh_rc rc = gh_dis_load(j, src, *off, r);
	*off = r->off;
	return rc;
}

static enum gh_rc load_object(struct gh_dis_job *j, struct gh_src *src, uint64_t *off, struct sizes *z,
			      struct gh_pickle_result *r)
{
	struct gh_walk w = {
		.src = src, .arena = j->arena, .sink = j->sink, .lim = j->lim, .name = j->name, .err = j->err
	};
	const struct gh_pickle_hooks hooks = { .arg = z, .call = on_call, .keep = GH_DIS_KEEP };
	enum gh_rc rc = gh_pickle_run(&w, *off, &hooks, r);
	if (rc == GH_OK && r->end != GH_PICKLE_STOP)
		rc = gh_fail(j->err, r->end == GH_PICKLE_LIMIT ? GH_E_LIMIT : GH_E_MALFORMED,
			     "the object breaks off at byte %" PRIu64 ": %s", r->off, r->why);
	*off = r->off;
	return rc == GH_OK && z->full ? memory(j) : rc;
}

enum gh_rc gh_dis_legacy(struct gh_dis_job *j, struct gh_src *src, uint64_t off, struct gh_dis_storage *root)
{
	struct old *o = GH_NEW(j->arena, struct old, 1);
	struct sizes *z = GH_NEW(j->arena, struct sizes, 1);
	struct gh_pickle_result r, keys;
	if (o == NULL || z == NULL)
		return memory(j);
	o->j = z->j = j;
	enum gh_rc rc = GH_OK;
	for (unsigned i = 0; rc == GH_OK && i < 3; i++) /* magic number, version, system information */
		rc = load(j, src, &off, &r);
	if (rc == GH_OK)
		rc = load_object(j, src, &off, z, &r);
	if (rc == GH_OK)
		rc = load(j, src, &off, &keys);
	if (rc != GH_OK)
		return rc;
	if (gh_val_kind(keys.heap, keys.value) != GH_V_LIST)
		return gh_fail(j->err, GH_E_MALFORMED, "the list of storage keys is no list");
	for (uint64_t i = 0; rc == GH_OK && i < gh_val_len(keys.heap, keys.value); i++) {
		struct gh_span key;
		const struct gh_dis_named *s = NULL;
		if (gh_dis_key(keys.heap, gh_val_item(keys.heap, keys.value, i), &key))
			s = gh_dis_find(&z->t, key);
		if (s == NULL)
			return gh_fail(j->err, GH_E_MALFORMED,
				       "the list names a storage that the object does not know");
		rc = read_data(o, src, &off, key, s->off);
	}
	if (rc != GH_OK)
		return rc;
	const struct gh_dis_links links = { o, on_storage, NULL };
	if (root != NULL)
		return on_storage(o, r.heap, r.value, root);
	return gh_dis_values(j, r.heap, r.value, &links);
}

enum gh_rc gh_dis_torch_legacy(struct gh_dis_job *j)
{
	enum gh_rc rc = gh_dis_legacy(j, j->src, 0, NULL);
	return rc == GH_OK ? gh_dis_write_pickled(j) : rc;
}

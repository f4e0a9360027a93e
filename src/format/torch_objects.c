#include "format/torch_objects.h"

#include "format/torch_quiet.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { FAULTS_KEPT = 64, KEY_MAX = 512, NAME_MAX_BYTES = 512, NAMED_MAX = 1 << 16, NEST = 4, NIL = UINT32_MAX };

struct gh_torch_objects gh_torch_objects(struct gh_arena *a)
{
	return (struct gh_torch_objects){ .arena = a, .dir = "" };
}

static void __attribute__((format(printf, 3, 4))) note(struct gh_torch_objects *o, enum gh_torch_fault fault,
						       const char *fmt, ...)
{
	if (o->nfault == FAULTS_KEPT) {
		o->more[fault]++;
		return;
	}
	void *grown = gh_grow(o->arena, o->fault, &o->fault_cap, o->nfault + 1, sizeof *o->fault);
	if (grown == NULL) {
		o->full = true;
		o->more[fault]++;
		return;
	}
	o->fault = grown;
	o->fault[o->nfault].fault = fault;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(o->fault[o->nfault].text, sizeof o->fault[0].text, fmt, ap);
	va_end(ap);
	o->nfault++;
}

void gh_torch_flush(struct gh_torch_objects *o, struct gh_walk *w, uint64_t off, uint64_t len)
{
	for (size_t i = 0; i < o->nfault; i++)
		gh_anomaly(w, &gh_torch_rules[o->fault[i].fault], off, len, "%s", o->fault[i].text);
	for (int f = 0; f < GH_TORCH_FAULTS; f++)
		if (o->more[f] != 0)
			gh_anomaly(w, &gh_torch_rules[f], off, len, "and %" PRIu64 " more", o->more[f]);
	o->nfault = 0;
	memset(o->more, 0, sizeof o->more);
}

/* ---- storages ---------------------------------------------------------------------------------------------- */

static uint64_t hash_key(const char *dir, struct gh_span key)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *dir != 0; dir++)
		h = (h ^ (uint8_t)*dir) * 0x100000001b3u;
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * 0x100000001b3u;
	return h ^ h >> 32;
}

struct gh_torch_storage *gh_torch_find(struct gh_torch_objects *o, const char *dir, struct gh_span key)
{
	if (o->nbucket == 0)
		return NULL;
	for (uint32_t i = o->bucket[hash_key(dir, key) & (o->nbucket - 1)]; i != NIL; i = o->storage[i].next)
		if (gh_span_eq(o->storage[i].key, key) && strcmp(o->storage[i].dir, dir) == 0)
			return &o->storage[i];
	return NULL;
}

static bool rehash(struct gh_torch_objects *o)
{
	size_t want = o->nbucket == 0 ? 64 : o->nbucket * 4;
	uint32_t *b = GH_NEW(o->arena, uint32_t, want);
	if (b == NULL)
		return false;
	memset(b, 0xff, want * sizeof *b);
	for (size_t i = 0; i < o->n; i++) {
		uint32_t *head = &b[hash_key(o->storage[i].dir, o->storage[i].key) & (want - 1)];
		o->storage[i].next = *head;
		*head = (uint32_t)i;
	}
	o->bucket = b;
	o->nbucket = want;
	return true;
}

struct gh_torch_storage *gh_torch_add(struct gh_torch_objects *o, struct gh_span key)
{
	struct gh_torch_storage *grown = NULL;
	struct gh_span kept = gh_keep(o->arena, key);
	if (kept.p != NULL && o->n < NIL && (o->n < o->nbucket * 2 || rehash(o)))
		grown = gh_grow(o->arena, o->storage, &o->cap, o->n + 1, sizeof *grown);
	if (grown == NULL) {
		o->full = true;
		return NULL;
	}
	o->storage = grown;
	uint32_t *head = &o->bucket[hash_key(o->dir, key) & (o->nbucket - 1)];
	struct gh_torch_storage *s = &o->storage[o->n];
	*s = (struct gh_torch_storage){ .key = kept, .dir = o->dir, .next = *head };
	*head = (uint32_t)o->n++;
	return s;
}

/* The type of a storage: bytes per counted element, or NULL. quint4x2 counts bytes, not elements: torch's element
 * size of the narrow types is one byte, which is what a block of theirs has. */
static const struct gh_dtype *storage_type(struct gh_heap *h, gh_val v)
{
	struct gh_span module, name;
	if (!gh_val_global(h, v, &module, &name))
		return NULL;
	if (gh_span_is(name, "UntypedStorage") || gh_span_is(name, "_UntypedStorage"))
		return gh_dtype_torch(GH_SPAN("uint8"));
	return gh_dtype_torch_storage(name);
}

/* The words of a persistent id. False: of another form. key is copied to the heap's arena. */
struct persid {
	struct gh_span key;
	const struct gh_dtype *type;
	int64_t numel;
};

static bool text_is(struct gh_heap *h, gh_val v, const char *s)
{
	enum gh_vkind k = gh_val_kind(h, v);
	return (k == GH_V_STR || k == GH_V_BYTES) && gh_val_len(h, v) == strlen(s) &&
	       gh_span_is(gh_val_text(h, v, 64), s);
}

static bool key_text(struct gh_heap *h, gh_val v, char *room, size_t cap, struct gh_span *key)
{
	enum gh_vkind k = gh_val_kind(h, v);
	int64_t i;
	if (k == GH_V_INT && gh_val_int(h, v, &i)) {
		int n = snprintf(room, cap, "%" PRId64, i);
		*key = (struct gh_span){ (const uint8_t *)room, (size_t)n };
		return true;
	}
	if ((k != GH_V_STR && k != GH_V_BYTES) || gh_val_len(h, v) > KEY_MAX)
		return false;
	*key = gh_val_text(h, v, KEY_MAX);
	return key->p != NULL;
}

static bool read_persid(struct gh_heap *h, gh_val id, char *room, size_t cap, struct persid *p)
{
	uint64_t n = gh_val_kind(h, id) == GH_V_TUPLE ? gh_val_len(h, id) : 0;
	if ((n != 5 && n != 6) || !text_is(h, gh_val_item(h, id, 0), "storage"))
		return false;
	p->type = storage_type(h, gh_val_item(h, id, 1));
	enum gh_vkind location = gh_val_kind(h, gh_val_item(h, id, 3));
	gh_val numel = gh_val_item(h, id, 4);
	return key_text(h, gh_val_item(h, id, 2), room, cap, &p->key) &&
	       (location == GH_V_STR || location == GH_V_BYTES) && gh_val_kind(h, numel) == GH_V_INT &&
	       gh_val_int(h, numel, &p->numel) && p->numel >= 0;
}

/* ('module', class, source file, source) of legacy checkpoints: compared with the installed source, never run. */
static bool is_container_source(struct gh_heap *h, gh_val id)
{
	if (gh_val_kind(h, id) != GH_V_TUPLE || gh_val_len(h, id) != 4 ||
	    !text_is(h, gh_val_item(h, id, 0), "module") || gh_val_kind(h, gh_val_item(h, id, 1)) != GH_V_GLOBAL)
		return false;
	for (uint64_t i = 2; i < 4; i++) {
		enum gh_vkind k = gh_val_kind(h, gh_val_item(h, id, i));
		if (k != GH_V_STR && k != GH_V_BYTES && k != GH_V_NONE)
			return false;
	}
	return true;
}

/* View metadata (key, offset, numel) of a legacy storage: inside the storage it views. */
static void check_view(struct gh_torch_objects *o, struct gh_heap *h, gh_val view, const struct persid *p)
{
	int64_t off, size;
	if (gh_val_kind(h, view) == GH_V_NONE)
		return;
	if (gh_val_kind(h, view) != GH_V_TUPLE || gh_val_len(h, view) != 3 ||
	    !gh_val_int(h, gh_val_item(h, view, 1), &off) || !gh_val_int(h, gh_val_item(h, view, 2), &size))
		note(o, GH_TORCH_PERSID, "storage '%s': its view is not (key, offset, size)", gh_safe(p->key).s);
	else if (off < 0 || size < 0 || off > p->numel || size > p->numel - off)
		note(o, GH_TORCH_EXTENT,
		     "storage '%s': a view of %" PRId64 " elements from %" PRId64 ", it has %" PRId64,
		     gh_safe(p->key).s, size, off, p->numel);
}

static void on_persid(struct gh_torch_objects *o, struct gh_heap *h, gh_val id)
{
	char room[24];
	struct persid p;
	if (!read_persid(h, id, room, sizeof room, &p)) {
		if (!is_container_source(h, id)) {
			gh_auto_buf b = gh_buf(120);
			gh_val_render(h, id, &b, 100);
			note(o, GH_TORCH_PERSID, "%s", gh_buf_cstr(&b));
		}
		return;
	}
	if (gh_val_len(h, id) == 6)
		check_view(o, h, gh_val_item(h, id, 5), &p);
	uint64_t numel = (uint64_t)p.numel, bytes = 0;
	bool sized = p.type != NULL;
	if (sized && __builtin_mul_overflow(numel, (uint64_t)p.type->bytes, &bytes)) {
		note(o, GH_TORCH_SHAPE, "storage '%s': %" PRIu64 " elements of %u bytes", gh_safe(p.key).s, numel,
		     p.type->bytes);
		sized = false;
	}
	struct gh_torch_storage *s = gh_torch_find(o, o->dir, p.key);
	if (s != NULL) {
		if (s->numel != numel || s->sized != sized || s->bytes != bytes)
			note(o, GH_TORCH_CONFLICT,
			     "storage '%s': %" PRIu64 " elements (%" PRIu64 " bytes), then %" PRIu64 " (%" PRIu64 ")",
			     gh_safe(p.key).s, s->numel, s->bytes, numel, bytes);
		return;
	}
	if (p.type == NULL) {
		gh_auto_buf b = gh_buf(80);
		gh_val_render(h, gh_val_item(h, id, 1), &b, 60);
		note(o, GH_TORCH_TYPE, "storage '%s' of type %s", gh_safe(p.key).s, gh_buf_cstr(&b));
	}
	s = gh_torch_add(o, p.key);
	if (s == NULL)
		return;
	s->dtype = p.type;
	s->numel = numel;
	s->bytes = bytes;
	s->sized = sized;
}

/* ---- tensors ----------------------------------------------------------------------------------------------- */

/* Ways to rebuild a tensor from (storage, offset, size, stride, …); dtype: position of an element type of its own. */
static const struct rebuild {
	const char *name;
	unsigned args, dtype;
} rebuilds[] = {
	{ "_rebuild_tensor", 4, 0 },
	{ "_rebuild_tensor_v2", 4, 0 },
	{ "_rebuild_tensor_v3", 7, 6 },
	{ "_rebuild_qtensor", 4, 0 },
};

/* The storage that a persistent-id value names. */
static struct gh_torch_storage *storage_of(struct gh_torch_objects *o, struct gh_heap *h, gh_val v)
{
	char room[24];
	struct persid p;
	if (gh_val_kind(h, v) != GH_V_PERSID || !read_persid(h, gh_val_item(h, v, 0), room, sizeof room, &p))
		return NULL;
	return gh_torch_find(o, o->dir, p.key);
}

struct geometry {
	int64_t offset;
	unsigned ndim;
	uint64_t dim[GH_DIMS_MAX];
	uint64_t count;	 /* elements */
	uint64_t reach;	 /* one past the last element of the storage that is touched; 0: none is */
	bool contiguous; /* in C order */
};

static enum gh_torch_fault read_geometry(struct gh_heap *h, gh_val args, struct geometry *g)
{
	gh_val size = gh_val_item(h, args, 2), stride = gh_val_item(h, args, 3), offset = gh_val_item(h, args, 1);
	if (gh_val_kind(h, size) != GH_V_TUPLE || gh_val_kind(h, stride) != GH_V_TUPLE)
		return GH_TORCH_ARGUMENTS;
	uint64_t n = gh_val_len(h, size);
	if (gh_val_kind(h, offset) == GH_V_BIGINT || n > GH_DIMS_MAX || n != gh_val_len(h, stride))
		return GH_TORCH_SHAPE;
	if (!gh_val_int(h, offset, &g->offset))
		return GH_TORCH_ARGUMENTS;
	if (g->offset < 0)
		return GH_TORCH_SHAPE;
	g->ndim = (unsigned)n;
	g->count = 1;
	g->contiguous = true;
	uint64_t last = (uint64_t)g->offset, dense = 1;
	bool empty = false;
	for (unsigned i = g->ndim; i-- > 0;) {
		int64_t d, s;
		gh_val dv = gh_val_item(h, size, i), sv = gh_val_item(h, stride, i);
		if (!gh_val_int(h, dv, &d) || !gh_val_int(h, sv, &s))
			return gh_val_kind(h, dv) == GH_V_BIGINT || gh_val_kind(h, sv) == GH_V_BIGINT
				       ? GH_TORCH_SHAPE
				       : GH_TORCH_ARGUMENTS;
		if (d < 0 || s < 0)
			return GH_TORCH_SHAPE;
		g->dim[i] = (uint64_t)d;
		if (d == 0) {
			empty = true;
			continue;
		}
		uint64_t span;
		if (__builtin_mul_overflow(g->count, (uint64_t)d, &g->count) ||
		    __builtin_mul_overflow((uint64_t)d - 1, (uint64_t)s, &span) ||
		    __builtin_add_overflow(last, span, &last) || last >= INT64_MAX)
			return GH_TORCH_SHAPE;
		if (d != 1) {
			g->contiguous = g->contiguous && (uint64_t)s == dense;
			dense *= (uint64_t)d; /* <= count, which fits */
		}
	}
	g->reach = empty ? 0 : last + 1;
	if (empty)
		g->count = 0;
	return GH_TORCH_FAULTS;
}

static void on_tensor(struct gh_torch_objects *o, struct gh_heap *h, const struct rebuild *r, gh_val args)
{
	if (gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) < r->args) {
		note(o, GH_TORCH_ARGUMENTS, "%s with too few arguments", r->name);
		return;
	}
	gh_val sv = gh_val_item(h, args, 0);
	struct gh_torch_storage *s = storage_of(o, h, sv);
	struct geometry g;
	enum gh_torch_fault bad = read_geometry(h, args, &g);
	if (bad != GH_TORCH_FAULTS) {
		gh_auto_buf b = gh_buf(140);
		gh_val_render(h, args, &b, 100);
		note(o, bad, "%s%s", r->name, gh_buf_cstr(&b));
		return;
	}
	if (s == NULL) {
		if (!o->full && gh_val_kind(h, sv) != GH_V_PERSID) /* a strange persistent id was noted already */
			note(o, GH_TORCH_ARGUMENTS, "%s on something that is no storage of this file", r->name);
		return;
	}
	const struct gh_dtype *type = s->dtype;
	struct gh_span module, name;
	if (r->dtype != 0) {
		type = gh_val_global(h, gh_val_item(h, args, r->dtype), &module, &name) ? gh_dtype_torch(name) : NULL;
		if (type == NULL) {
			note(o, GH_TORCH_TYPE, "a tensor on storage '%s' has an unknown element type",
			     gh_safe(s->key).s);
			return;
		}
	}
	if (type == NULL || !s->sized)
		return;
	uint64_t room = s->bytes / type->bytes;
	if (__builtin_mul_overflow(room, (uint64_t)type->block, &room))
		room = UINT64_MAX;
	if (g.reach > room)
		note(o, GH_TORCH_EXTENT,
		     "a tensor on storage '%s' needs %" PRIu64 " elements, the storage has %" PRIu64, gh_safe(s->key).s,
		     g.reach, room);
	if (s->ndim == 0 && g.offset == 0 && g.contiguous && g.count == room && g.ndim != 0) {
		uint64_t *dim = GH_NEW(o->arena, uint64_t, g.ndim);
		if (dim == NULL)
			return;
		memcpy(dim, g.dim, g.ndim * sizeof *dim);
		s->dim = dim;
		s->ndim = g.ndim;
		s->dtype = type;
	}
}

/* A call of a rebuild function, directly or through torch._tensor._rebuild_from_type[_v2](function, type, args, …). */
static void on_call(struct gh_torch_objects *o, struct gh_heap *h, struct gh_span name, gh_val args)
{
	for (int depth = 0; depth < NEST; depth++) {
		for (size_t i = 0; i < sizeof rebuilds / sizeof rebuilds[0]; i++)
			if (gh_span_is(name, rebuilds[i].name)) {
				on_tensor(o, h, &rebuilds[i], args);
				return;
			}
		struct gh_span module;
		if ((!gh_span_is(name, "_rebuild_from_type") && !gh_span_is(name, "_rebuild_from_type_v2")) ||
		    gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) < 3 ||
		    !gh_val_global(h, gh_val_item(h, args, 0), &module, &name))
			return;
		args = gh_val_item(h, args, 2);
	}
}

/* ---- names ------------------------------------------------------------------------------------------------- */

/* The storage below a tensor, a parameter of it, or a tensor of a type of its own. */
static struct gh_torch_storage *below(struct gh_torch_objects *o, struct gh_heap *h, gh_val v)
{
	for (int depth = 0; depth < NEST && gh_val_kind(h, v) == GH_V_OBJECT; depth++) {
		gh_val args = gh_val_args(h, v);
		struct gh_span module, name;
		if (gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) == 0 ||
		    !gh_val_global(h, gh_val_callee(h, v), &module, &name))
			return NULL;
		v = gh_val_item(h, args, 0);
	}
	return storage_of(o, h, v);
}

static void name_pair(struct gh_torch_objects *o, struct gh_heap *h, gh_val key, gh_val value)
{
	if (gh_val_kind(h, key) != GH_V_STR || gh_val_kind(h, value) != GH_V_OBJECT)
		return;
	struct gh_torch_storage *s = below(o, h, value);
	if (s == NULL || s->name.n != 0)
		return;
	struct gh_span text = gh_keep(o->arena, gh_val_text(h, key, NAME_MAX_BYTES));
	if (text.p != NULL)
		s->name = text;
}

void gh_torch_name_values(struct gh_torch_objects *o, struct gh_heap *h, gh_val v)
{
	/* Breadth first through dicts of dicts; a queue that is full drops names, nothing else. */
	gh_val queue[64];
	size_t head = 0, tail = 0, seen = 0;
	queue[tail++] = v;
	while (head < tail) {
		gh_val d = queue[head++];
		if (gh_val_kind(h, d) != GH_V_DICT)
			continue;
		uint64_t n = gh_val_len(h, d);
		for (uint64_t i = 0; i < n && i < GH_VAL_KEPT && seen < NAMED_MAX; i++, seen++) {
			gh_val item = gh_val_at(h, d, i);
			name_pair(o, h, gh_val_key(h, d, i), item);
			if (gh_val_kind(h, item) == GH_V_DICT && tail < sizeof queue / sizeof queue[0])
				queue[tail++] = item;
		}
	}
}

/* ---- running ----------------------------------------------------------------------------------------------- */

static void hook(void *arg, const struct gh_call *c, struct gh_range at)
{
	(void)at;
	struct gh_torch_objects *o = arg;
	if (c->heap == NULL || c->reading != NULL)
		return;
	if (c->how == GH_CALL_PERSID) {
		on_persid(o, c->heap, c->args);
	} else if (c->how == GH_CALL_REDUCE) {
		on_call(o, c->heap, c->name, c->args);
	} else if (c->how == GH_CALL_BUILD) {
		/* (storage, offset, size, stride): how Tensor.__setstate__ puts an old tensor on its storage */
		static const struct rebuild set = { "set_", 4, 0 };
		if (gh_val_kind(c->heap, c->args) == GH_V_TUPLE && gh_val_len(c->heap, c->args) == set.args &&
		    gh_val_kind(c->heap, gh_val_item(c->heap, c->args, 0)) == GH_V_PERSID)
			on_tensor(o, c->heap, &set, c->args);
		gh_torch_name_values(o, c->heap, c->args); /* the attributes of a module */
	} else if (c->how == GH_CALL_SETITEM && gh_val_kind(c->heap, c->args) == GH_V_TUPLE) {
		uint64_t n = gh_val_len(c->heap, c->args);
		for (uint64_t i = 0; i + 1 < n && i + 1 < GH_VAL_KEPT; i += 2)
			name_pair(o, c->heap, gh_val_item(c->heap, c->args, i), gh_val_item(c->heap, c->args, i + 1));
	}
}

struct gh_pickle_hooks gh_torch_hooks(struct gh_torch_objects *o)
{
	return (struct gh_pickle_hooks){ .arg = o, .call = hook };
}

enum gh_rc gh_torch_run_quietly(struct gh_walk *w, struct gh_src *src, struct gh_torch_objects *o,
				enum gh_pickle_end *end)
{
	struct gh_torch_quiet q;
	gh_torch_quiet_begin(&q, w, src);
	struct gh_pickle_hooks hooks = gh_torch_hooks(o);
	struct gh_pickle_result r = { .end = GH_PICKLE_BROKEN };
	enum gh_rc rc = gh_pickle_run(&q.walk, 0, &hooks, &r);
	if (rc == GH_OK && r.end == GH_PICKLE_STOP)
		gh_torch_name_values(o, r.heap, r.value);
	if (end != NULL)
		*end = rc == GH_OK ? r.end : GH_PICKLE_LIMIT;
	gh_torch_quiet_end(&q);
	return rc;
}

enum gh_rc gh_torch_emit(struct gh_walk *w, const struct gh_torch_storage *s, struct gh_src *src, uint64_t off,
			 uint64_t len, bool big_endian)
{
	if (len == 0 || s->dtype == NULL)
		return GH_OK;
	uint64_t flat = len / s->dtype->bytes * s->dtype->block;
	uint8_t record[KEY_MAX + 32]; /* "data/17", when no dict gives it a name */
	size_t dir = strlen(s->dir), n = dir < 32 ? dir : 0;
	memcpy(record, s->dir, n);
	memcpy(record + n, s->key.p, s->key.n <= KEY_MAX ? s->key.n : 0);
	n += s->key.n <= KEY_MAX ? s->key.n : 0;
	struct gh_tensor t = {
		.name = s->name.n != 0 ? s->name : (struct gh_span){ record, n },
		.dtype = s->dtype->name,
		.bits = s->dtype->bits,
		.ndim = s->ndim != 0 ? s->ndim : 1,
		.dim = s->ndim != 0 ? s->dim : &flat,
		.src = src,
		.big_endian = big_endian && s->dtype->bytes > 1,
	};
	return gh_emit(w, GH_EV_TENSOR, off, len, &t);
}

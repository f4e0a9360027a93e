/* The superblock extension (II.A): an object header with messages about the file; the heap of shared messages. */
#include "format/hdf5/h5.h"

enum { MSG_SHARED = 0xf, MSG_TREE_K = 0x13, MSG_DRIVER = 0x14, MSG_SPACE = 0x17, MSG_IMAGE = 0x18, INDEXES = 8 };

struct h5_sohm {
	unsigned n;
	struct {
		unsigned types; /* bits of the message types kept here */
		struct h5_heap heap;
		bool there;
	} v[INDEXES];
};

struct found {
	struct h5 *h;
	uint64_t table; /* of shared messages */
	unsigned indexes;
	uint64_t lists[12];
	unsigned nlists;
};

static enum gh_rc cut(struct h5 *h, const struct h5_msg *m)
{
	return h5_bad(h, H5_A_STRUCT, m->addr, "message of type %u in the superblock extension is malformed", m->type);
}

/* File space: version 0 (1.8.x development), version 1 (1.10). */
static enum gh_rc on_space(struct found *f, struct h5_msg *m)
{
	struct h5 *h = f->h;
	struct gh_rd r = gh_rd(m->body);
	unsigned version = gh_rd_u8(&r), strategy = gh_rd_u8(&r), n = 0;
	if (version == 0) {
		(void)h5_rd_len(h, &r);
		n = strategy == 1 ? 6 : 0;
	} else if (version == 1) {
		n = gh_rd_u8(&r) != 0 ? 12 : 0;
		(void)h5_rd_len(h, &r);
		(void)h5_rd_len(h, &r);
		(void)gh_rd_u16le(&r);
		(void)h5_rd_addr(h, &r);
	} else
		return h5_bad(h, H5_A_UNKNOWN, m->addr, "file space of version %u", version);
	for (unsigned i = 0; i < n; i++) {
		uint64_t at = h5_rd_addr(h, &r);
		if (at != H5_UNDEF && !r.bad)
			f->lists[f->nlists++] = at;
	}
	m->used = r.off;
	return r.bad ? cut(h, m) : GH_OK;
}

static enum gh_rc on_driver(struct found *f, struct h5_msg *m)
{
	struct gh_rd r = gh_rd(m->body);
	(void)gh_rd_u8(&r);
	struct gh_span name = gh_rd_take(&r, 8);
	(void)gh_rd_take(&r, gh_rd_u16le(&r));
	m->used = r.off;
	return r.bad ? cut(f->h, m)
		     : h5_bad(f->h, H5_A_MULTI, m->addr, "written by the driver \"%s\"", gh_safe(name).s);
}

/* Metadata as they were in memory, to be put back over what the file holds elsewhere. */
static enum gh_rc on_image(struct found *f, struct h5_msg *m)
{
	struct h5 *h = f->h;
	struct gh_rd r = gh_rd(m->body);
	(void)gh_rd_u8(&r);
	uint64_t addr = h5_rd_addr(h, &r), len = h5_rd_len(h, &r);
	m->used = r.off;
	if (r.bad)
		return cut(h, m);
	if (addr == H5_UNDEF || len == 0)
		return GH_OK;
	return h5_bad(h, H5_A_UNKNOWN, addr, "an image of the metadata cache, which replaces other metadata");
}

static enum gh_rc each(void *ctx, struct h5_msg *m)
{
	struct found *f = ctx;
	struct h5 *h = f->h;
	struct gh_rd r = gh_rd(m->body);
	switch (m->type) {
	case MSG_SPACE: return on_space(f, m);
	case MSG_DRIVER: return on_driver(f, m);
	case MSG_IMAGE: return on_image(f, m);
	case MSG_TREE_K:
		(void)gh_rd_u8(&r);
		h->chunk_k = gh_rd_u16le(&r);
		h->group_k = gh_rd_u16le(&r);
		h->leaf_k = gh_rd_u16le(&r);
		m->used = r.off;
		return r.bad || h->chunk_k == 0 || h->group_k == 0 || h->leaf_k == 0 ? cut(h, m) : GH_OK;
	case MSG_SHARED:
		(void)gh_rd_u8(&r);
		f->table = h5_rd_addr(h, &r);
		f->indexes = gh_rd_u8(&r);
		m->used = r.off;
		return r.bad ? cut(h, m) : GH_OK;
	default: return h5_bad(h, H5_A_UNKNOWN, m->addr, "message of type %u in the superblock extension", m->type);
	}
}

/* ---- shared messages (IV.A.2.p, III.H) ------------------------------------------------------------------------------- */

struct index {
	unsigned kind, types, cutoff, n;
	uint64_t addr, heap;
};

static enum gh_rc ignore(void *ctx, unsigned type, struct gh_span record)
{
	(void)ctx, (void)type, (void)record;
	return GH_OK;
}

static enum gh_rc open_index(struct h5 *h, struct h5_sohm *t, const struct index *x)
{
	if (x->addr != H5_UNDEF && x->kind == 1)
		GH_TRY(h5_tree2(h, x->addr, 7, -1, ignore, NULL), h->w->err, "shared messages");
	else if (x->addr != H5_UNDEF) { /* a list: room for as many records as it may have */
		size_t record = 5 + (4 + (size_t)h->so > 12 ? 4 + (size_t)h->so : 12);
		uint64_t len = 8 + (uint64_t)x->cutoff * record, used = 8 + (uint64_t)x->n * record;
		struct gh_span w = h5_copy(h, x->addr, used, "list of shared messages");
		if (w.p == NULL || memcmp(w.p, "SMLI", 4) != 0 || !h5_room(h, x->addr, len, "list of shared messages"))
			return h5_bad(h, H5_A_STRUCT, x->addr, "no list of shared messages stands there");
		h5_sum_of(h, w, x->addr, "list of shared messages");
		GH_TRY(h5_extent(h, x->addr, used, GH_CLAIM_STRUCT), h->w->err, "shared messages");
		GH_TRY(h5_extent(h, x->addr + used, len - used, GH_CLAIM_FREE), h->w->err, "shared messages");
	}
	if (x->heap == H5_UNDEF)
		return GH_OK;
	struct gh_arena obj = h->obj;
	h->obj = (struct gh_arena){ .max = H5_TMP };
	enum gh_rc rc = h5_heap_open(h, x->heap, &t->v[t->n].heap);
	struct h5_heap *p = &t->v[t->n].heap;
	struct gh_recs kept = gh_recs(h->w->arena, GH_RECS_MAX); /* it outlives the objects */
	for (size_t i = 0; rc == GH_OK && i < p->blocks.n; i++)
		if (!gh_recs_add(&kept, *gh_recs_at(&p->blocks, i)))
			rc = h5_bad(h, H5_A_MANY, x->heap, "very many shared messages");
	p->blocks = kept;
	p->huge.n = 0;
	gh_arena_free(&h->obj);
	h->obj = obj;
	t->v[t->n].there = rc == GH_OK;
	t->v[t->n].types = x->types;
	t->n++;
	return rc;
}

static enum gh_rc shared_messages(struct h5 *h, uint64_t addr, unsigned n)
{
	size_t each = 2 + 2 + 4 + 3 * 2 + 2 * (size_t)h->so, len = 4 + n * each + 4;
	struct h5_sohm *t = GH_NEW(h->w->arena, struct h5_sohm, 1);
	if (n > INDEXES || t == NULL)
		return h5_bad(h, H5_A_COUNT, addr, "%u tables of shared messages", n);
	struct gh_span w = h5_copy(h, addr, len, "table of shared messages");
	if (w.p == NULL)
		return h5_why(h);
	if (memcmp(w.p, "SMTB", 4) != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "no table of shared messages stands there");
	h5_sum_of(h, w, addr, "table of shared messages");
	GH_TRY(h5_extent(h, addr, len, GH_CLAIM_STRUCT), h->w->err, "shared messages");
	struct gh_rd r = gh_rd(gh_span_cut(w, 4, len));
	struct index x[INDEXES];
	for (unsigned i = 0; i < n; i++) {
		(void)gh_rd_u8(&r);
		x[i].kind = gh_rd_u8(&r);
		x[i].types = gh_rd_u16le(&r);
		(void)gh_rd_u32le(&r);
		x[i].cutoff = gh_rd_u16le(&r);
		(void)gh_rd_u16le(&r);
		x[i].n = gh_rd_u16le(&r);
		x[i].addr = h5_rd_addr(h, &r);
		x[i].heap = h5_rd_addr(h, &r);
	}
	h->sohm = t;
	for (unsigned i = 0; i < n; i++)
		GH_TRY(open_index(h, t, &x[i]), h->w->err, "shared messages");
	return GH_OK;
}

enum gh_rc h5_shared_heap(struct h5 *h, unsigned type, struct gh_span id, struct gh_span *body, uint64_t *addr)
{
	for (unsigned i = 0; h->sohm != NULL && i < h->sohm->n; i++) {
		if (!h->sohm->v[i].there || type > 15 || (h->sohm->v[i].types & 1u << type) == 0)
			continue;
		size_t n = h->extents.n;
		enum gh_rc rc = h5_heap_object(h, &h->sohm->v[i].heap, id, body, addr);
		bool fresh = true;
		if (rc == GH_OK && *addr != 0)
			rc = h5_visit(h, *addr, &fresh);
		if (!fresh)
			gh_recs_cut(&h->extents, n); /* counted the first time */
		return rc;
	}
	return h5_bad(h, H5_A_STRUCT, 0, "a shared message of type %u, of which there are none", type);
}

enum gh_rc h5_extension(struct h5 *h, uint64_t addr)
{
	struct found f = { .h = h, .table = H5_UNDEF };
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "superblock extension");
	enum gh_rc rc = h5_header(h, addr, false, each, &f);
	if (rc == GH_OK && f.table != H5_UNDEF)
		rc = shared_messages(h, f.table, f.indexes);
	for (unsigned i = 0; rc == GH_OK && i < f.nlists; i++)
		rc = h5_free_list(h, f.lists[i]);
	gh_arena_free(&h->obj);
	gh_arena_free(&h->tmp);
	return rc;
}

/* Fractal heaps (III.G): links and attributes of the new kind. A table of blocks that double in size row by row; an id says
 * where in that space an object stands, or that it stands elsewhere, or holds it itself. */
#include "format/hdf5/h5.h"

enum { ROWS_MAX = 64, WIDTH_MAX = 1 << 12, SUMS = 2 };

static uint64_t row_size(const struct h5_heap *p, unsigned row) { return row == 0 ? p->start : p->start << (row - 1); }

static unsigned direct_rows(const struct h5_heap *p)
{
	return gh_hdf5_log2(p->max_direct) - gh_hdf5_log2(p->start) + 2;
}

static bool power(uint64_t v) { return v != 0 && (v & (v - 1)) == 0; }

static enum gh_rc direct_block(struct h5 *h, struct h5_heap *p, uint64_t addr, uint64_t off, uint64_t size)
{
	size_t head = 5 + (size_t)h->so + p->off_width + (p->sums ? 4u : 0);
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "heap block");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the heap block at %llu was read before", (unsigned long long)addr);
	struct gh_span w = h5_copy(h, addr, size, "block of a heap");
	if (w.p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd(w);
	struct gh_span sign = gh_rd_take(&r, 4);
	unsigned version = gh_rd_u8(&r);
	uint64_t owner = h5_rd_addr(h, &r), at = gh_rd_le(&r, p->off_width);
	if (r.bad || size < head || memcmp(sign.p, "FHDB", 4) != 0 || version != 0 || owner != p->addr || at != off)
		return h5_bad(h, H5_A_STRUCT, addr, "no block of this heap stands at %llu", (unsigned long long)addr);
	if (p->sums) {
		uint8_t *field = (uint8_t *)(uintptr_t)(w.p + head - 4); /* our own copy */
		uint32_t said = gh_le32(field);
		memset(field, 0, 4);
		uint32_t is = gh_hdf5_lookup3(w);
		if (is != said)
			h5_say(h, H5_A_SUM, addr, size, "block of a heap: %08x is stored, %08x would be right", said,
			       is);
	}
	GH_TRY(h5_extent(h, addr, head, GH_CLAIM_STRUCT), h->w->err, "heap block");
	if (!gh_recs_add(&p->blocks, (struct gh_rec){ off, addr, size }))
		return h5_bad(h, H5_A_MANY, addr, "a heap of very many blocks");
	return GH_OK;
}

struct todo {
	uint64_t addr, off;
	unsigned rows;
};
struct todos {
	struct todo *v;
	size_t n, cap;
};

static enum gh_rc push(struct h5 *h, struct todos *s, struct todo t)
{
	struct todo *v = gh_grow(&h->obj, s->v, &s->cap, s->n + 1, sizeof *v);
	if (v == NULL)
		return h5_bad(h, H5_A_MANY, t.addr, "a heap of very many blocks");
	s->v = v;
	v[s->n++] = t;
	return GH_OK;
}

static enum gh_rc entries(struct h5 *h, struct h5_heap *p, struct todos *s, const struct todo *t, struct gh_rd *r)
{
	uint64_t off = t->off;
	unsigned first = gh_hdf5_log2(p->start) + gh_hdf5_log2(p->table_width);
	for (unsigned row = 0; row < t->rows; row++) {
		uint64_t size = row_size(p, row);
		bool direct = row < direct_rows(p);
		for (unsigned i = 0; i < p->table_width; i++, off += size) {
			uint64_t addr = h5_rd_addr(h, r);
			enum gh_rc rc = GH_OK;
			if (addr == H5_UNDEF)
				continue;
			if (direct)
				rc = direct_block(h, p, addr, off, size);
			else if (gh_hdf5_log2(size) < first)
				rc = h5_bad(h, H5_A_COUNT, addr, "a table of blocks that are too small for it");
			else
				rc = push(h, s, (struct todo){ addr, off, gh_hdf5_log2(size) - first + 1 });
			h5_drop(h);
			if (rc != GH_OK)
				return rc;
		}
	}
	return GH_OK;
}

static enum gh_rc indirect_block(struct h5 *h, struct h5_heap *p, struct todos *s, const struct todo *t)
{
	size_t head = 5 + (size_t)h->so + p->off_width;
	uint64_t len = head + (uint64_t)t->rows * p->table_width * h->so + 4;
	bool fresh;
	GH_TRY(h5_visit(h, t->addr, &fresh), h->w->err, "heap block");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, t->addr, "the heap block at %llu was read before",
			      (unsigned long long)t->addr);
	if (t->rows > ROWS_MAX || t->rows > p->max_bits)
		return h5_bad(h, H5_A_COUNT, t->addr, "a table of %u rows", t->rows);
	struct gh_span w = h5_copy(h, t->addr, len, "table of a heap");
	if (w.p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd(w);
	struct gh_span sign = gh_rd_take(&r, 4);
	unsigned version = gh_rd_u8(&r);
	uint64_t owner = h5_rd_addr(h, &r), at = gh_rd_le(&r, p->off_width);
	if (memcmp(sign.p, "FHIB", 4) != 0 || version != 0 || owner != p->addr || at != t->off)
		return h5_bad(h, H5_A_STRUCT, t->addr, "no table of this heap stands at %llu",
			      (unsigned long long)t->addr);
	h5_sum_of(h, w, t->addr, "table of a heap");
	GH_TRY(h5_extent(h, t->addr, len, GH_CLAIM_STRUCT), h->w->err, "heap");
	h->hold++;
	enum gh_rc rc = entries(h, p, s, t, &r);
	h->hold--;
	return rc;
}

static enum gh_rc huge(void *ctx, unsigned type, struct gh_span record)
{
	struct {
		struct h5 *h;
		struct h5_heap *p;
	} *x = ctx;
	struct gh_rd r = gh_rd(record);
	uint64_t addr = h5_rd_addr(x->h, &r), len = h5_rd_len(x->h, &r), id = type == 1 ? h5_rd_len(x->h, &r) : addr;
	if (r.bad || type == 2 || type == 4)
		return h5_bad(x->h, H5_A_FILTER, addr, "an object of a heap that filters were applied to");
	if (!gh_recs_add(&x->p->huge, (struct gh_rec){ id, addr, len }))
		return h5_bad(x->h, H5_A_MANY, addr, "very many objects in a heap");
	return GH_OK;
}

struct root {
	uint64_t block, free_list;
	unsigned rows;
};

static enum gh_rc head(struct h5 *h, uint64_t addr, struct h5_heap *p, struct root *root)
{
	size_t len = 26 + 12 * (size_t)h->sl + 3 * (size_t)h->so;
	const uint8_t *b = h5_at(h, addr, len, "heap");
	if (b == NULL)
		return h5_why(h);
	if (memcmp(b, "FRHP", 4) != 0 || b[4] != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "no heap stands at %llu", (unsigned long long)addr);
	struct gh_rd r = gh_rd((struct gh_span){ b + 5, len - 5 });
	p->addr = addr;
	p->id_len = gh_rd_u16le(&r);
	p->filters = gh_rd_u16le(&r);
	p->sums = (gh_rd_u8(&r) & SUMS) != 0;
	p->max_managed = gh_rd_u32le(&r);
	(void)h5_rd_len(h, &r); /* next huge id */
	p->huge_tree = h5_rd_addr(h, &r);
	(void)h5_rd_len(h, &r); /* free space */
	root->free_list = h5_rd_addr(h, &r);
	(void)gh_rd_take(&r, 8 * (size_t)h->sl); /* sizes and numbers of objects of each kind */
	p->table_width = gh_rd_u16le(&r);
	p->start = h5_rd_len(h, &r);
	p->max_direct = h5_rd_len(h, &r);
	p->max_bits = gh_rd_u16le(&r);
	(void)gh_rd_u16le(&r);
	root->block = h5_rd_addr(h, &r);
	root->rows = gh_rd_u16le(&r);
	if (p->filters != 0)
		return h5_bad(h, H5_A_FILTER, addr, "a heap that filters were applied to");
	h5_sum_of(h, (struct gh_span){ b, len }, addr, "heap");
	if (!power(p->start) || !power(p->max_direct) || !power(p->table_width) || p->table_width > WIDTH_MAX ||
	    p->max_direct < p->start || p->max_bits == 0 || p->max_bits > 64 || p->id_len == 0 ||
	    p->max_direct > H5_TMP || gh_hdf5_log2(p->start) > p->max_bits)
		return h5_bad(h, H5_A_COUNT, addr, "a heap of blocks from %llu to %llu bytes, %u in a row",
			      (unsigned long long)p->start, (unsigned long long)p->max_direct, p->table_width);
	p->off_width = (p->max_bits + 7) / 8;
	unsigned by_block = (gh_hdf5_log2(p->max_direct) + 7) / 8, by_object = gh_hdf5_width(p->max_managed);
	p->len_width = by_block < by_object ? by_block : by_object;
	return h5_extent(h, addr, len, GH_CLAIM_STRUCT);
}

enum gh_rc h5_heap_open(struct h5 *h, uint64_t addr, struct h5_heap *p)
{
	struct root root = { H5_UNDEF, H5_UNDEF, 0 };
	struct todos s = { 0 };
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "heap");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the heap at %llu belongs to two objects", (unsigned long long)addr);
	*p = (struct h5_heap){ 0 };
	p->blocks = gh_recs(&h->obj, GH_RECS_MAX);
	p->huge = gh_recs(&h->obj, GH_RECS_MAX);
	enum gh_rc rc = head(h, addr, p, &root);
	if (rc != GH_OK)
		return rc;
	if (root.block != H5_UNDEF)
		rc = root.rows == 0 ? direct_block(h, p, root.block, 0, p->start)
				    : push(h, &s, (struct todo){ root.block, 0, root.rows });
	while (rc == GH_OK && s.n != 0) {
		struct todo t = s.v[--s.n];
		rc = indirect_block(h, p, &s, &t);
	}
	if (rc == GH_OK && p->huge_tree != H5_UNDEF) {
		struct {
			struct h5 *h;
			struct h5_heap *p;
		} x = { h, p };
		rc = h5_tree2(h, p->huge_tree, p->id_len > h->so + h->sl ? 3 : 1, p->id_len > h->so + h->sl ? 4 : 2,
			      huge, &x);
	}
	if (rc == GH_OK && root.free_list != H5_UNDEF)
		rc = h5_free_list(h, root.free_list);
	gh_recs_sort(&p->blocks, 0);
	gh_recs_sort(&p->huge, 0);
	return rc;
}

/* The last record whose key is at most `key`. */
static const struct gh_rec *last_at(const struct gh_recs *t, uint64_t key)
{
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (gh_recs_at(t, mid)->a <= key)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? NULL : gh_recs_at(t, lo - 1);
}

static enum gh_rc place(struct h5 *h, const struct h5_heap *p, struct gh_rd *r, unsigned kind, uint64_t *addr,
			uint64_t *len)
{
	if (kind == 0) {
		uint64_t off = gh_rd_le(r, p->off_width);
		*len = gh_rd_le(r, p->len_width);
		const struct gh_rec *b = last_at(&p->blocks, off);
		if (r->bad || b == NULL || off - b->a > b->ref || *len > b->ref - (off - b->a))
			return h5_bad(h, H5_A_PLACE, p->addr, "an object at %llu that no block of its heap holds",
				      (unsigned long long)off);
		*addr = b->b + (off - b->a);
		return GH_OK;
	}
	if (p->id_len > h->so + h->sl) {
		*addr = h5_rd_addr(h, r);
		*len = h5_rd_len(h, r);
		return r->bad ? h5_bad(h, H5_A_STRUCT, p->addr, "the id of an object is cut short") : GH_OK;
	}
	uint64_t id = gh_rd_le(r, gh_rd_left(r) < 8 ? (unsigned)gh_rd_left(r) : 8);
	const struct gh_rec *b = last_at(&p->huge, id);
	if (b == NULL || b->a != id)
		return h5_bad(h, H5_A_PLACE, p->addr, "object %llu is not in its heap", (unsigned long long)id);
	*addr = b->b;
	*len = b->ref;
	return GH_OK;
}

enum gh_rc h5_heap_object(struct h5 *h, const struct h5_heap *p, struct gh_span id, struct gh_span *out, uint64_t *addr)
{
	uint64_t len = 0;
	struct gh_rd r = gh_rd(gh_span_cut(id, 0, p->id_len));
	unsigned first = gh_rd_u8(&r), kind = first >> 4 & 3;
	*addr = 0;
	if (r.bad || first >> 6 != 0 || kind == 3)
		return h5_bad(h, H5_A_STRUCT, p->addr, "an object of an unknown kind (%02x)", first);
	if (kind == 2) {
		len = p->id_len <= 17 ? (first & 15) + 1u : ((first & 15u) << 8 | gh_rd_u8(&r)) + 1u;
		*out = gh_rd_take(&r, len);
		return r.bad ? h5_bad(h, H5_A_COUNT, p->addr, "an object longer than its id") : GH_OK;
	}
	enum gh_rc rc = place(h, p, &r, kind, addr, &len);
	if (rc != GH_OK)
		return rc;
	*out = h5_copy(h, *addr, len, "object of a heap");
	return out->p == NULL ? h5_why(h) : h5_extent(h, *addr, len, GH_CLAIM_STRUCT);
}

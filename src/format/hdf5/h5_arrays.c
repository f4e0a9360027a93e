/* Chunk indices that are arrays (III.A.4 and III.A.5 of the specification's appendix C): fixed, and extensible by blocks that
 * grow. An element is the address of a chunk, with filters its size and what filters were left out. */
#include "format/hdf5/h5.h"

enum { SIZE_LEAST = 1 };

struct array {
	struct h5 *h;
	struct h5_dataset *d;
	uint64_t head; /* address of the header, which every part repeats */
	unsigned client;
	size_t each;
	uint64_t next, most; /* number of the next chunk; how many there may be */
	unsigned off_width;
};

static enum gh_rc elements(struct array *a, uint64_t addr, uint64_t n)
{
	struct h5 *h = a->h;
	struct gh_span w = h5_copy(h, addr, n * a->each, "index of chunks");
	if (w.p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd(w);
	for (uint64_t i = 0; i < n; i++, a->next++) {
		uint64_t at = h5_rd_addr(h, &r), size = a->d->chunk_bytes;
		uint32_t mask = 0;
		if (a->client == 1) {
			size = gh_rd_le(&r, (unsigned)(a->each - h->so - 4));
			mask = gh_rd_u32le(&r);
		}
		if (at == H5_UNDEF)
			continue;
		enum gh_rc rc = h5_chunk(h, a->d, a->next, at, size, mask);
		h->broken = h->broken || rc == GH_E_MALFORMED;
		if (rc != GH_OK && rc != GH_E_MALFORMED)
			return rc;
	}
	return GH_OK;
}

static bool fits(const struct array *a)
{
	size_t so = a->h->so;
	return a->client == 0 ? a->each == so : a->client == 1 && a->each >= so + 4 + SIZE_LEAST && a->each <= so + 12;
}

/* The fixed beginning of every part: signature, version, client, address of the header. */
static enum gh_rc part(struct array *a, uint64_t addr, const char *sign, size_t *len)
{
	struct h5 *h = a->h;
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "index of chunks");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the block at %llu was read before", (unsigned long long)addr);
	*len = 6 + h->so;
	const uint8_t *p = h5_at(h, addr, *len, "index of chunks");
	if (p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd((struct gh_span){ p + 6, h->so });
	if (memcmp(p, sign, 4) != 0 || p[4] != 0 || p[5] != a->client || h5_rd_addr(h, &r) != a->head)
		return h5_bad(h, H5_A_STRUCT, addr, "no %s of this index stands at %llu", sign,
			      (unsigned long long)addr);
	return GH_OK;
}

/* Pages of elements, each with a checksum; those without a bit were never written. */
static enum gh_rc pages(struct array *a, uint64_t addr, uint64_t n, uint64_t page, struct gh_span bits, uint64_t bit)
{
	struct h5 *h = a->h;
	for (uint64_t i = 0; n != 0; i++) {
		uint64_t k = n < page ? n : page, len = k * a->each + 4;
		if (!h5_room(h, addr, len, "index of chunks"))
			return h5_why(h);
		if ((bits.p[(bit + i) / 8] & 0x80 >> (bit + i) % 8) != 0) {
			h5_check_sum(h, addr, len, "index of chunks");
			GH_TRY(h5_extent(h, addr, len, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
			GH_TRY(elements(a, addr, k), h->w->err, "index of chunks");
		} else
			a->next += k;
		addr += len;
		n -= k;
	}
	return GH_OK;
}

/* ---- fixed arrays ------------------------------------------------------------------------------------------------------- */

static enum gh_rc fixed_block(struct array *a, uint64_t addr, unsigned page_bits)
{
	struct h5 *h = a->h;
	size_t len = 0;
	GH_TRY(part(a, addr, "FADB", &len), h->w->err, "index of chunks");
	uint64_t page = (uint64_t)1 << page_bits;
	if (a->most > h->end / a->each)
		return h5_bad(h, H5_A_COUNT, addr, "an index of %llu chunks", (unsigned long long)a->most);
	if (a->most <= page) {
		uint64_t all = len + a->most * a->each + 4;
		if (!h5_room(h, addr, all, "index of chunks"))
			return h5_why(h);
		h5_check_sum(h, addr, all, "index of chunks");
		GH_TRY(h5_extent(h, addr, all, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
		return elements(a, addr + len, a->most);
	}
	uint64_t npages = (a->most + page - 1) / page, nbits = (npages + 7) / 8;
	struct gh_span w = h5_copy(h, addr, len + nbits + 4, "index of chunks");
	if (w.p == NULL)
		return h5_why(h);
	h5_sum_of(h, w, addr, "index of chunks");
	GH_TRY(h5_extent(h, addr, w.n, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	return pages(a, addr + w.n, a->most, page, gh_span_cut(w, len, nbits), 0);
}

enum gh_rc h5_index_fixed(struct h5 *h, struct h5_dataset *d)
{
	struct array a = { .h = h, .d = d, .head = d->layout.addr };
	size_t len = 8 + (size_t)h->sl + h->so + 4;
	bool fresh;
	GH_TRY(h5_visit(h, a.head, &fresh), h->w->err, "index of chunks");
	const uint8_t *p = fresh ? h5_at(h, a.head, len, "index of chunks") : NULL;
	if (p == NULL)
		return fresh ? h5_why(h) : h5_bad(h, H5_A_TWICE, a.head, "an index of two datasets");
	if (memcmp(p, "FAHD", 4) != 0 || p[4] != 0)
		return h5_bad(h, H5_A_STRUCT, a.head, "no fixed array stands at %llu", (unsigned long long)a.head);
	h5_sum_of(h, (struct gh_span){ p, len }, a.head, "index of chunks");
	struct gh_rd r = gh_rd((struct gh_span){ p + 5, len - 5 });
	a.client = gh_rd_u8(&r);
	a.each = gh_rd_u8(&r);
	unsigned page_bits = gh_rd_u8(&r);
	a.most = h5_rd_len(h, &r);
	uint64_t block = h5_rd_addr(h, &r);
	if (!fits(&a) || page_bits > 40)
		return h5_bad(h, H5_A_COUNT, a.head, "an index of elements of %zu bytes", a.each);
	GH_TRY(h5_extent(h, a.head, len, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	return block == H5_UNDEF ? GH_OK : fixed_block(&a, block, page_bits);
}

/* ---- extensible arrays: elements in the index block, then data blocks named there, then those named by super blocks ------- */

struct growth {
	unsigned max_bits, inline_n, least, ptrs, page_bits;
	unsigned nsuper; /* super blocks in all; the first ones have no block of their own */
};

static uint64_t super_blocks(unsigned u) { return (uint64_t)1 << u / 2; }
static uint64_t super_elements(const struct growth *g, unsigned u) { return ((uint64_t)1 << (u + 1) / 2) * g->least; }

/* One data block. paged: the bits of its pages. */
static enum gh_rc data_block(struct array *a, const struct growth *g, uint64_t addr, uint64_t n, struct gh_span bits,
			     uint64_t bit)
{
	struct h5 *h = a->h;
	size_t len = 0;
	uint64_t page = (uint64_t)1 << g->page_bits;
	if (addr == H5_UNDEF) {
		a->next += n;
		return GH_OK;
	}
	GH_TRY(part(a, addr, "EADB", &len), h->w->err, "index of chunks");
	len += a->off_width;
	if (n > h->end / a->each)
		return h5_bad(h, H5_A_COUNT, addr, "a block of %llu chunks", (unsigned long long)n);
	bool paged = n > page && bits.n != 0;
	uint64_t all = len + (paged ? 0 : n * a->each) + 4;
	if (!h5_room(h, addr, all, "index of chunks"))
		return h5_why(h);
	h5_check_sum(h, addr, all, "index of chunks");
	GH_TRY(h5_extent(h, addr, all, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	return paged ? pages(a, addr + all, n, page, bits, bit) : elements(a, addr + len, n);
}

static enum gh_rc super_block(struct array *a, const struct growth *g, uint64_t addr, unsigned u)
{
	struct h5 *h = a->h;
	uint64_t n = super_blocks(u), each = super_elements(g, u), page = (uint64_t)1 << g->page_bits;
	size_t len = 0;
	if (addr == H5_UNDEF) {
		a->next += n * each;
		return GH_OK;
	}
	GH_TRY(part(a, addr, "EASB", &len), h->w->err, "index of chunks");
	len += a->off_width;
	uint64_t per_block = each > page ? (each / page + 7) / 8 : 0;
	if (n > h->end / h->so || per_block > h->end / n)
		return h5_bad(h, H5_A_COUNT, addr, "a block of %llu blocks", (unsigned long long)n);
	struct gh_span w = h5_copy(h, addr, len + n * per_block + n * h->so + 4, "index of chunks");
	if (w.p == NULL)
		return h5_why(h);
	h5_sum_of(h, w, addr, "index of chunks");
	GH_TRY(h5_extent(h, addr, w.n, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	struct gh_span bits = gh_span_cut(w, len, n * per_block);
	struct gh_rd r = gh_rd(gh_span_cut(w, len + n * per_block, n * h->so));
	for (uint64_t i = 0; i < n; i++) {
		enum gh_rc rc = data_block(a, g, h5_rd_addr(h, &r), each, bits, i * per_block * 8);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc index_block(struct array *a, const struct growth *g, uint64_t addr)
{
	struct h5 *h = a->h;
	size_t len = 0;
	unsigned first = 2 * gh_hdf5_log2(g->ptrs);
	uint64_t blocks = 2 * ((uint64_t)g->ptrs - 1), supers = g->nsuper > first ? g->nsuper - first : 0;
	GH_TRY(part(a, addr, "EAIB", &len), h->w->err, "index of chunks");
	uint64_t inl = (uint64_t)g->inline_n * a->each, all = len + inl + (blocks + supers) * h->so + 4;
	struct gh_span w = h5_copy(h, addr, all, "index of chunks");
	if (w.p == NULL)
		return h5_why(h);
	h5_sum_of(h, w, addr, "index of chunks");
	GH_TRY(h5_extent(h, addr, all, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	GH_TRY(elements(a, addr + len, g->inline_n), h->w->err, "index of chunks");
	struct gh_rd r = gh_rd(gh_span_cut(w, len + inl, (blocks + supers) * h->so));
	struct gh_span none = { 0 };
	enum gh_rc rc = GH_OK;
	uint64_t left = blocks;
	for (unsigned u = 0; u < first && left != 0 && rc == GH_OK; u++)
		for (uint64_t i = 0; i < super_blocks(u) && left != 0 && rc == GH_OK; i++, left--)
			rc = data_block(a, g, h5_rd_addr(h, &r), super_elements(g, u), none, 0);
	for (unsigned u = first; u < g->nsuper && rc == GH_OK; u++)
		rc = super_block(a, g, h5_rd_addr(h, &r), u);
	return rc;
}

enum gh_rc h5_index_extensible(struct h5 *h, struct h5_dataset *d)
{
	struct array a = { .h = h, .d = d, .head = d->layout.addr };
	struct growth g = { 0 };
	size_t len = 12 + 6 * (size_t)h->sl + h->so + 4;
	bool fresh;
	GH_TRY(h5_visit(h, a.head, &fresh), h->w->err, "index of chunks");
	const uint8_t *p = fresh ? h5_at(h, a.head, len, "index of chunks") : NULL;
	if (p == NULL)
		return fresh ? h5_why(h) : h5_bad(h, H5_A_TWICE, a.head, "an index of two datasets");
	if (memcmp(p, "EAHD", 4) != 0 || p[4] != 0)
		return h5_bad(h, H5_A_STRUCT, a.head, "no extensible array stands at %llu", (unsigned long long)a.head);
	h5_sum_of(h, (struct gh_span){ p, len }, a.head, "index of chunks");
	struct gh_rd r = gh_rd((struct gh_span){ p + 5, len - 5 });
	a.client = gh_rd_u8(&r);
	a.each = gh_rd_u8(&r);
	g.max_bits = gh_rd_u8(&r);
	g.inline_n = gh_rd_u8(&r);
	g.least = gh_rd_u8(&r);
	g.ptrs = gh_rd_u8(&r);
	g.page_bits = gh_rd_u8(&r);
	(void)gh_rd_take(&r, 6 * (size_t)h->sl);
	uint64_t block = h5_rd_addr(h, &r);
	bool powers = g.least != 0 && (g.least & (g.least - 1)) == 0 && g.ptrs != 0 && (g.ptrs & (g.ptrs - 1)) == 0;
	if (!fits(&a) || !powers || g.max_bits == 0 || g.max_bits > 62 || g.page_bits > 40 ||
	    gh_hdf5_log2(g.least) > g.max_bits)
		return h5_bad(h, H5_A_COUNT, a.head, "an extensible array of elements of %zu bytes", a.each);
	g.nsuper = 1 + g.max_bits - gh_hdf5_log2(g.least);
	a.off_width = (g.max_bits + 7) / 8;
	GH_TRY(h5_extent(h, a.head, len, GH_CLAIM_STRUCT), h->w->err, "index of chunks");
	return block == H5_UNDEF ? GH_OK : index_block(&a, &g, block);
}

/* Chunk files (gitformat-chunk(5)): a header, a table of where each chunk starts, the chunks in the order of the table, a
 * checksum. The last row of the table has the id 0 and the end of the last chunk. */
#include "format/git/idx.h"

enum { CHUNKS = 32, ROW = 12, FAN = 1024, NAMES_MAX = 1 << 20 };

struct chunk {
	uint32_t id;
	uint64_t off, len;
};
struct chunks {
	unsigned n;
	struct chunk v[CHUNKS];
};

#define ID(s) ((uint32_t)(s)[0] << 24 | (uint32_t)(s)[1] << 16 | (uint32_t)(s)[2] << 8 | (uint32_t)(s)[3])

static enum gh_rc table(struct git *g, uint64_t at, unsigned n, struct chunks *c)
{
	uint64_t size = g->w->src->size, len = ((uint64_t)n + 1) * ROW;
	c->n = n;
	if (n == 0 || n > CHUNKS || at + len + g->hash > size)
		return gh_git_broken(g, at, "a table of chunks that does not fit");
	struct gh_rd r = gh_rd(gh_src_window(g->w->src, at, (size_t)len));
	uint64_t want = at + len;
	for (unsigned i = 0; i <= n; i++) {
		uint32_t id = gh_rd_u32be(&r);
		uint64_t off = gh_rd_u64be(&r);
		bool ends = i == n && (id != 0 || off != size - g->hash);
		if (r.bad || off < want || off > size - g->hash || (i == 0 && off != want) || ends)
			return gh_git_broken(g, at + (uint64_t)i * ROW, "chunks out of order");
		if (i != 0)
			c->v[i - 1].len = off - want;
		if (i < n)
			c->v[i] = (struct chunk){ id, off, 0 };
		for (unsigned k = 0; k < i && i < n; k++)
			if (c->v[k].id == id)
				gh_git_say(g, GIT_A_TABLE, at + (uint64_t)i * ROW, ROW, "two chunks of one kind");
		want = off;
	}
	gh_claim(g->w, 0, at + len, GH_CLAIM_STRUCT);
	gh_claim(g->w, size - g->hash, g->hash, GH_CLAIM_STRUCT);
	return GH_OK;
}

static const struct chunk *chunk(const struct chunks *c, const char *id)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->v[i].id == ID(id))
			return &c->v[i];
	return NULL;
}

/* What a chunk must be like: `each` bytes per object (0: checked elsewhere, or free), a whole number of them. */
struct shape {
	const char *id;
	unsigned each, hashes; /* bytes, and names, per object */
	enum { PER_OBJECT, MULTIPLE, OPEN, NAMES } length;
	enum gh_claim claim;
};

static const struct shape *shape_of(const struct shape *s, uint32_t id)
{
	for (; s->id != NULL; s++)
		if (ID(s->id) == id)
			return s;
	return NULL;
}

/* Names of packs, each ended by a zero byte, at the end up to three more for alignment. */
static bool pack_names(struct git *g, const struct chunk *c, uint32_t packs)
{
	struct gh_span s = gh_src_window(g->w->src, c->off, c->len < NAMES_MAX ? (size_t)c->len : NAMES_MAX);
	struct gh_rd r = gh_rd(s);
	for (uint32_t i = 0; i < packs; i++) {
		struct gh_span left = gh_span_cut(s, r.off, s.n);
		const uint8_t *nul = left.n == 0 ? NULL : memchr(left.p, 0, left.n);
		if (nul == NULL)
			return false;
		struct gh_span name = gh_rd_take(&r, (uint64_t)(nul - left.p));
		(void)gh_rd_u8(&r);
		if (!gh_span_starts(name, "pack-") || memchr(name.p, '/', name.n) != NULL)
			gh_git_say(g, GIT_A_NAME, c->off, c->len, "a pack called \"%s\"", gh_safe(name).s);
	}
	if (s.n != c->len || s.n - r.off > 3)
		return false;
	while (r.off < s.n)
		if (gh_rd_u8(&r) != 0)
			return false;
	return true;
}

static enum gh_rc body(struct git *g, const struct chunks *c, const struct shape *shapes, uint32_t packs)
{
	uint32_t fan[256];
	const struct chunk *f = chunk(c, "OIDF"), *l = chunk(c, "OIDL");
	if (f == NULL || l == NULL || f->len != FAN || !gh_git_fanout(g, f->off, fan) ||
	    l->len != (uint64_t)fan[255] * g->hash || !gh_git_names(g, l->off, fan[255], fan, "objects"))
		return gh_git_broken(g, f == NULL ? 0 : f->off, "no proper list of objects");
	for (unsigned i = 0; i < c->n; i++) {
		const struct shape *s = shape_of(shapes, c->v[i].id);
		uint64_t each = s == NULL ? 1 : s->each + (uint64_t)s->hashes * g->hash;
		bool ok = s == NULL || s->length == OPEN ||
			  (s->length == PER_OBJECT && c->v[i].len == each * fan[255]) ||
			  (s->length == MULTIPLE && c->v[i].len % each == 0) ||
			  (s->length == NAMES && pack_names(g, &c->v[i], packs));
		if (!ok)
			return gh_git_broken(g, c->v[i].off, "a chunk of another length than the objects need");
		/* Chunks that are not known are passed over by git too: whatever is in there is looked at. */
		gh_claim(g->w, c->v[i].off, c->v[i].len, s == NULL ? GH_CLAIM_FREE : s->claim);
	}
	return GH_OK;
}

enum gh_rc gh_git_midx(struct git *g)
{
	static const struct shape shapes[] = {
		{ "PNAM", 0, 0, NAMES, GH_CLAIM_STRUCT },      { "OIDF", 0, 0, OPEN, GH_CLAIM_STRUCT },
		{ "OIDL", 0, 1, PER_OBJECT, GH_CLAIM_STRUCT }, { "OOFF", 8, 0, PER_OBJECT, GH_CLAIM_DATA },
		{ "LOFF", 8, 0, MULTIPLE, GH_CLAIM_DATA },     { "RIDX", 4, 0, PER_OBJECT, GH_CLAIM_DATA },
		{ "BTMP", 8, 0, MULTIPLE, GH_CLAIM_DATA },     { NULL, 0, 0, OPEN, GH_CLAIM_DATA },
	};
	struct chunks c;
	struct gh_span h = gh_src_window(g->w->src, 0, 12);
	if (h.n < 12 || h.p[5] < 1 || h.p[5] > 2)
		return gh_git_broken(g, 0, "a header that git does not write");
	g->hash = h.p[5] == 1 ? GIT_SHA1 : GIT_SHA256;
	unsigned n = h.p[6];
	uint32_t packs = gh_be32(h.p + 8);
	enum gh_rc rc = table(g, 12, n, &c);
	return rc != GH_OK ? rc : body(g, &c, shapes, packs);
}

enum gh_rc gh_git_graph(struct git *g)
{
	static const struct shape shapes[] = {
		{ "OIDF", 0, 0, OPEN, GH_CLAIM_STRUCT },      { "OIDL", 0, 1, PER_OBJECT, GH_CLAIM_STRUCT },
		{ "CDAT", 16, 1, PER_OBJECT, GH_CLAIM_DATA }, { "GDAT", 4, 0, PER_OBJECT, GH_CLAIM_DATA },
		{ "GDA2", 4, 0, PER_OBJECT, GH_CLAIM_DATA },  { "GDO2", 8, 0, MULTIPLE, GH_CLAIM_DATA },
		{ "GDOV", 8, 0, MULTIPLE, GH_CLAIM_DATA },    { "EDGE", 4, 0, MULTIPLE, GH_CLAIM_DATA },
		{ "BIDX", 4, 0, PER_OBJECT, GH_CLAIM_DATA },  { "BDAT", 0, 0, OPEN, GH_CLAIM_FREE },
		{ "BASE", 0, 1, MULTIPLE, GH_CLAIM_DATA },    { NULL, 0, 0, OPEN, GH_CLAIM_DATA },
	};
	struct chunks c;
	struct gh_span h = gh_src_window(g->w->src, 0, 8);
	if (h.n < 8 || h.p[5] < 1 || h.p[5] > 2)
		return gh_git_broken(g, 0, "a header that git does not write");
	g->hash = h.p[5] == 1 ? GIT_SHA1 : GIT_SHA256;
	unsigned n = h.p[6];
	enum gh_rc rc = table(g, 8, n, &c);
	return rc != GH_OK ? rc : body(g, &c, shapes, 0);
}

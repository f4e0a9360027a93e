/* The tables beside packs (gitformat-pack(5)): .idx in its versions 1 and 2, .rev, .mtimes, bitmaps (gitformat-bitmap), and
 * the two chunk files, multi-pack-index and commit-graph (chunks.c). They hold nothing but names of objects and numbers. */
#include "format/formats.h"
#include "format/git/idx.h"
#include "wire/sha1.h"

enum { FAN = 1024, V2_HEAD = 8, REV_HEAD = 12 };

/* Version 1 has no magic: running totals, then 24 bytes for each of the objects, and two checksums. */
static bool version1(struct gh_span h, uint64_t size)
{
	uint32_t last = 0;
	if (h.n < FAN || size < FAN + 2 * GIT_SHA1)
		return false;
	for (unsigned i = 0; i < 256; i++) {
		uint32_t n = gh_be32(h.p + (size_t)4 * i);
		if (n < last)
			return false;
		last = n;
	}
	return last != 0 && size == FAN + (uint64_t)last * (4 + GIT_SHA1) + (uint64_t)2 * GIT_SHA1;
}

static enum gh_rc rev(struct git *g);
static enum gh_rc idx2(struct git *g);

/* How each kind starts. */
static const struct kind {
	const char *magic;
	uint16_t min, max; /* versions, in `bytes` bytes */
	uint8_t bytes;
	enum gh_rc (*walk)(struct git *g);
} kinds[] = {
	{ "\377tOc", 2, 2, 4, idx2 },	  { "RIDX", 1, 1, 4, rev },	     { "MTME", 1, 1, 4, rev },
	{ "MIDX", 1, 2, 1, gh_git_midx }, { "CGPH", 1, 1, 1, gh_git_graph }, { "BITM", 1, 1, 2, gh_git_bitmap },
};

static const struct kind *kind_of(struct gh_span h)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct gh_rd r = gh_rd(gh_span_cut(h, 4, 4));
		uint64_t v = gh_rd_be(&r, kinds[i].bytes);
		if (h.n >= 8 && memcmp(h.p, kinds[i].magic, 4) == 0 && v >= kinds[i].min && v <= kinds[i].max)
			return &kinds[i];
	}
	return NULL;
}

static enum gh_match probe(const struct gh_probe *p)
{
	return p->size >= REV_HEAD + 2 * GIT_SHA1 && (kind_of(p->head) != NULL || version1(p->head, p->size))
		       ? GH_STRONG
		       : GH_NO;
}

enum gh_rc gh_git_broken(struct git *g, uint64_t off, const char *what)
{
	uint64_t size = g->w->src->size;
	if (g->w->src->fail != GH_OK)
		return gh_fail(g->w->err, g->w->src->fail, "%s", what);
	off = off < size ? off : size;
	gh_git_say(g, GIT_A_BROKEN, off, size - off, "%s", what);
	return gh_fail(g->w->err, GH_E_MALFORMED, "%s", what);
}

static enum gh_rc idx1(struct git *g)
{
	uint32_t fan[256];
	struct gh_walk *w = g->w;
	g->hash = GIT_SHA1;
	if (!gh_git_fanout(g, 0, fan))
		return gh_git_broken(g, 0, "an index without running totals");
	uint32_t n = fan[255];
	struct gh_cur c = gh_cur(w->src, FAN);
	uint8_t last[GIT_SHA1] = { 0 };
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = gh_cur_take(&c, 4 + GIT_SHA1);
		if (p == NULL)
			return gh_git_broken(g, FAN, "an index that is cut");
		p += 4;
		if ((i != 0 && memcmp(last, p, GIT_SHA1) >= 0) || i >= fan[p[0]] || (p[0] != 0 && i < fan[p[0] - 1]))
			return gh_git_broken(g, gh_cur_off(&c) - GIT_SHA1, "names out of order");
		memcpy(last, p, GIT_SHA1);
	}
	gh_claim(w, 0, w->src->size, GH_CLAIM_STRUCT);
	return GH_OK;
}

/* How many of the offsets are places in the table of large ones; that table's size and the file's say how long a name is. */
static bool offsets(struct git *g, uint64_t off, uint32_t n, uint64_t *large)
{
	struct gh_cur c = gh_cur(g->w->src, off);
	uint64_t many = 0, most = 0;
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = gh_cur_take(&c, 4);
		uint32_t v = p == NULL ? 0 : gh_be32(p);
		if (p == NULL)
			return false;
		if (v >> 31 == 0)
			continue;
		many++;
		most = (v & 0x7fffffffu) > most ? v & 0x7fffffffu : most;
	}
	*large = many;
	return many == 0 || most < many;
}

static enum gh_rc idx2(struct git *g)
{
	static const unsigned hashes[] = { GIT_SHA1, GIT_SHA256 };
	uint32_t fan[256];
	struct gh_walk *w = g->w;
	uint64_t size = w->src->size, large = 0, end = 0;
	if (!gh_git_fanout(g, V2_HEAD, fan))
		return gh_git_broken(g, V2_HEAD, "an index without running totals");
	uint64_t n = fan[255], names = V2_HEAD + FAN;
	for (unsigned k = 0; k < 2 && end != size; k++) {
		g->hash = hashes[k];
		uint64_t at = names + n * (g->hash + 4);
		if (at + n * 4 > size || !offsets(g, at, fan[255], &large))
			continue;
		end = at + n * 4 + large * 8 + (uint64_t)2 * g->hash;
	}
	if (end != size)
		return gh_git_broken(g, V2_HEAD, "an index of another length than its totals say");
	gh_claim(w, 0, names, GH_CLAIM_STRUCT);
	if (!gh_git_names(g, names, fan[255], fan, "objects"))
		return gh_git_broken(g, names, "an index that is cut");
	gh_claim(w, names, n * g->hash, GH_CLAIM_STRUCT);
	gh_claim(w, names + n * g->hash, n * 4, GH_CLAIM_DATA);
	gh_claim(w, names + n * (g->hash + 4), size - names - n * (g->hash + 4), GH_CLAIM_STRUCT);
	return GH_OK;
}

/* Is the checksum at the end that of all before it? Only asked where nothing else says how long a table is, and only of
 * SHA-1. */
static bool sum_fits(struct git *g)
{
	enum { STEP = 64 << 10 };
	struct gh_src *src = g->w->src;
	struct gh_sha1 s = gh_sha1();
	uint8_t sum[GH_SHA1_BYTES];
	for (uint64_t off = 0, end = src->size - GIT_SHA1; off < end;) {
		struct gh_span w = gh_src_window(src, off, end - off < STEP ? (size_t)(end - off) : STEP);
		if (w.n == 0)
			return false;
		gh_sha1_put(&s, w);
		off += w.n;
	}
	gh_sha1_end(&s, sum);
	return gh_span_eq(gh_src_window(src, src->size - GIT_SHA1, GIT_SHA1), (struct gh_span){ sum, sizeof sum });
}

/* Magic, version, which hash, a number for each object, two checksums. In .rev the numbers are places, in .mtimes times. */
static enum gh_rc rev(struct git *g)
{
	struct gh_walk *w = g->w;
	struct gh_span h = gh_src_window(w->src, 0, REV_HEAD);
	uint32_t id = h.n == REV_HEAD ? gh_be32(h.p + 8) : 0;
	bool order = gh_span_starts(h, "RIDX");
	g->hash = id == 1 ? GIT_SHA1 : GIT_SHA256;
	uint64_t size = w->src->size, fixed = REV_HEAD + (uint64_t)2 * g->hash;
	if (id < 1 || id > 2 || size < fixed || (size - fixed) % 4 != 0 || (size - fixed) / 4 > UINT32_MAX)
		return gh_git_broken(g, 0, "a table of another length than a number for each object");
	uint32_t n = (uint32_t)((size - fixed) / 4);
	if (order) {
		enum gh_rc rc = gh_git_order(g, REV_HEAD, n, "reverse index");
		if (rc != GH_OK)
			return rc;
	}
	if (!order && g->hash == GIT_SHA1 && !sum_fits(g))
		return gh_git_broken(g, 0, "a checksum of other content");
	gh_claim(w, 0, REV_HEAD, GH_CLAIM_STRUCT);
	gh_claim(w, REV_HEAD, (uint64_t)n * 4, order ? GH_CLAIM_STRUCT : GH_CLAIM_FREE);
	gh_claim(w, REV_HEAD + (uint64_t)n * 4, (uint64_t)2 * g->hash, GH_CLAIM_STRUCT);
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct git g;
	if (!gh_git_open(&g, w, 0))
		return gh_fail(w->err, GH_E_LIMIT, "no room for a buffer");
	struct gh_span h = gh_src_window(w->src, 0, FAN);
	const struct kind *k = kind_of(h);
	if (k != NULL)
		return k->walk(&g);
	return version1(h, w->src->size) ? idx1(&g) : gh_git_broken(&g, 0, "no table of git");
}

const struct gh_fmt gh_fmt_git_pack_index = {
	.name = "git-pack-index",
	.about = "tables beside packs of git: .idx, .rev, .mtimes, multi-pack-index, commit-graph, bitmaps",
	.exts = "idx rev mtimes graph bitmap",
	.probe = probe,
	.walk = walk,
	.rules = gh_git_rules,
};

/* Bitmaps of which objects a commit reaches (gitformat-bitmap): four of the whole pack, then one for each of some commits,
 * all in EWAH coding (runs and literal words); hashes of names and a table of the commits may follow. */
#include "format/git/idx.h"

enum { HEAD = 12, KINDS = 4, F_NAMES = 4, F_TABLE = 16, F_PSEUDO = 32, TABLE_ROW = 16 };

/* uint32 bits, uint32 words, the words (8 bytes each), uint32 place of the last run. The length of what the words stand
 * for must be what is said: runs and literals are counted. *most: the most bits of any. */
static bool ewah(struct gh_cur *c, uint64_t *most)
{
	const uint8_t *p = gh_cur_take(c, 8);
	if (p == NULL)
		return false;
	uint64_t bits = gh_be32(p), words = gh_be32(p + 4), made = 0;
	*most = bits > *most ? bits : *most;
	if (words * 8 > gh_cur_left(c))
		return false;
	for (uint64_t i = 0; i < words;) {
		p = gh_cur_take(c, 8);
		if (p == NULL)
			return false;
		uint64_t rlw = (uint64_t)gh_be32(p) << 32 | gh_be32(p + 4);
		uint64_t run = rlw >> 1 & 0xffffffffu, lit = rlw >> 33;
		if (lit > words - i - 1)
			return false;
		gh_cur_skip(c, lit * 8);
		made += run + lit;
		i += 1 + lit;
	}
	p = gh_cur_take(c, 4);
	return p != NULL && (words == 0 || gh_be32(p) < words) && made <= bits / 64 + 1;
}

enum gh_rc gh_git_bitmap(struct git *g)
{
	static const unsigned hashes[] = { GIT_SHA1, GIT_SHA256 };
	struct gh_walk *w = g->w;
	struct gh_span h = gh_src_window(w->src, 0, HEAD);
	if (h.n < HEAD)
		return gh_git_broken(g, 0, "a bitmap without a header");
	unsigned flags = (unsigned)h.p[6] << 8 | h.p[7];
	uint32_t n = gh_be32(h.p + 8);
	uint64_t size = w->src->size, end = 0;
	for (unsigned k = 0; k < 2; k++) {
		g->hash = hashes[k];
		struct gh_cur c = gh_cur(w->src, HEAD + (uint64_t)g->hash);
		bool ok = true;
		uint64_t objects = 0,
			 ignored = 0; /* every object is of one of four kinds: the last has the highest bit */
		for (unsigned i = 0; i < KINDS && ok; i++)
			ok = ewah(&c, &objects);
		for (uint32_t i = 0; i < n && ok; i++)
			ok = gh_cur_take(&c, 6) != NULL && ewah(&c, &ignored);
		end = gh_cur_off(&c);
		uint64_t rest = ok && !c.bad && size - end >= g->hash ? size - end - g->hash : UINT64_MAX;
		uint64_t rows = (flags & F_TABLE) != 0 ? (uint64_t)n * TABLE_ROW : 0;
		uint64_t sums = (flags & F_NAMES) != 0 ? objects * 4 : 0;
		bool fits = rest != UINT64_MAX && rest >= rows + sums &&
			    ((flags & F_PSEUDO) != 0 ? (rest - rows - sums) % 4 == 0 : rest == rows + sums);
		if (!fits)
			continue;
		gh_claim(w, 0, end, GH_CLAIM_STRUCT);
		gh_claim(w, end, rest, GH_CLAIM_FREE); /* numbers without a check of their own */
		gh_claim(w, size - g->hash, g->hash, GH_CLAIM_STRUCT);
		return GH_OK;
	}
	return gh_git_broken(g, HEAD, "bitmaps that do not fit");
}

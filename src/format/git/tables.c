#include "format/git/git.h"

bool gh_git_fanout(struct git *g, uint64_t off, uint32_t fan[256])
{
	struct gh_span s = gh_src_window(g->w->src, off, 1024);
	for (unsigned i = 0; i < 256; i++) {
		fan[i] = s.n == 1024 ? gh_be32(s.p + (size_t)4 * i) : 0;
		if (s.n != 1024 || (i != 0 && fan[i] < fan[i - 1])) {
			gh_git_say(g, GIT_A_BROKEN, off, 1024, "the running totals fall at %u", i);
			return false;
		}
	}
	return true;
}

bool gh_git_names(struct git *g, uint64_t off, uint32_t n, const uint32_t fan[256], const char *what)
{
	struct gh_cur c = gh_cur(g->w->src, off);
	uint8_t last[GIT_SHA256] = { 0 };
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = gh_cur_take(&c, g->hash);
		if (p == NULL)
			return false;
		bool order = i == 0 || memcmp(last, p, g->hash) < 0;
		bool place = i < fan[p[0]] && (p[0] == 0 || i >= fan[p[0] - 1]);
		if (!order || !place) {
			gh_git_say(g, GIT_A_TABLE, gh_cur_off(&c) - g->hash, g->hash, "%s: name %u of %u is %s", what,
				   i, n, order ? "not where the totals say" : "out of order");
			return true;
		}
		memcpy(last, p, g->hash);
	}
	return true;
}

enum gh_rc gh_git_order(struct git *g, uint64_t off, uint32_t n, const char *what)
{
	uint8_t *seen = gh_alloc(g->w->arena, (size_t)n / 8 + 1, 1);
	struct gh_cur c = gh_cur(g->w->src, off);
	if (seen == NULL)
		return gh_fail(g->w->err, GH_E_LIMIT, "%u objects", n);
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = gh_cur_take(&c, 4);
		if (p == NULL)
			return gh_fail(g->w->err, g->w->src->fail != GH_OK ? g->w->src->fail : GH_E_MALFORMED, "%s",
				       what);
		uint32_t v = gh_be32(p);
		if (v >= n || (seen[v / 8] & 1u << v % 8) != 0) {
			gh_git_say(g, GIT_A_TABLE, gh_cur_off(&c) - 4, 4, "%s: place %u of %u is %u", what, i, n, v);
			return gh_fail(g->w->err, GH_E_MALFORMED, "%s", what);
		}
		seen[v / 8] |= (uint8_t)(1u << v % 8);
	}
	return GH_OK;
}

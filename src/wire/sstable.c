#include "wire/sstable.h"

static const uint8_t magic[8] = { 0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb };

static bool varint(struct gh_rd *r, unsigned most, uint64_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < most; i++) {
		uint8_t b = gh_rd_u8(r);
		if (i == 9 && b > 1)
			return false;
		*v |= (uint64_t)(b & 0x7f) << 7 * i;
		if (b < 0x80)
			return !r->bad;
	}
	return false;
}

bool gh_sst_handle(struct gh_rd *r, struct gh_sst_handle *h)
{
	return varint(r, 10, &h->off) && varint(r, 10, &h->len);
}

bool gh_sst_footer(struct gh_span foot, struct gh_sst_handle *metaindex, struct gh_sst_handle *index, bool *loose)
{
	struct gh_rd r = gh_rd(gh_span_cut(foot, 0, GH_SST_FOOTER - sizeof magic));
	*loose = false;
	if (foot.n != GH_SST_FOOTER || memcmp(foot.p + GH_SST_FOOTER - sizeof magic, magic, sizeof magic) != 0 ||
	    !gh_sst_handle(&r, metaindex) || !gh_sst_handle(&r, index))
		return false;
	for (struct gh_span rest = gh_rd_take(&r, gh_rd_left(&r)); rest.n > 0; rest = gh_span_cut(rest, 1, rest.n))
		*loose = *loose || rest.p[0] != 0;
	return true;
}

static bool bad(struct gh_sst *b, const char *why)
{
	b->why = why;
	return false;
}

static bool u32_at(struct gh_sst *b, uint64_t off, uint32_t *v)
{
	struct gh_span s = b->at(b->ctx, off, 4);
	if (s.n == 4)
		*v = gh_le32(s.p);
	return s.n == 4;
}

bool gh_sst_open(struct gh_sst *b, uint64_t off, uint64_t len)
{
	uint32_t n;
	b->why = NULL;
	b->unsorted = b->any = false;
	b->key_n = 0;
	b->next = 0;
	if (len < 8 || !u32_at(b, off + len - 4, &n))
		return bad(b, "a block too short for its restart points");
	if (n == 0 || n > (len - 4) / 4)
		return bad(b, "a block with an impossible number of restart points");
	b->n = n;
	b->off = b->entry = b->base = off;
	b->restarts = b->limit = off + len - 4 - 4 * (uint64_t)n;
	return true;
}

/* Restart point `next` is that of the entry that begins here. */
static bool restart(struct gh_sst *b, uint64_t start, bool *here)
{
	uint32_t v;
	*here = false;
	if (b->next == b->n)
		return true;
	if (!u32_at(b, b->restarts + 4 * b->next, &v))
		return bad(b, "the block cannot be read");
	*here = v == start;
	b->next += *here;
	return v >= start || bad(b, "a restart point that is no entry");
}

enum gh_sst_got gh_sst_next(struct gh_sst *b)
{
	uint64_t shared, rest, len;
	bool here;
	if (b->why != NULL)
		return GH_SST_BAD;
	uint64_t start = b->off;
	if (b->off == b->limit) {
		/* An empty block has one restart point, at its start. */
		bool all = b->next == b->n || (!b->any && b->n == 1);
		return all || bad(b, "restart points that are no entries") ? GH_SST_END : GH_SST_BAD;
	}
	struct gh_span head = b->at(b->ctx, start, b->limit - start < 32 ? (size_t)(b->limit - start) : 32);
	struct gh_rd r = gh_rd(head);
	if (!varint(&r, 5, &shared) || !varint(&r, 5, &rest) || !varint(&r, 5, &len)) {
		(void)bad(b, "an entry whose lengths cannot be read");
		return GH_SST_BAD;
	}
	uint64_t at = start + r.off, left = b->limit - at;
	if (shared > b->key_n || rest > left || len > left - rest || shared + rest > GH_SST_KEY) {
		(void)bad(b, "an entry that reaches out of its block");
		return GH_SST_BAD;
	}
	struct gh_span tail = b->at(b->ctx, at, (size_t)rest);
	if (tail.n != rest) {
		(void)bad(b, "the block cannot be read");
		return GH_SST_BAD;
	}
	/* Above the key before? What is shared is equal, so the rest decides. */
	struct gh_span old = { b->key + shared, b->key_n - (size_t)shared };
	size_t both = old.n < tail.n ? old.n : tail.n;
	int c = both == 0 ? 0 : memcmp(tail.p, old.p, both);
	if (b->any && (c < 0 || (c == 0 && tail.n <= old.n)))
		b->unsorted = true;
	if (tail.n != 0)
		memcpy(b->key + shared, tail.p, tail.n);
	b->key_n = (size_t)(shared + rest);
	if (!restart(b, start - b->base, &here))
		return GH_SST_BAD;
	if ((here || !b->any) && shared != 0) {
		(void)bad(b, "a restart point that shares bytes with the entry before");
		return GH_SST_BAD;
	}
	b->any = true;
	b->entry = start;
	b->value_off = at + rest;
	b->value_len = len;
	b->off = b->value_off + len;
	return GH_SST_ENTRY;
}

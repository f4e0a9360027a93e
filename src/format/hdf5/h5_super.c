/* The superblock (II.A), versions 0 to 3, and the driver information block. */
#include "format/hdf5/h5.h"

static const uint8_t signature[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };

uint64_t h5_find(struct gh_span head, uint64_t size)
{
	for (uint64_t at = 0; at + sizeof signature <= head.n && at < size; at = at == 0 ? 512 : 2 * at)
		if (memcmp(head.p + at, signature, sizeof signature) == 0)
			return at;
	return UINT64_MAX;
}

static bool widths(struct h5 *h, unsigned so, unsigned sl)
{
	h->so = so;
	h->sl = sl;
	return (so == 2 || so == 4 || so == 8) && (sl == 2 || sl == 4 || sl == 8);
}

/* End of the file's space, given as counted from the start of the file when the superblock stood where it says. The library
 * takes the place where it found the superblock as the base, whatever is stored. */
static enum gh_rc set_end(struct h5 *h, uint64_t base, uint64_t eof)
{
	uint64_t size = h->w->src->size - h->base;
	if (eof < base) {
		h->end = size;
		return h5_bad(h, H5_A_SUPER, 0, "the file's space ends at %llu, before its start at %llu",
			      (unsigned long long)eof, (unsigned long long)base);
	}
	h->end = h->declared = eof - base;
	if (h->end > size) {
		h5_say(h, H5_A_CUT, 0, size, "%llu bytes of %llu are there", (unsigned long long)size,
		       (unsigned long long)h->end);
		h->broken = true;
		h->end = size;
	}
	return GH_OK;
}

/* II.B: several files together, or one whose parts another program keeps. */
static enum gh_rc driver_block(struct h5 *h, uint64_t addr)
{
	const uint8_t *p = h5_at(h, addr, 16, "driver information");
	if (p == NULL)
		return h5_why(h);
	uint64_t size = gh_le32(p + 4);
	struct gh_safe name = gh_safe((struct gh_span){ p + 8, 8 });
	if (!h5_room(h, addr, 16 + size, "driver information"))
		return h5_why(h);
	GH_TRY(h5_extent(h, addr, 16 + size, GH_CLAIM_STRUCT), h->w->err, "driver information");
	return h5_bad(h, H5_A_MULTI, addr, "written by the driver \"%s\"", name.s);
}

static enum gh_rc old_superblock(struct h5 *h, unsigned version, struct h5_root *root)
{
	const uint8_t *p = h5_at(h, 0, 24 + (version == 1 ? 4 : 0), "superblock");
	if (p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd((struct gh_span){ p, 28 });
	if (!widths(h, p[13], p[14]) || p[9] != 0 || p[10] != 0 || p[12] != 0)
		return h5_bad(h, H5_A_SUPER, 0, "sizes of addresses and lengths: %u and %u", p[13], p[14]);
	h->leaf_k = gh_le16(p + 16);
	h->group_k = gh_le16(p + 18);
	h->chunk_k = version == 1 ? gh_le16(p + 24) : 32;
	if (h->leaf_k == 0 || h->group_k == 0 || h->chunk_k == 0)
		return h5_bad(h, H5_A_SUPER, 0, "a node of zero entries");
	uint64_t at = version == 1 ? 28 : 24, len = 5 * (uint64_t)h->so + h->sl + 24;
	p = h5_at(h, at, (size_t)len, "superblock");
	if (p == NULL)
		return h5_why(h);
	r = gh_rd((struct gh_span){ p, (size_t)len });
	uint64_t base = h5_rd_addr(h, &r), space = h5_rd_addr(h, &r), eof = h5_rd_addr(h, &r), drv = h5_rd_addr(h, &r);
	(void)gh_rd_take(&r, h->sl); /* offset of the root's name */
	root->addr = h5_rd_addr(h, &r);
	uint32_t cache = gh_rd_u32le(&r);
	(void)gh_rd_take(&r, 4);
	root->ext = H5_UNDEF;
	root->work = (struct h5_work){ .addr = root->addr, .path = GH_SPAN("/"), .btree = H5_UNDEF, .heap = H5_UNDEF };
	if (cache == 1) {
		root->work.btree = h5_rd_addr(h, &r);
		root->work.heap = h5_rd_addr(h, &r);
		root->work.cached = true;
	}
	GH_TRY(set_end(h, base, eof), h->w->err, "superblock");
	if (!h5_room(h, 0, at + len, "superblock"))
		return h5_why(h);
	GH_TRY(h5_extent(h, 0, at + len, GH_CLAIM_STRUCT), h->w->err, "superblock");
	if (space != H5_UNDEF)
		h5_say(h, H5_A_STRUCT, at, len, "free-space information at %llu, which no version has",
		       (unsigned long long)space);
	if (drv == H5_UNDEF)
		return GH_OK;
	enum gh_rc rc = driver_block(h, drv);
	h->unread = h->unread || rc == GH_E_UNREAD;
	return rc == GH_E_UNREAD ? GH_OK : rc;
}

static enum gh_rc new_superblock(struct h5 *h, struct h5_root *root)
{
	const uint8_t *p = h5_at(h, 0, 12, "superblock");
	if (p == NULL)
		return h5_why(h);
	if (!widths(h, p[9], p[10]))
		return h5_bad(h, H5_A_SUPER, 0, "sizes of addresses and lengths: %u and %u", p[9], p[10]);
	size_t len = 12 + 4 * (size_t)h->so + 4;
	p = h5_at(h, 0, len, "superblock");
	if (p == NULL)
		return h5_why(h);
	struct gh_rd r = gh_rd((struct gh_span){ p + 12, len - 12 });
	uint64_t base = h5_rd_addr(h, &r);
	root->ext = h5_rd_addr(h, &r);
	uint64_t eof = h5_rd_addr(h, &r);
	root->addr = h5_rd_addr(h, &r);
	root->work = (struct h5_work){ .addr = root->addr, .path = GH_SPAN("/"), .btree = H5_UNDEF, .heap = H5_UNDEF };
	h5_sum_of(h, (struct gh_span){ p, len }, 0, "superblock");
	h->leaf_k = 4;
	h->group_k = 16;
	h->chunk_k = 32;
	GH_TRY(set_end(h, base, eof), h->w->err, "superblock");
	if (!h5_room(h, 0, len, "superblock"))
		return h5_why(h);
	return h5_extent(h, 0, len, GH_CLAIM_STRUCT);
}

enum gh_rc h5_superblock(struct h5 *h, struct h5_root *root)
{
	struct gh_span head = gh_src_window(h->w->src, 0, GH_PROBE_BYTES);
	uint64_t at = h5_find(head, h->w->src->size);
	if (at == UINT64_MAX)
		return GH_E_NOTTHIS;
	h->base = at;
	h->end = h->w->src->size - at;
	if (h->end < 12)
		return h5_bad(h, H5_A_CUT, 0, "nothing behind the signature");
	unsigned version = head.p[at + 8];
	enum gh_rc rc = version <= 1   ? old_superblock(h, version, root)
			: version <= 3 ? new_superblock(h, root)
				       : h5_bad(h, H5_A_UNKNOWN, 0, "superblock of version %u", version);
	return rc;
}

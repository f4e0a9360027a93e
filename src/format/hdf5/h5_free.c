/* Free-space managers (III.E): which parts of a heap or of the file are unused. What they list is free whoever says so; here
 * only the lists themselves are accounted for. */
#include "format/hdf5/h5.h"

enum gh_rc h5_free_list(struct h5 *h, uint64_t addr)
{
	size_t len = 18 + 7 * (size_t)h->sl + h->so;
	bool fresh;
	GH_TRY(h5_visit(h, addr, &fresh), h->w->err, "free space");
	if (!fresh)
		return h5_bad(h, H5_A_TWICE, addr, "the list of free space at %llu has two owners",
			      (unsigned long long)addr);
	const uint8_t *p = h5_at(h, addr, len, "list of free space");
	if (p == NULL)
		return h5_why(h);
	if (memcmp(p, "FSHD", 4) != 0 || p[4] != 0)
		return h5_bad(h, H5_A_STRUCT, addr, "no list of free space stands at %llu", (unsigned long long)addr);
	h5_sum_of(h, (struct gh_span){ p, len }, addr, "list of free space");
	struct gh_rd r = gh_rd((struct gh_span){ p + 6, len - 6 });
	(void)gh_rd_take(&r, 4 * (size_t)h->sl + 8);
	(void)h5_rd_len(h, &r); /* largest section */
	uint64_t at = h5_rd_addr(h, &r), used = h5_rd_len(h, &r), room = h5_rd_len(h, &r);
	GH_TRY(h5_extent(h, addr, len, GH_CLAIM_STRUCT), h->w->err, "free space");
	if (at == H5_UNDEF)
		return GH_OK;
	if (used > room || used < 4 || !h5_room(h, at, room, "list of free space"))
		return h5_bad(h, H5_A_COUNT, addr, "a list of %llu bytes in %llu", (unsigned long long)used,
			      (unsigned long long)room);
	p = h5_at(h, at, 5, "list of free space");
	if (p == NULL || memcmp(p, "FSSE", 4) != 0 || p[4] != 0)
		return h5_bad(h, H5_A_STRUCT, at, "no list of free space stands at %llu", (unsigned long long)at);
	h5_check_sum(h, at, used, "list of free space");
	GH_TRY(h5_extent(h, at, used, GH_CLAIM_STRUCT), h->w->err, "free space");
	return h5_extent(h, at + used, room - used, GH_CLAIM_FREE);
}

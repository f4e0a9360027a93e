/* What every structure occupies, and what is left over. */
#include "format/expand_member.h"
#include "format/hdf5/h5.h"

/* What a writer leaves behind that deletes now and then; more is for a person to look at. */
enum { SLACK_MUCH = 1 << 20 };

enum gh_rc h5_extent(struct h5 *h, uint64_t addr, uint64_t len, enum gh_claim kind)
{
	if (len == 0)
		return GH_OK;
	uint64_t from = h->base + addr, to = from + len; /* the caller made sure that they are in the file */
	if (h->extents.n != 0) {
		struct gh_rec *last = gh_recs_at(&h->extents, h->extents.n - 1);
		if (last->b == from && last->ref == (uint64_t)kind) {
			last->b = to;
			return GH_OK;
		}
	}
	if (!gh_recs_add(&h->extents, (struct gh_rec){ from, to, kind }))
		return h5_bad(h, H5_A_MANY, addr, "more structures than can be accounted for");
	return GH_OK;
}

/* Sequences that nothing refers to any more (an overwritten text) still stand in the global heap's form: their contents
 * are looked through like the others. */
static enum gh_rc heaps_in_gap(struct h5 *h, uint64_t from, uint64_t to)
{
	for (uint64_t at = from; to - at >= 16;) {
		size_t n = to - at < GH_WINDOW_MAX ? (size_t)(to - at) : (size_t)GH_WINDOW_MAX, i = 0;
		const uint8_t *p = h5_at(h, at, n, "free space");
		if (p == NULL)
			return h5_why(h);
		while (i + 16 <= n && memcmp(p + i, "GCOL", 4) != 0)
			i += 8;
		if (i + 16 > n || h->heaps_left == 0)
			return GH_OK; /* of a larger gap the first window is enough: it is reported as a whole */
		uint64_t size = gh_le64(p + i + 8);
		if (h->sl != 8)
			size = gh_le32(p + i + 8);
		if (p[i + 4] != 1 || size < 16 || size > to - at - i) {
			at += i + 8;
			continue;
		}
		h->heaps_left--;
		bool fresh;
		GH_TRY(h5_visit(h, at + i, &fresh), h->w->err, "free space");
		enum gh_rc rc = fresh ? h5_collection(h, at + i) : GH_OK;
		if (rc != GH_OK)
			return rc;
		at += i + size;
	}
	return GH_OK;
}

static uint64_t skip_covered(const struct gh_recs *t, size_t i, uint64_t at, uint64_t end)
{
	uint64_t to = i < t->n ? gh_recs_at(t, i)->a : end;
	return to > at ? to - at : 0;
}

static enum gh_rc old_heaps(struct h5 *h)
{
	uint64_t at = h->base, end = h->base + h->end;
	size_t n = h->extents.n;
	struct gh_recs gaps = gh_recs(&h->tmp, 1 << 16);
	for (size_t i = 0; i <= n; i++) {
		uint64_t len = skip_covered(&h->extents, i, at, end);
		if (len >= 16 && !gh_recs_add(&gaps, (struct gh_rec){ at, at + len, 0 }))
			break;
		if (i < n && gh_recs_at(&h->extents, i)->b > at)
			at = gh_recs_at(&h->extents, i)->b;
	}
	for (size_t i = 0; i < gaps.n; i++)
		GH_TRY(heaps_in_gap(h, gh_recs_at(&gaps, i)->a - h->base, gh_recs_at(&gaps, i)->b - h->base), h->w->err,
		       "free space");
	if (h->extents.n != n)
		gh_recs_sort(&h->extents, 0);
	return GH_OK;
}

static bool all_zero(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return false;
	return true;
}

/* A chunk that was written again elsewhere stays behind as a zlib stream: a file within only if what it expands to is one. */
static bool old_chunk(struct gh_span head)
{
	return head.n > 2 && (head.p[0] & 15) == 8 && head.p[0] >> 4 <= 7 && (head.p[0] << 8 | head.p[1]) % 31 == 0 &&
	       (head.p[1] & 0x20) == 0;
}

struct slack {
	uint64_t n, used, first;
};

static enum gh_rc gap(struct h5 *h, struct slack *s, uint64_t off, uint64_t len)
{
	struct gh_span w = gh_src_window(h->w->src, off, len < GH_WINDOW_MAX ? (size_t)len : (size_t)GH_WINDOW_MAX);
	bool zero = w.n == len && all_zero(w), old = !zero && old_chunk(w);
	gh_claim(h->w, off, len, old ? GH_CLAIM_DATA : GH_CLAIM_FREE);
	if (zero)
		return GH_OK;
	if (len >= SLACK_MUCH)
		h5_say(h, H5_A_SLACK, off - h->base, len, "%llu bytes that nothing refers to are not empty",
		       (unsigned long long)len);
	if (s->n++ == 0)
		s->first = off - h->base;
	s->used += len;
	if (!old)
		return GH_OK;
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = GH_SPAN("old chunk"), .role = "free space", .raw = true };
	struct gh_expanded x;
	enum gh_rc rc = gh_member_expand(h->w, m, GH_CODEC_ZLIB, off, len, &x);
	return rc == GH_E_LIMIT && x.rc == GH_E_LIMIT ? h5_bad(h, H5_A_MANY, off - h->base, "an old chunk") : rc;
}

enum gh_rc h5_claim_all(struct h5 *h)
{
	struct slack s = { 0 };
	uint64_t at = h->base, end = h->base + h->end;
	gh_recs_sort(&h->extents, 0);
	GH_TRY(old_heaps(h), h->w->err, "hdf5");
	if (h->base != 0)
		gh_claim(h->w, 0, h->base, GH_CLAIM_FREE); /* the user block: not part of HDF5 */
	for (size_t i = 0; i <= h->extents.n; i++) {
		uint64_t len = skip_covered(&h->extents, i, at, end);
		if (len != 0)
			GH_TRY(gap(h, &s, at, len), h->w->err, "free space");
		if (i == h->extents.n)
			break;
		const struct gh_rec *r = gh_recs_at(&h->extents, i);
		if (r->ref == GH_CLAIM_FREE && r->b - r->a >= 64 << 10) /* room for hiding within a structure, too */
			GH_TRY(gap(h, &s, r->a, r->b - r->a), h->w->err, "free space");
		else
			gh_claim(h->w, r->a, r->b - r->a, (enum gh_claim)r->ref);
		at = r->b > at ? r->b : at;
	}
	if (s.used >= SLACK_MUCH && s.used >= h->end / 8)
		h5_say(h, H5_A_SLACK, s.first, 1, "%llu bytes in %llu ranges that nothing refers to are not empty",
		       (unsigned long long)s.used, (unsigned long long)s.n);
	if (s.n != 0)
		h5_say(h, H5_A_UNUSED, s.first, 1, "%llu ranges, %llu bytes in all", (unsigned long long)s.n,
		       (unsigned long long)s.used);
	return GH_OK;
}

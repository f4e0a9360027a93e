#include "wire/advset.h"

bool gh_advset(struct gh_span s, struct gh_advset *out)
{
	memset(out, 0, sizeof *out);
	if (s.n < 16 || !gh_span_starts(s, "GHADVSET"))
		return false;
	struct gh_rd r = gh_rd(gh_span_cut(s, 8, s.n));
	uint32_t n = gh_rd_u32le(&r);
	(void)gh_rd_u32le(&r);
	if (n == 0 || n > GH_ADVSET_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t off = gh_rd_u64le(&r), len = gh_rd_u64le(&r);
		struct gh_span one = gh_span_cut(s, off, len);
		if (r.bad || one.n != len || gh_advdb(one, &out->db[i], NULL) != GH_OK) {
			memset(out, 0, sizeof *out);
			return false;
		}
	}
	out->n = n;
	return true;
}

static void put(struct gh_buf *out, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++)
		gh_buf_ch(out, (char)(uint8_t)(v >> 8 * i));
}

void gh_advset_write(const struct gh_span *db, unsigned n, struct gh_buf *out)
{
	uint64_t at = 16 + 16 * (uint64_t)n;
	gh_buf_str(out, "GHADVSET");
	put(out, n, 4);
	put(out, 0, 4);
	for (unsigned i = 0; i < n; i++) {
		put(out, at, 8);
		put(out, db[i].n, 8);
		at += db[i].n;
	}
	for (unsigned i = 0; i < n; i++)
		gh_buf_span(out, db[i]);
}

bool gh_advset_replaced(const struct gh_advset *s, unsigned db, const struct gh_adv_record *r)
{
	for (unsigned i = 0; i < s->n; i++) {
		if (i == db)
			continue;
		uint32_t k = gh_advdb_by_id(&s->db[i], r->id);
		if (k == UINT32_MAX)
			continue;
		struct gh_adv_record o = gh_advdb_record(&s->db[i], k);
		size_t n = o.modified.n < r->modified.n ? o.modified.n : r->modified.n;
		int c = n == 0 ? 0 : memcmp(o.modified.p, r->modified.p, n);
		if (c > 0 || (c == 0 && i < db)) /* of equals the shipped one stands */
			return true;
	}
	return false;
}

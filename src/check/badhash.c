#include "check/badhash.h"

struct gh_badlist gh_badlist(struct gh_span bytes)
{
	struct gh_badlist l = { .all = bytes };
	if (bytes.p == NULL || bytes.n < GH_BADLIST_HEAD)
		return l;
	uint64_t n = gh_le64(bytes.p);
	if (n > (bytes.n - GH_BADLIST_HEAD) / GH_BADLIST_ROW)
		return l;
	l.rows = gh_span_cut(bytes, GH_BADLIST_HEAD, n * GH_BADLIST_ROW);
	l.n = n;
	l.loose = gh_le64(bytes.p + 8);
	return l;
}

bool gh_badlist_size(const struct gh_badlist *l, uint64_t size)
{
	if (l->loose != 0)
		return true;
	for (uint64_t i = 0; i < l->n; i++)
		if (gh_le64(l->rows.p + i * GH_BADLIST_ROW + GH_SHA256_BYTES) == size)
			return true;
	return false;
}

const char *gh_badlist_find(const struct gh_badlist *l, const uint8_t digest[GH_SHA256_BYTES])
{
	uint64_t lo = 0, hi = l->n;
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		const uint8_t *row = l->rows.p + mid * GH_BADLIST_ROW;
		int c = memcmp(row, digest, GH_SHA256_BYTES);
		if (c == 0) {
			uint32_t at = gh_le32(row + GH_SHA256_BYTES + 8);
			bool fine = at < l->all.n && memchr(l->all.p + at, 0, l->all.n - at) != NULL;
			return fine ? (const char *)l->all.p + at : "without a name";
		}
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

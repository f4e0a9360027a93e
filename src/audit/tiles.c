#include "audit/tiles.h"

#include "audit/logio.h"

#include <stdio.h>

void gh_tile_path(int level, uint64_t index, unsigned width, char out[GH_TILE_PATH])
{
	char group[8][8];
	unsigned n = 0;
	int at = level < 0 ? snprintf(out, GH_TILE_PATH, "tile/entries")
			   : snprintf(out, GH_TILE_PATH, "tile/%d", level);
	do { /* 3 digits each, the last ones first; 7 groups hold any index of a log of GH_MERKLE_SIZE_MAX */
		(void)snprintf(group[n], sizeof group[n], "%s%03u", n == 0 ? "" : "x", (unsigned)(index % 1000));
		n++;
		index /= 1000;
	} while (index != 0 && n < 8);
	while (n > 0)
		at += snprintf(out + at, (size_t)(GH_TILE_PATH - at), "/%s", group[--n]);
	if (width != GH_TILE)
		(void)snprintf(out + at, (size_t)(GH_TILE_PATH - at), ".p/%u", width);
}

unsigned gh_tile_width(int level, uint64_t index, uint64_t size)
{
	uint64_t n = level <= 0 ? size : size >> (8 * (unsigned)level); /* hashes of this level */
	if (index >= n / GH_TILE)
		return index == n / GH_TILE ? (unsigned)(n % GH_TILE) : 0;
	return GH_TILE;
}

/* The file of a tile: the partial one, or the full one that took its place. */
static enum gh_rc get_tile(int dir, int level, uint64_t index, unsigned width, size_t max, struct gh_buf *out,
			   struct gh_err *err)
{
	char path[GH_TILE_PATH];
	struct gh_err first = { 0 };
	gh_tile_path(level, index, width, path);
	enum gh_rc rc = gh_io_get(dir, path, max, out, &first);
	if (rc == GH_E_ABSENT && width < GH_TILE) {
		char full[GH_TILE_PATH];
		gh_tile_path(level, index, GH_TILE, full);
		rc = gh_io_get(dir, full, max, out, &first);
		if (rc == GH_E_ABSENT)
			return gh_fail(err, rc, "%s is not there", path);
	}
	if (rc != GH_OK && err != NULL)
		*err = first;
	return rc;
}

enum gh_rc gh_tiles_hashes(struct gh_tiles *t, unsigned level, uint64_t index, const struct gh_mhash **h, unsigned *n,
			   struct gh_err *err)
{
	unsigned width = level < GH_TILE_LEVELS ? gh_tile_width((int)level, index, t->size) : 0;
	*h = NULL;
	*n = width;
	if (width == 0)
		return gh_fail(err, GH_E_ABSENT, "a log of %llu entries has no tile %llu of level %u",
			       (unsigned long long)t->size, (unsigned long long)index, level);
	struct gh_tile_slot *s = &t->slot[level];
	if (!s->full || s->index != index || s->width < width) {
		char path[GH_TILE_PATH];
		gh_auto_buf b = gh_buf(GH_TILE * GH_MERKLE_HASH);
		s->full = false;
		gh_tile_path((int)level, index, width, path);
		enum gh_rc rc = get_tile(t->dir, (int)level, index, width, GH_TILE * GH_MERKLE_HASH, &b, err);
		if (rc != GH_OK)
			return rc;
		if (b.n != (size_t)width * GH_MERKLE_HASH && b.n != (size_t)GH_TILE * GH_MERKLE_HASH)
			return gh_fail(err, GH_E_MALFORMED, "%s has %zu bytes, not %u: it was cut or altered", path,
				       b.n, width * GH_MERKLE_HASH);
		memcpy(s->h, b.p, (size_t)width * GH_MERKLE_HASH);
		s->full = true;
		s->index = index;
		s->width = width;
	}
	*h = s->h;
	return GH_OK;
}

bool gh_tiles_read(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	struct gh_tiles *t = arg;
	unsigned tile = level / 8, up = level % 8, n;
	struct gh_mhash row[GH_TILE / 2];
	const struct gh_mhash *h;
	uint64_t at = index << up; /* of the first hash in its row; level and index are of a subtree within the log */
	if (tile >= GH_TILE_LEVELS || gh_tiles_hashes(t, tile, at / GH_TILE, &h, &n, NULL) != GH_OK)
		return false;
	unsigned from = (unsigned)(at % GH_TILE), count = 1u << up;
	if (from + count > n)
		return false;
	if (up == 0) {
		*out = h[from];
		return true;
	}
	for (unsigned i = 0; i < count / 2; i++)
		row[i] = gh_merkle_node(&h[from + 2 * i], &h[from + 2 * i + 1]);
	for (unsigned left = count / 2; left > 1; left /= 2)
		for (unsigned i = 0; i < left / 2; i++)
			row[i] = gh_merkle_node(&row[2 * i], &row[2 * i + 1]);
	*out = row[0];
	return true;
}

bool gh_bundle_next(struct gh_span *rest, struct gh_span *entry)
{
	struct gh_rd r = gh_rd(*rest);
	size_t n = gh_rd_u16be(&r);
	*entry = gh_rd_take(&r, n);
	if (r.bad || n == 0)
		return false;
	*rest = gh_span_cut(*rest, r.off, rest->n);
	return true;
}

enum gh_rc gh_tiles_bundle(const struct gh_tiles *t, uint64_t index, struct gh_buf *out, struct gh_err *err)
{
	char path[GH_TILE_PATH];
	unsigned width = gh_tile_width(GH_TILE_ENTRIES, index, t->size), n = 0;
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	if (width == 0)
		return gh_fail(err, GH_E_ABSENT, "a log of %llu entries has no bundle %llu",
			       (unsigned long long)t->size, (unsigned long long)index);
	gh_tile_path(GH_TILE_ENTRIES, index, width, path);
	enum gh_rc rc = get_tile(t->dir, GH_TILE_ENTRIES, index, width, GH_BUNDLE_MAX, &b, err);
	if (rc != GH_OK)
		return rc;
	struct gh_span rest = gh_buf_view(&b), entry;
	size_t end = 0;
	while (n < GH_TILE && gh_bundle_next(&rest, &entry))
		if (++n == width)
			end = b.n - rest.n;
	if (rest.n != 0 || (n != width && n != GH_TILE))
		return gh_fail(err, GH_E_MALFORMED, "%s does not hold %u entries: it was cut or altered", path, width);
	gh_buf_put(out, b.p, end);
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for %s", path) : GH_OK;
}

enum gh_rc gh_tiles_entry(const struct gh_tiles *t, uint64_t index, struct gh_buf *out, struct gh_err *err)
{
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	if (index >= t->size)
		return gh_fail(err, GH_E_ABSENT, "there is no entry %llu: the log has %llu", (unsigned long long)index,
			       (unsigned long long)t->size);
	enum gh_rc rc = gh_tiles_bundle(t, index / GH_TILE, &b, err);
	struct gh_span rest = gh_buf_view(&b), entry = { 0 };
	for (uint64_t i = 0; rc == GH_OK && i <= index % GH_TILE; i++)
		if (!gh_bundle_next(&rest, &entry))
			rc = gh_fail(err, GH_E_BUG, "bundle of entry %llu", (unsigned long long)index);
	if (rc == GH_OK)
		gh_buf_span(out, entry);
	return rc == GH_OK && out->full ? gh_fail(err, GH_E_NOMEM, "no memory for an entry") : rc;
}

/* The id of an entry. Entries are canonical: a quotation mark cannot stand inside a string, so this key is found only as a key. */
static struct gh_span id_of(struct gh_span entry)
{
	static const char key[] = "\"id\":\"";
	const uint8_t *p = entry.n == 0 ? NULL : memmem(entry.p, entry.n, key, sizeof key - 1);
	return p == NULL ? (struct gh_span){ 0 } : gh_span_cut(entry, (uint64_t)(p - entry.p) + sizeof key - 1, 32);
}

enum gh_rc gh_tiles_find(const struct gh_tiles *t, const struct gh_span *id, size_t n, uint64_t from, uint64_t *index,
			 struct gh_err *err)
{
	size_t left = n;
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	for (size_t i = 0; i < n; i++)
		index[i] = UINT64_MAX;
	if (t->size == 0 || from >= t->size)
		return GH_OK;
	for (uint64_t bundle = (t->size - 1) / GH_TILE + 1; left > 0 && bundle-- > from / GH_TILE;) {
		b.n = 0;
		GH_TRY(gh_tiles_bundle(t, bundle, &b, err), err, "looking for an entry");
		struct gh_span rest = gh_buf_view(&b), entry;
		for (uint64_t at = bundle * GH_TILE; gh_bundle_next(&rest, &entry); at++) {
			struct gh_span have = id_of(entry);
			for (size_t i = 0; i < n && at >= from; i++)
				if (index[i] == UINT64_MAX && gh_span_eq(have, id[i])) {
					index[i] = at;
					left--;
				}
		}
	}
	return GH_OK;
}

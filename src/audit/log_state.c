/* The right edge of the tree: the roots of its full subtrees, and the last tile of each level. */
#include "audit/log_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* Tiles hash 8 levels of the tree at once: the hashes of tile level L are roots of subtrees of 2^(8 L) leaves. */
static uint64_t count_at(unsigned level, uint64_t size) { return size >> (8 * level); }

void gh_log_edge_clear(struct gh_log *log)
{
	memset(&log->edge, 0, sizeof log->edge);
	memset(log->put, 0, sizeof log->put);
	log->put_bundle = 0;
	log->bundle.n = 0;
	log->bundle.full = false;
	memset(log->synced, 0, sizeof log->synced);
	log->tile_rc = GH_OK;
	memset(&log->tile_err, 0, sizeof log->tile_err);
}

/* ---- writing tiles ------------------------------------------------------------------------------------------------------------ */
static void put_tile(struct gh_log *log, int level, uint64_t index, unsigned width, struct gh_span bytes)
{
	char path[GH_TILE_PATH];
	gh_tile_path(level, index, width, path);
	if (log->tile_rc == GH_OK)
		log->tile_rc = gh_io_put(log->io, log->dir, path, bytes, false, &log->tile_err);
}

/* A hash of a tile's level has become known: the leaf itself, or the root of 256, 65536, … leaves. */
static void put_hash(void *arg, unsigned level, uint64_t index, const struct gh_mhash *h)
{
	struct gh_log *log = arg;
	if (level % 8 != 0 || level / 8 >= GH_TILE_LEVELS)
		return;
	unsigned l = level / 8;
	log->tile[l][index % GH_TILE] = *h;
	if (index % GH_TILE != GH_TILE - 1)
		return;
	log->put[l] = 0;
	if (((index + 1) << level) > log->quiet_below)
		put_tile(log, (int)l, index / GH_TILE, GH_TILE,
			 (struct gh_span){ log->tile[l][0].b, sizeof log->tile[l] });
}

void gh_log_edge_push(struct gh_log *log, struct gh_span entry)
{
	uint64_t index = log->edge.size;
	uint8_t n[2] = { (uint8_t)(entry.n >> 8), (uint8_t)entry.n };
	struct gh_mhash leaf = gh_merkle_leaf(entry);
	gh_buf_put(&log->bundle, n, sizeof n);
	gh_buf_span(&log->bundle, entry);
	if (index % GH_TILE == GH_TILE - 1) {
		if (index >= log->quiet_below)
			put_tile(log, GH_TILE_ENTRIES, index / GH_TILE, GH_TILE, gh_buf_view(&log->bundle));
		if (log->bundle.full && log->tile_rc == GH_OK)
			log->tile_rc = gh_fail(&log->tile_err, GH_E_NOMEM, "no memory for a bundle of entries");
		log->bundle.n = 0;
		log->put_bundle = 0;
	}
	put_hash(log, 0, index, &leaf);
	gh_merkle_push(&log->edge, &leaf, put_hash, log);
}

enum gh_rc gh_log_edge_put(struct gh_log *log, uint64_t final, struct gh_err *err)
{
	uint64_t size = log->edge.size;
	for (unsigned l = 0; l < GH_TILE_LEVELS && size > log->quiet_below; l++) {
		uint64_t n = count_at(l, size);
		unsigned width = (unsigned)(n % GH_TILE);
		if (width == 0 || n / GH_TILE < count_at(l, final) / GH_TILE || width == log->put[l])
			continue;
		put_tile(log, (int)l, n / GH_TILE, width,
			 (struct gh_span){ log->tile[l][0].b, (size_t)width * GH_MERKLE_HASH });
		log->put[l] = width;
	}
	unsigned width = (unsigned)(size % GH_TILE);
	if (size > log->quiet_below && width != 0 && size / GH_TILE >= final / GH_TILE && width != log->put_bundle) {
		put_tile(log, GH_TILE_ENTRIES, size / GH_TILE, width, gh_buf_view(&log->bundle));
		log->put_bundle = width;
	}
	if (log->bundle.full && log->tile_rc == GH_OK)
		log->tile_rc = gh_fail(&log->tile_err, GH_E_NOMEM, "no memory for a bundle of entries");
	if (log->tile_rc != GH_OK && err != NULL)
		*err = log->tile_err;
	return log->tile_rc;
}

/* ---- making them durable -------------------------------------------------------------------------------------------------- */

/* The directories on the way to a tile. */
static enum gh_rc sync_parents(struct gh_log *log, int level, uint64_t index, unsigned width, struct gh_err *err)
{
	char dir[GH_TILE_PATH];
	gh_tile_path(level, index, width, dir);
	for (char *slash = strrchr(dir, '/'); slash != NULL; slash = strrchr(dir, '/')) {
		*slash = '\0';
		GH_TRY(gh_io_sync(log->io, log->dir, dir, err), err, "tiles");
	}
	return GH_OK;
}

/* The tiles of a level that a log of `base` entries did not have whole, but for full ones that are durable already. */
static uint64_t new_tiles(const struct gh_log *log, int level, uint64_t *first)
{
	unsigned l = level < 0 ? 0 : (unsigned)level;
	uint64_t end = count_at(l, log->edge.size), done = log->synced[level + 1];
	*first = count_at(l, log->base) / GH_TILE;
	if (end == count_at(l, log->base))
		return 0;
	*first = *first < done ? done : *first;
	return *first * GH_TILE >= end ? 0 : (end - 1) / GH_TILE - *first + 1;
}

static enum gh_rc sync_tile(struct gh_log *log, int level, uint64_t index, struct gh_err *err)
{
	char path[GH_TILE_PATH];
	unsigned width = gh_tile_width(level, index, log->edge.size);
	gh_tile_path(level, index, width, path);
	GH_TRY(gh_io_sync(log->io, log->dir, path, err), err, "tiles");
	if (width == GH_TILE) /* it never changes again */
		log->synced[level + 1] = index + 1;
	return GH_OK;
}

/* One directory holds a thousand tiles; the partial tile has one of its own. */
static enum gh_rc sync_dirs(struct gh_log *log, int level, struct gh_err *err)
{
	enum { PER_DIR = 1000 };
	unsigned l = level < 0 ? 0 : (unsigned)level;
	uint64_t end = count_at(l, log->edge.size), i = count_at(l, log->base) / GH_TILE;
	if (end == count_at(l, log->base))
		return GH_OK;
	uint64_t last = (end - 1) / GH_TILE;
	for (; i < last; i = (i / PER_DIR + 1) * PER_DIR)
		GH_TRY(sync_parents(log, level, i, GH_TILE, err), err, "tiles");
	return sync_parents(log, level, last, gh_tile_width(level, last, log->edge.size), err);
}

enum gh_rc gh_log_edge_sync(struct gh_log *log, struct gh_err *err)
{
	for (int level = GH_TILE_ENTRIES; level < GH_TILE_LEVELS; level++) {
		uint64_t first, n = new_tiles(log, level, &first);
		for (uint64_t i = first; i < first + n; i++)
			GH_TRY(sync_tile(log, level, i, err), err, "making the log durable");
		GH_TRY(sync_dirs(log, level, err), err, "making the log durable");
	}
	return GH_OK;
}

static uint64_t now_us(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void prune_tile(struct gh_log *log, int level, uint64_t index)
{
	char path[GH_TILE_PATH], sub[GH_TILE_PATH + 8], one[GH_TILE_PATH + 16];
	const struct dirent *e;
	gh_tile_path(level, index, GH_TILE, path);
	(void)snprintf(sub, sizeof sub, "%s.p", path);
	int fd = openat(log->dir, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) { /* it never was partial when a checkpoint was signed */
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((e = readdir(d)) != NULL) /* names that are none of ours stay, and so does their directory */
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && strlen(e->d_name) <= 3) {
			(void)snprintf(one, sizeof one, "%s/%.3s", sub, e->d_name);
			(void)log->io->unlink(log->io->arg, log->dir, one, 0);
		}
	closedir(d);
	(void)log->io->unlink(log->io->arg, log->dir, sub, AT_REMOVEDIR);
}

enum gh_rc gh_log_edge_sync_some(struct gh_log *log, uint64_t us, uint64_t *left, struct gh_err *err)
{
	uint64_t until = now_us() + us;
	*left = 0;
	for (int level = GH_TILE_ENTRIES; level < GH_TILE_LEVELS; level++) {
		uint64_t first, n = new_tiles(log, level, &first);
		/* the last one may be partial, and will be written again */
		for (; n > 1 && now_us() < until; n--)
			GH_TRY(sync_tile(log, level, first++, err), err, "making the log durable");
		*left += n > 1 ? n - 1 : 0;
	}
	return GH_OK;
}

void gh_log_prune(struct gh_log *log, uint64_t from, uint64_t size)
{
	for (int level = GH_TILE_ENTRIES; level < GH_TILE_LEVELS; level++) {
		unsigned l = level < 0 ? 0 : (unsigned)level;
		for (uint64_t i = count_at(l, from) / GH_TILE; i < count_at(l, size) / GH_TILE; i++)
			prune_tile(log, level, i);
	}
}

/* ---- loading ------------------------------------------------------------------------------------------------------------------ */

/* The edge from the partial tiles: bit r of a tile's width is a full subtree of 2^r of its hashes. */
static void edge_of_tiles(struct gh_log *log, uint64_t size)
{
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++) {
		unsigned width = (unsigned)(count_at(l, size) % GH_TILE), at = 0;
		for (unsigned r = 8; r-- > 0;) {
			struct gh_mhash row[GH_TILE];
			if ((width >> r & 1) == 0)
				continue;
			memcpy(row, &log->tile[l][at], sizeof row[0] << r);
			for (unsigned n = 1u << r; n > 1; n /= 2)
				for (unsigned i = 0; i < n / 2; i++)
					row[i] = gh_merkle_node(&row[2 * i], &row[2 * i + 1]);
			log->edge.h[8 * l + r] = row[0];
			at += 1u << r;
		}
	}
	log->edge.size = size;
}

/* The tile as what lies below it says: leaves of the entries, roots of full tiles. */
static enum gh_rc tile_from_below(struct gh_log *log, unsigned level, uint64_t index, unsigned width,
				  struct gh_mhash out[GH_TILE], struct gh_err *err)
{
	if (level == 0) {
		gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
		GH_TRY(gh_tiles_bundle(&log->tiles, index, &b, err), err, "repairing a tile");
		struct gh_span rest = gh_buf_view(&b), entry;
		for (unsigned i = 0; i < width && gh_bundle_next(&rest, &entry); i++)
			out[i] = gh_merkle_leaf(entry);
		return GH_OK;
	}
	for (unsigned i = 0; i < width; i++) {
		const struct gh_mhash *h;
		unsigned n;
		struct gh_merkle_edge e = { 0 };
		GH_TRY(gh_tiles_hashes(&log->tiles, level - 1, index * GH_TILE + i, &h, &n, err), err,
		       "repairing a tile");
		for (unsigned k = 0; k < n; k++)
			gh_merkle_push(&e, &h[k], NULL, NULL);
		out[i] = gh_merkle_edge_root(&e);
	}
	return GH_OK;
}

/* The partial tiles of a log of `size`, made again from below; which of them were altered. */
static enum gh_rc rebuild(struct gh_log *log, uint64_t size, bool altered[GH_TILE_LEVELS], struct gh_err *err)
{
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++) {
		uint64_t n = count_at(l, size);
		unsigned width = (unsigned)(n % GH_TILE), have;
		const struct gh_mhash *h;
		struct gh_mhash made[GH_TILE];
		altered[l] = false;
		if (width == 0)
			continue;
		GH_TRY(tile_from_below(log, l, n / GH_TILE, width, made, err), err, "the log cannot be repaired");
		altered[l] = gh_tiles_hashes(&log->tiles, l, n / GH_TILE, &h, &have, NULL) != GH_OK ||
			     memcmp(h, made, width * sizeof made[0]) != 0;
		memcpy(log->tile[l], made, width * sizeof made[0]);
	}
	return GH_OK;
}

static enum gh_rc read_partials(struct gh_log *log, uint64_t size, struct gh_err *err)
{
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++) {
		uint64_t n = count_at(l, size);
		const struct gh_mhash *h;
		unsigned width;
		if (n % GH_TILE == 0)
			continue;
		GH_TRY(gh_tiles_hashes(&log->tiles, l, n / GH_TILE, &h, &width, err), err, "tiles");
		memcpy(log->tile[l], h, width * sizeof *h);
	}
	return GH_OK;
}

/* The last bundle, whose entries must be those that the last tile of leaves stands for. */
static enum gh_rc read_bundle(struct gh_log *log, uint64_t size, struct gh_err *err)
{
	char path[GH_TILE_PATH];
	if (size % GH_TILE == 0)
		return GH_OK;
	GH_TRY(gh_tiles_bundle(&log->tiles, size / GH_TILE, &log->bundle, err), err, "entries");
	struct gh_span rest = gh_buf_view(&log->bundle), entry;
	for (unsigned i = 0; gh_bundle_next(&rest, &entry); i++) {
		struct gh_mhash leaf = gh_merkle_leaf(entry);
		if (gh_mhash_eq(&leaf, &log->tile[0][i]))
			continue;
		gh_tile_path(GH_TILE_ENTRIES, size / GH_TILE, (unsigned)(size % GH_TILE), path);
		return gh_fail(err, GH_E_DENIED, "%s was altered: entry %llu is not the one that was logged", path,
			       (unsigned long long)(size - size % GH_TILE + i));
	}
	return GH_OK;
}

/* A repair that did not lead to the root: say which tile disagrees with what lies below it. */
static enum gh_rc name_altered(uint64_t size, const bool altered[GH_TILE_LEVELS], struct gh_err *err)
{
	char path[GH_TILE_PATH];
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++) {
		if (!altered[l])
			continue;
		gh_tile_path((int)l, count_at(l, size) / GH_TILE, (unsigned)(count_at(l, size) % GH_TILE), path);
		return gh_fail(err, GH_E_DENIED,
			       "%s and what lies below it disagree, and neither gives the root of %llu entries", path,
			       (unsigned long long)size);
	}
	return gh_fail(err, GH_E_DENIED,
		       "entries or tiles were altered: they do not give the root that was signed for %llu entries",
		       (unsigned long long)size);
}

enum gh_rc gh_log_edge_load(struct gh_log *log, uint64_t size, const struct gh_mhash *root, struct gh_err *err)
{
	struct gh_err lost = { 0 };
	bool altered[GH_TILE_LEVELS];
	gh_log_edge_clear(log);
	log->tiles.size = size;
	for (unsigned i = 0; i < GH_TILE_LEVELS; i++)
		log->tiles.slot[i].full = false;
	if (read_partials(log, size, &lost) == GH_OK) {
		edge_of_tiles(log, size);
		struct gh_mhash have = gh_merkle_edge_root(&log->edge);
		if (gh_mhash_eq(&have, root))
			return read_bundle(log, size, err);
	}
	GH_TRY(rebuild(log, size, altered, err), err, "tiles are lost or altered");
	edge_of_tiles(log, size);
	struct gh_mhash made = gh_merkle_edge_root(&log->edge);
	if (!gh_mhash_eq(&made, root))
		return name_altered(size, altered, err);
	for (unsigned l = 0; l < GH_TILE_LEVELS; l++)
		if (altered[l]) /* the entries are the signed ones: this tile is what was torn */
			put_tile(log, (int)l, count_at(l, size) / GH_TILE, (unsigned)(count_at(l, size) % GH_TILE),
				 (struct gh_span){ log->tile[l][0].b,
						   (size_t)(count_at(l, size) % GH_TILE) * GH_MERKLE_HASH });
	for (unsigned i = 0; i < GH_TILE_LEVELS; i++)
		log->tiles.slot[i].full = false;
	return read_bundle(log, size, err);
}

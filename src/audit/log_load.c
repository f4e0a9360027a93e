/* Where does the log stand, and what did a crash leave? Called under the lock. */
#include "audit/log_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct found {
	struct gh_buf checkpoint, journal;
	struct gh_checkpoint head; /* spans lie in `checkpoint` */
	uint64_t base;
	struct gh_mhash base_root;
	uint64_t inode, bytes;
	bool rekey; /* the checkpoint is signed with a key that was replaced */
};

static void found_free(struct found *f)
{
	gh_buf_free(&f->checkpoint);
	gh_buf_free(&f->journal);
}

/* Has nobody appended since? */
static bool unchanged(const struct gh_log *log)
{
	struct stat st;
	gh_auto_buf now = gh_buf(GH_NOTE_MAX);
	return log->known && fstatat(log->dir, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (uint64_t)st.st_ino == log->journal_inode && (uint64_t)st.st_size == log->journal_bytes &&
	       gh_io_get(log->dir, "checkpoint", GH_NOTE_MAX, &now, NULL) == GH_OK &&
	       gh_span_eq(gh_buf_view(&now), gh_buf_view(&log->checkpoint));
}

enum gh_rc gh_log_check_lost(const struct gh_log *log, struct gh_err *err)
{
	struct stat st;
	if (fstatat(log->dir, "checkpoint", &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
		return GH_OK;
	if (fstatat(log->dir, "tile", &st, AT_SYMLINK_NOFOLLOW) != 0 &&
	    (fstatat(log->dir, "journal", &st, AT_SYMLINK_NOFOLLOW) != 0 || st.st_size <= GH_JOURNAL_HEAD))
		return GH_OK; /* there never was one, or the making of a log was not finished */
	return gh_fail(err, GH_E_DENIED,
		       "the audit log has entries, but its checkpoint is gone: put it back from a backup");
}

static enum gh_rc read_files(struct gh_log *log, struct found *f, struct gh_err *err)
{
	struct gh_note note;
	struct stat st;
	GH_TRY(gh_log_check_lost(log, err), err, "audit log");
	GH_TRY(gh_io_get(log->dir, "checkpoint", GH_NOTE_MAX, &f->checkpoint, err), err, "audit log");
	struct gh_err why = { 0 };
	enum gh_rc good = gh_checkpoint_open(gh_buf_view(&f->checkpoint), &log->key, &note, &f->head, &why);
	for (size_t i = 0; i < log->nolder && good == GH_E_DENIED && !f->rekey; i++)
		f->rekey = gh_checkpoint_open(gh_buf_view(&f->checkpoint), &log->older[i], &note, &f->head, NULL) ==
			   GH_OK;
	if (good != GH_OK && !f->rekey) {
		if (err != NULL)
			*err = why;
		return gh_fail(err, good, "audit log");
	}
	enum gh_rc rc = gh_io_get(log->dir, "journal", GH_LOG_JOURNAL_MAX, &f->journal, err);
	if (rc != GH_OK && rc != GH_E_ABSENT)
		return rc;
	if (rc == GH_OK && fstatat(log->dir, "journal", &st, AT_SYMLINK_NOFOLLOW) == 0) {
		f->inode = st.st_ino;
		f->bytes = (uint64_t)st.st_size;
	}
	return GH_OK;
}

/* Replay the journal onto the tree of its base. *whole: it ended where its last record ended. */
static enum gh_rc replay(struct gh_log *log, const struct found *f, struct gh_span rest, bool *whole,
			 struct gh_err *err)
{
	struct gh_journal_rec rec;
	struct gh_span look = rest, entry;
	uint64_t final = f->base;
	*whole = false;
	while (gh_journal_next(&look, &rec))
		final = rec.first + rec.count;
	while (gh_journal_next(&rest, &rec)) {
		if (rec.first != log->edge.size)
			return gh_fail(err, GH_E_DENIED,
				       "the journal was altered: a record starts at entry %llu, not %llu",
				       (unsigned long long)rec.first, (unsigned long long)log->edge.size);
		while (gh_bundle_next(&rec.body, &entry)) {
			gh_log_edge_push(log, entry);
			if (log->edge.size != f->head.size)
				continue;
			struct gh_mhash root = gh_merkle_edge_root(&log->edge);
			if (!gh_mhash_eq(&root, &f->head.root))
				return gh_fail(
					err, GH_E_DENIED,
					"the journal was altered: its entries do not give the root that was signed for "
					"%llu entries",
					(unsigned long long)f->head.size);
		}
		GH_TRY(gh_log_edge_put(log, final, err), err, "tiles");
	}
	*whole = rest.n == 0;
	return GH_OK;
}

/* The tree, from the journal and the tiles it stands on, or from tiles alone. *fresh: the journal is as it must be. */
static enum gh_rc build(struct gh_log *log, struct found *f, bool *fresh, struct gh_err *err)
{
	struct gh_span rest = gh_buf_view(&f->journal);
	struct gh_err lost = { 0 };
	*fresh = false;
	if (gh_journal_head_read(&rest, &f->base, &f->base_root)) {
		if (f->base > f->head.size)
			return gh_fail(err, GH_E_DENIED,
				       "the checkpoint is one of %llu entries, but %llu were signed before: an old one "
				       "was put back",
				       (unsigned long long)f->head.size, (unsigned long long)f->base);
		/* Somebody who is alive has written the tiles below the checkpoint; after a power loss they may be gone. */
		log->quiet_below = log->known ? f->head.size : f->base;
		enum gh_rc rc = gh_log_edge_load(log, f->base, &f->base_root, &lost);
		if (rc == GH_OK)
			GH_TRY(replay(log, f, rest, fresh, err), err, "audit log");
		else if (rc != GH_E_DENIED && rc != GH_E_ABSENT && rc != GH_E_MALFORMED)
			goto failed;
		if (rc == GH_OK && log->edge.size >= f->head.size) {
			log->base = f->base;
			return GH_OK;
		}
	}
	/* Without the journal the tiles of the checkpoint are what there is: they give its root, or the log is refused. */
	*fresh = false;
	log->quiet_below = f->head.size;
	if (gh_log_edge_load(log, f->head.size, &f->head.root, err) != GH_OK)
		return gh_fail(err, err == NULL ? GH_E_DENIED : err->rc, "audit log of %llu entries",
			       (unsigned long long)f->head.size);
	log->base = 0;
	return GH_OK;
failed:
	if (err != NULL)
		*err = lost;
	return lost.rc;
}

/* Bytes of a tile of the first w of its entries, for w up to `width`: size[w]. False: there is no such tile. */
static bool sizes_of(struct gh_log *log, int level, uint64_t index, unsigned width, uint64_t size[GH_TILE + 1])
{
	char path[GH_TILE_PATH];
	gh_auto_buf bytes = gh_buf(GH_BUNDLE_MAX);
	size[0] = 0;
	for (unsigned w = 1; w <= width; w++)
		size[w] = w * sizeof(struct gh_mhash);
	if (level >= 0)
		return true;
	gh_tile_path(level, index, width, path);
	if (gh_io_get(log->dir, path, GH_BUNDLE_MAX, &bytes, NULL) != GH_OK)
		return false;
	struct gh_span rest = gh_buf_view(&bytes), entry;
	for (unsigned w = 1; w <= width; w++) {
		if (!gh_bundle_next(&rest, &entry))
			return false;
		size[w] = bytes.n - rest.n;
	}
	return true;
}

/* Earlier partial tiles of the right edge are superseded, and nobody waited for their bytes: a power loss may have left their names
 * without them. Those go; the later tiles hold the same. (That they have their length and other bytes is an alteration, and
 * stays to be found.) */
static void drop_torn_partials(struct gh_log *log)
{
	for (int level = GH_TILE_ENTRIES; level < GH_TILE_LEVELS; level++) {
		uint64_t last = (log->edge.size >> (8 * (level < 0 ? 0U : (unsigned)level))) / GH_TILE;
		for (uint64_t i = last == 0 ? 0 : last - 1; i <= last; i++) {
			char path[GH_TILE_PATH];
			struct stat st;
			uint64_t size[GH_TILE + 1];
			unsigned end = gh_tile_width(level, i, log->edge.size);
			gh_tile_path(level, i, 1, path);
			*strrchr(path, '/') = '\0';
			if (end == 0 || fstatat(log->dir, path, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
			    !sizes_of(log, level, i, end, size))
				continue;
			for (unsigned w = 1; w < end; w++) {
				gh_tile_path(level, i, w, path);
				if (fstatat(log->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
				    (uint64_t)st.st_size != size[w])
					(void)log->io->unlink(log->io->arg, log->dir, path, 0);
			}
		}
	}
}

/* What was published when this object looked last must be the beginning of what stands there now. */
static enum gh_rc check_known(struct gh_log *log, uint64_t size, const struct gh_mhash *root, struct gh_err *err)
{
	struct gh_merkle_proof proof;
	const char *why;
	if (log->checkpoint.n == 0)
		return GH_OK;
	log->tiles.size = log->edge.size;
	if (size < log->size)
		why = "it is shorter than it was";
	else if (!gh_merkle_prove_consistency(gh_tiles_read, &log->tiles, log->size, size, &proof))
		why = "tiles are missing";
	else
		why = gh_merkle_may_sign(log->size, &log->root, size, root, proof.h, proof.n);
	return why == NULL ? GH_OK : gh_fail(err, GH_E_DENIED, "the audit log was replaced while it was open: %s", why);
}

static enum gh_rc load(struct gh_log *log, struct found *f, struct gh_err *err)
{
	bool fresh;
	GH_TRY(read_files(log, f, err), err, "the log cannot be opened");
	GH_TRY(build(log, f, &fresh, err), err, "the log cannot be opened");
	GH_TRY(gh_log_edge_put(log, log->edge.size, err), err, "tiles");
	if (!log->known)
		drop_torn_partials(log);
	GH_TRY(check_known(log, f->head.size, &f->head.root, err), err, "the log cannot be opened");
	log->size = f->head.size;
	log->root = f->head.root;
	log->journal_inode = f->inode;
	log->journal_bytes = f->bytes;
	log->checkpoint.n = 0;
	gh_buf_span(&log->checkpoint, gh_buf_view(&f->checkpoint));
	if (fresh && log->edge.size == log->size && !f->rekey)
		return GH_OK;
	/* Entries that no checkpoint names, or a journal that is torn. The tiles become durable first: what a failed fsync left in
	 * the journal may be readable and yet not on the disk. */
	GH_TRY(gh_log_edge_sync(log, err), err, "recovery");
	if (f->rekey)
		GH_TRY(gh_log_put_key(log, err), err, "a new key of the log");
	if (log->edge.size != log->size || f->rekey)
		GH_TRY(gh_log_publish(log, err), err, "recovery");
	return gh_log_settle_locked(log, true, err);
}

enum gh_rc gh_log_load(struct gh_log *log, struct gh_err *err)
{
	struct found f = { .checkpoint = gh_buf(GH_NOTE_MAX), .journal = gh_buf(GH_LOG_JOURNAL_MAX + 1) };
	if (unchanged(log))
		return GH_OK;
	enum gh_rc rc = load(log, &f, err);
	found_free(&f);
	log->known = rc == GH_OK;
	log->quiet_below = 0;
	return rc;
}

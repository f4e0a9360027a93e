/* log_int.h - the inside of the log's writer: log.c (the interface), log_state.c (the right edge of the tree and its tiles),
 * log_load.c (finding out where the log stands, and what a crash left). */
#ifndef GH_AUDIT_LOG_INT_H
#define GH_AUDIT_LOG_INT_H
#include "audit/journal.h"
#include "audit/log.h"
#include "audit/tiles.h"

enum { GH_LOG_JOURNAL_MAX = 2 * GH_LOG_JOURNAL + GH_JOURNAL_BODY + (1 << 20) };

struct gh_log {
	int dir, lock;
	const struct gh_log_io *io;
	struct gh_note_key key;
	const struct gh_note_key *older;
	size_t nolder;
	gh_log_sign *sign;
	void *sign_arg;

	bool known; /* everything below is as on the disk, unless somebody else appended */

	/* What is published. */
	struct gh_buf checkpoint; /* bytes of the file */
	uint64_t size;
	struct gh_mhash root;

	/* What was appended: size <= edge.size; they are equal between two appends. */
	struct gh_merkle_edge edge;
	struct gh_mhash tile[GH_TILE_LEVELS][GH_TILE]; /* the last, partial tile of each level */
	struct gh_buf bundle;			       /* the last, partial bundle */
	unsigned put[GH_TILE_LEVELS];		       /* width of the partial tile that was written last; 0: none */
	unsigned put_bundle;
	uint64_t quiet_below; /* while loading: tiles of entries below are on the disk, and are not written */
	enum gh_rc tile_rc;   /* a full tile could not be written */
	struct gh_err tile_err;

	/* The journal. */
	uint64_t base;			     /* tiles of the log of this size are durable */
	uint64_t synced[GH_TILE_LEVELS + 1]; /* per level, bundles first: full tiles below this number are durable */
	uint64_t journal_bytes;		     /* length of the file */
	uint64_t journal_inode;
	bool crowded; /* partial tiles of entries from `uncrowded` on were left lying when it was started anew */
	uint64_t uncrowded;

	struct gh_tiles tiles; /* for proofs */
};

/* ---- log_state.c ---------------------------------------------------------------------------------------------------------- */

/* Forget the tree: an empty edge. */
void gh_log_edge_clear(struct gh_log *log);
/* The tree of the first `size` leaves, from its tiles; its root must be `root`. Tiles that were lost or altered are made again
 * from the entries when those give that root; GH_E_DENIED names what cannot be. */
enum gh_rc gh_log_edge_load(struct gh_log *log, uint64_t size, const struct gh_mhash *root, struct gh_err *err);
/* One entry more: full tiles are written as they come about. */
void gh_log_edge_push(struct gh_log *log, struct gh_span entry);
/* Write the partial tiles of the present size; `final`: tiles that are full at that size are left out. What went wrong with any
 * tile since the last call. */
enum gh_rc gh_log_edge_put(struct gh_log *log, uint64_t final, struct gh_err *err);
/* Make every tile of entries base … edge.size and the directories they lie in durable. */
enum gh_rc gh_log_edge_sync(struct gh_log *log, struct gh_err *err);
/* A part of that, when nothing waits to be published: full tiles, one after the other, until about `us` microseconds have gone by.
 * *left: those that are not durable yet. */
enum gh_rc gh_log_edge_sync_some(struct gh_log *log, uint64_t us, uint64_t *left, struct gh_err *err);
/* Remove partial tiles that full ones of the entries base … size have replaced; what stays is no harm. */
void gh_log_prune(struct gh_log *log, uint64_t from, uint64_t size);

/* ---- log_load.c ------------------------------------------------------------------------------------------------------------ */

/* Under the lock: bring the object up to date with the disk, finish what a crash left. */
enum gh_rc gh_log_load(struct gh_log *log, struct gh_err *err);
/* A log without its checkpoint is no new log: GH_E_DENIED when there are entries and it is gone. */
enum gh_rc gh_log_check_lost(const struct gh_log *log, struct gh_err *err);

/* ---- log.c ----------------------------------------------------------------------------------------------------------------- */

/* Write key.pub. */
enum gh_rc gh_log_put_key(struct gh_log *log, struct gh_err *err);
/* Have the checkpoint of edge.size signed and write it. */
enum gh_rc gh_log_publish(struct gh_log *log, struct gh_err *err);
/* Make the tiles durable and start the journal anew at log->size. prune: remove the partial tiles that were replaced, too; else the
 * next one does. */
enum gh_rc gh_log_settle_locked(struct gh_log *log, bool prune, struct gh_err *err);
#endif

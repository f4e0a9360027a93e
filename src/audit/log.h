/* log.h - the audit log: an append-only Merkle log in a directory, in the layout of C2SP tlog-tiles.
 *
 *	checkpoint		the signed head of the log (C2SP tlog-checkpoint); replaced by rename, always whole
 *	key.pub			the log's verifier key (C2SP signed-note); its name is the origin of the checkpoint
 *	tile/L/N[.p/W]		hashes of the tree; tile/entries/N[.p/W]: the entries. Immutable, replaced by nothing
 *	journal			entries that stand in tiles which may not be on the disk yet (journal.h)
 *	lock			held (flock) by who appends
 *
 * Everything but journal and lock is what tlog-tiles serves; the directory can be handed to any static web server. Readers
 * (tiles.h) need no lock.
 *
 * Appending: (1) entries into the journal, fdatasync; (2) tiles, by rename, without waiting for the disk; (3) the signer is
 * asked; (4) checkpoint: temporary file, fsync, rename, fsync of the directory; (5) return. Now and then, and when the log is
 * closed, tiles are fsynced and the journal starts anew.
 *
 * After a crash the next append (or gh_log_open()) finds: a torn record at the end of the journal, which nobody was told of, and
 * drops it; whole records behind the checkpoint, which the signer may have signed, and keeps them: they are signed again and
 * published first. So the log never shows two histories. Tiles that the journal covers are written again; an altered tile of the
 * right edge is repaired when its entries give the root that was signed, and is an error that names it when not.
 *
 * One log object serves one thread. Several processes may have the same log open: each append takes the lock and looks whether
 * somebody else was there since. */
#ifndef GH_AUDIT_LOG_H
#define GH_AUDIT_LOG_H
#include "audit/logio.h"
#include "crypto/note.h"

enum {
	GH_LOG_ENTRIES_MAX = 1 << 20, /* entries of one append */
	GH_LOG_JOURNAL =
		32 << 20, /* bytes of journal; it is started anew when tiles are durable, or at twice as many */
};

/* What the holder of the key is asked to sign. */
struct gh_log_ask {
	struct gh_span text; /* the checkpoint: origin, size, root */
	uint64_t size;
	struct gh_mhash root;
	/* The checkpoint before, and the proof that this one extends it (gh_merkle_may_sign()). After a crash the signer may know
	 * a later one than `old`: then it is the one asked for, and size and root are equal to it. */
	uint64_t old;
	struct gh_mhash old_root;
	const struct gh_merkle_proof *proof;
};
/* Sign ask->text with the log's Ed25519 key. Anything but GH_OK, with a reason in err: the append fails, and what was written
 * is published by the next one. */
typedef enum gh_rc gh_log_sign(void *arg, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG],
			       struct gh_err *err);

struct gh_log_setup {
	const char *dir;
	const struct gh_note_key *key; /* GH_NOTE_ED25519; its name is the origin */
	/* Keys that signed before `key` did, under the same name: a checkpoint of one of them is believed when the log is opened, and
	 * signed again with `key`; key.pub is replaced. Borrowed while the log is open. */
	const struct gh_note_key *older;
	size_t nolder;
	gh_log_sign *sign;
	void *sign_arg;
	const struct gh_log_io *io; /* NULL: the system's calls; tests put their own in between */
};

struct gh_log;

/* Make a new log: the directory (0700, its parent must exist), key.pub and the checkpoint of the empty log. GH_E_EXISTS: there is
 * a checkpoint already. GH_E_DENIED: there are entries without one. GH_E_IO. */
enum gh_rc gh_log_create(const struct gh_log_setup *setup, struct gh_err *err);

/* Open for appending; finishes what a crash left (asks the signer when there is something to publish). *out is the caller's.
 * GH_E_ABSENT: no log there. GH_E_DENIED: the checkpoint is gone or not signed with the key, or tiles were altered (named).
 * GH_E_IO, GH_E_NOMEM. */
enum gh_rc gh_log_open(const struct gh_log_setup *setup, struct gh_log **out, struct gh_err *err);
/* Makes tiles durable, so that the next one opens at once; failures of that are no loss and are not told. NULL is fine. */
void gh_log_close(struct gh_log *log);

/* Append n entries (each as gh_entry_write() makes it; anything else is refused before a byte is written). On GH_OK they stand at
 * *first … *first + n - 1, durable and under a signed checkpoint. On failure (GH_E_IO, GH_E_DENIED, what the signer said) nobody
 * may be told that they are there, though the next append may publish them: append them again with gh_log_append_new(). */
enum gh_rc gh_log_append(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t *first,
			 struct gh_err *err);
/* The same for entries that may be in the log already: an id that is found at index `from` or later is not appended again.
 * index[i] is where entry i stands. from: a size of the log that the caller knows to be older than every one of the entries;
 * 0 looks through all of it (about 0.3 s per million entries). */
enum gh_rc gh_log_append_new(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t from, uint64_t *index,
			     struct gh_err *err);

/* The head as this object knows it: after the last append, or as it was found. */
uint64_t gh_log_size(const struct gh_log *log);
/* The bytes of the signed checkpoint; valid until the next call that changes the log. */
struct gh_span gh_log_checkpoint(const struct gh_log *log);
/* A proof file (note.h) for the entry at index, with the present checkpoint. */
enum gh_rc gh_log_prove(struct gh_log *log, uint64_t index, struct gh_buf *proof, struct gh_err *err);

/* Add lines of cosignatures by these witnesses to the checkpoint, as add-checkpoint answers them: those that verify are kept,
 * others left out. GH_E_EXISTS: the checkpoint is not `text` any more (the text of the note that was cosigned). *added: how many
 * are new. */
enum gh_rc gh_log_cosign(struct gh_log *log, struct gh_span text, struct gh_span lines,
			 const struct gh_note_key *witness, size_t nwitness, size_t *added, struct gh_err *err);

/* Make tiles durable now and start the journal anew: for quiet times, so that no append has to wait for it. */
enum gh_rc gh_log_settle(struct gh_log *log, struct gh_err *err);
#endif

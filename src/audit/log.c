#include "audit/log_int.h"

#include "audit/entry.h"
#include "crypto/note_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char journal_name[] = "journal", checkpoint_name[] = "checkpoint";

/* ---- the lock ----------------------------------------------------------------------------------------------------------------- */
static enum gh_rc lock(struct gh_log *log, struct gh_err *err)
{
	while (flock(log->lock, LOCK_EX) != 0)
		if (errno != EINTR)
			return gh_fail_sys(err, errno, "the audit log cannot be locked");
	return GH_OK;
}
static void unlock(struct gh_log *log) { (void)flock(log->lock, LOCK_UN); }

/* ---- publishing ---------------------------------------------------------------------------------------------------------------- */
enum gh_rc gh_log_publish(struct gh_log *log, struct gh_err *err)
{
	uint8_t sig[GH_ED25519_SIG];
	struct gh_merkle_proof proof;
	gh_auto_buf note = gh_buf(GH_NOTE_MAX);
	struct gh_log_ask ask = { .size = log->edge.size,
				  .root = gh_merkle_edge_root(&log->edge),
				  .old = log->size,
				  .old_root = log->root,
				  .proof = &proof };
	log->tiles.size = log->edge.size;
	if (!gh_merkle_prove_consistency(gh_tiles_read, &log->tiles, log->size, log->edge.size, &proof) ||
	    gh_merkle_may_sign(log->size, &log->root, ask.size, &ask.root, proof.h, proof.n) != NULL)
		return gh_fail(err, GH_E_DENIED,
			       "tiles were altered: the log does not extend its checkpoint of %llu entries",
			       (unsigned long long)log->size);
	gh_checkpoint_write(log->key.name, ask.size, &ask.root, &note);
	ask.text = gh_buf_view(&note);
	GH_TRY(log->sign(log->sign_arg, &ask, sig, err), err, "the audit log's checkpoint was not signed");
	struct gh_span text = gh_buf_view(&note);
	if (!gh_ed25519_verify(log->key.key, text, sig))
		return gh_fail(err, GH_E_DENIED, "the audit log's checkpoint was signed with another key than its own");
	gh_buf_ch(&note, '\n');
	gh_note_sig_write(&log->key, (struct gh_span){ sig, sizeof sig }, &note);
	if (note.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for a checkpoint");
	GH_TRY(gh_io_put(log->io, log->dir, checkpoint_name, gh_buf_view(&note), true, err), err, "audit log");
	log->checkpoint.n = 0;
	gh_buf_span(&log->checkpoint, gh_buf_view(&note));
	log->size = ask.size;
	log->root = ask.root;
	return log->checkpoint.full ? gh_fail(err, GH_E_NOMEM, "no memory for a checkpoint") : GH_OK;
}

static enum gh_rc new_journal(struct gh_log *log, struct gh_err *err)
{
	uint8_t head[GH_JOURNAL_HEAD];
	struct stat st;
	gh_journal_head(log->size, &log->root, head);
	GH_TRY(gh_io_put(log->io, log->dir, journal_name, (struct gh_span){ head, sizeof head }, true, err), err,
	       "audit log");
	if (fstatat(log->dir, journal_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return gh_fail_sys(err, errno, "audit log: %s", journal_name);
	log->journal_inode = st.st_ino;
	log->journal_bytes = (uint64_t)st.st_size;
	return GH_OK;
}

enum gh_rc gh_log_settle_locked(struct gh_log *log, bool prune, struct gh_err *err)
{
	uint64_t from = log->crowded && log->uncrowded < log->base ? log->uncrowded : log->base;
	GH_TRY(gh_log_edge_sync(log, err), err, "audit log");
	GH_TRY(new_journal(log, err), err, "audit log");
	log->base = log->size;
	log->crowded = !prune;
	log->uncrowded = from;
	if (prune)
		gh_log_prune(log, from, log->size);
	return GH_OK;
}

enum gh_rc gh_log_settle(struct gh_log *log, struct gh_err *err)
{
	GH_TRY(lock(log, err), err, "audit log");
	enum gh_rc rc = gh_log_load(log, err);
	if (rc == GH_OK && (log->journal_bytes > GH_JOURNAL_HEAD || log->crowded))
		rc = gh_log_settle_locked(log, true, err);
	if (rc != GH_OK)
		log->known = false;
	unlock(log);
	return rc;
}

/* ---- appending ------------------------------------------------------------------------------------------------------------------ */
static enum gh_rc write_journal(struct gh_log *log, struct gh_span record, struct gh_err *err)
{
	int fd = log->io->open(log->io->arg, log->dir, journal_name, O_WRONLY | O_APPEND, 0);
	if (fd < 0)
		return gh_fail_sys(err, errno, "the audit log's journal cannot be opened");
	enum gh_rc rc = gh_io_write_all(log->io, fd, record, "the audit log's journal", err);
	if (rc == GH_OK && log->io->sync(log->io->arg, fd) != 0)
		rc = gh_fail_sys(err, errno, "the audit log's journal cannot be made durable");
	close(fd);
	return rc;
}

/* The record of a group: head and framed entries. Every entry is checked before anything is written. */
static enum gh_rc make_record(uint64_t first, const struct gh_span *entry, size_t n, struct gh_buf *out,
			      struct gh_err *err)
{
	uint8_t head[GH_JOURNAL_REC] = { 0 };
	struct gh_entry e;
	if (n > GH_LOG_ENTRIES_MAX)
		return gh_fail(err, GH_E_LIMIT, "at most %d entries are appended at once", GH_LOG_ENTRIES_MAX);
	gh_buf_put(out, head, sizeof head);
	for (size_t i = 0; i < n; i++) {
		uint8_t len[2] = { (uint8_t)(entry[i].n >> 8), (uint8_t)entry[i].n };
		GH_TRY(gh_entry_read(entry[i], &e, err), err, "entry %zu of %zu", i + 1, n);
		gh_buf_put(out, len, sizeof len);
		gh_buf_span(out, entry[i]);
	}
	if (out->full)
		return gh_fail(err, GH_E_LIMIT, "these entries are longer than the %d MiB that are appended at once",
			       GH_JOURNAL_BODY >> 20);
	gh_journal_rec(first, (uint32_t)n, gh_span_cut(gh_buf_view(out), GH_JOURNAL_REC, out->n), out->p);
	return GH_OK;
}

/* After an append: what was appended is published and durable, and what fails here is no failure of it. Tiles are made durable a few
 * at a time, more of them when the journal has become long, and it is started anew when few are left: no append waits for the tiles of
 * all those before it, unless the disk takes longer for them than to the double length. */
static void tidy(struct gh_log *log)
{
	enum { PATIENCE_US = 8000, HURRY_US = 16000, MORE_US = 80000, FEW = 8 };
	enum gh_rc rc = GH_OK;
	uint64_t left = 0;
	uint64_t beyond = log->journal_bytes > GH_LOG_JOURNAL ? log->journal_bytes - GH_LOG_JOURNAL : 0;
	if (log->journal_bytes > GH_LOG_JOURNAL / 16)
		rc = gh_log_edge_sync_some(
			log, beyond == 0 ? PATIENCE_US : HURRY_US + beyond * MORE_US / GH_LOG_JOURNAL, &left, NULL);
	if (rc == GH_OK && beyond > 0 && (left <= FEW || beyond > GH_LOG_JOURNAL))
		rc = gh_log_settle_locked(log, false, NULL); /* a file removed is a wait as well */
	if (rc != GH_OK)
		log->known = false;
}

/* Under the lock, with a state that is up to date. */
static enum gh_rc append(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t *first, struct gh_err *err)
{
	gh_auto_buf record = gh_buf(GH_JOURNAL_BODY);
	*first = log->size;
	if (n == 0)
		return GH_OK;
	if (log->size > GH_MERKLE_SIZE_MAX - n)
		return gh_fail(err, GH_E_LIMIT, "the audit log is full");
	GH_TRY(make_record(log->size, entry, n, &record, err), err, "nothing was logged");
	log->known = false; /* until all of it has worked */
	GH_TRY(write_journal(log, gh_buf_view(&record), err), err, "nothing was logged");
	log->journal_bytes += record.n;
	for (size_t i = 0; i < n; i++)
		gh_log_edge_push(log, entry[i]);
	GH_TRY(gh_log_edge_put(log, log->edge.size, err), err, "audit log");
	GH_TRY(gh_log_publish(log, err), err, "audit log");
	log->known = true;
	tidy(log);
	return GH_OK;
}

enum gh_rc gh_log_append(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t *first, struct gh_err *err)
{
	*first = 0;
	GH_TRY(lock(log, err), err, "audit log");
	enum gh_rc rc = gh_log_load(log, err);
	if (rc == GH_OK)
		rc = append(log, entry, n, first, err);
	unlock(log);
	return rc;
}

/* Which of the entries stand in the log already, and which follow: index[i], or UINT64_MAX. */
static enum gh_rc look_up(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t from, uint64_t *index,
			  struct gh_err *err)
{
	struct gh_entry e;
	struct gh_span *id = calloc(n == 0 ? 1 : n, sizeof *id);
	enum gh_rc rc = id == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for %zu entries", n) : GH_OK;
	for (size_t i = 0; i < n && rc == GH_OK; i++) {
		rc = gh_entry_read(entry[i], &e, err);
		id[i] = e.id;
	}
	log->tiles.size = log->size;
	if (rc == GH_OK)
		rc = gh_tiles_find(&log->tiles, id, n, from, index, err);
	free(id);
	return rc;
}

static enum gh_rc append_new(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t from, uint64_t *index,
			     struct gh_err *err)
{
	struct gh_span *fresh = calloc(n == 0 ? 1 : n, sizeof *fresh);
	size_t nfresh = 0;
	uint64_t first;
	enum gh_rc rc = fresh == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for %zu entries", n)
				      : look_up(log, entry, n, from, index, err);
	for (size_t i = 0; i < n && rc == GH_OK; i++)
		if (index[i] == UINT64_MAX)
			fresh[nfresh++] = entry[i];
	if (rc == GH_OK)
		rc = append(log, fresh, nfresh, &first, err);
	for (size_t i = 0; i < n && rc == GH_OK; i++)
		if (index[i] == UINT64_MAX)
			index[i] = first++;
	free(fresh);
	return rc;
}

enum gh_rc gh_log_append_new(struct gh_log *log, const struct gh_span *entry, size_t n, uint64_t from, uint64_t *index,
			     struct gh_err *err)
{
	GH_TRY(lock(log, err), err, "audit log");
	enum gh_rc rc = gh_log_load(log, err);
	if (rc == GH_OK)
		rc = append_new(log, entry, n, from, index, err);
	unlock(log);
	return rc;
}

/* ---- opening ---------------------------------------------------------------------------------------------------------------------- */
static enum gh_rc attach(const struct gh_log_setup *setup, struct gh_log **out, struct gh_err *err)
{
	struct gh_log *log = calloc(1, sizeof *log);
	*out = log;
	if (log == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the audit log");
	log->io = setup->io == NULL ? &gh_log_io_system : setup->io;
	log->key = *setup->key;
	log->older = setup->older;
	log->nolder = setup->nolder;
	log->sign = setup->sign;
	log->sign_arg = setup->sign_arg;
	log->checkpoint = gh_buf(GH_NOTE_MAX);
	log->bundle = gh_buf(GH_BUNDLE_MAX);
	log->lock = -1;
	log->dir = open(setup->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (log->dir < 0)
		return errno == ENOENT ? gh_fail(err, GH_E_ABSENT, "there is no audit log: %s", setup->dir)
				       : gh_fail_sys(err, errno, "audit log: %s", setup->dir);
	log->tiles.dir = log->dir;
	log->lock = log->io->open(log->io->arg, log->dir, "lock", O_RDWR | O_CREAT, 0600);
	if (log->lock < 0)
		return gh_fail_sys(err, errno, "audit log: lock");
	return setup->key->type == GH_NOTE_ED25519
		       ? GH_OK
		       : gh_fail(err, GH_E_MALFORMED, "the key of an audit log must be one of Ed25519 (type 01)");
}

static void detach(struct gh_log *log)
{
	if (log == NULL)
		return;
	if (log->lock >= 0)
		close(log->lock);
	if (log->dir >= 0)
		close(log->dir);
	gh_buf_free(&log->checkpoint);
	gh_buf_free(&log->bundle);
	free(log);
}

enum gh_rc gh_log_put_key(struct gh_log *log, struct gh_err *err)
{
	gh_auto_buf vkey = gh_buf(GH_NOTE_VKEY);
	gh_note_vkey_write(&log->key, &vkey);
	gh_buf_ch(&vkey, '\n');
	return gh_io_put(log->io, log->dir, "key.pub", gh_buf_view(&vkey), true, err);
}

static enum gh_rc create(struct gh_log *log, struct gh_err *err)
{
	struct stat st;
	if (fstatat(log->dir, checkpoint_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return gh_fail(err, GH_E_EXISTS, "there is an audit log already");
	GH_TRY(gh_log_check_lost(log, err), err, "no new audit log is made");
	GH_TRY(gh_log_put_key(log, err), err, "audit log");
	log->root = gh_merkle_empty();
	GH_TRY(new_journal(log, err), err, "audit log");
	return gh_log_publish(log, err);
}

enum gh_rc gh_log_create(const struct gh_log_setup *setup, struct gh_err *err)
{
	struct gh_log *log;
	if (mkdir(setup->dir, 0700) != 0 && errno != EEXIST)
		return gh_fail_sys(err, errno, "audit log: %s cannot be made", setup->dir);
	enum gh_rc rc = attach(setup, &log, err);
	if (rc == GH_OK)
		rc = lock(log, err);
	if (rc == GH_OK)
		rc = create(log, err);
	detach(log);
	return rc;
}

enum gh_rc gh_log_open(const struct gh_log_setup *setup, struct gh_log **out, struct gh_err *err)
{
	struct gh_log *log;
	*out = NULL;
	enum gh_rc rc = attach(setup, &log, err);
	if (rc == GH_OK)
		rc = lock(log, err);
	if (rc == GH_OK) {
		rc = gh_log_load(log, err);
		unlock(log);
	}
	if (rc != GH_OK) {
		detach(log);
		return rc;
	}
	*out = log;
	return GH_OK;
}

void gh_log_close(struct gh_log *log)
{
	if (log == NULL)
		return;
	(void)gh_log_settle(log, NULL);
	detach(log);
}

/* ---- looking ---------------------------------------------------------------------------------------------------------------------- */
uint64_t gh_log_size(const struct gh_log *log) { return log->size; }
struct gh_span gh_log_checkpoint(const struct gh_log *log) { return gh_buf_view(&log->checkpoint); }

enum gh_rc gh_log_prove(struct gh_log *log, uint64_t index, struct gh_buf *proof, struct gh_err *err)
{
	struct gh_merkle_proof path;
	log->tiles.size = log->size;
	if (index >= log->size)
		return gh_fail(err, GH_E_ABSENT, "there is no entry %llu: the log has %llu", (unsigned long long)index,
			       (unsigned long long)log->size);
	if (!gh_merkle_prove_inclusion(gh_tiles_read, &log->tiles, index, log->size, &path))
		return gh_fail(err, GH_E_IO, "tiles of the audit log cannot be read: run 'gatehouse audit verify'");
	gh_tlog_proof_write(index, &path, gh_buf_view(&log->checkpoint), proof);
	return proof->full ? gh_fail(err, GH_E_NOMEM, "no memory for a proof") : GH_OK;
}

/* ---- cosignatures -------------------------------------------------------------------------------------------------------------------- */

/* The note with one more line, or as it was when that line adds nothing. */
static bool take_line(struct gh_buf *note, struct gh_span text, struct gh_span line, const struct gh_note_key *witness,
		      size_t nwitness)
{
	struct gh_note one;
	gh_auto_buf alone = gh_buf(GH_NOTE_MAX);
	gh_buf_span(&alone, text);
	gh_buf_ch(&alone, '\n');
	gh_buf_span(&alone, line);
	gh_buf_ch(&alone, '\n');
	if (memmem(note->p, note->n, line.p, line.n) != NULL || gh_note_read(gh_buf_view(&alone), &one, NULL) != GH_OK)
		return false;
	for (size_t i = 0; i < nwitness; i++)
		if (witness[i].type == GH_NOTE_COSIG && gh_note_check(&one, &witness[i], NULL) == GH_NOTE_GOOD) {
			gh_buf_span(note, line);
			gh_buf_ch(note, '\n');
			return true;
		}
	return false;
}

static enum gh_rc cosign(struct gh_log *log, struct gh_span text, struct gh_span lines,
			 const struct gh_note_key *witness, size_t nwitness, size_t *added, struct gh_err *err)
{
	struct gh_note now;
	struct gh_span line;
	gh_auto_buf note = gh_buf(GH_NOTE_MAX);
	GH_TRY(gh_note_read(gh_buf_view(&log->checkpoint), &now, err), err, "checkpoint");
	if (!gh_span_eq(now.text, text))
		return gh_fail(err, GH_E_EXISTS, "the log has grown since the checkpoint was cosigned");
	gh_buf_span(&note, gh_buf_view(&log->checkpoint));
	while (now.nsig + *added < GH_NOTE_SIGS && !note.full && gh_line_next(&lines, &line))
		*added += take_line(&note, text, line, witness, nwitness);
	if (note.full)
		return gh_fail(err, GH_E_LIMIT, "too many cosignatures for one checkpoint");
	if (*added == 0)
		return GH_OK;
	GH_TRY(gh_io_put(log->io, log->dir, checkpoint_name, gh_buf_view(&note), true, err), err, "audit log");
	log->checkpoint.n = 0;
	gh_buf_span(&log->checkpoint, gh_buf_view(&note));
	return GH_OK;
}

enum gh_rc gh_log_cosign(struct gh_log *log, struct gh_span text, struct gh_span lines,
			 const struct gh_note_key *witness, size_t nwitness, size_t *added, struct gh_err *err)
{
	*added = 0;
	GH_TRY(lock(log, err), err, "audit log");
	enum gh_rc rc = gh_log_load(log, err);
	if (rc == GH_OK)
		rc = cosign(log, text, lines, witness, nwitness, added, err);
	unlock(log);
	return rc;
}

#include "crypto/sigstore/tlog.h"

#include "crypto/merkle.h"
#include "crypto/note.h"
#include "wire/b64.h"

const struct gh_root_log *gh_log_of(const struct gh_log_entry *e, const struct gh_root *root, int64_t t)
{
	for (size_t i = 0; i < root->nlog; i++)
		if (gh_span_eq(root->log[i].id, e->log_id) && (t < 0 || gh_period_has(root->log[i].period, t)))
			return &root->log[i];
	return NULL;
}

/* Canonical JSON of what Rekor promises: members sorted, numbers plain (rekor, SignedEntryTimestamp). */
enum gh_rc gh_log_promise(const struct gh_log_entry *e, const struct gh_root_log *log, struct gh_err *err)
{
	gh_auto_buf msg = gh_buf(e->body64.n + 512);
	gh_buf_str(&msg, "{\"body\":\"");
	gh_buf_span(&msg, e->body64); /* was read as base64: nothing to escape */
	gh_buf_fmt(&msg, "\",\"integratedTime\":%llu,\"logID\":\"", (unsigned long long)e->integrated);
	gh_b16_put(&msg, e->log_id);
	gh_buf_fmt(&msg, "\",\"logIndex\":%llu}", (unsigned long long)e->index);
	if (msg.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for an entry");
	return gh_key_verify(log->key, gh_buf_view(&msg), e->promise, err);
}

static bool hash_of(struct gh_span s, struct gh_mhash *out)
{
	if (s.n != sizeof out->b)
		return false;
	memcpy(out->b, s.p, sizeof out->b);
	return true;
}

enum gh_rc gh_log_inclusion(const struct gh_log_entry *e, struct gh_err *err)
{
	struct gh_mhash path[GH_BUNDLE_PATH], root, leaf = gh_merkle_leaf(e->body);
	bool ok = hash_of(e->proof_root, &root);
	for (size_t i = 0; ok && i < e->nproof; i++)
		ok = hash_of(e->proof[i], &path[i]);
	if (!ok)
		return gh_fail(err, GH_E_MALFORMED, "a hash has not 32 bytes");
	if (!gh_merkle_check_inclusion(&leaf, e->proof_index, e->proof_size, path, e->nproof, &root))
		return gh_fail(err, GH_E_DENIED, "the proof does not lead from the entry to the root of the tree");
	return GH_OK;
}

/* "host" or "host - 1193050959916656506": Rekor 1 adds the number of its tree. */
static bool is_origin(struct gh_span origin, struct gh_span name)
{
	if (origin.n < name.n || (name.n != 0 && memcmp(origin.p, name.p, name.n) != 0))
		return false;
	struct gh_span rest = gh_span_cut(origin, name.n, origin.n);
	if (rest.n == 0)
		return true;
	if (!gh_span_starts(rest, " - ") || rest.n == 3)
		return false;
	for (size_t i = 3; i < rest.n; i++)
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return false;
	return true;
}

static enum gh_rc note_key(const struct gh_root_log *log, struct gh_note_key *out, struct gh_err *err)
{
	gh_auto_buf spki = gh_buf(4096);
	uint8_t raw[GH_KEY_RAW];
	char name[GH_NOTE_NAME + 1];
	if (log->name.n == 0 || log->name.n >= sizeof name)
		return gh_fail(err, GH_E_MALFORMED, "the trusted root does not say what the log is called");
	memcpy(name, log->name.p, log->name.n);
	name[log->name.n] = '\0';
	if (gh_key_kind(log->key) == GH_KEY_ED25519)
		return gh_key_raw(log->key, raw)
			       ? gh_note_key(name, GH_NOTE_ED25519, (struct gh_span){ raw, sizeof raw }, out, err)
			       : gh_fail(err, GH_E_BUG, "the log's key cannot be used");
	if (gh_key_kind(log->key) == GH_KEY_RSA || !gh_key_spki(log->key, &spki))
		return gh_fail(err, GH_E_UNREAD, "checkpoints signed with RSA are not read");
	return gh_note_key(name, GH_NOTE_ECDSA, gh_buf_view(&spki), out, err);
}

enum gh_rc gh_tlog_checkpoint(const struct gh_log_entry *e, const struct gh_root_log *log, struct gh_err *err)
{
	struct gh_note note;
	struct gh_checkpoint cp;
	struct gh_note_key key;
	struct gh_mhash root;
	GH_TRY(gh_note_read(e->checkpoint, &note, err), err, "checkpoint");
	GH_TRY(gh_checkpoint_read(note.text, &cp, err), err, "checkpoint");
	GH_TRY(note_key(log, &key, err), err, "checkpoint");
	switch (gh_note_check(&note, &key, NULL)) {
	case GH_NOTE_GOOD: break;
	case GH_NOTE_BAD: return gh_fail(err, GH_E_DENIED, "the log's signature of the checkpoint does not match");
	case GH_NOTE_ABSENT: return gh_fail(err, GH_E_DENIED, "the checkpoint is not signed by the log");
	}
	if (!is_origin(cp.origin, log->name))
		return gh_fail(err, GH_E_DENIED, "the checkpoint is of another log");
	if (!hash_of(e->proof_root, &root) || !gh_mhash_eq(&root, &cp.root) || cp.size != e->proof_size)
		return gh_fail(err, GH_E_DENIED, "the checkpoint is of another tree than the proof");
	return GH_OK;
}

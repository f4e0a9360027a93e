/* Checkpoints (C2SP tlog-checkpoint) and proof files (C2SP tlog-proof): note.h. */
#include "crypto/note_int.h"

static const char proof_magic[] = "c2sp.org/tlog-proof@v1";

/* ---- checkpoints ------------------------------------------------------------------------------------------------------------ */
enum gh_rc gh_checkpoint_read(struct gh_span text, struct gh_checkpoint *out, struct gh_err *err)
{
	struct gh_span rest = text, line;
	memset(out, 0, sizeof *out);
	if (!gh_line_next(&rest, &line) || line.n == 0)
		return gh_fail(err, GH_E_MALFORMED, "checkpoint: line 1 must be the origin of a log");
	out->origin = line;
	if (!gh_line_next(&rest, &line) || !gh_line_number(line, &out->size))
		return gh_fail(err, GH_E_MALFORMED, "checkpoint: line 2 must be the number of entries");
	if (!gh_line_next(&rest, &line) || !gh_line_hash(line, &out->root))
		return gh_fail(err, GH_E_MALFORMED, "checkpoint: line 3 must be a root hash in base64");
	struct gh_mhash none = gh_merkle_empty();
	if (out->size == 0 && !gh_mhash_eq(&out->root, &none))
		return gh_fail(err, GH_E_MALFORMED, "checkpoint: the root is not that of an empty log");
	out->extension = rest;
	for (unsigned n = 4; rest.n > 0; n++)
		if (!gh_line_next(&rest, &line) || line.n == 0)
			return gh_fail(err, GH_E_MALFORMED, "checkpoint: line %u is empty or cut off", n);
	return GH_OK;
}

void gh_checkpoint_write(const char *origin, uint64_t size, const struct gh_mhash *root, struct gh_buf *out)
{
	gh_buf_fmt(out, "%s\n%llu\n", origin, (unsigned long long)size);
	gh_line_put_hash(out, root);
}

enum gh_rc gh_checkpoint_open(struct gh_span bytes, const struct gh_note_key *log, struct gh_note *note,
			      struct gh_checkpoint *out, struct gh_err *err)
{
	memset(out, 0, sizeof *out);
	GH_TRY(gh_note_read(bytes, note, err), err, "checkpoint");
	GH_TRY(gh_note_verify(note, log, 1, NULL, err), err, "checkpoint");
	GH_TRY(gh_checkpoint_read(note->text, out, err), err, "signed, but no checkpoint");
	if (!gh_span_is(out->origin, log->name)) {
		memset(out, 0, sizeof *out);
		return gh_fail(err, GH_E_DENIED, "the checkpoint is one of another log: its origin is not %.100s",
			       log->name);
	}
	return GH_OK;
}

/* ---- proof files ------------------------------------------------------------------------------------------------------------ */
static enum gh_rc read_path(struct gh_span *rest, struct gh_merkle_proof *path, struct gh_err *err)
{
	struct gh_span line;
	for (path->n = 0; gh_line_next(rest, &line); path->n++) {
		if (line.n == 0)
			return GH_OK;
		if (path->n == GH_MERKLE_PROOF)
			return gh_fail(err, GH_E_MALFORMED, "more than %d hashes", GH_MERKLE_PROOF);
		if (!gh_line_hash(line, &path->h[path->n]))
			return gh_fail(err, GH_E_MALFORMED, "hash %u is none in base64", path->n + 1);
	}
	return gh_fail(err, GH_E_MALFORMED, "no empty line before the checkpoint");
}

enum gh_rc gh_tlog_proof_read(struct gh_span bytes, struct gh_tlog_proof *out, struct gh_err *err)
{
	struct gh_span rest = bytes, line;
	memset(out, 0, sizeof *out);
	if (bytes.n > GH_NOTE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a proof of %zu bytes; at most %d are read", bytes.n, GH_NOTE_MAX);
	if (!gh_line_next(&rest, &line) || !gh_span_is(line, proof_magic))
		return gh_fail(err, GH_E_MALFORMED, "no proof file: it does not start with \"%s\"", proof_magic);
	bool got = gh_line_next(&rest, &line);
	if (got && gh_span_starts(line, "extra ")) {
		size_t n;
		out->extra = gh_span_cut(line, 6, line.n);
		out->has_extra = true;
		if (!gh_line_b64(out->extra, NULL, 0, &n))
			return gh_fail(err, GH_E_MALFORMED, "proof file: \"extra\" without base64");
		got = gh_line_next(&rest, &line);
	}
	if (!got || !gh_span_starts(line, "index ") || !gh_line_number(gh_span_cut(line, 6, line.n), &out->index))
		return gh_fail(err, GH_E_MALFORMED, "proof file: the line \"index N\" is missing");
	GH_TRY(read_path(&rest, &out->path, err), err, "proof file");
	out->checkpoint = rest;
	return GH_OK;
}

void gh_tlog_proof_write(uint64_t index, const struct gh_merkle_proof *path, struct gh_span checkpoint,
			 struct gh_buf *out)
{
	gh_buf_fmt(out, "%s\nindex %llu\n", proof_magic, (unsigned long long)index);
	for (unsigned i = 0; i < path->n; i++)
		gh_line_put_hash(out, &path->h[i]);
	gh_buf_ch(out, '\n');
	gh_buf_span(out, checkpoint);
}

enum gh_rc gh_tlog_proof_check(struct gh_span bytes, struct gh_span entry, const struct gh_note_key *log,
			       struct gh_note *note, struct gh_checkpoint *out, struct gh_err *err)
{
	struct gh_tlog_proof p;
	struct gh_note n;
	struct gh_checkpoint c;
	if (out != NULL)
		memset(out, 0, sizeof *out);
	GH_TRY(gh_tlog_proof_read(bytes, &p, err), err, "inclusion");
	GH_TRY(gh_checkpoint_open(p.checkpoint, log, &n, &c, err), err, "inclusion");
	struct gh_mhash leaf = gh_merkle_leaf(entry);
	if (!gh_merkle_check_inclusion(&leaf, p.index, c.size, p.path.h, p.path.n, &c.root))
		return gh_fail(err, GH_E_DENIED,
			       "the proof does not show that this entry stands at %llu of %llu in the log",
			       (unsigned long long)p.index, (unsigned long long)c.size);
	if (out != NULL)
		*out = c;
	if (note != NULL)
		*note = n;
	return GH_OK;
}

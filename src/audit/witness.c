#include "audit/witness.h"

#include "crypto/note_int.h"

/* ---- asking ----------------------------------------------------------------------------------------------------------------- */
void gh_witness_ask(uint64_t old, const struct gh_merkle_proof *proof, struct gh_span checkpoint, struct gh_buf *out)
{
	gh_buf_fmt(out, "old %llu\n", (unsigned long long)old);
	for (unsigned i = 0; i < proof->n; i++)
		gh_line_put_hash(out, &proof->h[i]);
	gh_buf_ch(out, '\n');
	gh_buf_span(out, checkpoint);
}

bool gh_witness_conflict(struct gh_span body, uint64_t *size)
{
	struct gh_span line;
	return gh_line_next(&body, &line) && body.n == 0 && gh_line_number(line, size);
}

/* ---- answering ---------------------------------------------------------------------------------------------------------------- */
struct request {
	uint64_t old;
	struct gh_merkle_proof proof;
	struct gh_note note;
	struct gh_checkpoint head;
};

/* A size of 0 with a root is no checkpoint, but it is one that must be answered with 422, not 400. */
static bool empty_with_root(struct request *r)
{
	struct gh_span rest = r->note.text, size, root;
	return gh_line_next(&rest, &r->head.origin) && gh_line_next(&rest, &size) && gh_span_is(size, "0") &&
	       gh_line_next(&rest, &root) && gh_line_hash(root, &r->head.root) && rest.n == 0;
}

static bool read_request(struct gh_span rest, struct request *r)
{
	struct gh_span line;
	if (rest.n > GH_WITNESS_BODY || !gh_line_next(&rest, &line) || !gh_span_starts(line, "old ") ||
	    !gh_line_number(gh_span_cut(line, 4, line.n), &r->old))
		return false;
	for (r->proof.n = 0;; r->proof.n++) {
		if (!gh_line_next(&rest, &line))
			return false;
		if (line.n == 0)
			break;
		if (r->proof.n == GH_WITNESS_PROOF || !gh_line_hash(line, &r->proof.h[r->proof.n]))
			return false;
	}
	if (gh_note_read(rest, &r->note, NULL) != GH_OK)
		return false;
	return gh_checkpoint_read(r->note.text, &r->head, NULL) == GH_OK || empty_with_root(r);
}

/* The log of that origin whose key signed; *known: there is one of that origin. */
static size_t find_log(const struct request *r, const struct gh_witness_log *log, size_t nlog, bool *known)
{
	*known = false;
	for (size_t i = 0; i < nlog; i++) {
		if (!gh_span_is(r->head.origin, log[i].key.name))
			continue;
		*known = true;
		if (gh_note_check(&r->note, &log[i].key, NULL) == GH_NOTE_GOOD)
			return i;
	}
	return SIZE_MAX;
}

static bool say(struct gh_witness_answer *a, unsigned status, const char *text)
{
	a->status = status;
	a->type = "text/plain; charset=utf-8";
	gh_buf_str(&a->body, text);
	gh_buf_ch(&a->body, '\n');
	return !a->body.full;
}

static bool conflict(struct gh_witness_answer *a, uint64_t size)
{
	a->status = 409;
	a->type = "text/x.tlog.size";
	gh_buf_fmt(&a->body, "%llu\n", (unsigned long long)size);
	return !a->body.full;
}

static bool cosign(const struct request *r, const struct gh_note_key *self, const uint8_t seed[GH_ED25519_KEY],
		   uint64_t time, struct gh_witness_answer *a)
{
	uint8_t sig[GH_COSIG];
	gh_auto_buf msg = gh_buf(GH_NOTE_MAX + 128);
	for (unsigned i = 0; i < 8; i++)
		sig[i] = (uint8_t)(time >> (56 - 8 * i));
	gh_note_cosig_message(time, r->note.text, &msg);
	if (msg.full || !gh_ed25519_sign(seed, gh_buf_view(&msg), sig + 8))
		return false;
	a->status = 200;
	a->type = "text/plain; charset=utf-8";
	a->size = r->head.size;
	a->root = r->head.root;
	gh_note_sig_write(self, (struct gh_span){ sig, sizeof sig }, &a->body);
	return !a->body.full;
}

bool gh_witness_answer(struct gh_span request, const struct gh_witness_log *log, size_t nlog,
		       const struct gh_note_key *self, const uint8_t seed[GH_ED25519_KEY], uint64_t time,
		       struct gh_witness_answer *out)
{
	struct request r = { 0 };
	bool known;
	struct gh_mhash none = gh_merkle_empty();
	*out = (struct gh_witness_answer){ .body = gh_buf(GH_NOTE_MAX), .log = SIZE_MAX };
	if (!read_request(request, &r))
		return say(out, 400, "not a request to add a checkpoint");
	size_t i = find_log(&r, log, nlog, &known);
	if (!known)
		return say(out, 404, "this log is not known here");
	if (i == SIZE_MAX)
		return say(out, 403, "the checkpoint is not signed with a key of this log that is known here");
	out->log = i;
	if (r.old > r.head.size)
		return say(out, 400, "the old size is larger than that of the checkpoint");
	if (r.old != log[i].size)
		return conflict(out, log[i].size);
	const struct gh_mhash *old_root = log[i].size == 0 ? &none : &log[i].root;
	/* Also: the same size with another root, a proof that must be empty and is not, size 0 with a root. */
	if (!gh_merkle_check_consistency(r.old, old_root, r.head.size, &r.head.root, r.proof.h, r.proof.n))
		return say(out, 422, "the proof does not show that the checkpoint extends the one cosigned last");
	return cosign(&r, self, seed, time, out);
}

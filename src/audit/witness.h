/* witness.h - asking witnesses to cosign a checkpoint, and being one (C2SP tlog-witness, add-checkpoint).
 *
 * Pure: bodies of requests and answers as bytes; who carries them over the network is the caller's business. */
#ifndef GH_AUDIT_WITNESS_H
#define GH_AUDIT_WITNESS_H
#include "crypto/note.h"

enum { GH_WITNESS_PROOF = 63, GH_WITNESS_BODY = GH_NOTE_MAX + 4096 };

/* The body of a request: "old <size>", the proof, an empty line, the checkpoint. */
void gh_witness_ask(uint64_t old, const struct gh_merkle_proof *proof, struct gh_span checkpoint, struct gh_buf *out);
/* The size that an answer with status 409 names. False: it names none. */
bool gh_witness_conflict(struct gh_span body, uint64_t *size);

/* What a witness knows of one log. */
struct gh_witness_log {
	struct gh_note_key key; /* the log's; its name is the origin */
	uint64_t size;		/* cosigned last; 0: nothing yet */
	struct gh_mhash root;	/* of that size; not looked at when size is 0 */
};
struct gh_witness_answer {
	unsigned status;    /* of HTTP: 200, 400, 403, 404, 409, 422 */
	const char *type;   /* Content-Type */
	struct gh_buf body; /* 200: lines of signatures; 409: a size; others: one line for people */
	/* status 200: what to remember of that log. Persist it before the answer leaves, and let nothing come in between. */
	size_t log;
	uint64_t size;
	struct gh_mhash root;
};
/* Answer a request as the witness `self` (GH_NOTE_COSIG, with its private key) at `time`, seconds since 1970. gh_buf_free()
 * the body. False: out of memory, or OpenSSL failed: answer 500. */
bool gh_witness_answer(struct gh_span request, const struct gh_witness_log *log, size_t nlog,
		       const struct gh_note_key *self, const uint8_t seed[GH_ED25519_KEY], uint64_t time,
		       struct gh_witness_answer *out);
#endif

/* note.h - signed notes, checkpoints and proof files of transparency logs.
 *
 * Specifications (C2SP): signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof. A note is a text that ends in a newline,
 * an empty line, and lines of signatures:
 *
 *	example.com/log
 *	42
 *	VGhpcyBpcyBubyByb290IGJ1dCBhbiBleGFtcGxlISE=
 *
 *	— example.com/log <base64 of 4 bytes key id and the signature>
 *
 * Everything here reads bytes of strangers: any bytes lead to an answer, memory is taken only for copies of
 * what was given and given back before the return, and spans that are handed out lie in the bytes that were given. */
#ifndef GH_CRYPTO_NOTE_H
#define GH_CRYPTO_NOTE_H
#include "base/buf.h"
#include "base/err.h"
#include "crypto/merkle.h"

enum {
	GH_NOTE_MAX = 64 << 10, /* bytes of a note; longer ones are refused */
	GH_NOTE_SIGS = 64,	/* signature lines that are looked at; more are refused */
	GH_NOTE_NAME = 255,	/* bytes of a key name */
	GH_NOTE_KEY = 192,	/* bytes of a public key: SubjectPublicKeyInfo of P-521 fits */
	GH_NOTE_SIG = 160,	/* bytes of a signature of the kinds that are verified here (ECDSA P-521: 139) */
	GH_NOTE_VKEY = 640,	/* room for a verifier key as text, with its NUL */
	GH_ED25519_KEY = 32,
	GH_ED25519_SIG = 64,
	GH_COSIG = 8 + GH_ED25519_SIG, /* bytes of a cosignature: time, then Ed25519 */
};

enum gh_note_type {
	GH_NOTE_ED25519 = 1, /* signature over the text; key: 32 bytes */
	GH_NOTE_ECDSA =
		2, /* ASN.1 signature over the SHA-2 digest of the text that belongs to the curve (P-256: SHA-256);
			      * key: SubjectPublicKeyInfo in DER; id: first 4 bytes of its SHA-256 */
	GH_NOTE_COSIG = 4, /* tlog-cosignature: time and Ed25519; key: 32 bytes */
};

/* Who may have signed: a public key under a name. */
struct gh_note_key {
	char name[GH_NOTE_NAME + 1];
	enum gh_note_type type;
	uint32_t id; /* the four bytes, big-endian */
	uint8_t key[GH_NOTE_KEY];
	size_t key_n;
};

/* Fill one in; the id is computed. GH_E_MALFORMED: the name is none (empty, white space, plus sign, control characters, not
 * UTF-8, too long), or the key has not the length its type wants. */
enum gh_rc gh_note_key(const char *name, enum gh_note_type type, struct gh_span key, struct gh_note_key *out,
		       struct gh_err *err);
/* A verifier key, "name+hex id+base64(type || key)", white space around it allowed. GH_E_MALFORMED: no such text, or the id is
 * not that of name and key. GH_E_UNREAD: a type that is not known here. */
enum gh_rc gh_note_vkey_read(struct gh_span text, struct gh_note_key *out, struct gh_err *err);
void gh_note_vkey_write(const struct gh_note_key *key, struct gh_buf *out); /* no newline */

/* ---- notes ------------------------------------------------------------------------------------------------------------- */
struct gh_note_sig {
	struct gh_span name;
	uint32_t id;
	struct gh_span base64; /* of id and signature */
	size_t n;	       /* bytes of the signature, without the id */
};
struct gh_note {
	struct gh_span text; /* with its last newline: what is signed */
	struct gh_note_sig sig[GH_NOTE_SIGS];
	size_t nsig;
};

/* Take a note apart. GH_E_MALFORMED with the reason in err, GH_E_LIMIT: too long or too many signatures. */
enum gh_rc gh_note_read(struct gh_span bytes, struct gh_note *out, struct gh_err *err);

enum gh_note_said {
	GH_NOTE_ABSENT, /* no signature of this name and id */
	GH_NOTE_GOOD,
	GH_NOTE_BAD, /* there is one, and it is wrong: the whole note must be refused */
};
/* What the note's signatures say about one key. time: of a cosignature, seconds since 1970 (may be NULL; the latest when there
 * are several). */
enum gh_note_said gh_note_check(const struct gh_note *note, const struct gh_note_key *key, uint64_t *time);
/* At least one of the keys signed, and no known key's signature is wrong. GH_E_DENIED otherwise. good[i] (may be NULL) says
 * which keys signed. */
enum gh_rc gh_note_verify(const struct gh_note *note, const struct gh_note_key *key, size_t nkeys, bool *good,
			  struct gh_err *err);

/* Append a line of signature. sig: without the id; for a cosignature with its time. */
void gh_note_sig_write(const struct gh_note_key *key, struct gh_span sig, struct gh_buf *out);
/* What a cosignature of `text` at `time` signs. */
void gh_note_cosig_message(uint64_t time, struct gh_span text, struct gh_buf *out);

/* ---- checkpoints ------------------------------------------------------------------------------------------------------- */
struct gh_checkpoint {
	struct gh_span origin;
	uint64_t size;
	struct gh_mhash root;
	struct gh_span extension; /* lines after the root, with their newlines; mostly empty */
};
/* The text of a note (gh_note.text) as a checkpoint. GH_E_MALFORMED says which line. */
enum gh_rc gh_checkpoint_read(struct gh_span text, struct gh_checkpoint *out, struct gh_err *err);
/* The text to be signed: three lines. */
void gh_checkpoint_write(const char *origin, uint64_t size, const struct gh_mhash *root, struct gh_buf *out);
/* Note and checkpoint at once: signed by `log`, whose name is the origin. */
enum gh_rc gh_checkpoint_open(struct gh_span bytes, const struct gh_note_key *log, struct gh_note *note,
			      struct gh_checkpoint *out, struct gh_err *err);

/* ---- proof files (.tlog-proof) ----------------------------------------------------------------------------------------- */
struct gh_tlog_proof {
	bool has_extra;
	struct gh_span extra; /* base64, not authenticated */
	uint64_t index;
	struct gh_merkle_proof path;
	struct gh_span checkpoint; /* the signed note, verbatim */
};
enum gh_rc gh_tlog_proof_read(struct gh_span bytes, struct gh_tlog_proof *out, struct gh_err *err);
void gh_tlog_proof_write(uint64_t index, const struct gh_merkle_proof *path, struct gh_span checkpoint,
			 struct gh_buf *out);
/* Does the proof show that `entry` (the bytes that were logged) stands in the log of `log` at proof->index? The checkpoint is
 * verified as by gh_checkpoint_open(); *out and *note (both may be NULL) then hold it, for a witness policy or to be remembered.
 * GH_E_MALFORMED: no such file; GH_E_DENIED: signature or path are wrong. */
enum gh_rc gh_tlog_proof_check(struct gh_span bytes, struct gh_span entry, const struct gh_note_key *log,
			       struct gh_note *note, struct gh_checkpoint *out, struct gh_err *err);

/* ---- Ed25519 (RFC 8032) ------------------------------------------------------------------------------------------------ */
bool gh_ed25519_verify(const uint8_t key[GH_ED25519_KEY], struct gh_span msg, const uint8_t sig[GH_ED25519_SIG]);
/* False: OpenSSL failed. seed: the private key. */
bool gh_ed25519_sign(const uint8_t seed[GH_ED25519_KEY], struct gh_span msg, uint8_t sig[GH_ED25519_SIG]);
#endif

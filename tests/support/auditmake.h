/* auditmake.h - entries, keys and a signer for tests of the audit log. */
#ifndef GH_TEST_AUDITMAKE_H
#define GH_TEST_AUDITMAKE_H
#include "audit/log.h"

/* A signer that behaves as the vault must: it remembers what it signed last and refuses what does not extend it. */
struct audit_signer {
	uint8_t seed[GH_ED25519_KEY];
	uint64_t size; /* signed last */
	struct gh_mhash root;
	const char
		*state; /* NULL, or a file that holds size and root between runs, written before a signature is given */
	unsigned asked;
	bool refuse; /* as a vault that is locked */
};
enum gh_rc audit_sign(void *signer, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG], struct gh_err *err);
/* A key pair made from a number; *key is the public half under that name. */
void audit_key(unsigned number, const char *name, enum gh_note_type type, uint8_t seed[GH_ED25519_KEY],
	       struct gh_note_key *key);
/* A setup with a signer made from number 1; the objects must outlive the log. */
struct gh_log_setup audit_setup(const char *dir, struct audit_signer *s, struct gh_note_key *key);
/* Append the canonical bytes of an entry whose id is made of `number`; about 400 bytes. */
void audit_entry(uint64_t number, struct gh_buf *out);
/* "%032x" of the number: the id that audit_entry() gives it. */
void audit_id(uint64_t number, char out[33]);
#endif

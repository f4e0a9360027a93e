/* vault.h - asking the vault: the client's side of the process that holds every key and parses nothing.
 *
 * A channel is one socket to the vault. `main` has the one it started the vault with and opens the keys over it; the catalog has
 * another, attached by main, for all that concerns tenants and signatures. The vault refuses on each what it is not for (it
 * closes a channel that asks anyway).
 *
 * Every call asks and waits for the answer, at most GH_VAULT_WAIT_S seconds. Failures are one line in err, with what to do;
 * GH_E_IO "the vault has ended" when it did: nothing of what was asked took effect, or it did and the answer was lost (every
 * request may be repeated, except that a new key or generation may then exist twice). A channel belongs to one thread.
 *
 *	init	main: gh_vault_init()                                → keys/, a recovery key to be shown once
 *	start	main: gh_vault_unlock(), gh_vault_attach_catalog()
 *	tenant	catalog: gh_vault_tenant_new()
 *	import	main: starts a blob process, gh_vault_attach_blob(session)
 *		catalog: gh_vault_new_keys() → ids and wrapped keys, to be stored;
 *			 gh_vault_release(purpose import, session) → logged, then the keys are with the blob process
 *	badge	catalog: gh_vault_sign(GH_SIGN_STATEMENT)
 *	log	catalog: gh_vault_checkpoint() as the log's sign callback
 *
 * Ids are those of catalog/id.h. */
#ifndef GH_CATALOG_VAULT_H
#define GH_CATALOG_VAULT_H
#include "base/buf.h"
#include "base/err.h"
#include "catalog/id.h"
#include "catalog/vault_proto.h"
#include "crypto/merkle.h"

enum { GH_VAULT_WAIT_S = 180 };

struct gh_vault;

/* Called inside gh_vault_release() and gh_vault_tenant_shred(), before anything takes effect: make the entry durable in the log
 * and return GH_OK with its index. It may use this very channel for gh_vault_checkpoint(), and for nothing else. Anything but
 * GH_OK: nothing is released. */
typedef enum gh_rc gh_vault_log_fn(void *arg, const struct gh_vp_log *entry, uint64_t *index, struct gh_err *err);

/* sock: a connected end; owned from now on. log: NULL on main's channel. NULL: no memory (sock is closed). */
struct gh_vault *gh_vault_new(int sock, gh_vault_log_fn *log, void *arg);
void gh_vault_free(struct gh_vault *v); /* closes the channel; NULL: nothing */
/* For poll(): readable without a question pending means that the vault has ended. */
int gh_vault_fd(const struct gh_vault *v);

/* ---- main: opening ----------------------------------------------------------------------------------------------------- */
struct gh_vault_secret {
	enum gh_vault_method method;
	int fd; /* holds the passphrase (one newline at its end is dropped), key or recovery key; read by the vault to
			 * its end, at most 4 KiB; stays the caller's. -1: TPM */
	uint32_t pcrs;	   /* TPM, when a slot is made: see vault_proto.h */
	const char *label; /* when a slot is made: shown by `key status`, at most 31 bytes; NULL: the method's name */
};
/* Make root, badge, log and node keys. recovery: to be shown once, then wiped. GH_E_EXISTS: there are keys. */
enum gh_rc gh_vault_init(struct gh_vault *v, const struct gh_vault_secret *s, char recovery[GH_VP_RECOVERY],
			 struct gh_err *err);
/* Open the root key. Finishes a rotation of it that a crash interrupted. */
enum gh_rc gh_vault_unlock(struct gh_vault *v, const struct gh_vault_secret *s, struct gh_err *err);
/* Hand over the vault's end of a new channel; fd stays the caller's. */
enum gh_rc gh_vault_attach_catalog(struct gh_vault *v, int fd, struct gh_err *err);
/* The same for a blob process (catalog/blobrun.h): session names it in gh_vault_release(). One session gets keys of one model
 * version only. It ends when the blob process closes its end. */
enum gh_rc gh_vault_attach_blob(struct gh_vault *v, int fd, const struct gh_id *session, struct gh_err *err);

enum gh_rc gh_vault_slot_add(struct gh_vault *v, const struct gh_vault_secret *s, unsigned *number, struct gh_err *err);
enum gh_rc gh_vault_slot_remove(struct gh_vault *v, unsigned number, struct gh_err *err);
enum gh_rc gh_vault_slots(struct gh_vault *v, struct gh_vp_slot out[GH_VP_SLOTS], size_t *n, struct gh_err *err);
/* A new recovery key in place of the one there was. */
enum gh_rc gh_vault_recovery_new(struct gh_vault *v, char recovery[GH_VP_RECOVERY], struct gh_err *err);

/* ---- main and catalog -------------------------------------------------------------------------------------------------- */
/* Also before the keys are open. */
enum gh_rc gh_vault_status(struct gh_vault *v, struct gh_vp_status *out, struct gh_err *err);
/* All public keys, current and retired: at most cap; *n: how many there are (GH_E_LIMIT when more than cap). */
enum gh_rc gh_vault_public(struct gh_vault *v, struct gh_vp_public *out, size_t cap, size_t *n, struct gh_err *err);
/* Those of one kind (GH_VAULT_EVERY: all): a damaged file of another kind does no harm then. */
enum gh_rc gh_vault_public_kind(struct gh_vault *v, enum gh_vault_key key, struct gh_vp_public *out, size_t cap,
				size_t *n, struct gh_err *err);
/* The current public key of one kind. */
enum gh_rc gh_vault_public_of(struct gh_vault *v, enum gh_vault_key key, struct gh_vp_public *out, struct gh_err *err);
/* A new generation. Root: every tenant and signing key is wrapped again (a crash in between is repaired by the next unlock).
 * Signing keys: the old private half is destroyed, the old public one stays known. */
enum gh_rc gh_vault_rotate(struct gh_vault *v, enum gh_vault_key key, uint32_t *generation, struct gh_err *err);
/* The badge key says which public key is whose: log and node keys by the current badge key, a badge key by the one before it
 * (GH_E_ABSENT for the first). The signature is over PAE(GH_VAULT_KEY_PAYLOAD, payload). */
enum gh_rc gh_vault_endorsement(struct gh_vault *v, enum gh_vault_key key, uint32_t generation,
				struct gh_vp_endorsement *out, struct gh_err *err);

/* ---- catalog: tenants and blob keys ------------------------------------------------------------------------------------ */
enum gh_rc gh_vault_tenant_new(struct gh_vault *v, const struct gh_id *tenant, struct gh_err *err);
enum gh_rc gh_vault_tenant_status(struct gh_vault *v, const struct gh_id *tenant, struct gh_vp_tenant_status *out,
				  struct gh_err *err);
/* A new generation for keys made from now on. Afterwards gh_vault_rewrap() every stored key, in as many steps and runs as it
 * takes, and then gh_vault_tenant_retire(). */
enum gh_rc gh_vault_tenant_rotate(struct gh_vault *v, const struct gh_id *tenant, uint32_t *generation,
				  struct gh_err *err);
/* Destroy the generations below `below`: when no stored key is wrapped by them any more. */
enum gh_rc gh_vault_tenant_retire(struct gh_vault *v, const struct gh_id *tenant, uint32_t below, struct gh_err *err);
/* Destroy all keys of a tenant, after it was logged; once more is fine, and not logged. Nothing of its blobs opens any more, whoever has them. */
enum gh_rc gh_vault_tenant_shred(struct gh_vault *v, const struct gh_id *tenant, const struct gh_id *requester,
				 struct gh_err *err);

/* A blob's key as the catalog keeps it: opaque. */
struct gh_vault_wrapped {
	uint8_t b[GH_WRAPPED];
};
/* Make n blob ids and their keys. Nothing in the open leaves the vault: see gh_vault_release(). */
enum gh_rc gh_vault_new_keys(struct gh_vault *v, const struct gh_id *tenant, size_t n, struct gh_id *id,
			     struct gh_vault_wrapped *wrapped, struct gh_err *err);
/* Wrap again under the tenant's current generation, in place (those that are already stay as they are). On failure the ones of
 * the failed packet are unchanged. */
enum gh_rc gh_vault_rewrap(struct gh_vault *v, const struct gh_id *tenant, size_t n, const struct gh_id *id,
			   struct gh_vault_wrapped *wrapped, struct gh_err *err);
/* The generation that a wrapped key says it belongs to. */
uint32_t gh_vault_wrapped_generation(const struct gh_vault_wrapped *w);

struct gh_vault_release {
	enum gh_vault_purpose purpose;
	struct gh_id tenant, version, requester, session;
	size_t n; /* at most GH_VP_RELEASE_MAX */
	const struct gh_id *id;
	const struct gh_vault_wrapped *wrapped;
};
/* Log, then hand the keys to the blob process of the session. *index: the entry in the log. */
enum gh_rc gh_vault_release(struct gh_vault *v, const struct gh_vault_release *r, uint64_t *index, struct gh_err *err);

/* ---- catalog: deployments ---------------------------------------------------------------------------------------------- */
/* A challenge for something that is to prove itself (attest/release.h): good for one answer, for GH_VP_NONCE_S seconds, and for the
 * life of the vault's process. */
enum gh_rc gh_vault_challenge(struct gh_vault *v, const struct gh_vp_challenge *c, struct gh_vp_nonce *out,
			      struct gh_err *err);
struct gh_vault_deploy {
	struct gh_id tenant, version, requester;
	struct gh_id other; /* tenant of a shared base: the keys behind the first nown are wrapped by its key */
	size_t n, nown;	    /* at most GH_VP_KEYS_MAX in all */
	const struct gh_id *id;
	const struct gh_vault_wrapped *wrapped;
};
/* Answer a challenge: the rule decides, the release is logged, and *sealed gets n * 48 + 16 bytes that only the stub can open
 * (runtime/stub_proto.h). GH_E_DENIED: refused; the line begins with the failing check and ": ". The challenge is used up. */
enum gh_rc gh_vault_release_sealed(struct gh_vault *v, const struct gh_vault_deploy *d,
				   const struct gh_vp_attested *attested, uint8_t enc[32], struct gh_buf *sealed,
				   struct gh_err *err);
/* The node key's signature of software evidence (attest/software.h: gh_software_tbs()). */
enum gh_rc gh_vault_node_sign(struct gh_vault *v, struct gh_span tbs, struct gh_vp_signature *out, struct gh_err *err);

/* ---- catalog: signatures ----------------------------------------------------------------------------------------------- */
/* The DSSE payload type that belongs to a kind of signature. */
const char *gh_vault_payload_type(enum gh_vault_sign what);
/* Sign PAE(payload type, payload) with the badge key (ECDSA P-256 over SHA-256, DER). At most GH_VP_SIGN_MAX bytes. */
enum gh_rc gh_vault_sign(struct gh_vault *v, enum gh_vault_sign what, struct gh_span payload,
			 struct gh_vp_signature *out, struct gh_err *err);
/* Sign the text of a checkpoint (three lines) with the log key: 64 bytes. The vault remembers, durably and before it answers,
 * what it signed; it signs nothing that is shorter, another log, or not proved to extend that (crypto/merkle.h,
 * gh_merkle_may_sign()). proof: consistency from the last signed size (gh_vault_status().log_size) to this one; the entries
 * must be durable before this is called. */
enum gh_rc gh_vault_checkpoint(struct gh_vault *v, struct gh_span note, const struct gh_merkle_proof *proof,
			       uint8_t sig[64], struct gh_err *err);
/* What was signed last: text and signature. After a crash between signing and publishing, whoever opens the log publishes this
 * one, since nothing that contradicts it will ever be signed. GH_E_ABSENT: none yet. */
enum gh_rc gh_vault_last_checkpoint(struct gh_vault *v, struct gh_vp_last *out, struct gh_err *err);

/* The published checkpoint of the log, as it is about to be opened: when it is later than what the vault remembers (the two were
 * restored from a backup that ran beside an import), it is remembered, provided that the vault's own key signed it. */
enum gh_rc gh_vault_adopt(struct gh_vault *v, struct gh_span note, const uint8_t sig[64], struct gh_err *err);

/* ---- words ------------------------------------------------------------------------------------------------------------- */
const char *gh_vault_key_name(enum gh_vault_key key); /* "root", "badge", "log", "node" */
const char *
gh_vault_method_name(enum gh_vault_method m);  /* "passphrase", "key-file", "credential", "tpm", "recovery" */
const char *gh_vault_class_name(uint32_t cls); /* of enum gh_release_class: "software", "tpm", "hardware" */
const char *
gh_vault_purpose_name(enum gh_vault_purpose p); /* "import", "export", "rescan", "deploy", "fsck", "document" */
#endif

/* vault_int.h - the inside of the vault: what its files share. Nobody else includes this but the vault's tests.
 *
 * The vault is one thread: it takes one packet, checks it against the table (vault_table.c), does what it asks, answers. All of
 * its files lie in keys/, are of fixed size, carry a version, are sealed with a HMAC under the root key and are written anew as
 * a whole; every access is under a lock of the directory, since several commands may run at once, each with a vault. */
#ifndef GH_DAEMON_VAULT_INT_H
#define GH_DAEMON_VAULT_INT_H
#include "attest/release.h"
#include "catalog/vault_proto.h"
#include "crypto/box.h"
#include "crypto/pubkey.h"
#include "daemon/vault.h"

enum {
	GH_VD_CHANNELS = 80,	/* main, catalogs, blob processes */
	GH_VD_GENERATIONS = 16, /* of a tenant's key at once */
	GH_VD_NONCES = 64,	/* challenges at a time */
	GH_VD_ANSWER_WAIT = 10, /* seconds that a peer may take to make room for an answer */
};

/* ---- files ------------------------------------------------------------------------------------------------------------- */
/* What every file begins with, and ends with: the HMAC-SHA256 of all before it, under a key made from the root key. */
struct gh_vf_head {
	uint8_t magic[8]; /* "GHKEY" and the kind of file */
	uint32_t version; /* 1 */
	uint32_t root_generation;
	uint8_t installation[GH_VP_ID];
};
enum { GH_VF_VERSION = 1, GH_VF_MAC = 32 };

/* keys/root */
struct gh_vf_slot {
	uint32_t number; /* from 1; 0: free */
	uint32_t method;
	char label[GH_VP_LABEL];
	int64_t created;
	uint32_t pcrs;
	uint32_t memory_kib, passes, lanes;
	uint32_t tpm_public_n, tpm_private_n;
	uint8_t salt[32];
	uint8_t public_key[GH_BOX_KEY]; /* of the private key that is made from the secret */
	uint8_t tpm_public[256], tpm_private[384];
	uint8_t box[GH_BOX]; /* the root key; everything above, the installation and the generation are its context */
};
struct gh_vf_root {
	struct gh_vf_head head;
	int64_t created;
	uint32_t has_previous; /* a rotation is not finished */
	uint32_t next_slot;
	uint8_t previous[GH_WRAPPED]; /* the root key before, wrapped by this one */
	struct gh_vf_slot slot[GH_VP_SLOTS];
	uint8_t sum[32]; /* SHA-256 of all before: tells a changed file from a wrong secret before a key can */
	uint8_t mac[GH_VF_MAC];
};

/* keys/tenants/<id> */
struct gh_vf_generation {
	uint32_t generation, zero; /* generation 0: free */
	int64_t created;
	uint8_t wrapped[GH_WRAPPED]; /* by the root key */
};
struct gh_vf_tenant {
	struct gh_vf_head head;
	uint8_t tenant[GH_VP_ID];
	uint32_t state; /* as in gh_vp_tenant_status */
	uint32_t n;
	int64_t created, shredded;
	struct gh_vf_generation key[GH_VD_GENERATIONS]; /* rising; the last is current */
	uint8_t mac[GH_VF_MAC];
};

/* keys/signing/<kind>-<generation> */
struct gh_vf_signing {
	struct gh_vf_head head;
	uint32_t key, generation; /* enum gh_vault_key */
	uint32_t current, spki_n;
	int64_t created, retired;
	uint8_t wrapped[GH_WRAPPED]; /* by the root key; zero when retired */
	uint8_t spki[GH_VP_SPKI];
	uint32_t endorsed_by; /* badge keys: the generation that signed this one; 0: none (the first) */
	uint32_t sig_n;
	uint8_t sig[GH_VP_SIG];
	uint8_t mac[GH_VF_MAC];
};

/* keys/log: two of these, written in turn, so that a torn write leaves the one before */
struct gh_vf_log {
	struct gh_vf_head head;
	uint64_t turn;
	uint64_t size;
	uint8_t root[32];
	uint32_t note_n, key_generation;
	uint8_t note[GH_VP_NOTE];
	uint8_t sig[GH_VP_SIG];
	uint8_t mac[GH_VF_MAC];
};

/* ---- state ------------------------------------------------------------------------------------------------------------- */
enum gh_vd_who { GH_VD_NONE = 0, GH_VD_MAIN = 1, GH_VD_CATALOG = 2, GH_VD_BLOB = 4 };
enum gh_vd_when {
	GH_VD_LOCKED = 1,    /* the root key is not open */
	GH_VD_IDLE = 2,	     /* open */
	GH_VD_SIGNING = 4,   /* SIGN began, bytes are missing */
	GH_VD_RELEASING = 8, /* RELEASE began, GO is missing */
	GH_VD_AWAITING = 16, /* LOG was sent */
};

struct gh_vd_chan {
	int fd; /* -1: free */
	enum gh_vd_who who;
	enum gh_vd_when when; /* of a catalog; GH_VD_IDLE of others */
	/* a blob process */
	uint8_t session[GH_VP_ID];
	bool bound; /* it has got keys: of this version of this tenant */
	uint8_t tenant[GH_VP_ID], version[GH_VP_ID];
	/* a catalog: what it has begun */
	uint32_t seq;	    /* of the message that began what is awaited */
	uint32_t sign_what; /* SIGNING */
	uint32_t sign_total;
	uint8_t *sign; /* what is signed so far: PAE and payload */
	size_t sign_n, sign_head;
	struct gh_vp_release release;
	struct gh_vp_blob_key *key;	/* RELEASING: room for GH_VP_RELEASE_MAX */
	size_t nkeys, nown;		/* of them the first nown belong to the release's tenant, the rest to `other` */
	uint8_t other[GH_VP_ID];	/* of the packets of keys behind them; zero: none yet */
	struct gh_vp_attested attested; /* DEPLOY */
	size_t challenge;		/* its place in gh_vaultd.challenge */
	struct gh_vp_log log;		/* AWAITING */
	uint64_t log_from;		/* size of the log when it was sent */
};

/* A nonce that was given out: single use, in memory only, so that it does not outlive the process. */
struct gh_vd_challenge {
	enum gh_release_nonce state; /* UNKNOWN: free */
	struct gh_vp_nonce nonce;
	struct gh_vp_challenge terms;
};

/* Lies in locked memory as a whole. */
struct gh_vd_secrets {
	uint8_t root[32], previous[32];
	uint8_t scratch[GH_VP_SECRET_MAX + 64]; /* a passphrase, a key that is being opened */
};

struct gh_vaultd {
	int dir;	 /* keys/ */
	const char *tpm; /* TCTI that was asked for; NULL: none */
	struct gh_vd_tpm *esys;
	bool open;
	uint32_t generation; /* of the root key */
	bool has_previous;   /* secrets->previous is that of generation - 1 */
	uint8_t installation[GH_VP_ID];
	struct gh_vd_secrets *s;
	void *plain;			    /* a packet GH_VP_KEYS in locked memory */
	uint32_t newest[GH_VAULT_KEYS_END]; /* generation of each signing key that was current when last looked */
	struct gh_vd_chan chan[GH_VD_CHANNELS];
	struct gh_vd_challenge challenge[GH_VD_NONCES];
	int64_t (*now)(void);
	uint8_t *in, *out; /* GH_VP_PACKET each */
};

struct gh_vd_in {
	const struct gh_vp_head *h;
	const uint8_t *body;
	const uint8_t *record; /* h->n of them, of the row's size */
	int fd;		       /* came along, or -1; closed after the handler */
};
struct gh_vd_out {
	uint64_t arg;  /* of IO: errno */
	uint8_t *body; /* room for a packet's rest */
	size_t body_n;
	uint32_t n;
	bool later;  /* no answer now */
	bool broken; /* the peer broke a rule that the table cannot tell: its channel ends */
};
typedef enum gh_vault_why gh_vd_handler(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
					struct gh_vd_out *out);

struct gh_vd_row {
	uint32_t kind;
	uint32_t who;	 /* set of enum gh_vd_who */
	uint32_t when;	 /* set of enum gh_vd_when */
	uint32_t body;	 /* bytes of the fixed body */
	uint32_t record; /* bytes of a record; 0: h->n must be 0 */
	uint32_t max;	 /* records at most */
	uint32_t fd;	 /* 0: none may come along, 1: one must, 2: one may */
	gh_vd_handler *run;
};

/* The row that such a packet has in that state, and *in filled; NULL: nothing that this peer may say now. Pure. */
const struct gh_vd_row *gh_vd_check(const uint8_t *packet, size_t n, enum gh_vd_who who, enum gh_vd_when when, int fd,
				    struct gh_vd_in *in);

/* ---- vault.c ----------------------------------------------------------------------------------------------------------- */
/* One packet of a channel that is there, handled and answered. False: the channel was closed. */
bool gh_vd_take(struct gh_vaultd *v, struct gh_vd_chan *c, const uint8_t *packet, size_t n, int fd);
void gh_vd_close(struct gh_vd_chan *c);
/* Forget what a catalog channel has begun. */
void gh_vd_forget(struct gh_vd_chan *c);
bool gh_vd_send(int sock, const void *p, size_t n);

/* ---- vault_file.c ------------------------------------------------------------------------------------------------------ */
/* All of them return GH_VAULT_FINE, or GH_VAULT_IO with *sys, or what is said. */
enum gh_vault_why gh_vf_lock(struct gh_vaultd *v, bool exclusive, int *lock, uint64_t *sys); /* BUSY */
void gh_vf_unlock(int lock);
/* Exactly n bytes. *there: false and nothing read when there is no such file. damaged: when it has another length. */
enum gh_vault_why gh_vf_read(int dir, const char *name, void *p, size_t n, bool *there, enum gh_vault_why damaged,
			     uint64_t *sys);
/* A temporary file, fsync, rename, fsync of the directory. */
enum {
	GH_VF_DESTROY = 1, /* what stood there before is overwritten on its disk */
	GH_VF_MANY = 2,	   /* one of many: the caller flushes the directory after the last (gh_vf_flush()) */
};
enum gh_vault_why gh_vf_flush(int dir, uint64_t *sys);
enum gh_vault_why gh_vf_write(int dir, const char *name, const void *p, size_t n, unsigned how, uint64_t *sys);
/* open a directory beneath keys/, made when it is not there */
enum gh_vault_why gh_vf_dir(int dir, const char *name, int *out, uint64_t *sys);

/* ---- vault_seal.c: the head and the HMAC of files -------------------------------------------------------------------------- */
void gh_vf_begin(const struct gh_vaultd *v, struct gh_vf_head *h, const char *magic);
/* Is it such a file, of this installation, and are its version and root generation ones that are open? other: the answer for a
 * file that is none of these. *previous: it is sealed under the root key before. */
enum gh_vault_why gh_vf_check(const struct gh_vaultd *v, const struct gh_vf_head *h, const char *magic,
			      enum gh_vault_why other, bool *previous);
/* The HMAC over n bytes that end with it. */
bool gh_vf_mac(const uint8_t root[32], const void *p, size_t n, uint8_t mac[GH_VF_MAC]);
bool gh_vf_sealed(const uint8_t root[32], const void *p, size_t n);
bool gh_vf_seal(const uint8_t root[32], void *p, size_t n);

/* ---- vault_root.c, vault_slots.c, vault_slot.c, vault_tpm.c --------------------------------------------------------------------------- */
/* The file as it is now, while the root key is open; the caller holds the lock. And written, with new boxes and seal. */
enum gh_vault_why gh_vd_root_current(struct gh_vaultd *v, struct gh_vf_root *f, uint64_t *sys);
enum gh_vault_why gh_vd_root_write(struct gh_vaultd *v, struct gh_vf_root *f, const uint8_t root[32], uint64_t *sys);
/* The file to be shown; not verified while the root key is locked. */
enum gh_vault_why gh_vd_root_look(struct gh_vaultd *v, struct gh_vf_root *f, bool *there, uint64_t *sys);
size_t gh_vd_slot_count(const struct gh_vf_root *f);
bool gh_vd_slot_request(const struct gh_vp_slot_add *a); /* does it make sense? */
/* One more slot in f; a recovery key's text goes to *out. */
enum gh_vault_why gh_vd_slot_put(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vp_slot_add *a,
				 struct gh_span secret, uint32_t *number, uint64_t *sys);
enum gh_vault_why gh_vd_slot_recovery(struct gh_vaultd *v, struct gh_vf_root *f, struct gh_vp_recovery *out,
				      uint64_t *sys);
enum gh_vault_why gh_vd_read_root(struct gh_vaultd *v, struct gh_vf_root *f, bool *there, uint64_t *sys);
/* Fill salt and parameters of a slot that has method, label and pcrs, make its private key from the secret, and set
 * public_key. secret: what was read from the descriptor; TPM: ignored. */
enum gh_vault_why gh_vd_slot_make(struct gh_vaultd *v, struct gh_vf_slot *s, struct gh_span secret, uint64_t *sys);
/* The private key of a slot that exists. WEAK_SLOT, TPM_SAYS with *sys … */
enum gh_vault_why gh_vd_slot_key(struct gh_vaultd *v, const struct gh_vf_slot *s, struct gh_span secret,
				 uint8_t key[32], uint64_t *sys);
/* Read a secret of a method from fd into locked memory; SECRET_*. */
enum gh_vault_why gh_vd_read_secret(struct gh_vaultd *v, uint32_t method, int fd, struct gh_span *out);
/* 20 random bytes as text, and back: BAD_RECOVERY. */
void gh_vd_recovery_text(const uint8_t key[20], char out[GH_VP_RECOVERY]);
bool gh_vd_recovery_key(struct gh_span text, uint8_t key[20]);

/* Load the library and reach the TPM, before the process is locked down. False: gh_vd_tpm_*() answer NO_TPM. */
bool gh_vd_tpm_open(struct gh_vaultd *v);
void gh_vd_tpm_close(struct gh_vaultd *v);
/* Seal 32 bytes into the slot's tpm_public and tpm_private; and get them back. NO_TPM, TPM_SAYS with *sys. */
enum gh_vault_why gh_vd_tpm_seal(struct gh_vaultd *v, struct gh_vf_slot *s, const uint8_t secret[32], uint64_t *sys);
enum gh_vault_why gh_vd_tpm_unseal(struct gh_vaultd *v, const struct gh_vf_slot *s, uint8_t secret[32], uint64_t *sys);

/* ---- vault_tenant.c, vault_sign.c -------------------------------------------------------------------------------------- */
enum gh_vault_why gh_vd_tenant_key(struct gh_vaultd *v, const struct gh_vf_tenant *f, uint32_t generation,
				   uint8_t key[32]);
enum gh_vault_why gh_vd_tenant_read(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], struct gh_vf_tenant *f,
				    uint64_t *sys); /* NO_TENANT, SHREDDED */
/* Wrap everything that is still under the previous root key again: tenants, signing keys, the log's memory. Idempotent. */
enum gh_vault_why gh_vd_tenants_rewrap(struct gh_vaultd *v, uint64_t *sys);
enum gh_vault_why gh_vd_signing_rewrap(struct gh_vaultd *v, uint64_t *sys);
/* Destroy what a rotation that was cut left of the key before. */
enum gh_vault_why gh_vd_signing_settle(struct gh_vaultd *v, uint64_t *sys);
enum gh_vault_why gh_vd_signing_init(struct gh_vaultd *v, uint64_t *sys);
/* The signing key that is current now, ready to sign; the caller frees it. f (may be NULL): its file. */
enum gh_vault_why gh_vd_signing_key(struct gh_vaultd *v, enum gh_vault_key key, struct gh_vf_signing *f,
				    struct gh_key **out, uint64_t *sys);
enum gh_vault_why gh_vd_log_init(struct gh_vaultd *v, uint64_t *sys);
enum gh_vault_why gh_vd_log_rewrap(struct gh_vaultd *v, uint64_t *sys);
/* Append PAE(type, payload of `total` bytes) but for the payload itself. */
size_t gh_vd_pae_head(const char *type, size_t total, uint8_t *out, size_t cap);
/* Sign; sig has room for GH_VP_SIG. */
enum gh_vault_why gh_vd_sign_with(const struct gh_key *k, struct gh_span msg, uint8_t *sig, uint32_t *sig_n);
/* Open n blob keys of one tenant: out[i] gets id and key. */
struct gh_stub_blob_key;
enum gh_vault_why gh_vd_open_keys(struct gh_vaultd *v, const uint8_t tenant[GH_VP_ID], const struct gh_vp_blob_key *k,
				  size_t n, struct gh_stub_blob_key *out, uint64_t *sys);
/* Write the entry's beginning (ids of the release, digest of the blobs), ask the catalog to log it. */
enum gh_vault_why gh_vd_ask_to_log(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				   struct gh_vd_out *out);
enum gh_vault_why gh_vd_log_begin(struct gh_vaultd *v, struct gh_vd_chan *c, enum gh_vp_logs what,
				  struct gh_vd_out *out);
/* It was logged: seal the keys into the answer. */
enum gh_vault_why gh_vd_seal_keys(struct gh_vaultd *v, struct gh_vd_chan *c, struct gh_vd_out *out);
/* Overwrite a tenant's keys, leave a mark that says so. */
enum gh_vault_why gh_vd_tenant_destroy(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], uint64_t *sys);
uint64_t gh_vd_tenants_count(struct gh_vaultd *v);
/* Size and root (may be NULL) of the last checkpoint that was signed. */
enum gh_vault_why gh_vd_log_signed(struct gh_vaultd *v, uint64_t *size, uint8_t root[32], uint64_t *sys);

/* ---- handlers, by the file that holds them ------------------------------------------------------------------------------- */
gh_vd_handler gh_vd_init, gh_vd_unlock, gh_vd_status;				      /* vault_root.c */
gh_vd_handler gh_vd_slot_add, gh_vd_slot_remove, gh_vd_slot_list, gh_vd_recovery_new; /* vault_slots.c */
enum gh_vault_why gh_vd_rotate_root(struct gh_vaultd *v, uint64_t *generation, uint64_t *sys);
gh_vd_handler gh_vd_attach;								       /* vault.c */
gh_vd_handler gh_vd_tenant_new, gh_vd_tenant_status, gh_vd_tenant_rotate, gh_vd_tenant_retire; /* vault_tenant.c */
gh_vd_handler gh_vd_new_keys, gh_vd_rewrap, gh_vd_release, gh_vd_release_keys, gh_vd_release_go, gh_vd_shred,
	gh_vd_logged;										 /* vault_release.c */
gh_vd_handler gh_vd_challenge, gh_vd_release_seal, gh_vd_node_sign;				 /* vault_attest.c */
gh_vd_handler gh_vd_public, gh_vd_rotate, gh_vd_endorse;					 /* vault_signing.c */
gh_vd_handler gh_vd_sign, gh_vd_sign_more, gh_vd_checkpoint, gh_vd_last_checkpoint, gh_vd_adopt; /* vault_sign.c */
#endif

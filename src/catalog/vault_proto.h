/* vault_proto.h - what the vault and its peers say to each other: packets on SOCK_SEQPACKET sockets, fixed little-endian
 * structures, nothing to be parsed. Callers use catalog/vault.h; this page is for the two ends.
 *
 * Every packet is a struct gh_vp_head, the fixed body of its kind, and for some kinds `n` records of one size. The vault checks
 * the length against the kind and n before it looks at anything else, and the kind against a table of what this peer may say in
 * its present state (src/daemon/vault_table.c). A packet that does not fit is an attack: the vault closes that peer's channel
 * and forgets what it had begun; a second attempt needs a new channel. Text never travels from the vault: answers carry a code
 * (enum gh_vault_why), which the peer's side turns into one line.
 *
 * Channels
 *	main	the socket the vault was started with: unlocking, slots, attaching the others. Its end is the vault's end.
 *	catalog	attached by main: tenants, blob keys, releases, signatures. Asked by the vault to log (GH_VP_LOG).
 *	blob	attached by main under a session id: receives GH_VP_KEYS, and says nothing.
 *
 * A release: catalog sends RELEASE (who, why, for which version, to which session), then RELEASE_KEYS with the wrapped keys,
 * then RELEASE_GO. The vault opens every key once to see that it can, sends GH_VP_LOG and waits. Until GH_VP_LOGGED with this
 * entry's id has come, the only other thing this channel may say is CHECKPOINT (the log has to be signed to be durable). Then
 * the keys go to the session's socket, then GO is answered. The index must lie between what was signed of the log when LOG was
 * sent and what was signed since. No answer to LOG, a refusal, or an index that no checkpoint covers: no key.
 *
 * A release to a deployment goes to no session. CHALLENGE makes a nonce, with what will be asked of its answer; RELEASE (purpose
 * deploy, no session) and RELEASE_KEYS as above; RELEASE_SEAL, in the place of GO, brings what the appraisal found. The nonce is
 * used up by that, whatever comes of it. The vault asks the rule (attest/release.h), logs, and answers with the keys, sealed to
 * the stub's key: nobody in between can open them. */
#ifndef GH_CATALOG_VAULT_PROTO_H
#define GH_CATALOG_VAULT_PROTO_H
#include <assert.h>
#include <stdint.h>

#include "crypto/wrap.h"

enum {
	GH_VP_PACKET = 64 << 10,   /* longest packet */
	GH_VP_KEYS_MAX = 512,	   /* records of one packet */
	GH_VP_RELEASE_MAX = 16384, /* keys of one release */
	GH_VP_PAYLOAD = 60 << 10,  /* payload bytes in one SIGN or SIGN_MORE */
	GH_VP_SIGN_MAX = 4 << 20,  /* payload bytes of one signature */
	GH_VP_NOTE = 512,	   /* bytes of a checkpoint's text */
	GH_VP_ID = 16,
	GH_VP_LABEL = 32,    /* of a slot, with its NUL */
	GH_VP_RECOVERY = 64, /* text of a recovery key, with its NUL */
	GH_VP_SLOTS = 8,
	GH_VP_SPKI = 96,	 /* room for a public key, SubjectPublicKeyInfo in DER */
	GH_VP_SIG = 72,		 /* room for a signature: Ed25519 64, ECDSA P-256 in DER at most 72 */
	GH_VP_ENDORSE = 320,	 /* room for an endorsement's payload */
	GH_VP_SECRET_MAX = 4096, /* bytes that are read from a descriptor that holds a passphrase or a key */
};

enum gh_vp_kind {
	/* main */
	GH_VP_INIT = 1,	    /* body: gh_vp_slot_add; descriptor: the secret. Answer: gh_vp_recovery */
	GH_VP_UNLOCK,	    /* body: gh_vp_slot_add (method); descriptor: the secret, unless TPM */
	GH_VP_ATTACH,	    /* body: gh_vp_attach; descriptor: the vault's end of the new channel */
	GH_VP_SLOT_ADD,	    /* body: gh_vp_slot_add; descriptor: the secret, unless TPM. Answer: arg = slot number */
	GH_VP_SLOT_REMOVE,  /* arg: slot number */
	GH_VP_SLOT_LIST,    /* catalog too. Answer: n × gh_vp_slot */
	GH_VP_RECOVERY_NEW, /* a new recovery key; earlier ones end. Answer: gh_vp_recovery */
	/* main and catalog */
	GH_VP_STATUS = 32, /* answer: gh_vp_status */
	GH_VP_PUBLIC,	   /* arg: enum gh_vault_key, or 0: all. Answer: n × gh_vp_public */
	GH_VP_ROTATE,	   /* arg: enum gh_vault_key. Answer: arg = new generation */
	GH_VP_ENDORSE_KEY, /* body: gh_vp_which. Answer: gh_vp_endorsement */
	/* catalog */
	GH_VP_TENANT_NEW = 64, /* body: gh_vp_tenant */
	GH_VP_TENANT_STATUS,   /* body: gh_vp_tenant. Answer: gh_vp_tenant_status */
	GH_VP_TENANT_ROTATE,   /* body: gh_vp_tenant. Answer: arg = new generation */
	GH_VP_TENANT_RETIRE,   /* body: gh_vp_tenant; arg: generations below this one are destroyed */
	GH_VP_TENANT_SHRED,    /* body: gh_vp_tenant (requester named). Logged before it takes effect */
	GH_VP_NEW_KEYS,	       /* body: gh_vp_tenant; arg: how many. Answer: n × gh_vp_blob_key */
	GH_VP_REWRAP,	    /* body: gh_vp_tenant, n × gh_vp_blob_key. Answer: n × gh_vp_blob_key, current generation */
	GH_VP_RELEASE,	    /* body: gh_vp_release */
	GH_VP_RELEASE_KEYS, /* body: gh_vp_tenant, n × gh_vp_blob_key */
	GH_VP_RELEASE_GO,   /* answer: arg = index of the entry in the log */
	GH_VP_SIGN,	    /* body: gh_vp_sign, payload bytes. Answered when all of it is there: gh_vp_signature */
	GH_VP_SIGN_MORE,    /* payload bytes; not answered unless they were the last ones */
	GH_VP_CHECKPOINT,   /* body: gh_vp_checkpoint. Answer: gh_vp_signature */
	GH_VP_LAST_CHECKPOINT, /* answer: gh_vp_last: what was signed last, to be published after a crash */
	GH_VP_ADOPT,	       /* body: gh_vp_last: a checkpoint that was signed, and is not remembered: of a backup */
	GH_VP_LOGGED, /* the answer to GH_VP_LOG. arg: index; why: GH_VAULT_FINE, or anything else: it was not logged.
				* body: gh_vp_tenant with the entry's id as `tenant` */
	GH_VP_CHALLENGE,    /* body: gh_vp_challenge. Answer: gh_vp_nonce */
	GH_VP_RELEASE_SEAL, /* body: gh_vp_attested. Answer: gh_vp_sealed and n * 48 + 16 bytes */
	GH_VP_NODE_SIGN,    /* body: gh_vp_node_tbs. Answer: gh_vp_signature, by the node key */
	/* vault → catalog */
	GH_VP_LOG = 96, /* body: gh_vp_log */
	/* vault → blob */
	GH_VP_KEYS, /* body: gh_vp_tenant, n × gh_vp_plain_key */
	/* vault → main, once and unasked, when it cannot do its work: why and arg say why; then it ends */
	GH_VP_CANNOT,
	/* answers: kind of the request | GH_VP_ANSWER, the same seq */
	GH_VP_ANSWER = 0x100,
};

/* Keys of the vault that have generations; also in GH_VP_ROTATE, PUBLIC. */
enum gh_vault_key {
	GH_VAULT_EVERY = 0, /* in questions: not one of them, but all */
	GH_VAULT_ROOT = 1,
	GH_VAULT_BADGE, /* ECDSA P-256: everything in DSSE envelopes */
	GH_VAULT_LOG,	/* Ed25519: checkpoints, and nothing else */
	GH_VAULT_NODE,	/* Ed25519: what this installation says to others of its kind */
	GH_VAULT_KEYS_END,
};

/* How the root key is opened. */
enum gh_vault_method {
	GH_VAULT_PASSPHRASE = 1,
	GH_VAULT_KEYFILE,
	GH_VAULT_CREDENTIAL, /* of systemd */
	GH_VAULT_TPM,
	GH_VAULT_RECOVERY,
	GH_VAULT_METHODS_END,
};

enum gh_vault_purpose {
	GH_VAULT_IMPORT = 1,
	GH_VAULT_EXPORT,
	GH_VAULT_RESCAN,
	GH_VAULT_DEPLOY,
	GH_VAULT_FSCK,
	GH_VAULT_DOCUMENT, /* a report, a card, a comment: the small blobs of the catalog itself */
	GH_VAULT_PURPOSES_END,
};

/* What is signed. Each has a payload type of its own, so that no signature of one kind passes as another. */
#define GH_VAULT_SIGNS(X) \
	X(STATEMENT, "application/vnd.in-toto+json")	       /* in-toto: badge, vulns, test-result, VSA */ \
	X(STATUS, "application/vnd.gatehouse.status+json")     /* list of revoked badges */ \
	X(POLICY, "application/vnd.gatehouse.policy+json")     /* a stored policy or exception */ \
	X(REVIEW, "application/vnd.gatehouse.review+json")     /* receipt of a decision */ \
	X(BACKUP, "application/vnd.gatehouse.backup+json")     /* manifest of a backup */ \
	X(EVIDENCE, "application/vnd.gatehouse.evidence+json") /* evidence pack of `audit export` */
enum gh_vault_sign {
	GH_SIGN_NONE,
#define GH_X(name, type) GH_SIGN_##name,
	GH_VAULT_SIGNS(GH_X)
#undef GH_X
		GH_SIGN_END
};

struct gh_vp_head {
	uint32_t kind;
	uint32_t size; /* of the whole packet */
	uint32_t seq;  /* chosen by the asker; 0 in LOG and KEYS */
	uint32_t why;  /* of answers and LOGGED: enum gh_vault_why; 0 in requests */
	uint64_t arg;
	uint32_t n; /* records, or payload bytes */
	uint32_t zero;
};
struct gh_vp_slot_add {
	uint32_t method;
	uint32_t pcrs; /* TPM: bit i: bind to PCR i of the SHA-256 bank; 0: to the TPM alone */
	char label[GH_VP_LABEL];
};
struct gh_vp_slot {
	uint32_t number, method;
	char label[GH_VP_LABEL];
	int64_t created;
	uint32_t pcrs;
	uint32_t memory_kib, passes, lanes; /* Argon2id; 0 of other methods */
};
struct gh_vp_recovery {
	char text[GH_VP_RECOVERY];
};
struct gh_vp_attach {
	uint32_t who; /* 1: catalog, 2: blob */
	uint32_t zero;
	uint8_t session[GH_VP_ID]; /* of a blob; zero for a catalog */
};
struct gh_vp_status {
	uint32_t state; /* 0: no keys yet, 1: locked, 2: open */
	uint32_t root_generation, slots, sessions;
	uint64_t tenants;
	uint64_t log_size; /* of the last checkpoint that was signed */
	uint8_t log_root[32];
	uint8_t installation[GH_VP_ID]; /* made at init, public */
};
struct gh_vp_public {
	uint32_t key; /* enum gh_vault_key, not the root */
	uint32_t generation;
	uint32_t current; /* 1: signs now, 0: retired, its private half destroyed */
	uint32_t spki_n;
	int64_t created, retired;
	uint8_t spki[GH_VP_SPKI];
};
struct gh_vp_which {
	uint32_t key, generation;
};
struct gh_vp_endorsement {
	uint32_t by; /* generation of the badge key that signed */
	uint32_t payload_n, sig_n, zero;
	uint8_t payload[GH_VP_ENDORSE]; /* JSON; type GH_VAULT_KEY_PAYLOAD */
	uint8_t sig[GH_VP_SIG];
};
struct gh_vp_tenant {
	uint8_t tenant[GH_VP_ID];
	uint8_t requester[GH_VP_ID]; /* principal; zero when the message is not logged */
};
struct gh_vp_tenant_status {
	uint32_t state;		  /* 0: unknown, 1: keys are there, 2: shredded */
	uint32_t current, oldest; /* generations */
	uint32_t zero;
	int64_t created, shredded;
};
struct gh_vp_blob_key {
	uint8_t id[GH_VP_ID];
	uint8_t wrapped[GH_WRAPPED];
};
struct gh_vp_plain_key {
	uint8_t id[GH_VP_ID];
	uint8_t key[32];
	uint32_t generation, zero;
};
struct gh_vp_release {
	uint32_t purpose, zero;
	uint8_t tenant[GH_VP_ID], version[GH_VP_ID], requester[GH_VP_ID], session[GH_VP_ID];
};
struct gh_vp_sign {
	uint32_t what;	/* enum gh_vault_sign */
	uint32_t total; /* payload bytes in all; head.n of them follow here */
};
struct gh_vp_signature {
	uint32_t key, generation;
	uint32_t sig_n, zero;
	uint8_t key_id[32]; /* SHA-256 of the SubjectPublicKeyInfo */
	uint8_t sig[GH_VP_SIG];
};
struct gh_vp_checkpoint {
	uint32_t note_n, proof_n;
	uint8_t note[GH_VP_NOTE]; /* three lines, each with its newline */
	uint8_t proof[64][32];	  /* of consistency, from the last signed size to this one */
};
struct gh_vp_last {
	uint32_t note_n, zero; /* 0: none was signed yet */
	uint8_t note[GH_VP_NOTE];
	uint8_t sig[GH_VP_SIG]; /* 64 bytes and zeros */
	uint32_t key_generation, zero2;
};
/* What has to be fulfilled when the challenge is answered; see attest/release.h. */
enum { GH_VP_MEASUREMENTS = 16, GH_VP_NONCE_S = 120, GH_VP_TBS = 448 };
struct gh_vp_challenge {
	uint8_t deployment[GH_VP_ID], tenant[GH_VP_ID], version[GH_VP_ID];
	uint8_t other[GH_VP_ID]; /* tenant of a shared base whose keys go along; zero: none */
	uint8_t model[32], policy[32];
	uint32_t least; /* enum gh_release_class */
	uint32_t n;	/* measurements */
	uint8_t measurement[GH_VP_MEASUREMENTS][32];
};
struct gh_vp_nonce {
	uint8_t nonce[32];
	int64_t expires; /* seconds since 1970 */
};
struct gh_vp_attested {
	uint8_t nonce[32], key[32], files[32]; /* as in struct gh_stub_bind */
	uint8_t evidence[32];		       /* SHA-256 of it */
	uint8_t report_data[64];	       /* that stands in it */
	uint8_t measurement[32];
	uint32_t cls; /* enum gh_release_class: what the appraisal says it is worth */
	uint32_t zero;
	uint8_t deployment[GH_VP_ID];
};
struct gh_vp_sealed {
	uint8_t enc[32];
};
/* Software evidence to be signed (attest/software.h): nothing else is signed by this message. */
struct gh_vp_node_tbs {
	uint32_t n, zero;
	uint8_t tbs[GH_VP_TBS];
};
enum gh_vp_logs { GH_VP_LOG_RELEASE = 1, GH_VP_LOG_SHRED, GH_VP_LOG_DEPLOY };
struct gh_vp_log {
	uint8_t entry[GH_VP_ID]; /* id of the entry */
	uint32_t what;		 /* enum gh_vp_logs */
	uint32_t purpose;
	uint8_t tenant[GH_VP_ID], version[GH_VP_ID], requester[GH_VP_ID], session[GH_VP_ID];
	uint32_t keys;	     /* how many: of blobs; of SHRED: generations that are destroyed */
	uint32_t generation; /* of the tenant's key that is current now */
	uint8_t blobs[32];   /* SHA-256 of the blob ids, in the order of the release */
	/* DEPLOY */
	uint8_t deployment[GH_VP_ID], measurement[32];
	uint32_t cls, zero; /* enum gh_release_class */
};

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the structures are little-endian");
static_assert(sizeof(struct gh_vp_head) == 32, "no padding");
static_assert(sizeof(struct gh_vp_slot_add) == 40, "no padding");
static_assert(sizeof(struct gh_vp_slot) == 64, "no padding");
static_assert(sizeof(struct gh_vp_attach) == 24, "no padding");
static_assert(sizeof(struct gh_vp_status) == 80, "no padding");
static_assert(sizeof(struct gh_vp_public) == 128, "no padding");
static_assert(sizeof(struct gh_vp_endorsement) == 16 + GH_VP_ENDORSE + GH_VP_SIG, "no padding");
static_assert(sizeof(struct gh_vp_tenant_status) == 32, "no padding");
static_assert(sizeof(struct gh_vp_blob_key) == 16 + GH_WRAPPED, "no padding");
static_assert(sizeof(struct gh_vp_plain_key) == 56, "no padding");
static_assert(sizeof(struct gh_vp_release) == 72, "no padding");
static_assert(sizeof(struct gh_vp_signature) == 120, "no padding");
static_assert(sizeof(struct gh_vp_checkpoint) == 8 + GH_VP_NOTE + 64 * 32, "no padding");
static_assert(sizeof(struct gh_vp_last) == 8 + GH_VP_NOTE + GH_VP_SIG + 8, "no padding");
static_assert(sizeof(struct gh_vp_log) == 184, "no padding");
static_assert(sizeof(struct gh_vp_challenge) == 136 + GH_VP_MEASUREMENTS * 32, "no padding");
static_assert(sizeof(struct gh_vp_attested) == 248, "no padding");
static_assert(sizeof(struct gh_vp_nonce) == 40, "no padding");
static_assert(sizeof(struct gh_vp_head) + sizeof(struct gh_vp_tenant) +
			      GH_VP_KEYS_MAX * sizeof(struct gh_vp_blob_key) <=
		      GH_VP_PACKET,
	      "a packet of keys fits");

/* Why not: code, enum gh_rc it becomes, the line that a person reads. %s: the errno's text, %u: arg. GH_E_DENIED is what a person may
 * not (a wrong passphrase, keys that are locked); keys or a log that are not as they were written are GH_E_UNREAD. */
#define GH_VAULT_WHYS(X) \
	X(FINE, GH_OK, "") \
	X(NO_KEYS, GH_E_ABSENT, "there are no keys in this home yet; 'gatehouse init' makes them") \
	X(HAVE_KEYS, GH_E_EXISTS, "this home has keys already; nothing was changed") \
	X(LOCKED, GH_E_DENIED, "the keys are locked") \
	X(OPEN_ALREADY, GH_E_EXISTS, "the keys are open already") \
	X(NO_SLOT, GH_E_DENIED, \
	  "the root key cannot be opened in this way: no such way was set up; 'gatehouse key status' lists those " \
	  "that were") \
	X(WRONG_PASSPHRASE, GH_E_DENIED, \
	  "wrong passphrase; nothing was opened (the recovery key that init printed opens the keys too: 'gatehouse " \
	  "key recover')") \
	X(WRONG_KEYFILE, GH_E_DENIED, "the key file is not the one of this home; nothing was opened") \
	X(WRONG_CREDENTIAL, GH_E_DENIED, "the systemd credential is not the one of this home; nothing was opened") \
	X(WRONG_RECOVERY, GH_E_DENIED, \
	  "the recovery key is well formed, but not of this home, or it was replaced; nothing was opened") \
	X(BAD_RECOVERY, GH_E_MALFORMED, \
	  "this is no recovery key, or a character of it is mistyped (its checksum does not match)") \
	X(SECRET_EMPTY, GH_E_MALFORMED, "the passphrase is empty, or its file could not be read") \
	X(SECRET_SHORT, GH_E_MALFORMED, \
	  "too short: a passphrase has at least 8 bytes, a key file or credential at least 32") \
	X(SECRET_LONG, GH_E_LIMIT, "too long: a passphrase or key file has at most 4,096 bytes") \
	X(SLOT_ALTERED, GH_E_UNREAD, \
	  "keys/root was altered: its seal does not match what it says; restore it from a backup") \
	X(ROOT_DAMAGED, GH_E_UNREAD, "keys/root is damaged (cut, or none of ours); restore it from a backup") \
	X(NEWER, GH_E_UNREAD, "the keys were written by a newer version of gatehouse; use that version") \
	X(WEAK_SLOT, GH_E_UNREAD, \
	  "the passphrase's parameters in keys/root lie below the floor (altered?); restore it from a backup") \
	X(NO_TPM, GH_E_UNREAD, \
	  "the TPM cannot be reached, or its library (libtss2-esys, libtss2-tctildr) is not installed") \
	X(TPM_SAYS, GH_E_DENIED, \
	  "the TPM refused: response code 0x%x (it was cleared, is another one, or its PCRs changed)") \
	X(SLOTS_FULL, GH_E_LIMIT, "there are eight ways to open the root key already; remove one first") \
	X(NO_SUCH_SLOT, GH_E_ABSENT, "there is no slot of this number") \
	X(LAST_SLOT, GH_E_DENIED, "this is the last way to open the root key; add another one first") \
	X(ROOT_CHANGED, GH_E_EXISTS, "the root key was rotated by another process; start again") \
	X(NO_TENANT, GH_E_ABSENT, "the tenant has no keys here") \
	X(TENANT_EXISTS, GH_E_EXISTS, "the tenant has keys already") \
	X(SHREDDED, GH_E_DENIED, "the tenant's keys were destroyed; nothing of it can be opened any more") \
	X(TENANT_ALTERED, GH_E_UNREAD, \
	  "the file of the tenant's keys was altered, or belongs to another tenant or root key") \
	X(GENERATIONS, GH_E_LIMIT, \
	  "the tenant has too many generations of keys; finish wrapping its blob keys again first") \
	X(KEY_ALTERED, GH_E_UNREAD, \
	  "a wrapped key does not open: it was altered, or belongs to another blob, tenant or generation") \
	X(KEY_RETIRED, GH_E_ABSENT, "a wrapped key belongs to a generation of the tenant's key that was retired") \
	X(NO_SESSION, GH_E_ABSENT, "there is no blob process of this session") \
	X(OTHER_MODEL, GH_E_DENIED, "this blob process has keys of another model; start one for each") \
	X(SESSION_GONE, GH_E_IO, "the blob process ended before its keys arrived") \
	X(NOT_LOGGED, GH_E_UNREAD, "no key was released, since the release could not be logged") \
	X(TOO_MANY, GH_E_LIMIT, "too many keys, sessions or channels at once") \
	X(SIGNING_ALTERED, GH_E_UNREAD, /* arg: which, as GH_VP_WHICH says it; ~0: keys/log */ \
	  "keys/%s was altered or is missing; restore keys/ from a backup") \
	X(BAD_CHECKPOINT, GH_E_MALFORMED, "this is no checkpoint of three lines") \
	X(OTHER_LOG, GH_E_UNREAD, "the checkpoint is of another log than the one this vault signs") \
	X(LOG_BACK, GH_E_UNREAD, "the log is shorter than what was signed already; nothing was signed") \
	X(LOG_FORK, GH_E_UNREAD, \
	  "the log does not extend what was signed already (altered, forked or restored from an older copy); nothing " \
	  "was signed") \
	X(NO_SUCH_KEY, GH_E_ABSENT, "there is no such signing key or generation") \
	X(NONCE_UNKNOWN, GH_E_DENIED, \
	  "nonce: the evidence answers a challenge that the vault did not make; no key was released") \
	X(NONCE_USED, GH_E_DENIED, "nonce: the challenge was answered before: this is a replay; no key was released") \
	X(NONCE_LATE, GH_E_DENIED, "nonce: the challenge was answered too late; no key was released") \
	X(FOR_DEPLOYMENT, GH_E_DENIED, "deployment: the challenge was made for another one; no key was released") \
	X(FOR_TENANT, GH_E_DENIED, "tenant: the challenge was made for another one; no key was released") \
	X(FOR_MODEL, GH_E_DENIED, "model: the challenge was made for another one; no key was released") \
	X(REPORT_DATA, GH_E_DENIED, \
	  "report_data: the evidence is bound to another challenge, stub key, model or policy; no key was released") \
	X(LOW_CLASS, GH_E_DENIED, \
	  "evidence_class: the evidence is worth less than what is asked for; no key was released") \
	X(MEASUREMENT, GH_E_DENIED, \
	  "measurement: the code that runs is not the code that is allowed; no key was released") \
	X(STUB_KEY, GH_E_DENIED, "stub_key: the stub's public key is none; no key was released") \
	X(IO, GH_E_IO, "keys: %s") \
	X(NOMEM, GH_E_NOMEM, "no memory for keys (RLIMIT_MEMLOCK bounds what may be locked)") \
	X(CRYPTO, GH_E_BUG, "the cryptographic library failed") \
	X(KEYS_OPEN, GH_E_DENIED, "keys/ can be read or written by others: chmod 700 it") \
	X(LOCKDOWN, GH_E_UNREAD, "the vault could not be locked down; it holds no key without that") \
	X(BUSY, GH_E_EXISTS, "another process is changing the keys; try again")
/* A file of keys/signing as a number. */
#define GH_VP_WHICH(key, generation) ((uint64_t)(key) << 32 | (uint32_t)(generation))
enum gh_vault_why {
#define GH_X(name, rc, text) GH_VAULT_##name,
	GH_VAULT_WHYS(GH_X)
#undef GH_X
		GH_VAULT_WHY_END
};

/* DSSE payload type of an endorsement: a badge key says which public key belongs to which kind and generation. */
#define GH_VAULT_KEY_PAYLOAD "application/vnd.gatehouse.key+json"
#endif

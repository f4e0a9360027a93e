/* stub_proto.h - what a launcher and the stub inside the isolation say to each other, and what the vault seals for the stub.
 *
 * Packets on a SOCK_SEQPACKET socket, fixed little-endian structures; descriptors travel with SCM_RIGHTS, at most one a packet.
 * Each side checks every packet against what the other may say in its present state, and ends when it is anything else. The
 * stub believes the launcher nothing but what makes itself fail: the launcher sees ciphertext, sealed keys and a socket.
 *
 *	launcher			stub
 *			<- HELLO	locked down, key pair made
 *	START ->			nonce, digests, the engine's command line
 *	FILE ->				one for each file: its name, blob, length; along: the ciphertext's descriptor
 *	SOCKET ->			along: the listening socket, where the engine inherits one
 *	BEGIN ->
 *			<- PROVE	public key and report data; the launcher has evidence made of it
 *	KEYS ->				the files' keys, sealed to the public key by the vault
 *			<- LOADED	all segments verified, in sealed memory; keys wiped
 *			<- STARTED	the engine runs
 *			<- ENDED	it does not any more
 *			<- FAILED	instead of any of these: why; the stub ends
 */
#ifndef GH_RUNTIME_STUB_PROTO_H
#define GH_RUNTIME_STUB_PROTO_H
#include "base/err.h"
#include "base/span.h"

#include <assert.h>

enum {
	GH_STUB_VERSION = 1,
	GH_STUB_NONCE = 32,
	GH_STUB_KEY = 32,	  /* X25519, and the key of a blob */
	GH_STUB_DIGEST = 32,	  /* SHA-256: of a model (its root digest), of a policy */
	GH_STUB_REPORT_DATA = 64, /* SHA-512 */
	GH_STUB_ID = 16,	  /* of blobs, tenants, deployments */
	GH_STUB_FILES = 1024,	  /* files of one model, adapters included */
	GH_STUB_NAME = 240,	  /* bytes of a file's name, with its NUL */
	GH_STUB_WORDS = 128,	  /* words of the command line, and of the environment, each */
	GH_STUB_TEXT = 16384,	  /* bytes of all these words */
	GH_STUB_PACKET = 65536,	  /* no packet is longer */
};

/* ---- what everything is bound to ------------------------------------------------------------------------------------------- */

/* Nobody but the vault chooses the nonce; nobody but the stub the key. */
struct gh_stub_bind {
	uint8_t nonce[GH_STUB_NONCE];
	uint8_t key[GH_STUB_KEY];	/* the stub's public key */
	uint8_t model[GH_STUB_DIGEST];	/* root digest of the model version */
	uint8_t policy[GH_STUB_DIGEST]; /* of the policy that decides about the release */
	uint8_t files[GH_STUB_DIGEST];	/* gh_stub_files() */
	uint8_t deployment[GH_STUB_ID];
};

/* SHA-512("gatehouse evidence v1\0" || nonce || key || model || policy): what the evidence has to contain. False: OpenSSL. */
bool gh_stub_report_data(const struct gh_stub_bind *b, uint8_t out[GH_STUB_REPORT_DATA]);

/* A file as the stub is told about it, and as the vault knows it from the catalog. */
struct gh_stub_file {
	uint8_t blob[GH_STUB_ID], tenant[GH_STUB_ID];
	uint64_t size; /* of the plaintext */
	uint8_t sha256
		[GH_STUB_DIGEST]; /* of the plaintext: verified too, at the price of its computation; zero: not asked */
	char name
		[GH_STUB_NAME]; /* relative, plain, ended by NUL, zero behind it: "model.gguf", "tokenizer/config.json" */
};
static_assert(sizeof(struct gh_stub_file) == 312, "no padding");
/* Is the name one that may be made: relative, no empty part, no ".", "..", no control character, no backslash? */
bool gh_stub_name_ok(const char name[GH_STUB_NAME]);
/* SHA-256 over "gatehouse files v1\0" and the structures in the order in which they are given: the vault computes it from what the
 * catalog knows of the version, so that blobs cannot change places. */
bool gh_stub_files(const struct gh_stub_file *f, size_t n, uint8_t out[GH_STUB_DIGEST]);

/* What HPKE's `info` is. */
#define GH_STUB_INFO "gatehouse key release v1"
/* What HPKE's `aad` is: the whole transcript. evidence: SHA-256 of the evidence that was appraised, as it arrived. */
enum { GH_STUB_AAD = 8 + sizeof(struct gh_stub_bind) + GH_STUB_DIGEST };
void gh_stub_aad(const struct gh_stub_bind *b, const uint8_t evidence[GH_STUB_DIGEST], uint8_t out[GH_STUB_AAD]);

/* What the sealed text holds: one for each file, in any order, without others. */
struct gh_stub_blob_key {
	uint8_t blob[GH_STUB_ID];
	uint8_t key[GH_STUB_KEY];
};
static_assert(sizeof(struct gh_stub_blob_key) == 48, "no padding");
/* The vault's part: seal n keys to b->key. out: n * 48 + 16 bytes. False: no such public key, or OpenSSL failed. */
bool gh_stub_seal(const struct gh_stub_bind *b, const uint8_t evidence[GH_STUB_DIGEST],
		  const struct gh_stub_blob_key *k, size_t n, uint8_t enc[GH_STUB_KEY], uint8_t *out);

/* ---- packets --------------------------------------------------------------------------------------------------------------- */

enum gh_stub_kind {
	GH_SP_START = 1,
	GH_SP_FILE,
	GH_SP_SOCKET,
	GH_SP_BEGIN,
	GH_SP_KEYS,
	GH_SP_HELLO = 32,
	GH_SP_PROVE,
	GH_SP_LOADED,
	GH_SP_STARTED,
	GH_SP_ENDED,
	GH_SP_FAILED,
};

/* How the engine gets the model. */
enum gh_stub_model {
	GH_STUB_DESCRIPTOR =
		1, /* sealed memory: "{model}" in a word becomes /proc/self/fd/N of the first file, "{file:NAME}" that of
				   another */
	GH_STUB_DIRECTORY, /* a private file system in memory, read-only to the engine: "{model}" becomes /model, "{file:NAME}"
				   /model/NAME */
};

struct gh_stub_head {
	uint32_t kind, size; /* size: of the whole packet */
};
struct gh_stub_start {
	struct gh_stub_head head;
	uint32_t version, model; /* enum gh_stub_model */
	uint32_t nfile, nargv, nenv;
	uint32_t zero;
	uint64_t file; /* longest file that the engine may write: RLIMIT_FSIZE */
	uint8_t nonce[GH_STUB_NONCE], model_digest[GH_STUB_DIGEST], policy[GH_STUB_DIGEST];
	uint8_t deployment[GH_STUB_ID];
	/* nargv + nenv words follow, each ended by NUL; the first one is the engine's path */
};
/* Descriptors of the engine: 0 nothing, 1 and 2 the log, and these */
enum { GH_STUB_SOCKET_FD = 3, GH_STUB_FILE_FD = 10 /* of the first file, the next ones follow */ };
static_assert(sizeof(struct gh_stub_start) == 152, "no padding");
struct gh_stub_file_msg {
	struct gh_stub_head head;
	struct gh_stub_file file;
};
struct gh_stub_prove {
	struct gh_stub_head head;
	uint8_t key[GH_STUB_KEY];
	uint8_t report_data[GH_STUB_REPORT_DATA];
};
struct gh_stub_keys {
	struct gh_stub_head head;
	uint32_t n, zero;
	uint8_t evidence[GH_STUB_DIGEST], enc[GH_STUB_KEY];
	/* n * 48 + 16 bytes follow */
};
/* HELLO, LOADED, STARTED, ENDED, FAILED; BEGIN and SOCKET are a head alone. */
struct gh_stub_word {
	struct gh_stub_head head;
	uint32_t why, sys;  /* FAILED: enum gh_stub_why, errno; ENDED: sys is the wait status */
	uint32_t file, pid; /* FAILED: number of the file; STARTED: process id inside */
	uint64_t at;	    /* FAILED: number of the segment; LOADED: bytes */
	uint64_t locked;    /* LOADED: bytes that cannot be swapped out */
	uint64_t us;	    /* LOADED: microseconds that decrypting took */
};
static_assert(sizeof(struct gh_stub_word) == 48, "no padding");

/* Why it failed: code, enum gh_rc it becomes, name of the check, the line. */
#define GH_STUB_WHYS(X) \
	X(FINE, GH_OK, "", "") \
	X(PROTOCOL, GH_E_BUG, "protocol", "the launcher said what it may not say") \
	X(LOCKDOWN, GH_E_UNREAD, "lockdown", "the stub could not be locked down") \
	X(CRYPTO, GH_E_BUG, "crypto", "the cryptographic library failed") \
	X(NOMEM, GH_E_NOMEM, "memory", "not enough memory for the model inside the isolation") \
	X(NAME, GH_E_DENIED, "file_name", "a file's name leaves the model's directory") \
	X(SEALED, GH_E_DENIED, "key_release", \
	  "the released keys do not open: they were sealed for another nonce, model, policy, list of files or stub") \
	X(KEY_MISSING, GH_E_DENIED, "key_for_file", "no key was released for a file of the model") \
	X(KEY_FOREIGN, GH_E_DENIED, "key_for_file", "a key was released for a file that the model does not have") \
	X(HEAD, GH_E_UNREAD, "blob_head", "this is no encrypted blob, or one of another file, tenant or length") \
	X(CUT, GH_E_UNREAD, "segment", "the stored bytes end before the last segment") \
	X(LONGER, GH_E_UNREAD, "segment", "bytes follow the last segment") \
	X(ALTERED, GH_E_UNREAD, "segment", "a segment is not as it was written: altered, or moved from another place") \
	X(DIGEST, GH_E_UNREAD, "file_digest", "the decrypted file is not the one that was approved") \
	X(SOURCE, GH_E_IO, "read", "reading the stored bytes failed") \
	X(SEAL, GH_E_UNREAD, "sealed_memory", "the decrypted file could not be sealed against changes") \
	X(ENGINE, GH_E_UNREAD, "engine_start", "the engine could not be started")
enum gh_stub_why {
#define GH_X(name, rc, check, text) GH_STUB_WHY_##name,
	GH_STUB_WHYS(GH_X)
#undef GH_X
		GH_STUB_WHY_END
};
const char *gh_stub_why_check(enum gh_stub_why w); /* "segment"; "protocol" for what is no such code */
const char *gh_stub_why_text(enum gh_stub_why w);
enum gh_rc gh_stub_why_rc(enum gh_stub_why w);
#endif

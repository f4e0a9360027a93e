/* bundle_read.h - a Sigstore bundle taken apart (sigstore/protobuf-specs: sigstore_bundle.proto, sigstore_rekor.proto, JSON form
 * of proto3), versions 0.1 to 0.3, and the model signing specification's use of it. Nothing is verified here.
 *
 * Strict: unknown members, missing ones, two of what excludes each other, base64 or numbers in another spelling than the one
 * there is, are GH_E_MALFORMED. null is as good as absent, as in proto3. */
#ifndef GH_CRYPTO_SIGSTORE_BUNDLE_READ_H
#define GH_CRYPTO_SIGSTORE_BUNDLE_READ_H
#include "crypto/dsse.h"
#include "crypto/x509chain.h"

enum { GH_BUNDLE_MAX = 48 << 20, GH_BUNDLE_ENTRIES = 16, GH_BUNDLE_STAMPS = 16, GH_BUNDLE_PATH = 64 };

enum gh_bundle_version { GH_BUNDLE_0_1 = 1, GH_BUNDLE_0_2, GH_BUNDLE_0_3 };

struct gh_log_entry {
	uint64_t index; /* in the whole log, as the promise signs it */
	struct gh_span log_id;
	struct gh_span kind, version;
	uint64_t integrated;	/* seconds since 1970; 0: not said */
	struct gh_span promise; /* signed entry timestamp; empty: none */
	bool has_proof;
	uint64_t proof_index, proof_size;
	struct gh_span proof_root;
	struct gh_span proof[GH_BUNDLE_PATH];
	size_t nproof;
	struct gh_span checkpoint; /* empty: none */
	struct gh_span body;	   /* canonicalised, decoded */
	struct gh_span body64;	   /* as spelt: the promise signs that */
};

struct gh_bundle {
	enum gh_bundle_version version;
	/* who: one of the three */
	bool has_key;		  /* publicKey */
	struct gh_span hint;	  /* may be empty */
	struct gh_span key_bytes; /* of early model signing bundles: PEM text; empty: none */
	bool is_chain;		  /* x509CertificateChain, else certificate, when cert.n != 0 */
	struct gh_certs cert;	  /* leaf first */
	/* what */
	bool has_envelope;
	struct gh_dsse envelope;
	struct gh_span signature; /* of a message */
	bool has_digest;
	enum gh_md digest_md;
	struct gh_span digest;
	/* proofs */
	struct gh_log_entry entry[GH_BUNDLE_ENTRIES];
	size_t nentries;
	bool has_entries;			/* the list is there, empty or not */
	struct gh_span stamp[GH_BUNDLE_STAMPS]; /* TimeStampResp */
	size_t nstamps;
};

/* Spans lie in the arena. gh_bundle_free() gives the certificates back, also after a failure.
 * GH_E_MALFORMED, GH_E_LIMIT, GH_E_NOMEM. */
enum gh_rc gh_bundle_read(struct gh_arena *a, struct gh_span json, struct gh_bundle *out, struct gh_err *err);
void gh_bundle_free(struct gh_bundle *b);

/* Members of proto3 JSON, shared with the reader of trusted roots. All: false with a reason in err. */
const struct gh_jval *gh_pj_get(const struct gh_jval *v, const char *key); /* null is absent */
bool gh_pj_b64(struct gh_arena *a, const struct gh_jval *v, const char *key, struct gh_span *out, struct gh_err *err);
/* int64 as a string or a number, not negative; absent: 0. */
bool gh_pj_u64(const struct gh_jval *v, const char *key, uint64_t *out, struct gh_err *err);
/* SHA2_256 and so on. */
bool gh_pj_md(const struct gh_jval *v, enum gh_md *out);
#endif

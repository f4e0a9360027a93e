/* verify.h - is the signature of a bundle good, and whose is it? The order and the rules are those of the Sigstore client
 * specification; three ways to trust: a public key, certificates of an authority of one's own (OpenSSF Model Signing), or a
 * trusted root of Sigstore with an identity. Pure: no clock, no files, no network.
 *
 * Checks that fail do not hide the others: the list (checks.h) is as complete as the input lets it be. */
#ifndef GH_CRYPTO_SIGSTORE_VERIFY_H
#define GH_CRYPTO_SIGSTORE_VERIFY_H
#include "crypto/sigstore/bundle_read.h"
#include "crypto/sigstore/checks.h"
#include "crypto/sigstore/root.h"

struct gh_vpolicy {
	const struct gh_key *key;   /* whose signature is wanted; or NULL */
	const struct gh_certs *ca;  /* authorities of one's own; or NULL */
	const struct gh_root *root; /* trusted root; may stand beside key: then the log entry is verified as well */
	struct gh_span identity;    /* the signer's name; must be given with root and no key; may be given with ca */
	struct gh_span issuer;	    /* who vouched for it; with root and no key */
	int64_t now;	   /* seconds since 1970: nothing may be from later; with ca, when the leaf must be valid */
	bool has_artifact; /* there is one, with these digests, by enum gh_md */
	uint8_t artifact[4][GH_MD_MAX];
	bool model; /* the bundle is a model's signature: hints are checked, a chain in version 0.3 is fine */
};

enum { GH_VC_TIMES = 32 };
struct gh_vresult {
	struct gh_vchecks checks;
	int64_t time[GH_VC_TIMES]; /* trusted times of signing */
	size_t ntimes;
	char key[65];			 /* fingerprint of the key that verified: SHA-256 of its SubjectPublicKeyInfo */
	const char *key_kind;		 /* "P-256" */
	struct gh_span identity, issuer; /* of the certificate; lie in the arena; empty: none */
	char subject[256];		 /* of the certificate, safe to print */
	uint64_t log_index;		 /* when checks[GH_VC_INCLUSION] passed or checks[GH_VC_PROMISE] did */
	bool has_log_index;
};

/* Verify. What was signed is bundle->envelope.payload (believe it only when the signature check passed), or the artifact.
 * Which checks must have passed is said by gh_vrequired(). */
void gh_bundle_verify(struct gh_arena *a, const struct gh_bundle *b, const struct gh_vpolicy *p,
		      struct gh_vresult *out);

/* Must this check pass for a signature to be valid, under this way to trust? A function of what the verifier asked for and
 * nothing that the bundle says. */
enum gh_vmode { GH_VM_KEY, GH_VM_KEY_ROOT, GH_VM_CA, GH_VM_ROOT };
bool gh_vrequired(enum gh_vmode mode, bool model, bool artifact, enum gh_vcheck c);
#endif

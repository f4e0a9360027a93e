/* pubkey.h - keys that sign and verify: ECDSA over P-256, P-384 and P-521 (FIPS 186-5), Ed25519 (RFC 8032); RSA of old logs and
 * authorities to verify only. OpenSSL's implementation behind it.
 *
 * The digest of ECDSA follows the curve: SHA-256, SHA-384, SHA-512. Signatures of ECDSA are DER (RFC 3279, section 2.2.3),
 * those of Ed25519 64 bytes. A key is read from PEM or DER: private ones in PKCS#8 (RFC 5958) or SEC 1 (RFC 5915), public ones
 * as SubjectPublicKeyInfo (RFC 5280) or from a certificate; curves by name only.
 *
 * Reading a public key parses ASN.1: do it in a worker when a stranger gave it. */
#ifndef GH_CRYPTO_PUBKEY_H
#define GH_CRYPTO_PUBKEY_H
#include "base/buf.h"
#include "base/err.h"

enum gh_key_kind {
	GH_KEY_P256 = 1,
	GH_KEY_P384,
	GH_KEY_P521,
	GH_KEY_ED25519,
	GH_KEY_RSA, /* PKCS#1 v1.5 with SHA-256, 2048 to 8192 bits; verifies only */
};
enum { GH_KEY_RAW = 32 };   /* bytes of a raw Ed25519 key, public or private (the seed) */
enum { GH_SIG_MAX = 1024 }; /* no signature is longer */

enum gh_md { GH_MD_SHA256, GH_MD_SHA384, GH_MD_SHA512, GH_MD_BLAKE2B, GH_MD_BLAKE3 };
enum { GH_MD_MAX = 64 };
size_t gh_md_size(enum gh_md h);
/* Digest of one piece. False: OpenSSL failed, or it is BLAKE3, which is only in mdstream.h. */
bool gh_md(enum gh_md h, struct gh_span s, uint8_t out[GH_MD_MAX]);

struct gh_key;
void gh_key_free(struct gh_key *k); /* NULL is fine; private parts are wiped */
static inline void gh_key_free_at(struct gh_key **k) { gh_key_free(*k); }
#define gh_auto_key __attribute__((cleanup(gh_key_free_at))) struct gh_key

/* Read a key; *out is the caller's. GH_E_MALFORMED: it is none. GH_E_UNREAD: of a kind that is not served here (named), or
 * protected by a passphrase. GH_E_NOMEM. */
enum gh_rc gh_key_private(struct gh_span pem_or_der, struct gh_key **out, struct gh_err *err);
enum gh_rc gh_key_public(struct gh_span pem_or_der, struct gh_key **out, struct gh_err *err);
/* A new key pair of a kind that signs. NULL: OpenSSL failed. */
struct gh_key *gh_key_new(enum gh_key_kind kind);
struct gh_key *gh_key_ed25519(const uint8_t seed[GH_KEY_RAW]);
struct gh_key *gh_key_ed25519_public(const uint8_t raw[GH_KEY_RAW]);

enum gh_key_kind gh_key_kind(const struct gh_key *k);
const char *gh_key_name(const struct gh_key *k); /* "P-256", "Ed25519", … */
bool gh_key_can_sign(const struct gh_key *k);
/* The digest that goes with the key; GH_MD_SHA512 for Ed25519, which digests by itself. */
enum gh_md gh_key_md(const struct gh_key *k);

/* Append the signature of msg. */
enum gh_rc gh_key_sign(const struct gh_key *k, struct gh_span msg, struct gh_buf *sig, struct gh_err *err);
/* GH_OK: it is. GH_E_DENIED: it is not (a signature of another form neither). GH_E_BUG: OpenSSL failed. */
enum gh_rc gh_key_verify(const struct gh_key *k, struct gh_span msg, struct gh_span sig, struct gh_err *err);
/* The same for a message of which only the digest is at hand. GH_E_UNREAD: Ed25519, which needs the message. */
enum gh_rc gh_key_verify_digest(const struct gh_key *k, enum gh_md h, const uint8_t *digest, struct gh_span sig,
				struct gh_err *err);
/* Signed with another digest than the curve's own, as certificates and timestamps may be. */
enum gh_rc gh_key_verify_with(const struct gh_key *k, enum gh_md h, struct gh_span msg, struct gh_span sig,
			      struct gh_err *err);

/* RSASSA-PSS (RFC 8017, section 8.1) with this digest, MGF1 of the same digest, a salt of any length, as TPMs sign. RSA keys only:
 * GH_E_DENIED for others. */
enum gh_rc gh_key_verify_pss(const struct gh_key *k, enum gh_md h, struct gh_span msg, struct gh_span sig,
			     struct gh_err *err);

/* Append the public half. PEM: lines of 64, newline at the end: "PUBLIC KEY". False: memory or OpenSSL. */
bool gh_key_spki(const struct gh_key *k, struct gh_buf *der);
bool gh_key_pem(const struct gh_key *k, struct gh_buf *pem);
/* Append the private half: PKCS#8. The caller wipes. */
bool gh_key_private_der(const struct gh_key *k, struct gh_buf *der);
bool gh_key_private_pem(const struct gh_key *k, struct gh_buf *pem);
/* Ed25519 only: the 32 bytes. */
bool gh_key_raw(const struct gh_key *k, uint8_t out[GH_KEY_RAW]);

/* What bundles call the key, 64 digits and a NUL: SHA-256 of the PEM text (OpenSSF Model Signing), of the DER (log ids). */
bool gh_key_hint(const struct gh_key *k, char out[65]);
bool gh_key_id(const struct gh_key *k, uint8_t out[32]);
bool gh_key_same(const struct gh_key *a, const struct gh_key *b); /* the public halves */
#endif

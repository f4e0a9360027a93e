/* x509chain.h - X.509 certificates (RFC 5280): reading them, checking a chain at a given time, and what a signer's certificate
 * says. OpenSSL reads and checks; nothing of the machine is trusted: no store, no clock, no network, no revocation lists.
 *
 * Certificates are hostile: read them in a worker. */
#ifndef GH_CRYPTO_X509CHAIN_H
#define GH_CRYPTO_X509CHAIN_H
#include "base/arena.h"
#include "crypto/pubkey.h"

enum {
	GH_CERT_MAX = 64 << 10, /* bytes of one certificate */
	GH_CERTS_MAX = 64,	/* certificates of a list */
	GH_CERT_PATH = 8,	/* length of a path */
};

struct gh_cert;
/* A list that owns what is in it. Start with { 0 }. */
struct gh_certs {
	struct gh_cert *v[GH_CERTS_MAX];
	size_t n;
};
void gh_certs_free(struct gh_certs *c);
#define gh_auto_certs __attribute__((cleanup(gh_certs_free))) struct gh_certs

/* Add one certificate in DER; nothing may stand behind it. GH_E_MALFORMED, GH_E_LIMIT. */
enum gh_rc gh_certs_add(struct gh_certs *c, struct gh_span der, struct gh_err *err);
/* Add all certificates of a PEM text, or the one of a DER text; at least one must be there. Keys in it are passed over. */
enum gh_rc gh_certs_read(struct gh_certs *c, struct gh_span pem_or_der, struct gh_err *err);

/* The bytes as they were read; live as long as the certificate. */
struct gh_span gh_cert_der(const struct gh_cert *c);
bool gh_cert_same(const struct gh_cert *a, const struct gh_cert *b);
/* The public key; the caller's. Errors as of gh_key_public(). */
enum gh_rc gh_cert_key(const struct gh_cert *c, struct gh_key **out, struct gh_err *err);
/* Signed by its own key. */
bool gh_cert_self_signed(const struct gh_cert *c);
/* From when until when it is valid, both included; seconds since 1970. False: its dates cannot be read. */
bool gh_cert_valid(const struct gh_cert *c, int64_t *from, int64_t *until);
/* Did `issuer` sign `c`, by name and signature? */
bool gh_cert_issued(const struct gh_cert *issuer, const struct gh_cert *c);
/* Issuer and serial number, as SignerInfo names them (DER of the Name; content of the INTEGER); the subject key id. */
bool gh_cert_is_named(const struct gh_cert *c, struct gh_span issuer, struct gh_span serial);
bool gh_cert_has_key_id(const struct gh_cert *c, struct gh_span key_id);

enum gh_cert_use { GH_USE_SIGNING, GH_USE_CODE, GH_USE_TIMESTAMP };
/* May the key be used for it? SIGNING: key usage digitalSignature and extended usage codeSigning, as far as these extensions
 * are there, and one of them is (OpenSSF Model Signing). CODE: codeSigning must be there. TIMESTAMP: timeStamping and nothing
 * else, critical (RFC 3161, section 2.3). NULL: yes, else why not. */
const char *gh_cert_misused(const struct gh_cert *c, enum gh_cert_use use);

/* Does a path lead from leaf over the others to one of the roots, valid at time t? Signatures, validity, basic constraints,
 * path lengths, name constraints and unknown critical extensions are checked (RFC 5280, section 6); keys of less than 112 bits
 * of strength and SHA-1 are refused. issuer (may be NULL): the certificate that issued the leaf; it lives as long as the lists.
 * GH_OK, GH_E_DENIED: no, err says why. */
enum gh_rc gh_cert_chain(const struct gh_cert *leaf, const struct gh_certs *others, const struct gh_certs *roots,
			 int64_t t, const struct gh_cert **issuer, struct gh_err *err);

/* What a leaf of Fulcio says (sigstore/fulcio, docs/oid-info.md). Spans lie in the arena. */
struct gh_cert_names {
	struct gh_span san[8]; /* URI, e-mail address, or otherName 1.3.6.1.4.1.57264.1.7 */
	size_t nsan;
	struct gh_span issuer; /* 1.3.6.1.4.1.57264.1.8, or .1.1; empty: neither */
	bool contradict;       /* .1.1 and .1.8 name different issuers */
};
enum gh_rc gh_cert_names(const struct gh_cert *c, struct gh_arena *a, struct gh_cert_names *out, struct gh_err *err);

/* The subject's common name (content of its string), when it has exactly one; empty otherwise. Lives as long as c. */
struct gh_span gh_cert_common_name(const struct gh_cert *c);
/* May the key sign documents: key usage says digitalSignature, or nothing at all. */
bool gh_cert_may_sign(const struct gh_cert *c);
/* An authority: basic constraints say CA. A certificate of a key that signs documents is none. */
bool gh_cert_is_authority(const struct gh_cert *c);
/* The subject as one line, for people: "CN=…". Appended. */
void gh_cert_subject(const struct gh_cert *c, struct gh_buf *out);
/* Content of the extension's OCTET STRING; empty: it has none. */
struct gh_span gh_cert_extension(const struct gh_cert *c, const char *dotted);
/* Append the TBSCertificate without the list of SCTs, as the log signed it (RFC 6962, section 3.2). */
bool gh_cert_precert(const struct gh_cert *c, struct gh_buf *out);
#endif

/* pki.h - authorities of a test's own: whole hierarchies with certificates, revocation lists and raw signatures, so that evidence can
 * be made that is signed all the way up and wrong in exactly one thing. Together with gh_attest_root_for_test() (test builds only). */
#ifndef GH_TESTS_PKI_H
#define GH_TESTS_PKI_H
#include "base/span.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { PKI_EXTENSIONS = 16, PKI_DAY = 86400 };
#define PKI_NOW ((int64_t)1767225600) /* 2026-01-01T00:00:00Z: what the tests judge at */

struct pki_ext {
	const char *oid;
	uint8_t p[768]; /* content of the extension's OCTET STRING */
	size_t n;
	bool critical;
};
struct pki_node {
	EVP_PKEY *key;
	X509 *x;
};
struct pki_spec {
	const char *cn, *org;		 /* org NULL: none */
	const char *key;		 /* "P-256", "P-384", "P-521", "RSA" (2048 bits); NULL: the node has one */
	int64_t from, to;		 /* 0: a year before PKI_NOW, a year behind it */
	const char *basic, *usage, *eku; /* as openssl.cnf writes them; NULL: none */
	struct pki_ext ext[PKI_EXTENSIONS];
	size_t next;
	const EVP_MD *md; /* NULL: SHA-256 */
	bool pss;	  /* RSASSA-PSS as AMD uses it */
	long serial;	  /* 0: the next one */
};
#define PKI_CA .basic = "critical,CA:TRUE", .usage = "critical,keyCertSign,cRLSign"
#define PKI_LEAF .basic = "critical,CA:FALSE", .usage = "critical,digitalSignature"

/* Make the node's certificate (and its key, when it has none), issued by `by`; NULL: self-signed. Replaces an earlier certificate.
 * Ends the test when OpenSSL fails. */
void pki_make(struct pki_node *n, const struct pki_spec *s, const struct pki_node *by);
void pki_free(struct pki_node *n);
EVP_PKEY *pki_key(const char *kind);
/* DER in static memory of the caller; `room` bytes. */
struct gh_span pki_der(const struct pki_node *n, uint8_t *buf, size_t room);
struct gh_span pki_pem(const struct pki_node *const *n, size_t count, uint8_t *buf, size_t room);
/* A list of `by`, naming `revoked` (NULL: nobody). from, to as above. */
struct gh_span pki_crl(const struct pki_node *by, const struct pki_node *revoked, int64_t from, int64_t to, bool pss,
		       uint8_t *buf, size_t room);
void pki_ext_add(struct pki_spec *s, const char *oid, const void *p, size_t n);
void pki_ext_int(struct pki_spec *s, const char *oid, unsigned v); /* DER INTEGER */
/* r || s, big-endian, `half` bytes each. */
void pki_sign_raw(EVP_PKEY *key, const EVP_MD *md, struct gh_span msg, size_t half, uint8_t *out);
/* x || y of an EC key. */
void pki_point(EVP_PKEY *key, size_t half, uint8_t *out);
#endif

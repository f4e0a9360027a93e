/* What libyara wants from OpenSSL, for the worker, which is linked without it.
 *
 * The `hash` module (and the import hash of `pe`) use digests: they are computed by our own small code. The signatures of PE
 * files (Authenticode) are not read: OpenSSL's parser of certificates is large, reads configuration files, and stands open to
 * hostile bytes. For a rule, a program has no signatures here: d2i_PKCS7() finds none, and nothing below it is ever called.
 * The functions are declared here as OpenSSL 3 declares them, with opaque types.
 *
 * The worker has the real OpenSSL too, for signatures of models (scan/verify). So that YARA cannot reach it, the copy of libyara
 * that is linked asks for other names (yara_nocrypto.syms, CMakeLists.txt): gh_noc_ before each of those below. */
#include "wire/md5.h"
#include "wire/sha1.h"
#include "wire/sha256.h"

#include <stdlib.h>

/* OpenSSL's contexts as libyara allocates them: MD5 92, SHA-1 96, SHA-256 112 bytes. Ours are of another layout, and must fit. */
#define FITS(ours, theirs) _Static_assert(sizeof(ours) <= (theirs), "the caller's memory is smaller")
FITS(struct gh_md5, 92);
FITS(struct gh_sha1, 96);
FITS(struct gh_sha256_state, 112);

typedef void any;
#define HIDDEN __attribute__((visibility("hidden")))

/* OpenSSL returns 1 when all is well. */
#define DIGEST(NAME, type, new_, put, end) \
	HIDDEN int gh_noc_##NAME##_Init(any *c); \
	HIDDEN int gh_noc_##NAME##_Update(any *c, const void *p, size_t n); \
	HIDDEN int gh_noc_##NAME##_Final(unsigned char *out, any *c); \
	int gh_noc_##NAME##_Init(any *c) \
	{ \
		const type fresh = new_(); \
		memcpy(c, &fresh, sizeof fresh); \
		return 1; \
	} \
	int gh_noc_##NAME##_Update(any *c, const void *p, size_t n) \
	{ \
		type s; \
		memcpy(&s, c, sizeof s); \
		put(&s, (struct gh_span){ p, n }); \
		memcpy(c, &s, sizeof s); \
		return 1; \
	} \
	int gh_noc_##NAME##_Final(unsigned char *out, any *c) \
	{ \
		type s; \
		memcpy(&s, c, sizeof s); \
		end(&s, out); \
		return 1; \
	}
DIGEST(MD5, struct gh_md5, gh_md5, gh_md5_put, gh_md5_end)
DIGEST(SHA1, struct gh_sha1, gh_sha1, gh_sha1_put, gh_sha1_end)
DIGEST(SHA256, struct gh_sha256_state, gh_sha256_begin, gh_sha256_put, gh_sha256_end)

HIDDEN any *gh_noc_d2i_PKCS7(any **a, const unsigned char **in, long len);
any *gh_noc_d2i_PKCS7(any **a, const unsigned char **in, long len)
{
	(void)a;
	(void)in;
	(void)len;
	return NULL; /* no signature that we could read */
}

/* Only reached with something that d2i_PKCS7() returned. */
#define UNREACHED(name) \
	HIDDEN void gh_noc_##name(void); \
	void gh_noc_##name(void) { abort(); }
UNREACHED(EVP_sha1)
UNREACHED(OBJ_nid2ln)
UNREACHED(OBJ_nid2obj)
UNREACHED(OBJ_obj2txt)
UNREACHED(OPENSSL_sk_free)
UNREACHED(OPENSSL_sk_num)
UNREACHED(OPENSSL_sk_value)
UNREACHED(PKCS7_free)
UNREACHED(PKCS7_get0_signers)
UNREACHED(X509_ATTRIBUTE_get0_type)
UNREACHED(X509_NAME_oneline)
UNREACHED(X509_digest)
UNREACHED(X509_get0_notAfter)
UNREACHED(X509_get0_notBefore)
UNREACHED(X509_get_issuer_name)
UNREACHED(X509_get_serialNumber)
UNREACHED(X509_get_signature_nid)
UNREACHED(X509_get_subject_name)
UNREACHED(X509_get_version)
UNREACHED(X509at_get_attr)
UNREACHED(X509at_get_attr_by_NID)
UNREACHED(i2d_ASN1_INTEGER)

/* Names that pe.c registers for attributes of signatures, also when there are none. */
HIDDEN int gh_noc_OBJ_create(const char *oid, const char *sn, const char *ln);
int gh_noc_OBJ_create(const char *oid, const char *sn, const char *ln)
{
	(void)oid;
	(void)sn;
	(void)ln;
	return 0;
}
HIDDEN int gh_noc_OBJ_txt2nid(const char *s);
int gh_noc_OBJ_txt2nid(const char *s)
{
	(void)s;
	return 0;
}

#include "support/certmake.h"

#include <openssl/x509.h>
#include <openssl/x509v3.h>

static EVP_PKEY *private_of(const struct gh_key *k)
{
	gh_auto_buf der = gh_buf(8192);
	if (!gh_key_private_der(k, &der))
		return NULL;
	const uint8_t *p = der.p;
	return d2i_AutoPrivateKey(NULL, &p, (long)der.n);
}

static bool extend(X509 *x, int nid, const char *value)
{
	if (value == NULL)
		return true;
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool name(X509_NAME *n, const char *cn)
{
	return X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0) == 1;
}

bool certmake(const struct certmake *c, struct gh_buf *der)
{
	static long serial = 1;
	X509 *x = X509_new();
	EVP_PKEY *key = private_of(c->key), *signer = private_of(c->signer);
	const EVP_MD *md = gh_key_kind(c->signer) == GH_KEY_ED25519 ? NULL : EVP_sha256();
	uint8_t *p = NULL;
	bool ok = x != NULL && key != NULL && signer != NULL && X509_set_version(x, 2) == 1 &&
		  ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1 &&
		  name(X509_get_subject_name(x), c->subject) && name(X509_get_issuer_name(x), c->issuer) &&
		  ASN1_TIME_set(X509_getm_notBefore(x), c->from) != NULL &&
		  ASN1_TIME_set(X509_getm_notAfter(x), c->to) != NULL && X509_set_pubkey(x, key) == 1 &&
		  extend(x, NID_basic_constraints, c->basic) && extend(x, NID_key_usage, c->usage) &&
		  extend(x, NID_ext_key_usage, c->eku) && extend(x, NID_subject_alt_name, c->san) &&
		  X509_sign(x, signer, md) > 0;
	int n = ok ? i2d_X509(x, &p) : 0;
	if (n > 0)
		gh_buf_put(der, p, (size_t)n);
	OPENSSL_free(p);
	EVP_PKEY_free(key);
	EVP_PKEY_free(signer);
	X509_free(x);
	return n > 0 && !der->full;
}

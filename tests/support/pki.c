#include "support/cm.h"

#include "support/pki.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <string.h>

static long next_serial = 1000;

EVP_PKEY *pki_key(const char *kind)
{
	EVP_PKEY *k = strcmp(kind, "RSA") == 0 ? EVP_RSA_gen(2048) : EVP_EC_gen(kind);
	assert_non_null(k);
	return k;
}

void pki_free(struct pki_node *n)
{
	X509_free(n->x);
	EVP_PKEY_free(n->key);
	*n = (struct pki_node){ 0 };
}

void pki_ext_add(struct pki_spec *s, const char *oid, const void *p, size_t n)
{
	assert_true(s->next < PKI_EXTENSIONS && n <= sizeof s->ext[0].p);
	s->ext[s->next].oid = oid;
	memcpy(s->ext[s->next].p, p, n);
	s->ext[s->next++].n = n;
}

void pki_ext_int(struct pki_spec *s, const char *oid, unsigned v)
{
	uint8_t der[4] = { 0x02, 1, (uint8_t)v };
	size_t n = 3;
	if (v >= 0x80) { /* a positive number whose first bit is set has a zero before it */
		der[1] = 2;
		der[2] = 0;
		der[3] = (uint8_t)v;
		n = 4;
	}
	pki_ext_add(s, oid, der, n);
}

static void extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	if (value == NULL)
		return;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	assert_non_null(e);
	assert_int_equal(X509_add_ext(x, e, -1), 1);
	X509_EXTENSION_free(e);
}

static void raw_extension(X509 *x, const struct pki_ext *e)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(e->oid, 1);
	ASN1_OCTET_STRING *content = ASN1_OCTET_STRING_new();
	assert_true(oid != NULL && content != NULL && ASN1_OCTET_STRING_set(content, e->p, (int)e->n) == 1);
	X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, e->critical, content);
	assert_non_null(ext);
	assert_int_equal(X509_add_ext(x, ext, -1), 1);
	X509_EXTENSION_free(ext);
	ASN1_OCTET_STRING_free(content);
	ASN1_OBJECT_free(oid);
}

static void name(X509_NAME *n, const struct pki_spec *s)
{
	if (s->org != NULL)
		assert_int_equal(
			X509_NAME_add_entry_by_txt(n, "O", MBSTRING_UTF8, (const unsigned char *)s->org, -1, -1, 0), 1);
	assert_int_equal(X509_NAME_add_entry_by_txt(n, "CN", MBSTRING_UTF8, (const unsigned char *)s->cn, -1, -1, 0),
			 1);
}

static EVP_MD_CTX *signing(EVP_PKEY *key, const EVP_MD *md, bool pss)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	assert_int_equal(EVP_DigestSignInit(ctx, &how, pss ? EVP_sha384() : md, NULL, key), 1);
	if (pss) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, 48), 1);
	}
	return ctx;
}

void pki_make(struct pki_node *n, const struct pki_spec *s, const struct pki_node *by)
{
	int64_t year = (int64_t)365 * PKI_DAY;
	X509_free(n->x);
	if (n->key == NULL || s->key != NULL) {
		EVP_PKEY_free(n->key);
		n->key = pki_key(s->key);
	}
	n->x = X509_new();
	assert_non_null(n->x);
	assert_int_equal(X509_set_version(n->x, 2), 1);
	assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(n->x), s->serial != 0 ? s->serial : next_serial++), 1);
	name(X509_get_subject_name(n->x), s);
	assert_int_equal(X509_set_issuer_name(n->x, X509_get_subject_name(by == NULL ? n->x : by->x)), 1);
	assert_non_null(ASN1_TIME_set(X509_getm_notBefore(n->x), s->from != 0 ? s->from : PKI_NOW - year));
	assert_non_null(ASN1_TIME_set(X509_getm_notAfter(n->x), s->to != 0 ? s->to : PKI_NOW + year));
	assert_int_equal(X509_set_pubkey(n->x, n->key), 1);
	extend(n->x, by == NULL ? n->x : by->x, NID_basic_constraints, s->basic);
	extend(n->x, by == NULL ? n->x : by->x, NID_key_usage, s->usage);
	extend(n->x, by == NULL ? n->x : by->x, NID_ext_key_usage, s->eku);
	for (size_t i = 0; i < s->next; i++)
		raw_extension(n->x, &s->ext[i]);
	EVP_MD_CTX *ctx = signing(by == NULL ? n->key : by->key, s->md == NULL ? EVP_sha256() : s->md, s->pss);
	assert_true(X509_sign_ctx(n->x, ctx) > 0);
	EVP_MD_CTX_free(ctx);
}

struct gh_span pki_der(const struct pki_node *n, uint8_t *buf, size_t room)
{
	uint8_t *p = buf;
	int len = i2d_X509(n->x, NULL);
	assert_true(len > 0 && (size_t)len <= room);
	assert_int_equal(i2d_X509(n->x, &p), len);
	return (struct gh_span){ buf, (size_t)len };
}

struct gh_span pki_pem(const struct pki_node *const *n, size_t count, uint8_t *buf, size_t room)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	for (size_t i = 0; i < count; i++)
		assert_int_equal(PEM_write_bio_X509(b, n[i]->x), 1);
	long len = BIO_get_mem_data(b, &p);
	assert_true(len > 0 && (size_t)len <= room);
	memcpy(buf, p, (size_t)len);
	BIO_free(b);
	return (struct gh_span){ buf, (size_t)len };
}

struct gh_span pki_crl(const struct pki_node *by, const struct pki_node *revoked, int64_t from, int64_t to, bool pss,
		       uint8_t *buf, size_t room)
{
	X509_CRL *l = X509_CRL_new();
	ASN1_TIME *t = ASN1_TIME_set(NULL, from != 0 ? from : PKI_NOW - PKI_DAY);
	ASN1_TIME *u = ASN1_TIME_set(NULL, to != 0 ? to : PKI_NOW + PKI_DAY);
	assert_true(l != NULL && X509_CRL_set_version(l, 1) == 1 &&
		    X509_CRL_set_issuer_name(l, X509_get_subject_name(by->x)) == 1 &&
		    X509_CRL_set1_lastUpdate(l, t) == 1 && X509_CRL_set1_nextUpdate(l, u) == 1);
	if (revoked != NULL) {
		X509_REVOKED *r = X509_REVOKED_new();
		assert_true(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(revoked->x)) == 1 &&
			    X509_REVOKED_set_revocationDate(r, t) == 1 && X509_CRL_add0_revoked(l, r) == 1);
	}
	EVP_MD_CTX *ctx = signing(by->key, EVP_sha256(), pss);
	assert_true(X509_CRL_sign_ctx(l, ctx) > 0);
	EVP_MD_CTX_free(ctx);
	uint8_t *p = buf;
	int len = i2d_X509_CRL(l, NULL);
	assert_true(len > 0 && (size_t)len <= room);
	assert_int_equal(i2d_X509_CRL(l, &p), len);
	ASN1_TIME_free(t);
	ASN1_TIME_free(u);
	X509_CRL_free(l);
	return (struct gh_span){ buf, (size_t)len };
}

void pki_sign_raw(EVP_PKEY *key, const EVP_MD *md, struct gh_span msg, size_t half, uint8_t *out)
{
	uint8_t der[200];
	size_t n = sizeof der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	assert_int_equal(EVP_DigestSignInit(ctx, NULL, md, NULL, key), 1);
	assert_int_equal(EVP_DigestSign(ctx, der, &n, msg.p, msg.n), 1);
	EVP_MD_CTX_free(ctx);
	const uint8_t *p = der;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)n);
	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, (int)half), (int)half);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + half, (int)half), (int)half);
	ECDSA_SIG_free(sig);
}

void pki_point(EVP_PKEY *key, size_t half, uint8_t *out)
{
	uint8_t point[200];
	size_t n = 0;
	assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n), 1);
	assert_int_equal(n, 2 * half + 1);
	memcpy(out, point + 1, 2 * half);
}

#include "crypto/x509_int.h"

#include "crypto/pubkey_int.h"
#include "wire/b64.h"
#include "wire/datetime.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

static void free_cert(struct gh_cert *c)
{
	if (c == NULL)
		return;
	X509_free(c->x);
	free(c->der);
	free(c);
}

void gh_certs_free(struct gh_certs *c)
{
	for (size_t i = 0; i < c->n; i++)
		free_cert(c->v[i]);
	c->n = 0;
}

enum gh_rc gh_certs_add(struct gh_certs *c, struct gh_span der, struct gh_err *err)
{
	if (c->n == GH_CERTS_MAX)
		return gh_fail(err, GH_E_LIMIT, "more than %d certificates", GH_CERTS_MAX);
	if (der.n == 0 || der.n > GH_CERT_MAX)
		return gh_fail(err, GH_E_LIMIT, "a certificate of %zu bytes", der.n);
	struct gh_cert *v = calloc(1, sizeof *v);
	uint8_t *copy = malloc(der.n);
	if (v == NULL || copy == NULL) {
		free(v);
		free(copy);
		return gh_fail(err, GH_E_NOMEM, "no memory for a certificate");
	}
	memcpy(copy, der.p, der.n);
	const uint8_t *p = copy;
	*v = (struct gh_cert){ .x = d2i_X509(NULL, &p, (long)der.n), .der = copy, .n = der.n };
	bool whole = v->x != NULL && p == copy + der.n;
	/* Extensions are decoded once, here: what cannot be decoded is no certificate for us. */
	if (!whole || (X509_get_extension_flags(v->x) & EXFLAG_INVALID) != 0) {
		bool read = v->x != NULL;
		free_cert(v);
		ERR_clear_error();
		return gh_fail(err, GH_E_MALFORMED, "%s",
			       !read   ? "not a certificate (X.509)"
			       : whole ? "a certificate whose extensions are malformed"
				       : "bytes stand behind the certificate");
	}
	c->v[c->n++] = v;
	return GH_OK;
}

enum gh_rc gh_certs_read(struct gh_certs *c, struct gh_span s, struct gh_err *err)
{
	gh_auto_arena a = { .max = (size_t)16 << 20 };
	struct gh_span label, der;
	size_t at = 0, before = c->n;
	int r;
	if (s.n > (size_t)GH_CERT_MAX * GH_CERTS_MAX)
		return gh_fail(err, GH_E_LIMIT, "larger than %d certificates can be", GH_CERTS_MAX);
	if (s.n != 0 && s.p[0] == 0x30)
		return gh_certs_add(c, s, err);
	while ((r = gh_pem_next(&a, s, &at, &label, &der)) > 0)
		if (gh_span_is(label, "CERTIFICATE") || gh_span_is(label, "TRUSTED CERTIFICATE"))
			GH_TRY(gh_certs_add(c, der, err), err, "certificate %zu", c->n + 1);
	if (r < 0)
		return gh_fail(err, GH_E_MALFORMED, "its PEM text is damaged near byte %zu", at);
	return c->n != before ? GH_OK : gh_fail(err, GH_E_MALFORMED, "no certificate in it");
}

/* ---- what it is ------------------------------------------------------------------------------------------------ */

struct gh_span gh_cert_der(const struct gh_cert *c) { return (struct gh_span){ c->der, c->n }; }

bool gh_cert_same(const struct gh_cert *a, const struct gh_cert *b)
{
	return gh_span_eq(gh_cert_der(a), gh_cert_der(b));
}

enum gh_rc gh_cert_key(const struct gh_cert *c, struct gh_key **out, struct gh_err *err)
{
	EVP_PKEY *key = X509_get_pubkey(
		c->x); /* one reference more: the certificate's key was decoded when it was read */
	*out = NULL;
	if (key == NULL) {
		ERR_clear_error();
		return gh_fail(err, GH_E_MALFORMED, "the certificate's key cannot be read");
	}
	return gh_key_wrap(key, false, out, err);
}

bool gh_cert_self_signed(const struct gh_cert *c)
{
	int r = X509_self_signed(c->x, 1);
	ERR_clear_error();
	return r == 1;
}

bool gh_x509_seconds(const ASN1_TIME *t, int64_t *out)
{
	struct tm tm = { 0 };
	if (ASN1_TIME_to_tm(t, &tm) != 1 || tm.tm_year < 70)
		return false;
	const struct gh_datetime d = { .year = (unsigned)tm.tm_year + 1900,
				       .month = (unsigned)tm.tm_mon + 1,
				       .day = (unsigned)tm.tm_mday,
				       .hour = (unsigned)tm.tm_hour,
				       .minute = (unsigned)tm.tm_min,
				       .second = (unsigned)tm.tm_sec };
	return gh_datetime_seconds(&d, out);
}

bool gh_cert_valid(const struct gh_cert *c, int64_t *from, int64_t *until)
{
	return gh_x509_seconds(X509_get0_notBefore(c->x), from) && gh_x509_seconds(X509_get0_notAfter(c->x), until);
}

bool gh_cert_issued(const struct gh_cert *issuer, const struct gh_cert *c)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x);
	bool yes = key != NULL && X509_check_issued(issuer->x, c->x) == X509_V_OK && X509_verify(c->x, key) == 1;
	ERR_clear_error();
	return yes;
}

bool gh_cert_is_named(const struct gh_cert *c, struct gh_span issuer, struct gh_span serial)
{
	uint8_t *p = NULL;
	int n = i2d_X509_NAME(X509_get_issuer_name(c->x), &p);
	bool same = n > 0 && gh_span_eq((struct gh_span){ p, (size_t)n }, issuer);
	OPENSSL_free(p);
	p = NULL;
	n = i2d_ASN1_INTEGER(X509_get0_serialNumber(c->x), &p);
	/* Serial numbers have at most 20 bytes: tag and length take two. */
	same = same && n > 2 && gh_span_eq((struct gh_span){ p + 2, (size_t)n - 2 }, serial);
	OPENSSL_free(p);
	return same;
}

bool gh_cert_has_key_id(const struct gh_cert *c, struct gh_span id)
{
	const ASN1_OCTET_STRING *is = X509_get0_subject_key_id(c->x);
	return is != NULL && id.n != 0 &&
	       gh_span_eq((struct gh_span){ ASN1_STRING_get0_data(is), (size_t)ASN1_STRING_length(is) }, id);
}

static const char *timestamp_only(X509 *x)
{
	int critical = 0;
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	bool ok = eku != NULL && critical == 1 && sk_ASN1_OBJECT_num(eku) == 1 &&
		  OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, 0)) == NID_time_stamp;
	EXTENDED_KEY_USAGE_free(eku);
	return ok ? NULL : "the certificate is not for timestamps alone (extended key usage)";
}

const char *gh_cert_misused(const struct gh_cert *c, enum gh_cert_use use)
{
	uint32_t flags = X509_get_extension_flags(c->x), usage = X509_get_key_usage(c->x);
	uint32_t extended = X509_get_extended_key_usage(c->x);
	bool has_ku = (flags & EXFLAG_KUSAGE) != 0, has_eku = (flags & EXFLAG_XKUSAGE) != 0;
	if (has_ku && (usage & KU_DIGITAL_SIGNATURE) == 0)
		return "the certificate's key is not for signatures (key usage)";
	if (use == GH_USE_TIMESTAMP)
		return timestamp_only(c->x);
	if (has_eku && (extended & XKU_CODE_SIGN) == 0)
		return "the certificate is not for signing code (extended key usage)";
	if (use == GH_USE_CODE && !has_eku)
		return "the certificate does not say that it is for signing code (extended key usage)";
	return has_ku || has_eku ? NULL : "the certificate does not say that its key is for signing";
}

/* ---- the path -------------------------------------------------------------------------------------------------- */

static STACK_OF(X509) * stack_of(const struct gh_certs *c)
{
	STACK_OF(X509) *s = sk_X509_new_null();
	for (size_t i = 0; s != NULL && c != NULL && i < c->n; i++)
		if (sk_X509_push(s, c->v[i]->x) == 0) {
			sk_X509_free(s);
			return NULL;
		}
	return s;
}

static const struct gh_cert *find(const struct gh_certs *c, const X509 *x)
{
	for (size_t i = 0; c != NULL && i < c->n; i++)
		if (X509_cmp(c->v[i]->x, x) == 0)
			return c->v[i];
	return NULL;
}

/* The certificate above the leaf on the path that was found. */
static const struct gh_cert *above(X509_STORE_CTX *ctx, const struct gh_certs *others, const struct gh_certs *roots)
{
	STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(ctx);
	const X509 *x = sk_X509_num(path) > 1 ? sk_X509_value(path, 1) : sk_X509_value(path, 0);
	const struct gh_cert *c = find(others, x);
	return c != NULL ? c : find(roots, x);
}

static enum gh_rc denied(X509_STORE_CTX *ctx, struct gh_err *err)
{
	int e = X509_STORE_CTX_get_error(ctx), depth = X509_STORE_CTX_get_error_depth(ctx);
	ERR_clear_error();
	switch (e) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return gh_fail(err, GH_E_DENIED, "no path leads to a trusted certificate (%s)",
			       X509_verify_cert_error_string(e));
	case X509_V_ERR_CERT_NOT_YET_VALID:
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return gh_fail(err, GH_E_DENIED, "%s at that time: %s",
			       depth == 0 ? "the signer's certificate" : "a certificate of the path",
			       e == X509_V_ERR_CERT_HAS_EXPIRED ? "expired" : "not valid yet");
	default: return gh_fail(err, GH_E_DENIED, "%s (certificate %d)", X509_verify_cert_error_string(e), depth);
	}
}

enum gh_rc gh_cert_chain(const struct gh_cert *leaf, const struct gh_certs *others, const struct gh_certs *roots,
			 int64_t t, const struct gh_cert **issuer, struct gh_err *err)
{
	enum gh_rc rc = GH_E_BUG;
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	STACK_OF(X509) *mid = stack_of(others), *top = stack_of(roots);
	if (t < 0) /* what the store would understand as "now" or as nonsense */
		rc = gh_fail(err, GH_E_DENIED, "there is no time at which the certificate could be valid");
	else if (store == NULL || ctx == NULL || mid == NULL || top == NULL ||
		 X509_STORE_CTX_init(ctx, store, leaf->x, mid) != 1)
		rc = gh_fail(err, GH_E_NOMEM, "no memory for a chain");
	else {
		X509_VERIFY_PARAM *p = X509_STORE_CTX_get0_param(ctx);
		X509_STORE_CTX_set0_trusted_stack(ctx, top);
		X509_VERIFY_PARAM_set_time(p, t);
		X509_VERIFY_PARAM_set_depth(p, GH_CERT_PATH);
		X509_VERIFY_PARAM_set_auth_level(p, 2);
		(void)X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
		if (X509_verify_cert(ctx) == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK) {
			rc = GH_OK;
			if (issuer != NULL)
				*issuer = above(ctx, others, roots);
		} else {
			rc = denied(ctx, err);
		}
	}
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
	sk_X509_free(mid);
	sk_X509_free(top);
	ERR_clear_error();
	return rc;
}

/* ---- what it says ---------------------------------------------------------------------------------------------- */

struct gh_span gh_cert_extension(const struct gh_cert *c, const char *dotted)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(dotted, 1);
	int at = oid == NULL ? -1 : X509_get_ext_by_OBJ(c->x, oid, -1);
	ASN1_OBJECT_free(oid);
	if (at < 0)
		return (struct gh_span){ 0 };
	const ASN1_OCTET_STRING *v = X509_EXTENSION_get_data(X509_get_ext(c->x, at));
	return (struct gh_span){ ASN1_STRING_get0_data(v), (size_t)ASN1_STRING_length(v) };
}

void gh_cert_subject(const struct gh_cert *c, struct gh_buf *out)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p = NULL;
	if (b != NULL && X509_NAME_print_ex(b, X509_get_subject_name(c->x), 0, XN_FLAG_RFC2253) >= 0) {
		long n = BIO_get_mem_data(b, &p);
		if (n > 0)
			gh_buf_safe(out, (struct gh_span){ (const uint8_t *)p, (size_t)n }, 200);
	}
	BIO_free(b);
}

bool gh_cert_precert(const struct gh_cert *c, struct gh_buf *out)
{
	X509 *copy = X509_dup(c->x);
	uint8_t *p = NULL;
	int n = -1, at = copy == NULL ? -1 : X509_get_ext_by_NID(copy, NID_ct_precert_scts, -1);
	if (at >= 0) {
		X509_EXTENSION_free(X509_delete_ext(copy, at));
		n = i2d_re_X509_tbs(copy, &p);
	}
	if (n > 0)
		gh_buf_put(out, p, (size_t)n);
	OPENSSL_free(p);
	X509_free(copy);
	ERR_clear_error();
	return n > 0 && !out->full;
}

/* Reading keys: PEM or DER, private or public. */
#include "crypto/pubkey_int.h"

#include "wire/b64.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509.h>

enum { KEY_TEXT = 64 << 10 };

/* The DER of the first block whose label is on the list ("a|b"), or s itself when it is no text. */
static enum gh_rc der_of(struct gh_arena *a, struct gh_span s, const char *labels, struct gh_span *label,
			 struct gh_span *der, struct gh_err *err)
{
	size_t at = 0;
	char other[64] = "";
	if (s.n == 0)
		return gh_fail(err, GH_E_MALFORMED, "the file of the key is empty");
	if (s.n > KEY_TEXT)
		return gh_fail(err, GH_E_LIMIT, "longer than any key (%u bytes)", (unsigned)KEY_TEXT);
	*label = (struct gh_span){ 0 };
	*der = s;
	if (s.p[0] == 0x30) /* a SEQUENCE: DER */
		return GH_OK;
	for (;;) {
		int r = gh_pem_next(a, s, &at, label, der);
		if (r < 0 && gh_span_ends(*label, "PRIVATE KEY"))
			return gh_fail(err, GH_E_UNREAD,
				       "the key is protected by a passphrase, or damaged: give it as PKCS#8 without "
				       "a passphrase (openssl pkcs8 -topk8 -nocrypt)");
		if (r < 0)
			return gh_fail(err, GH_E_MALFORMED, "the PEM text of the key is damaged");
		if (r == 0)
			return gh_fail(err, GH_E_MALFORMED, "no key in the file%s%s", other[0] != '\0' ? ", but " : "",
				       other);
		for (const char *l = labels; l != NULL; l = strchr(l, '|') == NULL ? NULL : strchr(l, '|') + 1) {
			size_t n = strcspn(l, "|");
			if (gh_span_eq(*label, (struct gh_span){ (const uint8_t *)l, n }))
				return GH_OK;
		}
		if (gh_span_is(*label, "ENCRYPTED PRIVATE KEY"))
			return gh_fail(err, GH_E_UNREAD,
				       "the key is protected by a passphrase: give it without one (openssl pkcs8)");
		if (gh_span_ends(*label, "PRIVATE KEY"))
			(void)memcpy(other, "a private key", sizeof "a private key");
		else if (gh_span_ends(*label, "PUBLIC KEY"))
			(void)memcpy(other, "a public key", sizeof "a public key");
	}
}

enum gh_rc gh_key_private(struct gh_span s, struct gh_key **out, struct gh_err *err)
{
	gh_auto_arena a = { .max = 4 * KEY_TEXT };
	struct gh_span label = { 0 }, der = s;
	*out = NULL;
	enum gh_rc rc = der_of(&a, s, "PRIVATE KEY|EC PRIVATE KEY", &label, &der, err);
	if (rc == GH_OK) {
		const uint8_t *p = der.p;
		EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
		ERR_clear_error();
		if (pkey == NULL)
			rc = gh_fail(err, GH_E_MALFORMED, "not a private key in PKCS#8 or SEC 1 form");
		else if (p != der.p + der.n) {
			EVP_PKEY_free(pkey);
			rc = gh_fail(err, GH_E_MALFORMED, "bytes stand behind the key");
		} else
			rc = gh_key_wrap(pkey, true, out, err);
	}
	if (label.p != NULL && der.p != s.p)
		OPENSSL_cleanse((void *)(size_t)der.p, der.n);
	return rc;
}

static EVP_PKEY *from_certificate(struct gh_span der, const uint8_t **end)
{
	*end = der.p;
	X509 *x = d2i_X509(NULL, end, (long)der.n);
	EVP_PKEY *pkey = x == NULL ? NULL : X509_get_pubkey(x);
	X509_free(x);
	return pkey;
}

enum gh_rc gh_key_public(struct gh_span s, struct gh_key **out, struct gh_err *err)
{
	gh_auto_arena a = { .max = 4 * KEY_TEXT };
	struct gh_span label = { 0 }, der = s;
	*out = NULL;
	enum gh_rc rc = der_of(&a, s, "PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE", &label, &der, err);
	if (rc != GH_OK)
		return rc;
	const uint8_t *p = der.p;
	EVP_PKEY *pkey = NULL;
	if (gh_span_is(label, "CERTIFICATE"))
		pkey = from_certificate(der, &p);
	else if (gh_span_is(label, "RSA PUBLIC KEY"))
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n);
	else
		pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
	if (pkey == NULL && label.p == NULL) { /* DER says not what it is: PKCS#1, as in old trusted roots */
		p = der.p;
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, (long)der.n);
	}
	if (pkey == NULL && label.p == NULL)
		pkey = from_certificate(der, &p);
	ERR_clear_error();
	if (pkey == NULL)
		return gh_fail(err, GH_E_MALFORMED, "not a public key (SubjectPublicKeyInfo) or certificate");
	if (p != der.p + der.n) {
		EVP_PKEY_free(pkey);
		return gh_fail(err, GH_E_MALFORMED, "bytes stand behind the key");
	}
	return gh_key_wrap(pkey, false, out, err);
}

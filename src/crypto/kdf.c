#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

enum { HKDF_MAX = 255 * 32 };

static OSSL_PARAM octets(const char *name, struct gh_span s)
{
	/* OpenSSL takes the address as one it might write to, but only reads an input; an empty one must not be NULL. */
	static uint8_t none[1];
	return OSSL_PARAM_construct_octet_string(name, s.n == 0 ? none : (void *)(uintptr_t)s.p, s.n);
}

bool gh_hkdf(struct gh_span key, struct gh_span salt, struct gh_span info, uint8_t *out, size_t n)
{
	char sha256[] = "SHA256";
	OSSL_PARAM p[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0),
		octets(OSSL_KDF_PARAM_KEY, key),
		octets(OSSL_KDF_PARAM_SALT, salt),
		octets(OSSL_KDF_PARAM_INFO, info),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = n <= HKDF_MAX ? EVP_KDF_fetch(NULL, "HKDF", NULL) : NULL;
	EVP_KDF_CTX *ctx = kdf != NULL ? EVP_KDF_CTX_new(kdf) : NULL;
	bool ok = ctx != NULL && EVP_KDF_derive(ctx, out, n, p) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	if (!ok)
		OPENSSL_cleanse(out, n);
	return ok;
}

bool gh_hmac_sha256(const uint8_t key[32], struct gh_span msg, uint8_t out[32])
{
	unsigned n = 0;
	return HMAC(EVP_sha256(), key, 32, msg.p, msg.n, out, &n) != NULL && n == 32;
}

#include "crypto/aead.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

static bool run(bool seal, const uint8_t *key, const uint8_t *nonce, struct gh_span aad, struct gh_span in,
		uint8_t *out, uint8_t *tag)
{
	int n = 0;
	if (aad.n > INT32_MAX || in.n > INT32_MAX)
		return false;
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	bool ok = c != NULL && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, nonce, seal) == 1 &&
		  (aad.n == 0 || EVP_CipherUpdate(c, NULL, &n, aad.p, (int)aad.n) == 1) &&
		  (in.n == 0 || EVP_CipherUpdate(c, out, &n, in.p, (int)in.n) == 1);
	if (ok && !seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, GH_AEAD_TAG, tag) == 1;
	uint8_t none[16];
	ok = ok && EVP_CipherFinal_ex(c, none, &n) == 1;
	if (ok && seal)
		ok = EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, GH_AEAD_TAG, tag) == 1;
	EVP_CIPHER_CTX_free(c);
	if (!ok && in.n > 0)
		OPENSSL_cleanse(out, in.n);
	return ok;
}

bool gh_aead_seal(const uint8_t key[GH_AEAD_KEY], const uint8_t nonce[GH_AEAD_NONCE], struct gh_span aad,
		  struct gh_span in, uint8_t *out, uint8_t tag[GH_AEAD_TAG])
{
	return run(true, key, nonce, aad, in, out, tag);
}

bool gh_aead_open(const uint8_t key[GH_AEAD_KEY], const uint8_t nonce[GH_AEAD_NONCE], struct gh_span aad,
		  struct gh_span in, const uint8_t tag[GH_AEAD_TAG], uint8_t *out)
{
	uint8_t copy[GH_AEAD_TAG];
	memcpy(copy, tag, sizeof copy);
	return run(false, key, nonce, aad, in, out, copy);
}

#include "crypto/blockmac.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>

struct gh_blockmac {
	EVP_CIPHER_CTX *ctx;
};

struct gh_blockmac *gh_blockmac_new(void)
{
	uint8_t key[16];
	struct gh_blockmac *m = calloc(1, sizeof *m);
	if (m == NULL)
		return NULL;
	m->ctx = EVP_CIPHER_CTX_new();
	if (m->ctx == NULL || RAND_bytes(key, sizeof key) != 1 ||
	    EVP_EncryptInit_ex(m->ctx, EVP_aes_128_gcm(), NULL, key, NULL) != 1) {
		gh_blockmac_free(m);
		return NULL;
	}
	return m;
}

struct gh_blockmac *gh_blockmac_again(const struct gh_blockmac *from)
{
	struct gh_blockmac *m = calloc(1, sizeof *m);
	if (m == NULL)
		return NULL;
	m->ctx = EVP_CIPHER_CTX_new();
	if (m->ctx == NULL || EVP_CIPHER_CTX_copy(m->ctx, from->ctx) != 1) {
		gh_blockmac_free(m);
		return NULL;
	}
	return m;
}

bool gh_blockmac_start(struct gh_blockmac *m, uint64_t block)
{
	uint8_t iv[12] = { 0 };
	for (unsigned i = 0; i < 8; i++)
		iv[i] = (uint8_t)(block >> 8 * i);
	return EVP_EncryptInit_ex(m->ctx, NULL, NULL, NULL, iv) == 1;
}

bool gh_blockmac_add(struct gh_blockmac *m, struct gh_span s)
{
	int n;
	return s.n <= INT32_MAX && EVP_EncryptUpdate(m->ctx, NULL, &n, s.p, (int)s.n) == 1;
}

bool gh_blockmac_tag(struct gh_blockmac *m, uint64_t *tag)
{
	uint8_t t[16], none[16];
	int n;
	if (EVP_EncryptFinal_ex(m->ctx, none, &n) != 1 || EVP_CIPHER_CTX_ctrl(m->ctx, EVP_CTRL_GCM_GET_TAG, 16, t) != 1)
		return false;
	*tag = gh_le64(t) | 1;
	return true;
}

void gh_blockmac_free(struct gh_blockmac *m)
{
	if (m != NULL)
		EVP_CIPHER_CTX_free(m->ctx);
	free(m);
}

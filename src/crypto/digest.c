#include "crypto/digest.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct gh_sha256 {
	EVP_MD_CTX *ctx;
	EVP_MD *md; /* fetched once: a fetch per file would cost more than hashing a small one */
};

struct gh_sha256 *gh_sha256_new(void)
{
	struct gh_sha256 *h = calloc(1, sizeof *h);
	if (h == NULL)
		return NULL;
	h->ctx = EVP_MD_CTX_new();
	h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (h->ctx == NULL || h->md == NULL) {
		gh_sha256_free(h);
		return NULL;
	}
	return h;
}

bool gh_sha256_start(struct gh_sha256 *h) { return EVP_DigestInit_ex2(h->ctx, h->md, NULL) == 1; }
bool gh_sha256_add(struct gh_sha256 *h, struct gh_span s)
{
	return s.n == 0 || EVP_DigestUpdate(h->ctx, s.p, s.n) == 1;
}

bool gh_sha256_hex(struct gh_sha256 *h, char out[65])
{
	static const char hex[] = "0123456789abcdef";
	uint8_t d[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	out[0] = '\0';
	if (EVP_DigestFinal_ex(h->ctx, d, &n) != 1 || n != 32)
		return false;
	for (unsigned i = 0; i < n; i++) {
		out[2 * i] = hex[d[i] >> 4];
		out[2 * i + 1] = hex[d[i] & 15];
	}
	out[64] = '\0';
	return true;
}

void gh_sha256_free(struct gh_sha256 *h)
{
	if (h == NULL)
		return;
	EVP_MD_CTX_free(h->ctx);
	EVP_MD_free(h->md);
	free(h);
}

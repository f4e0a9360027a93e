#include "crypto/mdstream.h"

#include "crypto/pubkey_int.h"
#include "wire/blake3.h"

#include <stdlib.h>

struct gh_mdstream {
	EVP_MD_CTX *ctx;
	enum gh_md md;
	struct gh_blake3 blake3;
};

struct gh_mdstream *gh_mdstream_new(enum gh_md md)
{
	struct gh_mdstream *s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	s->md = md;
	s->ctx = EVP_MD_CTX_new();
	if (s->ctx == NULL || !gh_mdstream_start(s)) {
		gh_mdstream_free(s);
		return NULL;
	}
	return s;
}

bool gh_mdstream_start(struct gh_mdstream *s)
{
	if (s->md != GH_MD_BLAKE3)
		return EVP_DigestInit_ex(s->ctx, gh_md_openssl(s->md), NULL) == 1;
	s->blake3 = gh_blake3();
	return true;
}

bool gh_mdstream_add(struct gh_mdstream *s, struct gh_span b)
{
	if (s->md != GH_MD_BLAKE3)
		return EVP_DigestUpdate(s->ctx, b.p, b.n) == 1;
	gh_blake3_put(&s->blake3, b);
	return true;
}

bool gh_mdstream_end(struct gh_mdstream *s, uint8_t out[GH_MD_MAX])
{
	unsigned n = 0;
	if (s->md == GH_MD_BLAKE3) {
		gh_blake3_end(&s->blake3, out);
		return true;
	}
	return EVP_DigestFinal_ex(s->ctx, out, &n) == 1 && n == gh_md_size(s->md);
}

void gh_mdstream_free(struct gh_mdstream *s)
{
	if (s != NULL)
		EVP_MD_CTX_free(s->ctx);
	free(s);
}

#include "crypto/mdstream.h"

#include "crypto/pubkey_int.h"

#include <stdlib.h>

struct gh_mdstream {
	EVP_MD_CTX *ctx;
	enum gh_md md;
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

bool gh_mdstream_start(struct gh_mdstream *s) { return EVP_DigestInit_ex(s->ctx, gh_md_openssl(s->md), NULL) == 1; }

bool gh_mdstream_add(struct gh_mdstream *s, struct gh_span b) { return EVP_DigestUpdate(s->ctx, b.p, b.n) == 1; }

bool gh_mdstream_end(struct gh_mdstream *s, uint8_t out[GH_MD_MAX])
{
	unsigned n = 0;
	return EVP_DigestFinal_ex(s->ctx, out, &n) == 1 && n == gh_md_size(s->md);
}

void gh_mdstream_free(struct gh_mdstream *s)
{
	if (s != NULL)
		EVP_MD_CTX_free(s->ctx);
	free(s);
}

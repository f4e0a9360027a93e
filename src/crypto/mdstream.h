/* mdstream.h - digests of pubkey.h's kinds, incrementally. */
#ifndef GH_CRYPTO_MDSTREAM_H
#define GH_CRYPTO_MDSTREAM_H
#include "crypto/pubkey.h"

struct gh_mdstream;
/* NULL: OpenSSL failed. */
struct gh_mdstream *gh_mdstream_new(enum gh_md md);
/* Begin again. False, here and below: OpenSSL failed, the digest is void. */
bool gh_mdstream_start(struct gh_mdstream *s);
bool gh_mdstream_add(struct gh_mdstream *s, struct gh_span bytes);
bool gh_mdstream_end(struct gh_mdstream *s, uint8_t out[GH_MD_MAX]);
void gh_mdstream_free(struct gh_mdstream *s);
#endif

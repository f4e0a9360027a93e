/* digest.h - SHA-256, incrementally (FIPS 180-4, OpenSSL's implementation). */
#ifndef GH_CRYPTO_DIGEST_H
#define GH_CRYPTO_DIGEST_H
#include "base/span.h"

struct gh_sha256;
/* NULL when OpenSSL cannot give one. */
struct gh_sha256 *gh_sha256_new(void);
/* Start over; one object serves many files. False: OpenSSL failed, the digest is void. */
bool gh_sha256_start(struct gh_sha256 *h);
bool gh_sha256_add(struct gh_sha256 *h, struct gh_span s);
/* 64 lower-case hexadecimal digits and a NUL. */
bool gh_sha256_hex(struct gh_sha256 *h, char out[65]);
void gh_sha256_free(struct gh_sha256 *h);
#endif

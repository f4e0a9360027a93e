/* x509_int.h - what the files that look into certificates share. */
#ifndef GH_CRYPTO_X509_INT_H
#define GH_CRYPTO_X509_INT_H
#include "crypto/x509chain.h"

#include <openssl/x509.h>

struct gh_cert {
	X509 *x;
	uint8_t *der;
	size_t n;
};
/* Seconds since 1970. False: no time, or before 1970. */
bool gh_x509_seconds(const ASN1_TIME *t, int64_t *out);
#endif

/* certmake.h - certificates for tests, made on the spot. */
#ifndef GH_TEST_CERTMAKE_H
#define GH_TEST_CERTMAKE_H
#include "base/buf.h"
#include "crypto/pubkey.h"

struct certmake {
	const char *subject, *issuer;	       /* common names */
	const struct gh_key *key, *signer;     /* of the subject; of the issuer, with its private half */
	int64_t from, to;		       /* seconds since 1970 */
	const char *basic, *usage, *eku, *san; /* extensions as openssl.cnf writes them; NULL: none */
};
/* Append the certificate, DER. False: OpenSSL failed. */
bool certmake(const struct certmake *c, struct gh_buf *der);
#endif

/* pubkey_int.h - what pubkey.c and pubkey_read.c share. */
#ifndef GH_CRYPTO_PUBKEY_INT_H
#define GH_CRYPTO_PUBKEY_INT_H
#include "crypto/pubkey.h"

#include <openssl/evp.h>

struct gh_key {
	EVP_PKEY *pkey;
	enum gh_key_kind kind;
	bool can_sign;
};

const EVP_MD *gh_md_openssl(enum gh_md h);
/* Wrap what OpenSSL read: *out owns pkey. GH_E_UNREAD for kinds, curves and sizes that are not served; pkey is freed then. */
enum gh_rc gh_key_wrap(EVP_PKEY *pkey, bool can_sign, struct gh_key **out, struct gh_err *err);
#endif

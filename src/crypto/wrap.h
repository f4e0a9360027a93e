/* wrap.h - a 32-byte key encrypted under another one, bound to what it is for. A wrapped key opens only with the kind, owner,
 * object and generation it was wrapped for: copied to another place, it does not.
 *
 *	off  size
 *	0    4     version of this format: 1
 *	4    4     kind (enum gh_wrap_kind)
 *	8    4     generation of the wrapping key
 *	12   4     zero
 *	16   12    nonce, random
 *	28   32    AES-256-GCM ciphertext
 *	60   16    tag
 *	76   4     zero
 *
 * Additional data: "gatehouse wrap v1" and its NUL, bytes 0 to 15, owner, object. Random nonces of 96 bits: at most 2^32 keys
 * under one wrapping key (NIST SP 800-38D, 8.3), which a tenant with one blob per second reaches after 136 years. */
#ifndef GH_CRYPTO_WRAP_H
#define GH_CRYPTO_WRAP_H
#include "base/span.h"

enum { GH_WRAPPED = 80, GH_WRAP_KEY = 32, GH_WRAP_ID = 16, GH_WRAP_VERSION = 1 };

enum gh_wrap_kind {
	GH_WRAP_BLOB = 1, /* owner: tenant, object: blob; wrapped by the tenant's key */
	GH_WRAP_TENANT,	  /* owner: tenant, object: own generation (as bytes); wrapped by the root key */
	GH_WRAP_SIGNING,  /* owner: installation, object: kind and own generation; wrapped by the root key */
	GH_WRAP_ROOT,	  /* the previous root key during a rotation; wrapped by the new one */
};

struct gh_wrap_for {
	enum gh_wrap_kind kind;
	uint32_t generation; /* of the wrapping key */
	uint8_t owner[GH_WRAP_ID];
	uint8_t object[GH_WRAP_ID];
};

/* False: OpenSSL failed; out is void. */
bool gh_wrap(const uint8_t by[GH_WRAP_KEY], const struct gh_wrap_for *what, const uint8_t key[GH_WRAP_KEY],
	     uint8_t out[GH_WRAPPED]);
/* False: it is not this key, altered, or made for something else; key is wiped then. */
bool gh_unwrap(const uint8_t by[GH_WRAP_KEY], const struct gh_wrap_for *what, const uint8_t in[GH_WRAPPED],
	       uint8_t key[GH_WRAP_KEY]);
/* The generation it says it was wrapped under, to choose the key with; nothing is verified by it. False: this is no wrapped key
 * of the kind, or of a newer format. */
bool gh_wrapped_generation(const uint8_t in[GH_WRAPPED], enum gh_wrap_kind kind, uint32_t *generation);
#endif

#include "crypto/box.h"

#include <openssl/evp.h>

#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"

enum { AT_TEXT = 32, AT_TAG = 64 };
static const char domain[] = "gatehouse box v1";
static const uint8_t nonce[GH_AEAD_NONCE]; /* the key is used once: its ephemeral half is fresh */

bool gh_box_public(const uint8_t private_key[GH_BOX_KEY], uint8_t out[GH_BOX_KEY])
{
	size_t n = GH_BOX_KEY;
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, GH_BOX_KEY);
	bool ok = k != NULL && EVP_PKEY_get_raw_public_key(k, out, &n) == 1 && n == GH_BOX_KEY;
	EVP_PKEY_free(k);
	return ok;
}

/* OpenSSL refuses a public key of small order: the shared secret would be zero. */
static bool agree(const uint8_t *private_key, const uint8_t *public_key, uint8_t *out)
{
	size_t n = GH_BOX_KEY;
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, GH_BOX_KEY);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, GH_BOX_KEY);
	EVP_PKEY_CTX *c = mine != NULL ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
	bool ok = c != NULL && theirs != NULL && EVP_PKEY_derive_init(c) == 1 &&
		  EVP_PKEY_derive_set_peer(c, theirs) == 1 && EVP_PKEY_derive(c, out, &n) == 1 && n == GH_BOX_KEY;
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return ok;
}

static bool key_of(const uint8_t *private_key, const uint8_t *peer, const uint8_t *ephemeral, const uint8_t *recipient,
		   uint8_t key[GH_AEAD_KEY])
{
	uint8_t shared[GH_BOX_KEY], salt[2 * GH_BOX_KEY];
	memcpy(salt, ephemeral, GH_BOX_KEY);
	memcpy(salt + GH_BOX_KEY, recipient, GH_BOX_KEY);
	bool ok = agree(private_key, peer, shared) &&
		  gh_hkdf((struct gh_span){ shared, sizeof shared }, (struct gh_span){ salt, sizeof salt },
			  gh_span_str(domain), key, GH_AEAD_KEY);
	gh_wipe(shared, sizeof shared);
	return ok;
}

bool gh_box_seal(const uint8_t public_key[GH_BOX_KEY], struct gh_span context, const uint8_t key[32],
		 uint8_t out[GH_BOX])
{
	uint8_t once[GH_BOX_KEY], by[GH_AEAD_KEY];
	bool ok = gh_random(once, sizeof once) && gh_box_public(once, out) &&
		  key_of(once, public_key, out, public_key, by) &&
		  gh_aead_seal(by, nonce, context, (struct gh_span){ key, 32 }, out + AT_TEXT, out + AT_TAG);
	gh_wipe(once, sizeof once);
	gh_wipe(by, sizeof by);
	return ok;
}

bool gh_box_open(const uint8_t private_key[GH_BOX_KEY], struct gh_span context, const uint8_t box[GH_BOX],
		 uint8_t key[32])
{
	uint8_t mine[GH_BOX_KEY], by[GH_AEAD_KEY];
	bool ok = gh_box_public(private_key, mine) && key_of(private_key, box, box, mine, by) &&
		  gh_aead_open(by, nonce, context, (struct gh_span){ box + AT_TEXT, 32 }, box + AT_TAG, key);
	gh_wipe(by, sizeof by);
	if (!ok)
		gh_wipe(key, 32);
	return ok;
}

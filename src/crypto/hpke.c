/* HPKE, base mode (RFC 9180): section 4.1 makes the shared secret, section 5.1 the key; one text under each key. */
#include "crypto/hpke_int.h"

#include <openssl/evp.h>

#include "crypto/aead.h"
#include "crypto/box.h"
#include "crypto/kdf.h"
#include "crypto/secret.h"

enum { KEM = 0x0020, KDF = 0x0001, HASH = 32, INPUT = 2048, INFO = 1024 };

/* What one derivation works on: labelled, so that no two steps share an input. */
struct input {
	uint8_t b[INPUT];
	size_t n;
	bool full;
};

static void put(struct input *in, const void *p, size_t n)
{
	in->full = in->full || n > sizeof in->b - in->n;
	if (in->full || n == 0)
		return;
	memcpy(in->b + in->n, p, n);
	in->n += n;
}

static void put16(struct input *in, unsigned v) { put(in, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2); }

/* aead 0: the KEM's own identifier (section 4.1), else that of the whole suite (5.1). */
static void put_suite(struct input *in, uint16_t aead)
{
	put(in, "HPKE-v1", 7);
	put(in, aead == 0 ? "KEM" : "HPKE", aead == 0 ? 3 : 4);
	put16(in, KEM);
	if (aead != 0) {
		put16(in, KDF);
		put16(in, aead);
	}
}

/* LabeledExtract; an empty salt is one of zeros for HMAC. */
static bool extract(uint16_t suite, const uint8_t salt[HASH], const char *label, struct gh_span ikm, uint8_t out[HASH])
{
	struct input in = { .n = 0 };
	put_suite(&in, suite);
	put(&in, label, strlen(label));
	put(&in, ikm.p, ikm.n);
	bool ok = !in.full && gh_hmac_sha256(salt, (struct gh_span){ in.b, in.n }, out);
	gh_wipe(&in, sizeof in);
	return ok;
}

/* LabeledExpand for at most one block of the hash. */
static bool expand(uint16_t suite, const uint8_t prk[HASH], const char *label, struct gh_span info, uint8_t *out,
		   size_t n)
{
	struct input in = { .n = 0 };
	uint8_t block[HASH];
	put16(&in, (unsigned)n);
	put_suite(&in, suite);
	put(&in, label, strlen(label));
	put(&in, info.p, info.n);
	put(&in, "\x01", 1);
	bool ok = n <= HASH && !in.full && gh_hmac_sha256(prk, (struct gh_span){ in.b, in.n }, block);
	if (ok)
		memcpy(out, block, n);
	gh_wipe(block, sizeof block);
	return ok;
}

/* OpenSSL refuses a public key of small order: the shared secret would be zero (section 7.1.4). */
static bool agree(const uint8_t *private_key, const uint8_t *peer, uint8_t out[GH_HPKE_KEY])
{
	size_t n = GH_HPKE_KEY;
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, GH_HPKE_KEY);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, peer, GH_HPKE_KEY);
	EVP_PKEY_CTX *c = mine != NULL ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
	bool ok = c != NULL && theirs != NULL && EVP_PKEY_derive_init(c) == 1 &&
		  EVP_PKEY_derive_set_peer(c, theirs) == 1 && EVP_PKEY_derive(c, out, &n) == 1 && n == GH_HPKE_KEY;
	EVP_PKEY_CTX_free(c);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return ok;
}

static bool shared_secret(const uint8_t *private_key, const uint8_t *peer, const uint8_t *enc, const uint8_t *recipient,
			  uint8_t out[HASH])
{
	static const uint8_t none[HASH];
	uint8_t dh[GH_HPKE_KEY], prk[HASH], context[2 * GH_HPKE_KEY];
	memcpy(context, enc, GH_HPKE_KEY);
	memcpy(context + GH_HPKE_KEY, recipient, GH_HPKE_KEY);
	bool ok = agree(private_key, peer, dh) && extract(0, none, "eae_prk", (struct gh_span){ dh, sizeof dh }, prk) &&
		  expand(0, prk, "shared_secret", (struct gh_span){ context, sizeof context }, out, HASH);
	gh_wipe(dh, sizeof dh);
	gh_wipe(prk, sizeof prk);
	return ok;
}

bool gh_hpke_schedule(uint16_t aead, const uint8_t private_key[GH_HPKE_KEY], const uint8_t peer[GH_HPKE_KEY],
		      const uint8_t enc[GH_HPKE_KEY], const uint8_t recipient[GH_HPKE_KEY], struct gh_span info,
		      uint8_t *key, size_t nkey, uint8_t nonce[GH_HPKE_NONCE])
{
	static const uint8_t none[HASH];
	uint8_t shared[HASH], secret[HASH], context[1 + 2 * HASH] = { 0 }; /* mode 0: base */
	const struct gh_span c = { context, sizeof context };
	if (info.n > INFO || aead == 0 || !shared_secret(private_key, peer, enc, recipient, shared))
		return false;
	bool ok = extract(aead, none, "psk_id_hash", (struct gh_span){ 0 }, context + 1) &&
		  extract(aead, none, "info_hash", info, context + 1 + HASH) &&
		  extract(aead, shared, "secret", (struct gh_span){ 0 }, secret) &&
		  expand(aead, secret, "key", c, key, nkey) &&
		  expand(aead, secret, "base_nonce", c, nonce, GH_HPKE_NONCE);
	gh_wipe(shared, sizeof shared);
	gh_wipe(secret, sizeof secret);
	return ok;
}

bool gh_hpke_pair(uint8_t private_key[GH_HPKE_KEY], uint8_t public_key[GH_HPKE_KEY])
{
	bool ok = gh_random(private_key, GH_HPKE_KEY) && gh_box_public(private_key, public_key);
	if (!ok) {
		gh_wipe(private_key, GH_HPKE_KEY);
		gh_wipe(public_key, GH_HPKE_KEY);
	}
	return ok;
}

bool gh_hpke_seal_with(const uint8_t ephemeral[GH_HPKE_KEY], const uint8_t public_key[GH_HPKE_KEY], struct gh_span info,
		       struct gh_span aad, struct gh_span in, uint8_t enc[GH_HPKE_KEY], uint8_t *out)
{
	uint8_t key[GH_AEAD_KEY], nonce[GH_HPKE_NONCE];
	bool ok = in.n <= SIZE_MAX - GH_HPKE_TAG && gh_box_public(ephemeral, enc) &&
		  gh_hpke_schedule(GH_HPKE_AES256, ephemeral, public_key, enc, public_key, info, key, sizeof key,
				   nonce) &&
		  gh_aead_seal(key, nonce, aad, in, out, out + in.n);
	gh_wipe(key, sizeof key);
	if (!ok)
		gh_wipe(out, in.n);
	return ok;
}

bool gh_hpke_seal(const uint8_t public_key[GH_HPKE_KEY], struct gh_span info, struct gh_span aad, struct gh_span in,
		  uint8_t enc[GH_HPKE_KEY], uint8_t *out)
{
	uint8_t once[GH_HPKE_KEY];
	bool ok = gh_random(once, sizeof once) && gh_hpke_seal_with(once, public_key, info, aad, in, enc, out);
	gh_wipe(once, sizeof once);
	return ok;
}

bool gh_hpke_open(const uint8_t private_key[GH_HPKE_KEY], const uint8_t enc[GH_HPKE_KEY], struct gh_span info,
		  struct gh_span aad, struct gh_span in, uint8_t *out)
{
	uint8_t mine[GH_HPKE_KEY], key[GH_AEAD_KEY], nonce[GH_HPKE_NONCE];
	if (in.n < GH_HPKE_TAG)
		return false;
	const size_t n = in.n - GH_HPKE_TAG;
	bool ok = gh_box_public(private_key, mine) &&
		  gh_hpke_schedule(GH_HPKE_AES256, private_key, enc, enc, mine, info, key, sizeof key, nonce) &&
		  gh_aead_open(key, nonce, aad, (struct gh_span){ in.p, n }, in.p + n, out);
	gh_wipe(key, sizeof key);
	if (!ok)
		gh_wipe(out, n);
	return ok;
}

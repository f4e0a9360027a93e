#include "crypto/tpmcred.h"

#include "crypto/kdf.h"
#include "crypto/pubkey_int.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

enum { MAGIC = 0xbadcc0de, VERSION = 1, SEED = 32, POINT = 65, RSA_BYTES = 256, NAME_MAX_ = 66 };
#define LABEL "IDENTITY" /* with its NUL, as TPMs count labels */

static void be(struct gh_buf *b, unsigned bytes, uint32_t v)
{
	while (bytes-- != 0)
		gh_buf_ch(b, (char)(v >> 8 * bytes));
}

/* KDFa (part 1, section 11.4.10.2) for one block of SHA-256. */
static bool kdfa(const uint8_t key[SEED], const char *label, struct gh_span context, unsigned bits, uint8_t out[32])
{
	gh_auto_buf b = gh_buf(256);
	be(&b, 4, 1);
	gh_buf_put(&b, label, strlen(label) + 1);
	gh_buf_span(&b, context);
	be(&b, 4, bits);
	return !b.full && gh_hmac_sha256(key, gh_buf_view(&b), out);
}

static bool point(const EVP_PKEY *k, uint8_t out[POINT])
{
	size_t n = 0;
	return EVP_PKEY_get_octet_string_param(k, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out, POINT, &n) == 1 &&
	       n == POINT;
}

/* KDFe (part 1, section 11.4.10.3) over an ephemeral key's agreement; what travels is its point (TPMS_ECC_POINT). */
static bool seed_ecc(const struct gh_key *ek, uint8_t seed[SEED], struct gh_buf *travels)
{
	uint8_t mine[POINT], theirs[POINT], z[32], md[GH_MD_MAX];
	size_t nz = sizeof z;
	gh_auto_buf b = gh_buf(256);
	EVP_PKEY *eph = EVP_EC_gen("P-256");
	EVP_PKEY_CTX *ctx = eph == NULL ? NULL : EVP_PKEY_CTX_new(eph, NULL);
	bool ok = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 && EVP_PKEY_derive_set_peer(ctx, ek->pkey) == 1 &&
		  EVP_PKEY_derive(ctx, z, &nz) == 1 && nz == sizeof z && point(eph, mine) && point(ek->pkey, theirs);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(eph);
	if (ok) {
		be(&b, 4, 1);
		gh_buf_put(&b, z, sizeof z);
		gh_buf_put(&b, LABEL, sizeof LABEL);
		gh_buf_put(&b, mine + 1, 32);
		gh_buf_put(&b, theirs + 1, 32);
		ok = !b.full && gh_md(GH_MD_SHA256, gh_buf_view(&b), md);
		memcpy(seed, md, SEED);
		for (size_t i = 0; i < 2; i++) {
			be(travels, 2, 32);
			gh_buf_put(travels, mine + 1 + 32 * i, 32);
		}
		OPENSSL_cleanse(b.p, b.n);
	}
	OPENSSL_cleanse(z, sizeof z);
	OPENSSL_cleanse(md, sizeof md);
	return ok;
}

static bool seed_rsa(const struct gh_key *ek, uint8_t seed[SEED], struct gh_buf *travels)
{
	uint8_t out[RSA_BYTES];
	size_t n = sizeof out;
	char *label = OPENSSL_memdup(LABEL, sizeof LABEL);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->pkey, NULL);
	bool ok = label != NULL && ctx != NULL && RAND_bytes(seed, SEED) == 1 && EVP_PKEY_encrypt_init(ctx) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 &&
		  EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1;
	if (ok && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof LABEL) == 1)
		label = NULL; /* the context's now */
	ok = ok && label == NULL && EVP_PKEY_encrypt(ctx, out, &n, seed, SEED) == 1;
	OPENSSL_free(label);
	EVP_PKEY_CTX_free(ctx);
	if (ok)
		gh_buf_put(travels, out, n);
	return ok;
}

static bool cfb(const uint8_t key[16], const uint8_t *in, int n, uint8_t *out)
{
	static const uint8_t iv[16];
	int done = 0;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ok = ctx != NULL && EVP_EncryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv) == 1 &&
		  EVP_EncryptUpdate(ctx, out, &done, in, n) == 1 && done == n;
	EVP_CIPHER_CTX_free(ctx);
	return ok;
}

/* TPM2B_ID_OBJECT: integrity over the encrypted identity and the name, then the encrypted identity. */
static bool protect(const uint8_t seed[SEED], struct gh_span name, const uint8_t secret[GH_TPM_SECRET],
		    struct gh_buf *out)
{
	uint8_t sym[32], mac_key[32], plain[2 + GH_TPM_SECRET] = { 0, GH_TPM_SECRET }, hidden[sizeof plain], mac[32];
	gh_auto_buf covered = gh_buf(256);
	memcpy(plain + 2, secret, GH_TPM_SECRET);
	bool ok = kdfa(seed, "STORAGE", name, 128, sym) &&
		  kdfa(seed, "INTEGRITY", (struct gh_span){ 0 }, 256, mac_key) && cfb(sym, plain, sizeof plain, hidden);
	gh_buf_put(&covered, hidden, sizeof hidden);
	gh_buf_span(&covered, name);
	ok = ok && !covered.full && gh_hmac_sha256(mac_key, gh_buf_view(&covered), mac);
	if (ok) {
		be(out, 2, 2 + sizeof mac + sizeof hidden);
		be(out, 2, sizeof mac);
		gh_buf_put(out, mac, sizeof mac);
		gh_buf_put(out, hidden, sizeof hidden);
	}
	OPENSSL_cleanse(sym, sizeof sym);
	OPENSSL_cleanse(mac_key, sizeof mac_key);
	OPENSSL_cleanse(plain, sizeof plain);
	return ok;
}

enum gh_rc gh_tpm_credential(const struct gh_key *ek, struct gh_span name, const uint8_t secret[GH_TPM_SECRET],
			     struct gh_buf *out, struct gh_err *err)
{
	uint8_t seed[SEED];
	gh_auto_buf travels = gh_buf(RSA_BYTES + 64);
	bool rsa = ek->kind == GH_KEY_RSA && EVP_PKEY_get_bits(ek->pkey) == 8 * RSA_BYTES;
	if (!rsa && ek->kind != GH_KEY_P256)
		return gh_fail(err, GH_E_UNREAD, "an endorsement key that is neither RSA of 2048 bits nor P-256");
	if (name.n == 0 || name.n > NAME_MAX_)
		return gh_fail(err, GH_E_MALFORMED, "a name of %zu bytes", name.n);
	bool ok = rsa ? seed_rsa(ek, seed, &travels) : seed_ecc(ek, seed, &travels);
	if (ok) {
		be(out, 4, MAGIC);
		be(out, 4, VERSION);
		ok = protect(seed, name, secret, out);
		be(out, 2, (uint32_t)travels.n);
		gh_buf_put(out, travels.p, travels.n);
	}
	OPENSSL_cleanse(seed, sizeof seed);
	ERR_clear_error();
	return ok && !out->full && !travels.full ? GH_OK : gh_fail(err, GH_E_BUG, "the credential could not be made");
}

bool gh_tpm_credential_open(struct gh_span file, struct gh_span *id_object, struct gh_span *encrypted_secret)
{
	struct gh_rd rd = gh_rd(file);
	uint32_t magic = gh_rd_u32be(&rd), version = gh_rd_u32be(&rd);
	*id_object = gh_rd_take(&rd, gh_rd_u16be(&rd));
	*encrypted_secret = gh_rd_take(&rd, gh_rd_u16be(&rd));
	return magic == MAGIC && version == VERSION && gh_rd_done(&rd) && id_object->n != 0 && encrypted_secret->n != 0;
}

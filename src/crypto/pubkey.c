#include "crypto/pubkey_int.h"

#include "wire/b64.h"

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>

static const struct {
	const char *name;
	enum gh_md md;
} kinds[] = {
	[GH_KEY_P256] = { "P-256", GH_MD_SHA256 }, [GH_KEY_P384] = { "P-384", GH_MD_SHA384 },
	[GH_KEY_P521] = { "P-521", GH_MD_SHA512 }, [GH_KEY_ED25519] = { "Ed25519", GH_MD_SHA512 },
	[GH_KEY_RSA] = { "RSA", GH_MD_SHA256 },
};

size_t gh_md_size(enum gh_md h)
{
	static const uint8_t size[] = { 32, 48, 64, 64, 32 };
	return size[h];
}

const EVP_MD *gh_md_openssl(enum gh_md h)
{
	switch (h) {
	case GH_MD_SHA256: return EVP_sha256();
	case GH_MD_SHA384: return EVP_sha384();
	case GH_MD_SHA512: return EVP_sha512();
	case GH_MD_BLAKE2B: return EVP_blake2b512();
	case GH_MD_BLAKE3: return NULL;
	}
	return NULL;
}

bool gh_md(enum gh_md h, struct gh_span s, uint8_t out[GH_MD_MAX])
{
	unsigned n = 0;
	const EVP_MD *md = gh_md_openssl(h);
	return md != NULL && EVP_Digest(s.p, s.n, out, &n, md, NULL) == 1 && n == gh_md_size(h);
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

void gh_key_free(struct gh_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->pkey); /* wipes private numbers */
	free(k);
}

/* Curves by name only: a key that brings its own parameters may bring a weak group that looks like a known one. */
static enum gh_key_kind ec_kind(const EVP_PKEY *pkey)
{
	static const struct {
		const char *group;
		enum gh_key_kind kind;
	} curves[] = { { "prime256v1", GH_KEY_P256 }, { "secp384r1", GH_KEY_P384 }, { "secp521r1", GH_KEY_P521 } };
	char group[32];
	int explicit_ = 0;
	if (EVP_PKEY_get_int_param(pkey, "decoded-from-explicit", &explicit_) == 1 && explicit_ != 0)
		return 0;
	if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1)
		return 0;
	for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
		if (strcmp(group, curves[i].group) == 0)
			return curves[i].kind;
	return 0;
}

enum gh_rc gh_key_wrap(EVP_PKEY *pkey, bool can_sign, struct gh_key **out, struct gh_err *err)
{
	enum gh_key_kind kind = 0;
	int id = EVP_PKEY_get_base_id(pkey), bits = EVP_PKEY_get_bits(pkey);
	*out = NULL;
	if (id == EVP_PKEY_EC)
		kind = ec_kind(pkey);
	else if (id == EVP_PKEY_ED25519)
		kind = GH_KEY_ED25519;
	else if (id == EVP_PKEY_RSA && !can_sign && bits >= 2048 && bits <= 8192)
		kind = GH_KEY_RSA;
	struct gh_key *k = kind == 0 ? NULL : calloc(1, sizeof *k);
	if (k == NULL) {
		EVP_PKEY_free(pkey);
		if (kind != 0)
			return gh_fail(err, GH_E_NOMEM, "no memory for a key");
		return gh_fail(err, GH_E_UNREAD, "%s",
			       id == EVP_PKEY_EC ? "a curve other than P-256, P-384 and P-521, or one without a name"
			       : id == EVP_PKEY_RSA && can_sign
				       ? "RSA keys do not sign here: use P-256, P-384, P-521 or Ed25519"
			       : id == EVP_PKEY_RSA ? "an RSA key of less than 2048 or more than 8192 bits"
						    : "a key of another kind than P-256, P-384, P-521 and Ed25519");
	}
	*k = (struct gh_key){ .pkey = pkey, .kind = kind, .can_sign = can_sign };
	*out = k;
	return GH_OK;
}

struct gh_key *gh_key_new(enum gh_key_kind kind)
{
	struct gh_key *k = NULL;
	EVP_PKEY *pkey = NULL;
	switch (kind) {
	case GH_KEY_P256: pkey = EVP_EC_gen("P-256"); break;
	case GH_KEY_P384: pkey = EVP_EC_gen("P-384"); break;
	case GH_KEY_P521: pkey = EVP_EC_gen("P-521"); break;
	case GH_KEY_ED25519: pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"); break;
	case GH_KEY_RSA: break;
	}
	return pkey != NULL && gh_key_wrap(pkey, true, &k, NULL) == GH_OK ? k : NULL;
}

struct gh_key *gh_key_ed25519(const uint8_t seed[GH_KEY_RAW])
{
	struct gh_key *k = NULL;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, GH_KEY_RAW);
	return pkey != NULL && gh_key_wrap(pkey, true, &k, NULL) == GH_OK ? k : NULL;
}

struct gh_key *gh_key_ed25519_public(const uint8_t raw[GH_KEY_RAW])
{
	struct gh_key *k = NULL;
	EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw, GH_KEY_RAW);
	return pkey != NULL && gh_key_wrap(pkey, false, &k, NULL) == GH_OK ? k : NULL;
}

enum gh_key_kind gh_key_kind(const struct gh_key *k) { return k->kind; }
const char *gh_key_name(const struct gh_key *k) { return kinds[k->kind].name; }
bool gh_key_can_sign(const struct gh_key *k) { return k->can_sign; }
enum gh_md gh_key_md(const struct gh_key *k) { return kinds[k->kind].md; }

/* ---- signing --------------------------------------------------------------------------------------------------- */

enum gh_rc gh_key_sign(const struct gh_key *k, struct gh_span msg, struct gh_buf *sig, struct gh_err *err)
{
	uint8_t out[GH_SIG_MAX];
	size_t n = sizeof out;
	if (!k->can_sign)
		return gh_fail(err, GH_E_DENIED, "this is a public key: signing needs the private one");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = k->kind == GH_KEY_ED25519 ? NULL : gh_md_openssl(gh_key_md(k));
	bool ok = ctx != NULL && EVP_DigestSignInit(ctx, NULL, md, NULL, k->pkey) == 1 &&
		  EVP_DigestSign(ctx, out, &n, msg.p, msg.n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return gh_fail(err, GH_E_BUG, "the signature could not be made");
	gh_buf_put(sig, out, n);
	return sig->full ? gh_fail(err, GH_E_NOMEM, "no room for the signature") : GH_OK;
}

static enum gh_rc outcome(int r, struct gh_err *err)
{
	ERR_clear_error();
	if (r == 1)
		return GH_OK;
	/* A negative result is a signature of a wrong form as often as a failure of OpenSSL: both are no proof. */
	return gh_fail(err, GH_E_DENIED, "the signature does not match");
}

enum gh_rc gh_key_verify_with(const struct gh_key *k, enum gh_md h, struct gh_span msg, struct gh_span sig,
			      struct gh_err *err)
{
	if (sig.n == 0 || sig.n > GH_SIG_MAX)
		return gh_fail(err, GH_E_DENIED, "the signature does not match");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const EVP_MD *md = k->kind == GH_KEY_ED25519 ? NULL : gh_md_openssl(h);
	if (ctx == NULL || EVP_DigestVerifyInit(ctx, NULL, md, NULL, k->pkey) != 1) {
		EVP_MD_CTX_free(ctx);
		return gh_fail(err, GH_E_BUG, "the signature could not be checked");
	}
	int r = EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n);
	EVP_MD_CTX_free(ctx);
	return outcome(r, err);
}

enum gh_rc gh_key_verify_pss(const struct gh_key *k, enum gh_md h, struct gh_span msg, struct gh_span sig,
			     struct gh_err *err)
{
	EVP_PKEY_CTX *how = NULL;
	if (k->kind != GH_KEY_RSA || sig.n == 0 || sig.n > GH_SIG_MAX)
		return gh_fail(err, GH_E_DENIED, "the signature does not match");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, &how, gh_md_openssl(h), NULL, k->pkey) == 1 &&
		  EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
		  EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_AUTO) == 1;
	int r = ok ? EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) : -1;
	EVP_MD_CTX_free(ctx);
	return ok ? outcome(r, err) : gh_fail(err, GH_E_BUG, "the signature could not be checked");
}

enum gh_rc gh_key_verify(const struct gh_key *k, struct gh_span msg, struct gh_span sig, struct gh_err *err)
{
	return gh_key_verify_with(k, gh_key_md(k), msg, sig, err);
}

enum gh_rc gh_key_verify_digest(const struct gh_key *k, enum gh_md h, const uint8_t *digest, struct gh_span sig,
				struct gh_err *err)
{
	if (k->kind == GH_KEY_ED25519)
		return gh_fail(err, GH_E_UNREAD, "Ed25519 signs the message itself, and only its digest is known");
	if (sig.n == 0 || sig.n > GH_SIG_MAX)
		return gh_fail(err, GH_E_DENIED, "the signature does not match");
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(k->pkey, NULL);
	bool ok = ctx != NULL && EVP_PKEY_verify_init(ctx) == 1 &&
		  (k->kind != GH_KEY_RSA || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
		  EVP_PKEY_CTX_set_signature_md(ctx, gh_md_openssl(h)) == 1;
	int r = ok ? EVP_PKEY_verify(ctx, sig.p, sig.n, digest, gh_md_size(h)) : -1;
	EVP_PKEY_CTX_free(ctx);
	return ok ? outcome(r, err) : gh_fail(err, GH_E_BUG, "the signature could not be checked");
}

/* ---- spelling -------------------------------------------------------------------------------------------------- */

bool gh_key_spki(const struct gh_key *k, struct gh_buf *der)
{
	uint8_t *p = NULL;
	int n = i2d_PUBKEY(k->pkey, &p);
	if (n > 0)
		gh_buf_put(der, p, (size_t)n);
	OPENSSL_free(p);
	return n > 0 && !der->full;
}

bool gh_key_pem(const struct gh_key *k, struct gh_buf *pem)
{
	gh_auto_buf der = gh_buf(4096);
	if (!gh_key_spki(k, &der))
		return false;
	gh_pem_put(pem, "PUBLIC KEY", gh_buf_view(&der));
	return !pem->full;
}

bool gh_key_private_der(const struct gh_key *k, struct gh_buf *der)
{
	PKCS8_PRIV_KEY_INFO *info = k->can_sign ? EVP_PKEY2PKCS8(k->pkey) : NULL;
	uint8_t *p = NULL;
	int n = info == NULL ? 0 : i2d_PKCS8_PRIV_KEY_INFO(info, &p);
	if (n > 0)
		gh_buf_put(der, p, (size_t)n);
	PKCS8_PRIV_KEY_INFO_free(info);
	OPENSSL_clear_free(p, n > 0 ? (size_t)n : 0);
	return n > 0 && !der->full;
}

bool gh_key_private_pem(const struct gh_key *k, struct gh_buf *pem)
{
	gh_auto_buf der = gh_buf(4096);
	bool ok = gh_key_private_der(k, &der);
	if (ok)
		gh_pem_put(pem, "PRIVATE KEY", gh_buf_view(&der));
	OPENSSL_cleanse(der.p, der.n);
	return ok && !pem->full;
}

bool gh_key_raw(const struct gh_key *k, uint8_t out[GH_KEY_RAW])
{
	size_t n = GH_KEY_RAW;
	return k->kind == GH_KEY_ED25519 && EVP_PKEY_get_raw_public_key(k->pkey, out, &n) == 1 && n == GH_KEY_RAW;
}

bool gh_key_hint(const struct gh_key *k, char out[65])
{
	gh_auto_buf pem = gh_buf(8192);
	uint8_t d[GH_MD_MAX];
	if (!gh_key_pem(k, &pem) || !gh_md(GH_MD_SHA256, gh_buf_view(&pem), d))
		return false;
	gh_b16(out, (struct gh_span){ d, 32 });
	return true;
}

bool gh_key_id(const struct gh_key *k, uint8_t out[32])
{
	gh_auto_buf der = gh_buf(4096);
	uint8_t d[GH_MD_MAX];
	if (!gh_key_spki(k, &der) || !gh_md(GH_MD_SHA256, gh_buf_view(&der), d))
		return false;
	memcpy(out, d, 32);
	return true;
}

bool gh_key_same(const struct gh_key *a, const struct gh_key *b)
{
	bool same = EVP_PKEY_eq(a->pkey, b->pkey) == 1;
	ERR_clear_error();
	return same;
}

#include "crypto/signed.h"

#include <openssl/evp.h>

static const uint8_t magic[8] = { 0x89, 'G', 'H', 'D', '\r', '\n', 0x1a, '\n' };

enum { AT_VERSION = 8, AT_KIND = 16, AT_DATE = 32, AT_KEY = 56, AT_LEN = 64, KIND_ROOM = 16, DATE_ROOM = 24 };
enum { SHA512_BYTES = 64, KEY_ID = 8, MESSAGE = sizeof GH_SIGNED_DOMAIN + SHA512_BYTES };

/* What is signed: the domain, its NUL, and the digest of everything before the signature. */
static bool message(struct gh_span bytes, uint8_t out[MESSAGE])
{
	unsigned n = 0;
	memcpy(out, GH_SIGNED_DOMAIN, sizeof GH_SIGNED_DOMAIN);
	return EVP_Digest(bytes.p, bytes.n, out + sizeof GH_SIGNED_DOMAIN, &n, EVP_sha512(), NULL) == 1 &&
	       n == SHA512_BYTES;
}

static void hex(const uint8_t *p, size_t n, char *out)
{
	static const char digit[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digit[p[i] >> 4];
		out[2 * i + 1] = digit[p[i] & 15];
	}
	out[2 * n] = '\0';
}

static bool key_id(const uint8_t *key, uint8_t out[KEY_ID])
{
	uint8_t d[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (EVP_Digest(key, GH_SIGNED_KEY, d, &n, EVP_sha256(), NULL) != 1 || n < KEY_ID)
		return false;
	memcpy(out, d, KEY_ID);
	return true;
}

bool gh_signed_key_id(const uint8_t key[GH_SIGNED_KEY], char out[17])
{
	uint8_t id[KEY_ID];
	if (!key_id(key, id))
		return false;
	hex(id, KEY_ID, out);
	return true;
}

bool gh_signed_public(const uint8_t private_key[GH_SIGNED_KEY], uint8_t out[GH_SIGNED_KEY])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, GH_SIGNED_KEY);
	size_t n = GH_SIGNED_KEY;
	bool ok = k != NULL && EVP_PKEY_get_raw_public_key(k, out, &n) == 1 && n == GH_SIGNED_KEY;
	EVP_PKEY_free(k);
	return ok;
}

/* 1: matches, 0: does not, -1: OpenSSL failed. */
static int verify(const uint8_t *key, const uint8_t *msg, const uint8_t *sig)
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, GH_SIGNED_KEY);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int r = -1;
	if (k != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1)
		r = EVP_DigestVerify(ctx, sig, GH_SIGNED_SIG, msg, MESSAGE) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return r;
}

/* "2026-11-22T00:00:00Z" */
static bool is_date(const uint8_t *p)
{
	static const char shape[GH_SIGNED_DATE + 1] = "0000-00-00T00:00:00Z";
	for (unsigned i = 0; i < GH_SIGNED_DATE; i++)
		if (shape[i] == '0' ? p[i] < '0' || p[i] > '9' : p[i] != (uint8_t)shape[i])
			return false;
	return true;
}

static bool is_kind(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!((p[i] >= 'a' && p[i] <= 'z') || (p[i] >= '0' && p[i] <= '9') || p[i] == '-'))
			return false;
	return n != 0 && n <= GH_SIGNED_KIND;
}

/* Fields that have one spelling only: padding is zero. */
static bool fields_hold(struct gh_span f, size_t *kind_n)
{
	const uint8_t *kind = f.p + AT_KIND, *date = f.p + AT_DATE;
	*kind_n = strnlen((const char *)kind, KIND_ROOM);
	for (size_t i = *kind_n; i < KIND_ROOM; i++)
		if (kind[i] != 0)
			return false;
	for (size_t i = GH_SIGNED_DATE; i < DATE_ROOM; i++)
		if (date[i] != 0)
			return false;
	return gh_le32(f.p + AT_VERSION + 4) == 0 && is_kind(kind, *kind_n) && is_date(date);
}

enum gh_rc gh_signed_open(struct gh_span f, const char *kind, const uint8_t (*key)[GH_SIGNED_KEY], size_t nkeys,
			  struct gh_signed *out, struct gh_err *err)
{
	uint8_t msg[MESSAGE], id[KEY_ID];
	size_t kind_n = 0, use = nkeys;
	*out = (struct gh_signed){ 0 };
	if (f.n < sizeof magic || memcmp(f.p, magic, sizeof magic) != 0)
		return gh_fail(err, GH_E_MALFORMED, "not a signed data file of this program");
	if (f.n < GH_SIGNED_HEAD + GH_SIGNED_SIG)
		return gh_fail(err, GH_E_MALFORMED, "the file is cut off");
	uint32_t version = gh_le32(f.p + AT_VERSION);
	if (version != GH_SIGNED_VERSION)
		return gh_fail(err, GH_E_UNREAD, "format %u is newer than this program, which reads format %u",
			       (unsigned)version, (unsigned)GH_SIGNED_VERSION);
	if (gh_le64(f.p + AT_LEN) != f.n - GH_SIGNED_HEAD - GH_SIGNED_SIG)
		return gh_fail(err, GH_E_MALFORMED, "the file is %s",
			       gh_le64(f.p + AT_LEN) > f.n ? "cut off" : "not as long as it says");
	for (size_t i = 0; i < nkeys && use == nkeys; i++) {
		if (!key_id(key[i], id))
			return gh_fail(err, GH_E_BUG, "a digest could not be made");
		if (memcmp(id, f.p + AT_KEY, KEY_ID) == 0)
			use = i;
	}
	hex(f.p + AT_KEY, KEY_ID, out->key);
	if (use == nkeys) {
		char of[17];
		memcpy(of, out->key, sizeof of);
		*out = (struct gh_signed){ 0 };
		return gh_fail(err, GH_E_DENIED, "sealed with key %s, which this program does not trust", of);
	}
	struct gh_span sealed = gh_span_cut(f, 0, f.n - GH_SIGNED_SIG);
	int ok = message(sealed, msg) ? verify(key[use], msg, f.p + sealed.n) : -1;
	if (ok != 1 || !fields_hold(f, &kind_n)) {
		*out = (struct gh_signed){ 0 };
		return ok < 0 ? gh_fail(err, GH_E_BUG, "the signature could not be checked")
			      : gh_fail(err, GH_E_DENIED,
					"its signature does not match: the file was altered or damaged");
	}
	if (!gh_span_is((struct gh_span){ f.p + AT_KIND, kind_n }, kind)) {
		*out = (struct gh_signed){ 0 };
		return gh_fail(err, GH_E_DENIED, "it holds \"%.*s\", not \"%s\"", (int)kind_n,
			       (const char *)f.p + AT_KIND, kind);
	}
	memcpy(out->date, f.p + AT_DATE, GH_SIGNED_DATE);
	out->payload = gh_span_cut(f, GH_SIGNED_HEAD, sealed.n - GH_SIGNED_HEAD);
	return GH_OK;
}

enum gh_rc gh_signed_open_release(struct gh_span file, const char *kind, struct gh_signed *out, struct gh_err *err)
{
	return gh_signed_open(file, kind, &gh_release_key, 1, out, err);
}

static void put_le64(uint8_t *p, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

enum gh_rc gh_signed_seal(const char *kind, const char *date, struct gh_span payload,
			  const uint8_t private_key[GH_SIGNED_KEY], struct gh_buf *out, struct gh_err *err)
{
	uint8_t head[GH_SIGNED_HEAD] = { 0 }, pub[GH_SIGNED_KEY], msg[MESSAGE], sig[GH_SIGNED_SIG];
	size_t n = strlen(kind), sig_n = sizeof sig, start = out->n;
	if (!is_kind((const uint8_t *)kind, n))
		return gh_fail(err, GH_E_MALFORMED, "\"%s\" is no kind: small letters, digits, hyphens, at most %u",
			       kind, (unsigned)GH_SIGNED_KIND);
	if (strlen(date) != GH_SIGNED_DATE || !is_date((const uint8_t *)date))
		return gh_fail(err, GH_E_MALFORMED, "\"%s\" is no date such as 2026-11-22T00:00:00Z", date);
	memcpy(head, magic, sizeof magic);
	head[AT_VERSION] = GH_SIGNED_VERSION;
	memcpy(head + AT_KIND, kind, n);
	memcpy(head + AT_DATE, date, GH_SIGNED_DATE);
	if (!gh_signed_public(private_key, pub) || !key_id(pub, head + AT_KEY))
		return gh_fail(err, GH_E_BUG, "the private key cannot be used");
	put_le64(head + AT_LEN, payload.n);
	gh_buf_put(out, head, sizeof head);
	gh_buf_span(out, payload);
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, private_key, GH_SIGNED_KEY);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = !out->full && k != NULL && ctx != NULL &&
		  message(gh_span_cut(gh_buf_view(out), start, out->n), msg) &&
		  EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestSign(ctx, sig, &sig_n, msg, sizeof msg) == 1 && sig_n == sizeof sig;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	if (ok)
		gh_buf_put(out, sig, sizeof sig);
	return ok && !out->full ? GH_OK : gh_fail(err, GH_E_BUG, "the signature could not be made");
}

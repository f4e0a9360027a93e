#include "crypto/ecraw.h"

#include "crypto/pubkey_int.h"
#include "wire/der.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>

enum { HALF_MAX = 48 };

static size_t half_of(enum gh_key_kind kind) { return kind == GH_KEY_P256 ? 32 : kind == GH_KEY_P384 ? HALF_MAX : 0; }

enum gh_rc gh_ec_point(enum gh_key_kind kind, struct gh_span xy, struct gh_key **out, struct gh_err *err)
{
	size_t half = half_of(kind);
	uint8_t point[1 + 2 * HALF_MAX] = { 4 }; /* uncompressed (SEC 1, section 2.3.3) */
	char p256[] = "prime256v1", p384[] = "secp384r1";
	EVP_PKEY *pkey = NULL;
	*out = NULL;
	if (half == 0 || xy.n != 2 * half)
		return gh_fail(err, GH_E_MALFORMED, "a public key of %zu bytes", xy.n);
	memcpy(point + 1, xy.p, xy.n);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, half == 32 ? p256 : p384, 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + xy.n),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	bool ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
		  EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();
	if (!ok)
		return gh_fail(err, GH_E_MALFORMED, "the public key is no point of its curve");
	return gh_key_wrap(pkey, false, out, err);
}

/* An INTEGER of DER: no leading zeros but one that keeps it positive. Returns the bytes written. */
static size_t integer(uint8_t *out, const uint8_t *p, size_t n)
{
	size_t at = 2;
	while (n > 1 && *p == 0) {
		p++;
		n--;
	}
	if ((*p & 0x80) != 0)
		out[at++] = 0;
	memcpy(out + at, p, n);
	out[0] = GH_DER_INTEGER;
	out[1] = (uint8_t)(at - 2 + n);
	return at + n;
}

enum gh_rc gh_ec_verify(const struct gh_key *k, struct gh_span msg, struct gh_span rs, struct gh_err *err)
{
	size_t half = half_of(gh_key_kind(k));
	uint8_t der[2 + 2 * (3 + HALF_MAX)]; /* below 128 bytes: lengths take one byte */
	if (half == 0 || rs.n != 2 * half)
		return gh_fail(err, GH_E_DENIED, "a signature of %zu bytes", rs.n);
	size_t n = integer(der + 2, rs.p, half);
	n += integer(der + 2 + n, rs.p + half, half);
	der[0] = GH_DER_SEQUENCE;
	der[1] = (uint8_t)n;
	return gh_key_verify(k, msg, (struct gh_span){ der, 2 + n }, err);
}

bool gh_ec_raw(struct gh_span der, size_t half, uint8_t *out)
{
	struct gh_rd r = gh_rd(der), in = gh_der_enter(&r, GH_DER_SEQUENCE);
	memset(out, 0, 2 * half);
	for (size_t i = 0; i < 2; i++) {
		struct gh_span v = gh_der_take(&in, GH_DER_INTEGER, NULL);
		if (v.n > 1 && v.p[0] == 0)
			v = gh_span_cut(v, 1, v.n);
		if (v.n == 0 || v.n > half)
			return false;
		memcpy(out + (i + 1) * half - v.n, v.p, v.n);
	}
	return gh_der_done(&in) && gh_der_done(&r);
}

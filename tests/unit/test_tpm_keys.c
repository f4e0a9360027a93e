/* Keys of TPMs in the TPM's own form, and quotes signed by them with each scheme: what fits is accepted, a key that could sign anything
 * is not, and a scheme is not swapped for another. */
#include "support/cm.h"

#include "attest/tpm_public.h"
#include "support/attested.h"
#include "support/pki.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/rsa.h>
#include <string.h>

enum { ROOM = 1024, GOOD = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 16 | 1 << 18 };
static EVP_PKEY *rsa, *p256, *p384;

struct out {
	uint8_t p[ROOM];
	size_t n;
};
static void be(struct out *o, unsigned bytes, uint32_t v)
{
	while (bytes-- != 0)
		o->p[o->n++] = (uint8_t)(v >> 8 * bytes);
}
static void sized(struct out *o, const uint8_t *p, size_t n)
{
	be(o, 2, (uint32_t)n);
	memcpy(o->p + o->n, p, n);
	o->n += n;
}

/* TPM2B_PUBLIC of one of the keys. */
static struct gh_span area(EVP_PKEY *k, uint32_t attributes, uint16_t scheme, struct out *o)
{
	uint8_t num[512];
	int bits = EVP_PKEY_get_bits(k);
	o->n = 2;
	be(o, 2, k == rsa ? GH_TPM_RSA : GH_TPM_ECC);
	be(o, 2, 0x0b);
	be(o, 4, attributes);
	be(o, 2, 0);
	be(o, 2, GH_TPM_NULL);
	be(o, 2, scheme);
	if (scheme != GH_TPM_NULL)
		be(o, 2, 0x0b);
	if (k == rsa) {
		BIGNUM *n = NULL;
		assert_int_equal(EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_N, &n), 1);
		be(o, 2, (uint32_t)bits);
		be(o, 4, 0);
		assert_int_equal(BN_bn2binpad(n, num, bits / 8), bits / 8);
		sized(o, num, (size_t)bits / 8);
		BN_free(n);
	} else {
		size_t half = (size_t)bits / 8;
		be(o, 2, half == 32 ? GH_TPM_P256 : GH_TPM_P384);
		be(o, 2, GH_TPM_NULL);
		pki_point(k, half, num);
		sized(o, num, half);
		sized(o, num + half, half);
	}
	o->p[0] = (uint8_t)((o->n - 2) >> 8);
	o->p[1] = (uint8_t)(o->n - 2);
	return (struct gh_span){ o->p, o->n };
}

/* TPMT_SIGNATURE with SHA-256; salt: of RSAPSS. */
static struct gh_span sign(EVP_PKEY *k, uint16_t scheme, int salt, struct gh_span msg, struct out *o)
{
	uint8_t sig[512];
	size_t n = sizeof sig;
	o->n = 0;
	be(o, 2, scheme);
	be(o, 2, 0x0b);
	if (k != rsa) {
		size_t half = (size_t)EVP_PKEY_get_bits(k) / 8;
		pki_sign_raw(k, EVP_sha256(), msg, half, sig);
		sized(o, sig, half);
		sized(o, sig + half, half);
		return (struct gh_span){ o->p, o->n };
	}
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	assert_int_equal(EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, k), 1);
	if (scheme == GH_TPM_RSAPSS) {
		assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING), 1);
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(how, salt), 1);
	}
	assert_int_equal(EVP_DigestSign(ctx, sig, &n, msg.p, msg.n), 1);
	EVP_MD_CTX_free(ctx);
	sized(o, sig, n);
	return (struct gh_span){ o->p, o->n };
}

struct row {
	EVP_PKEY **key;
	uint32_t attributes;
	uint16_t own, used; /* scheme of the key; of the signature */
	int salt;
	enum gh_attest_verdict want;
	const char *bad;
};
#define YES GH_ATTEST_ACCEPTED
#define NO GH_ATTEST_REJECTED
static const struct row rows[] = {
	{ &p256, GOOD, GH_TPM_ECDSA, GH_TPM_ECDSA, 0, YES, "" },
	{ &p256, GOOD, GH_TPM_NULL, GH_TPM_ECDSA, 0, YES, "" },
	{ &p384, GOOD, GH_TPM_ECDSA, GH_TPM_ECDSA, 0, YES, "" },
	{ &rsa, GOOD, GH_TPM_RSASSA, GH_TPM_RSASSA, 0, YES, "" },
	{ &rsa, GOOD, GH_TPM_RSAPSS, GH_TPM_RSAPSS, 32, YES, "" },
	{ &rsa, GOOD, GH_TPM_RSAPSS, GH_TPM_RSAPSS, 222, YES, "" }, /* as long as fits: TPMs before 1.38 */
	{ &rsa, GOOD, GH_TPM_NULL, GH_TPM_RSAPSS, 32, YES, "" },
	{ &rsa, GOOD, GH_TPM_RSASSA, GH_TPM_RSAPSS, 32, NO, "signature" },
	{ &rsa, GOOD, GH_TPM_RSAPSS, GH_TPM_RSASSA, 0, NO, "signature" },
	{ &p256, GOOD & ~(1u << 1), GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
	{ &p256, GOOD & ~(1u << 4), GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
	{ &p256, GOOD & ~(1u << 5), GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
	{ &p256, GOOD & ~(1u << 16), GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
	{ &p256, GOOD & ~(1u << 18), GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
	{ &p256, GOOD | 1u << 17, GH_TPM_ECDSA, GH_TPM_ECDSA, 0, NO, "ak_attributes" },
};

/* A quote over no registers is none; this one is over PCR 0, with the registers' file beside it. */
static struct gh_span quote(struct out *o, struct out *pcrs)
{
	uint8_t pcr[32], md[GH_MD_MAX];
	memset(pcr, 0x11, sizeof pcr);
	assert_true(gh_md(GH_MD_SHA256, (struct gh_span){ pcr, 32 }, md));
	o->n = 0;
	be(o, 4, 0xff544347);
	be(o, 2, 0x8018);
	be(o, 2, 0);
	sized(o, (const uint8_t *)"nonce", 5);
	be(o, 4, 0);
	be(o, 4, 0);
	be(o, 4, 0);
	be(o, 4, 0);
	be(o, 1, 1);
	be(o, 4, 0);
	be(o, 4, 0);
	be(o, 4, 1);
	be(o, 2, 0x0b);
	be(o, 1, 3);
	be(o, 3, 0x010000);
	sized(o, md, 32);
	memset(pcrs->p, 0, ROOM);
	pcrs->p[0] = 1; /* selections; SHA-256, three bytes, PCR 0 */
	pcrs->p[4] = 0x0b;
	pcrs->p[6] = 3;
	pcrs->p[7] = 1;
	pcrs->p[132] = 1; /* lists; one digest of 32 bytes */
	pcrs->p[136] = 1;
	pcrs->p[140] = 32;
	memcpy(pcrs->p + 142, pcr, 32);
	pcrs->n = 132 + 4 + 532;
	return (struct gh_span){ o->p, o->n };
}

static void schemes(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct out q = { .n = 0 }, pcrs, key = { .n = 0 }, sig = { .n = 0 };
		struct gh_span said = quote(&q, &pcrs);
		char bad[300];
		struct gh_attest_file e[3] = {
			{ GH_SPAN("pcrs"), { pcrs.p, pcrs.n } },
			{ GH_SPAN("key"), area(*rows[i].key, rows[i].attributes, rows[i].own, &key) },
			{ GH_SPAN("sig"), sign(*rows[i].key, rows[i].used, rows[i].salt, said, &sig) },
		};
		const struct gh_attest_question question = {
			.evidence = said, .endorsement = e, .nendorsement = 3, .nonce = GH_SPAN("nonce")
		};
		enum gh_attest_verdict v = attested("tpm", &question, bad, sizeof bad);
		if (v != rows[i].want || strcmp(bad, rows[i].bad) != 0)
			fail_msg("row %zu: %s, not passed: '%s'", i, gh_attest_verdict_word(v), bad);
		for (size_t k = 0; rows[i].want == YES && k < sig.n; k += 5) { /* no bit of it is spare */
			sig.p[k] ^= 1;
			if (attested("tpm", &question, bad, sizeof bad) == YES)
				fail_msg("row %zu: byte %zu of the signature", i, k);
			sig.p[k] ^= 1;
		}
	}
}

/* Every length and every bit: read or refused, and what is read is named after its bytes. */
static void areas(void **state)
{
	EVP_PKEY *const keys[] = { rsa, p256, p384 };
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct out o = { .n = 0 };
		struct gh_tpm_public p, other;
		struct gh_span a = area(keys[i], GOOD, keys[i] == rsa ? GH_TPM_RSASSA : GH_TPM_ECDSA, &o);
		assert_true(gh_tpm_public_is(a));
		assert_null(gh_tpm_public_read(a, &p));
		assert_null(gh_tpm_public_attests(&p));
		for (size_t n = 0; n < a.n; n++)
			assert_non_null(gh_tpm_public_read((struct gh_span){ a.p, n }, &other));
		for (size_t k = 0; k < a.n * 8; k++) {
			o.p[k / 8] ^= (uint8_t)(1u << k % 8);
			if (gh_tpm_public_read(a, &other) == NULL && other.nname == p.nname &&
			    memcmp(other.name, p.name, p.nname) == 0)
				fail_msg("key %zu: bit %zu does not change the name", i, k);
			o.p[k / 8] ^= (uint8_t)(1u << k % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(schemes), cmocka_unit_test(areas) };
	rsa = pki_key("RSA");
	p256 = pki_key("P-256");
	p384 = pki_key("P-384");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(p256);
	EVP_PKEY_free(p384);
	return failed;
}

#include "crypto/sigstore/sct.h"

#include "wire/der.h"

static const char oid_sct[] = "1.3.6.1.4.1.11129.2.4.2";
enum { SCTS = 16, SCT_V1 = 0, HASH_SHA256 = 4, SIG_RSA = 1, SIG_ECDSA = 3, PRECERT = 1 };

struct sct {
	struct gh_span log_id, extensions, sig;
	uint64_t ms; /* since 1970 */
	unsigned hash, alg;
};

static void put_be(struct gh_buf *b, uint64_t v, unsigned n)
{
	while (n-- > 0)
		gh_buf_ch(b, (char)(uint8_t)(v >> 8 * n));
}

static bool read_one(struct gh_span bytes, struct sct *s)
{
	struct gh_rd r = gh_rd(bytes);
	unsigned version = gh_rd_u8(&r);
	s->log_id = gh_rd_take(&r, 32);
	s->ms = gh_rd_u64be(&r);
	s->extensions = gh_rd_take(&r, gh_rd_u16be(&r));
	s->hash = gh_rd_u8(&r);
	s->alg = gh_rd_u8(&r);
	s->sig = gh_rd_take(&r, gh_rd_u16be(&r));
	return gh_rd_done(&r) && version == SCT_V1;
}

/* What the log signed: digitally-signed of section 3.2, with a PreCert entry. */
static bool signed_bytes(const struct sct *s, const uint8_t issuer_key[32], struct gh_span tbs, struct gh_buf *out)
{
	gh_buf_ch(out, SCT_V1);
	gh_buf_ch(out, 0); /* certificate_timestamp */
	put_be(out, s->ms, 8);
	put_be(out, PRECERT, 2);
	gh_buf_put(out, issuer_key, 32);
	put_be(out, tbs.n, 3);
	gh_buf_span(out, tbs);
	put_be(out, s->extensions.n, 2);
	gh_buf_span(out, s->extensions);
	return !out->full;
}

/* 1: by a trusted log. 0: by one that is not known. -1: wrong. */
static int judge(const struct sct *s, const uint8_t issuer_key[32], struct gh_span tbs, const struct gh_root *root)
{
	gh_auto_buf msg = gh_buf(2 * GH_CERT_MAX);
	if (!signed_bytes(s, issuer_key, tbs, &msg))
		return -1;
	for (size_t i = 0; i < root->nct; i++) {
		const struct gh_root_log *log = &root->ct[i];
		if (!gh_span_eq(log->id, s->log_id) || !gh_period_has(log->period, (int64_t)(s->ms / 1000)))
			continue;
		bool rsa = gh_key_kind(log->key) == GH_KEY_RSA;
		if (s->hash != HASH_SHA256 || s->alg != (rsa ? SIG_RSA : SIG_ECDSA))
			return -1;
		return gh_key_verify_with(log->key, GH_MD_SHA256, gh_buf_view(&msg), s->sig, NULL) == GH_OK ? 1 : -1;
	}
	return 0;
}

enum gh_rc gh_sct_verify(const struct gh_cert *leaf, const struct gh_cert *issuer, const struct gh_root *root,
			 struct gh_err *err)
{
	gh_auto_buf tbs = gh_buf(GH_CERT_MAX);
	gh_auto_key *key = NULL;
	uint8_t issuer_key[32];
	struct gh_span ext = gh_cert_extension(leaf, oid_sct);
	unsigned n = 0, good = 0;
	if (ext.n == 0)
		return gh_fail(err, GH_E_DENIED, "the certificate holds no timestamp of a certificate log");
	if (issuer == NULL || gh_cert_key(issuer, &key, err) != GH_OK || !gh_key_id(key, issuer_key) ||
	    !gh_cert_precert(leaf, &tbs))
		return gh_fail(err, GH_E_DENIED, "what the log saw cannot be made again");
	struct gh_rd r = gh_rd(ext);
	struct gh_rd list = gh_rd(gh_der_take(&r, GH_DER_OCTETS, NULL));
	struct gh_rd scts = gh_rd(gh_rd_take(&list, gh_rd_u16be(&list)));
	if (!gh_der_done(&r) || !gh_rd_done(&list))
		return gh_fail(err, GH_E_MALFORMED, "the list of SCTs is malformed");
	for (; gh_rd_left(&scts) != 0 && n < SCTS; n++) {
		struct sct s;
		if (!read_one(gh_rd_take(&scts, gh_rd_u16be(&scts)), &s))
			return gh_fail(err, GH_E_MALFORMED, "an SCT is malformed");
		int is = judge(&s, issuer_key, gh_buf_view(&tbs), root);
		if (is < 0)
			return gh_fail(err, GH_E_DENIED, "the signature of a trusted certificate log does not match");
		good += (unsigned)is;
	}
	if (scts.bad)
		return gh_fail(err, GH_E_MALFORMED, "the list of SCTs is malformed");
	return good != 0 ? GH_OK : gh_fail(err, GH_E_DENIED, "no SCT is by a log that the trusted root names");
}

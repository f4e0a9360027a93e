#include "crypto/sigstore/tst.h"

#include "wire/der.h"

/* What a token says; spans lie in its bytes. */
struct token {
	struct gh_span info;		       /* TSTInfo: content of the OCTET STRING */
	struct gh_span certs;		       /* certificates; empty: none */
	struct gh_span issuer, serial, key_id; /* of the signer: either the first two or the last */
	enum gh_md md;			       /* digest of the attributes and the content */
	enum gh_md sig_md;
	struct gh_span attrs; /* content of the SET */
	struct gh_span attrs_whole;
	struct gh_span sig;
	/* TSTInfo */
	enum gh_md imprint_md;
	struct gh_span imprint;
	int64_t time;
};

static bool digest_of(struct gh_rd *r, enum gh_md *out)
{
	static const struct {
		const char *oid;
		enum gh_md md;
	} rows[] = {
		{ "2.16.840.1.101.3.4.2.1", GH_MD_SHA256 },
		{ "2.16.840.1.101.3.4.2.2", GH_MD_SHA384 },
		{ "2.16.840.1.101.3.4.2.3", GH_MD_SHA512 },
	};
	struct gh_rd in = gh_der_enter(r, GH_DER_SEQUENCE);
	struct gh_span oid = gh_der_take(&in, GH_DER_OID, NULL), none;
	(void)gh_der_maybe(&in, GH_DER_NULL, &none);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_der_is_oid(oid, rows[i].oid)) {
			*out = rows[i].md;
			return gh_der_done(&in);
		}
	return false;
}

/* The digest that the signature algorithm names; `plain` where it names none (rsaEncryption). */
static bool signature_of(struct gh_rd *r, enum gh_md plain, enum gh_md *out)
{
	static const struct {
		const char *oid;
		int md; /* -1: the one of the attributes */
	} rows[] = {
		{ "1.2.840.10045.4.3.2", GH_MD_SHA256 },
		{ "1.2.840.10045.4.3.3", GH_MD_SHA384 },
		{ "1.2.840.10045.4.3.4", GH_MD_SHA512 },
		{ "1.2.840.113549.1.1.11", GH_MD_SHA256 },
		{ "1.2.840.113549.1.1.12", GH_MD_SHA384 },
		{ "1.2.840.113549.1.1.13", GH_MD_SHA512 },
		{ "1.2.840.113549.1.1.1", -1 },
		{ "1.2.840.10045.2.1", -1 },
		{ "1.3.101.112", -1 },
	};
	struct gh_rd in = gh_der_enter(r, GH_DER_SEQUENCE);
	struct gh_span oid = gh_der_take(&in, GH_DER_OID, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (gh_der_is_oid(oid, rows[i].oid)) {
			*out = rows[i].md < 0 ? plain : (enum gh_md)rows[i].md;
			return !r->bad;
		}
	return false;
}

static const char *signer_info(struct gh_rd r, struct token *t)
{
	uint64_t version = gh_der_u64(&r);
	if (gh_der_peek(&r) == GH_DER_CONTEXT_P + 0) {
		t->key_id = gh_der_take(&r, GH_DER_CONTEXT_P + 0, NULL);
	} else {
		struct gh_rd sid = gh_der_enter(&r, GH_DER_SEQUENCE);
		(void)gh_der_take(&sid, GH_DER_SEQUENCE, &t->issuer);
		t->serial = gh_der_take(&sid, GH_DER_INTEGER, NULL);
		if (!gh_der_done(&sid))
			return "its signer is not named";
	}
	if (version != 1 && version != 3)
		return "a signer of an unknown version";
	if (!digest_of(&r, &t->md))
		return "a digest that is not SHA-2";
	t->attrs = gh_der_take(&r, GH_DER_CONTEXT + 0, &t->attrs_whole);
	if (!signature_of(&r, t->md, &t->sig_md))
		return "an unknown signature algorithm";
	t->sig = gh_der_take(&r, GH_DER_OCTETS, NULL);
	struct gh_span unsigned_;
	(void)gh_der_maybe(&r, GH_DER_CONTEXT + 1, &unsigned_);
	return gh_der_done(&r) ? NULL : "its signer is malformed";
}

static const char *tst_info(struct token *t)
{
	struct gh_rd whole = gh_rd(t->info), r = gh_der_enter(&whole, GH_DER_SEQUENCE);
	if (gh_der_u64(&r) != 1)
		return "TSTInfo of an unknown version";
	(void)gh_der_take(&r, GH_DER_OID, NULL); /* policy */
	struct gh_rd imprint = gh_der_enter(&r, GH_DER_SEQUENCE);
	if (!digest_of(&imprint, &t->imprint_md))
		return "a digest that is not SHA-2";
	t->imprint = gh_der_take(&imprint, GH_DER_OCTETS, NULL);
	(void)gh_der_take(&r, GH_DER_INTEGER, NULL); /* serial number */
	struct gh_span time = gh_der_take(&r, GH_DER_TIME, NULL);
	if (r.bad || !gh_der_done(&imprint) || !gh_der_done(&whole) || !gh_der_time(time, &t->time))
		return "TSTInfo is malformed";
	return NULL; /* accuracy, ordering, nonce, names and extensions change nothing for us */
}

/* TimeStampResp { status, token } down to the one signer. */
static const char *take_apart(struct gh_span resp, struct token *t)
{
	struct gh_rd whole = gh_rd(resp), r = gh_der_enter(&whole, GH_DER_SEQUENCE);
	struct gh_rd status = gh_der_enter(&r, GH_DER_SEQUENCE);
	if (gh_der_u64(&status) > 1 || status.bad)
		return "the authority refused";
	struct gh_rd ci = gh_der_enter(&r, GH_DER_SEQUENCE);
	if (!gh_der_is_oid(gh_der_take(&ci, GH_DER_OID, NULL), "1.2.840.113549.1.7.2"))
		return "no signed data";
	struct gh_rd outer = gh_der_enter(&ci, GH_DER_CONTEXT + 0), sd = gh_der_enter(&outer, GH_DER_SEQUENCE);
	if (gh_der_u64(&sd) != 3)
		return "signed data of an unknown version";
	(void)gh_der_take(&sd, GH_DER_SET, NULL); /* digest algorithms */
	struct gh_rd eci = gh_der_enter(&sd, GH_DER_SEQUENCE);
	if (!gh_der_is_oid(gh_der_take(&eci, GH_DER_OID, NULL), "1.2.840.113549.1.9.16.1.4"))
		return "signed data, but no timestamp";
	struct gh_rd content = gh_der_enter(&eci, GH_DER_CONTEXT + 0);
	t->info = gh_der_take(&content, GH_DER_OCTETS, NULL);
	struct gh_span none;
	(void)gh_der_maybe(&sd, GH_DER_CONTEXT + 0, &t->certs);
	(void)gh_der_maybe(&sd, GH_DER_CONTEXT + 1, &none); /* revocation lists */
	struct gh_rd signers = gh_der_enter(&sd, GH_DER_SET), one = gh_der_enter(&signers, GH_DER_SEQUENCE);
	if (!gh_der_done(&signers) || !gh_der_done(&sd) || !gh_der_done(&outer) || !gh_der_done(&ci) ||
	    !gh_der_done(&r) || !gh_der_done(&whole) || !gh_der_done(&content) || !gh_der_done(&eci))
		return "it is malformed, or has not one signer";
	const char *why = signer_info(one, t);
	return why != NULL ? why : tst_info(t);
}

/* ---- attributes ---------------------------------------------------------------------------------------------------- */

/* ESSCertID and ESSCertIDv2: the first hash must be that of the certificate. */
static bool names_cert(struct gh_span value, bool v2, const struct gh_cert *c)
{
	uint8_t d[GH_MD_MAX];
	enum gh_md md = GH_MD_SHA256;
	struct gh_rd r = gh_rd(value), certs = gh_der_enter(&r, GH_DER_SEQUENCE),
		     id = gh_der_enter(&certs, GH_DER_SEQUENCE);
	if (v2 && gh_der_peek(&id) == GH_DER_SEQUENCE && !digest_of(&id, &md))
		return false;
	struct gh_span hash = gh_der_take(&id, GH_DER_OCTETS, NULL);
	if (!v2) /* SHA-1: too weak to prove, and the signature itself binds the key */
		return hash.n == 20;
	return hash.n == gh_md_size(md) && gh_md(md, gh_cert_der(c), d) && memcmp(hash.p, d, hash.n) == 0;
}

/* What the signed attributes must say: the content's type, its digest, and this certificate if they name one. */
static const char *attributes(const struct token *t, const struct gh_cert *c)
{
	struct gh_rd r = gh_rd(t->attrs);
	uint8_t d[GH_MD_MAX];
	unsigned types = 0, digests = 0;
	if (!gh_md(t->md, t->info, d))
		return "a digest could not be made";
	while (gh_rd_left(&r) != 0) {
		struct gh_rd one = gh_der_enter(&r, GH_DER_SEQUENCE);
		struct gh_span oid = gh_der_take(&one, GH_DER_OID, NULL);
		struct gh_rd set = gh_der_enter(&one, GH_DER_SET);
		struct gh_span value, whole;
		unsigned tag = 0;
		value = gh_der_any(&set, &tag, &whole);
		if (!gh_der_done(&set) || !gh_der_done(&one))
			return "a signed attribute is malformed";
		bool v2 = gh_der_is_oid(oid, "1.2.840.113549.1.9.16.2.47");
		if (gh_der_is_oid(oid, "1.2.840.113549.1.9.3")) {
			types += tag == GH_DER_OID && gh_der_is_oid(value, "1.2.840.113549.1.9.16.1.4");
		} else if (gh_der_is_oid(oid, "1.2.840.113549.1.9.4")) {
			if (tag != GH_DER_OCTETS || value.n != gh_md_size(t->md) || memcmp(value.p, d, value.n) != 0)
				return "its content was altered";
			digests++;
		} else if (v2 || gh_der_is_oid(oid, "1.2.840.113549.1.9.16.2.12")) {
			if (!names_cert(value, v2, c))
				return "it names another certificate than the one that signed it";
		}
	}
	return r.bad || types != 1 || digests != 1 ? "its signed attributes are not complete" : NULL;
}

/* The attributes are signed as a SET, whatever tag they have in the message (RFC 5652, section 5.4). */
static bool signed_by(const struct token *t, const struct gh_cert *c)
{
	gh_auto_buf set = gh_buf(GH_TST_MAX);
	gh_auto_key *key = NULL;
	gh_buf_span(&set, t->attrs_whole);
	if (set.full || set.n == 0 || gh_cert_key(c, &key, NULL) != GH_OK)
		return false;
	set.p[0] = GH_DER_SET;
	return gh_key_verify_with(key, t->sig_md, gh_buf_view(&set), t->sig, NULL) == GH_OK;
}

/* ---- who signed ---------------------------------------------------------------------------------------------------- */

static bool is_signer(const struct token *t, const struct gh_cert *c)
{
	return t->key_id.n != 0 ? gh_cert_has_key_id(c, t->key_id) : gh_cert_is_named(c, t->issuer, t->serial);
}

static enum gh_rc judge(const struct token *t, const struct gh_cert *signer, const struct gh_certs *sent,
			const struct gh_root_authority *tsa, struct gh_err *err)
{
	struct gh_certs between = { .n = 0 }; /* borrows */
	for (size_t i = 0; i < tsa->others.n; i++)
		between.v[between.n++] = tsa->others.v[i];
	for (size_t i = 0; i < sent->n && between.n < GH_CERTS_MAX; i++)
		between.v[between.n++] = sent->v[i];
	GH_TRY(gh_cert_chain(signer, &between, &tsa->root, t->time, NULL, err), err, "its authority's certificate");
	const char *why = gh_cert_misused(signer, GH_USE_TIMESTAMP);
	if (why == NULL && !gh_period_has(tsa->period, t->time))
		why = "the trusted root does not trust this authority for that time";
	if (why == NULL)
		why = attributes(t, signer);
	if (why == NULL && !signed_by(t, signer))
		why = "its signature does not match";
	return why == NULL ? GH_OK : gh_fail(err, GH_E_DENIED, "%s", why);
}

static enum gh_rc find(const struct token *t, const struct gh_certs *sent, const struct gh_root *root,
		       struct gh_err *err)
{
	enum gh_rc best = GH_E_NOTTHIS;
	struct gh_err why = { 0 };
	for (size_t i = 0; i < root->ntsa; i++) {
		const struct gh_root_authority *tsa = &root->tsa[i];
		const struct gh_certs *lists[] = { &tsa->others, &tsa->root, sent };
		for (size_t l = 0; l < 3; l++)
			for (size_t k = 0; k < lists[l]->n; k++) {
				struct gh_err now = { 0 };
				if (!is_signer(t, lists[l]->v[k]))
					continue;
				enum gh_rc rc = judge(t, lists[l]->v[k], sent, tsa, &now);
				if (rc == GH_OK)
					return GH_OK;
				best = rc;
				why = now;
			}
	}
	if (best == GH_E_NOTTHIS)
		return gh_fail(err, best, "by an authority that the trusted root does not name");
	if (err != NULL)
		*err = why;
	return best;
}

enum gh_rc gh_tst_verify(struct gh_span resp, struct gh_span signed_, const struct gh_root *root, int64_t *time,
			 struct gh_err *err)
{
	struct token t = { 0 };
	gh_auto_certs sent = { .n = 0 };
	uint8_t d[GH_MD_MAX];
	if (resp.n > GH_TST_MAX)
		return gh_fail(err, GH_E_MALFORMED, "larger than any timestamp");
	const char *why = take_apart(resp, &t);
	if (why != NULL)
		return gh_fail(err, GH_E_MALFORMED, "%s", why);
	struct gh_rd certs = gh_rd(t.certs);
	while (gh_rd_left(&certs) != 0 && sent.n < GH_CERT_PATH) {
		struct gh_span whole;
		unsigned tag = 0;
		(void)gh_der_any(&certs, &tag, &whole);
		if (certs.bad || tag != GH_DER_SEQUENCE)
			return gh_fail(err, GH_E_MALFORMED, "its certificates are malformed");
		GH_TRY(gh_certs_add(&sent, whole, err), err, "its certificates");
	}
	if (!gh_md(t.imprint_md, signed_, d))
		return gh_fail(err, GH_E_BUG, "a digest could not be made");
	if (t.imprint.n != gh_md_size(t.imprint_md) || memcmp(t.imprint.p, d, t.imprint.n) != 0)
		return gh_fail(err, GH_E_DENIED, "it is over something else than this signature");
	*time = t.time;
	return find(&t, &sent, root, err);
}

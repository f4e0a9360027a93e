#include "crypto/sigstore/bundle_read.h"

#include "wire/b64.h"

static const struct {
	const char *type;
	enum gh_bundle_version version;
} versions[] = {
	{ "application/vnd.dev.sigstore.bundle+json;version=0.1", GH_BUNDLE_0_1 },
	{ "application/vnd.dev.sigstore.bundle+json;version=0.2", GH_BUNDLE_0_2 },
	{ "application/vnd.dev.sigstore.bundle+json;version=0.3", GH_BUNDLE_0_3 },
	{ "application/vnd.dev.sigstore.bundle.v0.3+json", GH_BUNDLE_0_3 },
};

void gh_bundle_free(struct gh_bundle *b) { gh_certs_free(&b->cert); }

/* ---- members ---------------------------------------------------------------------------------------------------- */

const struct gh_jval *gh_pj_get(const struct gh_jval *v, const char *key)
{
	const struct gh_jval *m = gh_jget(v, key);
	return m != NULL && m->kind == GH_J_NULL ? NULL : m;
}

bool gh_pj_b64(struct gh_arena *a, const struct gh_jval *v, const char *key, struct gh_span *out, struct gh_err *err)
{
	const struct gh_jval *m = gh_pj_get(v, key);
	if (m != NULL && m->kind == GH_J_STRING && m->text.n != 0 && gh_b64_take(a, m->text, out))
		return true;
	return gh_fail(err, GH_E_MALFORMED, "%s: %s", key, m == NULL ? "missing" : "not base64") == GH_OK;
}

bool gh_pj_u64(const struct gh_jval *v, const char *key, uint64_t *out, struct gh_err *err)
{
	const struct gh_jval *m = gh_pj_get(v, key);
	*out = 0;
	if (m == NULL || (m->kind == GH_J_NUMBER && gh_ju64(m, out) && *out <= INT64_MAX))
		return true;
	bool ok = m->kind == GH_J_STRING && m->text.n != 0 && m->text.n <= 19 &&
		  (m->text.n == 1 || m->text.p[0] != '0');
	for (size_t i = 0; ok && i < m->text.n; i++) {
		ok = m->text.p[i] >= '0' && m->text.p[i] <= '9';
		*out = *out * 10 + (uint64_t)(m->text.p[i] - '0');
	}
	if (ok && *out <= INT64_MAX)
		return true;
	return gh_fail(err, GH_E_MALFORMED, "%s: not a number from 0 up", key) == GH_OK;
}

bool gh_pj_md(const struct gh_jval *v, enum gh_md *out)
{
	static const struct {
		const char *name;
		enum gh_md md;
	} names[] = { { "SHA2_256", GH_MD_SHA256 }, { "SHA2_384", GH_MD_SHA384 }, { "SHA2_512", GH_MD_SHA512 } };
	const char *s = gh_jtext(v);
	for (size_t i = 0; s != NULL && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(s, names[i].name) == 0) {
			*out = names[i].md;
			return true;
		}
	return false;
}

/* An object that has members of this list ("a b c") and no others. */
static enum gh_rc object(const struct gh_jval *v, const char *what, const char *members, struct gh_err *err)
{
	if (v == NULL || v->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "%s: %s", what, v == NULL ? "missing" : "no object");
	for (const struct gh_jval *m = v->first; m != NULL; m = m->next) {
		bool known = false;
		for (const char *w = members; !known && *w != '\0';) {
			size_t n = strcspn(w, " ");
			known = gh_span_eq(m->key, (struct gh_span){ (const uint8_t *)w, n });
			w += n + (w[n] == ' ');
		}
		if (!known)
			return gh_fail(err, GH_E_MALFORMED, "%s: unknown member \"%.40s\"", what,
				       (const char *)m->key.p);
	}
	return GH_OK;
}

/* A list of at most max; absent is empty. */
static enum gh_rc list(const struct gh_jval *v, const char *key, size_t max, const struct gh_jval **out,
		       struct gh_err *err)
{
	const struct gh_jval *m = gh_pj_get(v, key);
	*out = NULL;
	if (m == NULL)
		return GH_OK;
	if (m->kind != GH_J_ARRAY)
		return gh_fail(err, GH_E_MALFORMED, "%s: no list", key);
	if (m->n > max)
		return gh_fail(err, GH_E_LIMIT, "%s: more than %zu", key, max);
	*out = m->first;
	return GH_OK;
}

static struct gh_span text_of(const struct gh_jval *v, const char *key)
{
	const struct gh_jval *m = gh_pj_get(v, key);
	return m != NULL && m->kind == GH_J_STRING ? m->text : (struct gh_span){ 0 };
}

/* ---- who signed -------------------------------------------------------------------------------------------------- */

static enum gh_rc one_cert(struct gh_arena *a, const struct gh_jval *v, struct gh_certs *out, struct gh_err *err)
{
	struct gh_span der;
	GH_TRY(object(v, "certificate", "rawBytes", err), err, "certificates");
	if (!gh_pj_b64(a, v, "rawBytes", &der, err))
		return GH_E_MALFORMED;
	return gh_certs_add(out, der, err);
}

static enum gh_rc chain(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	const struct gh_jval *c;
	GH_TRY(object(v, "x509CertificateChain", "certificates", err), err, "chain");
	GH_TRY(list(v, "certificates", GH_CERT_PATH, &c, err), err, "chain");
	out->is_chain = true;
	for (; c != NULL; c = c->next)
		GH_TRY(one_cert(a, c, &out->cert, err), err, "chain");
	return out->cert.n != 0 ? GH_OK : gh_fail(err, GH_E_MALFORMED, "the certificate chain is empty");
}

static enum gh_rc public_key(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	GH_TRY(object(v, "publicKey", "hint rawBytes keyDetails", err), err, "key");
	out->has_key = true;
	out->hint = text_of(v, "hint");
	if (gh_pj_get(v, "rawBytes") != NULL && !gh_pj_b64(a, v, "rawBytes", &out->key_bytes, err))
		return GH_E_MALFORMED;
	return GH_OK;
}

static enum gh_rc stamps(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	const struct gh_jval *s;
	if (v == NULL)
		return GH_OK;
	GH_TRY(object(v, "timestampVerificationData", "rfc3161Timestamps", err), err, "timestamps");
	GH_TRY(list(v, "rfc3161Timestamps", GH_BUNDLE_STAMPS, &s, err), err, "timestamps");
	for (; s != NULL; s = s->next) {
		GH_TRY(object(s, "timestamp", "signedTimestamp", err), err, "timestamps");
		if (!gh_pj_b64(a, s, "signedTimestamp", &out->stamp[out->nstamps++], err))
			return GH_E_MALFORMED;
	}
	return GH_OK;
}

/* ---- log entries ------------------------------------------------------------------------------------------------- */

static enum gh_rc proof(struct gh_arena *a, const struct gh_jval *v, struct gh_log_entry *e, struct gh_err *err)
{
	const struct gh_jval *h, *cp;
	GH_TRY(object(v, "inclusionProof", "logIndex rootHash treeSize hashes checkpoint", err), err, "proof");
	GH_TRY(list(v, "hashes", GH_BUNDLE_PATH, &h, err), err, "proof");
	if (!gh_pj_u64(v, "logIndex", &e->proof_index, err) || !gh_pj_u64(v, "treeSize", &e->proof_size, err) ||
	    !gh_pj_b64(a, v, "rootHash", &e->proof_root, err))
		return GH_E_MALFORMED;
	for (; h != NULL; h = h->next)
		if (h->kind != GH_J_STRING || !gh_b64_take(a, h->text, &e->proof[e->nproof++]))
			return gh_fail(err, GH_E_MALFORMED, "a hash is not base64");
	cp = gh_pj_get(v, "checkpoint");
	if (cp != NULL) {
		GH_TRY(object(cp, "checkpoint", "envelope", err), err, "proof");
		e->checkpoint = text_of(cp, "envelope");
	}
	e->has_proof = true;
	return GH_OK;
}

static enum gh_rc entry(struct gh_arena *a, const struct gh_jval *v, struct gh_log_entry *e, struct gh_err *err)
{
	GH_TRY(object(v, "tlogEntry",
		      "logIndex logId kindVersion integratedTime inclusionPromise inclusionProof canonicalizedBody",
		      err),
	       err, "entry");
	const struct gh_jval *id = gh_pj_get(v, "logId"), *kind = gh_pj_get(v, "kindVersion");
	const struct gh_jval *promise = gh_pj_get(v, "inclusionPromise"), *pr = gh_pj_get(v, "inclusionProof");
	GH_TRY(object(id, "logId", "keyId", err), err, "entry");
	GH_TRY(object(kind, "kindVersion", "kind version", err), err, "entry");
	if (!gh_pj_u64(v, "logIndex", &e->index, err) || !gh_pj_u64(v, "integratedTime", &e->integrated, err) ||
	    !gh_pj_b64(a, id, "keyId", &e->log_id, err) || !gh_pj_b64(a, v, "canonicalizedBody", &e->body, err))
		return GH_E_MALFORMED;
	e->body64 = text_of(v, "canonicalizedBody");
	e->kind = text_of(kind, "kind");
	e->version = text_of(kind, "version");
	if (promise != NULL) {
		GH_TRY(object(promise, "inclusionPromise", "signedEntryTimestamp", err), err, "entry");
		if (!gh_pj_b64(a, promise, "signedEntryTimestamp", &e->promise, err))
			return GH_E_MALFORMED;
	}
	return pr == NULL ? GH_OK : proof(a, pr, e, err);
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static enum gh_rc material(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	const struct gh_jval *e;
	GH_TRY(object(v, "verificationMaterial",
		      "publicKey x509CertificateChain certificate tlogEntries timestampVerificationData", err),
	       err, "bundle");
	const struct gh_jval *key = gh_pj_get(v, "publicKey"), *x = gh_pj_get(v, "x509CertificateChain"),
			     *leaf = gh_pj_get(v, "certificate");
	if ((key != NULL) + (x != NULL) + (leaf != NULL) != 1)
		return gh_fail(err, GH_E_MALFORMED,
			       "one of publicKey, certificate and x509CertificateChain must be there");
	if (leaf != NULL && out->version < GH_BUNDLE_0_3)
		return gh_fail(err, GH_E_MALFORMED, "this version of bundles has a chain, not a single certificate");
	GH_TRY(key != NULL ? public_key(a, key, out, err)
	       : x != NULL ? chain(a, x, out, err)
			   : one_cert(a, leaf, &out->cert, err),
	       err, "verificationMaterial");
	GH_TRY(stamps(a, gh_pj_get(v, "timestampVerificationData"), out, err), err, "verificationMaterial");
	out->has_entries = gh_pj_get(v, "tlogEntries") != NULL;
	GH_TRY(list(v, "tlogEntries", GH_BUNDLE_ENTRIES, &e, err), err, "verificationMaterial");
	for (; e != NULL; e = e->next)
		GH_TRY(entry(a, e, &out->entry[out->nentries++], err), err, "tlogEntries");
	return GH_OK;
}

static enum gh_rc message(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	GH_TRY(object(v, "messageSignature", "messageDigest signature", err), err, "message");
	const struct gh_jval *d = gh_pj_get(v, "messageDigest");
	if (!gh_pj_b64(a, v, "signature", &out->signature, err))
		return GH_E_MALFORMED;
	if (d == NULL)
		return GH_OK;
	GH_TRY(object(d, "messageDigest", "algorithm digest", err), err, "message");
	if (!gh_pj_b64(a, d, "digest", &out->digest, err))
		return GH_E_MALFORMED;
	if (!gh_pj_md(gh_pj_get(d, "algorithm"), &out->digest_md) || out->digest.n != gh_md_size(out->digest_md))
		return gh_fail(err, GH_E_MALFORMED,
			       "messageDigest: an algorithm that is not SHA-2, or the wrong length");
	out->has_digest = true;
	return GH_OK;
}

static enum gh_rc fill(struct gh_arena *a, const struct gh_jval *v, struct gh_bundle *out, struct gh_err *err)
{
	GH_TRY(object(v, "bundle", "mediaType verificationMaterial messageSignature dsseEnvelope", err), err, "bundle");
	struct gh_span type = text_of(v, "mediaType");
	for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++)
		if (gh_span_is(type, versions[i].type))
			out->version = versions[i].version;
	if (out->version == 0)
		return gh_fail(err, GH_E_MALFORMED, "%s: \"%.60s\"",
			       type.n == 0 ? "no mediaType" : "a kind or version of bundle that is not known",
			       type.n == 0 ? "" : (const char *)type.p);
	const struct gh_jval *msg = gh_pj_get(v, "messageSignature"), *env = gh_pj_get(v, "dsseEnvelope");
	if ((msg != NULL) == (env != NULL))
		return gh_fail(err, GH_E_MALFORMED, "either messageSignature or dsseEnvelope must be there");
	GH_TRY(material(a, gh_pj_get(v, "verificationMaterial"), out, err), err, "bundle");
	if (msg != NULL)
		return message(a, msg, out, err);
	out->has_envelope = true;
	GH_TRY(gh_dsse_read_value(a, env, &out->envelope, err), err, "dsseEnvelope");
	/* More than one would leave open which of them was logged, stamped, and verified. */
	return out->envelope.n == 1 ? GH_OK
				    : gh_fail(err, GH_E_MALFORMED, "the envelope of a bundle has one signature");
}

enum gh_rc gh_bundle_read(struct gh_arena *a, struct gh_span json, struct gh_bundle *out, struct gh_err *err)
{
	const struct gh_jval *v = NULL;
	memset(out, 0, sizeof *out);
	if (json.n > GH_BUNDLE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a bundle of more than %d MiB", GH_BUNDLE_MAX >> 20);
	enum gh_rc rc = gh_jdom_parse(a, json, &v, err);
	return rc == GH_OK ? fill(a, v, out, err) : rc;
}

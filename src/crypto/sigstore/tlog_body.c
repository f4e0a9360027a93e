/* What an entry of Rekor says, by kind and version, compared with the bundle it came in. */
#include "crypto/sigstore/tlog.h"
#include "wire/b64.h"

struct ctx {
	struct gh_arena *a;
	const struct gh_log_subject *s;
	struct gh_err *err;
};

static enum gh_rc differs(struct ctx *c, const char *what)
{
	return gh_fail(c->err, GH_E_DENIED, "the entry is about another %s", what);
}

static enum gh_rc malformed(struct ctx *c, const char *what)
{
	return gh_fail(c->err, GH_E_MALFORMED, "the entry's %s is missing or malformed", what);
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */

/* A digest of the signed bytes. */
static enum gh_rc same_digest(struct ctx *c, enum gh_md md, struct gh_span is)
{
	if (is.n != gh_md_size(md) || memcmp(is.p, c->s->digest[md], is.n) != 0)
		return differs(c, c->s->bundle->has_envelope ? "envelope" : "artifact");
	return GH_OK;
}

/* A digest of the envelope's payload. */
static enum gh_rc same_payload(struct ctx *c, enum gh_md md, struct gh_span is)
{
	uint8_t d[GH_MD_MAX];
	if (!c->s->bundle->has_envelope)
		return differs(c, "kind of content");
	if (!gh_md(md, c->s->bundle->envelope.payload, d))
		return gh_fail(c->err, GH_E_BUG, "a digest could not be made");
	return is.n == gh_md_size(md) && memcmp(is.p, d, is.n) == 0 ? GH_OK : differs(c, "payload");
}

/* {algorithm: "sha256", value: hex} */
static bool hex_digest(struct ctx *c, const struct gh_jval *v, enum gh_md *md, struct gh_span *out)
{
	static const char *const names[] = { "sha256", "sha384", "sha512" };
	const char *alg = gh_jstr(v, "algorithm"), *value = gh_jstr(v, "value");
	uint8_t *p = GH_NEW(c->a, uint8_t, GH_MD_MAX);
	for (unsigned i = 0; alg != NULL && value != NULL && p != NULL && i < 3; i++)
		if (strcmp(alg, names[i]) == 0) {
			*md = (enum gh_md)i;
			*out = (struct gh_span){ p, gh_md_size(*md) };
			return gh_b16_take(gh_span_str(value), p, out->n);
		}
	return false;
}

/* {algorithm: "SHA2_256", digest: base64} */
static bool b64_digest(struct ctx *c, const struct gh_jval *v, enum gh_md *md, struct gh_span *out)
{
	return gh_pj_md(gh_pj_get(v, "algorithm"), md) && gh_pj_b64(c->a, v, "digest", out, NULL);
}

/* The key or certificate of the entry, as PEM or DER, is the one that verifies. */
static enum gh_rc same_verifier(struct ctx *c, struct gh_span is)
{
	gh_auto_certs cert = { .n = 0 };
	gh_auto_key *key = NULL;
	if (c->s->leaf != NULL) {
		if (gh_certs_read(&cert, is, NULL) != GH_OK || cert.n != 1 || !gh_cert_same(cert.v[0], c->s->leaf))
			return differs(c, "certificate");
		return GH_OK;
	}
	if (gh_key_public(is, &key, NULL) != GH_OK || !gh_key_same(key, c->s->key))
		return differs(c, "key");
	return GH_OK;
}

/* {keyDetails, x509Certificate: {rawBytes} | publicKey: {rawBytes}} */
static enum gh_rc same_verifier_v2(struct ctx *c, const struct gh_jval *v)
{
	struct gh_span der;
	const struct gh_jval *x = gh_pj_get(v, "x509Certificate"), *k = gh_pj_get(v, "publicKey");
	if ((x != NULL) == (k != NULL) || !gh_pj_b64(c->a, x != NULL ? x : k, "rawBytes", &der, NULL))
		return malformed(c, "verifier");
	if ((x != NULL) != (c->s->leaf != NULL))
		return differs(c, "kind of key");
	return same_verifier(c, der);
}

static enum gh_rc same_message_signature(struct ctx *c, struct gh_span is)
{
	const struct gh_bundle *b = c->s->bundle;
	struct gh_span want = b->signature;
	if (b->has_envelope) {
		if (b->envelope.n != 1)
			return differs(c, "number of signatures");
		want = b->envelope.sig[0].sig;
	}
	return gh_span_eq(is, want) ? GH_OK : differs(c, "signature");
}

/* One of the envelope's signatures, each taken once. */
static bool take_signature(struct ctx *c, struct gh_span is, bool *taken)
{
	const struct gh_dsse *d = &c->s->bundle->envelope;
	for (size_t i = 0; i < d->n; i++)
		if (!taken[i] && gh_span_eq(d->sig[i].sig, is)) {
			taken[i] = true;
			return true;
		}
	return false;
}

/* Every signature of the list is one of the envelope's, and the other way round. `sig` and `verifier`: names of members;
 * twice: the signature is base64 of base64. */
static enum gh_rc same_signatures(struct ctx *c, const struct gh_jval *list, const char *sig, const char *verifier,
				  bool twice)
{
	bool taken[GH_DSSE_SIGS] = { false };
	const struct gh_bundle *b = c->s->bundle;
	if (!b->has_envelope)
		return differs(c, "kind of content");
	if (list == NULL || list->kind != GH_J_ARRAY || list->n == 0)
		return malformed(c, "list of signatures");
	if (list->n != b->envelope.n)
		return differs(c, "number of signatures");
	for (const struct gh_jval *i = list->first; i != NULL; i = i->next) {
		struct gh_span s, key;
		if (!gh_pj_b64(c->a, i, sig, &s, NULL) || (twice && !gh_b64_take(c->a, s, &s)))
			return malformed(c, "signature");
		if (!take_signature(c, s, taken))
			return differs(c, "signature");
		const struct gh_jval *v = gh_pj_get(i, verifier);
		if (v == NULL)
			return malformed(c, "verifier");
		if (v->kind == GH_J_STRING && !gh_b64_take(c->a, v->text, &key))
			return malformed(c, "verifier");
		enum gh_rc rc = v->kind == GH_J_STRING ? same_verifier(c, key) : same_verifier_v2(c, v);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- kinds ------------------------------------------------------------------------------------------------------- */

static enum gh_rc hashedrekord_001(struct ctx *c, const struct gh_jval *spec)
{
	const struct gh_jval *sig = gh_pj_get(spec, "signature");
	enum gh_md md = GH_MD_SHA256;
	struct gh_span d, s, key;
	if (!hex_digest(c, gh_pj_get(gh_pj_get(spec, "data"), "hash"), &md, &d))
		return malformed(c, "digest");
	if (!gh_pj_b64(c->a, sig, "content", &s, NULL) ||
	    !gh_pj_b64(c->a, gh_pj_get(sig, "publicKey"), "content", &key, NULL))
		return malformed(c, "signature");
	enum gh_rc rc = same_digest(c, md, d);
	rc = rc == GH_OK ? same_message_signature(c, s) : rc;
	return rc == GH_OK ? same_verifier(c, key) : rc;
}

static enum gh_rc dsse_001(struct ctx *c, const struct gh_jval *spec)
{
	enum gh_md md = GH_MD_SHA256;
	struct gh_span d;
	if (!hex_digest(c, gh_pj_get(spec, "payloadHash"), &md, &d))
		return malformed(c, "digest");
	enum gh_rc rc = same_payload(c, md, d);
	return rc == GH_OK ? same_signatures(c, gh_pj_get(spec, "signatures"), "signature", "verifier", false) : rc;
}

static enum gh_rc intoto_002(struct ctx *c, const struct gh_jval *spec)
{
	const struct gh_jval *content = gh_pj_get(spec, "content"), *env = gh_pj_get(content, "envelope");
	const struct gh_jval *type = gh_pj_get(env, "payloadType");
	enum gh_md md = GH_MD_SHA256;
	struct gh_span d;
	if (!hex_digest(c, gh_pj_get(content, "payloadHash"), &md, &d))
		return malformed(c, "digest");
	if (type != NULL && !gh_span_eq(type->text, c->s->bundle->envelope.type))
		return differs(c, "payloadType");
	enum gh_rc rc = same_payload(c, md, d);
	return rc == GH_OK ? same_signatures(c, gh_pj_get(env, "signatures"), "sig", "publicKey", true) : rc;
}

static enum gh_rc hashedrekord_002(struct ctx *c, const struct gh_jval *spec)
{
	const struct gh_jval *v = gh_pj_get(spec, "hashedRekordV002"), *sig = gh_pj_get(v, "signature");
	enum gh_md md = GH_MD_SHA256;
	struct gh_span d, s;
	if (!b64_digest(c, gh_pj_get(v, "data"), &md, &d))
		return malformed(c, "digest");
	if (!gh_pj_b64(c->a, sig, "content", &s, NULL))
		return malformed(c, "signature");
	enum gh_rc rc = same_digest(c, md, d);
	rc = rc == GH_OK ? same_message_signature(c, s) : rc;
	return rc == GH_OK ? same_verifier_v2(c, gh_pj_get(sig, "verifier")) : rc;
}

static enum gh_rc dsse_002(struct ctx *c, const struct gh_jval *spec)
{
	const struct gh_jval *v = gh_pj_get(spec, "dsseV002");
	enum gh_md md = GH_MD_SHA256;
	struct gh_span d;
	if (!b64_digest(c, gh_pj_get(v, "payloadHash"), &md, &d))
		return malformed(c, "digest");
	enum gh_rc rc = same_payload(c, md, d);
	return rc == GH_OK ? same_signatures(c, gh_pj_get(v, "signatures"), "content", "verifier", false) : rc;
}

static const struct {
	const char *kind, *version;
	enum gh_rc (*check)(struct ctx *c, const struct gh_jval *spec);
} kinds[] = {
	{ "hashedrekord", "0.0.1", hashedrekord_001 }, { "dsse", "0.0.1", dsse_001 }, { "intoto", "0.0.2", intoto_002 },
	{ "hashedrekord", "0.0.2", hashedrekord_002 }, { "dsse", "0.0.2", dsse_002 },
};

enum gh_rc gh_log_body(struct gh_arena *a, const struct gh_log_entry *e, const struct gh_log_subject *s,
		       struct gh_err *err)
{
	struct ctx c = { a, s, err };
	const struct gh_jval *v = NULL;
	GH_TRY(gh_jdom_parse(a, e->body, &v, err), err, "the entry's body");
	const char *kind = gh_jstr(v, "kind"), *version = gh_jstr(v, "apiVersion");
	if (kind == NULL || version == NULL)
		return malformed(&c, "kind or version");
	if (!gh_span_is(e->kind, kind) || !gh_span_is(e->version, version))
		return gh_fail(err, GH_E_DENIED, "the entry is of another kind or version than the bundle says");
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(kind, kinds[i].kind) == 0 && strcmp(version, kinds[i].version) == 0)
			return kinds[i].check(&c, gh_pj_get(v, "spec"));
	return gh_fail(err, GH_E_UNREAD, "entries of kind %.30s %.10s are not known here", kind, version);
}

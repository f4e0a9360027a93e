#include "crypto/dsse.h"

#include "wire/b64.h"

void gh_dsse_pae(struct gh_buf *out, struct gh_span type, struct gh_span payload)
{
	gh_buf_fmt(out, "DSSEv1 %zu ", type.n);
	gh_buf_span(out, type);
	gh_buf_fmt(out, " %zu ", payload.n);
	gh_buf_span(out, payload);
}

/* Room for the encoding of this payload. */
static struct gh_buf room(struct gh_span type, struct gh_span payload) { return gh_buf(type.n + payload.n + 64); }

enum gh_rc gh_dsse_sign(const struct gh_key *k, struct gh_span type, struct gh_span payload, struct gh_buf *sig,
			struct gh_err *err)
{
	gh_auto_buf pae = room(type, payload);
	gh_dsse_pae(&pae, type, payload);
	if (pae.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for the payload");
	return gh_key_sign(k, gh_buf_view(&pae), sig, err);
}

enum gh_rc gh_dsse_verify(const struct gh_dsse *d, const struct gh_key *k, struct gh_err *err)
{
	gh_auto_buf pae = room(d->type, d->payload);
	gh_dsse_pae(&pae, d->type, d->payload);
	if (pae.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for the payload");
	for (size_t i = 0; i < d->n; i++)
		if (gh_key_verify(k, gh_buf_view(&pae), d->sig[i].sig, NULL) == GH_OK)
			return GH_OK;
	return gh_fail(err, GH_E_DENIED, "the signature does not match payload and key");
}

static void put_b64(struct gh_buf *out, struct gh_span s)
{
	gh_buf_ch(out, '"');
	gh_b64_put(out, s);
	gh_buf_ch(out, '"');
}

void gh_dsse_write(struct gh_buf *out, struct gh_span type, struct gh_span payload, const struct gh_dsse_sig *sig,
		   size_t n)
{
	gh_buf_str(out, "{\"payload\":");
	put_b64(out, payload);
	gh_buf_str(out, ",\"payloadType\":");
	gh_buf_json(out, type);
	gh_buf_str(out, ",\"signatures\":[");
	for (size_t i = 0; i < n; i++) {
		gh_buf_str(out, i == 0 ? "{\"sig\":" : ",{\"sig\":");
		put_b64(out, sig[i].sig);
		if (sig[i].keyid.n != 0) {
			gh_buf_str(out, ",\"keyid\":");
			gh_buf_json(out, sig[i].keyid);
		}
		gh_buf_ch(out, '}');
	}
	gh_buf_str(out, "]}");
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static bool is_string(const struct gh_jval *v) { return v != NULL && v->kind == GH_J_STRING; }

/* Members that are not on the list would be read by others and not by us. */
static const struct gh_jval *unknown(const struct gh_jval *v, const char *a, const char *b, const char *c)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next)
		if (!gh_span_is(m->key, a) && !gh_span_is(m->key, b) && !gh_span_is(m->key, c))
			return m;
	return NULL;
}

static enum gh_rc one_sig(struct gh_arena *a, const struct gh_jval *v, struct gh_dsse_sig *out, struct gh_err *err)
{
	const struct gh_jval *sig = gh_jget(v, "sig"), *id = gh_jget(v, "keyid");
	if (v->kind != GH_J_OBJECT || unknown(v, "sig", "keyid", "keyid") != NULL)
		return gh_fail(err, GH_E_MALFORMED, "a signature with members other than sig and keyid");
	if (!is_string(sig) || !gh_b64_take(a, sig->text, &out->sig) || out->sig.n == 0)
		return gh_fail(err, GH_E_MALFORMED, "a signature is not base64");
	if (id != NULL && id->kind != GH_J_STRING && id->kind != GH_J_NULL)
		return gh_fail(err, GH_E_MALFORMED, "keyid is no string");
	out->keyid = is_string(id) ? id->text : (struct gh_span){ 0 };
	return GH_OK;
}

enum gh_rc gh_dsse_read_value(struct gh_arena *a, const struct gh_jval *v, struct gh_dsse *out, struct gh_err *err)
{
	*out = (struct gh_dsse){ 0 };
	if (v == NULL || v->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "the envelope is no object");
	const struct gh_jval *odd = unknown(v, "payload", "payloadType", "signatures");
	const struct gh_jval *type = gh_jget(v, "payloadType"), *payload = gh_jget(v, "payload");
	const struct gh_jval *sigs = gh_jget(v, "signatures");
	if (odd != NULL)
		return gh_fail(err, GH_E_MALFORMED, "an envelope has no member \"%.40s\"", (const char *)odd->key.p);
	if (!is_string(type) || type->text.n == 0)
		return gh_fail(err, GH_E_MALFORMED, "the envelope has no payloadType");
	if (!is_string(payload) || !gh_b64_take(a, payload->text, &out->payload))
		return gh_fail(err, GH_E_MALFORMED, "the envelope's payload is missing, or not base64");
	if (sigs == NULL || sigs->kind != GH_J_ARRAY || sigs->n == 0)
		return gh_fail(err, GH_E_MALFORMED, "the envelope has no signature");
	if (sigs->n > GH_DSSE_SIGS)
		return gh_fail(err, GH_E_LIMIT, "more than %d signatures", GH_DSSE_SIGS);
	for (const struct gh_jval *s = sigs->first; s != NULL; s = s->next)
		GH_TRY(one_sig(a, s, &out->sig[out->n++], err), err, "signature %zu", out->n);
	out->type = type->text;
	return GH_OK;
}

enum gh_rc gh_dsse_read(struct gh_arena *a, struct gh_span json, struct gh_dsse *out, struct gh_err *err)
{
	const struct gh_jval *v = NULL;
	*out = (struct gh_dsse){ 0 };
	GH_TRY(gh_jdom_parse(a, json, &v, err), err, "envelope");
	return gh_dsse_read_value(a, v, out, err);
}

/* What a leaf of Fulcio says about its signer: subject alternative names, and the issuer of the identity token. */
#include "crypto/x509chain.h"
#include "wire/der.h"

enum { SAN_OTHER = GH_DER_CONTEXT + 0, SAN_EMAIL = GH_DER_CONTEXT_P + 1, SAN_URI = GH_DER_CONTEXT_P + 6 };
static const char oid_san[] = "2.5.29.17", oid_issuer_v1[] = "1.3.6.1.4.1.57264.1.1",
		  oid_issuer_v2[] = "1.3.6.1.4.1.57264.1.8", oid_other[] = "1.3.6.1.4.1.57264.1.7";

/* OtherName: a type, and [0] EXPLICIT of a UTF8String. Empty: another type. */
static struct gh_span other_name(struct gh_span body)
{
	struct gh_rd r = gh_rd(body);
	struct gh_span type = gh_der_take(&r, GH_DER_OID, NULL);
	struct gh_rd in = gh_der_enter(&r, GH_DER_CONTEXT);
	if (!gh_der_is_oid(type, oid_other))
		return (struct gh_span){ 0 };
	struct gh_span name = gh_der_take(&in, GH_DER_UTF8, NULL);
	return gh_der_done(&in) && gh_der_done(&r) ? name : (struct gh_span){ 0 };
}

static enum gh_rc alternative_names(struct gh_span ext, struct gh_arena *a, struct gh_cert_names *out,
				    struct gh_err *err)
{
	struct gh_rd r = gh_rd(ext);
	struct gh_rd list = gh_der_enter(&r, GH_DER_SEQUENCE);
	while (gh_rd_left(&list) != 0) {
		unsigned tag = 0;
		struct gh_span body = gh_der_any(&list, &tag, NULL), name = { 0 };
		if (tag == SAN_EMAIL || tag == SAN_URI)
			name = body;
		else if (tag == SAN_OTHER)
			name = other_name(body);
		if (name.n == 0)
			continue;
		if (out->nsan == sizeof out->san / sizeof out->san[0])
			return gh_fail(err, GH_E_LIMIT, "the certificate has too many alternative names");
		out->san[out->nsan] = gh_keep(a, name);
		if (out->san[out->nsan++].p == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for names");
	}
	if (!gh_der_done(&list) || !gh_der_done(&r))
		return gh_fail(err, GH_E_MALFORMED, "the certificate's alternative names are malformed");
	return GH_OK;
}

enum gh_rc gh_cert_names(const struct gh_cert *c, struct gh_arena *a, struct gh_cert_names *out, struct gh_err *err)
{
	*out = (struct gh_cert_names){ 0 };
	struct gh_span san = gh_cert_extension(c, oid_san), old = gh_cert_extension(c, oid_issuer_v1),
		       new = gh_cert_extension(c, oid_issuer_v2), issuer = old;
	if (san.n != 0)
		GH_TRY(alternative_names(san, a, out, err), err, "names");
	if (new.n != 0) {
		struct gh_rd r = gh_rd(new);
		issuer = gh_der_take(&r, GH_DER_UTF8, NULL);
		if (!gh_der_done(&r))
			return gh_fail(err, GH_E_MALFORMED, "the certificate's issuer extension is malformed");
		out->contradict = old.n != 0 && !gh_span_eq(old, issuer);
	}
	if (issuer.n != 0) {
		out->issuer = gh_keep(a, issuer);
		if (out->issuer.p == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for names");
	}
	return GH_OK;
}

#include "attest/cose.h"

#include "wire/cbor.h"

enum { LABEL_ALG = 1 };

/* The protected header: a map of one entry, the algorithm. More is allowed by the RFC, and signed; what it means would have to
 * be known, so it is not read. */
static enum gh_rc protected_header(struct gh_span s, int64_t *alg, struct gh_err *err)
{
	struct gh_rd r = gh_rd(s);
	uint64_t n = gh_cbor_count(&r, GH_CBOR_MAP);
	struct gh_cbor label = { 0 }, v = { 0 };
	if (!r.bad && n == 1) {
		label = gh_cbor_next(&r);
		v = gh_cbor_next(&r);
	}
	if (!gh_rd_done(&r))
		return gh_fail(err, n > 1 && !r.bad ? GH_E_UNREAD : GH_E_MALFORMED, "%s",
			       n > 1 && !r.bad ? "a protected header with more than the algorithm"
					       : "a malformed protected header");
	if (label.kind != GH_CBOR_UINT || label.value != LABEL_ALG ||
	    (v.kind != GH_CBOR_NINT && v.kind != GH_CBOR_UINT) || v.value > INT32_MAX)
		return gh_fail(err, GH_E_UNREAD, "a protected header that does not name the algorithm");
	*alg = v.kind == GH_CBOR_NINT ? -1 - (int64_t)v.value : (int64_t)v.value;
	return GH_OK;
}

enum gh_rc gh_cose_sign1_read(struct gh_span s, struct gh_cose_sign1 *out, struct gh_err *err)
{
	struct gh_rd r = gh_rd(s);
	*out = (struct gh_cose_sign1){ 0 };
	if (gh_cbor_peek(&r) == GH_CBOR_TAG && gh_cbor_count(&r, GH_CBOR_TAG) != GH_COSE_TAG)
		return gh_fail(err, GH_E_MALFORMED, "tagged as something else than COSE_Sign1");
	if (gh_cbor_count(&r, GH_CBOR_ARRAY) != 4 || r.bad)
		return gh_fail(err, GH_E_MALFORMED, "not COSE_Sign1: no array of four");
	out->protected_ = gh_cbor_string(&r, GH_CBOR_BYTES);
	/* What is in the unprotected header nobody signed. */
	if (gh_cbor_count(&r, GH_CBOR_MAP) != 0 && !r.bad)
		return gh_fail(err, GH_E_UNREAD, "an unprotected header that is not empty");
	out->payload = gh_cbor_string(&r, GH_CBOR_BYTES);
	out->signature = gh_cbor_string(&r, GH_CBOR_BYTES);
	if (r.bad)
		return gh_fail(err, GH_E_MALFORMED, "not COSE_Sign1, or cut off near byte %zu", r.off);
	if (!gh_rd_done(&r))
		return gh_fail(err, GH_E_MALFORMED, "%zu bytes stand behind the signed object", gh_rd_left(&r));
	return protected_header(out->protected_, &out->alg, err);
}

static void put_bytes(struct gh_buf *b, struct gh_span s)
{
	unsigned width = s.n < 24 ? 0 : s.n <= UINT8_MAX ? 1 : s.n <= UINT16_MAX ? 2 : 4;
	unsigned info = width == 0 ? (unsigned)s.n : width == 1 ? 24 : width == 2 ? 25 : 26;
	gh_buf_ch(b, (char)(uint8_t)((unsigned)GH_CBOR_BYTES << 5 | info));
	for (unsigned i = width; i > 0; i--)
		gh_buf_ch(b, (char)(uint8_t)(s.n >> (8 * (i - 1))));
	gh_buf_span(b, s);
}

void gh_cose_sign1_message(const struct gh_cose_sign1 *c, struct gh_buf *out)
{
	static const char context[] = "\x84\x6aSignature1";
	gh_buf_put(out, context, sizeof context - 1);
	put_bytes(out, c->protected_);
	put_bytes(out, (struct gh_span){ 0 });
	put_bytes(out, c->payload);
}

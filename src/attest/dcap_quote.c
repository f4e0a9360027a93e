#include "attest/dcap_quote.h"

enum { HEADER = 48, KEY_P256 = 2, TEE_SGX = 0, TEE_TDX = 0x81, PAIR = 64 };

static const uint8_t intel_qe[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
				      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };

static bool zero(struct gh_span s)
{
	uint8_t any = 0;
	for (size_t i = 0; i < s.n; i++)
		any |= s.p[i];
	return any == 0;
}

bool gh_sgx_report_read(struct gh_span body, struct gh_sgx_report *out)
{
	struct gh_rd r = gh_rd(body);
	bool reserved = true;
	*out = (struct gh_sgx_report){ .all = body };
	out->cpusvn = gh_rd_take(&r, 16);
	out->miscselect = gh_rd_u32le(&r);
	reserved = zero(gh_rd_take(&r, 12)) && reserved;
	out->ext_prod_id = gh_rd_take(&r, 16);
	out->attributes = gh_rd_take(&r, 16);
	out->mrenclave = gh_rd_take(&r, 32);
	reserved = zero(gh_rd_take(&r, 32)) && reserved;
	out->mrsigner = gh_rd_take(&r, 32);
	reserved = zero(gh_rd_take(&r, 32)) && reserved;
	out->config_id = gh_rd_take(&r, 64);
	out->isvprodid = gh_rd_u16le(&r);
	out->isvsvn = gh_rd_u16le(&r);
	out->configsvn = gh_rd_u16le(&r);
	reserved = zero(gh_rd_take(&r, 42)) && reserved;
	out->family_id = gh_rd_take(&r, 16);
	out->report_data = gh_rd_take(&r, 64);
	return gh_rd_done(&r) && reserved;
}

static bool td_report(struct gh_span body, bool td15, struct gh_td_report *t)
{
	struct gh_rd r = gh_rd(body);
	t->tee_tcb_svn = gh_rd_take(&r, GH_DCAP_SVNS);
	t->mrseam = gh_rd_take(&r, 48);
	t->mrsignerseam = gh_rd_take(&r, 48);
	t->seam_attributes = gh_rd_take(&r, 8);
	t->attributes = gh_rd_take(&r, 8);
	t->xfam = gh_rd_take(&r, 8);
	t->mrtd = gh_rd_take(&r, 48);
	t->mrconfigid = gh_rd_take(&r, 48);
	t->mrowner = gh_rd_take(&r, 48);
	t->mrownerconfig = gh_rd_take(&r, 48);
	for (size_t i = 0; i < 4; i++)
		t->rtmr[i] = gh_rd_take(&r, 48);
	t->report_data = gh_rd_take(&r, 64);
	if (td15) {
		t->tee_tcb_svn2 = gh_rd_take(&r, GH_DCAP_SVNS);
		t->mrservicetd = gh_rd_take(&r, 48);
	}
	return gh_rd_done(&r);
}

static enum gh_rc header(struct gh_rd *r, struct gh_dcap_quote *q, uint32_t *tee, struct gh_err *err)
{
	struct gh_rd h = gh_rd(gh_rd_take(r, HEADER));
	if (r->bad)
		return gh_fail(err, GH_E_MALFORMED, "%zu bytes are no quote", r->s.n);
	q->version = gh_rd_u16le(&h);
	unsigned key = gh_rd_u16le(&h);
	*tee = gh_rd_u32le(&h);
	gh_rd_take(
		&h,
		4); /* version 3: SVNs of the enclaves that quote, as certificates state them better; else reserved */
	q->qe_vendor = gh_rd_take(&h, 16);
	q->user_data = gh_rd_take(&h, 20);
	if (q->version < 3 || q->version > 5)
		return gh_fail(err, GH_E_UNREAD, "quote version %u (3, 4 and 5 are known)", q->version);
	if (key != KEY_P256)
		return gh_fail(err, GH_E_UNREAD, "attestation key type %u (2, ECDSA P-256, is known)", key);
	if (memcmp(q->qe_vendor.p, intel_qe, sizeof intel_qe) != 0)
		return gh_fail(err, GH_E_UNREAD, "the quoting enclave is not Intel's");
	if (*tee != TEE_SGX && *tee != TEE_TDX)
		return gh_fail(err, GH_E_UNREAD, "TEE type %#x (0, SGX, and 0x81, TDX, are known)", (unsigned)*tee);
	if (q->version == 3 && *tee != TEE_SGX)
		return gh_fail(err, GH_E_MALFORMED, "a quote of version 3 that is not SGX");
	return GH_OK;
}

static enum gh_rc body(struct gh_rd *r, struct gh_dcap_quote *q, uint32_t tee, struct gh_err *err)
{
	static const uint16_t sizes[] = { 0, GH_DCAP_SGX_BODY, GH_DCAP_TD10_BODY, GH_DCAP_TD15_BODY };
	unsigned type = tee == TEE_SGX ? GH_DCAP_SGX : GH_DCAP_TD10;
	if (q->version == 5) {
		type = gh_rd_u16le(r);
		uint32_t size = gh_rd_u32le(r);
		if (r->bad || type < GH_DCAP_SGX || type > GH_DCAP_TD15 || size != sizes[type])
			return gh_fail(err, GH_E_MALFORMED, "a body of type %u and %u bytes", type, (unsigned)size);
		if ((type == GH_DCAP_SGX) != (tee == TEE_SGX))
			return gh_fail(err, GH_E_MALFORMED, "TEE type %#x with a body of type %u", (unsigned)tee, type);
	}
	struct gh_span b = gh_rd_take(r, sizes[type]);
	if (r->bad)
		return gh_fail(err, GH_E_MALFORMED, "the quote ends within its report");
	q->body = (enum gh_dcap_body)type;
	q->covered = gh_span_cut(r->s, 0, r->off);
	if (!(type == GH_DCAP_SGX ? gh_sgx_report_read(b, &q->sgx) : td_report(b, type == GH_DCAP_TD15, &q->td)))
		return gh_fail(err, GH_E_MALFORMED, "reserved bytes of the report are not zero");
	return GH_OK;
}

/* The quoting enclave's report, who certifies it, and nothing behind. */
static enum gh_rc qe_data(struct gh_rd *r, struct gh_dcap_quote *q, struct gh_err *err)
{
	struct gh_span qe = gh_rd_take(r, GH_DCAP_SGX_BODY);
	q->qe_signature = gh_rd_take(r, PAIR);
	q->qe_auth = gh_rd_take(r, gh_rd_u16le(r));
	q->cert_type = gh_rd_u16le(r);
	q->cert = gh_rd_take(r, gh_rd_u32le(r));
	if (!gh_rd_done(r))
		return gh_fail(err, GH_E_MALFORMED, "the lengths within the signature data do not add up");
	if (q->cert_type < 1 || q->cert_type > GH_DCAP_CERT_PCK)
		return gh_fail(err, GH_E_UNREAD, "certification data of type %u (1 to 5 are known)", q->cert_type);
	if (!gh_sgx_report_read(qe, &q->qe))
		return gh_fail(err, GH_E_MALFORMED, "reserved bytes of the quoting enclave's report are not zero");
	return GH_OK;
}

enum gh_rc gh_dcap_quote_read(struct gh_span s, struct gh_dcap_quote *q, struct gh_err *err)
{
	struct gh_rd r = gh_rd(s);
	uint32_t tee = 0;
	*q = (struct gh_dcap_quote){ 0 };
	GH_TRY(header(&r, q, &tee, err), err, "quote");
	GH_TRY(body(&r, q, tee, err), err, "quote");
	struct gh_span data = gh_rd_take(&r, gh_rd_u32le(&r));
	if (r.bad)
		return gh_fail(err, GH_E_MALFORMED, "the quote ends within its signature data");
	q->padding = gh_rd_take(&r, gh_rd_left(&r));
	q->dirty = !zero(q->padding);
	struct gh_rd d = gh_rd(data);
	q->signature = gh_rd_take(&d, PAIR);
	q->key = gh_rd_take(&d, PAIR);
	if (q->version >= 4) { /* the rest lies in certification data of its own */
		unsigned type = gh_rd_u16le(&d);
		struct gh_span in = gh_rd_take(&d, gh_rd_u32le(&d));
		if (!gh_rd_done(&d) || type != GH_DCAP_QE_REPORT)
			return gh_fail(err, GH_E_MALFORMED,
				       "the signature data does not hold a quoting enclave's report");
		d = gh_rd(in);
	}
	return qe_data(&d, q, err);
}

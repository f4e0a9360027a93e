#include "attest/dcap_qe.h"

#include "crypto/ecraw.h"

enum { KEY = 64, AUTH_MAX = 65535 };

static bool bound(const struct gh_dcap_quote *q)
{
	uint8_t d[GH_MD_MAX];
	gh_auto_buf b = gh_buf(KEY + AUTH_MAX);
	gh_buf_span(&b, q->key);
	gh_buf_span(&b, q->qe_auth);
	return !b.full && gh_md(GH_MD_SHA256, gh_buf_view(&b), d) &&
	       gh_attest_bound(q->qe.report_data, (struct gh_span){ d, 32 });
}

void gh_dcap_signatures(const struct gh_dcap_quote *q, const struct gh_key *pck, struct gh_attest_result *r)
{
	gh_auto_key *key = NULL;
	struct gh_err e = { 0 };
	if (pck != NULL)
		gh_attest_test(r, "qe_signature", gh_ec_verify(pck, q->qe.all, q->qe_signature, &e) == GH_OK,
			       "the platform's certified key signed the quoting enclave's report",
			       "the platform's certified key did not sign the quoting enclave's report");
	gh_attest_test(r, "qe_binding", bound(q), "the quoting enclave vouches for the key that signed the quote",
		       "the quoting enclave's report is not about the key that signed the quote");
	bool ok = gh_ec_point(GH_KEY_P256, q->key, &key, &e) == GH_OK &&
		  gh_ec_verify(key, q->covered, q->signature, &e) == GH_OK;
	gh_attest_test(r, "quote_signature", ok, "the attestation key signed header and report",
		       "the attestation key did not sign this quote");
}

static bool masked(const uint8_t *have, const uint8_t *mask, const uint8_t *want, size_t n)
{
	bool same = true;
	for (size_t i = 0; i < n; i++)
		same = same && (have[i] & mask[i]) == want[i];
	return same;
}

const struct gh_dcap_level *gh_dcap_qe_level(const struct gh_sgx_report *qe, const struct gh_dcap_identity *id,
					     struct gh_attest_result *r)
{
	uint8_t misc[4];
	const char *why = NULL;
	for (unsigned i = 0; i < 4; i++)
		misc[i] = (uint8_t)(qe->miscselect >> (8 * i));
	if (!masked(misc, id->misc_mask, id->miscselect, sizeof misc))
		why = "MISCSELECT";
	else if (!masked(qe->attributes.p, id->attr_mask, id->attributes, sizeof id->attributes))
		why = "ATTRIBUTES";
	else if (memcmp(qe->mrsigner.p, id->mrsigner, sizeof id->mrsigner) != 0)
		why = "MRSIGNER";
	else if (qe->isvprodid != id->isvprodid)
		why = "ISVPRODID";
	if (why != NULL) {
		gh_attest_check(r, "qe_enclave", GH_AT_FAIL, "%s of the quoting enclave is not what Intel says", why);
		return NULL;
	}
	const struct gh_dcap_level *l = gh_dcap_isv_level(&id->levels, qe->isvsvn);
	if (l == NULL)
		gh_attest_check(r, "qe_enclave", GH_AT_FAIL,
				"version %u of the quoting enclave is below all that Intel knows", qe->isvsvn);
	else
		gh_attest_check(r, "qe_enclave", GH_AT_PASS, "Intel's, version %u: %s", qe->isvsvn,
				gh_dcap_status_word(l->status));
	return l;
}

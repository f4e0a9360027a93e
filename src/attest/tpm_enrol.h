/* tpm_enrol.h - records of enrolment: this attestation key (AK) lives in the same TPM as the endorsement key (EK) of that
 * certificate. Whoever enrols challenges the TPM once by credential activation (`gatehouse attest challenge|activate|enrol`; TPM 2.0
 * Library, part 1, section 24) and signs what came out; from then on quotes of that AK are those of that TPM.
 *
 * A record is a JSON object { "gatehouse_tpm_enrolment": 1, "enrolled_by": PEM, "envelope": {…} }. The envelope is DSSE over
 * { "ak": HEX of TPM2B_PUBLIC, "ek_certificate": BASE64 of DER, "ek_chain": [BASE64, …], "enrolled": RFC 3339 }. It may travel with the
 * evidence: what makes it count is that the policy names the key that signed it ("enrolled_by"). */
#ifndef GH_ATTEST_TPM_ENROL_H
#define GH_ATTEST_TPM_ENROL_H
#include "attest/attest.h"
#include "base/buf.h"
#include "crypto/pubkey.h"

#define GH_TPM_ENROL_TYPE "application/vnd.gatehouse.tpm-enrolment+json"
enum { GH_TPM_EK_CHAIN = 8, GH_TPM_ENROL_MAX = 256 << 10 };

struct gh_tpm_enrolment {
	struct gh_span ak;	  /* TPM2B_PUBLIC, in the arena */
	enum gh_attest_class cls; /* GH_AC_TPM: the EK's certificate leads to a pinned vendor; else GH_AC_SOFTWARE */
};
bool gh_tpm_enrolment_is(struct gh_span b);
/* The record among the endorsements, if there is one: checks "enrolment" (form, signature, the policy's word), "ek_certificate" (a
 * certificate of an endorsement key) and "ek_chain" (to a vendor's pinned root, valid at that time), claims "ek_subject" and
 * "enrolled". False: there is none that counts; the checks say why, when one was given. */
bool gh_tpm_enrolment(const struct gh_attest_question *q, struct gh_attest_result *r, struct gh_tpm_enrolment *out);

/* Is it a certificate of an endorsement key (TCG EK Credential Profile, section 3.2)? NULL: yes. Its key goes to *key, the caller's. */
const char *gh_tpm_ek_certificate(struct gh_span der, struct gh_key **key);

/* Append a record. chain: certificates above the EK's, DER. GH_E_NOMEM, errors of signing. */
enum gh_rc gh_tpm_enrolment_write(struct gh_buf *out, const struct gh_key *by, struct gh_span ak, struct gh_span ek,
				  const struct gh_span *chain, size_t nchain, int64_t at, struct gh_err *err);

/* Rows of a policy. */
#define GH_TPM_ENROL_KEYS \
	{ "enrolled_by", GH_AT_HEX, 32, \
	  "keys whose records of enrolment count, SHA-256 of their SubjectPublicKeyInfo (none)" }, \
		{ "ak_name", GH_AT_HEX, 0, "attestation keys that are allowed, by their TPM names (any)" }
#endif

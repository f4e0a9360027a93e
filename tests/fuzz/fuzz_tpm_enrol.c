/* What a machine with a TPM sends to be enrolled: public areas, challenges, certificates of endorsement keys, records. The input: u16
 * (little-endian) length of an attestation key's area, the area, the rest is a certificate. It is read as each of them, and signed into
 * a record by a key that the policy trusts, so that all behind the signature is reached. No quote answers, so nothing may be accepted. */
#include "attest/tpm_enrol.h"
#include "attest/tpm_public.h"
#include "crypto/tpmcred.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gh_key *enroller(void)
{
	static const uint8_t seed[GH_KEY_RAW] = { 1, 2, 3 };
	static struct gh_key *k;
	if (k == NULL)
		k = gh_key_ed25519(seed);
	return k;
}

static void policy(char out[128])
{
	uint8_t id[32];
	size_t n = (size_t)snprintf(out, 128, "enrolled_by: [\"");
	if (!gh_key_id(enroller(), id))
		abort();
	for (size_t i = 0; i < 32; i++)
		n += (size_t)snprintf(out + n, 128 - n, "%02x", id[i]);
	(void)snprintf(out + n, 128 - n, "\"]\n");
}

static void record(struct gh_span ak, struct gh_span ek, struct gh_span raw)
{
	static struct gh_attest_result r;
	static const uint8_t quote[] = { 0xff, 0x54, 0x43, 0x47, 0x80, 0x18, 0, 0, 0, 0 };
	gh_auto_arena a = { .max = (size_t)16 << 20 };
	gh_auto_buf rec = gh_buf(GH_TPM_ENROL_MAX);
	char text[128];
	struct gh_tpm_enrolment e;
	policy(text);
	if (gh_tpm_enrolment_write(&rec, enroller(), ak, ek, &ek, 1, 1735689600, NULL) != GH_OK)
		return;
	const struct gh_attest_file f[2] = { { GH_SPAN("record"), gh_buf_view(&rec) }, { GH_SPAN("raw"), raw } };
	struct gh_attest_question q = { .evidence = { quote, sizeof quote },
					.endorsement = f,
					.nendorsement = 2,
					.nonce = GH_SPAN("no quote holds this one"),
					.at = 1735689600 };
	if (gh_attest_policy_read(&a, gh_span_str(text), gh_attest_kind("tpm"), &q.policy, NULL) != GH_OK)
		abort();
	if (gh_attest_appraise(gh_attest_kind("tpm"), &q, &a, &r) == GH_ATTEST_ACCEPTED)
		abort();
	r = (struct gh_attest_result){ .arena = &a, .kind = gh_attest_kind("tpm"), .prefix = "" };
	if (gh_tpm_enrolment(&q, &r, &e) && e.cls != GH_AC_SOFTWARE && gh_span_starts(raw, "no vendor signed this"))
		abort();
	q.endorsement = f + 1; /* the bytes themselves as a record */
	q.nendorsement = 1;
	(void)gh_tpm_enrolment(&q, &r, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gh_span all = { data, size }, id, secret;
	struct gh_rd rd = gh_rd(all);
	struct gh_span ak = gh_rd_take(&rd, gh_rd_u16le(&rd)), ek = gh_span_cut(all, rd.off, size);
	struct gh_tpm_public p;
	gh_auto_key *key = NULL, *of = NULL;
	if (gh_tpm_public_is(all) && gh_tpm_public_read(all, &p) == NULL) {
		(void)gh_tpm_public_attests(&p);
		(void)!gh_tpm_public_key(&p, &key, NULL);
	}
	if (gh_tpm_credential_open(all, &id, &secret) && id.n + secret.n + 12 != size)
		abort();
	if (rd.bad || ak.n > 4096 || ek.n > 16384)
		return 0;
	(void)gh_tpm_ek_certificate(ek, &of);
	record(ak, ek, all);
	return 0;
}

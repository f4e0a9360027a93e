#include "runtime/tpm_host.h"

#include "crypto/tpmcred.h"
#include "runtime/tss.h"

#include <string.h>

/* TCG EK Credential Profile, section 2.2.1.4: handles of the certificates. */
enum { CERT_RSA = 0x01c00002, CERT_ECC = 0x01c0000a, CHUNK = 512 };

/* One NV index, all of it; empty when the TPM has none of that number. */
static enum gh_rc read_index(struct gh_tss *t, uint32_t index, struct gh_arena *a, struct gh_span *out,
			     struct gh_err *err)
{
	ESYS_TR nv = ESYS_TR_NONE;
	TPM2B_NV_PUBLIC *pub = NULL;
	*out = (struct gh_span){ 0 };
	if (t->Esys_TR_FromTPMPublic(t->ctx, index, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &nv) != TSS2_RC_SUCCESS)
		return GH_OK;
	TSS2_RC rc = t->Esys_NV_ReadPublic(t->ctx, nv, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pub, NULL);
	size_t size = rc == TSS2_RC_SUCCESS ? pub->nvPublic.dataSize : 0, n = 0;
	uint8_t *room = size == 0 || size > GH_TPM_HOST_CERT ? NULL : gh_alloc(a, size, 1);
	while (rc == TSS2_RC_SUCCESS && room != NULL && n < size) {
		TPM2B_MAX_NV_BUFFER *part = NULL;
		uint16_t want = (uint16_t)(size - n < CHUNK ? size - n : CHUNK);
		rc = t->Esys_NV_Read(t->ctx, nv, nv, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, want, (uint16_t)n,
				     &part);
		if (rc == TSS2_RC_SUCCESS && part->size != want)
			rc = TSS2_ESYS_RC_GENERAL_FAILURE;
		if (rc == TSS2_RC_SUCCESS)
			memcpy(room + n, part->buffer, want);
		n += want;
		if (part != NULL)
			t->Esys_Free(part);
	}
	if (pub != NULL)
		t->Esys_Free(pub);
	(void)t->Esys_TR_Close(t->ctx, &nv);
	if (rc == TSS2_RC_SUCCESS && room != NULL)
		*out = (struct gh_span){ room, size };
	return gh_tss_said(rc, "the endorsement key's certificate", err);
}

/* Makers leave room behind it: what DER says is its length counts (SEQUENCE, two bytes of length). */
static struct gh_span trimmed(struct gh_span s)
{
	size_t n = s.n > 4 && s.p[0] == 0x30 && s.p[1] == 0x82 ? 4 + (size_t)(s.p[2] << 8 | s.p[3]) : s.n;
	return gh_span_cut(s, 0, n);
}

/* The certificate decides which of the two endorsement keys it is; ECC first. */
static enum gh_rc certificate(struct gh_tss *t, struct gh_arena *a, struct gh_span *out, bool *rsa, struct gh_err *err)
{
	*rsa = false;
	GH_TRY(read_index(t, CERT_ECC, a, out, err), err, "identity");
	if (out->n == 0) {
		GH_TRY(read_index(t, CERT_RSA, a, out, err), err, "identity");
		*rsa = out->n != 0;
	}
	*out = trimmed(*out);
	return GH_OK;
}

enum gh_rc gh_tpm_identity(const char *tcti, struct gh_arena *a, struct gh_tpm_identity *out, struct gh_err *err)
{
	gh_auto_tss t = { 0 };
	ESYS_TR key = ESYS_TR_NONE;
	bool rsa = false;
	memset(out, 0, sizeof *out);
	GH_TRY(gh_tss_open(&t, tcti, err), err, "identity");
	GH_TRY(certificate(&t, a, &out->ek_certificate, &rsa, err), err, "identity");
	GH_TRY(gh_tss_ek(&t, rsa, &key, a, &out->ek, err), err, "identity");
	gh_tss_drop(&t, &key);
	GH_TRY(gh_tss_ak(&t, &key, a, &out->ak, err), err, "identity");
	gh_tss_drop(&t, &key);
	return GH_OK;
}

/* The endorsement key is used under PolicySecret of its hierarchy (EK Credential Profile, policy A). */
static TSS2_RC policy(struct gh_tss *t, ESYS_TR *session)
{
	static const TPMT_SYM_DEF none = { .algorithm = TPM2_ALG_NULL };
	TSS2_RC rc = t->Esys_StartAuthSession(t->ctx, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					      ESYS_TR_NONE, NULL, TPM2_SE_POLICY, &none, TPM2_ALG_SHA256, session);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_PolicySecret(t->ctx, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD, ESYS_TR_NONE,
					  ESYS_TR_NONE, NULL, NULL, NULL, 0, NULL, NULL);
	return rc;
}

enum gh_rc gh_tpm_activate(const char *tcti, struct gh_span challenge, uint8_t secret[32], struct gh_err *err)
{
	gh_auto_tss t = { 0 };
	TPM2B_ID_OBJECT id = { 0 };
	TPM2B_ENCRYPTED_SECRET enc = { 0 };
	TPM2B_DIGEST *got = NULL;
	ESYS_TR ak = ESYS_TR_NONE, ek = ESYS_TR_NONE, session = ESYS_TR_NONE;
	struct gh_span a, b;
	if (!gh_tpm_credential_open(challenge, &a, &b) || a.n > sizeof id.credential || b.n > sizeof enc.secret)
		return gh_fail(err, GH_E_MALFORMED, "it is no challenge");
	id.size = (uint16_t)a.n;
	memcpy(id.credential, a.p, a.n);
	enc.size = (uint16_t)b.n;
	memcpy(enc.secret, b.p, b.n);
	GH_TRY(gh_tss_open(&t, tcti, err), err, "challenge");
	bool rsa = b.n == 256; /* the ciphertext of a 2048-bit key; a point of P-256 has 68 bytes */
	enum gh_rc rc = gh_tss_ak(&t, &ak, NULL, NULL, err);
	rc = rc == GH_OK ? gh_tss_ek(&t, rsa, &ek, NULL, NULL, err) : rc;
	if (rc == GH_OK) {
		TSS2_RC said = policy(&t, &session);
		if (said == TSS2_RC_SUCCESS)
			said = t.Esys_ActivateCredential(t.ctx, ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &id,
							 &enc, &got);
		if (said != TSS2_RC_SUCCESS && (said & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER)
			rc = gh_fail(err, GH_E_DENIED,
				     "the TPM refuses the challenge (code 0x%x): it is for another TPM or key, or was "
				     "altered",
				     said);
		else
			rc = gh_tss_said(said, "the challenge", err);
	}
	if (rc == GH_OK && got->size != 32)
		rc = gh_fail(err, GH_E_DENIED, "the challenge holds a secret of %u bytes", got->size);
	if (rc == GH_OK)
		memcpy(secret, got->buffer, 32);
	if (got != NULL)
		t.Esys_Free(got);
	gh_tss_drop(&t, &session);
	gh_tss_drop(&t, &ek);
	gh_tss_drop(&t, &ak);
	return rc;
}

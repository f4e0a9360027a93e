/* The TPM as a way to open the root key (TPM 2.0 Library, part 3: TPM2_Create, TPM2_Unseal, TPM2_PolicyPCR).
 *
 * 32 random bytes are sealed under a primary key of the owner hierarchy that the TPM derives anew each time from its own seed:
 * nothing is stored in the TPM, and no other TPM can load the sealed object. Sessions are salted with the primary key and
 * encrypt what travels, so that a probe on the bus sees nothing. With PCRs the object opens only while they are as they were
 * when it was made.
 *
 * The library is loaded when a TPM was named on the role's command line, and by no other vault. */
#include <dlfcn.h>
#include <stdlib.h>
#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#include "crypto/secret.h"
#include "daemon/vault_int.h"

#define FUNCTIONS(X) \
	X(esys, Esys_Initialize) \
	X(esys, Esys_Finalize) \
	X(esys, Esys_CreatePrimary) \
	X(esys, Esys_Create) \
	X(esys, Esys_Load) \
	X(esys, Esys_Unseal) \
	X(esys, Esys_FlushContext) \
	X(esys, Esys_StartAuthSession) \
	X(esys, Esys_TRSess_SetAttributes) \
	X(esys, Esys_PolicyPCR) \
	X(esys, Esys_PolicyGetDigest) \
	X(esys, Esys_Free) \
	X(mu, Tss2_MU_TPM2B_PUBLIC_Marshal) \
	X(mu, Tss2_MU_TPM2B_PUBLIC_Unmarshal) \
	X(mu, Tss2_MU_TPM2B_PRIVATE_Marshal) \
	X(mu, Tss2_MU_TPM2B_PRIVATE_Unmarshal) \
	X(tctildr, Tss2_TctiLdr_Initialize) \
	X(tctildr, Tss2_TctiLdr_Finalize)

struct gh_vd_tpm {
	void *esys, *mu, *tctildr; /* libraries */
#define GH_X(lib, name) __typeof__(&name) name;
	FUNCTIONS(GH_X)
#undef GH_X
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *ctx;
};

static bool load(struct gh_vd_tpm *t)
{
	t->esys = dlopen("libtss2-esys.so.0", RTLD_NOW | RTLD_LOCAL);
	t->mu = dlopen("libtss2-mu.so.0", RTLD_NOW | RTLD_LOCAL);
	t->tctildr = dlopen("libtss2-tctildr.so.0", RTLD_NOW | RTLD_LOCAL);
	if (t->esys == NULL || t->mu == NULL || t->tctildr == NULL)
		return false;
#define GH_X(lib, name) \
	*(void **)(&t->name) = dlsym(t->lib, #name); \
	if (t->name == NULL) \
		return false;
	FUNCTIONS(GH_X)
#undef GH_X
	return true;
}

void gh_vd_tpm_close(struct gh_vaultd *v)
{
	struct gh_vd_tpm *t = v->esys;
	if (t == NULL)
		return;
	if (t->ctx != NULL)
		t->Esys_Finalize(&t->ctx);
	if (t->tcti != NULL)
		t->Tss2_TctiLdr_Finalize(&t->tcti);
	free(t); /* the libraries stay: they registered clean-up at the end of the process */
	v->esys = NULL;
}

bool gh_vd_tpm_open(struct gh_vaultd *v)
{
	struct gh_vd_tpm *t = calloc(1, sizeof *t);
	v->esys = t;
	if (t != NULL && load(t) && t->Tss2_TctiLdr_Initialize(v->tpm, &t->tcti) == TSS2_RC_SUCCESS &&
	    t->Esys_Initialize(&t->ctx, t->tcti, NULL) == TSS2_RC_SUCCESS)
		return true;
	gh_vd_tpm_close(v);
	return false;
}

/* ---- what both need ---------------------------------------------------------------------------------------------------- */
/* An ECC storage key, the same each time: TCG EK Credential Profile's attributes without its policy. */
static const TPM2B_PUBLIC primary_template = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
				    TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
				    TPMA_OBJECT_DECRYPT,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
	},
};

struct use { /* what stands in the TPM while it is used */
	struct gh_vd_tpm *t;
	ESYS_TR primary, session, object;
};

static void done(struct use *u)
{
	ESYS_TR *all[] = { &u->object, &u->session, &u->primary };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (*all[i] != ESYS_TR_NONE)
			(void)u->t->Esys_FlushContext(u->t->ctx, *all[i]);
}

static TPML_PCR_SELECTION selection(uint32_t pcrs)
{
	TPML_PCR_SELECTION s = { .count = 1 };
	s.pcrSelections[0] = (TPMS_PCR_SELECTION){ .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	for (unsigned i = 0; i < 3; i++)
		s.pcrSelections[0].pcrSelect[i] = (uint8_t)(pcrs >> 8 * i);
	return s;
}

static TSS2_RC start_session(struct use *u, TPM2_SE kind, ESYS_TR *out)
{
	static const TPMT_SYM_DEF aes = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB };
	struct gh_vd_tpm *t = u->t;
	TSS2_RC rc = t->Esys_StartAuthSession(t->ctx, u->primary, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
					      ESYS_TR_NONE, NULL, kind, &aes, TPM2_ALG_SHA256, out);
	const TPMA_SESSION both = TPMA_SESSION_DECRYPT | TPMA_SESSION_ENCRYPT | TPMA_SESSION_CONTINUESESSION;
	if (rc == TSS2_RC_SUCCESS && kind != TPM2_SE_TRIAL)
		rc = t->Esys_TRSess_SetAttributes(t->ctx, *out, both, 0xff);
	return rc;
}

static TSS2_RC begin(struct use *u, struct gh_vd_tpm *t)
{
	static const TPM2B_SENSITIVE_CREATE nothing;
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION none;
	*u = (struct use){ t, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE };
	return t->Esys_CreatePrimary(t->ctx, ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nothing,
				     &primary_template, &outside, &none, &u->primary, NULL, NULL, NULL, NULL);
}

static enum gh_vault_why said(TSS2_RC rc, uint64_t *sys)
{
	if (rc == TSS2_RC_SUCCESS)
		return GH_VAULT_FINE;
	*sys = rc;
	/* Layers above 0 are libraries: the TPM did not speak at all. */
	return (rc & TSS2_RC_LAYER_MASK) == TSS2_TPM_RC_LAYER ? GH_VAULT_TPM_SAYS : GH_VAULT_NO_TPM;
}

/* ---- sealing ----------------------------------------------------------------------------------------------------------- */
/* What the PCRs are now, as a policy. */
static TSS2_RC policy_of(struct use *u, uint32_t pcrs, TPM2B_DIGEST *out)
{
	struct gh_vd_tpm *t = u->t;
	TPML_PCR_SELECTION s = selection(pcrs);
	TPM2B_DIGEST *digest = NULL;
	ESYS_TR trial = ESYS_TR_NONE;
	TSS2_RC rc = start_session(u, TPM2_SE_TRIAL, &trial);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_PolicyPCR(t->ctx, trial, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &s);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_PolicyGetDigest(t->ctx, trial, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &digest);
	if (rc == TSS2_RC_SUCCESS)
		*out = *digest;
	if (digest != NULL)
		t->Esys_Free(digest);
	if (trial != ESYS_TR_NONE)
		(void)t->Esys_FlushContext(t->ctx, trial);
	return rc;
}

static TSS2_RC create(struct use *u, uint32_t pcrs, const uint8_t secret[32], TPM2B_PRIVATE **priv, TPM2B_PUBLIC **pub)
{
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION none;
	struct gh_vd_tpm *t = u->t;
	TPM2B_SENSITIVE_CREATE in = { .sensitive.data.size = 32 };
	TPM2B_PUBLIC as = { .publicArea = { .type = TPM2_ALG_KEYEDHASH,
					    .nameAlg = TPM2_ALG_SHA256,
					    .objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
								TPMA_OBJECT_NODA,
					    .parameters.keyedHashDetail.scheme.scheme = TPM2_ALG_NULL } };
	TSS2_RC rc = start_session(u, TPM2_SE_HMAC, &u->session);
	if (pcrs == 0)
		as.publicArea.objectAttributes |= TPMA_OBJECT_USERWITHAUTH;
	else if (rc == TSS2_RC_SUCCESS)
		rc = policy_of(u, pcrs, &as.publicArea.authPolicy);
	memcpy(in.sensitive.data.buffer, secret, 32);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_Create(t->ctx, u->primary, u->session, ESYS_TR_NONE, ESYS_TR_NONE, &in, &as, &outside,
				    &none, priv, pub, NULL, NULL, NULL);
	gh_wipe(&in, sizeof in);
	return rc;
}

enum gh_vault_why gh_vd_tpm_seal(struct gh_vaultd *v, struct gh_vf_slot *s, const uint8_t secret[32], uint64_t *sys)
{
	struct use u;
	TPM2B_PRIVATE *priv = NULL;
	TPM2B_PUBLIC *pub = NULL;
	size_t pub_n = 0, priv_n = 0;
	struct gh_vd_tpm *t = v->esys;
	if (t == NULL)
		return GH_VAULT_NO_TPM;
	TSS2_RC rc = begin(&u, t);
	if (rc == TSS2_RC_SUCCESS)
		rc = create(&u, s->pcrs, secret, &priv, &pub);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Tss2_MU_TPM2B_PUBLIC_Marshal(pub, s->tpm_public, sizeof s->tpm_public, &pub_n);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Tss2_MU_TPM2B_PRIVATE_Marshal(priv, s->tpm_private, sizeof s->tpm_private, &priv_n);
	s->tpm_public_n = (uint32_t)pub_n;
	s->tpm_private_n = (uint32_t)priv_n;
	if (priv != NULL)
		t->Esys_Free(priv);
	if (pub != NULL)
		t->Esys_Free(pub);
	done(&u);
	return said(rc, sys);
}

/* ---- unsealing --------------------------------------------------------------------------------------------------------- */
static TSS2_RC load_object(struct use *u, const struct gh_vf_slot *s)
{
	struct gh_vd_tpm *t = u->t;
	TPM2B_PUBLIC pub = { 0 };
	TPM2B_PRIVATE priv = { 0 };
	size_t at = 0;
	TSS2_RC rc = t->Tss2_MU_TPM2B_PUBLIC_Unmarshal(s->tpm_public, s->tpm_public_n, &at, &pub);
	at = 0;
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Tss2_MU_TPM2B_PRIVATE_Unmarshal(s->tpm_private, s->tpm_private_n, &at, &priv);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_Load(t->ctx, u->primary, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &priv, &pub,
				  &u->object);
	return rc;
}

enum gh_vault_why gh_vd_tpm_unseal(struct gh_vaultd *v, const struct gh_vf_slot *s, uint8_t secret[32], uint64_t *sys)
{
	struct use u;
	TPM2B_SENSITIVE_DATA *out = NULL;
	struct gh_vd_tpm *t = v->esys;
	TPML_PCR_SELECTION pcrs = selection(s->pcrs);
	if (t == NULL)
		return GH_VAULT_NO_TPM;
	if (s->tpm_public_n > sizeof s->tpm_public || s->tpm_private_n > sizeof s->tpm_private)
		return GH_VAULT_ROOT_DAMAGED;
	TSS2_RC rc = begin(&u, t);
	if (rc == TSS2_RC_SUCCESS)
		rc = load_object(&u, s);
	if (rc == TSS2_RC_SUCCESS)
		rc = start_session(&u, s->pcrs != 0 ? TPM2_SE_POLICY : TPM2_SE_HMAC, &u.session);
	if (rc == TSS2_RC_SUCCESS && s->pcrs != 0)
		rc = t->Esys_PolicyPCR(t->ctx, u.session, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, &pcrs);
	if (rc == TSS2_RC_SUCCESS)
		rc = t->Esys_Unseal(t->ctx, u.object, u.session, ESYS_TR_NONE, ESYS_TR_NONE, &out);
	enum gh_vault_why why = said(rc, sys);
	if (why == GH_VAULT_FINE && out->size != 32)
		why = GH_VAULT_ROOT_DAMAGED;
	if (why == GH_VAULT_FINE)
		memcpy(secret, out->buffer, 32);
	if (out != NULL) {
		gh_wipe(out->buffer, sizeof out->buffer);
		t->Esys_Free(out);
	}
	done(&u);
	return why;
}

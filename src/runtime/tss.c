#include "runtime/tss.h"

#include "format/format.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Attributes of keys that never leave the TPM and were made in it. */
#define AT_HOME (TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN)

static const TPM2B_PUBLIC ak_template = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = AT_HOME | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED |
				    TPMA_OBJECT_SIGN_ENCRYPT,
		.parameters.eccDetail = {
			.symmetric.algorithm = TPM2_ALG_NULL,
			.scheme = { .scheme = TPM2_ALG_ECDSA, .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
		/* Goes into the derivation: another program's key of the same form is another key. */
		.unique.ecc.x = { .size = 12, .buffer = "gatehouse ak" },
	},
};

/* TCG EK Credential Profile 2.5, B.3.3 and B.3.4: PolicySecret(endorsement hierarchy), SHA-256. */
#define EK_POLICY \
	{ .size = 32, .buffer = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, \
				  0x8d, 0x46, 0xa5, 0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, \
				  0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa } }
#define EK_ATTRIBUTES (AT_HOME | TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)
static const TPM2B_PUBLIC ek_ecc = {
	.publicArea = {
		.type = TPM2_ALG_ECC,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = EK_ATTRIBUTES,
		.authPolicy = EK_POLICY,
		.parameters.eccDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.curveID = TPM2_ECC_NIST_P256,
			.kdf.scheme = TPM2_ALG_NULL,
		},
		.unique.ecc = { .x.size = 32, .y.size = 32 },
	},
};
static const TPM2B_PUBLIC ek_rsa = {
	.publicArea = {
		.type = TPM2_ALG_RSA,
		.nameAlg = TPM2_ALG_SHA256,
		.objectAttributes = EK_ATTRIBUTES,
		.authPolicy = EK_POLICY,
		.parameters.rsaDetail = {
			.symmetric = { .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB },
			.scheme.scheme = TPM2_ALG_NULL,
			.keyBits = 2048,
		},
		.unique.rsa.size = 256,
	},
};

static bool load(struct gh_tss *t)
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
	GH_TSS_FUNCTIONS(GH_X)
#undef GH_X
	return true;
}

enum gh_rc gh_tss_said(TSS2_RC rc, const char *what, struct gh_err *err)
{
	return rc == TSS2_RC_SUCCESS ? GH_OK : gh_fail(err, GH_E_IO, "TPM: %s: code 0x%x", what, rc);
}

void gh_tss_close(struct gh_tss *t)
{
	if (t->ctx != NULL)
		t->Esys_Finalize(&t->ctx);
	if (t->tcti != NULL)
		t->Tss2_TctiLdr_Finalize(&t->tcti);
}

enum gh_rc gh_tss_open(struct gh_tss *t, const char *tcti, struct gh_err *err)
{
	const char *where = tcti == NULL ? GH_TSS_TCTI : tcti;
	memset(t, 0, sizeof *t);
	(void)setenv("TSS2_LOG", "all+none",
		     0); /* the libraries would write to the error stream; our one line says it */
	if (!load(t))
		return gh_fail(err, GH_E_ABSENT,
			       "TPM: the libraries of tpm2-tss are not installed "
			       "(libtss2-esys, -mu, -tctildr)");
	if (t->Tss2_TctiLdr_Initialize(where, &t->tcti) != TSS2_RC_SUCCESS)
		return gh_fail(err, GH_E_ABSENT, "TPM: there is none at '%s'", gh_safe(gh_span_str(where)).s);
	if (t->Esys_Initialize(&t->ctx, t->tcti, NULL) != TSS2_RC_SUCCESS) {
		gh_tss_close(t);
		return gh_fail(err, GH_E_ABSENT, "TPM: the one at '%s' does not answer", gh_safe(gh_span_str(where)).s);
	}
	return GH_OK;
}

void gh_tss_drop(struct gh_tss *t, ESYS_TR *h)
{
	if (*h != ESYS_TR_NONE)
		(void)t->Esys_FlushContext(t->ctx, *h);
	*h = ESYS_TR_NONE;
}

static enum gh_rc primary(struct gh_tss *t, ESYS_TR hierarchy, const TPM2B_PUBLIC *as, const char *what, ESYS_TR *out,
			  struct gh_arena *a, struct gh_span *pub, struct gh_err *err)
{
	static const TPM2B_SENSITIVE_CREATE nothing;
	static const TPM2B_DATA outside;
	static const TPML_PCR_SELECTION none;
	TPM2B_PUBLIC *made = NULL;
	size_t n = 0;
	*out = ESYS_TR_NONE;
	TSS2_RC rc = t->Esys_CreatePrimary(t->ctx, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &nothing,
					   as, &outside, &none, out, &made, NULL, NULL, NULL);
	if (rc == TSS2_RC_SUCCESS && pub != NULL) {
		uint8_t *room = gh_alloc(a, sizeof *made, 1);
		if (room == NULL) {
			t->Esys_Free(made);
			gh_tss_drop(t, out);
			return gh_fail(err, GH_E_NOMEM, "no memory for a key");
		}
		rc = t->Tss2_MU_TPM2B_PUBLIC_Marshal(made, room, sizeof *made, &n);
		*pub = (struct gh_span){ room, n };
	}
	if (made != NULL)
		t->Esys_Free(made);
	if (rc != TSS2_RC_SUCCESS)
		gh_tss_drop(t, out);
	return gh_tss_said(rc, what, err);
}

enum gh_rc gh_tss_ak(struct gh_tss *t, ESYS_TR *out, struct gh_arena *a, struct gh_span *pub, struct gh_err *err)
{
	return primary(t, ESYS_TR_RH_OWNER, &ak_template, "the attestation key", out, a, pub, err);
}

enum gh_rc gh_tss_ek(struct gh_tss *t, bool rsa, ESYS_TR *out, struct gh_arena *a, struct gh_span *pub,
		     struct gh_err *err)
{
	return primary(t, ESYS_TR_RH_ENDORSEMENT, rsa ? &ek_rsa : &ek_ecc, "the endorsement key", out, a, pub, err);
}

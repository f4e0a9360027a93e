/* tss.h - this host's TPM 2.0 through tpm2-tss (ESAPI 1.00, TCG Feature API): opening it, and the two keys that attestation needs.
 *
 * The libraries are loaded when a TPM is opened, and by no process that does not. Nothing is stored in the TPM: both keys are
 * primary keys, which the TPM derives anew from its seeds each time, so the same key comes out until somebody clears the TPM.
 *
 *	AK	attestation key: ECC P-256, restricted to sign what the TPM itself made; owner hierarchy
 *	EK	endorsement key: TCG EK Credential Profile, template L-2 (ECC P-256) when its certificate is there, else L-1 (RSA
 *		2048); the manufacturer's certificate lies in the TPM's NV memory */
#ifndef GH_RUNTIME_TSS_H
#define GH_RUNTIME_TSS_H
#include "base/arena.h"
#include "base/err.h"

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_tctildr.h>

#define GH_TSS_FUNCTIONS(X) \
	X(esys, Esys_Initialize) \
	X(esys, Esys_Finalize) \
	X(esys, Esys_CreatePrimary) \
	X(esys, Esys_FlushContext) \
	X(esys, Esys_Quote) \
	X(esys, Esys_PCR_Read) \
	X(esys, Esys_PCR_Extend) \
	X(esys, Esys_StartAuthSession) \
	X(esys, Esys_PolicySecret) \
	X(esys, Esys_ActivateCredential) \
	X(esys, Esys_TR_FromTPMPublic) \
	X(esys, Esys_TR_Close) \
	X(esys, Esys_NV_ReadPublic) \
	X(esys, Esys_NV_Read) \
	X(esys, Esys_Free) \
	X(mu, Tss2_MU_TPM2B_PUBLIC_Marshal) \
	X(mu, Tss2_MU_TPMT_SIGNATURE_Marshal) \
	X(tctildr, Tss2_TctiLdr_Initialize) \
	X(tctildr, Tss2_TctiLdr_Finalize)

struct gh_tss {
	void *esys, *mu,
		*tctildr; /* libraries; they stay loaded, since they register clean-up at the end of the process */
#define GH_X(lib, name) __typeof__(&name) name;
	GH_TSS_FUNCTIONS(GH_X)
#undef GH_X
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *ctx;
};

#define GH_TSS_TCTI "device:/dev/tpmrm0" /* the kernel's resource manager */

/* Open the TPM; tcti NULL: GH_TSS_TCTI. GH_E_ABSENT: tpm2-tss is not installed, or there is no TPM at that place. */
enum gh_rc gh_tss_open(struct gh_tss *t, const char *tcti, struct gh_err *err);
void gh_tss_close(struct gh_tss *t); /* zeroed is fine */
#define gh_auto_tss __attribute__((cleanup(gh_tss_close))) struct gh_tss

/* The key, in the TPM until gh_tss_drop(); pub (may be NULL) is TPM2B_PUBLIC as the TPM writes it, in the arena. */
enum gh_rc gh_tss_ak(struct gh_tss *t, ESYS_TR *out, struct gh_arena *a, struct gh_span *pub, struct gh_err *err);
enum gh_rc gh_tss_ek(struct gh_tss *t, bool rsa, ESYS_TR *out, struct gh_arena *a, struct gh_span *pub,
		     struct gh_err *err);
void gh_tss_drop(struct gh_tss *t, ESYS_TR *h); /* ESYS_TR_NONE is fine */

/* GH_OK, or GH_E_IO with what was tried and the TPM's code. */
enum gh_rc gh_tss_said(TSS2_RC rc, const char *what, struct gh_err *err);
#endif

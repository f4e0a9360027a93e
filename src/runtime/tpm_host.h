/* tpm_host.h - the host's side of an enrolment (attest/tpm_enrol.h): saying which TPM this is, and answering a challenge. */
#ifndef GH_RUNTIME_TPM_HOST_H
#define GH_RUNTIME_TPM_HOST_H
#include "base/arena.h"
#include "base/err.h"

enum { GH_TPM_HOST_CERT = 16 << 10 };
struct gh_tpm_identity {
	struct gh_span ek_certificate; /* DER, out of the TPM's NV memory; empty: it has none */
	struct gh_span ek, ak;	       /* TPM2B_PUBLIC */
};
/* Bytes lie in the arena. GH_E_ABSENT: no TPM, or no libraries. */
enum gh_rc gh_tpm_identity(const char *tcti, struct gh_arena *a, struct gh_tpm_identity *out, struct gh_err *err);
/* The secret inside of a challenge (crypto/tpmcred.h). GH_E_MALFORMED: it is no challenge; GH_E_DENIED: it is for another TPM or another
 * key, or was altered. */
enum gh_rc gh_tpm_activate(const char *tcti, struct gh_span challenge, uint8_t secret[32], struct gh_err *err);
#endif

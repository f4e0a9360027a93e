/* enrol.h - making a challenge for a TPM (attest/tpm_enrol.h, crypto/tpmcred.h) in a worker (mode "enrol"): the certificate and the public
 * area are a stranger's. */
#ifndef GH_SCAN_ATTEST_ENROL_H
#define GH_SCAN_ATTEST_ENROL_H
#include "base/arena.h"
#include "base/err.h"

enum { GH_ENROL_SECRET = 32, GH_ENROL_FILE = 16 << 10 };
struct gh_enrol_challenge {
	struct gh_span bytes;	     /* what the TPM is given */
	const char *ak_name, *about; /* hexadecimal; the certificate's subject: safe to print */
};
/* ek, ak: paths of the endorsement key's certificate (DER) and the attestation key (TPM2B_PUBLIC). GH_E_MALFORMED: one of them is not
 * what it must be, err says which and why. Bytes and texts lie in the arena. */
enum gh_rc gh_enrol_challenge(const char *ek, const char *ak, const uint8_t secret[GH_ENROL_SECRET], struct gh_arena *a,
			      struct gh_enrol_challenge *out, struct gh_err *err);
#endif

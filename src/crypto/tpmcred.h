/* tpmcred.h - making a credential for a TPM 2.0 (TPM 2.0 Library, part 1, section 24, "Credential protection"; part 3, TPM2_MakeCredential):
 * a secret that only the TPM with this endorsement key can read, and only for the object with this name. */
#ifndef GH_CRYPTO_TPMCRED_H
#define GH_CRYPTO_TPMCRED_H
#include "crypto/pubkey.h"

enum { GH_TPM_SECRET = 32, GH_TPM_CREDENTIAL_MAX = 1024 };

/* ek: RSA of 2048 bits or P-256, of the TCG's templates L-1 and L-2 (SHA-256, AES-128 in CFB). name: of the object (nameAlg || digest).
 * Appends what tpm2_makecredential writes: magic, version, TPM2B_ID_OBJECT, TPM2B_ENCRYPTED_SECRET. GH_E_UNREAD: another kind of key. */
enum gh_rc gh_tpm_credential(const struct gh_key *ek, struct gh_span name, const uint8_t secret[GH_TPM_SECRET],
			     struct gh_buf *out, struct gh_err *err);
/* Take such a file apart: the two structures without their own sizes. False: it is none, or bytes stand behind it. */
bool gh_tpm_credential_open(struct gh_span file, struct gh_span *id_object, struct gh_span *encrypted_secret);
#endif

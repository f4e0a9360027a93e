/* tpm_public.h - public areas of keys in a TPM (TPM 2.0 Library, part 2, sections 12.2.4 and 12.2.5: TPM2B_PUBLIC, TPMT_PUBLIC),
 * big-endian, read to the last byte. `tpm2_createak -u` and `tpm2_readpublic -o` write them. */
#ifndef GH_ATTEST_TPM_PUBLIC_H
#define GH_ATTEST_TPM_PUBLIC_H
#include "attest/rsakey.h"
#include "crypto/pubkey.h"

enum { GH_TPM_RSA = 0x01, GH_TPM_ECC = 0x23, GH_TPM_NULL = 0x10 };
enum { GH_TPM_RSASSA = 0x14, GH_TPM_RSAPSS = 0x16, GH_TPM_ECDSA = 0x18 };
enum { GH_TPM_P256 = 3, GH_TPM_P384 = 4 };
enum { GH_TPM_NAME = 2 + 64 };

struct gh_tpm_public {
	uint16_t type;					    /* GH_TPM_RSA, GH_TPM_ECC */
	uint16_t name_alg;				    /* TPM_ALG_ID */
	uint32_t attributes;				    /* TPMA_OBJECT */
	uint16_t scheme;				    /* how it signs, or GH_TPM_NULL: the signature says */
	uint16_t hash;					    /* of the scheme */
	uint16_t symmetric, symmetric_bits, symmetric_mode; /* of keys that decrypt */
	uint16_t curve;
	struct gh_span x, y;	   /* ECC, as they stand */
	struct gh_span n;	   /* RSA: modulus */
	uint32_t exponent;	   /* RSA: 65537 is written as 0 */
	uint8_t name[GH_TPM_NAME]; /* nameAlg || H(TPMT_PUBLIC): what the TPM knows the key by */
	size_t nname;
};
/* Looks like one: its length field covers the rest, and its type is served. */
bool gh_tpm_public_is(struct gh_span b);
/* NULL: read. Else what is wrong. */
const char *gh_tpm_public_read(struct gh_span b, struct gh_tpm_public *out);
/* The key for verifying; the caller's. RSA of 2048 to 4096 bits, P-256, P-384. */
enum gh_rc gh_tpm_public_key(const struct gh_tpm_public *p, struct gh_key **out, struct gh_err *err);
/* NULL: a key that never leaves its TPM, was made in it, and signs only what the TPM made itself (restricted): it can sign quotes,
 * and nothing that merely looks like one. Else which of that it is not. */
const char *gh_tpm_public_attests(const struct gh_tpm_public *p);
#endif

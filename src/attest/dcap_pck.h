/* dcap_pck.h - the PCK certificate, which Intel gives to a platform's Provisioning Certification Enclave, its chain, and what its
 * extension says of the platform ("Intel SGX PCK Certificate and Certificate Revocation List Profile Specification"). */
#ifndef GH_ATTEST_DCAP_PCK_H
#define GH_ATTEST_DCAP_PCK_H
#include "attest/attest.h"
#include "attest/dcap_quote.h"
#include "crypto/x509chain.h"

struct gh_dcap_platform { /* extension 1.2.840.113741.1.13.1 */
	uint8_t ppid[16], svn[GH_DCAP_SVNS], cpusvn[16], pceid[2], fmspc[6];
	uint16_t pcesvn;
	unsigned sgx_type; /* 0 standard, 1 scalable, 2 scalable with integrity */
	bool has_config, dynamic, cached_keys, smt;
};
/* Read the extension's content. GH_E_MALFORMED. */
enum gh_rc gh_dcap_platform_read(struct gh_span ext, struct gh_dcap_platform *out, struct gh_err *err);

struct gh_dcap_pck {
	struct gh_certs certs; /* leaf, intermediate, root; owned */
	struct gh_key *key;    /* the leaf's; owned */
	int64_t from, until;   /* when the whole chain is valid */
	struct gh_dcap_platform platform;
};
void gh_dcap_pck_free(void *pck); /* struct gh_dcap_pck *, NULL is fine */

/* Read a chain in PEM, three certificates from the leaf to the pinned root (DER), and verify it at the time. `text` must be spelt
 * as PEM is written (lines of 64 letters, a newline or carriage return and newline behind each, perhaps a NUL at the end): so no
 * byte of a quote can be altered without notice. GH_E_MALFORMED, GH_E_DENIED, GH_E_NOMEM. */
enum gh_rc gh_dcap_pck_read(struct gh_span text, struct gh_span root, int64_t at, struct gh_dcap_pck **out,
			    struct gh_err *err);
#endif

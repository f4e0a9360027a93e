/* dcap_qe.h - the quoting enclave, which signs quotes: is the key that signed this one its own, and is it Intel's enclave? */
#ifndef GH_ATTEST_DCAP_QE_H
#define GH_ATTEST_DCAP_QE_H
#include "attest/dcap.h"

/* Checks "qe_signature" (by the PCK's key; not said when it is NULL), "qe_binding" (its report data is the digest of the quote's
 * key) and "quote_signature". */
void gh_dcap_signatures(const struct gh_dcap_quote *quote, const struct gh_key *pck, struct gh_attest_result *r);
/* Check "qe_enclave" against a verified identity. Its level; NULL: it failed. */
const struct gh_dcap_level *gh_dcap_qe_level(const struct gh_sgx_report *qe, const struct gh_dcap_identity *id,
					     struct gh_attest_result *r);
#endif

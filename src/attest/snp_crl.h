/* snp_crl.h - AMD's revocation lists (AMD 57230, "VCEK certificate and KDS interface": /vcek/v1/PRODUCT/crl and /vlek/v1/PRODUCT/crl):
 * signed by the ARK, they name intermediates (ASK, ASVK) that are no longer good. Keys of single chips are never on them: AMD takes
 * those back by raising security versions, which is the policy's business (min_snp and so on). */
#ifndef GH_ATTEST_SNP_CRL_H
#define GH_ATTEST_SNP_CRL_H
#include "attest/attest.h"
#include "attest/snp_chain.h"

/* Check "crl": is the intermediate (or the root itself) of this signer's chain on a list among the collateral?
 *
 *	FAIL	a list that the root signed names it, however old that list is (what was revoked stays revoked); or every list of
 *		this root is out of its window, or not signed by the root
 *	PASS	a list of this root, in its window, does not name it
 *	UNKNOWN	there is no list of this root and the policy demands one ("require_crl"), or a file begins as a list and cannot be
 *		read
 *	SKIPPED	there is none, and the policy does not ask: the intermediates are pinned by their bytes */
void gh_snp_crl(const struct gh_attest_question *q, const struct gh_snp_signer *s, struct gh_attest_result *r);
#endif

/* snp_chain.h - the certificate of the key that signs reports: VCEK (of a chip) or VLEK (of a cloud), up to AMD's pinned roots
 * (AMD 57230, "VCEK certificate and KDS interface"). */
#ifndef GH_ATTEST_SNP_CHAIN_H
#define GH_ATTEST_SNP_CHAIN_H
#include "attest/attest.h"
#include "attest/snp_report.h"
#include "crypto/x509chain.h"

struct gh_snp_signer {
	bool kept;	       /* the cache's */
	struct gh_certs certs; /* owns */
	struct gh_key *key;    /* owns */
	enum gh_snp_product product;
	const char *ark, *issuer; /* names of the pinned certificates above it (roots.h) */
	int64_t from, until;	  /* when the whole chain is valid */
	bool has_spl[GH_SNP_TCB]; /* the certificate's extensions */
	uint8_t spl[GH_SNP_TCB];
	uint64_t structure;    /* structVersion */
	struct gh_span hwid;   /* 64 or 8 bytes; empty: none */
	struct gh_span csp_id; /* of a VLEK */
};

/* Find the certificate among the endorsements (PEM, DER, or AMD's table of certificates, AMD 56421 section 4.1.8.1) and check it and
 * its chain: checks "certificate", "chain", "validity" and "crl". NULL: none that is good; the checks say why. The signer is the cache's, or r's arena
 * frees nothing of it: give it to gh_snp_signer_done(). */
struct gh_snp_signer *gh_snp_signer(const struct gh_attest_question *q, const struct gh_snp_report *report,
				    struct gh_attest_result *r);
void gh_snp_signer_done(struct gh_snp_signer *s);
#endif

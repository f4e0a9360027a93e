/* dcap_collateral.h - the files beside a quote: TCB information and enclave identities with their signatures, the chain of who
 * signed them, revocation lists, PCK chains. What a file is follows from its content:
 *
 *	{"tcbInfo": {…}, "signature": "…"}	as Intel's service answers
 *	{"enclaveIdentity": {…}, "signature": "…"}
 *	{"tcb_info": "…", "tcb_info_signature": "…", "qe_identity": …, "pck_crl": …, "root_ca_crl": …, "…_issuer_chain": …}
 *						all in one, as clients of that service store it
 *	certificates and revocation lists	PEM, DER, or the hexadecimal digits of DER
 *
 * Reading verifies nothing; finding does. What was verified once is remembered in the object together with until when. */
#ifndef GH_ATTEST_DCAP_COLLATERAL_H
#define GH_ATTEST_DCAP_COLLATERAL_H
#include "attest/dcap_tcb.h"
#include "crypto/crl.h"

enum { GH_DCAP_ITEMS = 128, GH_DCAP_CRLS = 32 };

struct gh_dcap_item {
	bool identity;			   /* else TCB information */
	struct gh_span signed_, signature; /* the bytes as they stand; 64 bytes r || s */
	struct gh_dcap_tcb_info tcb;
	struct gh_dcap_identity id;
	bool verified;
	int64_t from, until; /* the signer's chain, when verified */
	const struct gh_cert *signer;
};
struct gh_dcap_collateral {
	struct gh_arena arena;
	struct gh_certs certs, root; /* owned */
	struct gh_crl *crl[GH_DCAP_CRLS];
	const uint8_t *crl_of[GH_DCAP_CRLS]; /* SHA-256 of the issuer under which it was verified; NULL: not yet */
	size_t ncrl;
	struct { /* who signs TCB information, once it was verified */
		const struct gh_cert *cert;
		struct gh_key *key; /* owned */
		int64_t from, until;
	} signer;
	struct gh_dcap_item item[GH_DCAP_ITEMS];
	size_t nitems;
	size_t nfiles, unread;	  /* files; those of which nothing was understood */
	const char *unread_name;  /* of the first of these, printable */
	char broken[GH_ERR_TEXT]; /* why a file that looked like collateral could not be read; "": none */
};

/* Read all files of the question. NULL: no memory. */
struct gh_dcap_collateral *gh_dcap_collateral_read(const struct gh_attest_question *q, struct gh_span root);
void gh_dcap_collateral_free(void *c); /* struct gh_dcap_collateral *; NULL is fine */

/* How a search came out; why (may be NULL) says more. */
enum gh_dcap_found { GH_DF_GOOD, GH_DF_NONE, GH_DF_BAD };

/* TCB information of this platform / the identity with this id ("QE", "TD_QE"), signed by Intel's TCB signing certificate and
 * valid at the time. Of several the one issued last counts. NONE: there is none for it. BAD: none of them is good. */
enum gh_dcap_found gh_dcap_find_tcb(struct gh_dcap_collateral *c, bool tdx, const struct gh_dcap_platform *p,
				    int64_t at, const struct gh_dcap_item **out, struct gh_err *why);
enum gh_dcap_found gh_dcap_find_identity(struct gh_dcap_collateral *c, const char *id, int64_t at,
					 const struct gh_dcap_item **out, struct gh_err *why);
/* A list of the issuer's that is signed by it and valid at the time: GOOD, when no such list names the certificate. */
enum gh_dcap_found gh_dcap_not_revoked(struct gh_dcap_collateral *c, const struct gh_cert *issuer,
				       const struct gh_cert *cert, int64_t at, struct gh_err *why);
#endif

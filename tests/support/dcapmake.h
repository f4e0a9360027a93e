/* dcapmake.h - TDX and SGX quotes under an Intel of the test's own, with all collateral: everything good, until the test bends one thing
 * (before dcapmake() signs it). */
#ifndef GH_TESTS_DCAPMAKE_H
#define GH_TESTS_DCAPMAKE_H
#include "attest/attest.h"
#include "support/pki.h"

enum { DM_SVNS = 16, DM_FILES = 6, DM_TD = 584, DM_SGX = 384 };
enum dcapmake_node { DM_ROOT, DM_CA, DM_PCK, DM_TCB, DM_STRANGER, DM_NODES };

struct dcapmake {
	bool tdx;
	struct pki_spec spec[DM_NODES];		    /* CN and what they may; issuers are fixed but for `issuer` */
	enum dcapmake_node pck_by, tcb_by;	    /* who issues the PCK certificate, the TCB signer's (CA, ROOT) */
	enum dcapmake_node root_crl_by, pck_crl_by; /* who signs the lists */
	int root_revokes, pck_revokes;		    /* enum dcapmake_node, or -1 */
	int64_t root_crl[2], pck_crl[2];	    /* windows; 0: fine */
	bool no_root_crl, no_pck_crl, no_tcb, no_identity;
	/* The platform, by its PCK certificate. */
	uint8_t svn[DM_SVNS], fmspc[6], pceid[2];
	unsigned pcesvn;
	/* TCB information: one level. */
	uint8_t need[DM_SVNS], need_tdx[DM_SVNS], info_fmspc[6], info_pceid[2];
	unsigned need_pcesvn, need_module;
	const char *status, *module_status, *issued, *next;
	/* Identity of the quoting enclave. */
	const char *qe_id, *qe_status, *qe_issued, *qe_next;
	unsigned need_qe;
	bool info_altered, identity_altered; /* after they were signed */
	/* The quote. */
	uint8_t header[48], body[DM_TD], qe[DM_SGX];
	bool other_pck, other_key, other_binding; /* whose key signs */
	uint8_t tail;				  /* a byte behind the quote; 0: none */
	size_t cut;				  /* bytes missing at its end */
};
/* Everything as it must be. */
void dcapmake_straight(struct dcapmake *d, bool tdx);
/* Sign all of it. The question's spans point into static memory, until the next call; the root is in *root. */
void dcapmake(struct dcapmake *d, struct gh_attest_question *q, struct gh_span *root);
void dcapmake_done(void);
#endif
